package main

// text is an error in words for people.
func text(err error) string { return err.Error() }

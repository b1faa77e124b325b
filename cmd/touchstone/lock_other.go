//go:build !unix

package main

import "os"

// lockFile does nothing where there is no lock that ends with its process: two that write one file are not kept apart.
func lockFile(*os.File) error { return nil }

// syncFolder does nothing: folders can't be synced here.
func syncFolder(string) error { return nil }

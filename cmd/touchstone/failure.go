package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// usageError is a command line that can't be understood.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usagef returns a usageError.
func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

func isUsage(err error) bool {
	var u *usageError
	return errors.As(err, &u)
}

// hintedError is an error with its cure.
type hintedError struct {
	err  error
	hint string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// hinted adds the cure to an error; nil stays nil.
func hinted(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &hintedError{err, fmt.Sprintf(format, args...)}
}

// report writes an error to stderr, with a second line where the cure is known.
func (a *app) report(cmd *cobra.Command, err error) {
	prefix := "touchstone"
	if verb := name(cmd); verb != "" {
		prefix += ": " + verb
	}
	a.say("%s: %s", prefix, text(err))
	if h := a.hint(cmd, err); h != "" {
		a.say("touchstone: hint: %s", h)
	}
}

func (a *app) hint(cmd *cobra.Command, err error) string {
	var h *hintedError
	switch {
	case errors.As(err, &h):
		return h.hint
	case !a.started || isUsage(err):
		return fmt.Sprintf("see: %s --help", cmd.CommandPath())
	}
	return ""
}

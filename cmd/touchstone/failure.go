package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
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

// callError is what a call to a server ended with, in words for people.
type callError struct {
	message string
	err     error // the gRPC status
}

func (e *callError) Error() string { return e.message }
func (e *callError) Unwrap() error { return e.err }

// called puts the error of a call to the server at addr in words, with the cure where there is one; nil stays nil.
func called(addr string, err error) error {
	var carrier interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &carrier) {
		return err
	}
	s := carrier.GRPCStatus()
	err = &callError{s.Message(), err}
	switch client.Reason(err) {
	case touchstonev1.ErrorReason_ERROR_REASON_BRAND_UNKNOWN:
		return hinted(err, "touchstone photos brands lists those that there are")
	case touchstonev1.ErrorReason_ERROR_REASON_PRODUCT_UNKNOWN, touchstonev1.ErrorReason_ERROR_REASON_PHOTO_NOT_FOUND:
		return hinted(err, "touchstone photos list lists what there is")
	case touchstonev1.ErrorReason_ERROR_REASON_GRANT_NOT_FOUND:
		return hinted(err, "touchstone grants list lists what there is")
	case touchstonev1.ErrorReason_ERROR_REASON_LISTING_NOT_FOUND:
		return hinted(err, "touchstone listing list lists what there is")
	case touchstonev1.ErrorReason_ERROR_REASON_STORAGE_READ_ONLY:
		return hinted(err, "the server's log says why; once that is mended, start the server again and repeat the command")
	case touchstonev1.ErrorReason_ERROR_REASON_STORAGE_FULL:
		return hinted(err, "make room on the server's disk, then repeat the command")
	case touchstonev1.ErrorReason_ERROR_REASON_STOPPING:
		return hinted(err, "start the server again, then repeat the command")
	}
	if s.Code() == codes.Unavailable && client.Reason(err) == touchstonev1.ErrorReason_ERROR_REASON_UNSPECIFIED {
		at := ""
		if addr != defaultAddress {
			at = " --addr " + addr
		}
		err = &callError{fmt.Sprintf("no connection to %s: %s", addr, lastPart(s.Message())), err}
		return hinted(err, "is the server running? start it with: touchstone serve%s", at)
	}
	return err
}

// lastPart is what gRPC says last of a connection that failed: the system's words for it.
func lastPart(message string) string {
	message = strings.TrimRight(message, `"`)
	if i := strings.LastIndex(message, ": "); i >= 0 {
		return message[i+2:]
	}
	return message
}

// report writes an error to stderr, with a second line where the cure is known.
func (a *app) report(cmd *cobra.Command, err error) {
	prefix := "touchstone"
	if verb := name(cmd); verb != "" {
		prefix += ": " + verb
	}
	a.say("%s: %v", prefix, err)
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

package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// mostBytes is the longest image that a server takes by default.
const mostBytes = 20 << 20

// errInterrupted is returned when a signal ended a verb before its work was done.
var errInterrupted = errors.New("interrupted")

// asking is a verb that talks to a server. Its context ends with the first signal.
func (a *app) asking(cmd *cobra.Command, do func(ctx context.Context, c *client.Client, args []string) error) *cobra.Command {
	var addr string
	cmd.Flags().StringVar(&addr, "addr", defaultAddress, "address of the server")
	return a.verb(cmd, func(ctx context.Context, args []string) (err error) {
		ctx, stop := interruptible(ctx)
		defer stop()
		c, err := client.Dial(addr, client.Options{UserAgent: "touchstone/" + thisBuild().Version})
		if err != nil {
			return usagef("--addr: %w", err)
		}
		defer func() { err = errors.Join(err, c.Close()) }()
		err = do(ctx, c, args)
		if err != nil && ctx.Err() != nil && !errors.Is(err, errInterrupted) {
			return errInterrupted
		}
		return called(addr, err)
	})
}

// refused is why an item of a stream was refused: the reason in a few words, and the sentence.
func refused(s *spb.Status) (reason touchstonev1.ErrorReason, words, sentence string) {
	reason = client.Reason(status.ErrorProto(s))
	name := strings.TrimPrefix(reason.String(), "ERROR_REASON_")
	return reason, strings.ToLower(strings.ReplaceAll(name, "_", " ")), s.GetMessage()
}

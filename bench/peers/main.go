// Peers is our half of `make bench-peers`: peers.py has the other half, and tells what is measured.
//
//	peers search -bits 64 CODES QUERIES            indexes a file of codes, then answers requests from standard input
//	peers hash -copies 50 -out FOLDER PHOTOS       hashes a folder of photos and edited copies of them
//
// A file of codes has nothing but the codes, one or four little-endian words of 64 bits each.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(args) == 0 {
		return errors.New("want a verb: search or hash")
	}
	flags := flag.NewFlagSet("peers "+args[0], flag.ContinueOnError)
	switch args[0] {
	case "search":
		bits := flags.Int("bits", 64, "bits of a code, 64 or 256")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		if flags.NArg() != 2 {
			return errors.New("search: want a file of codes and one of queries")
		}
		codes, queries := flags.Arg(0), flags.Arg(1)
		switch *bits {
		case 64:
			return search[[1]uint64](ctx, os.Stdin, os.Stdout, codes, queries)
		case 256:
			return search[[4]uint64](ctx, os.Stdin, os.Stdout, codes, queries)
		}
		return fmt.Errorf("search: codes of %d bits, want 64 or 256", *bits)
	case "hash":
		copies := flags.Int("copies", 50, "edited copies of each photo")
		out := flags.String("out", ".", "folder for the files")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		if flags.NArg() != 1 {
			return errors.New("hash: want a folder of photos")
		}
		return hash(ctx, flags.Arg(0), *copies, *out)
	}
	return fmt.Errorf("no verb %q, want search or hash", args[0])
}

package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"touchstone/index"
	"touchstone/index/local"
	"touchstone/listing/book"
	"touchstone/listing/desk"
	"touchstone/match"
	"touchstone/picture"
	"touchstone/server"
)

// grace is how long calls that are under way may take when the server stops.
const grace = 20 * time.Second

// serving is a run of serve.
type serving struct {
	*app
	addr     string
	dir      string
	insecure bool
	logJSON  bool
	logLevel slog.Level
	grace    time.Duration
	retain   time.Duration

	wholeOnly bool

	acceptRollback bool
}

func newServe(a *app) *cobra.Command {
	s := serving{app: a}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Start a server that keeps photos in a folder",
		Long: `Start a server that keeps photos in a folder.

SIGTERM or SIGINT (Ctrl-C) stops it: calls that are under way are finished, new ones refused. A second signal cuts them
off. Whatever was acknowledged is kept in any case.

Nobody is asked who they are, and nothing is encrypted, yet: the server listens on addresses of this machine alone,
unless --insecure is given.`,
		Example: "  touchstone serve --data-dir /var/lib/touchstone --addr 127.0.0.1:7443",
		Args:    cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&s.addr, "addr", defaultAddress, "address to listen on; port 0: any that is free")
	flags.StringVar(&s.dir, "data-dir", defaultDir, "folder that photos are kept in; it is made where it is not there")
	flags.BoolVar(&s.insecure, "insecure", false, "listen on an address that other machines can reach, although anybody there can read and change everything")
	flags.BoolVar(&s.acceptRollback, "accept-rollback", false, "start although a damaged page may have lost the last changes")
	flags.DurationVar(&s.grace, "grace", grace, "how long calls that are under way may take when the server stops")
	flags.DurationVar(&s.retain, "retain-listings", 0, "how long after it was seen a listing is forgotten, 17520h say; 0: never")
	flags.BoolVar(&s.wholeOnly, "whole-listings", false, "keep no features of listing images, 40 KB each: they are matched again by whole pictures alone")
	flags.BoolVar(&s.logJSON, "log-json", false, "log objects, a line each, instead of text")
	flags.TextVar(&s.logLevel, "log-level", slog.LevelInfo, "least level to log: debug, info, warn or error")
	return a.verb(cmd, func(ctx context.Context, _ []string) error { return s.run(ctx) })
}

// run serves until the first signal, or until ctx ends.
func (s *serving) run(ctx context.Context) (err error) {
	stopping, forced, release := signals(ctx)
	defer release()
	if err := s.checkAddress(); err != nil {
		return err
	}
	if s.retain < 0 {
		return usagef("--retain-listings: 0 or more, got %v", s.retain)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return hinted(err, "is a server running already? choose another address with --addr")
	}
	if err != nil {
		return err
	}
	log := s.logger()
	photos, err := s.open(stopping, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, photos.Close()) }()
	brands, err := photos.Brands(stopping)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	listings, err := openBook(stopping, filepath.Join(s.dir, listingsName), book.Options{AcceptRollback: s.acceptRollback, Log: log})
	if err != nil {
		if stopping.Err() != nil {
			err = errInterrupted
		}
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, listings.Close()) }()
	matcher := match.New(photos, picture.NewDecoder(picture.Limits{}), match.Config{})
	known, err := listings.Survey(stopping)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if known != nil {
		matcher.Assume(known) // until the next survey
	}
	counter := desk.New(photos, matcher, listings, desk.Options{Log: log, WholeOnly: s.wholeOnly})
	srv := server.New(photos, matcher, counter, server.Options{Log: log})
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	survey := &surveyor{brands: photos.Brands, survey: func(ctx context.Context) error {
		if err := matcher.Survey(ctx); err != nil {
			return err
		}
		return listings.SetSurvey(ctx, matcher.Likelihoods())
	}, log: log}
	defer beside(stopping, func(ctx context.Context) { survey.run(ctx, surveyLook) })()
	defer beside(stopping, counter.Follow)()
	defer beside(stopping, (&retention{desk: counter, age: s.retain, log: log}).run)()
	s.greet(brands, listener.Addr().String())

	select {
	case err = <-served: // the listener broke; calls may be under way all the same
		served <- nil
	case <-stopping.Done():
		s.say("touchstone: serve: stopping: calls that are under way have %v, a second signal cuts them off", s.grace)
	}
	forced, cancel := context.WithTimeout(forced, s.grace)
	defer cancel()
	return errors.Join(err, srv.Shutdown(forced), <-served)
}

// beside runs work beside the server until ctx ends, or end is called, which waits until nothing of it runs.
func beside(ctx context.Context, work func(context.Context)) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx)
	}()
	return func() {
		stop()
		<-done
	}
}

// signals returns a context that ends with ctx or with the first SIGINT or SIGTERM, and one that ends with the second. The
// third has its usual effect.
func signals(ctx context.Context) (first, second context.Context, release func()) {
	caught := make(chan os.Signal, 2)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	first, stop := context.WithCancel(ctx)
	second, force := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		for _, end := range []func(){stop, force} {
			select {
			case <-caught:
				end()
			case <-ended:
				return
			}
		}
		signal.Stop(caught) // the third one kills the process
	}()
	return first, second, func() {
		signal.Stop(caught)
		close(ended)
		stop()
		force()
	}
}

// open opens the store, and gives up when ctx ends.
func (s *serving) open(ctx context.Context, log *slog.Logger) (index.Index, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	photos, err := openStore(ctx, s.file(), local.Options{AcceptRollback: s.acceptRollback, Log: log})
	if err != nil && ctx.Err() != nil {
		return nil, errInterrupted
	}
	return photos, err
}

// file is where the photos are.
func (s *serving) file() string { return filepath.Join(s.dir, storeName) }

// checkAddress refuses what other machines can reach, as long as nobody is asked who they are.
func (s *serving) checkAddress() error {
	host, _, err := net.SplitHostPort(s.addr)
	if err != nil {
		return usagef("--addr: %w", err)
	}
	ip := net.ParseIP(host)
	if s.insecure || host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return nil
	}
	return hinted(usagef("--addr: other machines can reach %s, and there is no encryption and no authentication yet", s.addr),
		"listen on %s and put a proxy in front that has both; or, where all who can reach it are trusted, add --insecure", defaultAddress)
}

func (s *serving) logger() *slog.Logger {
	o := &slog.HandlerOptions{Level: s.logLevel}
	if s.logJSON {
		return slog.New(slog.NewJSONHandler(s.err, o))
	}
	return slog.New(slog.NewTextHandler(s.err, o))
}

// greet tells that the server is ready, and how to use it.
func (s *serving) greet(brands []index.BrandCount, addr string) {
	photos, at := 0, ""
	for _, b := range brands {
		photos += b.Photos
	}
	if addr != defaultAddress {
		at = " --addr " + addr
	}
	s.say("touchstone: serving %s of %s from %s", amount(photos, "photo"), amount(len(brands), "brand"), s.file())
	s.say("touchstone: listening on %s", addr)
	s.say("  hand photos in:    %s onboard%s --brand BRAND FOLDER", os.Args[0], at)
	s.say("  ask about images:  %s match%s IMAGE", os.Args[0], at)
	s.say("  stop:              Ctrl-C")
}

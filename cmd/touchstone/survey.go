package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"touchstone/index"
)

// When a catalogue is surveyed: after the start, once the number of its photos has moved by a tenth and by so many at
// least, and daily. A survey that failed is tried again some time later.
const (
	surveyShare = 10 // a tenth
	surveyMoved = 1000
	surveyDaily = 24 * time.Hour
	surveyRetry = time.Hour
	surveyLook  = time.Minute // how often it is looked whether one is due
)

// surveyor keeps what is known of a catalogue's chance matches up to date, beside the server.
type surveyor struct {
	brands func(context.Context) ([]index.BrandCount, error)
	survey func(context.Context) error
	log    *slog.Logger

	// Of the last survey.
	at     time.Time // when it began; zero: there was none
	photos int       // then
	failed bool
}

// run surveys whenever it is due, until ctx ends.
func (s *surveyor) run(ctx context.Context, look time.Duration) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		s.look(ctx, time.Now())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// look surveys if it is due. What goes wrong is logged, and no more: matches go by what was known before.
func (s *surveyor) look(ctx context.Context, now time.Time) {
	brands, err := s.brands(ctx)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Warn("whether a survey is due is not known", "error", err)
		}
		return
	}
	photos := 0
	for _, b := range brands {
		photos += b.Photos
	}
	if !s.due(photos, now) {
		return
	}
	err = s.guarded(ctx)
	if ctx.Err() != nil {
		return // the server is stopping
	}
	s.at, s.photos, s.failed = now, photos, err != nil
	if err != nil {
		s.log.Warn("the catalogue could not be surveyed; expected false matches go by what was known before", "error", err)
		return
	}
	s.log.Info("catalogue surveyed", "photos", photos, "brands", len(brands), "seconds", time.Since(now).Seconds())
}

func (s *surveyor) due(photos int, now time.Time) bool {
	since, moved := now.Sub(s.at), max(photos-s.photos, s.photos-photos)
	return s.at.IsZero() || since >= surveyDaily || s.failed && since >= surveyRetry ||
		!s.failed && moved >= max(surveyMoved, s.photos/surveyShare)
}

// errPanic is returned for a survey that panicked.
var errPanic = errors.New("panic")

// guarded keeps a panic from ending the server.
func (s *surveyor) guarded(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, r, debug.Stack())
		}
	}()
	return s.survey(ctx)
}

package main

import (
	"context"
	"log/slog"
	"time"

	"touchstone/listing/desk"
)

// sweepEvery is how often listings that are old enough are forgotten.
const sweepEvery = 6 * time.Hour

// retention forgets listings when they have reached an age.
type retention struct {
	desk *desk.Desk
	age  time.Duration // since they were seen; 0: never
	log  *slog.Logger
}

// run forgets, now and every few hours, until ctx ends. Before that it finishes what was forgotten before the server ended.
func (r *retention) run(ctx context.Context) {
	if err := r.desk.Book().Wipe(ctx); err != nil && ctx.Err() == nil {
		r.log.Error("what is left of forgotten listings could not be overwritten", "error", err)
	}
	if r.age == 0 {
		return
	}
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		r.sweep(ctx, time.Now())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// sweep forgets what has reached the age. What goes wrong is logged and tried again at the next one.
func (r *retention) sweep(ctx context.Context, now time.Time) {
	n, err := r.desk.Forget(ctx, now.Add(-r.age))
	switch {
	case ctx.Err() != nil:
	case err != nil:
		r.log.Error("listings that are old enough could not be forgotten", "error", err, "forgotten", n)
	case n > 0:
		r.log.Info("listings were forgotten for their age", "images", n, "seconds", time.Since(now).Seconds())
	}
}

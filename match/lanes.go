package match

import (
	"container/list"
	"context"
	"sync"
)

// Lane is the queue that work waits in for a processor.
type Lane uint8

// The lanes. Whatever is free serves both. When both wait, Interactive goes first as long as Batch has a quarter of the
// capacity (one worker at least), so that neither starves the other.
const (
	Interactive Lane = iota // somebody waits for this one answer
	Batch                   // one of many: onboarding, re-scans, streams
)

// gate lets a bounded number of holders through at a time. It must not be copied.
type gate struct {
	quarter int // what Batch may hold while Interactive waits

	mu      sync.Mutex
	free    int
	batch   int          // holders of Batch
	waiting [2]list.List // by lane, of chan struct{}: closed when the place is granted
}

func newGate(capacity int) *gate {
	return &gate{quarter: max(capacity/4, 1), free: capacity}
}

// enter waits for a place, which leave returns. Errors: the context's.
func (g *gate) enter(ctx context.Context, lane Lane) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	granted := make(chan struct{})
	place := g.waiting[lane].PushBack(granted)
	g.grant()
	g.mu.Unlock()
	select {
	case <-granted:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-granted: // in the same moment: it goes to whoever is next
		g.leaveLocked(lane)
	default:
		g.waiting[lane].Remove(place)
	}
	return ctx.Err()
}

// leave gives the place of a holder of that lane back.
func (g *gate) leave(lane Lane) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leaveLocked(lane)
}

func (g *gate) leaveLocked(lane Lane) {
	g.free++
	if lane == Batch {
		g.batch--
	}
	g.grant()
}

// grant hands free places out. The mutex is held.
func (g *gate) grant() {
	for g.free > 0 {
		lane := Interactive
		if g.waiting[Interactive].Len() == 0 || (g.batch < g.quarter && g.waiting[Batch].Len() > 0) {
			lane = Batch
		}
		first := g.waiting[lane].Front()
		if first == nil {
			return
		}
		g.waiting[lane].Remove(first)
		g.free--
		if lane == Batch {
			g.batch++
		}
		close(first.Value.(chan struct{}))
	}
}

package match

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"touchstone/fingerprint"
)

// enter takes a place for the lane in a goroutine and tells when it has it.
func enter(g *gate, lane Lane) <-chan struct{} {
	in := make(chan struct{})
	go func() {
		if g.enter(context.Background(), lane) == nil {
			close(in)
		}
	}()
	return in
}

func has(in <-chan struct{}) bool {
	select {
	case <-in:
		return true
	default:
		return false
	}
}

func TestInteractiveGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(4)
		var batch, interactive []<-chan struct{}
		for range 8 {
			batch = append(batch, enter(g, Batch))
		}
		synctest.Wait()
		for range 8 {
			interactive = append(interactive, enter(g, Interactive))
		}
		synctest.Wait()
		count := func(all []<-chan struct{}) (n int) {
			for _, in := range all {
				if has(in) {
					n++
				}
			}
			return n
		}
		if b, i := count(batch), count(interactive); b != 4 || i != 0 {
			t.Fatalf("at first %d of batch and %d of interactive are in, want all four places for batch", b, i)
		}
		// As batch leaves, interactive comes in, but for the quarter that batch keeps.
		for range 4 {
			g.leave(Batch)
			synctest.Wait()
		}
		if b, i := count(batch), count(interactive); b != 5 || i != 3 {
			t.Fatalf("then %d of batch and %d of interactive have come in, want 5 and 3", b, i)
		}
		for range 5 {
			g.leave(Interactive)
			synctest.Wait()
		}
		if b, i := count(batch), count(interactive); b != 5 || i != 8 {
			t.Fatalf("then %d and %d, want 5 and 8", b, i)
		}
		// Nobody interactive waits: batch has what is free.
		g.leave(Batch)
		for range 3 {
			g.leave(Interactive)
		}
		synctest.Wait()
		if b := count(batch); b != 8 {
			t.Fatalf("at last %d of batch have come in, want 8", b)
		}
	})
}

func TestOneWorkerServesBothLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		if err := g.enter(context.Background(), Interactive); err != nil {
			t.Fatal(err)
		}
		i, b := enter(g, Interactive), enter(g, Batch)
		synctest.Wait()
		g.leave(Interactive)
		synctest.Wait()
		if has(i) == has(b) {
			t.Fatalf("interactive in: %v, batch in: %v, want one of them", has(i), has(b))
		}
		if has(i) {
			g.leave(Interactive)
		} else {
			g.leave(Batch)
		}
		synctest.Wait()
		if !has(i) || !has(b) {
			t.Fatal("one of them never comes in")
		}
	})
}

func TestWhoGivesUpLeavesNoTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(2)
		for range 2 {
			if err := g.enter(context.Background(), Batch); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.enter(ctx, Interactive); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("enter gives %v", err)
		}
		if err := g.enter(ctx, Interactive); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("enter with a context that has ended gives %v", err)
		}
		g.leave(Batch)
		g.leave(Batch)
		if g.free != 2 || g.batch != 0 || g.waiting[0].Len() != 0 || g.waiting[1].Len() != 0 {
			t.Errorf("left behind: %d free, %d batch, %d and %d waiting", g.free, g.batch, g.waiting[0].Len(), g.waiting[1].Len())
		}
	})
}

// TestGateHoldsItsBound lets many goroutines of both lanes, some of which give up, through at once.
func TestGateHoldsItsBound(t *testing.T) {
	g := newGate(3)
	var inside, most atomic.Int32
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%7)*time.Millisecond)
			defer cancel()
			lane := Lane(i % 2)
			if g.enter(ctx, lane) != nil {
				return
			}
			n := inside.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(100 * time.Microsecond)
			inside.Add(-1)
			g.leave(lane)
		})
	}
	wg.Wait()
	if most.Load() > 3 || g.free != 3 || g.batch != 0 {
		t.Errorf("%d at once, %d free and %d batch at the end, want at most 3, 3 and 0", most.Load(), g.free, g.batch)
	}
}

// TestCompareWaits holds that what is compared by fingerprints and features alone takes a worker's place as well.
func TestCompareWaits(t *testing.T) {
	m := New(nil, nil, Config{Workers: 1})
	if err := m.gate.enter(context.Background(), Batch); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	f := fingerprint.Fingerprint{Recipe: fingerprint.Current, Box: fingerprint.WholeBox()}
	f.Whole.PDQ[0], f.Content.PDQ[0] = 1, 1
	s := Subject{Fingerprint: &f}
	if _, err := m.Compare(ctx, Interactive, s, s); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while all are busy: %v", err)
	}
	m.gate.leave(Batch)
	if _, err := m.Compare(context.Background(), Interactive, s, s); err != nil {
		t.Errorf("once there is a place: %v", err)
	}
}

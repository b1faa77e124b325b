package book_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"touchstone/listing"
	"touchstone/listing/book"
)

// dying is a context that ends once it was asked whether it has so many times.
type dying struct {
	context.Context
	mu   sync.Mutex
	left int
	done chan struct{}
}

func (d *dying) Done() <-chan struct{} { return d.done }

func (d *dying) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left--; d.left > 0 {
		return nil
	}
	if d.left == 0 {
		close(d.done)
	}
	return context.Canceled
}

// TestEraseBrokenOff breaks an erasure off after the listing image has left the state and before its bytes were overwritten: to
// ask for it again, or to wipe, ends it.
func TestEraseBrokenOff(t *testing.T) {
	for name, finish := range map[string]func(*book.Book, listing.Key) error{
		"asked again": func(b *book.Book, k listing.Key) error {
			n, err := b.Erase(context.Background(), book.Filter{Marketplace: k.Marketplace, Listing: k.Listing})
			if n != 0 {
				t.Errorf("Erase() = %d, want 0", n)
			}
			return err
		},
		"wiped": func(b *book.Book, _ listing.Key) error { return b.Wipe(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "listings.db")
			b := open(t, path)
			r := rand.New(rand.NewPCG(5, 6))
			const secret = "zq-secret-seller-8"
			left := func() bool {
				raw, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				return bytes.Contains(raw, []byte(secret))
			}
			brokenOff := false
			for calls := 1; !brokenOff; calls++ {
				if calls > 200 {
					t.Fatal("no erasure is broken off between the two: the test shows nothing")
				}
				s := seen(r, 1)
				s.Seller = secret
				remember(t, b, s)
				n, err := b.Erase(&dying{Context: context.Background(), left: calls, done: make(chan struct{})}, book.Filter{Marketplace: "bazaar", Listing: "l1"})
				if err == nil {
					t.Fatalf("an erasure ends within %d looks at its context: the test shows nothing", calls)
				}
				if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				brokenOff = n == 1 && left()
			}
			if err := finish(b, listing.Key{Marketplace: "bazaar", Listing: "l1"}); err != nil {
				t.Fatal(err)
			}
			if left() {
				t.Error("the file still has the seller")
			}
			revision := b.Revision()
			if err := b.Wipe(t.Context()); err != nil || b.Revision() != revision {
				t.Errorf("a wipe for nothing: %v, revision %d, want %d", err, b.Revision(), revision)
			}
		})
	}
}

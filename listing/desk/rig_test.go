package desk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"touchstone/index"
	"touchstone/index/local"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/listing/desk"
	"touchstone/match"
	"touchstone/picture"
)

// rig is a desk on a catalogue and a book of its own.
type rig struct {
	testing.TB
	*desk.Desk
	photos *hooked
	match  *match.Matcher
	book   *book.Book
}

// hooked is an index that lets a test do something before an answer.
type hooked struct {
	index.Index
	changes  func()
	searched func()
}

func (h *hooked) Changes(ctx context.Context, after uint64, limit int) ([]index.PhotoChange, uint64, error) {
	if h.changes != nil {
		h.changes()
	}
	return h.Index.Changes(ctx, after, limit)
}

func (h *hooked) Search(ctx context.Context, q index.Query) (index.Result, error) {
	r, err := h.Index.Search(ctx, q)
	if h.searched != nil {
		h.searched()
	}
	return r, err
}

// opened makes a rig; progress is up to which revision of the catalogue the book says that photos were worked through.
func opened(t testing.TB, progress uint64) *rig {
	t.Helper()
	dir := t.TempDir()
	ix, err := local.Open(t.Context(), filepath.Join(dir, "touchstone.db"), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := book.Open(t.Context(), filepath.Join(dir, "listings.db"), book.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if progress > 0 {
		if err := errors.Join(b.SetProgress(t.Context(), book.Past, progress), b.SetProgress(t.Context(), book.Conflicts, progress)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := errors.Join(b.Close(), ix.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
		faults, err := book.Check(context.Background(), filepath.Join(dir, "listings.db"))
		if err != nil || len(faults) > 0 {
			t.Errorf("Check() = %q, %v", faults, err)
		}
	})
	photos := &hooked{Index: ix}
	m := match.New(photos, picture.NewDecoder(picture.Limits{}), match.Config{})
	return &rig{TB: t, Desk: desk.New(photos, m, b, desk.Options{}), photos: photos, match: m, book: b}
}

// add puts a photo, and returns the revision that it has.
func (r *rig) add(brand, id string, image []byte) uint64 {
	r.Helper()
	d, err := r.match.Describe(r.Context(), match.Batch, image)
	if err != nil {
		r.Fatal(err)
	}
	stored, err := r.photos.Put(r.Context(), index.Photo{
		Key: index.Key{Brand: brand, ID: id}, Original: d.Original, Fingerprint: d.Fingerprint, Features: d.Features,
	})
	if err != nil {
		r.Fatal(err)
	}
	return stored[0].Photo.Revision
}

// named names a listing image.
func named(id string) listing.Key { return listing.Key{Marketplace: "bazaar", Listing: id, Image: "1"} }

func (r *rig) check(id string, image []byte) desk.Answer {
	r.Helper()
	a, err := r.Check(r.Context(), match.Interactive, desk.Question{
		Subject:  match.Subject{Image: image},
		Facts:    listing.Facts{Key: named(id), Seller: "s1", Seen: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)},
		Remember: true,
	})
	if err != nil {
		r.Fatalf("Check(%s) = %v", id, err)
	}
	return a
}

// follow follows until photos up to a revision were worked through.
func (r *rig) follow(until uint64) {
	r.Helper()
	ctx, stop := context.WithCancel(r.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Follow(ctx)
	}()
	defer func() {
		stop()
		<-done
	}()
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		past, err := r.book.Progress(book.Past)
		conflicts, err2 := r.book.Progress(book.Conflicts)
		if err := errors.Join(err, err2); err != nil {
			r.Fatal(err)
		}
		if past == until && conflicts == until {
			return
		}
		if time.Since(began) > 8*time.Second {
			r.Fatalf("photos were worked through up to revisions %d and %d, want %d", past, conflicts, until)
		}
	}
}

// hits tells which photos a listing image is remembered as matching, and of which revision each.
func (r *rig) hits(id string) string {
	r.Helper()
	l, err := r.book.Get(r.Context(), named(id))
	if err != nil {
		r.Fatal(err)
	}
	told := ""
	for _, h := range l.Hits {
		told += fmt.Sprintf("%s@%d ", h.Photo.ID, h.Revision)
	}
	return told
}

// drawn is a picture of shapes.
func drawn(seed uint64) *image.RGBA {
	const width, height = 400, 300
	r := rand.New(rand.NewPCG(seed, 1))
	shade := func() *image.Uniform {
		return image.NewUniform(color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255})
	}
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(m, m.Rect, shade(), image.Point{}, draw.Src)
	for range 40 {
		x, y := r.IntN(width), r.IntN(height)
		draw.Draw(m, image.Rect(x, y, x+width/16+r.IntN(width/4), y+height/16+r.IntN(height/4)), shade(), image.Point{}, draw.Src)
	}
	return m
}

func saved(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func photo(t testing.TB, seed uint64) []byte { return saved(t, drawn(seed)) }

// copied is a photo as another file: a banner lies over its lower edge.
func copied(t testing.TB, seed uint64) []byte {
	m := drawn(seed)
	draw.Draw(m, image.Rect(0, 250, 400, 300), image.NewUniform(color.RGBA{200, 10, 10, 255}), image.Point{}, draw.Src)
	return saved(t, m)
}

func plain(t testing.TB) []byte {
	m := image.NewRGBA(image.Rect(0, 0, 300, 300))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	return saved(t, m)
}

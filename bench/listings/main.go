// Command listings measures what remembering listing images costs: how fast they are taken up, how large the store becomes,
// how much memory they need and how long a start takes; what a check costs among so many of them and so many photos; and how
// long it takes until photos that are added have found the listing images of the past that copy them. Fingerprints are made up:
// random, without features, but that each new photo has copies among the listing images, some bits off.
//
//	go run -tags nodynamic ./bench/listings -listings 10000000 -photos 1000000
//
// It leaves its folder behind, and goes on with it when it is run again: filling takes most of the time.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/index/local"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/listing/desk"
	"touchstone/match"
	"touchstone/picture"
)

func main() {
	var m measuring
	flag.StringVar(&m.dir, "dir", filepath.Join(os.TempDir(), "touchstone-listings"), "folder of the stores")
	flag.IntVar(&m.listings, "listings", 1_000_000, "listing images to remember")
	flag.IntVar(&m.photos, "photos", 1_000_000, "photos to match against")
	flag.IntVar(&m.added, "added", 1000, "photos to add then")
	flag.IntVar(&m.copies, "copies", 10, "listing images that copy each of those")
	flag.Parse()
	if err := m.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "listings:", err)
		os.Exit(1)
	}
}

// measuring is a run.
type measuring struct {
	dir                             string
	listings, photos, added, copies int

	index   *local.Index
	book    *book.Book
	desk    *desk.Desk
	matcher *match.Matcher
}

func (m *measuring) run(ctx context.Context) (err error) {
	if err := os.MkdirAll(m.dir, 0o755); err != nil {
		return err
	}
	if m.index, err = local.Open(ctx, filepath.Join(m.dir, "touchstone.db"), local.Options{}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.index.Close()) }()
	if err := m.fillPhotos(ctx); err != nil {
		return err
	}
	if m.book, err = book.Open(ctx, m.file(), book.Options{}); err != nil {
		return err
	}
	if err := m.fillListings(ctx); err != nil {
		return errors.Join(err, m.book.Close())
	}
	if err := m.book.Close(); err != nil {
		return err
	}
	runtime.GC()
	before := resident()
	began := time.Now()
	if m.book, err = book.Open(ctx, m.file(), book.Options{}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.book.Close()) }()
	took := time.Since(began)
	known, err := os.Stat(m.file())
	if err != nil {
		return err
	}
	n := float64(m.book.Count())
	fmt.Printf("listing images     %d\nstore              %.2f GB, %.0f bytes each\nmemory             %.1f bytes each; the process grew by %.0f MB\nstart              %.2f s\n",
		m.book.Count(), float64(known.Size())/1e9, float64(known.Size())/n, float64(m.book.Bytes())/n, float64(resident()-before)/1e6, took.Seconds())
	m.matcher = match.New(m.index, picture.NewDecoder(picture.Limits{}), match.Config{})
	m.desk = desk.New(m.index, m.matcher, m.book, desk.Options{})
	if err := m.checks(ctx); err != nil {
		return err
	}
	return m.past(ctx)
}

func (m *measuring) file() string { return filepath.Join(m.dir, "listings.db") }

// source is where the fingerprint of a number comes from: the same each time.
func source(kind, n int) *rand.Rand { return rand.New(rand.NewPCG(uint64(kind), uint64(n))) }

const (
	ofPhotos = iota + 1
	ofListings
	ofAdded
)

func madeUp(r *rand.Rand) fingerprint.Fingerprint {
	f := fingerprint.Fingerprint{Recipe: fingerprint.Current, Quality: 80, Whole: fingerprint.Region{P: fingerprint.Hash64(r.Uint64())}, Box: fingerprint.WholeBox()}
	for i := range f.Whole.PDQ {
		f.Whole.PDQ[i] = r.Uint64()
	}
	for i := range f.Whole.Colour {
		f.Whole.Colour[i] = uint8(r.Uint32())
	}
	f.Content = f.Whole
	if r.IntN(4) == 0 { // a border
		f.Content.PDQ[0], f.Content.PDQ[1], f.Box.Left = r.Uint64(), r.Uint64(), 2000
	}
	return f
}

// nearly is a fingerprint some bits off.
func nearly(f fingerprint.Fingerprint, r *rand.Rand) fingerprint.Fingerprint {
	for range 20 {
		f.Whole.PDQ[r.IntN(4)] ^= 1 << r.IntN(64)
	}
	f.Whole.P ^= 1 << r.IntN(64)
	if !f.Trimmed() {
		f.Content = f.Whole
	}
	return f
}

func genuine(kind, n int) index.Photo {
	p := index.Photo{
		Key:         index.Key{Brand: fmt.Sprintf("brand-%d", n%100), ID: fmt.Sprintf("%d-%d", kind, n)},
		Metadata:    index.Metadata{Product: fmt.Sprintf("product-%d", n/4), ListPrice: index.Price{Currency: "USD", Units: 795}},
		Original:    index.Original{Bytes: 100_000, Width: 1000, Height: 1000, Format: "jpeg"},
		Fingerprint: madeUp(source(kind, n)),
	}
	copy(p.Original.SHA256[:], fmt.Sprintf("%d-%d", kind, n))
	return p
}

func (m *measuring) fillPhotos(ctx context.Context) error {
	brands, err := m.index.Brands(ctx)
	if err != nil {
		return err
	}
	there := 0
	for _, b := range brands {
		there += b.Photos
	}
	for ; there < m.photos; there += 5000 {
		var batch []index.Photo
		for n := there; n < min(there+5000, m.photos); n++ {
			batch = append(batch, genuine(ofPhotos, n))
		}
		if _, err := m.index.Put(ctx, batch...); err != nil {
			return err
		}
	}
	return nil
}

// seen is a listing image: the first ones copy the photos that will be added.
func (m *measuring) seen(n int) book.Seen {
	r := source(ofListings, n)
	f := madeUp(r)
	if n < m.added*m.copies {
		f = nearly(genuine(ofAdded, n/m.copies).Fingerprint, r)
	}
	s := book.Seen{
		Facts: listing.Facts{
			Key:    listing.Key{Marketplace: "bazaar", Listing: fmt.Sprintf("%016x", r.Uint64()), Image: "1"},
			Seller: fmt.Sprintf("seller-%d", n%100_000), Region: "DE", URL: fmt.Sprintf("https://bazaar.example/item/%d", n),
			Price: index.Price{Currency: "USD", Units: int64(1 + n%100)}, Seen: time.Date(2026, 11, 1, 0, 0, n, 0, time.UTC),
		},
		Original:    index.Original{Bytes: 100_000, Width: 1000, Height: 1000, Format: "jpeg"},
		Fingerprint: f, Status: match.NothingFound, Catalog: uint64(m.photos),
	}
	copy(s.Original.SHA256[:], fmt.Sprint(n))
	return s
}

// fillListings remembers what is missing, many at a time, so that they share commits.
func (m *measuring) fillListings(ctx context.Context) error {
	there := m.book.Count()
	began := time.Now()
	g, filling := errgroup.WithContext(ctx)
	g.SetLimit(1000)
	for n := there; n < m.listings && filling.Err() == nil; n++ {
		if n%100_000 == 0 {
			fmt.Fprintf(os.Stderr, "%d listing images, %.0f a second\n", n, float64(n-there)/time.Since(began).Seconds())
		}
		g.Go(func() error {
			_, err := m.book.Remember(filling, m.seen(n))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if n := m.listings - there; n > 0 {
		fmt.Printf("taken up           %.0f a second\n", float64(n)/time.Since(began).Seconds())
	}
	return m.settle(ctx, uint64(m.photos))
}

// checks times a check of a megapixel against its parts.
func (m *measuring) checks(ctx context.Context) error {
	const rounds = 60
	var own, matched, checked []time.Duration
	timed := func(to *[]time.Duration, f func() error) error {
		began := time.Now()
		err := f()
		*to = append(*to, time.Since(began))
		return err
	}
	for i := range rounds {
		b, err := drawn(uint64(i))
		if err != nil {
			return err
		}
		s := match.Subject{Image: b}
		facts := listing.Facts{Key: listing.Key{Marketplace: "check", Listing: strconv.Itoa(int(time.Now().UnixNano())), Image: "1"}, Seller: "s"}
		err = errors.Join(
			timed(&own, func() error {
				// Compared with itself it is decoded and described twice: once as photos are, once as suspects are.
				_, err := m.matcher.Compare(ctx, match.Interactive, s, s)
				return err
			}),
			timed(&matched, func() error {
				_, err := m.matcher.Match(ctx, match.Interactive, s, match.Options{MaxFalsePerMillion: listing.MostFalse})
				return err
			}),
			timed(&checked, func() error {
				_, err := m.desk.Check(ctx, match.Interactive, desk.Question{Subject: s, Facts: facts, Remember: true})
				return err
			}),
		)
		if err != nil {
			return err
		}
	}
	fmt.Printf("described, twice   %.1f ms (a megapixel, median of %d)\nmatched            %.1f ms among %d photos\nchecked            %.1f ms, remembered and safe on the disk (90th percentile %.1f)\n",
		at(own, 0.5), rounds, at(matched, 0.5), m.photos, at(checked, 0.5), at(checked, 0.9))
	return nil
}

func at(all []time.Duration, q float64) float64 {
	slices.Sort(all)
	return all[int(q*float64(len(all)-1))].Seconds() * 1000
}

// past times how long it takes until photos that are added have found what copies them.
func (m *measuring) past(ctx context.Context) error {
	var photos []index.Photo
	for n := range m.added {
		p := genuine(ofAdded, n)
		if err := m.index.Delete(ctx, p.Key); err != nil && !errors.Is(err, index.ErrNotFound) { // of an earlier run
			return err
		}
		photos = append(photos, p)
	}
	if err := m.skip(ctx); err != nil {
		return err
	}
	stored, err := m.index.Put(ctx, photos...)
	if err != nil {
		return err
	}
	last := stored[len(stored)-1].Photo.Revision
	began := time.Now()
	following, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.desk.Follow(following)
	}()
	for done := uint64(0); done < last; time.Sleep(5 * time.Millisecond) {
		if done, err = m.book.Progress(book.Past); err != nil {
			return err
		}
	}
	took := time.Since(began)
	stop()
	<-done
	found := 0
	for i := range photos {
		found += len(m.book.Hitting(photos[i].Key))
	}
	fmt.Printf("the past           %d photos added, %d listing images found (%d copy them) in %.2f s\n", m.added, found, m.added*m.copies, took.Seconds())
	return nil
}

// skip has the desk take everything so far as worked through.
func (m *measuring) skip(ctx context.Context) error {
	known, err := m.book.Progress(book.Past)
	if err != nil {
		return err
	}
	page, until, err := m.index.Changes(ctx, known, 1_000_000)
	for err == nil && len(page) > 0 {
		page, until, err = m.index.Changes(ctx, until, 1_000_000)
	}
	if err != nil {
		return err
	}
	m.desk = desk.New(m.index, m.matcher, m.book, desk.Options{})
	return m.settle(ctx, until)
}

// settle has all that is done with photos that come be done up to a revision.
func (m *measuring) settle(ctx context.Context, catalog uint64) error {
	return errors.Join(m.book.SetProgress(ctx, book.Past, catalog), m.book.SetProgress(ctx, book.Conflicts, catalog))
}

// drawn is a megapixel.
func drawn(seed uint64) ([]byte, error) {
	r := rand.New(rand.NewPCG(seed, uint64(time.Now().UnixNano())))
	m := image.NewRGBA(image.Rect(0, 0, 1000, 1000))
	for range 300 {
		c := image.NewUniform(color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255})
		at := image.Pt(r.IntN(1000), r.IntN(1000))
		draw.Draw(m, image.Rect(0, 0, 10+r.IntN(200), 10+r.IntN(200)).Add(at), c, image.Point{}, draw.Src)
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 85})
	return b.Bytes(), err
}

// resident is the memory of the process, in bytes; 0 where the system does not tell.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return n << 10
		}
	}
	return 0
}

// Package desk is where listing images are dealt with: matched, decided upon, remembered; held against photos that came later;
// gone through again when thresholds, grants or photos have changed. It promises that each pair of a listing image and a photo
// is looked at, whichever came last, as long as Follow runs; and that a decision is that of package listing on what is
// remembered.
//
// The caveat that bites: a photo that comes later finds the listing images whose whole picture resembles it. Those that show a
// part of it are found by Rescan, which looks for parts as a check does, though without the pixels and so with less to go by.
package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/match"
)

// Options of New; the zero value is the default.
type Options struct {
	Log *slog.Logger // told of what goes on in the background; nil: nobody is
	// WholeOnly keeps no features of listing images: some 40 kilobytes each of them less on the disk, but then they are matched
	// again by their whole pictures alone. Measured 2026-11-24 on 1,200 copies edited as sellers do among 1,900 photos: 92% are
	// found first by the image, 90% by what is remembered with all its features, 84% with 250 of them.
	WholeOnly bool
}

// Desk deals with listing images. It may be used by many goroutines at once and needs no closing.
type Desk struct {
	photos  index.Searcher
	matcher *match.Matcher
	book    *book.Book
	log     *slog.Logger
	whole   bool // Options.WholeOnly

	following atomic.Uint64 // revision of the catalogue up to which Follow looks, or has looked, for listing images; 0: not yet
}

// New returns a Desk at which listing images are held against photos and remembered in a book, both of which stay the caller's.
func New(photos index.Searcher, m *match.Matcher, b *book.Book, o Options) *Desk {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{photos: photos, matcher: m, book: b, log: o.Log, whole: o.WholeOnly}
}

// Book is what the desk remembers in.
func (d *Desk) Book() *book.Book { return d.book }

// Question is a listing image to check.
type Question struct {
	Subject  match.Subject // an image, or a fingerprint
	Facts    listing.Facts // Image of "": the beginning of the image's SHA-256; Seen of zero: now
	Remember bool
	Limit    int // most matches; 0: match.DefaultLimit
	Depth    match.Depth
}

// Answer is what is to be done about a listing image, and why.
type Answer struct {
	Result   match.Result // with those matches that the decision rests upon
	Decision listing.Decision
	Listing  *listing.Listing // as it is remembered; nil: it isn't
}

// Check matches a listing image and decides what is to be done about it. Errors: listing.ErrInvalid, those of match.Match;
// where it is to be remembered, those of book.Remember.
func (d *Desk) Check(ctx context.Context, lane match.Lane, q Question) (Answer, error) {
	if q.Subject.Photo != (index.Key{}) {
		return Answer{}, &index.FieldError{Field: "subject", Want: "an image or a fingerprint: a photo of the catalogue is no listing's", Err: listing.ErrInvalid}
	}
	if q.Facts.Seen.IsZero() {
		q.Facts.Seen = time.Now().UTC()
	}
	if err := q.Facts.Validate(false); err != nil {
		return Answer{}, err
	}
	if q.Remember {
		// All but the image's name, which follows from the image where it is not told.
		named := q.Facts
		if named.Image == "" {
			named.Image = "-"
		}
		if err := named.Validate(true); err != nil {
			return Answer{}, err
		}
	}
	r, err := d.matcher.Match(ctx, lane, q.Subject, match.Options{
		Limit: q.Limit, Depth: q.Depth, MaxFalsePerMillion: listing.MostFalse, Features: q.Remember && !d.whole,
	})
	if err != nil {
		return Answer{}, err
	}
	features := r.Subject.Features
	r.Subject.Features = nil
	hits := hitsOf(&r)
	a := Answer{Result: r, Decision: d.book.Policy().Decide(q.Facts, r.Status, hits, r.Revision)}
	if !q.Remember {
		return a, nil
	}
	if q.Facts.Image == "" {
		q.Facts.Image = imageName(&r.Subject)
	}
	l, err := d.book.Remember(ctx, book.Seen{
		Facts: q.Facts, Original: r.Subject.Original, Fingerprint: r.Subject.Fingerprint, Features: features,
		Status: r.Status, Hits: hits, Catalog: r.Revision,
	})
	if err != nil {
		return Answer{}, err
	}
	// It is seen to although nobody may wait for it any more: what is remembered would miss these photos for good. What is too
	// plain matches nothing, whatever came, and was held against no revision.
	if r.Status != match.TooPlain {
		if l, err = d.overtaken(context.WithoutCancel(ctx), lane, &l, r.Revision); err != nil {
			return Answer{}, err
		}
	}
	a.Listing, a.Decision = &l, l.Decision
	return a, nil
}

// Forget forgets the listing images that were seen before a time, for good, and returns how many they were. When one was seen is
// what its marketplace says; where that lies ahead it is forgotten once it has not changed since the time. Errors: as book.Erase.
func (d *Desk) Forget(ctx context.Context, before time.Time) (int, error) {
	return d.book.Erase(ctx, book.Filter{Aged: before})
}

// imageName is the name of an image that has none: the beginning of its SHA-256, or where it came as a fingerprint, of that.
func imageName(d *match.Description) string {
	sum := d.Original.SHA256
	if sum == ([sha256.Size]byte{}) {
		b, _ := d.Fingerprint.AppendBinary(nil) // never fails
		sum = sha256.Sum256(b)
	}
	return hex.EncodeToString(sum[:16])
}

// hitsOf are the matches of a result as they are remembered.
func hitsOf(r *match.Result) []listing.Hit {
	hits := make([]listing.Hit, len(r.Matches))
	for i := range r.Matches {
		hits[i] = hitOf(&r.Matches[i], &r.Subject.Fingerprint)
	}
	return hits
}

func hitOf(m *match.Match, subject *fingerprint.Fingerprint) listing.Hit {
	p := &m.Photo
	return listing.Hit{
		Photo: p.Key, Product: p.Product, Variant: p.Variant, ListPrice: p.ListPrice, Revision: p.Revision,
		Verdict: m.Verdict, Score: m.Score, ExpectedFalse: min(m.ExpectedFalse, listing.MostFalse), Edits: m.Edits,
		Box: boxOf(&m.Evidence, subject), Distance: m.Evidence.DistancePDQ,
	}
}

// boxOf is the part of the subject that a photo takes.
func boxOf(e *match.Evidence, subject *fingerprint.Fingerprint) listing.Box {
	if p := e.Place; p != nil && len(p.InSubject) > 0 {
		b := listing.Box{Left: 1, Top: 1}
		for _, c := range p.InSubject {
			x, y := min(max(c.X, 0), 1), min(max(c.Y, 0), 1)
			b.Left, b.Right = min(b.Left, x), max(b.Right, x)
			b.Top, b.Bottom = min(b.Top, y), max(b.Bottom, y)
		}
		return b
	}
	if e.SubjectRegion == fingerprint.PartWhole || !subject.Trimmed() {
		return listing.Box{Right: 1, Bottom: 1}
	}
	share := func(v uint16) float64 { return float64(v) / 65535 }
	b := subject.Box
	return listing.Box{Left: share(b.Left), Top: share(b.Top), Right: share(b.Right), Bottom: share(b.Bottom)}
}

// subjectOf is a remembered listing image as a question. It is not ok where nothing is known of it that could be matched.
func (d *Desk) subjectOf(ctx context.Context, l *listing.Listing) (s match.Subject, ok bool, err error) {
	if l.Fingerprint.Recipe == 0 {
		return s, false, nil
	}
	f, err := d.book.Features(ctx, l)
	if err != nil {
		return s, false, err
	}
	return match.Subject{Fingerprint: &l.Fingerprint, Features: f, Original: l.Original}, true, nil
}

// unfit tells whether an error is of one listing image or photo alone, and will be of it the next time as well: it is of another
// recipe, or damaged. The others must not wait for it.
func unfit(err error) bool {
	return errors.Is(err, index.ErrRecipe) || errors.Is(err, index.ErrCorrupt) || errors.Is(err, match.ErrInvalid) ||
		errors.Is(err, listing.ErrInvalid)
}

// samePicture tells whether two states of a listing image are of the same picture.
func samePicture(a, b *listing.Listing) bool {
	return a.Original == b.Original && a.Fingerprint == b.Fingerprint && a.Features == b.Features
}

// gone tells whether an error says that a listing image, or a photo, was deleted in the meantime.
func gone(err error) bool {
	return errors.Is(err, book.ErrNotFound) || errors.Is(err, index.ErrNotFound)
}

package desk

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/listing"
	"touchstone/match"
)

// radius within which listing images are looked for, in bits of PDQ, by how many are remembered. Copies under a banner lie far
// from their photo; among millions a wide search finds too many by chance, each of which has to be read and judged.
func radius(remembered int) int {
	switch {
	case remembered <= 50_000:
		return 64
	case remembered <= 2_000_000:
		return 48
	}
	return 40
}

// pair is a listing image that a photo may be in.
type pair struct {
	listing *listing.Listing
	photos  []index.Photo
}

// nearPage is how many listing images are read and judged at a time: what all of a flood are is not for memory.
const nearPage = 500

// near finds the listing images that any of some photos may be in, by whole pictures or because they are remembered so, judges
// them, and shows what was found in each, page by page in the order in which they came to be remembered. Pairs of which take says
// no are passed over.
func (d *Desk) near(ctx context.Context, photos []index.Photo, take func(*listing.Listing, *index.Photo) bool, most float64, show func(judged) error) error {
	codes := make([][]fingerprint.Hash256, len(photos))
	for i := range photos {
		if f := &photos[i].Fingerprint; f.Recipe == fingerprint.Current {
			for _, p := range f.Probes() {
				codes[i] = append(codes[i], p.PDQ)
			}
		}
	}
	found, err := d.book.Near(ctx, codes, radius(d.book.Count()))
	if err != nil {
		return err
	}
	byImage := map[uint64][]int{} // photos, by the revision that names the listing image
	for i, images := range found {
		for _, shown := range images {
			byImage[shown] = append(byImage[shown], i)
		}
		for _, shown := range d.book.Hitting(photos[i].Key) { // which another picture of that name may have been
			if n := len(byImage[shown]); n == 0 || byImage[shown][n-1] != i {
				byImage[shown] = append(byImage[shown], i)
			}
		}
	}
	searched, err := d.searched(ctx)
	if err != nil {
		return err
	}
	for images := range slices.Chunk(slices.Sorted(maps.Keys(byImage)), nearPage) {
		var pairs []pair
		for _, shown := range images {
			l, err := d.book.Shown(ctx, shown)
			if gone(err) {
				continue
			}
			if unfit(err) {
				d.log.Warn("a listing image of the past can't be read", "remembered_at", shown, "error", err)
				continue
			}
			if err != nil {
				return err
			}
			p := pair{listing: &l}
			for _, i := range byImage[shown] {
				if take(&l, &photos[i]) {
					p.photos = append(p.photos, photos[i])
				}
			}
			if len(p.photos) > 0 {
				pairs = append(pairs, p)
			}
		}
		all, err := d.judge(ctx, pairs, searched, most)
		if err != nil {
			return err
		}
		for _, j := range all {
			if err := show(j); err != nil {
				return err
			}
		}
	}
	return nil
}

// judged is what was found in a listing image.
type judged struct {
	listing *listing.Listing
	hits    []listing.Hit // by score, highest first; none: none of the photos is in it
}

// judge holds pairs against each other, several at a time.
func (d *Desk) judge(ctx context.Context, pairs []pair, searched int, most float64) ([]judged, error) {
	all := make([]judged, len(pairs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2 * runtime.GOMAXPROCS(0))
	for i, p := range pairs {
		g.Go(func() error {
			hits, err := d.hits(ctx, match.Batch, p, searched, most)
			if unfit(err) {
				d.log.Warn("a listing image of the past can't be held against photos", "revision", p.listing.Revision, "error", err)
				return nil
			}
			if err != nil {
				return err
			}
			all[i] = judged{p.listing, hits}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(j judged) bool { return j.listing == nil }), nil
}

// hits judges one pair: by whole pictures first, which costs microseconds, then by features and pixels.
func (d *Desk) hits(ctx context.Context, lane match.Lane, p pair, searched int, most float64) ([]listing.Hit, error) {
	if p.listing.Fingerprint.Recipe != fingerprint.Current {
		return nil, nil
	}
	first := match.Subject{Fingerprint: &p.listing.Fingerprint, Original: p.listing.Original}
	r, err := d.matcher.Judge(ctx, lane, first, p.photos, searched, match.Options{MinScore: -1, Limit: match.MaxLimit, Depth: match.Whole})
	if err != nil {
		return nil, fmt.Errorf("listing image of revision %d: %w", p.listing.Revision, err)
	}
	var likely []index.Photo
	for i := range r.Matches {
		if m := &r.Matches[i]; m.Evidence.WholeOdds >= match.LeastWhole || hitWith(p.listing.Hits, m.Photo.Key) != nil {
			likely = append(likely, m.Photo)
		}
	}
	if r.Status == match.TooPlain { // as a whole: its features may tell
		likely = p.photos
	}
	if len(likely) == 0 {
		return nil, nil
	}
	s, ok, err := d.subjectOf(ctx, p.listing)
	if gone(err) || err == nil && !ok {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if r, err = d.matcher.Judge(ctx, lane, s, likely, searched, match.Options{MaxFalsePerMillion: most, Limit: match.MaxLimit}); err != nil {
		return nil, fmt.Errorf("listing image of revision %d: %w", p.listing.Revision, err) // its name is not for logs
	}
	return hitsOf(&r), nil
}

// searched is among how many photos a subject is looked for.
func (d *Desk) searched(ctx context.Context) (n int, err error) {
	brands, err := d.photos.Brands(ctx)
	for _, b := range brands {
		n += b.Photos
	}
	return n, err
}

// Wanted says of which photos listing images are wanted: one of a brand, or those of a product.
type Wanted struct {
	Brand, Photo, Product string
}

// Find returns the remembered listing images that were made from a photo, those that match best first, with the matches of the
// photos that were asked about in place of their hits; most is how many false matches of a million unrelated images are allowed.
// Errors: index.ErrNotFound, index.ErrUnknownBrand, index.ErrUnknownProduct, the context's.
func (d *Desk) Find(ctx context.Context, w Wanted, most float64) ([]listing.Listing, error) {
	photos, err := d.wanted(ctx, w)
	if err != nil {
		return nil, err
	}
	var listings []listing.Listing
	at := map[listing.Key]int{}
	all := func(*listing.Listing, *index.Photo) bool { return true }
	err = d.near(ctx, photos, all, most, func(j judged) error {
		if len(j.hits) > 0 {
			at[j.listing.Key] = len(listings)
			j.listing.Hits = j.hits
			listings = append(listings, *j.listing)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// A check looks for parts as well: what is remembered of that stands beside what was found now.
	for i := range photos {
		if listings, err = d.remembered(ctx, &photos[i], most, listings, at); err != nil {
			return nil, err
		}
	}
	for i := range listings {
		byScore(listings[i].Hits)
	}
	slices.SortFunc(listings, func(a, b listing.Listing) int {
		return cmp.Or(cmp.Compare(b.Hits[0].Score, a.Hits[0].Score), a.Key.Compare(b.Key))
	})
	return listings, nil
}

// remembered adds the listing images that are remembered as matching a photo, as far as they are not there yet.
func (d *Desk) remembered(ctx context.Context, p *index.Photo, most float64, listings []listing.Listing, at map[listing.Key]int) ([]listing.Listing, error) {
	for _, shown := range d.book.Hitting(p.Key) {
		l, err := d.book.Shown(ctx, shown)
		if gone(err) || unfit(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		h := hitWith(l.Hits, p.Key)
		if h == nil || h.ExpectedFalse > most {
			continue
		}
		hit := *h
		i, ok := at[l.Key]
		if !ok {
			i = len(listings)
			at[l.Key] = i
			l.Hits = nil
			listings = append(listings, l)
		}
		if hitWith(listings[i].Hits, p.Key) == nil {
			listings[i].Hits = append(listings[i].Hits, hit)
		}
	}
	return listings, nil
}

func hitWith(hits []listing.Hit, photo index.Key) *listing.Hit {
	for i := range hits {
		if hits[i].Photo == photo {
			return &hits[i]
		}
	}
	return nil
}

// byScore sorts hits as matches are sorted.
func byScore(hits []listing.Hit) {
	slices.SortFunc(hits, func(a, b listing.Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), a.Photo.Compare(b.Photo))
	})
}

// wantedPage is how many photos of a product are read at a time.
const wantedPage = 500

func (d *Desk) wanted(ctx context.Context, w Wanted) (photos []index.Photo, err error) {
	if w.Photo != "" {
		p, err := d.photos.Get(ctx, index.Key{Brand: w.Brand, ID: w.Photo})
		return []index.Photo{p}, err
	}
	f := index.Filter{Brands: []string{w.Brand}, Products: []string{w.Product}}
	for after := (index.Key{}); ; after = photos[len(photos)-1].Key {
		page, err := d.photos.List(ctx, f, after, wantedPage)
		if err != nil {
			return nil, err
		}
		if photos = append(photos, page...); len(page) < wantedPage {
			return photos, nil
		}
	}
}

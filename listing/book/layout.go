package book

import (
	"bytes"
	"fmt"
	"math"
	"time"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/listing"
	"touchstone/match"
	"touchstone/store/packed"
)

// The layout of the rooms of the listings' store; values are as package packed writes them.
//
//	listings    marketplace 00 listing 00 image -> listing image, whose features are a blob as package feature encodes them
//	grants      brand 00 grant ID -> grant
//	standings   brand 00 photo ID -> standing of a photo
//	rules       "rules" -> the rules as they were set, YAML
//	progress    "catalog", "conflicts" -> revision of the catalogue up to which a Task is done, a number
//	survey      "likelihoods" -> how much likelier brands' photos are to be matched by chance: count, and each: brand, factor (8)
//	            "unwiped" -> revision that erased listing images whose bytes may still be in the file, a number
//
// A listing image, format 1:
//
//	format (byte) | seller | region | URL | price | time seen (8) | original: SHA-256 (32 bytes), bytes, width, height, format |
//	1 and a fingerprint (fingerprint.Size bytes), or 0 | revision that set the fingerprint | revision that the features are
//	attached to, 0: none | status | count of hits, and each: brand, photo, product, variant, list price, revision, verdict,
//	score (8), expected false matches (8), edits, box (4 numbers of 8), distance | decision: outcome, count of reasons and each,
//	brand, photo, grant, price ratio (8), priority (8), revision, revision of the catalogue | time added (8)
//
// where a price is currency, units, nanos; times are nanoseconds since 1970. Worked example: a listing image of seller "s1" and
// no more facts begins 01 02 73 31 00 00 00 00 00.
//
// A grant, format 1: format | grantee | sellers | everyone (0 or 1) | products | photos | marketplace | region | valid from (8) |
// valid to (8), 0 where there is no bound | note. A standing, format 1: format | state | note | count of others and each: brand,
// photo | settled (0 or 1).
//
// Formats so far: 1 of each (2026-11).
const (
	listingFormat  = 1
	grantFormat    = 1
	standingFormat = 1
)

const (
	roomListings  = "listings"
	roomGrants    = "grants"
	roomStandings = "standings"
	roomRules     = "rules"
	roomProgress  = "progress"
	roomSurvey    = "survey"
)

var (
	keyRules   = []byte("rules")
	keySurvey  = []byte("likelihoods")
	keyUnwiped = []byte("unwiped")
)

// The kinds of change, as the log has them.
const (
	kindChecked byte = iota + 1 // a listing image was checked
	kindRevised                 // what is found in it, or decided of it, has changed
	kindErased
	kindPut // of a grant, a standing, rules, progress, a survey
	kindTaken
)

// Limits of what is read back.
const (
	mostHits  = match.MaxLimit
	mostNames = 10_000
)

func keyOf(k listing.Key) []byte {
	b := make([]byte, 0, len(k.Marketplace)+len(k.Listing)+len(k.Image)+2)
	b = append(append(b, k.Marketplace...), 0)
	b = append(append(b, k.Listing...), 0)
	return append(b, k.Image...)
}

func parseKey(b []byte) (k listing.Key, err error) {
	parts := bytes.SplitN(b, []byte{0}, 4)
	if len(parts) != 3 {
		return k, fmt.Errorf("%w: key %q of a listing image", index.ErrCorrupt, b)
	}
	return listing.Key{Marketplace: string(parts[0]), Listing: string(parts[1]), Image: string(parts[2])}, nil
}

func pairKey(a, b string) []byte { return append(append([]byte(a), 0), b...) }

func parsePair(b []byte) (x, y string, err error) {
	first, second, ok := bytes.Cut(b, []byte{0})
	if !ok {
		return "", "", fmt.Errorf("%w: key %q", index.ErrCorrupt, b)
	}
	return string(first), string(second), nil
}

func putPrice(w *packed.Writer, p index.Price) {
	w.String(p.Currency)
	w.Number(uint64(p.Units))
	w.Number(uint64(p.Nanos))
}

func getPrice(r *packed.Reader) index.Price {
	return index.Price{Currency: r.String(), Units: int64(r.Number(math.MaxInt64)), Nanos: int32(r.Number(index.MaxNanos))}
}

func putTime(w *packed.Writer, t time.Time) {
	if t.IsZero() {
		w.Fixed(0)
		return
	}
	w.Fixed(uint64(t.UnixNano()))
}

func getTime(r *packed.Reader) time.Time {
	n := r.Fixed()
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(n)).UTC()
}

// remembered is a listing image as the store has it.
type remembered struct {
	listing.Listing
	shown uint64 // revision that set its fingerprint
}

func encode(l *remembered) []byte {
	w := packed.Writer{Bytes: make([]byte, 0, 256+fingerprint.Size+128*len(l.Hits))}
	w.Byte(listingFormat)
	w.String(l.Seller)
	w.String(l.Region)
	w.String(l.URL)
	putPrice(&w, l.Price)
	putTime(&w, l.Seen)
	w.Raw(l.Original.SHA256[:])
	w.Number(uint64(l.Original.Bytes))
	w.Number(uint64(l.Original.Width))
	w.Number(uint64(l.Original.Height))
	w.String(l.Original.Format)
	if l.Fingerprint.Recipe == 0 {
		w.Byte(0)
	} else {
		w.Byte(1)
		w.Bytes, _ = l.Fingerprint.AppendBinary(w.Bytes) // never fails
	}
	w.Number(l.shown)
	w.Number(l.Features)
	w.Byte(byte(l.Status))
	w.Number(uint64(len(l.Hits)))
	for i := range l.Hits {
		putHit(&w, &l.Hits[i])
	}
	putDecision(&w, &l.Decision)
	putTime(&w, l.Added)
	return w.Bytes
}

func putHit(w *packed.Writer, h *listing.Hit) {
	w.String(h.Photo.Brand)
	w.String(h.Photo.ID)
	w.String(h.Product)
	w.String(h.Variant)
	putPrice(w, h.ListPrice)
	w.Number(h.Revision)
	w.Byte(byte(h.Verdict))
	w.Float(h.Score)
	w.Float(h.ExpectedFalse)
	w.Strings(h.Edits)
	for _, side := range []float64{h.Box.Left, h.Box.Top, h.Box.Right, h.Box.Bottom} {
		w.Float(side)
	}
	w.Number(uint64(h.Distance))
}

func getHit(r *packed.Reader) (h listing.Hit) {
	h.Photo = index.Key{Brand: r.String(), ID: r.String()}
	h.Product, h.Variant, h.ListPrice = r.String(), r.String(), getPrice(r)
	h.Revision = r.Number(math.MaxUint64)
	h.Verdict = match.Verdict(r.Byte())
	h.Score, h.ExpectedFalse = r.Float(), r.Float()
	h.Edits = r.Strings(mostNames)
	h.Box = listing.Box{Left: r.Float(), Top: r.Float(), Right: r.Float(), Bottom: r.Float()}
	h.Distance = int(r.Number(256))
	return h
}

func putDecision(w *packed.Writer, d *listing.Decision) {
	w.Byte(byte(d.Outcome))
	w.Number(uint64(len(d.Reasons)))
	for _, reason := range d.Reasons {
		w.Byte(byte(reason))
	}
	w.String(d.Photo.Brand)
	w.String(d.Photo.ID)
	w.String(d.Grant)
	w.Float(d.PriceRatio)
	w.Float(d.Priority)
	w.Number(d.Revision)
	w.Number(d.Catalog)
}

func getDecision(r *packed.Reader) (d listing.Decision) {
	d.Outcome = listing.Outcome(r.Byte())
	for _, reason := range r.Raw(int(r.Number(math.MaxUint8))) {
		d.Reasons = append(d.Reasons, listing.Reason(reason))
	}
	d.Photo = index.Key{Brand: r.String(), ID: r.String()}
	d.Grant = r.String()
	d.PriceRatio, d.Priority = r.Float(), r.Float()
	d.Revision, d.Catalog = r.Number(math.MaxUint64), r.Number(math.MaxUint64)
	return d
}

func decode(b []byte) (l remembered, err error) {
	r := packed.NewReader(b)
	if f := r.Byte(); f != listingFormat {
		r.Fail("format %d, this program writes %d", f, listingFormat)
	}
	l.Seller, l.Region, l.URL, l.Price, l.Seen = r.String(), r.String(), r.String(), getPrice(r), getTime(r)
	copy(l.Original.SHA256[:], r.Raw(len(l.Original.SHA256)))
	l.Original.Bytes = int64(r.Number(math.MaxInt64))
	l.Original.Width, l.Original.Height = int(r.Number(math.MaxInt32)), int(r.Number(math.MaxInt32))
	l.Original.Format = r.String()
	switch r.Byte() {
	case 0:
	case 1:
		if f := r.Raw(fingerprint.Size); f != nil {
			if err := l.Fingerprint.UnmarshalBinary(f); err != nil {
				r.Fail("%v", err)
			}
		}
	default:
		r.Fail("neither a fingerprint nor none")
	}
	l.shown, l.Features = r.Number(math.MaxUint64), r.Number(math.MaxUint64)
	l.Status = match.Status(r.Byte())
	if n := r.Number(mostHits); n > 0 {
		l.Hits = make([]listing.Hit, n)
		for i := range l.Hits {
			l.Hits[i] = getHit(r)
		}
	}
	l.Decision, l.Added = getDecision(r), getTime(r)
	if err := r.End(); err != nil {
		return remembered{}, fmt.Errorf("%w: %w", index.ErrCorrupt, err)
	}
	return l, nil
}

func encodeGrant(g *listing.Grant) []byte {
	var w packed.Writer
	w.Byte(grantFormat)
	w.String(g.Grantee)
	w.Strings(g.Sellers)
	w.Byte(bit(g.Everyone))
	w.Strings(g.Products)
	w.Strings(g.Photos)
	w.String(g.Marketplace)
	w.String(g.Region)
	putTime(&w, g.From)
	putTime(&w, g.To)
	w.String(g.Note)
	return w.Bytes
}

func decodeGrant(b []byte) (g listing.Grant, err error) {
	r := packed.NewReader(b)
	if f := r.Byte(); f != grantFormat {
		r.Fail("format %d, this program writes %d", f, grantFormat)
	}
	g.Grantee, g.Sellers, g.Everyone = r.String(), r.Strings(mostNames), flag(r)
	g.Products, g.Photos = r.Strings(mostNames), r.Strings(mostNames)
	g.Marketplace, g.Region, g.From, g.To, g.Note = r.String(), r.String(), getTime(r), getTime(r), r.String()
	if err := r.End(); err != nil {
		return listing.Grant{}, fmt.Errorf("%w: grant: %w", index.ErrCorrupt, err)
	}
	return g, nil
}

func encodeStanding(s *listing.Standing) []byte {
	var w packed.Writer
	w.Byte(standingFormat)
	w.Byte(byte(s.State))
	w.String(s.Note)
	w.Number(uint64(len(s.Others)))
	for _, k := range s.Others {
		w.String(k.Brand)
		w.String(k.ID)
	}
	w.Byte(bit(s.Settled))
	return w.Bytes
}

func decodeStanding(b []byte) (s listing.Standing, err error) {
	r := packed.NewReader(b)
	if f := r.Byte(); f != standingFormat {
		r.Fail("format %d, this program writes %d", f, standingFormat)
	}
	s.State, s.Note = listing.State(r.Byte()), r.String()
	for n := r.Number(mostNames); n > 0 && r.Err() == nil; n-- {
		s.Others = append(s.Others, index.Key{Brand: r.String(), ID: r.String()})
	}
	s.Settled = flag(r)
	if err := r.End(); err != nil {
		return listing.Standing{}, fmt.Errorf("%w: standing: %w", index.ErrCorrupt, err)
	}
	return s, nil
}

func bit(yes bool) byte {
	if yes {
		return 1
	}
	return 0
}

func flag(r *packed.Reader) bool {
	b := r.Byte()
	if b > 1 {
		r.Fail("neither yes nor no")
	}
	return b == 1
}

package local

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/store"
)

// The layout of a photo in the store's room "photos", formats 1 and 2. The key is the brand, a zero byte, and the photo's ID:
// names hold no zero byte, so keys sort by brand, then ID. The value, numbers as shortest uvarints unless said otherwise,
// strings as a length and their bytes:
//
//	format (1 byte) | product | variant | source URI | count of labels, then name and value of each, by name |
//	currency | units | nanos | SHA-256 (32 bytes) | bytes | width | height | format of the original |
//	time added (8 bytes, nanoseconds since 1970, big-endian) | fingerprint (fingerprint.Size bytes)
//
// That is format 1, of photos without features. Those that have some are of format 2, which goes on
//
//	revision of the change that the features are attached to (8 bytes, big-endian) | their recipe (2 bytes, big-endian)
//
// The features are a blob of the store's, as package feature encodes them. The revision and the time of the last change
// are the store's own. Worked example: a photo of product "hat" without further metadata and features begins
// 01 03 68 61 74 00 00 00 00 00 00, and its SHA-256 follows.
//
// Formats so far: 1 (2026-11), 2 (2026-11).
const (
	photoFormat    = 1
	featuredFormat = 2
	referenceSize  = 10
)

// The layout of a brand's settings in the store's room "brands": the key is the brand, the value a format byte, 1, and 1
// where partial matching is on, 0 where it is off. A brand that is not there has it on. Worked example: 01 00, off.
const brandFormat = 1

// room is where photos are, brandRoom where brands' settings are.
const (
	room      = "photos"
	brandRoom = "brands"
)

// reference says where a photo's features are. The zero reference is that of a photo without any.
type reference struct {
	revision uint64 // of the change that they are attached to
	recipe   feature.Recipe
}

// referenceIn reads a reference from the end of a photo's value, and tells how long the value is but for it.
func referenceIn(b []byte) (f reference, end int) {
	if end = len(b) - referenceSize; end < 0 || b[0] != featuredFormat {
		return f, len(b)
	}
	return reference{binary.BigEndian.Uint64(b[end:]), feature.Recipe(binary.BigEndian.Uint16(b[end+8:]))}, end
}

func encodeBrand(s index.BrandSettings) []byte {
	if s.Partial {
		return []byte{brandFormat, 1}
	}
	return []byte{brandFormat, 0}
}

func decodeBrand(b []byte) (s index.BrandSettings, err error) {
	if len(b) != 2 || b[0] != brandFormat || b[1] > 1 {
		return s, fmt.Errorf("%w: settings % x of a brand", index.ErrCorrupt, b)
	}
	return index.BrandSettings{Partial: b[1] == 1}, nil
}

// The kinds of change, as the log has them.
const (
	kindAdded byte = iota + 1
	kindReplaced
	kindUpdated
	kindDeleted
	kindSettled // of a brand
)

func keyOf(k index.Key) []byte { return append(append([]byte(k.Brand), 0), k.ID...) }

func parseKey(b []byte) (index.Key, error) {
	brand, id, ok := bytes.Cut(b, []byte{0})
	k := index.Key{Brand: string(brand), ID: string(id)}
	if !ok {
		return k, fmt.Errorf("%w: key %q", index.ErrCorrupt, b)
	}
	if err := k.Validate(); err != nil {
		return k, fmt.Errorf("%w: key %q: %w", index.ErrCorrupt, b, err)
	}
	return k, nil
}

func encode(p *index.Photo, f reference) []byte {
	b := make([]byte, 0, 128+fingerprint.Size+referenceSize+len(p.Product)+len(p.Variant)+len(p.SourceURI))
	str := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	if f == (reference{}) {
		b = append(b, photoFormat)
	} else {
		b = append(b, featuredFormat)
	}
	str(p.Product)
	str(p.Variant)
	str(p.SourceURI)
	b = binary.AppendUvarint(b, uint64(len(p.Labels)))
	for _, name := range slices.Sorted(maps.Keys(p.Labels)) {
		str(name)
		str(p.Labels[name])
	}
	str(p.ListPrice.Currency)
	b = binary.AppendUvarint(b, uint64(p.ListPrice.Units))
	b = binary.AppendUvarint(b, uint64(p.ListPrice.Nanos))
	b = append(b, p.Original.SHA256[:]...)
	b = binary.AppendUvarint(b, uint64(p.Original.Bytes))
	b = binary.AppendUvarint(b, uint64(p.Original.Width))
	b = binary.AppendUvarint(b, uint64(p.Original.Height))
	str(p.Original.Format)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Added.UnixNano()))
	b, _ = p.Fingerprint.AppendBinary(b) // never fails
	if f != (reference{}) {
		b = binary.BigEndian.AppendUint64(b, f.revision)
		b = binary.BigEndian.AppendUint16(b, uint16(f.recipe))
	}
	return b
}

// photoOf reads a record of the store.
func photoOf(r store.Record) (index.Photo, error) {
	p, _, err := photoIn(r)
	return p, err
}

// photoIn reads a record of the store, and where its features are.
func photoIn(r store.Record) (index.Photo, reference, error) {
	k, err := parseKey(r.Key)
	if err != nil {
		return index.Photo{}, reference{}, err
	}
	p, f, err := decode(r.Value)
	if err != nil {
		return index.Photo{}, reference{}, fmt.Errorf("photo %q: %w", k, err)
	}
	p.Key, p.Revision, p.Updated = k, r.Revision, r.Time
	return p, f, nil
}

// decode reads what encode wrote, and nothing that it would have written otherwise.
func decode(b []byte) (p index.Photo, at reference, err error) {
	d := decoder{rest: b}
	if f := d.take(1); len(f) == 1 && f[0] != photoFormat && f[0] != featuredFormat {
		return p, at, fmt.Errorf("%w: value of format %d, this program writes %d and %d", index.ErrCorrupt, f[0], photoFormat, featuredFormat)
	}
	p.Product, p.Variant, p.SourceURI = d.str(), d.str(), d.str()
	last := ""
	for n := d.number(index.MaxLabels); n > 0 && d.err == nil; n-- {
		name, value := d.str(), d.str()
		if name <= last {
			d.fail("labels out of order")
		}
		if p.Labels == nil {
			p.Labels = map[string]string{}
		}
		p.Labels[name], last = value, name
	}
	p.ListPrice.Currency = d.str()
	p.ListPrice.Units = int64(d.number(math.MaxInt64))
	p.ListPrice.Nanos = int32(d.number(math.MaxInt32))
	copy(p.Original.SHA256[:], d.take(32))
	p.Original.Bytes = int64(d.number(math.MaxInt64))
	p.Original.Width = int(d.number(math.MaxInt32))
	p.Original.Height = int(d.number(math.MaxInt32))
	p.Original.Format = d.str()
	if t := d.take(8); len(t) == 8 {
		p.Added = time.Unix(0, int64(binary.BigEndian.Uint64(t))).UTC()
	}
	f := d.take(fingerprint.Size)
	if len(b) > 0 && b[0] == featuredFormat && len(d.take(referenceSize)) > 0 {
		if at, _ = referenceIn(b); at.revision == 0 || at.recipe == 0 {
			d.fail("features without a revision or a recipe")
		}
	}
	if len(d.rest) > 0 {
		d.fail("trailing bytes")
	}
	if d.err == nil {
		if err := p.Fingerprint.UnmarshalBinary(f); err != nil {
			d.fail(err.Error())
		}
	}
	if d.err != nil {
		return index.Photo{}, reference{}, d.err
	}
	return p, at, nil
}

// decoder reads a value from its front; after the first failure it returns zeros.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: value: %s", index.ErrCorrupt, what)
	}
}

func (d *decoder) take(n int) []byte {
	if d.err != nil || len(d.rest) < n {
		d.fail("cut short")
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) number(most uint64) uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 || v > most || n > 1 && d.rest[n-1] == 0 {
		d.fail("number")
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) str() string { return string(d.take(int(d.number(1 << 20)))) }

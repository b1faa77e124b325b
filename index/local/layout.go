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
	"touchstone/store/packed"
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
	w := packed.Writer{Bytes: make([]byte, 0, 128+fingerprint.Size+referenceSize+len(p.Product)+len(p.Variant)+len(p.SourceURI))}
	if f == (reference{}) {
		w.Byte(photoFormat)
	} else {
		w.Byte(featuredFormat)
	}
	w.String(p.Product)
	w.String(p.Variant)
	w.String(p.SourceURI)
	w.Number(uint64(len(p.Labels)))
	for _, name := range slices.Sorted(maps.Keys(p.Labels)) {
		w.String(name)
		w.String(p.Labels[name])
	}
	w.String(p.ListPrice.Currency)
	w.Number(uint64(p.ListPrice.Units))
	w.Number(uint64(p.ListPrice.Nanos))
	w.Raw(p.Original.SHA256[:])
	w.Number(uint64(p.Original.Bytes))
	w.Number(uint64(p.Original.Width))
	w.Number(uint64(p.Original.Height))
	w.String(p.Original.Format)
	w.Fixed(uint64(p.Added.UnixNano()))
	w.Bytes, _ = p.Fingerprint.AppendBinary(w.Bytes) // never fails
	if f != (reference{}) {
		w.Fixed(f.revision)
		w.Bytes = binary.BigEndian.AppendUint16(w.Bytes, uint16(f.recipe))
	}
	return w.Bytes
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
	r := packed.NewReader(b)
	format := r.Byte()
	if r.Err() == nil && format != photoFormat && format != featuredFormat {
		return p, at, fmt.Errorf("%w: value of format %d, this program writes %d and %d", index.ErrCorrupt, format, photoFormat, featuredFormat)
	}
	p.Product, p.Variant, p.SourceURI = r.String(), r.String(), r.String()
	last := ""
	for n := r.Number(index.MaxLabels); n > 0 && r.Err() == nil; n-- {
		name, value := r.String(), r.String()
		if name <= last {
			r.Fail("labels out of order")
		}
		if p.Labels == nil {
			p.Labels = map[string]string{}
		}
		p.Labels[name], last = value, name
	}
	p.ListPrice.Currency = r.String()
	p.ListPrice.Units = int64(r.Number(math.MaxInt64))
	p.ListPrice.Nanos = int32(r.Number(math.MaxInt32))
	copy(p.Original.SHA256[:], r.Raw(32))
	p.Original.Bytes = int64(r.Number(math.MaxInt64))
	p.Original.Width, p.Original.Height = int(r.Number(math.MaxInt32)), int(r.Number(math.MaxInt32))
	p.Original.Format = r.String()
	p.Added = time.Unix(0, int64(r.Fixed())).UTC()
	f := r.Raw(fingerprint.Size)
	if format == featuredFormat && len(r.Raw(referenceSize)) > 0 {
		if at, _ = referenceIn(b); at.revision == 0 || at.recipe == 0 {
			r.Fail("features without a revision or a recipe")
		}
	}
	err = r.End()
	if err == nil {
		err = p.Fingerprint.UnmarshalBinary(f)
	}
	if err != nil {
		return index.Photo{}, reference{}, fmt.Errorf("%w: %w", index.ErrCorrupt, err)
	}
	return p, at, nil
}

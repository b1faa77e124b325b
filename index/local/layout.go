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
	"touchstone/index"
	"touchstone/store"
)

// The layout of a photo in the store's room "photos", format 1. The key is the brand, a zero byte, and the photo's ID:
// names hold no zero byte, so keys sort by brand, then ID. The value, numbers as shortest uvarints unless said otherwise,
// strings as a length and their bytes:
//
//	format (1 byte) | product | variant | source URI | count of labels, then name and value of each, by name |
//	currency | units | nanos | SHA-256 (32 bytes) | bytes | width | height | format of the original |
//	time added (8 bytes, nanoseconds since 1970, big-endian) | fingerprint (fingerprint.Size bytes)
//
// The revision and the time of the last change are the store's own. Worked example: a photo of product "hat" without
// further metadata begins 01 03 68 61 74 00 00 00 00 00 00, and its SHA-256 follows.
//
// Formats so far: 1 (2026-11).
const photoFormat = 1

// room is where photos are.
const room = "photos"

// The kinds of change, as the log has them.
const (
	kindAdded byte = iota + 1
	kindReplaced
	kindUpdated
	kindDeleted
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

func encode(p *index.Photo) []byte {
	b := make([]byte, 0, 128+fingerprint.Size+len(p.Product)+len(p.Variant)+len(p.SourceURI))
	str := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = append(b, photoFormat)
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
	return b
}

// photoOf reads a record of the store.
func photoOf(r store.Record) (index.Photo, error) {
	k, err := parseKey(r.Key)
	if err != nil {
		return index.Photo{}, err
	}
	p, err := decode(r.Value)
	if err != nil {
		return index.Photo{}, fmt.Errorf("photo %q: %w", k, err)
	}
	p.Key, p.Revision, p.Updated = k, r.Revision, r.Time
	return p, nil
}

// decode reads what encode wrote, and nothing that it would have written otherwise.
func decode(b []byte) (p index.Photo, err error) {
	d := decoder{rest: b}
	if f := d.take(1); len(f) == 1 && f[0] != photoFormat {
		return p, fmt.Errorf("%w: value of format %d, this program writes %d", index.ErrCorrupt, f[0], photoFormat)
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
	if len(d.rest) > 0 {
		d.fail("trailing bytes")
	}
	if d.err == nil {
		if err := p.Fingerprint.UnmarshalBinary(f); err != nil {
			d.fail(err.Error())
		}
	}
	if d.err != nil {
		return index.Photo{}, d.err
	}
	return p, nil
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

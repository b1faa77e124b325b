package inverted

import (
	"math/bits"
	"slices"
	"sync/atomic"

	"touchstone/index/internal/offheap"
)

// maxDocs is the most photos of a segment. Their numbers have 20 bits in an entry; half of that keeps what a merge needs
// besides to a gigabyte.
const maxDocs = 1 << 19

// photo is a row with what is kept of its features.
type photo struct {
	row     uint32
	entries []entry
}

// segment is an immutable part of a set: photos by ascending row, and their entries by word.
type segment struct {
	starts []uint32        // entries of word w are those from starts[w] to starts[w+1]
	near   []uint32        // of each entry, entry.near
	rest   []uint32        // of each entry, entry.rest
	rows   []uint32        // by photo
	ends   []uint32        // by photo, where its record in lists ends
	lists  []byte          // for each photo the words of its entries, see appendWords
	mem    *offheap.Memory // what these lie in
	deaths deaths
	saved  atomic.Pointer[saved]

	died int // guarded by the set's mu
}

// newSegment is a segment with room for what it is to hold.
func newSegment(docs, entries, lists int) *segment {
	size := offheap.Aligned(4*(wordCount+1)) + 2*offheap.Aligned(4*entries) + 2*offheap.Aligned(4*docs) + offheap.Aligned(lists)
	g := &segment{mem: offheap.NewMemory(size)}
	c := offheap.CarverOf(g.mem.Bytes)
	g.starts = offheap.Carve[uint32](&c, wordCount+1)
	g.near, g.rest = offheap.Carve[uint32](&c, entries), offheap.Carve[uint32](&c, entries)
	g.rows, g.ends = offheap.Carve[uint32](&c, docs), offheap.Carve[uint32](&c, docs)
	g.lists = offheap.Carve[byte](&c, lists)
	return g
}

// build makes a segment of photos by ascending row, maxDocs at most.
func build(photos []photo) *segment {
	entries, lists := 0, 0
	for _, p := range photos {
		entries += len(p.entries)
		lists += recordSize(len(p.entries))
	}
	g := newSegment(len(photos), entries, lists)
	counts := make([]uint32, wordCount)
	for _, p := range photos {
		for _, e := range p.entries {
			counts[e.word()]++
		}
	}
	at := uint32(0)
	for w, n := range counts {
		g.starts[w] = at
		counts[w] = at
		at += n
	}
	g.starts[wordCount] = at
	record := g.lists[:0]
	for doc, p := range photos {
		for _, e := range p.entries {
			to := &counts[e.word()]
			g.near[*to], g.rest[*to] = e.near(), e.rest(uint32(doc))
			*to++
		}
		g.rows[doc] = p.row
		record = appendWords(record, p.entries)
		g.ends[doc] = uint32(len(record))
	}
	return g
}

// find is the photo of a row.
func (g *segment) find(row uint32) (doc uint32, ok bool) {
	at, ok := slices.BinarySearch(g.rows, row)
	return uint32(at), ok
}

// record is what lists has of a photo.
func (g *segment) record(doc uint32) []byte {
	from := uint32(0)
	if doc > 0 {
		from = g.ends[doc-1]
	}
	return g.lists[from:g.ends[doc]]
}

func (g *segment) bytes() int64 { return int64(len(g.mem.Bytes)) }

// A photo's record says which words its entries have, so that these are counted no more once it is dead: how many there
// are, in 2 bytes, then the lower byte of each, in ascending order of words, then a bit string, lowest bits first, that
// has for each upper byte in turn a one for each of its words and a zero (Elias-Fano). The words 0x0003, 0x0007 and 0x0102
// are 03 00, 03 07 02, and the bits 1 1 0 1 0 and 254 zeros.
const recordHead = 2

// recordSize is the size of a record of n words.
func recordSize(n int) int { return recordHead + n + (n+fan+7)/8 }

// appendWords appends a photo's record.
func appendWords(b []byte, entries []entry) []byte {
	all := make([]uint16, len(entries))
	for i, e := range entries {
		all[i] = e.word()
	}
	slices.Sort(all)
	b = append(b, byte(len(all)), byte(len(all)>>8))
	for _, w := range all {
		b = append(b, byte(w))
	}
	at := len(b)
	b = append(b, make([]byte, (len(all)+fan+7)/8)...)
	for i, w := range all {
		bit := i + int(w>>8)
		b[at+bit/8] |= 1 << (bit % 8)
	}
	return b
}

// recordCount is the number of words of a record.
func recordCount(record []byte) int { return int(record[0]) | int(record[1])<<8 }

// eachWord calls f with the words of a record.
func eachWord(record []byte, f func(word uint16)) {
	n := recordCount(record)
	low, high := record[recordHead:recordHead+n], record[recordHead+n:]
	i := 0
	for at, b := range high {
		for ; b != 0 && i < n; b &= b - 1 {
			f(uint16(at*8+bits.TrailingZeros8(b)-i)<<8 | uint16(low[i]))
			i++
		}
	}
}

package inverted

import (
	"bytes"
	_ "embed" // for the vocabulary
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"

	"touchstone/fingerprint/feature"
)

// How a vocabulary lies in its file, format 1, numbers big-endian:
//
//	offset  length      what
//	0       4           "TSVC"
//	4       2           format, 1
//	6       2           recipe of the features that it was trained on, 0 for made-up ones
//	8       4           CRC-32C of what follows
//	12      256*32      centres of the first level: descriptors, 4 times 8 bytes each
//	...     65536*32    centres of the second level, 256 for each of the first in turn
//	...     256*40      for each centre of the first level the bits of descriptors that signatures have, ascending
//
// internal/train writes it: "make vocabulary".
//
// Formats so far: 1 (2026-11).
const (
	vocabularyFormat = 1
	vocabularyHead   = 12
	vocabularySize   = vocabularyHead + (1+fan)*fan*32 + fan*signatureBits
)

// What a vocabulary is made of.
const (
	fan           = 256       // centres of the first level, and under each of them
	wordCount     = fan * fan // in all
	signatureBits = 40
)

// node is the centres under one: word w of centre i is at w*fan+i, for the kernels.
type node [4 * fan]uint64

// vocabulary sorts descriptors into words, which are the cells around centres of two levels, and tells how they differ
// within a word.
type vocabulary struct {
	sum    uint32 // the file's checksum
	first  node
	second []node // by centre of the first level
	bits   [fan][signatureBits]uint8
}

//go:embed vocabulary.bin
var vocabularyFile []byte

// words is the vocabulary that sets use.
var words = sync.OnceValue(func() *vocabulary {
	v, err := parseVocabulary(vocabularyFile)
	if err != nil {
		panic(fmt.Sprintf("inverted: the vocabulary of this program: %v", err))
	}
	return v
})

func parseVocabulary(b []byte) (*vocabulary, error) {
	if len(b) != vocabularySize || !bytes.HasPrefix(b, []byte("TSVC")) || binary.BigEndian.Uint16(b[4:]) != vocabularyFormat {
		return nil, errors.New("not a vocabulary of this version")
	}
	v := &vocabulary{sum: binary.BigEndian.Uint32(b[8:]), second: make([]node, fan)}
	b = b[vocabularyHead:]
	if crc32.Checksum(b, castagnoli) != v.sum {
		return nil, errors.New("its checksum does not fit")
	}
	read := func(n *node) {
		for i := range fan {
			for w := range 4 {
				n[w*fan+i] = binary.BigEndian.Uint64(b)
				b = b[8:]
			}
		}
	}
	read(&v.first)
	for i := range v.second {
		read(&v.second[i])
	}
	for i := range v.bits {
		b = b[copy(v.bits[i][:], b):]
	}
	return v, nil
}

const (
	// branches is under how many centres of the first level the nearest of the second are looked for.
	branches = 4
	// maxAssigned is the most words that a descriptor is sorted into.
	maxAssigned = 3
)

// assign puts into out the words nearest to d, nearest first, and of equal ones the lowest: the first len(out) of those
// under the nearest centres of the first level.
func (v *vocabulary) assign(d *feature.Descriptor, out []uint16) {
	var near [fan]uint64
	var first [branches]uint64
	query := (*[4]uint64)(d)
	kernelDistances(&near, &v.first, query)
	nearest(first[:], &near, 0, true)
	var second [maxAssigned]uint64
	best := second[:len(out)]
	for i, c := range first {
		kernelDistances(&near, &v.second[c&(fan-1)], query)
		nearest(best, &near, c&(fan-1)<<8, i == 0)
	}
	for i, b := range best {
		out[i] = uint16(b)
	}
}

// assignAll is assign for many, into the maxAssigned nearest words each. It takes one centre of the first level after the
// other: what lies under them all doesn't stay in the nearer caches from one descriptor to the next.
func (v *vocabulary) assignAll(features []feature.Feature) [][maxAssigned]uint16 {
	var near [fan]uint64
	var starts [fan + 1]uint32
	under := make([]uint8, 0, branches*len(features)) // for each feature
	for i := range features {
		var first [branches]uint64
		kernelDistances(&near, &v.first, (*[4]uint64)(&features[i].Descriptor))
		nearest(first[:], &near, 0, true)
		for _, c := range first {
			under = append(under, uint8(c))
			starts[c&(fan-1)+1]++
		}
	}
	for c := range fan {
		starts[c+1] += starts[c]
	}
	order, at := make([]uint32, len(under)), starts
	for i, c := range under {
		order[at[c]] = uint32(i / branches)
		at[c]++
	}
	best := make([][maxAssigned]uint64, len(features))
	for i := range best {
		best[i] = [maxAssigned]uint64{1 << 32, 1 << 32, 1 << 32}
	}
	for c := range fan {
		for _, i := range order[starts[c]:starts[c+1]] {
			kernelDistances(&near, &v.second[c], (*[4]uint64)(&features[i].Descriptor))
			nearest(best[i][:], &near, uint64(c)<<8, false)
		}
	}
	out := make([][maxAssigned]uint16, len(features))
	for i, b := range best {
		for j, key := range b {
			out[i][j] = uint16(key)
		}
	}
	return out
}

// nearest keeps in best, ascending, the smallest of near, each with its place and base below its 16th bit; anew, where
// that is said.
func nearest(best []uint64, near *[fan]uint64, base uint64, anew bool) {
	if anew {
		for i := range best {
			best[i] = 1 << 32
		}
	}
	last := len(best) - 1
	worst := best[last]
	for i, d := range near {
		key := d<<16 | base | uint64(i)
		if key >= worst {
			continue
		}
		at := last
		for ; at > 0 && best[at-1] > key; at-- {
			best[at] = best[at-1]
		}
		best[at] = key
		worst = best[last]
	}
}

// signature is what tells a descriptor apart within a word: some of its bits, the same ones for all words under a centre
// of the first level.
func (v *vocabulary) signature(d *feature.Descriptor, word uint16) uint64 {
	s := uint64(0)
	for i, b := range &v.bits[word/fan] {
		s |= d[b/64&3] >> (b % 64) & 1 << i
	}
	return s
}

// entry is all that is kept of a feature: word<<44 | angle<<40 | signature. Two features of a photo that have the same
// count as one.
type entry uint64

// angles is how many directions are told apart.
const angles = 16

func newEntry(word uint16, angle uint8, signature uint64) entry {
	return entry(uint64(word)<<44 | uint64(angle/(256/angles))<<40 | signature)
}

func (e entry) word() uint16      { return uint16(e >> 44) }
func (e entry) angle() uint8      { return uint8(e>>40) % angles }
func (e entry) signature() uint64 { return uint64(e) & (1<<signatureBits - 1) }

// Of a signature, near has the bits that are looked at first and rest has the others, with the angle and the photo.
func (e entry) near() uint32           { return uint32(e) }
func (e entry) rest(doc uint32) uint32 { return doc<<12 | uint32(e>>32)&0xfff }

// rejoined is the entry of which these are the parts.
func rejoined(word uint16, near, rest uint32) entry {
	return entry(uint64(word)<<44 | uint64(rest&0xfff)<<32 | uint64(near))
}

// entries is what is kept of a photo's features.
func (v *vocabulary) entries(features []feature.Feature) []entry {
	all := make([]entry, len(features))
	var word [1]uint16
	for i := range features {
		f := &features[i]
		v.assign(&f.Descriptor, word[:])
		all[i] = newEntry(word[0], f.Angle, v.signature(&f.Descriptor, word[0]))
	}
	return all
}

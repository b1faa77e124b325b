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
	second []node         // by centre of the first level
	masks  [fan][4]uint64 // of the bits that signatures have
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
	if crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) != v.sum {
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
	for i := range v.masks {
		for at, bit := range b[:signatureBits] {
			if at > 0 && bit <= b[at-1] {
				return nil, errors.New("bits of signatures are not in order")
			}
			v.masks[i][bit/64] |= 1 << (bit % 64)
		}
		b = b[signatureBits:]
	}
	return v, nil
}

const (
	// branches is under how many centres of the first level the nearest of the second are looked for: as many as the
	// kernel finds.
	branches = 4
	// maxAssigned is the most words that a descriptor is sorted into.
	maxAssigned = 3
)

// sorter is the memory of an assignment, used again by others.
type sorter struct {
	descriptors []feature.Descriptor
	order       []uint32 // places of descriptors, one centre of the first level after the other
	near        []uint64 // the nearest four, as the kernel gives them
	best        [][maxAssigned]uint32
}

// assign sorts descriptors into the maxAssigned nearest words each, which are in best, as distance<<16 | word: the nearest
// first, and of equal ones the lowest. It takes one centre of the first level after the other: what lies under them all
// doesn't stay in the nearer caches from one descriptor to the next.
func (v *vocabulary) assign(s *sorter) {
	n := len(s.descriptors)
	s.order, s.near = resized(s.order, branches*n), resized(s.near, branches*n)
	s.best = resized(s.best, n)
	for i := range n {
		s.order[i] = uint32(i)
		s.best[i] = [maxAssigned]uint32{1<<32 - 1, 1<<32 - 1, 1<<32 - 1}
	}
	first := s.near[:n]
	kernelNearest(first, &v.first, s.descriptors, s.order[:n])
	var starts [fan + 1]uint32
	for _, c := range first {
		for range branches {
			starts[c&(fan-1)+1]++
			c >>= 16
		}
	}
	for c := range fan {
		starts[c+1] += starts[c]
	}
	at := starts
	for i, c := range first {
		for range branches {
			s.order[at[c&(fan-1)]] = uint32(i)
			at[c&(fan-1)]++
			c >>= 16
		}
	}
	for c := range fan {
		order := s.order[starts[c]:starts[c+1]]
		near := s.near[:len(order)]
		kernelNearest(near, &v.second[c], s.descriptors, order)
		for i, n := range order {
			best, f := &s.best[n], near[i]
			for range maxAssigned {
				key := uint32(f>>8&255)<<16 | uint32(c)<<8 | uint32(f&255)
				if key >= best[2] {
					break
				}
				best[2] = max(key, best[1])
				best[0], best[1] = min(key, best[0]), max(min(key, best[1]), best[0])
				f >>= 16
			}
		}
	}
}

// resized is a slice of a length, whose values are of no matter.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n+n/4)[:n]
	}
	return s[:n]
}

// signature is what tells a descriptor apart within a word: some of its bits, the same ones for all words under a centre
// of the first level.
func (v *vocabulary) signature(d *feature.Descriptor, word uint16) uint64 {
	return kernelSignature(&v.masks[word/fan], (*[4]uint64)(d))
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

// entries is what is kept of photos' features.
func (v *vocabulary) entries(s *sorter, photos [][]feature.Feature) [][]entry {
	s.descriptors = s.descriptors[:0]
	for _, features := range photos {
		for i := range features {
			s.descriptors = append(s.descriptors, features[i].Descriptor)
		}
	}
	v.assign(s)
	all, best := make([][]entry, len(photos)), s.best
	for n, features := range photos {
		all[n] = make([]entry, len(features))
		for i := range features {
			word := uint16(best[i][0])
			all[n][i] = newEntry(word, features[i].Angle, v.signature(&features[i].Descriptor, word))
		}
		best = best[len(features):]
	}
	return all
}

package hamming

import "math/bits"

const (
	maxWords  = 4
	maxChunks = 16

	// nearBits are the bits that an entry of a table keeps beside it, and farBits the most that it keeps besides.
	nearBits = 16
	farBits  = 32

	// minGroup is the least number of bits that a table groups by: a code of 64 bits has to fit group, near and far.
	minGroup = 64 - nearBits - farBits
	maxGroup = 24

	// A key to build a table by has room for the group but its first digit, the near bits, and slots of 32 bits.
	_ = uint(64 - (maxGroup - digit + nearBits + 32))
)

// layout is how the codes of a segment are cut: into chunks that follow each other in a ring, and how many of the first
// bits of each chunk its table groups the codes by.
type layout struct {
	words int
	m     int                   // chunks
	first [maxChunks + 1]uint16 // bit at which a chunk begins, and at last the number of bits
	group [maxChunks]uint8
}

// newLayout cuts codes evenly, and groups by whole chunks up to most bits.
func newLayout(words, m, most int) layout {
	l := layout{words: words, m: m}
	for c := range m + 1 {
		l.first[c] = uint16((c*64*words + m - 1) / m)
	}
	for c := range m {
		l.group[c] = uint8(min(l.width(c), most))
	}
	return l
}

func (l *layout) width(c int) int { return int(l.first[c+1] - l.first[c]) }

func (l *layout) following(c int) int {
	if c+1 == l.m {
		return 0
	}
	return c + 1
}

// rest is how many bits of chunk c its table doesn't group by.
func (l *layout) rest(c int) int { return l.width(c) - int(l.group[c]) }

// window is the 64 bits of a code from the given one on, round the ring. Bit 0 is the highest of the first word.
func window(code []uint64, first int) uint64 {
	w, s := first/64, first%64
	return code[w]<<s | code[(w+1)&(len(code)-1)]>>(64-s)
}

// in is the number of bits that are set in chunk c of x.
func (l *layout) in(x []uint64, c int) int {
	return bits.OnesCount64(window(x, int(l.first[c])) >> (64 - l.width(c)))
}

// split cuts a window into the group of a table that takes so many bits, and what its entry keeps of it. Shifts are
// masked, which changes none: so the compiler needs no code for those beyond 63.
func split(y uint64, group int) (v uint32, near uint16, far uint32) {
	shift := (64 - group - nearBits) & 63
	return uint32(y >> ((shift + nearBits) & 63)), uint16(y >> shift), uint32(y & (1<<shift - 1))
}

// unite is the 64-bit window that split cut up.
func unite(v uint32, near uint16, far uint32, group int) uint64 {
	shift := (64 - group - nearBits) & 63
	return (uint64(v)<<nearBits|uint64(near))<<shift | uint64(far)
}

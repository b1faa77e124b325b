package inverted

import (
	"math/rand/v2"

	"touchstone/fingerprint/feature"
	"touchstone/index/internal/offheap"
)

// The borders of Small.
const (
	SmallTail      = 400
	SmallDocs      = 60
	smallRead      = 2000
	SmallWitnesses = 40
)

var smallLimits = limits{tail: SmallTail, frozen: 2, docs: SmallDocs, ratio: 2, read: smallRead, witnesses: SmallWitnesses}

// Small returns a Set that changes its shape at small sizes, so that tests cross every border.
func Small() *Set { return newSet(smallLimits) }

// OpenSmall is OpenSet for a set as Small makes it.
func OpenSmall(dir string, about []byte) (*Set, error) { return openSet(smallLimits, dir, about) }

// Summed is the manifest of a text.
func Summed(text []byte) []byte { return offheap.Summed(text) }

// Parts counts the segments and tails of a set as it is now.
func (s *Set) Parts() (segments, tails int) {
	snap := s.now.Load()
	return len(snap.segments), len(snap.tails)
}

// Assign is the words nearest to d.
func Assign(d feature.Descriptor) (out [maxAssigned]uint16) {
	s := sorter{descriptors: []feature.Descriptor{d}}
	words().assign(&s)
	for i, b := range s.best[0] {
		out[i] = uint16(b)
	}
	return out
}

// Signature is what tells d apart within a word.
func Signature(d feature.Descriptor, word uint16) uint64 { return words().signature(&d, word) }

// SmallMost is how many entries Small reads among so many photos.
func SmallMost(photos int) int { return int(smallLimits.most(photos)) }

// Bounds, Rarity and Nearness are what votes are weighed by.
func Bounds(photos int) (all, near int)   { return bounds(photos) }
func Rarity(witnesses, photos int) uint64 { return rarity(witnesses, photos) }
func Nearness(differ int) uint64          { return nearness[differ] }
func Centre(word uint16) (d feature.Descriptor) {
	for w := range d {
		d[w] = words().second[word/fan][w*fan+int(word%fan)]
	}
	return d
}

// FirstCentre is a centre of the first level.
func FirstCentre(i int) (d feature.Descriptor) {
	for w := range d {
		d[w] = words().first[w*fan+i]
	}
	return d
}

// PutMade puts n photos as rows from first on, each of so many features, which are some of the given ones with a quarter
// of the bits of their signatures turned: a large set in little time.
func (s *Set) PutMade(seed uint64, first uint32, n, each int, pool []feature.Feature) {
	all := words().entries(new(sorter), [][]feature.Feature{pool})[0]
	for at := 0; at < n; at += 1 << 16 {
		r := rand.New(rand.NewPCG(seed, uint64(at)))
		part := make([]photo, min(1<<16, n-at))
		for i := range part {
			part[i] = photo{first + uint32(at+i), make([]entry, each)}
			for j := range part[i].entries {
				part[i].entries[j] = all[r.IntN(len(all))] ^ entry(r.Uint64()&r.Uint64()&(1<<signatureBits-1))
			}
		}
		s.putSegments(part)
	}
	s.Wait()
}

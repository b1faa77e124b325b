package local

import (
	"context"
	"math"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/index/hamming"
	"touchstone/index/inverted"
)

// A photo has a row, and a region of it a code row: twice the photo's row for the whole, one more for the content where
// that has other hashes. Sets of rows hold both code rows of a photo, so that they serve as filters of searches as they
// are.

// none stands for a number of a row, a brand or a product where there is none.
const none = math.MaxUint32

// hashes are those of a photo that searches compare.
type hashes struct {
	p   [2]fingerprint.Hash64 // whole, content
	pdq [2]fingerprint.Hash256
}

func hashesOf(f *fingerprint.Fingerprint) hashes {
	return hashes{[2]fingerprint.Hash64{f.Whole.P, f.Content.P}, [2]fingerprint.Hash256{f.Whole.PDQ, f.Content.PDQ}}
}

// single tells whether the content has the hashes of the whole.
func (h *hashes) single() bool { return h.p[1] == h.p[0] && h.pdq[1] == h.pdq[0] }

// distances are the least distances of a photo's regions from the probes.
func (h *hashes) distances(probes []index.Probe) (pdq, p int) {
	pdq, p = 256, 64
	for i := range probes {
		q := &probes[i]
		pdq = min(pdq, q.PDQ.Distance(h.pdq[0]), q.PDQ.Distance(h.pdq[1]))
		p = min(p, q.P.Distance(h.p[0]), q.P.Distance(h.p[1]))
	}
	return pdq, p
}

// row is a photo as memory has it. It is not changed.
type row struct {
	key     index.Key
	product string
	hashes
	features feature.Recipe // 0: it has none
}

func rowOf(p *index.Photo, f feature.Recipe) *row {
	return &row{p.Key, p.Product, hashesOf(&p.Fingerprint), f}
}

// codes is what goes into the sets for some photos.
type codes struct {
	rows []uint32
	p    [][1]uint64
	pdq  []fingerprint.Hash256
	gone []uint32 // code rows that leave the sets

	spotted []uint32 // rows, of photos, and not code rows
	spots   [][]feature.Feature
	plain   []uint32 // rows that leave the set of features
}

func (c *codes) add(at uint32, h *hashes) {
	for part := range uint32(2) {
		if part == 1 && h.single() {
			break
		}
		c.rows = append(c.rows, 2*at+part)
		c.p = append(c.p, [1]uint64{uint64(h.p[part])})
		c.pdq = append(c.pdq, h.pdq[part])
	}
}

// sets find code rows by their codes, and rows by their features.
type sets struct {
	p     *hamming.Set[[1]uint64]
	pdq   *hamming.Set[fingerprint.Hash256]
	spots *inverted.Set
}

// newSets makes sets of codes, and of no features.
func newSets(c *codes) sets {
	return sets{hamming.NewSet(hamming.Options{}, c.rows, c.p), hamming.NewSet(hamming.Options{}, c.rows, c.pdq), inverted.NewSet()}
}

// change takes out what is gone and then puts in what came, which may have the same rows.
func (s *sets) change(c *codes) {
	if len(c.gone) > 0 {
		s.p.Delete(c.gone...)
		s.pdq.Delete(c.gone...)
	}
	s.p.Put(c.rows, c.p)
	s.pdq.Put(c.rows, c.pdq)
	if len(c.plain) > 0 {
		s.spots.Delete(c.plain...)
	}
	if len(c.spotted) > 0 {
		s.spots.Put(c.spotted, c.spots)
	}
}

// step waits until the sets have merged something, if they are about it, and tells whether they still are.
func (s *sets) step(ctx context.Context) (merging bool, err error) {
	p, err := s.p.WaitStep(ctx)
	if err != nil {
		return false, err
	}
	pdq, err := s.pdq.WaitStep(ctx)
	if err != nil {
		return false, err
	}
	spots, err := s.spots.WaitStep(ctx)
	return p || pdq || spots, err
}

func (s *sets) wait() {
	s.p.Wait()
	s.pdq.Wait()
	s.spots.Wait()
}

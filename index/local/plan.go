package local

import (
	"sync"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
)

// moment is how many photos there are at a revision, and by which recipes.
type moment struct {
	revision uint64
	photos   int
	recipe   fingerprint.Recipe
	featured int // photos with features
	features feature.Recipe
}

// plan is what the changes that are being committed make of the index: they are decided one after the other, before
// those ahead of them are known to succeed, and may be decided again.
type plan struct {
	mu      sync.Mutex
	moments []moment // by revision; the first is not after any revision that is asked for
}

func (p *plan) confirm(m moment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moments = append(p.moments[:0], m)
}

// at returns the moment at a revision, and forgets those after it: they did not come to be. Earlier ones are never asked
// for again but for the last few, which a transaction that failed leads back to.
func (p *plan) at(revision uint64) moment {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.moments)
	for n > 1 && p.moments[n-1].revision > revision {
		n--
	}
	p.moments = p.moments[:n]
	return p.moments[n-1]
}

// kept is how many moments are kept: more than a transaction has Commits.
const kept = 4096

func (p *plan) add(m moment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moments = append(p.moments, m)
	if len(p.moments) >= 2*kept {
		p.moments = append(p.moments[:0], p.moments[len(p.moments)-kept:]...)
	}
}

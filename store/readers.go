package store

import "sync"

// readers counts read transactions, so that it can be waited for that all which began before a moment have ended, while
// others begin.
type readers struct {
	mu     sync.Mutex
	era    uint64        // begins anew with each wait
	now    int           // transactions of this era
	before int           // of all earlier ones
	gone   chan struct{} // closed when the last of these has ended; replaced with the era
}

// enter is called before a transaction begins, and leave with what it returned once that has ended.
func (r *readers) enter() (era uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now++
	return r.era
}

func (r *readers) leave(era uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if era == r.era {
		r.now--
		return
	}
	if r.before--; r.before == 0 {
		close(r.gone)
	}
}

// earlier returns what is closed once none is left that has entered so far. There must be one at a time who waits.
func (r *readers) earlier() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.era++
	r.before, r.now = r.before+r.now, 0
	r.gone = make(chan struct{})
	if r.before == 0 {
		close(r.gone)
	}
	return r.gone
}

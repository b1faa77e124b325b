package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// quietly is how often a progress that nobody watches on a terminal is told.
const quietly = 10 * time.Second

// progress tells on stderr how far long work has come: a bar where a person watches, else a line now and then. It may
// be used by many goroutines at once.
type progress struct {
	w     io.Writer
	what  string
	total int // 0: not known
	start time.Time

	mu   sync.Mutex
	bar  *progressbar.ProgressBar // nil: lines
	done int
	also string // what else there is to tell
	told time.Time
}

// progress starts telling of work on a number of things, named in the plural.
func (a *app) progress(total int, what string) *progress {
	now := time.Now()
	p := &progress{w: a.err, what: what, total: total, start: now, told: now}
	columns, yes := onTerminal(a.err)
	if !yes {
		return p
	}
	most := total
	if total == 0 {
		most = -1
	}
	p.bar = progressbar.NewOptions(most,
		progressbar.OptionSetWriter(a.err),
		progressbar.OptionSetWidth(min(columns/3, 40)),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString(what),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionUseANSICodes(true),
	)
	return p
}

// add tells that n more things are done.
func (p *progress) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += n
	if p.bar != nil {
		// It fails when more is done than was expected, as when a folder grows meanwhile: the bar stays full.
		_ = p.bar.Add(n)
		return
	}
	if now := time.Now(); now.Sub(p.told) >= quietly {
		p.told = now
		_, _ = fmt.Fprintln(p.w, p.line(now))
	}
}

// note tells what else there is to tell, such as how many failed, with the next line or beside the bar.
func (p *progress) note(also string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.also = also
	if p.bar != nil {
		p.bar.Describe(also)
	}
}

// line is the progress in words.
func (p *progress) line(now time.Time) string {
	s := p.rate(now)
	if p.also != "" {
		s += ", " + p.also
	}
	return s
}

func (p *progress) rate(now time.Time) string {
	rate := float64(p.done) / now.Sub(p.start).Seconds()
	if p.total == 0 {
		return fmt.Sprintf("%d %s, %.0f a second", p.done, p.what, rate)
	}
	s := fmt.Sprintf("%d of %d %s, %.0f a second", p.done, p.total, p.what, rate)
	if left := p.total - p.done; left > 0 && rate > 0 {
		s += fmt.Sprintf(", %v left", time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second))
	}
	return s
}

// say writes a line without tearing the bar.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	tell(p.w, format, args...)
}

// close ends the telling and returns how long it took.
func (p *progress) close() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish()
	}
	return time.Since(p.start)
}

// rate is how many things a second were done.
func rate(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }

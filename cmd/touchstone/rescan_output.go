package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	touchstonev1 "touchstone/proto/touchstone/v1"
)

// The kinds of lines that a rescan writes.
const (
	lineStart    = "start"
	lineChange   = "change"
	lineProgress = "progress"
	lineEnd      = "end"
)

// rescanLine is a line of a rescan's output. What it counts is over all runs, itself included.
type rescanLine struct {
	Kind    string          `json:"kind"`
	Asked   *rescanQuestion `json:"asked,omitempty"` // of the first line, as is
	Since   *uint64         `json:"since,omitempty"` // the revision of the listings that changes are told since
	Resume  string          `json:"resume"`          // token to go on with; empty: from the start
	Done    int64           `json:"done"`
	Changed int64           `json:"changed"`
	Failed  int64           `json:"failed"`
	Failure string          `json:"failure,omitempty"` // of the last one that failed since the line before
	rescanChange
}

// rescanChange is a decision that changed.
type rescanChange struct {
	Listing *listingKnown `json:"listing,omitempty"`
	Before  *decided      `json:"before,omitempty"`
	Gained  []listedMatch `json:"gained,omitempty"`
	Lost    []photoName   `json:"lost,omitempty"`
}

func changeOf(c *touchstonev1.DecisionChange) rescanChange {
	l, before := listingKnownOf(c.GetListing()), decidedOf(c.GetBefore())
	v := rescanChange{Listing: &l, Before: &before, Gained: listedMatchesOf(c.GetGained())}
	for _, p := range c.GetLost() {
		v.Lost = append(v.Lost, *photoNameOf(p))
	}
	return v
}

// rescanQuestion is what a rescan was asked.
type rescanQuestion struct {
	Filter json.RawMessage `json:"filter"`
	DryRun bool            `json:"dry_run"`
}

func (q rescanQuestion) equal(o rescanQuestion) bool {
	return q.DryRun == o.DryRun && bytes.Equal(q.Filter, o.Filter)
}

// compact is JSON without blanks, which encoders add as they like.
func compact(b []byte) json.RawMessage {
	var c bytes.Buffer
	if err := json.Compact(&c, b); err != nil {
		return b // no JSON: equal to itself alone
	}
	return c.Bytes()
}

// rescanOutput is a rescan's file. It is only ever appended to, but for a torn last line, which is cut off: a line counts
// once its end is there. What a line tells is nowhere else, so that the file and the place to go on can't disagree.
type rescanOutput struct {
	f      *os.File
	first  *rescanLine // nil: there is no complete line
	last   rescanLine  // the last complete line, without its change
	wrote  time.Time
	synced time.Time
}

// openRescanOutput opens a file to go on with, or makes it, which has to be started then.
func openRescanOutput(path string, asked rescanQuestion) (_ *rescanOutput, err error) {
	if err := writable(path); err != nil {
		return nil, hinted(err, "choose another file, in a folder that is there and can be written to")
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	if err := lockFile(f); err != nil {
		return nil, hinted(err, "wait for it, or choose another file")
	}
	o := &rescanOutput{f: f, wrote: time.Now()}
	end, err := o.read()
	if err != nil {
		return nil, hinted(fmt.Errorf("%s: %w", path, err), "choose another file, or remove this one to start from the beginning")
	}
	if o.first != nil && !o.first.Asked.equal(asked) {
		return nil, hinted(fmt.Errorf("%s answers another question: filter %s, dry run %v", path, o.first.Asked.Filter, o.first.Asked.DryRun), "give the same flags to go on with it, or choose another file")
	}
	if err := f.Truncate(end); err != nil {
		return nil, fmt.Errorf("cut off the last line: %w", err)
	}
	return o, nil
}

// start writes the first line, before anything is asked for: so that changes which are made before an answer to them is
// written can be told of by the next run.
func (o *rescanOutput) start(asked rescanQuestion, since uint64) error {
	o.first = &rescanLine{Kind: lineStart, Asked: &asked, Since: &since}
	return o.write(*o.first)
}

// errNotOurs is returned for a file that no rescan wrote.
var errNotOurs = errors.New("not the output of a rescan")

// read takes down what the file has, and returns where its complete lines end.
func (o *rescanOutput) read() (end int64, err error) {
	r := bufio.NewReaderSize(o.f, 1<<16)
	for n := 1; ; n++ {
		b, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // b is torn, or nothing
			if o.first == nil && len(b) > 0 && !bytes.HasPrefix([]byte(startsLike), b[:min(len(b), len(startsLike))]) {
				return 0, errNotOurs
			}
			return end, nil
		}
		if err != nil {
			return 0, err
		}
		var l rescanLine
		if err := json.Unmarshal(b, &l); err != nil || l.Kind == "" || (l.Kind == lineStart) != (n == 1) || (n == 1 && (l.Asked == nil || l.Since == nil)) {
			return 0, fmt.Errorf("line %d: %w", n, errNotOurs)
		}
		if n == 1 {
			o.first = &l
		}
		o.keep(l)
		end += int64(len(b))
	}
}

// startsLike is how each output begins: what can't become that when it is completed isn't touched.
const startsLike = `{"kind":"start","asked":`

// write appends a line, in one call: a process that is killed has written it or a part of it, and not another one's.
func (o *rescanOutput) write(l rescanLine) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(l); err != nil {
		return fmt.Errorf("encode line: %w", err)
	}
	if _, err := o.f.Write(b.Bytes()); err != nil {
		return err
	}
	now := time.Now()
	if l.Kind != lineChange || now.Sub(o.synced) >= syncEvery {
		if err := o.f.Sync(); err != nil {
			return err
		}
		o.synced = now
	}
	o.keep(l)
	o.wrote = now
	return nil
}

// keep takes down the last line.
func (o *rescanOutput) keep(l rescanLine) {
	l.Asked, l.Since, l.Failure, l.rescanChange = nil, nil, "", rescanChange{}
	o.last = l
}

func (o *rescanOutput) close() error { return o.f.Close() }

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The most photos that a summary names for each reason.
const examples = 3

// summary is what an onboarding came to, as --json prints it. A photo is counted once, but for Updated, which is a part
// of Unchanged.
type summary struct {
	Added     int       `json:"added"`
	Unchanged int       `json:"unchanged"` // the same photo was there
	Replaced  int       `json:"replaced"`  // another photo had the ID
	Updated   int       `json:"updated"`   // of the unchanged, those whose metadata was not what the CSV says
	Refused   []refusal `json:"refused"`
	Seconds   float64   `json:"seconds"`
	PerSecond float64   `json:"photos_per_second"`
}

// refusal is why some photos were not taken.
type refusal struct {
	Reason string   `json:"reason"`
	Count  int      `json:"count"`
	Photos []string `json:"photos"` // the first of them
}

// refuse counts a photo that was not taken, for a reason in words that others may share.
func (s *summary) refuse(where, reason string) {
	i := slices.IndexFunc(s.Refused, func(r refusal) bool { return r.Reason == reason })
	if i < 0 {
		i = len(s.Refused)
		s.Refused = append(s.Refused, refusal{Reason: reason})
	}
	r := &s.Refused[i]
	if r.Count++; len(r.Photos) < examples {
		r.Photos = append(r.Photos, where)
	}
}

func (s *summary) refusals() int {
	n := 0
	for _, r := range s.Refused {
		n += r.Count
	}
	return n
}

// finish completes the summary: reasons by how often they were given.
func (s *summary) finish(took time.Duration) {
	for _, r := range s.Refused {
		slices.Sort(r.Photos) // answers come in no particular order
	}
	slices.SortStableFunc(s.Refused, func(a, b refusal) int { return cmp.Compare(b.Count, a.Count) })
	s.Seconds = took.Seconds()
	s.PerSecond = rate(s.Added+s.Unchanged+s.Replaced+s.refusals(), took)
}

func (s *summary) print(a *app) error {
	if s.Refused == nil {
		s.Refused = []refusal{}
	}
	t := a.table()
	t.row("added", s.Added)
	if s.Updated > 0 {
		t.row("unchanged", s.Unchanged, fmt.Sprintf("%d of them with new metadata", s.Updated))
	} else {
		t.row("unchanged", s.Unchanged)
	}
	t.row("replaced", s.Replaced)
	t.row("refused", s.refusals())
	for _, r := range s.Refused {
		more := ""
		if r.Count > len(r.Photos) {
			more = fmt.Sprintf(" and %d more", r.Count-len(r.Photos))
		}
		names := make([]string, len(r.Photos))
		for i, name := range r.Photos {
			names[i] = printable(name)
		}
		t.row("", r.Count, r.Reason, strings.Join(names, ", ")+more)
	}
	t.row("rate", fmt.Sprintf("%.0f photos a second, %s in all", s.PerSecond, time.Duration(s.Seconds*float64(time.Second)).Round(10*time.Millisecond)))
	return t.flush()
}

package overlay

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	t.Parallel()
	f, err := newFaces()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ in, want string }{
		"plain":            {"Edits: mirrored × 2 − …", "Edits: mirrored × 2 − …"},
		"Greek, Cyrillic":  {"Ελληνικά, сумка", "Ελληνικά, сумка"},
		"Han":              {"bag 手袋", "bag □□"},
		"spaces":           {"  a\tb\n\nc ", "a b c"},
		"composed":         {"de\u0301ja\u0300", "déjà"},
		"no such mark":     {"a\u0e31b", "ab"},
		"steering":         {"a\u202eb\u200bc\x1b", "abc"},
		"bytes of no text": {"a\xff\xfeb", "a□b"},
	} {
		if diff := cmp.Diff(c.want, f.note.clean(c.in)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestLines breaks long texts: no line is wider than the sheet, nothing gets lost but at the end, where dots say so.
func TestLines(t *testing.T) {
	t.Parallel()
	f, err := newFaces()
	if err != nil {
		t.Fatal(err)
	}
	words := strings.TrimSpace(strings.Repeat("evidence of a match ", 25))
	for name, c := range map[string]struct {
		notes []string
		cut   bool
	}{
		"none":           {nil, false},
		"short":          {[]string{"a", "", "b"}, false},
		"words":          {[]string{words}, false},
		"one word":       {[]string{strings.Repeat("0123456789abcdef", 30)}, false},
		"too many":       {strings.Split(strings.Repeat("line\n", 12), "\n"), true},
		"too long":       {[]string{strings.Repeat("wide words ", 1000)}, true},
		"one word, long": {[]string{strings.Repeat("W", 1<<20)}, true},
	} {
		h := f.head(name, c.notes)
		for _, line := range h.notes {
			if w := f.note.width(line); w > MaxWidth-2*margin {
				t.Errorf("%s: a line is %d pixels wide", name, w)
			}
		}
		if len(h.notes) > mostNotes {
			t.Errorf("%s: %d lines", name, len(h.notes))
		}
		all := strings.ReplaceAll(strings.Join(h.notes, ""), " ", "")
		if want := strings.ReplaceAll(strings.Join(c.notes, ""), " ", ""); !c.cut && all != want {
			t.Errorf("%s: lines have %q, want %q", name, all, want)
		}
		if cut := strings.HasSuffix(all, ellipsis); cut != c.cut {
			t.Errorf("%s: cut is %t, want %t", name, cut, c.cut)
		}
	}
	long := f.head(words+words, nil).title
	if w := f.title.width(long); w > MaxWidth-2*margin || !strings.HasSuffix(long, ellipsis) {
		t.Errorf("a long title is %q, %d pixels wide", long, w)
	}
}

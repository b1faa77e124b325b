package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgressLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err bytes.Buffer
		a := &app{streams: streams{err: &err}}
		p := a.progress(100, "photos")
		for range 50 {
			time.Sleep(time.Second)
			p.add(2)
		}
		if took := p.close(); took != 50*time.Second {
			t.Errorf("took %v, want 50s", took)
		}
		want := []string{
			"20 of 100 photos, 2 a second, 40s left",
			"40 of 100 photos, 2 a second, 30s left",
			"60 of 100 photos, 2 a second, 20s left",
			"80 of 100 photos, 2 a second, 10s left",
			"100 of 100 photos, 2 a second",
		}
		if got := strings.TrimSpace(err.String()); got != strings.Join(want, "\n") {
			t.Errorf("got:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
		}
	})
}

func TestProgressNote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err bytes.Buffer
		a := &app{streams: streams{err: &err}}
		for _, total := range []int{40, 0} {
			p := a.progress(total, "images")
			time.Sleep(10 * time.Second)
			p.note("3 refused")
			p.add(20)
			p.close()
		}
		if want := "20 of 40 images, 2 a second, 10s left, 3 refused\n20 images, 2 a second, 3 refused\n"; err.String() != want {
			t.Errorf("got:\n%s\nwant:\n%s", err.String(), want)
		}
	})
}

func TestHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"plain, Zürich, 𝄞\tand\nlines\uFFFD":     "plain, Zürich, 𝄞\tand\nlines\uFFFD",
		"\x1b]0;title\a and \x1b[31mred":         `\x1b]0;title\a and \x1b[31mred`,
		"broken \xff, C1 \u009b, DEL \x7f, \r\"": `broken \xff, C1 \u009b, DEL \x7f, \r"`,
	} {
		if got := harmless(in); got != want {
			t.Errorf("harmless(%q) = %q, want %q", in, got, want)
		}
	}
}

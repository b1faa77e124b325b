package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseTSV(t *testing.T) {
	tests := []struct {
		name, tsv string
		want      [][]string
		err       string
	}{
		{"in order", "a\tb\n1\t2\n3\t\n", [][]string{{"1", "2"}, {"3", ""}}, ""},
		{"other order, other columns", "c\tb\ta\n0\t2\t1\n", [][]string{{"1", "2"}}, ""},
		{"quotes mean nothing", "a\tb\n5\" bag\t\"x\n", [][]string{{`5" bag`, `"x`}}, ""},
		{"CRLF and byte order mark", "\xef\xbb\xbfa\tb\r\n1\t2\r\n", [][]string{{"1", "2"}}, ""},
		{"header alone", "a\tb\n", nil, ""},
		{"empty", "", nil, "it is empty"},
		{"column missing", "a\n1\n", nil, `header: the column "b" is missing, want a, b`},
		{"field missing", "a\tb\n1\n", nil, "line 2: 1 columns, the header has 2"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseTSV(strings.NewReader(test.tsv), []string{"a", "b"})
			said := ""
			if err != nil {
				said = err.Error()
			}
			if said != test.err {
				t.Errorf("error %q, want %q", said, test.err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIdentify(t *testing.T) {
	files := []file{{rel: "a.jpg"}, {rel: "b.jpg"}, {rel: "b.png"}, {rel: "c/d.jpg"}, {rel: "e.jpg"}}
	got := identify(files, map[string]bool{"a": true, "e.jpg": true})
	if diff := cmp.Diff([]string{"a", "b.jpg", "b.png", "c/d", "e.jpg"}, got); diff != "" {
		t.Errorf("IDs (-want +got):\n%s", diff)
	}
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// The columns of what eval reads, tab-separated, in any order, others between them; a bar stands between two names of which
// either will do.
var (
	truthColumns   = []string{"query", "edit", "strength", "catalog_id", "product"}
	catalogColumns = []string{"catalog_id|path", "product", "variant"}
)

// noPhoto stands in truth.tsv where no photo of the catalogue is in the query, and in the results where none was found.
const noPhoto = "-"

// readTSV returns the fields of the named columns of each line.
func readTSV(path string, columns []string) ([][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	lines, err := parseTSV(f, columns)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return lines, nil
}

// parseTSV reads lines of fields with tabs between them; no character is special but the tab and the line's end.
func parseTSV(r io.Reader, columns []string) ([][]string, error) {
	s := bufio.NewScanner(skipByteOrderMark(r))
	if !s.Scan() {
		if err := s.Err(); err != nil {
			return nil, err
		}
		return nil, errors.New("it is empty")
	}
	header := strings.Split(s.Text(), "\t")
	at := make([]int, len(columns))
	for i, name := range columns {
		first, second, _ := strings.Cut(name, "|")
		if at[i] = slices.Index(header, first); at[i] < 0 && second != "" {
			at[i] = slices.Index(header, second)
		}
		if at[i] < 0 {
			return nil, fmt.Errorf("header: the column %q is missing, want %s", name, strings.Join(columns, ", "))
		}
	}
	var lines [][]string
	for n := 2; s.Scan(); n++ {
		fields := strings.Split(s.Text(), "\t")
		if len(fields) != len(header) {
			return nil, fmt.Errorf("line %d: %d columns, the header has %d", n, len(fields), len(header))
		}
		line := make([]string, len(at))
		for i, j := range at {
			line[i] = fields[j]
		}
		lines = append(lines, line)
	}
	return lines, s.Err()
}

// identify gives each picture of a catalogue its photo ID: its path in the folder where the lists know it by that, or else
// its path without the ending; where two pictures would share that, each keeps its ending.
func identify(files []file, listed map[string]bool) []string {
	stems := make(map[string]int, len(files))
	for _, f := range files {
		stems[f.stem()]++
	}
	ids := make([]string, len(files))
	for i, f := range files {
		if ids[i] = f.stem(); listed[f.rel] || stems[ids[i]] > 1 {
			ids[i] = f.rel
		}
	}
	return ids
}

// unknown tells which lines of a list name a photo, in the given field, that is not in the catalogue: how many, and the
// number and the ID of the first.
func unknown(lines [][]string, field int, there map[string]bool) (n, first int, id string) {
	for i, l := range lines {
		if l[field] == noPhoto || there[l[field]] {
			continue
		}
		if n++; n == 1 {
			first, id = i+2, l[field] // behind the header, counted from 1
		}
	}
	return n, first, id
}

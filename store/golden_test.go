package store_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"touchstone/store"
)

var update = flag.Bool("update", false, "write testdata/format anew, for a new version of the format")

func TestMain(m *testing.M) {
	flag.Parse()
	if *update {
		if err := writeGolden("testdata/format/3.db"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// goldenBlob is more than a page.
var goldenBlob = strings.Repeat("a blob ", 2000)

func writeGolden(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	live, err := os.MkdirTemp("", "golden")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(live) }() // what is left there harms nobody
	s, err := store.Open(filepath.Join(live, "live.db"), store.Options{})
	if err != nil {
		return err
	}
	for _, c := range []store.Change{
		{Kind: 1, Room: "room", Key: []byte("k\x00ey"), Value: []byte("one")},
		{Kind: 1, Room: "room", Key: []byte("other"), Value: []byte{}},
		{Kind: 3, Room: "room", Key: []byte("k\x00ey"), Value: []byte("two")},
		{Kind: 4, Room: "room", Key: []byte("k\x00ey")},
		{Kind: 1, Room: "room", Key: []byte("blobbed"), Value: []byte("short"), Blob: []byte(goldenBlob)},
		{Kind: 3, Room: "room", Key: []byte("blobbed"), Value: []byte("shorter")},
		{Kind: 5, Room: "room", Key: []byte("blobbed"), Erase: true},
		{Kind: 5, Room: "room", Key: []byte("k\x00ey"), Erase: true},
		{Kind: 5, Room: "nowhere", Key: []byte("never"), Erase: true},
	} {
		if _, err := s.Commit(context.Background(), func(*store.View) ([]store.Change, error) { return []store.Change{c}, nil }); err != nil {
			return err
		}
	}
	// A copy has no more pages than it needs.
	return errors.Join(s.Backup(context.Background(), path), s.Close())
}

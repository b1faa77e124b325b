package store

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// TestCheckOfErasures makes what an erasure can't have left, with checksums that hold, and has the check tell it.
func TestCheckOfErasures(t *testing.T) {
	at := time.Unix(3, 4).UTC()
	blank := func(revision uint64) Event { return Event{Erased: true, Record: Record{Revision: revision, Time: at}} }
	erasure := func(revision uint64, erases ...uint64) Event {
		return Event{Room: "r", Erases: append([]uint64{}, erases...), Record: Record{Revision: revision, Time: at, Kind: 3}}
	}
	entry := func(tx *bolt.Tx, key string, revision uint64) error {
		h := historyKey([]byte(key), revision)
		return tx.Bucket(bucketHistory).Bucket([]byte("r")).Put(h, frame(bucketHistory, "r", h, make([]byte, 5)))
	}
	for name, c := range map[string]struct {
		damage func(tx *bolt.Tx) error
		want   string // part of the first fault
	}{
		"nothing":                       {func(*bolt.Tx) error { return nil }, ""},
		"an erased event of no erasure": {func(tx *bolt.Tx) error { return putLog(tx, erasure(4, 1)) }, "1 events are erased, though no later one says so"},
		"an erasure of what is there":   {func(tx *bolt.Tx) error { return putLog(tx, erasure(4, 1, 2, 3)) }, "revision 3, which it erased, is there"},
		"two erasures of one event":     {func(tx *bolt.Tx) error { return putLog(tx, erasure(6, 2)) }, "revision 2, which it erased, is there, or was erased before"},
		"an entry in history":           {func(tx *bolt.Tx) error { return entry(tx, "k", 1) }, `log 1 is of "" ""`},
		"an entry in history, not last": {func(tx *bolt.Tx) error { return entry(tx, "l", 1) }, "3 entries for 2 events"},
		"an entry of the erasure":       {func(tx *bolt.Tx) error { return entry(tx, "k", 4) }, `log 4 is of "r" ""`},
		"a record": {func(tx *bolt.Tx) error {
			r := Record{Key: []byte("k"), Value: []byte("v"), Revision: 1, Time: at, Kind: 1}
			return tx.Bucket(bucketState).Bucket([]byte("r")).Put(r.Key, encodeRecord("r", r))
		}, "revision 1 is not in its history"},
		"a blob":            {func(tx *bolt.Tx) error { return attach(tx, 1, []byte("blob")) }, "revision 1 has none in the log"},
		"another event":     {func(tx *bolt.Tx) error { return putLog(tx, blank(5)) }, "1 events are erased"},
		"an earlier format": {func(tx *bolt.Tx) error { return tx.Bucket(bucketFormat).Put(keyFormat, []byte{0, 0, 0, 2}) }, "2, which has no erasures, with 3 of them"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "test.db")
			s, err := Open(path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range []Change{
				{Room: "r", Key: []byte("k"), Value: []byte("one"), Blob: []byte("blob")}, {Room: "r", Key: []byte("k"), Value: []byte("two")},
				{Room: "r", Key: []byte("l"), Value: []byte("three")}, {Room: "r", Key: []byte("k"), Erase: true}, {Room: "r", Key: []byte("l")},
			} {
				mustCommit(t, s, change)
			}
			if err := s.db.Update(c.damage); err != nil {
				t.Fatal(err)
			}
			mustClose(t, s)
			faults, err := Check(t.Context(), path, nil)
			if err != nil || (len(faults) > 0) != (c.want != "") || c.want != "" && !strings.Contains(faults[0].String(), c.want) {
				t.Errorf("%v, %v, want %q", faults, err, c.want)
			}
		})
	}
}

// TestErasuresThatAreNone holds that events of which something is left, and erasures of what can't be, are not read.
func TestErasuresThatAreNone(t *testing.T) {
	k := revisionKey(9)
	head := func(kind, flags byte, rest string) []byte {
		return frame(bucketLog, "", k, append(append(make([]byte, 5+8), kind, flags), rest...))
	}
	for name, c := range map[string]struct {
		v     []byte
		sound bool
	}{
		"erased":            {head(0, 4, "\x00\x00\x00"), true},
		"with a kind":       {head(1, 4, "\x00\x00\x00"), false},
		"with a room":       {head(0, 4, "\x01r\x00\x00"), false},
		"with a key":        {head(0, 4, "\x00\x00\x01k"), false},
		"with a value":      {head(0, 4, "\x00\x00\x00v"), false},
		"with a blob":       {head(0, 4|2, "\x00\x00\x00"), false},
		"erasure":           {head(1, 8, "\x01r\x00\x00\x01\x07"), true},
		"of nothing":        {head(1, 8, "\x01r\x00\x00"), true},
		"with a key, too":   {head(1, 8, "\x01r\x00\x01k\x01"), false},
		"with a blob, too":  {head(1, 8|2, "\x01r\x00\x00\x01"), false},
		"of itself":         {head(1, 8, "\x01r\x00\x00\x01\x08"), false},
		"of one twice":      {head(1, 8, "\x01r\x00\x00\x01\x00"), false},
		"of revision 0":     {head(1, 8, "\x01r\x00\x00\x00"), false},
		"cut short":         {head(1, 8, "\x01r\x00\x00\x81"), false},
		"longer than it is": {head(1, 8, "\x01r\x00\x00\x81\x00"), false},
		"of too many bits":  {head(1, 8, "\x01r\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), false},
	} {
		if _, err := decodeEvent(k, c.v); (err == nil) != c.sound || err != nil && !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

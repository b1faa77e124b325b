package store

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

func FuzzDecodeEvent(f *testing.F) {
	e := Event{Room: "room", Record: Record{Key: []byte("key"), Value: []byte("value"), Revision: 7, Time: time.Unix(3, 4).UTC(), Kind: 5}}
	f.Add(uint64(7), encodeEvent(e))
	e.Blob = true
	f.Add(uint64(7), encodeEvent(e))
	e.Value, e.Blob = nil, false
	f.Add(uint64(7), encodeEvent(e))
	f.Add(uint64(7), encodeEvent(Event{Erased: true, Record: Record{Revision: 7, Time: time.Unix(3, 4).UTC()}}))
	e.Key, e.Erases = nil, []uint64{1, 2, 6}
	f.Add(uint64(1000), encodeEvent(e))
	e.Erases = []uint64{500, 999}
	f.Add(uint64(1000), encodeEvent(e))
	e.Erases = []uint64{}
	f.Add(uint64(1), encodeEvent(e))
	f.Add(uint64(0), []byte{})
	f.Fuzz(func(t *testing.T, revision uint64, b []byte) {
		k := revisionKey(revision)
		if len(b) >= 5 { // make the checksum right, so that what is behind it is looked at
			b = frame(bucketLog, "", k, bytes.Clone(b))
		}
		e, err := decodeEvent(k, b)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("error %v, want ErrCorrupt", err)
			}
			return
		}
		if again := encodeEvent(e); !bytes.Equal(again, b) {
			t.Fatalf("%x comes back as %x", b, again)
		}
	})
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add([]byte("key"), encodeRecord("r", Record{Key: []byte("key"), Value: []byte("value"), Revision: 7, Time: time.Unix(3, 4), Kind: 5}))
	f.Add([]byte("k"), []byte{1})
	f.Fuzz(func(t *testing.T, key, b []byte) {
		if len(b) >= 5 {
			b = frame(bucketState, "r", key, bytes.Clone(b))
		}
		r, err := decodeRecord("r", key, b)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("error %v, want ErrCorrupt", err)
			}
			return
		}
		if again := encodeRecord("r", r); !bytes.Equal(again, b) {
			t.Fatalf("%x comes back as %x", b, again)
		}
	})
}

func FuzzSplitHistory(f *testing.F) {
	f.Add(historyKey([]byte("key"), 1))
	f.Add(historyKey([]byte("\x00\x01\xff"), 1<<40))
	f.Add([]byte{0, 1})
	f.Fuzz(func(t *testing.T, k []byte) {
		prefix, key, revision, err := splitHistory(k)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("error %v, want ErrCorrupt", err)
			}
			return
		}
		if again := historyKey(key, revision); !bytes.Equal(again, k) || !bytes.HasPrefix(k, prefix) {
			t.Fatalf("%x comes back as %x", k, again)
		}
	})
}

// TestLatch: after a write whose outcome is unknown nothing more is written, and reads go on.
func TestLatch(t *testing.T) {
	s, err := Open(t.TempDir()+"/test.db", Options{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(key string) error {
		_, err := s.Commit(t.Context(), func(*View) ([]Change, error) {
			return []Change{{Room: "r", Key: []byte(key), Value: []byte("v")}}, nil
		})
		return err
	}
	if err := put("before"); err != nil {
		t.Fatal(err)
	}
	cause := errors.New("input/output error")
	if err := s.writeFailed(cause, s.Revision()); !errors.Is(err, ErrReadOnly) || !errors.Is(err, cause) {
		t.Errorf("a failed write is told as %v", err)
	}
	if err := put("after"); !errors.Is(err, ErrReadOnly) || !errors.Is(s.Err(), ErrReadOnly) {
		t.Errorf("commit afterwards: %v, and Err is %v", err, s.Err())
	}
	if _, err := s.Get("r", []byte("before")); err != nil {
		t.Errorf("get afterwards: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

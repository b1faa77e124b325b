package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"testing"
)

// reopened opens a file and tells whether what Close noted was believed.
func reopened(t *testing.T, path string) (s *Store, trusted bool) {
	t.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s, s.trusted
}

func mustClose(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestClosedNote holds when the note that Close leaves is believed: when the file is as it was then, and nothing else.
func TestClosedNote(t *testing.T) {
	path := filled(t)
	s, trusted := reopened(t, path)
	if trusted {
		t.Error("a copy is trusted, though nobody noted that it was closed")
	}
	<-s.surveyed
	mustClose(t, s) // without a write
	s, trusted = reopened(t, path)
	if !trusted {
		t.Error("closed without a write, but not trusted")
	}
	mustCommit(t, s, Change{Room: "r", Key: []byte("000"), Value: []byte("v")})
	mustClose(t, s)
	note, err := os.ReadFile(path + closedSuffix)
	if err != nil {
		t.Fatal(err)
	}
	s, trusted = reopened(t, path)
	if !trusted {
		t.Error("closed after a write, but not trusted")
	}
	mustCommit(t, s, Change{Room: "r", Key: []byte("001"), Value: []byte("v")})
	if a, ok := readClosed(path); !ok || a == s.anchor {
		t.Error("the note of an earlier time fits after a write")
	}
	mustClose(t, s)
	later, err := os.ReadFile(path + closedSuffix)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string][]byte{"of an earlier time": note, "too long": append(bytes.Clone(later), 0)}
	for i := range later {
		flipped := bytes.Clone(later)
		flipped[i] ^= 1
		cases[fmt.Sprintf("damaged at %d", i)] = flipped
		cases[fmt.Sprintf("cut short at %d", i)] = later[:i]
	}
	for name, b := range cases {
		if err := os.WriteFile(path+closedSuffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if a, ok := readClosed(path); ok && a == s.anchor {
			t.Errorf("a note that is %s is believed", name)
		}
	}
	if err := os.Remove(path + closedSuffix); err != nil {
		t.Fatal(err)
	}
	s, trusted = reopened(t, path)
	if trusted {
		t.Error("trusted without a note")
	}
	mustCommit(t, s, Change{Room: "r", Key: []byte("002"), Value: []byte("v")}) // waits for the survey
	mustClose(t, s)
}

// TestDamagedTree damages a page that the note says nothing of: the store is opened, found to be damaged, and takes no
// changes from then on.
func TestDamagedTree(t *testing.T) {
	path := filled(t)
	s, _ := reopened(t, path)
	<-s.surveyed
	mustClose(t, s)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pageSize := os.Getpagesize()
	met := 0
	for id := 2; id < len(b)/pageSize; id++ {
		page := b[id*pageSize:]
		if binary.NativeEndian.Uint16(page[8:]) != flagLeaf || binary.NativeEndian.Uint64(page) != uint64(id) {
			continue
		}
		damaged := bytes.Clone(b)
		binary.NativeEndian.PutUint32(damaged[id*pageSize+pageHeader+8:], 1<<20) // the size of its first key
		copied := written(t, damaged)
		if faults, err := Check(t.Context(), copied, nil); err != nil || len(faults) == 0 {
			continue // the page is free
		}
		if err := os.Link(path+closedSuffix, copied+closedSuffix); err != nil {
			t.Fatal(err)
		}
		s, err := Open(copied, Options{})
		if errors.Is(err, ErrCorrupt) {
			continue // it was met on the way
		}
		if err != nil {
			t.Fatal(err)
		}
		<-s.surveyed
		if err := s.Err(); !errors.Is(err, ErrReadOnly) || !errors.Is(err, ErrCorrupt) {
			t.Errorf("page %d: %v, want ErrReadOnly for ErrCorrupt", id, err)
		}
		mustClose(t, s)
		met++
	}
	if met == 0 {
		t.Error("no page was damaged that opening does not look at")
	}
}

// TestCircle has branches lead to each other: bbolt would follow them until the process dies.
func TestCircle(t *testing.T) {
	path := filled(t)
	s, _ := reopened(t, path)
	var changes []Change
	for i := range 300 {
		changes = append(changes, Change{Room: "r", Key: binary.BigEndian.AppendUint32(nil, uint32(i)), Value: make([]byte, 1000)})
	}
	mustCommit(t, s, changes...)
	mustClose(t, s)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pageSize := os.Getpagesize()
	met := 0
	for id := 2; id < len(b)/pageSize; id++ {
		page := b[id*pageSize:]
		if binary.NativeEndian.Uint16(page[8:]) != flagBranch || binary.NativeEndian.Uint64(page) != uint64(id) {
			continue
		}
		for i := 0; i < int(binary.NativeEndian.Uint16(page[10:])); i += 20 {
			damaged := bytes.Clone(b)
			binary.NativeEndian.PutUint64(damaged[id*pageSize+pageHeader+i*pageElement+8:], uint64(id))
			s, err := Open(written(t, damaged), Options{})
			if errors.Is(err, ErrCorrupt) {
				met++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			mustClose(t, s) // the branch is a free page's, left over
		}
	}
	if met == 0 {
		t.Error("no circle was met")
	}
}

func TestCloseEndsTheSurvey(t *testing.T) {
	s, _ := reopened(t, filled(t))
	mustClose(t, s)
	select {
	case <-s.surveyed:
	default:
		t.Error("the survey outlasts the store")
	}
}

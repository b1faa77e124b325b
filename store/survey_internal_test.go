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

// TestDamagedBranchKeys damages the keys by which branches lead down, which carry no checksum: paging ends all the same, goes
// forward, and shows nothing that is not there.
func TestDamagedBranchKeys(t *testing.T) {
	path := filled(t)
	s, _ := reopened(t, path)
	var changes []Change
	for i := range 300 {
		changes = append(changes, Change{Room: "r", Key: fmt.Appendf(nil, "%03d", i), Value: make([]byte, 500)})
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
		for i := 1; i < int(binary.NativeEndian.Uint16(page[10:])); i += 25 {
			at := pageHeader + i*pageElement
			e := page[at:]
			start, size := at+int(binary.NativeEndian.Uint32(e)), int(binary.NativeEndian.Uint32(e[4:]))
			for bit := range 8 {
				damaged := bytes.Clone(b)
				damaged[id*pageSize+start+max(0, size-1-bit/4)] ^= 1 << bit
				s, err := Open(written(t, damaged), Options{})
				if err != nil {
					t.Fatal(err)
				}
				met++
				for after := uint64(0); ; {
					events, err := s.Log(t.Context(), after, 20)
					if err != nil && !errors.Is(err, ErrCorrupt) {
						t.Fatal(err)
					}
					if len(events) == 0 {
						break
					}
					if last := events[len(events)-1].Revision; last != after+uint64(len(events)) {
						t.Fatalf("%d events after %d end at %d", len(events), after, last)
					}
					after += uint64(len(events))
				}
				for _, at := range []uint64{0, 100} {
					for r, pages := (Range{At: at}), 0; ; pages++ {
						page, more, err := s.Scan(t.Context(), "r", r, 20)
						if err != nil && !errors.Is(err, ErrCorrupt) {
							t.Fatal(err)
						}
						if !more {
							break
						}
						if r.After = page[len(page)-1].Key; pages > 100 {
							t.Fatalf("page %d element %d bit %d: scanning at %d does not end", id, i, bit, at)
						}
					}
				}
				if err := s.EachPart(t.Context(), "r", 3, func(int, Record) error { return nil }); err != nil && !errors.Is(err, ErrCorrupt) {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if met == 0 {
		t.Error("no branch was damaged")
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

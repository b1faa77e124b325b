package store

import (
	"errors"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// TestBlobsCount holds that blobs count as what shares a transaction is bounded.
func TestBlobsCount(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "test.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	r := &request{decide: func(*View) ([]Change, error) {
		return []Change{{Room: "r", Key: []byte("key"), Value: []byte("value"), Blob: make([]byte, 1000)}}, nil
	}}
	err = s.db.Update(func(tx *bolt.Tx) error {
		return errors.Join(r.apply(&View{tx: tx, next: 1}), enough)
	})
	if !errors.Is(err, enough) || r.err != nil || r.bytes != len("key")+len("value")+1000 {
		t.Errorf("%d bytes, %v, %v", r.bytes, err, r.err)
	}
	mustClose(t, s)
}

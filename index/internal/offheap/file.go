package offheap

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
)

// sumEvery is of how many bytes of a file each checksum is.
const sumEvery = 16 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// File is a file with what it is checked by. It is part of manifests, as JSON.
type File struct {
	Name  string
	Bytes int64
	Sums  []uint32
}

// Summed is a text behind its checksum, a CRC-32C of 4 bytes.
func Summed(text []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, crc32.Checksum(text, castagnoli)), text...)
}

// Unsummed is the text that Summed was given. It is not ok where the checksum doesn't fit.
func Unsummed(b []byte) (text []byte, ok bool) {
	if len(b) < 4 || crc32.Checksum(b[4:], castagnoli) != binary.LittleEndian.Uint32(b) {
		return nil, false
	}
	return b[4:], true
}

// Write writes arrays, each at a multiple of 64 bytes, and syncs the file.
func Write(ctx context.Context, dir, name string, arrays [][]byte) (f File, err error) {
	out, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return f, err
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			err = errors.Join(err, os.Remove(out.Name()))
		}
	}()
	f.Name = name
	sum := uint32(0)
	write := func(b []byte) error {
		for len(b) > 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			n := min(int64(len(b)), sumEvery-f.Bytes%sumEvery)
			if _, err := out.Write(b[:n]); err != nil {
				return err
			}
			sum = crc32.Update(sum, castagnoli, b[:n])
			b = b[n:]
			if f.Bytes += n; f.Bytes%sumEvery == 0 {
				f.Sums, sum = append(f.Sums, sum), 0
			}
		}
		return nil
	}
	var none [align]byte
	for _, a := range arrays {
		if err := errors.Join(write(a), write(none[:Aligned(len(a))-len(a)])); err != nil {
			return f, err
		}
	}
	if f.Bytes%sumEvery != 0 {
		f.Sums = append(f.Sums, sum)
	}
	return f, out.Sync()
}

// SyncDir syncs a directory: the names in it.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open maps files of a directory, in order, and holds every byte against their checksums. Errors: the system's, and of files
// that are not as they were written.
func Open(dir string, files []*File) ([]*Memory, error) {
	maps := make([]*Memory, len(files))
	for i, f := range files {
		var err error
		if maps[i], err = mapFile(filepath.Join(dir, filepath.Base(f.Name)), f.Bytes); err != nil {
			return nil, err
		}
	}
	return maps, checkSums(files, maps)
}

// checkSums holds files against their checksums, on all processors.
func checkSums(files []*File, maps []*Memory) error {
	type piece struct {
		file *File
		at   int64
		data []byte
	}
	var pieces []piece
	for i, f := range files {
		if int64(len(f.Sums)) != (f.Bytes+sumEvery-1)/sumEvery {
			return fmt.Errorf("%s: %d checksums for %d bytes", f.Name, len(f.Sums), f.Bytes)
		}
		for at := int64(0); at < f.Bytes; at += sumEvery {
			pieces = append(pieces, piece{f, at, maps[i].Bytes[at:min(at+sumEvery, f.Bytes)]})
		}
	}
	var next atomic.Int64
	var bad atomic.Pointer[piece]
	var group sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(pieces)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(pieces)) && bad.Load() == nil; i = next.Add(1) - 1 {
				p := &pieces[i]
				if crc32.Checksum(p.data, castagnoli) != p.file.Sums[p.at/sumEvery] {
					bad.Store(p)
				}
			}
		})
	}
	group.Wait()
	if p := bad.Load(); p != nil {
		return fmt.Errorf("%s: damaged within %d bytes from %d", p.file.Name, len(p.data), p.at)
	}
	return nil
}

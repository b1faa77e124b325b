package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"touchstone/fingerprint"
	"touchstone/picture"
)

// hash walks a folder of photos and writes r64.codes and r256.codes: the P and PDQ hashes of the photos and of edited
// copies, each in eight symmetries. One photo of eight is left out. Those, and one more copy of each of the others, are
// the queries, in r64.queries and r256.queries.
func hash(ctx context.Context, folder string, copies int, out string) error {
	var files []string
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		switch strings.ToLower(filepath.Ext(path)) {
		case ".jpg", ".jpeg", ".png", ".webp":
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("hash: no photos in %s", folder)
	}
	w := hashes{folder: out}
	d := picture.NewDecoder(picture.Limits{})
	for i, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		p, err := d.Decode(ctx, b, fingerprint.ReducedSide)
		if err != nil {
			fmt.Fprintf(os.Stderr, "peers: %s is left out: %v\n", file, err)
			continue
		}
		r := rand.New(rand.NewPCG(11, uint64(i)))
		if i%8 == 0 {
			w.photo(p.Image, "queries", 1)
			continue
		}
		w.photo(p.Image, "codes", fingerprint.Symmetries)
		for range copies {
			w.photo(edited(r, p.Image), "codes", fingerprint.Symmetries)
		}
		w.photo(edited(r, p.Image), "queries", 1)
	}
	return w.close()
}

// edited is a copy as a seller might make it: trimmed by up to an eighth on each side, its contrast and tone changed,
// and with noise as strong compression leaves it.
func edited(r *rand.Rand, m *image.YCbCr) *image.YCbCr {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	most := 0.125 * math.Pow(r.Float64(), 2) // most copies are trimmed by little
	cut := func(n int) int { return int(most * r.Float64() * float64(n)) }
	box := image.Rect(cut(w), cut(h), w-cut(w), h-cut(h))
	c := image.NewYCbCr(image.Rect(0, 0, box.Dx(), box.Dy()), image.YCbCrSubsampleRatio444)
	gamma, gain, noise := math.Exp(0.25*r.NormFloat64()), 1+0.1*r.NormFloat64(), 1+r.IntN(8)
	var tone [256]int
	for i := range tone {
		tone[i] = int(255 * gain * math.Pow(float64(i)/255, gamma))
	}
	for y := range box.Dy() {
		for x := range box.Dx() {
			luma, chroma := m.YOffset(box.Min.X+x, box.Min.Y+y), m.COffset(box.Min.X+x, box.Min.Y+y)
			i := c.YOffset(x, y)
			c.Y[i] = uint8(max(0, min(255, tone[m.Y[luma]]+r.IntN(2*noise+1)-noise)))
			c.Cb[i], c.Cr[i] = m.Cb[chroma], m.Cr[chroma]
		}
	}
	return c
}

// hashes are the files written.
type hashes struct {
	folder string
	open   map[string]*file
	err    error // the first
}

type file struct {
	*os.File
	buffer *bufio.Writer
}

// photo appends a picture's hashes in the first so many symmetries. A picture that is too plain has none.
func (w *hashes) photo(m *image.YCbCr, kind string, symmetries int) {
	a, err := fingerprint.Analyse(fingerprint.Picture{Image: m, Width: m.Rect.Dx(), Height: m.Rect.Dy(), Reduction: 1})
	if errors.Is(err, fingerprint.ErrPlain) {
		return
	}
	if err != nil {
		w.err = errors.Join(w.err, err)
		return
	}
	for _, p := range a.Probes()[:symmetries] {
		w.append("r64."+kind, uint64(p.P))
		w.append("r256."+kind, p.PDQ[:]...)
	}
}

func (w *hashes) append(name string, words ...uint64) {
	f := w.open[name]
	if f == nil {
		created, err := os.Create(filepath.Join(w.folder, name))
		if err != nil {
			w.err = errors.Join(w.err, err)
			return
		}
		if w.open == nil {
			w.open = map[string]*file{}
		}
		f = &file{created, bufio.NewWriter(created)}
		w.open[name] = f
	}
	for _, x := range words {
		if _, err := f.buffer.Write(binary.LittleEndian.AppendUint64(nil, x)); err != nil {
			w.err = errors.Join(w.err, err)
		}
	}
}

func (w *hashes) close() error {
	for _, f := range w.open {
		w.err = errors.Join(w.err, f.buffer.Flush(), f.Close())
	}
	return w.err
}

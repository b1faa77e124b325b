package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/store"
)

// What memory is taken from.
const (
	sourceFiles = "files"
	sourceStore = "store"
)

// load makes memory: of the files beside the store and what has changed since, where they fit, otherwise of the store.
func (x *Index) load(ctx context.Context) error {
	began := time.Now()
	x.source = sourceFiles
	m, err := x.restore(ctx)
	if err != nil {
		if !errors.Is(err, errMemory) {
			return err
		}
		if !errors.Is(err, errNoCheckpoint) {
			x.log.Warn("the files that memory is kept in don't fit; it is built from the store", "files", x.dir, "error", err)
			x.discard()
		}
		x.source = sourceStore
		if m, err = rebuild(ctx, x.store, x.log); err != nil {
			return err
		}
	}
	x.memory = m
	v := m.view()
	x.now.Store(v)
	x.plan.confirm(moment{v.applied, v.photos, v.recipe, v.featured, v.features})
	x.log.Info("photos loaded", "photos", v.photos, "revision", v.applied, "from", x.source, "seconds", time.Since(began).Seconds())
	return nil
}

// glimpse is what memory keeps of a stored photo, in place.
type glimpse struct {
	brand, id, product []byte
	recipe             fingerprint.Recipe
	features           reference
	hashes
}

// glance reads of a record what memory keeps; the rest of its value is not looked at. layout.go has the layout.
func glance(r store.Record) (g glimpse, err error) {
	var ok bool
	if g.brand, g.id, ok = bytes.Cut(r.Key, []byte{0}); !ok || len(g.brand) > index.MaxName || len(g.id) > index.MaxName {
		return g, fmt.Errorf("%w: key %q", index.ErrCorrupt, r.Key)
	}
	fail := func(what string) (glimpse, error) {
		return g, fmt.Errorf("%w: photo %q of %q: value: %s", index.ErrCorrupt, g.id, g.brand, what)
	}
	b := r.Value
	f, end := referenceIn(b)
	if end < 1+fingerprint.Size || b[0] != photoFormat && b[0] != featuredFormat {
		return fail("another format, or cut short")
	}
	if (f.revision == 0) != (f.recipe == 0) {
		return fail("features without a revision or a recipe")
	}
	g.features = f
	at := end - fingerprint.Size
	n, size := binary.Uvarint(b[1:at])
	if size <= 0 || n > index.MaxName || int(n) > at-1-size {
		return fail("number")
	}
	g.product = b[1+size:][:n]
	var described fingerprint.Fingerprint
	if err := described.UnmarshalBinary(b[at:end]); err != nil {
		return fail(err.Error())
	}
	g.recipe, g.hashes = described.Recipe, hashesOf(&described)
	return g, nil
}

// row is the glimpse as a change needs it.
func (g *glimpse) row() *row {
	return &row{index.Key{Brand: string(g.brand), ID: string(g.id)}, string(g.product), g.hashes, g.features.recipe}
}

// readers is how many goroutines read the store: more than there are processors, since they wait for the disk.
func readers() int { return 4 * runtime.GOMAXPROCS(0) }

// rebuild makes memory of the store.
func rebuild(ctx context.Context, s *store.Store, log *slog.Logger) (*memory, error) {
	began, revision := time.Now(), s.Revision()
	ranges := make([][]*chunk, readers())
	for i := range ranges {
		ranges[i] = []*chunk{{products: newRegister()}}
	}
	off, err := switchedOff(ctx, s)
	if err != nil {
		return nil, err
	}
	blobs := make([][]uint64, len(ranges)) // where the features of each photo are; 0: nowhere, or nobody looks at them
	var read atomic.Int64
	var recipe, features atomic.Uint32
	told := telling(log, "loading photos", &read)
	err = s.EachPart(ctx, room, len(ranges), func(part int, r store.Record) error {
		g, err := glance(r)
		if err != nil {
			return err
		}
		if !agrees(&recipe, uint32(g.recipe)) {
			return fmt.Errorf("%w: photo %q of %q: %w", index.ErrCorrupt, g.id, g.brand, recipeError(g.recipe, fingerprint.Recipe(recipe.Load())))
		}
		featured := uint8(0)
		if g.features != (reference{}) {
			if featured = 1; !agrees(&features, uint32(g.features.recipe)) {
				return fmt.Errorf("%w: photo %q of %q: %w", index.ErrCorrupt, g.id, g.brand, featuresError(g.features.recipe, feature.Recipe(features.Load())))
			}
			if off[string(g.brand)] {
				g.features.revision = 0
			}
		}
		blobs[part] = append(blobs[part], g.features.revision)
		c := ranges[part][len(ranges[part])-1]
		if c.photos() == chunkPhotos {
			c = c.next(chunkPhotos, len(c.ids)+len(c.ids)/8, len(c.contentP)+len(c.contentP)/8)
			ranges[part] = append(ranges[part], c)
		}
		c.add(g.brand, g.id, c.products.number(g.product), &g.hashes, featured)
		if n := c.photos(); n%1024 == 0 {
			read.Add(1024)
		}
		return nil
	})
	told()
	if err != nil {
		return nil, translate(err)
	}
	photos, chunks := 0, slices.Concat(ranges...)
	for _, c := range chunks {
		photos += c.photos()
	}
	log.Debug("photos read", "photos", photos, "seconds", time.Since(began).Seconds())
	b := join(chunks, photos)
	log.Debug("base made", "seconds", time.Since(began).Seconds())
	b.recipe, b.features, b.revision = fingerprint.Recipe(recipe.Load()), feature.Recipe(features.Load()), revision
	if len(chunks) > len(ranges) {
		clear(ranges)
		clear(chunks)
		runtime.GC() // else what has become of no use stays until memory has doubled
	}
	made := newSets(b.codes())
	read.Store(0)
	told = telling(log, "loading features", &read)
	err = fill(ctx, s, made.spots, slices.Concat(blobs...), &read)
	told()
	if err != nil {
		return nil, err
	}
	log.Debug("features read", "photos", b.withFeatures, "seconds", time.Since(began).Seconds())
	m := newMemory(b, made)
	m.now.off = off
	return m, ctx.Err()
}

// agrees tells whether all recipes so far are the same.
func agrees(all *atomic.Uint32, recipe uint32) bool {
	return all.Load() == recipe || all.CompareAndSwap(0, recipe) || all.Load() == recipe
}

// telling logs from time to time of how many photos something was read, until it is called off.
func telling(log *slog.Logger, what string, read *atomic.Int64) (off func()) {
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				log.Info(what, "photos", read.Load())
			case <-ended:
				return
			}
		}
	}()
	return func() {
		close(ended)
		<-done
	}
}

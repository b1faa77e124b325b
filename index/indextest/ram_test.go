package indextest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"touchstone/fingerprint"
	"touchstone/index"
)

// ram is the simplest engine that keeps the contract, but for what its bug says.
type ram struct {
	bug string

	mu       sync.Mutex
	closed   bool
	revision uint64
	photos   map[index.Key]index.Photo
	off      map[string]bool // brands
	log      []moment
	changes  []index.PhotoChange
	awake    chan struct{} // closed and replaced when revision grows or the engine is closed
}

// Open and Check make ram a Place: what is in memory outlives Close.
func (x *ram) Open(testing.TB) index.Index {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed = false
	if x.awake == nil {
		x.awake = make(chan struct{})
	}
	if x.photos == nil {
		x.photos = map[index.Key]index.Photo{}
	}
	if x.off == nil || x.bug == "forgets settings on close" {
		x.off = map[string]bool{}
	}
	if x.bug == "forgets on close" {
		clear(x.photos)
	}
	if x.bug == "forgets changes on close" {
		x.changes = nil
	}
	return x
}

func (x *ram) Check(testing.TB) {}

func (x *ram) has(bug string) bool { return x.bug == bug }

// enter locks the engine until leave, unless it is closed.
func (x *ram) enter() error {
	x.mu.Lock()
	if x.closed && !x.has("goes on after close") {
		x.mu.Unlock()
		return index.ErrClosed
	}
	return nil
}

// commit notes one more revision.
func (x *ram) commit() {
	x.log = append(x.log, moment{x.revision, maps.Clone(x.photos)})
	x.wake()
}

func (x *ram) out(p index.Photo) index.Photo {
	if !x.has("returns features everywhere") {
		p.Features = nil
	}
	if x.has("shares memory") {
		return p
	}
	return clone(p)
}

func (x *ram) sorted() []index.Photo {
	return slices.SortedFunc(maps.Values(x.photos), func(a, b index.Photo) int { return a.Key.Compare(b.Key) })
}

func (x *ram) recipe() fingerprint.Recipe {
	for _, p := range x.photos {
		return p.Fingerprint.Recipe
	}
	return 0
}

func (x *ram) Search(ctx context.Context, q index.Query) (index.Result, error) {
	if err := x.enter(); err != nil {
		return index.Result{}, err
	}
	defer x.mu.Unlock()
	if err := q.Validate(); err != nil && !x.has("takes any query") {
		return index.Result{}, err
	}
	if err := ctx.Err(); err != nil && !x.has("ignores the context") {
		return index.Result{}, err
	}
	photos := x.sorted()
	if recipe := x.recipe(); recipe != 0 && recipe != q.Recipe && !x.has("compares recipes") {
		return index.Result{}, index.ErrRecipe
	}
	if err := unknown(photos, q.Filter); err != nil && !x.has("takes unknown names for nothing found") {
		return index.Result{}, err
	}
	switch {
	case x.has("searches the whole only"):
		for i := range photos {
			photos[i].Fingerprint.Content = photos[i].Fingerprint.Whole
		}
	case x.has("looks at the first probe only"):
		q.Probes = q.Probes[:1]
	case x.has("misses one in fifty"):
		photos = slices.DeleteFunc(photos, func(p index.Photo) bool { return p.Original.SHA256[0] < 5 })
	}
	limit := q.Limit
	if x.has("cuts before it sorts") && len(photos) > limit {
		photos = photos[:limit]
	}
	q.Limit = 1 << 30
	r := naive(photos, q)
	if x.has("demands both radii") {
		r.Neighbors = slices.DeleteFunc(r.Neighbors, func(n index.Neighbor) bool { return n.DistancePDQ > q.RadiusPDQ || n.DistanceP > q.RadiusP })
		r.Total = len(r.Neighbors)
	}
	if x.has("breaks ties by age") {
		slices.SortStableFunc(r.Neighbors, func(a, b index.Neighbor) int {
			if a.DistancePDQ != b.DistancePDQ || a.DistanceP != b.DistanceP {
				return 0
			}
			return int(a.Photo.Revision) - int(b.Photo.Revision)
		})
	}
	r.Neighbors = r.Neighbors[:min(limit, len(r.Neighbors))]
	if x.has("counts what it returns") {
		r.Total = len(r.Neighbors)
	}
	for i := range r.Neighbors {
		r.Neighbors[i].Photo = x.out(x.photos[r.Neighbors[i].Photo.Key])
	}
	r.Revision = x.revision
	if x.has("states an old revision") && x.revision > 0 {
		r.Revision--
	}
	return r, nil
}

func (x *ram) Get(_ context.Context, k index.Key) (index.Photo, error) {
	if err := x.enter(); err != nil {
		return index.Photo{}, err
	}
	defer x.mu.Unlock()
	p, ok := x.photos[k]
	if !ok {
		return index.Photo{}, index.ErrNotFound
	}
	return x.out(p), nil
}

func (x *ram) At(_ context.Context, k index.Key, revision uint64) (index.Photo, error) {
	if err := x.enter(); err != nil {
		return index.Photo{}, err
	}
	defer x.mu.Unlock()
	if revision > x.revision {
		return index.Photo{}, index.ErrQuery
	}
	for _, m := range slices.Backward(x.log) {
		if m.revision <= revision || x.has("tells the present for the past") {
			if p, ok := m.photos[k]; ok {
				return x.out(p), nil
			}
			break
		}
	}
	return index.Photo{}, index.ErrNotFound
}

func (x *ram) List(_ context.Context, f index.Filter, after index.Key, limit int) ([]index.Photo, error) {
	if err := x.enter(); err != nil {
		return nil, err
	}
	defer x.mu.Unlock()
	if err := index.CheckLimit(limit); err != nil {
		return nil, err
	}
	if err := unknown(x.sorted(), f); err != nil && !x.has("takes unknown names for empty lists") {
		return nil, err
	}
	if x.has("ignores products in lists") {
		f.Products = nil
	}
	photos := page(x.sorted(), f, after, limit)
	if x.has("lists short pages") && len(photos) > 1 {
		photos = photos[:len(photos)-1]
	}
	for i := range photos {
		photos[i] = x.out(photos[i])
	}
	return photos, nil
}

func (x *ram) Brands(context.Context) ([]index.BrandCount, error) {
	if err := x.enter(); err != nil {
		return nil, err
	}
	defer x.mu.Unlock()
	counts := brands(x.sorted())
	if x.has("counts no products") {
		for i := range counts {
			counts[i].Products = 0
		}
	}
	return counts, nil
}

func (x *ram) Put(_ context.Context, photos ...index.Photo) ([]index.Stored, error) {
	if err := x.enter(); err != nil {
		return nil, err
	}
	defer x.mu.Unlock()
	keys := map[index.Key]bool{}
	for _, p := range photos {
		if err := p.Validate(); err != nil {
			return nil, err
		}
		if keys[p.Key] && !x.has("takes a key twice") {
			return nil, &index.FieldError{Field: "photo_id", Want: "once", Err: index.ErrInvalid}
		}
		keys[p.Key] = true
	}
	if err := x.fits(photos, keys); err != nil && !x.has("mixes recipes") {
		return nil, err
	}
	var stored []index.Stored
	for _, p := range photos {
		if f := p.Features; f != nil && !x.has("shares memory") {
			copied := cloneSet(*f)
			p.Features = &copied
		}
		stored = append(stored, x.put(p))
	}
	return stored, nil
}

// fits tells whether all photos will have one recipe.
func (x *ram) fits(photos []index.Photo, keys map[index.Key]bool) error {
	photos = slices.Clone(photos)
	for i, p := range photos {
		if was := x.photos[p.Key]; p.Features == nil && was.Original.SHA256 == p.Original.SHA256 {
			photos[i].Features = was.Features // which it keeps
		}
	}
	for _, p := range photos {
		for k, q := range x.photos {
			if !keys[k] && (p.Fingerprint.Recipe != q.Fingerprint.Recipe || x.mixed(p, q)) {
				return index.ErrRecipe
			}
		}
		for _, q := range photos {
			if p.Fingerprint.Recipe != q.Fingerprint.Recipe || x.mixed(p, q) {
				return index.ErrRecipe
			}
		}
	}
	return nil
}

// mixed tells whether two photos have features of two recipes.
func (x *ram) mixed(p, q index.Photo) bool {
	return p.Features != nil && q.Features != nil && p.Features.Recipe != q.Features.Recipe && !x.has("mixes recipes of features")
}

func (x *ram) put(p index.Photo) index.Stored {
	was, there := x.photos[p.Key]
	outcome := index.Added
	now := time.Now().UTC()
	p.Added = now
	if there {
		described := p.Features == nil || was.Features != nil && was.Features.Recipe == p.Features.Recipe || x.has("passes features over")
		if was.Original.SHA256 == p.Original.SHA256 && was.Fingerprint.Recipe == p.Fingerprint.Recipe && described && !x.has("writes what is there") {
			return index.Stored{Outcome: index.Unchanged, Photo: x.out(was)}
		}
		outcome = index.Replaced
		if !x.has("forgets when photos were added") {
			p.Added = was.Added
		}
		if x.has("keeps metadata when replacing") {
			p.Metadata = was.Metadata
		}
	}
	features := p.Features
	p = x.out(p)
	p.Features = features
	if !x.has("hands revisions out twice") || x.revision == 0 {
		x.revision++
	}
	p.Revision, p.Updated = x.revision, now
	if x.has("stamps local time") {
		p.Added = p.Added.In(time.FixedZone("elsewhere", 3600))
	}
	x.photos[p.Key] = p
	x.note(index.PhotoChange{Key: p.Key, Revision: x.revision})
	x.commit()
	return index.Stored{Outcome: outcome, Photo: x.out(p)}
}

func (x *ram) Update(_ context.Context, k index.Key, m index.Metadata, revision uint64) (index.Photo, error) {
	if err := x.enter(); err != nil {
		return index.Photo{}, err
	}
	defer x.mu.Unlock()
	if err := m.Validate(); err != nil {
		return index.Photo{}, err
	}
	p, ok := x.photos[k]
	if !ok {
		return index.Photo{}, index.ErrNotFound
	}
	if revision != 0 && revision != p.Revision && !x.has("updates whatever is expected") {
		return index.Photo{}, index.ErrConflict
	}
	if p.Product == m.Product && p.Variant == m.Variant && p.SourceURI == m.SourceURI && maps.Equal(p.Labels, m.Labels) && p.ListPrice == m.ListPrice {
		return x.out(p), nil
	}
	features := p.Features
	p.Metadata = m
	p = x.out(p)
	if p.Features = features; x.has("loses features with an update") {
		p.Features = nil
	}
	x.revision++
	p.Revision, p.Updated = x.revision, time.Now().UTC()
	if x.has("updates when photos were added") {
		p.Added = p.Updated
	}
	x.photos[k] = p
	x.note(index.PhotoChange{Key: k, Revision: x.revision, Metadata: true})
	x.commit()
	return x.out(p), nil
}

func (x *ram) Delete(_ context.Context, k index.Key) error {
	if err := x.enter(); err != nil {
		return err
	}
	defer x.mu.Unlock()
	if _, ok := x.photos[k]; !ok {
		return index.ErrNotFound
	}
	delete(x.photos, k)
	x.revision++
	x.note(index.PhotoChange{Key: k, Revision: x.revision, Deleted: true})
	if !x.has("logs no deletions") {
		x.commit()
	}
	return nil
}

func (x *ram) Close() error {
	if err := x.enter(); err != nil {
		return err
	}
	defer x.mu.Unlock()
	x.closed = true
	if !x.has("lets who awaits sleep after close") {
		x.wake()
	}
	return nil
}

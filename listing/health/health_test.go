package health_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/listing/health"
)

var (
	white = color.RGBA{255, 255, 255, 255}
	grey  = color.RGBA{120, 120, 120, 255}
	red   = color.RGBA{200, 60, 60, 255}
	green = color.RGBA{60, 140, 60, 255}
)

// hashless is a photo whose picture was too plain to be told by its hashes.
func hashless(p index.Photo) index.Photo {
	p.Fingerprint.Quality = 0
	for _, r := range []*fingerprint.Region{&p.Fingerprint.Whole, &p.Fingerprint.Content} {
		r.P, r.PDQ = 0, fingerprint.Hash256{}
	}
	return p
}

// told of an examination, beyond what it returns.
type told struct {
	conflicts map[string][]index.Key
	floods    []string
}

// listen has what is told of kept.
func (b *bench) listen() *told {
	t := &told{conflicts: map[string][]index.Key{}}
	b.c.Conflict = func(_ context.Context, photo index.Key, others []index.Key) error {
		t.conflicts[photo.ID] = others
		return nil
	}
	b.c.Flood = func(_ context.Context, f health.Flood) error {
		t.floods = append(t.floods, f.Photo.ID)
		return nil
	}
	return t
}

// TestExamine holds that each kind of trouble is found where it is, and nowhere else.
func TestExamine(t *testing.T) {
	b := newBench(t)
	for i := range 12 {
		b.add("acme", numbered(i), scene(uint64(i)))
	}
	b.add("acme", "0003 smaller", scaled(scene(3), 320, 240))
	b.put(b.described("acme", "0003 worse", saved(t, scene(3), 60)))
	b.add("acme", "article, green", article(1, 400, 400, green))
	b.add("acme", "article, red", article(1, 400, 400, red))
	b.add("acme", "carpet", filled(flat(400, 400, white), image.Rect(80, 20, 320, 380), grey)) // plain as well
	b.put(hashless(b.described("acme", "plain", saved(t, scene(50), 90))))
	same := b.described("acme", "same file", saved(t, scene(51), 90))
	again := same
	again.Brand, again.ID = "copycat", "z, the very file"
	b.put(same, again)
	b.add("copycat", "5, mirrored", filled(mirrored(scene(5)), image.Rect(0, 310, 480, 360), red))
	b.put(hashless(b.described("copycat", "plain, worse", saved(t, scene(50), 60))))
	b.add("copycat", "own", scene(900))
	b.c.Hits = func(_ context.Context, brand string) (map[string]health.Hits, error) {
		if brand != "acme" {
			return nil, fmt.Errorf("asked for the hits of %q", brand)
		}
		return map[string]health.Hits{
			numbered(0): {2, 2}, numbered(1): {3, 1}, numbered(2): {900, 80}, numbered(4): {1, 1}, numbered(6): {4, 4}, numbered(7): {2, 2},
			"gone": {5000, 300},
		}, nil
	}
	heard := b.listen()

	want := health.Examination{
		Brand: "acme", Photos: 19,
		Plain: 2, PlainPhotos: keys("acme", "carpet", "plain"),
		SplitTone: 1, SplitTonePhotos: keys("acme", "carpet"),
		Duplicates: 1, DuplicateGroups: [][]index.Key{keys("acme", numbered(3), "0003 smaller", "0003 worse")},
		Conflicts: 3, ConflictGroups: [][]index.Key{
			append(keys("acme", numbered(5)), keys("copycat", "5, mirrored")...),
			append(keys("acme", "plain"), keys("copycat", "plain, worse")...),
			append(keys("acme", "same file"), keys("copycat", "z, the very file")...),
		},
		Floods: 1, FloodPhotos: []health.Flood{{Photo: index.Key{Brand: "acme", ID: numbered(2)}, Hits: health.Hits{Listings: 900, Sellers: 80}}},
		ExpectedFalse: 10, AllowedFalse: 10,
	}
	last, calls := -1, 0
	got, err := health.Examine(t.Context(), b.c, "acme", func(done, total int) {
		if calls++; done < last || total != want.Photos {
			t.Errorf("progress: %d of %d after %d", done, total, last)
		}
		last = done
	})
	if err != nil {
		t.Fatal(err)
	}
	if last != want.Photos || calls < 2 {
		t.Errorf("progress ends at %d after %d calls", last, calls)
	}
	less := cmpopts.SortSlices(func(a, b index.Key) bool { return a.Compare(b) < 0 })
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(health.Examination{}, "Revision"), less); diff != "" {
		t.Errorf("examination (-want +got):\n%s", diff)
	}
	if revision, err := b.x.Await(t.Context(), 0); err != nil || got.Revision != revision {
		t.Errorf("revision %d, the last one is %d, %v", got.Revision, revision, err)
	}
	wantTold := &told{map[string][]index.Key{}, []string{numbered(2)}}
	for _, g := range want.ConflictGroups {
		wantTold.conflicts[g[0].ID] = g[1:]
	}
	if diff := cmp.Diff(wantTold, heard, cmp.AllowUnexported(told{})); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}

	b.c.Hits = nil
	if got := b.examine("copycat"); got.Conflicts != 3 || got.Plain != 1 || got.Duplicates+got.SplitTone+got.Floods > 0 {
		t.Errorf("the other brand: %+v", got)
	}
	for id, want := range map[string][]index.Key{
		numbered(5): keys("copycat", "5, mirrored"), numbered(6): nil, "same file": keys("copycat", "z, the very file"), "plain": keys("copycat", "plain, worse"),
	} {
		got, err := health.Conflicts(t.Context(), b.c, index.Key{Brand: "acme", ID: id})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("conflicts of %s: %v (-want +got):\n%s", id, err, diff)
		}
	}
}

// TestSilhouettes holds that what is smooth on white is in no conflict with others of the kind, though their hashes are near.
func TestSilhouettes(t *testing.T) {
	b := newBench(t)
	for i := range 8 {
		m := flat(400, 400, white)
		disc(m, 200+float64(i), 200, 110+float64(4*i), color.RGBA{230, 230, uint8(230 - i), 255})
		b.add(fmt.Sprint("brand ", i%4), numbered(i), m)
	}
	for i := range 4 {
		if e := b.examine(fmt.Sprint("brand ", i)); e.Conflicts > 0 || e.Duplicates > 0 || e.Photos != 2 {
			t.Errorf("brand %d: %+v", i, e)
		}
	}
}

// TestBare holds that photos without features equal others only where their hashes hardly differ.
func TestBare(t *testing.T) {
	b := newBench(t)
	bare := func(brand, id string, m image.Image, quality int) {
		p := b.described(brand, id, saved(t, m, quality))
		p.Features = nil
		b.put(p)
	}
	bare("acme", "a", scene(1), 90)
	bare("acme", "a, worse", scene(1), 60)
	bare("acme", "a, other", filled(scene(1), image.Rect(100, 100, 260, 220), grey), 90)
	bare("copycat", "a", scaled(scene(1), 240, 180), 90)
	bare("copycat", "a, other", filled(scene(1), image.Rect(240, 140, 400, 260), grey), 90)
	want := health.Examination{
		Brand: "acme", Photos: 3,
		Duplicates: 1, DuplicateGroups: [][]index.Key{keys("acme", "a", "a, worse")},
		Conflicts: 2, ConflictGroups: [][]index.Key{
			append(keys("acme", "a"), keys("copycat", "a")...), append(keys("acme", "a, worse"), keys("copycat", "a")...),
		},
	}
	got := b.examine("acme")
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(health.Examination{}, "Revision", "ExpectedFalse", "AllowedFalse")); diff != "" {
		t.Errorf("examination (-want +got):\n%s", diff)
	}
}

// TestChain holds that pictures of which each nearly equals the next are no one group: only what equals its first.
func TestChain(t *testing.T) {
	b := newBench(t)
	const n = 60
	for i := range n {
		m := scene(7)
		for j := range m.Pix {
			if j%4 != 3 {
				m.Pix[j] = uint8(60 + int(m.Pix[j])/3 + 3*i/2)
			}
		}
		b.add("acme", numbered(i), m)
	}
	e := b.examine("acme")
	if e.Duplicates < 5 || e.Duplicates > n/2 {
		t.Errorf("%d groups: %v", e.Duplicates, e.DuplicateGroups)
	}
	for _, g := range e.DuplicateGroups {
		if len(g) < 2 || len(g) > 12 {
			t.Errorf("a group of %v", g)
		}
	}
}

// TestMany holds that lists are cut and counts are not.
func TestMany(t *testing.T) {
	b := newBench(t)
	same := b.described("acme", "", saved(t, scene(1), 90))
	var photos []index.Photo
	const n = 250 // more than are judged at a time, so that those of others hide behind
	for i := range n {
		same.ID = numbered(i)
		photos = append(photos, same)
	}
	same.Brand = "other"
	photos = append(photos, same)
	b.put(photos...)
	heard := b.listen()
	e := b.examine("acme")
	if e.Photos != n || e.Conflicts != n || len(e.ConflictGroups) != n || len(heard.conflicts) != n {
		t.Errorf("%d photos, %d conflicts, told of %d", e.Photos, e.Conflicts, len(heard.conflicts))
	}
	for _, g := range e.DuplicateGroups {
		if len(g) > health.GroupListed {
			t.Errorf("a group of %d is listed", len(g))
		}
	}
	if e.Duplicates < 1 || e.Duplicates > 1+n/health.GroupListed {
		t.Errorf("%d groups of one picture", e.Duplicates)
	}
}

func TestErrors(t *testing.T) {
	b := newBench(t)
	for i := range 3 {
		m := scene(uint64(i))
		b.add("acme", numbered(i), m)
		b.add("other", numbered(i), m)
	}
	if _, err := health.Examine(t.Context(), b.c, "nobody", nil); !errors.Is(err, index.ErrUnknownBrand) {
		t.Errorf("unknown brand: %v", err)
	}
	if _, err := health.Conflicts(t.Context(), b.c, index.Key{Brand: "acme", ID: "none"}); !errors.Is(err, index.ErrNotFound) {
		t.Errorf("unknown photo: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := health.Examine(ctx, b.c, "acme", func(int, int) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("context that ends meanwhile: %v", err)
	}
	broken := errors.New("broken")
	for name, spoil := range map[string]func(c *health.Config){
		"conflict": func(c *health.Config) {
			c.Conflict = func(context.Context, index.Key, []index.Key) error { return broken }
		},
		"hits": func(c *health.Config) {
			c.Hits = func(context.Context, string) (map[string]health.Hits, error) { return nil, broken }
		},
		"flood": func(c *health.Config) {
			c.Hits = func(context.Context, string) (map[string]health.Hits, error) {
				return map[string]health.Hits{"a": {1, 1}, "b": {1, 1}, "c": {1, 1}, "d": {1, 1}, numbered(0): {500, 50}}, nil
			}
			c.Flood = func(context.Context, health.Flood) error { return broken }
		},
	} {
		c := b.c
		spoil(&c)
		if _, err := health.Examine(t.Context(), c, "acme", nil); !errors.Is(err, broken) {
			t.Errorf("%s that fails: %v", name, err)
		}
	}
}

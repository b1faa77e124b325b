package match_test

import (
	"context"
	"errors"
	"image"
	"testing"

	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/match"
	"touchstone/picture"
)

// meddled is an index that changes right after it was searched as widely as a match without a radius does.
type meddled struct {
	index.Index
	then func()
}

func (m meddled) Search(ctx context.Context, q index.Query) (index.Result, error) {
	r, err := m.Index.Search(ctx, q)
	if wide, _ := match.Radii(1); q.RadiusPDQ == *wide {
		m.then()
	}
	return r, err
}

// TestReplacedMeanwhile holds that a photo which is replaced while it is being matched is told as it was or as it is, and
// not the one with the places of the other.
func TestReplacedMeanwhile(t *testing.T) {
	whole := scene(71, 600, 450)
	part := cropped(whole, image.Rect(0, 0, 420, 450)) // in which the same features lie elsewhere
	for name, c := range map[string]struct {
		depth match.Depth
		seen  *picturesque // what the answer is about
	}{
		"auto":  {match.Auto, &whole},
		"parts": {match.Parts, &part},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.add("acme", "1", whole)
			changed := meddled{b.x, func() { b.add("acme", "1", part) }}
			m := match.New(changed, picture.NewDecoder(picture.Limits{}), match.Config{})
			r, err := m.Match(t.Context(), match.Interactive, match.Subject{Image: asPNG(t, whole)}, match.Options{Depth: c.depth})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Matches) != 1 || r.Matches[0].Evidence.Place == nil {
				t.Fatalf("%d matches, want one with its place", len(r.Matches))
			}
			got := r.Matches[0]
			if want := (*c.seen).Rect.Dx(); got.Photo.Original.Width != want {
				t.Errorf("a photo %d pixels wide, want %d", got.Photo.Original.Width, want)
			}
			share := float64((*c.seen).Rect.Dx()) / float64(whole.Rect.Dx())
			if p := got.Evidence.Place; p.Seen < 0.97 || p.Covered < share-0.03 || p.Covered > share+0.03 {
				t.Errorf("%.2f of it is seen, in %.2f of the subject; want all in %.2f", p.Seen, p.Covered, share)
			}
		})
	}
}

// TestFeaturesOfAnotherRecipe holds that a catalogue whose features were made by another recipe is refused, and not
// compared.
func TestFeaturesOfAnotherRecipe(t *testing.T) {
	b := newBench(t)
	img := scene(72, 600, 450)
	d, err := b.m.Describe(t.Context(), match.Batch, asPNG(t, img))
	if err != nil {
		t.Fatal(err)
	}
	d.Features.Recipe = feature.Current + 1
	p := index.Photo{Key: index.Key{Brand: "acme", ID: "1"}, Original: d.Original, Fingerprint: d.Fingerprint, Features: d.Features}
	if _, err := b.x.Put(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	ask := func(d match.Depth) (match.Result, error) {
		return b.m.Match(t.Context(), match.Interactive, match.Subject{Image: asPNG(t, img)}, match.Options{Depth: d})
	}
	for name, d := range map[string]match.Depth{"auto": match.Auto, "parts": match.Parts} {
		if r, err := ask(d); !errors.Is(err, index.ErrRecipe) {
			t.Errorf("%s: %d matches, %v, want ErrRecipe", name, len(r.Matches), err)
		}
	}
	if r, err := ask(match.Whole); err != nil || len(r.Matches) != 1 {
		t.Errorf("whole: %d matches, %v, want the photo", len(r.Matches), err)
	}
}

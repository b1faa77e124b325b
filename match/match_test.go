package match_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/match"
	"touchstone/picture"
)

func TestStatuses(t *testing.T) {
	b := newBench(t)
	photo := scene(1, 500, 400)
	if r := b.match(photo, match.Options{}); r.Status != match.NothingIndexed || r.Searched != 0 {
		t.Errorf("of an empty index: %v, searched %d", r.Status, r.Searched)
	}
	b.add("acme", "1", photo)
	b.add("acme", "2", scene(2, 300, 300))
	if r := b.match(scene(77, 300, 300), match.Options{}); r.Status != match.NothingFound || r.Searched != 2 || len(r.Matches) != 0 {
		t.Errorf("of a stranger: %v, searched %d, %d matches", r.Status, r.Searched, len(r.Matches))
	}
	r := b.match(photo, match.Options{})
	if r.Status != match.Found || len(r.Matches) != 1 || r.Matches[0].Photo.ID != "1" || r.Matches[0].Verdict != match.Copy || r.Matches[0].Score < 0.99 {
		t.Errorf("of the photo itself: %v, %+v", r.Status, r.Matches)
	}
	if r.Subject.Original.Width != 500 || r.Subject.Original.Height != 400 || r.Subject.Original.Format != "png" {
		t.Errorf("the subject is described as %+v", r.Subject.Original)
	}
	r = b.match(plain(200, 200), match.Options{})
	if r.Status != match.TooPlain || r.Reason == "" || len(r.Matches) != 0 || r.Subject.Original.Width != 200 {
		t.Errorf("of a flat picture: %v, reason %q", r.Status, r.Reason)
	}
	_, err := b.m.Match(context.Background(), match.Interactive, match.Subject{Image: []byte("<html>")}, match.Options{})
	if !errors.Is(err, picture.ErrFormat) {
		t.Errorf("of no picture: %v, want ErrFormat", err)
	}
}

// TestEdits holds that what was done to a photo is found, and named.
func TestEdits(t *testing.T) {
	b := newBench(t)
	for i := range 30 {
		b.add("others", fmt.Sprint(i), scene(uint64(100+i), 320, 300))
	}
	photo := scene(5, 600, 450)
	b.add("acme", "it", photo)
	framed := scene(6, 400, 300)
	b.add("acme", "framed", bordered(framed, 60, 60, white))
	for name, c := range map[string]struct {
		img   picturesque
		edits []string // each the start of one that is named, in order
	}{
		"none":                 {photo, nil},
		"smaller":              {scaled(photo, 300, 225), []string{"resized to 50%"}},
		"mirrored":             {turned(photo, fingerprint.Mirrored), []string{"mirrored"}},
		"rotated 90":           {turned(photo, fingerprint.Rotated90), []string{"rotated 90"}},
		"rotated 180":          {turned(photo, fingerprint.Rotated180), []string{"rotated 180"}},
		"rotated 270":          {turned(photo, fingerprint.Rotated270), []string{"rotated 270"}},
		"white border":         {bordered(photo, 40, 60, white), []string{"border added"}},
		"black border":         {bordered(photo, 100, 20, black), []string{"border added"}},
		"mirrored with border": {bordered(turned(photo, fingerprint.Mirrored), 50, 50, white), []string{"mirrored", "border added"}},
		"stretched":            {scaled(photo, 700, 450), []string{"stretched", "resized"}},
		"grey":                 {grey(photo), []string{"greyscale"}},
		"recoloured":           {recoloured(photo), []string{"recoloured"}},
		"trimmed":              {framed, []string{"border trimmed"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := b.match(c.img, match.Options{})
			id := "it"
			if name == "trimmed" {
				id = "framed"
			}
			if r.Status != match.Found || r.Matches[0].Photo.ID != id {
				t.Fatalf("%v, %d matches", r.Status, len(r.Matches))
			}
			best := r.Matches[0]
			want := match.EditedCopy
			switch name {
			case "none", "smaller":
				want = match.Copy
			case "recoloured":
				want = match.Variant
			}
			if best.Verdict != want {
				t.Errorf("verdict %v, score %.3f, %+v, want %v", best.Verdict, best.Score, best.Evidence, want)
			}
			if !slices.EqualFunc(best.Edits, c.edits, strings.HasPrefix) {
				t.Errorf("edits %q, want %q", best.Edits, c.edits)
			}
		})
	}
}

func TestPhotoAsSubject(t *testing.T) {
	b := newBench(t)
	photo := scene(5, 400, 400)
	b.add("acme", "front", photo)
	b.add("acme", "copy", scaled(photo, 300, 300))
	r, err := b.m.Match(context.Background(), match.Interactive, match.Subject{Photo: index.Key{Brand: "acme", ID: "front"}}, match.Options{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != match.Found || len(r.Matches) != 1 || r.Matches[0].Photo.ID != "copy" || r.Searched != 1 || r.Total != 1 {
		t.Errorf("%v, total %d of %d, %+v", r.Status, r.Total, r.Searched, r.Matches)
	}
	_, err = b.m.Match(context.Background(), match.Interactive, match.Subject{Photo: index.Key{Brand: "acme", ID: "gone"}}, match.Options{})
	if !errors.Is(err, index.ErrNotFound) {
		t.Errorf("of a photo that is not there: %v, want ErrNotFound", err)
	}
	// Alone in its index it has nothing to be compared with.
	c := newBench(t)
	c.add("acme", "front", photo)
	r, err = c.m.Match(context.Background(), match.Interactive, match.Subject{Photo: index.Key{Brand: "acme", ID: "front"}}, match.Options{})
	if err != nil || r.Status != match.NothingIndexed {
		t.Errorf("of the only photo: %v, %v", r.Status, err)
	}
}

func TestFingerprintAsSubject(t *testing.T) {
	b := newBench(t)
	photo := scene(9, 400, 300)
	b.add("acme", "it", photo)
	d, err := b.m.Describe(context.Background(), match.Batch, asPNG(t, turned(photo, fingerprint.Mirrored)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.m.Match(context.Background(), match.Interactive, match.Subject{Fingerprint: &d.Fingerprint}, match.Options{})
	if err != nil || r.Status != match.Found || !slices.Contains(r.Matches[0].Edits, "mirrored") {
		t.Errorf("of the mirrored photo's fingerprint: %v, %v, %+v", r.Status, err, r.Matches)
	}
	d.Fingerprint.Recipe = 99
	_, err = b.m.Match(context.Background(), match.Interactive, match.Subject{Fingerprint: &d.Fingerprint}, match.Options{})
	if !errors.Is(err, index.ErrRecipe) {
		t.Errorf("of another recipe: %v, want ErrRecipe", err)
	}
}

func TestRadiusAndLimit(t *testing.T) {
	b := newBench(t)
	for i := range 20 {
		b.add("acme", fmt.Sprintf("%02d", i), scene(uint64(i), 200, 200))
	}
	all := 256
	r := b.match(scene(3, 200, 200), match.Options{RadiusPDQ: &all, Limit: 5})
	if len(r.Matches) != 5 || r.Total != 20 || r.RadiusPDQ != 256 || r.RadiusP != -1 {
		t.Errorf("%d matches of %d within %d and %d bits", len(r.Matches), r.Total, r.RadiusPDQ, r.RadiusP)
	}
	if !slices.IsSortedFunc(r.Matches, func(a, b match.Match) int {
		if a.Score < b.Score {
			return 1
		}
		return -1
	}) {
		t.Error("matches are not by score")
	}
	if v := r.Matches[4].Verdict; v != match.None {
		t.Errorf("a stranger within the radius has verdict %v", v)
	}
	none := 0
	if r := b.match(scene(3, 200, 200), match.Options{RadiusPDQ: &none}); len(r.Matches) != 1 {
		t.Errorf("%d matches at radius 0", len(r.Matches))
	}
	r = b.match(scene(3, 200, 200), match.Options{Filter: index.Filter{Brands: []string{"acme"}}})
	if r.Status != match.Found {
		t.Errorf("with a filter: %v", r.Status)
	}
	_, err := b.m.Match(context.Background(), match.Interactive, match.Subject{Image: asPNG(t, scene(3, 200, 200))},
		match.Options{Filter: index.Filter{Brands: []string{"nobody"}}})
	if !errors.Is(err, index.ErrUnknownBrand) {
		t.Errorf("with an unknown brand: %v", err)
	}
}

func TestInvalidQuestions(t *testing.T) {
	b := newBench(t)
	img := asPNG(t, scene(1, 100, 100))
	n := func(v int) *int { return &v }
	for name, c := range map[string]struct {
		s     match.Subject
		o     match.Options
		field string
	}{
		"no subject":          {match.Subject{}, match.Options{}, "subject"},
		"two subjects":        {match.Subject{Image: img, Photo: index.Key{Brand: "a", ID: "b"}}, match.Options{}, "subject"},
		"photo without ID":    {match.Subject{Photo: index.Key{Brand: "a"}}, match.Options{}, "photo_id"},
		"negative limit":      {match.Subject{Image: img}, match.Options{Limit: -1}, "limit"},
		"too high a limit":    {match.Subject{Image: img}, match.Options{Limit: match.MaxLimit + 1}, "limit"},
		"radius beyond bits":  {match.Subject{Image: img}, match.Options{RadiusPDQ: n(257)}, "radius_bits"},
		"negative radius":     {match.Subject{Image: img}, match.Options{RadiusPDQ: n(-1)}, "radius_bits"},
		"radius of P too far": {match.Subject{Image: img}, match.Options{RadiusP: n(65)}, "radius64_bits"},
		"depth beyond":        {match.Subject{Image: img}, match.Options{Depth: match.Parts + 1}, "depth"},
		"parts in a radius":   {match.Subject{Image: img}, match.Options{Depth: match.Parts, RadiusPDQ: n(31)}, "depth"},
		"parts in one of P":   {match.Subject{Image: img}, match.Options{Depth: match.Parts, RadiusP: n(10)}, "depth"},
		"no least score":      {match.Subject{Image: img}, match.Options{MinScore: math.NaN()}, "min_score"},
		"beyond certain":      {match.Subject{Image: img}, match.Options{MinScore: 1.01}, "min_score"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.m.Match(context.Background(), match.Interactive, c.s, c.o)
			var field *index.FieldError
			if !errors.Is(err, match.ErrInvalid) || !errors.As(err, &field) || field.Field != c.field {
				t.Errorf("error %v, want ErrInvalid of %s", err, c.field)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	m := match.New(nil, picture.NewDecoder(picture.Limits{}), match.Config{})
	photo := scene(4, 400, 300)
	ask := func(a, b picturesque) (match.Comparison, error) {
		return m.Compare(context.Background(), match.Interactive, match.Subject{Image: asPNG(t, a)}, match.Subject{Image: asPNG(t, b)})
	}
	c, err := ask(photo, turned(photo, fingerprint.Rotated90))
	if err != nil || c.Verdict != match.EditedCopy || !slices.Equal(c.Edits, []string{"rotated 90°"}) || c.Reason == "" {
		t.Errorf("with itself turned: %v, %v, %q, %q", err, c.Verdict, c.Edits, c.Reason)
	}
	c, err = ask(photo, scene(40, 400, 300))
	if err != nil || c.Verdict != match.None || c.Score > 0.5 {
		t.Errorf("with another: %v, %v, score %v", err, c.Verdict, c.Score)
	}
	_, err = ask(photo, plain(100, 100))
	var which *match.SubjectError
	if !errors.Is(err, fingerprint.ErrPlain) || !errors.As(err, &which) || which.Field != "b" {
		t.Errorf("with a flat one: %v, want ErrPlain of b", err)
	}
	if _, err := m.Match(context.Background(), match.Interactive, match.Subject{Image: asPNG(t, photo)}, match.Options{}); !errors.Is(err, match.ErrInvalid) {
		t.Errorf("match without an index: %v", err)
	}
}

func TestDescribe(t *testing.T) {
	m := match.New(nil, picture.NewDecoder(picture.Limits{}), match.Config{})
	for name, c := range map[string]struct {
		image []byte
		want  error
	}{
		"nil":   {nil, picture.ErrEmpty},
		"empty": {[]byte{}, picture.ErrEmpty},
		"text":  {[]byte("hello, hello, hello"), picture.ErrFormat},
		"flat":  {asPNG(t, plain(64, 64)), fingerprint.ErrPlain},
		"tiny":  {asPNG(t, plain(1, 1)), picture.ErrTooSmall},
	} {
		if _, err := m.Describe(context.Background(), match.Batch, c.image); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Describe(ctx, match.Batch, asPNG(t, scene(1, 100, 100))); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context has ended: %v", err)
	}
}

package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// validate tells what of the command line can't be understood.
func (e *evaluator) validate() error {
	listed := e.queries != "" || e.truth != ""
	switch {
	case e.edit == "" && (e.queries == "" || e.truth == "" || e.products == ""):
		return usagef("--queries, --truth and --products are needed beside --catalog, or --edit")
	case e.edit == "" && e.strangers != "":
		return usagef("--strangers goes with --edit; the truth has %s for queries without a photo", noPhoto)
	case e.edit != "" && listed:
		return usagef("--edit makes the suspects: --queries and --truth don't go with it")
	case e.most < 0:
		return usagef("--photos: 0 or more, got %d", e.most)
	}
	if e.edit != "" {
		if _, err := parseEdit(e.edit); err != nil {
			return usagef("--edit: %w", err)
		}
	}
	return nil
}

// madeEdit is an edit that eval makes.
type madeEdit struct {
	name   string
	amount int // percent, or strength
}

func (m madeEdit) String() string {
	if m.name == "none" {
		return m.name
	}
	return fmt.Sprintf("%s=%d", m.name, m.amount)
}

// parseEdit reads "name" or "name=amount".
func parseEdit(s string) (madeEdit, error) {
	name, amount, given := strings.Cut(s, "=")
	for _, e := range []struct {
		name        string
		least, most int
		otherwise   int // 0: an amount has to be given
	}{
		{"crop", 1, 45, 0}, {"border", 1, 200, 0}, {"reshoot", 1, 3, 2}, {"none", 1, 0, 1},
	} {
		if e.name != name {
			continue
		}
		if !given && e.otherwise > 0 {
			return madeEdit{name, e.otherwise}, nil
		}
		if n, err := strconv.Atoi(amount); err == nil && n >= e.least && n <= e.most {
			return madeEdit{name, n}, nil
		}
		if e.most == 0 {
			return madeEdit{}, fmt.Errorf("none has no amount, got %q", s)
		}
		return madeEdit{}, fmt.Errorf("%s=N, N from %d to %d, got %q", name, e.least, e.most, s)
	}
	return madeEdit{}, fmt.Errorf("crop=N, border=N, reshoot, reshoot=N or none, got %q", s)
}

// make edits a picture.
func (m madeEdit) make(p *image.RGBA, r *rand.Rand) *image.RGBA {
	switch m.name {
	case "crop":
		return cropped(p, m.amount)
	case "border":
		return framed(p, m.amount, r)
	case "reshoot":
		return reshot(p, m.amount, r)
	}
	return p
}

// cropped cuts so many percent off each side.
func cropped(p *image.RGBA, amount int) *image.RGBA {
	x, y := p.Rect.Dx()*amount/100, p.Rect.Dy()*amount/100
	out := image.NewRGBA(image.Rect(0, 0, p.Rect.Dx()-2*x, p.Rect.Dy()-2*y))
	draw.Draw(out, out.Rect, p, image.Pt(x, y), draw.Src)
	return out
}

// framed puts so many percent around each side: in white, in black, or in another colour.
func framed(p *image.RGBA, amount int, r *rand.Rand) *image.RGBA {
	x, y := p.Rect.Dx()*amount/100, p.Rect.Dy()*amount/100
	c := color.RGBA{255, 255, 255, 255}
	switch r.IntN(3) {
	case 1:
		c = color.RGBA{0, 0, 0, 255}
	case 2:
		c = color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
	}
	out := image.NewRGBA(image.Rect(0, 0, p.Rect.Dx()+2*x, p.Rect.Dy()+2*y))
	draw.Draw(out, out.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	draw.Draw(out, p.Rect.Add(image.Pt(x, y)), p, image.Point{}, draw.Src)
	return out
}

// made are queries that are made of the catalogue's photos, and of strangers, as they are asked.
func (e *evaluator) made(photos []genuine) ([]question, error) {
	edit, err := parseEdit(e.edit)
	if err != nil {
		return nil, err
	}
	var questions []question
	for _, p := range chosen(photos, e.most, e.seed) {
		q := e.unedited(p)
		q.image = e.making(edit, p.file)
		questions = append(questions, q)
	}
	if e.strangers != "" {
		files, err := allPictures(e.strangers)
		if err != nil {
			return nil, err
		}
		for _, f := range chosen(files, e.most, e.seed) {
			questions = append(questions, question{name: f.rel, id: noPhoto, image: e.making(edit, f)})
		}
	}
	for i := range questions {
		q := &questions[i]
		q.edit, q.strength = edit.name, strconv.Itoa(edit.amount)
	}
	return questions, nil
}

// chosen are so many of all, in the order that they had; 0: all.
func chosen[T any](all []T, most int, seed uint64) []T {
	if most == 0 || most >= len(all) {
		return all
	}
	numbers := rand.New(rand.NewPCG(seed, 0)).Perm(len(all))[:most]
	slices.Sort(numbers)
	some := make([]T, most)
	for i, n := range numbers {
		some[i] = all[n]
	}
	return some
}

// madeQuality is that of the JPEGs that edits are saved as.
const madeQuality = 85

// making edits a photo when it is asked about. What it draws from chance depends on the seed, the edit and the photo's name
// alone.
func (e *evaluator) making(edit madeEdit, f file) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		b, err := readPicture(f.path, e.decoder.Limits().Bytes)
		if err != nil || edit.name == "none" {
			return b, err
		}
		p, err := e.decoder.Decode(ctx, b, 0)
		if err != nil {
			return b, ctx.Err() // the query has no answer then, and the matcher says why
		}
		h := fnv.New64a()
		_, _ = h.Write([]byte(edit.String() + "/" + f.rel)) // a hash takes all that is written to it
		m := image.NewRGBA(p.Image.Rect)
		draw.Draw(m, m.Rect, p.Image, image.Point{}, draw.Src)
		return asJPEG(edit.make(m, rand.New(rand.NewPCG(e.seed, h.Sum64()))), madeQuality)
	}
}

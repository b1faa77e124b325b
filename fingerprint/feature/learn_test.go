package feature

import (
	"fmt"
	"go/format"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// learnedOn tells whether the pattern may learn from the photos of a folder; on those of others it is measured.
func learnedOn(folder string) bool {
	return strings.HasPrefix(folder, "general_") || folder == "products_oxid_b60" || folder == "products_opencart"
}

// ringPlaces are a spot's samples before any is chosen: rings around the centre, in mirror images.
func ringPlaces() (p [sampleCount]place) {
	n := 0
	for _, ring := range []struct{ count, radius, half float64 }{
		{1, 0, 0}, {6, 2, 0}, {8, 4, 1}, {12, 6, 0}, {14, 8.5, 1}, {16, 11, 0}, {18, 13.5, 1}, // of the level
		{1, 0, 0}, {6, 4, 1}, {10, 8, 0}, {14, 12, 1}, {16, 16, 0}, {6, 20, 1}, // of the one at half its size
	} {
		for i := range int(ring.count) {
			sin, cos := math.Sincos(2 * math.Pi * (float64(i) + ring.half/2) / ring.count)
			p[n] = place{int16(math.Round(16 * ring.radius * cos)), int16(math.Round(16 * ring.radius * sin))}
			n++
		}
	}
	return p
}

// TestPattern holds the pattern to what Descriptor.Mirrored and describe need.
func TestPattern(t *testing.T) {
	if samples != ringPlaces() {
		t.Error("the samples are not those that the pattern is learned from")
	}
	twins := twinsOf(t)
	for i := 0; i < len(pairs); i += 2 {
		p, q := pairs[i], pairs[i+1]
		if p[0] == p[1] || twins[p[0]] != int(q[0]) || twins[p[1]] != int(q[1]) {
			t.Errorf("bits %d and %d compare %v and %v, which are not mirror images", i, i+1, p, q)
		}
	}
	for a := range asFound() {
		for i, o := range asFound()[a] {
			if reach := max(o.x, -o.x, o.y, -o.y); int(reach) > margin {
				t.Errorf("sample %d is %d pixels away, want %d at most", i, reach, margin)
			}
			if m := asFound()[(128-a)&255][twins[i]]; m != (offset{-o.x, o.y}) {
				t.Errorf("sample %d at angle %d is at %v, its mirror image at %v", i, a, o, m)
			}
		}
	}
}

// twinsOf names each sample's mirror image.
func twinsOf(t *testing.T) (twins [sampleCount]int) {
	for i, a := range samples {
		twins[i] = -1
		for j, b := range samples {
			if (i < fineCount) == (j < fineCount) && a.x == b.x && a.y == -b.y {
				twins[i] = j
			}
		}
		if twins[i] < 0 {
			t.Fatalf("sample %d has no mirror image", i)
		}
	}
	return twins
}

type (
	patch  [sampleCount]uint8
	couple [2][2]uint8 // a pair and its mirror image
)

func (c couple) bits(p *patch) [2]bool {
	return [2]bool{p[c[0][0]] < p[c[0][1]], p[c[1][0]] < p[c[1][1]]}
}

// TestLearnPattern writes pattern.go anew: make learn-pattern. Of all pairs of samples it chooses, one after the other,
// those that best tell a spot seen again from another one, most of all where those before are wrong (boosting, as in
// Suárez et al. 2020, BEBLID, but with equal weights), and none whose bit follows from one that was chosen (as in Rublee et
// al. 2011, ORB). A change of pattern.go is another Recipe. That of recipe 1 was chosen in this way, but by edits that differed a
// little from what edited does now: it is not repeated to the bit.
func TestLearnPattern(t *testing.T) {
	if os.Getenv("TOUCHSTONE_LEARN") == "" {
		t.Skip("TOUCHSTONE_LEARN is not set")
	}
	const (
		examples = 5000
		step     = 0.03 // by how much a bit moves the weight of an example
		limit    = 0.6  // correlation of two bits
	)
	var as, bs, cs []patch // a spot, the same in an edited copy, another one of a copy
	for i, img := range photos(t, 30, learnedOn) {
		r := rand.New(rand.NewPCG(uint64(i), 3))
		var g, v []patch
		record := func(to *[]patch) describer {
			return func(l *level, x, y int, angle uint8) (d Descriptor) {
				var p patch
				l.sample((*[sampleCount]uint8)(&p), x, y, &asFound()[angle])
				*to = append(*to, p)
				return d
			}
		}
		photo := extract(img, img.Rect.Dx(), img.Rect.Dy(), Genuine(), detect, record(&g))
		for range 2 {
			c, where := edited(img, r)
			if c == nil {
				continue
			}
			v = v[:0]
			copied := extract(c, c.Rect.Dx(), c.Rect.Dy(), Suspect(), detect, record(&v))
			for i, j := range again(photo, copied, where) {
				if j >= 0 {
					as, bs = append(as, g[i]), append(bs, v[j])
				}
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range bs { // half of them of the same picture
		j := r.IntN(len(bs))
		if i%2 == 0 {
			j = min(len(bs)-1, i+1+r.IntN(40))
		}
		cs = append(cs, bs[j])
	}
	r.Shuffle(len(as), func(i, j int) { as[i], as[j], bs[i], bs[j], cs[i], cs[j] = as[j], as[i], bs[j], bs[i], cs[j], cs[i] })
	n := min(len(as), examples)
	t.Logf("%d examples of %d", n, len(as))

	var couples []couple
	twins := twinsOf(t)
	for a := range sampleCount {
		for b := a + 1; b < sampleCount; b++ {
			u, v := twins[a], twins[b]
			if (u == a && v == b) || u == b || min(u, v)*sampleCount+max(u, v) < a*sampleCount+b {
				continue
			}
			couples = append(couples, couple{{uint8(a), uint8(b)}, {uint8(u), uint8(v)}})
		}
	}
	right := make([][]int8, len(couples)) // by example: of a couple's bits, those that are right less those that are wrong
	for k, c := range couples {
		right[k] = make([]int8, 2*n)
		for i := range n {
			a, b, o := c.bits(&as[i]), c.bits(&bs[i]), c.bits(&cs[i])
			for j := range a {
				right[k][i] += vote(a[j] == b[j])
				right[k][n+i] += vote(a[j] != o[j])
			}
		}
	}
	weights := make([]float32, 2*n)
	for i := range weights {
		weights[i] = 1
	}
	var chosen []couple
	out := make([]bool, len(couples))
	for len(chosen) < len(pairs)/2 {
		best, most := -1, float32(math.Inf(-1))
		for k := range couples {
			if out[k] {
				continue
			}
			var sum float32
			for i, w := range weights {
				sum += w * float32(right[k][i])
			}
			if sum > most {
				best, most = k, sum
			}
		}
		if best < 0 {
			t.Fatalf("only %d couples are free of correlation", len(chosen))
		}
		c := couples[best]
		chosen = append(chosen, c)
		for i := range weights {
			weights[i] *= float32(math.Exp(-step * float64(right[best][i])))
		}
		for k, o := range couples {
			if !out[k] {
				var same [2]int
				for i := range n / 2 {
					x, y := c.bits(&as[i]), o.bits(&as[i])
					for j := range same {
						same[j] += int(vote(x[j] == y[0]))
					}
				}
				out[k] = max(same[0], -same[0], same[1], -same[1]) > int(limit*float64(n/2))
			}
		}
	}
	var text strings.Builder
	text.WriteString("// Code generated by make learn-pattern; DO NOT EDIT.\n\npackage feature\n\n")
	table := func(comment, name, of string, n int, item func(i int) string) {
		fmt.Fprintf(&text, "// %s\nvar %s = %s{", comment, name, of)
		for i := range n {
			if i%8 == 0 {
				text.WriteString("\n")
			}
			text.WriteString(item(i) + ", ")
		}
		text.WriteString("\n}\n\n")
	}
	places := ringPlaces()
	table("samples are the places of a spot whose angle is 0.", "samples", "[sampleCount]place", sampleCount,
		func(i int) string { return fmt.Sprintf("{%d, %d}", places[i].x, places[i].y) })
	table("pairs are the samples that bits compare: a bit is set where the first is darker. Bits 2i and 2i+1 are mirror images.",
		"pairs", "[256][2]uint8", len(pairs), func(i int) string { p := chosen[i/2][i%2]; return fmt.Sprintf("{%d, %d}", p[0], p[1]) })
	table("quarter is the sine of the first quarter of a turn, by 256ths, in 16384ths.", "quarter", "[65]int16", len(quarter),
		func(i int) string { return fmt.Sprint(math.Round(16384 * math.Sin(2*math.Pi*float64(i)/256))) })
	b, err := format.Source([]byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("pattern.go", b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func vote(b bool) int8 {
	if b {
		return 1
	}
	return -1
}

package match

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"slices"

	"touchstone/index"
)

// knot is a point of a background: of a million unrelated subjects so many have a match of these log-odds or more, among a
// thousand photos.
type knot struct{ odds, perMillion float64 }

// curve is a background, its knots by log-odds. Between them the logarithm of the count is taken to be linear; beyond the
// last it falls off as between the last two, as the tails of such distributions do.
type curve []knot

func (c curve) at(odds float64) float64 {
	i := 1
	for i < len(c)-1 && odds > c[i].odds {
		i++
	}
	a, b := c[i-1], c[i]
	t := max((odds-a.odds)/(b.odds-a.odds), 0)
	return math.Exp(math.Log(a.perMillion) + t*(math.Log(b.perMillion)-math.Log(a.perMillion)))
}

// expectedFalse is how many of a million unrelated subjects have a match of these log-odds or more among so many photos,
// which are so many times as likely to match by chance as those that the background was measured on. A subject has one
// best match: its chances add up to one at the most.
func expectedFalse(odds float64, photos int, likelier float64) float64 {
	mean := background.at(odds) / 1e6 * likelier * float64(photos) / 1000
	return -1e6 * math.Expm1(-mean)
}

// expectedFalse is that of the finding's odds; no unrelated subject is the very file.
func (f *finding) expectedFalse(photos int, likelier float64) float64 {
	if f.same {
		return 0
	}
	return expectedFalse(f.odds, photos, likelier)
}

// What a survey does: photos of a brand, so many of others, and how many matches a brand is credited with beyond what
// was seen, so that few say little.
const (
	surveyLeast    = 200    // photos of a brand below which nothing is learned
	surveyBrands   = 64     // the largest
	surveySubjects = 200    // photos that are looked for among those of a brand
	surveyRead     = 20_000 // photos that subjects are drawn from
	surveyPrior    = 5.0    // matches
	surveyOdds     = -1.0   // log-odds from which a match counts
	surveyMost     = 20.0   // by which a brand may be likelier to match, or less likely
)

// background was measured 2026-11-24 on edited photos of two shops among photos of three others (seed 23 of the product's
// benchmark: 700 subjects, 931 photos), all of them articles before a plain backdrop: pictures of anything else are
// matched by chance half as often. Photos of one shop as subjects among those of another give the same curve.
var background = curve{{-5, 2.6e6}, {-4, 1.6e6}, {-3.5, 1.0e6}, {-3, 2.8e5}, {-2, 1.1e5}, {-1, 3.2e4}, {0, 8e3}, {2, 1.1e3}}

// likelihoods are how many times as likely as the background each brand's photos are to match by chance.
type likelihoods map[string]float64

func (l likelihoods) of(brand string) float64 {
	if v, ok := l[brand]; ok {
		return v
	}
	return 1
}

// Likelihood is how many times as likely a brand's photos are to be matched by chance as those that ExpectedFalse was
// measured on, as the last Survey found: between 1/20 and 20, and 1 where it was not surveyed, for lack of photos or of
// a Survey.
func (m *Matcher) Likelihood(brand string) (factor float64, surveyed bool) {
	if l := m.likelier.Load(); l != nil {
		if v, ok := (*l)[brand]; ok {
			return v, true
		}
	}
	return 1, false
}

// FalseMatches is how many of a million unrelated subjects are to be expected to match one of so many photos, by more than
// NONE and with an ExpectedFalse of at most so many, which is 0 to a million. The photos are so many times as likely to be
// matched by chance as Likelihood has it. It is what is allowed, or less where photos are so few that NONE ends earlier.
func FalseMatches(allowed float64, photos int, likelier float64) float64 {
	return min(allowed, expectedFalse(sure, photos, likelier))
}

// ExpectedAmong is the ExpectedFalse that a Comparison would have had as a match among so many photos, which are so many
// times as likely to be matched by chance as Likelihood has it.
func ExpectedAmong(c *Comparison, photos int, likelier float64) float64 {
	mean := -math.Log1p(-c.ExpectedFalse / 1e6)
	return -1e6 * math.Expm1(-mean*float64(photos)*likelier)
}

// Survey measures for the largest brands how likely their photos are to be matched by chance, so that ExpectedFalse holds
// for this catalogue: photos of other brands (or of other products, where there is one brand) are looked for among them.
// What it finds holds for matches from then on, until the next one. It takes seconds a brand, in the lane of batches.
// Errors: ErrInvalid (there is no index), the index's, the context's.
func (m *Matcher) Survey(ctx context.Context) error {
	if m.photos == nil {
		return fmt.Errorf("survey: %w: no index to look in", ErrInvalid)
	}
	brands, err := m.photos.Brands(ctx)
	if err != nil {
		return err
	}
	sample, err := m.sample(ctx)
	if err != nil {
		return err
	}
	found := likelihoods{}
	for _, b := range largest(brands, surveyBrands) {
		if b.Photos < surveyLeast {
			continue
		}
		v, err := m.surveyBrand(ctx, b, sample, len(brands) == 1)
		if err != nil {
			return fmt.Errorf("survey of %q: %w", b.Brand, err)
		}
		found[b.Brand] = v
	}
	m.likelier.Store(&found)
	return nil
}

// surveyBrand is how many times as likely as the background a brand's photos are to match by chance.
func (m *Matcher) surveyBrand(ctx context.Context, b index.BrandCount, sample []index.Photo, alone bool) (float64, error) {
	asked, matched := 0, 0
	for i := range sample {
		p := &sample[i]
		if (p.Brand == b.Brand) != alone || asked == surveySubjects {
			continue
		}
		r, err := m.Match(ctx, Batch, Subject{Photo: p.Key}, Options{
			Depth: Parts, MinScore: -1, Limit: 20, Filter: index.Filter{Brands: []string{b.Brand}},
		})
		if errors.Is(err, index.ErrNotFound) || errors.Is(err, index.ErrUnknownBrand) {
			continue // deleted in the meantime
		}
		if err != nil {
			return 0, err
		}
		asked++
		for i := range r.Matches {
			if h := &r.Matches[i]; h.odds < sure && !(h.Photo.Brand == p.Brand && h.Photo.Product == p.Product && p.Product != "") {
				// What is surer is more than chance: the same photo under another name, or a part that is shared.
				if h.odds >= surveyOdds {
					matched++
				}
				break
			}
		}
	}
	mean := background.at(surveyOdds) / 1e6 * float64(b.Photos) / 1000
	expected := float64(asked) * -math.Expm1(-mean)
	v := (float64(matched) + surveyPrior) / (expected + surveyPrior)
	return min(max(v, 1/surveyMost), surveyMost), nil
}

// sample are photos, evenly from among the first of the catalogue, the same ones each time.
func (m *Matcher) sample(ctx context.Context) ([]index.Photo, error) {
	var kept []index.Photo
	var after index.Key
	for read := 0; read < surveyRead; {
		page, err := m.photos.List(ctx, index.Filter{}, after, 1000)
		if err != nil {
			return nil, err
		}
		for i := range page {
			// Each stays with the same chance as all that were read, whatever order they came in.
			read++
			if len(kept) < 4*surveySubjects {
				kept = append(kept, page[i])
			} else if at := draw(page[i].Key, read); at < len(kept) {
				kept[at] = page[i]
			}
		}
		if len(page) < 1000 {
			break
		}
		after = page[len(page)-1].Key
	}
	return kept, nil
}

// draw is a number from 0 to n-1 that a key always has.
func draw(k index.Key, n int) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(k.Brand + "\x00" + k.ID)) // a hash never fails
	return int(h.Sum64() % uint64(n))
}

// largest are the n brands of most photos.
func largest(brands []index.BrandCount, n int) []index.BrandCount {
	brands = slices.Clone(brands)
	slices.SortStableFunc(brands, func(a, b index.BrandCount) int { return cmp.Compare(b.Photos, a.Photos) })
	return brands[:min(len(brands), n)]
}

package indextest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
)

// recipe is that of the suite's fingerprints, other is another.
const (
	recipe fingerprint.Recipe = 7
	other  fingerprint.Recipe = 8
)

// featureRecipe is that of the suite's features, otherFeatures is another.
const (
	featureRecipe feature.Recipe = 3
	otherFeatures feature.Recipe = 4
)

// source makes photos and queries.
type source struct {
	r    *rand.Rand
	keys int
}

func newSource(t testing.TB) *source {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return &source{r: rand.New(rand.NewPCG(seed, 0))}
}

// key is a key that was not given out before.
func (s *source) key() index.Key {
	s.keys++
	return index.Key{Brand: "brand", ID: fmt.Sprintf("photo %06d.jpg", s.keys)}
}

// photo is a photo unlike any other.
func (s *source) photo(k index.Key) index.Photo {
	return index.Photo{
		Key: k,
		Metadata: index.Metadata{
			Product:   fmt.Sprintf("product %d", s.r.IntN(5)),
			Variant:   "grün",
			SourceURI: "https://example.org/?q=1&r=2",
			Labels:    map[string]string{"season": fmt.Sprint(s.r.IntN(3)), "kind": ""},
			ListPrice: index.Price{Currency: "EUR", Units: s.r.Int64N(1000), Nanos: 990_000_000},
		},
		Original: index.Original{
			SHA256: s.sum(), Bytes: 1 + s.r.Int64N(1<<40), Width: 1 + s.r.IntN(1<<15), Height: 1 + s.r.IntN(1<<15), Format: "jpeg",
		},
		Fingerprint: s.fingerprint(),
	}
}

// photos are n of them, of one brand, keys ascending.
func (s *source) photos(n int) []index.Photo {
	photos := make([]index.Photo, n)
	for i := range photos {
		photos[i] = s.photo(s.key())
	}
	return photos
}

func (s *source) sum() [32]byte {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, s.r.Uint64()))
}

// fingerprint is one with a trimmed border, or without, each half of the time.
func (s *source) fingerprint() fingerprint.Fingerprint {
	f := fingerprint.Fingerprint{Recipe: recipe, Quality: uint8(50 + s.r.IntN(51)), Whole: s.region(), Box: fingerprint.WholeBox()}
	f.Content = f.Whole
	if s.r.IntN(2) == 0 {
		f.Content = s.region()
		f.Box = fingerprint.Box{Left: 100, Top: 200, Right: 60000, Bottom: 65535}
	}
	return f
}

// regions are n regions of no photo.
func (s *source) regions(n int) []fingerprint.Region {
	regions := make([]fingerprint.Region, n)
	for i := range regions {
		regions[i] = s.region()
	}
	return regions
}

func (s *source) region() (g fingerprint.Region) {
	g.P = fingerprint.Hash64(s.r.Uint64())
	for i := range g.PDQ {
		g.PDQ[i] = s.r.Uint64()
	}
	for i := range g.Colour {
		g.Colour[i] = uint8(s.r.Uint32())
	}
	return g
}

// nearby is g with so many bits turned in its hashes.
func (s *source) nearby(g fingerprint.Region, bitsPDQ, bitsP int) fingerprint.Region {
	for _, b := range s.r.Perm(256)[:bitsPDQ] {
		g.PDQ[b/64] ^= 1 << (b % 64)
	}
	for _, b := range s.r.Perm(64)[:bitsP] {
		g.P ^= 1 << b
	}
	return g
}

// around asks for what lies within the radii of a photo's two regions.
func (s *source) around(p index.Photo, radiusPDQ, radiusP int) index.Query {
	return asking([]fingerprint.Region{p.Fingerprint.Whole, p.Fingerprint.Content}, radiusPDQ, radiusP)
}

// asking asks for all photos within the radii of regions.
func asking(regions []fingerprint.Region, radiusPDQ, radiusP int) index.Query {
	q := index.Query{Recipe: recipe, RadiusPDQ: radiusPDQ, RadiusP: radiusP, Limit: 1 << 20}
	for _, g := range regions {
		q.Probes = append(q.Probes, index.Probe{P: g.P, PDQ: g.PDQ})
	}
	return q
}

// clone is a photo that shares no memory with p.
func clone(p index.Photo) index.Photo {
	labels := make(map[string]string, len(p.Labels))
	for k, v := range p.Labels {
		labels[k] = v
	}
	p.Labels = labels
	return p
}

// cloneSet is a set of features that shares no memory with f.
func cloneSet(f feature.Set) feature.Set {
	f.Features = slices.Clone(f.Features)
	f.Thumbnail.Y, f.Thumbnail.Cb, f.Thumbnail.Cr = slices.Clone(f.Thumbnail.Y), slices.Clone(f.Thumbnail.Cb), slices.Clone(f.Thumbnail.Cr)
	return f
}

// withFeatures is p with so many features unlike any others.
func (s *source) withFeatures(p index.Photo, n int) index.Photo {
	f := &feature.Set{Recipe: featureRecipe, Width: 1 + s.r.IntN(1<<15), Height: 1 + s.r.IntN(1<<15), Features: s.features(n)}
	t := feature.Thumbnail{Width: 3, Height: 2, Y: make([]uint8, 6), Cb: make([]uint8, 2), Cr: make([]uint8, 2)}
	for i := range t.Y {
		t.Y[i] = uint8(s.r.Uint32())
	}
	f.Thumbnail = t
	p.Features = f
	return p
}

func (s *source) features(n int) []feature.Feature {
	features := make([]feature.Feature, n)
	for i := range features {
		f := &features[i]
		f.X, f.Y, f.Size, f.Angle = uint16(s.r.Uint32()), uint16(s.r.Uint32()), uint8(s.r.Uint32()), uint8(s.r.Uint32())
		for j := range f.Descriptor {
			f.Descriptor[j] = s.r.Uint64()
		}
	}
	return features
}

// worn is features as another copy of the picture would have them: with so many bits of each turned.
func (s *source) worn(features []feature.Feature, bits int) []feature.Feature {
	features = slices.Clone(features)
	for i := range features {
		for _, b := range s.r.Perm(256)[:bits] {
			features[i].Descriptor[b/64] ^= 1 << (b % 64)
		}
	}
	return features
}

// sharing asks for the photos that share features.
func sharing(features []feature.Feature) index.CandidateQuery {
	return index.CandidateQuery{Recipe: featureRecipe, Features: features, Limit: 20}
}

package health

import (
	"cmp"
	"context"
	"math"
	"slices"

	"touchstone/index"
)

// Hits is what a photo matches among the listings that are remembered.
type Hits struct{ Listings, Sellers int }

// Flood is a photo that matches far more listings than others of its brand.
type Flood struct {
	Photo index.Key
	Hits
}

// When a photo floods. Hits of photos spread over powers of ten, as all that sells does, so their logarithms are compared;
// by the median and the median deviation from it, which what floods can't move.
const (
	floodListings = 50  // at the least, so that what is few is looked at whatever others have
	floodSellers  = 10  // at the least: one seller who lists a photo over and over is no reason to look away
	floodTimes    = 10  // times the median, at the least
	floodSpread   = 4.0 // standard deviations of the logarithms above the median: 3 of 100,000 photos are there by chance
	floodOthers   = 5   // photos with hits, below which there is nothing to compare with
)

// normal makes a standard deviation of a median deviation, as a normal distribution has it.
const normal = 1.4826

// Floods returns the photos of a brand that match far more listings than its others, the most listings first, then by
// ID: at least 50 listings of 10 sellers, ten times the median of the photos that match any, and beyond what these spread.
// Of fewer than 5 photos with matches none floods.
func Floods(brand string, hits map[string]Hits) []Flood {
	logs := make([]float64, 0, len(hits))
	for _, h := range hits {
		if h.Listings > 0 {
			logs = append(logs, math.Log(float64(h.Listings)))
		}
	}
	if len(logs) < floodOthers {
		return nil
	}
	middle := median(logs)
	for i, v := range logs {
		logs[i] = math.Abs(v - middle)
	}
	least := math.Exp(middle + max(math.Log(floodTimes), floodSpread*normal*median(logs)))
	var floods []Flood
	for id, h := range hits {
		if h.Listings >= floodListings && h.Sellers >= floodSellers && float64(h.Listings) >= least*(1-1e-9) {
			floods = append(floods, Flood{index.Key{Brand: brand, ID: id}, h})
		}
	}
	slices.SortFunc(floods, func(a, b Flood) int {
		return cmp.Or(cmp.Compare(b.Listings, a.Listings), a.Photo.Compare(b.Photo))
	})
	return floods
}

// median is the middle one, the lower of two. It sorts them.
func median(v []float64) float64 {
	slices.Sort(v)
	return v[(len(v)-1)/2]
}

// flooded adds the photos that flood, of those that are there.
func (e *Examination) flooded(ctx context.Context, c *Config) error {
	if c.Hits == nil {
		return nil
	}
	hits, err := c.Hits(ctx, e.Brand)
	if err != nil {
		return err
	}
	for _, f := range Floods(e.Brand, hits) {
		if _, err := c.Photos.Get(ctx, f.Photo); gone(err) {
			continue
		} else if err != nil {
			return err
		}
		if e.Floods++; e.Floods <= Listed {
			e.FloodPhotos = append(e.FloodPhotos, f)
		}
		if c.Flood == nil {
			continue
		}
		if err := c.Flood(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

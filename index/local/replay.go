package local

import (
	"context"
	"fmt"
	"slices"

	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/store"
)

// replayPage is how many changes are repeated at once.
const replayPage = 2000

// replay repeats in memory what the store's log has after what memory shows.
func (m *memory) replay(ctx context.Context, s *store.Store, until uint64) error {
	on := map[string]bool{} // brands that were switched on, with their photos' features still to be read
	for m.now.applied < until {
		events, err := s.Log(ctx, m.now.applied, replayPage)
		if err != nil {
			return translate(err)
		}
		if len(events) == 0 {
			return fmt.Errorf("%w: the log ends at %d, not at %d", index.ErrCorrupt, m.now.applied, until)
		}
		// A brand's settings are repeated by themselves: what photos leave in the sets depends on them.
		switch i := slices.IndexFunc(events, func(e store.Event) bool { return e.Room == brandRoom }); i {
		case -1:
			err = m.repeat(ctx, s, events)
		case 0:
			err = m.resettle(events[0], on)
		default:
			err = m.repeat(ctx, s, events[:i])
		}
		if err != nil {
			return err
		}
	}
	for brand := range on {
		if err := m.warm(ctx, s, brand); err != nil {
			return err
		}
	}
	return nil
}

// resettle repeats what was settled of a brand.
func (m *memory) resettle(e store.Event, on map[string]bool) error {
	settings, err := decodeBrand(e.Value)
	if err != nil {
		return err
	}
	brand := string(e.Key)
	if delete(on, brand); settings.Partial {
		on[brand] = true
	}
	m.change(e.Revision, func(c *codes) { m.treat(brand, settings, c) })
	return nil
}

// repeat repeats changes of photos.
func (m *memory) repeat(ctx context.Context, s *store.Store, events []store.Event) error {
	last := map[string]int{} // of the events of each key, since changes at once must have no key in common
	for i, e := range events {
		if e.Room == room {
			last[string(e.Key)] = i
		}
	}
	glimpses := map[int]*glimpse{} // by event
	var wanted []int               // events whose features are to be read
	var blobs []uint64
	for i, e := range events {
		if e.Room != room || e.Value == nil || last[string(e.Key)] != i {
			continue
		}
		g, err := glance(e.Record)
		if err != nil {
			return err
		}
		glimpses[i] = &g
		if g.features.revision > m.now.applied && m.searches(string(g.brand)) {
			wanted, blobs = append(wanted, i), append(blobs, g.features.revision)
		}
	}
	spots := map[int][]feature.Feature{}
	err := s.Blobs(ctx, blobs, func(i int, b []byte) error {
		f, err := decodeFeatures(blobs[i], glimpses[wanted[i]].features.recipe, b)
		spots[wanted[i]] = f.Features
		return err
	})
	if err != nil {
		return lost(err)
	}
	m.change(events[len(events)-1].Revision, func(c *codes) {
		for i, e := range events {
			if e.Room != room || last[string(e.Key)] != i {
				continue
			}
			g := glimpses[i]
			switch {
			case g == nil:
				var k index.Key
				if k, err = parseKey(e.Key); err != nil {
					return
				}
				m.remove(k, c)
			case g.features.revision > 0 && g.features.revision <= m.now.applied: // which memory has: only metadata changed
				m.update(g.row().key, string(g.product))
			default:
				m.put(g.row(), g.recipe, spots[i], c)
			}
		}
	})
	return err
}

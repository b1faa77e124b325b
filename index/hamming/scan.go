package hamming

import (
	"context"
	"math/bits"
)

// scanTile is the number of words of code that stay in the first-level cache while a block's queries pass over them.
const scanTile = 1 << 11

// scanCheck is the number of tiles between looks at the context: a millisecond's work for a block.
const scanCheck = 1 << 5

// distance4 is the number of bits in which two codes differ.
func distance4(a, b *[4]uint64) int {
	return bits.OnesCount64(a[0]^b[0]) + bits.OnesCount64(a[1]^b[1]) +
		bits.OnesCount64(a[2]^b[2]) + bits.OnesCount64(a[3]^b[3])
}

// scan compares every code of a part with the block's queries that are to scan.
func (w *search) scan(ctx context.Context, p part) error {
	for tile, from := 0, 0; from < len(p.codes); tile, from = tile+1, from+scanTile {
		if tile%scanCheck == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		codes := p.codes[from:min(from+scanTile, len(p.codes))]
		for i := range w.queries {
			switch q := &w.queries[i]; {
			case !q.scan:
			case w.words == 1:
				w.scan1(p, codes, uint32(from), q)
			default:
				w.scan4(p, codes, uint32(from/4), q)
			}
		}
	}
	return nil
}

func (w *search) scan1(p part, codes []uint64, first uint32, q *query) {
	word, radius := q.code[0], w.radius
	for i, code := range codes {
		if d := bits.OnesCount64(code ^ word); d <= radius {
			w.hit(p, first+uint32(i), d, q)
		}
	}
}

func (w *search) scan4(p part, codes []uint64, first uint32, q *query) {
	code, radius := &q.code, w.radius
	for slot := first; len(codes) >= 4; slot++ {
		if d := distance4((*[4]uint64)(codes), code); d <= radius {
			w.hit(p, slot, d, q)
		}
		codes = codes[4:]
	}
}

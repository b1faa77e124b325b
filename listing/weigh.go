package listing

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strings"

	"touchstone/index"
)

// whole is the box as it is to be read: the zero Box is all of the picture.
func (b Box) whole() Box {
	if b == (Box{}) {
		return Box{0, 0, 1, 1}
	}
	return b
}

func (b Box) area() float64 { return max(0, b.Right-b.Left) * max(0, b.Bottom-b.Top) }

// common is what two boxes share.
func (b Box) common(o Box) float64 {
	return Box{max(b.Left, o.Left), max(b.Top, o.Top), min(b.Right, o.Right), min(b.Bottom, o.Bottom)}.area()
}

// inside tells whether half of b at least lies in o. Half of the smaller would not do where o is benign: a logo in the corner
// of a photo would make the photo benign.
func (b Box) inside(o Box) bool {
	b, o = b.whole(), o.whole()
	return b.area() > 0 && b.common(o) >= b.area()/2
}

// overlaps tells whether the boxes share half of the smaller at least.
func (b Box) overlaps(o Box) bool { return b.inside(o) || o.inside(b) }

// priceRatio is the price over the list price, 0 where one of them is not known. ok is false where both are, in currencies
// between which no rate is.
func (p *Policy) priceRatio(price, list index.Price) (ratio float64, ok bool) {
	a, b := worth(price), worth(list)
	if a == 0 || b == 0 {
		return 0, true
	}
	if price.Currency != list.Currency {
		from, has := p.rules.Rates[price.Currency]
		to, also := p.rules.Rates[list.Currency]
		if !has || !also {
			return 0, false
		}
		a, b = a*from, b*to
	}
	return a / b, true
}

func worth(p index.Price) float64 { return float64(p.Units) + float64(p.Nanos)/1e9 }

// What a priority is made of.
const (
	cheap      = 0.2 // price ratio that halves it
	noRatio    = 0.5 // that stands in for one that is not known
	reviewed   = 0.4 // what a REVIEW has of an INFRINGING of the same price: less than any, however unsure that is
	surenesses = 9   // powers of ten between the surest hit that is told from others and MostFalse
	steps      = 1e6 // so many priorities are told from each other, so that all machines agree
)

// priority is what to look at first, 0 to 1: the surer the hit and the cheaper the offer, the more. A bag of 795 dollars
// at 2 to 5 is at 0.96 and more where it is sure.
func priority(o Outcome, expectedFalse, ratio float64) float64 {
	weight := 0.0
	switch o {
	case Infringing:
		weight = 1
	case Review:
		weight = reviewed
	case Authorised, Benign, NoMatch:
		return 0
	}
	if ratio == 0 {
		ratio = noRatio
	}
	sure := 1 - math.Log10(1+expectedFalse*1e6)/(2*surenesses) // 1 down to a half
	return math.Round(weight*sure*cheap/(cheap+ratio)*steps) / steps
}

// rolledOut tells whether a listing is among the share of listings that a brand's rule applies to. A listing's images are
// in or out together, and a larger share has all that a smaller one had, for ever: the hash is part of what decisions
// rest upon.
func rolledOut(share float64, brand string, k Key) bool {
	sum := sha256.Sum256([]byte(strings.Join([]string{brand, k.Marketplace, k.Listing}, "\x00")))
	return float64(binary.BigEndian.Uint64(sum[:8])>>11)/(1<<53) < share
}

package fingerprint

import (
	"fmt"
	"math"
)

const (
	minQuality = 4
	minRelief  = 1.0
)

// plain reports, as ErrPlain, that a part has too little structure to be told from others.
func (s sketch) plain() error {
	if s.quality < minQuality {
		return fmt.Errorf("%w: quality %d of 100, want %d or more", ErrPlain, s.quality, minQuality)
	}
	if r := s.spectrum.relief(); r < minRelief {
		return fmt.Errorf("%w: it varies along one direction alone", ErrPlain)
	}
	return nil
}

// relief is the root mean square, in levels of luma of 255, of what the frequencies of PDQ contribute to the picture:
// of all that varies both across and down it. A flat picture has none, nor one split into stripes.
func (s *spectrum) relief() float64 {
	var sum float64
	for i := 1; i < freqs; i++ {
		for _, c := range s[i*freqs+1 : (i+1)*freqs] {
			sum += float64(c) * float64(c)
		}
	}
	// An unscaled coefficient c of both frequencies above 0 adds (2c/(64*64))^2... to the mean square: see Parseval.
	return math.Sqrt(sum) * 2 / (side * side)
}

package feature

import "sync"

// What a descriptor compares are samples of a spot's surroundings: some of the level's smooth plane, close to the spot,
// some of the plane at half the size, farther away (as in FREAK, Alahi et al. 2012). pattern.go has where they lie for a
// spot whose angle is 0, and which of them are compared: chosen for telling same spots from others (see learn_test.go).

const (
	sampleCount = 128
	fineCount   = 75 // the first are of the smooth plane
)

// place is where a sample lies from a spot's centre, in 16ths of a pixel.
type place struct{ x, y int16 }

// offset is where a sample lies from a spot's centre, in pixels.
type offset struct{ x, y int8 }

// turned are the samples' offsets by the spot's angle.
type turned [256][sampleCount]offset

// scaled are those of spots a little smaller or larger than the level shows those that are found on it, from 57 to 72
// sixty-fourths of their size. They are made when the first spot is described: most runs of a program describe none.
var scaled = sync.OnceValue(func() *[5]*turned {
	return &[...]*turned{makeTurned(57), makeTurned(60), makeTurned(64), makeTurned(68), makeTurned(72)}
})

// asFound are those of spots that were found on the level.
func asFound() *turned { return scaled()[2] }

// makeTurned are the offsets of a spot that is so many sixty-fourths of its size.
func makeTurned(size int) *turned {
	var t turned
	for a := range t {
		sin, cos := sine(a)*size/64, sine(a+64)*size/64
		for i, p := range samples {
			x, y := int(p.x), int(p.y)
			t[a][i] = offset{rounded(cos*x - sin*y), rounded(sin*x + cos*y)}
		}
	}
	return &t
}

// sine is that of an angle in 256ths of a turn, in 16384ths.
func sine(a int) int {
	switch a &= 255; {
	case a <= 64:
		return int(quarter[a])
	case a <= 128:
		return int(quarter[128-a])
	}
	return -sine(a - 128)
}

// rounded is the nearest whole pixel to v in 16384ths of 16ths, halves away from 0: so that it is the same on every machine
// and for mirror images.
func rounded(v int) int8 {
	const one = 16 * 16384
	if v < 0 {
		return int8(-((-v + one/2) / one))
	}
	return int8((v + one/2) / one)
}

// sample takes the samples around a spot, which lie at places.
func (l *level) sample(v *[sampleCount]uint8, x, y int, places *[sampleCount]offset) {
	at, stride, pix := l.origin+y*l.smooth.stride+x, l.smooth.stride, l.smooth.pix
	for i := range fineCount {
		p := places[i]
		v[i] = pix[at+int(p.y)*stride+int(p.x)]
	}
	at, stride, pix = l.coarse.origin, l.coarse.stride, l.coarse.pix
	for i := fineCount; i < sampleCount; i++ {
		p := places[i]
		v[i] = pix[at+(y+int(p.y))>>1*stride+(x+int(p.x))>>1]
	}
}

// describe compares the samples around a spot that was found on the level.
func describe(l *level, x, y int, angle uint8) Descriptor { return l.compare(x, y, &asFound()[angle]) }

// compare compares the samples around a spot, which lie at places.
func (l *level) compare(x, y int, places *[sampleCount]offset) (d Descriptor) {
	var v [sampleCount]uint8
	l.sample(&v, x, y, places)
	for i := range d {
		var w uint64
		for j := 63; j >= 0; j-- {
			p := pairs[64*i+j]
			// The sign of the difference is the bit.
			w = w<<1 | uint64(uint32(int32(v[p[0]&(sampleCount-1)])-int32(v[p[1]&(sampleCount-1)]))>>31)
		}
		d[i] = w
	}
	return d
}

package picture

import (
	"fmt"
	"image"
)

// isoProperty is a box of ipco.
type isoProperty struct {
	kind          string
	body          []byte
	width, height int         // of ispe; of clap, as cropped
	orientation   orientation // of irot and imir
	deep          bool        // of av1C and hvcC
	studio        bool        // of colr: luma from 16 to 235
}

// isoItems is what a meta box tells.
type isoItems struct {
	primary    int
	kinds      map[int]string // of the items
	properties []isoProperty  // in the order of ipco
	of         map[int][]int  // indices of the properties of an item, from 1
	extents    map[int][]byte // the data of an item
	pieces     bool           // an item is told of twice, or its data is in more than one extent
}

// isoPicture is the primary picture.
type isoPicture struct {
	width, height int
	cropped       image.Point // the sides that remain after cropping
	orientation   orientation
	deep          bool // more than 8 bits
	studio        bool // luma from 16 to 235
}

// readMeta reads the boxes of the meta box of a file.
func readMeta(file, meta []byte) (*isoItems, error) {
	it := &isoItems{primary: -1, kinds: map[int]string{}, of: map[int][]int{}, extents: map[int][]byte{}}
	if len(meta) < 4 {
		return nil, fmt.Errorf("%w: meta box of %d bytes", ErrCorrupt, len(meta))
	}
	seen := map[string][]byte{}
	for rest := meta[4:]; len(rest) > 0; {
		kind, body, after, err := nextBox(rest)
		if err != nil {
			return nil, err
		}
		if seen[kind] != nil && kind != "free" && kind != "uuid" {
			return nil, fmt.Errorf("%w: two boxes %q", ErrCorrupt, kind)
		}
		seen[kind], rest = body, after
	}
	for _, part := range []struct {
		kind string
		read func(*reader)
	}{
		{"pitm", it.readPITM},
		{"iinf", it.readIINF},
		{"iloc", func(r *reader) { it.readILOC(r, file, seen["idat"]) }},
		{"iprp", it.readIPRP},
	} {
		if seen[part.kind] == nil {
			return nil, fmt.Errorf("%w: no box %q", ErrCorrupt, part.kind)
		}
		r := &reader{b: seen[part.kind]}
		part.read(r)
		if r.short {
			return nil, fmt.Errorf("%w: box %q is short", ErrCorrupt, part.kind)
		}
	}
	if it.pieces {
		return nil, fmt.Errorf("%w: an item in pieces, or twice", ErrUnsupported)
	}
	return it, nil
}

// picture puts the primary item's properties together.
func (it *isoItems) picture() (isoPicture, error) {
	p := isoPicture{orientation: upright}
	for _, i := range it.of[it.primary] {
		if i < 1 || i > len(it.properties) {
			return p, fmt.Errorf("%w: property %d of %d", ErrCorrupt, i, len(it.properties))
		}
		switch q := it.properties[i-1]; q.kind {
		case "ispe":
			p.width, p.height = q.width, q.height
			p.cropped = image.Pt(q.width, q.height)
		case "clap":
			p.cropped = image.Pt(q.width, q.height)
		case "irot", "imir":
			p.orientation = p.orientation.then(q.orientation)
		case "av1C", "hvcC":
			p.deep = q.deep
		case "colr":
			p.studio = p.studio || q.studio
		}
	}
	if p.width == 0 || p.height == 0 {
		return p, fmt.Errorf("%w: the primary picture states no size", ErrCorrupt)
	}
	if p.cropped.X < 1 || p.cropped.Y < 1 || p.cropped.X > p.width || p.cropped.Y > p.height {
		return p, fmt.Errorf("%w: %d x %d pixels cropped to %v", ErrCorrupt, p.width, p.height, p.cropped)
	}
	switch kind := it.kinds[it.primary]; kind {
	case "av01", "hvc1":
	case "grid":
		if err := it.checkGrid(&p); err != nil {
			return p, err
		}
	default:
		return p, fmt.Errorf("%w: a primary picture of kind %q", ErrUnsupported, kind)
	}
	return p, nil
}

// checkGrid compares the size that a grid states with its property. See ISO/IEC 23008-12, 6.6.2.3.
func (it *isoItems) checkGrid(p *isoPicture) error {
	r := &reader{b: it.extents[it.primary]}
	r.number(1)
	wide := r.number(1)&1 == 1
	r.number(2)
	size := 2
	if wide {
		size = 4
	}
	w, h := r.number(size), r.number(size)
	if r.short || w != p.width || h != p.height {
		return fmt.Errorf("%w: a grid of %d x %d pixels in a picture of %d x %d", ErrCorrupt, w, h, p.width, p.height)
	}
	for _, q := range it.properties {
		p.deep = p.deep || q.deep
	}
	return nil
}

func (it *isoItems) readPITM(r *reader) {
	size := 2
	if r.number(4)>>24 > 0 {
		size = 4
	}
	it.primary = r.number(size)
}

func (it *isoItems) readIINF(r *reader) {
	size := 2
	if r.number(4)>>24 > 0 {
		size = 4
	}
	r.number(size)
	for len(r.b) > 0 && !r.short {
		kind, body := r.box()
		if kind != "infe" {
			continue
		}
		e := &reader{b: body}
		size := 2
		if e.number(4)>>24 > 2 {
			size = 4
		}
		id := e.number(size)
		e.number(2)
		if name := e.take(4); !e.short {
			_, twice := it.kinds[id]
			it.pieces = it.pieces || twice
			it.kinds[id] = string(name)
		}
	}
}

// readILOC keeps the data of the items that lie in the file or in idat.
func (it *isoItems) readILOC(r *reader, file, idat []byte) {
	version := r.number(4) >> 24
	sizes := r.number(2)
	offsetSize, lengthSize, baseSize, indexSize := sizes>>12, sizes>>8&15, sizes>>4&15, sizes&15
	idSize := 2
	if version == 2 {
		idSize = 4
	}
	if version == 0 {
		indexSize = 0
	}
	for range r.number(idSize) {
		id, method := r.number(idSize), 0
		if version > 0 {
			method = r.number(2) & 15
		}
		r.number(2)
		base := r.number(baseSize)
		for i := range r.number(2) {
			r.number(indexSize)
			offset, length := r.number(offsetSize), r.number(lengthSize)
			if r.short {
				return
			}
			source := file
			if method == 1 {
				source = idat
			}
			at := base + offset
			it.pieces = it.pieces || i > 0
			if method > 1 || at < 0 || at > len(source) || length < 0 {
				continue
			}
			if length == 0 || length > len(source)-at {
				length = len(source) - at
			}
			_, twice := it.extents[id]
			it.pieces = it.pieces || twice
			it.extents[id] = source[at : at+length]
		}
		if r.short {
			return
		}
	}
}

func (it *isoItems) readIPRP(r *reader) {
	for len(r.b) > 0 && !r.short {
		switch kind, body := r.box(); kind {
		case "ipco":
			for c := (&reader{b: body}); len(c.b) > 0 && !c.short; {
				kind, body := c.box()
				it.properties = append(it.properties, readProperty(kind, body))
			}
		case "ipma":
			it.readIPMA(&reader{b: body})
		}
	}
}

func (it *isoItems) readIPMA(r *reader) {
	head := r.number(4)
	idSize, indexSize := 2, 1
	if head>>24 > 0 {
		idSize = 4
	}
	if head&1 != 0 {
		indexSize = 2
	}
	for range r.number(4) {
		id := r.number(idSize)
		for range r.number(1) {
			i := r.number(indexSize) & (1<<(8*indexSize-1) - 1)
			if r.short {
				return
			}
			it.of[id] = append(it.of[id], i)
		}
		if r.short {
			return
		}
	}
}

// readProperty reads a box of ipco. One that is cut short states nothing.
func readProperty(kind string, body []byte) isoProperty {
	r := &reader{b: body}
	p := isoProperty{kind: kind, body: body, orientation: upright}
	switch kind {
	case "ispe":
		r.number(4)
		p.width, p.height = r.number(4), r.number(4)
	case "clap":
		w, wd, h, hd := r.number(4), r.number(4), r.number(4), r.number(4)
		if wd > 0 && hd > 0 {
			p.width, p.height = w/wd, h/hd
		}
	case "irot": // quarter turns against the clock
		p.orientation = [4]orientation{1, 8, 3, 6}[r.number(1)&3]
	case "imir": // 0 exchanges top and bottom, 1 left and right
		p.orientation = [2]orientation{4, 2}[r.number(1)&1]
	case "colr":
		named := string(r.take(4)) == "nclx"
		r.number(6)
		p.studio = r.number(1)&0x80 == 0 && named
	case "av1C":
		r.number(2)
		p.deep = r.number(1)&0x40 != 0
	case "hvcC":
		r.take(17)
		p.deep = r.number(1)&7 != 0
	}
	if r.short {
		return isoProperty{kind: kind, body: body, orientation: upright}
	}
	return p
}

// reader takes numbers and boxes off bytes. Once it has run short, all it gives is zero.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if r.short || n > len(r.b) {
		r.short = true
		return nil
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

// number takes a big-endian number of up to 8 bytes; none is 0. Those that exceed an int are negative.
func (r *reader) number(size int) int {
	v := 0
	for _, c := range r.take(size) {
		v = v<<8 | int(c)
	}
	return v
}

func (r *reader) box() (kind string, body []byte) {
	kind, body, rest, err := nextBox(r.b)
	if err != nil {
		r.short = true
		return "", nil
	}
	r.b = rest
	return kind, body
}

package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"

	"golang.org/x/image/webp"
)

// webpFile is a WebP whose chunks have been walked up to its first frame.
type webpFile struct {
	width, height int         // of the canvas
	at            image.Point // of the frame, on the canvas
	alpha         []byte      // the ALPH chunk's body; nil without
	kind          string      // of the frame: "VP8 " or "VP8L"
	frame         []byte      // the chunk's body
	fw, fh        int         // of the frame
}

// The flags of VP8X that are looked at.
const webpAlpha = 0x10

// openWebP walks the chunks.
func openWebP(b []byte) (header, error) {
	h := header{}
	body := b[12:]
	switch size := le32(b[4:]) - 4; {
	case size < 0:
		return h, fmt.Errorf("%w: RIFF of %d bytes", ErrCorrupt, size)
	case size > len(body):
		return h, fmt.Errorf("%w: %d of %d bytes", ErrTruncated, len(body), size)
	case size+size%2 < len(body):
		h.warnings |= TrailingData
		body = body[:size]
	default:
		body = body[:size]
	}
	f := &webpFile{}
	h.file = f
	extended := false
	for n := 0; len(body) >= 8; n++ {
		kind, chunk, rest, err := riffChunk(body)
		if err != nil {
			return h, err
		}
		body = rest
		switch kind {
		case "VP8X":
			if len(chunk) < 10 || n > 0 {
				return h, fmt.Errorf("%w: VP8X of %d bytes as chunk %d", ErrCorrupt, len(chunk), n+1)
			}
			extended = true
			f.width, f.height = 1+le24(chunk[4:]), 1+le24(chunk[7:])
		case "ANMF":
			h.warnings |= Animated
			if f.frame == nil {
				err = f.readANMF(chunk)
			}
		case "ALPH", "VP8 ", "VP8L":
			if f.frame == nil {
				err = f.readFrame(kind, chunk)
			}
		case "EXIF":
			var w Warnings
			h.orientation, w = exifOrientation(chunk)
			h.warnings |= w
		}
		if err != nil {
			return h, err
		}
	}
	if f.frame == nil {
		return h, fmt.Errorf("%w: no frame", ErrCorrupt)
	}
	if !extended {
		f.width, f.height = f.fw, f.fh
	}
	if f.at.X+f.fw > f.width || f.at.Y+f.fh > f.height {
		return h, fmt.Errorf("%w: a frame of %d x %d at %v on a canvas of %d x %d",
			ErrCorrupt, f.fw, f.fh, f.at, f.width, f.height)
	}
	h.width, h.height = f.width, f.height
	return h, nil
}

// riffChunk splits the first chunk off.
func riffChunk(b []byte) (kind string, body, rest []byte, err error) {
	size := le32(b[4:])
	if size > len(b)-8 {
		return "", nil, nil, fmt.Errorf("%w: %q has %d of %d bytes", ErrTruncated, b[:4], len(b)-8, size)
	}
	return string(b[:4]), b[8 : 8+size], b[min(len(b), 8+size+size%2):], nil
}

// readANMF reads the chunk of an animation's frame.
func (f *webpFile) readANMF(b []byte) error {
	if len(b) < 16 {
		return fmt.Errorf("%w: ANMF of %d bytes", ErrCorrupt, len(b))
	}
	f.at = image.Pt(2*le24(b), 2*le24(b[3:]))
	for b = b[16:]; len(b) >= 8; {
		kind, chunk, rest, err := riffChunk(b)
		if err != nil {
			return err
		}
		if kind == "ALPH" || kind == "VP8 " || kind == "VP8L" {
			if err := f.readFrame(kind, chunk); err != nil {
				return err
			}
		}
		b = rest
	}
	return nil
}

// readFrame reads the sizes of a frame. See RFC 6386 section 9.1 and the lossless format's section 3.
func (f *webpFile) readFrame(kind string, b []byte) error {
	switch {
	case kind == "ALPH":
		f.alpha = b
		return nil
	case kind == "VP8 " && len(b) >= 10 && string(b[3:6]) == "\x9d\x01\x2a":
		f.fw, f.fh = le16(b[6:])&0x3fff, le16(b[8:])&0x3fff
	case kind == "VP8L" && len(b) >= 5 && b[0] == 0x2f:
		bits := le32(b[1:])
		f.fw, f.fh = 1+bits&0x3fff, 1+bits>>14&0x3fff
	default:
		return fmt.Errorf("%w: %q without its header", ErrCorrupt, kind)
	}
	f.kind, f.frame = kind, b
	return nil
}

// still returns the frame as a file of its own.
func (f *webpFile) still() []byte {
	if f.kind == "VP8L" || f.alpha == nil {
		return riff(chunk(f.kind, f.frame))
	}
	vp8x := make([]byte, 10)
	vp8x[0] = webpAlpha
	for i, side := range []int{f.fw - 1, f.fh - 1} {
		vp8x[4+3*i], vp8x[5+3*i], vp8x[6+3*i] = uint8(side), uint8(side>>8), uint8(side>>16)
	}
	return riff(chunk("VP8X", vp8x), chunk("ALPH", f.alpha), chunk(f.kind, f.frame))
}

func chunk(kind string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 != 0 {
		b = append(b, 0)
	}
	return b
}

func riff(chunks ...[]byte) []byte {
	body := bytes.Join(chunks, nil)
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4))
	return append(append(b, "WEBP"...), body...)
}

func (f *webpFile) memory(c cells) int64 {
	frame := int64(f.fw) * int64(f.fh)
	need := 2 * frame
	switch {
	case f.kind == "VP8L":
		need = 8*frame + huffman(frame, len(f.frame))
	case f.alpha != nil:
		need = 11*frame + huffman(frame, len(f.alpha)) // the alpha plane is a lossless picture of its own
	}
	return need + 3*int64(f.width)*int64(f.height)/int64(c.side*c.side) + 2*int64(len(f.frame)+len(f.alpha)) + 1<<20
}

// huffman estimates what the code tables of a lossless picture take: five for each of up to 65,536 groups, of which a
// tile of 4x4 pixels may have one of its own, and which takes 20 bits of data at the least; half a KiB a table, and the
// trees that the data spells out.
func huffman(pixels int64, data int) int64 {
	groups := min(1<<16, pixels/16+1, int64(data)*8/20+1)
	return groups*5*(512+32) + 8*int64(data)
}

func (f *webpFile) pixels(c cells) (*image.YCbCr, Warnings, error) {
	m, err := webp.Decode(bytes.NewReader(f.still()))
	if err != nil {
		return nil, 0, blame(err, ErrCorrupt)
	}
	lossy, ok := m.(*image.YCbCr)
	if ok && f.fw == f.width && f.fh == f.height {
		out := reduce(lossy, c)
		fullRange(out)
		return out, 0, nil
	}
	r := rowsOf(m)
	if ok {
		r.fill = studioRows(lossy, nil, 0)
	} else if a, isAlpha := m.(*image.NYCbCrA); isAlpha {
		r.fill = studioRows(&a.YCbCr, a.A, a.AStride)
	}
	return r.on(f.width, f.height, f.at).reduced(c), 0, nil
}

// WebP's lossy frames are in BT.601's studio range, as video is: luma 16 to 235, chroma 16 to 240. image.YCbCr means
// the full range.
var studioLuma, studioChroma = func() (y, c [256]uint8) {
	for i := range 256 {
		y[i] = uint8(min(max((2*(i-16)*255+219)/(2*219), 0), 255))
		c[i] = uint8(min(max(128+((i-128)*255+112*sign(i-128))/224, 0), 255))
	}
	return y, c
}()

func sign(i int) int {
	if i < 0 {
		return -1
	}
	return 1
}

// fullRange stretches a picture of studio range in place.
func fullRange(m *image.YCbCr) {
	for i, v := range m.Y {
		m.Y[i] = studioLuma[v]
	}
	for i, v := range m.Cb {
		m.Cb[i] = studioChroma[v]
	}
	for i, v := range m.Cr {
		m.Cr[i] = studioChroma[v]
	}
}

// studioRows gives the rows of a picture of studio range, with alpha unless that is nil.
func studioRows(m *image.YCbCr, alpha []uint8, stride int) func(y int, row []uint8) {
	return func(y int, row []uint8) {
		for x := range m.Rect.Dx() {
			c := m.COffset(x, y)
			r, g, b := color.YCbCrToRGB(studioLuma[m.Y[m.YOffset(x, y)]], studioChroma[m.Cb[c]], studioChroma[m.Cr[c]])
			if alpha != nil {
				a := alpha[y*stride+x]
				r, g, b = flat(r, a), flat(g, a), flat(b, a)
			}
			row[3*x], row[3*x+1], row[3*x+2] = r, g, b
		}
	}
}

package overlay

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"
)

const (
	mostNotes = 8    // lines
	mostRunes = 2000 // of a title or a note: the rest would not show
	ellipsis  = "…"
	blank     = '□' // stands for a character that the font lacks
)

// typefaces are read once: they are Latin, Greek and Cyrillic.
var typefaces = sync.OnceValues(func() (t struct{ regular, bold *sfnt.Font }, err error) {
	if t.regular, err = opentype.Parse(goregular.TTF); err != nil {
		return t, fmt.Errorf("read the font: %w", err)
	}
	if t.bold, err = opentype.Parse(gobold.TTF); err != nil {
		return t, fmt.Errorf("read the bold font: %w", err)
	}
	return t, nil
})

// face is a typeface in a size. It is for one goroutine.
type face struct {
	font.Face
	typeface *sfnt.Font
	buffer   *sfnt.Buffer
}

// faces are the sizes that a sheet uses.
type faces struct{ title, note, heading, legend, badge face }

func newFaces() (f faces, err error) {
	t, err := typefaces()
	if err != nil {
		return f, err
	}
	for _, want := range []struct {
		to       *face
		typeface *sfnt.Font
		size     float64 // pixels
	}{{&f.title, t.bold, 26}, {&f.note, t.regular, 16}, {&f.heading, t.bold, 16}, {&f.legend, t.regular, 14}, {&f.badge, t.bold, 13}} {
		made, err := opentype.NewFace(want.typeface, &opentype.FaceOptions{Size: want.size, DPI: 72})
		if err != nil {
			return f, fmt.Errorf("size the font: %w", err)
		}
		*want.to = face{made, want.typeface, &sfnt.Buffer{}}
	}
	return f, nil
}

// head is the text above the pictures: what fits.
type head struct {
	title string
	notes []string // lines
}

// head cuts the title to a line, and breaks the notes into lines.
func (f faces) head(title string, notes []string) head {
	const width = MaxWidth - 2*margin
	h := head{title: f.title.cut(f.title.clean(title), width)}
	for _, n := range notes {
		if n = f.note.clean(n); n == "" {
			continue
		}
		for n != "" {
			if len(h.notes) == mostNotes {
				last := &h.notes[mostNotes-1]
				*last = f.note.cut(*last+" "+ellipsis, width)
				return h
			}
			var line string
			line, n = f.note.line(n, width)
			h.notes = append(h.notes, line)
		}
	}
	return h
}

// clean returns a text as the face can show it: composed, in one line, without what steers, and with a blank for each
// character that the font lacks.
func (f face) clean(s string) string {
	if len(s) > 4*mostRunes {
		s = s[:4*mostRunes]
	}
	var out []rune
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, string(blank))) {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case unicode.In(r, unicode.C):
			continue
		default:
			if i, err := f.typeface.GlyphIndex(f.buffer, r); err != nil || i == 0 {
				if unicode.Is(unicode.M, r) {
					continue
				}
				r = blank
			}
		}
		out = append(out, r)
	}
	if len(out) > mostRunes {
		out = append(out[:mostRunes], []rune(ellipsis)...)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func (f face) width(s string) int { return font.MeasureString(f, s).Ceil() }

// fitting returns how many of the runes fit into a width, 1 at least.
func (f face) fitting(runes []rune, width int) int {
	var x fixed.Int26_6
	for i, r := range runes {
		a, _ := f.GlyphAdvance(r)
		if i > 0 {
			a += f.Kern(runes[i-1], r)
		}
		if x += a; x.Ceil() > width {
			return max(i, 1)
		}
	}
	return len(runes)
}

// line splits off a line: at a space where there is one, else within a word.
func (f face) line(s string, width int) (line, rest string) {
	runes := []rune(s)
	n := f.fitting(runes, width)
	if n == len(runes) {
		return s, ""
	}
	for i := n; i > n/2; i-- {
		if runes[i] == ' ' {
			return string(runes[:i]), string(runes[i+1:])
		}
	}
	return string(runes[:n]), string(runes[n:])
}

// cut returns a text that fits into a width, with an ellipsis where something is missing.
func (f face) cut(s string, width int) string {
	runes := []rune(s)
	if f.fitting(runes, width) == len(runes) {
		return s
	}
	n := f.fitting(runes, width-f.width(ellipsis))
	return strings.TrimRight(string(runes[:n]), " "+ellipsis) + ellipsis
}

// text draws a line, and returns where it ends.
func (s sheet) text(f face, c color.Color, x, baseline int, line string) int {
	d := font.Drawer{Dst: s.RGBA, Src: image.NewUniform(c), Face: f, Dot: fixed.P(x, baseline)}
	d.DrawString(line)
	return d.Dot.X.Ceil()
}

package overlay

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
)

// The measures of a sheet, in pixels.
const (
	margin      = 36
	gutter      = 24 // between columns
	panelWidth  = 640
	panelHeight = 520 // at most
	enlarged    = 4   // most times that a small picture is enlarged

	titleHeight   = 40
	noteHeight    = 23
	ruleHeight    = 20
	headingHeight = 30
	rowGap        = 26
	legendHeight  = 58
)

var (
	paper  = color.RGBA{255, 255, 255, 255}
	mount  = color.RGBA{243, 243, 245, 255} // around a picture that does not fill its panel
	hair   = color.RGBA{176, 176, 182, 255} // frames and rules
	ink    = color.RGBA{24, 24, 28, 255}
	subtle = color.RGBA{84, 84, 92, 255}
)

// layout says where things are.
type layout struct {
	words              head
	height             int
	rule               int
	headings           [2]int // upper sides; the second is 0 where there is no second row
	genuine, suspect   image.Rectangle
	overlaid, compared image.Rectangle
	panels             []image.Rectangle
	legend             int // upper side
}

func newLayout(genuine, suspect pyramid, overlaid bool, words head) layout {
	l := layout{words: words}
	y := margin
	if words.title != "" {
		y += titleHeight
	}
	if y += noteHeight * len(words.notes); y > margin {
		l.rule = y + ruleHeight/2
		y += ruleHeight
	}
	row := func(left, right image.Point) (a, b image.Rectangle) {
		height := max(left.Y, right.Y)
		for i, size := range []image.Point{left, right} {
			panel := image.Rect(0, 0, panelWidth, height).Add(image.Pt(margin+i*(panelWidth+gutter), y))
			l.panels = append(l.panels, panel)
			at := panel.Min.Add(panel.Size().Sub(size).Div(2))
			a, b = b, image.Rectangle{at, at.Add(size)}
		}
		y += height
		return a, b
	}
	l.headings[0] = y
	y += headingHeight
	l.genuine, l.suspect = row(fit(genuine), fit(suspect))
	if overlaid {
		y += rowGap
		l.headings[1] = y
		y += headingHeight
		l.overlaid, l.compared = row(fit(suspect), fit(suspect))
		l.legend = y
		y += legendHeight
	}
	l.height = y + margin
	return l
}

// fit returns the size in which a picture is shown.
func fit(p pyramid) image.Point {
	w, h := min(panelWidth, enlarged*p.width), min(panelHeight, enlarged*p.height)
	if p.width*h > p.height*w {
		h = (2*p.height*w + p.width) / (2 * p.width)
	} else {
		w = (2*p.width*h + p.height) / (2 * p.height)
	}
	return image.Pt(max(w, 1), max(h, 1))
}

// sheet is what is drawn on.
type sheet struct {
	*image.RGBA
	layout
	faces faces
}

func (s sheet) fill(r image.Rectangle, c color.Color) {
	draw.Draw(s.RGBA, r, image.NewUniform(c), image.Point{}, draw.Src)
}

// head writes the title, the notes, and the rule below.
func (s sheet) head() {
	y := margin
	if s.layout.words.title != "" {
		s.text(s.faces.title, ink, margin, y+25, s.layout.words.title)
		y += titleHeight
	}
	for _, n := range s.layout.words.notes {
		s.text(s.faces.note, ink, margin, y+16, n)
		y += noteHeight
	}
	if s.rule > 0 {
		s.fill(image.Rect(margin, s.rule, MaxWidth-margin, s.rule+1), hair)
	}
	for _, p := range s.panels {
		s.fill(p, mount)
	}
}

// heading writes a panel's heading, and something about it in plain letters.
func (s sheet) heading(row, column int, line, about string) {
	y := s.headings[row] + 19
	x := s.text(s.faces.heading, ink, margin+column*(panelWidth+gutter), y, line)
	if about != "" {
		s.text(s.faces.legend, subtle, x+10, y, about)
	}
}

// frame draws a thin frame around a picture.
func (s sheet) frame(r image.Rectangle) {
	for _, side := range []image.Rectangle{
		{r.Min, image.Pt(r.Max.X, r.Min.Y+1)}, {image.Pt(r.Min.X, r.Max.Y-1), r.Max},
		{r.Min, image.Pt(r.Min.X+1, r.Max.Y)}, {image.Pt(r.Max.X-1, r.Min.Y), r.Max},
	} {
		s.fill(side, hair)
	}
}

// pictures draws the two pictures, and the regions in them.
func (s sheet) pictures(genuine, suspect pyramid, regions []region) {
	about := ""
	if len(regions) > 0 {
		about = "corners are numbered clockwise"
	}
	s.heading(0, 0, "Genuine photo", about)
	if len(regions) > 0 {
		about = "the same corners"
		if n := mirrored(regions); n == len(regions) {
			about += ", mirrored"
		} else if n > 0 {
			about += fmt.Sprintf(", %d of %d parts mirrored", n, len(regions))
		}
	}
	s.heading(0, 1, "Suspect image", about)
	s.picture(s.genuine, genuine)
	s.picture(s.suspect, suspect)
	number := 1
	for i, r := range regions {
		c := colours[i%len(colours)]
		there, here := placed(r.genuine, s.genuine), placed(r.suspect, s.suspect)
		s.outline(s.genuine, there, c, bold)
		s.outline(s.suspect, here, c, bold)
		numbered := shown(len(there))
		s.badges(s.genuine, there, numbered, c, number)
		s.badges(s.suspect, here, numbered, c, number)
		number += len(numbered)
	}
}

// mirrored counts the regions that are.
func mirrored(regions []region) (n int) {
	for _, r := range regions {
		if area(r.suspect) < 0 {
			n++
		}
	}
	return n
}

// picture draws a picture.
func (s sheet) picture(at image.Rectangle, p pyramid) {
	m := p.in(at)
	for y := range at.Dy() {
		for x := range at.Dx() {
			spot, _ := m.spot(centre(x, y))
			s.SetRGBA(at.Min.X+x, at.Min.Y+y, rgb(p.colour(spot)))
		}
	}
	s.frame(at)
}

// in returns the map from where a picture is shown, counted from its upper left, to the picture's pixels.
func (p pyramid) in(at image.Rectangle) matrix {
	return scaling(float64(p.width)/float64(at.Dx()), float64(p.height)/float64(at.Dy()))
}

func centre(x, y int) point { return point{float64(x) + 0.5, float64(y) + 0.5} }

func rgb(c [3]uint8) color.RGBA {
	r, g, b := color.YCbCrToRGB(c[0], c[1], c[2])
	return color.RGBA{r, g, b, 255}
}

// mixed returns a colour that is b by so many 256ths, and else a.
func mixed(a, b color.RGBA, part int) color.RGBA {
	mix := func(a, b uint8) uint8 { return uint8((int(a)*(256-part) + int(b)*part + 128) >> 8) }
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

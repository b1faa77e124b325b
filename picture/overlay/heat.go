package overlay

import (
	"fmt"
	"image"
	"image/color"
)

// hottest is the difference, in levels, from which on the heat map is hottest. It is the same on all sheets, so that
// they can be compared.
const hottest = 64

// heats are the colours of the heat map at even steps. Each is lighter than the one before.
var heats = []color.RGBA{
	{20, 11, 54, 255}, {70, 16, 110, 255}, {130, 32, 112, 255}, {188, 52, 88, 255},
	{228, 92, 48, 255}, {246, 148, 28, 255}, {252, 204, 64, 255}, {253, 246, 170, 255},
}

// heat returns the colour of a difference, in 256ths of a level, over a grey: the grey where there is none.
func heat(levels int32, grey uint8) color.RGBA {
	share := min(int(levels), hottest*256) // of hottest * 256
	step := share * (len(heats) - 1)
	i := min(step/(hottest*256), len(heats)-2)
	c := mixed(heats[i], heats[i+1], (step-i*hottest*256)/hottest)
	const opaque = 3 // times what is hottest's share from which on nothing shines through
	return mixed(shade(grey), c, min(256, opaque*share/hottest))
}

// shade returns the grey below the heat map: dark enough for all of its colours to stand out.
func shade(luma uint8) color.RGBA {
	v := uint8(16 + int(luma)*9/20)
	return color.RGBA{v, v, v, 255}
}

// dimmed returns a colour as it is shown outside the match: almost grey, and halfway to the mount.
func dimmed(c color.RGBA) color.RGBA {
	v := uint8((19595*int(c.R) + 38470*int(c.G) + 7471*int(c.B) + 1<<15) >> 16)
	return mixed(mixed(c, color.RGBA{v, v, v, 255}, 208), color.RGBA{128, 128, 134, 255}, 150)
}

// overlay draws the second row: the genuine photo laid over the suspect image, and where they differ.
func (s sheet) overlay(genuine, suspect pyramid, regions []region) {
	s.heading(1, 0, "Genuine photo laid over the suspect image", "")
	s.heading(1, 1, "Differences in brightness", "")
	c := newCover(s.overlaid, genuine, regions)
	d := c.compare(genuine, suspect)
	in := suspect.in(s.overlaid)
	for y := range s.overlaid.Dy() {
		for x := range s.overlaid.Dx() {
			here, _ := in.spot(centre(x, y))
			theirs := suspect.colour(here)
			left, right := dimmed(rgb(theirs)), dimmed(rgb([3]uint8{theirs[0], 128, 128}))
			if there, ok := c.spot(x, y); ok {
				left, right = rgb(genuine.colour(there)), heat(d.levels[y*s.overlaid.Dx()+x], theirs[0])
			}
			s.SetRGBA(s.overlaid.Min.X+x, s.overlaid.Min.Y+y, left)
			s.SetRGBA(s.compared.Min.X+x, s.compared.Min.Y+y, right)
		}
	}
	for _, at := range []image.Rectangle{s.overlaid, s.compared} {
		s.frame(at)
		for i, r := range regions {
			s.outline(at, placed(r.suspect, at), colours[i%len(colours)], fine)
		}
	}
	s.legends(d.tones)
}

// legends explains the second row.
func (s sheet) legends(tones []tone) {
	f := s.faces.legend
	left, right := margin, margin+panelWidth+gutter
	first, second := s.legend+26, s.legend+48
	s.text(f, subtle, left, first, "Inside the outline: the genuine photo. Around it: the suspect image, dimmed.")

	x := s.text(f, subtle, right, first, "0") + 8
	bar := image.Rect(x, first-11, x+192, first+1)
	for i := range bar.Dx() {
		s.fill(image.Rect(bar.Min.X+i, bar.Min.Y, bar.Min.X+i+1, bar.Max.Y), heat(int32(i*hottest*256/(bar.Dx()-1)), 128))
	}
	s.frame(bar)
	s.text(f, subtle, bar.Max.X+8, first, fmt.Sprintf("%d or more levels of 255", hottest))
	s.text(f, subtle, right, second, "Left out: "+leftOut(tones)+", and shifts by a pixel.")
}

// leftOut says which changes of tone the heat map does not show.
func leftOut(tones []tone) string {
	if len(tones) > 1 {
		return "a gain and an offset for each part"
	}
	t := tones[0]
	offset := (t.offset + 128) >> 8
	sign := "+"
	if offset < 0 {
		sign, offset = "−", -offset
	}
	return fmt.Sprintf("a gain of %.2f and an offset of %s%d levels", float64(t.gain)/one, sign, offset)
}

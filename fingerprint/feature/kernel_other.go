//go:build !amd64 || noasm

package feature

func best() int { return plain }

func halveRow(to, a, b []uint8)                            { halveRowPlain(to, a, b) }
func mixRows(to, a, b, c []uint8, w [3]uint8)              { mixRowsPlain(to, a, b, c, w) }
func acrossRow(to, from []uint8, a *across)                { acrossRowPlain(to, from, a) }
func blurDown(to []uint16, r *[7][]uint8)                  { blurDownPlain(to, r) }
func blurAcross(to []uint8, from []uint16)                 { blurAcrossPlain(to, from) }
func curveRow(to []uint16, a, b, c []uint8)                { curveRowPlain(to, a, b, c) }
func peakRow(out []uint32, a, b, c []uint16, least uint16) { peakRowPlain(out, a, b, c, least) }

package match_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"testing"

	"touchstone/match"
	"touchstone/picture"
)

// packed is a picture's PNG of fewer bytes than asPNG's, with the same pixels.
func packed(t testing.TB, img picturesque) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestOddSizes holds that pictures too small or too thin to have features are still their own copies, and that whatever is
// compared gives numbers.
func TestOddSizes(t *testing.T) {
	m := match.New(nil, picture.NewDecoder(picture.Limits{}), match.Config{})
	imgs := map[string]picturesque{}
	for _, s := range [][2]int{{16384, 16}, {16, 16384}, {16, 16}, {17, 19}, {1001, 63}, {65, 1003}, {1023, 129}, {300, 300}} {
		imgs[fmt.Sprintf("%d x %d", s[0], s[1])] = scene(3, s[0], s[1])
	}
	for name, img := range imgs {
		for other, o := range imgs {
			a, b := match.Subject{Image: asPNG(t, img)}, match.Subject{Image: packed(t, o)}
			c, err := m.Compare(context.Background(), match.Batch, a, b)
			if err != nil {
				t.Fatal(err)
			}
			if !(c.Score >= 0 && c.Score <= 1 && c.ExpectedFalse >= 0 && c.ExpectedFalse <= 1e6) {
				t.Errorf("%s and %s: score %v, %v expected", name, other, c.Score, c.ExpectedFalse)
			}
			if name == other && (c.Verdict != match.Copy || c.Score < 0.95 || len(c.Edits) > 0) {
				t.Errorf("%s and itself: %v, score %.3f, %q, %+v", name, c.Verdict, c.Score, c.Edits, c.Evidence.Place)
			}
		}
	}
}

package match

import (
	"bytes"
	"image"
	"testing"

	"touchstone/picture/overlay"
)

// TestSheetWithoutRegion holds that a place that can't be drawn costs the place and not the sheet.
func TestSheetWithoutRegion(t *testing.T) {
	img := image.NewYCbCr(image.Rect(0, 0, 64, 64), image.YCbCrSubsampleRatio444)
	pair := overlay.Pair{Genuine: img, Suspect: img, Title: "none"}
	want, err := sheet(pair)
	if err != nil {
		t.Fatal(err)
	}
	pair.Regions = []overlay.Region{{Map: [9]float64{1e-4, 0, 0.5, 0, 1e-4, 0.5, 0, 0, 1}}}
	if got, err := sheet(pair); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, %d bytes, want the %d without a region", err, len(got), len(want))
	}
}

package book_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSurvey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "listings.db")
	b := open(t, path)
	if known, err := b.Survey(t.Context()); known != nil || err != nil {
		t.Errorf("Survey() of a new book = %v, %v", known, err)
	}
	want := map[string]float64{"Acme": 2.5, "Zeta": 0.25}
	for _, survey := range []map[string]float64{{"Acme": 1}, want} {
		if err := b.SetSurvey(t.Context(), survey); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	known, err := open(t, path).Survey(t.Context())
	if d := cmp.Diff(want, known); err != nil || d != "" {
		t.Errorf("Survey(): %v (-want +got):\n%s", err, d)
	}
}

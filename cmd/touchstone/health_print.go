package main

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	healthFew    = 10   // photos, or groups of them, of a kind that are named unless all are asked for
	likelyLook   = 10.0 // how much likelier than others a brand's photos may be matched by chance before it needs a look
	likelyDigits = 3    // of figures
)

// trouble is one kind of it, for people.
type trouble struct {
	name  string
	count int64
	what  string // a photo is counted as: "photo", "group"
	means string
	cure  string
	names []string // of what the server tells of, a line each
}

// troubles are those that an examination looks for, the gravest first.
func (e *examined) troubles() []trouble {
	settle := "settle each by: touchstone standing set --brand BRAND --state normal PHOTO"
	quarantined, muted := "they are in quarantine: what matches them is for people to look at", "they are muted: what matches them is last to be looked at"
	if e.DryRun {
		quarantined, muted = "without --dry-run they go into quarantine", "without --dry-run they are muted"
	}
	troubles := []trouble{
		{"conflicts", e.Conflicts, "photo", "another brand has the photo as well; " + quarantined, "find out whose each is: normal for that brand's, benign for the other's; " + settle, nil},
		{"floods", e.Floods, "photo", "a photo that matches far more listings than others of the brand, as logos, size charts and stock shots do; " + muted, "settle each by: touchstone standing set --brand BRAND --state normal PHOTO, or benign where what matches it means nothing", nil},
		{"plain", e.Plain, "photo", "too little structure to be told by hashes: found by features alone, where the brand has partial matching on", "hand in a photo that shows more, or leave it", nil},
		{"split tone", e.SplitTone, "photo", "two flat tones: hashes say where one ends and little more, so things of the same outline match by them", "hand in a photo that shows more; or, where matches mean nothing: touchstone standing set --brand BRAND --state benign PHOTO", nil},
		{"near duplicates", e.NearDuplicates, "group", "the same picture, or nearly: a listing matches all of a group", "keep one of each: touchstone photos delete", nil},
	}
	for _, g := range e.ConflictGroups {
		troubles[0].names = append(troubles[0].names, e.group(g))
	}
	for _, f := range e.FloodPhotos {
		troubles[1].names = append(troubles[1].names, fmt.Sprintf("%s  %s of %s", e.named(f.photoNamed), amount(int(f.Listings), "listing"), amount(int(f.Sellers), "seller")))
	}
	for _, p := range e.PlainPhotos {
		troubles[2].names = append(troubles[2].names, e.named(p))
	}
	for _, p := range e.SplitTonePhotos {
		troubles[3].names = append(troubles[3].names, e.named(p))
	}
	for _, g := range e.NearDuplicateGroups {
		troubles[4].names = append(troubles[4].names, e.group(g))
	}
	return troubles
}

// print shows the counts, then each kind of trouble that there is with the first of its photos.
func (e *examined) print(a *app, few int) error {
	t := a.table()
	troubles := e.troubles()
	t.row("photos", e.Photos)
	for _, k := range troubles {
		note := ""
		if k.what != "photo" && k.count > 0 {
			note = amount(int(k.count), k.what)
		}
		t.row(k.name, k.count, note)
	}
	t.row("false matches", fmt.Sprintf("%s of a million unrelated images are to be expected, %s are allowed", rounded(e.ExpectedFalseMatchesPerMillion), rounded(e.AllowedFalseMatchesPerMillion)))
	switch {
	case e.Likelihood == 0:
		t.row("likelihood", "not surveyed yet, for lack of photos or of time")
	case e.Likelihood >= likelyLook:
		t.row("likelihood", fmt.Sprintf("%s times that of others to match by chance: look at what matches, and at a stricter rule", rounded(e.Likelihood)))
	default:
		t.row("likelihood", fmt.Sprintf("%s times that of others to match by chance", rounded(e.Likelihood)))
	}
	for _, k := range troubles {
		if k.count == 0 {
			continue
		}
		t.blank()
		t.line(fmt.Sprintf("%s: %s", k.name, k.means))
		t.line("  " + k.cure)
		shown := k.names[:min(few, len(k.names))]
		for _, name := range shown {
			t.line("    " + name)
		}
		switch more := k.count - int64(len(shown)); {
		case more <= 0:
		case len(shown) < len(k.names):
			t.line(fmt.Sprintf("    and %d more: --all names them", more))
		default:
			t.line(fmt.Sprintf("    and %d more, which the server does not name", more))
		}
	}
	return t.flush()
}

// named is a photo's name: its ID, with the brand where it is another one.
func (e *examined) named(p photoNamed) string {
	if p.Brand == e.Brand {
		return printable(p.Photo)
	}
	return printable(p.Brand) + "/" + printable(p.Photo)
}

func (e *examined) group(photos []photoNamed) string {
	names := make([]string, len(photos))
	for i, p := range photos {
		names[i] = e.named(p)
	}
	return strings.Join(names, " = ")
}

// rounded is a number in a few digits: "10", "1.4", "0.066", "1200000".
func rounded(v float64) string {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', likelyDigits, 64), 64)
	if err != nil {
		r = v // no number that is printed so fails to be read
	}
	return strconv.FormatFloat(r, 'f', -1, 64)
}

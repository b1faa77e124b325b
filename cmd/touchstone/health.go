package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"touchstone/client"
	"touchstone/index"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

func newHealth(a *app) *cobra.Command {
	var (
		brand            string
		dry, asJSON, all bool
	)
	cmd := &cobra.Command{
		Use:   "health --brand BRAND",
		Short: "Examine a brand's photos",
		Long: `Examine a brand's photos: which are too plain or split into two tones, which nearly equal each other, which another brand
has as well, which match far more listings than others, and how separable they are. It takes the server some milliseconds
a photo.

Photos that another brand has as well are in quarantine afterwards, and those that flood are muted, unless a person has
settled their standing. With --dry-run standings stay as they are.`,
		Example: "  touchstone health --brand Acme --dry-run",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&brand, "brand", "", "brand whose photos to examine")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "leave standings as they are")
	cmd.Flags().BoolVar(&all, "all", false, fmt.Sprintf("name all photos that the server tells of, rather than the first %d of a kind", healthFew))
	cmd.Flags().BoolVar(&asJSON, "json", false, "an object instead of text, with all photos that the server tells of")
	require(cmd, "brand")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, _ []string) error {
		if err := (index.Key{Brand: brand, ID: "any"}).Validate(); err != nil {
			return usagef("--brand: %w", err)
		}
		report, err := a.examine(ctx, c, &touchstonev1.ExamineBrandRequest{Brand: brand, DryRun: dry})
		if err != nil {
			return err
		}
		e := examinedOf(report, dry)
		if asJSON {
			return a.object(e)
		}
		few := healthFew
		if all {
			few = len(e.PlainPhotos) + len(e.SplitTonePhotos) + len(e.NearDuplicateGroups) + len(e.ConflictGroups) + len(e.FloodPhotos)
		}
		return e.print(a, few)
	})
}

// examine has the server examine a brand, tells how far it is, and returns the report.
func (a *app) examine(ctx context.Context, c *client.Client, q *touchstonev1.ExamineBrandRequest) (*touchstonev1.BrandExamination, error) {
	stream, err := c.ExamineBrand(ctx, q)
	if err != nil {
		return nil, err
	}
	var p *progress
	defer func() {
		if p != nil {
			p.close()
		}
	}()
	var report *touchstonev1.BrandExamination
	done := 0
	for {
		answer, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && report == nil:
			return nil, fmt.Errorf("the server ended without a report: %w", io.ErrUnexpectedEOF)
		case errors.Is(err, io.EOF):
			return report, nil
		case err != nil:
			return nil, err
		}
		if p == nil && answer.GetTotal() > 0 {
			p = a.progress(int(answer.GetTotal()), "photos")
		}
		if now := int(answer.GetDone()); p != nil && now > done {
			p.add(now - done)
			done = now
		}
		if r := answer.GetReport(); r != nil {
			report = r
		}
	}
}

// photoNamed is a photo's name, as --json prints it.
type photoNamed struct {
	Brand string `json:"brand"`
	Photo string `json:"photo"`
}

// photoFlood is a photo that floods, as --json prints it.
type photoFlood struct {
	photoNamed
	Listings int64 `json:"listings"`
	Sellers  int64 `json:"sellers"`
}

// examined is what was found among a brand's photos, as --json prints it. Its words are those of policy.proto.
type examined struct {
	Brand                          string         `json:"brand"`
	Photos                         int64          `json:"photos"`
	CatalogRevision                uint64         `json:"catalog_revision"`
	DryRun                         bool           `json:"dry_run"`
	Plain                          int64          `json:"plain"`
	PlainPhotos                    []photoNamed   `json:"plain_photos"`
	SplitTone                      int64          `json:"split_tone"`
	SplitTonePhotos                []photoNamed   `json:"split_tone_photos"`
	NearDuplicates                 int64          `json:"near_duplicates"`
	NearDuplicateGroups            [][]photoNamed `json:"near_duplicate_groups"`
	Conflicts                      int64          `json:"conflicts"`
	ConflictGroups                 [][]photoNamed `json:"conflict_groups"`
	Floods                         int64          `json:"floods"`
	FloodPhotos                    []photoFlood   `json:"flood_photos"`
	ExpectedFalseMatchesPerMillion float64        `json:"expected_false_matches_per_million"`
	AllowedFalseMatchesPerMillion  float64        `json:"allowed_false_matches_per_million"`
	Likelihood                     float64        `json:"likelihood"` // 0: not surveyed
}

func examinedOf(r *touchstonev1.BrandExamination, dry bool) *examined {
	e := &examined{
		Brand: r.GetBrand(), Photos: r.GetPhotos(), CatalogRevision: r.GetCatalogRevision(), DryRun: dry,
		Plain: r.GetPlain(), PlainPhotos: namedOf(r.GetPlainPhotos()),
		SplitTone: r.GetSplitTone(), SplitTonePhotos: namedOf(r.GetSplitTonePhotos()),
		NearDuplicates: r.GetNearDuplicates(), NearDuplicateGroups: groupsOf(r.GetNearDuplicateGroups()),
		Conflicts: r.GetConflicts(), ConflictGroups: groupsOf(r.GetConflictGroups()),
		Floods: r.GetFloods(), FloodPhotos: []photoFlood{},
		ExpectedFalseMatchesPerMillion: r.GetExpectedFalseMatchesPerMillion(),
		AllowedFalseMatchesPerMillion:  r.GetAllowedFalseMatchesPerMillion(),
		Likelihood:                     r.GetLikelihood(),
	}
	for _, f := range r.GetFloodPhotos() {
		e.FloodPhotos = append(e.FloodPhotos, photoFlood{namedOf([]*touchstonev1.PhotoName{f.GetPhoto()})[0], f.GetListings(), f.GetSellers()})
	}
	return e
}

func namedOf(photos []*touchstonev1.PhotoName) []photoNamed {
	names := make([]photoNamed, len(photos))
	for i, p := range photos {
		names[i] = photoNamed{p.GetBrand(), p.GetPhotoId()}
	}
	return names
}

func groupsOf(groups []*touchstonev1.PhotoGroup) [][]photoNamed {
	all := make([][]photoNamed, len(groups))
	for i, g := range groups {
		all[i] = namedOf(g.GetPhotos())
	}
	return all
}

package main

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"touchstone/client"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/picture"
	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/report"
)

// askers is how many calls of a report are under way at once.
const askers = 8

// gathering is how a report gets what it tells.
type gathering struct {
	*app
	client *client.Client
	report *report.Report

	mu      sync.Mutex
	unknown int // photos of which nothing is known any more
	notes   []string
}

// gather fills the report.
func (g *gathering) gather(ctx context.Context, folders []string) error {
	if err := g.cases(ctx); err != nil {
		return err
	}
	if len(g.report.Cases) == 0 { // a typing mistake must not pass for a quiet brand
		_, err := g.client.ListPhotos(ctx, &touchstonev1.ListPhotosRequest{PageSize: 1, Brands: []string{g.report.Brand}})
		return err
	}
	report.Order(g.report.Cases)
	shown := g.report.Cases[:min(g.report.Shown, len(g.report.Cases))]
	if err := g.photos(ctx); err != nil {
		return err
	}
	found, err := g.originals(ctx, shown, folders)
	if err != nil {
		return err
	}
	if err := g.draw(ctx, shown, found); err != nil {
		return err
	}
	if g.unknown > 0 {
		g.notes = append(g.notes, fmt.Sprintf("Of %s nothing is known any more: hashes and pictures of them are missing.", amount(g.unknown, "photo")))
	}
	g.report.Notes = g.notes
	return nil
}

// cases lists them.
func (g *gathering) cases(ctx context.Context) error {
	p := g.progress(0, "listing images")
	defer p.close()
	filter := &touchstonev1.ListingFilter{
		Brand: g.report.Brand, SeenFrom: timestamppb.New(g.report.Since), SeenBefore: timestamppb.New(g.report.Until),
		Decisions: []touchstonev1.Decision{
			touchstonev1.Decision_DECISION_INFRINGING, touchstonev1.Decision_DECISION_REVIEW,
			touchstonev1.Decision_DECISION_AUTHORISED, touchstonev1.Decision_DECISION_BENIGN,
		},
	}
	return listings(ctx, g.client, filter, func(page *touchstonev1.ListListingsResponse) error {
		g.report.Revision = max(g.report.Revision, page.GetRevision())
		for _, l := range page.GetListings() {
			c := report.Case{Listing: listingFrom(l)}
			g.report.Catalog = max(g.report.Catalog, c.Listing.Decision.Catalog)
			g.report.Cases = append(g.report.Cases, c)
		}
		p.add(len(page.GetListings()))
		return nil
	})
}

// version is a photo as it was at a match.
type version struct {
	index.Key
	revision uint64
}

func versionOf(c *report.Case) version {
	v := version{Key: c.Listing.Decision.Photo}
	for _, h := range c.Listing.Hits {
		if h.Photo == v.Key {
			v.revision = h.Revision
		}
	}
	return v
}

// photos asks for what is known of the cases' photos, once for each.
func (g *gathering) photos(ctx context.Context) error {
	of := map[version][]int{}
	for i := range g.report.Cases {
		v := versionOf(&g.report.Cases[i])
		of[v] = append(of[v], i)
	}
	p := g.progress(len(of), "photos")
	defer p.close()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(askers)
	for v, cases := range of {
		group.Go(func() error {
			defer p.add(1)
			photo, err := g.photo(ctx, v, false)
			if err != nil || photo == nil {
				return err
			}
			known := photoFrom(photo)
			for _, i := range cases {
				g.report.Cases[i].Photo = known
			}
			return nil
		})
	}
	return group.Wait()
}

// photo asks for one; nil where nothing is known of it any more.
func (g *gathering) photo(ctx context.Context, v version, features bool) (*touchstonev1.Photo, error) {
	q := &touchstonev1.GetPhotoRequest{Brand: v.Brand, PhotoId: v.ID, WithFeatures: features}
	if v.revision > 0 {
		q.AsOfRevision = &v.revision
	}
	r, err := g.client.GetPhoto(ctx, q)
	switch status.Code(err) {
	case codes.OK:
		return r.GetPhoto(), nil
	case codes.NotFound, codes.InvalidArgument: // the latter where the catalogue is another one than at the match
		if !features {
			g.mu.Lock()
			g.unknown++
			g.mu.Unlock()
		}
		return nil, nil // as its comment says
	}
	return nil, err
}

// draw gives the cases that are shown their pictures.
func (g *gathering) draw(ctx context.Context, shown []report.Case, found map[[32]byte]string) error {
	p := g.progress(len(shown), "cases")
	defer p.close()
	decoder := picture.NewDecoder(picture.Limits{})
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(askers)
	for i := range shown {
		group.Go(func() error {
			defer p.add(1)
			c := &shown[i]
			genuine, suspect := found[c.Photo.Original.SHA256], found[c.Listing.Original.SHA256]
			if genuine != "" && suspect != "" {
				sheet, err := g.sheet(ctx, decoder, genuine, suspect)
				if err == nil {
					c.Pictures.Sheet = sheet
					return nil
				}
				if !aboutPictures(err) {
					return err
				}
				p.say("touchstone: report: %s and %s can't be drawn: %s", printable(genuine), printable(suspect), status.Convert(err).Message())
			}
			return g.thumbnails(ctx, c)
		})
	}
	return group.Wait()
}

// thumbnails are the small copies of a case's pictures, as far as they are kept.
func (g *gathering) thumbnails(ctx context.Context, c *report.Case) error {
	photo, err := g.photo(ctx, versionOf(c), true)
	if err != nil {
		return err
	}
	l := &c.Listing
	r, err := g.client.GetListing(ctx, &touchstonev1.GetListingRequest{Marketplace: l.Marketplace, ListingId: l.Key.Listing, ImageId: l.Image, WithFeatures: true})
	if err != nil && client.Reason(err) != touchstonev1.ErrorReason_ERROR_REASON_LISTING_NOT_FOUND {
		return err // one that is forgotten meanwhile has no picture any more
	}
	if c.Pictures.Photo, err = thumbnail(photo.GetFingerprint().GetFeatures()); err != nil {
		return fmt.Errorf("photo %s of %s: %w", c.Photo.ID, c.Photo.Brand, err)
	}
	if c.Pictures.Listing, err = thumbnail(r.GetListing().GetFingerprint().GetFeatures()); err != nil {
		return fmt.Errorf("listing %s of %s: %w", l.Key.Listing, l.Marketplace, err)
	}
	return nil
}

// thumbnail is the small copy that features hold; the zero Picture where there are none.
func thumbnail(features []byte) (report.Picture, error) {
	if len(features) == 0 {
		return report.Picture{}, nil
	}
	var s feature.Set
	if err := s.UnmarshalBinary(features); err != nil {
		return report.Picture{}, err
	}
	return report.Thumbnail(s.Thumbnail)
}

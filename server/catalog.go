package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"touchstone/fingerprint"
	"touchstone/fingerprint/feature"
	"touchstone/index"
	"touchstone/match"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

type catalogService struct {
	touchstonev1.UnimplementedCatalogServiceServer

	server  *Server
	index   index.Index
	matcher *match.Matcher
}

func (c *catalogService) AddPhoto(ctx context.Context, r *touchstonev1.AddPhotoRequest) (*touchstonev1.AddPhotoResponse, error) {
	return c.add(ctx, match.Interactive, r.GetPhoto(), r.GetImage())
}

func (c *catalogService) AddPhotos(stream touchstonev1.CatalogService_AddPhotosServer) error {
	return pump(c.server, stream,
		func(ctx context.Context, r *touchstonev1.AddPhotosRequest) (*touchstonev1.AddPhotoResponse, error) {
			return c.add(ctx, match.Batch, r.GetPhoto(), r.GetImage())
		},
		func(id string, added *touchstonev1.AddPhotoResponse, err *spb.Status) *touchstonev1.AddPhotosResponse {
			if err != nil {
				return &touchstonev1.AddPhotosResponse{CorrelationId: id, Answer: &touchstonev1.AddPhotosResponse_Error{Error: err}}
			}
			return &touchstonev1.AddPhotosResponse{CorrelationId: id, Answer: &touchstonev1.AddPhotosResponse_Added{Added: added}}
		})
}

// add onboards a photo. It holds nothing of the lane while the index writes.
func (c *catalogService) add(ctx context.Context, lane match.Lane, w *touchstonev1.Photo, image []byte) (*touchstonev1.AddPhotoResponse, error) {
	p, err := photoFrom(w)
	if err != nil {
		return nil, err
	}
	if there, err := c.unchanged(ctx, p.Key, image); there != nil || err != nil {
		return there, err
	}
	d, err := c.matcher.Describe(ctx, lane, present(image))
	if err != nil {
		return nil, at("image", err)
	}
	p.Original, p.Fingerprint, p.Features = d.Original, d.Fingerprint, d.Features
	stored, err := c.index.Put(ctx, p)
	if err != nil {
		return nil, about("photo", index.ErrInvalid, err)
	}
	return &touchstonev1.AddPhotoResponse{
		Outcome: outcomeTo(stored[0].Outcome), Photo: photoTo(&stored[0].Photo), Warnings: d.Warnings,
	}, nil
}

// unchanged answers for a photo that is there already, or returns nil. Put would find the same, but only after the
// image was described again: an onboarding that is repeated would cost what it did the first time.
func (c *catalogService) unchanged(ctx context.Context, k index.Key, image []byte) (*touchstonev1.AddPhotoResponse, error) {
	p, err := c.index.Get(ctx, k)
	if errors.Is(err, index.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if p.Fingerprint.Recipe != fingerprint.Current || p.Original.Bytes != int64(len(image)) || p.Original.SHA256 != sha256.Sum256(image) {
		return nil, nil
	}
	// A photo without features, or with those of another recipe, is described anew to gain them.
	switch f, err := c.index.Features(ctx, k, p.Revision); {
	case errors.Is(err, index.ErrNotFound) || err == nil && f.Recipe != feature.Current:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &touchstonev1.AddPhotoResponse{Outcome: touchstonev1.Outcome_OUTCOME_UNCHANGED, Photo: photoTo(&p)}, nil
}

func (c *catalogService) GetPhoto(ctx context.Context, r *touchstonev1.GetPhotoRequest) (*touchstonev1.GetPhotoResponse, error) {
	k, err := keyFrom(r.GetBrand(), r.GetPhotoId())
	if err != nil {
		return nil, err
	}
	p, err := c.get(ctx, k, r.AsOfRevision)
	if err != nil {
		return nil, err
	}
	w := photoTo(&p)
	if r.GetWithFeatures() {
		if err := c.features(ctx, &p, w); err != nil {
			return nil, err
		}
	}
	return &touchstonev1.GetPhotoResponse{Photo: w}, nil
}

// features adds those of a photo, where it has any, to its fingerprint: those of p, whatever has become of it since.
func (c *catalogService) features(ctx context.Context, p *index.Photo, w *touchstonev1.Photo) error {
	f, err := c.index.Features(ctx, p.Key, p.Revision)
	if errors.Is(err, index.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return withFeatures(w.GetFingerprint(), &f)
}

func (c *catalogService) get(ctx context.Context, k index.Key, revision *uint64) (index.Photo, error) {
	if revision == nil {
		p, err := c.index.Get(ctx, k)
		return p, about("photo_id", index.ErrNotFound, err)
	}
	if *revision == 0 {
		return index.Photo{}, refuse("as_of_revision", "1 or more, or left out")
	}
	p, err := c.index.At(ctx, k, *revision)
	return p, about("photo_id", index.ErrNotFound, about("as_of_revision", index.ErrQuery, err))
}

func (c *catalogService) ListPhotos(ctx context.Context, r *touchstonev1.ListPhotosRequest) (*touchstonev1.ListPhotosResponse, error) {
	size, err := pageSize(r.GetPageSize(), defaultPage)
	if err != nil {
		return nil, err
	}
	f, err := filterFrom(r.GetBrands(), r.GetProducts())
	if err != nil {
		return nil, err
	}
	q := queryOf("photos", f)
	after, err := q.after(r.GetPageToken())
	if err != nil {
		return nil, err
	}
	photos, err := c.index.List(ctx, f, after, size+1)
	if r.GetPageToken() != "" && (errors.Is(err, index.ErrUnknownBrand) || errors.Is(err, index.ErrUnknownProduct)) {
		err = nil // the page before had them: the last were deleted since
	}
	if err != nil {
		return nil, err
	}
	page, bytes := &touchstonev1.ListPhotosResponse{}, 0
	for i := range photos {
		w := photoTo(&photos[i])
		bytes += proto.Size(w)
		if len(page.Photos) == size || (i > 0 && bytes > pageBytes) {
			page.NextPageToken = q.token(photos[i-1].Key)
			break
		}
		page.Photos = append(page.Photos, w)
	}
	return page, nil
}

func (c *catalogService) DeletePhoto(ctx context.Context, r *touchstonev1.DeletePhotoRequest) (*touchstonev1.DeletePhotoResponse, error) {
	k, err := keyFrom(r.GetBrand(), r.GetPhotoId())
	if err != nil {
		return nil, err
	}
	if err := c.index.Delete(ctx, k); err != nil {
		return nil, about("photo_id", index.ErrNotFound, err)
	}
	return &touchstonev1.DeletePhotoResponse{}, nil
}

func (c *catalogService) UpdatePhoto(ctx context.Context, r *touchstonev1.UpdatePhotoRequest) (*touchstonev1.UpdatePhotoResponse, error) {
	if r.GetPhoto() == nil {
		return nil, refuse("photo", "required")
	}
	k, err := keyFrom(r.GetPhoto().GetBrand(), r.GetPhoto().GetPhotoId())
	if err != nil {
		return nil, at("photo", err)
	}
	change, err := maskFrom(r)
	if err != nil {
		return nil, err
	}
	if r.ExpectedRevision != nil && r.GetExpectedRevision() == 0 {
		return nil, refuse("expected_revision", "1 or more, or left out")
	}
	p, err := c.update(ctx, k, change, r.GetExpectedRevision())
	if err != nil {
		return nil, err
	}
	return &touchstonev1.UpdatePhotoResponse{Photo: photoTo(&p)}, nil
}

// How often an update that expects no revision is tried when others change the same photo, and the longest wait for the
// change of another to be on the disk, before which it can't be read: some two seconds in all.
const (
	updates    = 25
	updateWait = 100 * time.Millisecond
)

// update changes the metadata that a photo has, when it has the given revision (0: whichever).
func (c *catalogService) update(ctx context.Context, k index.Key, change func(*index.Metadata), revision uint64) (index.Photo, error) {
	for try := 1; ; try++ {
		p, err := c.index.Get(ctx, k)
		if err != nil {
			return index.Photo{}, about("photo.photo_id", index.ErrNotFound, err)
		}
		known := p.Revision
		if revision != 0 {
			known = revision
		}
		m := p.Metadata
		change(&m)
		if err := m.Validate(); err != nil {
			return index.Photo{}, at("photo", err)
		}
		p, err = c.index.Update(ctx, k, m, known)
		switch {
		case err == nil:
			return p, nil
		case !errors.Is(err, index.ErrConflict):
			return index.Photo{}, about("photo.photo_id", index.ErrNotFound, err)
		case revision != 0:
			return index.Photo{}, at("expected_revision", err)
		case try == updates:
			return index.Photo{}, fmt.Errorf("update %v, %d times: %w", k, try, err)
		}
		select {
		case <-time.After(min(time.Millisecond<<try, updateWait)):
		case <-ctx.Done():
			return index.Photo{}, ctx.Err()
		}
	}
}

// about locates an error at a field if it is of that kind.
func about(field string, kind, err error) error {
	if errors.Is(err, kind) {
		return at(field, err)
	}
	return err
}

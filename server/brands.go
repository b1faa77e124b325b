package server

import (
	"context"
	"slices"

	"touchstone/index"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

func (c *catalogService) ListBrands(ctx context.Context, r *touchstonev1.ListBrandsRequest) (*touchstonev1.ListBrandsResponse, error) {
	size, err := pageSize(r.GetPageSize(), maxPage)
	if err != nil {
		return nil, err
	}
	q := queryOf("brands", index.Filter{})
	after, err := q.after(r.GetPageToken())
	if err != nil {
		return nil, err
	}
	brands, err := c.index.Brands(ctx)
	if err != nil {
		return nil, err
	}
	page := &touchstonev1.ListBrandsResponse{}
	for _, b := range brands {
		if b.Brand <= after.Brand {
			continue
		}
		if n := len(page.Brands); n == size {
			page.NextPageToken = q.token(index.Key{Brand: page.Brands[n-1].GetBrand()})
			break
		}
		w, err := c.brand(ctx, b)
		if err != nil {
			return nil, err
		}
		page.Brands = append(page.Brands, w)
	}
	return page, nil
}

// brand is what is known of a brand, and how it is treated.
func (c *catalogService) brand(ctx context.Context, b index.BrandCount) (*touchstonev1.Brand, error) {
	s, err := c.index.Brand(ctx, b.Brand)
	if err != nil {
		return nil, err
	}
	return &touchstonev1.Brand{Brand: b.Brand, Photos: int64(b.Photos), Products: int64(b.Products), Partial: s.Partial}, nil
}

func (c *catalogService) GetBrand(ctx context.Context, r *touchstonev1.GetBrandRequest) (*touchstonev1.GetBrandResponse, error) {
	b, err := c.counted(ctx, r.GetBrand())
	if err != nil {
		return nil, err
	}
	return &touchstonev1.GetBrandResponse{Brand: b}, nil
}

func (c *catalogService) UpdateBrand(ctx context.Context, r *touchstonev1.UpdateBrandRequest) (*touchstonev1.UpdateBrandResponse, error) {
	if err := brandFrom(r.GetBrand()); err != nil {
		return nil, err
	}
	if r.Partial != nil {
		if err := c.index.SetBrand(ctx, r.GetBrand(), index.BrandSettings{Partial: r.GetPartial()}); err != nil {
			return nil, err
		}
	}
	b, err := c.counted(ctx, r.GetBrand())
	if err != nil {
		return nil, err
	}
	return &touchstonev1.UpdateBrandResponse{Brand: b}, nil
}

// counted is a brand with its photos, if it has any.
func (c *catalogService) counted(ctx context.Context, name string) (*touchstonev1.Brand, error) {
	if err := brandFrom(name); err != nil {
		return nil, err
	}
	brands, err := c.index.Brands(ctx)
	if err != nil {
		return nil, err
	}
	of := index.BrandCount{Brand: name}
	if i := slices.IndexFunc(brands, func(b index.BrandCount) bool { return b.Brand == name }); i >= 0 {
		of = brands[i]
	}
	return c.brand(ctx, of)
}

// brandFrom checks a brand's name.
func brandFrom(name string) error {
	_, err := keyFrom(name, "-")
	return err
}

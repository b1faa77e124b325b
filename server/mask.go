package server

import (
	"fmt"
	"slices"

	"touchstone/index"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// change copies one field of metadata.
type change func(to, from *index.Metadata)

// changeable are the fields of a photo that an update can change, in the words of its mask.
func changeable(path string) change {
	switch path {
	case "product":
		return func(to, from *index.Metadata) { to.Product = from.Product }
	case "variant":
		return func(to, from *index.Metadata) { to.Variant = from.Variant }
	case "source_uri":
		return func(to, from *index.Metadata) { to.SourceURI = from.SourceURI }
	case "labels":
		return func(to, from *index.Metadata) { to.Labels = from.Labels }
	case "list_price":
		return func(to, from *index.Metadata) { to.ListPrice = from.ListPrice }
	}
	return nil
}

// maskFrom returns what an update changes.
func maskFrom(r *touchstonev1.UpdatePhotoRequest) (func(*index.Metadata), error) {
	from := metadataFrom(r.GetPhoto())
	paths := r.GetUpdateMask().GetPaths()
	if slices.Equal(paths, []string{"*"}) {
		return func(to *index.Metadata) { *to = from }, nil
	}
	if len(paths) == 0 {
		paths = filled(r.GetPhoto())
	}
	changes := make([]change, 0, len(paths))
	for i, path := range paths {
		c := changeable(path)
		if c == nil {
			return nil, refuse(fmt.Sprintf("update_mask.paths[%d]", i),
				`one of product, variant, source_uri, labels and list_price, or "*" alone; got %.40q`, path)
		}
		changes = append(changes, c)
	}
	return func(to *index.Metadata) {
		for _, c := range changes {
			c(to, &from)
		}
	}, nil
}

// filled are the fields of metadata that are not empty.
func filled(p *touchstonev1.Photo) []string {
	var paths []string
	for _, f := range []struct {
		path string
		set  bool
	}{
		{"product", p.GetProduct() != ""},
		{"variant", p.GetVariant() != ""},
		{"source_uri", p.GetSourceUri() != ""},
		{"labels", len(p.GetLabels()) > 0},
		{"list_price", p.GetListPrice() != nil},
	} {
		if f.set {
			paths = append(paths, f.path)
		}
	}
	return paths
}

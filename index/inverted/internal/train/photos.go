package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"touchstone/fingerprint/feature"
	"touchstone/picture"
)

// What is taken of a photo: more features than sets keep, from as many pixels.
const (
	side = 800
	most = 2000
)

// descriptors is those of the photos in some folders, each with its mirror image behind it, and the number of photos.
func descriptors(dir string, folders []string) ([]feature.Descriptor, int, error) {
	var names []string
	for _, f := range folders {
		err := filepath.WalkDir(filepath.Join(dir, f), func(name string, e fs.DirEntry, err error) error {
			switch strings.ToLower(filepath.Ext(name)) {
			case ".jpg", ".jpeg", ".png":
				names = append(names, name)
			}
			return err
		})
		if err != nil {
			return nil, 0, err
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return nil, 0, fmt.Errorf("no photos in %s", dir)
	}
	decoder := picture.NewDecoder(picture.Limits{})
	of := make([][]feature.Descriptor, len(names))
	errs := make([]error, len(names))
	parallel(len(names), func(i int) {
		b, err := os.ReadFile(names[i])
		if err != nil {
			errs[i] = err
			return
		}
		p, err := decoder.Decode(context.Background(), b, side)
		if err != nil {
			errs[i] = fmt.Errorf("%s: %w", names[i], err)
			return
		}
		for _, f := range feature.Extract(p.Image, p.Width, p.Height, feature.Options{Side: side, Most: most}).Features {
			of[i] = append(of[i], f.Descriptor, f.Descriptor.Mirrored())
		}
	})
	return slices.Concat(of...), len(names), errors.Join(errs...)
}

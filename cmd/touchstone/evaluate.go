package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"touchstone/fingerprint"
	"touchstone/index"
	"touchstone/index/local"
	"touchstone/match"
	"touchstone/picture"
)

// evalBatch is how many photos eval stores at a time.
const evalBatch = 256

// evaluator onboards a catalogue into a temporary index and asks it.
type evaluator struct {
	*app
	catalog, queries, truth, products string
	results                           string

	edit, strangers string // what suspects are made by, and of what else
	most            int
	seed            uint64

	decoder *picture.Decoder
	photos  index.Index
	matcher *match.Matcher
}

func (e *evaluator) evaluate(ctx context.Context) (_ evaluation, err error) {
	var truth, products [][]string
	if e.edit == "" {
		if truth, err = readTSV(e.truth, truthColumns); err != nil {
			return evaluation{}, err
		}
	}
	if e.products != "" {
		if products, err = readTSV(e.products, catalogColumns); err != nil {
			return evaluation{}, err
		}
	}
	folder, err := os.MkdirTemp("", "touchstone-eval-")
	if err != nil {
		return evaluation{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if e.photos, err = openStore(ctx, filepath.Join(folder, storeName), local.Options{}); err != nil {
		return evaluation{}, err
	}
	defer func() { err = errors.Join(err, e.photos.Close()) }()
	e.decoder = picture.NewDecoder(picture.Limits{})
	e.matcher = match.New(e.photos, e.decoder, match.Config{})
	var v evaluation
	files, err := allPictures(e.catalog)
	if err != nil {
		return evaluation{}, err
	}
	ids, err := e.names(files, truth, products)
	if err != nil {
		return evaluation{}, err
	}
	photos, err := e.onboard(ctx, files, ids, products, &v)
	if err != nil {
		return evaluation{}, err
	}
	questions := e.listed(truth)
	if e.edit != "" {
		if questions, err = e.made(photos); err != nil {
			return evaluation{}, err
		}
	}
	all, err := e.ask(ctx, questions, &v)
	if err != nil {
		return evaluation{}, err
	}
	if v.Variants, err = e.variants(ctx, photos, questions, all); err != nil {
		return evaluation{}, err
	}
	if e.results == "" {
		return v, nil
	}
	return v, writeResults(e.results, questions, all)
}

// names returns the photo ID of each picture of the catalogue, and tells where the lists name others. Errors: the truth
// names no photo that is there.
func (e *evaluator) names(files []file, truth, products [][]string) ([]string, error) {
	const ofTruth, ofProducts = 3, 0
	listed, positives := make(map[string]bool), 0
	for _, t := range truth {
		listed[t[ofTruth]] = true
		if t[ofTruth] != noPhoto {
			positives++
		}
	}
	for _, p := range products {
		listed[p[ofProducts]] = true
	}
	ids := identify(files, listed)
	there := make(map[string]bool, len(ids))
	for _, id := range ids {
		there[id] = true
	}
	if n, line, id := unknown(truth, ofTruth, there); n > 0 && n == positives {
		return nil, hinted(fmt.Errorf("%s: line %d: no photo %s in %s, nor any other that is named", e.truth, line, printable(id), e.catalog),
			"a photo's ID is its path in the folder, with or without the ending")
	}
	for _, list := range []struct {
		name  string
		lines [][]string
		field int
	}{{e.truth, truth, ofTruth}, {e.products, products, ofProducts}} {
		if n, line, id := unknown(list.lines, list.field, there); n > 0 {
			e.say("touchstone: eval: %s names %s not in %s: line %d: %s", list.name, amount(n, "photo"), e.catalog, line, printable(id))
		}
	}
	return ids, nil
}

// genuine is a photo of the catalogue.
type genuine struct {
	file
	index.Metadata
	id  string
	sum [32]byte // of its bytes
}

// onboard stores the catalogue, and returns the photos that could be.
func (e *evaluator) onboard(ctx context.Context, files []file, ids []string, products [][]string, v *evaluation) ([]genuine, error) {
	known := make(map[string]index.Metadata, len(products))
	for _, p := range products {
		known[p[0]] = index.Metadata{Product: p[1], Variant: p[2]}
	}
	described := make([]index.Photo, len(files))
	refused := make([]error, len(files))
	p := e.progress(len(files), "photos")
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range files {
		g.Go(func() error {
			defer p.add(1)
			described[i], refused[i] = e.describe(gctx, f.path, ids[i])
			return gctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var (
		sound  []index.Photo
		photos []genuine
	)
	for i := range described {
		if refused[i] == nil {
			d := &described[i]
			d.Metadata = known[d.ID]
			sound = append(sound, *d)
			photos = append(photos, genuine{files[i], d.Metadata, d.ID, d.Original.SHA256})
		}
	}
	for batch := range slices.Chunk(sound, evalBatch) {
		if _, err := e.photos.Put(ctx, batch...); err != nil {
			return nil, fmt.Errorf("store the catalogue: %w", err)
		}
	}
	v.Photos = len(sound)
	v.Onboarding = rate(len(files), p.close())
	for i, err := range refused {
		switch {
		case err == nil:
			continue
		case errors.Is(err, fingerprint.ErrPlain):
			v.TooPlain++
		default:
			v.Unreadable++
		}
		e.say("touchstone: eval: photo %s: %s", printable(files[i].rel), err)
	}
	if v.Photos == 0 {
		return nil, fmt.Errorf("no photo in %s could be onboarded", e.catalog)
	}
	return photos, nil
}

func (e *evaluator) describe(ctx context.Context, path, id string) (index.Photo, error) {
	b, err := readPicture(path, e.decoder.Limits().Bytes)
	if err != nil {
		return index.Photo{}, err
	}
	d, err := e.matcher.Describe(ctx, match.Batch, b)
	if err != nil {
		return index.Photo{}, err
	}
	return index.Photo{
		Key:         index.Key{Brand: "eval", ID: id},
		Original:    d.Original,
		Fingerprint: d.Fingerprint,
		Features:    d.Features,
	}, nil
}

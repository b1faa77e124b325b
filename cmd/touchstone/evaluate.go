package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"

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

	decoder *picture.Decoder
	photos  index.Index
	matcher *match.Matcher
}

func (e *evaluator) evaluate(ctx context.Context) (_ evaluation, err error) {
	truth, err := readTSV(e.truth, truthColumns)
	if err != nil {
		return evaluation{}, err
	}
	products, err := readTSV(e.products, catalogColumns)
	if err != nil {
		return evaluation{}, err
	}
	folder, err := os.MkdirTemp("", "touchstone-eval-")
	if err != nil {
		return evaluation{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	photos, err := openStore(ctx, filepath.Join(folder, storeName), local.Options{})
	if err != nil {
		return evaluation{}, err
	}
	defer func() { err = errors.Join(err, photos.Close()) }()
	e.photos, e.decoder = photos, picture.NewDecoder(picture.Limits{})
	e.matcher = match.New(photos, e.decoder, match.Config{})
	var v evaluation
	files, err := allPictures(e.catalog)
	if err != nil {
		return evaluation{}, err
	}
	ids, err := e.names(files, truth, products)
	if err != nil {
		return evaluation{}, err
	}
	if err := e.onboard(ctx, files, ids, products, &v); err != nil {
		return evaluation{}, err
	}
	if err := e.ask(ctx, truth, &v); err != nil {
		return evaluation{}, err
	}
	return v, nil
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

// onboard stores the catalogue.
func (e *evaluator) onboard(ctx context.Context, files []file, ids []string, products [][]string, v *evaluation) error {
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
		return err
	}
	var sound []index.Photo
	for i := range described {
		if refused[i] == nil {
			described[i].Metadata = known[described[i].ID]
			sound = append(sound, described[i])
		}
	}
	for batch := range slices.Chunk(sound, evalBatch) {
		if _, err := e.photos.Put(ctx, batch...); err != nil {
			return fmt.Errorf("store the catalogue: %w", err)
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
		return fmt.Errorf("no photo in %s could be onboarded", e.catalog)
	}
	return nil
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

// found is what was found for a query.
type found struct {
	best  match.Match // of the zero Key: none
	fault string      // why there is no answer
}

// ask matches the queries and works the figures out.
func (e *evaluator) ask(ctx context.Context, truth [][]string, v *evaluation) error {
	all := make([]found, len(truth))
	// Matches of low score are asked for as well: without them the curves would end early.
	o := match.Options{MinScore: -1, Limit: 1}
	p := e.progress(len(truth), "queries")
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range truth {
		g.Go(func() (err error) {
			defer p.add(1)
			all[i], err = e.find(gctx, t[0], o)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	v.Queries, v.Matching = len(truth), rate(len(truth), p.close())
	answers := make([]answer, len(truth))
	for i, t := range truth {
		f := &all[i]
		id, product := t[3], t[4]
		a := answer{edit: t[1], strength: t[2], positive: id != noPhoto, score: unanswered}
		if f.fault != "" {
			v.Unanswered++
			e.say("touchstone: eval: query %s: %s", printable(t[0]), f.fault)
		}
		if best := f.best; best.Photo.ID != "" {
			a.score = best.Score
			a.right = a.positive && (best.Photo.ID == id || (product != "" && best.Photo.Product == product))
		}
		if a.positive {
			v.Positives++
		} else {
			v.Negatives++
		}
		answers[i] = a
	}
	v.figures = figure(answers)
	if e.results == "" {
		return nil
	}
	return writeResults(e.results, truth, all)
}

func (e *evaluator) find(ctx context.Context, query string, o match.Options) (found, error) {
	b, err := readPicture(filepath.Join(e.queries, filepath.FromSlash(query)), e.decoder.Limits().Bytes)
	if err != nil {
		return found{}, hinted(err, "%s names the queries relative to %s", e.truth, e.queries)
	}
	r, err := e.matcher.Match(ctx, match.Batch, match.Subject{Image: b}, o)
	var f found
	switch {
	case err != nil:
		f.fault = err.Error()
	case r.Status == match.TooPlain:
		f.fault = r.Reason
	case len(r.Matches) > 0:
		f.best = r.Matches[0]
	}
	return f, ctx.Err() // with another error the query has no answer, which is a figure too
}

// writeResults writes what was found for each query.
func writeResults(name string, truth [][]string, all []found) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for i, t := range truth {
		id, score := noPhoto, 0.0
		if best := all[i].best; best.Photo.ID != "" {
			id, score = best.Photo.ID, best.Score
		}
		// The writer keeps its first error for Flush.
		_, _ = io.WriteString(w, t[0]+"\t"+id+"\t"+strconv.FormatFloat(score, 'g', -1, 64)+"\n")
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

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
	"time"

	"golang.org/x/sync/errgroup"

	"touchstone/match"
)

// question is a query of known truth.
type question struct {
	name           string
	edit, strength string
	id, product    string // of the photo that it was made from; id is noPhoto where that is not in the catalogue
	sum            [32]byte
	image          func(ctx context.Context) ([]byte, error)
}

// listed are the queries that the truth lists.
func (e *evaluator) listed(truth [][]string) []question {
	questions := make([]question, len(truth))
	for i, t := range truth {
		questions[i] = question{
			name: t[0], edit: t[1], strength: t[2], id: t[3], product: t[4],
			image: func(context.Context) ([]byte, error) {
				b, err := readPicture(filepath.Join(e.queries, filepath.FromSlash(t[0])), e.decoder.Limits().Bytes)
				return b, hinted(err, "%s names the queries relative to %s", e.truth, e.queries)
			},
		}
	}
	return questions
}

// found is what was found for a query.
type found struct {
	best  match.Match // of the zero Key: none
	took  time.Duration
	fault string // why there is no answer
}

// search matches queries.
func (e *evaluator) search(ctx context.Context, questions []question, p *progress) ([]found, error) {
	all := make([]found, len(questions))
	// Matches of low score are asked for as well: without them the curves would end early.
	o := match.Options{MinScore: -1, Limit: 1}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range questions {
		g.Go(func() (err error) {
			defer p.add(1)
			all[i], err = e.find(ctx, &questions[i], o)
			return err
		})
	}
	return all, g.Wait()
}

// ask matches the queries and works the figures out.
func (e *evaluator) ask(ctx context.Context, questions []question, v *evaluation) ([]found, error) {
	p := e.progress(len(questions), "queries")
	all, err := e.search(ctx, questions, p)
	if err != nil {
		return nil, err
	}
	v.Queries, v.Matching = len(questions), rate(len(questions), p.close())
	v.P50, v.P99 = percentiles(all)
	answers := make([]answer, len(questions))
	for i := range questions {
		q, f := &questions[i], &all[i]
		a := answer{edit: q.edit, strength: q.strength, positive: q.id != noPhoto, score: unanswered}
		if f.fault != "" {
			v.Unanswered++
			e.say("touchstone: eval: query %s: %s", printable(q.name), f.fault)
		}
		if best := &f.best; best.Photo.ID != "" {
			a.score = best.Score
			a.right = a.positive && (best.Photo.ID == q.id || (q.product != "" && best.Photo.Product == q.product) || best.Photo.Original.SHA256 == q.sum)
		}
		if a.positive {
			v.Positives++
		} else {
			v.Negatives++
		}
		answers[i] = a
	}
	v.figures = figure(answers)
	return all, nil
}

func (e *evaluator) find(ctx context.Context, q *question, o match.Options) (found, error) {
	b, err := q.image(ctx)
	if err != nil {
		return found{}, err
	}
	began := time.Now()
	r, err := e.matcher.Match(ctx, match.Batch, match.Subject{Image: b}, o)
	f := found{took: time.Since(began)}
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

// percentiles are of the time that matches took, in milliseconds; 0 where there are none.
func percentiles(all []found) (p50, p99 float64) {
	if len(all) == 0 {
		return 0, 0
	}
	took := make([]float64, len(all))
	for i := range all {
		took[i] = float64(all[i].took) / float64(time.Millisecond)
	}
	slices.Sort(took)
	return took[(len(took)-1)/2], took[(len(took)-1)*99/100]
}

// recolouring are the edits that change colours, by the names that the truth has for them.
var recolouring = []string{"recolour", "tone"}

// variants tells how often the right variant comes first, among products of several; nil where there are none.
func (e *evaluator) variants(ctx context.Context, photos []genuine, questions []question, all []found) (*variantFigures, error) {
	of := make(map[string]string, len(photos)) // variants by ID
	first := make(map[string]string)           // by product
	several := make(map[string]bool)
	for _, p := range photos {
		of[p.id] = p.Variant
		if p.Product == "" {
			continue
		}
		if v, ok := first[p.Product]; !ok {
			first[p.Product] = p.Variant
		} else if v != p.Variant {
			several[p.Product] = true
		}
	}
	if len(several) == 0 {
		return nil, nil
	}
	count := func(questions []question, all []found) rightVariant {
		n, right := 0, 0
		for i := range questions {
			q, best := &questions[i], &all[i].best
			if q.id == noPhoto || !several[q.product] || slices.Contains(recolouring, q.edit) {
				continue
			}
			n++
			if best.Photo.Product == q.product && best.Photo.Variant == of[q.id] {
				right++
			}
		}
		return rightVariant{n, share(right, n)}
	}
	var unedited []question
	for _, p := range photos {
		if several[p.Product] {
			unedited = append(unedited, e.unedited(p))
		}
	}
	p := e.progress(len(unedited), "photos of variants")
	themselves, err := e.search(ctx, unedited, p)
	p.close()
	if err != nil {
		return nil, err
	}
	return &variantFigures{Unedited: count(unedited, themselves), ColoursKept: count(questions, all)}, nil
}

func (e *evaluator) unedited(p genuine) question {
	return question{name: p.rel, edit: "none", id: p.id, product: p.Product, sum: p.sum, image: func(context.Context) ([]byte, error) {
		return readPicture(p.path, e.decoder.Limits().Bytes)
	}}
}

// writeResults writes what was found for each query.
func writeResults(name string, questions []question, all []found) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for i := range questions {
		id, score := noPhoto, 0.0
		if best := all[i].best; best.Photo.ID != "" {
			id, score = best.Photo.ID, best.Score
		}
		// The writer keeps its first error for Flush.
		_, _ = io.WriteString(w, questions[i].name+"\t"+id+"\t"+strconv.FormatFloat(score, 'g', -1, 64)+"\n")
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"touchstone/index"
	"touchstone/listing"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// The most that is put by one call: grants, and bytes of them, far below what a server takes at once.
const (
	batchGrants = 1000
	batchBytes  = 4 << 20
)

// grantsImport is a run of grants import.
type grantsImport struct {
	*app
	name string // of the file
	// put is the server's call, or what stands in for it.
	put func(context.Context, *touchstonev1.PutGrantsRequest, ...grpc.CallOption) (*touchstonev1.PutGrantsResponse, error)

	progress *progress
	summary  grantsSummary
	lines    []int                         // where the grants that wait stand in the file
	waiting  []*touchstonev1.Grant         // those, as the wire has them
	bytes    int                           // of them
	accounts map[[2]string][]listing.Grant // those checked, by brand and seller
}

// grantsSummary is what an import came to, as --json prints it.
type grantsSummary struct {
	Added     int    `json:"added"`
	Replaced  int    `json:"replaced"`
	Unchanged int    `json:"unchanged"`
	Valid     int    `json:"valid,omitempty"` // in place of these three where nothing is changed
	Refused   int    `json:"refused"`
	Revision  uint64 `json:"revision,omitempty"` // from which on all that was taken is there

	dry bool
}

func (s *grantsSummary) lines() int { return s.Added + s.Replaced + s.Unchanged + s.Valid + s.Refused }

func (s *grantsSummary) print(a *app) error {
	t := a.table()
	if s.dry {
		t.row("valid", s.Valid)
	} else {
		t.row("added", s.Added)
		t.row("replaced", s.Replaced)
		t.row("unchanged", s.Unchanged)
	}
	t.row("refused", s.Refused)
	if s.Revision > 0 {
		t.row("revision", s.Revision)
	}
	return t.flush()
}

// run puts the grants of a CSV. It returns what was done, with an error as well where the rest was not.
func (i *grantsImport) run(ctx context.Context, csv io.Reader) (*grantsSummary, error) {
	i.progress = i.app.progress(0, "grants")
	defer i.progress.close()
	for l, err := range listing.ReadGrants(csv) {
		var bad *listing.LineError
		switch {
		case errors.As(err, &bad):
			i.refuse(bad.Line, broken(bad.Err))
			continue
		case err != nil:
			return &i.summary, errors.Join(i.flush(ctx), fmt.Errorf("%s: %w", i.name, err))
		}
		w := wireGrant(l.Grant)
		size := proto.Size(w)
		if len(i.waiting) == batchGrants || i.bytes+size > batchBytes {
			if err := i.flush(ctx); err != nil {
				return &i.summary, err
			}
		}
		i.lines, i.waiting, i.bytes = append(i.lines, l.Line), append(i.waiting, w), i.bytes+size
	}
	return &i.summary, i.flush(ctx)
}

// refuse reports a line that can't be taken.
func (i *grantsImport) refuse(line int, why string) {
	i.summary.Refused++
	i.progress.add(1)
	i.progress.say("touchstone: grants import: %s: line %d: %s", i.name, line, why)
}

// broken is an error of a line as a server would put it: the field, and what is wrong with it.
func broken(err error) string {
	var f *index.FieldError
	if errors.As(err, &f) {
		return f.Field + ": " + f.Want
	}
	return err.Error()
}

// flush puts the grants that wait.
func (i *grantsImport) flush(ctx context.Context) error {
	if len(i.waiting) == 0 {
		return nil
	}
	r, err := i.put(ctx, &touchstonev1.PutGrantsRequest{Grants: i.waiting})
	if err != nil {
		return err
	}
	if len(r.GetResults()) != len(i.waiting) {
		return fmt.Errorf("the server answered %d of %d grants", len(r.GetResults()), len(i.waiting))
	}
	taken := 0
	for n, s := range r.GetResults() {
		if codes.Code(s.GetCode()) == codes.OK { // codes are not negative
			taken++
			continue
		}
		i.refuse(i.lines[n], s.GetMessage())
	}
	i.progress.add(taken)
	i.summary.Added += int(r.GetAdded())
	i.summary.Replaced += int(r.GetReplaced())
	i.summary.Unchanged += int(r.GetUnchanged())
	i.summary.Revision = max(i.summary.Revision, r.GetRevision())
	if i.summary.dry {
		i.summary.Valid += taken
	}
	i.lines, i.waiting, i.bytes = i.lines[:0], i.waiting[:0], 0
	return nil
}

// check stands in for the server: it tells which of the grants disagree with others of the file.
func (i *grantsImport) check(_ context.Context, q *touchstonev1.PutGrantsRequest, _ ...grpc.CallOption) (*touchstonev1.PutGrantsResponse, error) {
	if i.accounts == nil {
		i.accounts = make(map[[2]string][]listing.Grant)
	}
	r := &touchstonev1.PutGrantsResponse{}
	for _, w := range q.GetGrants() {
		g := grantOf(w)
		var others []listing.Grant
		for _, s := range g.Sellers {
			others = append(others, i.accounts[[2]string{g.Brand, s}]...)
		}
		err := listing.Disagrees(g, others)
		if err != nil {
			r.Results = append(r.Results, status.New(codes.InvalidArgument, broken(err)).Proto())
			continue
		}
		r.Results = append(r.Results, status.New(codes.OK, "").Proto())
		for _, s := range g.Sellers {
			of := [2]string{g.Brand, s}
			i.accounts[of] = append(i.accounts[of], g)
		}
	}
	return r, nil
}

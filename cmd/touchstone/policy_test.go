package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"touchstone/listing"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// policies is a PolicyService in memory, for the verbs to talk to: revisions, pages and refusals are those of the contract.
type policies struct {
	touchstonev1.UnimplementedPolicyServiceServer

	mu        sync.Mutex
	grants    [][]*touchstonev1.Grant // by revision, in order
	rules     []*touchstonev1.GetRulesResponse
	standings []*touchstonev1.PhotoStanding
	calls     int   // of PutGrants
	fail      error // what the next PutGrants ends with, after one more has been answered
	most      int   // grants in a page; 0: as asked
}

func policyRefusal(code codes.Code, reason, message string) *status.Status {
	s, err := status.New(code, message).WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: "touchstone"})
	if err != nil {
		panic(err) // a detail that can't be encoded: a mistake here
	}
	return s
}

func (p *policies) now() []*touchstonev1.Grant {
	if len(p.grants) == 0 {
		return nil
	}
	return p.grants[len(p.grants)-1]
}

func (p *policies) PutGrants(_ context.Context, q *touchstonev1.PutGrantsRequest) (*touchstonev1.PutGrantsResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.calls++; p.fail != nil && p.calls > 1 {
		return nil, p.fail
	}
	if n := len(q.GetGrants()); n < 1 || n > 1000 {
		return nil, policyRefusal(codes.InvalidArgument, "FIELD_INVALID", "grants: 1 to 1000, got "+strconv.Itoa(n)).Err()
	}
	r := &touchstonev1.PutGrantsResponse{}
	all := slices.Clone(p.now())
	revision := uint64(len(p.grants)) + 1
	changed := false
	for _, g := range q.GetGrants() {
		if slices.Contains(g.GetSellerIds(), "refused") {
			r.Results = append(r.Results, policyRefusal(codes.InvalidArgument, "GRANT_DISAGREES", "seller_ids: no").Proto())
			continue
		}
		r.Results = append(r.Results, &spb.Status{})
		g = proto.CloneOf(g)
		i, there := slices.BinarySearchFunc(all, g, compareGrants)
		if there {
			g.Revision = all[i].GetRevision()
		}
		switch {
		case there && proto.Equal(all[i], g):
			r.Unchanged++
			continue
		case there:
			all[i] = g
			r.Replaced++
		default:
			all = slices.Insert(all, i, g)
			r.Added++
		}
		g.Revision, changed = revision, true
	}
	if changed {
		p.grants = append(p.grants, all)
	}
	r.Revision = uint64(len(p.grants))
	return r, nil
}

func compareGrants(a, b *touchstonev1.Grant) int {
	return strings.Compare(a.GetBrand()+"\x00"+a.GetGrantId(), b.GetBrand()+"\x00"+b.GetGrantId())
}

func (p *policies) ListGrants(_ context.Context, q *touchstonev1.ListGrantsRequest) (*touchstonev1.ListGrantsResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.now()
	if q.AsOfRevision != nil {
		all = p.grants[q.GetAsOfRevision()-1]
	}
	r := &touchstonev1.ListGrantsResponse{}
	start, err := strconv.Atoi("0" + q.GetPageToken())
	if err != nil {
		return nil, err
	}
	for i, g := range all[start:] {
		if len(r.GetGrants()) == p.most {
			r.NextPageToken = strconv.Itoa(start + i)
			break
		}
		if q.GetBrand() == "" || q.GetBrand() == g.GetBrand() {
			r.Grants = append(r.Grants, g)
		}
	}
	return r, nil
}

func (p *policies) DeleteGrant(_ context.Context, q *touchstonev1.DeleteGrantRequest) (*touchstonev1.DeleteGrantResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := slices.Clone(p.now())
	i, there := slices.BinarySearchFunc(all, &touchstonev1.Grant{Brand: q.GetBrand(), GrantId: q.GetGrantId()}, compareGrants)
	if !there {
		return nil, policyRefusal(codes.NotFound, "GRANT_NOT_FOUND", "no such grant").Err()
	}
	p.grants = append(p.grants, slices.Delete(all, i, i+1))
	return &touchstonev1.DeleteGrantResponse{}, nil
}

func (p *policies) SetRules(_ context.Context, q *touchstonev1.SetRulesRequest) (*touchstonev1.SetRulesResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &touchstonev1.GetRulesResponse{
		Yaml: q.GetYaml(), Revision: uint64(len(p.rules)) + 1, UpdateTime: timestamppb.New(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)),
	})
	return &touchstonev1.SetRulesResponse{Revision: uint64(len(p.rules))}, nil
}

func (p *policies) GetRules(_ context.Context, q *touchstonev1.GetRulesRequest) (*touchstonev1.GetRulesResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case q.AsOfRevision != nil:
		return p.rules[q.GetAsOfRevision()-1], nil
	case len(p.rules) > 0:
		return p.rules[len(p.rules)-1], nil
	}
	return &touchstonev1.GetRulesResponse{Yaml: []byte(listing.DefaultYAML)}, nil
}

func (p *policies) SetStanding(_ context.Context, q *touchstonev1.SetStandingRequest) (*touchstonev1.SetStandingResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := proto.CloneOf(q.GetStanding())
	if s.GetPhoto().GetPhotoId() == "gone.jpg" {
		return nil, policyRefusal(codes.NotFound, "PHOTO_NOT_FOUND", "no such photo").Err()
	}
	s.Settled, s.Revision = true, uint64(len(p.standings))+1
	s.UpdateTime = timestamppb.New(time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
	p.standings = append(p.standings, s)
	return &touchstonev1.SetStandingResponse{Standing: s}, nil
}

func (p *policies) ListStandings(_ context.Context, q *touchstonev1.ListStandingsRequest) (*touchstonev1.ListStandingsResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &touchstonev1.ListStandingsResponse{}
	for _, s := range p.standings {
		if of := q.GetStandings(); len(of) == 0 || slices.Contains(of, s.GetStanding()) {
			r.Standings = append(r.Standings, s)
		}
	}
	return r, nil
}

// start runs the service until the test ends, and returns what runs a command line against it.
func (p *policies) start(t *testing.T) (run func(args ...string) (status int, stdout, stderr string)) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	touchstonev1.RegisterPolicyServiceServer(s, p)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Errorf("Serve() = %v", err)
		}
	})
	return func(args ...string) (int, string, string) {
		return runVerb(t, append(args, "--addr", l.Addr().String())...)
	}
}

// runVerb carries a command line out in this process.
func runVerb(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, complaints bytes.Buffer
	status = run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &complaints})
	return status, out.String(), complaints.String()
}

package server

import (
	"context"
	"errors"

	spb "google.golang.org/genproto/googleapis/rpc/status"

	"touchstone/match"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

type matchService struct {
	touchstonev1.UnimplementedMatchServiceServer

	server  *Server
	matcher *match.Matcher
}

func (m *matchService) Match(ctx context.Context, r *touchstonev1.MatchRequest) (*touchstonev1.MatchResponse, error) {
	return m.match(ctx, match.Interactive, r)
}

func (m *matchService) MatchStream(stream touchstonev1.MatchService_MatchStreamServer) error {
	return pump(m.server, stream,
		func(ctx context.Context, r *touchstonev1.MatchStreamRequest) (*touchstonev1.MatchResponse, error) {
			if r.GetRequest() == nil {
				return nil, refuse("request", "required")
			}
			answer, err := m.match(ctx, match.Batch, r.GetRequest())
			return answer, at("request", err)
		},
		func(id string, answer *touchstonev1.MatchResponse, err *spb.Status) *touchstonev1.MatchStreamResponse {
			if err != nil {
				return &touchstonev1.MatchStreamResponse{CorrelationId: id, Answer: &touchstonev1.MatchStreamResponse_Error{Error: err}}
			}
			return &touchstonev1.MatchStreamResponse{CorrelationId: id, Answer: &touchstonev1.MatchStreamResponse_Response{Response: answer}}
		})
}

func (m *matchService) match(ctx context.Context, lane match.Lane, r *touchstonev1.MatchRequest) (*touchstonev1.MatchResponse, error) {
	s, err := subjectFrom(r.GetSubject())
	if err != nil {
		return nil, at("subject", err)
	}
	o, err := optionsFrom(r)
	if err != nil {
		return nil, err
	}
	found, err := m.matcher.Match(ctx, lane, s, o)
	if err != nil {
		return nil, aboutSubject("subject", s, err)
	}
	return resultTo(&found), nil
}

func (m *matchService) Compare(ctx context.Context, r *touchstonev1.CompareRequest) (*touchstonev1.CompareResponse, error) {
	a, err := subjectFrom(r.GetA())
	if err != nil {
		return nil, at("a", err)
	}
	b, err := subjectFrom(r.GetB())
	if err != nil {
		return nil, at("b", err)
	}
	c, err := m.matcher.Compare(ctx, match.Interactive, a, b)
	if side := (*match.SubjectError)(nil); errors.As(err, &side) {
		s := a
		if side.Field == "b" {
			s = b
		}
		return nil, aboutSubject(side.Field, s, side.Err)
	}
	if err != nil {
		return nil, err
	}
	return comparisonTo(&c), nil
}

func (m *matchService) Overlay(ctx context.Context, r *touchstonev1.OverlayRequest) (*touchstonev1.OverlayResponse, error) {
	a, b := match.Subject{Image: present(r.GetA())}, match.Subject{Image: present(r.GetB())}
	png, c, err := m.matcher.Overlay(ctx, match.Interactive, a, b)
	if side := (*match.SubjectError)(nil); errors.As(err, &side) {
		return nil, at(side.Field, side.Err)
	}
	if err != nil {
		return nil, err
	}
	return &touchstonev1.OverlayResponse{Png: png, Comparison: comparisonTo(&c)}, nil
}

func (m *matchService) Fingerprint(ctx context.Context, r *touchstonev1.FingerprintRequest) (*touchstonev1.FingerprintResponse, error) {
	d, err := m.matcher.Describe(ctx, match.Interactive, present(r.GetImage()))
	if err != nil {
		return nil, at("image", err)
	}
	w := descriptionTo(&d)
	if err := withFeatures(w.GetFingerprint(), d.Features); err != nil {
		return nil, err
	}
	return &touchstonev1.FingerprintResponse{Description: w}, nil
}

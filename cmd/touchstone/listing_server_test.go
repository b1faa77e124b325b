package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"touchstone/fingerprint/feature"
	"touchstone/picture"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// shelf is a server's side of what the verbs for listings ask: it answers from what a test has put there, and takes down
// what it was asked.
type shelf struct {
	touchstonev1.UnimplementedListingServiceServer
	touchstonev1.UnimplementedCatalogServiceServer
	touchstonev1.UnimplementedMatchServiceServer

	listings []*touchstonev1.Listing
	photos   []*touchstonev1.Photo
	drawing  func(*touchstonev1.OverlayRequest) (*touchstonev1.OverlayResponse, error)
	changes  func(i int) bool // whether a rescan of listing i changes its decision
	pace     time.Duration    // between answers of a rescan

	mu    sync.Mutex
	asked []proto.Message
}

// note takes down what was asked.
func (s *shelf) note(m proto.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, proto.Clone(m))
}

// last is what was asked last.
func (s *shelf) last() proto.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) == 0 {
		return nil
	}
	return s.asked[len(s.asked)-1]
}

// serve makes the shelf a server at an address, "127.0.0.1:0" for any, until the test or the returned function ends it.
func (s *shelf) serve(t *testing.T, addr string) (_ string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	touchstonev1.RegisterListingServiceServer(g, s)
	touchstonev1.RegisterCatalogServiceServer(g, s)
	touchstonev1.RegisterMatchServiceServer(g, s)
	done := make(chan error, 1)
	go func() { done <- g.Serve(l) }()
	stop = sync.OnceFunc(func() {
		g.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

// refusal is an error as servers give it.
func refusalOf(c codes.Code, reason, sentence string) error {
	s, err := status.New(c, sentence).WithDetails(&errdetails.ErrorInfo{Domain: "touchstone", Reason: reason})
	if err != nil {
		panic(err) // the details can't be encoded: a mistake in the caller
	}
	return s.Err()
}

func (s *shelf) Check(_ context.Context, q *touchstonev1.CheckRequest) (*touchstonev1.CheckResponse, error) {
	s.note(q)
	l := s.listings[0]
	r := &touchstonev1.CheckResponse{
		Decision: l.GetDecision(),
		Match: &touchstonev1.MatchResponse{Status: touchstonev1.MatchStatus_MATCH_STATUS_FOUND, Matches: []*touchstonev1.Match{{
			Photo: s.photos[0], Verdict: touchstonev1.Verdict_VERDICT_EDITED_COPY, Score: 0.997, Edits: []string{"mirrored"},
		}}},
	}
	if q.GetRemember() {
		r.Listing = l
	}
	return r, nil
}

func (s *shelf) GetListing(_ context.Context, q *touchstonev1.GetListingRequest) (*touchstonev1.GetListingResponse, error) {
	s.note(q)
	for _, l := range s.listings {
		f := l.GetFacts()
		if f.GetMarketplace() != q.GetMarketplace() || f.GetListingId() != q.GetListingId() || f.GetImageId() != q.GetImageId() {
			continue
		}
		if !q.GetWithFeatures() {
			l = proto.CloneOf(l)
			l.Fingerprint.Features = nil
		}
		return &touchstonev1.GetListingResponse{Listing: l}, nil
	}
	return nil, refusalOf(codes.NotFound, "LISTING_NOT_FOUND", "no such listing image")
}

// ListListings has pages of two.
func (s *shelf) ListListings(_ context.Context, q *touchstonev1.ListListingsRequest) (*touchstonev1.ListListingsResponse, error) {
	s.note(q)
	from := 0
	if q.GetPageToken() != "" {
		var err error
		if from, err = strconv.Atoi(q.GetPageToken()); err != nil {
			return nil, refusalOf(codes.InvalidArgument, "PAGE_TOKEN_INVALID", "page_token")
		}
	}
	r := &touchstonev1.ListListingsResponse{Revision: 900}
	to := min(from+2, len(s.listings))
	for _, l := range s.listings[from:to] {
		if f := q.GetFilter(); f.GetBrand() == "" || f.GetBrand() == l.GetDecision().GetPhoto().GetBrand() {
			l = proto.CloneOf(l)
			l.Fingerprint.Features = nil
			r.Listings = append(r.Listings, l)
		}
	}
	if to < len(s.listings) {
		r.NextPageToken = strconv.Itoa(to)
	}
	return r, nil
}

func (s *shelf) DeleteListings(_ context.Context, q *touchstonev1.DeleteListingsRequest) (*touchstonev1.DeleteListingsResponse, error) {
	s.note(q)
	return &touchstonev1.DeleteListingsResponse{Deleted: 2}, nil
}

func (s *shelf) FindListings(_ context.Context, q *touchstonev1.FindListingsRequest) (*touchstonev1.FindListingsResponse, error) {
	s.note(q)
	return &touchstonev1.FindListingsResponse{Listings: s.listings[:1], Total: 7, Searched: 1000}, nil
}

// WatchMatches tells of the listings by their revisions, a few at a time, and of progress in between; then it waits.
func (s *shelf) WatchMatches(q *touchstonev1.WatchMatchesRequest, stream grpc.ServerStreamingServer[touchstonev1.WatchMatchesResponse]) error {
	s.note(q)
	for _, l := range s.listings {
		if l.GetRevision() <= q.GetAfterRevision() {
			continue
		}
		if err := stream.Send(&touchstonev1.WatchMatchesResponse{Revision: l.GetRevision(), Listing: l, Matches: l.GetMatches()}); err != nil {
			return err
		}
		if l.GetRevision()%3 == 0 {
			return refusalOf(codes.Unavailable, "STOPPING", "the server is stopping")
		}
	}
	<-stream.Context().Done()
	return status.FromContextError(stream.Context().Err()).Err()
}

// Rescan tells again what it told of listings after the token, as servers do: tokens are numbers of listings.
func (s *shelf) Rescan(q *touchstonev1.RescanRequest, stream grpc.ServerStreamingServer[touchstonev1.RescanResponse]) error {
	s.note(q)
	from := 0
	if q.GetResumeToken() != "" {
		var err error
		if from, err = strconv.Atoi(strings.TrimPrefix(q.GetResumeToken(), "after ")); err != nil {
			return refusalOf(codes.InvalidArgument, "PAGE_TOKEN_INVALID", "resume_token")
		}
	}
	done := int64(0)
	for i, l := range s.listings[from:] {
		i += from
		done++
		r := &touchstonev1.RescanResponse{ResumeToken: fmt.Sprint("after ", i+1), Done: done, Total: int64(len(s.listings) - from)}
		switch {
		case s.changes(i):
			r.Change = &touchstonev1.DecisionChange{
				Listing: l, Before: &touchstonev1.DecisionBasis{Decision: touchstonev1.Decision_DECISION_NO_MATCH},
				Gained: l.GetMatches(), Lost: []*touchstonev1.PhotoName{{Brand: "Zeta", PhotoId: "z"}},
			}
		case i%50 == 49:
			r.Failed, r.Failure = 1, "listing "+l.GetFacts().GetListingId()+": of another recipe"
		case i%10 != 0 && i < len(s.listings)-1:
			continue
		}
		time.Sleep(s.pace)
		if err := stream.Send(r); err != nil {
			return err
		}
		done = 0
	}
	return nil
}

func (s *shelf) Replay(q *touchstonev1.ReplayRequest, stream grpc.ServerStreamingServer[touchstonev1.ReplayResponse]) error {
	s.note(q)
	if bytes.Contains(q.GetRulesYaml(), []byte("broken")) {
		return refusalOf(codes.InvalidArgument, "RULES_INVALID", "line 3: low_price: 0 to 1, got 7")
	}
	for i, l := range s.listings {
		r := &touchstonev1.ReplayResponse{Done: 1, Total: int64(len(s.listings))}
		if i%2 == 0 {
			after := proto.CloneOf(l)
			after.Decision = &touchstonev1.DecisionBasis{Decision: touchstonev1.Decision_DECISION_NO_MATCH}
			r.Change = &touchstonev1.DecisionChange{Listing: after, Before: l.GetDecision()}
		}
		if err := stream.Send(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) GetPhoto(_ context.Context, q *touchstonev1.GetPhotoRequest) (*touchstonev1.GetPhotoResponse, error) {
	s.note(q)
	for _, p := range s.photos {
		if p.GetBrand() == q.GetBrand() && p.GetPhotoId() == q.GetPhotoId() && p.GetRevision() == q.GetAsOfRevision() {
			if !q.GetWithFeatures() {
				p = proto.CloneOf(p)
				p.Fingerprint.Features = nil
			}
			return &touchstonev1.GetPhotoResponse{Photo: p}, nil
		}
	}
	return nil, refusalOf(codes.NotFound, "PHOTO_NOT_FOUND", "no such photo")
}

func (s *shelf) ListPhotos(_ context.Context, q *touchstonev1.ListPhotosRequest) (*touchstonev1.ListPhotosResponse, error) {
	s.note(q)
	known := slices.ContainsFunc(s.photos, func(p *touchstonev1.Photo) bool { return slices.Contains(q.GetBrands(), p.GetBrand()) })
	if !known {
		return nil, refusalOf(codes.NotFound, "BRAND_UNKNOWN", fmt.Sprintf("brands: no brand %q", q.GetBrands()[0]))
	}
	return &touchstonev1.ListPhotosResponse{}, nil
}

func (s *shelf) Overlay(_ context.Context, q *touchstonev1.OverlayRequest) (*touchstonev1.OverlayResponse, error) {
	s.note(q)
	return s.drawing(q)
}

// described is an original with its fingerprint: hashes that name it, and the features of its pixels.
func described(t *testing.T, image []byte) (*touchstonev1.Original, *touchstonev1.Fingerprint) {
	t.Helper()
	p, err := picture.NewDecoder(picture.Limits{}).Decode(t.Context(), image, 0)
	if err != nil {
		t.Fatal(err)
	}
	features, err := feature.Extract(p.Image, p.Width, p.Height, feature.Genuine()).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(image)
	return &touchstonev1.Original{Sha256: sum[:], SizeBytes: int64(len(image)), Width: int32(p.Width), Height: int32(p.Height), Format: "jpeg"},
		&touchstonev1.Fingerprint{Recipe: 1, Quality: 90, Whole: &touchstonev1.Region{Pdq: sum[:]}, Features: features}
}

// shelved is a shelf of n listing images, of a photo each, all of one brand; their images are named by their numbers.
func shelved(t *testing.T, n int) (s *shelf, photos, images [][]byte) {
	t.Helper()
	s = &shelf{changes: func(int) bool { return false }}
	seen := time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)
	for i := range n {
		photo, image := encoded(t, drawn(uint64(2*i), 120, 90)), encoded(t, drawn(uint64(2*i+1), 120, 90))
		photos, images = append(photos, photo), append(images, image)
		original, prints := described(t, photo)
		p := &touchstonev1.Photo{Brand: "Acme", PhotoId: fmt.Sprintf("bag-%d.jpg", i), Product: "Tote", Original: original, Fingerprint: prints, Revision: uint64(10 + i)}
		s.photos = append(s.photos, p)
		name := &touchstonev1.PhotoName{Brand: "Acme", PhotoId: p.GetPhotoId()}
		original, prints = described(t, image)
		s.listings = append(s.listings, &touchstonev1.Listing{
			Facts: &touchstonev1.ListingFacts{
				Marketplace: "bazaar.example", ListingId: fmt.Sprint("L-", i), ImageId: "1", SellerId: fmt.Sprint("seller-", i%2),
				Price: &touchstonev1.Money{CurrencyCode: "USD", Units: 2 + int64(i), Nanos: 990_000_000}, SeenTime: timestamppb.New(seen.Add(time.Duration(i) * time.Hour)),
			},
			Original: original, Fingerprint: prints, Status: touchstonev1.MatchStatus_MATCH_STATUS_FOUND,
			Matches: []*touchstonev1.ListingMatch{{
				Photo: name, Product: "Tote", ListPrice: &touchstonev1.Money{CurrencyCode: "USD", Units: 795}, PhotoRevision: p.GetRevision(),
				Verdict: touchstonev1.Verdict_VERDICT_EDITED_COPY, Score: 0.997, ExpectedFalseMatches: 0.02, Edits: []string{"mirrored"}, DistanceBits: 18,
			}},
			Decision: &touchstonev1.DecisionBasis{
				Decision: touchstonev1.Decision_DECISION_INFRINGING,
				Reasons:  []touchstonev1.DecisionReason{touchstonev1.DecisionReason_DECISION_REASON_NO_GRANT, touchstonev1.DecisionReason_DECISION_REASON_PRICE_LOW},
				Photo:    name, PriceRatio: (2.99 + float64(i)) / 795, Priority: 0.9 - float64(i)/100, Revision: 33, CatalogRevision: 44,
			},
			Revision: uint64(100 + i), AddTime: timestamppb.New(seen), UpdateTime: timestamppb.New(seen),
		})
	}
	return s, photos, images
}

// carriedOut runs a command line against a server, in this process.
func carriedOut(ctx context.Context, addr string, args ...string) (exit int, stdout, stderr string) {
	var out, err bytes.Buffer
	exit = run(ctx, append(args, "--addr", addr), streams{in: strings.NewReader(""), out: &out, err: &err})
	return exit, out.String(), err.String()
}

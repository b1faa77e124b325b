package server

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/listing/desk"
	"touchstone/match"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

type listingService struct {
	touchstonev1.UnimplementedListingServiceServer

	server *Server
	desk   *desk.Desk
}

func (s *listingService) Check(ctx context.Context, r *touchstonev1.CheckRequest) (*touchstonev1.CheckResponse, error) {
	return s.check(ctx, match.Interactive, r)
}

func (s *listingService) CheckStream(stream touchstonev1.ListingService_CheckStreamServer) error {
	return pump(s.server, stream,
		func(ctx context.Context, r *touchstonev1.CheckStreamRequest) (*touchstonev1.CheckResponse, error) {
			if r.GetRequest() == nil {
				return nil, refuse("request", "required")
			}
			answer, err := s.check(ctx, match.Batch, r.GetRequest())
			return answer, at("request", err)
		},
		func(id string, answer *touchstonev1.CheckResponse, err *spb.Status) *touchstonev1.CheckStreamResponse {
			if err != nil {
				return &touchstonev1.CheckStreamResponse{CorrelationId: id, Answer: &touchstonev1.CheckStreamResponse_Error{Error: err}}
			}
			return &touchstonev1.CheckStreamResponse{CorrelationId: id, Answer: &touchstonev1.CheckStreamResponse_Response{Response: answer}}
		})
}

func (s *listingService) check(ctx context.Context, lane match.Lane, r *touchstonev1.CheckRequest) (*touchstonev1.CheckResponse, error) {
	q, err := questionFrom(r)
	if err != nil {
		return nil, err
	}
	a, err := s.desk.Check(ctx, lane, q)
	if errors.Is(err, listing.ErrInvalid) {
		if f := (*index.FieldError)(nil); errors.As(err, &f) && f.Field != "subject" {
			return nil, at("facts", err)
		}
		return nil, err
	}
	if err != nil {
		return nil, aboutSubject("subject", q.Subject, err)
	}
	return answerTo(&a), nil
}

// listingKey checks the name of a listing image.
func listingKey(marketplace, id, image string) (listing.Key, error) {
	k := listing.Key{Marketplace: marketplace, Listing: id, Image: image}
	return k, k.Validate()
}

func (s *listingService) GetListing(ctx context.Context, r *touchstonev1.GetListingRequest) (*touchstonev1.GetListingResponse, error) {
	k, err := listingKey(r.GetMarketplace(), r.GetListingId(), r.GetImageId())
	if err != nil {
		return nil, err
	}
	var l listing.Listing
	switch {
	case r.AsOfRevision == nil:
		l, err = s.desk.Book().Get(ctx, k)
	case r.GetAsOfRevision() == 0:
		return nil, refuse("as_of_revision", "1 or more, or left out")
	default:
		l, err = s.desk.Book().At(ctx, k, r.GetAsOfRevision())
	}
	if err != nil {
		return nil, about("image_id", book.ErrNotFound, about("as_of_revision", book.ErrRevision, err))
	}
	w := listingTo(&l)
	if r.GetWithFeatures() && w.GetFingerprint() != nil {
		f, err := s.desk.Book().Features(ctx, &l)
		if err == nil {
			err = withFeatures(w.GetFingerprint(), f)
		}
		if err != nil {
			return nil, about("image_id", book.ErrNotFound, err)
		}
	}
	return &touchstonev1.GetListingResponse{Listing: w}, nil
}

func (s *listingService) ListListings(ctx context.Context, r *touchstonev1.ListListingsRequest) (*touchstonev1.ListListingsResponse, error) {
	size, err := pageSize(r.GetPageSize(), defaultPage)
	if err != nil {
		return nil, err
	}
	f, err := listingFilterFrom(r.GetFilter())
	if err != nil {
		return nil, at("filter", err)
	}
	q := queryOf("listings", filterOf(r.GetFilter()))
	after, err := q.after(r.GetPageToken())
	if err != nil {
		return nil, err
	}
	k, err := pagedKey(after)
	if err != nil {
		return nil, err
	}
	page := &touchstonev1.ListListingsResponse{Revision: s.desk.Book().Revision()}
	listings, next, err := s.desk.Book().List(ctx, f, k, size)
	if err != nil {
		return nil, err
	}
	bytes := 0
	for i := range listings {
		w := listingTo(&listings[i])
		if bytes += proto.Size(w); i > 0 && bytes > pageBytes {
			next = &listings[i-1].Key
			break
		}
		page.Listings = append(page.Listings, w)
	}
	if next != nil {
		page.NextPageToken = q.token(pageKey(*next))
	}
	return page, nil
}

// filterOf is a filter as page tokens are bound to it.
func filterOf(f *touchstonev1.ListingFilter) index.Filter {
	// Not for others to read, and the same for the same filter in this program.
	b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(f)
	return index.Filter{Brands: []string{string(b)}}
}

// pageKey is the name of a listing image as a page token has it.
func pageKey(k listing.Key) index.Key {
	return index.Key{Brand: k.Marketplace, ID: k.Listing + "\x00" + k.Image}
}

func pagedKey(k index.Key) (listing.Key, error) {
	if k == (index.Key{}) {
		return listing.Key{}, nil
	}
	id, image, ok := strings.Cut(k.ID, "\x00")
	if !ok {
		return listing.Key{}, errPageToken
	}
	return listing.Key{Marketplace: k.Brand, Listing: id, Image: image}, nil
}

func (s *listingService) DeleteListings(ctx context.Context, r *touchstonev1.DeleteListingsRequest) (*touchstonev1.DeleteListingsResponse, error) {
	switch {
	case r.GetMarketplace() == "":
		return nil, refuse("marketplace", "required")
	case r.GetListingId() == "" && r.GetSellerId() == "":
		return nil, refuse("listing_id", "required, or seller_id is")
	case r.GetImageId() != "" && r.GetListingId() == "":
		return nil, refuse("listing_id", "required together with image_id")
	}
	f := book.Filter{Marketplace: r.GetMarketplace(), Listing: r.GetListingId(), Image: r.GetImageId(), Seller: r.GetSellerId()}
	if err := checkFilter(&f); err != nil {
		return nil, err
	}
	n, err := s.desk.Book().Erase(ctx, f)
	if err != nil {
		return nil, err
	}
	return &touchstonev1.DeleteListingsResponse{Deleted: int64(n)}, nil
}

const (
	defaultFalse = 100 // of FindListings
	defaultFound = 100
)

func (s *listingService) FindListings(ctx context.Context, r *touchstonev1.FindListingsRequest) (*touchstonev1.FindListingsResponse, error) {
	w := desk.Wanted{Brand: r.GetBrand(), Photo: r.GetPhotoId(), Product: r.GetProduct()}
	limit, most := int(r.GetLimit()), float64(defaultFalse)
	switch {
	case (w.Photo == "") == (w.Product == ""):
		return nil, refuse("photo_id", "one of photo_id and product is required")
	case limit < 0 || limit > match.MaxLimit:
		return nil, refuse("limit", "0 (for %d) to %d, got %d", defaultFound, match.MaxLimit, limit)
	case limit == 0:
		limit = defaultFound
	}
	if r.MaxFalseMatchesPerMillion != nil {
		if most = r.GetMaxFalseMatchesPerMillion(); !(most > 0 && most <= listing.MostFalse) {
			return nil, refuse("max_false_matches_per_million", "more than 0, at most %d, or left out; got %v", listing.MostFalse, most)
		}
	}
	id := w.Photo
	if id == "" {
		id = "-"
	}
	if _, err := keyFrom(w.Brand, id); err != nil {
		return nil, err
	}
	found, err := s.desk.Find(ctx, w, most)
	if err != nil {
		return nil, about("photo_id", index.ErrNotFound, err)
	}
	page := &touchstonev1.FindListingsResponse{Total: int64(len(found)), Searched: int64(s.desk.Book().Count())}
	for i := range found[:min(len(found), limit)] {
		page.Listings = append(page.Listings, listingTo(&found[i]))
	}
	return page, nil
}

// serving is a context for what sends without end: it ends when the server is to stop as well.
func (s *Server) serving(ctx context.Context) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.draining, cancel)
	return ctx, func() { stop(); cancel() }
}

// ended is why such a call ended.
func (s *Server) ended(err error) error {
	if errors.Is(err, context.Canceled) && s.draining.Err() != nil {
		return errStopping
	}
	return err
}

func (s *listingService) WatchMatches(r *touchstonev1.WatchMatchesRequest, stream touchstonev1.ListingService_WatchMatchesServer) error {
	f, err := filterFrom(r.GetBrands(), nil)
	if err != nil {
		return err
	}
	if last := s.desk.Book().Revision(); r.GetAfterRevision() > last {
		return refuse("after_revision", "at most %d, the last one; got %d", last, r.GetAfterRevision())
	}
	ctx, end := s.server.serving(stream.Context())
	defer end()
	err = s.desk.Watch(ctx, r.GetAfterRevision(), f.Brands, func(until uint64, c *book.Change) error {
		w := &touchstonev1.WatchMatchesResponse{Revision: until}
		if c != nil {
			w.Listing, w.Matches = listingTo(&c.Listing), hitsTo(c.Gained)
		}
		return stream.Send(w)
	})
	return s.server.ended(err)
}

// resumption is what a resume token is bound to; the token has the revision since which changes are told of, and the listing
// image that was gone through last.
func resumption(r *touchstonev1.RescanRequest) query {
	return queryOf("rescan", filterOf(r.GetFilter()))
}

func resumeTo(q query, p desk.Place) string {
	return q.token(index.Key{Brand: p.After.Marketplace, ID: strconv.FormatUint(p.Since, 10) + "\x00" + p.After.Listing + "\x00" + p.After.Image})
}

func resumeFrom(q query, token string) (p desk.Place, err error) {
	k, err := q.after(token)
	if err != nil || token == "" {
		return p, err
	}
	since, key, ok := strings.Cut(k.ID, "\x00")
	if !ok {
		return p, errPageToken
	}
	if p.Since, err = strconv.ParseUint(since, 10, 64); err != nil || p.Since == 0 {
		return p, errPageToken
	}
	p.After, err = pagedKey(index.Key{Brand: k.Brand, ID: key})
	return p, err
}

// quiet is how many listing images are gone through before progress is told.
const quiet = 100

func (s *listingService) Rescan(r *touchstonev1.RescanRequest, stream touchstonev1.ListingService_RescanServer) error {
	f, err := listingFilterFrom(r.GetFilter())
	if err != nil {
		return at("filter", err)
	}
	q := resumption(r)
	from, err := resumeFrom(q, r.GetResumeToken())
	if err != nil {
		return at("resume_token", err)
	}
	if last := s.desk.Book().Revision(); from.Since == 0 && r.SinceRevision != nil {
		if from.Since = r.GetSinceRevision(); from.Since > last {
			return refuse("since_revision", "at most %d, the last one; got %d", last, from.Since)
		}
	}
	ctx, end := s.server.serving(stream.Context())
	defer end()
	w := &touchstonev1.RescanResponse{Total: int64(s.desk.Book().Count())}
	first := true
	send := func() error {
		err := stream.Send(w)
		w, first = &touchstonev1.RescanResponse{ResumeToken: w.GetResumeToken()}, false
		return err
	}
	err = s.desk.Rescan(ctx, f, from, r.GetDryRun(), func(step desk.Step) error {
		w.ResumeToken, w.Change = resumeTo(q, step.Place), changeTo(step.Change)
		w.Done++
		if step.Err != nil {
			told := callOf(ctx).item(ctx, step.Err)
			w.Failed++
			w.Failure = fmt.Sprintf("%s/%s/%s: %s", step.Place.After.Marketplace, step.Place.After.Listing, step.Place.After.Image, told.Message())
		}
		if step.Change == nil && w.Done < quiet && !first {
			return nil
		}
		return send()
	})
	if err == nil && (w.Done > 0 || first) {
		err = send()
	}
	return s.server.ended(err)
}

func (s *listingService) Replay(r *touchstonev1.ReplayRequest, stream touchstonev1.ListingService_ReplayServer) error {
	if err := checkRules("rules_yaml", r.GetRulesYaml()); err != nil {
		return err
	}
	rules, err := listing.ParseRules(r.GetRulesYaml())
	if err != nil {
		return at("rules_yaml", err)
	}
	f, err := listingFilterFrom(r.GetFilter())
	if err != nil {
		return at("filter", err)
	}
	ctx, end := s.server.serving(stream.Context())
	defer end()
	total := int64(s.desk.Book().Count())
	err = s.desk.Replay(ctx, f, rules, func(done int, flip *desk.Changed) error {
		w := &touchstonev1.ReplayResponse{Done: int64(done), Total: total, Change: changeTo(flip)}
		total = 0
		return stream.Send(w)
	})
	return s.server.ended(err)
}

// checkRules refuses what is not there, or too long to be looked at.
func checkRules(field string, yaml []byte) error {
	switch {
	case len(yaml) == 0:
		return refuse(field, "required")
	case len(yaml) > maxRules:
		return refuse(field, "at most %d bytes, got %d", maxRules, len(yaml))
	}
	return nil
}

package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/server"
)

// seen is what a marketplace tells of a listing image.
func seen(id, seller string) *touchstonev1.ListingFacts {
	return &touchstonev1.ListingFacts{
		Marketplace: "bazaar", ListingId: id, ImageId: "1", SellerId: seller, RegionCode: "DE", Url: "https://bazaar.example/" + id,
		Price:    &touchstonev1.Money{CurrencyCode: "USD", Units: 3, Nanos: 500_000_000},
		SeenTime: timestamppb.New(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)),
	}
}

func (r *rig) check(t testing.TB, facts *touchstonev1.ListingFacts, image []byte) *touchstonev1.CheckResponse {
	t.Helper()
	a, err := r.Check(t.Context(), &touchstonev1.CheckRequest{Subject: ofImage(image), Facts: facts})
	if err != nil {
		t.Fatalf("Check(%s) = %v", facts.GetListingId(), err)
	}
	return a
}

func (r *rig) listing(t testing.TB, id string) *touchstonev1.Listing {
	t.Helper()
	a, err := r.GetListing(t.Context(), &touchstonev1.GetListingRequest{Marketplace: "bazaar", ListingId: id, ImageId: "1"})
	if err != nil {
		t.Fatalf("GetListing(%s) = %v", id, err)
	}
	return a.GetListing()
}

// decided is a decision in a word and its reasons.
func decided(d *touchstonev1.DecisionBasis) string {
	s := strings.TrimPrefix(d.GetDecision().String(), "DECISION_")
	for _, r := range d.GetReasons() {
		s += " " + strings.TrimPrefix(r.String(), "DECISION_REASON_")
	}
	return s
}

func TestCheck(t *testing.T) {
	r := serve(t, server.Options{})
	r.add(t, "Acme", "1", 1)
	if _, err := r.UpdatePhoto(t.Context(), &touchstonev1.UpdatePhotoRequest{Photo: &touchstonev1.Photo{
		Brand: "Acme", PhotoId: "1", ListPrice: &touchstonev1.Money{CurrencyCode: "USD", Units: 795},
	}}); err != nil {
		t.Fatal(err)
	}
	image := photo(t, 1)
	a := r.check(t, seen("l1", "s1"), image)
	if got, want := decided(a.GetDecision()), "INFRINGING NO_GRANT PRICE_LOW"; got != want {
		t.Errorf("decision %q, want %q", got, want)
	}
	if ratio := a.GetDecision().GetPriceRatio(); ratio < 3.5/795-1e-9 || ratio > 3.5/795+1e-9 {
		t.Errorf("price ratio %v, want %v", ratio, 3.5/795)
	}
	// What the decision rests upon is what Match answers.
	most := 1000.0
	m, err := r.Match(t.Context(), &touchstonev1.MatchRequest{Subject: ofImage(image), MaxFalseMatchesPerMillion: &most})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m, a.GetMatch(), protocmp.Transform()); d != "" {
		t.Errorf("Match and Check differ (-match +check):\n%s", d)
	}
	l := r.listing(t, "l1")
	if d := cmp.Diff(a.GetListing(), l, protocmp.Transform()); d != "" {
		t.Errorf("what is remembered is not what was answered (-answered +remembered):\n%s", d)
	}
	if d := cmp.Diff(seen("l1", "s1"), l.GetFacts(), protocmp.Transform()); d != "" {
		t.Errorf("facts (-told +remembered):\n%s", d)
	}
	// The same again writes nothing, other facts do.
	if again := r.check(t, seen("l1", "s1"), image).GetListing(); again.GetRevision() != l.GetRevision() {
		t.Errorf("the same check again: revision %d, want %d", again.GetRevision(), l.GetRevision())
	}
	cheaper := seen("l1", "s1")
	cheaper.Price.Units = 2
	now := r.check(t, cheaper, image).GetListing()
	if now.GetRevision() == l.GetRevision() || now.GetFacts().GetPrice().GetUnits() != 2 {
		t.Errorf("after another price: %v", now)
	}
	// As of then it is what it was.
	rev := l.GetRevision()
	then, err := r.GetListing(t.Context(), &touchstonev1.GetListingRequest{Marketplace: "bazaar", ListingId: "l1", ImageId: "1", AsOfRevision: &rev})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(l, then.GetListing(), protocmp.Transform()); d != "" {
		t.Errorf("as of revision %d (-then +now):\n%s", rev, d)
	}
	// Features are there for those who ask.
	full, err := r.GetListing(t.Context(), &touchstonev1.GetListingRequest{Marketplace: "bazaar", ListingId: "l1", ImageId: "1", WithFeatures: true})
	if err != nil || len(full.GetListing().GetFingerprint().GetFeatures()) == 0 {
		t.Errorf("GetListing(with_features): %d bytes of features, %v", len(full.GetListing().GetFingerprint().GetFeatures()), err)
	}
	// An image without a name is called by its file; what is not to be remembered isn't.
	nameless := seen("l2", "s1")
	nameless.ImageId = ""
	if id := r.check(t, nameless, image).GetListing().GetFacts().GetImageId(); len(id) != 32 {
		t.Errorf("the image is called %q, want 32 digits", id)
	}
	off := false
	b, err := r.Check(t.Context(), &touchstonev1.CheckRequest{Subject: ofImage(image), Remember: &off})
	if err != nil || b.GetListing() != nil || decided(b.GetDecision()) != "INFRINGING NO_GRANT" {
		t.Errorf("Check without remembering = %v, %v", b, err)
	}
	nothing := r.check(t, seen("l3", "s1"), photo(t, 2))
	if got := decided(nothing.GetDecision()); got != "NO_MATCH" {
		t.Errorf("decision about another picture %q, want NO_MATCH", got)
	}
	plain := r.check(t, seen("l4", "s1"), white(t))
	if got := decided(plain.GetDecision()); got != "NO_MATCH TOO_PLAIN" {
		t.Errorf("decision about a white picture %q, want NO_MATCH TOO_PLAIN", got)
	}
}

func TestCheckRefused(t *testing.T) {
	r := serve(t, server.Options{})
	r.add(t, "Acme", "1", 1)
	change := func(f func(*touchstonev1.ListingFacts)) *touchstonev1.ListingFacts {
		facts := seen("l1", "s1")
		f(facts)
		return facts
	}
	image := photo(t, 1)
	tests := map[string]struct {
		facts   *touchstonev1.ListingFacts
		subject *touchstonev1.Subject
		want    told
	}{
		"currency that is none": {
			facts: change(func(f *touchstonev1.ListingFacts) { f.Price.CurrencyCode = "XQZ" }),
			want:  told{codes.InvalidArgument, "FIELD_INVALID", "facts.price.currency_code"},
		},
		"price of 0": {
			facts: change(func(f *touchstonev1.ListingFacts) { f.Price.Units, f.Price.Nanos = 0, 0 }),
			want:  told{codes.InvalidArgument, "FIELD_INVALID", "facts.price.units"},
		},
		"price below 0": {
			facts: change(func(f *touchstonev1.ListingFacts) { f.Price.Units = -3 }),
			want:  told{codes.InvalidArgument, "FIELD_INVALID", "facts.price.units"},
		},
		"price that is empty": {
			facts: change(func(f *touchstonev1.ListingFacts) { f.Price = &touchstonev1.Money{} }),
			want:  told{codes.InvalidArgument, "FIELD_INVALID", "facts.price"},
		},
		"region that is none": {
			facts: change(func(f *touchstonev1.ListingFacts) { f.RegionCode = "XX" }),
			want:  told{codes.InvalidArgument, "FIELD_INVALID", "facts.region_code"},
		},
		"no marketplace": {
			facts: change(func(f *touchstonev1.ListingFacts) { f.Marketplace = "" }),
			want:  told{codes.InvalidArgument, "FIELD_INVALID", "facts.marketplace"},
		},
		"no facts": {want: told{codes.InvalidArgument, "FIELD_INVALID", "facts.marketplace"}},
		"time before times": {
			facts: change(func(f *touchstonev1.ListingFacts) { f.SeenTime = &timestamppb.Timestamp{Seconds: -1 << 50} }),
			want:  told{codes.InvalidArgument, "FIELD_INVALID", "facts.seen_time"},
		},
		"no subject":      {facts: seen("l1", "s1"), subject: &touchstonev1.Subject{}, want: told{codes.InvalidArgument, "FIELD_INVALID", "subject"}},
		"photo":           {facts: seen("l1", "s1"), subject: ofPhoto("Acme", "1"), want: told{codes.InvalidArgument, "FIELD_INVALID", "subject"}},
		"no picture":      {facts: seen("l1", "s1"), subject: ofImage([]byte("<html>")), want: told{codes.InvalidArgument, "IMAGE_FORMAT_UNKNOWN", "subject.image"}},
		"broken off":      {facts: seen("l1", "s1"), subject: ofImage(image[:len(image)/2]), want: told{codes.InvalidArgument, "IMAGE_TRUNCATED", "subject.image"}},
		"too long a name": {facts: seen(strings.Repeat("x", 257), ""), want: told{codes.InvalidArgument, "FIELD_INVALID", "facts.listing_id"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			q := &touchstonev1.CheckRequest{Subject: test.subject, Facts: test.facts}
			if q.Subject == nil {
				q.Subject = ofImage(image)
			}
			_, err := r.Check(t.Context(), q)
			if d := cmp.Diff(test.want, toldBy(t, err)); d != "" {
				t.Errorf("Check (-want +got):\n%s", d)
			}
		})
	}
	if n := r.book.Count(); n != 0 {
		t.Errorf("%d listing images are remembered, want none", n)
	}
}

func TestCheckStream(t *testing.T) {
	r := serve(t, server.Options{})
	r.add(t, "Acme", "1", 1)
	s, err := r.CheckListings(t.Context(), client.StreamOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for id, q := range map[string]*touchstonev1.CheckRequest{
		"found":   {Subject: image1(1, t), Facts: seen("l1", "s1")},
		"nothing": {Subject: image1(2, t), Facts: seen("l2", "s1")},
		"image":   {Subject: ofImage([]byte("<html>")), Facts: seen("l3", "s1")},
		"facts":   {Subject: image1(1, t), Facts: &touchstonev1.ListingFacts{Marketplace: "bazaar"}},
		"missing": nil,
	} {
		if err := s.Send(&touchstonev1.CheckStreamRequest{CorrelationId: id, Request: q}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CloseSend(); err != nil {
		t.Fatal(err)
	}
	answers, err := collect(t, s)
	if !errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v", err)
	}
	got := map[string]told{}
	for id, a := range answers {
		if a.GetError() != nil {
			got[id] = toldBy(t, status.ErrorProto(a.GetError()))
			continue
		}
		got[id] = told{Reason: decided(a.GetResponse().GetDecision())}
	}
	want := map[string]told{
		"found":   {Reason: "INFRINGING NO_GRANT"},
		"nothing": {Reason: "NO_MATCH"},
		"image":   {codes.InvalidArgument, "IMAGE_FORMAT_UNKNOWN", "request.subject.image"},
		"facts":   {codes.InvalidArgument, "FIELD_INVALID", "request.facts.listing_id"},
		"missing": {codes.InvalidArgument, "FIELD_INVALID", "request"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if n := r.book.Count(); n != 2 {
		t.Errorf("%d listing images are remembered, want 2", n)
	}
}

func TestListings(t *testing.T) {
	r := serve(t, server.Options{})
	r.add(t, "Acme", "1", 1)
	for i := range 7 {
		r.check(t, seen(fmt.Sprintf("l%d", i), fmt.Sprintf("s%d", i%2)), photo(t, uint64(i%3)))
	}
	all := func(f *touchstonev1.ListingFilter) (ids []string) {
		q := &touchstonev1.ListListingsRequest{PageSize: 2, Filter: f}
		for {
			page, err := r.ListListings(t.Context(), q)
			if err != nil {
				t.Fatalf("ListListings(%v) = %v", f, err)
			}
			for _, l := range page.GetListings() {
				ids = append(ids, l.GetFacts().GetListingId())
			}
			if q.PageToken = page.GetNextPageToken(); q.PageToken == "" {
				return ids
			}
		}
	}
	at := func(day int) *timestamppb.Timestamp {
		return timestamppb.New(time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC))
	}
	for name, test := range map[string]struct {
		filter *touchstonev1.ListingFilter
		want   []string
	}{
		"all":               {nil, []string{"l0", "l1", "l2", "l3", "l4", "l5", "l6"}},
		"marketplace":       {&touchstonev1.ListingFilter{Marketplace: "bazaar"}, []string{"l0", "l1", "l2", "l3", "l4", "l5", "l6"}},
		"other marketplace": {&touchstonev1.ListingFilter{Marketplace: "baz"}, nil},
		"listing":           {&touchstonev1.ListingFilter{Marketplace: "bazaar", ListingId: "l3"}, []string{"l3"}},
		"seller":            {&touchstonev1.ListingFilter{SellerId: "s1"}, []string{"l1", "l3", "l5"}},
		"brand":             {&touchstonev1.ListingFilter{Brand: "Acme"}, []string{"l1", "l4"}},
		"decision":          {&touchstonev1.ListingFilter{Decisions: []touchstonev1.Decision{touchstonev1.Decision_DECISION_INFRINGING}}, []string{"l1", "l4"}},
		"seen then":         {&touchstonev1.ListingFilter{SeenFrom: at(1), SeenBefore: at(2)}, []string{"l0", "l1", "l2", "l3", "l4", "l5", "l6"}},
		"seen later":        {&touchstonev1.ListingFilter{SeenFrom: at(2)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(test.want, all(test.filter)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
	n, err := r.DeleteListings(t.Context(), &touchstonev1.DeleteListingsRequest{Marketplace: "bazaar", ListingId: "l1"})
	if err != nil || n.GetDeleted() != 1 {
		t.Errorf("DeleteListings(l1) = %v, %v; want 1", n, err)
	}
	if n, err = r.DeleteListings(t.Context(), &touchstonev1.DeleteListingsRequest{Marketplace: "bazaar", SellerId: "s0"}); err != nil || n.GetDeleted() != 4 {
		t.Errorf("DeleteListings(seller s0) = %v, %v; want 4", n, err)
	}
	if d := cmp.Diff([]string{"l3", "l5"}, all(nil)); d != "" {
		t.Errorf("after deletions (-want +got):\n%s", d)
	}
	_, err = r.GetListing(t.Context(), &touchstonev1.GetListingRequest{Marketplace: "bazaar", ListingId: "l1", ImageId: "1"})
	if d := cmp.Diff(told{codes.NotFound, "LISTING_NOT_FOUND", "image_id"}, toldBy(t, err)); d != "" {
		t.Errorf("GetListing of what was deleted (-want +got):\n%s", d)
	}
	first := uint64(2)
	_, err = r.GetListing(t.Context(), &touchstonev1.GetListingRequest{Marketplace: "bazaar", ListingId: "l1", ImageId: "1", AsOfRevision: &first})
	if d := cmp.Diff(told{codes.NotFound, "LISTING_NOT_FOUND", "image_id"}, toldBy(t, err)); d != "" {
		t.Errorf("GetListing of what was deleted, as of then (-want +got):\n%s", d)
	}
	_, err = r.DeleteListings(t.Context(), &touchstonev1.DeleteListingsRequest{Marketplace: "bazaar"})
	if d := cmp.Diff(told{codes.InvalidArgument, "FIELD_INVALID", "listing_id"}, toldBy(t, err)); d != "" {
		t.Errorf("DeleteListings of a whole marketplace (-want +got):\n%s", d)
	}
}

// A listing image of the past is found by a photo that comes later, by question and by watching, and its decision follows.
func TestPast(t *testing.T) {
	r := serve(t, server.Options{})
	r.check(t, seen("l1", "s1"), photo(t, 1))
	r.check(t, seen("l2", "s1"), asJPEG(t, mirrored(drawn(1, 240, 200))))
	r.check(t, seen("l3", "s1"), photo(t, 2))
	watch, err := r.WatchMatches(t.Context(), &touchstonev1.WatchMatchesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	r.follow(t)
	p := r.add(t, "Acme", "1", 1)
	got := map[string]string{}
	var last uint64
	for len(got) < 2 {
		w, err := watch.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if w.GetRevision() < last {
			t.Errorf("revision %d after %d", w.GetRevision(), last)
		}
		last = w.GetRevision()
		if w.GetListing() == nil {
			continue
		}
		id := w.GetListing().GetFacts().GetListingId()
		if got[id] != "" {
			t.Errorf("%s was told twice", id)
		}
		m := w.GetMatches()
		if len(m) != 1 || m[0].GetPhoto().GetPhotoId() != "1" || m[0].GetPhotoRevision() != p.GetRevision() {
			t.Errorf("matches of %s: %v", id, m)
		}
		got[id] = decided(w.GetListing().GetDecision())
	}
	if d := cmp.Diff(map[string]string{"l1": "INFRINGING NO_GRANT", "l2": "INFRINGING NO_GRANT"}, got); d != "" {
		t.Errorf("watched (-want +got):\n%s", d)
	}
	if got := decided(r.listing(t, "l1").GetDecision()); got != "INFRINGING NO_GRANT" {
		t.Errorf("decision about l1 is %q", got)
	}
	for name, q := range map[string]*touchstonev1.FindListingsRequest{
		"photo":   {Brand: "Acme", PhotoId: "1"},
		"product": {Brand: "Acme", Product: "bag-1"},
	} {
		found, err := r.FindListings(t.Context(), q)
		if err != nil {
			t.Fatalf("FindListings(%s) = %v", name, err)
		}
		var ids []string
		for _, l := range found.GetListings() {
			ids = append(ids, l.GetFacts().GetListingId())
		}
		slices.Sort(ids)
		if d := cmp.Diff([]string{"l1", "l2"}, ids); d != "" || found.GetTotal() != 2 || found.GetSearched() != 3 {
			t.Errorf("FindListings(%s): %v, total %d of %d (-want +got):\n%s", name, ids, found.GetTotal(), found.GetSearched(), d)
		}
	}
	_, err = r.FindListings(t.Context(), &touchstonev1.FindListingsRequest{Brand: "Acme", PhotoId: "2"})
	if d := cmp.Diff(told{codes.NotFound, "PHOTO_NOT_FOUND", "photo_id"}, toldBy(t, err)); d != "" {
		t.Errorf("FindListings of no photo (-want +got):\n%s", d)
	}
	// From the last revision on there is nothing, until something comes.
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	again, err := r.WatchMatches(ctx, &touchstonev1.WatchMatchesRequest{AfterRevision: last, Brands: []string{"Acme"}})
	if err != nil {
		t.Fatal(err)
	}
	r.check(t, seen("l4", "s1"), photo(t, 1))
	for {
		w, err := again.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if w.GetListing() != nil {
			if id := w.GetListing().GetFacts().GetListingId(); id != "l4" {
				t.Errorf("after revision %d comes %s", last, id)
			}
			break
		}
	}
}

// Whatever comes when, photo or listing image: each pair is told once, and the decision that stands is the one with it.
func TestPairsTogether(t *testing.T) {
	const pairs = 24
	r := serve(t, server.Options{})
	r.follow(t)
	watch, err := r.WatchMatches(t.Context(), &touchstonev1.WatchMatchesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	images := make([][]byte, pairs)
	for i := range images {
		images[i] = photo(t, uint64(100+i))
	}
	var all sync.WaitGroup
	for w := range 2 {
		all.Go(func() {
			for i := w; i < pairs; i += 2 {
				if _, err := r.AddPhoto(t.Context(), &touchstonev1.AddPhotoRequest{
					Photo: &touchstonev1.Photo{Brand: "Acme", PhotoId: fmt.Sprint(i)}, Image: images[i],
				}); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for i := w; i < pairs; i += 2 {
				j := (i + 4) % pairs // some before, some after
				if _, err := r.Check(t.Context(), &touchstonev1.CheckRequest{Subject: ofImage(images[j]), Facts: seen(fmt.Sprint(j), "s1")}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	told := map[string]int{}
	for len(told) < pairs {
		a, err := watch.Recv()
		if err != nil {
			t.Fatalf("%d of %d pairs were told: %v", len(told), pairs, err)
		}
		for _, m := range a.GetMatches() {
			if id := a.GetListing().GetFacts().GetListingId(); id != m.GetPhoto().GetPhotoId() {
				t.Errorf("listing image %s matches photo %s", id, m.GetPhoto().GetPhotoId())
			}
			told[m.GetPhoto().GetPhotoId()]++
		}
	}
	for id, n := range told {
		if n != 1 {
			t.Errorf("pair %s was told %d times", id, n)
		}
		if got := decided(r.listing(t, id).GetDecision()); got != "INFRINGING NO_GRANT" {
			t.Errorf("decision about %s is %q", id, got)
		}
	}
}

// A watcher is told that the server stops, and keeps nobody waiting.
func TestWatchStops(t *testing.T) {
	r := serve(t, server.Options{})
	watch, err := r.WatchMatches(t.Context(), &touchstonev1.WatchMatchesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	r.check(t, seen("l1", "s1"), photo(t, 1))
	if _, err := watch.Recv(); err != nil { // it is being served
		t.Fatal(err)
	}
	began := time.Now()
	r.stop(t)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
	for err == nil {
		_, err = watch.Recv()
	}
	if got := toldBy(t, err); got.Reason != "STOPPING" {
		t.Errorf("the watcher is told %+v, want STOPPING", got)
	}
}

func TestReplay(t *testing.T) {
	r := serve(t, server.Options{})
	r.add(t, "Acme", "1", 1)
	r.check(t, seen("l1", "s1"), photo(t, 1))
	r.check(t, seen("l2", "s2"), photo(t, 2))
	before := r.book.Revision()
	replay := func(yaml string) (flips []string, done int64, err error) {
		stream, err := r.Replay(t.Context(), &touchstonev1.ReplayRequest{RulesYaml: []byte(yaml)})
		if err != nil {
			t.Fatal(err)
		}
		for {
			a, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return flips, done, nil
			}
			if err != nil {
				return nil, 0, err
			}
			done += a.GetDone()
			if c := a.GetChange(); c != nil {
				flips = append(flips, fmt.Sprintf("%s: %s -> %s", c.GetListing().GetFacts().GetListingId(), decided(c.GetBefore()), decided(c.GetListing().GetDecision())))
			}
		}
	}
	flips, done, err := replay("brands: {Acme: {rollout: 0}}")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"l1: INFRINGING NO_GRANT -> REVIEW NOT_ROLLED_OUT NO_GRANT"}, flips); d != "" || done != 2 {
		t.Errorf("%d done (-want +got):\n%s", done, d)
	}
	if now := r.book.Revision(); now != before {
		t.Errorf("a replay has changed something: revision %d, was %d", now, before)
	}
	_, _, err = replay("default: {infringing: much}")
	if got := toldBy(t, err); got.Reason != "RULES_INVALID" || got.Field != "rules_yaml" {
		t.Errorf("rules that are none: %+v", got)
	}
}

// Whatever is asked about a listing, its answer survives another server on the same files.
func TestCheckAgainstGrant(t *testing.T) {
	r := serve(t, server.Options{})
	r.add(t, "Acme", "1", 1)
	put, err := r.PutGrants(t.Context(), &touchstonev1.PutGrantsRequest{Grants: []*touchstonev1.Grant{
		{Brand: "Acme", GrantId: "g1", Grantee: "Shop Ltd", SellerIds: []string{"s1", "s1-outlet"}, Marketplace: "bazaar"},
	}})
	if err != nil || put.GetAdded() != 1 {
		t.Fatalf("PutGrants = %v, %v", put, err)
	}
	for seller, want := range map[string]string{"s1": "AUTHORISED SELLER_GRANTED", "s1-outlet": "AUTHORISED SELLER_GRANTED", "s2": "INFRINGING NO_GRANT"} {
		a := r.check(t, seen("of-"+seller, seller), photo(t, 1))
		if got := decided(a.GetDecision()); got != want {
			t.Errorf("decision about %s %q, want %q", seller, got, want)
		}
	}
	asked := proto.CloneOf(seen("of-s1", "s1"))
	if _, err := r.DeleteGrant(t.Context(), &touchstonev1.DeleteGrantRequest{Brand: "Acme", GrantId: "g1"}); err != nil {
		t.Fatal(err)
	}
	was := r.listing(t, "of-s1")
	now := r.check(t, asked, photo(t, 1))
	if got := decided(now.GetDecision()); got != "INFRINGING NO_GRANT" {
		t.Errorf("without the grant: %q", got)
	}
	rev := was.GetRevision()
	then, err := r.GetListing(t.Context(), &touchstonev1.GetListingRequest{Marketplace: "bazaar", ListingId: "of-s1", ImageId: "1", AsOfRevision: &rev})
	if err != nil || decided(then.GetListing().GetDecision()) != "AUTHORISED SELLER_GRANTED" {
		t.Errorf("as of revision %d: %v, %v", rev, then, err)
	}
}

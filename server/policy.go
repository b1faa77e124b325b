package server

import (
	"context"
	"fmt"

	spb "google.golang.org/genproto/googleapis/rpc/status"

	"touchstone/index"
	"touchstone/listing"
	"touchstone/listing/book"
	"touchstone/listing/desk"
	"touchstone/listing/health"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

type policyService struct {
	touchstonev1.UnimplementedPolicyServiceServer

	server *Server
	index  index.Index
	desk   *desk.Desk
}

func (s *policyService) PutGrants(ctx context.Context, r *touchstonev1.PutGrantsRequest) (*touchstonev1.PutGrantsResponse, error) {
	if n := len(r.GetGrants()); n < 1 || n > maxGrants {
		return nil, refuse("grants", "1 to %d, got %d", maxGrants, n)
	}
	results := make([]*spb.Status, len(r.GetGrants()))
	told := func(i int, err error) {
		results[i] = callOf(ctx).item(ctx, err).Proto()
	}
	var grants []listing.Grant
	var of []int // place of each in the request
	for i, w := range r.GetGrants() {
		g, err := grantFrom(w)
		if err != nil {
			told(i, err)
			continue
		}
		grants, of = append(grants, g), append(of, i)
	}
	puts, revision, err := s.desk.Book().PutGrants(ctx, grants...)
	if err != nil {
		return nil, err
	}
	answer := &touchstonev1.PutGrantsResponse{Results: results, Revision: revision}
	for j, p := range puts {
		if p.Err != nil {
			told(of[j], p.Err)
			continue
		}
		results[of[j]] = &spb.Status{}
		switch p.Outcome {
		case index.Added:
			answer.Added++
		case index.Replaced:
			answer.Replaced++
		default:
			answer.Unchanged++
		}
	}
	return answer, nil
}

func (s *policyService) ListGrants(ctx context.Context, r *touchstonev1.ListGrantsRequest) (*touchstonev1.ListGrantsResponse, error) {
	size, err := pageSize(r.GetPageSize(), grantsPage)
	if err != nil {
		return nil, err
	}
	if r.AsOfRevision != nil && r.GetAsOfRevision() == 0 {
		return nil, refuse("as_of_revision", "1 or more, or left out")
	}
	brand, err := narrowed(r.GetBrand())
	if err != nil {
		return nil, err
	}
	q := queryOf("grants", index.Filter{Brands: []string{brand}})
	after, err := q.after(r.GetPageToken())
	if err != nil {
		return nil, err
	}
	grants, more, err := s.desk.Book().Grants(ctx, brand, after.Brand, after.ID, r.GetAsOfRevision(), size)
	if err != nil {
		return nil, about("as_of_revision", book.ErrRevision, err)
	}
	page := &touchstonev1.ListGrantsResponse{}
	for i := range grants {
		page.Grants = append(page.Grants, grantTo(&grants[i]))
	}
	if more && len(grants) > 0 {
		last := &grants[len(grants)-1]
		page.NextPageToken = q.token(index.Key{Brand: last.Brand, ID: last.ID})
	}
	return page, nil
}

func (s *policyService) DeleteGrant(ctx context.Context, r *touchstonev1.DeleteGrantRequest) (*touchstonev1.DeleteGrantResponse, error) {
	if err := s.desk.Book().DeleteGrant(ctx, r.GetBrand(), r.GetGrantId()); err != nil {
		return nil, about("grant_id", book.ErrGrantNotFound, err)
	}
	return &touchstonev1.DeleteGrantResponse{}, nil
}

func (s *policyService) SetRules(ctx context.Context, r *touchstonev1.SetRulesRequest) (*touchstonev1.SetRulesResponse, error) {
	if err := checkRules("yaml", r.GetYaml()); err != nil {
		return nil, err
	}
	revision, err := s.desk.Book().SetRules(ctx, r.GetYaml(), r.ExpectedRevision)
	if err != nil {
		return nil, about("yaml", listing.ErrRules, about("expected_revision", book.ErrRulesChanged, err))
	}
	return &touchstonev1.SetRulesResponse{Revision: revision}, nil
}

func (s *policyService) GetRules(ctx context.Context, r *touchstonev1.GetRulesRequest) (*touchstonev1.GetRulesResponse, error) {
	if r.AsOfRevision != nil && r.GetAsOfRevision() == 0 {
		return nil, refuse("as_of_revision", "1 or more, or left out")
	}
	yaml, revision, set, err := s.desk.Book().Rules(ctx, r.GetAsOfRevision())
	if err != nil {
		return nil, about("as_of_revision", book.ErrRevision, err)
	}
	if revision == 0 {
		yaml = []byte(listing.DefaultYAML)
	}
	return &touchstonev1.GetRulesResponse{Yaml: yaml, Revision: revision, UpdateTime: timeTo(set)}, nil
}

func (s *policyService) SetStanding(ctx context.Context, r *touchstonev1.SetStandingRequest) (*touchstonev1.SetStandingResponse, error) {
	w := r.GetStanding()
	if w == nil {
		return nil, refuse("standing", "required")
	}
	k, err := keyFrom(w.GetPhoto().GetBrand(), w.GetPhoto().GetPhotoId())
	if err != nil {
		return nil, at("standing", at("photo", err))
	}
	state, ok := stateFrom(w.GetStanding())
	if !ok {
		return nil, refuse("standing.standing", "one of the standings, got %d", w.GetStanding())
	}
	if _, err := s.index.Get(ctx, k); err != nil {
		return nil, about("standing.photo.photo_id", index.ErrNotFound, err)
	}
	now, err := s.desk.Book().SetStandings(ctx, listing.Standing{Photo: k, State: state, Note: w.GetNote(), Settled: true})
	if err != nil {
		return nil, at("standing", err)
	}
	return &touchstonev1.SetStandingResponse{Standing: standingTo(&now[0])}, nil
}

func (s *policyService) ListStandings(ctx context.Context, r *touchstonev1.ListStandingsRequest) (*touchstonev1.ListStandingsResponse, error) {
	size, err := pageSize(r.GetPageSize(), grantsPage)
	if err != nil {
		return nil, err
	}
	brand, err := narrowed(r.GetBrand())
	if err != nil {
		return nil, err
	}
	var states []listing.State
	filter := index.Filter{Brands: []string{brand}}
	for i, w := range r.GetStandings() {
		state, ok := stateFrom(w)
		if !ok {
			return nil, refuse(fmt.Sprintf("standings[%d]", i), "one of the standings, got %d", w)
		}
		states = append(states, state)
		filter.Products = append(filter.Products, w.String())
	}
	q := queryOf("standings", filter)
	after, err := q.after(r.GetPageToken())
	if err != nil {
		return nil, err
	}
	standings, next, err := s.desk.Book().Standings(ctx, brand, states, after, size)
	if err != nil {
		return nil, err
	}
	page := &touchstonev1.ListStandingsResponse{}
	for i := range standings {
		page.Standings = append(page.Standings, standingTo(&standings[i]))
	}
	if next != nil {
		page.NextPageToken = q.token(*next)
	}
	return page, nil
}

func grantFrom(w *touchstonev1.Grant) (g listing.Grant, err error) {
	g = listing.Grant{
		Brand: w.GetBrand(), ID: w.GetGrantId(), Grantee: w.GetGrantee(), Sellers: w.GetSellerIds(), Everyone: w.GetEveryone(),
		Products: w.GetProducts(), Photos: w.GetPhotoIds(), Marketplace: w.GetMarketplace(), Region: w.GetRegionCode(), Note: w.GetNote(),
	}
	if g.From, err = timeFrom("valid_from", w.GetValidFrom()); err != nil {
		return g, err
	}
	g.To, err = timeFrom("valid_to", w.GetValidTo())
	return g, err
}

func grantTo(g *listing.Grant) *touchstonev1.Grant {
	return &touchstonev1.Grant{
		Brand: g.Brand, GrantId: g.ID, Grantee: g.Grantee, SellerIds: g.Sellers, Everyone: g.Everyone, Products: g.Products,
		PhotoIds: g.Photos, Marketplace: g.Marketplace, RegionCode: g.Region, ValidFrom: timeTo(g.From), ValidTo: timeTo(g.To),
		Note: g.Note, Revision: g.Revision,
	}
}

var standings = map[listing.State]touchstonev1.Standing{
	listing.Normal:      touchstonev1.Standing_STANDING_NORMAL,
	listing.IsBenign:    touchstonev1.Standing_STANDING_BENIGN,
	listing.Quarantined: touchstonev1.Standing_STANDING_QUARANTINED,
	listing.Muted:       touchstonev1.Standing_STANDING_MUTED,
}

func stateFrom(w touchstonev1.Standing) (listing.State, bool) {
	return keyOf(standings, w)
}

func standingTo(s *listing.Standing) *touchstonev1.PhotoStanding {
	return &touchstonev1.PhotoStanding{
		Photo: nameTo(s.Photo), Standing: standings[s.State], Note: s.Note, Others: namesTo(s.Others), Settled: s.Settled,
		Revision: s.Revision, UpdateTime: timeTo(s.Updated),
	}
}

func (s *policyService) ExamineBrand(r *touchstonev1.ExamineBrandRequest, stream touchstonev1.PolicyService_ExamineBrandServer) error {
	if _, err := keyFrom(r.GetBrand(), "-"); err != nil {
		return err
	}
	ctx, end := s.server.serving(stream.Context())
	defer end()
	e, err := s.desk.Examine(ctx, r.GetBrand(), r.GetDryRun(), func(done, total int) error {
		return stream.Send(&touchstonev1.ExamineBrandResponse{Done: int64(done), Total: int64(total)})
	})
	if err != nil {
		return s.server.ended(err)
	}
	return stream.Send(&touchstonev1.ExamineBrandResponse{Done: int64(e.Photos), Total: int64(e.Photos), Report: examinationTo(&e)})
}

func examinationTo(e *health.Examination) *touchstonev1.BrandExamination {
	w := &touchstonev1.BrandExamination{
		Brand: e.Brand, Photos: int64(e.Photos), CatalogRevision: e.Revision,
		Plain: int64(e.Plain), PlainPhotos: namesTo(e.PlainPhotos),
		SplitTone: int64(e.SplitTone), SplitTonePhotos: namesTo(e.SplitTonePhotos),
		NearDuplicates: int64(e.Duplicates), NearDuplicateGroups: groupsTo(e.DuplicateGroups),
		Conflicts: int64(e.Conflicts), ConflictGroups: groupsTo(e.ConflictGroups),
		Floods:                         int64(e.Floods),
		ExpectedFalseMatchesPerMillion: e.ExpectedFalse, AllowedFalseMatchesPerMillion: e.AllowedFalse, Likelihood: e.Likelihood,
	}
	for _, f := range e.FloodPhotos {
		w.FloodPhotos = append(w.FloodPhotos, &touchstonev1.PhotoFlood{
			Photo: nameTo(f.Photo), Listings: int64(f.Listings), Sellers: int64(f.Sellers),
		})
	}
	return w
}

func groupsTo(groups [][]index.Key) []*touchstonev1.PhotoGroup {
	w := make([]*touchstonev1.PhotoGroup, len(groups))
	for i, g := range groups {
		w[i] = &touchstonev1.PhotoGroup{Photos: namesTo(g)}
	}
	return w
}

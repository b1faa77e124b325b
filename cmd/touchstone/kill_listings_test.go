package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// seenAt is when the tests' listings were seen.
var seenAt = timestamppb.New(time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC))

// TestKillChecks kills the server at random moments of a stream of checks, and holds that each listing image that was
// answered is remembered as the answer has it: facts, matches, decision, revision.
func TestKillChecks(t *testing.T) {
	r := seeded(t)
	m := born(t)
	m.onboard(t, "Acme", 0, 1, 2, 3, 4)
	dir := t.TempDir()
	var images [][]byte
	for _, name := range imagesOf(t, dir) {
		if name != "broken.jpg" {
			images = append(images, []byte(contents(t, filepath.Join(dir, name))))
		}
	}
	acknowledged := make(map[string]*touchstonev1.Listing)
	for round := range killRounds() {
		before := len(acknowledged)
		after := time.Duration(r.Int64N(int64(400 * time.Millisecond)))
		if err := checkUntilKilled(t.Context(), m.process, after, round, images, acknowledged); err != nil {
			t.Fatalf("round %d, killed after %v: %v", round, after, err)
		}
		t.Logf("round %d: killed after %v, %d checks acknowledged", round, after, len(acknowledged)-before)
		m.rise(t)
		known := m.listings(t, nil)
		for name, l := range acknowledged {
			if !proto.Equal(l, known[name]) {
				t.Fatalf("round %d: %s is remembered otherwise (-acknowledged +remembered):\n%s", round, name, cmp.Diff(l, known[name], protocmp.Transform()))
			}
		}
	}
	found := 0
	for _, l := range acknowledged {
		if l.GetDecision().GetDecision() == touchstonev1.Decision_DECISION_INFRINGING {
			found++
		}
	}
	t.Logf("%d kills, %d checks acknowledged, %d of them infringing", m.deaths, len(acknowledged), found)
	if found == 0 {
		t.Error("nothing was ever found: the test shows little")
	}
}

// checkUntilKilled sends listing images without end, kills the server that long after the first that infringes was answered, and
// takes down what was answered.
func checkUntilKilled(ctx context.Context, p *process, after time.Duration, round int, images [][]byte, acknowledged map[string]*touchstonev1.Listing) error {
	c, err := client.Dial(p.addr, client.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // the server is gone by then
	stream, err := c.CheckListings(ctx, client.StreamOptions{})
	if err != nil {
		return err
	}
	var g errgroup.Group
	g.Go(func() error {
		for n := 0; ; n++ {
			err := stream.Send(&touchstonev1.CheckStreamRequest{CorrelationId: strconv.Itoa(n), Request: &touchstonev1.CheckRequest{
				Subject: &touchstonev1.Subject{Subject: &touchstonev1.Subject_Image{Image: images[n%len(images)]}},
				Facts: &touchstonev1.ListingFacts{
					Marketplace: "bazaar", ListingId: fmt.Sprintf("%d-%d", round, n), SellerId: fmt.Sprint("s", n%7), SeenTime: seenAt,
					Price: &touchstonev1.Money{CurrencyCode: "USD", Units: int64(1 + n%9)},
				},
			}})
			if err != nil {
				return err
			}
		}
	})
	var killed *time.Timer
	found := false
	ended := make(chan error, 1)
	for {
		answer, err := stream.Recv()
		if err != nil {
			break
		}
		l := answer.GetResponse().GetListing()
		if l == nil {
			return fmt.Errorf("answer to %s: %v", answer.GetCorrelationId(), answer)
		}
		acknowledged[nameOfListing(l.GetFacts())] = featureless(l)
		found = found || l.GetDecision().GetDecision() == touchstonev1.Decision_DECISION_INFRINGING
		if killed == nil && found {
			killed = time.AfterFunc(after, func() { ended <- p.kill() })
		}
	}
	if killed == nil {
		return fmt.Errorf("the stream ended before anything was acknowledged:\n%s", p.stderr())
	}
	if err := <-ended; err != nil {
		return err
	}
	if err := g.Wait(); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// TestKillGrants kills the server at random moments while grants are put in batches, and holds that each batch is there as
// a whole or not at all, and there where it was acknowledged; and that grants import, run again, puts what is missing.
func TestKillGrants(t *testing.T) {
	const size = 100
	r := seeded(t)
	m := born(t)
	type batch struct {
		revision     uint64 // that it was acknowledged with; 0: it was not
		sent, listed int
	}
	acknowledged, whole, lost := 0, 0, 0
	for round := 0; more(round, acknowledged > 0); round++ {
		brand := fmt.Sprint("B", round)
		batches := make(map[int]*batch)
		c, err := client.Dial(m.addr, client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, giveUp := context.WithCancel(t.Context())
		killed := time.AfterFunc(time.Duration(r.Int64N(int64(300*time.Millisecond))), func() {
			_ = m.cmd.Process.Kill()
			giveUp() // what is safe to repeat the client would repeat for a while
		})
		for n := 0; n < 1000; n++ {
			q := &touchstonev1.PutGrantsRequest{}
			for i := range size {
				q.Grants = append(q.Grants, grantNumbered(brand, n, i))
			}
			batches[n] = &batch{sent: size}
			a, err := c.PutGrants(ctx, q)
			if err != nil {
				break
			}
			if a.GetAdded() != size {
				t.Fatalf("batch %d: %v", n, a)
			}
			batches[n].revision = a.GetRevision()
			acknowledged++
		}
		killed.Stop()
		giveUp()
		_ = c.Close() // the server is gone
		m.die(t)
		for _, g := range m.grants(t, brand) {
			var n, i int
			if _, err := fmt.Sscanf(g.GetGrantId(), "%d.%d", &n, &i); err != nil {
				t.Fatalf("grant %q: %v", g.GetGrantId(), err)
			}
			want := grantNumbered(brand, n, i)
			want.Revision = g.GetRevision()
			if !proto.Equal(want, g) { // cmp.Diff takes a millisecond each
				t.Errorf("round %d: grant %s (-put +listed):\n%s", round, g.GetGrantId(), cmp.Diff(want, g, protocmp.Transform()))
			}
			if b := batches[n]; b.revision > 0 && (g.GetRevision() > b.revision || g.GetRevision()+size <= b.revision) {
				t.Errorf("round %d: grant %s has revision %d, its batch was acknowledged with %d", round, g.GetGrantId(), g.GetRevision(), b.revision)
			}
			batches[n].listed++
		}
		for n, b := range batches {
			switch {
			case b.listed == b.sent:
				whole++
			case b.listed > 0:
				t.Errorf("round %d: %d of %d grants of batch %d are there", round, b.listed, b.sent, n)
			case b.revision > 0:
				t.Errorf("round %d: batch %d was acknowledged and is gone", round, n)
			default:
				lost++
			}
		}
		importThroughKill(t, m, r, round)
	}
	t.Logf("%d kills, %d batches acknowledged, %d there, %d not, none in part", m.deaths, acknowledged, whole, lost)
	if acknowledged == 0 {
		t.Error("nothing was ever acknowledged: the test shows nothing")
	}
}

// importThroughKill has grants import killed with its server, and run again.
func importThroughKill(t *testing.T, m *mortal, r *rand.Rand, round int) {
	t.Helper()
	const size = 2 * batchGrants
	brand := fmt.Sprint("C", round)
	var csv strings.Builder
	csv.WriteString("brand,grant_id,grantee,seller_ids,valid_from\n")
	for i := range size {
		fmt.Fprintf(&csv, "%s,%d,Company %d,seller-%d|alias-%d,2026-01-01\n", brand, i, i, i, i)
	}
	path := filepath.Join(t.TempDir(), "grants.csv")
	if err := os.WriteFile(path, []byte(csv.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	e := sendOut(t, m.addr, "grants", "import", path)
	time.Sleep(time.Duration(r.Int64N(int64(400 * time.Millisecond))))
	if err := m.kill(); err != nil {
		t.Fatal(err)
	}
	e.back()
	m.rise(t)
	before := len(m.grants(t, brand))
	if before%batchGrants != 0 {
		t.Errorf("round %d: %d grants are there: a batch is there in part", round, before)
	}
	exit, stdout, stderr := carriedOut(t.Context(), m.addr, "grants", "import", "--json", path)
	want := fmt.Sprintf(`{"added":%d,"replaced":0,"unchanged":%d,"refused":0,`, size-before, before)
	if exit != exitOK || !strings.HasPrefix(stdout, want) {
		t.Errorf("round %d: run again: exit status %d, %s%s, want %s", round, exit, stdout, stderr, want)
	}
	if after := len(m.grants(t, brand)); after != size {
		t.Errorf("round %d: %d grants are there, want %d", round, after, size)
	}
	t.Logf("round %d: of %d grants of a file %d were there after the kill", round, size, before)
}

func grantNumbered(brand string, batch, i int) *touchstonev1.Grant {
	id := fmt.Sprintf("%d.%d", batch, i)
	return &touchstonev1.Grant{
		Brand: brand, GrantId: id, Grantee: "Company " + id, SellerIds: []string{"alias-" + id, "seller-" + id}, Marketplace: "bazaar", ValidFrom: seenAt,
	}
}

// grants are those of a brand.
func (m *mortal) grants(t *testing.T, brand string) (all []*touchstonev1.Grant) {
	t.Helper()
	m.ask(t, func(ctx context.Context, c *client.Client) error {
		q := &touchstonev1.ListGrantsRequest{Brand: brand, PageSize: 1000}
		for {
			page, err := c.ListGrants(ctx, q)
			if err != nil {
				return err
			}
			all = append(all, page.GetGrants()...)
			if q.PageToken = page.GetNextPageToken(); q.PageToken == "" {
				return nil
			}
		}
	})
	return all
}

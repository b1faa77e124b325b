package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

// killRounds is how often a test with the server's listings kills.
func killRounds() int {
	if os.Getenv("TOUCHSTONE_LONG") != "" {
		return 50
	}
	return 2
}

// mostRounds is after how many rounds of kills that showed nothing a test gives up.
const mostRounds = 40

// more tells whether there is to be another round: as many as are asked for, and some more while they have shown nothing.
func more(round int, shown bool) bool {
	return round < killRounds() || !shown && round < mostRounds
}

// seeded is a source of random numbers whose seed is logged.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// mortal is a server that is killed, and started again over the same folder.
type mortal struct {
	dir string
	*process
	deaths int
}

// born starts a mortal server. It ends with the test, and leaves sound files.
func born(t *testing.T) *mortal {
	t.Helper()
	m := &mortal{dir: t.TempDir()}
	m.live(t)
	t.Cleanup(func() {
		if err := m.stop(); err != nil {
			t.Error(err)
		}
		m.sound(t)
	})
	return m
}

func (m *mortal) live(t *testing.T) {
	t.Helper()
	var err error
	if m.process, err = startServer(m.dir, "--log-level=error"); err != nil {
		t.Fatal(err)
	}
}

// die kills the server, goes through what it leaves behind, and starts it again.
func (m *mortal) die(t *testing.T) {
	t.Helper()
	if err := m.kill(); err != nil {
		t.Fatal(err)
	}
	m.rise(t)
}

// rise goes through what a killed server has left behind, and starts it again.
func (m *mortal) rise(t *testing.T) {
	t.Helper()
	m.deaths++
	m.sound(t)
	m.live(t)
}

// sound holds that check finds nothing.
func (m *mortal) sound(t *testing.T) {
	t.Helper()
	check := &exec.Cmd{Path: m.cmd.Path, Args: []string{"touchstone", "check", "--data-dir", m.dir}}
	if out, err := check.CombinedOutput(); err != nil {
		t.Fatalf("check: %v\n%s", err, out)
	}
}

// ask calls the server.
func (m *mortal) ask(t *testing.T, call func(ctx context.Context, c *client.Client) error) {
	t.Helper()
	c, err := client.Dial(m.addr, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := call(t.Context(), c); err != nil {
		t.Fatalf("%v\n%s", err, m.stderr())
	}
}

// onboard adds drawn photos to a brand, named by their seeds.
func (m *mortal) onboard(t *testing.T, brand string, seeds ...uint64) {
	t.Helper()
	dir := t.TempDir()
	for _, seed := range seeds {
		put(t, dir, map[string]string{fmt.Sprint(seed, ".jpg"): string(encoded(t, drawn(seed, 120, 90)))})
	}
	if exit, _, stderr := carriedOut(t.Context(), m.addr, "onboard", "--brand", brand, dir); exit != exitOK {
		t.Fatal(stderr)
	}
}

// listings are all that the server remembers, by marketplace, listing and image, without features.
func (m *mortal) listings(t *testing.T, filter *touchstonev1.ListingFilter) map[string]*touchstonev1.Listing {
	t.Helper()
	all := make(map[string]*touchstonev1.Listing)
	m.ask(t, func(ctx context.Context, c *client.Client) error {
		return listings(ctx, c, filter, func(page *touchstonev1.ListListingsResponse) error {
			for _, l := range page.GetListings() {
				if all[nameOfListing(l.GetFacts())] != nil {
					return fmt.Errorf("%s is listed twice", nameOfListing(l.GetFacts()))
				}
				all[nameOfListing(l.GetFacts())] = featureless(l)
			}
			return nil
		})
	})
	return all
}

func nameOfListing(f *touchstonev1.ListingFacts) string {
	return f.GetMarketplace() + "/" + f.GetListingId() + "/" + f.GetImageId()
}

func featureless(l *touchstonev1.Listing) *touchstonev1.Listing {
	l = proto.CloneOf(l)
	if l.GetFingerprint() != nil {
		l.Fingerprint.Features = nil
	}
	return l
}

// errand is a verb that runs as a process of its own.
type errand struct {
	cmd  *exec.Cmd
	said bytes.Buffer
}

func sendOut(t *testing.T, addr string, args ...string) *errand {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e := &errand{cmd: &exec.Cmd{Path: self, Args: append([]string{"touchstone"}, append(args, "--addr", addr)...)}}
	e.cmd.Stdout, e.cmd.Stderr = &e.said, &e.said
	if err := e.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return e
}

// back waits for the verb, and tells how it ended: -1 where it was killed.
func (e *errand) back() int {
	_ = e.cmd.Wait() // the state tells
	return e.cmd.ProcessState.ExitCode()
}

// victims are who is killed while a verb is under way.
var victims = []string{"server", "verb"}

// disturbed runs a verb until it says that it is done, and kills the server or the verb at random moments of its first runs;
// after each kill it calls killed, while a server runs again. It returns how many runs were cut short.
func (m *mortal) disturbed(t *testing.T, r *rand.Rand, victim string, took time.Duration, done string, killed func(), args ...string) (kills int) {
	t.Helper()
	const most = 3
	for kills < most {
		e := sendOut(t, m.addr, args...)
		time.Sleep(time.Duration(r.Int64N(int64(took + 50*time.Millisecond))))
		if victim == "server" {
			if err := m.kill(); err != nil {
				t.Fatal(err)
			}
			e.back()
			m.rise(t)
		} else {
			_ = e.cmd.Process.Kill() // it may have ended by itself
			e.back()
		}
		if strings.Contains(e.said.String(), done) {
			return kills
		}
		kills++
		killed()
	}
	e := sendOut(t, m.addr, args...)
	if exit := e.back(); !strings.Contains(e.said.String(), done) {
		t.Fatalf("undisturbed at last: exit status %d\n%s", exit, e.said.String())
	}
	return kills
}

// imagesOf writes a folder of what marketplaces show: copies, other pictures, and what is none.
func imagesOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	for seed := range uint64(5) {
		m := drawn(seed, 120, 90)
		put(t, dir, map[string]string{
			fmt.Sprintf("copy-%d.jpg", seed):     string(encoded(t, m)),
			fmt.Sprintf("mirrored-%d.jpg", seed): string(edited(t, m, "mirrored")),
			fmt.Sprintf("other-%d.jpg", seed):    string(encoded(t, drawn(100+seed, 120, 90))),
		})
	}
	put(t, dir, map[string]string{"plain.jpg": string(encoded(t, white(120, 90))), "broken.jpg": "no picture"})
	found, err := filepath.Glob(filepath.Join(dir, "*.jpg"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no images: %v", err)
	}
	for _, f := range found {
		names = append(names, filepath.Base(f))
	}
	return names
}

// edited is a picture as the demonstration edits it.
func edited(t testing.TB, m image.Image, edit string) []byte {
	t.Helper()
	for _, e := range demoEdits() {
		if e.name == edit {
			b, err := e.make(m, drawn(1000, 120, 90))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Fatalf("no edit is called %q", edit)
	return nil
}

// white is a picture of nothing.
func white(width, height int) image.Image {
	m := image.NewGray(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	return m
}

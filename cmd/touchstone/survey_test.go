package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"touchstone/index"
	"touchstone/index/local"
	"touchstone/match"
	"touchstone/picture"
)

// TestSurveyDue holds when a survey is made, on a clock of its own.
func TestSurveyDue(t *testing.T) {
	start := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		before surveyor // at: when and among how many photos the last one was
		photos int
		after  time.Duration
		want   bool
	}{
		{"never yet", surveyor{}, 0, 0, true},
		{"nothing new", surveyor{at: start, photos: 5000}, 5000, 23 * time.Hour, false},
		{"a day later", surveyor{at: start, photos: 5000}, 5000, 24 * time.Hour, true},
		{"a tenth more, but few", surveyor{at: start, photos: 5000}, 5999, time.Minute, false},
		{"a thousand more", surveyor{at: start, photos: 5000}, 6000, time.Minute, true},
		{"a thousand fewer", surveyor{at: start, photos: 5000}, 4000, time.Minute, true},
		{"a thousand more, but no tenth", surveyor{at: start, photos: 50_000}, 54_999, time.Minute, false},
		{"a tenth more", surveyor{at: start, photos: 50_000}, 55_000, time.Minute, true},
		{"a tenth fewer", surveyor{at: start, photos: 50_000}, 45_000, time.Minute, true},
		{"the first thousand", surveyor{at: start}, 1000, time.Minute, true},
		{"failed just now", surveyor{at: start, photos: 5000, failed: true}, 9000, 59 * time.Minute, false},
		{"failed an hour ago", surveyor{at: start, photos: 5000, failed: true}, 5000, time.Hour, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.before.due(test.photos, start.Add(test.after)); got != test.want {
				t.Errorf("due: %v, want %v", got, test.want)
			}
		})
	}
}

// TestSurveyFails holds that neither an error nor a panic of a survey ends anything, that both are logged, and that the
// next one is made all the same.
func TestSurveyFails(t *testing.T) {
	var log bytes.Buffer
	surveys := 0
	s := surveyor{
		brands: func(context.Context) ([]index.BrandCount, error) {
			return []index.BrandCount{{Brand: "Acme", Photos: 7}}, nil
		},
		survey: func(context.Context) error {
			switch surveys++; surveys {
			case 1:
				return errors.New("no luck")
			case 2:
				panic("worse luck")
			}
			return nil
		},
		log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	for i, want := range []string{"no luck", "worse luck", "catalogue surveyed"} {
		log.Reset()
		s.look(t.Context(), time.Now().Add(time.Duration(i)*surveyRetry))
		if surveys != i+1 || !strings.Contains(log.String(), want) {
			t.Errorf("%d surveys, %q logged, want %q", surveys, log.String(), want)
		}
	}
	s.brands = func(context.Context) ([]index.BrandCount, error) { return nil, index.ErrCorrupt }
	log.Reset()
	if s.look(t.Context(), time.Now()); surveys != 3 || !strings.Contains(log.String(), index.ErrCorrupt.Error()) {
		t.Errorf("%d surveys, %q logged", surveys, log.String())
	}
}

// TestSurveyEnds holds that what surveys ends with the server, a survey that is under way as well.
func TestSurveyEnds(t *testing.T) {
	under := make(chan struct{})
	s := surveyor{
		brands: func(context.Context) ([]index.BrandCount, error) { return nil, nil },
		survey: func(ctx context.Context) error {
			close(under)
			<-ctx.Done()
			return ctx.Err()
		},
		log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.run(ctx, time.Hour)
	}()
	<-under
	stop()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("still surveying")
	}
	if !s.at.IsZero() {
		t.Error("a survey that was broken off counts")
	}
}

// TestServeSurveys holds that a server surveys its catalogue, and that what surveys is gone before the index is closed.
func TestServeSurveys(t *testing.T) {
	photos, err := local.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 100)
	log := slog.New(slog.NewTextHandler(lines(told), nil))
	matcher := match.New(photos, picture.NewDecoder(picture.Limits{}), match.Config{})
	survey := &surveyor{brands: photos.Brands, survey: matcher.Survey, log: log}
	end := beside(t.Context(), func(ctx context.Context) { survey.run(ctx, surveyLook) })
	select {
	case line := <-told:
		if !strings.Contains(line, "catalogue surveyed") {
			t.Errorf("logged %q", line)
		}
	case <-time.After(time.Minute):
		t.Error("not surveyed")
	}
	end()
	if err := photos.Close(); err != nil {
		t.Error(err)
	}

	p := runServer(t, filepath.Join(t.TempDir(), "data"))
	for deadline := time.Now().Add(time.Minute); !strings.Contains(p.stderr(), "catalogue surveyed"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("serve does not survey:\n%s", p.stderr())
		}
	}
}

// lines takes what is logged.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	touchstonev1 "touchstone/proto/touchstone/v1"
	"touchstone/table"
)

// judge is a server that decides by an image's text: "genuine 3" is photo 3, "FIELD_INVALID" is refused for that reason,
// all else is nothing that it knows. It takes its time, and answers in no order.
type judge struct {
	touchstonev1.UnimplementedListingServiceServer
	slow time.Duration // for an image at most

	mu    sync.Mutex
	asked map[string][]*touchstonev1.CheckRequest // by the image's text
	left  int                                     // images that are answered before the stream breaks; 0: it never does
}

func (j *judge) CheckStream(stream touchstonev1.ListingService_CheckStreamServer) error {
	var all sync.WaitGroup
	defer all.Wait()
	room := make(chan struct{}, 64)
	var send sync.Mutex
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		j.mu.Lock()
		text := string(r.GetRequest().GetSubject().GetImage())
		j.asked[text] = append(j.asked[text], r.GetRequest())
		broken := j.left == 1
		j.left = max(j.left-1, 0)
		j.mu.Unlock()
		if broken {
			return status.Error(codes.Unavailable, "gone")
		}
		room <- struct{}{}
		all.Go(func() {
			if j.slow > 0 {
				time.Sleep(rand.N(j.slow))
			}
			a := judged(text, r.GetRequest())
			a.CorrelationId = r.GetCorrelationId()
			send.Lock()
			_ = stream.Send(a) // where the client is gone there is nobody to tell
			send.Unlock()
			<-room
		})
	}
}

// judged is the answer to an image.
func judged(text string, r *touchstonev1.CheckRequest) *touchstonev1.CheckStreamResponse {
	if reason, ok := touchstonev1.ErrorReason_value["ERROR_REASON_"+text]; ok && reason > 0 {
		s, err := status.New(codes.InvalidArgument, "refused for "+text).WithDetails(protoadapt.MessageV1(&errdetails.ErrorInfo{Domain: "touchstone", Reason: text}))
		if err != nil {
			panic(err)
		}
		return &touchstonev1.CheckStreamResponse{Answer: &touchstonev1.CheckStreamResponse_Error{Error: s.Proto()}}
	}
	c := &touchstonev1.CheckResponse{
		Match:    &touchstonev1.MatchResponse{Status: touchstonev1.MatchStatus_MATCH_STATUS_NOTHING_FOUND},
		Decision: &touchstonev1.DecisionBasis{Decision: touchstonev1.Decision_DECISION_NO_MATCH},
	}
	if photo, ok := strings.CutPrefix(text, "genuine "); ok {
		c.Match.Status = touchstonev1.MatchStatus_MATCH_STATUS_FOUND
		for i := range 2 {
			c.Match.Matches = append(c.Match.Matches, &touchstonev1.Match{
				Photo:   &touchstonev1.Photo{Brand: "Acme", PhotoId: photo + strings.Repeat("'", i), Product: "Bag", Variant: "red"},
				Verdict: touchstonev1.Verdict_VERDICT_EDITED_COPY, Score: 0.99 - float64(i)/10, ExpectedFalseMatches: 0.25,
				Edits: []string{"mirrored", "cropped"}, Evidence: &touchstonev1.Evidence{DistanceBits: 7},
			})
		}
		c.Decision = &touchstonev1.DecisionBasis{
			Decision: touchstonev1.Decision_DECISION_INFRINGING, Priority: 0.5, PriceRatio: 0.005,
			Reasons: []touchstonev1.DecisionReason{touchstonev1.DecisionReason_DECISION_REASON_NO_GRANT, touchstonev1.DecisionReason_DECISION_REASON_PRICE_LOW},
			Photo:   &touchstonev1.PhotoName{Brand: "Acme", PhotoId: photo},
		}
	}
	if r.Remember == nil || r.GetRemember() {
		f := &touchstonev1.ListingFacts{ImageId: r.GetFacts().GetImageId()}
		if f.ImageId == "" {
			f.ImageId = "hash of " + text
		}
		c.Listing = &touchstonev1.Listing{Facts: f}
	}
	return &touchstonev1.CheckStreamResponse{Answer: &touchstonev1.CheckStreamResponse_Response{Response: c}}
}

// sit starts a judge that ends with the test.
func (j *judge) sit(t testing.TB) (addr string) {
	t.Helper()
	j.asked = make(map[string][]*touchstonev1.CheckRequest)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(grpc.MaxRecvMsgSize(32<<20), grpc.WaitForHandlers(true))
	touchstonev1.RegisterListingServiceServer(s, j)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-served; err != nil {
			t.Errorf("Serve() = %v", err)
		}
	})
	return l.Addr().String()
}

// scanRun runs the verb.
func scanRun(t testing.TB, in io.Reader, addr string, args ...string) (exit int, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	exit = run(context.Background(), append([]string{"scan", "--addr", addr}, args...), streams{in: in, out: &out, err: &err})
	if out.Len() > 0 {
		t.Errorf("scan wrote to standard output: %q", out.String())
	}
	return exit, err.String()
}

// put makes files of texts.
func put(t testing.TB, folder string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func contents(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// columnsOf reads columns of results, a line a record.
func columnsOf(t testing.TB, path string, names ...string) []string {
	t.Helper()
	var wanted []table.Column
	for _, n := range names {
		wanted = append(wanted, table.Column{Name: n})
	}
	r, err := table.Open(path, wanted)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for row, err := range r.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Join(row.Values, "|"))
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	return all
}

// manifestOf lists that many images, of which each fiftieth is gone.
func manifestOf(t testing.TB, dir string, n int) string {
	t.Helper()
	files := make(map[string]string)
	rows := []string{"path,marketplace,listing_id"}
	for i := range n {
		name := fmt.Sprintf("photos/%03d.jpg", i)
		if i%50 != 3 {
			files[name] = "image " + strconv.Itoa(i)
		}
		if i%4 == 0 {
			files[name] = "genuine " + strconv.Itoa(i)
		}
		rows = append(rows, fmt.Sprintf("%s,market,\"%d, \"\"x\"\"\"", name, i))
	}
	files["list.csv"] = strings.Join(rows, "\n") + "\n"
	put(t, dir, files)
	return filepath.Join(dir, "list.csv")
}

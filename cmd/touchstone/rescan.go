package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	"touchstone/client"
	touchstonev1 "touchstone/proto/touchstone/v1"
)

func newRescan(a *app) *cobra.Command {
	var (
		filter listingFilter
		dryRun bool
		out    string
	)
	cmd := &cobra.Command{
		Use:   "rescan --out FILE",
		Short: "Match what is remembered against the catalogue as it is now, and tell which decisions change",
		Long: `Match remembered listing images against the catalogue, the rules and the grants as they are now, without any image, and tell
which decisions change. With --dry-run nothing is changed.

The file gets an object a line. Its field "kind" says what the line is:
  start     what was asked
  change    a decision, its reasons or its matches that changed: "listing" as it is now, "before", the matches that were "gained" and photos "lost"
  progress  how far it has come; "failure" says why a listing image could not be matched
  end       all is done

Each line is written at once and has in "resume" where to go on, and in "done", "changed" and "failed" what was done so far,
over all runs. After an interruption, a kill or a power cut the same command goes on where it stopped: a last line that
was not written completely is cut off and told again, so that no change is missing from the file and none is there twice.
A file that was finished, or is of another question, is left as it is.`,
		Example: "  touchstone rescan --brand Acme --out changes.jsonl\n  jq 'select(.kind == \"change\") | [.before.decision, .listing.decision]' changes.jsonl",
		Args:    cobra.NoArgs,
	}
	filter.flags(cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "tell what would change, and change nothing")
	cmd.Flags().StringVar(&out, "out", "", "file to write to, and to go on with")
	require(cmd, "out")
	return a.asking(cmd, func(ctx context.Context, c *client.Client, _ []string) (err error) {
		w, err := filter.wire()
		if err != nil {
			return err
		}
		asked, err := protojson.Marshal(w)
		if err != nil {
			return fmt.Errorf("filter: %w", err)
		}
		question := rescanQuestion{Filter: compact(asked), DryRun: dryRun}
		o, err := openRescanOutput(out, question)
		if err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		defer func() { err = errors.Join(err, o.close()) }()
		if o.last.Kind == lineEnd {
			a.say("touchstone: rescan: nothing was done: %s is of a rescan that was finished, these are its figures; for a new one choose another --out", printable(out))
			return a.showRescan(o.last)
		}
		if o.first == nil {
			now, err := c.ListListings(ctx, &touchstonev1.ListListingsRequest{PageSize: 1})
			if err == nil {
				err = o.start(question, now.GetRevision())
			}
			if ctx.Err() != nil {
				err = errInterrupted
			}
			if err != nil {
				return err
			}
		}
		r := rescan{app: a, client: c, out: o, question: &touchstonev1.RescanRequest{
			Filter: w, DryRun: dryRun, ResumeToken: o.last.Resume, SinceRevision: o.first.Since,
		}}
		if o.last.Resume != "" {
			a.say("going on after %s", amount(int(o.last.Done), "listing image"))
		}
		if err := r.run(ctx); err != nil {
			if ctx.Err() != nil {
				err = errInterrupted
			}
			return hinted(err, "the same command goes on where it stopped")
		}
		return a.showRescan(o.last)
	})
}

// showRescan tells what a rescan came to.
func (a *app) showRescan(l rescanLine) error {
	t := a.table()
	t.row("done", amount(int(l.Done), "listing image"))
	t.row("changed", l.Changed)
	t.row("failed", l.Failed)
	return t.flush()
}

// rescan is a run of the verb.
type rescan struct {
	*app
	client   *client.Client
	out      *rescanOutput
	question *touchstonev1.RescanRequest
}

// restEvery is how often the file says how far work without changes has come.
const restEvery = 10 * time.Second

func (r *rescan) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream where writing fails
	stream, err := r.client.Rescan(ctx, r.question)
	if err != nil {
		return err
	}
	var p *progress
	defer func() {
		if p != nil {
			p.close()
		}
	}()
	state := r.out.last // with what was received since
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			state.Kind = lineEnd
			return r.out.write(state)
		}
		if err != nil {
			return errors.Join(err, r.rest(state))
		}
		if p == nil {
			p = r.progress(int(m.GetTotal()), "listing images")
		}
		state.Resume, state.Done, state.Failed = m.GetResumeToken(), state.Done+m.GetDone(), state.Failed+m.GetFailed()
		if m.GetFailed() > 0 {
			p.say("touchstone: rescan: %s could not be matched: %s", amount(int(m.GetFailed()), "listing image"), m.GetFailure())
		}
		switch ch := m.GetChange(); {
		case ch != nil:
			state.Changed++
			line := state
			line.Kind, line.Failure, line.rescanChange = lineChange, m.GetFailure(), changeOf(ch)
			err = r.out.write(line)
		case m.GetFailed() > 0 || time.Since(r.out.wrote) >= restEvery:
			line := state
			line.Kind, line.Failure = lineProgress, m.GetFailure()
			err = r.out.write(line)
		}
		if err != nil {
			return err
		}
		p.note(fmt.Sprintf("%d changed, %d failed", state.Changed, state.Failed))
		p.add(int(m.GetDone()))
	}
}

// rest writes down how far work has come that a run can't go on with, where that isn't known to the file yet.
func (r *rescan) rest(state rescanLine) error {
	if state.Resume == r.out.last.Resume {
		return nil
	}
	state.Kind = lineProgress
	return r.out.write(state)
}

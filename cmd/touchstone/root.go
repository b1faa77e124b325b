package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// The exit statuses.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

const defaultAddress = "127.0.0.1:7443"

// streams are what a verb reads and writes.
type streams struct {
	in  io.Reader
	out io.Writer // data only
	err io.Writer // all else
}

// app is what the verbs of one run share.
type app struct {
	streams
	started bool // the command line was understood: what fails from here on is no usage error
}

// run carries a command line out and returns the exit status.
func run(ctx context.Context, args []string, s streams) int {
	a := &app{streams: s}
	root := newRoot(a)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	a.report(cmd, err)
	if !a.started || isUsage(err) {
		return exitUsage
	}
	return exitFailure
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "touchstone",
		Short: "Tell which genuine product photo a suspect image was made from",
		Long: `Touchstone tells which genuine product photo a suspect listing image was made from.

  touchstone serve                                    start a server; photos are kept in ./data
  touchstone onboard --brand Acme photos/             hand a brand's genuine photos in
  touchstone match suspect.jpg                        ask what an image was made from

Each flag can be given as a variable of the environment too, as the flags' descriptions say: TOUCHSTONE_ and the flag's
name in upper case, with _ for -. What is typed wins. The exit status is 0 when all went well, 1 when something failed,
2 when the command line was wrong.`,
		SilenceUsage:      true,
		SilenceErrors:     true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(cmd, os.LookupEnv) },
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.AddCommand(
		newServe(a), newOnboard(a), newMatch(a), newScan(a), newCompare(a), newPhotos(a), newBrands(a), newGrants(a), newRules(a), newStanding(a), newListing(a), newWatch(a), newRescan(a), newReplay(a), newReport(a), newHealth(a),
		newCheck(a), newEval(a), newBench(a), newDemo(a), newVersion(a),
	)
	describeEnvironment(root)
	return root
}

// verb is a command that does something.
func (a *app) verb(cmd *cobra.Command, do func(ctx context.Context, args []string) error) *cobra.Command {
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a.started = true
		return do(cmd.Context(), args)
	}
	return cmd
}

// interruptible returns a context that the first SIGINT or SIGTERM ends; the second one kills the process.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// onTerminal tells whether a person watches what is written to w, and how many columns wide.
func onTerminal(w io.Writer) (columns int, yes bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return columns, true
	}
	return 80, true
}

// say writes a line for people to stderr. Where stderr is gone there is nobody to tell.
func (a *app) say(format string, args ...any) { tell(a.err, format, args...) }

// tell writes a line that can't steer a terminal, whatever is in it.
func tell(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintln(w, harmless(fmt.Sprintf(format, args...)))
}

// name is the verb that a command is, as its user typed it: "photos get".
func name(cmd *cobra.Command) string {
	return strings.TrimSpace(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()))
}

// require marks flags as needed, whether typed or from the environment.
func require(cmd *cobra.Command, flags ...string) {
	for _, f := range flags {
		if err := cmd.MarkFlagRequired(f); err != nil {
			panic(err) // the flag is not there: a mistake in the caller
		}
	}
}

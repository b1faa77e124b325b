package main

import (
	"fmt"
	"io"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestEveryFlagFromEnvironment holds that each flag of each verb is set by its variable, and that what is typed wins.
func TestEveryFlagFromEnvironment(t *testing.T) {
	// Two values of each type of flag, neither of them a default.
	values := map[string][2]string{
		"bool": {"true", "true"}, "duration": {"1m3s", "4s"}, "int": {"7", "8"}, "float64": {"1.5", "2.5"}, "string": {"x", "y"}, "stringArray": {"x", "y"},
		"uint64": {"7", "8"}, "": {"DEBUG", "ERROR"}, // the last one a level
	}
	verbs := func() map[string]*cobra.Command {
		all := map[string]*cobra.Command{}
		var walk func(*cobra.Command)
		walk = func(cmd *cobra.Command) {
			all[cmd.CommandPath()] = cmd
			for _, c := range cmd.Commands() {
				walk(c)
			}
		}
		walk(newRoot(&app{streams: streams{out: io.Discard, err: io.Discard}}))
		return all
	}
	seen := 0
	for path, cmd := range verbs() {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !settable(f) {
				return
			}
			seen++
			v, ok := values[f.Value.Type()]
			if !ok {
				t.Fatalf("%s --%s: no value for a flag of type %q", path, f.Name, f.Value.Type())
			}
			want := [2]string{v[0], v[1]}
			if f.Value.Type() == "stringArray" {
				want = [2]string{fmt.Sprintf("[%s]", v[0]), fmt.Sprintf("[%s]", v[1])}
			}
			lookup := func(name string) (string, bool) { return v[0], name == variable(f.Name) }

			fresh := verbs()[path]
			if err := fromEnvironment(fresh, lookup); err != nil {
				t.Errorf("%s --%s: %v", path, f.Name, err)
			}
			if got := fresh.LocalFlags().Lookup(f.Name).Value.String(); got != want[0] {
				t.Errorf("%s: %s=%s makes --%s %q", path, variable(f.Name), v[0], f.Name, got)
			}

			typed := verbs()[path]
			if err := typed.ParseFlags([]string{"--" + f.Name + "=" + v[1]}); err != nil {
				t.Fatalf("%s --%s=%s: %v", path, f.Name, v[1], err)
			}
			if err := fromEnvironment(typed, lookup); err != nil {
				t.Errorf("%s --%s: %v", path, f.Name, err)
			}
			if got := typed.LocalFlags().Lookup(f.Name).Value.String(); got != want[1] {
				t.Errorf("%s --%s=%s with %s=%s is %q", path, f.Name, v[1], variable(f.Name), v[0], got)
			}
		})
	}
	if seen < 20 {
		t.Errorf("%d flags seen, want 20 or more", seen)
	}
}

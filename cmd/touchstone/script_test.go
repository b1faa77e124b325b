package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// raceOptions is what the race detector of the programs under test reads: by default it has each sleep for a second
// before it exits.
const raceOptions = "GORACE"

func TestMain(m *testing.M) {
	if err := os.Setenv(raceOptions, os.Getenv(raceOptions)+" atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){"touchstone": main})
}

// TestScript runs the whole program, a script a verb and a mistake.
func TestScript(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in testdata/script: %v", err)
	}
	s := servers{running: make(map[*testscript.TestScript]*process)}
	testscript.Run(t, testscript.Params{
		Files:               scripts,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(3 * time.Minute),
		Setup: func(env *testscript.Env) error {
			env.Setenv(raceOptions, os.Getenv(raceOptions))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"damage": damageCommand,
			"draw":   drawCommand,
			"server": s.start,
			"stop":   s.stop,
		},
	})
}

// drawCommand is "draw FILE SEED [EDIT]": it writes a picture of that seed, or a "white" one, edited as the
// demonstration would.
func drawCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: draw FILE SEED [EDIT]")
	}
	m := white(400, 300)
	if args[1] != "white" {
		seed, err := strconv.ParseUint(args[1], 10, 64)
		ts.Check(err)
		m = drawn(seed, 400, 300)
	}
	want := "recompressed"
	if len(args) == 3 {
		want = args[2]
	}
	for _, e := range demoEdits() {
		if e.name != want {
			continue
		}
		b, err := e.make(m, drawn(1000, 400, 300))
		ts.Check(err)
		path := ts.MkAbs(args[0])
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o777))
		ts.Check(os.WriteFile(path, b, 0o666))
		return
	}
	ts.Fatalf("no edit is called %q", want)
}

// damageCommand is "damage FILE TEXT": it turns a bit in each place of a file that holds the text.
func damageCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: damage FILE TEXT")
	}
	path, text := ts.MkAbs(args[0]), []byte(args[1])
	b, err := os.ReadFile(path)
	ts.Check(err)
	n := 0
	for at := bytes.Index(b, text); at >= 0; at = bytes.Index(b, text) {
		b[at] ^= 1
		n++
	}
	if n == 0 {
		ts.Fatalf("%s does not hold %q", args[0], text)
	}
	ts.Check(os.WriteFile(path, b, 0o666))
}

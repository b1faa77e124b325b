package main

import (
	"image"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"touchstone": main})
}

// TestScript runs the whole program, a script a verb and a mistake.
func TestScript(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in testdata/script: %v", err)
	}
	testscript.Run(t, testscript.Params{
		Files:               scripts,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"draw": drawCommand,
		},
	})
}

// drawCommand is "draw FILE SEED [EDIT]": it writes a picture of that seed, or a "white" one, edited as the
// demonstration would.
func drawCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: draw FILE SEED [EDIT]")
	}
	white := image.NewGray(image.Rect(0, 0, 400, 300))
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	m := image.Image(white)
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
		b, err := e.make(m)
		ts.Check(err)
		path := ts.MkAbs(args[0])
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o777))
		ts.Check(os.WriteFile(path, b, 0o666))
		return
	}
	ts.Fatalf("no edit is called %q", want)
}

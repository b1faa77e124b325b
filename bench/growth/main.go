// Growth tells how the time of a search grows with the number of codes: it has `touchstone bench hamming` measure one
// size after the other, draws the medians, and writes them as a Markdown table to standard output.
//
//	growth                      measures, and writes bench/growth/growth.svg, and the figures beside it
//	growth -redraw              draws the figures of an earlier run anew
//
// The figures are those of one run of the benchmark each, and their file has a line of JSON for each.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
}

func run(args []string, out, progress io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	flags := flag.NewFlagSet("growth", flag.ContinueOnError)
	flags.SetOutput(progress)
	m := measurement{progress: progress}
	sizes64 := flags.String("n64", "1M,3M,10M,30M,100M", "numbers of codes of 64 bits")
	sizes256 := flags.String("n256", "1M,3M,10M", "numbers of codes of 256 bits")
	flags.StringVar(&m.program, "program", "bin/touchstone", "the program that measures")
	flags.IntVar(&m.queries, "queries", 10_000, "most queries that a median is of")
	flags.DurationVar(&m.limit, "time", time.Second, "most time that a measurement takes; a run has up to eight")
	svg := flags.String("svg", "bench/growth/growth.svg", "file for the plot; the figures go beside it")
	redraw := flags.Bool("redraw", false, "measure nothing, read the figures from beside the plot")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("don't know what to do with %q", flags.Args())
	}
	kept := strings.TrimSuffix(*svg, filepath.Ext(*svg)) + ".jsonl"
	var figures []figure
	var err error
	if *redraw {
		figures, err = readFigures(kept)
	} else {
		if m.sizes[0], err = parseSizes(*sizes64); err != nil {
			return fmt.Errorf("-n64: %w", err)
		}
		if m.sizes[1], err = parseSizes(*sizes256); err != nil {
			return fmt.Errorf("-n256: %w", err)
		}
		figures, err = m.run(ctx)
	}
	if err != nil {
		return err
	}
	lines := linesOf(figures)
	plot, err := draw(lines)
	if err != nil {
		return err
	}
	if err := os.WriteFile(*svg, plot, 0o644); err != nil {
		return err
	}
	if !*redraw {
		if err := writeFigures(kept, figures); err != nil {
			return err
		}
	}
	_, err = io.WriteString(out, table(figures, lines))
	return err
}

func writeFigures(file string, figures []figure) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, f := range figures {
		if err := e.Encode(f); err != nil {
			return err
		}
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

func readFigures(file string) (figures []figure, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		var f figure
		if err := json.Unmarshal(s.Bytes(), &f); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, len(figures)+1, err)
		}
		figures = append(figures, f)
	}
	return figures, nil
}

package main

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// benchFigures are what a machine can do, as --json prints it.
type benchFigures struct {
	Bits       int    `json:"bits"`
	N          int    `json:"n"`
	Radius     int    `json:"radius"` // bits
	K          int    `json:"k"`      // 0: the nearest were not asked for
	Clustered  bool   `json:"clustered"`
	Seed       uint64 `json:"seed"`
	Processors int    `json:"processors"`

	Generate     float64 `json:"generate_seconds"`
	Build        float64 `json:"build_seconds"`     // on all processors
	BuildCPU     float64 `json:"build_cpu_seconds"` // of all processors together
	BytesPerCode float64 `json:"bytes_per_code"`    // of the index, the codes themselves included

	Save   float64 `json:"save_seconds"` // until the disk has it
	Load   float64 `json:"load_seconds"` // from files that were just written
	Stored int64   `json:"stored_bytes"`

	askedFigures               // within the radius
	Nearest      *askedFigures `json:"nearest,omitempty"` // the nearest k
	Loaded       askedFigures  `json:"loaded"`            // within the radius, of the set that was loaded

	ScanRadius      int     `json:"scan_radius"`
	Scan            float64 `json:"scan_seconds"` // the median, on one processor
	ScanBandwidth   float64 `json:"scan_bytes_per_second"`
	MemoryBandwidth float64 `json:"memory_bytes_per_second"` // to one processor

	Checked       int `json:"checked_queries"`         // against scans
	CheckedByLoop int `json:"checked_queries_by_loop"` // of these, those against a loop as well
}

// askedFigures are how queries were answered.
type askedFigures struct {
	Queries        int     `json:"queries"` // that the figures of latency are of
	Hits           float64 `json:"hits_per_query"`
	P50            float64 `json:"p50_us"`
	P99            float64 `json:"p99_us"`
	Mean           float64 `json:"mean_us"`
	Max            float64 `json:"max_us"`
	PerSecond      float64 `json:"queries_per_second"`                       // one at a time on one processor
	PerSecondAll   float64 `json:"queries_per_second_all_processors"`        // one at a time on each
	PerSecondBatch float64 `json:"queries_per_second_all_batched,omitempty"` // in batches on each; of the set that was built and within the radius alone
}

// latencies fills in what follows from how long each query took. It sorts took.
func (f *askedFigures) latencies(took []time.Duration, hits int) {
	slices.Sort(took)
	var sum time.Duration
	for _, t := range took {
		sum += t
	}
	f.Queries = len(took)
	f.Hits = float64(hits) / float64(len(took))
	f.P50 = micros(percentile(took, 0.50))
	f.P99 = micros(percentile(took, 0.99))
	f.Max = micros(took[len(took)-1])
	f.Mean = micros(sum) / float64(len(took))
	f.PerSecond = rate(len(took), sum)
}

// percentile is the least of the sorted values that a share of them doesn't exceed.
func percentile(sorted []time.Duration, share float64) time.Duration {
	return sorted[max(1, int(math.Ceil(share*float64(len(sorted)))))-1]
}

func micros(t time.Duration) float64 { return float64(t.Nanoseconds()) / 1e3 }

// print writes the figures as text.
func (f *benchFigures) print(a *app) error {
	made := "uniform"
	if f.Clustered {
		made = "clustered"
	}
	t := a.table()
	t.row("hashes", fmt.Sprintf("%d of %d bits, %s, seed %d", f.N, f.Bits, made, f.Seed))
	t.row("processors", f.Processors)
	t.row("made in", seconds(f.Generate))
	t.row("indexed in", fmt.Sprintf("%s, CPU time %s", seconds(f.Build), seconds(f.BuildCPU)))
	t.row("memory", fmt.Sprintf("%.1f bytes a hash, %s", f.BytesPerCode, byteCount(f.BytesPerCode*float64(f.N))))
	t.row("saved in", fmt.Sprintf("%s, %s", seconds(f.Save), byteCount(float64(f.Stored))))
	t.row("loaded in", seconds(f.Load))
	t.row("scan", fmt.Sprintf("%s within %d, %s/s of %s/s that memory gives", seconds(f.Scan), f.ScanRadius, byteCount(f.ScanBandwidth), byteCount(f.MemoryBandwidth)))
	t.row("checked", fmt.Sprintf("%s against scans, %d against a loop: no difference", amount(f.Checked, "query"), f.CheckedByLoop))
	t.blank()
	t.row("QUERIES", "ASKED", "HITS", "P50 µs", "P99 µs", "MEAN µs", "MAX µs", "A SECOND: 1 AT A TIME", fmt.Sprintf("%d AT A TIME", f.Processors), "IN BATCHES")
	f.askedFigures.row(t, fmt.Sprintf("within %d", f.Radius))
	if f.Nearest != nil {
		f.Nearest.row(t, fmt.Sprintf("nearest %d", f.K))
	}
	f.Loaded.row(t, fmt.Sprintf("within %d, loaded", f.Radius))
	return t.flush()
}

func (f *askedFigures) row(t sheet, queries string) {
	batch := ""
	if f.PerSecondBatch > 0 {
		batch = fmt.Sprintf("%.0f", f.PerSecondBatch)
	}
	t.row(queries, f.Queries, short(f.Hits), short(f.P50), short(f.P99), short(f.Mean), short(f.Max),
		fmt.Sprintf("%.0f", f.PerSecond), fmt.Sprintf("%.0f", f.PerSecondAll), batch)
}

// short is a number to three digits or so.
func short(x float64) string {
	switch {
	case x >= 100 || x == math.Trunc(x):
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// seconds is a time in words: "1.23 s", "4.56 ms".
func seconds(s float64) string {
	switch {
	case s >= 1:
		return short(s) + " s"
	case s >= 1e-3:
		return short(s*1e3) + " ms"
	}
	return short(s*1e6) + " µs"
}

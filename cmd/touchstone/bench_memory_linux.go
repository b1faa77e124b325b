package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// spareMemory is how many bytes of memory programs can still take; not ok where the system doesn't tell.
func spareMemory() (spare float64, ok bool) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	if spare, ok = availableMemory(b); !ok {
		return 0, false
	}
	// What a container is limited to, by the two versions of control groups.
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// Where there is no limit it says "max", or an enormous number.
		if limit, err := strconv.ParseFloat(string(bytes.TrimSpace(b)), 64); err == nil {
			spare = min(spare, limit)
		}
	}
	return spare, true
}

// availableMemory reads it from what /proc/meminfo holds.
func availableMemory(meminfo []byte) (n float64, ok bool) {
	for line := range strings.Lines(string(meminfo)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "MemAvailable:" && fields[2] == "kB" {
			n, err := strconv.ParseFloat(fields[1], 64)
			return 1024 * n, err == nil
		}
	}
	return 0, false
}

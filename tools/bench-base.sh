#!/bin/sh
# Compares the benchmarks of BASE, a revision, with those of the work tree as it lies here. The two take turns, so that
# whatever else the machine does meets both alike. `make bench-base` sets the variables.
set -eu

tmp=$(mktemp -d)
trap 'git worktree remove --force "$tmp/base" 2>/dev/null || true; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
git worktree add --quiet --detach "$tmp/base" "$BASE"

measure() {
	# A benchmark that fails in BASE, which may lack it, is no reason to stop.
	# shellcheck disable=SC2086 # PKG may be several packages
	go test -run='^$' -bench="$BENCHMARK" -benchmem -count=1 $PKG
}

turn=0
while [ "$turn" -lt "$COUNT" ]; do
	turn=$((turn + 1))
	echo "turn $turn of $COUNT" >&2
	(cd "$tmp/base" && measure) >>"$tmp/base.txt" || echo "a benchmark of $BASE failed" >&2
	measure >>"$tmp/head.txt"
done
$TOOL benchstat "$BASE=$tmp/base.txt" "here=$tmp/head.txt"

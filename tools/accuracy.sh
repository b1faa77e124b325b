#!/bin/sh
# Measures accuracy on made queries. `make accuracy` sets the variables:
#
#   BENCH               folder with make_queries.py, which edits real photos as sellers do and writes the truth beside them
#   CATALOG, STRANGERS  two folders of photos, none of the one in the other: each of EDITS alone, on 1,000 of each
#   PRODUCTS            a list of what the photos of CATALOG show, if there is one
set -eu

if [ -z "${BENCH:-}${CATALOG:-}" ]; then
	echo "usage: make accuracy BENCH=folder of make_queries.py" >&2
	echo "       make accuracy CATALOG=folder STRANGERS=folder [PRODUCTS=list] [EDITS='crop=5 border=20 reshoot']" >&2
	exit 2
fi
if [ -n "${BENCH:-}" ] && [ ! -f "$BENCH/make_queries.py" ]; then
	echo "accuracy: there is no make_queries.py in $BENCH" >&2
	exit 2
fi
if [ -n "${CATALOG:-}" ] && [ -z "${STRANGERS:-}" ]; then
	echo "accuracy: CATALOG wants STRANGERS beside it: a folder of other photos" >&2
	exit 2
fi

if [ -n "${BENCH:-}" ]; then
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 130' INT TERM
	# Debian's own interpreter, where it is: it has Debian's python3-pil, python3-numpy and python3-opencv.
	python=/usr/bin/python3
	[ -x "$python" ] || python=python3
	"$python" "$BENCH/make_queries.py" --out "$tmp/eval" --seed "$SEED" --queries "$QUERIES" >&2
	"$PROGRAM" eval --catalog "$tmp/eval/catalog" --queries "$tmp/eval/queries" \
		--truth "$tmp/eval/truth.tsv" --products "$tmp/eval/catalog.tsv"
fi

if [ -n "${CATALOG:-}" ]; then
	for edit in $EDITS; do
		printf '\n%s\n\n' "$edit"
		"$PROGRAM" eval --catalog "$CATALOG" --strangers "$STRANGERS" --edit "$edit" --photos 1000 --seed "$SEED" \
			${PRODUCTS:+--products "$PRODUCTS"}
	done
fi

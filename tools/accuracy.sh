#!/bin/sh
# Measures accuracy on made queries: BENCH is a folder with make_queries.py, which edits real photos as sellers do and
# writes the truth beside them. `make accuracy` sets the other variables.
set -eu

if [ ! -f "${BENCH:-}/make_queries.py" ]; then
	echo "usage: make accuracy BENCH=folder of make_queries.py" >&2
	exit 2
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
# Debian's own interpreter, where it is: it has Debian's python3-pil, python3-numpy and python3-opencv.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
"$python" "$BENCH/make_queries.py" --out "$tmp/eval" --seed "$SEED" --queries "$QUERIES" >&2
"$PROGRAM" eval --catalog "$tmp/eval/catalog" --queries "$tmp/eval/queries" \
	--truth "$tmp/eval/truth.tsv" --products "$tmp/eval/catalog.tsv"

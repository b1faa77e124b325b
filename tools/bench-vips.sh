#!/bin/sh
# Times, on one core, our way from a JPEG's bytes to its hashes against libvips' shrink-on-load: a thumbnail of 64x64
# pixels of the same files, by as few processes as can be. The two take turns, baseline and progressive JPEGs apart. It
# needs TOUCHSTONE_DATA as fingerprint's BenchmarkPhotos does, and vipsthumbnail and vipsheader (Debian's libvips-tools).
# `make bench-vips` sets COUNT, the number of turns.
set -eu

die() {
	echo "bench-vips: $*" >&2
	exit 1
}

[ -d "${TOUCHSTONE_DATA:-}" ] || die "TOUCHSTONE_DATA has to name a folder of photos"
command -v vipsthumbnail >/dev/null && command -v vipsheader >/dev/null || die "install vipsthumbnail and vipsheader (libvips-tools)"
TOUCHSTONE_DATA=$(cd "$TOUCHSTONE_DATA" && pwd)
export TOUCHSTONE_DATA VIPS_CONCURRENCY=1 GOMAXPROCS=1
core=
! command -v taskset >/dev/null || core='taskset -c 0'

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
mkdir "$tmp/thumbnails"

# The photos of BenchmarkPhotos: those that the table lists.
awk -F '\t' -v dir="$TOUCHSTONE_DATA" 'NF == 3 && $1 != "path" { print dir "/" $1 }' \
	"$TOUCHSTONE_DATA/../bench/pdq_reference.tsv" >"$tmp/files"
tr '\n' '\0' <"$tmp/files" | xargs -0 vipsheader -f jpeg-multiscan >"$tmp/scans"
[ "$(wc -l <"$tmp/files")" = "$(wc -l <"$tmp/scans")" ] || die "vipsheader could not read every photo"
for kind in baseline progressive; do
	[ $kind = baseline ] && scans=0 || scans=1
	paste "$tmp/scans" "$tmp/files" | sed -n "s/^$scans	//p" >"$tmp/$kind"
	[ -s "$tmp/$kind" ] || die "no $kind JPEG among the photos"
done

go test -c -o "$tmp/fingerprint.test" ./fingerprint
vips() {
	# shellcheck disable=SC2086 # core is several words, or none
	tr '\n' '\0' <"$tmp/$1" | xargs -0 $core vipsthumbnail -s '64x64!' -o "$tmp/thumbnails/%s.v"
}
ours() {
	# shellcheck disable=SC2086
	(cd fingerprint && $core "$tmp/fingerprint.test" -test.run='^$' -test.bench="^BenchmarkPhotos$/^$1$/^touchstone$") |
		sed -n 's/^BenchmarkPhotos.*[ 	]\([0-9.]*\) ns\/photo.*/\1/p'
}
vips baseline # so that neither side has to wait for the disk
vips progressive

turn=0
while [ "$turn" -lt "${COUNT:-6}" ]; do
	turn=$((turn + 1))
	echo "turn $turn" >&2
	for kind in baseline progressive; do
		start=$(date +%s%N)
		vips $kind
		end=$(date +%s%N)
		echo "BenchmarkPhotos/$kind 1 $(((end - start) / $(wc -l <"$tmp/$kind"))) ns/photo" >>"$tmp/vips.txt"
		took=$(ours $kind)
		[ -n "$took" ] || die "BenchmarkPhotos of ./fingerprint gave no figure for $kind JPEGs"
		echo "BenchmarkPhotos/$kind 1 $took ns/photo" >>"$tmp/here.txt"
	done
done
$TOOL benchstat "vips=$tmp/vips.txt" "here=$tmp/here.txt"

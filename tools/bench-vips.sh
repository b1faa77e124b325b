#!/bin/sh
# Times, on one core, our way from a JPEG's bytes to its fingerprint against libvips' shrink-on-load: a thumbnail of
# 64x64 pixels of the same files, by as few processes as can be. Both read every JPEG below TOUCHSTONE_DATA, baseline
# and progressive ones apart, and take turns. It needs vipsthumbnail and vipsheader (Debian's libvips-tools).
# `make bench-vips` sets COUNT, the number of turns.
set -eu

die() {
	echo "bench-vips: $*" >&2
	exit 1
}

[ -d "${TOUCHSTONE_DATA:-}" ] || die "TOUCHSTONE_DATA has to name a folder of photos"
TOUCHSTONE_DATA=$(cd "$TOUCHSTONE_DATA" && pwd)
command -v vipsthumbnail >/dev/null && command -v vipsheader >/dev/null || die "install vipsthumbnail and vipsheader (libvips-tools)"
export VIPS_CONCURRENCY=1 GOMAXPROCS=1
core=
! command -v taskset >/dev/null || core='taskset -c 0'

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
mkdir "$tmp/thumbnails"

find "$TOUCHSTONE_DATA" -name '*.jpg' | sort >"$tmp/files"
xargs vipsheader -f jpeg-multiscan <"$tmp/files" >"$tmp/scans"
[ "$(wc -l <"$tmp/files")" = "$(wc -l <"$tmp/scans")" ] || die "vipsheader could not read every photo"
for kind in baseline progressive; do
	[ $kind = baseline ] && scans=0 || scans=1
	paste "$tmp/scans" "$tmp/files" | sed -n "s/^$scans	//p" >"$tmp/$kind"
	[ -s "$tmp/$kind" ] || die "no $kind JPEG below $TOUCHSTONE_DATA"
done

go test -c -o "$tmp/match.test" ./match
vips() {
	xargs $core vipsthumbnail -s '64x64!' -o "$tmp/thumbnails/%s.v" <"$tmp/$1"
}
vips baseline # so that neither side has to wait for the disk

turn=0
while [ "$turn" -lt "${COUNT:-6}" ]; do
	turn=$((turn + 1))
	echo "turn $turn" >&2
	for kind in baseline progressive; do
		start=$(date +%s%N)
		vips $kind
		end=$(date +%s%N)
		echo "BenchmarkDescribe/kind=$kind 1 $(((end - start) / $(wc -l <"$tmp/$kind"))) ns/photo" >>"$tmp/vips.txt"
	done
	$core "$tmp/match.test" -test.run='^$' -test.bench='^BenchmarkDescribe$' -test.count=1 |
		sed -n 's/^\(BenchmarkDescribe[^ 	]*\).*[ 	]\([0-9.]* ns\/photo\).*/\1 1 \2/p' >>"$tmp/here.txt"
done
[ -s "$tmp/here.txt" ] || die "BenchmarkDescribe of ./match gave no figures"
$TOOL benchstat "vips=$tmp/vips.txt" "here=$tmp/here.txt"

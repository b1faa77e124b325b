#!/usr/bin/env python3
"""Runs the exact search of index/hamming and that of its peers side by side, on the same codes and queries, and prints
Markdown tables with ratios. `make bench-peers` calls it; it needs Go, numpy and FAISS, and Linux.

The peers are FAISS's IndexBinaryFlat (reads every code; within a radius, and the k nearest) and IndexBinaryMultiHash
(tables of substrings; within a radius). MultiHash is exact with three hashes of 21 bits, or 16 of 16, when as many bits
of each are turned as the radius holds whole multiples of their number.

Each query is timed by itself, by the CPU time of the thread that answers it, on one core, where the sides take turns: a
case is asked of one after the other, and all cases over again in the next round. A side's first queries in a case bring
its index back into the caches, and don't count; no query is asked twice in a round. Where a peer is slow it gets fewer
queries, as many as its budget holds, and ours counts for the ratio on those alone. The answers have to be equal.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
try:
    import faiss
    import numpy as np
except ImportError as e:
    sys.exit(
        f"bench-peers: {e}\n"
        "  python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt\n"
        "  make bench-peers PYTHON=/tmp/peers/bin/python"
    )
import data

CASES = {
    64: [("within", 4), ("within", 8), ("within", 10), ("within", 12), ("nearest", 1), ("nearest", 10)],
    256: [("within", 10), ("within", 31), ("nearest", 1), ("nearest", 10)],
}
HASHES = {64: (3, 21), 256: (16, 16)}
FEWEST = 3  # queries of a slow peer


def say(*words):
    print("bench-peers:", *words, file=sys.stderr, flush=True)


def mix(x):
    """The last step of splitmix64, as in search.go: its sums over two answers are equal if the answers are."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def answer_sum(distances, rows=0):
    return int(mix((np.asarray(distances).astype(np.uint64) << np.uint64(32)) | np.asarray(rows).astype(np.uint64)).sum())


def clock_time():
    """What a measurement of nothing shows, in nanoseconds."""
    took = []
    for _ in range(1001):
        start = time.thread_time_ns()
        took.append(time.thread_time_ns() - start)
    return statistics.median_low(took)


class Ours:
    """Our index, in a process of its own that answers requests one by one."""

    name = "ours"

    def __init__(self, program, bits, codes, queries):
        self.process = subprocess.Popen(
            [program, "search", "-bits", str(bits), codes, queries], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        built = self.read()
        self.seconds, self.bytes = built["build_seconds"], built["bytes_a_code"]

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("bench-peers: our program has ended before its time")
        return json.loads(line)

    def ask(self, kind, size):
        """CPU time in microseconds, hits and sum of each query's answer."""
        request = {"nearest" if kind == "nearest" else "radius": size, "warm": data.WARM}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        a = self.read()
        return list(zip(a["micros"], a["hits"], a["sums"], strict=True))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Peer:
    """An index of FAISS. Its methods are called below their wrappers in Python, which take microseconds."""

    def __init__(self, index, codes, kinds):
        before, start = resident(), time.process_time()
        index.add(codes)
        self.seconds, self.bytes = time.process_time() - start, (resident() - before) / len(codes)
        self.index, self.kinds, self.level = index, kinds, {}
        self.clock = clock_time()

    def prepare(self, kind, size):
        if self.name == "multi-hash":
            self.index.nflip = size // self.index.nhash

    def time(self, query, kind, size):
        at = faiss.swig_ptr(query)
        if kind == "nearest":
            distances, rows = np.empty(size, np.int32), np.empty(size, np.int64)
            d, r = faiss.swig_ptr(distances), faiss.swig_ptr(rows)
            start = time.thread_time_ns()
            self.index.search_c(1, at, size, d, r)
            took = time.thread_time_ns() - start
            return max(0, took - self.clock) / 1000, len(rows), answer_sum(distances)
        found = faiss.RangeSearchResult(1)
        start = time.thread_time_ns()
        self.index.range_search_c(1, at, size + 1, found)  # its radius is the first distance that is too far
        took = time.thread_time_ns() - start
        n = int(faiss.rev_swig_ptr(found.lims, 2)[1])
        if n == 0:
            return max(0, took - self.clock) / 1000, 0, 0
        sums = answer_sum(faiss.rev_swig_ptr(found.distances, n), faiss.rev_swig_ptr(found.labels, n))
        return max(0, took - self.clock) / 1000, n, sums

    def choose(self, queries, kind, size):
        """Chooses the level of instructions that is fastest: it is not always the one that FAISS would choose."""
        self.prepare(kind, size)
        if not hasattr(faiss, "SIMDConfig"):
            return  # before 1.15 it was built for one
        case = kind, size
        if case not in self.level:
            trials = []
            for level in simd_levels():
                faiss.SIMDConfig.set_level(level)
                name = faiss.SIMDConfig.get_level_name()
                trials.append((min(self.time(queries[0], kind, size)[0] for _ in range(3)), name, level))
            self.level[case] = min(trials)[1:]
        faiss.SIMDConfig.set_level(self.level[case][1])

    def ask(self, queries, kind, size, budget):
        self.choose(queries, kind, size)
        self.some(queries[: data.WARM], kind, size, budget / 10, 1)
        return self.some(queries[data.WARM :], kind, size, budget, FEWEST)

    def some(self, queries, kind, size, budget, fewest):
        answers = []
        for q in queries:
            answers.append(self.time(q, kind, size))
            if len(answers) >= fewest and sum(a[0] for a in answers) > 1e6 * budget:
                break
        return answers


class Flat(Peer):
    name = "flat"

    def __init__(self, bits, codes):
        super().__init__(faiss.IndexBinaryFlat(bits), codes, ["within", "nearest"])
        self.bytes = bits / 8


class MultiHash(Peer):
    name = "multi-hash"

    def __init__(self, bits, codes):
        super().__init__(faiss.IndexBinaryMultiHash(bits, *HASHES[bits]), codes, ["within"])


def simd_levels():
    names = [n for n in dir(faiss) if n.startswith("SIMDLevel_") and n != "SIMDLevel_COUNT"]
    return [getattr(faiss, n) for n in names if faiss.SIMDConfig.is_simd_level_available(getattr(faiss, n))]


def resident():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def files(kind, n, bits, folder, program, photos):
    """Names of the files of codes and of queries, which are made where they don't exist."""
    if kind != "R":
        codes, queries = (folder / f"{kind}-{bits}-{n}.{what}" for what in ("codes", "queries"))
        if not queries.exists():
            say(f"makes {codes}")
            for file, made in zip((codes, queries), data.make(kind, n, bits)):
                made.astype("<u8").tofile(file)
        return codes, queries
    hashed = folder / "photos"
    codes, queries = hashed / f"r{bits}.codes", hashed / f"r{bits}.asked"
    if not queries.exists():
        hashed.mkdir(exist_ok=True)
        if not (hashed / "done").exists():
            say(f"hashes the photos in {photos} and edited copies of them")
            subprocess.run([program, "hash", "-copies", "58", "-out", hashed, photos], check=True)
            (hashed / "done").touch()
        made = np.fromfile(hashed / f"r{bits}.queries", "<u8").reshape(-1, bits // 64)
        np.random.default_rng(data.SEED).permutation(made)[: data.QUERIES].tofile(queries)
    return codes, queries


def measure(kind, bits, codes_file, queries_file, program, rounds, budget):
    codes = np.fromfile(codes_file, np.uint8).reshape(-1, bits // 8)
    queries = np.fromfile(queries_file, np.uint8).reshape(-1, bits // 8)
    ours = Ours(program, bits, codes_file, queries_file)
    peers = [Flat(bits, codes), MultiHash(bits, codes)]
    n = len(codes)
    del codes

    took = {}  # of case and side, a list of rounds, each the answers in the order of the queries
    for turn in range(rounds):
        say(f"set {kind}, {bits} bits, round {turn + 1}")
        for case in CASES[bits]:
            mine = ours.ask(*case)
            took.setdefault((case, "ours"), []).append(mine)
            for p in peers:
                if case[0] not in p.kinds:
                    continue
                answers = p.ask(queries, *case, budget)
                took.setdefault((case, p.name), []).append(answers)
                for i, (m, a) in enumerate(zip(mine or [], answers)):
                    if m[1:] != a[1:]:
                        sys.exit(f"bench-peers: set {kind}, {case}, query {i}: ours has {m[1]} hits, {p.name} {a[1]}, or others")
    ours.close()
    report(kind, bits, n, took, [ours, *peers])


def report(kind, bits, n, took, sides):
    print(f"\n### Set {kind}, {n:,} codes of {bits} bits\n")
    print("| median / mean | hits | touchstone | flat | times | multi-hash | times | queries |")
    print("|---|---|---|---|---|---|---|---|")
    for case in CASES[bits]:
        ours, flat, multi = (took.get((case, p.name), [None]) for p in sides)
        known = flat if ours[0] is None else ours
        cells = [" ".join(map(str, case)), both(lambda f: f(a[1] for a in known[0])), of_queries(ours)]
        for theirs in (flat, multi):
            cells += [of_queries(theirs), times(theirs, ours)]
        cells.append("" if multi[0] is None else str(min(map(len, multi))))
        print("|", " | ".join(cells), "|")
    print("\n| | touchstone | flat | multi-hash |\n|---|---|---|---|")
    print("| bytes a code |", " | ".join(number(p.bytes) for p in sides), "|")
    print("| to build, s |", " | ".join(number(p.seconds) for p in sides), "|")
    for p in sides[1:]:
        levels = [f"{kind} {size}: {name}" for (kind, size), (name, _) in p.level.items()]
        print(f"\nInstructions of {p.name}:", ", ".join(levels) or "as FAISS was built", flush=True)


def both(f):
    return " / ".join(number(f(mean)) for mean in (statistics.median, statistics.fmean))


def of_queries(rounds):
    """The median and the mean of the queries' times: of each the median over the rounds."""
    return "" if rounds[0] is None else both(lambda mean: statistics.median(mean(micros(r)) for r in rounds))


def times(theirs, ours):
    """How many times as long they take for the same queries, by the median query and by the mean one: of each the median
    over the rounds."""
    if theirs[0] is None or ours[0] is None:
        return ""
    pairs = [(micros(t), micros(o[: len(t)])) for t, o in zip(theirs, ours, strict=True)]
    return both(lambda mean: statistics.median(mean(t) / mean(o) for t, o in pairs))


def micros(answers):
    return [a[0] for a in answers]


def number(x):
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def main():
    p = argparse.ArgumentParser(description="Our exact Hamming search against its peers, in turn, on one core.")
    p.add_argument("-n", type=int, default=10_000_000, help="codes of the sets U and C (10,000,000)")
    p.add_argument("--bits", default="64,256", help="of a code: 64, 256 or both")
    p.add_argument("--sets", default="U,C,R", help="U: uniform, C: clustered, R: hashes of the photos")
    p.add_argument("--photos", default="", help="folder of photos for set R, which is left out without")
    p.add_argument("--rounds", type=int, default=3, help="turns that each side takes (3)")
    p.add_argument("--budget", type=float, default=1.0, help="seconds of CPU time for each case of a peer in a round (1)")
    p.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)), help="the core to run on (the last)")
    p.add_argument("--files", default=os.path.join(tempfile.gettempdir(), "touchstone-peers"), help="folder for the sets, kept")
    o = p.parse_args()

    folder = pathlib.Path(o.files)
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "peers"
    subprocess.run(["go", "build", "-tags=nodynamic", "-buildvcs=false", "-o", program, "./bench/peers"], cwd=HERE.parents[1], check=True)
    os.sched_setaffinity(0, {o.core})
    faiss.omp_set_num_threads(1)
    options = faiss.get_compile_options().strip()
    print(f"FAISS {faiss.__version__}, compiled for {options}; CPU time in µs, {o.rounds} rounds", flush=True)
    for bits in map(int, o.bits.split(",")):
        for kind in o.sets.split(","):
            if kind == "R" and not o.photos:
                say("set R is left out: --photos (TOUCHSTONE_DATA) names no folder of photos")
                continue
            codes, queries = files(kind, o.n, bits, folder, program, o.photos)
            # In a process of its own, since memory that an earlier set gave back would hide what this one takes.
            one = multiprocessing.get_context("fork").Process(
                target=measure, args=(kind, bits, codes, queries, program, o.rounds, o.budget)
            )
            one.start()
            one.join()
            if one.exitcode:
                sys.exit(one.exitcode)


if __name__ == "__main__":
    main()

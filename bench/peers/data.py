"""The sets of codes that peers.py searches, made anew from a fixed seed: arrays of one or four words of 64 bits a code."""

import numpy as np

SEED = 11
STEP = 1 << 18  # codes at a time, so that fields of floats stay small
REACH = {64: 12, 256: 31}  # the largest radius that is asked for
WARM = 200  # queries that each side is asked first and that don't count
QUERIES = WARM + 1000


def flipped(rng, codes, flips):
    """Copies of the codes, flips[i] distinct bits of each turned."""
    bits = codes.shape[1] * 64
    order = np.argsort(rng.random((len(codes), bits)), axis=1)
    turn = np.zeros((len(codes), bits), np.uint8)
    np.put_along_axis(turn, order, (np.arange(bits) < flips[:, None]).astype(np.uint8), axis=1)
    return codes ^ np.packbits(turn, axis=1, bitorder="little").view("<u8")


def noisy(rng, codes, least, most):
    """Copies in which each bit is turned with a probability of 2 to the -least down to 2 to the -most, drawn anew for
    each code: words of random bits are and-ed, which is much faster than choosing bits."""
    depth = rng.integers(least, most + 1, len(codes))
    turn = np.full(codes.shape, ~np.uint64(0))
    for i in range(most):
        turn[depth > i] &= rng.integers(0, 1 << 64, (np.count_nonzero(depth > i), codes.shape[1]), np.uint64)
    return codes ^ turn


def skewed(rng, n, bits):
    """Codes with the skew of real perceptual hashes, by the model that the benchmarks of index/hamming use: a Gaussian
    field over the grid of frequencies, cut at uneven levels. Distances of two of them spread as if they had 48
    independent bits of 64, or 151 of 256."""
    side, pull = {64: (8, 0.37), 256: (16, 0.5)}[bits]
    rest = np.float32(np.sqrt(1 - pull * pull))
    pull = np.float32(pull)
    cut = 0.25 * np.random.default_rng(1).standard_normal((side, side, 1), np.float32)
    codes = np.empty((n, bits // 64), "<u8")
    for start in range(0, n, STEP):
        m = min(STEP, n - start)
        field = rng.standard_normal((side, side, m), np.float32)
        for i in range(1, side):
            field[:, i] = pull * field[:, i - 1] + rest * field[:, i]
        for i in range(1, side):
            field[i] = pull * field[i - 1] + rest * field[i]
        packed = np.packbits((field > cut).reshape(bits, m), axis=0, bitorder="little")
        codes[start : start + m] = np.ascontiguousarray(packed.T).view("<u8")
    return codes


def uniform(rng, n, bits):
    """U: independent bits. The queries are members with 0 to 31 bits turned."""
    codes = rng.integers(0, 1 << 64, (n, bits // 64), np.uint64)
    near = codes[rng.integers(0, n, QUERIES)]
    return codes, flipped(rng, near, rng.integers(0, 32, QUERIES))


def clustered(rng, n, bits):
    """C: a catalogue as photos make it. 55% are skewed codes, 30% noisy relatives of 8,192 popular ones with Zipf's
    weights, 10% exact duplicates, 5% three clusters of nearly blank pictures. One half of the queries are members with as
    many bits turned as the largest radius finds, the other half new codes."""
    relatives, blanks, copies = n * 30 // 100, n * 5 // 100, n * 10 // 100
    popular = skewed(rng, 8192, bits)
    weights = 1 / np.arange(1, len(popular) + 1)
    chosen = rng.choice(len(popular), relatives, p=weights / weights.sum())
    centres = skewed(rng, 3, bits)
    codes = np.concatenate(
        [
            skewed(rng, n - relatives - blanks - copies, bits),
            noisy(rng, popular[chosen], 3, 6),
            noisy(rng, centres[rng.integers(0, 3, blanks)], 4, 6),
        ]
    )
    codes = np.concatenate([codes, codes[rng.integers(0, len(codes), copies)]])
    codes = codes[rng.permutation(n)]
    half = QUERIES // 2
    near = flipped(rng, codes[rng.integers(0, n, half)], rng.integers(0, REACH[bits] + 1, half))
    return codes, np.concatenate([near, skewed(rng, QUERIES - half, bits)])[rng.permutation(QUERIES)]


def make(kind, n, bits):
    return {"U": uniform, "C": clustered}[kind](np.random.default_rng(SEED), n, bits)

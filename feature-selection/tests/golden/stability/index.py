"""Nogueira's stability index with variance and 95 % interval, from the Python package of its authors.

    python index.py STABILITY > index.json          (numpy 1.26, scipy 1.12, seed 7)

STABILITY is python/stability/__init__.py of github.com/nogueirs/JMLR2018 (not kept here). Kuncheva's index has no program of its
authors; it is written out below from the definition, pair by pair.
"""

import importlib.util
import itertools
import json
import sys

import numpy as np

spec = importlib.util.spec_from_file_location("stability", sys.argv[1])
stability = importlib.util.module_from_spec(spec)
spec.loader.exec_module(stability)
rng = np.random.default_rng(7)


def kuncheva(z):
    sizes = set(z.sum(axis=1).tolist())
    d = z.shape[1]
    if len(sizes) > 1 or sizes & {0, d}:
        return None
    k = sizes.pop()
    values = [(int(np.sum(a * b)) * d - k * k) / (k * (d - k)) for a, b in itertools.combinations(z, 2)]
    return float(np.mean(values))


cases = []
for m, d, shape in itertools.product([2, 3, 5, 10, 50, 100], [2, 5, 20, 100, 979], ["random", "sized", "signal"]):
    if shape == "random":
        z = (rng.random((m, d)) < rng.uniform(0.05, 0.9)).astype(int)
    elif shape == "sized":
        k = int(rng.integers(1, d))
        z = np.zeros((m, d), int)
        for row in z:
            row[rng.choice(d, k, replace=False)] = 1
    else:
        z = (rng.random((m, d)) < np.where(np.arange(d) < max(1, d // 20), 0.95, 0.03)).astype(int)
    if z.sum() in (0, m * d) or z.sum() > 3000:
        continue
    interval = stability.confidenceIntervals(z)
    cases.append({
        "d": d,
        "sets": [np.flatnonzero(row).tolist() for row in z],
        "value": float(interval["stability"]),
        "variance": float(stability.getVarianceofStability(z)["variance"]),
        "lower": float(interval["lower"]),
        "upper": float(interval["upper"]),
        "kuncheva": kuncheva(z),
    })
print(json.dumps(cases))

"""Bins and binned mutual information of infotheo: python binned.py PROGRAM > binned.json

PROGRAM answers one line per request on standard input: `mi METHOD n 0`, n labels, n labels -> I;
`ef|ew - n BINS`, n values -> n bins from 0. It is a main around infotheo's own functions (see README.md).
"""
import json
import subprocess
import sys

import numpy as np

rng = np.random.default_rng(2008)
requests, cases = [], {"bins": [], "information": []}
for n, bins in ((7, 3), (8, 5), (31, 10), (50, 7), (97, 4), (100, 9)):
    for kind in range(4):
        x = [rng.normal(size=n), rng.integers(0, 6, n) * 0.1, 1e6 + rng.normal(size=n), np.exp(3 * rng.normal(size=n))][kind]
        x = np.round(x, 4).tolist()
        for op in ("ef", "ew"):
            requests.append(f"{op} - {n} {bins} " + " ".join(map(repr, x)))
        cases["bins"].append(dict(n_bins=bins, x=x))
for n in (5, 12, 40, 150):
    for classes in ((2, 2), (3, 5), (8, 2)):
        a = rng.integers(0, classes[0], n)
        b = np.where(rng.random(n) < 0.5, a % classes[1], rng.integers(0, classes[1], n))
        a[:2], b[:2] = (0, 1), (0, 1)
        a, b = a.tolist(), b.tolist()
        for method in ("emp", "mm", "shrink", "sg"):
            requests.append(f"mi {method} {n} 0 " + " ".join(map(str, a + b)))
        cases["information"].append(dict(a=a, b=b))
answers = subprocess.run([sys.argv[1]], input="\n".join(requests), capture_output=True, text=True, check=True)
answers = iter(answers.stdout.splitlines())
for case in cases["bins"]:
    for name in ("equal_frequency", "equal_width"):
        case[name] = [int(v) for v in next(answers).split()]
for case in cases["information"]:
    for method in ("emp", "mm", "shrink", "sg"):
        case[method] = float(next(answers))
print(json.dumps(dict(infotheo="1.2.1", **cases)))

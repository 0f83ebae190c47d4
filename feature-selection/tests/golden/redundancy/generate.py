"""Reference values of scikit-learn and of exact arithmetic. Usage: python generate.py (writes into the working directory)."""
import json
from fractions import Fraction

import mpmath
import numpy as np
from sklearn.feature_selection import VarianceThreshold

mpmath.mp.dps = 60
rng = np.random.default_rng(20240611)


def exact(x, y):
    """Pearson's coefficient of the doubles as they are, in rational arithmetic but for the last square root."""
    x, y = [Fraction(v) for v in x], [Fraction(v) for v in y]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    sxy = sum((a - mx) * (b - my) for a, b in zip(x, y))
    sxx, syy = sum((a - mx) ** 2 for a in x), sum((b - my) ** 2 for b in y)
    ratio = sxy * abs(sxy) / (sxx * syy)
    root = mpmath.sqrt(mpmath.mpf(abs(ratio.numerator)) / mpmath.mpf(ratio.denominator))
    return float(root if ratio >= 0 else -root)


def ranks(x):
    return [sum(b < a for b in x) + (sum(b == a for b in x) + 1) / 2 for a in x]


cases = []
for scale, offset in [(1, 0), (1e-3, 1e6), (1e-6, 1e6), (1e-9, 1e6), (1e150, 0), (1e-150, 0), (1e300, 1e301), (1e-12, 1)]:
    f = rng.normal(size=(25, 1))
    x = offset + scale * (f * [1, -1, 0.3, 0.01] + 0.5 * rng.normal(size=(25, 4)))
    x[:, 3] = np.round(x[:, 3] / scale, 0) * scale
    columns = [[float(v) for v in c] for c in x.T]
    pearson = [[exact(a, b) for b in columns] for a in columns]
    spearman = [[exact(ranks(a), ranks(b)) for b in columns] for a in columns]
    cases.append({"scale": scale, "offset": offset, "x": [list(map(float, r)) for r in x], "pearson": pearson, "spearman": spearman})
json.dump(cases, open("exact.json", "w"))

x = np.column_stack([np.full(20, 0.1), rng.normal(size=20), 1e6 + 1e-7 * rng.normal(size=20), np.round(rng.normal(size=20)), np.repeat([0.0, 1.0], 10)])
cases = []
for t in [0.0, 1e-20, 0.01, 0.25, 0.5, 1.0]:
    kept = VarianceThreshold(t).fit(x).get_support(indices=True)
    cases.append({"threshold": t, "kept": [int(k) for k in kept]})
json.dump({"x": x.tolist(), "cases": cases}, open("variance.json", "w"))

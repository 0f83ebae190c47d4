"""Nearest-neighbor mutual information of scikit-learn: python knn.py > knn.json

Inputs are seeded; values come from the estimators behind mutual_info_classif and mutual_info_regression
(on columns divided by their standard deviation, without noise) and from these two functions with a seed.
"""
import json
import warnings

import numpy as np
import scipy
import sklearn
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression
from sklearn.feature_selection._mutual_info import _compute_mi_cc, _compute_mi_cd

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20140219)


def feature(kind, n):
    x = rng.normal(size=n)
    return np.round(
        {
            "continuous": x,
            "one decimal": np.round(x, 1),
            "four values": rng.integers(0, 4, n).astype(float),
            "mostly zero": np.where(rng.random(n) < 0.8, 0.0, x),
            "skewed": np.exp(3 * x),
            "far from zero": 1e6 + 1e-2 * x,
            "lattice": 0.1 * rng.integers(-20, 20, n),
        }[kind],
        6,
    )


KINDS = ["continuous", "one decimal", "four values", "mostly zero", "skewed", "far from zero", "lattice"]
cases = {"class": [], "continuous": [], "classif": [], "regression": []}
for index, kind in enumerate(KINDS * 3):
    n, k = [(90, 3), (60, 1), (40, 7)][index // len(KINDS)]
    x = feature(kind, n)
    for n_classes in (2, 4):
        y = np.where(rng.random(n) < 0.5, x > np.median(x), rng.integers(0, n_classes, n))
        if n_classes == 4:
            y[0] = 9  # a class of one row
            y[1:4] = 7  # a class of three
        # Columns of a table stored by rows, as the divisor's last bit depends on it.
        table = np.column_stack([x, x])
        value = _compute_mi_cd(x / np.std(table, axis=0)[0], y, k)
        trees = all(m == 1 or min(k, m - 1) < m // 2 for m in np.unique(y, return_counts=True)[1])
        cases["class"].append(dict(kind=kind, k=k, x=x, classes=y, trees=trees, value=value))
    other = feature(KINDS[(index * 5 + 2) % len(KINDS)], n)
    if index % 2:
        other = np.round(x + other * np.std(x) / np.std(other), 6)
    value = _compute_mi_cc(x / np.std(x), other / np.std(other), k)
    cases["continuous"].append(dict(kind=kind, k=k, x=x, y=other, value=value))
for seed, n, k in ((0, 45, 3), (4294967295, 12, 5), (77, 150, 3)):
    x = np.column_stack([feature(kind, n) for kind in KINDS] + [np.full(n, 7.5)])
    y = rng.integers(0, 3, n)
    z = np.round(x[:, 0] + rng.normal(size=n), 1)
    common = dict(seed=seed, k=k, columns=x.T)
    value = mutual_info_classif(x, y, n_neighbors=k, random_state=seed)
    cases["classif"].append(dict(common, classes=y, value=value))
    value = mutual_info_regression(x, z, n_neighbors=k, random_state=seed)
    cases["regression"].append(dict(common, y=z, value=value))


def plain(value):
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


versions = dict(sklearn=sklearn.__version__, numpy=np.__version__, scipy=scipy.__version__)
print(json.dumps(plain(dict(versions=versions, **cases))))

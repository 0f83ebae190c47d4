"""Intervals of proportions and of their differences, measures of a two-by-two table.

python proportions.py OUT.json CASES SEED
"""
import json
import sys

import numpy as np
import scipy
import sklearn
import sklearn.metrics as m
import statsmodels
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

LEVELS = [0.95, 0.5, 0.9, 0.99, 0.9999]
METHODS = {"clopper_pearson": "beta", "wilson": "wilson", "jeffreys": "jeffreys", "agresti_coull": "agresti_coull", "wald": "normal"}


def proportion(i, rng):
    n = int([1, 2, 7, 40, 300, 5000, 10**6, 10**9][i % 8])
    x = [0, n, 1, n - 1, n // 2, int(rng.integers(0, n + 1))][(i // 8) % 6]
    level = LEVELS[(i // 3) % 5]
    row = {"x": x, "n": n, "level": level}
    for name, method in METHODS.items():
        row[name] = [float(v) for v in proportion_confint(x, n, alpha=1 - level, method=method)]
    return row


def difference(i, rng):
    n1, n2 = (int(rng.integers(1, top)) for top in ([8, 60, 900][i % 3],) * 2)
    x1, x2 = int(rng.integers(0, n1 + 1)), int(rng.integers(0, n2 + 1))
    if i % 7 == 0:
        x1, x2 = n1, 0
    level = LEVELS[i % 5]
    row = {"counts": [x1, n1, x2, n2], "level": level}
    for name in ("newcomb", "wald"):
        row[name] = [float(v) for v in confint_proportions_2indep(x1, n1, x2, n2, method=name, compare="diff", alpha=1 - level)]
    return row


def confusion(i, rng):
    top = [4, 30, 1000, 10**6][i % 4]
    tp, fp, fn, tn = (int(v) for v in rng.integers(0, top, 4))
    tp, tn = max(tp, 1), max(tn, 1)
    truth, call, weight = [1, 0, 1, 0], [1, 1, 0, 0], [tp, fp, fn, tn]
    beta = float(rng.uniform(0, 3))
    both_calls = fn + tn > 0 and tp + fp > 0
    return {
        "cells": [tp, fp, fn, tn],
        "beta": beta,
        "f_beta": float(m.fbeta_score(truth, call, beta=beta, sample_weight=weight)),
        "f1": float(m.f1_score(truth, call, sample_weight=weight)),
        "mcc": float(m.matthews_corrcoef(truth, call, sample_weight=weight)) if both_calls else None,
        "balanced": float(m.balanced_accuracy_score(truth, call, sample_weight=weight)),
        "youden": float(m.balanced_accuracy_score(truth, call, sample_weight=weight, adjusted=True)),
    }


def main():
    out, cases, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = np.random.default_rng(seed)
    made = {
        "versions": {"statsmodels": statsmodels.__version__, "scikit-learn": sklearn.__version__, "scipy": scipy.__version__},
        "proportions": [proportion(i, rng) for i in range(cases)],
        "differences": [difference(i, rng) for i in range(cases)],
        "confusion": [confusion(i, rng) for i in range(cases)],
    }
    json.dump(made, open(out, "w"), separators=(",", ":"))


main()

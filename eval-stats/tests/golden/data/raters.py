"""Gwet's AC1 and AC2, Fleiss' and Conger's kappa, Krippendorff's alpha by irrCAC; Fleiss' kappa by statsmodels.

python raters.py OUT.json CASES SEED
"""
import importlib.metadata as meta
import json
import sys
import warnings

import numpy as np
import pandas as pd
from irrCAC.raw import CAC
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

warnings.filterwarnings("ignore")


def one(i, rng):
    n, r, k = [4, 9, 30, 150][i % 4], [2, 3, 5][i % 3], [2, 3, 4][(i // 2) % 3]
    truth = rng.choice(k, n, p=rng.dirichlet(np.full(k, 0.6)))
    noise = rng.integers(0, k, (n, r))
    ratings = np.where(rng.random((n, r)) < 0.65, truth[:, None], noise)
    ratings[0], ratings[1] = 0, 1
    ratings[1, 0] = 0
    level = [0.95, 0.9, 0.99][i % 3]
    row = {"k": k, "level": level, "ratings": [[int(v) for v in ratings[:, j]] for j in range(r)]}
    upper = np.triu(np.round(rng.random((k, k)), 2), 1)
    custom = upper + upper.T + np.eye(k)
    row["custom"] = custom.tolist()
    for weights in ("identity", "linear", "quadratic", "custom"):
        given = custom if weights == "custom" else weights
        cac = CAC(pd.DataFrame(ratings), weights=given, categories=list(range(k)), confidence_level=level, digits=17)
        for name in ("gwet", "fleiss", "conger", "krippendorff"):
            e = getattr(cac, name)()["est"]
            row[f"{name}_{weights}"] = [float(e[v]) for v in ("coefficient_value", "se", "pa", "pe")] + [float(v) for v in e["confidence_interval"]]
    row["statsmodels"] = float(fleiss_kappa(aggregate_raters(ratings, n_cat=k)[0]))
    return row


def main():
    out, cases, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = np.random.default_rng(seed)
    versions = {name: meta.version(name) for name in ("irrCAC", "statsmodels")}
    json.dump({"versions": versions, "cases": [one(i, rng) for i in range(cases)]}, open(out, "w"), separators=(",", ":"))


main()

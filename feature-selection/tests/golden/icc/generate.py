"""Tables of ratings, and their coefficients in exact arithmetic and by pingouin.

usage: python generate.py        (writes tables.json, exact.json, pingouin.json beside itself)
Python 3.11, numpy 2.4.6, mpmath 1.4.1, scipy 1.17.1, pandas 3.1.1, pingouin 0.7.0

Mean squares are exact fractions of the doubles given; F tails and quantiles have 50 digits.
"""
import json
import math
import os
from fractions import Fraction

import mpmath as mp
import numpy as np
import pandas as pd
import pingouin as pg
from scipy.stats import f as f_distribution

mp.mp.dps = 50
HERE = os.path.dirname(os.path.abspath(__file__))


def tables():
    rng = np.random.default_rng(20)
    cases = []

    def add(name, x, level=0.95, r0=0.0, hard=False):
        cases.append({"name": name, "x": np.asarray(x, float).tolist(), "level": level, "r0": r0, "hard": hard})

    def random(n, k, subject, rater, noise=1.0):
        return subject * rng.normal(size=(n, 1)) + rater * rng.normal(size=(1, k)) + noise * rng.normal(size=(n, k))

    sf = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    for level in (0.5, 0.8, 0.9, 0.99, 0.999):
        add(f"Shrout and Fleiss, level {level}", sf, level)
    for r0 in (0.1, 0.5, 0.9):
        add(f"Shrout and Fleiss, null value {r0}", sf, r0=r0)
    add("two subjects, two ratings", [[1.25, 2.0], [3.5, 5.75]], r0=0.25)
    add("two subjects, six ratings", random(2, 6, 3, 1))
    add("three subjects, ten ratings", random(3, 10, 1, 2), 0.9, 0.5)
    add("strong raters", random(10, 3, 1, 20), r0=0.1)
    add("strong subjects", random(12, 5, 50, 1), r0=0.75)
    add("negative", random(9, 3, 0, 0), 0.9)
    flat = random(8, 4, 0, 1)
    flat -= flat.mean(axis=1, keepdims=True) - 0.2 * rng.normal(size=(8, 1))
    add("subjects almost equal", flat)
    level_raters = random(10, 3, 1, 0)
    add("raters without effect", level_raters - level_raters.mean(axis=0) + 5)
    add("whole numbers", np.round(2 * random(15, 4, 1, 0.5)), r0=0.6)
    add("far tail", random(40, 3, 200, 1), r0=0.95)
    add("skewed", np.exp(random(20, 3, 1, 0.2, 0.3)), 0.9)
    add("offset 1e6", 1e6 + random(10, 3, 1, 0.5), hard=True)
    add("offset 1e12", 1e12 + random(10, 3, 1, 0.5), hard=True)
    add("raters 1e9 apart", random(8, 3, 1, 1e9), hard=True)
    add("readings equal to 1e-9", random(10, 2, 1, 0, 1e-9), hard=True)
    add("scale 1e300", 1e300 * random(6, 3, 2, 0.5), r0=0.5, hard=True)
    add("largest doubles", [[1.7e308, 1.6e308], [-1.7e308, -1.75e308], [1e308, 1.2e308]], hard=True)
    add("scale 1e-300", 1e-300 * random(6, 3, 2, 0.5), hard=True)
    add("subnormal", 5e-324 * np.round(50 * random(6, 3, 2, 0.5)), hard=True)
    return cases


def squares(x):
    n, k = len(x), len(x[0])
    x = [[Fraction(v) for v in row] for row in x]
    rows = [sum(row) / k for row in x]
    columns = [sum(row[j] for row in x) / n for j in range(k)]
    grand = sum(rows) / n
    b = k * sum((r - grand) ** 2 for r in rows) / (n - 1)
    j = n * sum((c - grand) ** 2 for c in columns) / (k - 1)
    sse = sum((x[i][l] - rows[i] - columns[l] + grand) ** 2 for i in range(n) for l in range(k))
    return b, j, sse / ((n - 1) * (k - 1)), ((k - 1) * j + sse) / (n * (k - 1))


def real(q):
    q = Fraction(q)
    return mp.mpf(q.numerator) / q.denominator


def tail(f, d1, d2):
    d1, d2 = mp.mpf(d1), mp.mpf(d2)
    return mp.betainc(d2 / 2, d1 / 2, 0, d2 / (d2 + d1 * f), regularized=True)


def upper_quantile(p, d1, d2):
    d1, d2 = mp.mpf(d1), mp.mpf(d2)
    w = mp.log(float(f_distribution.isf(float(p), float(d1), float(d2))))
    for _ in range(50):
        f = mp.e**w
        y = d2 / (d2 + d1 * f)
        t = tail(f, d1, d2)
        step = (mp.log(t) - mp.log(p)) * t * mp.beta(d1 / 2, d2 / 2) / ((1 - y) ** (d1 / 2) * y ** (d2 / 2))
        w += step
        if abs(step) < mp.mpf(10) ** -30:
            return mp.e**w
    raise ArithmeticError("no quantile")


def exact(case, irr):
    """value, F, df1, df2, p, lower, upper of the six forms: McGraw and Wong's formulas."""
    x, r0, half = case["x"], Fraction(case["r0"]), (1 - mp.mpf(case["level"])) / 2
    n, k = len(x), len(x[0])
    b, j, e, w = squares(x)
    single = (b - e) / (b + (k - 1) * e + Fraction(k) / n * (j - e))
    average = (b - e) / (b + (j - e) / n)

    def mixture(a):
        c = 1 + (n - 1) * a
        return (k - 1) * (n - 1) * (a * j + c * e) ** 2 / ((n - 1) * (a * j) ** 2 + (c * e) ** 2), a * j + c * e

    found = []
    for unit in ("single", "average"):
        for model in ("one-way", "agreement", "consistency"):
            if model == "agreement":
                a0 = (k if unit == "single" else 1) * r0 / (n * (1 - r0))
                r = average if irr and unit == "average" else single
                df_limits, _ = mixture(k * r / (n * (1 - r)))
                df_null, denominator = mixture(a0)
                df2, f = (df_limits if irr else df_null), b / denominator
                rest = k * (j - e) / n + (k - 1) * e if unit == "single" else (j - e) / n
                error, value = e, (single if unit == "single" else average)
            else:
                error, df2 = (w, n * (k - 1)) if model == "one-way" else (e, (n - 1) * (k - 1))
                df_limits = df2
                f = b / error * ((1 - r0) / (1 + (k - 1) * r0) if unit == "single" else 1 - r0)
                rest = (k - 1) * error if unit == "single" else 0
                value = (b - error) / (b + rest)
            low = 1 / upper_quantile(half, n - 1, real(df_limits))
            high = upper_quantile(half, real(df_limits), n - 1)
            limits = [(q * real(b) - real(error)) / (q * real(b) + real(rest)) for q in (low, high)]
            row = [real(value), real(f), n - 1, real(df2), tail(real(f), n - 1, real(df2)), *limits]
            found.append([float(v) for v in row])
    return found


def by_pingouin(x):
    n, k = len(x), len(x[0])
    long = pd.DataFrame({"s": np.repeat(np.arange(n), k), "r": np.tile(np.arange(k), n), "x": np.ravel(x)})
    pg.options["round"] = None
    pg.options["round.column.CI95"] = None
    t = pg.intraclass_corr(data=long, targets="s", raters="r", ratings="x")
    rows = zip(t["Type"], t["ICC"], t["F"], t["df1"], t["df2"], t["pval"], t["CI95"])
    return {name: [float(v) for v in (*numbers, *limits)] for name, *numbers, limits in rows}


def write(name, value):
    with open(os.path.join(HERE, name), "w") as file:
        json.dump(value, file, indent=0)
        file.write("\n")


cases = tables()
write("tables.json", cases)
write("exact.json", [{"psych": exact(c, False), "irr": exact(c, True)} for c in cases])
write("pingouin.json", {c["name"]: by_pingouin(c["x"]) for c in cases if not c["hard"] and c["level"] == 0.95 and np.size(c["x"]) >= 5})

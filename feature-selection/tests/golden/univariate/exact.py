"""t, Levene and effect sizes of features.csv in 60-digit arithmetic, and what scipy and scikit-learn say.

python3 exact.py > exact.csv
The values are taken as the doubles they are; every number is rounded once, at the end.
"""

import csv
import sys

import mpmath as mp
import numpy as np
from scipy import stats

mp.mp.dps = 60


def moments(v):
    m = mp.fsum(v) / len(v)
    return m, mp.fsum((x - m) ** 2 for x in v)


def p_of_t(t2, df):
    return mp.betainc(df / 2, mp.mpf(1) / 2, 0, df / (df + t2), regularized=True)


def median(v):
    s = sorted(v)
    h = len(s) // 2
    return s[h] if len(s) % 2 else (s[h - 1] + s[h]) / 2


def put(k, name, value):
    print(f"{k},{name},{mp.nstr(value, 18) if isinstance(value, mp.mpf) else repr(float(value))}")


print("feature,name,value")
for k, fields in enumerate(csv.reader(open("features.csv")), 1):
    n1 = int(fields[1])
    doubles = [float(v) for v in fields[2:]]
    x = [mp.mpf(v) for v in doubles]
    a, b = x[:n1], x[n1:]
    n0 = len(b)
    (m1, s1), (m0, s0) = moments(a), moments(b)
    d, df = m1 - m0, mp.mpf(n1 + n0 - 2)
    pooled = (s1 + s0) / df
    v1, v0 = s1 / (n1 - 1), s0 / (n0 - 1)
    t2 = d * d / (pooled * (mp.mpf(1) / n1 + mp.mpf(1) / n0))
    sign = 1 if d > 0 else -1
    put(k, "student_t", sign * mp.sqrt(t2))
    put(k, "student_p", p_of_t(t2, df))
    e1, e0 = v1 / n1, v0 / n0
    w2 = d * d / (e1 + e0)
    wdf = (e1 + e0) ** 2 / (e1**2 / (n1 - 1) + e0**2 / (n0 - 1))
    put(k, "welch_t", sign * mp.sqrt(w2))
    put(k, "welch_df", wdf)
    put(k, "welch_p", p_of_t(w2, wdf))
    put(k, "cohens_d", d / mp.sqrt(pooled))
    bias = mp.gamma(df / 2) / (mp.sqrt(df / 2) * mp.gamma((df - 1) / 2))
    put(k, "hedges_g", bias * d / mp.sqrt(pooled))
    put(k, "standardized_difference", d / mp.sqrt((v1 + v0) / 2))
    put(k, "point_biserial", mp.sqrt(t2 / (t2 + df)))
    for name, center in [("mean", lambda v: moments(v)[0]), ("median", median)]:
        za, zb = ([abs(y - center(v)) for y in v] for v in (a, b))
        (q1, r1), (q0, r0) = moments(za), moments(zb)
        if r1 + r0 == 0 or (n1, n0) == (2, 2):
            continue
        f = (q1 - q0) ** 2 / ((r1 + r0) / df * (mp.mpf(1) / n1 + mp.mpf(1) / n0))
        put(k, f"levene_{name}_f", f)
        put(k, f"levene_{name}_p", p_of_t(f, df))
    p, q = np.array(doubles[:n1]), np.array(doubles[n1:])
    put(k, "scipy_u_p_auto", stats.mannwhitneyu(p, q).pvalue)
print(f"made with mpmath {mp.__version__}, scipy {stats.__name__ and __import__('scipy').__version__}", file=sys.stderr)

"""Gaps filled by scikit-learn, then scaled in 60-digit arithmetic, fitted on the first 20 of 30 rows.

python3 complete.py > complete.csv
Columns: part (values, median, mean, population), row, then six columns; a gap is an empty field. Column 5 has no value in
training, so scikit-learn leaves it out; population is the result of the median by mean and standard deviation with divisor
n (scikit-learn's StandardScaler is off by 3e-10 at an offset of 1e6).
"""

import random

import mpmath as mp
import numpy as np
from sklearn.impute import SimpleImputer

mp.mp.dps = 60

r = random.Random(7)
x = np.array([[r.gauss(0, 1), 1e6 + r.gauss(0, 1), float(r.randrange(3)), r.gauss(0, 1) ** 3, 5.0, r.random()] for _ in range(30)])
x[np.array([[r.random() < 0.25 for _ in range(6)] for _ in range(30)])] = np.nan
x[:20, 5] = np.nan


def put(part, table):
    for i, row in enumerate(table):
        print(",".join([part, str(i)] + ["" if np.isnan(v) else repr(float(v)) for v in row]))


def scale(column):
    v = [mp.mpf(float(x)) for x in column]
    m = mp.fsum(v[:20]) / 20
    s = mp.sqrt(mp.fsum((x - m) ** 2 for x in v[:20]) / 20)
    return [float((x - m) / s) if s else 0.0 for x in v]


print("part,row,c0,c1,c2,c3,c4,c5")
put("values", x)
for by in ["median", "mean"]:
    filled = SimpleImputer(strategy=by).fit(x[:20]).transform(x)
    put(by, filled)
    if by == "median":
        scaled = np.array([scale(list(column)) for column in filled.T]).T
put("population", scaled)

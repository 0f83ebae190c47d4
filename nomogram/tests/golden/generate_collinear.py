"""A fit of nearly collinear columns in 40-digit arithmetic: the estimate and standard errors that double precision should reach.

usage: python generate_collinear.py   (in this folder; needs mpmath 1.3)
"""
import json

from mpmath import exp, log, lu_solve, matrix, mp, mpf, sqrt

mp.dps = 40
n = 60
x = [((i * 37) % 61) / 10.0 for i in range(n)]
near = [v + ((i * 23) % 59 - 29) * 1e-6 for i, v in enumerate(x)]
y = [int((i * 29) % 53 < 10 + 5 * v) for i, v in enumerate(x)]
columns = [[mpf(1)] * n, [mpf(v) for v in x], [mpf(v) for v in near]]
beta = matrix(3, 1)
for _ in range(15):
    eta = [sum(c[i] * b for c, b in zip(columns, beta)) for i in range(n)]
    mu = [1 / (1 + exp(-e)) for e in eta]
    score = matrix([sum(c[i] * (y[i] - mu[i]) for i in range(n)) for c in columns])
    information = matrix(3, 3)
    for j, a in enumerate(columns):
        for k, b in enumerate(columns):
            information[j, k] = sum(a[i] * b[i] * mu[i] * (1 - mu[i]) for i in range(n))
    beta += lu_solve(information, score)
covariance = information**-1
deviance = sum(2 * log(1 + exp(-eta[i] if y[i] else eta[i])) for i in range(n))
result = {
    "x": x, "near": near, "y": y, "beta": [float(b) for b in beta],
    "se": [float(sqrt(covariance[j, j])) for j in range(3)], "deviance": float(deviance),
}
json.dump(result, open("collinear.json", "w"))

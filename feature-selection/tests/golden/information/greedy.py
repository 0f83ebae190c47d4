"""Greedy selections of praznik and, by definition, from correlation: python greedy.py PROGRAM > greedy.json

PROGRAM answers one line per request on standard input: `FILTER n p k n_classes`, n labels from 1, p columns of n
numbers -> number of features, then column (from 0) and score of each. It is a main around praznik's own functions
(see README.md). Selections from correlation are computed here with numpy and scipy.
"""
import json
import subprocess
import sys

import numpy as np
import scipy
from scipy import stats

FILTERS = ["MIM", "MRMR", "JMI", "JMIM", "CMIM", "DISR", "NJMIM"]
rng = np.random.default_rng(2021)
tables, requests = [], []
for n, p, n_classes in ((150, 14, 2), (28, 9, 2), (200, 12, 3), (90, 20, 2)):
    y = rng.integers(0, n_classes, n)
    x = rng.normal(size=(n, p)) + y[:, None] * rng.random(p)
    x[:, 3] += 2 * x[:, 1]
    x[:, 4] = np.exp(x[:, 4])
    x[:, 5] += 1e4
    x[:, 6] = np.abs(x[:, 6])
    x[:, 7] = 2.5
    x = np.round(x, 5)
    x[0, 6] = 0.0
    tables.append(dict(classes=y, columns=x.T, k=p - 1))
    for name in FILTERS:
        body = " ".join(map(str, y + 1)) + " " + " ".join(map(repr, x.T.ravel().tolist()))
        requests.append(f"{name} {n} {p} {p - 1} {n_classes} {body}")
answers = subprocess.run([sys.argv[1]], input="\n".join(requests), capture_output=True, text=True, check=True)
answers = iter(answers.stdout.splitlines())
for table in tables:
    for name in FILTERS:
        fields = next(answers).split()
        table[name] = dict(selected=[int(v) for v in fields[1::2]], scores=[float(v) for v in fields[2::2]])


def information(rho):
    return -0.5 * np.log(1 - rho**2)


def strict(y, x):
    larger = y[:, None] > y[None, :]
    return 2 * (np.sum(larger & (x[:, None] > x[None, :])) / np.sum(larger) - 0.5)


def from_correlation(table, correlation, association, quotient):
    y, columns = table["classes"], table["columns"]
    rho = {"pearson": stats.pearsonr, "spearman": stats.spearmanr}[correlation]
    toward = {
        "correlation": lambda x: rho(x, y).statistic,
        "concordance": lambda x: strict(y, x),
        "somers": lambda x: stats.somersd(y, x).statistic,
    }[association]
    usable = [j for j in range(len(columns)) if np.ptp(columns[j]) > 0]
    relevance = {j: information(toward(columns[j])) for j in usable}
    result = dict(selected=[], scores=[], relevance=[], redundancy=[])
    while len(result["selected"]) < table["k"] and len(result["selected"]) < len(usable):
        chosen = result["selected"]
        best = None
        for j in [j for j in usable if j not in chosen]:
            shared = np.mean([information(rho(columns[j], columns[w]).statistic) for w in chosen]) if chosen else 0.0
            score = relevance[j]
            if chosen:
                score = relevance[j] / shared if quotient else relevance[j] - shared
            if best is None or score > best[1]:
                best = (j, score, relevance[j], shared)
        for key, value in zip(("selected", "scores", "relevance", "redundancy"), best):
            result[key].append(value)
    return dict(result, correlation=correlation, association=association, quotient=quotient)


for table in tables:
    if max(table["classes"]) > 1:
        continue
    table["gaussian"] = [
        from_correlation(table, correlation, association, quotient)
        for correlation in ("pearson", "spearman")
        for association in ("correlation", "concordance", "somers")
        for quotient in (False, True)
    ]


def plain(value):
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


versions = dict(praznik="11.0.0", numpy=np.__version__, scipy=scipy.__version__)
print(json.dumps(plain(dict(versions=versions, tables=tables))))

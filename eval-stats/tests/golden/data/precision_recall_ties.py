# python precision_recall_ties.py FOLDER: writes FOLDER/precision_recall_ties.json.
import json, sys
import numpy as np, scipy, sklearn
from scipy import integrate
from sklearn.metrics import average_precision_score, precision_recall_curve


def interpolated(y, s):
    """Davis and Goadrich's area by quadrature between the points."""
    tp = fp = area = 0.0
    for t in np.unique(s)[::-1]:
        e, d = float(((s == t) & (y == 1)).sum()), float(((s == t) & (y == 0)).sum())
        if e > 0:
            slope = d / e
            f = lambda x: (tp + x) / (tp + x + fp + slope * x) if tp + x + fp > 0 else 1 / (1 + slope)
            area += integrate.quad(f, 0, e, epsabs=0, epsrel=1e-13)[0]
        tp, fp = tp + e, fp + d
    return area / float(y.sum())


def case(name, y, s, direction):
    o = s if direction == "higher" else -s
    precision, recall, _ = precision_recall_curve(y, o)
    # By decreasing score, without the point (1, 0) that has no threshold; up to full recall.
    precision, recall = precision[::-1][1:], recall[::-1][1:]
    stop = int(np.argmax(recall == 1)) + 1
    return dict(name=name, direction=direction, y=y.tolist(), scores=s.tolist(), average_precision=float(average_precision_score(y, o)),
                interpolated=interpolated(y, o), precision=precision[:stop].tolist(), recall=recall[:stop].tolist())


r = np.random.default_rng(5)
cases = []
for i, (n1, n0, levels) in enumerate([(1, 1, 2), (1, 9, 3), (12, 3, 4), (20, 60, 5), (40, 25, 1), (7, 90, 6), (30, 30, 50), (2, 400, 300)]):
    y = r.permutation(np.repeat([1, 0], [n1, n0]))
    s = np.round(r.normal(size=n1 + n0) * levels / 3 + y * r.uniform(-1, 2)) if levels > 1 else np.zeros(n1 + n0)
    for direction in ("higher", "lower"):
        cases.append(case(f"{n1} of {n1 + n0}, {levels} levels, {direction}", y, s, direction))
out = dict(versions=dict(sklearn=sklearn.__version__, scipy=scipy.__version__), cases=cases)
json.dump(out, open(sys.argv[1] + "/precision_recall_ties.json", "w"))

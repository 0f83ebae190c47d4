"""Features of two classes, random and degenerate, as a table for generate.R and exact.py.

python3 generate.py > features.csv
One line per feature: kind, number of events, then the values (the events first) with 17 significant digits.
"""

import random

r = random.Random(20240611)


def line(kind, events, others):
    values = events + others
    print(",".join([kind, str(len(events))] + [repr(float(v)) for v in values]))


def normal(n, mean=0.0, sd=1.0):
    return [r.gauss(mean, sd) for _ in range(n)]


for n1, n0 in [(2, 2), (2, 7), (3, 3), (5, 8), (8, 8), (9, 9), (9, 30), (8, 60), (20, 25), (49, 49), (49, 50), (50, 50), (60, 90)]:
    line("normal", normal(n1, 0.4), normal(n0, 0.0, 1.5))
    line("skewed", [v * v * v for v in normal(n1, 0.6)], [v * v * v for v in normal(n0, 0.5)])
    line("ties", [float(r.randrange(4)) for _ in range(n1)], [float(r.randrange(5)) for _ in range(n0)])
for gap in [2.0, 6.0, 20.0]:
    line("far", normal(40, gap), normal(60))
line("far", normal(300, 9.0), normal(500))
line("far", normal(420, 11.0), normal(500))
for n1, n0 in [(6, 9), (30, 40)]:
    line("binary", [float(r.random() < 0.6) for _ in range(n1)], [float(r.random() < 0.3) for _ in range(n0)])
    line("offset", [1e6 + v for v in normal(n1, 0.5)], [1e6 + v for v in normal(n0)])
    line("offset", [1e12 + v for v in normal(n1, 0.5)], [1e12 + v for v in normal(n0)])
    line("scale", [1e300 * v for v in normal(n1, 0.5)], [1e300 * v for v in normal(n0)])
    line("scale", [1e-300 * v for v in normal(n1, 0.5)], [1e-300 * v for v in normal(n0)])
    line("one class constant", [0.3] * n1, normal(n0))

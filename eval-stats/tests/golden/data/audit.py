"""Checks of printed numbers by brute force in exact arithmetic (fractions, mpmath) and scipy.

python audit.py OUT.json [SEED] [CASES]
"""
import itertools
import json
import random
import sys
from fractions import Fraction as F

import mpmath as mp
from scipy.optimize import brentq
from scipy.stats import beta, norm

mp.mp.dps = 40
out = sys.argv[1]
random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
CASES = int(sys.argv[3]) if len(sys.argv) > 3 else 60
CONVENTIONS = ["nearest", "half_up", "half_even", "truncated"]
RATES = ["acc", "sen", "spe", "ppv", "npv", "auc"]


def printed(x, decimals, convention):
    """The integer that x * 10^decimals is printed as; 'nearest' sends ties either way."""
    y = x * 10**decimals
    low = y.numerator // y.denominator
    rest = y - low
    if convention == "truncated":
        return low if y >= 0 or rest == 0 else low + 1
    if rest != F(1, 2):
        return low + (rest > F(1, 2))
    if convention == "nearest":
        return low + random.randint(0, 1)
    if convention == "half_up":
        return low + (y > 0)
    return low + low % 2


def admits(k, x, decimals, convention):
    if convention != "nearest":
        return printed(x, decimals, convention) == k
    return abs(x * 10**decimals - k) <= F(1, 2)


def rates(tp, tn, n1, n0):
    share = lambda a, b: F(100 * a, b) if b else None
    return {"acc": share(tp + tn, n1 + n0), "sen": share(tp, n1), "spe": share(tn, n0), "ppv": share(tp, tp + n0 - tn),
            "npv": share(tn, tn + n1 - tp), "auc": (F(tp, n1) + F(tn, n0)) / 2}


DECIMALS = {r: 1 for r in RATES} | {"auc": 2}


def tables(n1, n0, given, convention):
    for tp, tn in itertools.product(range(n1 + 1), range(n0 + 1)):
        r = rates(tp, tn, n1, n0)
        if all(r[k] is not None and admits(v, r[k], DECIMALS[k], convention) for k, v in given.items()):
            yield tp, tn


def a_row(n1, n0, convention, least=1):
    tp, tn = random.randint(0, n1), random.randint(0, n0)
    r = rates(tp, tn, n1, n0)
    keys = random.sample(RATES, random.randint(least, len(RATES)))
    return {k: printed(r[k], DECIMALS[k], convention) for k in keys if r[k] is not None}


def rate_case():
    n1, n0 = random.randint(1, 45), random.randint(1, 45)
    convention = random.choice(CONVENTIONS)
    given = {}
    while not given:
        given = a_row(n1, n0, convention)
    if random.random() < 0.5:
        given[random.choice(list(given))] += random.choice([-12, -2, -1, 1, 2, 9])
    found = list(tables(n1, n0, given, convention))
    case = {"n1": n1, "n0": n0, "convention": convention, "given": given, "n": len(found), "tables": found[:20]}
    if not found:
        best = None
        for tp, tn in itertools.product(range(n1 + 1), range(n0 + 1)):
            r = rates(tp, tn, n1, n0)
            missed = [k for k, v in given.items() if r[k] is None or not admits(v, r[k], DECIMALS[k], convention)]
            off = sum(abs(r[k] * 10**DECIMALS[k] - v) * 2 for k, v in given.items() if r[k] is not None)
            if best is None or (len(missed), off) < best:
                best = (len(missed), off)
        case |= {"missed": best[0], "distance": float(best[1])}
    return case


def totals_case():
    n1, n0 = random.randint(2, 25), random.randint(2, 25)
    rows = []
    while len(rows) < random.randint(1, 3):
        row = a_row(n1, n0, "nearest", 2)
        if row:
            rows.append(row)
    radius = random.randint(0, 4)
    n = n1 + n0 + random.randint(-radius, radius)
    events = random.choice([None, n1, max(0, min(n, n1 + random.randint(-2, 2)))])
    found = []
    for size in range(max(2, n - radius), n + radius + 1):
        for e in range(1, size):
            if events is not None and abs(e - events) > radius:
                continue
            counts = [sum(1 for _ in tables(e, size - e, row, "nearest")) for row in rows]
            if all(counts):
                found.append([e, size - e, sum(c == 1 for c in counts)])
    return {"rows": rows, "n": n, "events": events, "radius": radius, "fitting": found}


def ratio_case():
    """Limits are corners of the polygon |u + v| / 2 within the ratio, u and v within the limits."""
    decimals = random.choice([1, 2, 2, 3])
    b, s = random.gauss(0, 1), random.uniform(0.05, 0.8)
    level = random.choice([0.95, 0.95, 0.9, 0.99])
    z = float(norm.ppf((1 + level) / 2))
    values = [round(float(mp.e ** (b + k * z * s)), decimals) for k in (0, -1, 1)]
    if random.random() < 0.3:
        values[random.randint(0, 2)] *= random.choice([0.5, 0.9, 1.1, 1.7])
    ints = [round(v * 10**decimals) for v in values]
    if min(ints) < 1 or ints[1] >= ints[2]:
        return ratio_case()
    ends = [[mp.log(mp.mpf(2 * k + d) / (2 * 10**decimals)) for d in (-1, 1)] for k in ints]
    (m0, m1), (u0, u1), (v0, v1) = ends
    polygon = [(u0, v0), (u1, v0), (u1, v1), (u0, v1)]
    for side in (lambda p: p[0] + p[1] - 2 * m0, lambda p: 2 * m1 - p[0] - p[1]):
        clipped = []
        for p, q in zip(polygon, polygon[1:] + polygon[:1]):
            fp, fq = side(p), side(q)
            if fp >= 0:
                clipped.append(p)
            if (fp < 0 < fq) or (fq < 0 < fp):
                t = fp / (fp - fq)
                clipped.append((p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])))
        polygon = clipped
    zq = mp.sqrt(2) * mp.erfinv(mp.mpf(level))
    p_of = lambda p: mp.erfc(abs(p[0] + p[1]) / (p[1] - p[0]) * zq / mp.sqrt(2)) if p[1] > p[0] else mp.mpf(0)
    joint = None
    if polygon:
        ps = [p_of(p) for p in polygon]
        sums = [p[0] + p[1] for p in polygon]
        joint = [float(min(ps)), 1.0 if min(sums) <= 0 <= max(sums) else float(max(ps))]
    return {"decimals": decimals, "ints": ints, "level": level, "joint": joint}


def auc_case():
    decimals = random.choice([2, 2, 3])
    n1, n0 = random.randint(5, 300), random.randint(5, 300)
    n, a = n1 + n0, random.uniform(0.55, 0.99)

    def cp(a, side):
        x = a * n
        if side == 0:
            return 0.0 if x <= 0 else float(beta.ppf(0.025, x, n - x + 1))
        return 1.0 if x >= n else float(beta.ppf(0.975, x + 1, n - x))

    def hm(a, side):
        q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
        v = (a * (1 - a) + (n1 - 1) * (q1 - a * a) + (n0 - 1) * (q2 - a * a)) / (n1 * n0)
        e = float(norm.ppf(0.975)) * v**0.5
        return max(a - e, 0.0) if side == 0 else min(a + e, 1.0)

    method = random.choice([cp, hm])
    ints = [round(v * 10**decimals) for v in (a, method(a, 0), method(a, 1))]
    if random.random() < 0.3:
        ints[random.randint(1, 2)] += random.choice([-2, -1, 1, 2])
    if not 0 <= ints[1] <= ints[2] <= 10**decimals:
        return auc_case()
    half = 0.5 / 10**decimals

    def fitting(f):
        lows, highs = [max(0.0, ints[0] / 10**decimals - half)], [min(1.0, ints[0] / 10**decimals + half)]
        for side in (0, 1):
            for bound, keep in ((ints[1 + side] / 10**decimals - half, lows), (ints[1 + side] / 10**decimals + half, highs)):
                g = lambda a: f(a, side) - bound
                if g(0.0) >= 0:
                    if keep is highs and g(0.0) > 0:
                        return None
                    keep.append(0.0 if keep is lows else 1.0)
                elif g(1.0) <= 0:
                    if keep is lows and g(1.0) < 0:
                        return None
                    keep.append(1.0)
                else:
                    keep.append(brentq(g, 0.0, 1.0, xtol=1e-14, rtol=1e-14))
        return [max(lows), min(highs)] if max(lows) <= min(highs) else None

    return {"decimals": decimals, "ints": ints, "n1": n1, "n0": n0, "exact": fitting(cp), "hanley": fitting(hm)}


def factor_case():
    levels = random.randint(2, 3)
    sizes = [random.randint(2, 25) for _ in range(levels)]
    events = [random.randint(1, c - 1) for c in sizes]
    ratio = lambda k, e: F(e[k] * (sizes[0] - e[0]), (sizes[k] - e[k]) * e[0])
    wanted = [printed(ratio(k, events), 2, "half_even") for k in range(1, levels)]
    if random.random() < 0.3:
        wanted[0] += random.choice([-3, 1, 4])
    found = [list(e) for e in itertools.product(*[range(1, c) for c in sizes])
             if sum(e) == sum(events) and all(admits(wanted[k - 1], ratio(k, e), 2, "nearest") for k in range(1, levels))]
    return {"sizes": sizes, "events": sum(events), "ratios": wanted, "divisions": found}


def kappa_case():
    n1, n0 = random.randint(1, 40), random.randint(1, 40)
    n = n1 + n0
    readers = [[random.randint(0, n1), random.randint(0, n0)] for _ in range(2)]
    (tp1, fp1), (tp2, fp2) = readers

    def kappa(both):
        a, b = tp1 + fp1, tp2 + fp2
        po, pe = F(n - a - b + 2 * both, n), F(a * b + (n - a) * (n - b), n * n)
        return None if pe == 1 else (po - pe) / (1 - pe)

    reach = range(max(0, tp1 + tp2 - n1) + max(0, fp1 + fp2 - n0), min(tp1, tp2) + min(fp1, fp2) + 1)
    k = kappa(random.choice(list(reach)))
    if k is None:
        return kappa_case()
    value = printed(k, 2, "half_even") + random.choice([0, 0, 1])
    return {"n1": n1, "n0": n0, "readers": readers, "kappa": value,
            "both": [b for b in reach if kappa(b) is not None and admits(value, kappa(b), 2, "nearest")]}


def moments_case():
    n, decimals = random.randint(2, 6), random.choice([1, 2])
    data = [random.randint(0, 5) for _ in range(n)]
    square = lambda t, q: F(q * n - t * t, n * (n - 1))
    sd = lambda v: F(mp.nstr(mp.sqrt(mp.mpf(v.numerator) / v.denominator), 30)) if v else F(0)
    t, q = sum(data), sum(x * x for x in data)
    mean_int = printed(F(t, n), decimals, "half_even") + random.choice([0, 0, 0, 1])
    sd_int = max(0, printed(sd(square(t, q)), decimals, "half_even") + random.choice([0, 0, 1, -1]))
    mean_possible = any(admits(mean_int, F(s, n), decimals, "nearest") for s in range(-2, 8 * n))
    sd_exists = any(admits(mean_int, F(sum(d), n), decimals, "nearest")
                    and admits(sd_int, sd(square(sum(d), sum(x * x for x in d))), decimals, "nearest")
                    for d in itertools.combinations_with_replacement(range(-2, 9), n))
    return {"n": n, "decimals": decimals, "mean": mean_int, "sd": sd_int, "mean_possible": mean_possible, "sd_exists": sd_exists}


golden = {name: [case() for _ in range(count)] for name, case, count in [
    ("rates", rate_case, CASES), ("totals", totals_case, CASES // 3), ("ratios", ratio_case, CASES), ("aucs", auc_case, CASES),
    ("factors", factor_case, CASES // 2), ("kappas", kappa_case, CASES), ("moments", moments_case, CASES)]}
with open(out, "w") as file:
    json.dump(golden, file, separators=(",", ":"))
    file.write("\n")

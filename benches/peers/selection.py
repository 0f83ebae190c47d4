"""Times the selection of features against R and Python in turns, one thread, and compares the results.

usage: selection.py TIME_SELECTION [--rounds N] [--table FILE.csv] [--large] [--only TASK]
TIME_SELECTION   target/release/examples/time_selection
--table          a table of your own instead of the synthetic one: first column the outcome (0/1), then features
--large          also the path of 5,000 rows and 5,000 columns, which takes R minutes
Prints CPU seconds of both sides and the ratio of the smallest of all rounds; for cross-validation also wall seconds with one and two threads.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS, COLUMNS, CASES = 421, 979, 50
# Task, peer, repeats of this side in a round, repeats of the peer, the least ratio that is promised, agreement of the results.
TASKS = [
    ("path", "glmnet", 20, 5, 2, 1e-9),
    ("cv_deviance", "glmnet", 3, 1, 2.5, 1e-9),
    ("cv_auc", "glmnet", 3, 1, 4, 1e-9),
    ("exact", "glmnet", 3, 1, 5, 1e-6),
    ("mutual_information", "scikit-learn", 20, 1, 50, 1e-2),
    ("icc", "psych", 20, 1, 500, 1e-9),
    ("icc_values", "numpy", 20, 20, 1, 1e-9),
    ("spearman", "scipy", 20, 5, 3, 1e-9),
    ("large", "glmnet", 1, 1, 1.5, 1e-9),
]


def synthetic(n, p, rng):
    """Correlated features as radiomics gives them: few factors, many noisy copies, skewed thirds, and an outcome that depends on some factors."""
    factors = rng.normal(size=(n, max(4, p // 25)))
    features = factors @ rng.normal(size=(factors.shape[1], p)) * (rng.random(p) < 0.7) / 3 + rng.normal(size=(n, p))
    features[:, ::3] = np.exp(features[:, ::3] / 3)
    risk = 1 / (1 + np.exp(-(factors[:, 0] + 0.8 * factors[:, 1] - 0.6 * factors[:, 2] - 0.4)))
    return features, (rng.random(n) < risk).astype(float)


def own_table(path):
    values = np.loadtxt(path, delimiter=",", skiprows=1)
    return np.ascontiguousarray(values[:, 1:]), values[:, 0]


def write_input(folder, task, options):
    rng = np.random.default_rng(20)
    if task.startswith("icc"):
        cases = rng.normal(size=(COLUMNS, 1, CASES)) * 10 ** rng.uniform(-2, 4, size=(COLUMNS, 1, 1))
        readings = cases + np.std(cases, axis=2, keepdims=True) * rng.uniform(0.05, 1, size=(COLUMNS, 1, 1)) * rng.normal(size=(COLUMNS, 3, CASES))
        readings.astype("<f8").tofile(os.path.join(folder, "readings.f64"))
        return CASES, COLUMNS, readings
    if task == "large":
        features, outcome = synthetic(5000, 5000, rng)
    else:
        features, outcome = own_table(options.table) if options.table else synthetic(ROWS, COLUMNS, rng)
    fold = np.empty(len(outcome))
    for label in (0, 1):
        rows = np.flatnonzero(outcome == label)
        fold[rows] = rng.permutation(np.arange(len(rows)) % 10) + 1
    for name, values in (("features", features.T), ("outcome", outcome), ("fold", fold)):
        np.ascontiguousarray(values).astype("<f8").tofile(os.path.join(folder, name + ".f64"))
    return features.shape[0], features.shape[1], (features, outcome)


def child(command, threads="1"):
    environment = dict(os.environ, RAYON_NUM_THREADS=threads)
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    cpu, wall, value = done.stdout.split()[-3:]
    return float(cpu), float(wall), float(value)


def in_process(work, repeats):
    start, wall = time.process_time(), time.perf_counter()
    for _ in range(repeats):
        value = work()
    return (time.process_time() - start) / repeats, (time.perf_counter() - wall) / repeats, float(value)


def numpy_icc(readings):
    """All six coefficients of every feature by the analysis of variance; the sum of the second, single agreement."""
    n, k = readings.shape[2], readings.shape[1]
    centered = readings - readings.mean(axis=(1, 2), keepdims=True)
    cases, raters = centered.mean(axis=1), centered.mean(axis=2)
    between = k * (cases**2).sum(axis=1) / (n - 1)
    rater = n * (raters**2).sum(axis=1)
    error = ((centered - cases[:, None, :] - raters[:, :, None]) ** 2).sum(axis=(1, 2))
    within = (rater + error) / (n * (k - 1))
    rater, error = rater / (k - 1), error / ((n - 1) * (k - 1))
    six = [(between - within) / (between + (k - 1) * within), (between - error) / (between + (k - 1) * error + k * (rater - error) / n),
           (between - error) / (between + (k - 1) * error), (between - within) / between,
           (between - error) / (between + (rater - error) / n), (between - error) / between]
    return six[1].sum()


def peer(task, name, folder, repeats, n, p, data):
    if name in ("glmnet", "psych"):
        return lambda: child(["Rscript", os.path.join(HERE, "selection.R"), task, folder, str(repeats), str(n), str(p)])
    if name == "scikit-learn":
        from sklearn.feature_selection import mutual_info_classif
        return lambda: in_process(lambda: mutual_info_classif(*data, random_state=0).sum(), repeats)
    if name == "scipy":
        from scipy.stats import spearmanr
        return lambda: in_process(lambda: np.abs(spearmanr(data[0]).statistic).sum(), repeats)
    return lambda: in_process(lambda: numpy_icc(data), repeats)


def compare(program, options):
    for task, name, own_repeats, peer_repeats, promised, agreement in TASKS:
        if (task == "large" and not options.large) or (options.only and task != options.only):
            continue
        with tempfile.TemporaryDirectory() as folder:
            n, p, data = write_input(folder, task, options)
            own = [program, task, folder, str(own_repeats), str(n), str(p)]
            other = peer(task, name, folder, peer_repeats, n, p, data)
            ours, theirs, two_threads = [], [], []
            for _ in range(1 if task == "large" else options.rounds):
                ours.append(child(own))
                theirs.append(other())
                if abs(ours[-1][2] - theirs[-1][2]) > agreement * abs(theirs[-1][2]):
                    sys.exit(f"{task}: {name} gives {theirs[-1][2]!r}, ours {ours[-1][2]!r}")
                if task.startswith("cv"):
                    two_threads.append(child(own, threads="2")[1])
            cpu, peer_cpu = min(o[0] for o in ours), min(t[0] for t in theirs)
            line = f"{task:18} n={n:<5} p={p:<5} {name:13} {peer_cpu:.3e} s, ours {cpu:.3e} s, ratio {peer_cpu / cpu:.1f} (promised {promised})"
            if two_threads:
                one = min(o[1] for o in ours)
                line += f"; two threads {one / min(two_threads):.2f} times faster (promised 1.8)"
            print(line, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--table")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--only")
    options = parser.parse_args()
    compare(os.path.abspath(options.program), options)


main()

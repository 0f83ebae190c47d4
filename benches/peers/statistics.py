"""Times the statistics of eval-stats against R and Python in turns, one thread, from raw scores to the result, and compares the results.

usage: statistics.py TIME_STATISTICS [--rounds N] [--fast-delong FILE] [--dcurves FOLDER]
TIME_STATISTICS   target/release/examples/time_statistics
--fast-delong     compare_auc_delong_xu.py of github.com/yandexdataschool/roc_comparison; left out without it
--dcurves         the folder R/ of an unpacked dcurves where the package is not installed; the Python port is timed too if it is installed
Prints CPU seconds of both sides in every round and the ratio of the smallest; then the cost of this side over the number of subjects.
"""
import argparse
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
# Task, subjects, repeats of this side in a round, repeats of a peer, the least ratio that is promised.
TASKS = [
    ("delong", 1_000_000, 5, 1, 15),
    ("bootstrap", 421, 100, 1, 200),
    ("decision", 100_000, 50, 1, 100),
    ("hosmer_lemeshow", 421, 20_000, 50, 100),
    ("hosmer_lemeshow", 100_000, 100, 3, 100),
]


def make_input(folder, n):
    """Risks of two models, correlated, full precision, and outcomes drawn from the first."""
    rng = np.random.default_rng(20)
    signal = rng.normal(size=n)
    first = 1 / (1 + np.exp(-1.5 * signal))
    second = 1 / (1 + np.exp(-(signal + rng.normal(size=n))))
    outcome = (rng.random(n) < first).astype(float)
    for name, values in (("first", first), ("second", second), ("outcome", outcome)):
        values.astype("<f8").tofile(os.path.join(folder, name + ".f64"))
    return first, second, outcome


def child(command):
    seconds, value = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-2:]
    return float(seconds), float(value)


def in_process(work):
    start = time.process_time()
    value = work()
    return time.process_time() - start, float(value)


def fast_delong(path, first, second, outcome):
    # The file predates numpy 1.24: two names of types have to be given back.
    np.float, np.bool = float, bool
    spec = importlib.util.spec_from_file_location("fast_delong", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def work():
        with redirect_stdout(io.StringIO()) as printed:
            module.delong_roc_test(outcome.astype(int), first, second)
        numbers = [float(word) for word in printed.getvalue().replace("[", " ").replace("]", " ").split()]
        a, b, vaa, vab, _, vbb = numbers
        return (a - b) / np.sqrt(vaa + vbb - 2 * vab)

    return work


def python_dcurves(first, outcome):
    import dcurves
    import pandas as pd

    table = pd.DataFrame({"outcome": outcome.astype(int), "first": first})

    def work():
        curve = dcurves.dca(data=table, outcome="outcome", modelnames=["first"], thresholds=np.arange(1, 100) / 100)
        return curve[curve["model"] == "first"]["net_benefit"].iloc[49]

    return work


def peers(task, folder, repeats, options, data):
    found = {"R": lambda: child(["Rscript", os.path.join(HERE, "statistics.R"), task, folder, str(repeats)]
                                + ([options.dcurves] if task == "decision" and options.dcurves else []))}
    if task == "delong" and options.fast_delong:
        work = fast_delong(options.fast_delong, *data)
        found["Python fast DeLong"] = lambda: in_process(work)
    if task == "decision" and importlib.util.find_spec("dcurves"):
        other = python_dcurves(data[0], data[2])
        found["Python dcurves"] = lambda: in_process(other)
    return found


def compare(program, options):
    for task, n, own_repeats, peer_repeats, promised in TASKS:
        with tempfile.TemporaryDirectory() as folder:
            data = make_input(folder, n)
            sides = peers(task, folder, peer_repeats, options, data)
            seconds = {name: [] for name in ("ours", *sides)}
            for _ in range(options.rounds):
                spent, value = child([program, task, folder, str(own_repeats)])
                seconds["ours"].append(spent)
                for name, run in sides.items():
                    spent, other = run()
                    seconds[name].append(spent)
                    # Python prints eight digits of its intermediate results.
                    if abs(other - value) > (1e-3 if name == "Python fast DeLong" else 1e-9) * abs(value):
                        sys.exit(f"{task}: {name} gives {other!r}, ours {value!r}")
            for name in sides:
                ratio = min(seconds[name]) / min(seconds["ours"])
                print(f"{task:16} n={n:<8} {name:19} {min(seconds[name]):.3e} s, ours {min(seconds['ours']):.3e} s, "
                      f"ratio {ratio:.0f} (promised {promised}), {options.rounds} rounds", flush=True)


def growth(program):
    print("cost over the number of subjects, DeLong's test from raw scores")
    for n, repeats in ((1_000, 2000), (10_000, 200), (100_000, 30), (1_000_000, 4), (10_000_000, 1)):
        with tempfile.TemporaryDirectory() as folder:
            make_input(folder, n)
            spent, _ = child([program, "delong", folder, str(repeats)])
            print(f"n={n:<9} {spent:.3e} s, {1e9 * spent / (n * np.log2(n)):.2f} ns per n log2 n", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fast-delong")
    parser.add_argument("--dcurves")
    options = parser.parse_args()
    compare(os.path.abspath(options.program), options)
    growth(os.path.abspath(options.program))


main()

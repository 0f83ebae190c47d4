"""Times R (rms, glm) and this workspace in turns on the same tables; prints ratios of CPU seconds, each side on one thread.

    python nomogram.py target/release/examples/time_nomogram [--rounds 3] [--only TASK]
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
HERE = os.path.dirname(os.path.abspath(__file__))
# Task, peer, rows, columns, repeats of this side in a round, repeats of the peer, the ratio aimed at, agreement of the results.
TASKS = [
    ("validate", "rms", 421, 3, 3, 1, 50, 1e-6),
    ("calibrate", "rms", 421, 3, 3, 1, 50, 1e-6),
    ("fit", "rms", 100_000, 20, 5, 3, 3, 1e-6),
    ("univariable", "glm", 421, 979, 5, 1, 50, 1e-4),
]


def write_input(folder, n, p):
    rng = np.random.default_rng(21)
    features = 0.5 * rng.normal(size=(n, 1)) + rng.normal(size=(n, p))
    risk = 1 / (1 + np.exp(-0.6 * features[:, :5].sum(axis=1) + 0.3))
    outcome = rng.random(n) < risk
    for name, values in (("features", features.T), ("outcome", outcome)):
        np.ascontiguousarray(values).astype("<f8").tofile(os.path.join(folder, name + ".f64"))


def child(command):
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ, RAYON_NUM_THREADS="1"))
    cpu, _, value = done.stdout.split()[-3:]
    return float(cpu), float(value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only")
    options = parser.parse_args()
    for task, name, n, p, own_repeats, peer_repeats, target, agreement in TASKS:
        if options.only and task != options.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            write_input(folder, n, p)
            own = [os.path.abspath(options.program), task, folder, str(own_repeats), str(n), str(p)]
            other = ["Rscript", os.path.join(HERE, "nomogram.R"), task, folder, str(peer_repeats), str(n), str(p)]
            ours, theirs = [], []
            for _ in range(options.rounds):
                ours.append(child(own))
                theirs.append(child(other))
                if abs(ours[-1][1] - theirs[-1][1]) > agreement * abs(theirs[-1][1]):
                    sys.exit(f"{task}: {name} gives {theirs[-1][1]!r}, ours {ours[-1][1]!r}")
            cpu, peer_cpu = min(o[0] for o in ours), min(t[0] for t in theirs)
            print(f"{task:12} n={n:<6} p={p:<4} {name:4} {peer_cpu:.3e} s, ours {cpu:.3e} s, ratio {peer_cpu / cpu:.1f} (target {target})", flush=True)


main()

"""Times extract_radiomics on a study: two regions of each of 866 patients, Original and Wavelet, with one and with two threads.

usage: batch.py EXTRACT_RADIOMICS COHORT_FOLDER [--regions 1732] [--rounds 2]
COHORT_FOLDER is the synthetic cohort of alnm_pipeline; its images come again until there are enough. Prints wall and CPU seconds and peak memory, and
fails if the two tables differ by a byte.
"""
import argparse
import csv
import filecmp
import itertools
import os
import resource
import subprocess
import tempfile
import time


def extract(program, table, out, jobs):
    """Wall seconds, CPU seconds and peak memory in MB."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    options = ["--image-type", "Original", "--image-type", "Wavelet", "--jobs", str(jobs), "--out", out, "--overwrite"]
    text = subprocess.run(["time", "-f", "%M", program, table, *options], check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, spent, int(text.stderr.split()[-1]) / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("cohort")
    parser.add_argument("--regions", type=int, default=1732)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    images, masks = (os.path.abspath(os.path.join(options.cohort, kind)) for kind in ("images", "masks"))
    names = sorted(name for name in os.listdir(images) if os.path.exists(os.path.join(masks, name)))
    with tempfile.TemporaryDirectory() as folder:
        table = os.path.join(folder, "batch.csv")
        with open(table, "w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["Image", "Mask"])
            for name in itertools.islice(itertools.cycle(names), options.regions):
                rows.writerow([os.path.join(images, name), os.path.join(masks, name)])
        outs = {jobs: os.path.join(folder, f"features_{jobs}.csv") for jobs in (1, 2)}
        best = {jobs: (float("inf"),) for jobs in outs}
        for _ in range(options.rounds):
            for jobs, out in outs.items():
                best[jobs] = min(best[jobs], extract(os.path.abspath(options.program), table, out, jobs))
        for jobs, (wall, spent, peak) in best.items():
            print(f"{options.regions} regions, {jobs} threads: {wall:6.1f} s wall, {spent:6.1f} s CPU, {peak:4.0f} MB")
        print(f"two threads: {best[1][0] / best[2][0]:.2f} times as fast; {1e3 * best[1][1] / options.regions:.1f} ms CPU a region")
        if not filecmp.cmp(outs[1], outs[2], shallow=False):
            raise SystemExit("the tables differ")


if __name__ == "__main__":
    main()

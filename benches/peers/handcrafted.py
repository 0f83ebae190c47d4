"""Times PyRadiomics and extract_radiomics in turns on the tumor images of a cohort folder, and compares their values.

usage: handcrafted.py EXTRACT_RADIOMICS COHORT_FOLDER [N_IMAGES [ROUNDS]]
Prints CPU seconds of both sides for each round, start-up of either process taken off, their ratio, and the largest relative difference of a feature.
"""
import csv
import os
import resource
import subprocess
import sys
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
    os.environ[name] = "1"

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics import featureextractor

radiomics.setVerbosity(50)


def slice_of(path, mask=False):
    """A PNG as a volume of one slice, as extract_radiomics reads it."""
    pixels = sitk.GetArrayFromImage(sitk.ReadImage(path))[None]
    return sitk.GetImageFromArray((pixels > 0).astype(np.uint8) if mask else pixels)


def peer(cases):
    extractor = featureextractor.RadiomicsFeatureExtractor(additionalInfo=False)
    extractor.enableImageTypeByName("Wavelet")
    start = time.process_time()
    rows = [extractor.execute(slice_of(image), slice_of(mask, True)) for image, mask in cases]
    return time.process_time() - start, rows


def ours(program, cases, folder):
    def run(batch, name):
        table, out = os.path.join(folder, name + ".csv"), os.path.join(folder, name + "_out.csv")
        with open(table, "w", newline="") as file:
            csv.writer(file).writerows([("Image", "Mask"), *batch])
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [program, table, "--image-type", "Original", "--image-type", "Wavelet", "--jobs", "1", "--overwrite", "--out", out],
            check=True, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, out

    # One image counts twice: the difference of the two runs is free of start-up and of that image.
    once, _ = run(cases[:1], "one")
    all_cases, out = run(cases[:1] + cases, "all")
    with open(out) as file:
        return all_cases - once, list(csv.DictReader(file))[1:]


def main():
    program, cohort = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    names = sorted(name for name in os.listdir(os.path.join(cohort, "images")) if "tumor" in name)[:count]
    cases = [(os.path.join(cohort, "images", name), os.path.join(cohort, "masks", name)) for name in names]
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(rounds):
            theirs, expected = peer(cases)
            mine, found = ours(program, cases, folder)
            for want, got in zip(expected, found):
                for key, value in want.items():
                    difference = abs(float(value) - float(got[key]))
                    if difference > 1e-12 and not key.endswith("MCC"):
                        worst = max(worst, difference / abs(float(value)))
            print(f"round {turn + 1}: PyRadiomics {theirs:.3f} s, ours {mine:.3f} s, ratio {theirs / mine:.1f} ({len(cases)} images)")
    print(f"largest relative difference of a feature: {worst:.1e}")


main()

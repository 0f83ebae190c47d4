"""Runs PyRadiomics and extract_radiomics on random images, masks and settings, and lists the features that differ.

usage: differential.py EXTRACT_RADIOMICS [ROUNDS [SEED]]
A round is one parameter file and eight regions; both programs read the same files. Images have every pixel type, one to three extended axes, any
spacing and direction; masks are ellipsoids, shells, speckle, planes, lines, corners, checkerboards, several labels. Settings are drawn from
binning, normalization, re-segmentation, cropping, checks of the region, force2D, distances, weighting, asymmetric matrices, features by name.

Values agree within 1e-9 of their size plus 1e-12; MCC within 1e-8. Known to differ, and counted apart:
  noise     the reference's rounding is larger than that, which follows from its own numbers: the smaller axes of a line; skewness, kurtosis and
            deviations where the mean is more than 10^5 standard deviations from 0; a third moment around 0; correlations of levels that are
            independent in a direction, which are 0 or dropped from the mean by chance, and of a direction with a single center level
  accepted  a mask without background, which the reference refuses
Prints one line per round with differences (repeat it with 1 SEED), and the sums.
"""
import collections
import csv
import json
import logging
import math
import os
import subprocess
import sys
import tempfile
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
    os.environ[name] = "1"

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics import featureextractor

radiomics.setVerbosity(60)
logging.disable(logging.CRITICAL)
warnings.filterwarnings("ignore")
np.seterr(all="ignore")

REGIONS = 8
TYPES = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64)
FAMILIES = ("firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm", "shape", "shape2D")
NOISE = ("_MinorAxisLength", "_LeastAxisLength", "_Elongation", "_Flatness")


def draw_size(rng):
    thin = [(1, *rng.integers(5, 24, 2)), (*rng.integers(3, 14, 2), 1), (9, 1, 12), (3, 40, 2), tuple(rng.integers(5, 20, 2))]
    return tuple(int(n) for n in (thin[rng.integers(5)] if rng.random() < 0.5 else rng.integers(2, 11, 3)))


def draw_field(rng, shape):
    """From 0 to 1: smooth, noise, two values, a ramp, constant, few values or mostly 0."""
    kind = rng.integers(7)
    noise = rng.random(shape)
    if kind in (0, 5):
        for axis in range(len(shape)):
            noise = noise + np.roll(noise, 1, axis)
        noise = (noise - noise.min()) / max(np.ptp(noise), 1e-9)
        return noise if kind == 0 else np.floor(noise * 3) / 3
    return (None, noise, (noise < 0.5) * 1.0, np.linspace(0, 1, noise.size).reshape(shape), np.zeros(shape), None, (noise < 0.05) * noise)[kind]


def draw_voxels(rng, shape, span):
    pixel = TYPES[rng.integers(len(TYPES))]
    field = draw_field(rng, shape) * span
    if np.issubdtype(pixel, np.integer):
        limits = np.iinfo(pixel)
        offset = rng.choice([0, 0, -1000, 5, 30000])
        return np.clip(np.floor(field) + offset, max(limits.min, -2**53), min(limits.max, 2**53)).astype(pixel)
    return (field + span * rng.choice([0, 0, -0.5, 10])).astype(pixel)


def draw_region(rng, shape):
    region, at = np.zeros(shape, bool), np.indices(shape)
    distance = sum(((a - (n - 1) / 2) / (n / 2)) ** 2 for a, n in zip(at, shape))
    axis, point = rng.integers(len(shape)), [rng.integers(n) for n in shape]
    kind = rng.integers(9)
    if kind == 0:
        region = distance < rng.uniform(0.3, 1.0)
    elif kind == 1:
        region = (distance < 1) & (distance > 0.3)
    elif kind == 2:
        region = rng.random(shape) < rng.choice([0.05, 0.3, 0.8])
    elif kind == 3:
        region = (sum(at) % 2 == 0) & (distance < 1.2)
    elif kind == 4:
        np.moveaxis(region, axis, 0)[point[axis]] = True
    elif kind in (5, 6):
        for axis in rng.permutation(len(shape))[: kind - 4]:
            region[tuple(slice(p, None) if a == axis else p for a, p in enumerate(point))] = True
    elif kind == 7:
        for step in range(min(n for n in shape if n > 1)):
            region[tuple(min(step, n - 1) for n in shape)] = True
    else:
        region[:] = True
        region[tuple(point)] = rng.random() < 0.3
    return region


def draw_settings(rng, span):
    some = lambda p: rng.random() < p
    s = {"minimumROIDimensions": int(rng.choice([1, 1, 2, 3])), "additionalInfo": False, "geometryTolerance": 1e-6}
    if some(0.5):
        s["binCount"] = int(rng.choice([1, 2, 3, 8, 16, 64]))
    else:
        s["binWidth"] = float(f"{span / rng.choice([3, 7, 20, 50]):.3g}")
    if some(0.1):
        s.update(normalize=True, normalizeScale=100, binWidth=float(rng.choice([10, 25])), removeOutliers=float(rng.choice([1.5, 3])))
        s.pop("binCount", None)
    if some(0.15):
        mode, limits = (("absolute", [0.9 * span, 0.1 * span]), ("relative", [0.3]), ("sigma", [-1, 1.7]))[rng.integers(3)]
        s.update(resegmentMode=mode, resegmentRange=limits, resegmentShape=bool(rng.integers(2)))
    if some(0.15):
        s.update(preCrop=True, padDistance=int(rng.integers(4)))
    if some(0.1):
        s["minimumROISize"] = int(rng.choice([2, 10, 50]))
    if some(0.3):
        s.update(force2D=True, force2Ddimension=int(rng.integers(3)))
    if some(0.2):
        s["distances"] = [[2], [1, 3], [2, 1]][rng.integers(3)]
    if some(0.2):
        s["weightingNorm"] = [None, "euclidean", "manhattan", "infinity", "no_weighting"][rng.integers(5)]
    if some(0.15):
        s["symmetricalGLCM"] = False
    if some(0.2):
        s.update(gldm_a=int(rng.integers(1, 4)), voxelArrayShift=int(rng.choice([10, -5, 300])))
    return s


def draw_families(rng):
    if rng.random() < 0.6:
        return {family: None for family in FAMILIES}
    known = radiomics.getFeatureClasses()
    names = {family: list(known[family].getFeatureNames()) for family in FAMILIES}
    chosen = [str(family) for family in rng.permutation(FAMILIES)[: rng.integers(2, 6)]]
    return {f: [str(n) for n in rng.permutation(names[f])[: rng.integers(1, 8)]] for f in chosen}


def draw_round(rng, folder):
    """Writes a parameter file, a batch table and its images; returns their paths."""
    span = float(rng.choice([1e-5, 1, 100, 255, 1000, 4000, 1e9]))
    parameters = os.path.join(folder, "parameters.yaml")
    with open(parameters, "w") as file:
        json.dump({"imageType": {"Original": {}}, "featureClass": draw_families(rng), "setting": draw_settings(rng, span)}, file, indent=1)
    rows = []
    for number in range(REGIONS):
        shape = draw_size(rng)
        label = int(rng.choice([1, 1, 1, 4]))
        region = draw_region(rng, shape)
        labels = region * label if label == 1 else np.where(region, label, rng.integers(0, 4, shape))
        image, mask = sitk.GetImageFromArray(draw_voxels(rng, shape, span)), sitk.GetImageFromArray(labels.astype(np.uint8))
        image.SetSpacing([float(v) for v in rng.choice([0.1, 0.488281, 0.7, 1, 1, 2, 5], len(shape))])
        if rng.random() < 0.5:
            turned, _ = np.linalg.qr(rng.normal(size=(len(shape), len(shape))))
            turned[:, 0] *= np.sign(np.linalg.det(turned))
            image.SetDirection(turned.ravel().tolist())
            image.SetOrigin(np.round(rng.uniform(-500, 500, len(shape)), 3).tolist())
        mask.CopyInformation(image)
        paths = [os.path.join(folder, f"{number}_{part}.nrrd") for part in ("image", "label")]
        sitk.WriteImage(image, paths[0])
        sitk.WriteImage(mask, paths[1])
        rows.append((*paths, label))
    table = os.path.join(folder, "batch.csv")
    with open(table, "w", newline="") as file:
        csv.writer(file).writerows([("Image", "Mask", "Label"), *rows])
    return parameters, table, rows


def peer(parameters, row):
    try:
        features = featureextractor.RadiomicsFeatureExtractor(parameters).execute(*row[:2], label=row[2])
        return {name: float(value) for name, value in features.items()}
    except Exception as error:
        return str(error)


def ours(program, parameters, table, folder):
    out = os.path.join(folder, "out.csv")
    command = [program, table, "--params", parameters, "--jobs", "1", "--overwrite", "--out", out]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if not os.path.exists(out):
        return [f"the program ended with {done.returncode}: {done.stderr.strip()[-300:]}"] * REGIONS
    with open(out) as file:
        rows = list(csv.DictReader(file))
    os.remove(out)
    feature = lambda name: name.startswith("original_")
    return [row.get("error") or {n: float(v) for n, v in row.items() if feature(n) and v} for row in rows]


def is_share(value):
    """Whether a number is a fraction of at most 49 directions (distances 1 and 3 of a plane and more have so many)."""
    return any(abs(value * n - round(value * n)) < 1e-6 for n in range(1, 50)) and 0 < value <= 1


def is_noise(name, found, expected, features):
    """Whether the reference's own numbers say that this difference is its rounding, see the head of this file."""
    if name.endswith(NOISE):
        return abs(found - expected) < 1e-6 * max(1.0, features.get("original_shape_MajorAxisLength", 1.0))
    if "_firstorder_" in name:
        spread, mean = features.get("original_firstorder_Variance"), features.get("original_firstorder_Mean")
        if spread is None or mean is None:
            return name.endswith(("_Skewness", "_Kurtosis")) and found == 0.0 and abs(expected) == 1.0
        # A flat region has a spread of 0 or of the rounding of its mean.
        return mean * mean > 1e10 * spread or (name.endswith("_Skewness") and abs(expected) < 1e-6)
    if name.endswith("_ClusterShade"):
        scale = features.get("original_glcm_ClusterTendency", 0.0) ** 1.5
        return abs(found - expected) < 1e-11 * max(1.0, scale)
    if name.endswith(("_glcm_MCC", "_glcm_Imc2")):
        # The mean over some of the directions instead of over all.
        return abs(found - expected) < 3e-8 or is_share(found / expected if expected else 0.0)
    return name.endswith("_glcm_Correlation") and is_share(found - expected)


def differences(found, expected):
    """('noise' or the problem, name, found, expected) of one region."""
    if isinstance(found, str) or isinstance(expected, str):
        if isinstance(found, str) == isinstance(expected, str):
            return []
        kind = "accepted" if isinstance(expected, str) and expected.startswith("No labels found") else "refusal"
        return [(kind, "", found if isinstance(found, str) else "features", expected if isinstance(expected, str) else "features")]
    problems = []
    if set(found) != set(expected):
        problems.append(("names", "", sorted(set(found) - set(expected)), sorted(set(expected) - set(found))))
    for name in found.keys() & expected.keys():
        a, b = found[name], expected[name]
        close = abs(a - b) <= 1e-12 + (1e-8 if name.endswith("_MCC") else 1e-9) * abs(b)
        if not (close or (math.isnan(a) and math.isnan(b))):
            problems.append(("noise" if is_noise(name, a, b, expected) else "value", name, a, b))
    return problems


def main():
    program = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    counts = collections.Counter()
    for seed in range(first, first + rounds):
        with tempfile.TemporaryDirectory() as folder:
            parameters, table, rows = draw_round(np.random.default_rng(seed), folder)
            for number, (row, found) in enumerate(zip(rows, ours(program, parameters, table, folder))):
                expected = peer(parameters, row)
                counts["regions refused by both" if isinstance(found, str) and isinstance(expected, str) else "regions"] += 1
                counts["features"] += len(expected) if isinstance(expected, dict) else 0
                for kind, name, a, b in differences(found, expected):
                    counts[kind] += 1
                    if kind not in ("noise", "accepted"):
                        print(f"seed {seed}, region {number}: {kind} {name}: ours {a}, PyRadiomics {b}")
    print(", ".join(f"{kind} {count}" for kind, count in counts.items()))


main()

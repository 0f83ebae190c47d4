"""Writes small synthetic cases, their parameter files and what PyRadiomics makes of them.

usage: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS=1 python generate.py
Versions: see PROVENANCE.md. Writes into the folder of this script: NAME_image.nrrd, NAME_label.nrrd, NAME.yaml, NAME.csv for every row of
manifest.csv, which also says how closely the shape features of the case can be compared.
"""
import csv
import os

import numpy as np
import radiomics
import SimpleITK as sitk
from radiomics import featureextractor

radiomics.setVerbosity(60)
HERE = os.path.dirname(os.path.abspath(__file__))
ALL = "featureClass:\n" + "".join(
    f"  {name}:\n" for name in ("firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm", "shape", "shape2D"))
IN_SPACE = ALL.replace("  shape2D:\n", "")


def smooth(rng, shape):
    """Noise averaged with its neighbors, from 0 to 1."""
    field = rng.normal(size=shape)
    for _ in range(2):
        for axis in range(len(shape)):
            field = field + np.roll(field, 1, axis)
    return (field - field.min()) / np.ptp(field)


def ball(shape, radius):
    """The ellipsoid of this radius, 1 touching the borders."""
    at = np.indices(shape)
    return sum(((a - (n - 1) / 2) / (radius * n / 2)) ** 2 for a, n in zip(at, shape)) <= 1


def rotation(turn, tilt):
    """About z, then about x; radians."""
    c, s, d, t = np.cos(turn), np.sin(turn), np.cos(tilt), np.sin(tilt)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, d, -t], [0, t, d]])


def cases(rng):
    """(name, voxels, labels, spacing (x, y, z), direction, parameter file, tier of the shape features)."""
    shape = (7, 14, 12)
    ct = np.round(smooth(rng, shape) * 900 - 700).astype(np.int16)
    yield "anisotropic_int16", ct, ball(shape, 0.9), (0.7, 0.7, 3.0), rotation(0.3, 1.1), IN_SPACE + "setting:\n  binWidth: 25\n", "direct"

    shape = (6, 9, 10)
    tiny = (smooth(rng, shape) * 3e-5 - 1e-5).astype(np.float32)
    yield "speckle_float32", tiny, rng.random(shape) < 0.35, (1.25, 0.488281, 2.0), None, IN_SPACE + "setting:\n  binCount: 16\n", "direct"

    large = (smooth(rng, shape) * 25000 + 40000).astype(np.uint16)
    shell = ball(shape, 1.0) & ~ball(shape, 0.6)
    yield "shell_uint16", large, shell, (1, 1, 1), None, IN_SPACE + (
        "setting:\n  binWidth: 812.5\n  symmetricalGLCM: false\n  gldm_a: 1\n"), "direct"

    plane = np.zeros((8, 11, 5), bool)
    plane[1:7, 2:10, 3] = rng.random((6, 8)) < 0.8
    yield "plane_in_x", np.round(smooth(rng, plane.shape) * 255).astype(np.uint8), plane, (3, 0.7, 2), None, ALL + (
        "setting:\n  force2D: true\n  force2Ddimension: 2\n  binWidth: 10\n"), "direct"

    labels = rng.integers(0, 6, (7, 8, 9)).astype(np.uint8)
    labels[ball(labels.shape, 0.8)] = 3
    counts = np.round(smooth(rng, labels.shape) * 4000 - 1000).astype(np.int32)
    yield "five_labels", counts, labels, (1, 2, 0.5), None, IN_SPACE + (
        "setting:\n  label: 3\n  gldm_a: 2\n  distances: [1, 3]\n  binWidth: 150\n"), "direct"

    tenths = np.round(smooth(rng, (6, 10, 10)) * 10).astype(np.float32) / np.float32(10)
    yield "resegmented_float32", tenths, ball(tenths.shape, 1.0), (1, 1, 1), None, IN_SPACE + (
        "setting:\n  binWidth: 0.05\n  resegmentRange: [0.6, 0.2]\n  resegmentShape: true\n"), "direct"

    yield "resegmented_by_sigma", ct, ball(ct.shape, 1.0), (0.7, 0.7, 3.0), None, IN_SPACE + (
        "setting:\n  binCount: 12\n  resegmentRange: [-0.8, 1.5]\n  resegmentMode: sigma\n"), "direct"

    shape = (6, 8, 7)
    bent = np.zeros(shape, bool)
    bent[1:, 2, 3] = bent[1, 2:, 3] = bent[1, 2, 3:] = True
    bent[0:2, 1:4, 2:5] = True
    yield "weighted_distances", np.round(smooth(rng, shape) * 90).astype(np.int8), bent, (1, 2, 6), None, IN_SPACE + (
        "setting:\n  weightingNorm: euclidean\n  distances: [2, 1]\n  binWidth: 12\n"), "direct"

    flat = np.round(smooth(rng, (15, 17)) * 1000).astype(np.int16)
    yield "rows_of_a_plane", flat, ball(flat.shape, 0.8), (0.3, 0.4), None, (
        "imageType:\n  Original: {}\n  Wavelet: {wavelet: haar}\n" + ALL + "setting:\n  force2D: true\n  binCount: 10\n"), "direct"

    dose = smooth(rng, (5, 9, 11)) * 1e4
    yield "normalized_float64", dose, ball(dose.shape, 0.7), (2, 2, 5), None, IN_SPACE + (
        "setting:\n  normalize: true\n  normalizeScale: 100\n  removeOutliers: 1.5\n  preCrop: true\n  padDistance: 1\n"
        "  voxelArrayShift: 300\n  binWidth: 20\n"), "direct"

    yield "named_features", counts, ball(counts.shape, 0.8), (1, 2, 0.5), None, (
        "featureClass:\n  glcm: [SumVariance, Id, Contrast, Id, Dissimilarity]\n  gldm: [DependencePercentage]\n"
        "  shape: [Compactness2, Sphericity, SphericalDisproportion, Compactness1]\n"
        "  firstorder: [StandardDeviation, 90Percentile, Mean]\nsetting:\n  binWidth: 150\n"), "direct"

    named = np.zeros((1, 9, 10), bool)
    named[0] = ball((9, 10), 0.8)
    yield "named_planar", np.round(smooth(rng, named.shape) * 99).astype(np.uint8), named, (1, 0.5, 2), None, (
        "featureClass:\n  shape2D: [SphericalDisproportion, Perimeter]\n  ngtdm: []\nsetting:\n  force2D: true\n"), "direct"

    apart = np.zeros((5, 6, 7), bool)
    apart[0, 1, 2] = apart[4, 2, 5] = True
    yield "two_voxels_apart", np.full(apart.shape, -3, np.int64), apart, (1, 2, 3), None, IN_SPACE + (
        "setting:\n  weightingNorm: manhattan\n  binCount: 3\n"), "collinear"

    line = np.zeros((12, 3, 3), bool)
    line[2:11, 1, 1] = True
    yield "line_in_z", np.round(smooth(rng, line.shape) * 60).astype(np.uint64), line, (1, 1, 0.8), None, IN_SPACE + (
        "setting:\n  minimumROIDimensions: 1\n  binWidth: 7\n"), "collinear"


def main():
    rows = []
    for name, voxels, labels, spacing, direction, parameters, tier in cases(np.random.default_rng(20)):
        image, mask = sitk.GetImageFromArray(voxels), sitk.GetImageFromArray(labels.astype(np.uint8))
        image.SetSpacing(spacing)
        if direction is not None:
            image.SetDirection(direction.ravel().tolist())
            image.SetOrigin((-120.5, 33.25, 817.0))
        mask.CopyInformation(image)
        path = os.path.join(HERE, name)
        sitk.WriteImage(image, path + "_image.nrrd", True)
        sitk.WriteImage(mask, path + "_label.nrrd", True)
        with open(path + ".yaml", "w", newline="\n") as file:
            file.write(parameters)
        extractor = featureextractor.RadiomicsFeatureExtractor(path + ".yaml")
        extractor.addProvenance(False)
        features = extractor.execute(path + "_image.nrrd", path + "_label.nrrd")
        with open(path + ".csv", "w", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(("feature", "value"))
            table.writerows((key, repr(float(value))) for key, value in features.items())
        rows.append((name, tier))
    with open(os.path.join(HERE, "manifest.csv"), "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("case", "tier"), *rows])


main()

"""Features of small regions whose voxels are gray levels already, by PyRadiomics 3.0.1 (numpy 1.26.4, SimpleITK 2.5.7,
Python 3.11).  usage: python generate.py cases.json

Every region has the smallest value 1 and is binned with width 1, so the level is the value. Settings are PyRadiomics'
own names. NaN is written as null. Regions are seeded by numpy's default_rng and stored with their values.
"""
import json
import logging
import sys

import numpy as np
import SimpleITK as sitk
from radiomics import featureextractor

logging.getLogger("radiomics").setLevel(logging.CRITICAL)


def random_region(seed, shape, n_levels, fill):
    rng = np.random.default_rng(seed)
    levels = rng.integers(1, n_levels + 1, shape)
    levels[rng.random(shape) >= fill] = 0
    levels[tuple(n // 2 for n in shape)] = 1
    return levels


def smooth_region(seed, shape, n_levels):
    """A ball with a texture of long correlation."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(shape)
    for axis in range(3):
        for _ in range(2):
            noise = (noise + np.roll(noise, 1, axis) + np.roll(noise, -1, axis)) / 3
    noise = (noise - noise.min()) / (noise.max() - noise.min())
    grid = np.meshgrid(*[(np.arange(n) - (n - 1) / 2) / (n / 2) for n in shape], indexing="ij")
    inside = sum(g * g for g in grid) <= 1
    levels = np.where(inside, 1 + np.floor(noise * n_levels * 0.999), 0).astype(int)
    return np.where(levels > 0, levels - levels[levels > 0].min() + 1, 0)


def listed(rows):
    return np.array(rows)


def cases():
    volume = random_region(1, (4, 5, 6), 5, 0.8)
    spacing = [2.0, 0.7, 1.1]
    yield "volume", volume, spacing, {}
    yield "asymmetric", volume, spacing, {"symmetricalGLCM": False}
    for norm in ["euclidean", "manhattan", "infinity", "no_weighting"]:
        yield "weighted_" + norm, volume, spacing, {"weightingNorm": norm}
    yield "weighted_asymmetric_distances", volume, spacing, {
        "weightingNorm": "euclidean", "symmetricalGLCM": False, "distances": [1, 2]}
    yield "distance_2", volume, spacing, {"distances": [2]}
    yield "distances_1_3", volume, spacing, {"distances": [1, 3], "gldm_a": 1}
    yield "alpha_2", volume, spacing, {"gldm_a": 2}
    for axis in range(3):
        yield "force2d_%d" % axis, volume, spacing, {"force2D": True, "force2Ddimension": axis, "distances": [1, 2]}
    yield "smooth", smooth_region(2, (9, 12, 11), 12), spacing, {}
    yield "smooth_slice", smooth_region(3, (1, 24, 20), 9), [1.0, 0.3, 0.2], {}
    yield "many_levels", random_region(4, (5, 9, 9), 300, 0.9), spacing, {}
    yield "sixty_levels", smooth_region(5, (8, 10, 10), 60), spacing, {"symmetricalGLCM": False}
    yield "sparse", random_region(6, (4, 6, 6), 3, 0.15), spacing, {}
    yield "gap_in_levels", np.where(random_region(7, (1, 7, 7), 2, 0.9) == 2, 50, random_region(7, (1, 7, 7), 2, 0.9)), spacing, {}
    yield "flat", np.ones((3, 3, 4), int), spacing, {}
    yield "flat_weighted", np.ones((1, 3, 4), int), spacing, {"weightingNorm": "euclidean"}
    yield "isolated", listed([[[1, 0, 2, 0], [0, 0, 0, 0], [3, 0, 1, 0], [0, 0, 0, 2]]]), spacing, {}
    yield "isolated_off_lines", listed([[[1, 0, 0], [0, 0, 2]]]), spacing, {}
    yield "isolated_off_lines_weighted", listed([[[1, 0, 0], [0, 0, 2]]]), spacing, {"weightingNorm": "euclidean"}
    apart = listed([[[1, 0, 1], [0, 0, 0], [1, 0, 1]]])
    yield "isolated_flat", apart, spacing, {}
    yield "isolated_flat_weighted", apart, spacing, {"weightingNorm": "euclidean"}
    yield "isolated_flat_line", listed([[[1, 0, 1]]]), spacing, {}
    yield "two_equal", listed([[[1, 1]]]), spacing, {}
    yield "two_unequal", listed([[[1], [2]]]), spacing, {}
    yield "two_by_two", listed([[[1, 1], [2, 2]]]), spacing, {}
    yield "line_in_row", listed([[[1, 1, 2, 3, 3, 3, 1, 2]]]), spacing, {}
    yield "line_diagonal", np.diag([1, 2, 2, 3, 1, 1, 2])[None], spacing, {}
    yield "line_across_slices", listed([[[1]], [[2]], [[2]], [[1]], [[3]]]), spacing, {}
    yield "level_seen_once", listed([[[1, 1, 1, 0, 3]]]), spacing, {}
    yield "corner_joined", random_region(8, (3, 3, 3), 2, 0.6), spacing, {}
    yield "column_wide_1", random_region(9, (3, 6, 1), 3, 0.9), spacing, {}


def to_number(value):
    value = float(np.real(value))
    return None if np.isnan(value) else value


def main(out):
    found = []
    for name, levels, spacing, settings in cases():
        levels = np.asarray(levels)
        assert levels[levels > 0].min() == 1, name
        # A border, because a mask without background is refused.
        padded = np.pad(levels, 1)
        image = sitk.GetImageFromArray(padded.astype(np.int32))
        mask = sitk.GetImageFromArray((padded > 0).astype(np.uint8))
        for item in (image, mask):
            item.SetSpacing(spacing[::-1])
        extractor = featureextractor.RadiomicsFeatureExtractor(
            binWidth=1, minimumROIDimensions=1, additionalInfo=False, **settings)
        extractor.disableAllFeatures()
        for family in ["shape", "firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm"]:
            extractor.enableFeatureClassByName(family)
        features = {}
        for key, value in extractor.execute(image, mask).items():
            features[key.removeprefix("original_")] = to_number(value)
        # Shape of the plane, where there is one; its gate needs more than one voxel along x.
        if levels.shape[0] == 1 and levels.shape[2] > 1:
            extractor = featureextractor.RadiomicsFeatureExtractor(
                binWidth=1, minimumROIDimensions=1, additionalInfo=False, force2D=True)
            extractor.disableAllFeatures()
            extractor.enableFeatureClassByName("shape2D")
            for key, value in extractor.execute(image, mask).items():
                features[key.removeprefix("original_")] = to_number(value)
        found.append({"name": name, "shape": list(levels.shape), "spacing": spacing, "settings": settings,
                      "levels": levels.ravel().tolist(), "features": features})
    with open(out, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in found) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1])

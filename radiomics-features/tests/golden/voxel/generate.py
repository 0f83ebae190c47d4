"""Maps of small regions by PyRadiomics 3.0.1, voxelBased=True (numpy 1.26.4, SimpleITK 2.5.7, PyWavelets 1.8.0, Python 3.11).

usage: OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS=1 python generate.py

Writes, beside this script, for each case CASE the seeded image and mask CASE_image.nrrd and CASE_label.nrrd, and CASE.maps.gz:
one line of JSON with the parameter file, the names, shape (z, y, x) and geometry of the maps, then every map as little-endian
64-bit numbers in memory order, all packed by gzip.
"""
import gzip
import json
import logging
import pathlib

import numpy as np
import SimpleITK as sitk
import radiomics
from radiomics import featureextractor

radiomics.logger.setLevel(logging.CRITICAL)
np.seterr(all="ignore")
HERE = pathlib.Path(__file__).parent
ALL = {name: None for name in ["firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm"]}
OBLIQUE = [0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0]


def texture(seed, size, low, high, dtype, noise=0.25):
    """Noise with some correlation, scaled to [low, high]."""
    rng = np.random.default_rng(seed)
    image = rng.standard_normal(size)
    for axis in range(3):
        image = (2 * image + np.roll(image, 1, axis) + np.roll(image, -1, axis)) / 4
    image = image / image.std() + noise * rng.standard_normal(size)
    image = (image - image.min()) / (image.max() - image.min())
    return (low + (high - low) * image).astype(dtype)


def ball(size, center, radii):
    grid = np.indices(size)
    return sum(((g - c) / r) ** 2 for g, c, r in zip(grid, center, radii)) <= 1


def speckled(seed, mask, keep):
    return mask & (np.random.default_rng(seed).random(mask.shape) < keep)


def case(name, image, mask, params, spacing=(0.9, 1.1, 2.5), direction=OBLIQUE):
    image = sitk.GetImageFromArray(image)
    mask = sitk.GetImageFromArray(mask.astype(np.uint8))
    for grid in (image, mask):
        grid.SetSpacing(spacing)
        grid.SetOrigin((-12.25, 30.5, 7.125))
        grid.SetDirection(direction)
    sitk.WriteImage(image, str(HERE / f"{name}_image.nrrd"), useCompression=True)
    sitk.WriteImage(mask, str(HERE / f"{name}_label.nrrd"), useCompression=True)
    extractor = featureextractor.RadiomicsFeatureExtractor(json.loads(json.dumps(params)))
    result = extractor.execute(image, mask, voxelBased=True)
    maps = {key: value for key, value in result.items() if isinstance(value, sitk.Image)}
    first = next(iter(maps.values()))
    header = {
        # As the text of a parameter file in YAML.
        "params": json.dumps(params).replace("NaN", ".nan"),
        "names": list(maps),
        "shape": first.GetSize()[::-1],
        "spacing": first.GetSpacing()[::-1],
        "origin": first.GetOrigin()[::-1],
        "direction": first.GetDirection(),
    }
    arrays = np.array([sitk.GetArrayFromImage(value) for value in maps.values()])
    data = json.dumps(header).encode() + b"\n" + arrays.astype("<f8").tobytes()
    (HERE / f"{name}.maps.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    nan = int(np.isnan(arrays).sum())
    print(f"{name}: {len(maps)} maps of {arrays.shape[1:]}, {int((sitk.GetArrayFromImage(mask) == 1).sum())} voxels, {nan} NaN")


# All features of a volume; the region touches the border of the image.
size = (7, 8, 9)
case("volume", texture(1, size, 0, 180, np.int16), ball(size, (2, 3.5, 4.5), (2.3, 2.6, 2.8)), {"featureClass": ALL})
# One slice plane by plane, a kernel of 5 x 5.
size = (1, 14, 15)
case("slice", texture(2, size, 0, 250, np.uint8), ball(size, (0, 6.5, 7.5), (1, 5, 5.2)),
     {"featureClass": ALL, "setting": {"force2D": True, "binWidth": 16}, "voxelSetting": {"kernelRadius": 2}})
# All voxels count, in kernels and for the gray levels.
size = (5, 8, 8)
case("unmasked", texture(3, size, -100, 400, np.int16), ball(size, (2, 3, 4), (1.6, 2.2, 2.6)),
     {"featureClass": ALL, "voxelSetting": {"maskedKernel": False}})
# Two distances, directions weighted; gray levels within 1 are alike.
size = (6, 8, 8)
case("weighted", texture(4, size, 0, 200, np.int16), ball(size, (2.5, 3.5, 3.5), (2, 2.6, 2.4)),
     {"featureClass": ALL,
      "setting": {"distances": [1, 2], "weightingNorm": "euclidean", "gldm_a": 1, "symmetricalGLCM": False},
      "voxelSetting": {"kernelRadius": 2}}, spacing=(0.5, 0.4, 0.6))
# Kernels that lack directions, single voxels among them; three batches; NaN outside.
size = (5, 7, 7)
case("sparse", texture(5, size, 0, 150, np.int16), speckled(6, ball(size, (2, 3, 3), (2.2, 3.2, 3.2)), 0.5),
     {"featureClass": ALL, "voxelSetting": {"initValue": float("nan"), "voxelBatch": 17}})
# 32-bit floats in a number of bins, planes across x.
size = (7, 7, 5)
case("float32", texture(7, size, -1, 1, np.float32), ball(size, (3, 3, 2), (2.7, 2.7, 1.5)),
     {"featureClass": ALL, "setting": {"binCount": 7, "force2D": True, "force2Ddimension": 2, "voxelArrayShift": 3}})
# Filters, a selection of features in its own order, preprocessing.
size = (6, 8, 9)
case("filtered", texture(8, size, 0, 200, np.int16), ball(size, (2.5, 3.5, 4), (2.2, 2.6, 2.6)),
     {"imageType": {"Wavelet": {}, "Gradient": {}, "Square": {"binWidth": 10}},
      "featureClass": {"glcm": ["Contrast", "Idmn", "Autocorrelation"], "firstorder": ["StandardDeviation", "Mean", "Entropy"],
                       "glszm": ["ZonePercentage"], "shape": None},
      "setting": {"normalize": True, "normalizeScale": 100, "resegmentRange": [-110, 160], "preCrop": True, "padDistance": 2},
      "voxelSetting": {"initValue": -1}})

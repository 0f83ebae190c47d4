"""Whole PyRadiomics runs with resampling on the small images of the folder above; writes one CSV per case beside this script.

Usage: make_whole.py
"""
import csv
import math
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from radiomics import featureextractor, logger

logger.setLevel(50)
HERE = Path(__file__).parent
GOLDEN = HERE.parent
ALL = {"Original": {}, "Wavelet": {}, "LoG": {"sigma": [1.0, 2.0]}}
VOLUME = ("float32_image.nrrd", "float32_label.nrrd")
PLANE = ("us1_2d_image.nrrd", "us1_2d_label.nrrd")
OTHER = ("float32_image.nrrd", "resample/float32_other_label.nrrd")
CASES = {
    "float32_bspline": (VOLUME, ALL, {"resampledPixelSpacing": [1.3, 1.1, 0.9], "padDistance": 4, "binWidth": 10}),
    "float32_normalized_linear": (VOLUME, {"Original": {}}, {
        "resampledPixelSpacing": [1.5, 0, 1.5], "interpolator": "sitkLinear", "normalize": True, "normalizeScale": 100,
        "binWidth": 10, "resegmentRange": [-1.5, 1.5], "resegmentMode": "sigma"}),
    "float32_other_grid": (OTHER, {"Original": {}}, {"resampledPixelSpacing": [1.2, 1.2, 1.2], "binWidth": 10, "preCrop": True}),
    "float32_corrected": (OTHER, {"Original": {}}, {"correctMask": True, "binWidth": 10}),
    "us1_2d_gaussian": (PLANE, {"Original": {}, "Wavelet": {}}, {"resampledPixelSpacing": [0.21, 0.17], "interpolator": "sitkGaussian"}),
}


def other_label():
    """The inner part of the volume's mask on a finer, turned grid."""
    label = sitk.ReadImage(str(GOLDEN / VOLUME[1]))
    inner = sitk.GetArrayFromImage(label)
    inner[:1] = inner[-2:] = 0
    inner[:, :, 8:] = 0
    inner[:, 7:] = 0
    inner = sitk.GetImageFromArray(inner)
    inner.CopyInformation(label)
    label = inner
    c, s = math.cos(0.15), math.sin(0.15)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    scale = np.array([0.8, 0.9, 0.7])
    resample = sitk.ResampleImageFilter()
    resample.SetInterpolator(sitk.sitkNearestNeighbor)
    resample.SetOutputSpacing((np.array(label.GetSpacing()) * scale).tolist())
    resample.SetOutputDirection((np.reshape(label.GetDirection(), (3, 3)) @ turn).ravel().tolist())
    resample.SetOutputOrigin(label.GetOrigin())
    resample.SetSize([int(n / f) for n, f in zip(label.GetSize(), scale)])
    sitk.WriteImage(resample.Execute(label), str(HERE / "float32_other_label.nrrd"), True)


if __name__ == "__main__":
    other_label()
    for name, ((image, mask), image_types, setting) in CASES.items():
        extractor = featureextractor.RadiomicsFeatureExtractor({"imageType": image_types, "setting": {**setting, "label": 1}})
        features = extractor.execute(str(GOLDEN / image), str(GOLDEN / mask))
        with open(HERE / f"{name}.csv", "w", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(["feature", "value"])
            for key, value in features.items():
                writer.writerow([key, str(value) if key.startswith("diagnostics_") else repr(float(value))])
        print(name, sum(not k.startswith("diagnostics_") for k in features))

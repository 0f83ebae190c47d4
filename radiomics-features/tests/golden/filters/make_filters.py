"""Images, filter responses and feature rows of this folder, made with PyRadiomics.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS=1 python make_filters.py

responses.csv: image, parameters (YAML), name and number type of the response, its values (z slowest; every digit of the type).
features.csv: image, parameters, feature, value; the region is label 1 of mask.nrrd.
"""
import csv
import logging
import warnings

import numpy as np
import SimpleITK as sitk
from radiomics import featureextractor, imageoperations
from ruamel.yaml import YAML

warnings.simplefilter("ignore")
np.seterr(all="ignore")
logging.getLogger("radiomics").setLevel(logging.ERROR)
rng = np.random.default_rng(20240)


def save(name, array, spacing):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    sitk.WriteImage(image, name + ".nrrd")


shape, spacing = (5, 8, 7), [0.7, 0.9, 2.5]
save("bytes", rng.integers(0, 9, shape).astype("uint8"), spacing)
save("shorts", rng.integers(-900, 900, shape).astype("int16"), spacing)
save("floats", rng.normal(40, 30, shape).astype("float32"), spacing)
save("plane_bytes", rng.integers(0, 9, (9, 11)).astype("uint8"), spacing[:2])
save("plane_doubles", rng.normal(40, 30, (9, 11)), spacing[:2])
# Air of one value around a body, whose border lies inside the region.
body = np.full((6, 9, 10), -1000, "int16")
body[:, :, 6:] = rng.integers(-100, 200, (6, 9, 4))
save("body", body, spacing)
mask = np.zeros(body.shape, "uint8")
mask[1:5, 1:8, 1:9] = rng.random((4, 7, 8)) < 0.9
save("mask", mask, spacing)


def extractor(params):
    return featureextractor.RadiomicsFeatureExtractor(YAML(typ="safe", pure=True).load(params))


def responses(image, params):
    settings = extractor(params)
    for image_type, overrides in settings.enabledImagetypes.items():
        arguments = {**settings.settings, **(overrides or {})}
        generator = getattr(imageoperations, f"get{image_type}Image")
        for response, name, _ in generator(sitk.ReadImage(image + ".nrrd"), None, **arguments):
            array = sitk.GetArrayFromImage(response)
            text = {"float32": "%.9g", "float64": "%.17g"}.get(array.dtype.name, "%d")
            yield [image, params, name, array.dtype.name, " ".join(text % v for v in array.ravel())]


patterns = [
    f"{{imageType: {{LBP2D: {{}}}}, setting: {{lbp2DMethod: {method}, lbp2DRadius: {radius}, lbp2DSamples: {samples}}}}}"
    for method in ("default", "ror", "uniform", "var") for radius in (1, 2.5) for samples in (8, 12)
]
across = [
    f"{{imageType: {{LBP2D: {{force2Ddimension: {axis}}}}}, setting: {{lbp2DMethod: default, lbp2DSamples: 5}}}}"
    for axis in (1, 2)
]
cases = [(image, params) for image in ("bytes", "shorts", "floats", "plane_bytes", "plane_doubles") for params in patterns]
cases += [(image, params) for image in ("bytes", "floats") for params in across]
cases += [(image, "{imageType: {LoG: {sigma: [0.5, 1.0e-05, 1, 1.25]}}}") for image in ("body", "floats", "plane_bytes")]
cases += [
    (image, f"{{imageType: {{Wavelet: {{wavelet: {wavelet}}}}}}}")
    for wavelet, image in (("db38", "plane_doubles"), ("coif9", "floats"))
]
cases += [("plane_bytes", "{imageType: {Gradient: {}}}"), ("plane_doubles", "{imageType: {Gradient: {gradientUseSpacing: false}}}")]
with open("responses.csv", "w", newline="") as file:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["image", "params", "name", "type", "values"])
    for case in cases:
        rows.writerows(responses(*case))

feature_cases = [
    "{imageType: {LoG: {sigma: [0.5, 1.25]}}, featureClass: {firstorder: [], glcm: []}}",
    "{imageType: {LoG: {sigma: [0.75]}, Gradient: {binCount: null, binWidth: 40}, Original: {}}, setting: {binCount: 16}, "
    "featureClass: {firstorder: [], glcm: []}}",
    "{imageType: {LBP2D: {binWidth: 1, weightingNorm: null}, Original: {}}, setting: {weightingNorm: euclidean}, "
    "featureClass: {firstorder: [], glcm: []}}",
]
with open("features.csv", "w", newline="") as file:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["image", "params", "feature", "value"])
    for params in feature_cases:
        for name, value in extractor(params).execute("body.nrrd", "mask.nrrd").items():
            if not name.startswith("diagnostics_"):
                rows.writerow(["body", params, name, "%.17g" % value])

"""Responses of MIRP 2.7.0 to the filters of IBSI-2, on seeded synthetic images.

    python -m venv venv && venv/bin/pip install mirp==2.7.0
    venv/bin/python generate.py

Writes the images as NRRD and responses.csv: image, name of the filter in this crate, values in memory order.
"""

import csv
import logging
import os
import tempfile
import warnings

import itk
import numpy as np
from mirp import extract_images

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 2406

# Size and spacing, z y x.
IMAGES = {
    "box": ((7, 9, 8), (2.0, 2.0, 2.0)),
    "slices": ((3, 16, 16), (3.0, 1.5, 1.5)),
    "even": ((8, 8, 8), (1.0, 1.0, 1.0)),
    "odd": ((7, 7, 7), (1.0, 1.0, 1.0)),
    "tiny": ((2, 3, 2), (2.0, 2.0, 2.0)),
    "large": ((12, 14, 16), (2.0, 2.0, 2.0)),
}
BOUNDARIES = {"zero": "constant", "nearest": "nearest", "periodic": "wrap", "mirror": "reflect"}


def image(name):
    size, spacing = IMAGES[name]
    rng = np.random.default_rng([SEED, sorted(IMAGES).index(name)])
    voxels = np.round(rng.normal(scale=100.0, size=size)).astype(np.float32)
    result = itk.GetImageFromArray(voxels)
    result.SetSpacing([float(s) for s in spacing[::-1]])
    return result


def response(path, by_slice, settings):
    voxels = itk.imread(path)
    mask = itk.GetImageFromArray(np.ones(itk.GetArrayFromImage(voxels).shape, np.uint8))
    mask.SetSpacing(voxels.GetSpacing())
    with tempfile.TemporaryDirectory() as folder:
        itk.imwrite(mask, f"{folder}/mask.nrrd")
        results = extract_images(
            image=path, mask=f"{folder}/mask.nrrd", write_images=False, export_images=True,
            image_export_format="native", by_slice=by_slice, **settings,
        )
    # The image itself comes first.
    (_, filtered) = results[0][0]
    return filtered.get_voxel_grid()


def mean(size, boundary, by_slice=False):
    name = f"mean-{size}-{dimensions(by_slice)}-{boundary}"
    return name, by_slice, dict(
        filter_kernels="mean", mean_filter_kernel_size=size,
        mean_filter_boundary_condition=BOUNDARIES[boundary])


def laplacian(sigma, cutoff, boundary, by_slice=False):
    name = f"laplacian-sigma-{number(sigma)}-cutoff-{number(cutoff)}-{dimensions(by_slice)}-{boundary}"
    return name, by_slice, dict(
        filter_kernels="laplacian_of_gaussian", laplacian_of_gaussian_sigma=float(sigma),
        laplacian_of_gaussian_kernel_truncate=float(cutoff),
        laplacian_of_gaussian_boundary_condition=BOUNDARIES[boundary])


def laws(kernels, boundary, energy=None, pooling=None):
    by_slice = len(kernels) == 4
    name = f"laws-{kernels}-{dimensions(by_slice)}"
    name += "" if energy is None else f"-energy-{energy}"
    name += "" if pooling is None else f"-invariant-{pooling}"
    return f"{name}-{boundary}", by_slice, dict(
        filter_kernels="laws", laws_kernel=kernels, laws_compute_energy=energy is not None,
        laws_delta=energy or 1, laws_rotation_invariance=pooling is not None,
        laws_pooling_method=pooling or "max", laws_boundary_condition=BOUNDARIES[boundary])


def gabor(sigma, wavelength, gamma, theta, boundary, step=None, pooling="mean", planes=False):
    """Seven sigma must fit into half the image: there MIRP ends the kernel."""
    name = f"gabor-sigma-{number(sigma)}-wavelength-{number(wavelength)}-gamma-{number(gamma)}-theta-{number(theta)}"
    name += "" if step is None else f"-step-{number(step)}"
    name += f"-{pooling}-{dimensions(not planes)}-{boundary}"
    return name, not planes, dict(
        filter_kernels="gabor", gabor_sigma=float(sigma), gabor_lambda=float(wavelength),
        gabor_gamma=float(gamma), gabor_theta=float(theta), gabor_theta_step=step or 0.0,
        gabor_response="modulus", gabor_rotation_invariance=planes, gabor_pooling_method=pooling,
        gabor_boundary_condition=BOUNDARIES[boundary])


def separable(wavelet, level, band, boundary, pooling=None):
    by_slice = len(band) == 2
    name = f"separable-wavelet-{wavelet.replace('.', '-')}-level-{level}-{band}-{dimensions(by_slice)}"
    name += "" if pooling is None else f"-invariant-{pooling}"
    return f"{name}-{boundary}", by_slice, dict(
        filter_kernels="separable_wavelet", separable_wavelet_families=wavelet,
        separable_wavelet_set=band, separable_wavelet_decomposition_level=level,
        separable_wavelet_rotation_invariance=pooling is not None,
        separable_wavelet_pooling_method=pooling or "max",
        separable_wavelet_boundary_condition=BOUNDARIES[boundary])


def non_separable(family, level, by_slice=False, order=None):
    """Always periodic: MIRP transforms the image as it is, whatever the boundary."""
    name = f"non-separable-wavelet-{family}-level-{level}-{dimensions(by_slice)}-periodic"
    settings = dict(
        filter_kernels="nonseparable_wavelet", nonseparable_wavelet_families=family,
        nonseparable_wavelet_decomposition_level=level,
        nonseparable_wavelet_boundary_condition="wrap")
    if order is not None:
        name = "riesz-" + "-".join(str(n) for n in order) + "-" + name
        # MIRP counts axes z, y, x; the width of a tensor must be given though nothing is steered.
        settings.update(
            filter_kernels="riesz_nonseparable_wavelet", riesz_filter_order=list(order[::-1]),
            riesz_filter_tensor_sigma=1.0)
    return name, by_slice, settings


def dimensions(by_slice):
    return "2D" if by_slice else "3D"


def number(value):
    return f"{value:g}".replace(".", "-")


def cases():
    for boundary in BOUNDARIES:
        yield "box", mean(5, boundary)
        yield "tiny", mean(9, boundary)
        yield "box", laplacian(1.5, 4, boundary)
        yield "box", laws("E5L5S5", boundary)
        yield "box", laws("L5E5E5", boundary, energy=2, pooling="max")
        yield "tiny", laws("L3S5L5", boundary, energy=7, pooling="min")
        yield "slices", gabor(1.5, 4, 0.9, 60, boundary)
        yield "box", separable("db2", 1, "LHL", boundary)
        yield "box", separable("db2", 2, "HHL", boundary, pooling="max")
        yield "tiny", separable("coif1", 2, "LLH", boundary, pooling="mean")
    yield "large", mean(3, "mirror")
    yield "large", laplacian(3, 4, "zero")
    yield "slices", mean(3, "mirror", by_slice=True)
    yield "slices", laplacian(2, 3, "nearest", by_slice=True)
    yield "slices", laws("L5S5", "mirror", pooling="mean")
    yield "slices", laws("L5E5", "periodic", energy=3, pooling="max")
    yield "slices", laws("L5E5", "zero")
    yield "box", laws("L3S3R5", "nearest", pooling="mean")
    yield "slices", gabor(1.6, 2.5, 1.5, 10, "mirror", step=22.5)
    yield "slices", gabor(1.2, 3, 0.75, 225, "nearest", step=40.0, pooling="max")
    yield "large", gabor(1.7, 5, 1.25, 0, "mirror", step=45.0, planes=True)
    yield "large", gabor(1.5, 4, 1, 20, "periodic", step=60.0, pooling="min", planes=True)
    yield "slices", separable("haar", 3, "LH", "mirror", pooling="mean")
    yield "slices", separable("db3", 2, "HH", "periodic", pooling="min")
    yield "box", separable("haar", 2, "HHH", "mirror", pooling="mean")
    yield "box", separable("sym4", 1, "HLH", "nearest", pooling="min")
    yield "box", separable("bior2.2", 1, "HLL", "zero")
    for cube in ("even", "odd"):
        yield cube, non_separable("simoncelli", 1)
        yield cube, non_separable("simoncelli", 2)
        yield cube, non_separable("shannon", 1)
    # Cubes of odd size, which have a frequency of 0, become NaN in MIRP.
    for level, order in ((1, (1, 0, 0)), (1, (0, 2, 0)), (2, (1, 2, 1))):
        yield "even", non_separable("simoncelli", level, order=order)
    yield "slices", non_separable("simoncelli", 2, by_slice=True)
    yield "slices", non_separable("shannon", 1, by_slice=True)


def main():
    for name in IMAGES:
        itk.imwrite(image(name), f"{HERE}/{name}.nrrd", compression=True)
    with open(f"{HERE}/responses.csv", "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["image", "filter", "values"])
        for name, (filter_name, by_slice, settings) in cases():
            values = response(f"{HERE}/{name}.nrrd", by_slice, settings)
            assert values.shape == IMAGES[name][0]
            assert np.isfinite(values).all(), (name, filter_name)
            # The precision is that of 32 bits, also where numbers have 64.
            out.writerow([name, filter_name, " ".join(f"{v:.9g}" for v in values.ravel())])


if __name__ == "__main__":
    main()

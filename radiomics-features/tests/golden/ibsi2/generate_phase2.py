"""Statistics of filtered images under the configurations of IBSI-2, phase 2, by MIRP 2.7.0, on the synthetic region of ibsi1/configurations.

usage: python generate_phase2.py        (writes phase2.csv: configuration, tag of the feature, value)

Configurations A are by slice, without interpolation; B in space, on voxels of 1 mm. Both re-segment the image to [-1000, 400].
"""
import csv
import logging
import os
import warnings

import numpy as np

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from mirp import extract_features  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "..", "ibsi1", "configurations")
SPACE = dict(by_slice=False, new_spacing=1.0, spline_order=3, anti_aliasing=False, roi_spline_order=1, roi_interpolation_mask_inclusion_threshold=0.5)
SLICE = dict(by_slice=True)


def mean():
    return dict(filter_kernels="mean", mean_filter_kernel_size=5, mean_filter_boundary_condition="reflect")


def log():
    return dict(
        filter_kernels="laplacian_of_gaussian", laplacian_of_gaussian_sigma=1.5, laplacian_of_gaussian_kernel_truncate=4.0,
        laplacian_of_gaussian_boundary_condition="reflect",
    )


def laws(kernels):
    return dict(
        filter_kernels="laws", laws_kernel=kernels, laws_compute_energy=True, laws_delta=7, laws_rotation_invariance=True,
        laws_pooling_method="max", laws_boundary_condition="reflect",
    )


def wavelet(level, band):
    return dict(
        filter_kernels="separable_wavelet", separable_wavelet_families="db3", separable_wavelet_set=band,
        separable_wavelet_decomposition_level=level, separable_wavelet_rotation_invariance=True,
        separable_wavelet_pooling_method="mean", separable_wavelet_boundary_condition="reflect",
    )


def simoncelli(level):
    return dict(
        filter_kernels="nonseparable_wavelet", nonseparable_wavelet_families="simoncelli",
        nonseparable_wavelet_decomposition_level=level, nonseparable_wavelet_boundary_condition="wrap",
    )


CONFIGURATIONS = {
    "1.A": ({}, SLICE), "1.B": ({}, SPACE),
    "2.A": (mean(), SLICE), "2.B": (mean(), SPACE),
    "3.A": (log(), SLICE), "3.B": (log(), SPACE),
    "4.A": (laws("L5E5"), SLICE), "4.B": (laws("L5E5E5"), SPACE),
    "6.A": (wavelet(1, "LH"), SLICE), "6.B": (wavelet(1, "LLH"), SPACE),
    "7.A": (wavelet(2, "HH"), SLICE), "7.B": (wavelet(2, "HHH"), SPACE),
    "8.A": (simoncelli(1), SLICE), "8.B": (simoncelli(1), SPACE),
    "9.A": (simoncelli(2), SLICE), "9.B": (simoncelli(2), SPACE),
}


def main():
    with open(os.path.join(HERE, "phase2.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["configuration", "feature", "value"])
        for name, (kernel, settings) in CONFIGURATIONS.items():
            families = dict(base_feature_families="none", response_map_feature_families="statistical") if kernel else dict(base_feature_families="statistical")
            table = extract_features(
                image=os.path.join(FOLDER, "image.nrrd"), mask=os.path.join(FOLDER, "mask.nrrd"), image_modality="ct",
                resegmentation_intensity_range=[-1000.0, 400.0], **families, **kernel, **settings,
            )[0]
            for column in table.columns:
                at = column.find("stat_")
                if at >= 0:
                    writer.writerow([name, column[at:], repr(float(table[column].iloc[0]))])


if __name__ == "__main__":
    main()

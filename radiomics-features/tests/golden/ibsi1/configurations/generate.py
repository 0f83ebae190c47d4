"""Features of a synthetic CT region under the five IBSI-1 configurations, by MIRP.

usage: python generate.py        (writes image.nrrd, mask.nrrd and a.csv to e.csv beside this file)

Python 3.11, mirp 2.7.0, numpy 2.4.6, scipy 1.17.1.
"""
import gzip
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def write_nrrd(path, array, spacing):
    kinds = {"int16": "short", "uint8": "uchar"}
    directions = " ".join(
        "(" + ",".join(str(s if i == j else 0) for j in range(3)) + ")" for i, s in enumerate(spacing[::-1])
    )
    header = (
        "NRRD0004\n"
        f"type: {kinds[str(array.dtype)]}\ndimension: 3\nspace: left-posterior-superior\n"
        f"sizes: {' '.join(str(n) for n in array.shape[::-1])}\nspace directions: {directions}\n"
        "kinds: domain domain domain\nendian: little\nencoding: gzip\nspace origin: (0,0,0)\n\n"
    )
    with open(path, "wb") as file:
        file.write(header.encode())
        file.write(gzip.compress(array.tobytes(), mtime=0))


def smooth(field, times):
    for _ in range(times):
        for axis in range(3):
            field = (np.roll(field, 1, axis) + 2 * field + np.roll(field, -1, axis)) / 4
    return field


def phantom():
    """A lobed lesion with air beside it, in soft tissue; 13 x 39 x 39 voxels of 3 x 0.977 x 0.977 mm.

    An odd number of rows and columns: with an even one, the middle of the new grid would be halfway between two voxels, and means of two whole
    numbers are rounded up or down by the last bit."""
    rng = np.random.default_rng(20261127)
    shape = (13, 39, 39)
    z, y, x = np.meshgrid(*(np.arange(n, dtype=float) for n in shape), indexing="ij")
    noise = smooth(rng.normal(size=shape), 2)
    noise *= 60 / noise.std()
    r = ((z - 6) * 3.0 / 14) ** 2 + ((y - 18) / 12.0) ** 2 + ((x - 20) / 14.0) ** 2
    lobes = 0.25 * np.sin(0.55 * x + 0.3 * z) * np.cos(0.45 * y)
    mask = (r + lobes < 1.0).astype(np.uint8)
    # Slices of a few voxels may have one gray level, for which the standard leaves some features open.
    mask[mask.sum((1, 2)) < 40] = 0
    image = -700 + 740 / (1 + np.exp(6 * (r + 0.5 * lobes - 1.05))) + noise
    image[(y > 24) & (x > 26) & (z > 3)] -= 300
    image[(r < 0.04)] += 420
    return np.clip(np.round(image), -1024, 1500).astype(np.int16), mask, (3.0, 0.977, 0.977)


SLICES = dict(
    glcm_spatial_method=["2d_average", "2d_slice_merge", "2.5d_direction_merge", "2.5d_volume_merge"],
    glrlm_spatial_method=["2d_average", "2d_slice_merge", "2.5d_direction_merge", "2.5d_volume_merge"],
    glszm_spatial_method=["2d", "2.5d"],
    gldzm_spatial_method=["2d", "2.5d"],
    ngtdm_spatial_method=["2d", "2.5d"],
    ngldm_spatial_method=["2d", "2.5d"],
)
VOLUME = dict(
    glcm_spatial_method=["3d_average", "3d_volume_merge"],
    glrlm_spatial_method=["3d_average", "3d_volume_merge"],
    glszm_spatial_method="3d",
    gldzm_spatial_method="3d",
    ngtdm_spatial_method="3d",
    ngldm_spatial_method="3d",
)
RESAMPLED = dict(
    anti_aliasing=False,
    roi_spline_order=1,
    roi_interpolation_mask_inclusion_threshold=0.5,
)
CONFIGURATIONS = dict(
    a=dict(
        by_slice=True,
        resegmentation_intensity_range=[-500.0, 400.0],
        base_discretisation_method="fixed_bin_size",
        base_discretisation_bin_width=25.0,
        ivh_discretisation_method="none",
        **SLICES,
    ),
    b=dict(
        by_slice=True,
        new_spacing=2.0,
        spline_order=1,
        resegmentation_intensity_range=[-500.0, 400.0],
        base_discretisation_method="fixed_bin_number",
        base_discretisation_n_bins=32,
        ivh_discretisation_method="none",
        **RESAMPLED,
        **SLICES,
    ),
    c=dict(
        by_slice=False,
        new_spacing=2.0,
        spline_order=1,
        resegmentation_intensity_range=[-1000.0, 400.0],
        base_discretisation_method="fixed_bin_size",
        base_discretisation_bin_width=25.0,
        ivh_discretisation_method="fixed_bin_size",
        ivh_discretisation_bin_width=2.5,
        **RESAMPLED,
        **VOLUME,
    ),
    d=dict(
        by_slice=False,
        new_spacing=2.0,
        spline_order=1,
        resegmentation_sigma=3.0,
        base_discretisation_method="fixed_bin_number",
        base_discretisation_n_bins=32,
        ivh_discretisation_method="none",
        **RESAMPLED,
        **VOLUME,
    ),
    e=dict(
        by_slice=False,
        new_spacing=2.0,
        spline_order=3,
        resegmentation_intensity_range=[-1000.0, 400.0],
        resegmentation_sigma=3.0,
        base_discretisation_method="fixed_bin_number",
        base_discretisation_n_bins=32,
        ivh_discretisation_method="fixed_bin_number",
        ivh_discretisation_n_bins=1000,
        **RESAMPLED,
        **VOLUME,
    ),
)


def main():
    from mirp import extract_features

    image, mask, spacing = phantom()
    write_nrrd(os.path.join(HERE, "image.nrrd"), image, spacing)
    write_nrrd(os.path.join(HERE, "mask.nrrd"), mask, spacing)
    for name, settings in CONFIGURATIONS.items():
        table = extract_features(
            image=os.path.join(HERE, "image.nrrd"),
            mask=os.path.join(HERE, "mask.nrrd"),
            image_modality="ct",
            base_feature_families="all",
            no_approximation=True,
            **settings,
        )[0]
        with open(os.path.join(HERE, f"{name}.csv"), "w") as file:
            file.write("feature,value\n")
            for column in table.columns:
                value = table[column].iloc[0]
                if isinstance(value, (int, float, np.number)) and not column.startswith("image_"):
                    file.write(f"{column},{float(value)!r}\n")


if __name__ == "__main__":
    main()

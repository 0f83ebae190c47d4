"""Runs MIRP and extract_radiomics --profile ibsi on random images, masks and settings, and lists the features that differ.

usage: standard.py EXTRACT_RADIOMICS [ROUNDS [SEED]]

Needs mirp 2.7.0. A round is one image, one mask and one parameter file. Images are smooth noise of whole numbers or floats, of any spacing;
masks are ellipsoids, shells, several parts, single slices. Settings are drawn from interpolation, re-segmentation by range and outliers,
discretization of gray levels and of the intensity-volume histogram, and the distance of neighbors.

MIRP holds intensities in 32 bits: values agree within 1e-4 of their size, intensities within 1e-4 of their range. Known to differ, and left out:
  - axis lengths of few voxels by the covariance's divisor (MIRP divides by N in two of them),
  - means over slices of which one has a single gray level: inverse variance and first information correlation,
  - the mesh of speckled masks, whose voxels meet along edges or at corners only: MIRP's marching cubes is Lewiner's, here it is the original,
  - local intensity within 6.2 mm of the image's border, and interpolated masks at it.
Prints one line per round with differences (repeat it with 1 SEED), and the sums.
"""
import csv
import gzip
import logging
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np

logging.disable(logging.CRITICAL)
warnings.filterwarnings("ignore")

from mirp import extract_features  # noqa: E402

AGGREGATIONS = {
    "_2d_avg": "2D_avg", "_2d_s_mrg": "2D_slice_merged", "_2.5d_d_mrg": "2.5D_direction_merged", "_2.5d_v_mrg": "2.5D_merged",
    "_3d_avg": "3D_avg", "_3d_v_mrg": "3D_merged", "_2d": "2D", "_2.5d": "2.5D", "_3d": "3D",
}
DIRECTED = ["2d_average", "2d_slice_merge", "2.5d_direction_merge", "2.5d_volume_merge", "3d_average", "3d_volume_merge"]
UNDIRECTED = ["2d", "2.5d", "3d"]
SINGLE_LEVEL = ("cm_inv_var", "cm_info_corr1", "cm_info_corr2", "cm_corr")


def write_nrrd(path, array, spacing):
    kinds = {"int16": "short", "uint8": "uchar", "float32": "float"}
    directions = " ".join("(" + ",".join(str(s if i == j else 0) for j in range(3)) + ")" for i, s in enumerate(spacing[::-1]))
    header = (
        f"NRRD0004\ntype: {kinds[str(array.dtype)]}\ndimension: 3\nspace: left-posterior-superior\n"
        f"sizes: {' '.join(str(n) for n in array.shape[::-1])}\nspace directions: {directions}\n"
        "kinds: domain domain domain\nendian: little\nencoding: gzip\nspace origin: (0,0,0)\n\n"
    )
    with open(path, "wb") as file:
        file.write(header.encode() + gzip.compress(array.tobytes(), mtime=0))


def draw_case(rng):
    shape = tuple(int(n) for n in (rng.integers(1, 9), rng.integers(14, 30), rng.integers(14, 30)))
    spacing = tuple(float(s) for s in np.round([rng.choice([1.0, 2.0, 3.3, 5.0]), *rng.choice([0.7, 0.977, 1.3, 2.0], 2)], 3))
    field = rng.normal(size=shape)
    for _ in range(rng.integers(0, 4)):
        for axis in range(3):
            field = (np.roll(field, 1, axis) + 2 * field + np.roll(field, -1, axis)) / 4
    field = field / field.std() * rng.choice([20, 80, 300]) + rng.choice([-600, 0, 40])
    image = np.round(field).astype(np.int16) if rng.random() < 0.7 else field.astype(np.float32)
    grids = np.meshgrid(*(np.arange(n, dtype=float) for n in shape), indexing="ij")
    mask = np.zeros(shape, bool)
    for _ in range(rng.integers(1, 4)):
        r = sum(((g - rng.uniform(0.3, 0.7) * n) / rng.uniform(0.15, 0.5) / n) ** 2 for g, n in zip(grids, shape))
        mask |= r < 1
    speckled = rng.random() < 0.2
    if speckled:
        mask &= rng.random(shape) < 0.9
    # At the border of the image MIRP takes the outside of an interpolated mask as empty, here it is continued.
    for axis in (0, 1, 2):
        if shape[axis] > 2:
            mask.swapaxes(0, axis)[[0, -1]] = False
    return image, mask.astype(np.uint8), spacing, speckled


def draw_settings(rng, image, mask):
    """The same settings for both programs."""
    inside = image[mask == 1].astype(float)
    low, high = float(np.floor(np.percentile(inside, 3))), float(np.ceil(np.percentile(inside, 98)))
    ours, theirs = ["profile: ibsi"], {}
    volume = image.shape[0] > 1
    if rng.random() < 0.5:
        spacing = float(rng.choice([1.1, 1.7, 2.3]))
        in_plane = not volume or rng.random() < 0.3
        order = int(rng.choice([1, 3]))
        kind = {1: "linear", 3: "cubic"}[order]
        rounded = str(image.dtype) == "int16"
        theirs.update(new_spacing=spacing, spline_order=order, anti_aliasing=False, roi_spline_order=1, roi_interpolation_mask_inclusion_threshold=0.5)
        ours.append(
            f"interpolation: {{spacing: [{spacing}, {spacing}, {0 if in_plane else spacing}], image: {kind}, "
            f"rounding: {'nearest_integer' if rounded else 'none'}, mask_threshold: 0.5}}"
        )
        theirs.update(by_slice=in_plane)
    else:
        theirs.update(by_slice=not volume)
    parts = []
    if rng.random() < 0.6:
        parts.append(f"range: [{low}, {high}]")
        theirs.update(resegmentation_intensity_range=[low, high])
    if rng.random() < 0.4:
        parts.append("outliers: 2.5")
        theirs.update(resegmentation_sigma=2.5)
    if parts:
        ours.append("resegmentation: {" + ", ".join(parts) + "}")
    if "resegmentation_intensity_range" in theirs and rng.random() < 0.5:
        width = float(rng.choice([5, 12.5, 25]))
        ours.append(f"discretization: {{fixed_bin_size: {width}}}")
        theirs.update(base_discretisation_method="fixed_bin_size", base_discretisation_bin_width=width)
    else:
        bins = int(rng.choice([6, 16, 32]))
        ours.append(f"discretization: {{fixed_bin_number: {bins}}}")
        theirs.update(base_discretisation_method="fixed_bin_number", base_discretisation_n_bins=bins)
    ours.append("intensity_volume_histogram: {fixed_bin_number: 1000}")
    theirs.update(ivh_discretisation_method="fixed_bin_number", ivh_discretisation_n_bins=1000)
    distance = int(rng.choice([1, 1, 2]))
    ours.append(f"texture: {{distances: [{', '.join(str(d) for d in range(1, distance + 1)) if distance == 1 else distance}]}}")
    theirs.update(glcm_distance=float(distance), ngldm_distance=1.0)
    if distance != 1:
        # MIRP's differences and dependences have the neighbors up to a distance, IBSI's definition as well.
        ours[-1] = "texture: {distances: [1]}"
        theirs.update(glcm_distance=1.0)
    directed = DIRECTED[:4] if theirs["by_slice"] else DIRECTED
    undirected = UNDIRECTED[:2] if theirs["by_slice"] else UNDIRECTED
    theirs.update(glcm_spatial_method=directed, glrlm_spatial_method=directed)
    for family in ("glszm", "gldzm", "ngtdm", "ngldm"):
        theirs[f"{family}_spatial_method"] = undirected
    return "\n".join(ours) + "\n", theirs


def by_mirp(folder, theirs, rounded):
    table = extract_features(
        image=os.path.join(folder, "image.nrrd"), mask=os.path.join(folder, "mask.nrrd"), image_modality="ct" if rounded else "mr",
        base_feature_families="all", no_approximation=True, **theirs,
    )
    if not table:
        return None
    found = {}
    for column in table[0].columns:
        value = table[0][column].iloc[0]
        if not isinstance(value, (int, float, np.number)) or column.startswith("image_"):
            continue
        name = column
        for part in [p for p in name.split("_") if p[:3] in ("fbs", "fbn")] + ["d1", "a0.0"]:
            name = name.replace(f"_{part}", "")
        name = "_".join(p for p in name.split("_") if not (p[:1] in "nw" and p[1:].replace(".", "").isdigit() and p[1:2].isdigit()))
        for suffix, aggregation in AGGREGATIONS.items():
            if name.endswith(suffix):
                name = name[: -len(suffix)] + "@" + aggregation
                break
        found[name] = float(value)
    return found


def by_us(program, folder):
    out = os.path.join(folder, "out.csv")
    command = [program, "image.nrrd", "mask.nrrd", "--params", "p.yaml", "--format", "long", "--out", out, "--overwrite"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if run.returncode:
        return None, run.stderr.strip()
    found = {}
    for _, feature, value in list(csv.reader(open(out)))[1:]:
        parts = feature.split("_")
        code = next(i for i, p in enumerate(parts) if i and len(p) == 4 and p.isupper() or len(p) == 4 and p.isdigit() or len(p) == 4 and p.isalnum() and p.upper() == p)
        name = "_".join(parts[1:code])
        aggregation = "_".join(parts[code + 1:])
        found[name + (f"@{aggregation}" if aggregation else "")] = float(value or "nan")
    return found, None


def main():
    program = os.path.abspath(sys.argv[1])
    rounds, seed = (int(a) for a in (sys.argv[2:4] + ["20", "0"])[:2]) if len(sys.argv) > 3 else (int((sys.argv[2:] + ["20"])[0]), 0)
    compared = differing = 0
    for k in range(rounds):
        rng = np.random.default_rng([seed + k])
        image, mask, spacing, speckled = draw_case(rng)
        if mask.sum() < 20:
            continue
        with tempfile.TemporaryDirectory() as folder:
            write_nrrd(os.path.join(folder, "image.nrrd"), image, spacing)
            write_nrrd(os.path.join(folder, "mask.nrrd"), mask, spacing)
            params, theirs = draw_settings(rng, image, mask)
            open(os.path.join(folder, "p.yaml"), "w").write(params)
            try:
                expected = by_mirp(folder, theirs, str(image.dtype) == "int16")
            except Exception:  # MIRP stops where re-segmentation leaves nothing.
                expected = None
            found, error = by_us(program, folder)
        label = f"seed {seed + k}: {image.shape} {image.dtype} {spacing} {int(mask.sum())} voxels; {params.replace(chr(10), ' | ')}"
        if found is None or expected is None:
            print(label, "\n    ours:", error, "theirs:", "none" if expected is None else len(expected))
            continue
        scale = max(abs(expected["stat_range"]), 1e-9)
        lines = []
        for name, value in expected.items():
            if name not in found or name.startswith(("morph_pca", "loc_")) or (name.startswith(SINGLE_LEVEL) and "@2D" in name):
                continue
            if speckled and name.startswith("morph_") and not name.startswith(("morph_com@", "morph_moran", "morph_geary", "morph_vol_approx")):
                continue
            compared += 1
            tolerance = 1e-4 * abs(value) + (1e-4 * scale if name.startswith("stat_") else 1e-6)
            if not (abs(found[name] - value) <= tolerance or (np.isnan(value) and np.isnan(found[name]))):
                lines.append(f"    {name}: {found[name]!r}, MIRP {value!r}")
        differing += len(lines)
        if lines:
            print(label)
            print("\n".join(lines[:12]), f"\n    ... {len(lines)} in all" if len(lines) > 12 else "")
    print(f"{compared} values compared, {differing} differ")


if __name__ == "__main__":
    main()

"""Resampled images and masks, made by PyRadiomics' resampleImage and _correctMask (SimpleITK does the work).

Usage: make_resample.py OUT.json              the committed cases
       make_resample.py OUT.json COUNT SEED   random cases, for a wider check (RADIOMICS_RESAMPLE_CASES)
"""
import json
import sys

import numpy as np
import SimpleITK as sitk
from radiomics import imageoperations, logger

logger.setLevel(50)

INTERPOLATORS = ["NearestNeighbor", "Linear", "BSpline", "Gaussian", "LabelGaussian", "HammingWindowedSinc",
                 "CosineWindowedSinc", "WelchWindowedSinc", "LanczosWindowedSinc", "BlackmanWindowedSinc"]
TYPES = {"U8": np.uint8, "I8": np.int8, "U16": np.uint16, "I16": np.int16, "U32": np.uint32, "I32": np.int32,
         "U64": np.uint64, "I64": np.int64, "F32": np.float32, "F64": np.float64}
LIMITS = {"U8": (0, 255), "I8": (-128, 127), "U16": (0, 4000), "I16": (-1000, 3000), "U32": (0, 70000),
          "I32": (-70000, 70000), "U64": (0, 100000), "I64": (-100000, 100000), "F32": (-50, 300), "F64": (-2, 2)}


def rotation(rng, n):
    q, r = np.linalg.qr(rng.standard_normal((n, n)))
    q = q * np.sign(np.diag(r))
    if np.linalg.det(q) < 0:
        q[:, 0] *= -1
    return q


def grid(size, spacing, origin, direction):
    return {"size": [int(n) for n in size], "spacing": [float(s) for s in spacing],
            "origin": [float(o) for o in origin], "direction": [float(d) for d in np.asarray(direction).ravel()]}


def make_image(values, g):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(g["spacing"])
    image.SetOrigin(g["origin"])
    image.SetDirection(g["direction"])
    return image


def grid_of(image):
    return grid(image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection())


def numbers(array):
    return [int(v) if np.issubdtype(array.dtype, np.integer) else float(v) for v in array.ravel()]


def run(name, image_grid, image_values, pixel_type, mask_grid, mask_values, spacing, interpolator, pad):
    """One call of resampleImage, or of _correctMask if spacing is None."""
    image = make_image(image_values.astype(TYPES[pixel_type]), image_grid)
    mask = make_image(mask_values.astype(np.uint32), mask_grid)
    case = {"name": name, "spacing": spacing, "interpolator": interpolator, "margin": pad, "pixel_type": pixel_type,
            "image": {**image_grid, "values": numbers(sitk.GetArrayFromImage(image))},
            "mask": {**mask_grid, "values": numbers(sitk.GetArrayFromImage(mask))}}
    try:
        if spacing is None:
            mask = imageoperations._correctMask(image, mask)
        else:
            settings = {"resampledPixelSpacing": spacing, "interpolator": "sitk" + interpolator, "padDistance": pad, "label": 1}
            image, mask = imageoperations.resampleImage(image, mask, **settings)
    except ValueError as error:
        assert "larger than image space" in str(error), error
        case["error"] = "RegionOutsideImage"
        return case
    except RuntimeError as error:  # the label is not in the mask any more
        assert "GetBoundingBox" in str(error) or "No label" in str(error), error
        case["error"] = "EmptyRegion"
        return case
    case["expected"] = {**grid_of(image), "mask": numbers(sitk.GetArrayFromImage(mask))}
    if spacing is not None:
        case["expected"]["values"] = numbers(sitk.GetArrayFromImage(image))
    if not any(v == 1 for v in case["expected"]["mask"]):
        del case["expected"]
        case["error"] = "EmptyRegion"
    return case


def texture(rng, size, pixel_type):
    low, high = LIMITS[pixel_type]
    values = rng.uniform(low, high, size[::-1])
    return np.rint(values) if np.issubdtype(TYPES[pixel_type], np.integer) else np.round(values, 4)


def blob(rng, size):
    """Label 1 in a random box, with holes, label 2 elsewhere at times."""
    mask = np.zeros(size[::-1], dtype=np.uint32)
    low = [int(rng.integers(0, max(n - 1, 1))) for n in mask.shape]
    high = [int(rng.integers(l + 1, n + 1)) for l, n in zip(low, mask.shape)]
    box = tuple(slice(l, h) for l, h in zip(low, high))
    mask[box] = rng.random(mask[box].shape) < 0.8
    mask[tuple(low)] = 1
    if rng.random() < 0.3:
        mask[mask == 0] = 2 * (rng.random((mask == 0).sum()) < 0.3)
    return mask


def committed():
    rng = np.random.default_rng(20240711)
    cases = []
    size = [8, 7, 5]
    oblique = grid(size, [0.9, 1.1, 2.5], [-41.3, 17.9, 100.2], rotation(rng, 3))
    straight = grid(size, [1.0, 1.0, 3.0], [-10.3, 20.7, 5.1], np.eye(3))
    mask = np.zeros(size[::-1], dtype=np.uint32)
    mask[1:4, 2:6, 2:7] = 1
    mask[2, 3, 4] = 2
    for interpolator in INTERPOLATORS:
        for pixel_type in ("I16", "F64"):
            values = texture(rng, size, pixel_type)
            cases.append(run(f"oblique {interpolator} {pixel_type}", oblique, values, pixel_type, oblique, mask,
                             [1.3, 1.1, 2.0], interpolator, 1))
        values = texture(rng, size, "U8")
        # Every third voxel center and many midpoints of the old grid come back.
        cases.append(run(f"whole steps {interpolator} U8", straight, values, "U8", straight, mask, [3.0, 2.0, 0.0],
                         interpolator, 2))
    values = texture(rng, size, "F32")
    cases.append(run("same spacing", straight, values, "F32", straight, mask, [1.0, 1.0, 3.0], "BSpline", 2))
    other = grid([7, 9, 5], [1.4, 0.8, 2.2], np.array(oblique["origin"]) + 1.0,
                 np.reshape(oblique["direction"], (3, 3)) @ rotation_about_z(0.3))
    inside = np.zeros([7, 9, 5][::-1], dtype=np.uint32)
    inside[1:4, 2:6, 2:5] = 1
    cases.append(run("other grid", oblique, texture(rng, size, "I16"), "I16", other, inside, [0.7, 0.9, 1.3], "BSpline", 2))
    cases.append(run("other grid, image's spacing", oblique, texture(rng, size, "I16"), "I16", other, inside,
                     [0.9, 1.1, 2.5], "BSpline", 1))
    cases.append(run("corrected", oblique, texture(rng, size, "I16"), "I16", other, inside, None, None, 0))
    outside = inside.copy()
    outside[4, 8, 0] = 1
    outside[0, 0, 6] = 1
    cases.append(run("corrected, outside", oblique, texture(rng, size, "I16"), "I16", other, outside, None, None, 0))
    size = [11, 9]
    plane = grid(size, [0.4, 0.7], [3.3, -8.8], [[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    mask = np.zeros(size[::-1], dtype=np.uint32)
    mask[2:8, 3:9] = 1
    for interpolator in ("BSpline", "Gaussian", "WelchWindowedSinc"):
        cases.append(run(f"plane {interpolator}", plane, texture(rng, size, "U8"), "U8", plane, mask, [0.6, 0.6], interpolator, 2))
    line = mask * 0
    line[4, 3:9] = 1
    cases.append(run("plane, one row", plane, texture(rng, size, "U8"), "U8", plane, line, [0.6, 0.6], "Linear", 2))
    return cases


def rotation_about_z(angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def random_case(rng, number):
    n = 2 if rng.random() < 0.15 else 3
    size = [int(rng.choice([1, 2, 3, 4, 5, 7, 12, 18, 19, 20, 25])) for _ in range(n)]
    if max(size) == 1:
        size[0] = 7
    nice = rng.random() < 0.5
    spacing = rng.choice([0.5, 0.7, 0.9, 1.0, 1.5, 2.0, 2.5, 3.0, 5.0], n) if nice else rng.uniform(0.3, 5, n)
    origin = np.round(rng.uniform(-300, 300, n), int(rng.integers(0, 12)))
    kind = rng.integers(0, 4)
    direction = np.eye(n)
    if kind == 1:
        direction = rotation(rng, n)
    elif kind == 2:
        direction = np.eye(n)[rng.permutation(n)] * rng.choice([-1, 1], n)
    image_grid = grid(size, spacing, origin, direction)
    mask_grid = image_grid
    mask_size = size
    if rng.random() < 0.35:
        # A mask that lies about inside the image.
        mask_size = [max(1, int(k * rng.uniform(0.5, 1.2))) for k in size]
        mask_spacing = np.array(spacing) * rng.uniform(0.5, 1.0, n)
        turn = np.eye(n)
        if rng.random() < 0.5:
            a = rng.normal() * 0.1
            turn[:2, :2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
        shift = direction @ (rng.uniform(0, 0.3, n) * np.array(size) * spacing)
        mask_grid = grid(mask_size, mask_spacing, origin + shift, direction @ turn)
    pixel_type = str(rng.choice(list(TYPES)))
    interpolator = str(rng.choice(INTERPOLATORS, p=[.1, .14, .3, .08, .08, .06, .06, .06, .06, .06]))
    if interpolator == "BSpline" and 2 in size:
        interpolator = "Linear"  # ITK reads beside its coefficients there
    values = texture(rng, size, pixel_type)
    if rng.random() < 0.2:
        values = np.floor(values / 100) * 100 if np.issubdtype(TYPES[pixel_type], np.integer) else np.rint(values)
        values = np.clip(values, *LIMITS[pixel_type])
    mask = blob(rng, mask_size)
    if rng.random() < 0.12:
        wanted = None
    else:
        base = np.array(mask_grid["spacing"])
        factor = rng.choice([0.0, 1 / 3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0], n)
        wanted = base * factor if rng.random() < 0.6 else np.where(rng.random(n) < 0.2, 0, rng.uniform(0.4, 4, n))
        wanted = [float(w) for w in wanted]
    return run(f"random {number} {interpolator} {pixel_type}", image_grid, values, pixel_type, mask_grid, mask, wanted,
               interpolator, int(rng.integers(0, 6)))


if __name__ == "__main__":
    if len(sys.argv) == 2:
        cases = committed()
    else:
        rng = np.random.default_rng(int(sys.argv[3]))
        cases = [random_case(rng, i) for i in range(int(sys.argv[2]))]
    with open(sys.argv[1], "w") as out:
        out.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
    print(len(cases), "cases,", sum("error" in c for c in cases), "of them errors")

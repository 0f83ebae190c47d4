"""Writes morphology_inputs.csv and morphology.csv beside this file.

    pip install mirp==2.7.0 numpy==2.4.6 scipy==1.17.1 scikit-image==0.26.0 itk==5.4.7     (Python 3.11)
    python generate_morphology.py

Inputs are synthetic, from fixed seeds. MIRP (EUPL, run here, no part of it is in this repository) gives the features; the convex
hull, the smallest ellipsoid, the oriented box, Moran's I and Geary's C also come from slow computations that share nothing with it.
"""

import csv
import tempfile
from itertools import product
from pathlib import Path

import itk
import mirp
import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.optimize import minimize
from scipy.spatial import ConvexHull

HERE = Path(__file__).parent

# Relative tolerances. MIRP holds intensities, masks and vertices as 32-bit floats.
FLOAT32 = 1e-6
EXACT = 1e-9
OPTIMIZER = 1e-8
MIRP = [
    "morph_com",
    "morph_integ_int",
    "morph_moran_i",
    "morph_geary_c",
    "morph_vol_dens_aabb",
    "morph_area_dens_aabb",
    "morph_vol_dens_aee",
    "morph_area_dens_aee",
    "morph_vol_dens_conv_hull",
    "morph_area_dens_conv_hull",
    "loc_peak_loc",
    "loc_peak_glob",
    "morph_pca_maj_axis",
    "morph_pca_min_axis",
    "morph_pca_least_axis",
]
# Left out: morph_vol_dens_mvee and morph_area_dens_mvee (its matrix subtracts a number where a matrix belongs),
# morph_area_dens_ombb (it returns the volume density), morph_vol_dens_ombb (a search in steps of angles; ours may not be larger
# than its box, which this script prints). For some inputs also left out: morph_area_dens_aee where two half axes are equal or one
# is 0 (it then has a closed form in the place of IBSI's series), and the peaks of more than 300 voxels where a ball reaches beyond
# the image (it then repeats the voxels at the border).


def blob(shape, seed, smooth, level):
    noise = np.random.default_rng(seed).standard_normal(shape)
    field = gaussian_filter(noise, smooth)
    z, y, x = (np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape)
    fade = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None, :] ** 2
    return field / field.std() - 2.5 * fade > level


def ball(shape, center, radii):
    grid = np.indices(shape)
    return sum(((g - c) / r) ** 2 for g, c, r in zip(grid, center, radii)) <= 1


def texture(shape, seed, smooth):
    noise = np.random.default_rng(seed).standard_normal(shape)
    field = gaussian_filter(noise, smooth) if smooth else noise
    return np.round(200 + 100 * field / field.std()).astype(int)


def cases():
    """name, spacing, intensities, mask, range of the intensity mask."""
    everything = (-100000, 100000)
    shape = (18, 22, 24)
    yield "blob_isotropic", (2.0, 2.0, 2.0), texture(shape, 1, 1.0), blob(shape, 2, 3.0, -0.8), everything
    yield "blob_anisotropic", (3.0, 0.75, 1.25), texture(shape, 3, 1.0), blob(shape, 4, 2.5, -0.8), everything
    yield "blob_noise", (1.0, 1.0, 1.5), texture(shape, 5, 0), blob(shape, 6, 2.5, -0.8), everything
    yield "ellipsoid", (1.0, 1.0, 1.0), texture(shape, 7, 2.0), ball(shape, (9, 11, 12), (4.2, 7.3, 8.8)), everything
    hollow = ball(shape, (9, 11, 12), (6, 8, 8)) & ~ball(shape, (9, 11, 12), (3, 4, 4))
    yield "hollow", (1.5, 1.0, 1.0), texture(shape, 8, 1.0), hollow, everything
    parts = ball(shape, (5, 6, 6), (3, 4, 4)) | ball(shape, (12, 15, 16), (4, 4, 5))
    yield "two_parts", (2.0, 1.0, 1.0), texture(shape, 9, 1.0), parts, everything
    yield "resegmented", (2.0, 1.5, 1.5), texture(shape, 10, 1.5), blob(shape, 11, 3.0, -0.8), (150, 320)
    yield "resegmented_noise", (1.0, 2.0, 2.0), texture(shape, 12, 0.7), blob(shape, 13, 3.0, -0.8), (100, 260)
    flat = (1, 26, 28)
    yield "slice", (5.0, 0.9, 0.9), texture(flat, 14, 1.0), blob(flat, 15, 3.0, -1.2), everything
    thin = (40, 9, 9)
    yield "tube", (0.8, 1.6, 1.6), texture(thin, 16, 1.0), ball(thin, (20, 4, 4), (18, 3.2, 2.6)), everything
    box = np.zeros(shape, bool)
    box[4:12, 5:17, 6:20] = True
    yield "box", (1.0, 2.0, 0.5), texture(shape, 17, 1.0), box, everything
    wide = (24, 26, 25)
    yield "wide_margins", (2.0, 1.5, 1.5), texture(wide, 19, 1.0), ball(wide, (11, 12, 12), (6, 7, 5)), everything
    few = np.zeros((8, 8, 8), bool)
    few[2:4, 2:5, 3:5] = True
    few[3, 3, 5] = True
    yield "few_voxels", (4.0, 3.0, 3.5), texture((8, 8, 8), 18, 0), few, everything


def run_mirp(spacing, image, mask, limits):
    with tempfile.TemporaryDirectory() as folder:
        for name, array, kind in [("image", image, np.float32), ("mask", mask, np.uint8)]:
            volume = itk.image_from_array(np.ascontiguousarray(array.astype(kind)))
            volume.SetSpacing([float(mm) for mm in spacing[::-1]])
            itk.imwrite(volume, f"{folder}/{name}.nii")
        table = mirp.extract_features(
            image=f"{folder}/image.nii",
            mask=f"{folder}/mask.nii",
            by_slice=False,
            no_approximation=True,
            ibsi_compliant=False,  # With the oriented box.
            base_feature_families=["morphology", "local_intensity"],
            resegmentation_intensity_range=[float(limit) for limit in limits],
        )[0]
    return {tag: float(table[tag].iloc[0]) for tag in [*MIRP, "morph_vol_dens_ombb", "morph_volume"] if tag in table}


def vertices(mask, spacing):
    """Middles between a voxel inside and one outside, mm: the vertices of a marching cubes mesh."""
    padded = np.pad(mask, 1)
    points = []
    for axis in range(3):
        change = np.argwhere(np.diff(padded.astype(np.int8), axis=axis) != 0).astype(float)
        change[:, axis] += 0.5
        points.append(change)
    return np.concatenate(points) * spacing


def smallest_box(hull, spacing):
    """Every face's plane and every axis; in it every edge of the outline. Sides of the box."""
    corners = hull.points[hull.vertices]
    best = None
    for normal in np.concatenate([np.eye(3), hull.equations[:, :3]]):
        others = np.linalg.svd(normal[None, :])[2][1:]
        height = np.ptp(corners @ normal)
        flat = corners @ others.T
        outline = ConvexHull(flat)
        edges = flat[outline.simplices[:, 1]] - flat[outline.simplices[:, 0]]
        for edge in edges / np.linalg.norm(edges, axis=1)[:, None]:
            sides = height, np.ptp(flat @ edge), np.ptp(flat @ np.array([-edge[1], edge[0]]))
            if best is None or np.prod(sides) < np.prod(best) * (1 - 1e-12):
                best = sides
    return best


def smallest_ellipsoid(points):
    """Half axes by a general optimizer: of A = Lᵀ L and b, log det L with |L p - b| <= 1."""
    center, scale = points.mean(axis=0), np.ptp(points, axis=0) / 2
    unit = (points - center) / scale
    lower = np.tril_indices(3)

    def parts(x):
        matrix = np.zeros((3, 3))
        matrix[lower] = x[:6]
        return matrix, x[6:]

    def slack(x):
        matrix, shift = parts(x)
        return 1 - ((unit @ matrix.T - shift) ** 2).sum(axis=1)

    def slack_gradient(x):
        matrix, shift = parts(x)
        rest = unit @ matrix.T - shift
        of_matrix = -2 * rest[:, lower[0]] * unit[:, lower[1]]
        return np.hstack([of_matrix, 2 * rest])

    def target(x):
        return -np.log(np.abs(x[[0, 2, 5]])).sum()

    def target_gradient(x):
        gradient = np.zeros(9)
        gradient[[0, 2, 5]] = -1 / x[[0, 2, 5]]
        return gradient

    start = np.zeros(9)
    start[[0, 2, 5]] = 0.5
    found = minimize(
        target, start, jac=target_gradient, method="SLSQP",
        constraints={"type": "ineq", "fun": slack, "jac": slack_gradient},
        options={"maxiter": 1000, "ftol": 1e-14},
    )
    matrix, _ = parts(found.x)
    # Scaled to hold all points, as the features are.
    radius = np.sqrt((1 - slack(found.x)).max())
    return radius * np.linalg.svd(np.diag(scale) @ np.linalg.inv(matrix))[1]


def peaks(values, mask, spacing):
    """Local and global intensity peak, ball by ball, and whether all balls lie inside the image."""
    radius = 10 * (3 / (4 * np.pi)) ** (1 / 3)
    reach = [int(radius // mm) for mm in spacing]
    places = np.argwhere(mask)
    means = []
    for place in places:
        cut = tuple(slice(max(i - r, 0), i + r + 1) for i, r in zip(place, reach))
        grid = np.meshgrid(*(np.arange(n)[c] for n, c in zip(mask.shape, cut)), indexing="ij")
        near = sum(((g - i) * mm) ** 2 for g, i, mm in zip(grid, place, spacing)) <= radius**2
        means.append(values[cut][near].mean())
    means, x = np.array(means), values[mask]
    inside = all((places[:, i].min() >= r) and (places[:, i].max() + r < n) for i, (r, n) in enumerate(zip(reach, mask.shape)))
    return means[x == x.max()].max(), means.max(), inside


def correlation(values, mask, spacing):
    """Moran's I and Geary's C by the double sum."""
    places, x = np.argwhere(mask) * spacing, values[mask].astype(float)
    d = x - x.mean()
    weights = products = squares = 0.0
    for i in range(len(x)):
        distance = np.sqrt(((places - places[i]) ** 2).sum(axis=1))
        distance[i] = np.inf
        weights += (1 / distance).sum()
        products += (d[i] * d / distance).sum()
        squares += ((x[i] - x) ** 2 / distance).sum()
    total = (d**2).sum()
    return len(x) / weights * products / total, (len(x) - 1) / (2 * weights) * squares / total


def main():
    with open(HERE / "morphology_inputs.csv", "w", newline="") as inputs, open(HERE / "morphology.csv", "w", newline="") as out:
        inputs, out = csv.writer(inputs, lineterminator="\n"), csv.writer(out, lineterminator="\n")
        # Mask: 0 outside, 1 in the morphological mask, 3 in both.
        inputs.writerow("case,spacing_z,spacing_y,spacing_x,z,y,mask,values".split(","))
        out.writerow("case,quantity,value,relative_tolerance,source".split(","))
        for name, spacing, image, mask, limits in cases():
            intensity = mask & (image >= limits[0]) & (image <= limits[1])
            codes = mask.astype(int) + 2 * intensity
            for z, y in product(*map(range, mask.shape[:2])):
                row = "".join(map(str, codes[z, y])), " ".join(map(str, image[z, y]))
                inputs.writerow([name, *spacing, z, y, *row])

            def put(quantity, value, tolerance, source):
                out.writerow([name, quantity, repr(float(value)), tolerance, source])

            found = run_mirp(spacing, image, mask, limits)
            local, glob, inside = peaks(image, intensity, spacing)
            axes = [found[f"morph_pca_{axis}_axis"] for axis in ("maj", "min", "least")]
            for tag in MIRP:
                value = found[tag]
                if tag == "morph_area_dens_aee" and (axes[2] == 0 or min(axes[0] - axes[1], axes[1] - axes[2]) < 1e-6):
                    continue
                if tag.startswith("loc_") and not inside and intensity.sum() > 300:
                    continue
                # A slice's ellipsoid has no volume: infinite there, NaN here.
                put(tag, np.nan if np.isinf(value) else value, FLOAT32, "mirp")
            hull = ConvexHull(vertices(mask, spacing))
            put("hull_volume", hull.volume, EXACT, "scipy")
            put("hull_area", hull.area, EXACT, "scipy")
            box = smallest_box(hull, spacing)
            put("ombb_volume", np.prod(box), EXACT, "slow")
            put("ombb_area", 2 * (box[0] * box[1] + box[0] * box[2] + box[1] * box[2]), EXACT, "slow")
            mvee = smallest_ellipsoid(hull.points[hull.vertices])
            put("mvee_volume", 4 / 3 * np.pi * np.prod(mvee), OPTIMIZER, "slow")
            moran, geary = correlation(image, intensity, spacing)
            put("morph_moran_i", moran, EXACT, "numpy")
            put("morph_geary_c", geary, EXACT, "numpy")
            put("loc_peak_loc", local, EXACT, "numpy")
            put("loc_peak_glob", glob, EXACT, "numpy")
            mirp_box = found["morph_volume"] / found["morph_vol_dens_ombb"]
            print(f"{name:20} {mask.sum():6} {intensity.sum():6} voxels, box {np.prod(box):.4f}, MIRP's {mirp_box:.4f}, ratio {np.prod(box)/mirp_box:.4f}")


main()

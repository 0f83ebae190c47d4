//! The filters of IBSI-2 against its consensus response maps, against MIRP 2.7.0, and against their definitions.
//!
//! Where the stored responses come from: `tests/golden/ibsi2/PROVENANCE.md`.

use std::collections::BTreeMap;

use crate::common::{golden, reference};
use crate::compliance::Row;
use ndarray::Array3;
use radiomics_features::filters::StandardFilter;
use radiomics_features::io::{ReadOptions, read_image};
use radiomics_features::{
    BoundingBox, Dimensionality, Error, Extractor, FeatureName, Geometry, ImageFilter, ImageParams,
    Mask, Params, PixelType, Roi, RoiParams, Volume,
};

/// All voxels of an image.
fn whole(image: &Volume) -> BoundingBox {
    let everything = Array3::from_elem(image.size(), 1);
    let mask = Mask::new(everything, *image.geometry()).unwrap();
    Roi::new(image, &mask, &RoiParams::default())
        .unwrap()
        .bounds()
}

fn response(filter: &str, image: &Volume) -> Array3<f64> {
    let filter: StandardFilter = filter.parse().unwrap_or_else(|e| panic!("{filter}: {e}"));
    filter.response(image, &whole(image)).unwrap().voxels
}

/// The largest difference of two maps over the range of the second; over its magnitude if it is flat, over 1 if it is zero.
fn difference(found: &Array3<f64>, expected: &Array3<f64>) -> f64 {
    assert_eq!(found.dim(), expected.dim());
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::NEG_INFINITY, f64::max);
    let (high, low) = (
        largest(&mut expected.iter().copied()),
        -largest(&mut expected.iter().map(|v| -v)),
    );
    let scale = match (high > low, high == 0.0) {
        (true, _) => high - low,
        (false, false) => high.abs(),
        (false, true) => 1.0,
    };
    let pairs = found.iter().zip(expected);
    largest(&mut pairs.map(|(a, b)| (a - b).abs())) / scale
}

/// Consensus maps: name, phantom, filter.
const MAPS: [(&str, &str, &str); 9] = [
    ("2_a", "impulse", "laplacian-sigma-3-cutoff-4-3D-zero"),
    (
        "2_b",
        "checkerboard",
        "laplacian-sigma-5-cutoff-4-3D-mirror",
    ),
    (
        "2_c",
        "checkerboard",
        "laplacian-sigma-5-cutoff-4-2D-mirror",
    ),
    (
        "5_a_1",
        "impulse",
        "separable-wavelet-db2-level-1-LHL-3D-zero",
    ),
    (
        "5_a_2",
        "impulse",
        "separable-wavelet-db2-level-1-LHL-3D-invariant-mean-zero",
    ),
    (
        "6_a_1",
        "sphere",
        "separable-wavelet-coif1-level-1-HHL-3D-periodic",
    ),
    (
        "6_a_2",
        "sphere",
        "separable-wavelet-coif1-level-1-HHL-3D-invariant-mean-periodic",
    ),
    (
        "7_a_1",
        "checkerboard",
        "separable-wavelet-haar-level-2-LLL-3D-invariant-mean-mirror",
    ),
    (
        "7_a_2",
        "checkerboard",
        "separable-wavelet-haar-level-2-HHH-3D-invariant-mean-mirror",
    ),
];

/// The standard asks for 1 % of the range. The wavelets agree to the 32 bits of the maps; the maps of the Laplacian are a mean of
/// implementations.
fn limit(map: &str) -> f64 {
    if map.starts_with('2') { 1e-2 } else { 1e-6 }
}

/// The planes of the maps that are kept here.
const PLANES: [usize; 4] = [12, 31, 32, 47];

/// Least and largest voxel of the whole map, which its planes name in a comment.
fn range_of(path: &std::path::Path) -> f64 {
    let bytes = std::fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("# range "))
        .unwrap();
    let [low, high] = [0, 1].map(|k| line.split(' ').nth(k).unwrap().parse::<f64>().unwrap());
    high - low
}

/// Compares four planes of every consensus map, one row a map with its largest difference, and what does not agree.
pub fn compared() -> (Vec<Row>, Vec<String>) {
    let read = |path| read_image(path, &ReadOptions::default()).unwrap();
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for (map, phantom, filter) in MAPS {
        let found = response(
            filter,
            &read(golden(&format!("ibsi2/maps/{phantom}.nii.gz"))),
        );
        let path = golden(&format!("ibsi2/maps/{map}.nrrd"));
        let range = range_of(&path);
        let expected = read(path);
        let mut row = Row::new(map, &format!("`{filter}`"));
        for (k, plane) in PLANES.into_iter().enumerate() {
            let found = found.index_axis(ndarray::Axis(0), plane);
            let expected = expected.voxels();
            let expected = expected.index_axis(ndarray::Axis(0), k);
            for (a, b) in found.iter().zip(expected) {
                row.count((a - b).abs() <= 1e-2 * range);
                if (a - b).abs() > limit(map) * range {
                    wrong.push(format!("{map} plane {plane}: {a}, consensus {b}"));
                }
            }
        }
        rows.push(row);
    }
    (rows, wrong)
}

#[test]
fn planes_of_the_consensus_response_maps() {
    let (rows, wrong) = compared();
    for row in &rows {
        println!("{row}");
    }
    assert!(
        wrong.is_empty(),
        "{} voxels differ, the first: {}",
        wrong.len(),
        wrong[0]
    );
}

#[test]
fn whole_consensus_response_maps() {
    let Some(folder) = reference("data/ibsi") else {
        println!("skipped: no reference data beside the repository");
        return;
    };
    let read = |path| read_image(path, &ReadOptions::default()).unwrap();
    for (map, phantom, filter) in MAPS {
        let image = folder.join(format!(
            "ibsi_2_digital_phantom/{phantom}/image/{phantom}.nii.gz"
        ));
        let expected = read(folder.join(format!("response_maps/{map}-ValidCRM.nii")));
        let found = response(filter, &read(image));
        let difference = difference(&found, &expected.voxels().to_owned());
        println!(
            "{map}: {filter}, largest difference {:.6} % of the range",
            100.0 * difference
        );
        assert!(difference <= limit(map), "{map}: {difference}");
    }
}

/// MIRP works in 32 bits, and convolves Gabor filters by a transform in 32 bits: a millionth of the range, not the 1e-9 of
/// references in 64 bits.
const MIRP: f64 = 1e-6;

#[test]
fn responses_of_mirp() {
    let mut reader = csv::Reader::from_path(golden("ibsi2/responses.csv")).unwrap();
    let mut largest: BTreeMap<String, f64> = BTreeMap::new();
    let mut failures = Vec::new();
    for row in reader.records() {
        let row = row.unwrap();
        let (image, filter) = (&row[0], &row[1]);
        let path = golden(&format!("ibsi2/{image}.nrrd"));
        let image = read_image(path, &ReadOptions::default()).unwrap();
        let values = row[2].split(' ').map(|v| v.parse().unwrap()).collect();
        let expected = Array3::from_shape_vec(image.size(), values).unwrap();
        let difference = difference(&response(filter, &image), &expected);
        if difference.is_nan() || difference > MIRP {
            failures.push(format!(
                "{} {filter}: {difference:.1e} of the range",
                &row[0]
            ));
        }
        let words: Vec<&str> = filter.split('-').take(2).collect();
        let of_kind = largest.entry(words.join("-")).or_default();
        *of_kind = of_kind.max(difference);
    }
    for (kind, difference) in &largest {
        println!("{kind}: largest difference {difference:.1e} of the range");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

// Against the definitions, by the slowest way.

/// Whole numbers without a pattern.
fn noise(size: [usize; 3], spacing: [f64; 3]) -> Volume {
    let voxels = Array3::from_shape_fn(size, |(z, y, x)| {
        let k = (z * 7919 + y * 104_729 + x * 1_299_709 + x * x * y * 31 + z * x * 17) % 1009;
        k as f64 - 504.0
    });
    let geometry = Geometry::new(spacing).unwrap();
    Volume::new(voxels, geometry, PixelType::F64).unwrap()
}

/// The voxel at any place, inside the image or not.
fn voxel(image: &Volume, at: [i64; 3], boundary: &str) -> f64 {
    let mut place = [0; 3];
    for axis in 0..3 {
        let n = image.size()[axis] as i64;
        let mut k = at[axis];
        while !(0..n).contains(&k) {
            k = match boundary {
                "zero" => return 0.0,
                "nearest" => k.clamp(0, n - 1),
                "periodic" if k < 0 => k + n,
                "periodic" => k - n,
                "mirror" if k < 0 => -1 - k,
                "mirror" => 2 * n - 1 - k,
                other => panic!("{other}"),
            };
        }
        place[axis] = k as usize;
    }
    image.voxels()[place]
}

/// `Σ_k h(k) f(x - k)` over a box of half the size `reach`, axes z, y, x.
fn convolved(
    image: &Volume,
    reach: [i64; 3],
    boundary: &str,
    kernel: impl Fn([i64; 3]) -> (f64, f64),
) -> Array3<(f64, f64)> {
    Array3::from_shape_fn(image.size(), |(z, y, x)| {
        let (mut re, mut im) = (0.0, 0.0);
        for dz in -reach[0]..=reach[0] {
            for dy in -reach[1]..=reach[1] {
                for dx in -reach[2]..=reach[2] {
                    let at = [z as i64 - dz, y as i64 - dy, x as i64 - dx];
                    let (v, (a, b)) = (voxel(image, at, boundary), kernel([dz, dy, dx]));
                    re += a * v;
                    im += b * v;
                }
            }
        }
        (re, im)
    })
}

const BOUNDARIES: [&str; 4] = ["zero", "nearest", "periodic", "mirror"];

/// Shorter than the kernels, with another spacing along every axis.
#[test]
fn laplacian_by_definition() {
    let spacing = [2.5, 1.0, 1.5];
    let image = noise([3, 6, 5], spacing);
    for (boundary, n_axes) in BOUNDARIES.into_iter().flat_map(|b| [(b, 2), (b, 3)]) {
        let (sigma, cutoff): (f64, f64) = (2.0, 3.5);
        let axes = 3 - n_axes..3;
        let unit = axes
            .clone()
            .map(|d| spacing[d])
            .product::<f64>()
            .powf(1.0 / n_axes as f64);
        let reach = [0, 1, 2].map(|d| match axes.contains(&d) {
            true => (cutoff * sigma / spacing[d] + 0.5).floor() as i64,
            false => 0,
        });
        let expected = convolved(&image, reach, boundary, |k| {
            let in_mm = |d: usize| k[d] as f64 * spacing[d];
            let norm2 = axes.clone().map(|d| in_mm(d).powi(2)).sum::<f64>() / (sigma * sigma);
            let peak: f64 = axes
                .clone()
                .map(|d| spacing[d] / (sigma * std::f64::consts::TAU.sqrt()))
                .product();
            let curvature = -(unit / sigma).powi(2) * (n_axes as f64 - norm2);
            (curvature * peak * (-norm2 / 2.0).exp(), 0.0)
        });
        let name = format!("laplacian-sigma-2-cutoff-3-5-{n_axes}D-{boundary}");
        let difference = difference(&response(&name, &image), &expected.mapv(|(re, _)| re));
        assert!(difference < 1e-13, "{name}: {difference:e}");
    }
}

#[test]
fn gabor_by_definition() {
    let spacing = [2.5, 1.0, 1.5];
    let image = noise([4, 6, 5], spacing);
    // The axes of k1 and k2 in every kind of plane.
    let planes = [(2, 1), (2, 0), (1, 0)];
    for (boundary, planes) in BOUNDARIES
        .into_iter()
        .flat_map(|b| [(b, &planes[..1]), (b, &planes[..])])
    {
        let (sigma, wavelength, gamma): (f64, f64, f64) = (1.5, 4.0, 0.75);
        let (mut sum, mut n) = (Array3::zeros((4, 6, 5)), 0.0);
        for &(d1, d2) in planes {
            for theta in [20.0f64, 140.0, 260.0] {
                let mut reach = [0; 3];
                for d in [d1, d2] {
                    reach[d] = (7.0 * sigma / gamma / spacing[d]).ceil() as i64;
                }
                let (sin, cos) = theta.to_radians().sin_cos();
                let complex = convolved(&image, reach, boundary, |k| {
                    let (x, y) = (k[d1] as f64 * spacing[d1], k[d2] as f64 * spacing[d2]);
                    let (u, v) = (x * cos + y * sin, -x * sin + y * cos);
                    let size = (-(u * u + gamma * gamma * v * v) / (2.0 * sigma * sigma)).exp();
                    let phase = std::f64::consts::TAU * u / wavelength;
                    (size * phase.cos(), size * phase.sin())
                });
                sum += &complex.mapv(|(re, im)| re.hypot(im));
                n += 1.0;
            }
        }
        let dimensions = if planes.len() == 1 { "2D" } else { "3D" };
        let name = format!(
            "gabor-sigma-1-5-wavelength-4-gamma-0-75-theta-20-step-120-mean-{dimensions}-{boundary}"
        );
        // What the kernels leave out is 2e-11 of their peak.
        let difference = difference(&response(&name, &image), &(sum / n));
        assert!(difference < 1e-9, "{name}: {difference:e}");
    }
}

/// The extension and the frequencies of the documentation, one exponential a term.
fn transformed(
    image: &Volume,
    boundary: &str,
    n_axes: usize,
    before: impl Fn(&Volume) -> Array3<f64>,
    transfer: impl Fn([f64; 3]) -> (f64, f64),
) -> Array3<f64> {
    let size = image.size();
    let extends = |d: usize| boundary != "periodic" && d + n_axes >= 3;
    let start = [0, 1, 2].map(|d| if extends(d) { size[d] / 2 } else { 0 });
    let extended = [0, 1, 2].map(|d| if extends(d) { 2 * size[d] } else { size[d] });
    let voxels = Array3::from_shape_fn(extended, |(z, y, x)| {
        let at = [z, y, x];
        let at = [0, 1, 2].map(|d| at[d] as i64 - start[d] as i64);
        voxel(image, at, boundary)
    });
    let geometry = Geometry::new(image.spacing()).unwrap();
    let voxels = before(&Volume::new(voxels, geometry, PixelType::F64).unwrap());
    let count = [0, 1, 2].map(|d| if d + n_axes >= 3 { extended[d] } else { 1 });
    let kernel = impulse_response(count, transfer);
    Array3::from_shape_fn(size, |(z, y, x)| {
        let at = [z, y, x];
        let terms = voxels.indexed_iter().map(|((z, y, x), v)| {
            let from = [z, y, x];
            if n_axes == 2 && from[0] != at[0] {
                return 0.0;
            }
            v * kernel[[0, 1, 2].map(|d| (at[d] + start[d] + extended[d] - from[d]) % count[d])]
        });
        terms.sum()
    })
}

/// The inverse transform of the factors, real part.
fn impulse_response(count: [usize; 3], transfer: impl Fn([f64; 3]) -> (f64, f64)) -> Array3<f64> {
    use std::f64::consts::{PI, TAU};
    let frequency = |d: usize, k: usize| match count[d] {
        1 => 0.0,
        n => PI * (2.0 * ((k + n / 2) % n) as f64 / (n - 1) as f64 - 1.0),
    };
    let factors = Array3::from_shape_fn(count, |(k, l, m)| {
        transfer([frequency(2, m), frequency(1, l), frequency(0, k)])
    });
    Array3::from_shape_fn(count, |(z, y, x)| {
        let terms = factors.indexed_iter().map(|((k, l, m), (re, im))| {
            let turns = [(k, z), (l, y), (m, x)].into_iter().zip(count);
            let turns: f64 = turns.map(|((k, x), n)| (k * x) as f64 / n as f64).sum();
            let (sin, cos) = (TAU * turns).sin_cos();
            re * cos - im * sin
        });
        terms.sum::<f64>() / factors.len() as f64
    })
}

fn simoncelli(norm: f64, level: i32) -> f64 {
    use std::f64::consts::PI;
    let nu = norm * 2f64.powi(level - 1);
    match nu > PI / 4.0 && nu < PI {
        true => (PI / 2.0 * (2.0 * nu / PI).log2()).cos(),
        false => 0.0,
    }
}

#[test]
fn isotropic_wavelets_and_riesz_transforms_by_definition() {
    let image = noise([3, 5, 4], [2.0, 1.0, 1.5]);
    let norm = |nu: [f64; 3]| nu.iter().map(|v| v * v).sum::<f64>().sqrt();
    for (boundary, n_axes) in BOUNDARIES.into_iter().flat_map(|b| [(b, 2), (b, 3)]) {
        let same = |image: &Volume| image.voxels().to_owned();
        let expected = transformed(&image, boundary, n_axes, same, |nu| {
            (simoncelli(norm(nu), 2), 0.0)
        });
        let wavelet = format!("non-separable-wavelet-simoncelli-level-2-{n_axes}D-{boundary}");
        let off = difference(&response(&wavelet, &image), &expected);
        assert!(off < 1e-12, "{wavelet}: {off:e}");
        // Order (2, 1, 0): (-i)³ √3 ν1² ν2 / ‖ν‖³.
        let riesz = |nu: [f64; 3]| match norm(nu) {
            0.0 => 0.0,
            norm => 3f64.sqrt() * nu[0] * nu[0] * nu[1] / norm.powi(3),
        };
        let expected = transformed(&image, boundary, n_axes, same, |nu| {
            (0.0, riesz(nu) * simoncelli(norm(nu), 2))
        });
        let name = format!("riesz-2-1-0-{wavelet}");
        let off = difference(&response(&name, &image), &expected);
        assert!(off < 1e-12, "{name}: {off:e}");
        let log = format!("laplacian-sigma-2-cutoff-4-{n_axes}D");
        let before = |image: &Volume| response(&format!("{log}-periodic"), image);
        let expected = transformed(&image, boundary, n_axes, before, |nu| (0.0, riesz(nu)));
        let name = format!("riesz-2-1-0-{log}-{boundary}");
        let off = difference(&response(&name, &image), &expected);
        assert!(off < 1e-12, "{name}: {off:e}");
    }
}

// What must hold whatever the filter.

/// One of every kind.
const FILTERS: [&str; 12] = [
    "mean-5-3D-mirror",
    "mean-3-2D-zero",
    "laplacian-sigma-1-5-cutoff-4-3D-nearest",
    "laplacian-sigma-1-5-cutoff-4-2D-mirror",
    "laws-L5E5S5-3D-mirror",
    "laws-L5E5-2D-energy-2-invariant-max-periodic",
    "gabor-sigma-1-wavelength-2-gamma-1-5-theta-0-step-45-mean-3D-mirror",
    "separable-wavelet-db3-level-2-LLH-3D-invariant-mean-mirror",
    "separable-wavelet-coif2-level-1-HL-2D-nearest",
    "non-separable-wavelet-simoncelli-level-1-3D-mirror",
    "riesz-0-2-0-non-separable-wavelet-shannon-level-1-2D-periodic",
    "riesz-1-1-1-laplacian-sigma-2-cutoff-4-3D-zero",
];

#[test]
fn a_part_has_the_bits_of_the_whole() {
    let image = noise([5, 9, 8], [2.0, 1.0, 1.0]);
    let mut mask = Array3::from_elem(image.size(), 0);
    mask.slice_mut(ndarray::s![1..4, 0..3, 5..8]).fill(1);
    let mask = Mask::new(mask, *image.geometry()).unwrap();
    let part = Roi::new(&image, &mask, &RoiParams::default())
        .unwrap()
        .bounds();
    for name in FILTERS {
        let filter: StandardFilter = name.parse().unwrap();
        let whole = response(name, &image);
        let whole = whole.slice(ndarray::s![1..4, 0..3, 5..8]);
        let found = filter.response(&image, &part).unwrap();
        assert_eq!(found.name.to_string(), name);
        // The planes of Gabor filters are cut before they are transformed.
        let off = difference(&found.voxels, &whole.to_owned());
        let limit = if name.starts_with("gabor") {
            1e-14
        } else {
            0.0
        };
        assert!(off <= limit, "{name}: {off:e}");
    }
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_changes_no_bit() {
    let image = noise([7, 9, 8], [2.0, 1.0, 1.0]);
    for name in FILTERS {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| response(name, &image))
        };
        assert_eq!(with(1), with(4), "{name}");
    }
}

#[test]
fn a_constant_image_has_its_documented_response() {
    let geometry = Geometry::new([1.0; 3]).unwrap();
    let image = Volume::new(Array3::from_elem((6, 7, 8), 5.0), geometry, PixelType::U8).unwrap();
    for boundary in ["nearest", "periodic", "mirror"] {
        let mean = response(&format!("mean-7-3D-{boundary}"), &image);
        assert!(mean.iter().all(|&v| v == 5.0));
        for (kind, limit) in [
            ("laplacian-sigma-2-cutoff-4-3D", 5.0 * 3.3e-3 / 4.0),
            ("laws-L5E5S5-3D-energy-2-invariant-max", 1e-13),
            ("separable-wavelet-db3-level-2-LHL-3D", 1e-10),
            ("non-separable-wavelet-simoncelli-level-1-3D", 1e-14),
            (
                "riesz-0-2-0-non-separable-wavelet-simoncelli-level-1-3D",
                1e-14,
            ),
        ] {
            let response = response(&format!("{kind}-{boundary}"), &image);
            let largest = response.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            assert!(largest <= limit, "{kind}-{boundary}: {largest:e}");
        }
    }
}

/// Settings in YAML, and the name they have with their defaults.
const SETTINGS: [(&str, &str); 10] = [
    (
        "mean: {size: 15, boundary: mirror, dimensions: 3}",
        "mean-15-3D-mirror",
    ),
    ("mean: {size: 3}", "mean-3-3D-mirror"),
    (
        "laplacian_of_gaussian: {sigma: 1.5, dimensions: 2, boundary: zero}",
        "laplacian-sigma-1-5-cutoff-4-2D-zero",
    ),
    ("laws: {kernels: L5E5S5}", "laws-L5E5S5-3D-mirror"),
    (
        "laws: {kernels: L5E5, pooling: maximum, energy: 7, boundary: nearest}",
        "laws-L5E5-2D-energy-7-invariant-max-nearest",
    ),
    (
        "gabor: {sigma: 10, wavelength: 4}",
        "gabor-sigma-10-wavelength-4-gamma-1-theta-0-mean-3D-mirror",
    ),
    (
        "gabor: {sigma: 5, wavelength: 2, gamma: 1.5, theta: 0, theta_step: 22.5, pooling: minimum}",
        "gabor-sigma-5-wavelength-2-gamma-1-5-theta-0-step-22-5-min-3D-mirror",
    ),
    (
        "separable_wavelet: {wavelet: db3, band: LLH, pooling: mean}",
        "separable-wavelet-db3-level-1-LLH-3D-invariant-mean-mirror",
    ),
    (
        "non_separable_wavelet: {}",
        "non-separable-wavelet-simoncelli-level-1-3D-periodic",
    ),
    (
        "riesz: {order: [0, 2, 0], filter: {laplacian_of_gaussian: {sigma: 3, boundary: zero}}}",
        "riesz-0-2-0-laplacian-sigma-3-cutoff-4-3D-zero",
    ),
];

#[test]
fn settings_are_read_with_their_defaults() {
    for (yaml, name) in SETTINGS {
        let filter: StandardFilter = serde_saphyr::from_str(yaml).unwrap();
        assert_eq!(filter.to_string(), name, "{yaml}");
    }
}

#[test]
fn unknown_settings_are_refused() {
    for yaml in [
        "mean: {}",
        "mean: {size: 3, radius: 1}",
        "mean: {size: 3, dimensions: 4}",
        "mean: {size: -3}",
        "mean: {size: 3, boundary: reflect}",
        "median: {size: 3}",
        "{mean: {size: 3}, laws: {kernels: L5E5}}",
        "laws: {kernels: L5}",
        "separable_wavelet: {wavelet: morlet, band: LL}",
        "separable_wavelet: {wavelet: db3, band: LX}",
        "riesz: {order: [0, 2], filter: {non_separable_wavelet: {}}}",
        "riesz: {order: [0, 2, 0], filter: {mean: {size: 3}}}",
    ] {
        assert!(
            serde_saphyr::from_str::<StandardFilter>(yaml).is_err(),
            "{yaml}"
        );
    }
}

#[test]
fn settings_out_of_range_are_errors() {
    let image = noise([2, 3, 4], [1.0; 3]);
    for (yaml, setting) in [
        ("mean: {size: 4}", "size"),
        ("mean: {size: 65537}", "size"),
        ("laplacian_of_gaussian: {sigma: 0}", "sigma"),
        ("laplacian_of_gaussian: {sigma: .nan}", "sigma"),
        ("laplacian_of_gaussian: {sigma: 1, cutoff: -1}", "cutoff"),
        ("laplacian_of_gaussian: {sigma: 1e300}", "sigma"),
        ("laws: {kernels: L5E5, energy: 40000}", "energy"),
        ("gabor: {sigma: 1, wavelength: 0}", "wavelength"),
        ("gabor: {sigma: 1, wavelength: 2, gamma: .inf}", "gamma"),
        ("gabor: {sigma: 1, wavelength: 2, theta: 360}", "theta"),
        (
            "gabor: {sigma: 1, wavelength: 2, theta_step: 50}",
            "theta_step",
        ),
        ("gabor: {sigma: 1e9, wavelength: 2}", "sigma"),
        ("gabor: {sigma: 1e9, wavelength: 2, gamma: 1e-308}", "sigma"),
        (
            "separable_wavelet: {wavelet: db3, band: LLH, level: 13}",
            "level",
        ),
        ("separable_wavelet: {wavelet: db3, band: L}", "band"),
        ("non_separable_wavelet: {level: 0}", "level"),
        (
            "riesz: {order: [0, 0, 0], filter: {non_separable_wavelet: {}}}",
            "order",
        ),
        (
            "riesz: {order: [0, 0, 1], filter: {non_separable_wavelet: {dimensions: 2}}}",
            "order",
        ),
        (
            "riesz: {order: [20, 1, 0], filter: {non_separable_wavelet: {}}}",
            "order",
        ),
    ] {
        let filter: StandardFilter = serde_saphyr::from_str(yaml).unwrap();
        match filter.response(&image, &whole(&image)) {
            Err(Error::InvalidSetting { name, .. }) => assert_eq!(name, setting, "{yaml}"),
            other => panic!("{yaml}: {other:?}"),
        }
    }
    // In range, and still too much for the numbers.
    for yaml in [
        "laplacian_of_gaussian: {sigma: 1e-200}",
        "gabor: {sigma: 1, wavelength: 1e-320}",
    ] {
        let filter: StandardFilter = serde_saphyr::from_str(yaml).unwrap();
        let found = filter.response(&image, &whole(&image));
        assert!(
            matches!(found, Err(Error::NotFinite { .. })),
            "{yaml}: {found:?}"
        );
    }
}

#[test]
fn a_plane_has_no_filter_in_space() {
    let plane = noise([1, 5, 4], [1.0; 3]);
    let plane = plane.with_dimensionality(Dimensionality::Two).unwrap();
    response("mean-3-2D-mirror", &plane);
    let filter: StandardFilter = "mean-3-3D-mirror".parse().unwrap();
    let found = filter.response(&plane, &whole(&plane));
    assert!(matches!(
        found,
        Err(Error::InvalidSetting {
            name: "dimensions",
            ..
        })
    ));
}

#[test]
fn features_are_taken_of_filtered_images_and_named_after_them() {
    let image = noise([4, 9, 8], [2.0, 1.0, 1.0]);
    let mut mask = Array3::from_elem(image.size(), 0);
    mask.slice_mut(ndarray::s![1..3, 2..7, 0..4]).fill(1);
    let mask = Mask::new(mask, *image.geometry()).unwrap();
    let mut params = Params::default();
    let filters = FILTERS.map(|name| ImageFilter::Standard(name.parse().unwrap()));
    params.images = filters.into_iter().map(ImageParams::new).collect();
    let extractor = Extractor::new(params).unwrap();
    let roi = Roi::new(&image, &mask, &extractor.params().roi).unwrap();
    let features = extractor.extract(&roi).unwrap();
    for name in FILTERS {
        let response = response(name, &image);
        let region = response.slice(ndarray::s![1..3, 2..7, 0..4]);
        let name = format!("{name}_firstorder_Mean");
        let (found, value) = features
            .iter()
            .find(|(found, _)| found.to_string() == name)
            .unwrap();
        assert_eq!(found, name.parse::<FeatureName>().unwrap());
        let expected = region.mean().unwrap();
        assert!(
            (value - expected).abs() < 1e-9,
            "{name}: {value} {expected}"
        );
    }
}

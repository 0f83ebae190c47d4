//! Separable resizing: each axis has a list of weights per output pixel, and an image is two passes.

use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

/// Kernel of the interpolation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Interpolation {
    /// Triangle of half-width `max(in / out, 1)` around half-pixel centers: a low-pass filter when the image shrinks.
    /// The same as Pillow's `BILINEAR` and torch's `bilinear` with `antialias=True`.
    BilinearAntialias,
    /// The two nearest pixels, also when the image shrinks. Speckle aliases: not for ultrasound, except to repeat
    /// what others did.
    Bilinear,
}

/// Weights of one output pixel: `Σ weights[k] in[first + k]`.
#[derive(Debug, Clone, PartialEq)]
struct Taps {
    first: usize,
    weights: Vec<f64>,
}

/// Resizes `(height, width)` to `size`, in f64.
///
/// # Panics
/// If an axis of the image or of `size` is 0.
pub(crate) fn resize(
    image: ArrayView2<'_, f64>,
    size: [usize; 2],
    interpolation: Interpolation,
) -> Array2<f64> {
    let weights = |n_in: usize, n_out: usize| match interpolation {
        Interpolation::BilinearAntialias => {
            triangle(n_in, n_out, (n_in as f64 / n_out as f64).max(1.0))
        }
        Interpolation::Bilinear => two_nearest(n_in, n_out),
    };
    separable(image, size, weights)
}

/// Mean over the area that each output pixel covers.
///
/// # Panics
/// If an axis of the image or of `size` is 0.
pub(crate) fn area(image: ArrayView2<'_, f64>, size: [usize; 2]) -> Array2<f64> {
    separable(image, size, overlap)
}

fn separable(
    image: ArrayView2<'_, f64>,
    size: [usize; 2],
    weights: impl Fn(usize, usize) -> Vec<Taps>,
) -> Array2<f64> {
    let (height, width) = image.dim();
    assert!(
        height > 0 && width > 0 && size[0] > 0 && size[1] > 0,
        "images have at least one pixel"
    );
    let columns = weights(width, size[1]);
    let mut narrow = Array2::zeros((height, size[1]));
    for (row, mut out) in image.axis_iter(Axis(0)).zip(narrow.axis_iter_mut(Axis(0))) {
        for (value, taps) in out.iter_mut().zip(&columns) {
            *value = taps
                .weights
                .iter()
                .zip(row.iter().skip(taps.first))
                .map(|(w, v)| w * v)
                .sum();
        }
    }
    let mut resized = Array2::zeros((size[0], size[1]));
    for (mut out, taps) in resized.axis_iter_mut(Axis(0)).zip(weights(height, size[0])) {
        for (k, &weight) in taps.weights.iter().enumerate() {
            out.scaled_add(weight, &narrow.row(taps.first + k));
        }
    }
    resized
}

fn triangle(n_in: usize, n_out: usize, half_width: f64) -> Vec<Taps> {
    let scale = n_in as f64 / n_out as f64;
    (0..n_out)
        .map(|i| {
            let center = scale * (i as f64 + 0.5);
            // Pixel j has its center at j + 0.5; those within the half-width take part.
            let first = (center - half_width + 0.5).max(0.0) as usize;
            let last = ((center + half_width + 0.5) as usize)
                .min(n_in)
                .max(first + 1);
            let raw: Vec<f64> = (first..last)
                .map(|j| (1.0 - ((j as f64 + 0.5 - center) / half_width).abs()).max(0.0))
                .collect();
            let total: f64 = raw.iter().sum();
            Taps {
                first,
                weights: raw.iter().map(|w| w / total).collect(),
            }
        })
        .collect()
}

fn two_nearest(n_in: usize, n_out: usize) -> Vec<Taps> {
    let scale = n_in as f64 / n_out as f64;
    (0..n_out)
        .map(|i| {
            let at = (scale * (i as f64 + 0.5) - 0.5).clamp(0.0, (n_in - 1) as f64);
            let first = at as usize;
            let share = at - first as f64;
            let weights = if first + 1 < n_in {
                vec![1.0 - share, share]
            } else {
                vec![1.0]
            };
            Taps { first, weights }
        })
        .collect()
}

fn overlap(n_in: usize, n_out: usize) -> Vec<Taps> {
    let scale = n_in as f64 / n_out as f64;
    (0..n_out)
        .map(|i| {
            let (from, to) = (scale * i as f64, scale * (i + 1) as f64);
            let first = (from as usize).min(n_in - 1);
            let last = (to.ceil() as usize).clamp(first + 1, n_in);
            let covered = |j: usize| (to.min((j + 1) as f64) - from.max(j as f64)).max(0.0);
            let raw: Vec<f64> = (first..last).map(covered).collect();
            let total: f64 = raw.iter().sum();
            Taps {
                first,
                weights: raw.iter().map(|w| w / total).collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_has_unit_weight_and_keeps_constants() {
        for (n_in, n_out) in [
            (1, 1),
            (1, 7),
            (7, 1),
            (5, 3),
            (3, 5),
            (224, 224),
            (100, 224),
            (997, 224),
        ] {
            let scale = (n_in as f64 / n_out as f64).max(1.0);
            for taps in [
                triangle(n_in, n_out, scale),
                two_nearest(n_in, n_out),
                overlap(n_in, n_out),
            ] {
                assert_eq!(taps.len(), n_out);
                for t in taps {
                    assert!((t.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                    assert!(t.first + t.weights.len() <= n_in);
                }
            }
        }
    }

    #[test]
    fn same_size_is_the_identity() {
        let image = Array2::from_shape_fn((6, 9), |(y, x)| (y * 31 + x * 7) as f64);
        for interpolation in [Interpolation::BilinearAntialias, Interpolation::Bilinear] {
            assert_eq!(resize(image.view(), [6, 9], interpolation), image);
        }
        assert_eq!(area(image.view(), [6, 9]), image);
    }

    #[test]
    fn halving_a_ramp_by_hand() {
        // Triangle of half-width 2 around 1.0: centers 0.5, 1.5, 2.5 weigh 0.75, 0.75, 0.25 over 1.75.
        let ramp = Array2::from_shape_vec((1, 4), vec![0.0, 1.0, 2.0, 3.0]).expect("four values");
        let half = resize(ramp.view(), [1, 2], Interpolation::BilinearAntialias);
        assert!((half[(0, 0)] - 1.25 / 1.75).abs() < 1e-15);
        assert_eq!(
            area(ramp.view(), [1, 2]).into_raw_vec_and_offset().0,
            [0.5, 2.5]
        );
        assert_eq!(
            resize(ramp.view(), [1, 2], Interpolation::Bilinear)
                .into_raw_vec_and_offset()
                .0,
            [0.5, 2.5]
        );
    }

    struct Fixture {
        input: Array2<f64>,
        size: [usize; 2],
        expected: serde_json::Value,
    }

    fn folder() -> std::path::PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
    }

    fn fixture(name: &str) -> Fixture {
        let folder = folder();
        let text =
            std::fs::read_to_string(folder.join(format!("resize_{name}.json"))).expect("a fixture");
        let expected: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let png = image::open(folder.join(format!("resize_{name}_input.png")))
            .expect("a PNG")
            .to_luma8();
        let (width, height) = png.dimensions();
        let input = Array2::from_shape_fn((height as usize, width as usize), |(y, x)| {
            f64::from(png.get_pixel(x as u32, y as u32).0[0])
        });
        let size = [0, 1].map(|i| expected["out_hw"][i].as_u64().expect("a size") as usize);
        Fixture {
            input,
            size,
            expected,
        }
    }

    fn worst(resized: &Array2<f64>, expected: &serde_json::Value) -> f64 {
        let expected = expected.as_array().expect("a list");
        assert_eq!(resized.len(), expected.len());
        let difference =
            |(a, e): (&f64, &serde_json::Value)| (a - e.as_f64().expect("a number")).abs();
        resized
            .iter()
            .zip(expected)
            .map(difference)
            .fold(0.0, f64::max)
    }

    #[test]
    fn matches_torch_and_pillow() {
        for name in ["down", "mixed", "odd"] {
            let f = fixture(name);
            let smooth = resize(f.input.view(), f.size, Interpolation::BilinearAntialias);
            let rounded = smooth.mapv(|v| (v + 0.5).floor());
            for (resized, key, tolerance) in [
                (&smooth, "torch_f64_antialias", 1e-10),
                (&smooth, "torch_f32_antialias", 1e-3),
                (&smooth, "pillow_f32", 3e-3),
                (&rounded, "torchvision_u8_antialias", 1.0),
                (&rounded, "pillow_u8", 1.0),
            ] {
                let worst = worst(resized, &f.expected[key]);
                assert!(worst <= tolerance, "{name} {key}: {worst}");
            }
        }
    }

    #[test]
    fn plain_bilinear_matches_torch() {
        let text =
            std::fs::read_to_string(folder().join("resize_plain_f64.json")).expect("a fixture");
        let expected: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for name in ["down", "mixed", "odd"] {
            let f = fixture(name);
            let plain = resize(f.input.view(), f.size, Interpolation::Bilinear);
            let worst = worst(&plain, &expected[name]);
            assert!(worst <= 1e-10, "{name}: {worst}");
        }
    }
}

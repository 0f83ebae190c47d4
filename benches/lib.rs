//! Shared inputs of the benchmarks: seeded synthetic images, tables and scores.

pub mod timing;

use ndarray::{Array2, Array3, Axis};
use radiomics_features::{Geometry, Mask, PixelType, Volume};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A single-slice image of speckle with an elliptic region of about `rows` by `columns` pixels in the middle of an image twice that size.
///
/// # Panics
/// Never for positive sizes: image and mask have one geometry.
pub fn speckled_ellipse(rows: usize, columns: usize, seed: u64) -> (Volume, Mask) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let size = (1, 2 * rows, 2 * columns);
    let pixels = Array3::from_shape_fn(size, |_| {
        let [re, im]: [f64; 2] = [
            StandardNormal.sample(&mut rng),
            StandardNormal.sample(&mut rng),
        ];
        (110.0 + 20.0 * re.hypot(im).max(1e-6).ln() * 2.0)
            .clamp(0.0, 255.0)
            .round()
    });
    let inside = |y: usize, x: usize| {
        let dy = (y as f64 - rows as f64) / (rows as f64 / 2.0);
        let dx = (x as f64 - columns as f64) / (columns as f64 / 2.0);
        dy * dy + dx * dx <= 1.0
    };
    let labels = Array3::from_shape_fn(size, |(_, y, x)| u32::from(inside(y, x)));
    let geometry = Geometry::new([1.0, 0.1, 0.1]).expect("positive spacing");
    let image = Volume::new(pixels, geometry, PixelType::U8).expect("whole numbers from 0 to 255");
    let mask = Mask::new(labels, geometry).expect("a label for every pixel");
    (image, mask)
}

/// A volume of smooth noise of 16 bits with a ball in its middle, ten voxels from the border on every side.
///
/// # Panics
/// Never: image and mask have one geometry.
pub fn smooth_ball(radius: usize, seed: u64) -> (Volume, Mask) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let side = 2 * (radius + 10) + 1;
    let noise = Array3::from_shape_fn((side, side, side), |_| StandardNormal.sample(&mut rng));
    let smooth = (0..3).fold(noise, |array: Array3<f64>, axis| {
        let mut smooth = array.clone();
        for step in [-1isize, 1] {
            for (mut to, from) in smooth
                .lanes_mut(Axis(axis))
                .into_iter()
                .zip(array.lanes(Axis(axis)))
            {
                for (i, value) in to.iter_mut().enumerate() {
                    let neighbor = i.saturating_add_signed(step).min(side - 1);
                    *value += 0.6 * from[neighbor];
                }
            }
        }
        smooth
    });
    let voxels = smooth.mapv(|v| (1000.0 + 100.0 * v).clamp(0.0, 4095.0).round());
    let center = (radius + 10) as f64;
    let labels = Array3::from_shape_fn((side, side, side), |(z, y, x)| {
        let squared: f64 = [z, y, x].map(|i| (i as f64 - center).powi(2)).iter().sum();
        u32::from(squared <= (radius * radius) as f64)
    });
    let geometry = Geometry::new([1.0; 3]).expect("positive spacing");
    let image = Volume::new(voxels, geometry, PixelType::I16).expect("whole numbers up to 4095");
    let mask = Mask::new(labels, geometry).expect("a label for every voxel");
    (image, mask)
}

/// A table of correlated features and an outcome that depends on the first five of them.
pub fn feature_table(
    rows: usize,
    columns: usize,
    seed: u64,
) -> (Array2<f64>, Vec<String>, Vec<bool>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values = Array2::zeros((rows, columns));
    for mut row in values.outer_iter_mut() {
        let shared: f64 = StandardNormal.sample(&mut rng);
        for value in &mut row {
            let own: f64 = StandardNormal.sample(&mut rng);
            *value = 0.5 * shared + own;
        }
    }
    let outcome = values
        .outer_iter()
        .map(|row| {
            let signal: f64 = row.iter().take(5).sum();
            rng.random::<f64>() < 1.0 / (1.0 + (-0.6 * signal).exp())
        })
        .collect();
    let names = (0..columns)
        .map(|column| format!("feature_{column}"))
        .collect();
    (values, names, outcome)
}

/// Scores of `n` subjects, half of them events, with an AUC of about .76.
pub fn scores(n: usize, seed: u64) -> (Vec<f64>, Vec<bool>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let outcome: Vec<bool> = (0..n).map(|k| k % 2 == 0).collect();
    let scores = outcome
        .iter()
        .map(|&event| {
            let noise: f64 = StandardNormal.sample(&mut rng);
            noise + f64::from(u8::from(event))
        })
        .collect();
    (scores, outcome)
}

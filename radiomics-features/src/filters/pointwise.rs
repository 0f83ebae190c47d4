//! Filters of one voxel at a time, scaled by the largest magnitude of the whole image.

use ndarray::Array3;

use crate::numbers::each_number;
use crate::roi::BoundingBox;
use crate::volume::Volume;

fn largest_magnitude(image: &Volume) -> f64 {
    each_number!(image.numbers(), values => largest_of(values))
}

fn largest_of<T: Copy + Into<f64>>(values: &[T]) -> f64 {
    values
        .iter()
        .fold(0.0, |largest: f64, &v| largest.max(v.into().abs()))
}

fn map(image: &Volume, bounds: &BoundingBox, f: impl Fn(f64) -> f64) -> Array3<f64> {
    image.part(bounds).mapv_into(f)
}

/// `x² / max|x|`, computed as `(x / √max|x|)²`.
pub(super) fn square(image: &Volume, bounds: &BoundingBox) -> Array3<f64> {
    let largest = largest_magnitude(image);
    if largest == 0.0 {
        return map(image, bounds, |_| 0.0);
    }
    let scale = 1.0 / largest.sqrt();
    map(image, bounds, |x| (scale * x) * (scale * x))
}

/// `sign(x) √(|x| max|x|)`.
pub(super) fn square_root(image: &Volume, bounds: &BoundingBox) -> Array3<f64> {
    let largest = largest_magnitude(image);
    map(image, bounds, |x| signed(x, (x.abs() * largest).sqrt()))
}

/// `sign(x) ln(|x| + 1) max|x| / max ln(|x| + 1)`.
pub(super) fn logarithm(image: &Volume, bounds: &BoundingBox) -> Array3<f64> {
    let largest = largest_magnitude(image);
    if largest == 0.0 {
        return map(image, bounds, |_| 0.0);
    }
    let scale = largest / (largest + 1.0).ln();
    map(image, bounds, |x| signed(x, (x.abs() + 1.0).ln()) * scale)
}

/// `exp(x ln(max|x|) / max|x|)`.
pub(super) fn exponential(image: &Volume, bounds: &BoundingBox) -> Array3<f64> {
    let largest = largest_magnitude(image);
    if largest == 0.0 {
        return map(image, bounds, |_| 1.0);
    }
    let scale = largest.ln() / largest;
    map(image, bounds, |x| (scale * x).exp())
}

fn signed(like: f64, magnitude: f64) -> f64 {
    if like < 0.0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::{Geometry, PixelType};
    use ndarray::arr3;

    fn image(values: [f64; 3]) -> (Volume, BoundingBox) {
        let voxels = arr3(&[[values]]);
        let image = Volume::new(voxels, Geometry::new([1.0; 3]).unwrap(), PixelType::F64).unwrap();
        let bounds = BoundingBox::whole(image.size());
        (image, bounds)
    }

    #[test]
    fn the_largest_magnitude_keeps_its_place() {
        let (image, bounds) = image([-4.0, 0.0, 1.0]);
        let close =
            |a: Array3<f64>, b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-14);
        assert!(close(square(&image, &bounds), [4.0, 0.0, 0.25]));
        assert!(close(square_root(&image, &bounds), [-4.0, 0.0, 2.0]));
        assert!(close(
            logarithm(&image, &bounds),
            [-4.0, 0.0, 4.0 * 2f64.ln() / 5f64.ln()]
        ));
        assert!(close(
            exponential(&image, &bounds),
            [0.25, 1.0, 4f64.powf(0.25)]
        ));
    }

    #[test]
    fn an_image_of_zeros_has_defined_responses() {
        let (image, bounds) = image([0.0; 3]);
        for filter in [square, square_root, logarithm] {
            assert!(filter(&image, &bounds).iter().all(|&v| v == 0.0));
        }
        assert!(exponential(&image, &bounds).iter().all(|&v| v == 1.0));
    }
}

//! Normalization of the whole image to mean 0 and standard deviation 1.
//!
//! # Differences
//! PyRadiomics takes the variance from sums of squares. Where the mean lies more than about 10^6 standard deviations from 0,
//! rounding leaves nothing of it, and its intensities are noise or infinite; here they are right.

use ndarray::Array3;

use crate::error::{Error, Result};
use crate::volume::{PixelType, Volume};

/// `scale · clip((x - mean) / sd, -outliers, outliers)`, over all voxels of the image, `sd` with divisor `n - 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Normalization {
    /// Factor applied last, `normalizeScale`. Default 1.
    pub scale: f64,
    /// Values farther than this many standard deviations from the mean are set to it, `removeOutliers`. Default: none.
    pub outliers: Option<f64>,
}

impl Default for Normalization {
    fn default() -> Self {
        Self {
            scale: 1.0,
            outliers: None,
        }
    }
}

impl Normalization {
    pub(crate) fn check(&self) -> Result<()> {
        for (name, value) in [
            ("normalizeScale", Some(self.scale)),
            ("removeOutliers", self.outliers),
        ] {
            if let Some(value) = value.filter(|v| !(v.is_finite() && *v > 0.0)) {
                let expected = "a positive number";
                return Err(Error::InvalidSetting {
                    name,
                    expected,
                    found: value.to_string(),
                });
            }
        }
        Ok(())
    }

    /// The normalized image, in 64-bit floats.
    ///
    /// # Errors
    /// [`Error::ConstantImage`] if all voxels are equal, [`Error::ValueRangeTooLarge`] if their variance, or one by it, is
    /// no 64-bit number.
    pub fn apply(&self, image: &Volume) -> Result<Volume> {
        self.check()?;
        let voxels = image.voxels();
        let n = voxels.len() as f64;
        let sum = compensated_sum(voxels.iter().copied());
        let squares = compensated_sum(voxels.iter().map(|v| v * v));
        // The operations of the reference: gray levels of few bins stand or fall with the last bit.
        let mean = sum / n;
        let mut variance = (squares - sum * sum / n) / (n - 1.0);
        // Where the mean is some 10^7 standard deviations from 0, all digits cancel: the reference has noise or infinities.
        let noise = f64::EPSILON * squares / (n - 1.0);
        if variance.is_nan() || variance * CANCELLED <= noise {
            variance = compensated_sum(voxels.iter().map(|v| (v - mean) * (v - mean))) / (n - 1.0);
        }
        let first = voxels[[0, 0, 0]];
        if voxels.iter().all(|&v| v == first) {
            return Err(Error::ConstantImage { value: first });
        }
        let factor = 1.0 / variance.sqrt();
        if !(factor.is_finite() && factor > 0.0) {
            let min = voxels.iter().copied().fold(f64::INFINITY, f64::min);
            let max = voxels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            return Err(Error::ValueRangeTooLarge { min, max });
        }
        let limit = self.outliers.unwrap_or(f64::INFINITY);
        let normalized: Array3<f64> =
            voxels.mapv(|v| ((v - mean) * factor).clamp(-limit, limit) * self.scale);
        Ok(Volume::trusted(normalized, image, PixelType::F64))
    }
}

/// The part of a variance that rounding may be, before it is computed in another way than the reference does.
const CANCELLED: f64 = 1e-3;

/// Neumaier's sum, which carries the rounding errors along.
pub(crate) fn compensated_sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0f64, 0.0);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() {
            (sum - next) + value
        } else {
            (value - next) + sum
        };
        sum = next;
    }
    sum + lost
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Geometry;
    use ndarray::arr3;

    fn image(values: [f64; 3]) -> Volume {
        Volume::new(
            arr3(&[[values]]),
            Geometry::new([1.0; 3]).unwrap(),
            PixelType::I16,
        )
        .unwrap()
    }

    #[test]
    fn three_voxels_by_hand() {
        let normalized = Normalization::default()
            .apply(&image([1.0, 2.0, 3.0]))
            .unwrap();
        assert_eq!(normalized.voxels(), arr3(&[[[-1.0, 0.0, 1.0]]]));
        let clipped = Normalization {
            scale: 100.0,
            outliers: Some(0.5),
        };
        let normalized = clipped.apply(&image([1.0, 2.0, 3.0])).unwrap();
        assert_eq!(normalized.voxels(), arr3(&[[[-50.0, 0.0, 50.0]]]));
        assert_eq!(normalized.pixel_type(), PixelType::F64);
    }

    #[test]
    fn a_small_contrast_on_a_large_offset_is_normalized() {
        let normalized = Normalization::default()
            .apply(
                &Volume::new(
                    arr3(&[[[1e12 + 1.0, 1e12 + 2.0, 1e12 + 3.0]]]),
                    Geometry::new([1.0; 3]).unwrap(),
                    PixelType::I64,
                )
                .unwrap(),
            )
            .unwrap();
        assert_eq!(normalized.voxels(), arr3(&[[[-1.0, 0.0, 1.0]]]));
    }

    #[test]
    fn a_variance_beyond_64_bits_is_an_error() {
        let voxels = arr3(&[[[-1e160, 0.0, 1e160]]]);
        let image = Volume::new(voxels, Geometry::new([1.0; 3]).unwrap(), PixelType::F64).unwrap();
        let err = Normalization::default().apply(&image).unwrap_err();
        assert!(matches!(err, Error::ValueRangeTooLarge { max: 1e160, .. }));
    }

    #[test]
    fn sums_keep_what_cancels() {
        assert_eq!(compensated_sum([1e16, 1.0, -1e16, 1.0].into_iter()), 2.0);
    }

    #[test]
    fn a_constant_image_has_no_standard_deviation() {
        let err = Normalization::default()
            .apply(&image([7.0; 3]))
            .unwrap_err();
        assert!(matches!(err, Error::ConstantImage { value: 7.0 }));
    }
}

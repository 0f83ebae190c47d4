//! Re-segmentation: leaving voxels out of the region by their intensity.

use ndarray::{Array3, ArrayView3, Zip};

use crate::error::{Error, Result};
use crate::rows::n_inside;
use crate::volume::PixelType;

/// Keeps the voxels whose intensity lies in a closed interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resegmentation {
    /// Smallest intensity kept, in the unit of `mode`.
    pub lower: f64,
    /// Largest intensity kept. Default in PyRadiomics, with one value: no limit.
    pub upper: Option<f64>,
    /// What the limits mean.
    pub mode: ResegmentMode,
    /// Which region the shape features describe.
    pub shape: ResegmentShape,
}

/// What the limits of a re-segmentation mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ResegmentMode {
    /// Intensities.
    #[default]
    Absolute,
    /// Fractions of the largest intensity in the region.
    Relative,
    /// Standard deviations (divisor n) from the mean of the region.
    Sigma,
}

/// Which region the shape features describe after a re-segmentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ResegmentShape {
    /// The original one, but cut to the box of the re-segmented one, as PyRadiomics does.
    #[default]
    Original,
    /// The original one as it is: IBSI's morphological mask.
    Whole,
    /// The re-segmented one.
    Resegmented,
}

/// Leaves voxels out of the region whose intensity is an outlier: more than `sigmas` standard deviations (divisor n) from the mean
/// of the region, IBSI 7ACA. Together with a [`Resegmentation`] the voxels inside both intervals are kept; mean and deviation are
/// those of the region before either.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutlierFilter {
    /// Number of standard deviations; usually 3.
    pub sigmas: f64,
}

impl OutlierFilter {
    pub(crate) fn check(&self) -> Result<()> {
        if self.sigmas.is_finite() && self.sigmas > 0.0 {
            return Ok(());
        }
        Err(Error::InvalidSetting {
            name: "outliers",
            expected: "a positive number of standard deviations",
            found: self.sigmas.to_string(),
        })
    }

    /// The same as an interval.
    pub(crate) fn interval(&self) -> Resegmentation {
        Resegmentation {
            lower: -self.sigmas,
            upper: Some(self.sigmas),
            mode: ResegmentMode::Sigma,
            shape: ResegmentShape::Whole,
        }
    }
}

/// The part of a mask inside all of the intervals, each of which is found from the whole mask. Arrays are of one shape.
///
/// # Errors
/// [`Error::ResegmentedAway`] if at most one voxel is left, [`Error::InvalidSetting`].
pub(crate) fn keep_inside_all(
    intervals: &[Resegmentation],
    values: ArrayView3<'_, f64>,
    mask: ArrayView3<'_, bool>,
    pixel_type: PixelType,
) -> Result<Array3<bool>> {
    let mut kept = mask.to_owned();
    for interval in intervals {
        let inside = interval.apply(values, mask, pixel_type)?;
        kept.zip_mut_with(&inside, |kept, &inside| *kept &= inside);
    }
    let n_voxels = n_inside(kept.view());
    if n_voxels <= 1 {
        let before = n_inside(mask);
        return Err(Error::ResegmentedAway { n_voxels, before });
    }
    Ok(kept)
}

impl Resegmentation {
    pub(crate) fn check(&self) -> Result<()> {
        let upper = self.upper.unwrap_or(self.lower);
        if !(self.lower.is_finite() && upper.is_finite() && self.lower <= upper) {
            let (name, expected) = (
                "resegmentRange",
                "one or two finite numbers, in ascending order",
            );
            let found = format!("{:?} to {:?}", self.lower, self.upper);
            return Err(Error::InvalidSetting {
                name,
                expected,
                found,
            });
        }
        Ok(())
    }

    /// The part of `mask` that is kept. Arrays are of one shape. The intensities of a 32-bit float image are compared with
    /// limits rounded to 32 bits, as PyRadiomics does, so that a voxel of 0.1 lies inside a range that ends at 0.1.
    ///
    /// # Errors
    /// [`Error::ResegmentedAway`] if at most one voxel is left.
    pub fn apply(
        &self,
        values: ArrayView3<'_, f64>,
        mask: ArrayView3<'_, bool>,
        pixel_type: PixelType,
    ) -> Result<Array3<bool>> {
        self.check()?;
        let inside: Vec<f64> = values
            .iter()
            .zip(&mask)
            .filter(|&(_, &inside)| inside)
            .map(|(&v, _)| v)
            .collect();
        let before = inside.len();
        let threshold = self.threshold(&inside);
        let to_intensity = |limit| match pixel_type {
            PixelType::F32 => f64::from(threshold(limit) as f32),
            _ => threshold(limit),
        };
        // A negative maximum turns the order of relative limits; PyRadiomics keeps it and finds nothing.
        let lower = to_intensity(self.lower);
        let upper = self.upper.map_or(f64::INFINITY, &to_intensity);
        let mut kept = Array3::from_elem(mask.dim(), false);
        Zip::from(&mut kept)
            .and(values)
            .and(mask)
            .for_each(|kept, &v, &inside| {
                *kept = inside && v >= lower && v <= upper;
            });
        let n_voxels = n_inside(kept.view());
        if n_voxels <= 1 {
            return Err(Error::ResegmentedAway { n_voxels, before });
        }
        Ok(kept)
    }

    fn threshold(&self, inside: &[f64]) -> impl Fn(f64) -> f64 + use<> {
        let n = inside.len() as f64;
        let (offset, factor) = match self.mode {
            ResegmentMode::Absolute => (0.0, 1.0),
            ResegmentMode::Relative => (
                0.0,
                inside.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            ),
            ResegmentMode::Sigma => {
                // About the first value, so that the mean of equal values is that value.
                let origin = inside.first().copied().unwrap_or(0.0);
                let mean = inside.iter().map(|v| v - origin).sum::<f64>() / n + origin;
                let variance = inside.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
                (mean, variance.sqrt())
            }
        };
        move |limit| offset + factor * limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr3;

    fn kept(lower: f64, upper: Option<f64>, mode: ResegmentMode) -> Result<Vec<bool>> {
        let values = arr3(&[[[1.0, 2.0, 3.0, 4.0, 100.0]]]);
        let mask = arr3(&[[[true, true, true, true, false]]]);
        let resegmentation = Resegmentation {
            lower,
            upper,
            mode,
            shape: ResegmentShape::default(),
        };
        let kept = resegmentation.apply(values.view(), mask.view(), PixelType::F64)?;
        Ok(kept.into_raw_vec_and_offset().0)
    }

    #[test]
    fn intervals_are_closed() {
        let absolute = kept(2.0, Some(3.0), ResegmentMode::Absolute).unwrap();
        assert_eq!(absolute, [false, true, true, false, false]);
        let relative = kept(0.5, None, ResegmentMode::Relative).unwrap();
        assert_eq!(relative, [false, true, true, true, false]);
        // Mean 2.5, standard deviation 1.118.
        let sigma = kept(-1.0, Some(1.0), ResegmentMode::Sigma).unwrap();
        assert_eq!(sigma, [false, true, true, false, false]);
    }

    #[test]
    fn two_intervals_keep_what_is_inside_both() {
        let values = arr3(&[[[1.0, 2.0, 2.5, 3.0, 4.0, 100.0]]]);
        let mask = arr3(&[[[true, true, true, true, true, false]]]);
        let range = Resegmentation {
            lower: 2.0,
            upper: None,
            mode: ResegmentMode::Absolute,
            shape: ResegmentShape::Whole,
        };
        // Mean 2.5 and deviation 1 of all five voxels, not of the four in the range.
        let both = [range, OutlierFilter { sigmas: 1.0 }.interval()];
        let kept = keep_inside_all(&both, values.view(), mask.view(), PixelType::F64).unwrap();
        assert_eq!(
            kept.into_raw_vec_and_offset().0,
            [false, true, true, true, false, false]
        );
    }

    #[test]
    fn limits_of_32_bit_images_are_32_bit() {
        // 0.1 as a 32-bit number is above 0.1.
        let values = arr3(&[[[0.05, 0.1, 0.1, 0.2].map(|v: f64| f64::from(v as f32))]]);
        let resegmentation = Resegmentation {
            lower: 0.0,
            upper: Some(0.1),
            mode: ResegmentMode::Absolute,
            shape: ResegmentShape::default(),
        };
        let kept = |pixel_type| {
            let mask = Array3::from_elem(values.dim(), true);
            let kept = resegmentation.apply(values.view(), mask.view(), pixel_type);
            kept.map(|kept| kept.iter().filter(|&&k| k).count())
        };
        assert_eq!(kept(PixelType::F32).unwrap(), 3);
        assert!(matches!(
            kept(PixelType::F64),
            Err(Error::ResegmentedAway { n_voxels: 1, .. })
        ));
    }

    #[test]
    fn a_flat_region_is_kept_by_any_number_of_deviations() {
        let values = Array3::from_elem((1, 3, 7), 0.1);
        let resegmentation = Resegmentation {
            lower: -1.0,
            upper: Some(1.0),
            mode: ResegmentMode::Sigma,
            shape: ResegmentShape::default(),
        };
        let mask = Array3::from_elem(values.dim(), true);
        let kept = resegmentation
            .apply(values.view(), mask.view(), PixelType::F64)
            .unwrap();
        assert!(kept.iter().all(|&k| k));
    }

    #[test]
    fn at_least_two_voxels_must_be_left() {
        let err = kept(4.0, None, ResegmentMode::Absolute).unwrap_err();
        assert!(matches!(
            err,
            Error::ResegmentedAway {
                n_voxels: 1,
                before: 4
            }
        ));
        assert!(matches!(
            kept(3.0, Some(2.0), ResegmentMode::Absolute),
            Err(Error::InvalidSetting { .. })
        ));
    }
}

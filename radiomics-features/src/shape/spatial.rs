//! How intensities lie in a region.
//!
//! Symbols: `X` the `N` intensities inside the intensity mask, `µ` their mean, `V` the volume of the mesh around the
//! morphological mask, `w_ij = 1 / |p_i - p_j|` the inverse distance of two voxel centers in mm, `W = Σ w_ij` over all ordered
//! pairs of different voxels of the intensity mask.
//!
//! All pairs are counted, whatever their number: see [`PairSums`].
//!
//! Reference: IBSI reference manual, morphological features (HCUG), arXiv:1612.07003.

use ndarray::{Array3, ArrayView3, Zip};

use super::ShapeFeatures;
use super::autocorrelation::PairSums;
use crate::discretize::{check_spacing, same_shape};
use crate::feature_table::feature_table;
use crate::firstorder::Mean;
use crate::roi::BoundingBox;
use crate::{Error, Result};

feature_table! {
    /// Features of the intensities and their places. Symbols:
    ///
    /// ```text
    /// X  the N intensities inside the intensity mask, µ their mean
    /// V  volume of the mesh around the morphological mask
    /// w  inverse distance of two voxel centers in mm, W its sum over all ordered pairs of different voxels
    /// ```
    pub struct SpatialFeatures from s: &Measures {
        /// Center of mass shift: the distance of the mean voxel center of the morphological mask from that of the intensity mask
        /// weighted by intensity, `Σ X p / Σ X`; mm. 0 for equal masks and intensities; NaN if the intensities add up to 0.
        center_of_mass_shift (ibsi "KLMA" "morph_com") = s.shift;
        /// Integrated intensity `µ V`; intensity units times mm³.
        integrated_intensity (ibsi "99N0" "morph_integ_int") = s.mean * s.mesh_volume;
        /// Moran's I, `N Σ w_ij (X_i - µ) (X_j - µ) / (W Σ (X_i - µ)²)`: near 1 if neighbors are alike, `-1 / (N - 1)` on average
        /// for intensities in random order, negative if they differ. NaN for one voxel and for a flat region.
        moran_i (ibsi "N365" "morph_moran_i") = s.n * s.pairs.products / (s.pairs.weights * s.sum_of_squares);
        /// Geary's C, `(N - 1) Σ w_ij (X_i - X_j)² / (2 W Σ (X_i - µ)²)`: 1 on average for intensities in random order, smaller
        /// if neighbors are alike. NaN for one voxel and for a flat region.
        geary_c (ibsi "NPT7" "morph_geary_c") = (s.n - 1.0) * (s.pairs.squares - s.pairs.products) / (s.pairs.weights * s.sum_of_squares);
    }
}

impl SpatialFeatures {
    /// The features of a region. `values` and the two masks are `(z, y, x)` and of one shape, `spacing` in mm per axis, `shape` the
    /// features of the morphological mask.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if the shapes differ, [`Error::InvalidSpacing`] if a spacing is not a positive number,
    /// [`Error::EmptyMask`] if one of the masks has no voxel, [`Error::RegionTooLarge`] if a side of the intensity mask's box is
    /// longer than 65,535 voxels, [`Error::NotFinite`] if an intensity inside the mask is NaN or infinite.
    pub fn new(
        values: ArrayView3<'_, f64>,
        morphological: ArrayView3<'_, bool>,
        intensity: ArrayView3<'_, bool>,
        spacing: [f64; 3],
        shape: &ShapeFeatures,
    ) -> Result<Self> {
        same_shape(values.dim(), morphological.dim())?;
        same_shape(values.dim(), intensity.dim())?;
        check_spacing(spacing)?;
        let bounds = BoundingBox::around(intensity).ok_or(Error::EmptyMask)?;
        if bounds.size.iter().any(|&side| side > usize::from(u16::MAX)) {
            return Err(Error::RegionTooLarge { shape: bounds.size });
        }
        let center = Centroid::of(morphological).ok_or(Error::EmptyMask)?.place;
        let intensity = bounds.slice(intensity).as_standard_layout().into_owned();
        let deviations = Deviations::new(bounds.slice(values), &intensity, bounds.start)?;
        Ok(Self::compute(&Measures {
            n: deviations.n,
            mean: deviations.mean,
            mesh_volume: shape.mesh_volume,
            shift: deviations.center_of_mass_shift(&intensity, bounds.start, center, spacing),
            sum_of_squares: deviations.scaled.iter().map(|d| d * d).sum(),
            pairs: PairSums::new(&intensity, &deviations.scaled, spacing),
        }))
    }
}

/// What the features are made of. Sums have [scaled deviations](Deviations::scaled).
struct Measures {
    n: f64,
    mean: f64,
    mesh_volume: f64,
    shift: f64,
    sum_of_squares: f64,
    pairs: PairSums,
}

/// Deviations of intensities from their mean.
struct Deviations {
    n: f64,
    mean: f64,
    /// The largest deviation.
    largest: f64,
    /// Divided by the largest, so that no square is too large or too small; 0 outside the mask.
    scaled: Array3<f64>,
}

impl Deviations {
    /// `start` is where the arrays were cut out, for the error's voxel.
    fn new(values: ArrayView3<'_, f64>, mask: &Array3<bool>, start: [usize; 3]) -> Result<Self> {
        let mut inside = Vec::new();
        Zip::from(values).and(mask).for_each(|&value, &is_inside| {
            if is_inside {
                inside.push(value);
            }
        });
        if !inside
            .iter()
            .fold(true, |all, value| all & value.is_finite())
        {
            let mut voxels = values.indexed_iter().filter(|&(at, _)| mask[at]);
            let found = voxels.find(|(_, value)| !value.is_finite());
            let ((z, y, x), &value) = found.expect("a value that is not finite was just seen");
            let [z, y, x] = [z + start[0], y + start[1], x + start[2]];
            return Err(Error::NotFinite { z, y, x, value });
        }
        let mean = Mean::of(&inside);
        let deviations = inside.iter().map(|&x| mean.deviation(x).abs());
        let largest = deviations.fold(0.0, f64::max);
        let mut scaled = Array3::zeros(mask.dim());
        Zip::from(&mut scaled)
            .and(values)
            .and(mask)
            .for_each(|scaled, &value, &is_inside| {
                if is_inside && largest > 0.0 {
                    *scaled = mean.deviation(value) / largest;
                }
            });
        Ok(Self {
            n: inside.len() as f64,
            mean: mean.value(),
            largest,
            scaled,
        })
    }

    /// The distance of `center`, in voxels, from the mean place of the mask's voxels weighted by intensity:
    /// `Σ X p / Σ X = p̄ + Σ (X - µ) (p - p̄) / (N µ)`, which a large offset of the intensities does not round.
    fn center_of_mass_shift(
        &self,
        mask: &Array3<bool>,
        start: [usize; 3],
        center: [f64; 3],
        spacing: [f64; 3],
    ) -> f64 {
        let Some(Centroid { place, n }) = Centroid::of(mask.view()) else {
            return f64::NAN;
        };
        let mut moments = [0.0; 3];
        for (z, plane) in self.scaled.outer_iter().enumerate() {
            for (y, row) in plane.outer_iter().enumerate() {
                let (mut sum, mut along) = (0.0, 0.0);
                for (x, &deviation) in row.iter().enumerate() {
                    sum += deviation;
                    along += deviation * (x as f64 - place[2]);
                }
                moments[0] += sum * (z as f64 - place[0]);
                moments[1] += sum * (y as f64 - place[1]);
                moments[2] += along;
            }
        }
        let total = n * self.mean;
        if total == 0.0 {
            return f64::NAN;
        }
        let squared: f64 = (0..3)
            .map(|axis| {
                let weighted =
                    place[axis] + start[axis] as f64 + self.largest * moments[axis] / total;
                let mm = (center[axis] - weighted) * spacing[axis];
                mm * mm
            })
            .sum();
        squared.sqrt()
    }
}

/// The mean place of the voxels of a mask.
struct Centroid {
    place: [f64; 3],
    n: f64,
}

impl Centroid {
    fn of(mask: ArrayView3<'_, bool>) -> Option<Self> {
        let (mut n, mut sums) = (0u64, [0u64; 3]);
        for (z, plane) in mask.outer_iter().enumerate() {
            for (y, row) in plane.outer_iter().enumerate() {
                let (mut count, mut along) = (0, 0);
                for (x, &inside) in row.iter().enumerate() {
                    count += u64::from(inside);
                    along += u64::from(inside) * x as u64;
                }
                n += count;
                sums[0] += count * z as u64;
                sums[1] += count * y as u64;
                sums[2] += along;
            }
        }
        (n > 0).then(|| Self {
            place: sums.map(|sum| sum as f64 / n as f64),
            n: n as f64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ShapeParams;

    fn features(values: &Array3<f64>, mask: &Array3<bool>) -> Result<SpatialFeatures> {
        let spacing = [2.0, 1.0, 0.5];
        let shape = ShapeFeatures::new(mask.view(), spacing, &ShapeParams::default())?;
        SpatialFeatures::new(values.view(), mask.view(), mask.view(), spacing, &shape)
    }

    #[test]
    fn three_voxels_by_hand() {
        let values = ndarray::arr3(&[[[1.0, 2.0, 6.0]]]);
        let f = features(&values, &values.mapv(|_| true)).expect("features");
        // Deviations -2 -1 3; distances 0.5, 0.5, 1, weights 2, 2, 1, each twice.
        let (weights, squares) = (10.0, 14.0);
        let products = 2.0 * (2.0 * 2.0 - 2.0 * 3.0 - 6.0);
        let differences = 2.0 * (2.0 * 1.0 + 2.0 * 16.0 + 25.0);
        approx::assert_relative_eq!(
            f.moran_i,
            3.0 * products / (weights * squares),
            max_relative = 1e-14
        );
        approx::assert_relative_eq!(
            f.geary_c,
            2.0 * differences / (2.0 * weights * squares),
            max_relative = 1e-14
        );
        // Weighted mean of 0, 1, 2: 14/9, against 1.
        approx::assert_relative_eq!(
            f.center_of_mass_shift,
            0.5 * 5.0 / 9.0,
            max_relative = 1e-14
        );
        approx::assert_relative_eq!(
            f.integrated_intensity,
            3.0 * (1.0 + 1.0 / 6.0),
            max_relative = 1e-13
        );
    }

    #[test]
    fn flat_and_single_voxels_have_no_correlation() {
        let flat = Array3::from_elem((2, 3, 4), 0.1);
        let f = features(&flat, &flat.mapv(|_| true)).expect("features");
        assert!(f.moran_i.is_nan() && f.geary_c.is_nan());
        assert_eq!(f.center_of_mass_shift, 0.0);
        let voxel = Array3::from_elem((1, 1, 1), 3.0);
        let f = features(&voxel, &voxel.mapv(|_| true)).expect("features");
        assert!(f.moran_i.is_nan() && f.geary_c.is_nan());
        assert_eq!(f.center_of_mass_shift, 0.0);
        let balanced = ndarray::arr3(&[[[1.0, -1.0]]]);
        let f = features(&balanced, &balanced.mapv(|_| true)).expect("features");
        assert!(f.center_of_mass_shift.is_nan());
    }

    #[test]
    fn offset_and_scale_do_not_matter_to_correlation() {
        let mask = Array3::from_shape_fn((4, 5, 6), |(z, y, x)| (z + 2 * y + 3 * x) % 4 != 0);
        let values =
            Array3::from_shape_fn((4, 5, 6), |(z, y, x)| ((z * 7 + y * 3 + x * 5) % 11) as f64);
        let (plain, moved, large) = (
            features(&values, &mask).expect("features"),
            features(&values.mapv(|v| 1e9 + v), &mask).expect("features"),
            features(&values.mapv(|v| 1e200 * v), &mask).expect("features"),
        );
        for other in [moved, large] {
            approx::assert_relative_eq!(other.moran_i, plain.moran_i, max_relative = 1e-9);
            approx::assert_relative_eq!(other.geary_c, plain.geary_c, max_relative = 1e-12);
        }
    }

    #[test]
    fn unusable_input_is_an_error() {
        let values = Array3::from_shape_fn(
            (1, 2, 3),
            |(_, y, x)| if y + x == 3 { f64::NAN } else { 1.0 },
        );
        let error = features(&values, &values.mapv(|_| true));
        assert!(
            matches!(
                error,
                Err(Error::NotFinite {
                    z: 0,
                    y: 1,
                    x: 2,
                    ..
                })
            ),
            "{error:?}"
        );
        assert!(features(&values, &values.mapv(f64::is_finite)).is_ok());
        assert!(matches!(
            features(&values, &values.mapv(|_| false)),
            Err(Error::EmptyMask)
        ));
    }
}

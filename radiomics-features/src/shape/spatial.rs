//! How intensities lie in a region.
//!
//! Symbols: `X` the `N` intensities inside the intensity mask, `µ` their mean, `V` the volume of the mesh around the
//! morphological mask, `w_ij = 1 / |p_i - p_j|` the inverse distance of two voxel centers in mm, `W = Σ w_ij` over all ordered
//! pairs of different voxels of the intensity mask.
//!
//! All pairs are counted, whatever their number: see [`PairSums`].
//!
//! Reference: IBSI reference manual, morphological features (HCUG), arXiv:1612.07003.

use ndarray::ArrayView3;

use super::ShapeFeatures;
use super::autocorrelation::{Field, PairSums, Score};
use crate::discretize::{check_spacing, finite_range, same_shape};
use crate::feature_table::feature_table;
use crate::firstorder::{Mean, sum};
use crate::roi::BoundingBox;
use crate::rows::{contiguous, values_inside};
use crate::wide::{blocks, wide};
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
        let field = Field {
            mask: bounds.slice(intensity),
            values: bounds.slice(values),
        };
        let intensities = values_inside(field.values, field.mask);
        let mean = Mean::of(&intensities);
        if !mean.value().is_finite() {
            finite_range(field.values, field.mask, bounds.start)?;
        }
        let score = Score::of(&intensities, mean);
        Ok(Self::compute(&Measures {
            n: intensities.len() as f64,
            mean: mean.value(),
            mesh_volume: shape.mesh_volume,
            shift: center_of_mass_shift(field, score, bounds.start, center, spacing),
            sum_of_squares: sum(&intensities, |x| score.of_value(x) * score.of_value(x)),
            pairs: PairSums::new(field, score, spacing),
        }))
    }
}

/// What the features are made of. Sums have [scores](Score).
struct Measures {
    n: f64,
    mean: f64,
    mesh_volume: f64,
    shift: f64,
    sum_of_squares: f64,
    pairs: PairSums,
}

/// The distance of `center`, in voxels, from the mean place of the mask's voxels weighted by intensity:
/// `Σ X p / Σ X = p̄ + Σ (X - µ) (p - p̄) / (N µ)`, which a large offset of the intensities does not round.
fn center_of_mass_shift(
    field: Field<'_>,
    score: Score,
    start: [usize; 3],
    center: [f64; 3],
    spacing: [f64; 3],
) -> f64 {
    let Some(Centroid { place, n }) = Centroid::of(field.mask) else {
        return f64::NAN;
    };
    let mut moments = [0.0; 3];
    for (z, (values, mask)) in (field.values.outer_iter().zip(field.mask.outer_iter())).enumerate()
    {
        for (y, (values, mask)) in values.outer_iter().zip(mask.outer_iter()).enumerate() {
            let [sum, along] = row_moments(&contiguous(values), &contiguous(mask), score, place[2]);
            moments[0] += sum * (z as f64 - place[0]);
            moments[1] += sum * (y as f64 - place[1]);
            moments[2] += along;
        }
    }
    let total = n * score.mean.value();
    if total == 0.0 {
        return f64::NAN;
    }
    let squared: f64 = (0..3)
        .map(|axis| {
            let weighted = place[axis] + start[axis] as f64 + moments[axis] / score.scale / total;
            let mm = (center[axis] - weighted) * spacing[axis];
            mm * mm
        })
        .sum();
    squared.sqrt()
}

/// `[Σ z, Σ z (x - center)]` of the scores `z` of a row, in several partial sums.
fn row_moments(values: &[f64], mask: &[bool], score: Score, center: f64) -> [f64; 2] {
    const LANES: usize = 8;
    let sums = wide(
        #[inline(always)]
        || {
            let mut sums = [[0.0; LANES]; 2];
            let mut places: [f64; LANES] = std::array::from_fn(|lane| lane as f64 - center);
            for (values, mask) in
                blocks::<LANES, _>(values, 0.0).zip(blocks::<LANES, _>(mask, false))
            {
                for lane in 0..LANES {
                    let score = score.inside(values[lane], mask[lane]);
                    sums[0][lane] += score;
                    sums[1][lane] += score * places[lane];
                    places[lane] += LANES as f64;
                }
            }
            sums
        },
    );
    sums.map(|lanes| lanes.iter().sum())
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
    use ndarray::Array3;

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

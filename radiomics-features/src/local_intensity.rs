//! Local intensity: peaks, averaged over a ball of 1 cm³.
//!
//! The ball around a voxel has the radius `(3 / (4 π))^(1/3)` cm, 6.2 mm; it holds the voxels whose centers lie in it, inside or
//! outside the region but inside the image. Where the image ends, the mean is over what there is.
//!
//! The sum over a ball is a sum of rows, and the sum over part of a row a difference of two sums from its start. So each voxel
//! costs one addition per row of the ball, whatever the ball's length along x.
//!
//! Reference: IBSI reference manual, local intensity features (9ST6), arXiv:1612.07003.

use std::f64::consts::PI;

use ndarray::ArrayView3;

use crate::discretize::check_spacing;
use crate::feature_table::feature_table;
use crate::firstorder::Mean;
use crate::par::map_indexed;
use crate::roi::BoundingBox;
use crate::wide::wide;
use crate::{Error, Result};

feature_table! {
    /// Local intensity features; see the [module documentation](self).
    pub struct LocalIntensityFeatures from p: &Peaks {
        /// Local intensity peak: the mean over the ball around the region's brightest voxel, of several such voxels the largest;
        /// intensity units.
        local_intensity_peak (ibsi "VJGA" "loc_peak_loc") = p.local;
        /// Global intensity peak: the largest mean over the ball around any voxel of the region; intensity units. At least the
        /// local peak.
        global_intensity_peak (ibsi "0F91" "loc_peak_glob") = p.global;
    }
}

impl LocalIntensityFeatures {
    /// The features of a region. `image` is all of the image, `(z, y, x)`; `mask` the intensity mask in a box of it, whose first
    /// voxel is at `start`; `spacing` in mm per axis.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if the box reaches beyond the image, [`Error::InvalidSpacing`] if a spacing is not a positive
    /// number, [`Error::EmptyMask`] if the mask has no voxel, [`Error::NotFinite`] if an intensity is NaN or infinite in the
    /// region's box or in what balls around it reach.
    pub fn new(
        image: ArrayView3<'_, f64>,
        mask: ArrayView3<'_, bool>,
        start: [usize; 3],
        spacing: [f64; 3],
    ) -> Result<Self> {
        check_spacing(spacing)?;
        let [size, of_mask] = [image.dim(), mask.dim()].map(|(z, y, x)| [z, y, x]);
        let ends = [0, 1, 2].map(|axis| start[axis].saturating_add(of_mask[axis]));
        if (0..3).any(|axis| ends[axis] > size[axis]) {
            return Err(Error::ShapeMismatch {
                image: size,
                mask: ends,
            });
        }
        let tight = BoundingBox::around(mask).ok_or(Error::EmptyMask)?;
        let mask = tight.slice(mask);
        let bounds = BoundingBox {
            start: [0, 1, 2].map(|axis| start[axis] + tight.start[axis]),
            size: tight.size,
        };
        let ball = Ball::new(spacing, size);
        let region = Region::new(image, mask, bounds, &ball)?;
        let planes = map_indexed(bounds.size[0], |z| region.peaks_of_plane(z, &ball));
        Ok(Self::compute(
            &planes.into_iter().fold(Peaks::NONE, Peaks::and),
        ))
    }
}

/// The radius of a ball of 1 cm³; mm.
fn radius() -> f64 {
    10.0 * (3.0 / (4.0 * PI)).cbrt()
}

/// How many voxels a ball reaches from its center along z, y and x; none is looked at beyond.
pub(crate) fn reach(spacing: [f64; 3]) -> [usize; 3] {
    spacing.map(|mm| (radius() / mm).ceil() as usize)
}

/// What has been found among some voxels.
#[derive(Debug, Clone, Copy)]
struct Peaks {
    /// The largest intensity.
    brightest: f64,
    /// The largest mean around a voxel of that intensity.
    local: f64,
    /// The largest mean.
    global: f64,
}

impl Peaks {
    const NONE: Self = Self {
        brightest: f64::NEG_INFINITY,
        local: f64::NEG_INFINITY,
        global: f64::NEG_INFINITY,
    };

    /// Among these voxels and others.
    fn and(self, other: Self) -> Self {
        let local = if self.brightest == other.brightest {
            self.local.max(other.local)
        } else if self.brightest > other.brightest {
            self.local
        } else {
            other.local
        };
        Self {
            brightest: self.brightest.max(other.brightest),
            local,
            global: self.global.max(other.global),
        }
    }
}

/// The rows of a ball of voxels.
struct Ball {
    rows: Vec<BallRow>,
    /// Largest distances of its voxels from the middle along z, y, x.
    reach: [usize; 3],
}

/// A row: from `x - half` to `x + half`.
#[derive(Debug, Clone, Copy)]
struct BallRow {
    z: isize,
    y: isize,
    half: usize,
}

impl Ball {
    /// No row is farther away, or longer, than an image of this size has voxels.
    fn new(spacing: [f64; 3], size: [usize; 3]) -> Self {
        let squared = radius() * radius();
        let half = |axis: usize, squared: f64| {
            let mm = spacing[axis];
            let within = |n: usize| (n as f64 * mm) * (n as f64 * mm) <= squared;
            let near = ((squared.sqrt() / mm).min(size[axis] as f64) as usize).saturating_add(1);
            // The quotient is rounded.
            let largest = (near.saturating_sub(2)..=near).rev().find(|&n| within(n));
            largest.unwrap_or(0).min(size[axis] - 1)
        };
        let reach_z = half(0, squared) as isize;
        let mut rows = Vec::new();
        let mut reach = [reach_z as usize, 0, 0];
        for z in -reach_z..=reach_z {
            let mm = z as f64 * spacing[0];
            let in_plane = squared - mm * mm;
            let reach_y = half(1, in_plane) as isize;
            reach[1] = reach[1].max(reach_y as usize);
            for y in -reach_y..=reach_y {
                let mm = y as f64 * spacing[1];
                let half = half(2, in_plane - mm * mm);
                reach[2] = reach[2].max(half);
                rows.push(BallRow { z, y, half });
            }
        }
        Self { rows, reach }
    }
}

/// Numbers added side by side.
const LANES: usize = 16;

/// A region, and the sums along the rows around it.
struct Region<'a> {
    image: ArrayView3<'a, f64>,
    mask: ArrayView3<'a, bool>,
    bounds: BoundingBox,
    /// The first plane and row of the image of which there are sums.
    first: [usize; 2],
    /// Of each such row, the sums of the deviations from the region's mean before a voxel, from `reach` before the box to `reach`
    /// behind it. Voxels outside the image count as 0.
    sums: Vec<f64>,
    /// Rows of a plane, and sums of a row.
    n_rows: [usize; 2],
    length: usize,
    mean: f64,
}

/// A row of sums that a ball takes in, and half its length there.
type Taken = (usize, usize);

impl<'a> Region<'a> {
    fn new(
        image: ArrayView3<'a, f64>,
        mask: ArrayView3<'a, bool>,
        bounds: BoundingBox,
        ball: &Ball,
    ) -> Result<Self> {
        let (nz, ny, nx) = image.dim();
        let low = [0, 1, 2].map(|axis| bounds.start[axis].saturating_sub(ball.reach[axis]));
        let high = [(0, nz), (1, ny), (2, nx)]
            .map(|(axis, n)| (bounds.start[axis] + bounds.size[axis] + ball.reach[axis]).min(n));
        let around = image.slice_move(ndarray::s![
            low[0]..high[0],
            low[1]..high[1],
            low[2]..high[2]
        ]);
        check_finite(around, low)?;
        let inside: Vec<f64> = bounds
            .slice(image)
            .iter()
            .zip(mask)
            .filter_map(|(&value, &is_inside)| is_inside.then_some(value))
            .collect();
        let mean = Mean::of(&inside).value();
        let length = bounds.size[2] + 2 * ball.reach[2] + 1;
        let n_rows = [high[0] - low[0], high[1] - low[1]];
        let outside = ball.reach[2] - (bounds.start[2] - low[2]);
        let planes = map_indexed(n_rows[0], |z| {
            let mut sums = vec![0.0; n_rows[1] * length];
            for (y, sums) in sums.chunks_exact_mut(length).enumerate() {
                let row = around.slice_move(ndarray::s![z, y, ..]);
                let mut sum = 0.0;
                let (used, rest) = sums[outside + 1..].split_at_mut(row.len());
                for (place, value) in used.iter_mut().zip(row) {
                    sum += value - mean;
                    *place = sum;
                }
                rest.fill(sum);
            }
            sums
        });
        let mut sums = planes.concat();
        // Lanes behind the last row.
        sums.resize(sums.len() + LANES, 0.0);
        Ok(Self {
            image,
            mask,
            bounds,
            first: [low[0], low[1]],
            sums,
            n_rows,
            length,
            mean,
        })
    }

    fn peaks_of_plane(&self, z: usize, ball: &Ball) -> Peaks {
        let mut peaks = Peaks::NONE;
        let mut taken = Vec::with_capacity(ball.rows.len());
        let mut totals = vec![0.0; self.bounds.size[2].next_multiple_of(LANES)];
        for (y, inside) in self
            .mask
            .index_axis(ndarray::Axis(0), z)
            .outer_iter()
            .enumerate()
        {
            let Some(first) = inside.iter().position(|&inside| inside) else {
                continue;
            };
            self.take_rows([z, y], ball, &mut taken);
            add_up(&self.sums, &taken, ball.reach[2], first, &mut totals);
            let count = Count::new(&taken);
            let [_, _, start] = self.bounds.start;
            let intensities = self.image.slice(ndarray::s![
                self.bounds.start[0] + z,
                self.bounds.start[1] + y,
                start..start + inside.len()
            ]);
            for ((x, &inside), &brightest) in inside.iter().enumerate().zip(intensities).skip(first)
            {
                if inside {
                    let n = count.at(start + x, self.image.len_of(ndarray::Axis(2)));
                    let mean = self.mean + totals[x] / n as f64;
                    peaks = peaks.and(Peaks {
                        brightest,
                        local: mean,
                        global: mean,
                    });
                }
            }
        }
        peaks
    }

    /// The rows inside the image of the balls around the voxels of a row, counted in the box.
    fn take_rows(&self, [z, y]: [usize; 2], ball: &Ball, taken: &mut Vec<Taken>) {
        let middle = [
            self.bounds.start[0] + z - self.first[0],
            self.bounds.start[1] + y - self.first[1],
        ];
        let [n_planes, n_rows] = self.n_rows;
        taken.clear();
        for row in &ball.rows {
            let place = (
                middle[0].checked_add_signed(row.z),
                middle[1].checked_add_signed(row.y),
            );
            if let (Some(z), Some(y)) = place
                && z < n_planes
                && y < n_rows
            {
                taken.push(((z * n_rows + y) * self.length, row.half));
            }
        }
    }
}

/// Sums of the deviations in the balls around the voxels from `first` on.
fn add_up(sums: &[f64], taken: &[Taken], reach: usize, first: usize, totals: &mut [f64]) {
    let first = first / LANES * LANES;
    wide(
        #[inline(always)]
        || {
            let blocks = totals[first..].as_chunks_mut::<LANES>().0;
            for (block, totals) in blocks.iter_mut().enumerate() {
                let x = first + block * LANES + reach;
                let mut lanes = [0.0; LANES];
                for &(row, half) in taken {
                    let before = &sums[row + x - half..][..LANES];
                    let behind = &sums[row + x + half + 1..][..LANES];
                    for ((lane, before), behind) in lanes.iter_mut().zip(before).zip(behind) {
                        *lane += behind - before;
                    }
                }
                *totals = lanes;
            }
        },
    );
}

/// Voxels of a ball that lie inside the image.
struct Count {
    /// Rows of each half length.
    rows: Vec<usize>,
    /// Where the image does not end along x.
    all: usize,
}

impl Count {
    fn new(taken: &[Taken]) -> Self {
        let longest = taken.iter().map(|&(_, half)| half).max().unwrap_or(0);
        let mut rows = vec![0; longest + 1];
        taken.iter().for_each(|&(_, half)| rows[half] += 1);
        Self {
            all: taken.iter().map(|&(_, half)| 2 * half + 1).sum(),
            rows,
        }
    }

    /// Around place `x` of a row of `n` voxels.
    fn at(&self, x: usize, n: usize) -> usize {
        let longest = self.rows.len() - 1;
        if x >= longest && x + longest < n {
            return self.all;
        }
        let rows = self.rows.iter().enumerate();
        rows.map(|(half, rows)| rows * ((x + half).min(n - 1) + 1 - x.saturating_sub(half)))
            .sum()
    }
}

/// Refuses NaN and infinity; `start` is where the values were cut out.
fn check_finite(values: ArrayView3<'_, f64>, start: [usize; 3]) -> Result<()> {
    if values
        .iter()
        .fold(true, |all, value| all & value.is_finite())
    {
        return Ok(());
    }
    let found = values.indexed_iter().find(|(_, value)| !value.is_finite());
    let ((z, y, x), &value) = found.expect("a value that is not finite was just seen");
    let [z, y, x] = [z + start[0], y + start[1], x + start[2]];
    Err(Error::NotFinite { z, y, x, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;
    use proptest::prelude::*;

    /// All voxels around each voxel.
    fn brute(
        image: &Array3<f64>,
        mask: &Array3<bool>,
        start: [usize; 3],
        spacing: [f64; 3],
    ) -> Peaks {
        let mut peaks = Peaks::NONE;
        for ((z, y, x), _) in mask.indexed_iter().filter(|&(_, &inside)| inside) {
            let here = [z + start[0], y + start[1], x + start[2]];
            let near = |&((z, y, x), _): &((usize, usize, usize), &f64)| {
                let mm = [0, 1, 2].map(|i| ([z, y, x][i] as f64 - here[i] as f64) * spacing[i]);
                mm.iter().map(|d| d * d).sum::<f64>() <= radius() * radius()
            };
            let ball: Vec<f64> = image
                .indexed_iter()
                .filter(near)
                .map(|(_, &value)| value)
                .collect();
            let mean = ball.iter().sum::<f64>() / ball.len() as f64;
            peaks = peaks.and(Peaks {
                brightest: image[here],
                local: mean,
                global: mean,
            });
        }
        peaks
    }

    proptest! {
        #[test]
        fn agree_with_the_means_of_all_balls(
            shape in (1usize..6, 1usize..9, 1usize..24),
            cut in prop::array::uniform6(0usize..4),
            fill in 5u64..100,
            seed: u64,
            spacing in prop::array::uniform3(0.6f64..7.0),
        ) {
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % 100
            };
            // Few intensities, so that several voxels are brightest.
            let image = Array3::from_shape_simple_fn(shape, || (next() % 7) as f64);
            let sides = [shape.0, shape.1, shape.2];
            let start = [0, 1, 2].map(|i| cut[i].min(sides[i] - 1));
            let size = [0, 1, 2].map(|i| (sides[i] - start[i]).saturating_sub(cut[3 + i]).max(1));
            let mut mask = Array3::from_shape_simple_fn(size, || next() < fill);
            mask[[0, 0, 0]] = true;
            let found = LocalIntensityFeatures::new(image.view(), mask.view(), start, spacing).expect("a voxel");
            let expected = brute(&image, &mask, start, spacing);
            prop_assert!((found.local_intensity_peak - expected.local).abs() < 1e-12, "{found:?} {expected:?}");
            prop_assert!((found.global_intensity_peak - expected.global).abs() < 1e-12, "{found:?} {expected:?}");
        }
    }

    #[test]
    fn a_flat_image_has_its_value_for_peaks() {
        let image = Array3::from_elem((9, 20, 31), 1e6 + 1.0 / 3.0);
        let mask = Array3::from_elem((4, 5, 6), true);
        let f = LocalIntensityFeatures::new(image.view(), mask.view(), [1, 15, 2], [1.0, 2.0, 0.7]);
        let f = f.expect("features");
        let value = image[[0, 0, 0]];
        assert_eq!(
            (f.local_intensity_peak, f.global_intensity_peak),
            (value, value)
        );
    }

    #[test]
    fn voxels_larger_than_the_ball_stand_alone_and_small_images_end() {
        let image = ndarray::arr3(&[[[1.0, 5.0, 2.0]]]);
        let mask = image.mapv(|value| value != 5.0);
        let peaks = |mm: f64| {
            let f = LocalIntensityFeatures::new(image.view(), mask.view(), [0; 3], [mm; 3])
                .expect("features");
            (f.local_intensity_peak, f.global_intensity_peak)
        };
        assert_eq!(peaks(7.0), (2.0, 2.0));
        assert_eq!(peaks(6.0), (3.5, 3.5));
        let (local, global) = peaks(1e-12);
        assert!((local - 8.0 / 3.0).abs() < 1e-15 && (global - 8.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn unusable_input_is_an_error() {
        let image =
            Array3::from_shape_fn((1, 1, 40), |(_, _, x)| if x == 30 { f64::NAN } else { 1.0 });
        let mask = Array3::from_elem((1, 1, 2), true);
        let at =
            |x: usize| LocalIntensityFeatures::new(image.view(), mask.view(), [0, 0, x], [1.0; 3]);
        assert!(at(22).is_ok());
        assert!(matches!(at(23), Err(Error::NotFinite { x: 30, .. })));
        assert!(matches!(at(39), Err(Error::ShapeMismatch { .. })));
        let nothing = Array3::from_elem((1, 1, 2), false);
        let f = LocalIntensityFeatures::new(image.view(), nothing.view(), [0; 3], [1.0; 3]);
        assert!(matches!(f, Err(Error::EmptyMask)));
    }
}

//! Local intensity: peaks, averaged over a ball of 1 cm³.
//!
//! The ball around a voxel has the radius `(3 / (4 π))^(1/3)` cm, 6.2 mm; it holds the voxels whose centers lie in it, inside or
//! outside the region but inside the image. Where the image ends, the mean is over what there is.
//!
//! The sum over part of a row is a difference of two sums from its start, the sum over a disc one of such parts, and the sum over
//! a ball one of discs. A disc is part of two balls, that above and that below it, and of more where neighbors are alike. So each
//! voxel costs an addition for every other row of the ball at most, whatever the ball's length along x.
//!
//! Reference: IBSI reference manual, local intensity features (9ST6), arXiv:1612.07003.

use std::borrow::Cow;
use std::f64::consts::PI;
use std::ops::Range;

use ndarray::{ArrayView2, ArrayView3};
use pulp::{Simd, WithSimd};

use crate::discretize::check_spacing;
use crate::feature_table::feature_table;
use crate::par::map_indexed;
use crate::roi::BoundingBox;
use crate::rows::{contiguous, n_inside, row};
use crate::wide::{blocks, wide, wide_with};
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
        let blocks = map_indexed(bounds.size[1].div_ceil(ROWS), |block| {
            region.peaks_of_rows(block * ROWS, &ball)
        });
        Ok(Self::compute(
            &blocks.into_iter().fold(Peaks::NONE, Peaks::and),
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

    /// Of the voxels of a row that lie in a mask, with the means around them. The means around its brightest voxels do not matter
    /// if they are darker than what is known.
    fn of_row(means: &[f64], intensities: &[f64], mask: &[bool], known: f64) -> Self {
        let brightest = largest_inside(intensities, mask);
        let mut local = f64::NEG_INFINITY;
        if brightest >= known {
            for ((&mean, &intensity), &inside) in means.iter().zip(intensities).zip(mask) {
                if inside && intensity == brightest {
                    local = local.max(mean);
                }
            }
        }
        Self {
            brightest,
            local,
            global: largest_inside(means, mask),
        }
    }

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
    /// The disc in the middle and those farther and farther above it, which are those below it.
    discs: Vec<Disc>,
    /// Largest distances of its voxels from the middle along z, y, x.
    reach: [usize; 3],
}

/// The rows of a disc, and how far from the middle of the ball it lies along z: neighbors can be alike.
struct Disc {
    rows: Vec<BallRow>,
    distances: Range<usize>,
}

/// A row of a disc: from `x - half` to `x + half`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BallRow {
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
        let reach_z = half(0, squared);
        let mut reach = [reach_z, 0, 0];
        let mut disc = |z: usize| {
            let mm = z as f64 * spacing[0];
            let in_plane = squared - mm * mm;
            let reach_y = half(1, in_plane) as isize;
            reach[1] = reach[1].max(reach_y as usize);
            let row = |y: isize| {
                let mm = y as f64 * spacing[1];
                let half = half(2, in_plane - mm * mm);
                reach[2] = reach[2].max(half);
                BallRow { y, half }
            };
            (-reach_y..=reach_y).map(row).collect::<Vec<_>>()
        };
        let mut discs: Vec<Disc> = Vec::new();
        for z in 0..=reach_z {
            let rows = disc(z);
            match discs.last_mut().filter(|before| before.rows == rows) {
                Some(same) => same.distances.end = z + 1,
                None => discs.push(Disc {
                    rows,
                    distances: z..z + 1,
                }),
            }
        }
        Self { discs, reach }
    }
}

/// Numbers added side by side.
const LANES: usize = 16;
/// Rows of each plane that one task takes.
const ROWS: usize = 8;

/// A region, and the sums along the rows around it.
struct Region<'a> {
    image: ArrayView3<'a, f64>,
    mask: ArrayView3<'a, bool>,
    bounds: BoundingBox,
    /// The first plane and row of the image of which there are sums.
    first: [usize; 2],
    /// By plane, of each such row, the sums of the deviations from the region's mean before a voxel, from `reach` before the box to `reach`
    /// behind it. Voxels outside the image count as 0.
    sums: Vec<Vec<f64>>,
    /// Rows of a plane, and sums of a row.
    n_rows: [usize; 2],
    length: usize,
    mean: f64,
    /// Voxels of a ball that no plane and no row of the image's border cuts.
    uncut: Count,
}

/// The start of a row of sums in its plane, and half the length that a disc takes of it.
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
        let mean = mean_inside(bounds.slice(image), mask);
        let length = bounds.size[2] + 2 * ball.reach[2] + 1;
        let n_rows = [high[0] - low[0], high[1] - low[1]];
        let outside = ball.reach[2] - (bounds.start[2] - low[2]);
        let sums = map_indexed(n_rows[0], |z| {
            // Lanes behind the last row.
            let mut sums = vec![0.0; n_rows[1] * length + LANES];
            for (y, sums) in sums.chunks_exact_mut(length).take(n_rows[1]).enumerate() {
                let row = row(around, z, y);
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
        let ends = |sums: &Vec<f64>| {
            sums.chunks_exact(length)
                .all(|row| row[length - 1].is_finite())
        };
        if !sums.iter().all(ends) {
            check_finite(around, low)?;
        }
        Ok(Self {
            image,
            mask,
            bounds,
            first: [low[0], low[1]],
            sums,
            n_rows,
            length,
            mean,
            uncut: Count::new(ball, |_, _| true),
        })
    }

    /// Of the balls around the voxels of a row of the box.
    fn count(&self, place: [usize; 2], ball: &Ball) -> Cow<'_, Count> {
        let middle = [0, 1].map(|axis| self.bounds.start[axis] + place[axis]);
        let n = [0, 1].map(|axis| self.image.len_of(ndarray::Axis(axis)));
        let is_uncut = |axis: usize| {
            let reach = ball.reach[axis];
            middle[axis] >= reach && middle[axis] + reach < n[axis]
        };
        if is_uncut(0) && is_uncut(1) {
            return Cow::Borrowed(&self.uncut);
        }
        Cow::Owned(Count::new(ball, |axis, step| {
            let place = middle[axis].checked_add_signed(step);
            place.is_some_and(|place| place < n[axis])
        }))
    }

    /// Among the voxels of some rows of every plane, from `first` on, counted in the box.
    fn peaks_of_rows(&self, first: usize, ball: &Ball) -> Peaks {
        let [_, ny, _] = self.bounds.size;
        let mut rows: Vec<Row> = (first..ny.min(first + ROWS))
            .map(|y| Row::new(self, y, ball))
            .collect();
        let mut peaks = Peaks::NONE;
        let lead = self.bounds.start[0] - self.first[0];
        let [reach, ..] = ball.reach;
        // Plane of sums by plane of sums; behind the last one the balls that it was part of.
        for plane in 0..self.n_rows[0] + reach {
            for row in &mut rows {
                if plane < self.n_rows[0] {
                    row.add_discs(self, plane, ball);
                }
                if let Some(z) = plane.checked_sub(lead + reach) {
                    peaks = peaks.and(row.peaks_of_plane(self, z, ball, peaks.brightest));
                }
            }
        }
        peaks
    }
}

/// The voxels of one row in every plane.
struct Row {
    y: usize,
    /// From the first to behind the last voxel of the region in each plane.
    extents: Vec<Range<usize>>,
    /// Sums of the deviations in the balls around the voxels: plane by plane, as many as a ball has.
    totals: Vec<f64>,
    width: usize,
    /// The rows of sums in each of the ball's discs.
    discs: Vec<Vec<Taken>>,
    /// Where the totals of the balls are that a disc is part of.
    places: Vec<usize>,
}

impl Row {
    fn new(region: &Region<'_>, y: usize, ball: &Ball) -> Self {
        let extent = |mask: ArrayView2<'_, bool>| {
            let row = mask.row(y);
            let first = row.iter().position(|&inside| inside).unwrap_or(row.len());
            let last = row.iter().rposition(|&inside| inside);
            first..last.map_or(first, |last| last + 1)
        };
        let width = region.bounds.size[2].next_multiple_of(LANES);
        let middle = region.bounds.start[1] + y - region.first[1];
        let taken = |row: &BallRow| {
            let y = middle.checked_add_signed(row.y)?;
            (y < region.n_rows[1]).then(|| (y * region.length, row.half))
        };
        Self {
            y,
            extents: region.mask.outer_iter().map(extent).collect(),
            totals: vec![0.0; (2 * ball.reach[0] + 1) * width],
            width,
            discs: (ball.discs.iter())
                .map(|disc| disc.rows.iter().filter_map(taken).collect())
                .collect(),
            places: Vec::new(),
        }
    }

    /// Where the totals of a plane of the box are.
    fn place(&self, z: usize) -> usize {
        z % (self.totals.len() / self.width) * self.width
    }

    /// Adds the discs in a plane of sums to the balls that they are part of.
    fn add_discs(&mut self, region: &Region<'_>, plane: usize, ball: &Ball) {
        let lead = region.bounds.start[0] - region.first[0];
        for (disc, rows) in ball.discs.iter().zip(&self.discs) {
            let (mut start, mut end) = (usize::MAX, 0);
            self.places.clear();
            let distances = disc.distances.clone();
            let above = distances.clone().map(|z| plane.checked_sub(z));
            let below = distances.filter(|&z| z > 0).map(|z| plane.checked_add(z));
            for middle in above.chain(below).flatten() {
                let z = middle.checked_sub(lead);
                let of_row = z.and_then(|z| Some((z, self.extents.get(z)?)));
                if let Some((z, of_row)) = of_row.filter(|(_, of_row)| !of_row.is_empty()) {
                    (start, end) = (start.min(of_row.start), end.max(of_row.end));
                    let place = self.place(z);
                    self.places.push(place);
                }
            }
            wide_with(DiscSums {
                sums: &region.sums[plane],
                disc: rows,
                reach: ball.reach[2],
                extent: start..end,
                totals: &mut self.totals,
                places: &self.places,
            });
        }
    }

    /// Among the voxels of one plane, whose totals are complete; they are 0 again then. `known` is the largest intensity so far.
    fn peaks_of_plane(&mut self, region: &Region<'_>, z: usize, ball: &Ball, known: f64) -> Peaks {
        let Some(extent) = self.extents.get(z).filter(|extent| !extent.is_empty()) else {
            return Peaks::NONE;
        };
        let place = self.place(z);
        let start = region.bounds.start;
        let count = region.count([z, self.y], ball);
        let n = region.image.len_of(ndarray::Axis(2));
        let totals = &mut self.totals[place..place + self.width];
        let means = &mut totals[extent.clone()];
        if count.is_constant(start[2] + extent.start..start[2] + extent.end, n) {
            let all = count.all as f64;
            wide(
                #[inline(always)]
                || {
                    for total in &mut *means {
                        *total = region.mean + *total / all;
                    }
                },
            );
        } else {
            for (x, total) in (start[2] + extent.start..).zip(&mut *means) {
                *total = region.mean + *total / count.at(x, n) as f64;
            }
        }
        let mask = contiguous(row(region.mask, z, self.y));
        let intensities = contiguous(row(region.image, start[0] + z, start[1] + self.y));
        let intensities = &intensities[start[2]..][extent.clone()];
        let peaks = Peaks::of_row(means, intensities, &mask[extent.clone()], known);
        totals.fill(0.0);
        peaks
    }
}

/// Adds the sums over the discs around some places of a row to the totals of the balls that they are part of.
struct DiscSums<'a> {
    sums: &'a [f64],
    disc: &'a [Taken],
    reach: usize,
    extent: Range<usize>,
    totals: &'a mut [f64],
    places: &'a [usize],
}

impl WithSimd for DiscSums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let two = |place: usize| S::as_simd_f64s(&self.sums[place..place + 2 * S::F64_LANES]).0;
        for block in self.extent.start / LANES..self.extent.end.div_ceil(LANES) {
            for first in (block * LANES..(block + 1) * LANES).step_by(2 * S::F64_LANES) {
                // Two vectors, so that no sum waits for the other.
                let mut sums = [simd.splat_f64s(0.0); 2];
                for &(row, half) in self.disc {
                    let (before, behind) = (row + first + self.reach - half, 2 * half + 1);
                    let parts = two(before + behind).iter().zip(two(before));
                    for (sum, (&behind, &before)) in sums.iter_mut().zip(parts) {
                        *sum = simd.add_f64s(*sum, simd.sub_f64s(behind, before));
                    }
                }
                for place in self.places {
                    for (i, &sum) in sums.iter().enumerate() {
                        let at = place + first + i * S::F64_LANES;
                        let total = S::as_mut_simd_f64s(&mut self.totals[at..at + S::F64_LANES]).0;
                        total[0] = simd.add_f64s(total[0], sum);
                    }
                }
            }
        }
    }
}

/// Voxels of a ball that lie inside the image.
#[derive(Clone)]
struct Count {
    /// Rows of each half length.
    rows: Vec<usize>,
    /// Where the image does not end along x.
    all: usize,
}

impl Count {
    /// Of a ball, and whether its planes and rows at some steps along z and y are inside the image.
    fn new(ball: &Ball, is_inside: impl Fn(usize, isize) -> bool) -> Self {
        let mut rows = vec![0; ball.reach[2] + 1];
        for disc in &ball.discs {
            let inside = disc.distances.clone().map(|z| {
                let above = z > 0 && is_inside(0, -(z as isize));
                usize::from(above) + usize::from(is_inside(0, z as isize))
            });
            let times: usize = inside.sum();
            for row in disc.rows.iter().filter(|row| is_inside(1, row.y)) {
                rows[row.half] += times;
            }
        }
        let lengths = rows.iter().enumerate();
        Self {
            all: lengths.map(|(half, rows)| rows * (2 * half + 1)).sum(),
            rows,
        }
    }

    /// Whether no ball around these places of a row of `n` voxels reaches beyond its ends.
    fn is_constant(&self, places: Range<usize>, n: usize) -> bool {
        let longest = self.rows.len() - 1;
        places.start >= longest && places.end + longest <= n
    }

    /// Around place `x` of a row of `n` voxels.
    fn at(&self, x: usize, n: usize) -> usize {
        if self.is_constant(x..x + 1, n) {
            return self.all;
        }
        let rows = self.rows.iter().enumerate();
        rows.map(|(half, rows)| rows * ((x + half).min(n - 1) + 1 - x.saturating_sub(half)))
            .sum()
    }
}

/// The largest value inside a mask.
fn largest_inside(values: &[f64], mask: &[bool]) -> f64 {
    let largest = wide(
        #[inline(always)]
        || {
            let mut largest = [f64::NEG_INFINITY; LANES];
            for (values, mask) in
                blocks::<LANES, _>(values, 0.0).zip(blocks::<LANES, _>(mask, false))
            {
                for lane in 0..LANES {
                    let is_larger = mask[lane] & (values[lane] > largest[lane]);
                    largest[lane] = if is_larger {
                        values[lane]
                    } else {
                        largest[lane]
                    };
                }
            }
            largest
        },
    );
    largest.into_iter().fold(f64::NEG_INFINITY, f64::max)
}

/// About the mean of the values inside a mask.
fn mean_inside(values: ArrayView3<'_, f64>, mask: ArrayView3<'_, bool>) -> f64 {
    let of_row = |values: &[f64], mask: &[bool]| {
        let totals = wide(
            #[inline(always)]
            || {
                let mut totals = [0.0; LANES];
                for (values, mask) in
                    blocks::<LANES, _>(values, 0.0).zip(blocks::<LANES, _>(mask, false))
                {
                    for lane in 0..LANES {
                        totals[lane] += if mask[lane] { values[lane] } else { 0.0 };
                    }
                }
                totals
            },
        );
        totals.iter().sum::<f64>()
    };
    let rows = values.rows().into_iter().zip(mask.rows());
    let totals = rows.map(|(values, mask)| of_row(&contiguous(values), &contiguous(mask)));
    totals.sum::<f64>() / n_inside(mask) as f64
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

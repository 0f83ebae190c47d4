//! Intensities to gray levels: the cropped, discretized region every texture matrix is counted on.
//!
//! Two rules, with PyRadiomics' operations in PyRadiomics' order, because the last bit of an edge decides about a bin:
//!
//! ```text
//! width W:  low = min - (min mod W)      edges  e_i = low + i d,  d = (low + W) - low,  i = 0 .. ceil((max + 2W - low) / W) - 1
//! count N:  e_i = i (max - min) / N + min,  i = 0 .. N - 1        e_N = max + 1
//! level(v) = number of edges e_i <= v                             so the smallest value has level 1
//! ```
//!
//! and, as the rules of IBSI are written, for all but the largest value of the region (which has level N):
//!
//! ```text
//! fixed bin size W from X:  level(v) = floor((v - X) / W) + 1             at least 1
//! fixed bin number N:       level(v) = floor(N (v - min) / (max - min)) + 1
//! ```
//!
//! With PyRadiomics' rules, all bins are half-open. With a width, edges are multiples of the width, so that the same intensity has the same bin in
//! every patient up to an offset; a maximum that is a multiple of the width opens its own bin. With a count on a flat
//! region, the one value sits in the middle of a range of length 1.

mod edges;
mod formula;

use std::num::NonZeroUsize;
use std::ops::Range;

use ndarray::{Array3, ArrayView1, ArrayView3, Zip};

use self::edges::{Edges, ValueRange};
use self::formula::Formula;
use crate::roi::BoundingBox;
use crate::rows::contiguous;
use crate::wide::wide;
use crate::{Error, Result};

/// How intensities are grouped into gray levels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Binning {
    /// Bins of this many intensity units, aligned at multiples of it (IBSI "fixed bin size", with its own origin).
    Width(f64),
    /// This many bins between the smallest and the largest value of the region (IBSI "fixed bin number").
    Count(NonZeroUsize),
    /// IBSI's fixed bin size (Q3RU): bins of `width` intensity units from `origin` on; what lies below it has level 1.
    FixedBinSize {
        /// Width of a bin in intensity units.
        width: f64,
        /// Where the first bin begins.
        origin: BinOrigin,
    },
    /// IBSI's fixed bin number (K15C), by its own formula; a region of one value has level 1.
    FixedBinNumber(NonZeroUsize),
}

/// Where the first bin of a [fixed size](Binning::FixedBinSize) begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BinOrigin {
    /// At the lower limit of the [re-segmentation](crate::Resegmentation) range, so that one intensity has one level in all
    /// patients; at the smallest intensity of the region without such a range.
    RangeLow,
    /// At the smallest intensity of the region.
    RegionMinimum,
    /// At this intensity.
    At(f64),
}

impl Binning {
    /// The same with the lower limit of the re-segmentation put in as the origin that asks for it.
    pub(crate) fn with_range_low(self, low: Option<f64>) -> Self {
        match (self, low) {
            (
                Self::FixedBinSize {
                    width,
                    origin: BinOrigin::RangeLow,
                },
                Some(low),
            ) => Self::FixedBinSize {
                width,
                origin: BinOrigin::At(low),
            },
            (other, _) => other,
        }
    }
}

impl Default for Binning {
    /// A width of 25, as PyRadiomics.
    fn default() -> Self {
        Self::Width(25.0)
    }
}

/// The number type of the image the values came from. It matters for [`Binning::Count`], whose edges are rounded to the
/// image's own precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PixelKind {
    /// Whole numbers of any width.
    Integer,
    /// 32-bit floating point numbers.
    Float32,
    /// 64-bit floating point numbers.
    Float64,
}

/// How often one gray level occurs in the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelCount {
    /// The gray level, at least 1.
    pub level: u16,
    /// Its number of voxels, at least 1.
    pub count: usize,
}

/// A region's gray levels on its bounding box; 0 stands for "outside the region".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    grid: Array3<u16>,
    /// For each row of the grid, from its first voxel inside the region to its last.
    extents: Vec<Range<u16>>,
    histogram: Vec<LevelCount>,
    n_voxels: usize,
    n_g: usize,
    n_levels: usize,
}

impl Levels {
    /// The largest gray level that can occur. More bins than this are an error, not an allocation.
    pub const MAX_LEVEL: u16 = u16::MAX;

    /// The largest bounding box, in voxels: pairs of voxels are counted in 32 bits, in both orders.
    pub const MAX_BOX: usize = (u32::MAX / 2) as usize;

    /// Discretizes the values inside the mask, once, and crops to the mask's bounding box.
    ///
    /// `values` and `mask` are `(z, y, x)` and of one shape.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] if the shapes differ, [`Error::EmptyMask`] if the mask has no voxel,
    /// [`Error::RegionTooLarge`] if a side of its box is longer than 65,535 voxels or the box has more than
    /// [`MAX_BOX`](Self::MAX_BOX), [`Error::NotFinite`] if a value inside
    /// the mask is NaN or infinite, [`Error::InvalidSetting`] if a bin width is not a positive number,
    /// [`Error::TooManyLevels`] if the binning gives more than 65,535 levels, and [`Error::BinWidthTooSmall`] if the bin
    /// width is lost in the rounding of the values.
    pub fn new(
        values: ArrayView3<'_, f64>,
        mask: ArrayView3<'_, bool>,
        kind: PixelKind,
        binning: &Binning,
    ) -> Result<Self> {
        same_shape(values.dim(), mask.dim())?;
        let bounds = BoundingBox::around(mask).ok_or(Error::EmptyMask)?;
        let (values, mask) = (bounds.slice(values), bounds.slice(mask));
        let range = finite_range(values, mask, bounds.start)?;
        Self::from_grid(binned(values, mask, &Rule::new(range, kind, binning)?))
    }

    /// Takes gray levels as they are: `(z, y, x)`, 0 outside the region. Crops to the region's bounding box.
    ///
    /// # Errors
    /// [`Error::EmptyMask`] if every level is 0, [`Error::RegionTooLarge`] if a side of the box is longer than 65,535
    /// voxels or the box has more than [`MAX_BOX`](Self::MAX_BOX).
    pub fn from_array(levels: ArrayView3<'_, u16>) -> Result<Self> {
        let inside = levels.mapv(|level| level != 0);
        let bounds = BoundingBox::around(inside.view()).ok_or(Error::EmptyMask)?;
        Self::from_grid(bounds.slice(levels).as_standard_layout().into_owned())
    }

    /// `grid` is in standard layout and has no empty border.
    fn from_grid(grid: Array3<u16>) -> Result<Self> {
        let (z, y, x) = grid.dim();
        if [z, y, x].iter().any(|&side| side > usize::from(u16::MAX)) || grid.len() > Self::MAX_BOX
        {
            return Err(Error::RegionTooLarge { shape: [z, y, x] });
        }
        let extents = row_extents(grid.view());
        let counts = count_levels(&grid, &extents);
        let n_g = counts.len() - 1;
        let histogram: Vec<LevelCount> = (1..=n_g)
            .filter(|&level| counts[level] > 0)
            .map(|level| LevelCount {
                level: level as u16,
                count: counts[level],
            })
            .collect();
        let n_voxels = histogram.iter().map(|bin| bin.count).sum();
        Ok(Self {
            extents,
            grid,
            n_levels: histogram.len(),
            histogram,
            n_voxels,
            n_g,
        })
    }

    /// The part inside `bounds`, which lies in the bounding box: the levels of a neighborhood, on the scale of the region.
    ///
    /// [`n_g`](Self::n_g) and [`n_levels`](Self::n_levels) stay those of the region; [`histogram`](Self::histogram) and
    /// [`n_voxels`](Self::n_voxels) are counted anew. The border is not trimmed.
    pub(crate) fn window(&self, bounds: &BoundingBox) -> Self {
        let grid = bounds.slice(self.grid.view());
        let mut inside: Vec<u16> = grid.iter().copied().filter(|&level| level != 0).collect();
        inside.sort_unstable();
        let histogram = inside.chunk_by(|a, b| a == b).map(|equal| LevelCount {
            level: equal[0],
            count: equal.len(),
        });
        Self {
            histogram: histogram.collect(),
            n_voxels: inside.len(),
            extents: row_extents(grid),
            grid: grid.to_owned(),
            ..*self
        }
    }

    /// The levels on the bounding box, `(z, y, x)`, standard layout; 0 outside the region.
    pub fn grid(&self) -> ArrayView3<'_, u16> {
        self.grid.view()
    }

    /// Voxels of the bounding box per axis, `(z, y, x)`.
    pub fn shape(&self) -> [usize; 3] {
        let (z, y, x) = self.grid.dim();
        [z, y, x]
    }

    /// `Ng`, the largest level of the region (not the number of different levels).
    pub fn n_g(&self) -> usize {
        self.n_g
    }

    /// Number of different levels in the region.
    pub(crate) fn n_levels(&self) -> usize {
        self.n_levels
    }

    /// The levels that occur, in ascending order, with their number of voxels.
    pub fn histogram(&self) -> &[LevelCount] {
        &self.histogram
    }

    /// Number of voxels in the region.
    pub fn n_voxels(&self) -> usize {
        self.n_voxels
    }

    /// For each row in memory order, from its first voxel inside the region to its last.
    pub(crate) fn extents(&self) -> &[Range<u16>] {
        &self.extents
    }

    /// The levels row by row in memory order (z, then y, then x).
    pub(crate) fn as_slice(&self) -> &[u16] {
        self.grid
            .as_slice()
            .expect("the grid is built in standard layout")
    }
}

/// What decides about the level of a value.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// Between which edges it lies.
    Edges(Edges),
    /// A formula.
    Formula(Formula),
}

impl Rule {
    fn new(range: ValueRange, kind: PixelKind, binning: &Binning) -> Result<Self> {
        match *binning {
            Binning::Width(width) => Edges::of_width(range, width).map(Self::Edges),
            Binning::Count(count) => Edges::of_count(range, count.get(), kind).map(Self::Edges),
            Binning::FixedBinSize { width, origin } => {
                Formula::of_size(range, width, origin).map(Self::Formula)
            }
            Binning::FixedBinNumber(count) => {
                Formula::of_number(range, count.get()).map(Self::Formula)
            }
        }
    }

    /// Writes the levels of a row, 0 outside the mask.
    fn write_levels(&self, values: &[f64], mask: &[bool], levels: &mut [u16]) {
        match self {
            Self::Edges(edges) => edges.write_levels(values, mask, levels),
            Self::Formula(formula) => formula.write_levels(values, mask, levels),
        }
    }
}

fn too_many(levels: f64) -> Error {
    Error::TooManyLevels {
        levels,
        limit: usize::from(Levels::MAX_LEVEL),
    }
}

/// A whole number below 2¹⁶ as an integer, without the question whether it is one: then 2⁵² more have it as their last bits.
#[inline(always)]
fn low_bits(number: f64) -> u16 {
    const INTEGERS: f64 = (1u64 << 52) as f64;
    (number + INTEGERS).to_bits() as u16
}

/// The levels of the values inside the mask.
fn binned(values: ArrayView3<'_, f64>, mask: ArrayView3<'_, bool>, rule: &Rule) -> Array3<u16> {
    let mut grid = Array3::zeros(values.dim());
    Zip::from(grid.rows_mut())
        .and(values.rows())
        .and(mask.rows())
        .for_each(|mut levels, values, mask| {
            let levels = levels.as_slice_mut().expect("a row of a new array");
            rule.write_levels(&contiguous(values), &contiguous(mask), levels);
        });
    grid
}

/// For each row, from its first voxel inside the region to its last. Sides fit 16 bits.
fn row_extents(grid: ArrayView3<'_, u16>) -> Vec<Range<u16>> {
    let extent = |row: ArrayView1<'_, u16>| {
        let first = row.iter().position(|&level| level != 0)?;
        let last = row.iter().rposition(|&level| level != 0)?;
        Some(first as u16..last as u16 + 1)
    };
    let rows = grid.rows().into_iter();
    rows.map(|row| extent(row).unwrap_or(0..0)).collect()
}

/// How often each level occurs, from 0, which stands for the holes, to the largest.
fn count_levels(grid: &Array3<u16>, extents: &[Range<u16>]) -> Vec<usize> {
    let levels = grid.as_slice().expect("the grid is in standard layout");
    let n_g = wide(
        #[inline(always)]
        || levels.iter().fold(0, |largest, &level| level.max(largest)),
    );
    // Neighbors are often alike: in turns, so that one count need not wait for the other.
    let mut counts = vec![[0usize; 2]; usize::from(n_g) + 1];
    for (row, extent) in grid.rows().into_iter().zip(extents) {
        let row = row.to_slice().unwrap_or_default();
        for pair in row[usize::from(extent.start)..usize::from(extent.end)].chunks(2) {
            for (turn, &level) in pair.iter().enumerate() {
                counts[usize::from(level)][turn] += 1;
            }
        }
    }
    counts.into_iter().map(|[a, b]| a + b).collect()
}

/// Refuses arrays of different shape.
pub(crate) fn same_shape(values: (usize, usize, usize), mask: (usize, usize, usize)) -> Result<()> {
    if values == mask {
        return Ok(());
    }
    Err(Error::ShapeMismatch {
        image: [values.0, values.1, values.2],
        mask: [mask.0, mask.1, mask.2],
    })
}

/// Refuses spacings that are no positive, finite lengths.
pub(crate) fn check_spacing(spacing: [f64; 3]) -> Result<()> {
    for (axis, value) in ["z", "y", "x"].into_iter().zip(spacing) {
        if !(value.is_finite() && value > 0.0) {
            return Err(Error::InvalidSpacing { axis, value });
        }
    }
    Ok(())
}

/// The range of the values inside the mask; `origin` is where the arrays were cut out, for the error's voxel.
pub(crate) fn finite_range(
    values: ArrayView3<'_, f64>,
    mask: ArrayView3<'_, bool>,
    origin: [usize; 3],
) -> Result<ValueRange> {
    let mut range = RangeInLanes::default();
    Zip::from(values.rows())
        .and(mask.rows())
        .for_each(|values, mask| range.add(&contiguous(values), &contiguous(mask)));
    if range.all_finite {
        return Ok(range.folded());
    }
    let ((z, y, x), &value) = values
        .indexed_iter()
        .find(|&(at, value)| mask[at] && !value.is_finite())
        .expect("a value that is not finite was just seen");
    Err(Error::NotFinite {
        z: z + origin[0],
        y: y + origin[1],
        x: x + origin[2],
        value,
    })
}

/// Smallest and largest values at every eighth position: side by side, they need not wait for each other.
struct RangeInLanes {
    min: [f64; LANES],
    max: [f64; LANES],
    all_finite: bool,
}

const LANES: usize = 8;

impl Default for RangeInLanes {
    fn default() -> Self {
        Self {
            min: [f64::INFINITY; LANES],
            max: [f64::NEG_INFINITY; LANES],
            all_finite: true,
        }
    }
}

impl RangeInLanes {
    fn add(&mut self, values: &[f64], mask: &[bool]) {
        let ((values, some), (mask, some_mask)) =
            (values.as_chunks::<LANES>(), mask.as_chunks::<LANES>());
        wide(
            #[inline(always)]
            || {
                let (mut min, mut max, mut all) = (self.min, self.max, [true; LANES]);
                for (values, mask) in values.iter().zip(mask) {
                    for lane in 0..LANES {
                        let (value, inside) = (values[lane], mask[lane]);
                        all[lane] &= !inside | value.is_finite();
                        min[lane] = if inside & (value < min[lane]) {
                            value
                        } else {
                            min[lane]
                        };
                        max[lane] = if inside & (value > max[lane]) {
                            value
                        } else {
                            max[lane]
                        };
                    }
                }
                (self.min, self.max) = (min, max);
                self.all_finite &= all == [true; LANES];
            },
        );
        for (&value, _) in some.iter().zip(some_mask).filter(|&(_, &inside)| inside) {
            self.all_finite &= value.is_finite();
            self.min[0] = self.min[0].min(value);
            self.max[0] = self.max[0].max(value);
        }
    }

    fn folded(&self) -> ValueRange {
        ValueRange {
            min: self.min.iter().copied().fold(f64::INFINITY, f64::min),
            max: self.max.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    fn levels_of(values: &[f64], kind: PixelKind, binning: Binning) -> Result<Vec<u16>> {
        let values = Array3::from_shape_vec((1, 1, values.len()), values.to_vec()).expect("a row");
        let mask = Array3::from_elem(values.dim(), true);
        Levels::new(values.view(), mask.view(), kind, &binning)
            .map(|levels| levels.as_slice().to_vec())
    }

    fn count(n: usize) -> Binning {
        Binning::Count(NonZeroUsize::new(n).expect("not zero"))
    }

    #[test]
    fn width_bins_are_half_open_and_aligned_at_zero() {
        let levels = levels_of(
            &[3.0, 24.999, 25.0, 49.0, 75.0],
            PixelKind::Float64,
            Binning::Width(25.0),
        );
        assert_eq!(levels.expect("bins"), [1, 1, 2, 2, 4]);
        let levels = levels_of(
            &[-30.0, -25.0, -1.0, 0.0, 1.0],
            PixelKind::Float64,
            Binning::Width(25.0),
        );
        assert_eq!(levels.expect("bins"), [1, 2, 2, 3, 3]);
    }

    #[test]
    fn the_maximum_of_a_count_lies_in_the_last_bin() {
        let levels = levels_of(&[0.0, 1.0, 2.0, 3.0, 4.0], PixelKind::Integer, count(2));
        assert_eq!(levels.expect("bins"), [1, 1, 2, 2, 2]);
        // A flat region of N bins: the range is [v - 0.5, v + 0.5], so the value opens bin N / 2 + 1.
        assert_eq!(
            levels_of(&[7.0, 7.0], PixelKind::Integer, count(1)).expect("bins"),
            [1, 1]
        );
        assert_eq!(
            levels_of(&[7.0, 7.0], PixelKind::Integer, count(32)).expect("bins"),
            [17, 17]
        );
    }

    #[test]
    fn edges_of_32_bit_images_are_32_bit() {
        // Edge 7 of 10 bins on [0, 1] is 0.7000000000000001; the 32-bit 0.7 is below it, and equal to it in 32 bits.
        let values = [0.0, f64::from(0.7f32), 1.0];
        assert_eq!(
            levels_of(&values, PixelKind::Float64, count(10)).expect("bins"),
            [1, 7, 10]
        );
        assert_eq!(
            levels_of(&values, PixelKind::Float32, count(10)).expect("bins"),
            [1, 8, 10]
        );
    }

    #[test]
    fn more_levels_than_16_bits_are_an_error() {
        let error = levels_of(&[0.0, 1e6], PixelKind::Float64, Binning::Width(1e-3));
        assert!(
            matches!(error, Err(Error::TooManyLevels { limit: 65_535, .. })),
            "{error:?}"
        );
        let error = levels_of(&[0.0, 1.0], PixelKind::Float64, count(65_536));
        assert!(
            matches!(error, Err(Error::TooManyLevels { .. })),
            "{error:?}"
        );
        let highest = levels_of(&[0.0, 65_534.0], PixelKind::Float64, Binning::Width(1.0));
        assert_eq!(highest.expect("bins"), [1, 65_535]);
        let error = levels_of(&[0.0, 65_535.0], PixelKind::Float64, Binning::Width(1.0));
        assert!(
            matches!(error, Err(Error::TooManyLevels { .. })),
            "{error:?}"
        );
    }

    #[test]
    fn unusable_settings_and_values_are_errors() {
        for width in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = levels_of(&[1.0], PixelKind::Float64, Binning::Width(width));
            assert!(
                matches!(
                    error,
                    Err(Error::InvalidSetting {
                        name: "binWidth",
                        ..
                    })
                ),
                "{error:?}"
            );
        }
        let error = levels_of(&[1e18, 1e18], PixelKind::Float64, Binning::Width(25.0));
        assert!(
            matches!(error, Err(Error::BinWidthTooSmall { .. })),
            "{error:?}"
        );
        let error = levels_of(&[1.0, f64::NAN], PixelKind::Float64, Binning::Width(25.0));
        assert!(
            matches!(
                error,
                Err(Error::NotFinite {
                    z: 0,
                    y: 0,
                    x: 1,
                    ..
                })
            ),
            "{error:?}"
        );
        let error = levels_of(&[f64::MIN, f64::MAX], PixelKind::Float64, count(8));
        assert!(
            matches!(error, Err(Error::ValueRangeTooLarge { .. })),
            "{error:?}"
        );
    }

    #[test]
    fn crops_to_the_region_and_counts_it() {
        let values = Array3::from_shape_fn((3, 4, 5), |(z, y, x)| (20 * z + 5 * y + x) as f64);
        let mut mask = Array3::from_elem((3, 4, 5), false);
        mask[[1, 1, 2]] = true;
        mask[[1, 2, 4]] = true;
        let levels = Levels::new(
            values.view(),
            mask.view(),
            PixelKind::Integer,
            &Binning::Width(1.0),
        );
        let levels = levels.expect("two voxels");
        assert_eq!(levels.shape(), [1, 2, 3]);
        assert_eq!(levels.as_slice(), [1, 0, 0, 0, 0, 8]);
        assert_eq!(levels.n_g(), 8);
        assert_eq!(levels.n_voxels(), 2);
        assert_eq!(
            levels.histogram(),
            [
                LevelCount { level: 1, count: 1 },
                LevelCount { level: 8, count: 1 }
            ]
        );
    }

    #[test]
    fn a_window_is_counted_on_the_scale_of_the_region() {
        let grid = ndarray::arr3(&[[[1u16, 2, 2], [0, 0, 3], [7, 1, 1]]]);
        let levels = Levels::from_array(grid.view()).expect("levels");
        let bounds = BoundingBox {
            start: [0, 0, 1],
            size: [1, 2, 2],
        };
        let window = levels.window(&bounds);
        assert_eq!(window.as_slice(), [2, 2, 0, 3]);
        assert_eq!(
            (window.n_g(), window.n_levels(), window.n_voxels()),
            (7, 4, 3)
        );
        assert_eq!(
            window.histogram(),
            [
                LevelCount { level: 2, count: 2 },
                LevelCount { level: 3, count: 1 }
            ]
        );
    }

    #[test]
    fn an_empty_region_and_unequal_shapes_are_errors() {
        let values = Array3::zeros((1, 2, 2));
        let nothing = Array3::from_elem((1, 2, 2), false);
        let error = Levels::new(
            values.view(),
            nothing.view(),
            PixelKind::Integer,
            &Binning::default(),
        );
        assert!(matches!(error, Err(Error::EmptyMask)), "{error:?}");
        let other = Array3::from_elem((1, 2, 3), true);
        let error = Levels::new(
            values.view(),
            other.view(),
            PixelKind::Integer,
            &Binning::default(),
        );
        assert!(
            matches!(error, Err(Error::ShapeMismatch { .. })),
            "{error:?}"
        );
    }
}

//! The loops over voxels: every matrix is counted through one of these, and there is no other.
//!
//! All work row by row on the levels' memory, from the first voxel of the region in a row to its last. Instead of asking for
//! each voxel whether its neighbor exists, a row is cut once to the part that faces the region in the neighbor's row; "outside
//! the region", which holes are, is level 0, which counts like any other level and is dropped at the end.

mod distance;
mod zones;

pub(crate) use distance::edge_distances;
pub(crate) use zones::{Zone, distance_zones, zone_numbers, zones};

use std::ops::Range;

use super::direction::{Axis, Direction};
use crate::discretize::Levels;
use crate::wide::wide;

/// Moves a range by a step that keeps it on its axis.
fn moved(range: &Range<usize>, step: isize) -> Range<usize> {
    range.start.wrapping_add_signed(step)..range.end.wrapping_add_signed(step)
}

/// The rows of a box: which slice of memory belongs to row `(z, y)`.
#[derive(Clone, Copy)]
struct Rows<'a> {
    levels: &'a [u16],
    extents: &'a [Range<u16>],
    shape: [usize; 3],
}

/// Parts of two rows such that the voxel at each position of the second is the neighbor of the voxel at the same position of the
/// first. Outside of them one or the other is outside the region.
struct Facing<'a> {
    /// Where the part of the first row lies in it.
    at: Range<usize>,
    here: &'a [u16],
    there: &'a [u16],
}

impl<'a> Rows<'a> {
    fn of(levels: &'a Levels) -> Self {
        Self {
            levels: levels.as_slice(),
            extents: levels.extents(),
            shape: levels.shape(),
        }
    }

    fn start(&self, z: usize, y: usize) -> usize {
        (z * self.shape[1] + y) * self.shape[2]
    }

    fn get(&self, z: usize, y: usize) -> &'a [u16] {
        let start = self.start(z, y);
        &self.levels[start..start + self.shape[2]]
    }

    /// From the first voxel of a row inside the region to the last.
    fn extent(&self, z: usize, y: usize) -> Range<usize> {
        let Range { start, end } = self.extents[z * self.shape[1] + y];
        usize::from(start)..usize::from(end)
    }

    /// The parts of row `(z, y)` and of the row at `direction` from it that face each other inside the region, if there are any.
    #[inline]
    fn facing(&self, z: usize, y: usize, direction: Direction) -> Option<Facing<'a>> {
        let Direction([step_z, step_y, step_x]) = direction;
        // Below 0 wraps around to beyond the end.
        let (other_z, other_y) = (z.wrapping_add_signed(step_z), y.wrapping_add_signed(step_y));
        if other_z >= self.shape[0] || other_y >= self.shape[1] {
            return None;
        }
        let (here, there) = (self.extent(z, y), self.extent(other_z, other_y));
        let at = here.start.max(there.start.saturating_add_signed(-step_x))
            ..here.end.min(there.end.saturating_add_signed(-step_x));
        (at.start < at.end).then(|| Facing {
            here: &self.get(z, y)[at.clone()],
            there: &self.get(other_z, other_y)[moved(&at, step_x)],
            at,
        })
    }

    fn indices(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let [nz, ny, _] = self.shape;
        (0..nz).flat_map(move |z| (0..ny).map(move |y| (z, y)))
    }
}

/// Visits `(centers, neighbors)`: equally long parts of two rows, such that the voxel at each position of the second lies
/// at `direction` from the voxel at the same position of the first. Together they are all pairs inside the region.
pub(super) fn row_pairs(
    levels: &Levels,
    direction: Direction,
    mut visit: impl FnMut(&[u16], &[u16]),
) {
    let rows = Rows::of(levels);
    for (z, y) in rows.indices() {
        if let Some(facing) = rows.facing(z, y, direction) {
            visit(facing.here, facing.there);
        }
    }
}

/// Visits `(levels, lengths)` row by row, where a voxel's length is that of the run of its level along the direction, from
/// the run's first voxel up to this one. A run of length `r` so shows the lengths 1, 2, .. r once each.
///
/// The direction must be one of [`directions`](super::direction::directions) at distance 1: its predecessor has been visited
/// before, in the same plane or in the one before, so that two planes of lengths are enough.
pub(super) fn run_lengths(
    levels: &Levels,
    direction: Direction,
    mut visit: impl FnMut(&[u16], &[u16]),
) {
    let rows = Rows::of(levels);
    let Direction([step_z, step_y, step_x]) = direction;
    let side = rows.shape[2];
    let mut current = vec![1u16; rows.shape[1] * side];
    let mut before = current.clone();
    for (z, y) in rows.indices() {
        if y == 0 {
            std::mem::swap(&mut current, &mut before);
        }
        let (earlier, rest) = current.split_at_mut(y * side);
        let lengths = &mut rest[..side];
        let extent = rows.extent(z, y);
        lengths[extent.clone()].fill(1);
        if step_z == 0 && step_y == 0 {
            extend_along_row(
                &rows.get(z, y)[extent.clone()],
                &mut lengths[extent.clone()],
            );
        } else if let Some(facing) = rows.facing(z, y, direction.reversed()) {
            let start = y.wrapping_add_signed(-step_y) * side;
            let plane = if step_z == 0 { earlier } else { &mut before };
            let previous = &plane[start..start + side];
            let from = moved(&facing.at, -step_x);
            extend_from(&mut lengths[facing.at.clone()], &previous[from], &facing);
        }
        visit(&rows.get(z, y)[extent.clone()], &lengths[extent]);
    }
}

/// Run lengths where the predecessors are in another row.
fn extend_from(lengths: &mut [u16], lengths_there: &[u16], facing: &Facing<'_>) {
    wide(
        #[inline(always)]
        || {
            let here = lengths.iter_mut().zip(facing.here);
            let there = lengths_there.iter().zip(facing.there);
            for ((length, &level), (&length_there, &level_there)) in here.zip(there) {
                let is_longer = u16::from(level == level_there);
                *length = 1 + is_longer * length_there;
            }
        },
    );
}

/// Run lengths where the predecessor is in the same row.
fn extend_along_row(row: &[u16], lengths: &mut [u16]) {
    for x in 1..row.len() {
        if row[x] == row[x - 1] {
            lengths[x] = lengths[x - 1] + 1;
        }
    }
}

/// Whether a line along the direction holds two voxels of the region, near or far.
pub(super) fn some_line_holds_two(levels: &Levels, direction: Direction) -> bool {
    let rows = Rows::of(levels);
    let mut lines = std::collections::HashSet::new();
    for (z, y) in rows.indices() {
        for (x, _) in rows
            .get(z, y)
            .iter()
            .enumerate()
            .filter(|&(_, &level)| level != 0)
        {
            if !lines.insert(entry(rows.shape, [z, y, x], direction)) {
                return true;
            }
        }
    }
    false
}

/// Where the line through a voxel enters the box.
fn entry(shape: [usize; 3], voxel: [usize; 3], direction: Direction) -> [usize; 3] {
    let steps = (0..3)
        .filter(|&axis| direction.0[axis] != 0)
        .map(|axis| {
            let step = direction.0[axis];
            let room = if step > 0 {
                voxel[axis]
            } else {
                shape[axis] - 1 - voxel[axis]
            };
            room / step.unsigned_abs()
        })
        .min()
        .unwrap_or(0);
    std::array::from_fn(|axis| voxel[axis].wrapping_add_signed(-direction.0[axis] * steps as isize))
}

/// Visits `(levels, counts)` row by row, where a voxel's count is the number of its neighbors in `offsets` that are
/// `alike(center, neighbor)`. Outside the box nothing is alike; level 0 is offered to `alike` like any other.
pub(super) fn count_neighbors(
    levels: &Levels,
    offsets: &[Direction],
    alike: impl Fn(u16, u16) -> bool,
    mut visit: impl FnMut(&[u16], &[u16]),
) {
    let rows = Rows::of(levels);
    let mut counts = vec![0u16; rows.shape[2]];
    for (z, y) in rows.indices() {
        let extent = rows.extent(z, y);
        counts[extent.clone()].fill(0);
        wide(
            #[inline(always)]
            || {
                for &offset in offsets {
                    let Some(Facing { at, here, there }) = rows.facing(z, y, offset) else {
                        continue;
                    };
                    let counts = counts[at].iter_mut();
                    for ((count, &center), &neighbor) in counts.zip(here).zip(there) {
                        *count += u16::from(alike(center, neighbor));
                    }
                }
            },
        );
        visit(&rows.get(z, y)[extent.clone()], &counts[extent]);
    }
}

/// A box of voxels around each voxel, taken `times` times (which may be negative).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shell {
    pub radius: usize,
    pub times: i64,
}

/// The shells at the given distances as boxes added and subtracted: distance `d` is the box of radius `d` without the box
/// of radius `d - 1`.
pub(super) fn shells(distances: &[usize], longest: usize) -> Vec<Shell> {
    let mut times = std::collections::BTreeMap::new();
    let distinct: std::collections::BTreeSet<usize> = distances
        .iter()
        .copied()
        .filter(|&d| d <= longest)
        .collect();
    for distance in distinct {
        *times.entry(distance).or_insert(0) += 1;
        *times.entry(distance - 1).or_insert(0) -= 1;
    }
    times
        .into_iter()
        .filter(|&(_, times)| times != 0)
        .map(|(radius, times)| Shell { radius, times })
        .collect()
}

/// Visits `(levels, sums, counts)` row by row: the sum of the levels of a voxel's neighbors inside the region, and their
/// number, for the neighborhood made of `shells`, kept in the plane perpendicular to `flat`.
///
/// Sums over a box are differences of running sums of columns of rows, so a neighborhood of 26 costs 9 additions of rows, a
/// running sum and a subtraction.
pub(super) fn sum_neighbors(
    levels: &Levels,
    shells: &[Shell],
    flat: Option<Axis>,
    mut visit: impl FnMut(&[u16], &[i64], &[i64]),
) {
    let rows = Rows::of(levels);
    let side = rows.shape[2];
    let reach = |axis: Axis, radius: usize| if flat == Some(axis) { 0 } else { radius };
    let mut columns = Columns::default();
    let (mut sums, mut counts) = (vec![0i64; side], vec![0i64; side]);
    for (z, y) in rows.indices() {
        let extent = rows.extent(z, y);
        let (sums, counts) = (&mut sums[extent.clone()], &mut counts[extent.clone()]);
        sums.fill(0);
        counts.fill(0);
        for &Shell { radius, times } in shells {
            columns.fill(
                &rows,
                [z, y],
                &extent,
                [Axis::Z, Axis::Y, Axis::X].map(|axis| reach(axis, radius)),
            );
            columns.add_windows(times, sums, counts);
        }
        visit(&rows.get(z, y)[extent], sums, counts);
    }
}

/// Sums of columns of rows around one row, of the levels and of how many there are: the sum is in the low 40 bits, the count
/// above. At most 65,535 neighbors of level 65,535 fit.
#[derive(Default)]
struct Columns {
    /// Of each column from `reach` before the row's extent to `reach` behind it; of columns outside the box, 0.
    packed: Vec<u64>,
    /// The sum of all columns before one; one entry more.
    running: Vec<u64>,
    /// Columns of one window.
    window: usize,
}

const LEVEL_BITS: u32 = 40;
const LEVEL_SUM: u64 = (1 << LEVEL_BITS) - 1;

impl Columns {
    /// Of the rows within reach of `(z, y)`.
    fn fill(
        &mut self,
        rows: &Rows<'_>,
        [z, y]: [usize; 2],
        extent: &Range<usize>,
        reach: [usize; 3],
    ) {
        let within = |at: usize, side: usize, reach: usize| {
            at.saturating_sub(reach)..at.saturating_add(reach).saturating_add(1).min(side)
        };
        // No window is longer than the row on either side.
        let reach_x = reach[2].min(rows.shape[2]);
        let needed = extent.len() + 2 * reach_x;
        self.window = 2 * reach_x + 1;
        self.packed.clear();
        self.packed.resize(needed, 0);
        let first = extent.start as isize - reach_x as isize;
        for z in within(z, rows.shape[0], reach[0]) {
            for y in within(y, rows.shape[1], reach[1]) {
                let Range { start, end } = rows.extent(z, y);
                let start = start.max(extent.start.saturating_sub(reach_x));
                let end = end.min(extent.end + reach_x);
                if start < end {
                    let at = moved(&(start..end), -first);
                    pack(&mut self.packed[at], &rows.get(z, y)[start..end]);
                }
            }
        }
        self.running.clear();
        self.running.push(0);
        // Sums of a whole row may wrap around; their differences, those of windows, do not.
        let mut total = 0u64;
        self.running.extend(self.packed.iter().map(|&column| {
            total = total.wrapping_add(column);
            total
        }));
    }

    /// Adds the sums and counts of the windows around each voxel of the extent.
    fn add_windows(&self, times: i64, sums: &mut [i64], counts: &mut [i64]) {
        let ends = &self.running[self.window..];
        wide(
            #[inline(always)]
            || {
                let ends = ends.iter().zip(&self.running);
                let totals = sums.iter_mut().zip(counts.iter_mut());
                for ((end, start), (sum, count)) in ends.zip(totals) {
                    let packed = end.wrapping_sub(*start);
                    *sum += times * (packed & LEVEL_SUM) as i64;
                    *count += times * (packed >> LEVEL_BITS) as i64;
                }
            },
        );
    }
}

/// Adds the levels of a row to packed sums.
fn pack(packed: &mut [u64], row: &[u16]) {
    wide(
        #[inline(always)]
        || {
            for (packed, &level) in packed.iter_mut().zip(row) {
                *packed += u64::from(level) | u64::from(level != 0) << LEVEL_BITS;
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    /// A volume with holes and long runs, from a fixed mixing of the index.
    fn volume(shape: [usize; 3]) -> Levels {
        let grid = Array3::from_shape_fn(shape, |(z, y, x)| {
            let mixed = (z * 37 + y * 101 + x * 13 + (z * y + x) * (y + 3)) % 11;
            [0u16, 1, 1, 2, 2, 2, 3, 3, 1, 0, 5][mixed]
        });
        Levels::from_array(grid.view()).expect("levels")
    }

    fn at(levels: &Levels, voxel: [isize; 3]) -> u16 {
        let index = voxel.map(|i| usize::try_from(i).ok());
        let [Some(z), Some(y), Some(x)] = index else {
            return 0;
        };
        levels.grid().get([z, y, x]).copied().unwrap_or(0)
    }

    fn voxels(levels: &Levels) -> Vec<[isize; 3]> {
        let [nz, ny, nx] = levels.shape().map(|side| side as isize);
        (0..nz)
            .flat_map(|z| (0..ny).flat_map(move |y| (0..nx).map(move |x| [z, y, x])))
            .collect()
    }

    fn neighbors(levels: &Levels, distances: &[usize], flat: Option<Axis>) -> Vec<Direction> {
        let half = super::super::direction::directions(levels.shape(), distances, flat)
            .expect("directions");
        half.iter()
            .flat_map(|&direction| [direction, direction.reversed()])
            .collect()
    }

    #[test]
    fn sums_over_boxes_equal_sums_over_neighbors() {
        for (shape, distances) in [
            ([4, 5, 6], vec![1]),
            ([3, 7, 5], vec![1, 2]),
            ([1, 6, 6], vec![2]),
            ([5, 5, 5], vec![1, 3]),
        ] {
            for flat in [None, Some(Axis::Z), Some(Axis::Y), Some(Axis::X)] {
                let levels = volume(shape);
                let offsets = neighbors(&levels, &distances, flat);
                let longest = shape.into_iter().max().expect("three sides") - 1;
                let mut found = Vec::new();
                sum_neighbors(
                    &levels,
                    &shells(&distances, longest),
                    flat,
                    |levels, sums, counts| {
                        let all = levels.iter().zip(sums.iter().zip(counts));
                        let inside = all.filter(|&(&level, _)| level != 0);
                        found.extend(inside.map(|(_, (&sum, &count))| (sum, count)));
                    },
                );
                let expected: Vec<(i64, i64)> = voxels(&levels)
                    .into_iter()
                    .filter(|&voxel| at(&levels, voxel) != 0)
                    .map(|voxel| {
                        let around = offsets
                            .iter()
                            .map(|d| at(&levels, std::array::from_fn(|a| voxel[a] + d.0[a])));
                        around.fold((0, 0), |(sum, n), level| {
                            (sum + i64::from(level), n + i64::from(level != 0))
                        })
                    })
                    .collect();
                assert_eq!(found, expected, "{shape:?} {distances:?} {flat:?}");
            }
        }
    }

    fn sizes(levels: &Levels, flat: Option<Axis>) -> Vec<(u16, u32)> {
        let found = zones(levels, flat).into_iter();
        found.map(|zone| (zone.level, zone.size)).collect()
    }

    #[test]
    fn zones_equal_a_flood_fill() {
        for shape in [[4, 5, 6], [1, 9, 9], [7, 1, 5], [3, 8, 4]] {
            for flat in [None, Some(Axis::Z), Some(Axis::Y), Some(Axis::X)] {
                let levels = volume(shape);
                let offsets = neighbors(&levels, &[1], flat);
                let numbers = zone_numbers(&levels);
                let mut seen = std::collections::HashSet::new();
                let mut expected = Vec::new();
                for start in voxels(&levels) {
                    let level = at(&levels, start);
                    if level == 0 || !seen.insert(start) {
                        continue;
                    }
                    let mut stack = vec![start];
                    let mut size = 0;
                    while let Some(voxel) = stack.pop() {
                        size += 1;
                        if flat.is_none() {
                            let number = numbers[voxel.map(|i| i as usize)] as usize;
                            assert_eq!(number, expected.len() + 1, "{shape:?} {voxel:?}");
                        }
                        for d in &offsets {
                            let next = std::array::from_fn(|a| voxel[a] + d.0[a]);
                            if at(&levels, next) == level && seen.insert(next) {
                                stack.push(next);
                            }
                        }
                    }
                    expected.push((level, size));
                }
                let mut found = sizes(&levels, flat);
                found.sort_unstable();
                expected.sort_unstable();
                assert_eq!(found, expected, "{shape:?} {flat:?}");
            }
        }
    }

    #[test]
    fn touching_ends_are_connected_only_diagonally() {
        // Runs that end at the same x, and runs that begin where the other ends.
        let plane = ndarray::arr3(&[[[1u16, 1, 2, 2, 1], [2, 2, 1, 1, 2]]]);
        let levels = Levels::from_array(plane.view()).expect("levels");
        let mut found = sizes(&levels, None);
        found.sort_unstable();
        assert_eq!(found, [(1, 5), (2, 5)]);
        let mut columns = sizes(&levels, Some(Axis::X));
        columns.sort_unstable();
        assert_eq!(
            columns,
            [
                (1, 1),
                (1, 1),
                (1, 1),
                (1, 1),
                (1, 1),
                (2, 1),
                (2, 1),
                (2, 1),
                (2, 1),
                (2, 1)
            ]
        );
    }

    #[test]
    fn far_voxels_on_one_line_are_found() {
        let mut grid = Array3::zeros((3, 5, 7));
        grid[[0, 0, 6]] = 1u16;
        grid[[2, 4, 2]] = 2;
        grid[[1, 1, 0]] = 2;
        let levels = Levels::from_array(grid.view()).expect("levels");
        assert!(some_line_holds_two(&levels, Direction([1, 2, -2])));
        for other in [[0, 0, 1], [0, 1, 0], [1, 0, 0], [1, 1, 1], [1, 1, -1]] {
            assert!(!some_line_holds_two(&levels, Direction(other)), "{other:?}");
        }
    }
}

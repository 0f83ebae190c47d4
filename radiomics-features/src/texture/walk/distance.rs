//! How many steps a voxel is from the outside of a region.

use ndarray::{Array3, ArrayView3};

use super::Axis;
use crate::wide::wide;

/// The city-block distance of every voxel of a mask to the nearest voxel outside, which what lies beyond the array is as well:
/// 1 at the border, 0 outside. Steps along `flat` are not taken.
pub(crate) fn edge_distances(mask: ArrayView3<'_, bool>, flat: Option<Axis>) -> Array3<u32> {
    let (nz, ny, nx) = mask.dim();
    let mut distances = vec![0u32; mask.len()];
    if mask.is_empty() {
        return Array3::zeros((nz, ny, nx));
    }
    // No way to the outside is longer than this.
    let farthest = (nz + ny + nx) as u32;
    let mut planes: Vec<&mut [u32]> = distances.chunks_exact_mut(ny * nx).collect();
    for (z, mask) in mask.outer_iter().enumerate() {
        let (before, after) = planes.split_at_mut(z);
        let plane = &mut *after[0];
        for (row, mask) in plane.chunks_exact_mut(nx).zip(mask.outer_iter()) {
            if flat == Some(Axis::X) {
                let far = mask.iter().map(|&inside| u32::from(inside) * farthest);
                row.iter_mut().zip(far).for_each(|(d, far)| *d = far);
            } else {
                along_row(row, mask.iter().copied());
            }
        }
        if flat != Some(Axis::Y) {
            let mut rows: Vec<&mut [u32]> = plane.chunks_exact_mut(nx).collect();
            for y in 0..ny {
                step(&mut rows, y.checked_sub(1), y);
            }
            for y in (0..ny).rev() {
                step(&mut rows, Some(y + 1), y);
            }
        }
        if flat != Some(Axis::Z) {
            step_from(plane, before.last().map(|before| &**before));
        }
    }
    if flat != Some(Axis::Z) {
        for z in (0..nz).rev() {
            step(&mut planes, Some(z + 1), z);
        }
    }
    Array3::from_shape_vec((nz, ny, nx), distances).expect("one distance a voxel")
}

/// Distances to the ends of the runs of a row that lie inside; `row` is 0.
fn along_row(row: &mut [u32], mask: impl Iterator<Item = bool>) {
    let mut run = 0;
    let n = row.len();
    for (x, inside) in mask.chain([false]).enumerate() {
        if inside {
            run += 1;
        } else if run > 0 {
            let run_of_row = &mut row[x - run..x.min(n)];
            let length = run as u32;
            for (before, distance) in (1..).zip(run_of_row) {
                *distance = before.min(length + 1 - before);
            }
            run = 0;
        }
    }
}

/// One line of voxels, or plane, is at most one step farther than that beside it, beyond the last one step from the outside.
fn step(lines: &mut [&mut [u32]], beside: Option<usize>, here: usize) {
    match beside.filter(|&beside| beside < lines.len()) {
        None => step_from(lines[here], None),
        Some(beside) => {
            let [line, beside] = lines
                .get_disjoint_mut([here, beside])
                .expect("two of the lines");
            step_from(line, Some(beside));
        }
    }
}

fn step_from(line: &mut [u32], beside: Option<&[u32]>) {
    wide(
        #[inline(always)]
        || match beside {
            None => line.iter_mut().for_each(|d| *d = (*d).min(1)),
            Some(beside) => {
                for (distance, &other) in line.iter_mut().zip(beside) {
                    *distance = (*distance).min(other + 1);
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_equal_the_shortest_ways() {
        let mask = Array3::from_shape_fn((5, 9, 8), |(z, y, x)| (z * 7 + y * 3 + x * 5) % 13 != 0);
        for flat in [None, Some(Axis::Z), Some(Axis::Y), Some(Axis::X)] {
            let found = edge_distances(mask.view(), flat);
            let outside = |voxel: [isize; 3]| {
                let index = voxel.map(|i| usize::try_from(i).unwrap_or(usize::MAX));
                !mask.get(index).copied().unwrap_or(false)
            };
            for ((z, y, x), &distance) in found.indexed_iter() {
                let steps = |axis: Axis, n: isize| if flat == Some(axis) { 0..=0 } else { -n..=n };
                let nearest = steps(Axis::Z, 6)
                    .flat_map(|dz| {
                        steps(Axis::Y, 10)
                            .flat_map(move |dy| steps(Axis::X, 10).map(move |dx| [dz, dy, dx]))
                    })
                    .filter(|d| outside([z as isize + d[0], y as isize + d[1], x as isize + d[2]]))
                    .map(|d| d.iter().map(|step| step.unsigned_abs()).sum::<usize>())
                    .min();
                assert_eq!(Some(distance as usize), nearest, "{z} {y} {x} {flat:?}");
            }
        }
    }
}

//! How many steps a voxel is from the outside of a region.

use ndarray::{Array3, ArrayView3, Axis as ArrayAxis, Zip};

use super::Axis;

/// The city-block distance of every voxel of a mask to the nearest voxel outside, which what lies beyond the array is as well:
/// 1 at the border, 0 outside. Steps along `flat` are not taken.
pub(crate) fn edge_distances(mask: ArrayView3<'_, bool>, flat: Option<Axis>) -> Array3<u32> {
    // No way to the outside is longer than this.
    let farthest = mask.len() as u32;
    let mut distances = mask.mapv(|inside| if inside { farthest } else { 0 });
    for axis in [Axis::Z, Axis::Y, Axis::X] {
        if flat == Some(axis) {
            continue;
        }
        let along = ArrayAxis(axis.index());
        let n = distances.len_of(along);
        for k in 0..n {
            step(&mut distances, along, k.checked_sub(1), k);
        }
        for k in (0..n).rev() {
            step(
                &mut distances,
                along,
                Some(k + 1).filter(|&after| after < n),
                k,
            );
        }
    }
    distances
}

/// A plane is at most one step farther than the plane beside it.
fn step(distances: &mut Array3<u32>, along: ArrayAxis, beside: Option<usize>, here: usize) {
    let Some(beside) = beside else {
        let mut plane = distances.index_axis_mut(along, here);
        plane.mapv_inplace(|distance| distance.min(1));
        return;
    };
    let (low, high) = (beside.min(here), beside.max(here));
    let (mut before, mut after) = distances.view_mut().split_at(along, high);
    let (low, high) = (
        before.index_axis_mut(along, low),
        after.index_axis_mut(along, 0),
    );
    let (mut plane, other) = if beside < here {
        (high, low)
    } else {
        (low, high)
    };
    Zip::from(&mut plane)
        .and(&other)
        .for_each(|distance, &other| *distance = (*distance).min(other + 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_equal_the_shortest_ways() {
        let mask = Array3::from_shape_fn((5, 9, 8), |(z, y, x)| (z * 7 + y * 3 + x * 5) % 13 != 0);
        for flat in [None, Some(Axis::Z)] {
            let found = edge_distances(mask.view(), flat);
            let outside = |voxel: [isize; 3]| {
                let index = voxel.map(|i| usize::try_from(i).unwrap_or(usize::MAX));
                !mask.get(index).copied().unwrap_or(false)
            };
            for ((z, y, x), &distance) in found.indexed_iter() {
                let reach = |n: isize| if flat.is_some() { 0..=0 } else { -n..=n };
                let nearest = reach(6)
                    .flat_map(|dz| {
                        (-10..=10isize)
                            .flat_map(move |dy| (-10..=10isize).map(move |dx| [dz, dy, dx]))
                    })
                    .filter(|d| outside([z as isize + d[0], y as isize + d[1], x as isize + d[2]]))
                    .map(|d| d.iter().map(|step| step.unsigned_abs()).sum::<usize>())
                    .min();
                assert_eq!(Some(distance as usize), nearest, "{z} {y} {x} {flat:?}");
            }
        }
    }
}

//! Directions: the offsets from a voxel to its neighbors.

use std::collections::BTreeSet;

use super::TextureParams;
use crate::{Error, Result};

/// An axis of an image, in array order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Axis {
    /// Across slices.
    Z,
    /// Across rows.
    Y,
    /// Along a row.
    X,
}

impl Axis {
    /// The position of the axis in `(z, y, x)`.
    pub fn index(self) -> usize {
        match self {
            Self::Z => 0,
            Self::Y => 1,
            Self::X => 2,
        }
    }

    /// The axis of a plane's array `(y, x)` that has the position of this one in `(z, y, x)`; a plane has no third.
    pub(crate) fn of_plane(self) -> Option<Self> {
        match self {
            Self::Z => Some(Self::Y),
            Self::Y => Some(Self::X),
            Self::X => None,
        }
    }
}

/// How long a direction is, and with it how much its matrix weighs when the matrices of all directions are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WeightingNorm {
    /// All directions weigh 1.
    NoWeighting,
    /// `Σ |d|`, in mm.
    Manhattan,
    /// `√(Σ d²)`, in mm.
    Euclidean,
    /// `max |d|`, in mm.
    Infinity,
}

/// An offset in voxels, `(z, y, x)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Direction(pub [isize; 3]);

impl Direction {
    /// The length in mm under a norm; `None` for [`WeightingNorm::NoWeighting`], which measures nothing.
    pub fn length(&self, spacing: [f64; 3], norm: WeightingNorm) -> Option<f64> {
        let mm: [f64; 3] =
            std::array::from_fn(|axis| self.0[axis].unsigned_abs() as f64 * spacing[axis]);
        match norm {
            WeightingNorm::NoWeighting => None,
            WeightingNorm::Manhattan => Some(mm.iter().sum()),
            WeightingNorm::Euclidean => Some(mm.iter().map(|d| d * d).sum::<f64>().sqrt()),
            WeightingNorm::Infinity => Some(mm.iter().copied().fold(0.0, f64::max)),
        }
    }

    /// The offset back.
    pub(super) fn reversed(self) -> Self {
        Self(self.0.map(|step| -step))
    }
}

/// Most neighbor pairs a setting may ask for: a voxel, its neighbors on both sides, and no more than 16 bits of them.
const MAX_DIRECTIONS: usize = 32_767;

/// One of each pair of opposite directions whose largest step is one of `distances`, that fit into a box of `shape` and
/// lie in the plane perpendicular to `force_2d`. In descending order: 13 for a volume, 4 for a plane.
///
/// # Errors
/// [`Error::InvalidSetting`] if there is no distance, one is 0, or they give more than 32,767 pairs of neighbors.
pub fn directions(
    shape: [usize; 3],
    distances: &[usize],
    force_2d: Option<Axis>,
) -> Result<Vec<Direction>> {
    let invalid = |expected| Error::InvalidSetting {
        name: "distances",
        expected,
        found: format!("{distances:?}"),
    };
    if distances.is_empty() || distances.contains(&0) {
        return Err(invalid("at least one distance, all of 1 voxel or more"));
    }
    let mut reach = shape.map(|side| side as isize - 1);
    if let Some(axis) = force_2d {
        reach[axis.index()] = 0;
    }
    let longest = reach.into_iter().max().unwrap_or(0);
    let distances: BTreeSet<isize> = distances
        .iter()
        .filter_map(|&distance| isize::try_from(distance).ok())
        .filter(|&distance| distance <= longest)
        .collect();
    let farthest = distances.last().copied().unwrap_or(0);
    let [reach_z, reach_y, reach_x] = reach.map(|steps| steps.min(farthest));
    let mut found = Vec::new();
    for z in 0..=reach_z {
        for y in -reach_y..=reach_y {
            let in_plane = z.max(y.abs());
            let steps_x = if distances.contains(&in_plane) {
                in_plane.min(reach_x)
            } else {
                -1
            };
            let near = -steps_x..=steps_x;
            let far = distances
                .range(in_plane + 1..)
                .filter(|&&x| x <= reach_x)
                .flat_map(|&x| [x, -x]);
            found.extend(
                near.chain(far)
                    .map(|x| Direction([z, y, x]))
                    .filter(|d| *d > Direction([0, 0, 0])),
            );
            if found.len() > MAX_DIRECTIONS {
                return Err(invalid("distances with at most 32767 pairs of neighbors"));
            }
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    Ok(found)
}

/// The directions of the settings' distances.
pub(crate) fn pair_directions(shape: [usize; 3], params: &TextureParams) -> Result<Vec<Direction>> {
    directions(shape, &params.distances, params.force_2d)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(shape: [usize; 3], distances: &[usize], force_2d: Option<Axis>) -> Vec<[isize; 3]> {
        let found = directions(shape, distances, force_2d).expect("valid distances");
        found.into_iter().map(|direction| direction.0).collect()
    }

    #[test]
    fn a_volume_has_13_and_a_plane_4() {
        assert_eq!(
            list([3, 3, 3], &[1], None),
            [
                [1, 1, 1],
                [1, 1, 0],
                [1, 1, -1],
                [1, 0, 1],
                [1, 0, 0],
                [1, 0, -1],
                [1, -1, 1],
                [1, -1, 0],
                [1, -1, -1],
                [0, 1, 1],
                [0, 1, 0],
                [0, 1, -1],
                [0, 0, 1]
            ]
        );
        let plane = [[0, 1, 1], [0, 1, 0], [0, 1, -1], [0, 0, 1]];
        assert_eq!(list([1, 3, 3], &[1], None), plane);
        assert_eq!(list([3, 3, 3], &[1], Some(Axis::Z)), plane);
        assert_eq!(
            list([3, 3, 3], &[1], Some(Axis::X)),
            [[1, 1, 0], [1, 0, 0], [1, -1, 0], [0, 1, 0]]
        );
        assert_eq!(list([1, 1, 3], &[1], None), [[0, 0, 1]]);
        assert!(list([1, 1, 1], &[1], None).is_empty());
    }

    #[test]
    fn distances_add_shells() {
        let brute = |shape: [isize; 3], distances: &[isize]| {
            let mut all = Vec::new();
            for z in -9..=9isize {
                for y in -9..=9isize {
                    for x in -9..=9isize {
                        let fits = z.abs() < shape[0] && y.abs() < shape[1] && x.abs() < shape[2];
                        if fits
                            && distances.contains(&z.abs().max(y.abs()).max(x.abs()))
                            && [z, y, x] > [0, 0, 0]
                        {
                            all.push([z, y, x]);
                        }
                    }
                }
            }
            all.sort_unstable_by(|a, b| b.cmp(a));
            all
        };
        for shape in [[5, 5, 5], [1, 4, 7], [3, 9, 2]] {
            for distances in [
                vec![1],
                vec![2],
                vec![1, 2],
                vec![3, 1],
                vec![2, 5],
                vec![4, 4],
                vec![9],
            ] {
                let found = list(shape, &distances, None);
                let signed = |side: usize| isize::try_from(side).expect("small");
                let expected = brute(
                    shape.map(signed),
                    &distances.iter().map(|&d| signed(d)).collect::<Vec<_>>(),
                );
                assert_eq!(found, expected, "{shape:?} {distances:?}");
            }
        }
    }

    #[test]
    fn unusable_distances_are_errors() {
        for distances in [vec![], vec![0], vec![1, 0]] {
            let error = directions([3, 3, 3], &distances, None);
            assert!(
                matches!(
                    error,
                    Err(Error::InvalidSetting {
                        name: "distances",
                        ..
                    })
                ),
                "{error:?}"
            );
        }
        let error = directions([500, 500, 500], &[200], None);
        assert!(
            matches!(error, Err(Error::InvalidSetting { .. })),
            "{error:?}"
        );
        assert!(list([3, 3, 3], &[usize::MAX], None).is_empty());
    }

    #[test]
    fn lengths_are_in_mm() {
        let direction = Direction([1, -2, 0]);
        let length = |norm| direction.length([3.0, 2.0, 1.0], norm);
        assert_eq!(length(WeightingNorm::NoWeighting), None);
        assert_eq!(length(WeightingNorm::Manhattan), Some(7.0));
        assert_eq!(length(WeightingNorm::Euclidean), Some(5.0));
        assert_eq!(length(WeightingNorm::Infinity), Some(4.0));
    }
}

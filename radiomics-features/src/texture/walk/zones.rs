//! Connected zones of one level: one pass over the voxels, in which each joins the zones of its earlier neighbors.

use std::sync::LazyLock;

use ndarray::Array3;

use super::{Axis, Direction, Facing, Rows};
use crate::discretize::Levels;
use crate::wide::wide;

/// The 13 neighbors that are visited before a voxel.
const EARLIER: [[isize; 3]; 13] = [
    [-1, -1, -1],
    [-1, -1, 0],
    [-1, -1, 1],
    [-1, 0, -1],
    [-1, 0, 0],
    [-1, 0, 1],
    [-1, 1, -1],
    [-1, 1, 0],
    [-1, 1, 1],
    [0, -1, -1],
    [0, -1, 0],
    [0, -1, 1],
    [0, 0, -1],
];

/// For each set of earlier neighbors (bit `k` is neighbor `k`), one of every group that hangs together. Two neighbors of equal
/// level that touch each other were joined when the later of them was visited, so joining one of them again joins both.
static REPRESENTATIVES: LazyLock<Vec<u16>> = LazyLock::new(|| {
    let touch = |a: [isize; 3], b: [isize; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 1);
    let touching = EARLIER.map(|a| {
        let neighbors = EARLIER.iter().enumerate().filter(|&(_, &b)| touch(a, b));
        neighbors.fold(0u16, |set, (k, _)| set | 1 << k)
    });
    let of_set = |set: u16| {
        let (mut left, mut chosen) = (set, 0);
        while left != 0 {
            chosen |= 1 << left.trailing_zeros();
            let mut group = left & left.wrapping_neg();
            // Grows until nothing is added.
            while group != 0 {
                left &= !group;
                group = (0..EARLIER.len())
                    .filter(|k| group >> k & 1 == 1)
                    .fold(0, |grown, k| grown | touching[k] & left);
            }
        }
        chosen
    };
    (0..1 << EARLIER.len()).map(of_set).collect()
});

/// A connected zone of one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Zone {
    pub level: u16,
    /// Number of voxels.
    pub size: u32,
    /// The smallest of its voxels' distances.
    pub distance: u32,
}

/// The connected zones of equal level, in the order of their first voxel, their distances left at 0. Neighbors are the 26 (the 8
/// in the plane perpendicular to `flat`).
pub(crate) fn zones(levels: &Levels, flat: Option<Axis>) -> Vec<Zone> {
    collect(
        levels,
        flat,
        #[inline(always)]
        |zone, _, level| {
            zone.level = level;
            zone.size += 1;
        },
        |root, part| root.size += part.size,
    )
}

/// The zones with their smallest distances; `distances` has one number a voxel of the levels' box, in memory order.
pub(crate) fn distance_zones(levels: &Levels, distances: &[u32], flat: Option<Axis>) -> Vec<Zone> {
    collect(
        levels,
        flat,
        #[inline(always)]
        |zone, voxel, level| {
            let distance = distances[voxel];
            *zone = Zone {
                level,
                size: zone.size + 1,
                distance: if zone.size == 0 {
                    distance
                } else {
                    distance.min(zone.distance)
                },
            };
        },
        |root, part| {
            root.size += part.size;
            root.distance = root.distance.min(part.distance);
        },
    )
}

/// The zones, in the order of their first voxel: each voxel is added to a part of its zone, and the parts to the part that holds
/// the first voxel, which is never empty.
fn collect(
    levels: &Levels,
    flat: Option<Axis>,
    mut add: impl FnMut(&mut Zone, usize, u16),
    mut join: impl FnMut(&mut Zone, Zone),
) -> Vec<Zone> {
    let Connected { labels, forest } = Connected::new(levels, flat);
    let rows = Rows::of(levels);
    let mut zones = vec![Zone::default(); forest.parent.len()];
    for (z, y) in rows.indices() {
        let extent = rows.extent(z, y);
        let start = rows.start(z, y);
        let labels = &labels[start..][extent.clone()];
        let voxels = labels.iter().zip(&rows.get(z, y)[extent.clone()]);
        for (voxel, (&label, &level)) in (start + extent.start..).zip(voxels) {
            // Label 0, of the holes, is not a zone.
            add(&mut zones[label as usize], voxel, level);
        }
    }
    // Every label but the roots is younger than its root.
    let roots = forest.into_roots();
    for label in (1..zones.len()).rev() {
        let root = roots[label] as usize;
        if root != label {
            let part = std::mem::take(&mut zones[label]);
            join(&mut zones[root], part);
        }
    }
    zones
        .into_iter()
        .skip(1)
        .filter(|zone| zone.size > 0)
        .collect()
}

/// The number of each voxel's zone, shape `(z, y, x)`: 1, 2, .. in the order of the zones' first voxels, 0 outside the region.
pub(crate) fn zone_numbers(levels: &Levels) -> Array3<u32> {
    let Connected { mut labels, forest } = Connected::new(levels, None);
    let mut numbers = forest.into_roots();
    let mut n_zones = 0;
    for label in 1..numbers.len() {
        let root = numbers[label] as usize;
        numbers[label] = match root == label {
            true => {
                n_zones += 1;
                n_zones
            }
            // Older, so numbered already.
            false => numbers[root],
        };
    }
    for label in &mut labels {
        *label = numbers[*label as usize];
    }
    Array3::from_shape_vec(levels.shape(), labels).expect("one label a voxel")
}

/// The voxels of a box with labels, and which labels are of one zone.
struct Connected {
    /// 0 outside the region.
    labels: Vec<u32>,
    forest: Forest,
}

impl Connected {
    fn new(levels: &Levels, flat: Option<Axis>) -> Self {
        let rows = Rows::of(levels);
        let [_, ny, nx] = rows.shape;
        let mut labels = vec![0u32; rows.levels.len()];
        let mut forest = Forest { parent: vec![0] };
        let steps = EARLIER.map(|[z, y, x]| -((z * ny as isize + y) * nx as isize + x) as usize);
        let representatives = &**REPRESENTATIVES;
        let mut alike = vec![0u16; nx];
        for (z, y) in rows.indices() {
            find_alike(&rows, [z, y], flat, &mut alike);
            let extent = rows.extent(z, y);
            let start = rows.start(z, y);
            for x in extent {
                let (level, set) = (rows.levels[start + x], alike[x]);
                if level == 0 {
                    continue;
                }
                let mut others = representatives[usize::from(set)];
                let mut label = 0;
                while others != 0 {
                    let back = steps[others.trailing_zeros() as usize];
                    label = forest.join(label, labels[start + x - back]);
                    others &= others - 1;
                }
                labels[start + x] = if label == 0 { forest.grow() } else { label };
            }
        }
        Self { labels, forest }
    }
}

/// Which earlier neighbors of each voxel of a row have its level.
fn find_alike(rows: &Rows<'_>, [z, y]: [usize; 2], flat: Option<Axis>, alike: &mut [u16]) {
    alike[rows.extent(z, y)].fill(0);
    wide(
        #[inline(always)]
        || {
            for (k, step) in EARLIER.into_iter().enumerate() {
                if flat.is_some_and(|axis| step[axis.index()] != 0) {
                    continue;
                }
                let Some(Facing { at, here, there }) = rows.facing(z, y, Direction(step)) else {
                    continue;
                };
                let sets = alike[at].iter_mut();
                for ((set, &level), &other) in sets.zip(here).zip(there) {
                    *set |= u16::from(level == other) << k;
                }
            }
        },
    );
}

/// Sets of labels (union-find): each points to an older label of its set, a root to itself. Label 0 is no set.
struct Forest {
    parent: Vec<u32>,
}

impl Forest {
    /// A set of its own.
    fn grow(&mut self) -> u32 {
        let label = self.parent.len() as u32;
        self.parent.push(label);
        label
    }

    fn root(&mut self, label: u32) -> u32 {
        let mut label = label;
        loop {
            let parent = self.parent[label as usize];
            if parent == label {
                return label;
            }
            let grandparent = self.parent[parent as usize];
            self.parent[label as usize] = grandparent;
            label = grandparent;
        }
    }

    /// The root of both sets together. The older root stays one, so that zones come in the order of their first voxel. `root` is
    /// a root, or 0 for none.
    fn join(&mut self, root: u32, label: u32) -> u32 {
        let other = self.root(label);
        if root == 0 || root == other {
            return other;
        }
        let (older, newer) = (root.min(other), root.max(other));
        self.parent[newer as usize] = older;
        older
    }

    /// The root of every label.
    fn into_roots(mut self) -> Vec<u32> {
        for label in 0..self.parent.len() {
            // The parent is older, so it points to its root already.
            self.parent[label] = self.parent[self.parent[label] as usize];
        }
        self.parent
    }
}

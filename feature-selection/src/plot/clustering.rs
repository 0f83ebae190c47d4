//! The order of features in a heat map.

use crate::redundancy::Merge;

/// The leaves of a tree over `n` of them. Of the two branches that meet, each is turned so that the nearest of their ends touch.
pub(super) fn turned_leaves(
    n: usize,
    merges: &[Merge],
    distance: impl Fn(usize, usize) -> f64,
) -> Vec<usize> {
    let mut branches: Vec<Vec<usize>> = (0..n).map(|leaf| vec![leaf]).collect();
    for merge in merges {
        let left = std::mem::take(&mut branches[merge.left]);
        let right = std::mem::take(&mut branches[merge.right]);
        branches.push(joined(left, right, &distance));
    }
    branches.pop().unwrap_or_default()
}

/// Two branches beside each other, turned so that the ends that meet are the nearest of the four pairs.
fn joined(
    mut left: Vec<usize>,
    mut right: Vec<usize>,
    distance: impl Fn(usize, usize) -> f64,
) -> Vec<usize> {
    let ends = |branch: &[usize]| (branch[0], branch[branch.len() - 1]);
    let ((l0, l1), (r0, r1)) = (ends(&left), ends(&right));
    let mut best = (f64::INFINITY, false, false);
    for (a, b, turn_left, turn_right) in [
        (l1, r0, false, false),
        (l1, r1, false, true),
        (l0, r0, true, false),
        (l0, r1, true, true),
    ] {
        let gap = distance(a, b);
        if gap < best.0 {
            best = (gap, turn_left, turn_right);
        }
    }
    if best.1 {
        left.reverse();
    }
    if best.2 {
        right.reverse();
    }
    left.extend(right);
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FeatureTable;
    use crate::correlation::Correlation;
    use crate::redundancy::{Dendrogram, Linkage};
    use ndarray::Array2;

    #[test]
    fn neighbors_stand_together() {
        // Directions in a half plane: the more alike two angles, the higher the correlation.
        let angle = [0.0_f64, 1.0, 0.01, 1.02, 0.03, 1.5];
        let values = Array2::from_shape_fn((3, 6), |(i, j)| match i {
            0 => angle[j].cos(),
            1 => -angle[j].cos(),
            _ => 3_f64.sqrt() * angle[j].sin(),
        });
        let centered = &values - &values.mean_axis(ndarray::Axis(0)).unwrap();
        let names: Vec<String> = (0..6).map(|j| format!("f{j}")).collect();
        let table = FeatureTable::new(centered.view(), &names).unwrap();
        let tree = Dendrogram::new(&table, Correlation::Pearson, Linkage::Average).unwrap();
        let distance = |i: usize, j: usize| f64::abs(angle[i] - angle[j]);
        let order = turned_leaves(6, &tree.merges, distance);
        // The branches turn so that the order is that of the angles.
        let mut sorted: Vec<f64> = order.iter().map(|&j| angle[j]).collect();
        if sorted[0] > sorted[5] {
            sorted.reverse();
        }
        assert_eq!(sorted, [0.0, 0.01, 0.03, 1.0, 1.02, 1.5]);
    }

    #[test]
    fn a_single_leaf_is_an_order() {
        assert_eq!(turned_leaves(1, &[], |_, _| 0.0), [0]);
        assert_eq!(turned_leaves(0, &[], |_, _| 0.0), [0usize; 0]);
    }
}

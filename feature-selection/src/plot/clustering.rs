//! The order of features in a heat map.

/// Leaf order of average-linkage clustering, by nearest-neighbor chains in O(p²); ties go to the lower index. Of the two
/// branches that meet, each is turned so that the nearest of their ends touch.
pub(super) fn cluster_order(p: usize, distance: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    let mut d: Vec<f64> = (0..p * p).map(|k| distance(k / p, k % p)).collect();
    let mut members: Vec<Vec<usize>> = (0..p).map(|j| vec![j]).collect();
    let mut open: Vec<usize> = (0..p).collect();
    let mut chain: Vec<usize> = Vec::new();
    while open.len() > 1 {
        if chain.is_empty() {
            chain.push(open[0]);
        }
        let last = chain[chain.len() - 1];
        let previous = chain.len().checked_sub(2).map(|i| chain[i]);
        // Ties go to the previous link, so that the chain ends, then to the lower index.
        let mut nearest = previous.unwrap_or(usize::MAX);
        for &c in open.iter().filter(|&&c| c != last) {
            if nearest == usize::MAX || d[last * p + c] < d[last * p + nearest] {
                nearest = c;
            }
        }
        if Some(nearest) != previous {
            chain.push(nearest);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (a, b) = (last.min(nearest), last.max(nearest));
        let (na, nb) = (members[a].len() as f64, members[b].len() as f64);
        for &c in open.iter().filter(|&&c| c != a && c != b) {
            let joined = (na * d[a * p + c] + nb * d[b * p + c]) / (na + nb);
            d[a * p + c] = joined;
            d[c * p + a] = joined;
        }
        let (left, right) = (
            std::mem::take(&mut members[a]),
            std::mem::take(&mut members[b]),
        );
        members[a] = joined(left, right, &distance);
        open.retain(|&c| c != b);
    }
    open.first()
        .map(|&root| std::mem::take(&mut members[root]))
        .unwrap_or_default()
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
    use super::cluster_order;

    #[test]
    fn neighbors_stand_together() {
        let at = [0.0, 10.0, 0.1, 10.2, 0.3, 50.0];
        let order = cluster_order(6, |i, j| f64::abs(at[i] - at[j]));
        // On a line the branches turn so that the order is that of the line.
        let mut sorted: Vec<f64> = order.iter().map(|&j| at[j]).collect();
        if sorted[0] > sorted[5] {
            sorted.reverse();
        }
        assert_eq!(sorted, [0.0, 0.1, 0.3, 10.0, 10.2, 50.0]);
    }

    #[test]
    fn ties_and_small_numbers_have_an_order() {
        assert_eq!(cluster_order(0, |_, _| 0.0), [0usize; 0]);
        assert_eq!(cluster_order(1, |_, _| 0.0), [0]);
        let mut order = cluster_order(50, |_, _| 1.0);
        order.sort_unstable();
        assert_eq!(order, (0..50).collect::<Vec<_>>());
    }
}

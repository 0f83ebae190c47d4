//! Concordant minus discordant pairs by Knight's merge sort.

use super::columns::ascending;
use crate::par::map_indexed;
use crate::table::FeatureTable;

/// Every column's rows in ascending order and its ranks without gaps.
pub(super) struct Orders {
    n: usize,
    /// Rows in ascending order, column after column.
    order: Vec<u32>,
    /// Ranks from 0, equal values sharing one, column after column.
    rank: Vec<u32>,
}

impl Orders {
    pub(super) fn new(table: &FeatureTable) -> Self {
        let n = table.n_rows();
        let columns = map_indexed(table.n_columns(), |j| {
            let column = table.column(j);
            let order = ascending(column);
            let mut rank = vec![0; n];
            let mut next = 0;
            for pair in order.windows(2) {
                let (before, row) = (pair[0] as usize, pair[1] as usize);
                next += u32::from(column[row] != column[before]);
                rank[row] = next;
            }
            (order, rank)
        });
        let (order, rank): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        Self {
            n,
            order: order.concat(),
            rank: rank.concat(),
        }
    }

    /// Concordant minus discordant pairs of rows; pairs tied in either column count as neither. An integer below 2^53
    /// for up to 1e8 rows.
    pub(super) fn concordance(&self, i: usize, j: usize) -> f64 {
        let order = &self.order[i * self.n..(i + 1) * self.n];
        let x = &self.rank[i * self.n..(i + 1) * self.n];
        let y = &self.rank[j * self.n..(j + 1) * self.n];
        let mut sequence: Vec<u32> = order.iter().map(|&row| y[row as usize]).collect();
        let (mut tied_x, mut tied_both, mut start) = (0, 0, 0);
        for end in 1..=self.n {
            if end < self.n && x[order[end] as usize] == x[order[start] as usize] {
                continue;
            }
            if end - start > 1 {
                tied_x += pairs(end - start);
                sequence[start..end].sort_unstable();
                tied_both += tied_pairs(&sequence[start..end]);
            }
            start = end;
        }
        let discordant = inversions(&mut sequence);
        let tied_y = tied_pairs(&sequence);
        (pairs(self.n) + tied_both - tied_x - tied_y - 2 * discordant) as f64
    }
}

fn pairs(n: usize) -> i64 {
    (n as i64) * (n as i64 - 1) / 2
}

fn tied_pairs(sorted: &[u32]) -> i64 {
    sorted.chunk_by(|a, b| a == b).map(|g| pairs(g.len())).sum()
}

/// Number of pairs out of order; sorts the sequence.
fn inversions(sequence: &mut [u32]) -> i64 {
    const RUN: usize = 4;
    let mut count = 0;
    for run in sequence.chunks_mut(RUN) {
        for end in 1..run.len() {
            let value = run[end];
            let mut at = end;
            while at > 0 && run[at - 1] > value {
                run[at] = run[at - 1];
                at -= 1;
            }
            run[at] = value;
            count += (end - at) as i64;
        }
    }
    let mut other = sequence.to_vec();
    let mut width = RUN;
    while width < sequence.len() {
        for (from, to) in sequence.chunks(2 * width).zip(other.chunks_mut(2 * width)) {
            let (left, right) = from.split_at(width.min(from.len()));
            count += merge(left, right, to);
        }
        sequence.copy_from_slice(&other);
        width *= 2;
    }
    count
}

/// Merges two sorted halves and counts pairs of a larger left and a smaller right value. Which side comes next is as good as random, so
/// it is added and not branched on.
fn merge(left: &[u32], right: &[u32], to: &mut [u32]) -> i64 {
    let (mut l, mut r, mut count) = (0, 0, 0);
    while l < left.len() && r < right.len() {
        let (a, b) = (left[l], right[r]);
        let from_right = usize::from(b < a);
        to[l + r] = a.min(b);
        count += from_right * (left.len() - l);
        r += from_right;
        l += 1 - from_right;
    }
    let rest = &mut to[l + r..];
    let (a, b) = rest.split_at_mut(left.len() - l);
    a.copy_from_slice(&left[l..]);
    b.copy_from_slice(&right[r..]);
    count as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn counts_agree_with_all_pairs() {
        let mut state = 7_u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % 13
        };
        for n in [1, 2, 7, 8, 9, 31, 64, 100] {
            let values = Array2::from_shape_fn((n, 2), |_| draw() as f64);
            let table = FeatureTable::new(values.view(), &["a", "b"].map(String::from)).unwrap();
            let (x, y) = (table.column(0), table.column(1));
            let mut expected = 0.0;
            for i in 0..n {
                for j in 0..i {
                    let sign = |a: f64, b: f64| f64::from(a > b) - f64::from(a < b);
                    expected += sign(x[i], x[j]) * sign(y[i], y[j]);
                }
            }
            let orders = Orders::new(&table);
            assert_eq!(orders.concordance(0, 1), expected, "n = {n}");
            assert_eq!(orders.concordance(1, 0), expected, "n = {n}");
        }
    }
}

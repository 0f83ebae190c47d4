//! Information from correlation, as for variables with a joint normal distribution.

use super::Association;
use crate::correlation::{Correlation, average_ranks};
use crate::error::{Error, Result};
use crate::linalg::{dot, mean};
use crate::mutual_information::Target;
use crate::par::map_indexed;
use crate::table::{FeatureTable, is_constant};

/// Features centered and of unit length.
pub(super) struct Gaussian {
    n_rows: usize,
    columns: Vec<f64>,
    pub(super) relevance: Vec<Option<f64>>,
}

impl Gaussian {
    pub(super) fn new(
        table: &FeatureTable,
        target: Target<'_>,
        correlation: Correlation,
        association: Association,
    ) -> Result<Self> {
        let outcome = numbers(target, association)?;
        let ranked = of_ranks(correlation)?;
        let columns = map_indexed(table.n_columns(), |j| unit(table.column(j), ranked));
        let unit_outcome = unit(&outcome, ranked);
        let pairs = Concordance::new(&outcome);
        let relevance = map_indexed(table.n_columns(), |j| {
            let column = table.column(j);
            (!is_constant(column)).then(|| {
                information(match association {
                    Association::Correlation => dot(&columns[j], &unit_outcome),
                    Association::Concordance => pairs.strict(column),
                    Association::SomersD => pairs.somers_d(column),
                })
            })
        });
        Ok(Self {
            n_rows: table.n_rows(),
            columns: columns.concat(),
            relevance,
        })
    }

    fn column(&self, j: usize) -> &[f64] {
        &self.columns[j * self.n_rows..(j + 1) * self.n_rows]
    }

    pub(super) fn between(&self, x: usize, w: usize) -> f64 {
        information(dot(self.column(x), self.column(w)))
    }
}

/// `-½ ln(1 - ρ²)`, at most [`MAX_GAUSSIAN_INFORMATION`](super::MAX_GAUSSIAN_INFORMATION).
fn information(rho: f64) -> f64 {
    let rest = ((1.0 - rho) * (1.0 + rho)).max(f64::EPSILON);
    // Rounding can take 1 - ρ² above 1 by nothing, but its logarithm keeps the sign of zero.
    (-0.5 * rest.ln()).max(0.0)
}

fn numbers(target: Target<'_>, association: Association) -> Result<Vec<f64>> {
    match (target, association) {
        (Target::Binary(y), _) => Ok(y.iter().map(|&y| f64::from(u8::from(y))).collect()),
        (Target::Continuous(y), _) => Ok(y.to_vec()),
        (Target::Classes(_), Association::Correlation) => Err(Error::Incompatible {
            what: "correlation with class labels",
            needs: "a binary or continuous target, or the concordance of ordered classes",
        }),
        (Target::Classes(y), _) => Ok(y.iter().map(|&y| y as f64).collect()),
    }
}

/// Whether a coefficient is Pearson's of ranks. Kendall's is of neither kind, and the formula does not hold for it.
fn of_ranks(correlation: Correlation) -> Result<bool> {
    match correlation {
        Correlation::Pearson => Ok(false),
        Correlation::Spearman => Ok(true),
        Correlation::Kendall => Err(Error::Incompatible {
            what: "information of normal variables",
            needs: "Pearson's or Spearman's correlation",
        }),
    }
}

/// Centered and of unit length, of ranks if `ranked`. Zeros for a constant.
fn unit(values: &[f64], ranked: bool) -> Vec<f64> {
    let mut v = if ranked {
        average_ranks(values).0
    } else {
        values.to_vec()
    };
    let center = mean(&v);
    v.iter_mut().for_each(|v| *v -= center);
    let length = dot(&v, &v).sqrt();
    if is_constant(values) || length == 0.0 {
        v.fill(0.0);
    } else {
        v.iter_mut().for_each(|v| *v /= length);
    }
    v
}

/// Pairs of rows with different outcomes.
struct Concordance {
    /// Place of every outcome among the different ones, from 1.
    level: Vec<usize>,
    n_levels: usize,
    /// Number of pairs whose outcomes differ.
    pairs: f64,
}

impl Concordance {
    fn new(outcome: &[f64]) -> Self {
        let mut levels = outcome.to_vec();
        levels.sort_unstable_by(f64::total_cmp);
        levels.dedup();
        let level: Vec<usize> = outcome
            .iter()
            .map(|y| levels.partition_point(|l| l < y) + 1)
            .collect();
        let mut counts = vec![0.0; levels.len()];
        level.iter().for_each(|&l| counts[l - 1] += 1.0);
        let n = outcome.len() as f64;
        let pairs = (n * n - counts.iter().map(|c| c * c).sum::<f64>()) / 2.0;
        Self {
            level,
            n_levels: levels.len(),
            pairs,
        }
    }

    /// `2 (C - ½)` with `C` the share of pairs in which the larger outcome has the larger value.
    fn strict(&self, values: &[f64]) -> f64 {
        2.0 * (self.concordant(values).0 / self.pairs - 0.5)
    }

    /// The same with tied values counted half: Somers' D of the feature given the outcome, `2 AUC - 1` for two classes.
    fn somers_d(&self, values: &[f64]) -> f64 {
        let (concordant, tied) = self.concordant(values);
        2.0 * ((concordant + 0.5 * tied) / self.pairs - 0.5)
    }

    /// Number of pairs that agree in order, and of pairs with tied values, outcomes being different.
    fn concordant(&self, values: &[f64]) -> (f64, f64) {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
        let mut below = Tree(vec![0; self.n_levels + 1]);
        let (mut concordant, mut tied) = (0u64, 0u64);
        for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
            concordant += group
                .iter()
                .map(|&i| below.up_to(self.level[i] - 1))
                .sum::<u64>();
            let mut levels: Vec<usize> = group.iter().map(|&i| self.level[i]).collect();
            levels.sort_unstable();
            let (mut seen, mut same) = (0u64, 0u64);
            for (k, &level) in levels.iter().enumerate() {
                same = if k > 0 && levels[k - 1] == level {
                    same + 1
                } else {
                    0
                };
                tied += seen - same;
                seen += 1;
                below.add(level);
            }
        }
        (concordant as f64, tied as f64)
    }
}

/// Counts of levels with quick partial sums (Fenwick 1994, doi:10.1002/spe.4380240306).
struct Tree(Vec<u64>);

impl Tree {
    fn add(&mut self, mut level: usize) {
        while level < self.0.len() {
            self.0[level] += 1;
            level += level & level.wrapping_neg();
        }
    }

    fn up_to(&self, mut level: usize) -> u64 {
        let mut sum = 0;
        while level > 0 {
            sum += self.0[level];
            level &= level - 1;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mrmr::MAX_GAUSSIAN_INFORMATION;

    #[test]
    fn concordance_of_hand_worked_rows() {
        // Outcomes 0, 0, 1, 2; values 1, 3, 3, 2. Of five pairs with different outcomes (0,1) and (0,2) agree for the
        // first row, the second ties with 1 and is against 2, and 1 is against 2.
        let pairs = Concordance::new(&[0.0, 0.0, 1.0, 2.0]);
        assert_eq!(pairs.pairs, 5.0);
        let values = [1.0, 3.0, 3.0, 2.0];
        assert_eq!(pairs.concordant(&values), (2.0, 1.0));
        assert!((pairs.strict(&values) - (0.8 - 1.0)).abs() < 1e-15);
        assert_eq!(pairs.somers_d(&values), 0.0);
    }

    #[test]
    fn information_of_a_perfect_correlation_is_capped() {
        assert_eq!(information(0.0), 0.0);
        assert!((information(0.6) - -(0.8f64.ln())).abs() < 1e-15);
        for rho in [1.0, -1.0, 1.0 + 1e-15] {
            assert!((information(rho) - MAX_GAUSSIAN_INFORMATION).abs() < 1e-14);
        }
    }
}

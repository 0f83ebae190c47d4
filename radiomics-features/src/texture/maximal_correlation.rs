//! The maximal correlation of a joint distribution: the second singular value of `D = p / √(px py)`.
//!
//! The largest singular value of `D` is 1 with the known vectors `√px` and `√py`. They are subtracted, and the largest
//! singular value of the rest, `B = D - √px √pyᵀ`, is found by Lanczos' iteration on `Bᵀ B`, reorthogonalized at every
//! step. A step costs two products with the cells that are not empty, so hundreds of gray levels stay cheap; with few
//! levels the iteration ends at the dimension and is exact.
//!
//! # PyRadiomics' epsilon
//! PyRadiomics takes the second eigenvalue of `Q(i, j) = Σ_k p(i, k) p(j, k) / (px(i) py(k) + ε)` with `ε = 2^-52`. Without
//! `ε` it is the squared singular value. With it, cells of rare levels count a little less: a level that occurs once among
//! 10^5 pairs loses 10^-6 of its weight, which moves the correlation by more than 10^-8. `Q` is therefore evaluated between
//! its left and right eigenvectors for `ε = 0`; what is left out is of second order in `ε`. Where even that is visible, as it
//! can be where pairs of neighbors are weighted by their distance, `Q` is solved as it stands.

use nalgebra::DMatrix;

use super::glcm::GlcmCell;
use crate::wide::wide;

/// A singular value that is rounding error.
const INDEPENDENT: f64 = 1e-12;
/// `ε / (px py)` up to which the first order in `ε` is enough.
const FIRST_ORDER: f64 = 1e-5;
/// `Q` is solved as it stands for up to this many levels; its time grows with the third power.
const DENSE_LEVELS: usize = 256;

/// An eigenvalue is accepted when its residual is below the first fraction of it, or below the second and the square of the
/// residual over the gap to the next eigenvalue is below the third. The error is at most the residual in either case, and of
/// the size of the square over the gap unless a close eigenvalue has stayed hidden.
const RESIDUAL: f64 = 1e-11;
const RESIDUAL_WITH_GAP: f64 = 1e-8;
const SQUARE_OVER_GAP: f64 = 1e-15;

/// The maximal correlation as PyRadiomics has it: `√λ₂` of the matrix `Q` of the module documentation, in [0, 1]; 0 if only
/// one level occurs in the rows or in the columns.
///
/// `px` and `py` are the sums of the cells' rows and columns, indexed by level.
pub(super) fn maximal_correlation(cells: &[GlcmCell], px: &[f64], py: &[f64]) -> f64 {
    let operator = Deflated::new(cells, px, py);
    if let Some(value) = operator.with_large_epsilon() {
        return value;
    }
    let Some((value, column_vector)) = second_singular_pair(&operator) else {
        return 0.0;
    };
    // Levels that are independent up to rounding: there is no vector to refine.
    if value <= INDEPENDENT {
        return value;
    }
    let mut row_vector = operator.apply_left(&column_vector);
    // What rounding left along the vector of the singular value 1 would count with that value.
    let along = dot(&row_vector, &operator.root_x);
    for (u, root) in row_vector.iter_mut().zip(&operator.root_x) {
        *u = (*u - along * root) / value;
    }
    let (mut left, mut right) = (
        vec![0.0; operator.root_y.len()],
        vec![0.0; operator.root_y.len()],
    );
    for &(row, column, d) in &operator.entries {
        let (x, y) = (operator.root_x[row], operator.root_y[column]);
        let (p, product) = (d * x * y, x * x * y * y);
        left[column] += row_vector[row] * x * p / (product + f64::EPSILON);
        right[column] += p * row_vector[row] / x;
    }
    dot(&left, &right).clamp(0.0, 1.0).sqrt()
}

/// The second largest singular value of `p(i, j) / √(px(i) py(j))` and its right vector; `None` if there is only one.
fn second_singular_pair(operator: &Deflated) -> Option<(f64, Vec<f64>)> {
    if operator.root_x.len().min(operator.root_y.len()) < 2 {
        return None;
    }
    let (value, vector) = largest_eigenpair(operator);
    Some((value.clamp(0.0, 1.0).sqrt(), vector))
}

/// `B` on the levels that occur.
struct Deflated {
    /// `(row, column, D)`, by row.
    entries: Vec<(usize, usize, f64)>,
    root_x: Vec<f64>,
    root_y: Vec<f64>,
    /// `B` itself, where enough of it is not empty.
    dense: Option<Dense>,
}

/// A matrix and its transpose, so that products with either are sums of contiguous rows.
struct Dense {
    rows: Vec<f64>,
    columns: Vec<f64>,
}

/// One in so many cells must have an entry for a product with all cells to be faster than one with the entries.
const CELLS_PER_ENTRY: usize = 8;

impl Dense {
    fn new(entries: &[(usize, usize, f64)], root_x: &[f64], root_y: &[f64]) -> Option<Self> {
        let (n_x, n_y) = (root_x.len(), root_y.len());
        if n_x * n_y > CELLS_PER_ENTRY * entries.len() {
            return None;
        }
        let outer = |a: &[f64], b: &[f64]| -> Vec<f64> {
            let products = a.iter().flat_map(|x| b.iter().map(move |y| -x * y));
            products.collect()
        };
        let (mut rows, mut columns) = (outer(root_x, root_y), outer(root_y, root_x));
        for &(row, column, d) in entries {
            rows[row * n_y + column] += d;
            columns[column * n_x + row] += d;
        }
        Some(Self { rows, columns })
    }
}

/// `Σ weights_i rows_i`, of rows that lie one after the other.
fn weighted_rows(rows: &[f64], weights: &[f64]) -> Vec<f64> {
    let length = rows.len() / weights.len();
    let mut sum = vec![0.0; length];
    wide(
        #[inline(always)]
        || {
            for (row, weight) in rows.chunks_exact(length).zip(weights) {
                for (sum, value) in sum.iter_mut().zip(row) {
                    *sum += weight * value;
                }
            }
        },
    );
    sum
}

impl Deflated {
    fn new(cells: &[GlcmCell], px: &[f64], py: &[f64]) -> Self {
        let (row_of, root_x) = occurring(px);
        let (column_of, root_y) = occurring(py);
        let entries: Vec<(usize, usize, f64)> = cells
            .iter()
            .map(|cell| {
                let (row, column) = (row_of[usize::from(cell.i)], column_of[usize::from(cell.j)]);
                (row, column, cell.p / (root_x[row] * root_y[column]))
            })
            .collect();
        Self {
            dense: Dense::new(&entries, &root_x, &root_y),
            entries,
            root_x,
            root_y,
        }
    }

    /// The correlation from `Q` itself, if `ε` matters beyond its first order somewhere.
    fn with_large_epsilon(&self) -> Option<f64> {
        let product = |&(row, column, _): &(usize, usize, f64)| {
            let root = self.root_x[row] * self.root_y[column];
            root * root
        };
        let smallest = self.entries.iter().map(product).fold(1.0, f64::min);
        let (n_x, n_y) = (self.root_x.len(), self.root_y.len());
        if f64::EPSILON <= FIRST_ORDER * smallest || n_x < 2 || n_x.max(n_y) > DENSE_LEVELS {
            return None;
        }
        let mut p = DMatrix::zeros(n_x, n_y);
        for &(row, column, d) in &self.entries {
            p[(row, column)] = d * self.root_x[row] * self.root_y[column];
        }
        let divided = DMatrix::from_fn(n_x, n_y, |i, k| {
            let root = self.root_x[i] * self.root_y[k];
            p[(i, k)] / (root * root + f64::EPSILON)
        });
        let schur = (divided * p.transpose()).try_schur(f64::EPSILON, 100 * n_x)?;
        let mut values: Vec<f64> = schur.complex_eigenvalues().iter().map(|v| v.re).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        Some(values[1].clamp(0.0, 1.0).sqrt())
    }

    /// `B v`.
    fn apply_left(&self, v: &[f64]) -> Vec<f64> {
        if let Some(dense) = &self.dense {
            return weighted_rows(&dense.columns, v);
        }
        let along = dot(&self.root_y, v);
        let mut u: Vec<f64> = self.root_x.iter().map(|root| -along * root).collect();
        for entries in self.entries.chunk_by(|a, b| a.0 == b.0) {
            // In a variable: a sum in memory would wait for itself at every entry.
            let mut sum = u[entries[0].0];
            for &(_, column, d) in entries {
                sum += d * v[column];
            }
            u[entries[0].0] = sum;
        }
        u
    }

    /// `Bᵀ B v`.
    fn apply(&self, v: &[f64]) -> Vec<f64> {
        let u = self.apply_left(v);
        if let Some(dense) = &self.dense {
            return weighted_rows(&dense.rows, &u);
        }
        let along = dot(&self.root_x, &u);
        let mut w: Vec<f64> = self.root_y.iter().map(|root| -along * root).collect();
        for &(row, column, d) in &self.entries {
            w[column] += d * u[row];
        }
        w
    }
}

/// The index of each level among those that occur, and the square roots of their probabilities.
fn occurring(p: &[f64]) -> (Vec<usize>, Vec<f64>) {
    let mut index = vec![usize::MAX; p.len()];
    let mut roots = Vec::new();
    for (level, &p) in p.iter().enumerate().filter(|&(_, &p)| p > 0.0) {
        index[level] = roots.len();
        roots.push(p.sqrt());
    }
    (index, roots)
}

/// The largest eigenvalue of `Bᵀ B` and its vector, of length 1.
fn largest_eigenpair(operator: &Deflated) -> (f64, Vec<f64>) {
    let dimension = operator.root_y.len();
    let mut basis = vec![normalized(start_vector(dimension)).expect("the start is not 0")];
    let (mut diagonal, mut off_diagonal) = (Vec::new(), Vec::new());
    loop {
        let step = basis.len();
        let mut next = operator.apply(&basis[step - 1]);
        diagonal.push(dot(&next, &basis[step - 1]));
        // Twice: once is not enough where most of the vector cancels.
        for _ in 0..2 {
            for v in &basis {
                let along = dot(&next, v);
                next.iter_mut().zip(v).for_each(|(n, v)| *n -= along * v);
            }
        }
        let norm = dot(&next, &next).sqrt();
        let exhausted = step == dimension || norm <= f64::EPSILON;
        if exhausted || step.is_multiple_of(8) {
            let tridiagonal = Tridiagonal {
                diagonal: &diagonal,
                off_diagonal: &off_diagonal,
            };
            let value = tridiagonal.eigenvalue(0);
            let components = tridiagonal.vector_of_the_largest(value);
            let residual = norm * components[step - 1].abs();
            let square_below_gap = || {
                let gap = value - tridiagonal.eigenvalue(1);
                residual * residual <= SQUARE_OVER_GAP * value * gap
            };
            let converged = residual <= RESIDUAL * value
                || (residual <= RESIDUAL_WITH_GAP * value && square_below_gap());
            if exhausted || converged {
                let mut vector = vec![0.0; dimension];
                for (component, v) in components.iter().zip(&basis) {
                    vector
                        .iter_mut()
                        .zip(v)
                        .for_each(|(x, v)| *x += component * v);
                }
                return (value, vector);
            }
        }
        off_diagonal.push(norm);
        basis.push(next.into_iter().map(|x| x / norm).collect());
    }
}

/// A symmetric tridiagonal matrix with positive elements beside the diagonal and no negative eigenvalue.
struct Tridiagonal<'a> {
    diagonal: &'a [f64],
    off_diagonal: &'a [f64],
}

impl Tridiagonal<'_> {
    /// The pivots of `λ - T`; as many are negative as there are eigenvalues above `λ`.
    fn pivots(&self, lambda: f64) -> impl Iterator<Item = f64> {
        let mut previous = 1.0;
        let squares = std::iter::once(0.0).chain(self.off_diagonal.iter().map(|b| b * b));
        self.diagonal.iter().zip(squares).map(move |(a, square)| {
            let pivot: f64 = lambda - a - square / previous;
            // A pivot of 0 would be a division by 0; this one is within the rounding of the others.
            previous = if pivot.abs() < f64::MIN_POSITIVE {
                f64::MIN_POSITIVE
            } else {
                pivot
            };
            previous
        })
    }

    /// The eigenvalue that `rank` others are larger than, from above, by bisection.
    fn eigenvalue(&self, rank: usize) -> f64 {
        let beside = |i: usize| self.off_diagonal.get(i).copied().unwrap_or(0.0);
        let bound =
            |i: usize| self.diagonal[i] + beside(i) + if i > 0 { beside(i - 1) } else { 0.0 };
        let mut high = (0..self.diagonal.len())
            .map(bound)
            .fold(f64::MIN_POSITIVE, f64::max)
            * (1.0 + 4.0 * f64::EPSILON);
        let mut low = 0.0;
        while high - low > 2.0 * f64::EPSILON * high {
            let middle = low + (high - low) / 2.0;
            if middle <= low || middle >= high {
                break;
            }
            let larger = self.pivots(middle).filter(|&pivot| pivot < 0.0).count();
            if larger > rank {
                low = middle
            } else {
                high = middle
            }
        }
        high
    }

    /// Inverse iteration from a vector of ones: the vector of the largest eigenvalue has no negative component, so the start
    /// is never orthogonal to it, and one step with a shift this near is as good as the shift.
    fn vector_of_the_largest(&self, value: f64) -> Vec<f64> {
        let floor = f64::EPSILON * value.max(f64::MIN_POSITIVE);
        let pivots: Vec<f64> = self.pivots(value).map(|pivot| pivot.max(floor)).collect();
        let n = pivots.len();
        let mut x = vec![1.0; n];
        for _ in 0..3 {
            for i in 1..n {
                x[i] += self.off_diagonal[i - 1] / pivots[i - 1] * x[i - 1];
            }
            for i in (0..n).rev() {
                x[i] /= pivots[i];
                if i + 1 < n {
                    x[i] += self.off_diagonal[i] / pivots[i] * x[i + 1];
                }
            }
            let norm = dot(&x, &x).sqrt();
            x.iter_mut().for_each(|x| *x /= norm);
        }
        x
    }
}

/// A fixed vector with no structure that an eigenvector could be orthogonal to: a mixed counter in [-1, 1).
fn start_vector(n: usize) -> Vec<f64> {
    (0..n as u64)
        .map(|i| {
            let mut bits = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (bits ^ (bits >> 31)) as i64 as f64 / 2f64.powi(63)
        })
        .collect()
}

fn normalized(v: Vec<f64>) -> Option<Vec<f64>> {
    let norm = dot(&v, &v).sqrt();
    (norm > 0.0).then(|| v.into_iter().map(|x| x / norm).collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    /// Sums that need not wait for each other.
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;
    use proptest::prelude::*;

    /// The same by a dense singular value decomposition.
    fn dense(p: &DMatrix<f64>) -> f64 {
        let keep = |sums: Vec<f64>| {
            (0..sums.len())
                .filter(|&i| sums[i] > 0.0)
                .collect::<Vec<_>>()
        };
        let rows = keep(p.column_sum().iter().copied().collect());
        let columns = keep(p.row_sum().iter().copied().collect());
        let d = DMatrix::from_fn(rows.len(), columns.len(), |i, j| {
            let (px, py) = (p.row(rows[i]).sum(), p.column(columns[j]).sum());
            p[(rows[i], columns[j])] / (px * py).sqrt()
        });
        let mut values: Vec<f64> = d
            .svd(false, false)
            .singular_values
            .iter()
            .copied()
            .collect();
        values.sort_by(|a, b| b.total_cmp(a));
        values.get(1).copied().unwrap_or(0.0)
    }

    fn sparse(p: &DMatrix<f64>) -> f64 {
        let (cells, px, py) = counted(p);
        second_singular_pair(&Deflated::new(&cells, &px, &py)).map_or(0.0, |(value, _)| value)
    }

    fn counted(p: &DMatrix<f64>) -> (Vec<GlcmCell>, Vec<f64>, Vec<f64>) {
        let n = p.nrows();
        let mut cells = Vec::new();
        let (mut px, mut py) = (vec![0.0; n + 1], vec![0.0; n + 1]);
        for i in 0..n {
            for j in 0..n {
                if p[(i, j)] > 0.0 {
                    cells.push(GlcmCell {
                        i: i as u16 + 1,
                        j: j as u16 + 1,
                        p: p[(i, j)],
                    });
                    px[i + 1] += p[(i, j)];
                    py[j + 1] += p[(i, j)];
                }
            }
        }
        (cells, px, py)
    }

    /// The matrix of PyRadiomics, by a general eigenvalue solver.
    #[test]
    fn rare_levels_weigh_as_in_the_reference() {
        let mut p = DMatrix::from_fn(6, 6, |i, j| 1.0 / (1.0 + i.abs_diff(j) as f64));
        // A level that occurs with a probability of about 4e-5, mostly beside itself.
        p.column_mut(5).fill(0.0);
        p.row_mut(5).fill(0.0);
        p[(5, 5)] = 5e-4;
        p[(5, 0)] = 5e-5;
        p[(0, 5)] = 5e-5;
        p /= p.sum();
        let (cells, px, py) = counted(&p);
        let q = DMatrix::from_fn(6, 6, |i, j| {
            (0..6)
                .map(|k| p[(i, k)] * p[(j, k)] / (px[i + 1] * py[k + 1] + f64::EPSILON))
                .sum()
        });
        let mut values: Vec<f64> = q.complex_eigenvalues().iter().map(|v| v.re).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        let (found, expected) = (maximal_correlation(&cells, &px, &py), values[1].sqrt());
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        assert!((sparse(&p) - expected).abs() > 1e-8, "epsilon matters here");
    }

    /// A level of probability 1e-20, as the weights of directions make it: `ε` is all that is left of its correlation.
    #[test]
    fn levels_rarer_than_epsilon_do_not_correlate() {
        let mut p = DMatrix::from_fn(4, 4, |i, j| if i == j { 2.0 } else { 1.0 });
        p.column_mut(3).fill(0.0);
        p.row_mut(3).fill(0.0);
        p[(3, 3)] = 1e-20;
        p /= p.sum();
        let (cells, px, py) = counted(&p);
        let found = maximal_correlation(&cells, &px, &py);
        assert!((sparse(&p) - 1.0).abs() < 1e-12, "without epsilon");
        assert!((found - 0.25).abs() < 1e-12, "{found}");
    }

    /// Two groups of levels that never meet, one of them of next to no weight.
    #[test]
    fn levels_of_the_weight_of_epsilon_fade() {
        let weight = 1e-8;
        let p = DMatrix::from_fn(4, 4, |i, j| match (i / 2, j / 2) {
            (0, 0) => 0.25,
            (1, 1) => 0.25 * weight,
            _ => 0.0,
        });
        let (cells, px, py) = counted(&p);
        // Q of the second group is a matrix of equal elements, each `2 (weight / 4)² / ((weight / 2)² + ε)`.
        let q = 2.0 * (0.25 * weight).powi(2) / ((0.5 * weight).powi(2) + f64::EPSILON);
        let expected = (2.0 * q).sqrt();
        let found = maximal_correlation(&cells, &px, &py);
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        assert!((0.3..0.6).contains(&found), "{found}");
    }

    proptest! {
        #[test]
        fn equals_the_singular_value_decomposition(
            n in 2usize..40,
            fill in 1u64..100,
            symmetric: bool,
            seed: u64,
        ) {
            let mut state = seed;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                state >> 33
            };
            let mut p = DMatrix::from_fn(n, n, |_, _| if next() % 100 < fill { (next() % 50) as f64 } else { 0.0 });
            if symmetric {
                p = &p + p.transpose();
            }
            prop_assume!(p.sum() > 0.0);
            p /= p.sum();
            let (found, expected) = (sparse(&p), dense(&p));
            prop_assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn hundreds_of_levels_equal_the_dense_value() {
        // Neighboring levels occur together, as in an image.
        let n = 300;
        let mut p = DMatrix::from_fn(n, n, |i, j| {
            let k = i.abs_diff(j) as f64;
            (-k * k / 200.0).exp() * (1.0 + ((i * j) % 7) as f64)
        });
        p = &p + p.transpose();
        p /= p.sum();
        assert!((sparse(&p) - dense(&p)).abs() < 1e-10);
    }

    #[test]
    fn rounding_is_not_taken_for_dependence() {
        for (n, cells) in [
            (12.0, [2.0, 4.0, 2.0, 4.0]),
            (27.0, [3.0, 6.0, 6.0, 12.0]),
            (36.0, [1.0, 5.0, 5.0, 25.0]),
        ] {
            let p = DMatrix::from_row_slice(2, 2, &cells) / n;
            let (cells, px, py) = counted(&p);
            let found = maximal_correlation(&cells, &px, &py);
            assert!(found < 1e-8, "{cells:?}: {found}");
        }
    }

    #[test]
    fn independent_levels_have_none() {
        let px = [0.2, 0.3, 0.5];
        let p = DMatrix::from_fn(3, 3, |i, j| px[i] * px[2 - j]);
        assert!(sparse(&p) < 1e-15);
    }

    #[test]
    fn separate_groups_of_levels_have_one() {
        let p = DMatrix::from_fn(6, 6, |i, j| if i / 2 == j / 2 { 1.0 / 12.0 } else { 0.0 });
        assert!((sparse(&p) - 1.0).abs() < 1e-14);
    }
}

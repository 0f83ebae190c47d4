//! One local polynomial: its window, its weights, its least squares.

use std::ops::Range;

use super::Degree;

/// Points sorted by `x`, and how wide a window is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sorted {
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    /// Number of points in a window.
    pub window: usize,
    /// Factor on the bandwidth; above 1 for spans above 1.
    pub widen: f64,
    pub degree: Degree,
}

/// Value and slope of the polynomial at the point where it was fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Local {
    pub at: f64,
    pub value: f64,
    pub slope: f64,
}

/// A [`Local`] as a linear function of `y`: what the points from `first` on weigh in it.
#[derive(Debug, Clone)]
pub(super) struct Operator {
    pub first: usize,
    pub value: Vec<f64>,
    pub slope: Vec<f64>,
}

/// The weighted rows `√w (1, u, u²)` of a window, `u` the distance in bandwidths.
struct Rows {
    first: usize,
    n: usize,
    bandwidth: f64,
    root_weights: Vec<f64>,
    /// Reflectors after [`Rows::factor`].
    columns: Vec<Vec<f64>>,
}

impl Sorted {
    /// Start of the window of the points nearest to `at`, and the distance of the farthest.
    fn window_at(&self, at: f64) -> (usize, f64) {
        // Among all windows of that size the nearest points are the one with the smallest reach.
        let (mut low, mut high) = (0, self.x.len() - self.window);
        while low < high {
            let middle = low + (high - low) / 2;
            if at - self.x[middle] > self.x[middle + self.window] - at {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let reach = (at - self.x[low]).max(self.x[low + self.window - 1] - at);
        (low, reach)
    }

    fn rows(&self, at: f64) -> Rows {
        let (left, reach) = self.window_at(at);
        let h = reach * self.widen;
        // Distances that would be equal but for their rounding count as equal: a point next to the
        // rim would weigh nothing and still claim a slope.
        let rounding = 4.0 * f64::EPSILON * self.x[0].abs().max(self.x[self.x.len() - 1].abs());
        let inside = |x: f64| (x - at).abs() < h - rounding;
        let window = left..left + self.window;
        // Points at distance h weigh nothing. Those that weigh are neighbors.
        let first = window.clone().find(|&j| inside(self.x[j]));
        let Some(first) = first else {
            return self.rim(at, reach, window);
        };
        let n = (first..window.end)
            .take_while(|&j| inside(self.x[j]))
            .count();
        let k = self.degree.coefficients();
        // With fewer rows than columns, empty rows make up the difference.
        let mut columns = vec![vec![0.0; n.max(k)]; k];
        let mut root_weights = vec![0.0; n];
        for (row, &x) in self.x[first..first + n].iter().enumerate() {
            let u = (x - at) / h;
            let c = 1.0 - u.abs() * u.abs() * u.abs();
            let mut entry = c * c.sqrt();
            root_weights[row] = entry;
            for column in &mut columns {
                column[row] = entry;
                entry *= u;
            }
        }
        Rows {
            first,
            n,
            bandwidth: h,
            root_weights,
            columns,
        }
    }

    /// All points of the window are equally far: they and those tied with them weigh alike and
    /// tell no slope.
    fn rim(&self, at: f64, reach: f64, window: Range<usize>) -> Rows {
        let tied = |x: &&f64| (**x - at).abs() <= reach;
        let before = self.x[..window.start].iter().rev().take_while(tied).count();
        let after = self.x[window.end..].iter().take_while(tied).count();
        let n = before + window.len() + after;
        Rows {
            first: window.start - before,
            n,
            bandwidth: 1.0,
            root_weights: vec![1.0; n],
            columns: vec![vec![1.0; n]],
        }
    }

    /// The fit at `at`.
    pub(super) fn fit(&self, at: f64) -> Local {
        self.by_moments(at).unwrap_or_else(|| self.by_rows(at))
    }

    /// The fit by moments about the weighted mean, which keep all digits where the weighted points
    /// are far from determining less than a parabola; `None` where they are not.
    fn by_moments(&self, at: f64) -> Option<Local> {
        let (left, reach) = self.window_at(at);
        let h = reach * self.widen;
        let x = &self.x[left..left + self.window];
        let y = &self.y[left..left + self.window];
        let weights: Vec<f64> = x.iter().map(|x| tricube((x - at).abs() / h)).collect();
        let total = sums(x.len(), |i| [weights[i], weights[i] * (x[i] - at) / h]);
        let center = total[1] / total[0];
        let m = sums(x.len(), |i| {
            let u = (x[i] - at) / h - center;
            let (w1, w2) = (weights[i] * u, weights[i] * u * u);
            [
                w2,
                w2 * u,
                w2 * u * u,
                weights[i] * y[i],
                w1 * y[i],
                w2 * y[i],
            ]
        });
        let [m2, m3, m4, t0, t1, t2] = m.map(|m| m / total[0]);
        // Away from the center as far as `at` is, errors grow; few distinct points leave no room.
        let roomy = m4 * m2 - m3 * m3 - m2 * m2 * m2 > 1e-2 * m4 * m2;
        if !(roomy && center * center < 25.0 * m2 && m2 > 1e-4) {
            return None;
        }
        // The parabola b₀ + b₁ u + b₂ (u² - m₂), then read at u = -center.
        let (b1, b2) = match self.degree {
            Degree::Constant => (0.0, 0.0),
            Degree::Linear => (t1 / m2, 0.0),
            Degree::Quadratic => {
                let skew = m3 / m2;
                let b2 = (t2 - m2 * t0 - skew * t1) / (m4 - m2 * m2 - skew * m3);
                (t1 / m2 - skew * b2, b2)
            }
        };
        let slope = b1 - 2.0 * center * b2;
        Some(Local {
            at,
            value: t0 - center * b1 + b2 * (center * center - m2),
            slope: slope / h,
        })
    }

    fn by_rows(&self, at: f64) -> Local {
        let mut rows = self.rows(at);
        let mut right = vec![0.0; rows.columns[0].len()];
        for (row, (root, y)) in rows
            .root_weights
            .iter()
            .zip(&self.y[rows.first..])
            .enumerate()
        {
            right[row] = root * y;
        }
        let share = rows.factor(Some(&mut right));
        let coefficient = |c: &[f64; 3]| c.iter().zip(&right).map(|(s, r)| s * r).sum::<f64>();
        Local {
            at,
            value: coefficient(&share[0]),
            slope: coefficient(&share[1]) / rows.bandwidth,
        }
    }

    /// What every point weighs in the fit at `at`.
    pub(super) fn operator(&self, at: f64) -> Operator {
        let mut rows = self.rows(at);
        let share = rows.factor(None);
        let weights = |share: &[f64; 3], unit: f64| -> Vec<f64> {
            let k = rows.columns.len();
            let mut v = vec![0.0; rows.columns[0].len()];
            v[..k].copy_from_slice(&share[..k]);
            for (j, reflector) in rows.columns.iter().enumerate().rev() {
                reflect(&reflector[j..], &mut v[j..]);
            }
            v.truncate(rows.n);
            for (v, root) in v.iter_mut().zip(&rows.root_weights) {
                *v *= root / unit;
            }
            v
        };
        Operator {
            first: rows.first,
            value: weights(&share[0], 1.0),
            slope: weights(&share[1], rows.bandwidth),
        }
    }
}

impl Rows {
    /// Householder's QR decomposition in place, applied to `right` as well. Gives the coefficients
    /// of 1 and of `u` as functions of the leading entries of the rotated right side.
    fn factor(&mut self, mut right: Option<&mut Vec<f64>>) -> [[f64; 3]; 2] {
        let k = self.columns.len();
        let mut norms = [1.0; 3];
        let mut r = [[0.0; 3]; 3];
        for (column, length) in self.columns.iter_mut().zip(&mut norms) {
            let norm = dot(column, column).sqrt();
            if norm > 0.0 {
                *length = norm;
                column.iter_mut().for_each(|v| *v /= norm);
            }
        }
        for j in 0..k {
            let (done, rest) = self.columns.split_at_mut(j + 1);
            let reflector = &mut done[j];
            r[j][..j].copy_from_slice(&reflector[..j]);
            r[j][j] = to_reflector(&mut reflector[j..]);
            for column in rest {
                reflect(&reflector[j..], &mut column[j..]);
            }
            if let Some(right) = right.as_deref_mut() {
                reflect(&reflector[j..], &mut right[j..]);
            }
        }
        pseudo_inverse(&mut r, k, &norms)
    }
}

/// Weight of a point at `r` bandwidths.
fn tricube(r: f64) -> f64 {
    let c = (1.0 - r * r * r).max(0.0);
    c * c * c
}

/// Sums of `terms(0), ..., terms(n - 1)`, each in four interleaved parts.
fn sums<const K: usize>(n: usize, terms: impl Fn(usize) -> [f64; K]) -> [f64; K] {
    let mut parts = [[0.0; 4]; K];
    let mut i = 0;
    while i + 4 <= n {
        for lane in 0..4 {
            for (part, term) in parts.iter_mut().zip(terms(i + lane)) {
                part[lane] += term;
            }
        }
        i += 4;
    }
    for j in i..n {
        for (part, term) in parts.iter_mut().zip(terms(j)) {
            part[0] += term;
        }
    }
    parts.map(|p| (p[0] + p[1]) + (p[2] + p[3]))
}

/// Turns a vector into the `v` of `I - v vᵀ`, which maps it to a multiple of the first axis; gives
/// that multiple.
fn to_reflector(v: &mut [f64]) -> f64 {
    let norm = dot(v, v).sqrt();
    if norm == 0.0 {
        return 0.0;
    }
    let head = v[0];
    let image = if head > 0.0 { -norm } else { norm };
    v[0] -= image;
    let scale = (norm * (norm + head.abs())).sqrt();
    v.iter_mut().for_each(|x| *x /= scale);
    image
}

/// Applies `I - v vᵀ`.
fn reflect(v: &[f64], target: &mut [f64]) {
    let s = dot(v, target);
    for (t, v) in target.iter_mut().zip(v) {
        *t -= s * v;
    }
}

/// Scalar product in four interleaved sums.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (mut s, whole) = ([0.0; 4], a.len().min(b.len()) / 4 * 4);
    for (a, b) in a[..whole].chunks_exact(4).zip(b[..whole].chunks_exact(4)) {
        for l in 0..4 {
            s[l] += a[l] * b[l];
        }
    }
    let rest: f64 = a[whole..].iter().zip(&b[whole..]).map(|(a, b)| a * b).sum();
    (s[0] + s[1]) + (s[2] + s[3]) + rest
}

/// First two rows of the pseudo-inverse of the `k` columns `r` (column by column), each column
/// having been divided by its norm. Directions whose singular value is below `100 ε` times the
/// largest are left out, so a window that does not determine the polynomial gives the shortest
/// coefficients (as R does).
fn pseudo_inverse(r: &mut [[f64; 3]; 3], k: usize, norms: &[f64; 3]) -> [[f64; 3]; 2] {
    const SWEEPS: usize = 30;
    let mut v = [[0.0; 3]; 3];
    for (j, v) in v.iter_mut().enumerate() {
        v[j] = 1.0;
    }
    // One-sided Jacobi: rotate columns until they are orthogonal.
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for p in 0..k {
            for q in p + 1..k {
                let (a, b, c) = (dot(&r[p], &r[p]), dot(&r[q], &r[q]), dot(&r[p], &r[q]));
                if c.abs() <= f64::EPSILON * (a * b).sqrt() {
                    continue;
                }
                rotated = true;
                let zeta = (b - a) / (2.0 * c);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let cosine = 1.0 / (1.0 + t * t).sqrt();
                let sine = cosine * t;
                for m in [&mut *r, &mut v] {
                    let (before, after) = m.split_at_mut(q);
                    for (x, y) in before[p].iter_mut().zip(&mut after[0]) {
                        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
                    }
                }
            }
        }
        if !rotated {
            break;
        }
    }
    let squares: Vec<f64> = r[..k].iter().map(|c| dot(c, c)).collect();
    let largest = squares.iter().fold(0.0, |a: f64, &b| a.max(b)).sqrt();
    let mut share = [[0.0; 3]; 2];
    for j in 0..k {
        if squares[j].sqrt() <= 100.0 * f64::EPSILON * largest {
            continue;
        }
        for (c, share) in share.iter_mut().enumerate().take(k) {
            for i in 0..k {
                share[i] += v[j][c] * r[j][i] / squares[j] / norms[c];
            }
        }
    }
    share
}

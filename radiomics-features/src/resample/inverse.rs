//! Inverse of the matrix that turns voxel indices into millimeters, with the rounding errors of the reference.
//!
//! A voxel of the new grid may lie exactly between two voxels of the old one, e.g. wherever the spacing is doubled. Which of
//! them is nearest is then decided by the last bit of the inverse. ITK inverts by the singular value decomposition of LINPACK
//! (`dsvdc`, Dongarra et al., LINPACK Users' Guide, chapter 11): Householder reflections to a bidiagonal matrix, then implicitly
//! shifted QR steps. The operations here are those, in that order; the inverse is `V diag(1/s) Uᵀ`.

/// Only the leading `n × n` block is used, n = 2 or 3.
pub(super) type Matrix = [[f64; 3]; 3];

/// Far more QR steps than a matrix of three rows can need.
const MAX_STEPS: usize = 1000;

/// The inverse of the leading `n × n` block, or `None` if it is singular. Other elements are 0.
pub(super) fn inverse(matrix: &Matrix, n: usize) -> Option<Matrix> {
    let Decomposition {
        left,
        values,
        right,
    } = Decomposition::new(matrix, n)?;
    let mut result = Matrix::default();
    for i in 0..n {
        for j in 0..n {
            let term = |k: usize| right[i][k] * (1.0 / values[k]) * left[j][k];
            result[i][j] = (1..n).fold(term(0), |sum, k| sum + term(k));
        }
    }
    let finite = result.iter().flatten().all(|v| v.is_finite());
    finite.then_some(result)
}

/// `left · diag(values) · rightᵀ`.
struct Decomposition {
    left: Matrix,
    values: [f64; 3],
    right: Matrix,
}

impl Decomposition {
    fn new(matrix: &Matrix, n: usize) -> Option<Self> {
        let mut b = Bidiagonal::new(matrix, n);
        let mut last = n;
        let mut steps = 0;
        while last > 0 {
            let first = b.first_of_block(last);
            if first + 1 == last {
                b.settle(first);
                last -= 1;
                steps = 0;
            } else if b.has_negligible_value(first, last) || steps == MAX_STEPS {
                return None;
            } else {
                b.qr_step(first, last);
                steps += 1;
            }
        }
        let Bidiagonal { left, d, right, .. } = b;
        // Largest first. A singular matrix has rounding errors in place of a zero.
        let regular = d[n - 1] > f64::EPSILON * 8.0 * d[0];
        regular.then_some(Self {
            left,
            values: d,
            right,
        })
    }
}

/// `left · B · rightᵀ` with the diagonal `d` of B and, above it, `e`.
struct Bidiagonal {
    n: usize,
    left: Matrix,
    d: [f64; 3],
    e: [f64; 3],
    right: Matrix,
}

impl Bidiagonal {
    fn new(matrix: &Matrix, n: usize) -> Self {
        let mut x = *matrix;
        let (mut d, mut e) = ([0.0; 3], [0.0; 3]);
        let (mut left, mut right) = (Matrix::default(), Matrix::default());
        // Column reflections l = 0 .. n-2, row reflections l = 0 .. n-3.
        for l in 0..n - 1 {
            d[l] = reflector(&mut x, l, l, n);
            for j in l + 1..n {
                if d[l] != 0.0 {
                    reflect(&mut x, l, j, l, n);
                }
                e[j] = x[l][j];
            }
            for i in l..n {
                left[i][l] = x[i][l];
            }
            if l + 2 < n {
                reflect_rows(&mut x, &mut e, l, n);
                for i in l + 1..n {
                    right[i][l] = e[i];
                }
            }
        }
        d[n - 1] = x[n - 1][n - 1];
        e[n - 2] = x[n - 2][n - 1];
        e[n - 1] = 0.0;
        Self::accumulate_left(&mut left, &d, n);
        Self::accumulate_right(&mut right, &e, n);
        Self {
            n,
            left,
            d,
            e,
            right,
        }
    }

    /// Multiplies out the column reflections, stored in the columns.
    fn accumulate_left(left: &mut Matrix, d: &[f64; 3], n: usize) {
        unit_column(left, n - 1);
        for l in (0..n - 1).rev() {
            if d[l] == 0.0 {
                unit_column(left, l);
                continue;
            }
            for j in l + 1..n {
                reflect(left, l, j, l, n);
            }
            for row in &mut left[l..n] {
                row[l] = -row[l];
            }
            left[l][l] += 1.0;
            for row in &mut left[..l] {
                row[l] = 0.0;
            }
        }
    }

    /// Multiplies out the row reflections, stored in the columns.
    fn accumulate_right(right: &mut Matrix, e: &[f64; 3], n: usize) {
        for l in (0..n).rev() {
            if l + 2 < n && e[l] != 0.0 {
                for j in l + 1..n {
                    reflect(right, l, j, l + 1, n);
                }
            }
            unit_column(right, l);
        }
    }

    /// Where the block without negligible `e` that ends before `last` begins; sets the `e` before it to 0.
    fn first_of_block(&mut self, last: usize) -> usize {
        for l in (1..last).rev() {
            let size = self.d[l - 1].abs() + self.d[l].abs();
            if size + self.e[l - 1].abs() == size {
                self.e[l - 1] = 0.0;
                return l;
            }
        }
        0
    }

    /// Whether a diagonal element vanishes beside its neighbors: the matrix is singular to working precision.
    fn has_negligible_value(&self, first: usize, last: usize) -> bool {
        (first..last).any(|i| {
            let after = if i + 1 == last { 0.0 } else { self.e[i].abs() };
            let before = if i == first { 0.0 } else { self.e[i - 1].abs() };
            let size = after + before;
            size + self.d[i].abs() == size
        })
    }

    /// One implicitly shifted QR step on the block `first .. last`.
    fn qr_step(&mut self, first: usize, last: usize) {
        let (m, l) = (last - 1, first);
        let Self { d, e, .. } = self;
        let sizes = [d[m], d[m - 1], e[m - 1], d[l], e[l]].map(f64::abs);
        let scale = sizes.into_iter().fold(0.0, f64::max);
        let [sm, sm1, em1, sl, el] = [d[m], d[m - 1], e[m - 1], d[l], e[l]].map(|v| v / scale);
        let b = ((sm1 + sm) * (sm1 - sm) + em1 * em1) / 2.0;
        let c = (sm * em1) * (sm * em1);
        let mut shift = 0.0;
        if b != 0.0 || c != 0.0 {
            let root = (b * b + c).sqrt();
            shift = c / (b + if b < 0.0 { -root } else { root });
        }
        let mut f = (sl + sm) * (sl - sm) + shift;
        let mut g = sl * el;
        for k in l..m {
            let rotation = Rotation::new(f, g);
            let Rotation { cos, sin, .. } = rotation;
            if k != l {
                self.e[k - 1] = rotation.length;
            }
            let Self { d, e, .. } = self;
            f = cos * d[k] + sin * e[k];
            e[k] = cos * e[k] - sin * d[k];
            g = sin * d[k + 1];
            d[k + 1] *= cos;
            rotation.turn(&mut self.right, k, self.n);
            let rotation = Rotation::new(f, g);
            let Rotation { cos, sin, .. } = rotation;
            let Self { d, e, .. } = self;
            d[k] = rotation.length;
            f = cos * e[k] + sin * d[k + 1];
            d[k + 1] = -sin * e[k] + cos * d[k + 1];
            g = sin * e[k + 1];
            e[k + 1] *= cos;
            rotation.turn(&mut self.left, k, self.n);
        }
        self.e[m - 1] = f;
    }

    /// Makes a converged value positive and sorts it in, largest first.
    fn settle(&mut self, mut l: usize) {
        if self.d[l] < 0.0 {
            self.d[l] = -self.d[l];
            for row in &mut self.right[..self.n] {
                row[l] = -row[l];
            }
        }
        while l + 1 < self.n && self.d[l] < self.d[l + 1] {
            self.d.swap(l, l + 1);
            for row in self.left.iter_mut().chain(&mut self.right) {
                row.swap(l, l + 1);
            }
            l += 1;
        }
    }
}

fn unit_column(matrix: &mut Matrix, l: usize) {
    for (i, row) in matrix.iter_mut().enumerate() {
        row[l] = if i == l { 1.0 } else { 0.0 };
    }
}

/// Turns column `column` from row `first` on into a Householder vector; returns the element that the reflection leaves.
fn reflector(x: &mut Matrix, column: usize, first: usize, n: usize) -> f64 {
    let mut values = [0.0; 3];
    for i in first..n {
        values[i] = x[i][column];
    }
    let left_over = householder(&mut values[first..n]);
    for i in first..n {
        x[i][column] = values[i];
    }
    left_over
}

/// The same for a slice.
fn householder(v: &mut [f64]) -> f64 {
    let mut length = norm(v);
    if length != 0.0 {
        if v[0] != 0.0 {
            length = length.copysign(v[0]);
        }
        let factor = 1.0 / length;
        v.iter_mut().for_each(|v| *v *= factor);
        v[0] += 1.0;
    }
    -length
}

/// Reflects column `j` from row `first` on by the Householder vector in column `l`.
fn reflect(x: &mut Matrix, l: usize, j: usize, first: usize, n: usize) {
    let product = (first..n).fold(0.0, |sum, i| sum + x[i][l] * x[i][j]);
    let t = -product / x[first][l];
    for row in &mut x[first..n] {
        row[j] += t * row[l];
    }
}

/// The row reflection of step `l`: `e` from `l + 1` on becomes its Householder vector.
fn reflect_rows(x: &mut Matrix, e: &mut [f64; 3], l: usize, n: usize) {
    e[l] = householder(&mut e[l + 1..n]);
    if e[l] == 0.0 {
        return;
    }
    let mut work = [0.0; 3];
    for j in l + 1..n {
        for i in l + 1..n {
            work[i] += e[j] * x[i][j];
        }
    }
    for j in l + 1..n {
        let t = -e[j] / e[l + 1];
        for i in l + 1..n {
            x[i][j] += t * work[i];
        }
    }
}

/// Euclidean norm, scaled by the largest element so far.
fn norm(v: &[f64]) -> f64 {
    if let [single] = v {
        return single.abs();
    }
    let (mut scale, mut squares) = (0.0f64, 1.0);
    for size in v.iter().filter(|v| **v != 0.0).map(|v| v.abs()) {
        if scale < size {
            let ratio = scale / size;
            squares = squares * (ratio * ratio) + 1.0;
            scale = size;
        } else {
            let ratio = size / scale;
            squares += ratio * ratio;
        }
    }
    scale * squares.sqrt()
}

/// The plane rotation that turns `(f, g)` into `(length, 0)`.
struct Rotation {
    length: f64,
    cos: f64,
    sin: f64,
}

impl Rotation {
    fn new(f: f64, g: f64) -> Self {
        let scale = f.abs() + g.abs();
        if scale == 0.0 {
            let (length, cos, sin) = (0.0, 1.0, 0.0);
            return Self { length, cos, sin };
        }
        let (a, b) = (f / scale, g / scale);
        let larger = if f.abs() > g.abs() { f } else { g };
        let length = (scale * (a * a + b * b).sqrt()).copysign(larger);
        Self {
            length,
            cos: f / length,
            sin: g / length,
        }
    }

    /// Turns columns `k` and `k + 1`.
    fn turn(&self, matrix: &mut Matrix, k: usize, n: usize) {
        for row in &mut matrix[..n] {
            let (a, b) = (row[k], row[k + 1]);
            row[k] = self.cos * a + self.sin * b;
            row[k + 1] = self.cos * b - self.sin * a;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagonal_inverts_to_its_reciprocals() {
        let matrix = [[0.7, 0.0, 0.0], [0.0, 4.9, 0.0], [0.0, 0.0, 1.1]];
        let mut expected = [[1.0 / 0.7, 0.0, 0.0], [0.0, 1.0 / 4.9, 0.0], [0.0; 3]];
        assert_eq!(inverse(&matrix, 2), Some(expected));
        expected[2][2] = 1.0 / 1.1;
        assert_eq!(inverse(&matrix, 3), Some(expected));
    }

    #[test]
    fn a_product_with_the_inverse_is_the_identity() {
        let matrix = [[0.9, -0.2, 2.0], [0.3, 1.5, -0.4], [-0.1, 0.6, 3.0]];
        let inverse = inverse(&matrix, 3).unwrap();
        for (i, row) in matrix.iter().enumerate() {
            let product = [0, 1, 2].map(|j| row.iter().zip(&inverse).map(|(a, b)| a * b[j]).sum());
            for (j, element) in product.into_iter().enumerate() {
                let element: f64 = element;
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!((element - expected).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn a_singular_matrix_has_none() {
        let matrix = [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 0.0, 1.0]];
        assert_eq!(inverse(&matrix, 3), None);
        assert_eq!(inverse(&Matrix::default(), 2), None);
    }
}

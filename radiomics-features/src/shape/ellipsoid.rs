//! Ellipsoids: IBSI's area of one, and the smallest one around points.

use std::f64::consts::PI;

use nalgebra::{Matrix3, Matrix4, SMatrix, SVector, Vector3};

/// An ellipsoid of any place and direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ellipsoid {
    /// Half lengths `a ≥ b ≥ c` of the axes.
    pub semi_axes: [f64; 3],
}

impl Ellipsoid {
    /// With these half lengths, in any order.
    pub(super) fn new(mut semi_axes: [f64; 3]) -> Self {
        semi_axes.sort_by(|a, b| b.total_cmp(a));
        Self { semi_axes }
    }

    /// `4/3 π a b c`.
    pub(super) fn volume(&self) -> f64 {
        4.0 / 3.0 * PI * self.semi_axes.iter().product::<f64>()
    }

    /// IBSI's series for the area up to degree 20,
    /// `4 π a b Σ (α β)^n / (1 - 4 n²) P_n((α² + β²) / (2 α β))`, `α² = 1 - b²/a²`, `β² = 1 - c²/a²`, `P_n` the Legendre
    /// polynomials.
    ///
    /// It is the area of a sphere but not that of other ellipsoids, whose `α² = 1 - c²/b²`: an oblate one gets too much, a prolate
    /// one too little. IBSI's reference values have it so.
    pub(super) fn area(&self) -> f64 {
        const DEGREE: u32 = 20;
        let [a, b, c] = self.semi_axes;
        if a == 0.0 {
            return 0.0;
        }
        let [alpha, beta] = [b, c].map(|axis| (1.0 - axis / a) * (1.0 + axis / a));
        // (α β)^n P_n by Bonnet's recursion, without the division by α β, which is 0 for a spheroid.
        let (mean, product) = ((alpha + beta) / 2.0, alpha * beta);
        let (mut before, mut term) = (1.0, mean);
        let mut series = 1.0;
        for n in 1..=DEGREE {
            let degree = f64::from(n);
            series += term / (1.0 - 4.0 * degree * degree);
            let next =
                ((2.0 * degree + 1.0) * mean * term - degree * product * before) / (degree + 1.0);
            (before, term) = (term, next);
        }
        4.0 * PI * a * b * series
    }

    /// The smallest ellipsoid that holds points which span space: the minimum of a convex function, found by an interior point
    /// method.
    ///
    /// It ends when the dual solution, Khachiyan's, proves that less than [`TOLERANCE`] of the volume is left to gain. The
    /// ellipsoid then found is scaled to hold all points.
    ///
    /// References: L. G. Khachiyan, Math. Oper. Res. 21(2), 307-320 (1996), doi:10.1287/moor.21.2.307; P. Sun, R. M. Freund,
    /// Oper. Res. 52(5), 690-706 (2004), doi:10.1287/opre.1040.0115.
    pub(super) fn around(points: &[[f64; 3]]) -> Self {
        let frame = Frame::around(points);
        let (shape, squared_radius) = Search::ended(&frame.places).ellipsoid(&frame.places);
        // {p : |Lᵀ (p - center)|² = r²} has the singular values of r L⁻ᵀ as half axes; the frame stretches them.
        let axes = shape.try_inverse().unwrap_or_else(Matrix3::zeros);
        let axes = frame.stretch * axes.transpose();
        let semi_axes: [f64; 3] = axes.singular_values().into();
        Self::new(semi_axes.map(|value| squared_radius.sqrt() * value))
    }
}

/// Largest fraction of its volume by which an ellipsoid around points may be larger than the smallest one.
const TOLERANCE: f64 = 1e-9;
/// Twenty or so are needed.
const MAX_STEPS: usize = 200;

/// Coordinates in which points are spread alike in all directions and none is farther than 1 from the origin, so that long and
/// thin regions are no harder than round ones.
struct Frame {
    places: Vec<Vector3<f64>>,
    /// From differences of places to those of points.
    stretch: Matrix3<f64>,
}

impl Frame {
    /// Of points that span space.
    fn around(points: &[[f64; 3]]) -> Self {
        let n = points.len() as f64;
        let points: Vec<Vector3<f64>> = points.iter().map(|&point| point.into()).collect();
        let center = points.iter().sum::<Vector3<f64>>() / n;
        let mut covariance = Matrix3::zeros();
        for point in &points {
            let from_center = point - center;
            covariance += from_center * from_center.transpose() / n;
        }
        let factors = covariance.cholesky();
        let mut stretch = factors.map_or_else(Matrix3::identity, |factors| factors.l());
        let places = |stretch: &Matrix3<f64>| -> Vec<Vector3<f64>> {
            let place = |point: &Vector3<f64>| stretch.solve_lower_triangular(&(point - center));
            points.iter().filter_map(place).collect()
        };
        let farthest = places(&stretch)
            .iter()
            .map(|place| place.norm())
            .fold(0.0, f64::max);
        stretch *= farthest;
        Self {
            places: places(&stretch),
            stretch,
        }
    }
}

/// The search for the symmetric matrix `X` of largest determinant with `qᵀ X q ≤ 1` for all points `p`, `q = (p, 1)`: an
/// ellipsoid around the origin of a space of one dimension more, which cuts the smallest ellipsoid out of the points' space.
///
/// `qᵀ X q` is linear in `X`: a product `a x` of vectors of ten numbers. With slack `s = 1 - a x` and a multiplier `u` for each
/// point, the best `X` has `X⁻¹ = Σ u q qᵀ` and `u s = 0`; a step goes along Newton's direction for `u s = µ`, and `µ` shrinks.
struct Search {
    /// The products of coordinates of each point.
    products: Vec<Products>,
    matrix: Matrix4<f64>,
    slacks: Vec<f64>,
    multipliers: Vec<f64>,
}

/// A number for each pair of coordinates `i ≤ j` of four.
type Products = SVector<f64, 10>;

/// The pairs in their order.
const PAIRS: [[usize; 2]; 10] = [
    [0, 0],
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 1],
    [1, 2],
    [1, 3],
    [2, 2],
    [2, 3],
    [3, 3],
];

impl Search {
    /// From a ball around points that are at most 1 from the origin.
    fn new(points: &[Vector3<f64>]) -> Self {
        let n = points.len();
        let mut search = Self {
            products: points
                .iter()
                .map(|point| {
                    let q = point.push(1.0);
                    folded(&(q * q.transpose()))
                })
                .collect(),
            matrix: Matrix4::identity() / 8.0,
            slacks: Vec::new(),
            multipliers: vec![4.0 / n as f64; n],
        };
        search.find_slacks();
        search
    }

    /// At a solution that is near enough to the best.
    fn ended(points: &[Vector3<f64>]) -> Self {
        let mut search = Self::new(points);
        for _ in 0..MAX_STEPS {
            // The proof costs as much as a step.
            let is_near = search.gap() < 1e3 * TOLERANCE;
            if is_near && search.gain() <= TOLERANCE || !search.step() {
                break;
            }
        }
        search
    }

    fn find_slacks(&mut self) {
        let x = unfolded(&self.matrix);
        self.slacks = self.products.iter().map(|a| 1.0 - a.dot(&x)).collect();
    }

    /// `Σ u s`.
    fn gap(&self) -> f64 {
        self.slacks
            .iter()
            .zip(&self.multipliers)
            .map(|(s, u)| s * u)
            .sum()
    }

    /// At most this fraction of the volume is above that of the smallest ellipsoid, if the multipliers are taken for Khachiyan's
    /// weights and their ellipsoid is scaled to hold all points.
    fn gain(&self) -> f64 {
        let total: f64 = self.multipliers.iter().sum();
        let mut moments = Products::zeros();
        for (a, u) in self.products.iter().zip(&self.multipliers) {
            moments += (u / total) * a;
        }
        let moments = Matrix4::from_fn(|i, j| moments[pair(i, j)] / if i == j { 1.0 } else { 2.0 });
        let Some(inverse) = moments.try_inverse() else {
            return f64::INFINITY;
        };
        let x = unfolded(&inverse);
        let highest = self.products.iter().map(|a| a.dot(&x)).fold(4.0, f64::max);
        ((highest - 1.0) / 3.0).powf(1.5) - 1.0
    }

    /// One step; `false` if rounding leaves no direction.
    fn step(&mut self) -> bool {
        let target = 0.1 * self.gap() / self.slacks.len() as f64;
        let Some(inverse) = self.matrix.try_inverse() else {
            return false;
        };
        let mut hessian = curvature(&inverse);
        let mut gradient = folded(&inverse);
        for ((a, s), u) in self
            .products
            .iter()
            .zip(&self.slacks)
            .zip(&self.multipliers)
        {
            let weighted = (u / s) * a;
            for (column, factor) in weighted.iter().enumerate() {
                for row in column..10 {
                    hessian[(row, column)] += factor * a[row];
                }
            }
            gradient -= (target / s) * a;
        }
        let Some(factors) = hessian.cholesky() else {
            return false;
        };
        let direction = factors.solve(&gradient);
        let moves: Vec<[f64; 2]> = (self
            .products
            .iter()
            .zip(&self.slacks)
            .zip(&self.multipliers))
        .map(|((a, s), u)| {
            let along = a.dot(&direction);
            [-along, (target + u * along) / s - u]
        })
        .collect();
        let [primal, dual] = [(&self.slacks, 0), (&self.multipliers, 1)].map(|(all, i)| {
            share(
                all.iter()
                    .copied()
                    .zip(moves.iter().map(move |step| step[i])),
            )
        });
        let step = Matrix4::from_fn(|i, j| direction[pair(i, j)]);
        let mut primal = primal;
        while (self.matrix + primal * step).cholesky().is_none() {
            primal /= 2.0;
            if primal < 1e-12 {
                return false;
            }
        }
        self.matrix += primal * step;
        for (u, step) in self.multipliers.iter_mut().zip(&moves) {
            *u += dual * step[1];
        }
        self.find_slacks();
        self.slacks.iter().all(|&s| s > 0.0)
    }

    /// `L` and `r²` of the ellipsoid `|Lᵀ (p - center)|² = r²` that holds all points.
    fn ellipsoid(&self, points: &[Vector3<f64>]) -> (Matrix3<f64>, f64) {
        let shape = self.matrix.fixed_view::<3, 3>(0, 0).into_owned();
        let toward = self.matrix.fixed_view::<3, 1>(0, 3).into_owned();
        let Some(factors) = shape.cholesky() else {
            return (Matrix3::identity(), 0.0);
        };
        let center = -factors.solve(&toward);
        let lower = factors.l();
        let distances = points
            .iter()
            .map(|point| lower.tr_mul(&(point - center)).norm_squared());
        (lower, distances.fold(0.0, f64::max))
    }
}

/// Where a pair of coordinates, in any order, stands in [`PAIRS`].
fn pair(i: usize, j: usize) -> usize {
    let (i, j) = (i.min(j), i.max(j));
    [0, 4, 7, 9][i] + j - i
}

/// The elements of a symmetric matrix, off the diagonal twice: with [`unfolded`] elements, the trace of a product.
fn folded(matrix: &Matrix4<f64>) -> Products {
    Products::from_fn(|k, _| {
        let [i, j] = PAIRS[k];
        if i == j {
            matrix[(i, j)]
        } else {
            2.0 * matrix[(i, j)]
        }
    })
}

/// The elements of a symmetric matrix.
fn unfolded(matrix: &Matrix4<f64>) -> Products {
    Products::from_fn(|k, _| matrix[(PAIRS[k][0], PAIRS[k][1])])
}

/// Minus the second derivatives of `log det X` from the inverse of `X`.
fn curvature(inverse: &Matrix4<f64>) -> SMatrix<f64, 10, 10> {
    SMatrix::from_fn(|row, column| {
        let ([a, b], [c, d]) = (PAIRS[row], PAIRS[column]);
        let sum = inverse[(a, c)] * inverse[(b, d)] + inverse[(a, d)] * inverse[(b, c)];
        let times = [1.0, 2.0];
        sum * times[usize::from(a != b)] * times[usize::from(c != d)] / 2.0
    })
}

/// The largest share of a step, up to all of it, that leaves positive numbers positive.
fn share(numbers: impl Iterator<Item = (f64, f64)>) -> f64 {
    let limits = numbers
        .filter(|&(_, step)| step < 0.0)
        .map(|(number, step)| -0.95 * number / step);
    limits.fold(1.0, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_left_to_gain(
            side in 1u32..1000,
            raw in prop::collection::vec(prop::array::uniform3(0u32..1000), 1..200),
            scale in prop::array::uniform3(-4.0f64..4.0),
        ) {
            // An octahedron around each place, as around a voxel.
            let steps = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
            let points: Vec<[f64; 3]> = raw
                .iter()
                .map(|place| place.map(|c| f64::from(2 * (c % side))))
                .flat_map(|place| steps.iter().flat_map(move |step| [-1.0, 1.0].map(|sign| [0, 1, 2].map(|i| place[i] + sign * step[i]))))
                .map(|place| [0, 1, 2].map(|i| 10f64.powf(scale[i]) * place[i]))
                .collect();
            let frame = Frame::around(&points);
            let search = Search::ended(&frame.places);
            prop_assert!(search.gain() <= TOLERANCE, "{}", search.gain());
            // The ellipsoid is as large as the weights prove that it must be.
            let stretched = frame.stretch.determinant();
            let volume = Ellipsoid::around(&points).volume() / stretched;
            let mut total = search.multipliers.iter().sum::<f64>();
            total = 1.0 / total;
            let mut moments = Products::zeros();
            for (a, u) in search.products.iter().zip(&search.multipliers) {
                moments += (u * total) * a;
            }
            let moments = Matrix4::from_fn(|i, j| moments[pair(i, j)] / if i == j { 1.0 } else { 2.0 });
            // Volume of {|p - center|² in the covariance = 3}, whose determinant is that of the moments.
            let least = 4.0 / 3.0 * PI * 27f64.sqrt() * moments.determinant().sqrt();
            prop_assert!(volume >= least * (1.0 - 1e-9) && volume <= least * (1.0 + 1e-8), "{volume} {least}");
        }
    }

    fn assert_close(found: f64, expected: f64, tolerance: f64) {
        assert!(
            (found - expected).abs() <= tolerance * expected.abs(),
            "{found}, expected {expected}"
        );
    }

    #[test]
    fn the_series_of_spheres_and_spheroids() {
        assert_eq!(Ellipsoid::new([2.0; 3]).area(), 16.0 * PI);
        // For α = β and for α = 0 the series has a closed form.
        let (a, c) = (3.0f64, 2.0f64);
        let e = (1.0 - c * c / (a * a)).sqrt();
        let prolate = 2.0 * PI * a * c * (1.0 + (1.0 / e - e) * e.atanh());
        let oblate = 2.0 * PI * a * a * ((1.0 - e * e).sqrt() + e.asin() / e);
        assert_close(Ellipsoid::new([c, a, c]).area(), prolate, 1e-8);
        assert_close(Ellipsoid::new([a, c, a]).area(), oblate, 1e-8);
        assert_eq!(Ellipsoid::new([0.0, 5.0, 0.0]).area(), 0.0);
        assert_eq!(Ellipsoid::new([0.0; 3]).area(), 0.0);
    }

    #[test]
    fn the_smallest_ellipsoid_of_boxes_and_simplices() {
        let corners: Vec<[f64; 3]> = (0..8)
            .map(|i| [i & 1, i >> 1 & 1, i >> 2].map(f64::from))
            .map(|[z, y, x]| [2.0 * z + 7.0, 3.0 * y, 0.5 * x - 1.0])
            .collect();
        let found = Ellipsoid::around(&corners);
        for (found, side) in found.semi_axes.into_iter().zip([3.0, 2.0, 0.5]) {
            assert_close(found, side / 2.0 * 3f64.sqrt(), 1e-9);
        }
        // A regular tetrahedron in its sphere.
        let corners = [
            [1.0, 1.0, 1.0],
            [1.0, -1.0, -1.0],
            [-1.0, 1.0, -1.0],
            [-1.0, -1.0, 1.0],
        ];
        for axis in Ellipsoid::around(&corners).semi_axes {
            assert_close(axis, 3f64.sqrt(), 1e-9);
        }
    }
}

//! The principal axes of a region: eigenvalues of the covariance of its voxel centers.

use nalgebra::Matrix3;
use ndarray::ArrayView3;

/// What the sums of the covariance of the voxel centers are divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Covariance {
    /// The number of voxels `N`, as in PyRadiomics.
    #[default]
    Population,
    /// `N - 1`, as in the values of IBSI; the covariance of one voxel is 0.
    Sample,
}

/// Eigenvalues `l0 ≤ l1 ≤ l2` of the covariance in mm².
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PrincipalAxes {
    /// In ascending order, never negative.
    pub eigenvalues: [f64; 3],
    pub n_voxels: f64,
}

impl PrincipalAxes {
    /// Of the true voxels of a mask, which must have one; `(z, y, x)`, spacing in mm.
    pub(super) fn new(
        mask: ArrayView3<'_, bool>,
        spacing: [f64; 3],
        covariance: Covariance,
    ) -> Self {
        let moments = Moments::of(mask);
        let divisor = moments.divisor(covariance);
        let covariance = Matrix3::from_fn(|a, b| {
            spacing[a] * spacing[b] * (moments.central(a, b) as f64 / divisor)
        });
        let mut eigenvalues: [f64; 3] = covariance.symmetric_eigenvalues().into();
        eigenvalues.sort_by(f64::total_cmp);
        // What rounding leaves of a direction in which the region does not extend is 0.
        let noise = 16.0 * f64::EPSILON * eigenvalues[2];
        let eigenvalues = eigenvalues.map(|value| if value <= noise { 0.0 } else { value });
        Self {
            eigenvalues,
            n_voxels: moments.n as f64,
        }
    }

    /// `4 √l`: the axis of the ellipsoid with this covariance.
    pub(super) fn length(&self, index: usize) -> f64 {
        4.0 * self.eigenvalues[index].sqrt()
    }

    /// `√(l1 / l2)`; NaN for a point.
    pub(super) fn elongation(&self) -> f64 {
        (self.eigenvalues[1] / self.eigenvalues[2]).sqrt()
    }

    /// `√(l0 / l2)`; NaN for a point.
    pub(super) fn flatness(&self) -> f64 {
        (self.eigenvalues[0] / self.eigenvalues[2]).sqrt()
    }
}

/// Sums of indices and of their products, exact.
#[derive(Debug, Default)]
struct Moments {
    n: i128,
    first: [i128; 3],
    second: [[i128; 3]; 3],
}

impl Moments {
    fn of(mask: ArrayView3<'_, bool>) -> Self {
        let mut moments = Self::default();
        for (z, plane) in mask.outer_iter().enumerate() {
            for (y, row) in plane.outer_iter().enumerate() {
                // One row holds at most 65,535 voxels, so these fit.
                let (mut n, mut sum, mut squares) = (0u64, 0u64, 0u64);
                for (x, &inside) in (0u64..).zip(row) {
                    let inside = u64::from(inside);
                    n += inside;
                    sum += inside * x;
                    squares += inside * x * x;
                }
                moments.add_row([z as i128, y as i128], [n, sum, squares].map(i128::from));
            }
        }
        moments
    }

    fn add_row(&mut self, [z, y]: [i128; 2], [n, sum, squares]: [i128; 3]) {
        self.n += n;
        for (total, term) in self.first.iter_mut().zip([n * z, n * y, sum]) {
            *total += term;
        }
        let products = [
            [n * z * z, n * z * y, sum * z],
            [n * z * y, n * y * y, sum * y],
            [sum * z, sum * y, squares],
        ];
        for (totals, terms) in self.second.iter_mut().zip(products) {
            for (total, term) in totals.iter_mut().zip(terms) {
                *total += term;
            }
        }
    }

    /// `N` times the sum of the products of deviations, in voxels; a whole number, so an axis without extent has exactly 0.
    fn central(&self, a: usize, b: usize) -> i128 {
        self.n * self.second[a][b] - self.first[a] * self.first[b]
    }

    /// What makes that sum a covariance; 1 for one voxel, whose sum is 0.
    fn divisor(&self, covariance: Covariance) -> f64 {
        let n = self.n as f64;
        match covariance {
            Covariance::Population => n * n,
            Covariance::Sample => n * (n - 1.0).max(1.0),
        }
    }
}

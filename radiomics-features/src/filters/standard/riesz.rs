//! Riesz transforms of isotropic filters.

use ndarray::Array3;
use serde::Deserialize;

use super::frequency::Extension;
use super::{FilterDimensions, NonSeparableWavelet, TruncatedLaplacian, invalid};
use crate::error::Result;
use crate::fourier::Complex64;
use crate::roi::BoundingBox;
use crate::volume::Volume;

/// The Riesz transform of order `(l1, l2, l3)` of an isotropic filter (IBSI code AYRS): derivatives without the amplification of
/// high frequencies. With `n = l1 + l2 + l3` the transfer of the filter is multiplied by
///
/// ```text
/// (-i)^n √(n! / (l1! l2! l3!)) ν1^l1 ν2^l2 ν3^l3 / ‖ν‖^n
/// ```
///
/// and by 0 at `ν = 0`; `ν1`, `ν2`, `ν3` are the frequencies along x, y and z, on the grid and with the extension of
/// [`NonSeparableWavelet`]. The Laplacian of Gaussian is taken of the extended image. Intensity units. Directions are counted
/// in voxels whatever the spacing. A constant image gives 0 up to rounding, and up to the sum of the kernel of the Laplacian.
///
/// The transform is not aligned with the structure tensor.
///
/// Reference: Image Biomarker Standardisation Initiative, [arXiv:2006.05470](https://doi.org/10.48550/arXiv.2006.05470);
/// Unser and Van De Ville 2010, [doi:10.1109/TIP.2009.2038832](https://doi.org/10.1109/TIP.2009.2038832).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Riesz {
    /// `l1`, `l2` and `l3`, for x, y and z; 1 to 20 in sum, and `l3 = 0` slice by slice. No default.
    pub order: [u8; 3],
    /// What is transformed. No default.
    pub filter: RieszFilter,
}

/// Isotropic filters that a [`Riesz`] transform is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RieszFilter {
    /// The Laplacian of Gaussian.
    LaplacianOfGaussian(TruncatedLaplacian),
    /// An isotropic wavelet.
    NonSeparableWavelet(NonSeparableWavelet),
}

impl RieszFilter {
    fn extension(&self) -> Extension {
        match self {
            Self::LaplacianOfGaussian(log) => Extension {
                boundary: log.boundary,
                dimensions: log.dimensions,
            },
            Self::NonSeparableWavelet(wavelet) => wavelet.extension(),
        }
    }
}

impl Riesz {
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) for an order out of range, and what the filter refuses.
    pub fn check(&self) -> Result<()> {
        let total: u32 = self.order.iter().map(|&l| u32::from(l)).sum();
        let in_plane = self.dimensions() == FilterDimensions::Two;
        if !(1..=20).contains(&total) || (in_plane && self.order[2] != 0) {
            let expected = "three whole numbers, 1 to 20 in sum, the last 0 slice by slice";
            return Err(invalid("order", expected, format!("{:?}", self.order)));
        }
        match &self.filter {
            RieszFilter::LaplacianOfGaussian(log) => log.check(),
            RieszFilter::NonSeparableWavelet(wavelet) => wavelet.check(),
        }
    }

    /// Those of the filter.
    #[must_use]
    pub fn dimensions(&self) -> FilterDimensions {
        self.filter.extension().dimensions
    }

    pub(super) fn response(&self, image: &Volume, bounds: &BoundingBox) -> Result<Array3<f64>> {
        let factor = self.factor();
        let riesz = |frequency: [f64; 3], norm: f64| {
            if norm == 0.0 {
                return Complex64::new(0.0, 0.0);
            }
            let terms = frequency.iter().zip(&self.order);
            let direction: f64 = terms
                .map(|(nu, &l)| (nu / norm).powi(i32::from(l)))
                .product();
            factor * direction
        };
        let norm = |[x, y, z]: [f64; 3]| (x * x + y * y + z * z).sqrt();
        let extension = self.filter.extension();
        match &self.filter {
            RieszFilter::LaplacianOfGaussian(log) => extension.filtered(
                image,
                bounds,
                |period| log.of_period(period, image.spacing()),
                |nu| riesz(nu, norm(nu)),
            ),
            RieszFilter::NonSeparableWavelet(wavelet) => {
                extension.filtered(image, bounds, Ok, |nu| {
                    let norm = norm(nu);
                    riesz(nu, norm) * wavelet.transfer(norm)
                })
            }
        }
    }

    /// `(-i)^n √(n! / (l1! l2! l3!))`.
    fn factor(&self) -> Complex64 {
        let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
        let orders = self.order.map(u32::from);
        let total = orders.iter().sum();
        let parts: f64 = orders.iter().map(|&l| factorial(l)).product();
        let size = (factorial(total) / parts).sqrt();
        match total % 4 {
            0 => Complex64::new(size, 0.0),
            1 => Complex64::new(0.0, -size),
            2 => Complex64::new(-size, 0.0),
            _ => Complex64::new(0.0, size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_counts_the_orders_of_a_derivative() {
        let factor = |order| {
            let log = TruncatedLaplacian {
                sigma: 1.0,
                cutoff: 4.0,
                boundary: Default::default(),
                dimensions: Default::default(),
            };
            let filter = RieszFilter::LaplacianOfGaussian(log);
            Riesz { order, filter }.factor()
        };
        assert_eq!(factor([1, 0, 0]), Complex64::new(0.0, -1.0));
        assert_eq!(factor([1, 1, 0]), Complex64::new(-(2.0f64.sqrt()), 0.0));
        assert_eq!(factor([1, 1, 1]), Complex64::new(0.0, 6.0f64.sqrt()));
        assert_eq!(factor([0, 4, 0]), Complex64::new(1.0, 0.0));
    }
}

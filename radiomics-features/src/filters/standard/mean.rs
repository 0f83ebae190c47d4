//! The mean filter.

use ndarray::Array3;
use serde::Deserialize;

use super::product::Product;
use super::{Boundary, FilterDimensions, invalid};
use crate::error::Result;
use crate::filters::convolve::bounded::{Kernel, places_of};
use crate::roi::BoundingBox;
use crate::volume::Volume;

/// The mean of a square or cube of voxels (IBSI code S60F):
///
/// ```text
/// h(x) = 1/M^D Σ f(x + k),   k ∈ {-(M-1)/2 … (M-1)/2}^D
/// ```
///
/// Intensity units. Counted in voxels whatever the spacing. A constant image stays what it is, also where the boundary is not
/// zero.
///
/// Reference: Image Biomarker Standardisation Initiative, [arXiv:2006.05470](https://doi.org/10.48550/arXiv.2006.05470);
/// Whybra et al. 2024, [doi:10.1148/radiol.231319](https://doi.org/10.1148/radiol.231319).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mean {
    /// `M`, the edge of the cube in voxels: odd, up to 65,535. No default.
    pub size: usize,
    /// Outside of the image. Default [`Boundary::Mirror`].
    #[serde(default)]
    pub boundary: Boundary,
    /// Slice by slice or in space. Default [`FilterDimensions::Three`].
    #[serde(default)]
    pub dimensions: FilterDimensions,
}

impl Mean {
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) unless the size is odd and in range.
    pub fn check(&self) -> Result<()> {
        if self.size % 2 == 1 && self.size <= Kernel::MAX_TAPS {
            return Ok(());
        }
        Err(invalid("size", "an odd number from 1 to 65535", self.size))
    }

    pub(super) fn response(&self, image: &Volume, bounds: &BoundingBox) -> Array3<f64> {
        let n_axes = self.dimensions.n_axes();
        let sums = Product {
            levels: vec![vec![Kernel::centered(vec![1.0; self.size]); n_axes]],
            boundary: self.boundary,
        };
        // Divided at the end: sums of whole numbers are exact.
        let n_voxels = (self.size as f64).powi(n_axes as i32);
        let sums = sums.response(image, places_of(bounds), None);
        sums.map(|sum| sum / n_voxels).into_voxels()
    }
}

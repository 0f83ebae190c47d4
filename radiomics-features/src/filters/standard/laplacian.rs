//! The Laplacian of Gaussian with a truncated kernel.

use std::f64::consts::TAU;

use ndarray::Array3;
use serde::Deserialize;

use super::{Boundary, FilterDimensions, invalid, positive};
use crate::error::Result;
use crate::filters::convolve::bounded::{Kernel, Lattice, places_of, sources};
use crate::roi::BoundingBox;
use crate::volume::Volume;

/// The Laplacian of Gaussian as IBSI-2 defines it (IBSI code L6PA), with `σ` and `k` in voxels:
///
/// ```text
/// g(k) = -1/σ² (1/(√(2π) σ))^D (D - ‖k‖²/σ²) exp(-‖k‖²/(2σ²)),   |k_d| ≤ ⌊cutoff σ + 1/2⌋
/// ```
///
/// The kernel ends at a box; it is not scaled by `σ²`, and not shifted to a sum of zero. Intensity units, as the derivatives
/// are taken per voxel. A constant image gives a small negative part of itself, the sum of the truncated kernel: less than
/// `1.1e-3 D/σ²` of it at a cut-off of 4.
///
/// # Differences
/// IBSI-2 has one spacing. Where it differs between the filtered axes, here the Gaussian is round in mm, the box follows the
/// spacing, and the unit of length of the derivatives is the geometric mean of the spacings.
///
/// [`LaplacianOfGaussian`](crate::filters::LaplacianOfGaussian) is that of PyRadiomics: ITK's recursive filter, scaled by `σ²`.
///
/// Reference: Image Biomarker Standardisation Initiative, [arXiv:2006.05470](https://doi.org/10.48550/arXiv.2006.05470).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TruncatedLaplacian {
    /// `σ` in mm, positive. No default.
    pub sigma: f64,
    /// Where the kernel ends, in `σ`; positive. Default 4.
    #[serde(default = "default_cutoff")]
    pub cutoff: f64,
    /// Outside of the image. Default [`Boundary::Mirror`].
    #[serde(default)]
    pub boundary: Boundary,
    /// Slice by slice or in space. Default [`FilterDimensions::Three`].
    #[serde(default)]
    pub dimensions: FilterDimensions,
}

fn default_cutoff() -> f64 {
    4.0
}

/// Per filtered axis x, y, z: the Gaussian `g`, and `(1 - u²) g` with `u = k/σ`.
struct AxisKernels {
    smooth: Kernel,
    curved: Kernel,
}

impl TruncatedLaplacian {
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) unless both numbers are positive.
    pub fn check(&self) -> Result<()> {
        positive("sigma", self.sigma)?;
        positive("cutoff", self.cutoff)
    }

    pub(super) fn response(&self, image: &Volume, bounds: &BoundingBox) -> Result<Array3<f64>> {
        let kernels = self.kernels(image.spacing())?;
        let outputs = places_of(bounds);
        let mut inputs = outputs.clone();
        for (i, kernels) in kernels.iter().enumerate() {
            let (axis, kernel) = (2 - i, [&kernels.smooth]);
            inputs[axis] = sources(&outputs[axis], image.size()[axis], kernel, self.boundary);
        }
        let source = Lattice::of_image(image, inputs);
        Ok(self.convolved(&source, &outputs, &kernels, self.boundary, image.spacing()))
    }

    /// The response of an array of this spacing that repeats periodically.
    pub(super) fn of_period(&self, period: Array3<f64>, spacing: [f64; 3]) -> Result<Array3<f64>> {
        let size: [usize; 3] = period.dim().into();
        let kernels = self.kernels(spacing)?;
        let outputs = size.map(|n| (0..n).collect());
        let source = Lattice::of_array(period);
        Ok(self.convolved(&source, &outputs, &kernels, Boundary::Periodic, spacing))
    }

    /// `Σ_d` of the curved kernel along `d` and the Gaussian along the other axes, with its factor. Passes are shared: what
    /// has been curved along an earlier axis is one image.
    fn convolved(
        &self,
        source: &Lattice,
        outputs: &[Vec<usize>; 3],
        kernels: &[AxisKernels],
        boundary: Boundary,
        spacing: [f64; 3],
    ) -> Array3<f64> {
        let mut smooth = source.clone();
        let mut curved: Option<Lattice> = None;
        for (i, along) in kernels.iter().enumerate() {
            let axis = 2 - i;
            let pass =
                |input: &Lattice, kernel| input.convolved(axis, &outputs[axis], kernel, boundary);
            let mut sum = pass(&smooth, &along.curved);
            if let Some(earlier) = &curved {
                sum.add(&pass(earlier, &along.smooth));
            }
            curved = Some(sum);
            if i + 1 < kernels.len() {
                smooth = pass(&smooth, &along.smooth);
            }
        }
        let n_axes = kernels.len() as i32;
        let filtered = spacing.iter().rev().take(kernels.len());
        let unit = filtered.product::<f64>().powf(1.0 / f64::from(n_axes));
        let factor = -(unit / self.sigma).powi(2);
        let curved = curved.expect("there are two axes or three");
        curved.map(|v| factor * v).into_voxels()
    }

    fn kernels(&self, spacing: [f64; 3]) -> Result<Vec<AxisKernels>> {
        let axes = spacing.iter().rev().take(self.dimensions.n_axes());
        axes.map(|&spacing| {
            let sigma = self.sigma / spacing;
            let reach = (self.cutoff * sigma + 0.5).floor();
            if !(reach <= (Kernel::MAX_TAPS / 2) as f64 && sigma.is_normal()) {
                let expected = "a width of 1e-300 to 32767 voxels up to the cut-off";
                return Err(invalid("sigma", expected, self.sigma));
            }
            let reach = reach as i64;
            let taps = |f: &dyn Fn(f64) -> f64| {
                let taps = (-reach..=reach).map(|k| {
                    let u = k as f64 / sigma;
                    f(u * u) * (-u * u / 2.0).exp() / (TAU.sqrt() * sigma)
                });
                Kernel::centered(taps.collect())
            };
            Ok(AxisKernels {
                smooth: taps(&|_| 1.0),
                curved: taps(&|square| 1.0 - square),
            })
        })
        .collect()
    }
}

//! Filters that are given by their transfer function.
//!
//! The image is extended by half its length to either side of every filtered axis, as the boundary says, and is then taken to
//! repeat; a periodic image repeats as it is. The extension of a mirrored image repeats of itself, so that both are exact.
//!
//! Frequencies are those of the consensus of IBSI-2: `P` samples of an axis have
//!
//! ```text
//! ν[k] = π (2j/(P-1) - 1),   j = (k + ⌊P/2⌋) mod P,   k = 0 … P-1
//! ```
//!
//! from `-π` to `π`, both included; 0 for an axis of one sample. They differ from the frequencies `2πk/P` of the discrete
//! Fourier transform by `P/(P-1)` and, for even `P`, by half a step, so that the response has an imaginary part, which is left
//! out.

use std::f64::consts::PI;

use ndarray::{Array3, ArrayView3, Axis, s};

use super::{Boundary, FilterDimensions, invalid};
use crate::error::Result;
use crate::fourier::{Complex64, FftDirection, transform};
use crate::par::map_indexed;
use crate::roi::BoundingBox;
use crate::volume::{Volume, shape};

/// Voxels of an extended image that are transformed at most: 4 GiB.
const MAX_VOXELS: usize = 1 << 28;

/// How an image is extended before it is filtered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extension {
    pub boundary: Boundary,
    pub dimensions: FilterDimensions,
}

impl Extension {
    /// The part in `bounds` of the image filtered by `transfer`, a function of the frequencies along x, y and z; the frequency
    /// along z is 0 slice by slice. `before` is done to the extended image.
    pub fn filtered(
        &self,
        image: &Volume,
        bounds: &BoundingBox,
        before: impl Fn(Array3<f64>) -> Result<Array3<f64>> + Sync + Send,
        transfer: impl Fn([f64; 3]) -> Complex64 + Sync + Send,
    ) -> Result<Array3<f64>> {
        let voxels = image.voxels();
        let axes: Vec<usize> = (3 - self.dimensions.n_axes()..3).collect();
        let filtered = |voxels: ArrayView3<'_, f64>, bounds: &BoundingBox| {
            let extended = self.extended(voxels)?;
            let mut spectrum = before(extended)?.mapv(|v| Complex64::new(v, 0.0));
            multiply(&mut spectrum, &axes, &transfer);
            // Where the image itself begins.
            let start = [0, 1, 2].map(|axis| {
                let n = voxels.len_of(Axis(axis));
                bounds.start[axis]
                    + if spectrum.len_of(Axis(axis)) > n {
                        n / 2
                    } else {
                        0
                    }
            });
            let size = bounds.size;
            let part = BoundingBox { start, size };
            Ok(part.slice(spectrum.view()).mapv(|v| v.re))
        };
        if self.dimensions == FilterDimensions::Three {
            return filtered(voxels.view(), bounds);
        }
        let mut in_plane = *bounds;
        (in_plane.start[0], in_plane.size[0]) = (0, 1);
        let planes = map_indexed(bounds.size[0], |i| {
            let z = bounds.start[0] + i;
            filtered(voxels.slice(s![z..=z, .., ..]), &in_plane)
        });
        let mut response = Array3::zeros(bounds.size);
        for (mut to, plane) in response.outer_iter_mut().zip(planes) {
            to.assign(&plane?.index_axis(Axis(0), 0));
        }
        Ok(response)
    }

    fn extended(&self, voxels: ArrayView3<'_, f64>) -> Result<Array3<f64>> {
        let size = shape(voxels);
        let extends = |axis: usize| {
            self.boundary != Boundary::Periodic && 2 - axis < self.dimensions.n_axes()
        };
        let [nz, ny, nx] = [0, 1, 2].map(|axis| size[axis] << u32::from(extends(axis)));
        let n_voxels = nz.checked_mul(ny).and_then(|n| n.checked_mul(nx));
        if n_voxels.is_none_or(|n| n > MAX_VOXELS) {
            return Err(invalid(
                "boundary",
                "an image of at most 2^28 voxels; unless periodic it is doubled along every axis",
                format!("{} and {size:?} voxels", self.boundary),
            ));
        }
        let [z, y, x] = [0, 1, 2].map(|axis| -> Vec<Option<usize>> {
            let n = size[axis];
            if !extends(axis) {
                return (0..n).map(Some).collect();
            }
            let before = (n / 2) as i64;
            let places = -before..2 * n as i64 - before;
            places.map(|i| self.boundary.sample(i, n)).collect()
        });
        let voxel = |(i, j, k)| match (z[i], y[j], x[k]) {
            (Some(z), Some(y), Some(x)) => voxels[[z, y, x]],
            _ => 0.0,
        };
        Ok(Array3::from_shape_fn((nz, ny, nx), voxel))
    }
}

/// Transforms, multiplies by the factors of the frequencies and transforms back.
fn multiply(
    data: &mut Array3<Complex64>,
    axes: &[usize],
    transfer: &(impl Fn([f64; 3]) -> Complex64 + Sync + Send),
) {
    transform(data, axes, FftDirection::Forward);
    let size = shape(data.view());
    let n: f64 = axes.iter().map(|&axis| size[axis] as f64).product();
    let [z, y, x] = size.map(frequencies);
    // Those of a plane are independent of those of another.
    for (mut plane, &z) in data.outer_iter_mut().zip(&z) {
        let rows = map_indexed(y.len(), |j| -> Vec<Complex64> {
            x.iter().map(|&x| transfer([x, y[j], z]) / n).collect()
        });
        for (mut row, factors) in plane.outer_iter_mut().zip(rows) {
            row.iter_mut()
                .zip(factors)
                .for_each(|(v, factor)| *v *= factor);
        }
    }
    transform(data, axes, FftDirection::Inverse);
}

/// The frequencies of an axis of `n` samples, in the order of the transform.
pub(super) fn frequencies(n: usize) -> Vec<f64> {
    if n == 1 {
        return vec![0.0];
    }
    let of = |k: usize| ((k + n / 2) % n) as f64;
    (0..n)
        .map(|k| PI * (2.0 * of(k) / (n - 1) as f64 - 1.0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::{Geometry, PixelType};
    use ndarray::Zip;

    #[test]
    fn frequencies_reach_from_minus_to_plus_pi() {
        let halves = |n| -> Vec<f64> { frequencies(n).iter().map(|v| v / PI * 2.0).collect() };
        assert_eq!(halves(5), [0.0, 1.0, 2.0, -2.0, -1.0]);
        assert_eq!(frequencies(2), [PI, -PI]);
        assert_eq!(frequencies(1), [0.0]);
    }

    #[test]
    fn a_filter_that_passes_everything_changes_nothing() {
        let voxels = Array3::from_shape_fn((3, 4, 5), |(z, y, x)| (z * 20 + y * 5 + x) as f64);
        let geometry = Geometry::new([1.0; 3]).unwrap();
        let image = Volume::new(voxels.clone(), geometry, PixelType::F64).unwrap();
        let part = BoundingBox::whole([1, 2, 3]).grown(0, [1, 2, 3]);
        for boundary in [Boundary::Zero, Boundary::Periodic, Boundary::Mirror] {
            for dimensions in [FilterDimensions::Two, FilterDimensions::Three] {
                let extension = Extension {
                    boundary,
                    dimensions,
                };
                for bounds in [BoundingBox::whole([3, 4, 5]), part] {
                    let found = extension
                        .filtered(&image, &bounds, Ok, |_| Complex64::new(1.0, 0.0))
                        .unwrap();
                    let expected = bounds.slice(voxels.view());
                    assert!(
                        Zip::from(&found)
                            .and(expected)
                            .all(|a, b| (a - b).abs() < 1e-12)
                    );
                }
            }
        }
    }
}

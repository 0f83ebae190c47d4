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

use ndarray::{Array3, Zip};

use super::{Boundary, FilterDimensions, invalid};
use crate::error::Result;
use crate::filters::convolve::bounded::places_of;
use crate::fourier::{Complex64, FftDirection, transform};
use crate::par::map_indexed;
use crate::roi::BoundingBox;
use crate::volume::Volume;

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
        let places = self.places(image.size())?;
        match self.dimensions {
            FilterDimensions::Three => block(image, bounds, &places, [0, 1, 2], before, transfer),
            FilterDimensions::Two => {
                let planes = map_indexed(bounds.size[0], |i| {
                    let z = bounds.start[0] + i;
                    let places = [vec![Some(z)], places[1].clone(), places[2].clone()];
                    block(image, bounds, &places, [1, 2], &before, &transfer)
                });
                let mut response = Array3::zeros(bounds.size);
                for (mut to, plane) in response.outer_iter_mut().zip(planes) {
                    to.assign(&plane?.index_axis(ndarray::Axis(0), 0));
                }
                Ok(response)
            }
        }
    }

    /// The sample of the image at every place of its extension, none where it is zero.
    fn places(&self, size: [usize; 3]) -> Result<[Vec<Option<usize>>; 3]> {
        let places = [0, 1, 2].map(|axis| {
            let n = size[axis];
            let is_filtered = axis > 0 || self.dimensions == FilterDimensions::Three;
            if self.boundary == Boundary::Periodic || !is_filtered {
                return (0..n).map(Some).collect();
            }
            let before = (n / 2) as i64;
            let places = -before..2 * n as i64 - before;
            places.map(|i| self.boundary.sample(i, n)).collect()
        });
        let filtered = match self.dimensions {
            FilterDimensions::Two => &places[1..],
            FilterDimensions::Three => &places[..],
        };
        let n_voxels = filtered
            .iter()
            .try_fold(1usize, |n, axis: &Vec<_>| n.checked_mul(axis.len()));
        match n_voxels {
            Some(n) if n <= MAX_VOXELS => Ok(places),
            _ => Err(invalid(
                "boundary",
                "an image of at most 2^28 voxels once it is extended: doubled along every axis unless periodic",
                format!("{} of an image of {size:?} voxels", self.boundary),
            )),
        }
    }
}

/// Extends, transforms along `axes`, multiplies, transforms back and cuts.
fn block<const N: usize>(
    image: &Volume,
    bounds: &BoundingBox,
    places: &[Vec<Option<usize>>; 3],
    axes: [usize; N],
    before: impl Fn(Array3<f64>) -> Result<Array3<f64>>,
    transfer: impl Fn([f64; 3]) -> Complex64 + Sync + Send,
) -> Result<Array3<f64>> {
    let voxels = image.voxels();
    let [z, y, x] = places;
    let size = [z.len(), y.len(), x.len()];
    let extended = Array3::from_shape_fn(size, |(i, j, k)| match (z[i], y[j], x[k]) {
        (Some(z), Some(y), Some(x)) => voxels[[z, y, x]],
        _ => 0.0,
    });
    let mut data = before(extended)?.mapv(|v| Complex64::new(v, 0.0));
    transform(&mut data, &axes, FftDirection::Forward);
    let [nu_z, nu_y, nu_x] = size.map(frequencies);
    let planes = map_indexed(size[0], |i| {
        let mut plane = Vec::with_capacity(size[1] * size[2]);
        for &y in &nu_y {
            plane.extend(nu_x.iter().map(|&x| transfer([x, y, nu_z[i]])));
        }
        plane
    });
    for (mut plane, factors) in data.outer_iter_mut().zip(planes) {
        Zip::from(&mut plane)
            .and_broadcast(
                &ndarray::ArrayView2::from_shape((size[1], size[2]), &factors)
                    .expect("a factor a frequency"),
            )
            .for_each(|v, &factor| *v *= factor);
    }
    transform(&mut data, &axes, FftDirection::Inverse);
    let scale: f64 = axes.iter().map(|&axis| size[axis] as f64).product();
    // The first place of an extension that is the image itself.
    let start = [0, 1, 2].map(|axis| match places[axis].len() > image.size()[axis] {
        true => image.size()[axis] / 2,
        false => 0,
    });
    let [bz, by, bx] = places_of(bounds);
    let at = |axis: usize, place: usize| {
        if size[axis] == 1 {
            0
        } else {
            start[axis] + place
        }
    };
    let rows = if size[0] == 1 { vec![0] } else { bz };
    Ok(Array3::from_shape_fn(
        (rows.len(), by.len(), bx.len()),
        |(i, j, k)| data[[at(0, rows[i]), at(1, by[j]), at(2, bx[k])]].re / scale,
    ))
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

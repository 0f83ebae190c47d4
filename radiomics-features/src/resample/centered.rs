//! Resampling on a grid that is centered on the image's: IBSI's "align grid centers".

use super::grid::{Frame, Mapping, NewGrid, reversed};
use super::{Interpolator, MAX_BYTES, MaskInterpolation, Resampling, Source, are_close};
use crate::error::{Error, Result};
use crate::numbers::Numbers;
use crate::roi::Region;
use crate::volume::{Dimensionality, Geometry, Volume};

impl Resampling {
    /// The whole image on the centered grid of `spacing` (0 keeps that of the image), and the region on it.
    pub(super) fn on_centered_grid(
        &self,
        image: &Volume,
        source: &Source<'_>,
        spacing: [f64; 3],
    ) -> Result<(Volume, Region)> {
        let old = image.spacing();
        let spacing = [0, 1, 2].map(|axis| match spacing[axis] {
            new if new > 0.0 => new,
            _ => old[axis],
        });
        if (0..3).all(|axis| are_close(old[axis], spacing[axis])) {
            let region = self.masked(source, &source.image_frame, image.size())?;
            return Ok((image.clone(), region));
        }
        let grid = NewGrid::centered(image, &source.image_frame, spacing)?;
        let frame = Frame::new(&grid.geometry, image.dimensionality())?;
        let region = self.masked(source, &frame, grid.size)?;
        let image = match self.interpolator {
            // The spline's own border would bend it, where the image should stay as it is.
            Interpolator::BSpline => &continued(image, SPLINE_REACH)?,
            _ => image,
        };
        let from = Frame::new(image.geometry(), image.dimensionality())?;
        let mapping = Mapping::new(frame, from, grid.size[2]);
        Ok((self.interpolated(image, &mapping, &grid)?, region))
    }

    /// The region on a grid.
    fn masked(&self, source: &Source<'_>, frame: &Frame, size: [usize; 3]) -> Result<Region> {
        let MaskInterpolation::Linear { threshold } = self.mask else {
            return source.nearest(frame, size);
        };
        // Half a voxel beyond the box, as well: there the region is not yet 0.
        let [low, high] = source.corners();
        let corners = [low.map(|i| i - 0.5), high.map(|i| i + 0.5)];
        // A fraction that is the threshold but for rounding is in.
        let limit = threshold - ROUNDING;
        source.on_grid(frame, size, corners, |position| {
            source.fraction(position) >= limit
        })
    }
}

/// Rounding errors of a fraction of a voxel.
const ROUNDING: f64 = 1e-9;

/// Voxels by which an image is continued before it becomes a spline: beyond them nothing is seen of the spline's border, the weight
/// of which falls by √3 - 2 a voxel.
const SPLINE_REACH: usize = 12;

/// The image, continued by its border voxels along every axis that it has.
fn continued(image: &Volume, by: usize) -> Result<Volume> {
    let planar = image.dimensionality() == Dimensionality::Two;
    let margin = [if planar { 0 } else { by }, by, by];
    let size = image.size();
    let new = [0, 1, 2].map(|axis| size[axis] + 2 * margin[axis]);
    let bytes = new.iter().map(|&n| n as f64).product::<f64>() * 8.0;
    if bytes > MAX_BYTES as f64 {
        return Err(Error::GridTooLarge {
            voxels: new.map(|n| n as f64),
            limit: MAX_BYTES,
        });
    }
    let values = image.voxels();
    let inner = |i: usize, axis: usize| i.saturating_sub(margin[axis]).min(size[axis] - 1);
    let mut all = Vec::with_capacity(new.iter().product());
    for z in 0..new[0] {
        for y in 0..new[1] {
            let row = values.slice(ndarray::s![inner(z, 0), inner(y, 1), ..]);
            all.extend((0..new[2]).map(|x| row[inner(x, 2)]));
        }
    }
    let back = margin.map(|by| -(by as f64));
    let geometry = Geometry {
        origin: image.geometry().position(back),
        ..*image.geometry()
    };
    Volume::of_numbers(Numbers::F64(all), new, geometry, image.pixel_type())?
        .with_dimensionality(image.dimensionality())
}

impl NewGrid {
    /// The grid of another spacing with the center of the image's, that covers it.
    ///
    /// # Errors
    /// [`Error::GridTooLarge`].
    fn centered(image: &Volume, frame: &Frame, spacing: [f64; 3]) -> Result<Self> {
        let (old, size) = (image.spacing(), image.size());
        let mut voxels = [1.0; 3];
        let mut first = [0.0; 3];
        for axis in 3 - frame.dimensions()..3 {
            let ratio = spacing[axis] / old[axis];
            let n = size[axis] as f64;
            // As many as fit, but for rounding.
            let fit = n / ratio;
            voxels[axis] = (fit - 1e-9 * fit).ceil().max(1.0);
            first[axis] = 0.5 * (n - 1.0 - ratio * (voxels[axis] - 1.0));
        }
        let bytes = 8.0 * voxels[0] * voxels[1] * voxels[2];
        if bytes.is_nan() || bytes > MAX_BYTES as f64 {
            return Err(Error::GridTooLarge {
                voxels,
                limit: MAX_BYTES,
            });
        }
        let geometry = Geometry {
            spacing,
            origin: reversed(frame.continuous_point(reversed(first))),
            ..*image.geometry()
        };
        Ok(Self {
            geometry,
            size: voxels.map(|n| n as usize),
        })
    }
}

impl Source<'_> {
    /// Which fraction of a position in the mask, `(x, y, z)` order, is in the region, by linear interpolation. The mask is continued
    /// by its border.
    fn fraction(&self, position: [f64; 3]) -> f64 {
        let ends = [0, 1, 2].map(|axis| {
            let last = self.mask.size[axis] as f64 - 1.0;
            let place = position[2 - axis].clamp(0.0, last);
            let below = place.floor();
            let above = (below + 1.0).min(last);
            [
                (below as usize, 1.0 - (place - below)),
                (above as usize, place - below),
            ]
        });
        let mut fraction = 0.0;
        for (z, weight_z) in ends[0] {
            for (y, weight_y) in ends[1] {
                for (x, weight_x) in ends[2] {
                    if self.contains([z, y, x]) {
                        fraction += weight_z * weight_y * weight_x;
                    }
                }
            }
        }
        fraction
    }

    /// Whether a voxel of the mask is in the region.
    fn contains(&self, voxel: [usize; 3]) -> bool {
        let bounds = self.region.bounds;
        let inner = [0, 1, 2].map(|axis| voxel[axis].wrapping_sub(bounds.start[axis]));
        self.region.mask.get(inner).copied().unwrap_or(false)
    }
}

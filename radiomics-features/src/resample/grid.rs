//! Voxel grids in space: from indices to millimeters and back, lines of one grid seen from another, the new grid of a region.
//!
//! Index triples and points are in `(x, y, z)` order in this file, because sums over axes run in that order in ITK, and their
//! last bit decides which voxel is nearest to a point halfway between two. A plane uses x and y alone; its z is voxel 0.

use super::inverse::{Matrix, inverse};
use crate::error::{Error, Result};
use crate::roi::BoundingBox;
use crate::volume::{Dimensionality, Geometry};

/// The triple in the other axis order.
pub(super) fn reversed<T: Copy>([a, b, c]: [T; 3]) -> [T; 3] {
    [c, b, a]
}

/// A grid of voxels in space.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// 2 for a plane.
    dimensions: usize,
    origin: [f64; 3],
    /// Millimeters per index: column `c` is the step along axis `c`.
    forward: Matrix,
    backward: Matrix,
}

impl Frame {
    /// # Errors
    /// [`Error::SingularDirection`] if the axes of the grid do not span the plane or space.
    pub(super) fn new(geometry: &Geometry, dimensionality: Dimensionality) -> Result<Self> {
        let dimensions = match dimensionality {
            Dimensionality::Two => 2,
            Dimensionality::Three => 3,
        };
        let mut forward = Matrix::default();
        for (r, row) in forward.iter_mut().enumerate().take(dimensions) {
            for (c, step) in row.iter_mut().enumerate().take(dimensions) {
                *step = geometry.direction[2 - c][2 - r] * geometry.spacing[2 - c];
            }
        }
        let singular = || Error::SingularDirection {
            direction: geometry.direction,
        };
        Ok(Self {
            dimensions,
            origin: reversed(geometry.origin),
            backward: inverse(&forward, dimensions).ok_or_else(singular)?,
            forward,
        })
    }

    /// Where the center of a voxel lies.
    fn point(&self, index: [f64; 3]) -> [f64; 3] {
        let mut point = self.origin;
        for (r, p) in point.iter_mut().enumerate() {
            for (step, i) in self.forward[r].iter().zip(index).take(self.dimensions) {
                *p += step * i;
            }
        }
        point
    }

    /// Where an index between voxels lies. Other order of additions than [`point`](Self::point), as in ITK.
    pub(super) fn continuous_point(&self, index: [f64; 3]) -> [f64; 3] {
        let mut point = self.origin;
        for (r, p) in point.iter_mut().enumerate().take(self.dimensions) {
            let offset =
                (0..self.dimensions).fold(0.0, |sum, c| sum + self.forward[r][c] * index[c]);
            *p = offset + self.origin[r];
        }
        point
    }

    /// The index, between voxels, of a point; 0 along z in a plane.
    pub(super) fn index(&self, point: [f64; 3]) -> [f64; 3] {
        let offset = [0, 1, 2].map(|r| point[r] - self.origin[r]);
        let mut index = [0.0; 3];
        for (r, i) in index.iter_mut().enumerate().take(self.dimensions) {
            *i = (0..self.dimensions).fold(0.0, |sum, c| sum + self.backward[r][c] * offset[c]);
        }
        index
    }

    /// Number of axes.
    pub(super) fn dimensions(&self) -> usize {
        self.dimensions
    }
}

/// The voxels of one grid as indices in another.
#[derive(Debug, Clone)]
pub(super) struct Mapping {
    from: Frame,
    to: Frame,
    /// Voxels of `from` along x.
    width: usize,
}

/// One line of voxels along x, in indices of the other grid: it is found at the first voxel and one past the last, and
/// interpolated between, as ITK does it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    start: [f64; 3],
    step: [f64; 3],
    width: f64,
}

impl Line {
    /// The index of voxel `x`.
    pub(super) fn at(&self, x: usize) -> [f64; 3] {
        let alpha = x as f64 / self.width;
        [0, 1, 2].map(|a| self.start[a] + alpha * self.step[a])
    }
}

impl Mapping {
    pub(super) fn new(from: Frame, to: Frame, width: usize) -> Self {
        Self { from, to, width }
    }

    /// The line of voxels `(·, y, z)`.
    pub(super) fn line(&self, y: usize, z: usize) -> Line {
        let end = |x: usize| {
            let index = [x, y, z].map(|i| i as f64);
            self.to.index(self.from.point(index))
        };
        let (start, stop) = (end(0), end(self.width));
        Line {
            start,
            step: [0, 1, 2].map(|a| stop[a] - start[a]),
            width: self.width as f64,
        }
    }

    /// Whether index `a` of the one grid depends on index `a` of the other alone, to the last bit.
    pub(super) fn is_aligned(&self) -> bool {
        let n = self.from.dimensions;
        let depends = |to: usize, from: usize| {
            (0..n).any(|k| self.to.backward[to][k] != 0.0 && self.from.forward[k][from] != 0.0)
        };
        (0..n).all(|a| (0..n).all(|b| a == b || !depends(a, b)))
    }

    /// The smallest and largest index, along every axis, that a box of `from` takes in `to`; corners in voxels of `from`.
    pub(super) fn extent(&self, low: [f64; 3], high: [f64; 3]) -> [[f64; 2]; 3] {
        let mut extent = [[f64::INFINITY, f64::NEG_INFINITY]; 3];
        for corner in 0..8 {
            let index = [0, 1, 2].map(|a| {
                if corner >> a & 1 == 0 {
                    low[a]
                } else {
                    high[a]
                }
            });
            let found = self.to.index(self.from.continuous_point(index));
            for (range, i) in extent.iter_mut().zip(found) {
                *range = [range[0].min(i), range[1].max(i)];
            }
        }
        extent
    }

    /// Number of axes.
    pub(super) fn dimensions(&self) -> usize {
        self.from.dimensions
    }
}

/// The grid that image and region are resampled to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NewGrid {
    pub geometry: Geometry,
    /// Voxels along z, y, x.
    pub size: [usize; 3],
}

/// Where a region lies in its mask; `(z, y, x)` order.
#[derive(Debug, Clone, Copy)]
pub(super) struct MaskBox {
    pub geometry: Geometry,
    pub size: [usize; 3],
    pub bounds: BoundingBox,
}

impl NewGrid {
    /// The grid of the given spacing that shares the outer corner of the mask and covers the region and a margin, but nothing
    /// outside the mask.
    ///
    /// # Errors
    /// [`Error::GridTooLarge`] if it has more than `limit` bytes at 8 bytes a voxel.
    pub(super) fn covering(
        mask: &MaskBox,
        frame: &Frame,
        spacing: [f64; 3],
        margin: usize,
        limit: u64,
    ) -> Result<Self> {
        let mut first = [0.0; 3];
        let mut voxels = [1.0; 3];
        let mut corner = [0.0; 3];
        for axis in 3 - frame.dimensions..3 {
            let (old, new) = (mask.geometry.spacing[axis], spacing[axis]);
            let (start, size) = (
                mask.bounds.start[axis] as f64,
                mask.bounds.size[axis] as f64,
            );
            let (ratio, margin) = (old / new, margin as f64);
            let low = ((start - 0.5) * ratio - margin).floor().max(0.0);
            let last = (mask.size[axis] as f64 * ratio).ceil() - 1.0;
            let high = ((start + size - 0.5) * ratio + margin).ceil().min(last);
            voxels[axis] = high - low + 1.0;
            first[axis] = low / ratio;
            corner[axis] = 0.5 * (new - old) / old + first[axis];
        }
        let bytes = 8.0 * voxels[0] * voxels[1] * voxels[2];
        // NaN, from spacings beyond all reason, is refused as well.
        if !(bytes <= limit as f64 && voxels.iter().all(|&n| n >= 1.0)) {
            return Err(Error::GridTooLarge { voxels, limit });
        }
        let origin = reversed(frame.continuous_point(reversed(corner)));
        let geometry = Geometry {
            spacing,
            origin,
            ..mask.geometry
        };
        Ok(Self {
            geometry,
            size: voxels.map(|n| n as usize),
        })
    }
}

//! From the geometry of a file, in x, y, z order, to a [`Geometry`], in z, y, x order.

use crate::error::Result;
use crate::volume::{Dimensionality, Geometry};

/// Spacing, axes and position of a grid as files give them: x, y, z order throughout, millimeters in LPS.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pose {
    /// A negative step means that the axis runs against its direction.
    pub spacing: [f64; 3],
    /// `axes[i]` is the direction of index axis `i`.
    pub axes: [[f64; 3]; 3],
    pub origin: [f64; 3],
}

impl Pose {
    /// The unrotated grid of unit spacing at the origin.
    pub(super) const UNIT: Self = Self {
        spacing: [1.0; 3],
        axes: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        origin: [0.0; 3],
    };

    /// The grid in this crate's convention. As in ITK, negative steps turn their axis around.
    ///
    /// # Errors
    /// What [`Geometry::with_pose`] refuses.
    pub(super) fn geometry(&self) -> Result<Geometry> {
        // Adding zero turns -0 into 0, so that equal grids print alike.
        let reversed = |v: [f64; 3]| [v[2] + 0.0, v[1] + 0.0, v[0] + 0.0];
        let direction = std::array::from_fn(|axis| {
            let sign = if self.spacing[2 - axis] < 0.0 {
                -1.0
            } else {
                1.0
            };
            reversed(self.axes[2 - axis].map(|v| sign * v))
        });
        let spacing = reversed(self.spacing.map(f64::abs));
        Geometry::with_pose(spacing, reversed(self.origin), direction)
    }

    /// The pose without what leads out of the plane of x and y: ITK's view of a two-dimensional image.
    pub(super) fn flattened(mut self, dimensionality: Dimensionality) -> Self {
        if dimensionality == Dimensionality::Two {
            self.spacing[2] = 1.0;
            self.origin[2] = 0.0;
            self.axes[2] = Self::UNIT.axes[2];
            for axis in &mut self.axes[..2] {
                axis[2] = 0.0;
                *axis = normalized(*axis);
            }
        }
        self
    }
}

/// A vector of unit length, or the zero vector as it is.
pub(super) fn normalized(vector: [f64; 3]) -> [f64; 3] {
    let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
    if length == 0.0 {
        return vector;
    }
    vector.map(|v| v / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_step_turns_its_axis() {
        let pose = Pose {
            spacing: [0.5, -0.75, 2.5],
            origin: [1.0, 2.0, 3.0],
            ..Pose::UNIT
        };
        let geometry = pose.geometry().unwrap();
        assert_eq!(geometry.spacing, [2.5, 0.75, 0.5]);
        assert_eq!(geometry.origin, [3.0, 2.0, 1.0]);
        assert_eq!(geometry.direction[1], [0.0, -1.0, 0.0]);
    }

    #[test]
    fn a_plane_keeps_only_what_lies_in_it() {
        let pose = Pose {
            axes: [[0.6, 0.0, 0.8], [0.0, 1.0, 0.0], [-0.8, 0.0, 0.6]],
            origin: [1.0, 2.0, 3.0],
            ..Pose::UNIT
        };
        let flat = pose.flattened(Dimensionality::Two);
        assert_eq!(flat.axes, Pose::UNIT.axes);
        assert_eq!(flat.origin, [1.0, 2.0, 0.0]);
        assert_eq!(pose.flattened(Dimensionality::Three).axes, pose.axes);
    }
}

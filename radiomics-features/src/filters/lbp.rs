//! Local binary pattern: how each voxel compares with a circle of samples around it.

use super::Response;
use crate::error::{Error, Result};
use crate::roi::BoundingBox;
use crate::texture::Axis;
use crate::volume::Volume;

/// Local binary pattern of every plane across an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalBinaryPattern {
    /// Radius of the circle in voxels, `lbp2DRadius`. Default 1.
    pub radius: f64,
    /// Samples on the circle, `lbp2DSamples`. Default 8.
    pub samples: usize,
    /// How the pattern becomes a number, `lbp2DMethod`. Default uniform.
    pub method: LbpMethod,
    /// The axis across the planes, `force2Ddimension`. Default z.
    pub axis: Axis,
}

/// How the comparisons of one voxel become a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LbpMethod {
    /// The comparisons as bits of a number.
    Default,
    /// The smallest number among all rotations of the bits.
    RotationInvariant,
    /// The number of ones where the circle has at most two changes, else one more than the number of samples.
    #[default]
    Uniform,
    /// The variance of the samples.
    Variance,
}

impl Default for LocalBinaryPattern {
    fn default() -> Self {
        Self {
            radius: 1.0,
            samples: 8,
            method: LbpMethod::default(),
            axis: Axis::Z,
        }
    }
}

impl LocalBinaryPattern {
    pub(super) fn responses(
        &self,
        _image: &Volume,
        _bounds: &BoundingBox,
    ) -> Result<Vec<Response>> {
        Err(Error::Unsupported {
            name: "LBP2D".to_string(),
        })
    }
}

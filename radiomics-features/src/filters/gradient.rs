//! Gradient magnitude by central differences, `√(Σ_d ((x[i+1] - x[i-1]) / (2 s_d))²)`, the border voxel repeated outside.

use ndarray::Array3;

use crate::roi::BoundingBox;
use crate::volume::Volume;

/// In what unit a gradient is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Gradient {
    /// Intensity per mm. The default.
    #[default]
    PerMillimeter,
    /// Intensity per voxel, whatever the spacing.
    PerVoxel,
}

impl Gradient {
    /// The magnitude inside `bounds`, rounded to 32 bits.
    pub(super) fn magnitude(self, image: &Volume, bounds: &BoundingBox) -> Array3<f64> {
        let size = image.size();
        let spacing = match self {
            Self::PerMillimeter => image.spacing(),
            Self::PerVoxel => [1.0; 3],
        };
        // The box and its neighbors; where there are none, the box ends with the image.
        let near = bounds.grown(1, size);
        let voxels = image.part(&near);
        let inner = bounds.relative_to(near.start);
        Array3::from_shape_fn(bounds.size, |(z, y, x)| {
            let here = [z + inner.start[0], y + inner.start[1], x + inner.start[2]];
            let mut sum = 0.0;
            // x first: the order in which ITK adds the squares.
            for axis in [2, 1, 0] {
                let (mut before, mut after) = (here, here);
                before[axis] = here[axis].saturating_sub(1);
                after[axis] = (here[axis] + 1).min(near.size[axis] - 1);
                let weight = 0.5 / spacing[axis];
                let slope = voxels[after] * weight - voxels[before] * weight;
                sum += slope * slope;
            }
            f64::from(sum.sqrt() as f32)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::{Geometry, PixelType};

    #[test]
    fn a_ramp_has_its_slope_inside_and_half_of_it_at_the_border() {
        let ramp = Array3::from_shape_fn((1, 1, 4), |(_, _, x)| 3.0 * x as f64);
        let geometry = Geometry::new([1.0, 1.0, 0.5]).unwrap();
        let image = Volume::new(ramp, geometry, PixelType::U8).unwrap();
        let bounds = BoundingBox::whole(image.size());
        let slopes = |g: Gradient| g.magnitude(&image, &bounds).into_raw_vec_and_offset().0;
        assert_eq!(slopes(Gradient::PerMillimeter), [3.0, 6.0, 6.0, 3.0]);
        assert_eq!(slopes(Gradient::PerVoxel), [1.5, 3.0, 3.0, 1.5]);
    }
}

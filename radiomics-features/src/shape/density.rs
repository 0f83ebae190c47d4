//! How much of simple bodies around a region the region fills.

use ndarray::ArrayView3;

use super::boxes::Cuboid;
use super::diameter::Outermost;
use super::ellipsoid::Ellipsoid;
use super::hull::Hull;
use super::{ShapeFeatures, cropped};
use crate::discretize::check_spacing;
use crate::feature_table::feature_table;
use crate::{Error, Result};

feature_table! {
    /// Volume and area densities: the mesh's volume `V` and area `A`, divided by those of
    ///
    /// ```text
    /// aabb   the box around the mesh along the image's axes
    /// ombb   the smallest box around the mesh of those with one side in a face of its convex hull or perpendicular to an axis
    /// aee    the approximate enclosing ellipsoid: half axes 2 √l, l the eigenvalues of the covariance of the voxel centers
    /// mvee   the smallest ellipsoid around the mesh
    /// hull   the convex hull of the mesh
    /// ```
    ///
    /// Areas of ellipsoids are IBSI's series up to degree 20, see below. IBSI leaves the method for ombb and mvee open; the volume of mvee is
    /// at most 1e-9 of it too large.
    ///
    /// Where voxels meet only along an edge or at a corner the mesh can have holes; its volume, and so all densities of volume, can
    /// then be any number (see the [module documentation](super)).
    ///
    /// Reference: IBSI reference manual, morphological features (HCUG), arXiv:1612.07003.
    ///
    /// # Differences
    /// The series in IBSI's manual, which its reference values follow, is the area of a sphere but not that of other ellipsoids:
    /// it has `b² / a²` and `c² / a²` in the place of `c² / b²` and `c² / a²`, and falls 4 % short for half axes of 5.7, 4.7 and
    /// 4.3. Area densities of ellipsoids are IBSI's, and too large by that.
    ///
    /// The smallest box of all can have no face in common with the hull; it may then be a few percent smaller than ombb.
    pub struct DensityFeatures from s: &Measures {
        /// Volume density of the axis-aligned bounding box; in (0, 1] for a closed mesh.
        volume_density_aabb (ibsi "PBX1" "morph_vol_dens_aabb") = s.volume / s.aabb.volume();
        /// Area density of the axis-aligned bounding box; above 1 for rugged surfaces.
        area_density_aabb (ibsi "R59B" "morph_area_dens_aabb") = s.area / s.aabb.area();
        /// Volume density of the oriented minimum bounding box; in (0, 1] for a closed mesh, at least that of the axis-aligned box.
        volume_density_ombb (ibsi "ZH1A" "morph_vol_dens_ombb") = s.volume / s.ombb.volume();
        /// Area density of the oriented minimum bounding box.
        area_density_ombb (ibsi "IQYR" "morph_area_dens_ombb") = s.area / s.ombb.area();
        /// Volume density of the approximate enclosing ellipsoid. It does not enclose the region: a ball has about 1.4. NaN for
        /// a region of one slice, whose ellipsoid has no volume.
        volume_density_aee (ibsi "6BDE" "morph_vol_dens_aee") = ratio(s.volume, s.aee.volume());
        /// Area density of the approximate enclosing ellipsoid. NaN for a region of one line, whose ellipsoid has no area.
        area_density_aee (ibsi "RDD2" "morph_area_dens_aee") = ratio(s.area, s.aee.area());
        /// Volume density of the minimum volume enclosing ellipsoid; in (0, 1] for a closed mesh.
        volume_density_mvee (ibsi "SWZ1" "morph_vol_dens_mvee") = s.volume / s.mvee.volume();
        /// Area density of the minimum volume enclosing ellipsoid.
        area_density_mvee (ibsi "BRI8" "morph_area_dens_mvee") = s.area / s.mvee.area();
        /// Volume density of the convex hull (solidity); in (0, 1] for a closed mesh, 1 for a convex one.
        volume_density_hull (ibsi "R3ER" "morph_vol_dens_conv_hull") = s.volume / s.hull_volume;
        /// Area density of the convex hull; 1 for a convex mesh, larger for one with dents and holes, smaller for one of parts far
        /// apart.
        area_density_hull (ibsi "7T7F" "morph_area_dens_conv_hull") = s.area / s.hull_area;
    }
}

impl DensityFeatures {
    /// The features of a region. `mask` is `(z, y, x)`, `spacing` in mm per axis, `shape` the features of the same mask, with the
    /// covariance that the approximate enclosing ellipsoid is to have.
    ///
    /// # Errors
    /// Those of [`ShapeFeatures::new`].
    pub fn new(
        mask: ArrayView3<'_, bool>,
        spacing: [f64; 3],
        shape: &ShapeFeatures,
    ) -> Result<Self> {
        check_spacing(spacing)?;
        let mask = cropped(mask)?;
        let outermost = Outermost::of(mask.view());
        Self::measured(mask.dim(), &outermost, spacing, shape)
    }

    /// Of a box of voxels and the vertices of the region in it.
    pub(super) fn measured(
        (nz, ny, nx): (usize, usize, usize),
        outermost: &Outermost,
        spacing: [f64; 3],
        shape: &ShapeFeatures,
    ) -> Result<Self> {
        let half = spacing.map(|mm| mm / 2.0);
        // The vertices around any voxel span space.
        let hull = Hull::new(&outermost.corners()).ok_or(Error::EmptyMask)?;
        let vertices: Vec<[f64; 3]> = hull
            .vertices
            .iter()
            .map(|vertex| [0, 1, 2].map(|axis| vertex[axis] as f64 * half[axis]))
            .collect();
        let sides = [
            nz as f64 * spacing[0],
            ny as f64 * spacing[1],
            nx as f64 * spacing[2],
        ];
        let axes = [
            shape.major_axis_length,
            shape.minor_axis_length,
            shape.least_axis_length,
        ];
        Ok(Self::compute(&Measures {
            volume: shape.mesh_volume,
            area: shape.surface_area,
            aabb: Cuboid { sides },
            ombb: Cuboid::around(&hull, half),
            aee: Ellipsoid::new(axes.map(|length| length / 2.0)),
            mvee: Ellipsoid::around(&vertices),
            hull_volume: hull.volume() * half.iter().product::<f64>(),
            hull_area: hull.area(half),
        }))
    }
}

/// `a / b`; NaN for a divisor of 0.
fn ratio(a: f64, b: f64) -> f64 {
    if b == 0.0 { f64::NAN } else { a / b }
}

/// What the features are made of; mm² and mm³.
struct Measures {
    volume: f64,
    area: f64,
    aabb: Cuboid,
    ombb: Cuboid,
    aee: Ellipsoid,
    mvee: Ellipsoid,
    hull_volume: f64,
    hull_area: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::ShapeParams;
    use ndarray::Array3;
    use std::f64::consts::PI;

    fn features(mask: &Array3<bool>, spacing: [f64; 3]) -> DensityFeatures {
        let shape = ShapeFeatures::new(mask.view(), spacing, &ShapeParams::default());
        DensityFeatures::new(mask.view(), spacing, &shape.expect("a voxel")).expect("a voxel")
    }

    fn assert_close(found: f64, expected: f64, tolerance: f64) {
        assert!(
            (found - expected).abs() <= tolerance * expected.abs(),
            "{found}, expected {expected}"
        );
    }

    #[test]
    fn one_voxel_is_an_octahedron() {
        let f = features(&Array3::from_elem((1, 1, 1), true), [2.0; 3]);
        assert_close(f.volume_density_hull, 1.0, 1e-15);
        assert_close(f.area_density_hull, 1.0, 1e-15);
        assert_close(f.volume_density_aabb, 1.0 / 6.0, 1e-15);
        assert_close(f.area_density_aabb, 3f64.sqrt() / 6.0, 1e-15);
        assert_close(f.volume_density_mvee, 1.0 / PI, 1e-6);
        assert_close(f.area_density_mvee, 3f64.sqrt() / PI, 1e-6);
        // On one of its triangles: 2/√3 half voxels high, around a hexagon with edges of √(2/3).
        assert_close(f.volume_density_ombb, 0.5, 1e-12);
        assert!(f.volume_density_aee.is_nan() && f.area_density_aee.is_nan());
    }

    #[test]
    fn flat_and_thin_regions() {
        let slice = features(&Array3::from_elem((1, 9, 7), true), [3.0, 0.5, 0.7]);
        assert!(slice.volume_density_aee.is_nan());
        assert!(slice.area_density_aee > 0.0 && slice.volume_density_hull > 0.99);
        let line = features(&Array3::from_elem((1, 1, 50), true), [3.0, 0.5, 0.7]);
        assert!(line.volume_density_aee.is_nan() && line.area_density_aee.is_nan());
        assert_close(line.volume_density_hull, 1.0, 1e-13);
        let mut apart = Array3::from_elem((2, 2, 3000), false);
        apart[[0, 0, 0]] = true;
        apart[[1, 1, 2999]] = true;
        let apart = features(&apart, [1.0; 3]);
        assert!(apart.volume_density_hull > 0.0 && apart.volume_density_hull < 1e-3);
        assert!(apart.volume_density_ombb >= apart.volume_density_aabb);
    }
}

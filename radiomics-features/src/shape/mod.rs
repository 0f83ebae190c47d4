//! Shape: the form of a region, whatever its intensities.
//!
//! Symbols: `V` the volume enclosed by a triangle mesh around the region, `A` the mesh's area, `l0 ≤ l1 ≤ l2` the eigenvalues
//! of the [covariance](Covariance) matrix of the voxel centers in mm.
//!
//! The mesh is that of marching cubes: its vertices lie halfway between a voxel inside and one outside. Only the spacing of
//! the image matters, not its direction. Where voxels meet only along an edge or at a corner the mesh can have holes, a known
//! flaw of the method; the volume then depends on the origin, which is PyRadiomics': one voxel before the region's box.
//!
//! # Differences
//! Against IBSI: axis lengths have `N` in the covariance by default, as in PyRadiomics (IBSI's values have `N - 1`).

mod autocorrelation;
mod axes;
mod boxes;
mod density;
mod diameter;
mod ellipsoid;
mod fourier;
mod hull;
mod mesh;
mod planar;
mod spatial;
mod spectrum;

pub use axes::Covariance;
pub use density::DensityFeatures;
pub use planar::Shape2dFeatures;
pub use spatial::SpatialFeatures;

use std::f64::consts::PI;

use ndarray::{Array3, ArrayView3};

use crate::discretize::check_spacing;
use crate::feature_table::feature_table;
use crate::roi::BoundingBox;
use crate::{Error, Result};
use axes::PrincipalAxes;
use diameter::{Diameters, Outermost};
use mesh::Mesh;

feature_table! {
    /// Shape features of a volume. Symbols as in the [module documentation](self).
    pub struct ShapeFeatures from s: &Measures {
        /// Asphericity `(A³ / (36 π V²))^(1/3) - 1`; 0 for a ball.
        asphericity (ibsi "25C7" "morph_asphericity") = 1.0 / s.sphericity() - 1.0;
        /// Compactness 1, `V / (√π A^1.5)`; at most `1 / (6 π)`. PyRadiomics reports it only when asked by name
        /// (`Compactness1`): it says the same as the sphericity.
        compactness_1 (ibsi "SKGS" "morph_comp_1") = s.mesh.volume / (PI.sqrt() * s.mesh.area.powf(1.5));
        /// Compactness 2, `36 π V² / A³`; the third power of the sphericity. Reported only when asked by name (`Compactness2`).
        compactness_2 (ibsi "BQWJ" "morph_comp_2") = 36.0 * PI * s.mesh.volume * s.mesh.volume / s.mesh.area.powi(3);
        /// Elongation `√(l1 / l2)`; in [0, 1], 0 for a line, 1 for a disk or ball, NaN for one voxel.
        elongation ("Elongation", ibsi "Q3CK" "morph_pca_elongation") = s.axes.elongation();
        /// Flatness `√(l0 / l2)`; in [0, 1], 0 for a plane, 1 for a ball, NaN for one voxel.
        flatness ("Flatness", ibsi "N17B" "morph_pca_flatness") = s.axes.flatness();
        /// Least axis length `4 √l0`; mm. 0 for a region of one slice.
        least_axis_length ("LeastAxisLength", ibsi "7J51" "morph_pca_least_axis") = s.axes.length(0);
        /// Major axis length `4 √l2`; mm.
        major_axis_length ("MajorAxisLength", ibsi "TDIC" "morph_pca_maj_axis") = s.axes.length(2);
        /// Largest distance of two mesh vertices in one plane perpendicular to y; mm.
        maximum_2d_diameter_column ("Maximum2DDiameterColumn") = s.diameters.planar[1];
        /// Largest distance of two mesh vertices in one plane perpendicular to x; mm.
        maximum_2d_diameter_row ("Maximum2DDiameterRow") = s.diameters.planar[2];
        /// Largest distance of two mesh vertices in one plane perpendicular to z; mm.
        maximum_2d_diameter_slice ("Maximum2DDiameterSlice") = s.diameters.planar[0];
        /// Largest distance of two mesh vertices; mm.
        maximum_3d_diameter ("Maximum3DDiameter", ibsi "L0JK" "morph_diam") = s.diameters.spatial;
        /// Mesh volume `V`; mm³.
        mesh_volume ("MeshVolume", ibsi "RNU0" "morph_volume") = s.mesh.volume;
        /// Minor axis length `4 √l1`; mm.
        minor_axis_length ("MinorAxisLength", ibsi "P9VJ" "morph_pca_min_axis") = s.axes.length(1);
        /// Sphericity `(36 π V²)^(1/3) / A`; in (0, 1], 1 for a ball.
        sphericity ("Sphericity", ibsi "QCFX" "morph_sphericity") = s.sphericity();
        /// Spherical disproportion, `1 / Sphericity`. Reported only when asked by name (`SphericalDisproportion`).
        spherical_disproportion (ibsi "KRCK" "morph_sph_dispr") = 1.0 / s.sphericity();
        /// Surface area `A` of the mesh; mm².
        surface_area ("SurfaceArea", ibsi "C0JK" "morph_area_mesh") = s.mesh.area;
        /// Surface to volume ratio `A / V`; 1/mm.
        surface_volume_ratio ("SurfaceVolumeRatio", ibsi "2PR5" "morph_av") = s.mesh.area / s.mesh.volume;
        /// Number of voxels times the volume of one; mm³.
        voxel_volume ("VoxelVolume", ibsi "YEKZ" "morph_vol_approx") = s.voxel_volume;
    }
}

/// Settings of [`ShapeFeatures`]. The default is PyRadiomics'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ShapeParams {
    /// The divisor of the covariance whose eigenvalues are the axes.
    pub covariance: Covariance,
}

impl ShapeFeatures {
    /// The features of a region. `mask` is `(z, y, x)`, `spacing` in mm per axis.
    ///
    /// # Errors
    /// [`Error::EmptyMask`] if no voxel is inside, [`Error::InvalidSpacing`] if a spacing is not a positive number,
    /// [`Error::RegionTooLarge`] if a side of the region's box is longer than 65,535 voxels.
    pub fn new(
        mask: ArrayView3<'_, bool>,
        spacing: [f64; 3],
        params: &ShapeParams,
    ) -> Result<Self> {
        check_spacing(spacing)?;
        let mask = cropped(mask)?;
        let outermost = Outermost::of(mask.view());
        Ok(Self::measured(mask.view(), &outermost, spacing, params))
    }

    /// These features and the densities of the same region, whose vertices are found once.
    ///
    /// # Errors
    /// Those of [`ShapeFeatures::new`].
    pub(crate) fn with_density(
        mask: ArrayView3<'_, bool>,
        spacing: [f64; 3],
        params: &ShapeParams,
    ) -> Result<(Self, DensityFeatures)> {
        check_spacing(spacing)?;
        let mask = cropped(mask)?;
        let outermost = Outermost::of(mask.view());
        let shape = Self::measured(mask.view(), &outermost, spacing, params);
        let density = DensityFeatures::measured(mask.dim(), &outermost, spacing, &shape)?;
        Ok((shape, density))
    }

    /// Of a mask without empty planes at its sides.
    fn measured(
        mask: ArrayView3<'_, bool>,
        outermost: &Outermost,
        spacing: [f64; 3],
        params: &ShapeParams,
    ) -> Self {
        let axes = PrincipalAxes::new(mask, spacing, params.covariance);
        Self::compute(&Measures {
            mesh: Mesh::new(mask, spacing),
            diameters: outermost.diameters(spacing),
            voxel_volume: axes.n_voxels * spacing.iter().rev().product::<f64>(),
            axes,
        })
    }
}

/// A mask's box in memory without gaps: the rows are read many times.
fn cropped(mask: ArrayView3<'_, bool>) -> Result<Array3<bool>> {
    let bounds = BoundingBox::around(mask).ok_or(Error::EmptyMask)?;
    if bounds.size.iter().any(|&side| side > usize::from(u16::MAX)) {
        return Err(Error::RegionTooLarge { shape: bounds.size });
    }
    Ok(bounds.slice(mask).as_standard_layout().into_owned())
}

/// What the features are made of.
struct Measures {
    mesh: Mesh,
    axes: PrincipalAxes,
    diameters: Diameters,
    voxel_volume: f64,
}

impl Measures {
    /// `(36 π V²)^(1/3) / A`.
    fn sphericity(&self) -> f64 {
        (36.0 * PI * self.mesh.volume * self.mesh.volume).cbrt() / self.mesh.area
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_ascii_order() {
        assert_eq!(ShapeFeatures::NAMES.len(), 14);
        assert!(ShapeFeatures::NAMES.is_sorted());
    }

    #[test]
    fn one_voxel_is_an_octahedron() {
        let mask = Array3::from_elem((1, 1, 1), true);
        let f =
            ShapeFeatures::new(mask.view(), [1.0; 3], &ShapeParams::default()).expect("a voxel");
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-15, "{a} {b}");
        // Vertices at ±1/2 on the axes: volume 4/3 r³, area 4 √3 r².
        close(f.mesh_volume, 1.0 / 6.0);
        close(f.surface_area, 3f64.sqrt());
        assert_eq!(
            (
                f.maximum_3d_diameter,
                f.maximum_2d_diameter_slice,
                f.voxel_volume
            ),
            (1.0, 1.0, 1.0)
        );
        assert_eq!((f.major_axis_length, f.least_axis_length), (0.0, 0.0));
        close(f.spherical_disproportion * f.sphericity, 1.0);
        close(f.compactness_2, f.sphericity.powi(3));
        close(f.compactness_1, f.compactness_2.sqrt() / (6.0 * PI));
    }

    #[test]
    fn a_slice_has_no_least_axis() {
        let mask = Array3::from_shape_fn((1, 9, 7), |(_, y, x)| (x + y) % 5 != 0);
        let f = ShapeFeatures::new(mask.view(), [3.0, 0.1, 0.7], &ShapeParams::default())
            .expect("a slice");
        assert_eq!((f.least_axis_length, f.flatness), (0.0, 0.0));
        assert!(f.elongation > 0.0 && f.minor_axis_length > 0.0);
    }

    #[test]
    fn a_diagonal_line_has_one_axis() {
        let mask = Array3::from_shape_fn((1, 30, 30), |(_, y, x)| x == y);
        let f = ShapeFeatures::new(mask.view(), [0.7, 0.3, 0.3], &ShapeParams::default())
            .expect("a line");
        assert_eq!((f.minor_axis_length, f.elongation), (0.0, 0.0));
        approx::assert_relative_eq!(
            f.major_axis_length,
            4.0 * (0.18 * (900.0 - 1.0) / 12.0f64).sqrt(),
            max_relative = 1e-13
        );
    }

    #[test]
    fn the_sample_covariance_has_longer_axes() {
        let mask = Array3::from_shape_fn((3, 4, 5), |(z, y, x)| z + y + x < 7);
        let features = |covariance| {
            ShapeFeatures::new(mask.view(), [1.0, 2.0, 0.5], &ShapeParams { covariance })
                .expect("a voxel")
        };
        let population = features(Covariance::Population);
        let sample = features(Covariance::Sample);
        let n = population.voxel_volume;
        approx::assert_relative_eq!(
            sample.least_axis_length,
            population.least_axis_length * (n / (n - 1.0)).sqrt(),
            max_relative = 1e-13
        );
        approx::assert_relative_eq!(sample.flatness, population.flatness, max_relative = 1e-13);
        let voxel = Array3::from_elem((1, 1, 1), true);
        let params = ShapeParams {
            covariance: Covariance::Sample,
        };
        let voxel = ShapeFeatures::new(voxel.view(), [1.0; 3], &params).expect("a voxel");
        assert_eq!(voxel.major_axis_length, 0.0);
    }

    #[test]
    fn unusable_input_is_an_error() {
        let nothing = Array3::from_elem((2, 2, 2), false);
        assert!(matches!(
            ShapeFeatures::new(nothing.view(), [1.0; 3], &ShapeParams::default()),
            Err(Error::EmptyMask)
        ));
        let something = Array3::from_elem((2, 2, 2), true);
        let error = ShapeFeatures::new(something.view(), [1.0, 0.0, 1.0], &ShapeParams::default());
        assert!(
            matches!(error, Err(Error::InvalidSpacing { axis: "y", .. })),
            "{error:?}"
        );
    }
}

//! Shape of a plane region.
//!
//! The outline is that of marching squares: it runs through the middles between a pixel inside and one outside that share an
//! edge. Every square of 2 × 2 pixel centers adds, with pixels of `sy × sx` mm, `a = sy sx`, `h = √((sy/2)² + (sx/2)²)`:
//!
//! ```text
//! corners inside        area     length
//! one                   a/8      h
//! two, side by side     a/2      sx if the cut is horizontal, sy if it is vertical
//! two, diagonal         2 a/8    2 h                 (they are kept apart)
//! three                 7 a/8    h
//! four                  a        0
//! ```
//!
//! Symbols: `S` the area, `P` the length of the outline, `l1 ≤ l2` the eigenvalues of the covariance of the pixel centers.

use std::f64::consts::PI;

use ndarray::{ArrayView2, Axis};

use super::axes::{Covariance, PrincipalAxes};
use super::diameter::Outermost;
use crate::feature_table::feature_table;
use crate::roi::BoundingBox;
use crate::{Error, Result};

feature_table! {
    /// Shape features of a plane region. Symbols as for [`ShapeFeatures`](crate::ShapeFeatures). IBSI has no plane shape.
    pub struct Shape2dFeatures from s: &Measures {
        /// Elongation `√(l1 / l2)`; in [0, 1], 0 for a line, 1 for a disk, NaN for one pixel.
        elongation ("Elongation") = s.axes.elongation();
        /// Major axis length `4 √l2`; mm.
        major_axis_length ("MajorAxisLength") = s.axes.length(2);
        /// Largest distance of two vertices of the outline; mm.
        maximum_diameter ("MaximumDiameter") = s.diameter;
        /// Area `S` inside the outline; mm².
        mesh_surface ("MeshSurface") = s.outline.area;
        /// Minor axis length `4 √l1`; mm.
        minor_axis_length ("MinorAxisLength") = s.axes.length(1);
        /// Length `P` of the outline; mm.
        perimeter ("Perimeter") = s.outline.length;
        /// `P / S`; 1/mm.
        perimeter_surface_ratio ("PerimeterSurfaceRatio") = s.outline.length / s.outline.area;
        /// Number of pixels times the area of one; mm².
        pixel_surface ("PixelSurface") = s.pixel_surface;
        /// Sphericity `2 √(π S) / P`; in (0, 1], 1 for a disk.
        sphericity ("Sphericity") = 2.0 * (PI * s.outline.area).sqrt() / s.outline.length;
    }
}

impl Shape2dFeatures {
    /// The 9 features of a plane region. `mask` is `(y, x)`, `spacing` in mm in the same order.
    ///
    /// # Errors
    /// [`Error::EmptyMask`] if no pixel is inside, [`Error::InvalidSpacing`] if a spacing is not a positive number,
    /// [`Error::RegionTooLarge`] if a side of the region's box is longer than 65,535 pixels.
    pub fn new(mask: ArrayView2<'_, bool>, spacing: [f64; 2]) -> Result<Self> {
        // One slice of any thickness: no length across it enters.
        let volume_spacing = [1.0, spacing[0], spacing[1]];
        crate::discretize::check_spacing(volume_spacing)?;
        let mask = mask.insert_axis(Axis(0));
        let bounds = BoundingBox::around(mask).ok_or(Error::EmptyMask)?;
        if bounds.size.iter().any(|&side| side > usize::from(u16::MAX)) {
            return Err(Error::RegionTooLarge { shape: bounds.size });
        }
        let mask = bounds.slice(mask).as_standard_layout().into_owned();
        let axes = PrincipalAxes::new(mask.view(), volume_spacing, Covariance::Population);
        Ok(Self::compute(&Measures {
            outline: Outline::new(mask.index_axis(Axis(0), 0), spacing),
            // The vertices halfway to the slices above and below lie in other planes than the outline, and nearer together.
            diameter: Outermost::of(mask.view()).diameters(volume_spacing).planar[0],
            pixel_surface: axes.n_voxels * (spacing[1] * spacing[0]),
            axes,
        }))
    }
}

impl Shape2dFeatures {
    /// Spherical disproportion `P / (2 √(π S))`, `1 / Sphericity`. Reported only when asked by name
    /// (`SphericalDisproportion`).
    pub fn spherical_disproportion(&self) -> f64 {
        1.0 / self.sphericity
    }
}

/// What the features are made of.
struct Measures {
    outline: Outline,
    axes: PrincipalAxes,
    diameter: f64,
    pixel_surface: f64,
}

/// Area and length of the outline by marching squares.
struct Outline {
    area: f64,
    length: f64,
}

impl Outline {
    fn new(mask: ArrayView2<'_, bool>, [sy, sx]: [f64; 2]) -> Self {
        let squares = Squares::census(mask);
        let eighths = squares.one
            + 2 * squares.diagonal
            + 7 * squares.three
            + 8 * squares.four
            + 4 * (squares.cut_horizontally + squares.cut_vertically);
        let slanted = squares.one + 2 * squares.diagonal + squares.three;
        let slant = ((sy / 2.0) * (sy / 2.0) + (sx / 2.0) * (sx / 2.0)).sqrt();
        Self {
            area: eighths as f64 / 8.0 * (sy * sx),
            length: slanted as f64 * slant
                + squares.cut_horizontally as f64 * sx
                + squares.cut_vertically as f64 * sy,
        }
    }
}

/// How many squares of 2 × 2 pixels there are of each kind.
#[derive(Debug, Default, PartialEq, Eq)]
struct Squares {
    one: u64,
    diagonal: u64,
    cut_horizontally: u64,
    cut_vertically: u64,
    three: u64,
    four: u64,
}

impl Squares {
    fn census(mask: ArrayView2<'_, bool>) -> Self {
        let (ny, nx) = mask.dim();
        let inside = |y: usize, x: usize| {
            let index = (y.checked_sub(1), x.checked_sub(1));
            matches!(index, (Some(y), Some(x)) if y < ny && x < nx && mask[[y, x]])
        };
        let mut squares = Self::default();
        for y in 0..=ny {
            for x in 0..=nx {
                let corners = [
                    inside(y, x),
                    inside(y, x + 1),
                    inside(y + 1, x),
                    inside(y + 1, x + 1),
                ];
                match corners {
                    [false, false, false, false] => {}
                    [true, true, true, true] => squares.four += 1,
                    [true, true, false, false] | [false, false, true, true] => {
                        squares.cut_horizontally += 1
                    }
                    [true, false, true, false] | [false, true, false, true] => {
                        squares.cut_vertically += 1
                    }
                    [true, false, false, true] | [false, true, true, false] => {
                        squares.diagonal += 1
                    }
                    _ if corners.iter().filter(|&&corner| corner).count() == 1 => squares.one += 1,
                    _ => squares.three += 1,
                }
            }
        }
        squares
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, arr2};

    #[test]
    fn names_are_in_ascii_order() {
        assert_eq!(Shape2dFeatures::NAMES.len(), 9);
        assert!(Shape2dFeatures::NAMES.is_sorted());
    }

    #[test]
    fn one_pixel_is_a_diamond() {
        let f = Shape2dFeatures::new(arr2(&[[true]]).view(), [2.0, 1.0]).expect("a pixel");
        assert_eq!(
            (f.mesh_surface, f.pixel_surface, f.maximum_diameter),
            (1.0, 2.0, 2.0)
        );
        approx::assert_relative_eq!(
            f.spherical_disproportion() * f.sphericity,
            1.0,
            max_relative = 1e-15
        );
        approx::assert_relative_eq!(f.perimeter, 4.0 * 1.25f64.sqrt(), max_relative = 1e-15);
    }

    #[test]
    fn a_rectangle_has_its_corners_cut() {
        let f = Shape2dFeatures::new(Array2::from_elem((3, 4), true).view(), [2.0, 1.0])
            .expect("a rectangle");
        // 12 pixels of 2 mm² without four corners of 1/8.
        assert_eq!((f.mesh_surface, f.pixel_surface), (24.0 - 4.0 * 0.25, 24.0));
        // The four straight sides end half a pixel before the corners.
        approx::assert_relative_eq!(
            f.perimeter,
            2.0 * (3.0 + 4.0) + 4.0 * 1.25f64.sqrt(),
            max_relative = 1e-15
        );
        // Between (-1/2, 0) and (5/2, 3) pixels.
        approx::assert_relative_eq!(f.maximum_diameter, 45f64.sqrt(), max_relative = 1e-15);
        approx::assert_relative_eq!(
            f.major_axis_length,
            4.0 * (4.0 * 2.0 / 3.0f64).sqrt(),
            max_relative = 1e-15
        );
        approx::assert_relative_eq!(
            f.minor_axis_length,
            4.0 * (15.0 / 12.0f64).sqrt(),
            max_relative = 1e-15
        );
    }

    #[test]
    fn diagonal_pixels_are_kept_apart() {
        let squares = Squares::census(arr2(&[[true, false], [false, true]]).view());
        assert_eq!(
            squares,
            Squares {
                one: 6,
                diagonal: 1,
                ..Squares::default()
            }
        );
    }
}

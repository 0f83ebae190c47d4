//! What a pixel of an image is: a plain pixel or so many millimeters, in one slice or several. Images of one region must agree on it, and so must the
//! images of new patients.

use std::fmt;
use std::path::Path;

use radiomics_features::Volume;
use serde::{Deserialize, Serialize};

/// Relative tolerance of a spacing: files round it.
const TOLERANCE: f64 = 1e-4;

/// What a step from one pixel to the next is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpacingUnit {
    /// The file says nothing of its size (PNG, JPEG, TIFF, BMP): features in pixels.
    Pixel,
    /// The file says how many millimeters: features in millimeters.
    Millimeter,
}

/// Whether an image is a picture or a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slices {
    /// One slice.
    One,
    /// Several slices.
    Several,
}

/// Unit, slices and spacing of one image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageScale {
    /// The unit.
    pub unit: SpacingUnit,
    /// The slices.
    pub slices: Slices,
    /// Spacing along z, y and x.
    pub spacing: [f64; 3],
}

/// What the images of a region have in common.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpacingRule {
    /// The unit.
    pub unit: SpacingUnit,
    /// The slices.
    pub slices: Slices,
    /// Smallest spacing along z, y and x.
    pub smallest: [f64; 3],
    /// Largest spacing along z, y and x.
    pub largest: [f64; 3],
}

impl ImageScale {
    /// The scale of an image that was read from `path`: the format decides whether it has millimeters.
    pub fn of(path: &Path, image: &Volume) -> Self {
        const RASTER: [&str; 6] = ["png", "jpg", "jpeg", "tif", "tiff", "bmp"];
        let suffix = path.extension().unwrap_or_default().to_string_lossy();
        Self {
            unit: match RASTER.contains(&suffix.to_ascii_lowercase().as_str()) {
                true => SpacingUnit::Pixel,
                false => SpacingUnit::Millimeter,
            },
            slices: match image.size()[0] {
                1 => Slices::One,
                _ => Slices::Several,
            },
            spacing: image.spacing(),
        }
    }
}

impl fmt::Display for ImageScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.slices {
            Slices::One => "one slice",
            Slices::Several => "several slices",
        })?;
        match self.unit {
            SpacingUnit::Pixel => f.write_str(" without a size of pixels"),
            SpacingUnit::Millimeter => {
                let [z, y, x] = self.spacing;
                match self.slices {
                    Slices::One => write!(f, " of {x} x {y} mm a pixel"),
                    Slices::Several => write!(f, " of {x} x {y} x {z} mm a voxel"),
                }
            }
        }
    }
}

impl SpacingRule {
    /// The rule of one image.
    pub fn of(scale: &ImageScale) -> Self {
        Self {
            unit: scale.unit,
            slices: scale.slices,
            smallest: scale.spacing,
            largest: scale.spacing,
        }
    }

    /// Whether an image is of this kind, whatever its spacing.
    pub fn is_kind_of(&self, scale: &ImageScale) -> bool {
        self.unit == scale.unit && self.slices == scale.slices
    }

    /// Takes the spacing of another image of this kind in.
    pub fn include(&mut self, scale: &ImageScale) {
        for (axis, &spacing) in scale.spacing.iter().enumerate() {
            self.smallest[axis] = self.smallest[axis].min(spacing);
            self.largest[axis] = self.largest[axis].max(spacing);
        }
    }

    /// Whether a new image is of this kind and within the spacing there was. The distance of slices counts where there are several.
    pub fn admits(&self, scale: &ImageScale) -> bool {
        let first = match self.slices {
            Slices::One => 1,
            Slices::Several => 0,
        };
        let within = |axis: usize| {
            let spacing = scale.spacing[axis];
            spacing >= self.smallest[axis] * (1.0 - TOLERANCE)
                && spacing <= self.largest[axis] * (1.0 + TOLERANCE)
        };
        self.is_kind_of(scale) && (first..3).all(within)
    }
}

impl fmt::Display for SpacingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = [self.smallest, self.largest].map(|spacing| ImageScale {
            unit: self.unit,
            slices: self.slices,
            spacing,
        });
        match self.unit == SpacingUnit::Pixel || self.smallest == self.largest {
            true => write!(f, "{}", ends[0]),
            false => write!(f, "{} to {}", ends[0], ends[1]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_admits_what_lies_within_it() {
        let scale = |unit, slices, spacing| ImageScale {
            unit,
            slices,
            spacing,
        };
        let mm = |y, x| scale(SpacingUnit::Millimeter, Slices::One, [5.0, y, x]);
        let mut rule = SpacingRule::of(&mm(0.1, 0.1));
        rule.include(&mm(0.2, 0.15));
        assert!(rule.admits(&mm(0.15, 0.12)) && rule.admits(&mm(0.2, 0.150001)));
        assert!(!rule.admits(&mm(0.25, 0.12)) && !rule.admits(&mm(0.15, 0.09)));
        // The distance of slices means nothing for one slice.
        assert!(rule.admits(&ImageScale {
            spacing: [1.0, 0.1, 0.1],
            ..mm(0.1, 0.1)
        }));
        assert!(!rule.admits(&scale(SpacingUnit::Pixel, Slices::One, [1.0, 0.1, 0.1])));
        assert!(!rule.admits(&scale(
            SpacingUnit::Millimeter,
            Slices::Several,
            [5.0, 0.1, 0.1]
        )));
        assert_eq!(
            rule.to_string(),
            "one slice of 0.1 x 0.1 mm a pixel to one slice of 0.15 x 0.2 mm a pixel"
        );
    }
}

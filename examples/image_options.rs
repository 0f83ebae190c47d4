//! The options that say how image files are read: `--spacing`, `--frame` and their like.

use std::str::FromStr;

use radiomics_features::io::{NotFinite, ReadOptions, UltrasoundSpacing};

/// How image files are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, clap::Args)]
pub struct ImageOptions {
    /// Spacing of images that store none, such as PNG, in mm: x,y or x,y,z [default: 1,1,1].
    #[arg(long, value_name = "X,Y[,Z]")]
    pub spacing: Option<RasterSpacing>,
    /// Which frame of DICOM files of several frames to take, counted from 0 [default: all, as slices].
    #[arg(long, value_name = "N")]
    pub frame: Option<usize>,
    /// Ignore the calibration of ultrasound regions in DICOM files, for masks that were drawn in programs built on ITK.
    #[arg(long)]
    pub uncalibrated: bool,
    /// Read voxels of NIfTI files that are NaN or infinite as 0, as SimpleITK does, instead of refusing the file.
    #[arg(long)]
    pub nan_as_zero: bool,
}

impl ImageOptions {
    /// The options for the reader; `mask_channel` is the channel of the mask that holds the labels.
    pub fn read_options(&self, mask_channel: Option<usize>) -> ReadOptions {
        ReadOptions {
            raster_spacing: self.spacing.unwrap_or_default().zyx(),
            frame: self.frame,
            ultrasound_spacing: match self.uncalibrated {
                true => UltrasoundSpacing::Ignored,
                false => UltrasoundSpacing::Calibrated,
            },
            not_finite: match self.nan_as_zero {
                true => NotFinite::Zero,
                false => NotFinite::Refused,
            },
            mask_channel,
            ..ReadOptions::default()
        }
    }
}

/// Spacing along x, y and z in mm; z is 1 where it is not given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RasterSpacing {
    xyz: [f64; 3],
}

impl Default for RasterSpacing {
    fn default() -> Self {
        Self { xyz: [1.0; 3] }
    }
}

impl RasterSpacing {
    /// In the order of arrays.
    pub fn zyx(self) -> [f64; 3] {
        let [x, y, z] = self.xyz;
        [z, y, x]
    }
}

impl FromStr for RasterSpacing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Option<Vec<f64>> = text
            .split(',')
            .map(|number| number.trim().parse().ok())
            .collect();
        let positive = |spacing: &f64| spacing.is_finite() && *spacing > 0.0;
        match numbers
            .filter(|numbers| numbers.iter().all(positive))
            .as_deref()
        {
            Some(&[x, y]) => Ok(Self { xyz: [x, y, 1.0] }),
            Some(&[x, y, z]) => Ok(Self { xyz: [x, y, z] }),
            _ => Err(format!(
                "expected two or three positive numbers such as 0.08,0.08, found {text}"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_or_three_positive_numbers() {
        let spacing = |text: &str| text.parse::<RasterSpacing>().map(RasterSpacing::zyx);
        assert_eq!(spacing("0.1, 0.2"), Ok([1.0, 0.2, 0.1]));
        assert_eq!(spacing("0.1,0.2,3"), Ok([3.0, 0.2, 0.1]));
        for wrong in ["", "1", "0,1", "1,-1", "1,nan", "1,2,3,4", "a,b"] {
            assert!(spacing(wrong).is_err(), "{wrong}");
        }
    }
}

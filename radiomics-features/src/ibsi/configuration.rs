//! The five image processing configurations of IBSI-1.

use crate::params::Params;

/// An image processing configuration of IBSI-1 for the lung CT phantom.
///
/// | | A | B | C | D | E |
/// |---|---|---|---|---|---|
/// | texture | by slice | by slice | volume | volume | volume |
/// | spacing, mm | as it is | 2 × 2 in the slice | 2 × 2 × 2 | 2 × 2 × 2 | 2 × 2 × 2 |
/// | image interpolation | | bilinear | trilinear | trilinear | tricubic spline |
/// | intensities rounded to | | 1 HU | 1 HU | 1 HU | 1 HU |
/// | mask interpolation, threshold | | bilinear, 0.5 | trilinear, 0.5 | trilinear, 0.5 | trilinear, 0.5 |
/// | range, HU | -500 to 400 | -500 to 400 | -1000 to 400 | | -1000 to 400 |
/// | outliers beyond | | | | 3 σ | 3 σ |
/// | gray levels | 25 HU from -500 | 32 bins | 25 HU from -1000 | 32 bins | 32 bins |
/// | intensity-volume histogram | as it is | as it is | 2.5 HU | as it is | 1000 bins |
///
/// GLCM, NGTDM and NGLDM at distance 1, α = 0. Reference: IBSI reference manual, section 5.2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Configuration {
    /// By slice, without interpolation.
    A,
    /// By slice, bilinear.
    B,
    /// Volume, trilinear, fixed bin size.
    C,
    /// Volume, trilinear, fixed bin number.
    D,
    /// Volume, tricubic.
    E,
}

impl Configuration {
    /// All five.
    pub const ALL: [Self; 5] = [Self::A, Self::B, Self::C, Self::D, Self::E];

    /// The configuration as a parameter file.
    #[must_use]
    pub fn as_yaml(self) -> &'static str {
        match self {
            Self::A => include_str!("configurations/a.yaml"),
            Self::B => include_str!("configurations/b.yaml"),
            Self::C => include_str!("configurations/c.yaml"),
            Self::D => include_str!("configurations/d.yaml"),
            Self::E => include_str!("configurations/e.yaml"),
        }
    }

    /// The configuration as settings.
    ///
    /// # Panics
    /// Never: the five files are read by a test.
    ///
    /// ```
    /// use radiomics_features::ibsi::Configuration;
    /// use radiomics_features::{Binning, Profile};
    ///
    /// let params = Configuration::E.params();
    /// assert_eq!(params.profile, Profile::Ibsi);
    /// assert_eq!(params.images[0].binning, Binning::FixedBinNumber(32.try_into()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn params(self) -> Params {
        let params = self.as_yaml().parse();
        params.expect("every configuration is a sound parameter file, as a test says")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ibsi::Aggregation;
    use crate::{
        BinOrigin, Binning, GridAlignment, IntensityRounding, Interpolator, IvhBinning,
        MaskInterpolation, PixelSpacing, Profile,
    };

    #[test]
    fn every_configuration_is_what_the_manual_says() {
        for configuration in Configuration::ALL {
            let params = configuration.params();
            assert_eq!(params.profile, Profile::Ibsi);
            let by_slice = matches!(configuration, Configuration::A | Configuration::B);
            let volume = |a: &Aggregation| a.is_volume();
            assert_eq!(params.ibsi.aggregations.iter().any(volume), !by_slice);
            assert_eq!(params.ibsi.aggregations.iter().all(volume), !by_slice);
        }
        let a = Configuration::A.params();
        let size = Binning::FixedBinSize {
            width: 25.0,
            origin: BinOrigin::RangeLow,
        };
        assert_eq!((a.resampling, a.images[0].binning), (None, size));
        let b = Configuration::B.params().resampling.unwrap();
        assert_eq!(b.spacing, PixelSpacing::Volume([0.0, 2.0, 2.0]));
        let c = Configuration::C.params();
        let range = c.resegmentation.unwrap();
        assert_eq!(
            (range.lower, range.upper, c.outliers),
            (-1000.0, Some(400.0), None)
        );
        assert_eq!(c.images[0].volume_histogram, IvhBinning::FixedBinSize(2.5));
        let d = Configuration::D.params();
        assert!(d.resegmentation.is_none() && d.outliers.unwrap().sigmas == 3.0);
        let e = Configuration::E.params();
        let resampling = e.resampling.unwrap();
        assert_eq!(resampling.interpolator, Interpolator::BSpline);
        assert_eq!(resampling.grid, GridAlignment::Center);
        assert_eq!(resampling.rounding, IntensityRounding::NearestInteger);
        assert_eq!(
            resampling.mask,
            MaskInterpolation::Linear { threshold: 0.5 }
        );
        assert!(e.resegmentation.is_some() && e.outliers.is_some());
        let thousand = IvhBinning::FixedBinNumber(1000.try_into().unwrap());
        assert_eq!(e.images[0].volume_histogram, thousand);
    }
}

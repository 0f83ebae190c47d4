//! One sub-band of the undecimated separable wavelet transform.

use ndarray::Array3;
use serde::{Deserialize, Deserializer};

use super::product::Product;
use super::{Boundary, FilterDimensions, Pooling, invalid};
use crate::error::Result;
use crate::filters::MotherWavelet;
use crate::filters::convolve::bounded::{Kernel, places_of};
use crate::name::{Band, Pass};
use crate::roi::BoundingBox;
use crate::volume::Volume;

/// One sub-band of the undecimated separable wavelet transform, by the à trous algorithm (IBSI code 25BO):
///
/// ```text
/// out[i] = Σ_j f_m[j] x[i + (F/2 - j) 2^(m-1)]   along every axis,   f low- or high-pass of F taps
/// ```
///
/// at level `m`. Levels before the last are low-pass along all axes; the letters of the [`band`](Self::band), for x, y and, in
/// space, z, are those of the last. With [`pooling`](Self::pooling) the responses to the filters of all levels in their 24
/// right-angle orientations, 4 in a plane, are pooled.
///
/// Intensity units, times `√2` per axis and low-pass level. Counted in voxels whatever the spacing. A constant image gives 0 up
/// to rounding in bands with an H, unless the boundary is zero.
///
/// # Differences
/// [`Wavelet`](crate::filters::Wavelet) is that of PyRadiomics: all sub-bands at once, always periodic, odd axes extended by
/// one voxel, the same filter without gaps at every level.
///
/// Reference: Image Biomarker Standardisation Initiative, [arXiv:2006.05470](https://doi.org/10.48550/arXiv.2006.05470).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeparableWavelet {
    /// The mother wavelet, as `db3`. No default.
    #[serde(deserialize_with = "parsed")]
    pub wavelet: MotherWavelet,
    /// Two or three letters, as `LHL`. No default.
    #[serde(deserialize_with = "parsed")]
    pub band: Band,
    /// The level, 1 to 12. Default 1.
    #[serde(default = "first")]
    pub level: usize,
    /// How responses to the turned filters are pooled. Default none: the filters stay as they stand.
    #[serde(default)]
    pub pooling: Option<Pooling>,
    /// Outside of the image. Default [`Boundary::Mirror`].
    #[serde(default)]
    pub boundary: Boundary,
}

const MAX_LEVEL: usize = 12;

fn first() -> usize {
    1
}

fn parsed<'de, D: Deserializer<'de>, T>(deserializer: D) -> std::result::Result<T, D::Error>
where
    T: std::str::FromStr<Err = crate::Error>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

impl SeparableWavelet {
    /// # Errors
    /// [`Error::InvalidSetting`](crate::Error::InvalidSetting) for a wavelet that is not tabulated, a band of one letter, or
    /// a level out of range.
    pub fn check(&self) -> Result<()> {
        self.wavelet.filters::<f64>()?;
        if self.band.passes().len() < 2 {
            return Err(invalid("band", "two or three letters, as LHL", self.band));
        }
        if !(1..=MAX_LEVEL).contains(&self.level) {
            return Err(invalid("level", "1 to 12", self.level));
        }
        Ok(())
    }

    /// Two letters work slice by slice, three in space.
    #[must_use]
    pub fn dimensions(&self) -> FilterDimensions {
        match self.band.passes().len() {
            3 => FilterDimensions::Three,
            _ => FilterDimensions::Two,
        }
    }

    pub(super) fn response(&self, image: &Volume, bounds: &BoundingBox) -> Result<Array3<f64>> {
        let filters = self.wavelet.filters::<f64>()?;
        let levels = (1..=self.level).map(|level| {
            let passes = self.band.passes().iter();
            passes
                .map(|pass| match pass {
                    Pass::High if level == self.level => &filters.high,
                    _ => &filters.low,
                })
                .map(|taps| Kernel {
                    step: 1 << (level - 1),
                    ..Kernel::centered(taps.clone())
                })
                .collect()
        });
        let product = Product {
            levels: levels.collect(),
            boundary: self.boundary,
        };
        let response = product.response(image, places_of(bounds), self.pooling);
        Ok(response.into_voxels())
    }
}

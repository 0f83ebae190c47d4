//! Isotropic wavelets that are no product of axes.

use std::f64::consts::{FRAC_PI_2, PI};
use std::fmt;
use std::str::FromStr;

use ndarray::Array3;
use serde::Deserialize;

use super::frequency::Extension;
use super::{Boundary, FilterDimensions, invalid};
use crate::error::{Error, Result};
use crate::fourier::Complex64;
use crate::roi::BoundingBox;
use crate::volume::Volume;

/// The band-pass response (B map) of an isotropic wavelet at a level `j` (IBSI codes PRT7 for Simoncelli's, LODD in general), a
/// function of the frequency `ν = ‖ν‖ 2^(j-1)`:
///
/// | family | transfer |
/// |---|---|
/// | [`Simoncelli`](WaveletFamily::Simoncelli) | `cos(π/2 log2(2ν/π))` for `π/4 < ν < π` |
/// | [`Shannon`](WaveletFamily::Shannon) | 1 for `π/2 < ν ≤ π` |
///
/// and 0 elsewhere. Level 1 has the highest frequencies. Intensity units. Counted in voxels whatever the spacing. A constant
/// image gives 0 up to rounding with a boundary other than zero; so does an image of one voxel.
///
/// The grid of frequencies, and what becomes of the image at a border that does not repeat, is that of the consensus of IBSI-2:
/// frequencies from `-π` to `π` are `2π/(P-1)` apart for `P` samples, and the real part of the response is taken. Where the
/// boundary is not periodic the image is extended by half its length on either side beforehand.
///
/// Reference: Image Biomarker Standardisation Initiative, [arXiv:2006.05470](https://doi.org/10.48550/arXiv.2006.05470);
/// Portilla and Simoncelli 2000, [doi:10.1023/A:1026553619983](https://doi.org/10.1023/A:1026553619983).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NonSeparableWavelet {
    /// Default [`WaveletFamily::Simoncelli`].
    #[serde(default)]
    pub family: WaveletFamily,
    /// The level `j`, 1 to 12. Default 1.
    #[serde(default = "first")]
    pub level: usize,
    /// Outside of the image. Default [`Boundary::Periodic`], unlike other filters: it is that of the reference values.
    #[serde(default = "periodic")]
    pub boundary: Boundary,
    /// Slice by slice or in space. Default [`FilterDimensions::Three`].
    #[serde(default)]
    pub dimensions: FilterDimensions,
}

fn first() -> usize {
    1
}

fn periodic() -> Boundary {
    Boundary::Periodic
}

/// Shapes of an isotropic band, see [`NonSeparableWavelet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaveletFamily {
    /// Smooth, two octaves wide. The default.
    #[default]
    Simoncelli,
    /// One octave, with sharp edges.
    Shannon,
}

impl NonSeparableWavelet {
    /// # Errors
    /// [`Error::InvalidSetting`] for a level out of range.
    pub fn check(&self) -> Result<()> {
        if (1..=12).contains(&self.level) {
            return Ok(());
        }
        Err(invalid("level", "1 to 12", self.level))
    }

    pub(super) fn response(&self, image: &Volume, bounds: &BoundingBox) -> Result<Array3<f64>> {
        self.extension().filtered(image, bounds, Ok, |[x, y, z]| {
            let norm = (x * x + y * y + z * z).sqrt();
            Complex64::new(self.transfer(norm), 0.0)
        })
    }

    pub(super) fn extension(&self) -> Extension {
        Extension {
            boundary: self.boundary,
            dimensions: self.dimensions,
        }
    }

    /// The factor of a frequency.
    pub(super) fn transfer(&self, norm: f64) -> f64 {
        let nu = norm * (self.level as f64 - 1.0).exp2();
        // Frequencies on the edge of a band must not fall to either side by rounding.
        let edge = |at: f64| at * (1.0 + 1e-12);
        match self.family {
            WaveletFamily::Simoncelli if nu > PI / 4.0 && nu < PI => {
                (FRAC_PI_2 * (2.0 * nu / PI).log2()).cos()
            }
            WaveletFamily::Shannon if nu > edge(FRAC_PI_2) && nu <= edge(PI) => 1.0,
            _ => 0.0,
        }
    }
}

impl fmt::Display for WaveletFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Simoncelli => "simoncelli",
            Self::Shannon => "shannon",
        })
    }
}

impl FromStr for WaveletFamily {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let mut all = [Self::Simoncelli, Self::Shannon].into_iter();
        let found = all.find(|family| family.to_string() == name);
        found.ok_or_else(|| invalid("family", "simoncelli or shannon", name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_an_octave_apart_and_peak_at_one() {
        for level in 1..=3 {
            let wavelet = NonSeparableWavelet {
                family: WaveletFamily::Simoncelli,
                level,
                boundary: Boundary::Periodic,
                dimensions: FilterDimensions::Three,
            };
            let top = PI / (1 << (level - 1)) as f64;
            assert_eq!(wavelet.transfer(top / 2.0), 1.0);
            assert_eq!(
                (wavelet.transfer(top), wavelet.transfer(top / 4.0)),
                (0.0, 0.0)
            );
            // Neighboring levels share the energy of a frequency.
            let coarser = NonSeparableWavelet {
                level: level + 1,
                ..wavelet
            };
            let (a, b) = (wavelet.transfer(top * 0.3), coarser.transfer(top * 0.3));
            assert!((a * a + b * b - 1.0).abs() < 1e-12);
        }
    }
}

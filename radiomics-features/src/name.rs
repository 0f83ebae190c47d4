//! Names of features: `image_family_Feature`, as PyRadiomics writes its columns.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::filters::{Sigma, StandardFilter};
use crate::firstorder::FirstOrderFeatures;
use crate::ibsi::{self, Aggregation};
use crate::shape::{Shape2dFeatures, ShapeFeatures};
use crate::texture::{GlcmFeatures, GldmFeatures, GlrlmFeatures, GlszmFeatures, NgtdmFeatures};

/// A family of features; PyRadiomics calls it a feature class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Family {
    /// `firstorder`: statistics of the intensities.
    FirstOrder,
    /// `glcm`: gray level co-occurrence matrix.
    Glcm,
    /// `gldm`: gray level dependence matrix.
    Gldm,
    /// `glrlm`: gray level run length matrix.
    Glrlm,
    /// `glszm`: gray level size zone matrix.
    Glszm,
    /// `ngtdm`: neighboring gray tone difference matrix.
    Ngtdm,
    /// `shape`: shape of a volume. Left out for two-dimensional images.
    Shape,
    /// `shape2D`: shape of a plane. Left out for volumes unless `force2D` is set.
    Shape2d,
}

impl Family {
    /// All families, in the order of PyRadiomics.
    pub const ALL: [Self; 8] = [
        Self::FirstOrder,
        Self::Glcm,
        Self::Gldm,
        Self::Glrlm,
        Self::Glszm,
        Self::Ngtdm,
        Self::Shape,
        Self::Shape2d,
    ];

    /// The families that depend on intensities, and so exist for every image type.
    pub const INTENSITY: [Self; 6] = [
        Self::FirstOrder,
        Self::Glcm,
        Self::Gldm,
        Self::Glrlm,
        Self::Glszm,
        Self::Ngtdm,
    ];

    /// Whether the family describes the mask alone.
    #[must_use]
    pub fn is_shape(self) -> bool {
        matches!(self, Self::Shape | Self::Shape2d)
    }

    /// Name in feature names and parameter files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstOrder => "firstorder",
            Self::Glcm => "glcm",
            Self::Gldm => "gldm",
            Self::Glrlm => "glrlm",
            Self::Glszm => "glszm",
            Self::Ngtdm => "ngtdm",
            Self::Shape => "shape",
            Self::Shape2d => "shape2D",
        }
    }

    /// The features of the family, in order.
    #[must_use]
    pub fn features(self) -> &'static [&'static str] {
        match self {
            Self::FirstOrder => FirstOrderFeatures::NAMES,
            Self::Glcm => GlcmFeatures::NAMES,
            Self::Gldm => GldmFeatures::NAMES,
            Self::Glrlm => GlrlmFeatures::NAMES,
            Self::Glszm => GlszmFeatures::NAMES,
            Self::Ngtdm => NgtdmFeatures::NAMES,
            Self::Shape => ShapeFeatures::NAMES,
            Self::Shape2d => Shape2dFeatures::NAMES,
        }
    }
}

impl Family {
    /// Features that are computed only when they are named, because others say the same.
    #[must_use]
    pub fn features_on_demand(self) -> &'static [&'static str] {
        match self {
            Self::FirstOrder => &["StandardDeviation"],
            Self::Shape => &["Compactness1", "Compactness2", "SphericalDisproportion"],
            Self::Shape2d => &["SphericalDisproportion"],
            _ => &[],
        }
    }

    /// Features that PyRadiomics accepts by name but never computes, because they are mathematically equal to others. They
    /// may be named in settings, and are left out of the results.
    #[must_use]
    pub fn replaced_features(self) -> &'static [ReplacedFeature] {
        const fn replaced(
            name: &'static str,
            family: Family,
            instead: Replacement,
        ) -> ReplacedFeature {
            ReplacedFeature {
                family,
                name,
                instead,
            }
        }
        const fn feature(family: Family, feature: &'static str) -> Replacement {
            Replacement::Feature { family, feature }
        }
        const GLCM: Family = Family::Glcm;
        const GLDM: Family = Family::Gldm;
        match self {
            Self::Glcm => {
                const {
                    &[
                        replaced("Dissimilarity", GLCM, feature(GLCM, "DifferenceAverage")),
                        replaced("Homogeneity1", GLCM, feature(GLCM, "Id")),
                        replaced("Homogeneity2", GLCM, feature(GLCM, "Idm")),
                        replaced("SumVariance", GLCM, feature(GLCM, "ClusterTendency")),
                    ]
                }
            }
            Self::Gldm => {
                const {
                    &[
                        replaced("DependencePercentage", GLDM, Replacement::Constant(1)),
                        replaced(
                            "GrayLevelNonUniformityNormalized",
                            GLDM,
                            feature(Family::FirstOrder, "Uniformity"),
                        ),
                    ]
                }
            }
            _ => &[],
        }
    }

    /// The feature that was replaced, if `name` is one.
    pub(crate) fn replaced(self, name: &str) -> Option<ReplacedFeature> {
        let found = self.replaced_features().iter().find(|r| r.name == name);
        found.copied()
    }

    /// What IBSI calls a feature of the family.
    fn ibsi_of(self, name: &str) -> Option<ibsi::Feature> {
        match self {
            Self::FirstOrder => FirstOrderFeatures::ibsi_of(name),
            Self::Glcm => GlcmFeatures::ibsi_of(name),
            Self::Gldm => GldmFeatures::ibsi_of(name),
            Self::Glrlm => GlrlmFeatures::ibsi_of(name),
            Self::Glszm => GlszmFeatures::ibsi_of(name),
            Self::Ngtdm => NgtdmFeatures::ibsi_of(name),
            Self::Shape => {
                // Those on demand have no name in the table.
                let on_demand = |tag| ShapeFeatures::IBSI.iter().find(|f| f.tag == tag).copied();
                match name {
                    "Compactness1" => on_demand("morph_comp_1"),
                    "Compactness2" => on_demand("morph_comp_2"),
                    "SphericalDisproportion" => on_demand("morph_sph_dispr"),
                    _ => ShapeFeatures::ibsi_of(name),
                }
            }
            Self::Shape2d => Shape2dFeatures::ibsi_of(name),
        }
    }

    /// The family's own copy of a feature's name, those on demand included.
    pub(crate) fn feature(self, name: &str) -> Option<&'static str> {
        self.features()
            .iter()
            .chain(self.features_on_demand())
            .copied()
            .find(|&known| known == name)
    }
}

/// A feature that is not computed because it is equal to another, see [`Family::replaced_features`]. Prints as a sentence for
/// a warning: `glcm_Dissimilarity is left out, it equals glcm_DifferenceAverage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplacedFeature {
    /// Its family.
    pub family: Family,
    /// Its name.
    pub name: &'static str,
    /// What to use instead.
    pub instead: Replacement,
}

/// What a [`ReplacedFeature`] is equal to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replacement {
    /// A feature that is computed.
    Feature {
        /// Its family.
        family: Family,
        /// Its name.
        feature: &'static str,
    },
    /// The same number for every region.
    Constant(u32),
}

impl fmt::Display for ReplacedFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{} is left out, it ", self.family, self.name)?;
        match self.instead {
            Replacement::Feature { family, feature } => write!(f, "equals {family}_{feature}"),
            Replacement::Constant(value) => write!(f, "is always {value}"),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Half of a wavelet split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pass {
    /// L: approximation.
    Low,
    /// H: detail.
    High,
}

/// A wavelet sub-band: one letter per filtered axis, in the order x, y, z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Band {
    passes: [Pass; 3],
    n_axes: u8,
}

impl Band {
    /// From up to three letters.
    pub(crate) fn new(letters: &[Pass]) -> Self {
        let mut passes = [Pass::Low; 3];
        passes[..letters.len()].copy_from_slice(letters);
        Self {
            passes,
            n_axes: letters.len() as u8,
        }
    }

    /// The letters, for the filtered axes in the order x, y, z.
    #[must_use]
    pub fn passes(&self) -> &[Pass] {
        &self.passes[..usize::from(self.n_axes)]
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.passes().iter().try_for_each(|pass| {
            f.write_str(match pass {
                Pass::Low => "L",
                Pass::High => "H",
            })
        })
    }
}

impl FromStr for Band {
    type Err = Error;

    fn from_str(letters: &str) -> Result<Self> {
        let passes: Option<Vec<Pass>> = letters
            .chars()
            .map(|c| match c {
                'L' => Some(Pass::Low),
                'H' => Some(Pass::High),
                _ => None,
            })
            .collect();
        match passes {
            Some(passes) if (1..=3).contains(&passes.len()) => Ok(Self::new(&passes)),
            _ => Err(Error::InvalidSetting {
                name: "band",
                expected: "one to three of the letters L and H",
                found: letters.to_string(),
            }),
        }
    }
}

/// The image a feature was taken from: the original or a filter's response.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ImageName {
    /// `original`.
    Original,
    /// `wavelet-LLH`, from the second level on `wavelet2-LLH`.
    Wavelet {
        /// Level, from 1.
        level: usize,
        /// Sub-band.
        band: Band,
    },
    /// `log-sigma-1-0-mm-3D`.
    LaplacianOfGaussian {
        /// Width of the Gaussian.
        sigma: Sigma,
    },
    /// `square`.
    Square,
    /// `squareroot`.
    SquareRoot,
    /// `logarithm`.
    Logarithm,
    /// `exponential`.
    Exponential,
    /// `gradient`.
    Gradient,
    /// `lbp-2D`.
    LocalBinaryPattern,
    /// `mean-15-3D-mirror`, see [`StandardFilter`].
    Standard(StandardFilter),
}

impl ImageName {
    /// Whether this image holds nothing but rounding errors for an image of `size` voxels `(z, y, x)`: a wavelet sub-band
    /// that is high-pass along an axis of a single voxel, as the four `xxH` bands of a single slice.
    ///
    /// Bands of fewer than three letters, of a plane or with `force2D`, skip the flat axis and are never noise by this rule.
    #[must_use]
    pub fn is_noise(&self, size: [usize; 3]) -> bool {
        let Self::Wavelet { band, .. } = self else {
            return false;
        };
        let [z, y, x] = size;
        band.passes().len() == 3
            && band
                .passes()
                .iter()
                .zip([x, y, z])
                .any(|(&pass, n)| pass == Pass::High && n == 1)
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Original => f.write_str("original"),
            Self::Wavelet { level: 1, band } => write!(f, "wavelet-{band}"),
            Self::Wavelet { level, band } => write!(f, "wavelet{level}-{band}"),
            Self::LaplacianOfGaussian { sigma } => write!(f, "log-sigma-{sigma}-mm-3D"),
            Self::Square => f.write_str("square"),
            Self::SquareRoot => f.write_str("squareroot"),
            Self::Logarithm => f.write_str("logarithm"),
            Self::Exponential => f.write_str("exponential"),
            Self::Gradient => f.write_str("gradient"),
            Self::LocalBinaryPattern => f.write_str("lbp-2D"),
            Self::Standard(filter) => filter.fmt(f),
        }
    }
}

/// The full name of a feature. Prints as, and is parsed from, `image_family_Feature`, or `image_tag_CODE_aggregation` if it is one
/// of the standard.
///
/// ```
/// use radiomics_features::{Family, FeatureName, NamedFeature};
/// let name: FeatureName = "wavelet-LLH_glcm_JointEnergy".parse()?;
/// assert!(matches!(name.feature, NamedFeature::Pyradiomics { family: Family::Glcm, .. }));
/// assert_eq!(name.to_string(), "wavelet-LLH_glcm_JointEnergy");
///
/// let name: FeatureName = "original_cm_energy_8ZQL_3D_merged".parse()?;
/// assert_eq!(name.ibsi_id(), Some("8ZQL"));
/// # Ok::<(), radiomics_features::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeatureName {
    /// The image.
    pub image: ImageName,
    /// The feature.
    pub feature: NamedFeature,
}

/// A feature under the name of its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedFeature {
    /// As PyRadiomics calls it.
    Pyradiomics {
        /// The family.
        family: Family,
        /// The feature, one of [`Family::features`] or [`Family::features_on_demand`].
        name: &'static str,
    },
    /// As the standard calls it.
    Ibsi {
        /// The feature, one of [`ibsi::features`].
        feature: ibsi::Feature,
        /// The aggregation, if it is a feature of texture.
        aggregation: Option<Aggregation>,
    },
}

impl FeatureName {
    /// The family among PyRadiomics' classes; `None` for a feature of the standard.
    #[must_use]
    pub fn family(&self) -> Option<Family> {
        match self.feature {
            NamedFeature::Pyradiomics { family, .. } => Some(family),
            NamedFeature::Ibsi { .. } => None,
        }
    }

    /// The name within its family: PyRadiomics' (`JointEnergy`), or the tag of a feature of the standard (`cm_energy`).
    #[must_use]
    pub fn short(&self) -> &'static str {
        match self.feature {
            NamedFeature::Pyradiomics { name, .. } => name,
            NamedFeature::Ibsi { feature, .. } => feature.tag,
        }
    }

    /// The code that IBSI gives the feature, under either name; `None` if the standard does not have it.
    ///
    /// Under PyRadiomics' name the feature is that of the standard up to conventions: the kurtosis is larger by 3 and axis lengths have
    /// another divisor, unless the settings say otherwise.
    #[must_use]
    pub fn ibsi_id(&self) -> Option<&'static str> {
        match self.feature {
            NamedFeature::Ibsi { feature, .. } => Some(feature.id),
            NamedFeature::Pyradiomics { family, name } => family.ibsi_of(name).map(|f| f.id),
        }
    }
}

impl fmt::Display for FeatureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.image, self.feature)
    }
}

impl fmt::Display for NamedFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pyradiomics { family, name } => write!(f, "{family}_{name}"),
            Self::Ibsi {
                feature,
                aggregation: None,
            } => write!(f, "{feature}"),
            Self::Ibsi {
                feature,
                aggregation: Some(aggregation),
            } => write!(f, "{feature}_{aggregation}"),
        }
    }
}

impl FromStr for Family {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|family| family.as_str() == name);
        found.ok_or_else(|| {
            unknown(
                name,
                "the family is not one of PyRadiomics' feature classes",
            )
        })
    }
}

impl FromStr for ImageName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let bad = || unknown(name, "the image type is not known");
        Ok(match name {
            "original" => Self::Original,
            "square" => Self::Square,
            "squareroot" => Self::SquareRoot,
            "logarithm" => Self::Logarithm,
            "exponential" => Self::Exponential,
            "gradient" => Self::Gradient,
            "lbp-2D" => Self::LocalBinaryPattern,
            _ => {
                if let Some(sigma) = name
                    .strip_prefix("log-sigma-")
                    .and_then(|s| s.strip_suffix("-mm-3D"))
                {
                    let sigma = sigma.parse().map_err(|_| bad())?;
                    return Ok(Self::LaplacianOfGaussian { sigma });
                }
                let Some((level, letters)) = name
                    .strip_prefix("wavelet")
                    .and_then(|rest| rest.split_once('-'))
                else {
                    return name.parse().map(Self::Standard).map_err(|_| bad());
                };
                let level = if level.is_empty() {
                    1
                } else {
                    level.parse().map_err(|_| bad())?
                };
                let band = letters.parse().map_err(|_| bad())?;
                Self::Wavelet { level, band }
            }
        })
    }
}

impl FromStr for FeatureName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let expected = "expected image_family_Feature or image_tag_CODE_aggregation";
        let (image, rest) = name
            .split_once('_')
            .ok_or_else(|| unknown(name, expected))?;
        if let Some(feature) = of_standard(rest) {
            let image = image.parse()?;
            return Ok(Self { image, feature });
        }
        let (family, feature) = rest
            .split_once('_')
            .ok_or_else(|| unknown(name, expected))?;
        let family: Family = family.parse()?;
        let feature = family
            .feature(feature)
            .ok_or_else(|| unknown(name, "the family has no such feature"))?;
        Ok(Self {
            image: image.parse()?,
            feature: NamedFeature::Pyradiomics {
                family,
                name: feature,
            },
        })
    }
}

/// A feature of the standard by `tag_CODE` or `tag_CODE_aggregation`, as its family has it.
fn of_standard(name: &str) -> Option<NamedFeature> {
    ibsi::features().find_map(|feature| {
        let rest = name
            .strip_prefix(feature.tag)?
            .strip_prefix('_')?
            .strip_prefix(feature.id)?;
        let family = feature.family();
        let aggregation: Option<Aggregation> = match rest.strip_prefix('_') {
            Some(aggregation) => Some(aggregation.parse().ok()?),
            None if rest.is_empty() => None,
            None => return None,
        };
        let fits = match aggregation {
            Some(a) => family.is_texture() && family.is_directional() == a.is_directional(),
            None => !family.is_texture(),
        };
        fits.then_some(NamedFeature::Ibsi {
            feature,
            aggregation,
        })
    })
}

fn unknown(name: &str, problem: &'static str) -> Error {
    Error::UnknownFeature {
        name: name.to_string(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_parsing_and_printing() {
        let images = [
            "original",
            "wavelet-LLH",
            "wavelet2-HL",
            "log-sigma-1-0-mm-3D",
            "log-sigma-3-mm-3D",
            "log-sigma-1e-05-mm-3D",
            "square",
            "squareroot",
            "logarithm",
            "exponential",
            "gradient",
            "lbp-2D",
            "mean-15-3D-mirror",
            "laws-L5E5E5-3D-energy-7-invariant-max-mirror",
        ];
        for image in images {
            for family in Family::ALL {
                for feature in family.features() {
                    let name = format!("{image}_{family}_{feature}");
                    assert_eq!(name.parse::<FeatureName>().unwrap().to_string(), name);
                }
            }
        }
    }

    #[test]
    fn features_of_pyradiomics_have_the_codes_of_the_standard() {
        let id = |name: &str| name.parse::<FeatureName>().unwrap().ibsi_id();
        assert_eq!(id("original_glcm_Contrast"), Some("ACUI"));
        assert_eq!(id("wavelet-LH_firstorder_Entropy"), Some("TLU2"));
        assert_eq!(id("original_shape_Compactness1"), Some("SKGS"));
        assert_eq!(id("original_cm_contrast_ACUI_3D_avg"), Some("ACUI"));
        for without in [
            "glcm_MCC",
            "firstorder_TotalEnergy",
            "shape_Maximum2DDiameterRow",
            "shape2D_Sphericity",
        ] {
            assert_eq!(id(&format!("original_{without}")), None);
        }
        let all = Family::ALL.into_iter().flat_map(|family| {
            let names = family.features().iter();
            names.filter_map(move |name| family.ibsi_of(name))
        });
        assert_eq!(all.count(), 16 + 2 + 23 + 14 + 16 + 16 + 5 + 10);
    }

    #[test]
    fn names_of_the_standard_survive_parsing_and_printing() {
        let mut seen = std::collections::HashSet::new();
        for feature in ibsi::features() {
            let family = feature.family();
            let aggregations: Vec<Option<Aggregation>> = match family.is_texture() {
                false => vec![None],
                true => Aggregation::ALL
                    .into_iter()
                    .filter(|a| a.is_directional() == family.is_directional())
                    .map(Some)
                    .collect(),
            };
            for aggregation in aggregations {
                let feature = NamedFeature::Ibsi {
                    feature,
                    aggregation,
                };
                let name = format!("wavelet-LH_{feature}");
                let parsed: FeatureName = name.parse().unwrap();
                assert_eq!(
                    (parsed.feature, parsed.to_string()),
                    (feature, name.clone())
                );
                assert!(seen.insert(name));
            }
        }
        for wrong in [
            "original_cm_energy_8ZQL",
            "original_cm_energy_8ZQL_3D",
            "original_cm_energy_8ZQX_3D_avg",
            "original_stat_mean_Q4LE_3D",
            "original_ivh_v10_BC2Mx",
        ] {
            assert!(wrong.parse::<FeatureName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn replaced_features_are_none_of_the_computed_and_equal_one_of_them() {
        for family in Family::ALL {
            for replaced in family.replaced_features() {
                assert_eq!(
                    (replaced.family, family.feature(replaced.name)),
                    (family, None)
                );
                if let Replacement::Feature { family, feature } = replaced.instead {
                    assert_eq!(family.feature(feature), Some(feature));
                }
            }
        }
        let dissimilarity = Family::Glcm.replaced("Dissimilarity").unwrap();
        assert_eq!(
            dissimilarity.to_string(),
            "glcm_Dissimilarity is left out, it equals glcm_DifferenceAverage"
        );
    }

    #[test]
    fn unknown_parts_are_refused() {
        for name in [
            "original",
            "original_glcm",
            "original_glcm_Nothing",
            "wavelet-XYZ_glcm_JointEnergy",
            "wavelet-_glcm_JointEnergy",
            "original_shape3D_Flatness",
            "log-sigma--mm-3D_glcm_JointEnergy",
            "waveletx-LL_glcm_JointEnergy",
        ] {
            assert!(name.parse::<FeatureName>().is_err(), "{name}");
        }
    }

    #[test]
    fn noise_is_high_pass_along_a_single_voxel() {
        let noise = |name: &str, size| name.parse::<ImageName>().unwrap().is_noise(size);
        assert!(noise("wavelet-LLH", [1, 9, 9]) && noise("wavelet-HHH", [1, 9, 9]));
        assert!(!noise("wavelet-HHL", [1, 9, 9]) && !noise("wavelet-LH", [1, 9, 9]));
        assert!(!noise("wavelet-LLH", [2, 9, 9]) && noise("wavelet-HLL", [9, 9, 1]));
        assert!(!noise("original", [1, 9, 9]));
    }
}

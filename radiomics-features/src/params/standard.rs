//! Parameter files of the standard: YAML or JSON with `profile: ibsi` into [`Params`].
//!
//! As for PyRadiomics' files, the file is read into types that mirror its schema, ranges included, so that the parser reports
//! unknown keys and bad values with their line. What is left out has the value of [`Params::ibsi`].

use std::num::NonZeroUsize;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::keys::{Distances, Finite, List, NonNegative, Positive, Whole};
use super::{ImageParams, Params, Profile};
use crate::discretize::{BinOrigin, Binning};
use crate::filters::{ImageFilter, StandardFilter};
use crate::firstorder::Kurtosis;
use crate::ibsi::{Aggregation, Family, Selection};
use crate::resample::{
    GridAlignment, IntensityRounding, Interpolator, MaskInterpolation, PixelSpacing, Resampling,
};
use crate::resegment::{OutlierFilter, ResegmentMode, ResegmentShape, Resegmentation};
use crate::roi::{MaskGrid, RoiParams};
use crate::shape::{Covariance, ShapeParams};
use crate::texture::{IsolatedVoxels, TextureParams};
use crate::volume_histogram::IvhBinning;

/// Only the key that tells the two kinds of files apart.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Head {
    profile: Option<de::IgnoredAny>,
}

impl Head {
    /// Whether a file is one of the standard.
    pub(super) fn names_a_profile(&self) -> bool {
        self.profile.is_some()
    }
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProfileKey {
    Ibsi,
}

/// The whole file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StandardFile {
    #[allow(dead_code, reason = "has one value, which the parser checks")]
    profile: ProfileKey,
    region: Option<RegionKeys>,
    interpolation: Option<InterpolationKeys>,
    resegmentation: Option<ResegmentationKeys>,
    discretization: Option<BinningKey>,
    intensity_volume_histogram: Option<BinningKey>,
    texture: Option<TextureKeys>,
    conventions: Option<ConventionKeys>,
    images: Option<List<ImageKeys, 1>>,
    features: Option<FeatureKeys>,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionKeys {
    label: Option<Whole<1, { u32::MAX as u64 }>>,
    label_channel: Option<Whole<0>>,
    minimum_dimensions: Option<Whole<1, 3>>,
    minimum_size: Option<Whole<1>>,
    geometry_tolerance: Option<Positive>,
    correct_mask: Option<bool>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct InterpolationKeys {
    /// Along x, y, z.
    spacing: List<NonNegative, 2, 3>,
    image: Option<InterpolatorKey>,
    rounding: Option<RoundingKey>,
    mask: Option<MaskKey>,
    mask_threshold: Option<Positive>,
    grid: Option<GridKey>,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum InterpolatorKey {
    Nearest,
    Linear,
    Cubic,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum RoundingKey {
    None,
    NearestInteger,
    /// As PyRadiomics.
    PixelType,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum MaskKey {
    Nearest,
    Linear,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum GridKey {
    Center,
    Corner,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ResegmentationKeys {
    range: Option<List<Finite, 1, 2>>,
    outliers: Option<Positive>,
}

/// `fixed_bin_number: N`, or `fixed_bin_size: W` with or without an origin.
#[derive(Debug, Clone, Copy)]
enum BinningKey {
    Number(NonZeroUsize),
    Size(f64, Option<OriginKey>),
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum NamedOrigin {
    Range,
    Minimum,
    /// PyRadiomics' bins.
    MultipleOfWidth,
}

/// Where bins of a fixed size begin: a name or an intensity.
#[derive(Debug, Clone, Copy)]
enum OriginKey {
    Named(NamedOrigin),
    At(f64),
}

impl<'de> Deserialize<'de> for OriginKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Origin;
        impl Visitor<'_> for Origin {
            type Value = OriginKey;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("range, minimum, multiple_of_width or an intensity")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<OriginKey, E> {
                match name {
                    "range" => Ok(OriginKey::Named(NamedOrigin::Range)),
                    "minimum" => Ok(OriginKey::Named(NamedOrigin::Minimum)),
                    "multiple_of_width" => Ok(OriginKey::Named(NamedOrigin::MultipleOfWidth)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(name), &self)),
                }
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<OriginKey, E> {
                match value.is_finite() {
                    true => Ok(OriginKey::At(value)),
                    false => Err(E::invalid_value(de::Unexpected::Float(value), &self)),
                }
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<OriginKey, E> {
                Ok(OriginKey::At(value as f64))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<OriginKey, E> {
                Ok(OriginKey::At(value as f64))
            }
        }
        deserializer.deserialize_any(Origin)
    }
}

impl<'de> Deserialize<'de> for BinningKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            fixed_bin_number: Option<Whole<1>>,
            fixed_bin_size: Option<Positive>,
            origin: Option<OriginKey>,
        }
        let keys = Keys::deserialize(deserializer)?;
        match (keys.fixed_bin_number, keys.fixed_bin_size, keys.origin) {
            (Some(Whole(n)), None, None) => {
                let n = NonZeroUsize::new(n as usize);
                Ok(Self::Number(n.expect("at least 1")))
            }
            (None, Some(Positive(width)), origin) => Ok(Self::Size(width, origin)),
            (Some(_), None, Some(_)) => Err(de::Error::custom(
                "expected an origin with fixed_bin_size only",
            )),
            _ => Err(de::Error::custom(
                "expected either fixed_bin_number or fixed_bin_size",
            )),
        }
    }
}

impl BinningKey {
    fn binning(self) -> Binning {
        match self {
            Self::Number(n) => Binning::FixedBinNumber(n),
            Self::Size(width, Some(OriginKey::Named(NamedOrigin::MultipleOfWidth))) => {
                Binning::Width(width)
            }
            Self::Size(width, origin) => Binning::FixedBinSize {
                width,
                origin: match origin {
                    None | Some(OriginKey::Named(NamedOrigin::Range)) => BinOrigin::RangeLow,
                    Some(OriginKey::Named(_)) => BinOrigin::RegionMinimum,
                    Some(OriginKey::At(intensity)) => BinOrigin::At(intensity),
                },
            },
        }
    }
}

/// The bins of an intensity-volume histogram, which begin at the range.
fn volume_histogram(key: BinningKey) -> IvhBinning {
    match key {
        BinningKey::Number(n) => IvhBinning::FixedBinNumber(n),
        BinningKey::Size(width, _) => IvhBinning::FixedBinSize(width),
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct TextureKeys {
    distances: Option<Distances>,
    alpha: Option<Whole<0, { u16::MAX as u64 }>>,
    symmetric: Option<bool>,
    isolated_voxels: Option<IsolatedKey>,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum IsolatedKey {
    Skip,
    Count,
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ConventionKeys {
    kurtosis: Option<KurtosisKey>,
    covariance: Option<CovarianceKey>,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum CovarianceKey {
    /// Divided by N - 1.
    Sample,
    /// Divided by N.
    Population,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum KurtosisKey {
    Excess,
    Raw,
}

/// One image.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageKeys {
    filter: FilterKey,
    discretization: Option<BinningKey>,
    intensity_volume_histogram: Option<BinningKey>,
}

/// `original`, or the settings of a filter of the standard.
struct FilterKey(ImageFilter);

impl<'de> Deserialize<'de> for FilterKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Filter;
        impl<'de> Visitor<'de> for Filter {
            type Value = FilterKey;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("original, or a filter with its settings")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<FilterKey, E> {
                match name {
                    "original" => Ok(FilterKey(ImageFilter::Original)),
                    _ => Err(E::invalid_value(de::Unexpected::Str(name), &self)),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FilterKey, A::Error> {
                let settings = de::value::MapAccessDeserializer::new(map);
                StandardFilter::deserialize(settings)
                    .map(|filter| FilterKey(ImageFilter::Standard(filter)))
            }
        }
        deserializer.deserialize_any(Filter)
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureKeys {
    families: Option<List<FamilyKey, 1>>,
    aggregations: Option<List<AggregationKey, 1>>,
}

/// Deserializes a name through `FromStr`.
macro_rules! by_name {
    ($Key:ident, $Target:ty) => {
        #[derive(Debug, Clone, Copy)]
        struct $Key($Target);
        impl<'de> Deserialize<'de> for $Key {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = String::deserialize(deserializer)?;
                name.parse().map($Key).map_err(|_| {
                    let known: Vec<&str> = <$Target>::ALL.iter().map(|one| one.as_str()).collect();
                    de::Error::custom(format!(
                        "expected one of {}, found {name}",
                        known.join(", ")
                    ))
                })
            }
        }
    };
}
by_name!(FamilyKey, Family);
by_name!(AggregationKey, Aggregation);

impl StandardFile {
    pub(super) fn into_params(self) -> crate::Result<Params> {
        let default = Params::ibsi();
        let resegmentation = self.resegmentation.unwrap_or_default();
        let region = self.region.unwrap_or_default();
        let resampling = self
            .interpolation
            .as_ref()
            .map(InterpolationKeys::resampling);
        let general = General {
            discretization: self.discretization,
            volume_histogram: self.intensity_volume_histogram,
            texture: self.texture.unwrap_or_default().params(),
            conventions: self.conventions.unwrap_or_default(),
        };
        let covariance = match general.conventions.covariance {
            None | Some(CovarianceKey::Sample) => Covariance::Sample,
            Some(CovarianceKey::Population) => Covariance::Population,
        };
        let images = match self.images {
            Some(List(images)) => images
                .into_iter()
                .map(|image| general.image(image))
                .collect(),
            None => vec![general.image(ImageKeys {
                filter: FilterKey(ImageFilter::Original),
                discretization: None,
                intensity_volume_histogram: None,
            })],
        };
        let params = Params {
            profile: Profile::Ibsi,
            roi: region.params(default.roi, resampling.is_some()),
            label_channel: region.label_channel.map(|c| c.0 as usize),
            resampling,
            outliers: resegmentation
                .outliers
                .map(|Positive(sigmas)| OutlierFilter { sigmas }),
            resegmentation: resegmentation.range(),
            images,
            shape: ShapeParams { covariance },
            ibsi: self.features.unwrap_or_default().selection(),
            ..default
        };
        params.check()?;
        Ok(params)
    }
}

/// What holds for all images that do not say otherwise.
struct General {
    discretization: Option<BinningKey>,
    volume_histogram: Option<BinningKey>,
    texture: TextureParams,
    conventions: ConventionKeys,
}

impl General {
    fn image(&self, keys: ImageKeys) -> ImageParams {
        let mut image = ImageParams::ibsi(keys.filter.0);
        if let Some(key) = keys.discretization.or(self.discretization) {
            image.binning = key.binning();
        }
        // What the intensities of the image itself are says nothing of a filter's response.
        let general = self
            .volume_histogram
            .filter(|_| image.filter == ImageFilter::Original);
        if let Some(key) = keys.intensity_volume_histogram.or(general) {
            image.volume_histogram = volume_histogram(key);
        }
        image.texture.clone_from(&self.texture);
        if let Some(kurtosis) = self.conventions.kurtosis {
            image.first_order.kurtosis = match kurtosis {
                KurtosisKey::Excess => Kurtosis::Excess,
                KurtosisKey::Raw => Kurtosis::Raw,
            };
        }
        image
    }
}

impl RegionKeys {
    fn params(&self, default: RoiParams, is_resampled: bool) -> RoiParams {
        RoiParams {
            label: self.label.map_or(default.label, |l| l.0 as u32),
            minimum_dimensions: self
                .minimum_dimensions
                .map_or(default.minimum_dimensions, |d| d.0 as u8),
            minimum_size: self.minimum_size.map(|n| n.0 as usize),
            geometry_tolerance: self
                .geometry_tolerance
                .map_or(default.geometry_tolerance, |t| t.0),
            mask_grid: match (is_resampled, self.correct_mask) {
                (true, _) => MaskGrid::Own,
                (false, Some(true)) => MaskGrid::Corrected,
                (false, _) => MaskGrid::OfImage,
            },
        }
    }
}

impl InterpolationKeys {
    fn resampling(&self) -> Resampling {
        let spacing = match self.spacing.0[..] {
            [NonNegative(x), NonNegative(y), NonNegative(z)] => PixelSpacing::Volume([z, y, x]),
            [NonNegative(x), NonNegative(y), ..] => PixelSpacing::Plane([y, x]),
            _ => unreachable!("the list has two or three entries"),
        };
        let grid = match self.grid {
            None | Some(GridKey::Center) => GridAlignment::Center,
            Some(GridKey::Corner) => GridAlignment::Corner,
        };
        let threshold = self.mask_threshold.map_or(0.5, |t| t.0);
        let mask = match (self.mask, grid) {
            (Some(MaskKey::Nearest), _) | (None, GridAlignment::Corner) => {
                MaskInterpolation::Nearest
            }
            _ => MaskInterpolation::Linear { threshold },
        };
        Resampling {
            spacing,
            interpolator: match self.image {
                Some(InterpolatorKey::Nearest) => Interpolator::NearestNeighbor,
                None | Some(InterpolatorKey::Linear) => Interpolator::Linear,
                Some(InterpolatorKey::Cubic) => Interpolator::BSpline,
            },
            grid,
            mask,
            rounding: match self.rounding {
                None | Some(RoundingKey::None) => IntensityRounding::None,
                Some(RoundingKey::NearestInteger) => IntensityRounding::NearestInteger,
                Some(RoundingKey::PixelType) => IntensityRounding::OfPixelType,
            },
            ..Resampling::default()
        }
    }
}

impl ResegmentationKeys {
    fn range(&self) -> Option<Resegmentation> {
        let List(limits) = self.range.as_ref()?;
        Some(Resegmentation {
            lower: limits[0].0,
            upper: limits.get(1).map(|upper| upper.0),
            mode: ResegmentMode::Absolute,
            shape: ResegmentShape::Whole,
        })
    }
}

impl TextureKeys {
    fn params(&self) -> TextureParams {
        let default = ImageParams::ibsi(ImageFilter::Original).texture;
        TextureParams {
            distances: self
                .distances
                .as_ref()
                .map_or(default.distances.clone(), |d| d.0.clone()),
            gldm_alpha: self.alpha.map_or(default.gldm_alpha, |a| a.0 as u16),
            symmetrical_glcm: self.symmetric.unwrap_or(default.symmetrical_glcm),
            isolated_voxels: match self.isolated_voxels {
                None | Some(IsolatedKey::Skip) => IsolatedVoxels::Skip,
                Some(IsolatedKey::Count) => IsolatedVoxels::Count,
            },
            ..default
        }
    }
}

impl FeatureKeys {
    fn selection(&self) -> Selection {
        let default = Selection::default();
        Selection {
            families: self
                .families
                .as_ref()
                .map_or(default.families, |List(all)| {
                    all.iter().map(|f| f.0).collect()
                }),
            aggregations: self
                .aggregations
                .as_ref()
                .map_or(default.aggregations, |List(all)| {
                    all.iter().map(|a| a.0).collect()
                }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn yaml(text: &str) -> crate::Result<Params> {
        text.parse()
    }

    #[test]
    fn a_file_of_its_profile_alone_has_the_defaults() {
        assert_eq!(yaml("profile: ibsi\n").unwrap(), Params::ibsi());
    }

    #[test]
    fn the_documented_file_is_read() {
        let params = yaml(include_str!("../ibsi/parameters.yaml")).unwrap();
        assert_eq!(params.images.len(), 2);
        assert_eq!(params.ibsi, Selection::default());
        assert!(params.resampling.is_some() && params.outliers.is_some());
    }

    #[test]
    fn every_convention_can_be_that_of_pyradiomics() {
        let params = yaml(
            "profile: ibsi\n\
             interpolation: {spacing: [1, 1, 1], image: cubic, rounding: pixel_type, mask: nearest, grid: corner}\n\
             discretization: {fixed_bin_size: 25, origin: multiple_of_width}\n\
             texture: {isolated_voxels: count}\n\
             conventions: {kurtosis: raw, covariance: population}\n",
        )
        .unwrap();
        let expected = Resampling {
            spacing: PixelSpacing::Volume([1.0; 3]),
            ..Resampling::default()
        };
        assert_eq!(params.resampling, Some(expected));
        let image = &params.images[0];
        let default = ImageParams::new(ImageFilter::Original);
        assert_eq!(
            (image.binning, &image.texture, image.first_order),
            (default.binning, &default.texture, default.first_order)
        );
        assert_eq!(params.shape, ShapeParams::default());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let cases = [
            ("profile: mirp\n", 1, "mirp"),
            ("profile: ibsi\nregions:\n  label: 1\n", 2, "regions"),
            ("profile: ibsi\nregion:\n  label: 0\n", 3, "label"),
            (
                "profile: ibsi\ninterpolation:\n  spacing: [2]\n",
                3,
                "spacing",
            ),
            (
                "profile: ibsi\ninterpolation:\n  spacing: [2, 2, 2]\n  image: bilinear\n",
                4,
                "bilinear",
            ),
            (
                "profile: ibsi\ndiscretization:\n  fixed_bin_number: 8\n  fixed_bin_size: 2\n",
                3,
                "either",
            ),
            (
                "profile: ibsi\ndiscretization:\n  fixed_bin_size: -2\n",
                3,
                "positive",
            ),
            (
                "profile: ibsi\ndiscretization:\n  fixed_bin_size: 2\n  origin: zero\n",
                4,
                "multiple_of_width",
            ),
            (
                "profile: ibsi\nfeatures:\n  families: [glcm, gldm]\n",
                3,
                "gldm",
            ),
            (
                "profile: ibsi\nfeatures:\n  aggregations: [4D]\n",
                3,
                "3D_merged",
            ),
            (
                "profile: ibsi\nimages:\n  - filter: wavelet\n",
                3,
                "original",
            ),
            (
                "profile: ibsi\nimages:\n  - filter: {mean: {size: 5, border: mirror}}\n",
                3,
                "border",
            ),
            ("profile: ibsi\nimages: []\n", 2, "at least 1"),
        ];
        for (text, expected, word) in cases {
            match yaml(text) {
                Err(Error::ParameterFile { line, problem, .. }) => {
                    assert!(problem.contains(word), "{text}: {problem}");
                    assert!(
                        line.is_some_and(|line| line >= expected),
                        "{text}: line {line:?}: {problem}"
                    );
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        for text in [
            "profile: ibsi\nimages:\n  - filter: {mean: {size: 4}}\n",
            "profile: ibsi\nresegmentation: {range: [5, 1]}\n",
            "profile: ibsi\ninterpolation: {spacing: [1, 1, 1], mask: linear, grid: corner}\n",
            "profile: ibsi\ninterpolation: {spacing: [1, 1, 1], mask_threshold: 1.5}\n",
        ] {
            assert!(yaml(text).is_err(), "{text}");
        }
    }
}

//! Parameter files of PyRadiomics: YAML or JSON into [`Params`].
//!
//! The file is read into types that mirror its schema, ranges included, so that the parser itself reports unknown keys and bad
//! values with their line. A null value means "as if left out", but for an image type's own `binCount` and `weightingNorm`:
//! there it undoes the general setting.

use std::num::NonZeroUsize;
use std::path::Path;

use super::keys::{
    Distances, FeatureClasses, Finite, Global, InterpolatorKey, LbpMethodKey, List, ModeKey,
    NonNegative, NormKey, Number, Ordered, Positive, SigmaValue, WaveletName, Whole, present,
};
use super::place::{end_of_value, key_at};
use super::standard::{Head, StandardFile};
use super::{
    Binning, FamilySelection, Gradient, ImageFilter, ImageParams, LaplacianOfGaussian, Params,
    Wavelet,
};
use crate::error::{Error, Result};
use crate::filters::{LbpMethod, LocalBinaryPattern, MotherWavelet};
use crate::firstorder::FirstOrderParams;
use crate::name::Family;
use crate::normalize::Normalization;
use crate::resample::{PixelSpacing, Resampling};
use crate::resegment::{ResegmentMode, ResegmentShape, Resegmentation};
use crate::roi::{MaskGrid, RoiParams};
use crate::texture::{Axis, TextureParams, WeightingNorm};
use crate::voxelwise::{Kernel, VoxelParams};

/// PyRadiomics' default for `padDistance`.
const PAD_DISTANCE: u64 = 5;

#[derive(Clone, Copy)]
pub(super) enum Syntax {
    Yaml,
    Json,
}

pub(super) fn parse(text: &str, path: &Path, syntax: Syntax) -> Result<Params> {
    let error = |line: u64, column: u64, problem: String| {
        // The parser's own place, which the error has in front.
        let problem = problem.lines().next().unwrap_or_default();
        let problem = problem.split(" at line ").next().unwrap_or(problem);
        let key = key_at(text, line, column).filter(|key| !problem.contains(key));
        Error::ParameterFile {
            file: path.to_path_buf(),
            line: Some(line).filter(|&line| line > 0),
            problem: key.map_or_else(|| problem.to_string(), |key| format!("{key}: {problem}")),
        }
    };
    let text_without_mark = text.strip_prefix('\u{feff}').unwrap_or(text);
    let head: Result<Head> = deserialize(text_without_mark, syntax, &error);
    let params = match head.is_ok_and(|head| head.names_a_profile()) {
        true => {
            let file: StandardFile = deserialize(text_without_mark, syntax, &error)?;
            file.into_params()
        }
        false => {
            let file: ParameterFile = deserialize(text_without_mark, syntax, &error)?;
            file.into_params()
        }
    };
    params.map_err(|e| e.in_file(path))
}

/// The text as a value; `error` is given line, column and what is wrong.
fn deserialize<T: serde::de::DeserializeOwned>(
    text: &str,
    syntax: Syntax,
    error: &impl Fn(u64, u64, String) -> Error,
) -> Result<T> {
    match syntax {
        Syntax::Yaml => {
            // The value outside a map may be `.nan`; every other number is checked where it is read.
            let options = serde_saphyr::options! {
                non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
            };
            serde_saphyr::from_str_with_options(text, options).map_err(|e| {
                let e = e.without_snippet();
                let place = e.location().map_or((0, 0), |l| (l.line(), l.column()));
                error(place.0, place.1, e.to_string())
            })
        }
        Syntax::Json => serde_json::from_str(text).map_err(|e| {
            let (line, column) = end_of_value(text, e.line(), e.column());
            error(line, column, e.to_string())
        }),
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ParameterFile {
    image_type: Option<Ordered<Supported, Option<Overrides>>>,
    feature_class: Option<FeatureClasses>,
    setting: Option<Settings>,
    voxel_setting: Option<VoxelSettings>,
}

#[derive(Debug, Clone, Copy, serde::Deserialize)]
enum ImageType {
    Original,
    Wavelet,
    LoG,
    Square,
    SquareRoot,
    Logarithm,
    Exponential,
    Gradient,
    LBP2D,
    LBP3D,
}

/// An image type that is computed, so that another is refused with its line.
struct Supported(ImageType);

impl<'de> serde::Deserialize<'de> for Supported {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> std::result::Result<Self, D::Error> {
        match ImageType::deserialize(deserializer)? {
            unsupported @ ImageType::LBP3D => {
                let problem = format!("the image type {unsupported:?} is not supported");
                Err(serde::de::Error::custom(problem))
            }
            image_type => Ok(Self(image_type)),
        }
    }
}

/// Every key of `setting`. Fields are as PyRadiomics names them, so that serde reports them so.
#[derive(Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(non_snake_case, reason = "the fields are the keys of the file")]
struct Settings {
    minimumROIDimensions: Option<Whole<1, 3>>,
    minimumROISize: Option<Whole<1>>,
    geometryTolerance: Option<Positive>,
    correctMask: Option<bool>,
    additionalInfo: Option<bool>,
    label: Option<Whole<1, { u32::MAX as u64 }>>,
    label_channel: Option<Whole<0>>,
    binWidth: Option<Positive>,
    binCount: Option<Whole<1>>,
    normalize: Option<bool>,
    normalizeScale: Option<Positive>,
    removeOutliers: Option<Positive>,
    resampledPixelSpacing: Option<List<NonNegative, 2, 3>>,
    #[serde(deserialize_with = "present")]
    interpolator: Option<Option<InterpolatorKey>>,
    padDistance: Option<Whole<0>>,
    distances: Option<Distances>,
    force2D: Option<bool>,
    force2Ddimension: Option<Whole<0, 2>>,
    resegmentRange: Option<List<Finite, 1, 2>>,
    resegmentMode: Option<ModeKey>,
    resegmentShape: Option<bool>,
    preCrop: Option<bool>,
    sigma: Option<Vec<SigmaValue>>,
    start_level: Option<Whole<0, 16>>,
    level: Option<Whole<1, 16>>,
    wavelet: Option<WaveletName>,
    gradientUseSpacing: Option<bool>,
    lbp2DRadius: Option<Positive>,
    lbp2DSamples: Option<Whole<1>>,
    lbp2DMethod: Option<LbpMethodKey>,
    lbp3DLevels: Option<Whole<1>>,
    lbp3DIcosphereRadius: Option<Positive>,
    lbp3DIcosphereSubdivision: Option<Whole<0>>,
    voxelArrayShift: Option<i64>,
    symmetricalGLCM: Option<bool>,
    weightingNorm: Option<NormKey>,
    gldm_a: Option<Whole<0>>,
}

/// The settings of one image type. Those that act before images are filtered cannot differ between image types.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(non_snake_case, reason = "the fields are the keys of the file")]
#[allow(dead_code, reason = "global settings are there to be refused by name")]
struct Overrides {
    minimumROIDimensions: Option<Global>,
    minimumROISize: Option<Global>,
    geometryTolerance: Option<Global>,
    correctMask: Option<Global>,
    additionalInfo: Option<Global>,
    label: Option<Global>,
    label_channel: Option<Global>,
    normalize: Option<Global>,
    normalizeScale: Option<Global>,
    removeOutliers: Option<Global>,
    resampledPixelSpacing: Option<Global>,
    interpolator: Option<Global>,
    padDistance: Option<Global>,
    resegmentRange: Option<Global>,
    resegmentMode: Option<Global>,
    resegmentShape: Option<Global>,
    preCrop: Option<Global>,
    binWidth: Option<Positive>,
    #[serde(deserialize_with = "present")]
    binCount: Option<Option<Whole<1>>>,
    distances: Option<Distances>,
    force2D: Option<bool>,
    force2Ddimension: Option<Whole<0, 2>>,
    sigma: Option<Vec<SigmaValue>>,
    start_level: Option<Whole<0, 16>>,
    level: Option<Whole<1, 16>>,
    wavelet: Option<WaveletName>,
    gradientUseSpacing: Option<bool>,
    lbp2DRadius: Option<Positive>,
    lbp2DSamples: Option<Whole<1>>,
    lbp2DMethod: Option<LbpMethodKey>,
    lbp3DLevels: Option<Whole<1>>,
    lbp3DIcosphereRadius: Option<Positive>,
    lbp3DIcosphereSubdivision: Option<Whole<0>>,
    voxelArrayShift: Option<i64>,
    symmetricalGLCM: Option<bool>,
    #[serde(deserialize_with = "present")]
    weightingNorm: Option<Option<NormKey>>,
    gldm_a: Option<Whole<0>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(non_snake_case, reason = "the fields are the keys of the file")]
struct VoxelSettings {
    kernelRadius: Option<Whole<1>>,
    maskedKernel: Option<bool>,
    initValue: Option<Number>,
    voxelBatch: Option<Whole<1>>,
}

fn unsupported(name: impl Into<String>) -> Error {
    Error::Unsupported { name: name.into() }
}

impl ParameterFile {
    fn into_params(self) -> Result<Params> {
        let settings = self.setting.unwrap_or_default();
        let image_types = match self.image_type {
            Some(Ordered(types)) if !types.is_empty() => types,
            _ => vec![(Supported(ImageType::Original), None)],
        };
        let images = image_types
            .into_iter()
            .map(|(Supported(image_type), overrides)| {
                let overrides = overrides.unwrap_or_default();
                overrides.over(&settings).image(image_type)
            })
            .collect::<Result<_>>()?;
        let families = match self.feature_class {
            Some(FeatureClasses(families)) if !families.is_empty() => families,
            _ => Family::ALL.into_iter().map(FamilySelection::all).collect(),
        };
        let params = Params {
            roi: settings.roi(),
            normalization: settings.normalization(),
            resampling: settings.resampling()?,
            pre_crop: settings.pre_crop(),
            resegmentation: settings.resegmentation()?,
            images,
            families,
            shape_force_2d: settings.flat_axis(),
            label_channel: settings.label_channel.map(|c| c.0 as usize),
            additional_info: settings.additionalInfo,
            voxel: self
                .voxel_setting
                .map_or_else(VoxelParams::default, |v| v.params()),
            ..Params::default()
        };
        params.check()?;
        Ok(params)
    }
}

impl Overrides {
    /// The settings of one image type: its own, where given, else the general ones.
    fn over(self, general: &Settings) -> Settings {
        let g = general.clone();
        Settings {
            binWidth: self.binWidth.or(g.binWidth),
            binCount: self.binCount.unwrap_or(g.binCount),
            distances: self.distances.or(g.distances),
            force2D: self.force2D.or(g.force2D),
            force2Ddimension: self.force2Ddimension.or(g.force2Ddimension),
            sigma: self.sigma.or(g.sigma),
            start_level: self.start_level.or(g.start_level),
            level: self.level.or(g.level),
            wavelet: self.wavelet.or(g.wavelet),
            gradientUseSpacing: self.gradientUseSpacing.or(g.gradientUseSpacing),
            lbp2DRadius: self.lbp2DRadius.or(g.lbp2DRadius),
            lbp2DSamples: self.lbp2DSamples.or(g.lbp2DSamples),
            lbp2DMethod: self.lbp2DMethod.or(g.lbp2DMethod),
            voxelArrayShift: self.voxelArrayShift.or(g.voxelArrayShift),
            symmetricalGLCM: self.symmetricalGLCM.or(g.symmetricalGLCM),
            weightingNorm: self.weightingNorm.unwrap_or(g.weightingNorm),
            gldm_a: self.gldm_a.or(g.gldm_a),
            ..g
        }
    }
}

impl Settings {
    fn image(&self, image_type: ImageType) -> Result<ImageParams> {
        let filter = match image_type {
            ImageType::Original => ImageFilter::Original,
            ImageType::Wavelet => ImageFilter::Wavelet(Wavelet {
                mother: self.wavelet.map_or_else(MotherWavelet::default, |w| w.0),
                level: self
                    .level
                    .and_then(|n| NonZeroUsize::new(n.0 as usize))
                    .unwrap_or(NonZeroUsize::MIN),
                start_level: self.start_level.map_or(0, |n| n.0 as usize),
            }),
            ImageType::LoG => ImageFilter::LaplacianOfGaussian(LaplacianOfGaussian {
                sigmas: self.sigma.iter().flatten().map(|s| s.0).collect(),
            }),
            ImageType::Square => ImageFilter::Square,
            ImageType::SquareRoot => ImageFilter::SquareRoot,
            ImageType::Logarithm => ImageFilter::Logarithm,
            ImageType::Exponential => ImageFilter::Exponential,
            ImageType::Gradient => ImageFilter::Gradient(match self.gradientUseSpacing {
                Some(false) => Gradient::PerVoxel,
                _ => Gradient::PerMillimeter,
            }),
            ImageType::LBP2D => ImageFilter::LocalBinaryPattern(self.local_binary_pattern()),
            ImageType::LBP3D => {
                return Err(unsupported(format!("the image type {image_type:?}")));
            }
        };
        Ok(ImageParams {
            binning: self.binning(),
            texture: self.texture(),
            first_order: FirstOrderParams {
                voxel_array_shift: self.voxelArrayShift.unwrap_or(0) as f64,
                ..FirstOrderParams::default()
            },
            ..ImageParams::new(filter)
        })
    }

    fn binning(&self) -> Binning {
        match (self.binCount, self.binWidth) {
            (Some(count), _) => {
                Binning::Count(NonZeroUsize::new(count.0 as usize).expect("a count is at least 1"))
            }
            (None, Some(width)) => Binning::Width(width.0),
            (None, None) => Binning::default(),
        }
    }

    fn local_binary_pattern(&self) -> LocalBinaryPattern {
        let default = LocalBinaryPattern::default();
        LocalBinaryPattern {
            radius: self.lbp2DRadius.map_or(default.radius, |r| r.0),
            samples: self.lbp2DSamples.map_or(default.samples, |n| n.0 as usize),
            method: self
                .lbp2DMethod
                .map_or(default.method, |method| match method {
                    LbpMethodKey::Default => LbpMethod::Default,
                    LbpMethodKey::Ror => LbpMethod::RotationInvariant,
                    LbpMethodKey::Uniform => LbpMethod::Uniform,
                    LbpMethodKey::Var => LbpMethod::Variance,
                }),
            // The planes are those of `force2Ddimension`, whether `force2D` is set or not.
            axis: self.force_2d_dimension(),
        }
    }

    fn force_2d_dimension(&self) -> Axis {
        [Axis::Z, Axis::Y, Axis::X][self.force2Ddimension.map_or(0, |d| d.0 as usize)]
    }

    fn flat_axis(&self) -> Option<Axis> {
        self.force2D
            .unwrap_or(false)
            .then(|| self.force_2d_dimension())
    }

    fn texture(&self) -> TextureParams {
        let mut texture = TextureParams::default();
        if let Some(distances) = &self.distances {
            texture.distances.clone_from(&distances.0);
        }
        texture.force_2d = self.flat_axis();
        texture.symmetrical_glcm = self.symmetricalGLCM.unwrap_or(true);
        texture.weighting = self.weightingNorm.map(|norm| match norm {
            NormKey::Euclidean => WeightingNorm::Euclidean,
            NormKey::Manhattan => WeightingNorm::Manhattan,
            NormKey::Infinity => WeightingNorm::Infinity,
            NormKey::NoWeighting => WeightingNorm::NoWeighting,
        });
        texture.gldm_alpha = self
            .gldm_a
            .map_or(0, |a| u16::try_from(a.0).unwrap_or(u16::MAX));
        texture
    }

    fn roi(&self) -> RoiParams {
        let default = RoiParams::default();
        RoiParams {
            label: self.label.map_or(default.label, |l| l.0 as u32),
            minimum_dimensions: self
                .minimumROIDimensions
                .map_or(default.minimum_dimensions, |d| d.0 as u8),
            minimum_size: self.minimumROISize.map(|n| n.0 as usize),
            geometry_tolerance: self
                .geometryTolerance
                .map_or(default.geometry_tolerance, |t| t.0),
            mask_grid: match (self.is_resampled(), self.correctMask) {
                (true, _) => MaskGrid::Own,
                (false, Some(true)) => MaskGrid::Corrected,
                (false, _) => MaskGrid::OfImage,
            },
        }
    }

    /// Resampling needs a spacing, and an interpolator that is not null.
    fn is_resampled(&self) -> bool {
        self.resampledPixelSpacing.is_some() && !matches!(self.interpolator, Some(None))
    }

    fn resampling(&self) -> Result<Option<Resampling>> {
        let Some(spacing) = self
            .resampledPixelSpacing
            .as_ref()
            .filter(|_| self.is_resampled())
        else {
            return Ok(None);
        };
        let spacing = match spacing.0[..] {
            [NonNegative(x), NonNegative(y), NonNegative(z)] => PixelSpacing::Volume([z, y, x]),
            [NonNegative(x), NonNegative(y), ..] => PixelSpacing::Plane([y, x]),
            _ => unreachable!("the list has two or three entries"),
        };
        Ok(Some(Resampling {
            spacing,
            interpolator: self
                .interpolator
                .flatten()
                .map_or_else(Default::default, |i| i.0),
            margin: self.pad_distance(),
            ..Resampling::default()
        }))
    }

    fn pad_distance(&self) -> usize {
        self.padDistance.map_or(PAD_DISTANCE, |d| d.0) as usize
    }

    fn normalization(&self) -> Option<Normalization> {
        self.normalize.unwrap_or(false).then(|| Normalization {
            scale: self.normalizeScale.map_or(1.0, |s| s.0),
            outliers: self.removeOutliers.map(|o| o.0),
        })
    }

    fn pre_crop(&self) -> Option<usize> {
        self.preCrop.unwrap_or(false).then(|| self.pad_distance())
    }

    fn resegmentation(&self) -> Result<Option<Resegmentation>> {
        let Some(range) = &self.resegmentRange else {
            return Ok(None);
        };
        let limits = || range.0.iter().map(|limit| limit.0);
        let lower = limits().fold(f64::INFINITY, f64::min);
        let upper = (range.0.len() == 2).then(|| limits().fold(f64::NEG_INFINITY, f64::max));
        let mode = match self.resegmentMode {
            None | Some(ModeKey::Absolute) => ResegmentMode::Absolute,
            Some(ModeKey::Relative) => ResegmentMode::Relative,
            Some(ModeKey::Sigma) => ResegmentMode::Sigma,
        };
        let shape = match self.resegmentShape {
            Some(true) => ResegmentShape::Resegmented,
            _ => ResegmentShape::Original,
        };
        Ok(Some(Resegmentation {
            lower,
            upper,
            mode,
            shape,
        }))
    }
}

impl VoxelSettings {
    fn params(&self) -> VoxelParams {
        let default = VoxelParams::default();
        VoxelParams {
            kernel_radius: self
                .kernelRadius
                .map_or(default.kernel_radius, |r| r.0 as usize),
            kernel: match self.maskedKernel {
                Some(false) => Kernel::Unmasked,
                _ => Kernel::Masked,
            },
            initial_value: self.initValue.map_or(default.initial_value, |v| v.0),
            batch: self
                .voxelBatch
                .as_ref()
                .and_then(|n| NonZeroUsize::new(n.0 as usize)),
            ..default
        }
    }
}

#[cfg(test)]
mod tests;

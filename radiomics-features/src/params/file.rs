//! Parameter files of PyRadiomics: YAML or JSON into [`Params`].
//!
//! The file is read into types that mirror its schema, ranges included, so that the parser itself reports unknown keys and bad
//! values with their line. A null value means "as if left out".

use std::num::NonZeroUsize;
use std::path::Path;

use super::keys::{
    FamilyKey, InterpolatorKey, LbpMethodKey, ModeKey, NonNegative, NormKey, Ordered, Positive,
    SigmaValue, WaveletName, Whole, present,
};
use super::{
    Binning, FamilySelection, FeatureSelection, Gradient, ImageFilter, ImageParams,
    LaplacianOfGaussian, Params, Wavelet,
};
use crate::error::{Error, Result};
use crate::filters::{LbpMethod, LocalBinaryPattern, MotherWavelet};
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
    let error = |line, problem: String| {
        let problem = problem.lines().next().unwrap_or_default().to_string();
        Error::ParameterFile {
            file: path.to_path_buf(),
            line,
            problem,
        }
    };
    let file: ParameterFile = match syntax {
        Syntax::Yaml => serde_saphyr::from_str(text).map_err(|e| {
            let e = e.without_snippet();
            error(
                e.location().map(|l| l.line()).filter(|&l| l > 0),
                e.to_string(),
            )
        })?,
        Syntax::Json => serde_json::from_str(text)
            .map_err(|e| error(Some(e.line() as u64).filter(|&l| l > 0), e.to_string()))?,
    };
    file.into_params().map_err(|e| e.in_file(path))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ParameterFile {
    image_type: Option<Ordered<ImageType, Option<Settings>>>,
    feature_class: Option<Ordered<FamilyKey, Option<Vec<String>>>>,
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
    resampledPixelSpacing: Option<Vec<NonNegative>>,
    #[serde(deserialize_with = "present")]
    interpolator: Option<Option<InterpolatorKey>>,
    padDistance: Option<Whole<0>>,
    distances: Option<Vec<Whole<1>>>,
    force2D: Option<bool>,
    force2Ddimension: Option<Whole<0, 2>>,
    resegmentRange: Option<Vec<f64>>,
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
    gldm_a: Option<Whole<0, { u16::MAX as u64 }>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(non_snake_case, reason = "the fields are the keys of the file")]
struct VoxelSettings {
    kernelRadius: Option<Whole<1>>,
    maskedKernel: Option<bool>,
    initValue: Option<f64>,
    voxelBatch: Option<Whole<1>>,
}

fn unsupported(name: impl Into<String>) -> Error {
    Error::Unsupported { name: name.into() }
}

impl ParameterFile {
    fn into_params(self) -> Result<Params> {
        let settings = self.setting.unwrap_or_default();
        let image_types = match self.image_type {
            None => vec![(ImageType::Original, None)],
            Some(Ordered(types)) => types,
        };
        let images = image_types
            .into_iter()
            .map(|(image_type, overrides)| {
                let overrides = overrides.unwrap_or_default();
                overrides.refuse_global(image_type)?;
                overrides.over(&settings).image(image_type)
            })
            .collect::<Result<_>>()?;
        let families = match self.feature_class {
            None => Family::ALL.into_iter().map(FamilySelection::all).collect(),
            Some(Ordered(classes)) => classes
                .into_iter()
                .map(|(key, names)| selection(key, names))
                .collect(),
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

fn selection(FamilyKey(family): FamilyKey, names: Option<Vec<String>>) -> FamilySelection {
    let features = match names {
        Some(names) if !names.is_empty() => FeatureSelection::Only(names),
        _ => FeatureSelection::All,
    };
    FamilySelection { family, features }
}

impl Settings {
    /// Settings that act before images are filtered cannot differ between image types.
    fn refuse_global(&self, image_type: ImageType) -> Result<()> {
        let global = [
            ("minimumROIDimensions", self.minimumROIDimensions.is_some()),
            ("minimumROISize", self.minimumROISize.is_some()),
            ("geometryTolerance", self.geometryTolerance.is_some()),
            ("correctMask", self.correctMask.is_some()),
            ("additionalInfo", self.additionalInfo.is_some()),
            ("label", self.label.is_some()),
            ("label_channel", self.label_channel.is_some()),
            ("normalize", self.normalize.is_some()),
            ("normalizeScale", self.normalizeScale.is_some()),
            ("removeOutliers", self.removeOutliers.is_some()),
            (
                "resampledPixelSpacing",
                self.resampledPixelSpacing.is_some(),
            ),
            ("interpolator", self.interpolator.is_some()),
            ("padDistance", self.padDistance.is_some()),
            ("resegmentRange", self.resegmentRange.is_some()),
            ("resegmentMode", self.resegmentMode.is_some()),
            ("resegmentShape", self.resegmentShape.is_some()),
            ("preCrop", self.preCrop.is_some()),
        ];
        match global.into_iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(unsupported(format!(
                "{name} for the image type {image_type:?} alone"
            ))),
            None => Ok(()),
        }
    }

    /// The settings of one image type: its own, where given, else the general ones.
    fn over(self, general: &Self) -> Self {
        let g = general.clone();
        Self {
            binWidth: self.binWidth.or(g.binWidth),
            binCount: self.binCount.or(g.binCount),
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
            weightingNorm: self.weightingNorm.or(g.weightingNorm),
            gldm_a: self.gldm_a.or(g.gldm_a),
            ..g
        }
    }

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
            voxel_array_shift: self.voxelArrayShift.unwrap_or(0) as f64,
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
            texture.distances = distances.iter().map(|d| d.0 as usize).collect();
        }
        texture.force_2d = self.flat_axis();
        texture.symmetrical_glcm = self.symmetricalGLCM.unwrap_or(true);
        texture.weighting = self.weightingNorm.map(|norm| match norm {
            NormKey::Euclidean => WeightingNorm::Euclidean,
            NormKey::Manhattan => WeightingNorm::Manhattan,
            NormKey::Infinity => WeightingNorm::Infinity,
            NormKey::NoWeighting => WeightingNorm::NoWeighting,
        });
        texture.gldm_alpha = self.gldm_a.map_or(0, |a| a.0 as u16);
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
        let spacing = match spacing[..] {
            [NonNegative(x), NonNegative(y)] => PixelSpacing::Plane([y, x]),
            [NonNegative(x), NonNegative(y), NonNegative(z)] => PixelSpacing::Volume([z, y, x]),
            _ => {
                return Err(Error::InvalidSetting {
                    name: "resampledPixelSpacing",
                    expected: "two or three numbers",
                    found: format!("{} numbers", spacing.len()),
                });
            }
        };
        Ok(Some(Resampling {
            spacing,
            interpolator: self
                .interpolator
                .flatten()
                .map_or_else(Default::default, |i| i.0),
            margin: self.pad_distance(),
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
        let mut range = range.clone();
        range.sort_by(f64::total_cmp);
        let (lower, upper) = match range[..] {
            [lower] => (lower, None),
            [lower, upper] => (lower, Some(upper)),
            _ => {
                let (name, expected) = ("resegmentRange", "one or two numbers");
                return Err(Error::InvalidSetting {
                    name,
                    expected,
                    found: format!("{range:?}"),
                });
            }
        };
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
            initial_value: self.initValue.unwrap_or(default.initial_value),
            batch: self
                .voxelBatch
                .as_ref()
                .and_then(|n| NonZeroUsize::new(n.0 as usize)),
            ..default
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::Sigma;

    fn yaml(text: &str) -> Result<Params> {
        text.parse()
    }

    #[test]
    fn a_typical_file_is_read() {
        let params = yaml(
            "imageType:\n  Wavelet:\n    binWidth: 10\n    wavelet: db4\n    level: 2\n  Original: {}\n  LoG: {sigma: [1.0, 3]}\n\
             featureClass:\n  glcm:\n    - JointEnergy\n    - Contrast\n  shape:\n  firstorder: []\n\
             setting:\n  binCount: null\n  binWidth: 5.5\n  label: 2\n  force2D: true\n  normalize: true\n  normalizeScale: 100\n  \
             resegmentRange: [3, -3]\n  resegmentMode: sigma\n  weightingNorm: no_weighting\n  interpolator: sitkBSpline\n  gldm_a: 1\n",
        )
        .unwrap();
        let names: Vec<String> = params
            .families
            .iter()
            .map(|f| f.family.to_string())
            .collect();
        assert_eq!(names, ["glcm", "shape", "firstorder"]);
        assert_eq!(
            params.families[0].features().unwrap(),
            ["JointEnergy", "Contrast"]
        );
        assert_eq!(params.families[2].features().unwrap().len(), 18);
        let ImageFilter::Wavelet(wavelet) = params.images[0].filter else {
            panic!("the first image type is a wavelet")
        };
        assert_eq!(
            (wavelet.mother, wavelet.level.get()),
            (MotherWavelet::Daubechies(4), 2)
        );
        assert_eq!(params.images[0].binning, Binning::Width(10.0));
        assert_eq!(params.images[1].binning, Binning::Width(5.5));
        assert_eq!(params.images[1].texture.force_2d, Some(Axis::Z));
        assert_eq!(params.images[1].texture.gldm_alpha, 1);
        let ImageFilter::LaplacianOfGaussian(log) = &params.images[2].filter else {
            panic!("the third image type is LoG")
        };
        let spelled: Vec<String> = log.sigmas.iter().map(Sigma::to_string).collect();
        assert_eq!(spelled, ["1-0", "3"]);
        assert_eq!(params.roi.label, 2);
        assert_eq!(
            params.normalization,
            Some(Normalization {
                scale: 100.0,
                outliers: None
            })
        );
        let resegmentation = params.resegmentation.unwrap();
        assert_eq!(
            (resegmentation.lower, resegmentation.upper),
            (-3.0, Some(3.0))
        );
    }

    #[test]
    fn an_empty_file_asks_for_everything_on_the_original() {
        let params = yaml("setting: {}\n").unwrap();
        assert_eq!(params.families.len(), 8);
        assert_eq!(params.images, [ImageParams::new(ImageFilter::Original)]);
        assert_eq!(
            parse("{}", Path::new("p.json"), Syntax::Json).unwrap(),
            params
        );
    }

    #[test]
    fn unknown_and_ill_typed_keys_are_refused_with_their_line() {
        let cases = [
            ("setting:\n  label: 1\n  binWdith: 25\n", 3, "binWdith"),
            ("setting:\n  binWidth: -1\n", 2, "positive"),
            ("setting:\n  binWidth: wide\n", 2, ""),
            ("setting:\n  label: 1.5\n", 2, ""),
            ("setting:\n  minimumROIDimensions: 4\n", 2, "1 to 3"),
            ("setting:\n  weightingNorm: taxicab\n", 2, "taxicab"),
            (
                "imageType:\n  Original: {}\n  Wavelets: {}\n",
                3,
                "Wavelets",
            ),
            ("imageType:\n  Wavelet:\n    wavelet: db99\n", 3, "db99"),
            ("featureClass:\n  glcm:\n  glmc:\n", 3, "glmc"),
            ("settings:\n  binWidth: 25\n", 1, "settings"),
            ("setting:\n  sigma: [1.0, 0]\n", 2, ""),
            ("setting:\n  normalize: 3\n", 2, ""),
            ("setting:\n  interpolator: cubic\n", 2, "cubic"),
        ];
        for (text, expected, word) in cases {
            match yaml(text) {
                Err(Error::ParameterFile { line, problem, .. }) => {
                    assert_eq!(line, Some(expected), "{text}: {problem}");
                    assert!(problem.contains(word), "{text}: {problem}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        let json = parse(
            "{\n \"setting\": {\n  \"binWdith\": 25}}",
            Path::new("p.json"),
            Syntax::Json,
        );
        assert!(
            matches!(json, Err(Error::ParameterFile { line: Some(3), .. })),
            "{json:?}"
        );
    }

    #[test]
    fn a_spacing_asks_for_resampling_unless_the_interpolator_is_null() {
        let params = yaml(
            "setting:\n  resampledPixelSpacing: [1, 2, 0]\n  padDistance: 7\n  interpolator: 2\n",
        )
        .unwrap();
        let expected = Resampling {
            spacing: PixelSpacing::Volume([0.0, 2.0, 1.0]),
            interpolator: crate::Interpolator::Linear,
            margin: 7,
        };
        assert_eq!(
            (params.resampling, params.roi.mask_grid),
            (Some(expected), MaskGrid::Own)
        );
        let params = yaml("setting:\n  resampledPixelSpacing: [1, 2]\n")
            .unwrap()
            .resampling
            .unwrap();
        assert_eq!(params.spacing, PixelSpacing::Plane([2.0, 1.0]));
        assert_eq!(params.interpolator, crate::Interpolator::BSpline);
        let params = yaml(
            "setting:\n  resampledPixelSpacing: [1, 1, 1]\n  interpolator: null\n  correctMask: true\n",
        )
        .unwrap();
        assert_eq!(
            (params.resampling, params.roi.mask_grid),
            (None, MaskGrid::Corrected)
        );
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for (text, word) in [
            ("imageType:\n  LBP3D: {}\n", "LBP3D"),
            ("imageType:\n  Original:\n    label: 3\n", "label"),
        ] {
            let message = yaml(text).unwrap_err().to_string();
            assert!(
                message.contains(word) && message.contains("not supported"),
                "{text}: {message}"
            );
        }
        let unknown = yaml("featureClass:\n  glcm: [JointEnergie]\n")
            .unwrap_err()
            .to_string();
        assert!(unknown.contains("glcm_JointEnergie"), "{unknown}");
    }
}

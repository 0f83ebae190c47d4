//! Settings of an extraction.

mod file;
mod keys;
mod place;
mod standard;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::str::FromStr;

use crate::discretize::{BinOrigin, Binning};
use crate::error::{Error, Result};
use crate::filters::{Gradient, ImageFilter, LaplacianOfGaussian, Wavelet};
use crate::firstorder::{FirstOrderParams, Kurtosis};
use crate::ibsi::Selection;
use crate::name::{Family, ReplacedFeature};
use crate::normalize::Normalization;
use crate::resample::Resampling;
use crate::resegment::{OutlierFilter, Resegmentation};
use crate::roi::RoiParams;
use crate::shape::{Covariance, ShapeParams};
use crate::texture::{IsolatedVoxels, TextureParams};
use crate::volume_histogram::IvhBinning;
use crate::voxelwise::VoxelParams;

/// All settings of an extraction. The default is PyRadiomics' default extractor: every family but shape2D on the original
/// image, bins of 25 intensity units.
///
/// | PyRadiomics | here |
/// |---|---|
/// | `label`, `minimumROIDimensions`, `minimumROISize`, `geometryTolerance`, `correctMask` | [`roi`](Self::roi) |
/// | `normalize`, `normalizeScale`, `removeOutliers` | [`normalization`](Self::normalization) |
/// | `resampledPixelSpacing`, `interpolator`, `padDistance` | [`resampling`](Self::resampling) |
/// | `preCrop`, `padDistance` | [`pre_crop`](Self::pre_crop) |
/// | `resegmentRange`, `resegmentMode`, `resegmentShape` | [`resegmentation`](Self::resegmentation) |
/// | `imageType` with its overrides, `binWidth`, `binCount`, `distances`, `force2D`, … | [`images`](Self::images) |
/// | `featureClass` | [`families`](Self::families) |
/// | `label_channel`, `additionalInfo` | [`label_channel`](Self::label_channel), [`additional_info`](Self::additional_info) |
/// | `voxelSetting` | [`voxel`](Self::voxel) |
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Params {
    /// Whose features are computed, under whose names. Default: PyRadiomics'.
    pub profile: Profile,
    /// Which region, and how it is checked.
    pub roi: RoiParams,
    /// Rescaling of the whole image. Default: none.
    pub normalization: Option<Normalization>,
    /// Interpolation of image and region on a grid of another spacing. Default: none.
    pub resampling: Option<Resampling>,
    /// Crop the image to the region's box and this margin before filters see it. Default: none, filters see all. Resampling
    /// crops by its own margin instead.
    pub pre_crop: Option<usize>,
    /// Exclusion of voxels by intensity. Default: none.
    pub resegmentation: Option<Resegmentation>,
    /// Exclusion of voxels with outlying intensities, beside the above. Default: none.
    pub outliers: Option<OutlierFilter>,
    /// The images to take features from, in the order of the results.
    pub images: Vec<ImageParams>,
    /// The families to compute, in the order of the results; those of [`ibsi`](Self::ibsi) with the profile of the standard.
    pub families: Vec<FamilySelection>,
    /// Families and aggregations of the standard, for [`Profile::Ibsi`]. Default: all.
    pub ibsi: Selection,
    /// Conventions of the shape features.
    pub shape: ShapeParams,
    /// Axis whose planes are treated one by one in shape2D. Default: none, which leaves shape2D out for volumes.
    ///
    /// For textures and wavelets the setting is [`TextureParams::force_2d`] of each image; [`set_force_2d`](Self::set_force_2d)
    /// sets all.
    pub shape_force_2d: Option<crate::texture::Axis>,
    /// What to do with wavelet sub-bands that are nothing but rounding errors. Default: keep them, as PyRadiomics does.
    pub noise_bands: NoiseBands,
    /// Which channel of a color mask holds the labels, for [`ReadOptions::mask_channel`](crate::io::ReadOptions::mask_channel).
    pub label_channel: Option<usize>,
    /// Whether results carry [`Diagnostics`](crate::Diagnostics) (`additionalInfo`). Default: nothing was said, which means no;
    /// PyRadiomics' default is yes.
    pub additional_info: Option<bool>,
    /// Settings of voxel-based extraction.
    pub voxel: VoxelParams,
}

/// Whose features are computed, under whose names.
///
/// Every convention is a setting of its own and can be chosen under either profile; [`Params::default`] and [`Params::ibsi`] set
/// them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Profile {
    /// The feature classes of PyRadiomics, `original_glcm_Contrast`.
    #[default]
    Pyradiomics,
    /// The families of the Image Biomarker Standardisation Initiative in its aggregations, `original_cm_contrast_ACUI_3D_avg`.
    Ibsi,
}

/// One image type with its settings.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ImageParams {
    /// What is done to the image.
    pub filter: ImageFilter,
    /// How its intensities are grouped into gray levels.
    pub binning: Binning,
    /// Settings of the texture matrices; `force_2d` holds for the filter as well.
    pub texture: TextureParams,
    /// Conventions of the first-order features.
    pub first_order: FirstOrderParams,
    /// How intensities are grouped for the intensity-volume histogram ([`Profile::Ibsi`]). Default: not at all.
    pub volume_histogram: IvhBinning,
}

impl ImageParams {
    /// An image type with the conventions of the standard: intensities of the image itself are in bins of one unit from the lower end
    /// of the re-segmentation range (or the smallest intensity) on, those of a filter's response, whose unit is arbitrary, in 32 bins.
    #[must_use]
    pub fn ibsi(filter: ImageFilter) -> Self {
        Self {
            binning: match filter {
                ImageFilter::Original => Binning::FixedBinSize {
                    width: 1.0,
                    origin: BinOrigin::RangeLow,
                },
                _ => Binning::FixedBinNumber(const { NonZeroUsize::new(32).expect("not 0") }),
            },
            volume_histogram: match filter {
                ImageFilter::Original => IvhBinning::None,
                _ => IvhBinning::FixedBinNumber(const { NonZeroUsize::new(1000).expect("not 0") }),
            },
            texture: TextureParams {
                isolated_voxels: IsolatedVoxels::Skip,
                ..TextureParams::default()
            },
            first_order: FirstOrderParams {
                kurtosis: Kurtosis::Excess,
                ..FirstOrderParams::default()
            },
            ..Self::new(filter)
        }
    }

    /// An image type with default settings.
    #[must_use]
    pub fn new(filter: ImageFilter) -> Self {
        Self {
            filter,
            binning: Binning::default(),
            texture: TextureParams::default(),
            first_order: FirstOrderParams::default(),
            volume_histogram: IvhBinning::default(),
        }
    }
}

/// What to do with wavelet sub-bands that are high-pass along an axis of a single voxel
/// ([`ImageName::is_noise`](crate::ImageName::is_noise)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NoiseBands {
    /// Compute them, bit for bit as PyRadiomics does. Their values mean nothing.
    #[default]
    Keep,
    /// Leave them out of the results.
    Drop,
}

/// A family and which of its features are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilySelection {
    /// The family.
    pub family: Family,
    /// Its features.
    pub features: FeatureSelection,
}

/// Which features of a family are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureSelection {
    /// All, in the order of the family.
    All,
    /// These, in this order; each is one of [`Family::features`] or [`Family::features_on_demand`], or one of
    /// [`Family::replaced_features`], which are left out. A name that occurs again is ignored.
    Only(Vec<String>),
}

impl Default for Params {
    fn default() -> Self {
        let families = Family::ALL
            .into_iter()
            .filter(|&family| family != Family::Shape2d);
        Self {
            profile: Profile::default(),
            roi: RoiParams::default(),
            normalization: None,
            resampling: None,
            pre_crop: None,
            resegmentation: None,
            outliers: None,
            images: vec![ImageParams::new(ImageFilter::Original)],
            families: families.map(FamilySelection::all).collect(),
            ibsi: Selection::default(),
            shape: ShapeParams::default(),
            shape_force_2d: None,
            noise_bands: NoiseBands::default(),
            label_channel: None,
            additional_info: None,
            voxel: VoxelParams::default(),
        }
    }
}

impl FamilySelection {
    /// All features of a family.
    #[must_use]
    pub fn all(family: Family) -> Self {
        Self {
            family,
            features: FeatureSelection::All,
        }
    }

    /// The features that are wanted and computed, as the family spells them.
    ///
    /// # Errors
    /// [`Error::UnknownFeature`] for a feature that the family does not have.
    pub fn features(&self) -> Result<Vec<&'static str>> {
        match &self.features {
            FeatureSelection::All => Ok(self.family.features().to_vec()),
            FeatureSelection::Only(wanted) => {
                let mut features = Vec::new();
                for name in wanted {
                    match self.family.feature(name) {
                        Some(feature) if features.contains(&feature) => {}
                        Some(feature) => features.push(feature),
                        None if self.family.replaced(name).is_some() => {}
                        None => {
                            return Err(Error::UnknownFeature {
                                name: format!("{}_{name}", self.family),
                                problem: "the family has no such feature",
                            });
                        }
                    }
                }
                Ok(features)
            }
        }
    }

    /// The features that were named but are left out, because they equal others ([`Family::replaced_features`]).
    #[must_use]
    pub fn replaced_features(&self) -> Vec<ReplacedFeature> {
        let mut replaced = Vec::new();
        if let FeatureSelection::Only(wanted) = &self.features {
            for feature in wanted.iter().filter_map(|name| self.family.replaced(name)) {
                if !replaced.contains(&feature) {
                    replaced.push(feature);
                }
            }
        }
        replaced
    }
}

impl Params {
    /// The standard's features under its conventions: all families in all aggregations on the original image, excess kurtosis,
    /// `N - 1` in the covariance, no isolated voxels in NGTDM, bins of one intensity unit from the smallest intensity on, no interpolation.
    #[must_use]
    pub fn ibsi() -> Self {
        Self {
            profile: Profile::Ibsi,
            roi: RoiParams {
                minimum_dimensions: 1,
                ..RoiParams::default()
            },
            images: vec![ImageParams::ibsi(ImageFilter::Original)],
            shape: ShapeParams {
                covariance: Covariance::Sample,
            },
            ..Self::default()
        }
    }

    /// The settings of most single-slice studies: original and coif1 wavelet images. On one slice these are 851 features:
    /// 14 of shape and 93 on each of nine images, four of which are rounding noise ([`NoiseBands`]).
    #[must_use]
    pub fn original_and_wavelet() -> Self {
        let mut params = Self::default();
        params
            .images
            .push(ImageParams::new(ImageFilter::Wavelet(Wavelet::default())));
        params
    }

    /// The features that the settings name but that are left out of the results, because they equal others
    /// ([`Family::replaced_features`]). Worth a warning, as PyRadiomics gives one.
    #[must_use]
    pub fn replaced_features(&self) -> Vec<ReplacedFeature> {
        let families = self.families.iter();
        families
            .flat_map(FamilySelection::replaced_features)
            .collect()
    }

    /// Sets one binning for all images.
    pub fn set_binning(&mut self, binning: Binning) {
        self.images
            .iter_mut()
            .for_each(|image| image.binning = binning);
    }

    /// Treats volumes plane by plane, across this axis, in every family; `None` undoes it. Adds no family: shape2D must be
    /// asked for.
    pub fn set_force_2d(&mut self, axis: Option<crate::texture::Axis>) {
        self.shape_force_2d = axis;
        self.images
            .iter_mut()
            .for_each(|image| image.texture.force_2d = axis);
    }

    /// Reads a parameter file of PyRadiomics, or one of the standard, YAML or JSON.
    ///
    /// A file with the key `profile` is one of the standard, see [`ibsi`](crate::ibsi); values left out have the defaults of
    /// [`Params::ibsi`]. All others are PyRadiomics' files, with PyRadiomics' defaults; one without `featureClass` asks for all
    /// families, shape2D included.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::ParameterFile`] with key and line for an unknown key, a value of the wrong type or range, and
    /// what this crate does not implement.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
            path: path.to_path_buf(),
            source,
        })?;
        let json = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("json"));
        file::parse(
            &text,
            path,
            if json {
                file::Syntax::Json
            } else {
                file::Syntax::Yaml
            },
        )
    }

    pub(crate) fn check(&self) -> Result<()> {
        self.roi.check()?;
        if let Some(normalization) = &self.normalization {
            normalization.check()?;
        }
        if let Some(resampling) = &self.resampling {
            resampling.check()?;
        }
        self.voxel.check()?;
        if let Some(resegmentation) = &self.resegmentation {
            resegmentation.check()?;
        }
        if let Some(outliers) = &self.outliers {
            outliers.check()?;
        }
        for image in &self.images {
            image.check()?;
        }
        for selection in &self.families {
            selection.features()?;
        }
        Ok(())
    }
}

impl ImageParams {
    fn check(&self) -> Result<()> {
        match &self.filter {
            ImageFilter::LocalBinaryPattern(lbp) => lbp.check()?,
            ImageFilter::Standard(filter) => filter.check()?,
            _ => {}
        }
        if let Binning::Width(width) = self.binning
            && !(width.is_finite() && width > 0.0)
        {
            return Err(invalid("binWidth", "a positive number", width));
        }
        let distinct: BTreeSet<usize> = self.texture.distances.iter().copied().collect();
        if distinct.len() != self.texture.distances.len()
            || distinct.first().is_none_or(|&smallest| smallest == 0)
        {
            return Err(invalid(
                "distances",
                "one or more positive numbers, each once",
                format!("{:?}", self.texture.distances),
            ));
        }
        if !self.first_order.voxel_array_shift.is_finite() {
            return Err(invalid(
                "voxelArrayShift",
                "a finite number",
                self.first_order.voxel_array_shift,
            ));
        }
        Ok(())
    }
}

fn invalid(name: &'static str, expected: &'static str, found: impl ToString) -> Error {
    Error::InvalidSetting {
        name,
        expected,
        found: found.to_string(),
    }
}

impl FromStr for Params {
    type Err = Error;

    /// From the text of a parameter file in YAML, see [`Params::read`].
    fn from_str(text: &str) -> Result<Self> {
        file::parse(text, Path::new("parameters"), file::Syntax::Yaml)
    }
}

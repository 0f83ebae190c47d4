//! From a region to its features.

use std::sync::Arc;

use ndarray::{ArrayView3, Axis as ArrayAxis};

use crate::diagnostics::Diagnostics;
use crate::discretize::{Levels, PixelKind};
use crate::error::{Error, Result};
use crate::filters::Response;
use crate::firstorder::FirstOrderFeatures;
use crate::mask::Mask;
use crate::name::{Family, FeatureName, ImageName, NamedFeature};
use crate::par::map_indexed;
use crate::params::{FamilySelection, FeatureSelection, ImageParams, NoiseBands, Params, Profile};
use crate::preprocess::Prepared;
use crate::resegment::ResegmentShape;
use crate::roi::{Roi, RoiParams};
use crate::shape::{Shape2dFeatures, ShapeFeatures};
use crate::texture::direction::directions;
use crate::texture::{
    Axis, GlcmFeatures, GldmFeatures, GlrlmFeatures, GlszmFeatures, NgtdmFeatures, TextureParams,
};
use crate::volume::{Dimensionality, PixelType, Volume};

/// Computes features with one set of settings.
///
/// ```
/// use ndarray::Array3;
/// use radiomics_features::{Extractor, Geometry, Mask, Params, PixelType, Roi, Volume};
///
/// let geometry = Geometry::new([1.0, 0.1, 0.1])?;
/// let image = Array3::from_shape_fn((1, 8, 8), |(_, y, x)| (10 * (x % 3) + 5 * y) as f64);
/// let image = Volume::new(image, geometry, PixelType::U8)?;
/// let disk = Array3::from_shape_fn((1, 8, 8), |(_, y, x)| u32::from((y as i32 - 4).pow(2) + (x as i32 - 4).pow(2) < 9));
/// let mask = Mask::new(disk, geometry)?;
///
/// let extractor = Extractor::new(Params::original_and_wavelet())?;
/// let features = extractor.extract(&Roi::new(&image, &mask, &extractor.params().roi)?)?;
/// assert_eq!(features.len(), 851);
/// assert_eq!(features.value("original_firstorder_Maximum".parse()?), Some(50.0));
/// # Ok::<(), radiomics_features::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Extractor {
    params: Params,
}

/// Features of one region as a row of a table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeatureVector {
    /// Names, in the order of PyRadiomics' columns.
    pub names: Arc<[FeatureName]>,
    /// Values, one per name. Each feature's documentation says when it is NaN.
    pub values: Vec<f64>,
    /// The wavelet sub-bands that hold nothing but rounding errors ([`ImageName::is_noise`]), whether kept or dropped.
    pub noise_bands: Vec<ImageName>,
    /// What the extraction saw, if the settings ask for it ([`Params::additional_info`]).
    pub diagnostics: Option<Diagnostics>,
}

/// Features of one label of a mask.
#[derive(Debug)]
#[non_exhaustive]
pub struct LabelFeatures {
    /// The label.
    pub label: u32,
    /// Its features, or why there are none: one label that is too small does not spoil the others.
    pub features: Result<FeatureVector>,
}

/// Features of one region, by image and family.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RegionFeatures {
    /// Shape of the volume, if asked for and the image is one.
    pub shape: Option<ShapeFeatures>,
    /// Shape of the plane, if asked for and the image is one, or `force2D` is set.
    pub shape_2d: Option<Shape2dFeatures>,
    /// One entry per image, original and filtered, in the order of the settings.
    pub images: Vec<ImageFeatures>,
    /// The wavelet sub-bands that hold nothing but rounding errors ([`ImageName::is_noise`]), whether kept or dropped.
    pub noise_bands: Vec<ImageName>,
    /// What the extraction saw, if the settings ask for it ([`Params::additional_info`]).
    pub diagnostics: Option<Diagnostics>,
}

/// Features of one image; `None` for families that were not asked for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ImageFeatures {
    /// Which image.
    pub image: ImageName,
    /// Statistics of the intensities.
    pub first_order: Option<FirstOrderFeatures>,
    /// Gray level co-occurrence matrix.
    pub glcm: Option<GlcmFeatures>,
    /// Gray level dependence matrix.
    pub gldm: Option<GldmFeatures>,
    /// Gray level run length matrix.
    pub glrlm: Option<GlrlmFeatures>,
    /// Gray level size zone matrix.
    pub glszm: Option<GlszmFeatures>,
    /// Neighboring gray tone difference matrix.
    pub ngtdm: Option<NgtdmFeatures>,
}

/// The images that features are taken from, with their settings.
pub(crate) struct Responses<'a> {
    pub images: Vec<(&'a ImageParams, Response)>,
    /// Those among them, dropped or not, that hold nothing but rounding errors.
    pub noise_bands: Vec<ImageName>,
}

impl ImageFeatures {
    /// Of an image of which no family is asked for.
    fn none(image: ImageName) -> Self {
        Self {
            image,
            first_order: None,
            glcm: None,
            gldm: None,
            glrlm: None,
            glszm: None,
            ngtdm: None,
        }
    }
}

impl Extractor {
    /// An extractor with checked settings.
    ///
    /// # Errors
    /// [`Error::InvalidSetting`] and [`Error::UnknownFeature`] for settings outside their range.
    pub fn new(params: Params) -> Result<Self> {
        params.check()?;
        Ok(Self { params })
    }

    /// The settings.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The features as one row, named by the [profile](Profile) of the settings: PyRadiomics' columns in its order, shape first, then
    /// image by image, or those of the standard.
    ///
    /// # Errors
    /// [`Error::ResegmentedAway`], [`Error::ConstantImage`], [`Error::Shape2dOfVolume`] as the settings ask for these steps,
    /// and what the checks of a region report when re-segmentation left too little of it. [`Error::InImage`] around what went
    /// wrong in one image, e.g. a bin width that gives too many gray levels.
    pub fn extract(&self, roi: &Roi<'_>) -> Result<FeatureVector> {
        if self.params.profile == Profile::Ibsi {
            return self.ibsi_row(roi);
        }
        let features = self.extract_families(roi)?;
        let mut row = Row::default();
        for family in [Family::Shape, Family::Shape2d] {
            if let Some(selection) = self.params.families.iter().find(|s| s.family == family) {
                row.push(ImageName::Original, selection, |name| {
                    features.shape_value(family, name)
                });
            }
        }
        for image in &features.images {
            for selection in self.params.families.iter().filter(|s| !s.family.is_shape()) {
                row.push(image.image, selection, |name| {
                    image.value(selection.family, name)
                });
            }
        }
        Ok(FeatureVector {
            names: row.names.into(),
            values: row.values,
            noise_bands: features.noise_bands,
            diagnostics: features.diagnostics,
        })
    }

    /// The features of every label of a mask, one row each, in the ascending order of the labels. The label of the settings does
    /// not apply. With the connected parts of a label as a mask of their own ([`Mask::lesions`]), these are its lesions.
    ///
    /// ```
    /// use ndarray::Array3;
    /// use radiomics_features::{Extractor, Geometry, Mask, Params, PixelType, Volume};
    ///
    /// let geometry = Geometry::new([1.0; 3])?;
    /// let image = Array3::from_shape_fn((1, 6, 12), |(_, y, x)| (x * y % 50) as f64);
    /// let image = Volume::new(image, geometry, PixelType::U8)?;
    /// let mask = Array3::from_shape_fn((1, 6, 12), |(_, y, x)| [1, 0, 4][x / 4] * u32::from(y > 1));
    /// let mask = Mask::new(mask, geometry)?;
    /// let rows = Extractor::new(Params::default())?.extract_labels(&image, &mask)?;
    /// let labels: Vec<u32> = rows.iter().map(|row| row.label).collect();
    /// assert_eq!(labels, [1, 4]);
    /// assert!(rows.iter().all(|row| row.features.is_ok()));
    /// # Ok::<(), radiomics_features::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::EmptyMask`] without any label. What goes wrong with one label is in its row.
    pub fn extract_labels(&self, image: &Volume, mask: &Mask) -> Result<Vec<LabelFeatures>> {
        let labels: Vec<u32> = mask.counts().into_keys().collect();
        if labels.is_empty() {
            return Err(Error::EmptyMask);
        }
        Ok(map_indexed(labels.len(), |i| {
            let params = RoiParams {
                label: labels[i],
                ..self.params.roi
            };
            LabelFeatures {
                label: labels[i],
                features: Roi::new(image, mask, &params).and_then(|roi| self.extract(&roi)),
            }
        }))
    }

    /// The features by image and family; every family that is asked for is complete, whatever single features are selected.
    ///
    /// # Errors
    /// As [`extract`](Self::extract).
    pub fn extract_families(&self, roi: &Roi<'_>) -> Result<RegionFeatures> {
        let params = &self.params;
        let prepared = Prepared::new(params, roi)?;
        let (image, kept) = (&*prepared.image, prepared.kept());
        let shape_region = match &params.resegmentation {
            Some(r) if r.shape == ResegmentShape::Original => prepared.region.within(&kept.bounds),
            Some(r) if r.shape == ResegmentShape::Resegmented => kept.mask.view(),
            _ => prepared.region.mask.view(),
        };
        let Responses {
            images: responses,
            noise_bands,
        } = self.responses(&prepared)?;
        let spacing = in_plane_spacing(image);
        let images = map_indexed(responses.len(), |i| {
            let (image_params, response) = &responses[i];
            let texture = texture_params(&image_params.texture, image.dimensionality());
            self.image_features(image_params, &texture, response, kept.mask.view(), spacing)
                .map_err(|e| Error::InImage {
                    image: response.name.to_string(),
                    source: Box::new(e),
                })
        });
        Ok(RegionFeatures {
            shape: self.shape(image, shape_region)?,
            shape_2d: self.shape_2d(image, shape_region)?,
            images: images.into_iter().collect::<Result<_>>()?,
            noise_bands,
            diagnostics: self.diagnostics(roi, &prepared)?,
        })
    }

    /// What the extraction saw, if the settings ask for it.
    pub(crate) fn diagnostics(
        &self,
        roi: &Roi<'_>,
        prepared: &Prepared<'_>,
    ) -> Result<Option<Diagnostics>> {
        match self.params.additional_info {
            Some(true) => Diagnostics::new(&self.params, roi, prepared).map(Some),
            _ => Ok(None),
        }
    }

    /// The images that features are taken from, cut to the box of the region.
    pub(crate) fn responses(&self, prepared: &Prepared<'_>) -> Result<Responses<'_>> {
        let params = &self.params;
        let responses = map_indexed(params.images.len(), |i| {
            let image_params = &params.images[i];
            let flat_axis = image_params.texture.force_2d;
            let bounds = &prepared.kept().bounds;
            let responses = image_params
                .filter
                .responses(&prepared.image, bounds, flat_axis)?;
            let with_params = |response| (image_params, response);
            Ok(responses.into_iter().map(with_params).collect())
        });
        let responses: Vec<Vec<(&ImageParams, Response)>> =
            responses.into_iter().collect::<Result<_>>()?;
        let mut images: Vec<(&ImageParams, Response)> = responses.into_iter().flatten().collect();
        let noise_bands: Vec<ImageName> = images
            .iter()
            .map(|(_, r)| r.name)
            .filter(|name| name.is_noise(prepared.image.size()))
            .collect();
        if params.noise_bands == NoiseBands::Drop {
            images.retain(|(_, response)| !noise_bands.contains(&response.name));
        }
        Ok(Responses {
            images,
            noise_bands,
        })
    }

    /// Whether a family is asked for.
    fn wants(&self, family: Family) -> bool {
        self.params
            .families
            .iter()
            .any(|selection| selection.family == family)
    }

    fn shape(&self, image: &Volume, mask: ArrayView3<'_, bool>) -> Result<Option<ShapeFeatures>> {
        if !self.wants(Family::Shape) || image.dimensionality() == Dimensionality::Two {
            return Ok(None);
        }
        ShapeFeatures::new(mask, image.spacing(), &self.params.shape).map(Some)
    }

    /// Planar shape, under PyRadiomics' conditions.
    ///
    /// For volumes these are `force2D` and, because of a mix-up of axis orders that users' column sets depend on, more than
    /// one voxel along the axis that mirrors the flat one: with flat z, a region one pixel wide along x has no shape2D.
    fn shape_2d(
        &self,
        image: &Volume,
        mask: ArrayView3<'_, bool>,
    ) -> Result<Option<Shape2dFeatures>> {
        if !self.wants(Family::Shape2d) {
            return Ok(None);
        }
        let axis = match (image.dimensionality(), self.params.shape_force_2d) {
            (Dimensionality::Two, _) => 0,
            (Dimensionality::Three, None) => return Ok(None),
            (Dimensionality::Three, Some(axis)) => {
                let axis = axis.index();
                if mask.len_of(ArrayAxis(2 - axis)) <= 1 {
                    return Ok(None);
                }
                axis
            }
        };
        let slices = mask.len_of(ArrayAxis(axis));
        if slices > 1 {
            return Err(Error::Shape2dOfVolume { slices });
        }
        let [z, y, x] = image.spacing();
        let spacing = [[y, x], [z, x], [z, y]][axis];
        Shape2dFeatures::new(mask.index_axis(ArrayAxis(axis), 0), spacing).map(Some)
    }

    fn image_features(
        &self,
        params: &ImageParams,
        texture: &TextureParams,
        response: &Response,
        mask: ArrayView3<'_, bool>,
        spacing: [f64; 3],
    ) -> Result<ImageFeatures> {
        if self.params.families.iter().all(|s| s.family.is_shape()) {
            return Ok(ImageFeatures::none(response.name));
        }
        let values = response.voxels.view();
        let levels = Levels::new(
            values,
            mask,
            pixel_kind(response.pixel_type),
            &params.binning,
        )?;
        self.check_neighbors(&levels, texture)?;
        Ok(ImageFeatures {
            image: response.name,
            first_order: self.when(Family::FirstOrder, || {
                FirstOrderFeatures::new(values, mask, &levels, spacing, &params.first_order)
            })?,
            glcm: self.when(Family::Glcm, || {
                GlcmFeatures::new(&levels, spacing, texture)
            })?,
            gldm: self.when(Family::Gldm, || {
                GldmFeatures::new(&levels, spacing, texture)
            })?,
            glrlm: self.when(Family::Glrlm, || {
                GlrlmFeatures::new(&levels, spacing, texture)
            })?,
            glszm: self.when(Family::Glszm, || {
                GlszmFeatures::new(&levels, spacing, texture)
            })?,
            ngtdm: self.when(Family::Ngtdm, || {
                NgtdmFeatures::new(&levels, spacing, texture)
            })?,
        })
    }

    /// Refuses a region whose box is too small for any pair of voxels at the distances of a family that is asked for.
    fn check_neighbors(&self, levels: &Levels, texture: &TextureParams) -> Result<()> {
        let at = |distances: &[usize]| {
            let directions = directions(levels.shape(), distances, texture.force_2d)?;
            match directions.is_empty() {
                false => Ok(()),
                true => Err(Error::NoNeighbors {
                    size: levels.shape(),
                    distances: distances.to_vec(),
                }),
            }
        };
        let wants = |families: &[Family]| families.iter().any(|&family| self.wants(family));
        if wants(&[Family::Glcm, Family::Gldm, Family::Ngtdm]) {
            at(&texture.distances)?;
        }
        if wants(&[Family::Glrlm, Family::Glszm]) {
            at(&[1])?;
        }
        Ok(())
    }

    fn when<T>(&self, family: Family, features: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
        if self.wants(family) {
            features().map(Some)
        } else {
            Ok(None)
        }
    }
}

/// A plane has no thickness: lengths across it count as 1.
pub(crate) fn in_plane_spacing(image: &Volume) -> [f64; 3] {
    let [z, y, x] = image.spacing();
    match image.dimensionality() {
        Dimensionality::Two => [1.0, y, x],
        Dimensionality::Three => [z, y, x],
    }
}

/// The settings of the textures of an image. `force2Ddimension` counts the axes of the image's array, so of a plane axis 0,
/// that of the slices in a volume, is y; PyRadiomics keeps the textures of a plane with `force2D` in its rows or columns.
pub(crate) fn texture_params(
    params: &TextureParams,
    dimensionality: Dimensionality,
) -> TextureParams {
    TextureParams {
        force_2d: match dimensionality {
            Dimensionality::Two => params.force_2d.and_then(Axis::of_plane),
            Dimensionality::Three => params.force_2d,
        },
        ..params.clone()
    }
}

pub(crate) fn pixel_kind(pixel_type: PixelType) -> PixelKind {
    match pixel_type {
        PixelType::F32 => PixelKind::Float32,
        PixelType::F64 => PixelKind::Float64,
        _ => PixelKind::Integer,
    }
}

/// A row being written.
#[derive(Default)]
struct Row {
    names: Vec<FeatureName>,
    values: Vec<f64>,
}

impl Row {
    /// Appends what is selected of a family, if the family was computed.
    fn push(
        &mut self,
        image: ImageName,
        selection: &FamilySelection,
        value: impl Fn(&str) -> Option<f64>,
    ) {
        let family = selection.family;
        let mut one = |feature: &'static str| {
            if let Some(value) = value(feature) {
                let feature = NamedFeature::Pyradiomics {
                    family,
                    name: feature,
                };
                self.names.push(FeatureName { image, feature });
                self.values.push(value);
            }
        };
        match &selection.features {
            FeatureSelection::All => family.features().iter().for_each(|&feature| one(feature)),
            FeatureSelection::Only(_) => {
                let names = selection.features();
                names
                    .expect("the settings were checked")
                    .into_iter()
                    .for_each(one);
            }
        }
    }
}

impl RegionFeatures {
    fn shape_value(&self, family: Family, feature: &str) -> Option<f64> {
        match family {
            Family::Shape => {
                let shape = self.shape.as_ref()?;
                match feature {
                    "Compactness1" => Some(shape.compactness_1),
                    "Compactness2" => Some(shape.compactness_2),
                    "SphericalDisproportion" => Some(shape.spherical_disproportion),
                    _ => find(shape.iter(), feature),
                }
            }
            _ => {
                let shape = self.shape_2d.as_ref()?;
                match feature {
                    "SphericalDisproportion" => Some(shape.spherical_disproportion()),
                    _ => find(shape.iter(), feature),
                }
            }
        }
    }
}

impl ImageFeatures {
    /// The value of a feature by family and name; `None` if the family was not computed or has no such feature.
    #[must_use]
    pub fn value(&self, family: Family, feature: &str) -> Option<f64> {
        match family {
            Family::FirstOrder => {
                let first_order = self.first_order.as_ref()?;
                match feature {
                    "StandardDeviation" => Some(first_order.standard_deviation()),
                    _ => find(first_order.iter(), feature),
                }
            }
            Family::Glcm => find(self.glcm.as_ref()?.iter(), feature),
            Family::Gldm => find(self.gldm.as_ref()?.iter(), feature),
            Family::Glrlm => find(self.glrlm.as_ref()?.iter(), feature),
            Family::Glszm => find(self.glszm.as_ref()?.iter(), feature),
            Family::Ngtdm => find(self.ngtdm.as_ref()?.iter(), feature),
            Family::Shape | Family::Shape2d => None,
        }
    }
}

fn find(mut pairs: impl Iterator<Item = (&'static str, f64)>, feature: &str) -> Option<f64> {
    pairs
        .find(|(name, _)| *name == feature)
        .map(|(_, value)| value)
}

impl FeatureVector {
    /// Number of features.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no feature at all, as for a Laplacian of Gaussian on a single slice.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Whether a feature was taken from an image that holds nothing but rounding errors.
    #[must_use]
    pub fn is_noise(&self, name: &FeatureName) -> bool {
        self.noise_bands.contains(&name.image)
    }

    /// The same row without the features that [are noise](Self::is_noise).
    #[must_use]
    pub fn drop_noise_bands(&self) -> Self {
        let (names, values): (Vec<FeatureName>, Vec<f64>) =
            self.iter().filter(|(name, _)| !self.is_noise(name)).unzip();
        Self {
            names: names.into(),
            values,
            ..self.clone()
        }
    }

    /// `(name, value)` in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FeatureName, f64)> + '_ {
        self.names.iter().copied().zip(self.values.iter().copied())
    }

    /// The value of a feature, or `None` if it was not extracted.
    #[must_use]
    pub fn value(&self, name: FeatureName) -> Option<f64> {
        self.iter()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value)
    }
}

//! The features of a region by family, and their values one by one.

use std::sync::Arc;

use ndarray::{Array3, CowArray, Ix3};

use super::texture::{TextureFeatures, TextureRegion};
use super::{Aggregated, Aggregation, Family, Feature};
use crate::Result;
use crate::diagnostics::Diagnostics;
use crate::discretize::Levels;
use crate::error::Error;
use crate::extractor::{Extractor, FeatureVector, Responses, in_plane_spacing, pixel_kind};
use crate::filters::Response;
use crate::firstorder::FirstOrderFeatures;
use crate::histogram::IntensityHistogramFeatures;
use crate::local_intensity::{self, LocalIntensityFeatures};
use crate::name::{FeatureName, ImageName, NamedFeature};
use crate::par::map_indexed;
use crate::params::ImageParams;
use crate::preprocess::Prepared;
use crate::resegment::ResegmentMode;
use crate::roi::{BoundingBox, Roi};
use crate::shape::{DensityFeatures, ShapeFeatures, SpatialFeatures};
use crate::volume_histogram::{IntensityRange, IntensityVolumeHistogramFeatures};

/// Which features of the standard are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The families. Default: all.
    pub families: Vec<Family>,
    /// The aggregations of the texture families. Default: all; a family without direction has three of them, the others six.
    pub aggregations: Vec<Aggregation>,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            families: Family::ALL.to_vec(),
            aggregations: Aggregation::ALL.to_vec(),
        }
    }
}

impl Selection {
    fn wants(&self, family: Family) -> bool {
        self.families.contains(&family)
    }
}

/// Features of one region by the standard; `None` or empty for families that were not asked for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RegionFeatures {
    /// Of the morphological mask and the image before any filter.
    pub morphology: Option<MorphologyFeatures>,
    /// Of the image before any filter, around the intensity mask.
    pub local_intensity: Option<LocalIntensityFeatures>,
    /// One entry per image, original and filtered, in the order of the settings.
    pub images: Vec<ImageFeatures>,
    /// The wavelet sub-bands that hold nothing but rounding errors ([`ImageName::is_noise`]), whether kept or dropped.
    pub noise_bands: Vec<ImageName>,
    /// What the extraction saw, if the settings ask for it ([`Params::additional_info`](crate::Params::additional_info)).
    pub diagnostics: Option<Diagnostics>,
}

/// Morphology, in three tables.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct MorphologyFeatures {
    /// Volume, surface, axes, diameter, and what is made of them.
    pub shape: ShapeFeatures,
    /// Volume and area relative to those of enclosing bodies.
    pub density: DensityFeatures,
    /// How intensities lie in the region.
    pub spatial: SpatialFeatures,
}

/// Features of one image.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ImageFeatures {
    /// Which image.
    pub image: ImageName,
    /// Statistics of the intensities, and entropy and uniformity of the gray levels, which belong to the intensity histogram.
    pub intensity: Option<FirstOrderFeatures>,
    /// The rest of the intensity histogram.
    pub histogram: Option<IntensityHistogramFeatures>,
    /// Intensity-volume histogram.
    pub volume_histogram: Option<IntensityVolumeHistogramFeatures>,
    /// Texture.
    pub texture: TextureFeatures,
}

/// One value.
type Value = (Feature, Option<Aggregation>, f64);

impl MorphologyFeatures {
    /// Every feature with its value.
    pub fn iter(&self) -> impl Iterator<Item = (Feature, f64)> + use<> {
        let shape = self.shape.iter_ibsi();
        shape
            .chain(self.density.iter_ibsi())
            .chain(self.spatial.iter_ibsi())
    }
}

impl ImageFeatures {
    /// Every feature with its aggregation, if it is one of texture, and its value: family by family, in the order of the manual.
    #[must_use]
    pub fn values(&self) -> Vec<Value> {
        let plain = |(feature, value)| (feature, None, value);
        let mut values: Vec<Value> = Vec::new();
        if let Some(intensity) = &self.intensity {
            values.extend(intensity.iter_ibsi().map(plain));
        }
        if let Some(histogram) = &self.histogram {
            values.extend(histogram.iter_ibsi().map(plain));
        }
        if let Some(histogram) = &self.volume_histogram {
            values.extend(histogram.iter_ibsi().map(plain));
        }
        let texture = &self.texture;
        push_all(&mut values, &texture.glcm, |f| Box::new(f.iter_ibsi()));
        push_all(&mut values, &texture.glrlm, |f| Box::new(f.iter_ibsi()));
        push_all(&mut values, &texture.glszm, |f| Box::new(f.iter_ibsi()));
        push_all(&mut values, &texture.gldzm, |f| Box::new(f.iter_ibsi()));
        push_all(&mut values, &texture.ngtdm, |f| Box::new(f.iter_ibsi()));
        push_all(&mut values, &texture.ngldm, |f| Box::new(f.iter_ibsi()));
        // Two features of the first table belong to the family of the second.
        values.sort_by_key(|(feature, ..)| feature.family());
        values
    }
}

/// The intensities of the image itself as far as features look.
struct Surroundings<'a> {
    /// Around the morphological mask.
    bounds: BoundingBox,
    values: CowArray<'a, f64, Ix3>,
}

impl<'a> Surroundings<'a> {
    fn new(prepared: &'a Prepared<'_>, reach: [usize; 3]) -> Self {
        let (image, region) = (&prepared.image, &prepared.region);
        let bounds = region.bounds.grown_by(reach, image.size());
        let values = image.window(&bounds);
        Self { bounds, values }
    }

    fn local_intensity(&self, prepared: &Prepared<'_>) -> Result<LocalIntensityFeatures> {
        let kept = prepared.kept();
        let start = kept.bounds.relative_to(self.bounds.start).start;
        let spacing = in_plane_spacing(&prepared.image);
        LocalIntensityFeatures::new(self.values.view(), kept.mask.view(), start, spacing)
    }

    /// How the intensities lie in the region of these features.
    fn spatial(&self, prepared: &Prepared<'_>, shape: &ShapeFeatures) -> Result<SpatialFeatures> {
        let (region, kept) = (&prepared.region, prepared.kept());
        let mut intensity = Array3::from_elem(region.mask.dim(), false);
        kept.bounds
            .relative_to(region.bounds.start)
            .slice_mut(intensity.view_mut())
            .assign(&kept.mask);
        let inside = region.bounds.relative_to(self.bounds.start);
        SpatialFeatures::new(
            inside.slice(self.values.view()),
            region.mask.view(),
            intensity.view(),
            in_plane_spacing(&prepared.image),
            shape,
        )
    }
}

/// Appends the features of every aggregation.
fn push_all<T>(
    values: &mut Vec<Value>,
    all: &[Aggregated<T>],
    iter: impl Fn(&T) -> Box<dyn Iterator<Item = (Feature, f64)>>,
) {
    for Aggregated {
        aggregation,
        features,
    } in all
    {
        let coded = iter(features).map(|(feature, value)| (feature, Some(*aggregation), value));
        values.extend(coded);
    }
}

impl Extractor {
    /// The features of the standard by image and family, whatever the profile of the settings.
    ///
    /// # Errors
    /// As [`extract`](Self::extract).
    pub fn extract_ibsi(&self, roi: &Roi<'_>) -> Result<RegionFeatures> {
        let prepared = Prepared::new(self.params(), roi)?;
        let selection = &self.params().ibsi;
        let Responses {
            images: responses,
            noise_bands,
        } = self.responses(&prepared)?;
        let images = map_indexed(responses.len(), |i| {
            let (params, response) = &responses[i];
            self.ibsi_image(params, response, &prepared)
                .map_err(|e| Error::InImage {
                    image: response.name.to_string(),
                    source: Box::new(e),
                })
        });
        let wants_peaks = selection.wants(Family::LocalIntensity);
        let wants_morphology = selection.wants(Family::Morphology);
        let surroundings = (wants_peaks || wants_morphology).then(|| {
            let reach = local_intensity::reach(in_plane_spacing(&prepared.image));
            Surroundings::new(&prepared, if wants_peaks { reach } else { [0; 3] })
        });
        let around = surroundings.as_ref();
        let morphology = around
            .filter(|_| wants_morphology)
            .map(|around| self.morphology(&prepared, around));
        let local_intensity = around
            .filter(|_| wants_peaks)
            .map(|around| around.local_intensity(&prepared));
        Ok(RegionFeatures {
            morphology: morphology.transpose()?,
            local_intensity: local_intensity.transpose()?,
            images: images.into_iter().collect::<Result<_>>()?,
            noise_bands,
            diagnostics: self.diagnostics(roi, &prepared)?,
        })
    }

    fn morphology(
        &self,
        prepared: &Prepared<'_>,
        surroundings: &Surroundings<'_>,
    ) -> Result<MorphologyFeatures> {
        let spacing = in_plane_spacing(&prepared.image);
        let mask = prepared.region.mask.view();
        let (shape, density) = ShapeFeatures::with_density(mask, spacing, &self.params().shape)?;
        Ok(MorphologyFeatures {
            density,
            spatial: surroundings.spatial(prepared, &shape)?,
            shape,
        })
    }

    /// The range of the re-segmentation, which is known for the intensities of the image itself only.
    fn range(&self, image: ImageName) -> IntensityRange {
        match &self.params().resegmentation {
            Some(r) if image == ImageName::Original && r.mode == ResegmentMode::Absolute => {
                IntensityRange {
                    lower: Some(r.lower),
                    upper: r.upper,
                }
            }
            _ => IntensityRange::default(),
        }
    }

    fn ibsi_image(
        &self,
        params: &ImageParams,
        response: &Response,
        prepared: &Prepared<'_>,
    ) -> Result<ImageFeatures> {
        let selection = &self.params().ibsi;
        let kept = prepared.kept();
        let (values, mask) = (response.voxels.view(), kept.mask.view());
        let range = self.range(response.name);
        let binning = params.binning.with_range_low(range.lower);
        let levels = Levels::new(values, mask, pixel_kind(response.pixel_type), &binning)?;
        let wants = |families: &[Family]| families.iter().any(|&family| selection.wants(family));
        let kurtosis = params.first_order.kurtosis;
        let first_order = wants(&[Family::IntensityStatistics, Family::IntensityHistogram])
            .then(|| {
                let spacing = in_plane_spacing(&prepared.image);
                FirstOrderFeatures::new(values, mask, &levels, spacing, &params.first_order)
            })
            .transpose()?;
        let volume_histogram = wants(&[Family::IntensityVolumeHistogram])
            .then(|| {
                let binning = params.volume_histogram;
                IntensityVolumeHistogramFeatures::new(values, mask, binning, range)
            })
            .transpose()?;
        let region = TextureRegion {
            levels: &levels,
            mask: prepared.region.mask.view(),
            offset: kept.bounds.relative_to(prepared.region.bounds.start).start,
        };
        let Selection {
            families,
            aggregations,
        } = selection;
        Ok(ImageFeatures {
            image: response.name,
            intensity: first_order,
            histogram: wants(&[Family::IntensityHistogram])
                .then(|| IntensityHistogramFeatures::new(&levels, kurtosis)),
            volume_histogram,
            texture: TextureFeatures::new(region, &params.texture, families, aggregations)?,
        })
    }

    /// The row of a region: morphology first, then image by image.
    pub(crate) fn ibsi_row(&self, roi: &Roi<'_>) -> Result<FeatureVector> {
        let selection = &self.params().ibsi;
        let features = self.extract_ibsi(roi)?;
        let mut names = Vec::new();
        let mut values = Vec::new();
        let mut push = |image, (feature, aggregation, value): Value| {
            if selection.wants(feature.family()) {
                let feature = NamedFeature::Ibsi {
                    feature,
                    aggregation,
                };
                names.push(FeatureName { image, feature });
                values.push(value);
            }
        };
        for (feature, value) in features
            .morphology
            .iter()
            .flat_map(MorphologyFeatures::iter)
        {
            push(ImageName::Original, (feature, None, value));
        }
        let peaks = features.local_intensity.iter();
        for (feature, value) in peaks.flat_map(LocalIntensityFeatures::iter_ibsi) {
            push(ImageName::Original, (feature, None, value));
        }
        for image in &features.images {
            for value in image.values() {
                push(image.image, value);
            }
        }
        Ok(FeatureVector {
            names: Arc::from(names),
            values,
            noise_bands: features.noise_bands,
            diagnostics: features.diagnostics,
        })
    }
}

//! Features of one outlined region in files: reading, checking, extracting.

use std::path::Path;
use std::sync::Arc;

use deep_features::{NetworkInput, Preprocess};
use ndarray::Axis;
use radiomics_features::io::{ReadOptions, read_image, read_mask};
use radiomics_features::{Error, Extractor, FeatureName, ImageName, Mask, Roi, RoiParams, Volume};

use crate::feature_rows::NamedValues;

/// What is wrong with the sub-bands that [`handcrafted`] returns.
pub const NOISE_BANDS: &str = "hold only rounding noise on images of one slice";

/// Reads an image with its mask and checks that `label` of the mask is a usable region of it.
///
/// # Errors
/// What [`read_image`], [`read_mask`] and [`Roi::new`] refuse, the file named.
pub fn check_region(image: &Path, mask: &Path, roi: &RoiParams) -> anyhow::Result<()> {
    let (image_voxels, labels) = read_pair(image, mask, None)?;
    Roi::new(&image_voxels, &labels, roi).map_err(|error| in_mask(mask, image, error))?;
    Ok(())
}

/// The handcrafted features of one region, and the wavelet sub-bands among them that [hold only noise](NOISE_BANDS). `label` replaces the extractor's.
///
/// # Errors
/// As [`check_region`], and what [`Extractor::extract`] refuses.
pub fn handcrafted(
    extractor: &Extractor,
    image: &Path,
    mask: &Path,
    label: Option<u32>,
) -> anyhow::Result<(NamedValues, Vec<ImageName>)> {
    let params = extractor.params();
    let (image_voxels, labels) = read_pair(image, mask, params.label_channel)?;
    let mut roi = params.roi;
    roi.label = label.unwrap_or(roi.label);
    let roi =
        Roi::new(&image_voxels, &labels, &roi).map_err(|error| in_mask(mask, image, error))?;
    let features = extractor
        .extract(&roi)
        .map_err(|error| in_mask(mask, image, error))?;
    let names: Arc<[String]> = features.names.iter().map(FeatureName::to_string).collect();
    Ok((
        NamedValues {
            names,
            values: features.values,
        },
        features.noise_bands,
    ))
}

/// The sub-bands among feature columns that [hold only noise](NOISE_BANDS) for the size of `image`, each once.
///
/// # Errors
/// What [`read_image`] refuses.
pub fn noise_bands(columns: &[String], image: &Path) -> anyhow::Result<Vec<ImageName>> {
    let size = read_image(image, &ReadOptions::default())?.size();
    let mut bands: Vec<ImageName> = Vec::new();
    for name in columns
        .iter()
        .filter_map(|column| column.parse::<FeatureName>().ok())
    {
        if name.image.is_noise(size) && !bands.contains(&name.image) {
            bands.push(name.image);
        }
    }
    Ok(bands)
}

/// One region as a network sees it. Images of several slices give the slice with the largest part of the region.
///
/// # Errors
/// As [`check_region`], and what [`Preprocess::apply`] refuses.
pub fn network_input(
    preprocess: &Preprocess,
    image: &Path,
    mask: &Path,
    label: Option<u32>,
) -> anyhow::Result<NetworkInput> {
    let (image_voxels, labels) = read_pair(image, mask, None)?;
    let default = RoiParams::default();
    let params = RoiParams {
        label: label.unwrap_or(default.label),
        ..default
    };
    let roi =
        Roi::new(&image_voxels, &labels, &params).map_err(|error| in_mask(mask, image, error))?;
    let bounds = roi.bounds();
    let region = roi.mask();
    let area = |z: usize| {
        region
            .index_axis(Axis(0), z)
            .iter()
            .filter(|inside| **inside)
            .count()
    };
    // The first of the largest.
    let slice = (0..region.len_of(Axis(0)))
        .rev()
        .max_by_key(|&z| area(z))
        .unwrap_or(0);
    let voxels = image_voxels.voxels();
    let gray = voxels.index_axis(Axis(0), bounds.start[0] + slice);
    let mut inside = ndarray::Array2::from_elem(gray.raw_dim(), false);
    let [_, top, left] = bounds.start;
    for ((y, x), &value) in region.index_axis(Axis(0), slice).indexed_iter() {
        inside[(top + y, left + x)] = value;
    }
    preprocess
        .apply(gray, Some(inside.view()))
        .map_err(|error| anyhow::anyhow!("{} with {}: {error}", image.display(), mask.display()))
}

fn read_pair(
    image: &Path,
    mask: &Path,
    mask_channel: Option<usize>,
) -> anyhow::Result<(Volume, Mask)> {
    let options = ReadOptions {
        mask_channel,
        ..ReadOptions::default()
    };
    Ok((read_image(image, &options)?, read_mask(mask, &options)?))
}

/// Faults of a region name both files: either may be the wrong one.
fn in_mask(mask: &Path, image: &Path, error: Error) -> anyhow::Error {
    anyhow::anyhow!("{} for {}: {error}", mask.display(), image.display())
}

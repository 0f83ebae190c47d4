//! Features of one outlined region in files: reading, checking, extracting.

use std::path::Path;
use std::rc::Rc;

use deep_features::{NetworkInput, Preprocess, View};
use ndarray::{Array2, Axis};
use radiomics_features::io::{ReadOptions, read_image, read_mask};
use radiomics_features::{
    Error, Extractor, FeatureName, FeatureVector, ImageName, Mask, Roi, RoiParams, Volume,
};

use crate::feature_rows::{NamedValues, RegionRow, Texts};
use crate::spacing::ImageScale;

/// What is wrong with the sub-bands that [`handcrafted`] returns.
pub const NOISE_BANDS: &str = "hold only rounding noise on images of one slice";

/// Reads an image with its mask and checks that `label` of the mask is a usable region of it, for features by definition and for those of a network;
/// returns the image's scale.
///
/// # Errors
/// What [`read_image`], [`read_mask`] and [`Roi::new`] refuse, the file named; gray values that a network does not take.
pub fn check_region(image: &Path, mask: &Path, roi: &RoiParams) -> anyhow::Result<ImageScale> {
    let (image_voxels, labels) = read_pair(image, mask, None)?;
    let region =
        Roi::new(&image_voxels, &labels, roi).map_err(|error| in_mask(mask, image, error))?;
    let slice = OutlinedSlice::of(&image_voxels, &region);
    let mut gray = slice.gray.iter();
    if let Some(value) = gray.find(|value| !(0.0..=255.0).contains(*value)) {
        anyhow::bail!(
            "{}: expected gray values from 0 to 255 for the network, found {value}",
            image.display()
        );
    }
    Ok(ImageScale::of(image, &image_voxels))
}

/// The files of a case and how to read them.
#[derive(Debug, Clone, Copy)]
pub struct ImageFiles<'a> {
    /// The image.
    pub image: &'a Path,
    /// The mask.
    pub mask: &'a Path,
    /// How to read both.
    pub options: ReadOptions,
}

/// Which regions of a mask are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionChoice {
    /// The labels.
    pub labels: LabelChoice,
    /// Whether every connected part of a label is a region of its own.
    pub lesions: bool,
}

/// Which labels of a mask are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelChoice {
    /// One, which needs no column of its own.
    One(u32),
    /// Several.
    Several(Vec<u32>),
    /// All that the mask has.
    All,
}

/// The handcrafted features of one region, and the scale of its image.
///
/// # Errors
/// As [`check_region`], and what [`Extractor::extract`] refuses.
pub fn handcrafted(
    extractor: &Extractor,
    image: &Path,
    mask: &Path,
) -> anyhow::Result<(NamedValues, ImageScale)> {
    let params = extractor.params();
    let (image_voxels, labels) = read_pair(image, mask, params.label_channel)?;
    let roi = Roi::new(&image_voxels, &labels, &params.roi)
        .map_err(|error| in_mask(mask, image, error))?;
    let features = extractor
        .extract(&roi)
        .map_err(|error| in_mask(mask, image, error))?;
    Ok((named(features), ImageScale::of(image, &image_voxels)))
}

/// The handcrafted features of every region of a case that is wanted, and the wavelet sub-bands among them that
/// [hold only noise](NOISE_BANDS). A region that fails has its reason in its row.
///
/// # Errors
/// A file that cannot be read, or a mask without the labels that are wanted.
pub fn handcrafted_regions(
    extractor: &Extractor,
    files: &ImageFiles<'_>,
    choice: &RegionChoice,
) -> anyhow::Result<(Vec<RegionRow>, Vec<ImageName>)> {
    let image = read_image(files.image, &files.options)?;
    let mask = read_mask(files.mask, &files.options)?;
    let mut bands: Vec<ImageName> = Vec::new();
    let mut rows = Vec::new();
    for region in wanted(&mask, files, choice)? {
        let params = RoiParams {
            label: region.label,
            ..extractor.params().roi
        };
        let labels = region.lesions.as_deref().unwrap_or(&mask);
        let features = Roi::new(&image, labels, &params)
            .and_then(|roi| extractor.extract(&roi))
            .map_err(|error| in_mask(files.mask, files.image, error).to_string());
        let mut diagnostics = Vec::new();
        let features = features.map(|mut features| {
            let new = features
                .noise_bands
                .iter()
                .filter(|band| !bands.contains(band));
            let new: Vec<ImageName> = new.copied().collect();
            bands.extend(new);
            diagnostics = features
                .diagnostics
                .take()
                .map_or_else(Vec::new, |d| d.rows());
            named(features)
        });
        rows.push(RegionRow {
            region: region.cells,
            diagnostics,
            features,
        });
    }
    Ok((rows, bands))
}

/// One region that is wanted.
struct Wanted {
    label: u32,
    cells: Texts,
    /// The mask that has the lesions of a label as labels of their own.
    lesions: Option<Rc<Mask>>,
}

fn wanted(
    mask: &Mask,
    files: &ImageFiles<'_>,
    choice: &RegionChoice,
) -> anyhow::Result<Vec<Wanted>> {
    let labels = match &choice.labels {
        LabelChoice::One(label) => vec![*label],
        LabelChoice::Several(labels) => labels.clone(),
        LabelChoice::All => mask.counts().into_keys().collect(),
    };
    anyhow::ensure!(
        !labels.is_empty(),
        "{}: expected at least one label, found none: all voxels are 0",
        files.mask.display()
    );
    let mut regions = Vec::new();
    for label in labels {
        let mut cells = Vec::new();
        if !matches!(choice.labels, LabelChoice::One(_)) {
            cells.push(("Label".to_owned(), label.to_string()));
        }
        if !choice.lesions {
            regions.push(Wanted {
                label,
                cells,
                lesions: None,
            });
            continue;
        }
        let lesions = mask
            .lesions(label)
            .map_err(|error| in_mask(files.mask, files.image, error))?;
        let numbers: Vec<u32> = lesions.counts().into_keys().collect();
        let lesions = Rc::new(lesions);
        for number in numbers {
            let mut cells = cells.clone();
            cells.push(("Lesion".to_owned(), number.to_string()));
            regions.push(Wanted {
                label: number,
                cells,
                lesions: Some(Rc::clone(&lesions)),
            });
        }
    }
    Ok(regions)
}

fn named(features: FeatureVector) -> NamedValues {
    NamedValues {
        names: features.names.iter().map(FeatureName::to_string).collect(),
        values: features.values,
    }
}

/// The sub-bands among feature columns that [hold only noise](NOISE_BANDS) for the size of `image`, each once.
///
/// # Errors
/// What [`read_image`] refuses.
pub fn noise_bands(
    columns: &[String],
    image: &Path,
    options: &ReadOptions,
) -> anyhow::Result<Vec<ImageName>> {
    let size = read_image(image, options)?.size();
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

/// One slice of an image with a region's outline on it.
#[derive(Debug, Clone)]
pub struct OutlinedSlice {
    /// Gray values, `(rows, columns)`.
    pub gray: Array2<f64>,
    /// Which pixels are in the region.
    pub inside: Array2<bool>,
}

impl OutlinedSlice {
    /// Reads one region; of an image of several slices the one with the largest part of the region.
    ///
    /// # Errors
    /// As [`check_region`].
    pub fn read(image: &Path, mask: &Path, label: Option<u32>) -> anyhow::Result<Self> {
        let (image_voxels, labels) = read_pair(image, mask, None)?;
        let default = RoiParams::default();
        let params = RoiParams {
            label: label.unwrap_or(default.label),
            ..default
        };
        let roi = Roi::new(&image_voxels, &labels, &params)
            .map_err(|error| in_mask(mask, image, error))?;
        Ok(Self::of(&image_voxels, &roi))
    }

    /// The slice of an image with the largest part of a region.
    fn of(image: &Volume, roi: &Roi) -> Self {
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
        let voxels = image.voxels();
        let gray = voxels.index_axis(Axis(0), bounds.start[0] + slice);
        let mut inside = Array2::from_elem(gray.raw_dim(), false);
        let [_, top, left] = bounds.start;
        for ((y, x), &value) in region.index_axis(Axis(0), slice).indexed_iter() {
            inside[(top + y, left + x)] = value;
        }
        Self {
            gray: gray.to_owned(),
            inside,
        }
    }

    /// What a network gets to see of it.
    ///
    /// # Errors
    /// What [`Preprocess::apply_view`] refuses.
    pub fn view(
        &self,
        preprocess: &Preprocess,
        view: &View,
    ) -> deep_features::Result<NetworkInput> {
        preprocess.apply_view(self.gray.view(), Some(self.inside.view()), view)
    }
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
    OutlinedSlice::read(image, mask, label)?
        .view(preprocess, &View::IDENTITY)
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

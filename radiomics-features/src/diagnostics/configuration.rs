//! The settings of an extraction as the Python dictionaries that PyRadiomics writes.

use crate::discretize::Binning;
use crate::filters::{Gradient, ImageFilter, LbpMethod};
use crate::params::{ImageParams, Params};
use crate::resample::{PixelSpacing, Resampling};
use crate::resegment::{ResegmentMode, ResegmentShape, Resegmentation};
use crate::roi::{MaskGrid, RoiParams};
use crate::texture::{Axis, TextureParams, WeightingNorm};

/// PyRadiomics' default for `padDistance`, which it lists whether it is used or not.
const PAD_DISTANCE: usize = 5;

/// A Python dictionary being written.
#[derive(Default)]
struct Dictionary(Vec<String>);

impl Dictionary {
    fn set(&mut self, key: &str, value: impl ToString) {
        self.0.push(format!("'{key}': {}", value.to_string()));
    }

    fn set_some(&mut self, key: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    fn finish(self) -> String {
        format!("{{{}}}", self.0.join(", "))
    }
}

/// The general settings: what PyRadiomics always lists, then what is not at its default.
pub(super) fn settings(params: &Params, roi: &RoiParams) -> String {
    let general = params.images.first().map(|image| &image.texture);
    let default = TextureParams::default();
    let texture = general.unwrap_or(&default);
    let mut d = Dictionary::default();
    d.set("minimumROIDimensions", roi.minimum_dimensions);
    d.set("minimumROISize", or_none(roi.minimum_size));
    let normalization = params.normalization.as_ref();
    d.set("normalize", boolean(normalization.is_some()));
    d.set(
        "normalizeScale",
        number(normalization.map_or(1.0, |n| n.scale)),
    );
    d.set(
        "removeOutliers",
        or_none(normalization.and_then(|n| n.outliers).map(number)),
    );
    let resampling = params.resampling.as_ref();
    d.set("resampledPixelSpacing", or_none(resampling.map(spacing)));
    let interpolator = resampling.map_or_else(Default::default, |r| r.interpolator);
    d.set("interpolator", format!("'sitk{interpolator:?}'"));
    d.set("preCrop", boolean(params.pre_crop.is_some()));
    let margin = resampling.map(|r| r.margin).or(params.pre_crop);
    d.set("padDistance", margin.unwrap_or(PAD_DISTANCE));
    d.set(
        "distances",
        list(texture.distances.iter().map(usize::to_string)),
    );
    let force_2d = texture.force_2d.or(params.shape_force_2d);
    d.set("force2D", boolean(force_2d.is_some()));
    d.set("force2Ddimension", force_2d.map_or(0, Axis::index));
    let resegmentation = params.resegmentation.as_ref();
    d.set("resegmentRange", or_none(resegmentation.map(range)));
    d.set("label", roi.label);
    d.set("additionalInfo", "True");
    if let Some(resegmentation) = resegmentation {
        resegmentation_settings(&mut d, resegmentation);
    }
    let default = RoiParams::default();
    if roi.geometry_tolerance != default.geometry_tolerance {
        d.set("geometryTolerance", number(roi.geometry_tolerance));
    }
    if roi.mask_grid == MaskGrid::Corrected {
        d.set("correctMask", "True");
    }
    d.set_some("label_channel", params.label_channel);
    if let Some(image) = params.images.first() {
        image_settings(&mut d, image, &ImageParams::new(ImageFilter::Original));
    }
    d.finish()
}

/// The image types, each with the settings of its filter and those in which it differs from the first.
pub(super) fn image_types(params: &Params) -> String {
    let mut d = Dictionary::default();
    for image in &params.images {
        let mut own = Dictionary::default();
        filter_settings(&mut own, &image.filter);
        image_settings(&mut own, image, &params.images[0]);
        if image.texture.force_2d != params.images[0].texture.force_2d {
            own.set("force2D", boolean(image.texture.force_2d.is_some()));
            own.set_some("force2Ddimension", image.texture.force_2d.map(Axis::index));
        }
        if image.texture.distances != params.images[0].texture.distances {
            own.set(
                "distances",
                list(image.texture.distances.iter().map(usize::to_string)),
            );
        }
        d.set(image_type(&image.filter), own.finish());
    }
    d.finish()
}

fn image_type(filter: &ImageFilter) -> &'static str {
    match filter {
        ImageFilter::Original => "Original",
        ImageFilter::Wavelet(_) => "Wavelet",
        ImageFilter::LaplacianOfGaussian(_) => "LoG",
        ImageFilter::Square => "Square",
        ImageFilter::SquareRoot => "SquareRoot",
        ImageFilter::Logarithm => "Logarithm",
        ImageFilter::Exponential => "Exponential",
        ImageFilter::Gradient(_) => "Gradient",
        ImageFilter::LocalBinaryPattern(_) => "LBP2D",
        ImageFilter::Standard(_) => "Standard",
    }
}

/// Settings of the filter that are not at their default; a sigma always, for it has none.
fn filter_settings(d: &mut Dictionary, filter: &ImageFilter) {
    match filter {
        ImageFilter::Wavelet(wavelet) if *wavelet != Default::default() => {
            d.set("wavelet", format!("'{}'", wavelet.mother));
            d.set("level", wavelet.level);
            d.set("start_level", wavelet.start_level);
        }
        ImageFilter::LaplacianOfGaussian(log) => {
            let sigmas = log
                .sigmas
                .iter()
                .map(|sigma| sigma.to_string().replace('-', "."));
            d.set("sigma", list(sigmas));
        }
        ImageFilter::Gradient(Gradient::PerVoxel) => d.set("gradientUseSpacing", "False"),
        ImageFilter::LocalBinaryPattern(lbp) if *lbp != Default::default() => {
            d.set("lbp2DRadius", number(lbp.radius));
            d.set("lbp2DSamples", lbp.samples);
            let method = match lbp.method {
                LbpMethod::Default => "default",
                LbpMethod::RotationInvariant => "ror",
                LbpMethod::Uniform => "uniform",
                LbpMethod::Variance => "var",
            };
            d.set("lbp2DMethod", format!("'{method}'"));
        }
        ImageFilter::Standard(filter) => d.set("filter", format!("'{filter}'")),
        _ => {}
    }
}

/// Settings of gray levels and matrices in which `image` differs from `other`.
fn image_settings(d: &mut Dictionary, image: &ImageParams, other: &ImageParams) {
    if image.binning != other.binning {
        match image.binning {
            Binning::Width(width) | Binning::FixedBinSize { width, .. } => {
                d.set("binWidth", number(width))
            }
            Binning::Count(count) | Binning::FixedBinNumber(count) => d.set("binCount", count),
        }
    }
    if image.first_order != other.first_order {
        d.set(
            "voxelArrayShift",
            number(image.first_order.voxel_array_shift),
        );
    }
    let (texture, others) = (&image.texture, &other.texture);
    if texture.symmetrical_glcm != others.symmetrical_glcm {
        d.set("symmetricalGLCM", boolean(texture.symmetrical_glcm));
    }
    if texture.weighting != others.weighting {
        let norm = texture.weighting.map(|norm| match norm {
            WeightingNorm::Euclidean => "'euclidean'",
            WeightingNorm::Manhattan => "'manhattan'",
            WeightingNorm::Infinity => "'infinity'",
            WeightingNorm::NoWeighting => "'no_weighting'",
        });
        d.set("weightingNorm", or_none(norm));
    }
    if texture.gldm_alpha != others.gldm_alpha {
        d.set("gldm_a", texture.gldm_alpha);
    }
}

fn resegmentation_settings(d: &mut Dictionary, resegmentation: &Resegmentation) {
    let mode = match resegmentation.mode {
        ResegmentMode::Absolute => None,
        ResegmentMode::Relative => Some("'relative'"),
        ResegmentMode::Sigma => Some("'sigma'"),
    };
    d.set_some("resegmentMode", mode);
    if resegmentation.shape == ResegmentShape::Resegmented {
        d.set("resegmentShape", "True");
    }
}

/// In the order of the file: x, y, z.
fn spacing(resampling: &Resampling) -> String {
    let zyx = match &resampling.spacing {
        PixelSpacing::Plane(spacing) => &spacing[..],
        PixelSpacing::Volume(spacing) => &spacing[..],
    };
    list(zyx.iter().rev().copied().map(number))
}

fn range(resegmentation: &Resegmentation) -> String {
    let limits = [Some(resegmentation.lower), resegmentation.upper];
    list(limits.into_iter().flatten().map(number))
}

fn number(value: f64) -> String {
    let text = super::python_float(value);
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn boolean(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn or_none(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "None".to_owned(), |value| value.to_string())
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

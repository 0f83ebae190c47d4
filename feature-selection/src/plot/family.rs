//! Feature families, recognized by name, for coloring.

use eval_stats::plot::canvas::{Color, GRAY, PALETTE};

/// Where a feature comes from, read from a radiomics-style name such as `wavelet-LLH_glcm_Contrast`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FeatureFamily {
    /// Contains `shape`.
    Shape,
    /// First-order statistics of the original image.
    FirstOrder,
    /// GLCM, GLRLM, GLSZM, GLDM, NGTDM of the original image.
    Texture,
    /// Any feature of a wavelet band.
    Wavelet,
    /// Any feature of another filtered image.
    Filtered,
    /// Network features: names that begin with `dl_` or `deep`.
    Deep,
    /// Anything else.
    Other,
}

impl FeatureFamily {
    /// The family of a feature name.
    pub fn of(name: &str) -> Self {
        const TEXTURES: [&str; 5] = ["glcm", "glrlm", "glszm", "gldm", "ngtdm"];
        const FILTERS: [&str; 8] = [
            "log-sigma",
            "square",
            "logarithm",
            "exponential",
            "gradient",
            "lbp-",
            "gabor",
            "laws",
        ];
        let name = name.to_ascii_lowercase();
        if name.contains("wavelet") {
            Self::Wavelet
        } else if name.starts_with("dl_") || name.contains("_dl_") || name.starts_with("deep") {
            Self::Deep
        } else if FILTERS.iter().any(|f| name.contains(f)) {
            Self::Filtered
        } else if name.contains("shape") {
            Self::Shape
        } else if name.contains("firstorder") {
            Self::FirstOrder
        } else if TEXTURES.iter().any(|t| name.contains(t)) {
            Self::Texture
        } else {
            Self::Other
        }
    }

    /// Label in legends.
    pub fn label(self) -> &'static str {
        match self {
            Self::Shape => "Shape",
            Self::FirstOrder => "First order",
            Self::Texture => "Texture",
            Self::Wavelet => "Wavelet",
            Self::Filtered => "Filtered",
            Self::Deep => "Deep",
            Self::Other => "Other",
        }
    }

    pub(super) fn color(self) -> Color {
        match self {
            Self::Shape => PALETTE[2],
            Self::FirstOrder => PALETTE[4],
            Self::Texture => PALETTE[0],
            Self::Wavelet => PALETTE[5],
            Self::Filtered => PALETTE[3],
            Self::Deep => PALETTE[1],
            Self::Other => GRAY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FeatureFamily as F;

    #[test]
    fn names_tell_families() {
        for (name, family) in [
            ("original_shape_Sphericity", F::Shape),
            ("original_firstorder_Mean", F::FirstOrder),
            ("tumor_original_glcm_Contrast", F::Texture),
            ("wavelet-LLH_glcm_Contrast", F::Wavelet),
            ("log-sigma-2-0-mm-3D_firstorder_Mean", F::Filtered),
            ("dl_vgg19_relu5_4_avg_017", F::Deep),
            ("age", F::Other),
        ] {
            assert_eq!(F::of(name), family, "{name}");
        }
    }
}

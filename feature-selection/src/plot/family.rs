//! Feature families, recognized by name, for coloring.

use eval_stats::plot::canvas::{Color, Entry, GRAY, Legend, Mark, PALETTE};

/// Where a feature comes from, read from a radiomics-style name such as `wavelet-LLH_glcm_Contrast`.
///
/// The class is the first part (between underscores) that is one of pyradiomics' feature classes; what stands before it
/// is the image. So `original_firstorder_RootMeanSquared` is first order, though it contains the name of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FeatureFamily {
    /// Class `shape` or `shape2D`.
    Shape,
    /// First-order statistics of the original image.
    FirstOrder,
    /// GLCM, GLRLM, GLSZM, GLDM, NGTDM of the original image.
    Texture,
    /// Any feature of a wavelet band.
    Wavelet,
    /// Any feature of another filtered image.
    Filtered,
    /// Network features: a part that begins with `deep`, is `dl` or names a common network such as `vgg19` or `resnet50`.
    Deep,
    /// Anything else.
    Other,
}

const TEXTURES: [&str; 5] = ["glcm", "glrlm", "glszm", "gldm", "ngtdm"];
const FILTERS: [&str; 8] = [
    "log",
    "square",
    "exponential",
    "gradient",
    "lbp",
    "gabor",
    "laws",
    "nonseparable",
];
const NETWORKS: [&str; 7] = [
    "deep",
    "vgg",
    "resnet",
    "densenet",
    "inception",
    "efficientnet",
    "swin",
];

impl FeatureFamily {
    /// The family of a feature name; letter case does not matter.
    ///
    /// ```
    /// use feature_selection::plot::FeatureFamily;
    /// assert_eq!(FeatureFamily::of("wavelet-LLH_glcm_Contrast"), FeatureFamily::Wavelet);
    /// assert_eq!(FeatureFamily::of("original_glcm_SumSquares"), FeatureFamily::Texture);
    /// ```
    pub fn of(name: &str) -> Self {
        let name = name.to_lowercase();
        let parts: Vec<&str> = name.split(['_', ' ']).collect();
        let is_class =
            |p: &&str| TEXTURES.contains(p) || ["shape", "shape2d", "firstorder"].contains(p);
        let begins = |part: &str, words: &[&str]| words.iter().any(|w| part.starts_with(w));
        let class = parts.iter().position(is_class);
        let image = &parts[..class.unwrap_or(parts.len())];
        if class.is_none() && image.iter().any(|p| *p == "dl" || begins(p, &NETWORKS)) {
            return Self::Deep;
        }
        if image.iter().any(|p| p.starts_with("wavelet")) {
            return Self::Wavelet;
        }
        let Some(class) = class else {
            return Self::Other;
        };
        match parts[class] {
            _ if image.iter().any(|p| begins(p, &FILTERS)) => Self::Filtered,
            "firstorder" => Self::FirstOrder,
            class if TEXTURES.contains(&class) => Self::Texture,
            _ => Self::Shape,
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

/// A legend of the families that occur.
pub(super) fn family_legend(families: impl IntoIterator<Item = FeatureFamily>) -> Legend {
    let mut families: Vec<FeatureFamily> = families.into_iter().collect();
    families.sort_unstable();
    families.dedup();
    let mut legend = Legend::new();
    for family in families {
        legend.push(Entry::new(Mark::Box(family.color()), family.label()));
    }
    legend
}

#[cfg(test)]
mod tests {
    use super::FeatureFamily as F;

    #[test]
    fn names_tell_families() {
        for (name, family) in [
            ("original_shape_Sphericity", F::Shape),
            ("original_shape2D_Elongation", F::Shape),
            ("original_firstorder_Mean", F::FirstOrder),
            ("original_firstorder_RootMeanSquared", F::FirstOrder),
            ("original_glcm_SumSquares", F::Texture),
            ("original_glrlm_LogisticNothing", F::Texture),
            ("tumor_original_glcm_Contrast", F::Texture),
            ("wavelet-LLH_glcm_Contrast", F::Wavelet),
            ("T2_wavelet.LLH_firstorder_Mean", F::Wavelet),
            ("log-sigma-2-0-mm-3D_firstorder_Mean", F::Filtered),
            ("squareroot_glszm_ZoneEntropy", F::Filtered),
            ("lbp-3D-m1_firstorder_Mean", F::Filtered),
            ("dl_vgg19_relu5_4_avg_017", F::Deep),
            ("tumor_dl_3", F::Deep),
            ("DeepFeature12", F::Deep),
            ("age", F::Other),
            ("Log CA19-9", F::Other),
            ("", F::Other),
        ] {
            assert_eq!(F::of(name), family, "{name}");
        }
    }
}

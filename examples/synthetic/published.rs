//! The published cohort in numbers: Table 1 by split and the univariable odds ratios of the clinical-ultrasonic factors.
//!
//! Source: Zhang D. et al., The Oncologist 30(5), 2025, oyaf090. The prospective set is printed with 107 patients but its counts
//! add up to 117 only, which is used here.

/// What Table 1 says about one split: counts at full size, means and standard deviations.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublishedSplit {
    pub(super) name: &'static str,
    pub(super) patients: usize,
    pub(super) node_positive: usize,
    /// Indices into the list of centers that recruited for this split.
    pub(super) centers: &'static [usize],
    pub(super) age: MeanSd,
    pub(super) tumor_size_cm: MeanSd,
    pub(super) nonparallel: usize,
    pub(super) noncircumscribed: usize,
    pub(super) irregular: usize,
    pub(super) heterogeneous: usize,
    pub(super) microcalcification: usize,
    pub(super) shadowing: usize,
    pub(super) enhancement: usize,
    pub(super) adler: [usize; 4],
    pub(super) reported_positive: usize,
    pub(super) er_positive: usize,
    pub(super) pr_positive: usize,
    pub(super) her2_positive: usize,
    pub(super) ki67_high: usize,
}

/// Mean and standard deviation of a measured quantity.
#[derive(Debug, Clone, Copy)]
pub(super) struct MeanSd {
    pub(super) mean: f64,
    pub(super) sd: f64,
}

const fn mean_sd(mean: f64, sd: f64) -> MeanSd {
    MeanSd { mean, sd }
}

/// Training, internal test, external test and prospective test set.
pub(super) const SPLITS: [PublishedSplit; 4] = [
    PublishedSplit {
        name: "training",
        patients: 421,
        node_positive: 272,
        centers: &[0, 1],
        age: mean_sd(54.0, 10.6),
        tumor_size_cm: mean_sd(2.9, 1.5),
        nonparallel: 61,
        noncircumscribed: 360,
        irregular: 410,
        heterogeneous: 72,
        microcalcification: 255,
        shadowing: 151,
        enhancement: 47,
        adler: [55, 198, 118, 50],
        reported_positive: 266,
        er_positive: 274,
        pr_positive: 274,
        her2_positive: 154,
        ki67_high: 294,
    },
    PublishedSplit {
        name: "internal",
        patients: 106,
        node_positive: 72,
        centers: &[0, 1],
        age: mean_sd(52.5, 8.8),
        tumor_size_cm: mean_sd(2.7, 1.1),
        nonparallel: 6,
        noncircumscribed: 83,
        irregular: 102,
        heterogeneous: 11,
        microcalcification: 72,
        shadowing: 41,
        enhancement: 19,
        adler: [14, 57, 29, 6],
        reported_positive: 82,
        er_positive: 74,
        pr_positive: 68,
        her2_positive: 38,
        ki67_high: 77,
    },
    PublishedSplit {
        name: "external",
        patients: 222,
        node_positive: 123,
        centers: &[2, 3, 4, 5],
        age: mean_sd(54.4, 11.6),
        tumor_size_cm: mean_sd(2.9, 1.5),
        nonparallel: 32,
        noncircumscribed: 168,
        irregular: 214,
        heterogeneous: 34,
        microcalcification: 112,
        shadowing: 103,
        enhancement: 29,
        adler: [27, 121, 50, 24],
        reported_positive: 93,
        er_positive: 144,
        pr_positive: 115,
        her2_positive: 61,
        ki67_high: 136,
    },
    PublishedSplit {
        name: "prospective",
        patients: 117,
        node_positive: 54,
        centers: &[0],
        age: mean_sd(53.8, 10.0),
        tumor_size_cm: mean_sd(2.4, 1.0),
        nonparallel: 11,
        noncircumscribed: 91,
        irregular: 113,
        heterogeneous: 32,
        microcalcification: 70,
        shadowing: 50,
        enhancement: 20,
        adler: [10, 69, 27, 11],
        reported_positive: 57,
        er_positive: 85,
        pr_positive: 84,
        her2_positive: 29,
        ki67_high: 88,
    },
];

/// Univariable odds ratios of node metastasis.
pub(super) mod odds_ratio {
    /// Per year of age.
    pub(crate) const AGE: f64 = 0.99;
    /// Per centimeter of tumor size.
    pub(crate) const TUMOR_SIZE: f64 = 1.75;
    pub(crate) const RIGHT: f64 = 0.99;
    pub(crate) const NONPARALLEL: f64 = 0.65;
    pub(crate) const NONCIRCUMSCRIBED: f64 = 2.90;
    pub(crate) const IRREGULAR: f64 = 2.24;
    pub(crate) const HETEROGENEOUS: f64 = 1.29;
    pub(crate) const MICROCALCIFICATION: f64 = 1.62;
    /// None, shadowing, enhancement.
    pub(crate) const POSTERIOR: [f64; 3] = [1.0, 1.28, 0.58];
    /// Adler grade 0 to 3.
    pub(crate) const ADLER: [f64; 4] = [1.0, 0.88, 1.36, 1.21];
    pub(crate) const REPORTED: f64 = 5.91;
}

/// Sensitivity and specificity of one reader on the prospective set, without and with the model's output.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReaderSkill {
    pub(super) name: &'static str,
    pub(super) sensitivity: [f64; 2],
    pub(super) specificity: [f64; 2],
}

/// The two readers. Specificity is published; sensitivity follows from the published accuracy with 54 of 117 positive.
pub(super) const READERS: [ReaderSkill; 2] = [
    ReaderSkill {
        name: "junior",
        sensitivity: [43.0 / 54.0, 42.0 / 54.0],
        specificity: [39.0 / 63.0, 54.0 / 63.0],
    },
    ReaderSkill {
        name: "senior",
        sensitivity: [34.0 / 54.0, 39.0 / 54.0],
        specificity: [55.0 / 63.0, 62.0 / 63.0],
    },
];

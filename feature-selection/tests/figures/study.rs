//! Made-up studies that the figures draw.

use feature_selection::FeatureTable;
use feature_selection::correlation::Correlation;
use feature_selection::icc::{FeatureIcc, IccForm, IccSettings, feature_icc};
use feature_selection::lasso::{CrossValidation, CrossValidationFit, Measure};
use feature_selection::pipeline::{
    Fitted, FoldPlan, LassoStep, RedundancyRule, SelectionPipeline, Step,
};
use feature_selection::standardize::Divisor;
use ndarray::Array2;

use crate::common::{Noise, names};

/// Names as radiomics programs write them, `n` different ones.
pub fn radiomics_names(n: usize) -> Vec<String> {
    const IMAGES: [&str; 12] = [
        "original",
        "wavelet-LLH",
        "wavelet-LHL",
        "wavelet-HHH",
        "wavelet-LLL",
        "log-sigma-2-0-mm-3D",
        "log-sigma-5-0-mm-3D",
        "square",
        "squareroot",
        "exponential",
        "gradient",
        "lbp-3D-m1",
    ];
    const FEATURES: [&str; 10] = [
        "firstorder_RootMeanSquared",
        "firstorder_90Percentile",
        "glcm_Contrast",
        "glcm_InverseVariance",
        "glrlm_LongRunHighGrayLevelEmphasis",
        "glrlm_RunLengthNonUniformityNormalized",
        "glszm_SmallAreaLowGrayLevelEmphasis",
        "gldm_LargeDependenceLowGrayLevelEmphasis",
        "ngtdm_Busyness",
        "shape_Sphericity",
    ];
    (0..n)
        .map(|j| match j % 11 {
            10 => format!("dl_vgg19_relu5_4_avg_{j:03}"),
            k => {
                let image = if k == 9 {
                    "original"
                } else {
                    IMAGES[(j / 11) % 12]
                };
                let round = j / 132;
                let region = ["", "peritumoral_", "node_"][round % 3];
                let extra = if round > 2 || k == 9 && j > 10 {
                    format!("_{j}")
                } else {
                    String::new()
                };
                format!("{region}{image}_{}{extra}", FEATURES[k])
            }
        })
        .collect()
}

/// Features in groups of eight that measure the same with either sign; every tenth tells the outcome apart.
pub fn table(n: usize, p: usize) -> (FeatureTable, Vec<bool>) {
    let mut noise = Noise::new(21 + p as u64);
    let outcome = noise.outcome(n, 0.4);
    let groups = noise.table(n, p.div_ceil(8)).to_array();
    let mut values = noise.table(n, p).to_array();
    for ((i, j), v) in values.indexed_iter_mut() {
        let sign = if j % 3 == 1 { -1.0 } else { 1.0 };
        *v = 0.45 * *v + sign * groups[[i, j / 8]];
        if j % 10 == 3 && outcome[i] {
            *v += 0.9 - 0.1 * (j % 7) as f64;
        }
    }
    (
        FeatureTable::new(values.view(), &radiomics_names(p)).unwrap(),
        outcome,
    )
}

pub fn fit_by(table: &FeatureTable, outcome: &[bool], measure: Measure) -> Fitted {
    let folds = FoldPlan::Stratified {
        n_folds: 5,
        seed: 1,
        repeats: 1,
    };
    let lasso = LassoStep {
        estimator: CrossValidation::default().measure(measure).into(),
        folds,
        ..LassoStep::default()
    };
    SelectionPipeline::new()
        .step(Step::DropConstant)
        .step(Step::Standardize(Divisor::Sample))
        .step(Step::Redundancy {
            rule: RedundancyRule::default(),
            cutoff: 0.95,
            correlation: Correlation::Spearman,
        })
        .step(Step::Lasso(lasso))
        .fit(table, outcome)
        .unwrap()
}

pub fn fitted(n: usize, p: usize) -> Fitted {
    let (table, outcome) = table(n, p);
    fit_by(&table, &outcome, Measure::Deviance)
}

/// A cross-validation of `p` features.
pub fn cross_validation(n: usize, p: usize) -> CrossValidationFit {
    fitted(n, p).cross_validation().unwrap().clone()
}

/// Inter- and intra-observer coefficients of `p` features, from useless to perfect.
pub fn reliabilities(p: usize) -> (Vec<FeatureIcc>, Vec<FeatureIcc>) {
    let mut noise = Noise::new(5);
    let truth = noise.table(40, p).to_array();
    let mut reading = |size: f64| {
        let values = Array2::from_shape_fn(truth.dim(), |(i, j)| {
            truth[[i, j]] + size * (j as f64 / p as f64).powi(2) * noise.normal()
        });
        FeatureTable::new(values.view(), &names(p)).unwrap()
    };
    let (a, b, c) = (reading(0.8), reading(1.4), reading(0.7));
    let run = |t: &[&FeatureTable]| {
        feature_icc(t, IccForm::AGREEMENT_SINGLE, &IccSettings::default()).unwrap()
    };
    (run(&[&a, &b]), run(&[&a, &c]))
}

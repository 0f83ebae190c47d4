//! One synthetic patient: outcome, clinical-ultrasonic findings and the latent severities that the images express.
//!
//! Within an outcome class all findings share two standard normal latents, one for the tumor and one for the node (a
//! Gaussian copula): the radiologist's report follows what the node looks like, the margin what the tumor looks like, while
//! every marginal and every univariable odds ratio stays as published.

use rand::Rng;

use super::conditional::{ConditionalGamma, ConditionalLevels, normal_cdf};
use super::field::normal;
use super::published::{PublishedSplit, odds_ratio};

/// Distance between the class means of the tumor's latent severity, in within-class standard deviations. Set so that scores learned from the
/// images come near the published AUCs: a property of this cohort, not a finding.
const TUMOR_SEPARATION: f64 = 1.8;
/// The same for the lymph node.
const NODE_SEPARATION: f64 = 2.4;

/// Posterior acoustic features of a lesion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Posterior {
    None,
    Shadowing,
    Enhancement,
}

/// A synthetic patient's truth.
#[derive(Debug, Clone)]
pub(super) struct Patient {
    pub(super) node_positive: bool,
    /// Latent severity of the tumor and of the node, about 0 on average; larger looks more malignant.
    pub(super) tumor_severity: f64,
    pub(super) node_severity: f64,
    pub(super) age: f64,
    pub(super) tumor_size_cm: f64,
    pub(super) right: bool,
    pub(super) nonparallel: bool,
    pub(super) noncircumscribed: bool,
    pub(super) irregular: bool,
    pub(super) heterogeneous: bool,
    pub(super) microcalcification: bool,
    pub(super) posterior: Posterior,
    pub(super) adler_grade: usize,
    pub(super) reported_positive: bool,
    pub(super) er_positive: bool,
    pub(super) pr_positive: bool,
    pub(super) her2_positive: bool,
    pub(super) ki67_percent: f64,
}

/// Class-conditional distributions of every finding in one split.
pub(super) struct Findings {
    age_mean: [f64; 2],
    age_sd: f64,
    tumor_size: ConditionalGamma,
    right: ConditionalLevels,
    nonparallel: ConditionalLevels,
    noncircumscribed: ConditionalLevels,
    irregular: ConditionalLevels,
    heterogeneous: ConditionalLevels,
    microcalcification: ConditionalLevels,
    posterior: ConditionalLevels,
    adler: ConditionalLevels,
    reported: ConditionalLevels,
    er: ConditionalLevels,
    pr: ConditionalLevels,
    her2: ConditionalLevels,
    ki67: ConditionalLevels,
}

impl Findings {
    /// The distributions behind the published table of one split.
    pub(super) fn of(split: &PublishedSplit) -> Self {
        let n = split.patients as f64;
        let prevalence = split.node_positive as f64 / n;
        let binary = |count: usize, ratio: f64| {
            let p = count as f64 / n;
            ConditionalLevels::solve(&[1.0 - p, p], &[1.0, ratio], prevalence)
        };
        let posterior = [
            split.patients - split.shadowing - split.enhancement,
            split.shadowing,
            split.enhancement,
        ];
        let shares = |counts: &[usize]| {
            counts
                .iter()
                .map(|&count| count as f64 / n)
                .collect::<Vec<_>>()
        };
        // Two normals with equal variance have the log odds ratio (difference / variance) per unit.
        let age_shift = odds_ratio::AGE.ln() * split.age.sd.powi(2);
        let age_negative = split.age.mean - prevalence * age_shift;
        Self {
            age_mean: [age_negative, age_negative + age_shift],
            age_sd: split.age.sd,
            tumor_size: ConditionalGamma::solve(
                split.tumor_size_cm.mean,
                split.tumor_size_cm.sd,
                odds_ratio::TUMOR_SIZE.ln(),
                prevalence,
            ),
            right: binary(split.patients / 2, odds_ratio::RIGHT),
            nonparallel: binary(split.nonparallel, odds_ratio::NONPARALLEL),
            noncircumscribed: binary(split.noncircumscribed, odds_ratio::NONCIRCUMSCRIBED),
            irregular: binary(split.irregular, odds_ratio::IRREGULAR),
            heterogeneous: binary(split.heterogeneous, odds_ratio::HETEROGENEOUS),
            microcalcification: binary(split.microcalcification, odds_ratio::MICROCALCIFICATION),
            posterior: ConditionalLevels::solve(
                &shares(&posterior),
                &odds_ratio::POSTERIOR,
                prevalence,
            ),
            adler: ConditionalLevels::solve(&shares(&split.adler), &odds_ratio::ADLER, prevalence),
            reported: binary(split.reported_positive, odds_ratio::REPORTED),
            er: binary(split.er_positive, 1.0),
            pr: binary(split.pr_positive, 1.0),
            her2: binary(split.her2_positive, 1.0),
            ki67: binary(split.ki67_high, 1.0),
        }
    }

    /// Draws one patient of the given outcome.
    pub(super) fn draw(&self, node_positive: bool, rng: &mut impl Rng) -> Patient {
        let tumor = normal(rng);
        let node = normal(rng);
        // A deviate with the given correlations to the two latents.
        let mut deviate = |with_tumor: f64, with_node: f64| {
            let own = (1.0 - with_tumor * with_tumor - with_node * with_node).sqrt();
            with_tumor * tumor + with_node * node + own * normal(rng)
        };
        let level = |levels: &ConditionalLevels, z: f64| levels.level(node_positive, normal_cdf(z));
        let sign = if node_positive { 0.5 } else { -0.5 };
        let receptor = deviate(0.0, 0.0);
        let age = self.age_mean[usize::from(node_positive)] + self.age_sd * deviate(0.0, 0.0);
        let size = self.tumor_size.value(node_positive, deviate(0.25, 0.25));
        let ki67_high = level(&self.ki67, deviate(0.15, 0.0)) == 1;
        let spread = deviate(0.0, 0.0).abs();
        Patient {
            node_positive,
            tumor_severity: sign * TUMOR_SEPARATION + tumor,
            node_severity: sign * NODE_SEPARATION + node,
            age: age.round().clamp(22.0, 90.0),
            tumor_size_cm: (size.clamp(0.5, 9.0) * 10.0).round() / 10.0,
            right: level(&self.right, deviate(0.0, 0.0)) == 1,
            nonparallel: level(&self.nonparallel, deviate(0.1, 0.0)) == 1,
            noncircumscribed: level(&self.noncircumscribed, deviate(0.3, 0.0)) == 1,
            irregular: level(&self.irregular, deviate(0.2, 0.0)) == 1,
            heterogeneous: level(&self.heterogeneous, deviate(0.25, 0.0)) == 1,
            microcalcification: level(&self.microcalcification, deviate(0.1, 0.0)) == 1,
            posterior: match level(&self.posterior, deviate(0.0, 0.0)) {
                0 => Posterior::None,
                1 => Posterior::Shadowing,
                _ => Posterior::Enhancement,
            },
            adler_grade: level(&self.adler, deviate(0.1, 0.0)),
            reported_positive: level(&self.reported, deviate(0.0, 0.5)) == 1,
            er_positive: level(&self.er, receptor) == 1,
            // Hormone receptors go together.
            pr_positive: level(&self.pr, 0.8 * receptor + 0.6 * deviate(0.0, 0.0)) == 1,
            her2_positive: level(&self.her2, deviate(0.0, 0.0)) == 1,
            ki67_percent: if ki67_high {
                (20.0 + 18.0 * spread).min(95.0).round()
            } else {
                (19.0 - 7.0 * spread).max(1.0).round()
            },
        }
    }
}

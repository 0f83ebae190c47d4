//! What the greedy criteria know about the features: information with the outcome and with each other.

use super::counts::{Discrete, Measure, Pair, Scratch, Sum};
use super::gaussian::Gaussian;
use crate::error::Result;
use crate::mutual_information::{Binning, Entropy, Target};
use crate::par::{map_indexed, map_with};
use crate::table::FeatureTable;

/// Information in nats, whatever it was estimated from.
pub(super) enum Source {
    Binned(Binned),
    Gaussian(Gaussian),
}

impl Source {
    /// `I(X;Y)` of every feature; `None` for one that no information is defined for.
    pub(super) fn relevance(&self) -> Vec<Option<f64>> {
        match self {
            Self::Binned(b) => b.relevance.iter().copied().map(Some).collect(),
            Self::Gaussian(g) => g.relevance.clone(),
        }
    }

    /// `I(X;W)`.
    pub(super) fn between(&self, x: usize, w: usize) -> f64 {
        match self {
            Self::Binned(b) => {
                b.between(x, &Pair::single(&b.features[w]), w, &mut Scratch::default())
            }
            Self::Gaussian(g) => g.between(x, w),
        }
    }

    /// `I(X;W)` of every open feature, 0 for the others.
    pub(super) fn redundancy(&self, w: usize, open: &[bool]) -> Vec<f64> {
        match self {
            Self::Binned(b) => {
                let pair = Pair::single(&b.features[w]);
                map_with(open.len(), Scratch::default, |scratch, x| {
                    if open[x] {
                        b.between(x, &pair, w, scratch)
                    } else {
                        0.0
                    }
                })
            }
            Self::Gaussian(g) => {
                map_indexed(open.len(), |x| if open[x] { g.between(x, w) } else { 0.0 })
            }
        }
    }
}

/// Information of a feature `X` and a selected one `W` together.
#[derive(Clone, Copy, Default)]
pub(super) struct Joint {
    /// `I(X,W;Y)`.
    pub(super) information: f64,
    /// `I(X,W;Y) / H(X,W,Y)`, 0 without entropy.
    pub(super) normalized: f64,
    /// `I(X;Y|W)`.
    pub(super) conditional: f64,
}

/// Features and outcome as classes.
pub(super) struct Binned {
    measure: Measure,
    features: Vec<Discrete>,
    entropies: Vec<Sum>,
    outcome: Discrete,
    outcome_entropy: Sum,
    relevance: Vec<f64>,
}

impl Binned {
    pub(super) fn new(
        table: &FeatureTable,
        target: Target<'_>,
        binning: Binning,
        entropy: Entropy,
    ) -> Result<Self> {
        entropy.check()?;
        let features = map_indexed(table.n_columns(), |j| {
            Discrete::new(&binning.classes(table.column(j))?)
        })
        .into_iter()
        .collect::<Result<Vec<_>>>()?;
        let outcome = Discrete::new(&target.classes(binning)?)?;
        let measure = Measure::new(entropy, table.n_rows());
        let entropies = map_indexed(features.len(), |j| {
            measure.entropy(&Pair::single(&features[j]))
        });
        let pair = Pair::single(&outcome);
        let outcome_entropy = measure.entropy(&pair);
        let relevance = map_with(features.len(), Scratch::default, |scratch, j| {
            let (both, _) = measure.joint(&features[j], &pair, scratch);
            measure.information(entropies[j], outcome_entropy, both)
        });
        Ok(Self {
            measure,
            features,
            entropies,
            outcome,
            outcome_entropy,
            relevance,
        })
    }

    fn between(&self, x: usize, pair: &Pair, w: usize, scratch: &mut Scratch) -> f64 {
        let (both, _) = self.measure.joint(&self.features[x], pair, scratch);
        self.measure
            .information(self.entropies[x], self.entropies[w], both)
    }

    /// A selected feature, ready to be joined with others.
    pub(super) fn partner(&self, w: usize) -> Partner {
        let pair = Pair::of(&self.features[w], &self.outcome);
        Partner {
            with_outcome: self.measure.entropy(&pair),
            entropy: self.entropies[w],
            pair,
        }
    }

    /// Information of `x` together with a selected feature.
    pub(super) fn joint(&self, x: usize, with: &Partner, scratch: &mut Scratch) -> Joint {
        let (all, features) = self.measure.joint(&self.features[x], &with.pair, scratch);
        let information = self
            .measure
            .information(features, self.outcome_entropy, all);
        let entropy = self.measure.entropy_of(all);
        Joint {
            information,
            normalized: if entropy > 0.0 {
                information / entropy
            } else {
                0.0
            },
            conditional: self
                .measure
                .conditional(features, with.with_outcome, all, with.entropy),
        }
    }
}

/// A selected feature with the outcome.
pub(super) struct Partner {
    pair: Pair,
    with_outcome: Sum,
    entropy: Sum,
}

//! What a program knows of a study.

use std::fmt;

use super::Answer;
use crate::report::SplitRole;

/// Something that is known, and where in the report it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fact {
    /// The fact in words.
    pub text: String,
    /// The heading of a section, which the page links to, or another place such as "Table 3".
    pub see: Option<String>,
}

impl Fact {
    /// A fact in words.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            see: None,
        }
    }

    /// Where the report tells more.
    pub fn see(mut self, place: impl Into<String>) -> Self {
        self.see = Some(place.into());
        self
    }

    /// What stands between it and a sentence behind it.
    pub(in crate::report) fn stop(&self) -> &'static str {
        if self.see.is_none() && self.text.ends_with('.') {
            " "
        } else {
            ". "
        }
    }

    /// Several facts as one, at the place of the last; other places stay in the text.
    pub(super) fn joined(facts: &[&Self]) -> Option<Self> {
        let (last, before) = facts.split_last()?;
        let mut text = String::new();
        for fact in before {
            text += &match fact.see == last.see {
                true => fact.text.clone(),
                false => fact.to_string(),
            };
            text += "; ";
        }
        Some(Self {
            text: text + &last.text,
            see: last.see.clone(),
        })
    }
}

impl fmt::Display for Fact {
    /// The text, and the place in parentheses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.see {
            Some(place) => write!(f, " (see {place})"),
            None => Ok(()),
        }
    }
}

/// Where the patients come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DataOrigin {
    /// A manifest that was given: people, of whom the program knows only what the manifest says.
    #[default]
    Manifest,
    /// Simulated by the program.
    Synthetic,
}

/// A split of the cohort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitFacts {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub role: SplitRole,
    /// Its cases.
    pub n: usize,
    /// Cases with the event.
    pub events: usize,
}

/// Numbers of features of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionFacts {
    /// The region.
    pub region: String,
    /// Handcrafted features of a case.
    pub handcrafted: usize,
    /// Deep features of a case.
    pub deep: usize,
    /// Features in the score.
    pub kept: usize,
}

/// How well features agree between repeated outlines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReliabilityFacts {
    /// Cases with a repeated outline, in the largest comparison.
    pub cases: usize,
    /// The coefficient and the threshold, for example "ICC(A,1) at least 0.80, between and within readers".
    pub rule: String,
    /// Where the report has the numbers.
    pub see: Option<String>,
}

/// What a program knows of a study. Everything may be left out; what is left out is not claimed.
///
/// Facts say what was done and hold for all models of the study. Where "none" is a fact as well, the field says so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StudyFacts {
    /// Title of the report.
    pub title: String,
    /// Where the patients come from.
    pub origin: DataOrigin,
    /// The outcome: its column, and what counts as an event.
    pub outcome: Option<Fact>,
    /// Candidate predictors that are no scores of features.
    pub predictors: Vec<String>,
    /// The splits.
    pub splits: Vec<SplitFacts>,
    /// Rows of the manifest that are in no split.
    pub excluded: usize,
    /// Where the flow of cases is drawn.
    pub flow: Option<Fact>,
    /// Characteristics of the patients by split and by outcome.
    pub baseline: Option<Fact>,
    /// What is done with missing values.
    pub missing: Option<Fact>,
    /// Checks of the manifest, the images and the outlines.
    pub checks: Option<Fact>,
    /// What the outlines are, as far as files say: regions, two or three dimensions.
    pub outlines: Option<Fact>,
    /// What was done to images before features were computed.
    pub preprocessing: Option<Fact>,
    /// Resampling of voxels; that there was none is a fact.
    pub resampling: Option<Fact>,
    /// Discretization of gray levels.
    pub discretization: Option<Fact>,
    /// Original image and filters.
    pub image_types: Option<Fact>,
    /// How features were computed: definitions, network, weights.
    pub extraction: Option<Fact>,
    /// Families of features.
    pub feature_classes: Option<Fact>,
    /// That all other settings were the defaults, or where all are listed.
    pub parameters: Option<Fact>,
    /// Numbers of features.
    pub regions: Vec<RegionFacts>,
    /// Reliability on repeated outlines; `None` where no outline was repeated.
    pub reliability: Option<ReliabilityFacts>,
    /// Scaling of features.
    pub scaling: Option<Fact>,
    /// Selection of features, each step with its threshold.
    pub selection: Option<Fact>,
    /// Statistics of the features of the scores.
    pub feature_statistics: Option<Fact>,
    /// How predictors enter the models: linear, splines, reference levels.
    pub predictor_form: Option<Fact>,
    /// Kind of the models and the steps of their building.
    pub modeling: Option<Fact>,
    /// How tuning parameters were found.
    pub tuning: Option<Fact>,
    /// How the final model was chosen.
    pub model_choice: Option<Fact>,
    /// Resampling or nested validation of the whole recipe; `None` where there was none.
    pub internal_validation: Option<Fact>,
    /// Balancing of classes; `None` where there was none.
    pub imbalance: Option<Fact>,
    /// Updating of models on test splits; `None` where models were applied unchanged.
    pub updating: Option<Fact>,
    /// Cut-offs and how they were found.
    pub thresholds: Option<Fact>,
    /// Discrimination: its measure.
    pub discrimination: Option<Fact>,
    /// Calibration: its measures and curves.
    pub calibration: Option<Fact>,
    /// Decision curves.
    pub decision_curve: Option<Fact>,
    /// Intervals and their methods.
    pub intervals: Option<Fact>,
    /// Tests between models.
    pub comparison: Option<Fact>,
    /// Models without features, and models of both.
    pub rivals: Option<Fact>,
    /// Performance on every split.
    pub performance: Option<Fact>,
    /// Performance by center, device or another cluster; `None` where it was not examined.
    pub clusters: Option<Fact>,
    /// Performance in subgroups of patients; `None` where it was not examined.
    pub subgroups: Option<Fact>,
    /// Readers that were compared with the models; `None` where there were none.
    pub readers: Option<Fact>,
    /// What explains the models: nomogram, heat maps.
    pub explanation: Option<Fact>,
    /// The whole model: formula, coefficients, files.
    pub model: Option<Fact>,
    /// How the risk of a new patient is computed.
    pub prediction: Option<Fact>,
    /// What is done with unusable input for a new patient.
    pub input_checks: Option<Fact>,
    /// Tools that apply the model, as files beside the report.
    pub ready_to_use: Option<Fact>,
    /// Files with the values of the features.
    pub feature_files: Option<Fact>,
    /// Files with all settings.
    pub settings_files: Option<Fact>,
    /// A drawing of the steps of the analysis.
    pub steps_chart: Option<Fact>,
    /// Where data can be had.
    pub data_availability: Option<Fact>,
    /// Where the code can be had.
    pub code_availability: Option<Fact>,
    /// Name and version of the program.
    pub software: String,
    /// Seed of every random draw.
    pub seed: Option<u64>,
}

/// Why a question about people is not asked of simulated patients.
const SIMULATED: &str = "the cohort is simulated, no patient took part";

impl StudyFacts {
    fn is_synthetic(&self) -> bool {
        self.origin == DataOrigin::Synthetic
    }

    /// A question about people: the authors', unless there are none.
    pub(super) fn of_people(&self) -> Answer {
        if self.is_synthetic() {
            Answer::not_applicable(SIMULATED)
        } else {
            Answer::open()
        }
    }

    /// As [`of_people`](Self::of_people), with what is known.
    pub(super) fn of_people_partly(&self, fact: &Option<Fact>, left: &str) -> Answer {
        if self.is_synthetic() {
            Answer::not_applicable(SIMULATED)
        } else {
            Answer::partly(fact, left)
        }
    }

    /// A fact that is all there is to say of simulated patients, and for which of people something is left.
    pub(super) fn with_authors(&self, fact: &Option<Fact>, left: &str) -> Answer {
        match fact {
            Some(fact) if self.is_synthetic() => Answer::Filled(fact.clone()),
            fact => Answer::partly(fact, left),
        }
    }

    /// Where the data come from.
    pub(super) fn data_source(&self) -> Option<Fact> {
        if self.splits.is_empty() {
            return None;
        }
        let n: usize = self.splits.iter().map(|split| split.n).sum();
        let kind = match self.origin {
            DataOrigin::Synthetic => "synthetic cohort made by the program",
            DataOrigin::Manifest => "cohort of a manifest on disk",
        };
        let seed = match (self.origin, self.seed) {
            (DataOrigin::Synthetic, Some(seed)) => format!(", seed {seed}"),
            _ => String::new(),
        };
        Some(Fact::new(format!(
            "{kind}: {n} cases in {} splits{seed}",
            self.splits.len()
        )))
    }

    /// Where the data can be had: made again from the seed, if they were made.
    pub(super) fn data_availability(&self) -> Option<Fact> {
        let again = self.seed.filter(|_| self.is_synthetic()).map(|seed| {
            Fact::new(format!(
                "the program makes the same cohort again from seed {seed}"
            ))
        });
        self.data_availability.clone().or(again)
    }

    /// Cases and events of every split.
    pub(super) fn counts(&self) -> Option<Fact> {
        if self.splits.is_empty() {
            return None;
        }
        let splits: Vec<String> = self
            .splits
            .iter()
            .map(|split| {
                let SplitFacts {
                    name, n, events, ..
                } = split;
                format!(
                    "{} split {name}: n = {n}, {events} with and {} without the event",
                    split.role.name().to_lowercase(),
                    n.saturating_sub(*events)
                )
            })
            .collect();
        let place = self.flow.as_ref().and_then(|flow| flow.see.clone());
        Some(Fact {
            text: splits.join("; "),
            see: place,
        })
    }

    /// How the splits are used.
    pub(super) fn partition(&self) -> Option<Fact> {
        let counts = self.counts()?;
        let text = format!(
            "{}; models are fitted on the training split only",
            counts.text
        );
        Some(Fact { text, ..counts })
    }

    /// Rows that are in no split.
    pub(super) fn exclusions(&self) -> Option<Fact> {
        let place = self.flow.as_ref()?.see.clone();
        Some(Fact {
            text: format!(
                "rows of the manifest left out by the program: {}",
                self.excluded
            ),
            see: place,
        })
    }

    /// Whether there is a split on which models are only evaluated.
    pub(super) fn has_test(&self) -> bool {
        self.splits
            .iter()
            .any(|split| split.role == SplitRole::Test)
    }

    /// The list of candidates.
    pub(super) fn candidates(&self) -> Option<Fact> {
        (!self.predictors.is_empty())
            .then(|| Fact::new(format!("candidates: {}", self.predictors.join(", "))))
    }

    /// What the models are compared with: other models, and readers.
    pub(super) fn compared_with(&self) -> Option<Fact> {
        let known: Vec<&Fact> = [&self.rivals, &self.readers]
            .into_iter()
            .flatten()
            .collect();
        Fact::joined(&known)
    }

    /// Numbers of features, from computed to kept.
    pub(super) fn feature_counts(&self) -> Option<Fact> {
        if self.regions.is_empty() {
            return None;
        }
        let regions: Vec<String> = self
            .regions
            .iter()
            .map(|region| {
                let RegionFacts {
                    region,
                    handcrafted,
                    deep,
                    kept,
                } = region;
                format!("{region}: {handcrafted} handcrafted and {deep} deep features, {kept} kept")
            })
            .collect();
        Some(Fact::new(regions.join("; ")))
    }

    /// The reliability of features.
    pub(super) fn reliability(&self) -> Option<Fact> {
        let ReliabilityFacts { cases, rule, see } = self.reliability.as_ref()?;
        Some(Fact {
            text: format!("{cases} cases with repeated outlines; {rule}"),
            see: see.clone(),
        })
    }

    /// The program that did it.
    pub(super) fn software(&self) -> Option<Fact> {
        (!self.software.is_empty()).then(|| Fact::new(self.software.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_joined_with_their_places() {
        let facts = [
            Fact::new("a").see("Methods"),
            Fact::new("b"),
            Fact::new("c").see("Results"),
        ];
        let joined = Fact::joined(&facts.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(joined.to_string(), "a (see Methods); b; c (see Results)");
        assert!(Fact::joined(&[]).is_none());
    }
}

//! Readers without and with assistance on the same cases.
//!
//! Every reader reads every case twice: alone, and with a model's output (or any other help). A
//! [`ReaderStudy`] takes the outcomes and the [`Reader`]s and gives, per reader and condition,
//! accuracy, sensitivity, specificity and predictive values with intervals and the AUC; between the
//! conditions McNemar's test on accuracy (all cases), sensitivity (events only) and specificity
//! (non-events only), the difference of predictive values, DeLong's test and the calls that changed;
//! between readers, and of readers with the model, kappa; over all readers the mean AUCs by
//! [`obuchowski_rockette`](ReaderStudy::obuchowski_rockette).
//!
//! Every difference is *with* minus *without* assistance: positive is a gain. The AUC of binary calls
//! is `(sensitivity + specificity)/2`.
//!
//! ```
//! use eval_stats::reader_study::{Reader, ReaderStudy, ReaderStudySettings};
//! let outcome = [true, true, true, false, false, false];
//! let junior = Reader::from_calls(
//!     "junior",
//!     &[true, false, false, true, false, false],
//!     &[true, true, false, false, false, false],
//! );
//! let report = ReaderStudy::new(&outcome, vec![junior])?.evaluate(&ReaderStudySettings::new())?;
//! let calls = report.readers[0].calls.as_ref().expect("binary calls");
//! assert_eq!((calls.accuracy.first, calls.accuracy.second), (5.0 / 6.0, 3.0 / 6.0));
//! assert_eq!((calls.changes.corrected(), calls.changes.spoiled()), (2, 0));
//! # Ok::<(), eval_stats::Error>(())
//! ```
//!
//! References: McNemar 1947, doi:10.1007/BF02295996; DeLong, DeLong and Clarke-Pearson 1988,
//! doi:10.2307/2531595; Cohen 1960, doi:10.1177/001316446002000104.

mod columns;
mod mrmc;
mod report;

use crate::agreement::{
    AgreementTable, Ratings, Weights, fleiss_kappa, gwet_ac1, kappa, pabak, percent_agreement,
};
use crate::confusion::ConfusionMatrix;
use crate::error::{Error, Result, all_finite, check_level, same_length};
use crate::mcnemar::{self, PairedMethod, PairedTable};
use crate::proportion::ProportionMethod;
use crate::scored::Scored;
use crate::{delong, predictive_values};

pub use columns::{ReaderColumns, reader_columns};
pub use mrmc::{MrmcTest, ObuchowskiRockette, obuchowski_rockette};
pub use report::{
    AucChange, CallChanges, CallReport, Condition, GroupAgreement, PairAgreement, ReaderReport,
    ReaderStudyReport,
};

/// Settings of a reader study: level 0.95, Clopper-Pearson intervals of shares, Newcombe's intervals
/// of their paired differences.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ReaderStudySettings {
    level: f64,
    proportion: ProportionMethod,
    paired: PairedMethod,
}

impl Default for ReaderStudySettings {
    fn default() -> Self {
        Self {
            level: 0.95,
            proportion: ProportionMethod::default(),
            paired: PairedMethod::default(),
        }
    }
}

impl ReaderStudySettings {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the confidence level.
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// Sets the interval of shares.
    pub fn proportion(mut self, method: ProportionMethod) -> Self {
        self.proportion = method;
        self
    }

    /// Sets the interval of differences between the conditions.
    pub fn paired(mut self, method: PairedMethod) -> Self {
        self.paired = method;
        self
    }
}

/// One reader's readings of all cases, without and with assistance.
#[derive(Debug, Clone, PartialEq)]
pub struct Reader {
    name: String,
    without: Vec<f64>,
    with: Vec<f64>,
    positive_from: Option<f64>,
}

impl Reader {
    /// Binary calls, `true` positive.
    pub fn from_calls(name: impl Into<String>, without: &[bool], with: &[bool]) -> Self {
        let number = |calls: &[bool]| calls.iter().map(|&c| f64::from(u8::from(c))).collect();
        Self {
            name: name.into(),
            without: number(without),
            with: number(with),
            positive_from: Some(1.0),
        }
    }

    /// Ratings of confidence; a larger rating means a more likely event. Without
    /// [`positive_from`](Self::positive_from) they have an AUC but no calls.
    pub fn from_ratings(name: impl Into<String>, without: &[f64], with: &[f64]) -> Self {
        Self {
            name: name.into(),
            without: without.to_vec(),
            with: with.to_vec(),
            positive_from: None,
        }
    }

    /// Sets the rating from which a case counts as called positive (`>=`).
    pub fn positive_from(mut self, rating: f64) -> Self {
        self.positive_from = Some(rating);
        self
    }

    /// Name of the reader.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn readings(&self, condition: Condition) -> &[f64] {
        match condition {
            Condition::Without => &self.without,
            Condition::With => &self.with,
        }
    }

    /// Calls in one condition; `None` for ratings without a cut.
    ///
    /// ```
    /// use eval_stats::reader_study::{Condition, Reader};
    /// let reader = Reader::from_ratings("senior", &[1.0, 3.0], &[2.0, 4.0]).positive_from(3.0);
    /// assert_eq!(reader.calls(Condition::Without), Some(vec![false, true]));
    /// ```
    pub fn calls(&self, condition: Condition) -> Option<Vec<bool>> {
        let cut = self.positive_from?;
        Some(self.readings(condition).iter().map(|&r| r >= cut).collect())
    }

    fn check(&self, n: usize) -> Result<()> {
        same_length("readings without assistance", n, self.without.len())?;
        same_length("readings with assistance", n, self.with.len())?;
        all_finite("readings without assistance", &self.without)?;
        all_finite("readings with assistance", &self.with)?;
        match self.positive_from {
            Some(value) if value.is_nan() => Err(Error::OutOfRange {
                name: "the rating from which a case is positive",
                value,
                expected: "a number",
            }),
            _ => Ok(()),
        }
    }
}

/// Outcomes, readers and, if wanted, the model's own calls.
#[derive(Debug, Clone, PartialEq)]
pub struct ReaderStudy {
    outcomes: Vec<bool>,
    readers: Vec<Reader>,
    model: Option<(String, Vec<bool>)>,
}

impl ReaderStudy {
    /// Checks that every reader read every case in both conditions.
    ///
    /// # Errors
    /// [`Error::Empty`] without cases or readers, [`Error::LengthMismatch`], [`Error::NotFinite`]
    /// for a rating, [`Error::OutOfRange`] if a reader's cut is NaN.
    pub fn new(outcomes: &[bool], readers: Vec<Reader>) -> Result<Self> {
        if outcomes.is_empty() {
            return Err(Error::Empty { what: "outcomes" });
        }
        if readers.is_empty() {
            return Err(Error::Empty { what: "readers" });
        }
        readers.iter().try_for_each(|r| r.check(outcomes.len()))?;
        Ok(Self {
            outcomes: outcomes.to_vec(),
            readers,
            model: None,
        })
    }

    /// Adds the calls of the model that assisted, for its agreement with the readers.
    ///
    /// # Errors
    /// [`Error::LengthMismatch`].
    pub fn model(mut self, name: impl Into<String>, calls: &[bool]) -> Result<Self> {
        same_length("the model's calls", self.outcomes.len(), calls.len())?;
        self.model = Some((name.into(), calls.to_vec()));
        Ok(self)
    }

    /// The outcomes.
    pub fn outcomes(&self) -> &[bool] {
        &self.outcomes
    }

    /// The readers.
    pub fn readers(&self) -> &[Reader] {
        &self.readers
    }

    /// Everything that the [module](self) lists.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for the level.
    pub fn evaluate(&self, settings: &ReaderStudySettings) -> Result<ReaderStudyReport> {
        check_level(settings.level)?;
        let readers = self.readers.iter().map(|r| self.report(r, settings));
        let mean_auc = match self.obuchowski_rockette(settings.level) {
            Ok(test) => Some(test),
            Err(Error::TooFewPerClass { .. } | Error::SingleClass { .. }) => None,
            Err(other) => return Err(other),
        };
        let mut agreement = Vec::new();
        let mut groups = Vec::new();
        for condition in [Condition::Without, Condition::With] {
            agreement.extend(self.pair_agreements(condition, settings)?);
            groups.extend(self.group_agreement(condition, settings)?);
        }
        Ok(ReaderStudyReport {
            n: self.outcomes.len(),
            n_events: self.outcomes.iter().filter(|&&y| y).count(),
            readers: readers.collect::<Result<_>>()?,
            mean_auc,
            agreement,
            groups,
            level: settings.level,
        })
    }

    /// Mean AUCs of all readers, compared for readers and cases like these.
    ///
    /// ```
    /// use eval_stats::reader_study::{Reader, ReaderStudy};
    /// let outcome = [true, true, true, false, false, false];
    /// let junior = Reader::from_calls(
    ///     "junior",
    ///     &[true, false, false, true, false, false],    // AUC (1/3 + 2/3)/2
    ///     &[true, true, false, false, false, false],    // AUC (2/3 + 1)/2
    /// );
    /// let test = ReaderStudy::new(&outcome, vec![junior])?.obuchowski_rockette(0.95)?;
    /// assert!((test.difference - 1.0 / 3.0).abs() < 1e-15);
    /// assert_eq!(test.random_readers, None);            // one reader only
    /// # Ok::<(), eval_stats::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::SingleClass`], [`Error::TooFewPerClass`], [`Error::OutOfRange`] for the level.
    pub fn obuchowski_rockette(&self, level: f64) -> Result<ObuchowskiRockette> {
        let scored = |condition: Condition| -> Result<Vec<Scored>> {
            let readings = self.readers.iter().map(|r| r.readings(condition));
            readings.map(|r| Scored::new(r, &self.outcomes)).collect()
        };
        obuchowski_rockette(
            &scored(Condition::Without)?,
            &scored(Condition::With)?,
            level,
        )
    }

    fn report(&self, reader: &Reader, settings: &ReaderStudySettings) -> Result<ReaderReport> {
        let both = reader
            .calls(Condition::Without)
            .zip(reader.calls(Condition::With));
        let calls = both
            .map(|(without, with)| self.call_report(&without, &with, settings))
            .transpose()?;
        Ok(ReaderReport {
            name: reader.name.clone(),
            calls,
            auc: self.auc_change(reader, settings.level)?,
        })
    }

    /// `None` with fewer than two events or two non-events.
    fn auc_change(&self, reader: &Reader, level: f64) -> Result<Option<AucChange>> {
        let events = self.outcomes.iter().filter(|&&y| y).count();
        if events < 2 || self.outcomes.len() - events < 2 {
            return Ok(None);
        }
        let without = Scored::new(&reader.without, &self.outcomes)?;
        let with = Scored::new(&reader.with, &self.outcomes)?;
        Ok(Some(AucChange {
            without: delong::auc(&without, level)?,
            with: delong::auc(&with, level)?,
            test: delong::compare_paired(&with, &without, level)?,
        }))
    }

    fn call_report(
        &self,
        without: &[bool],
        with: &[bool],
        settings: &ReaderStudySettings,
    ) -> Result<CallReport> {
        let level = settings.level;
        let metrics = |calls: &[bool]| {
            ConfusionMatrix::from_calls(calls, &self.outcomes)?.metrics(level, settings.proportion)
        };
        // Right calls with and without assistance, of one class.
        let right = |class: bool| {
            let of_class = (0..without.len()).filter(|&i| self.outcomes[i] == class);
            PairedTable::count(of_class.map(|i| (with[i] == class, without[i] == class)))
        };
        let (events, non_events) = (right(true), right(false));
        let all = PairedTable {
            both: events.both + non_events.both,
            only_first: events.only_first + non_events.only_first,
            only_second: events.only_second + non_events.only_second,
            neither: events.neither + non_events.neither,
        };
        let compare = |table: &PairedTable| mcnemar::compare(table, level, settings.paired);
        let of_class = |table: &PairedTable| (table.n() > 0).then(|| compare(table)).transpose();
        Ok(CallReport {
            without: metrics(without)?,
            with: metrics(with)?,
            accuracy: compare(&all)?,
            sensitivity: of_class(&events)?,
            specificity: of_class(&non_events)?,
            predictive_values: predictive_values::compare(with, without, &self.outcomes, level)?,
            changes: CallChanges {
                events_corrected: events.only_first,
                events_spoiled: events.only_second,
                non_events_corrected: non_events.only_first,
                non_events_spoiled: non_events.only_second,
            },
        })
    }

    /// Readers with calls in one condition, in their order.
    fn calls(&self, condition: Condition) -> Vec<(&str, Vec<bool>)> {
        let readers = self.readers.iter();
        readers
            .filter_map(|r| Some((r.name(), r.calls(condition)?)))
            .collect()
    }

    fn pair_agreements(
        &self,
        condition: Condition,
        settings: &ReaderStudySettings,
    ) -> Result<Vec<PairAgreement>> {
        let mut all = self.calls(condition);
        if let Some((name, calls)) = &self.model {
            all.push((name, calls.clone()));
        }
        let mut pairs = Vec::new();
        for (i, (first, first_calls)) in all.iter().enumerate() {
            for (second, second_calls) in &all[i + 1..] {
                let table = AgreementTable::from_calls(first_calls, second_calls)?;
                let level = settings.level;
                pairs.push(PairAgreement {
                    condition,
                    first: (*first).to_string(),
                    second: (*second).to_string(),
                    agreement: percent_agreement(&table, level, settings.proportion)?,
                    kappa: defined(kappa(&table, Weights::Unweighted, level))?,
                    pabak: pabak(&table, level)?,
                    ac1: defined(gwet_ac1(&table, level))?,
                    table,
                });
            }
        }
        Ok(pairs)
    }

    /// `None` with fewer than two readers that have calls.
    fn group_agreement(
        &self,
        condition: Condition,
        settings: &ReaderStudySettings,
    ) -> Result<Option<GroupAgreement>> {
        let calls: Vec<Vec<bool>> = self.calls(condition).into_iter().map(|c| c.1).collect();
        if calls.len() < 2 {
            return Ok(None);
        }
        let counts = Ratings::from_calls(&calls)?.subject_counts();
        Ok(Some(GroupAgreement {
            condition,
            n_readers: calls.len(),
            fleiss: defined(fleiss_kappa(&counts, settings.level))?,
        }))
    }
}

/// `None` where the statistic divides by zero or has too few cases.
fn defined<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Undefined { .. } | Error::TooFew { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

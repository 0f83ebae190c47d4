//! What a reader study reports.

use std::fmt;

use super::ObuchowskiRockette;
use crate::agreement::{AgreementTable, FleissKappa, Kappa};
use crate::confusion::ClassificationMetrics;
use crate::delong::DelongTest;
use crate::estimate::Estimate;
use crate::mcnemar::PairedComparison;
use crate::predictive_values::PredictiveValueTests;
use crate::proportion::Proportion;

/// Whether the reader was assisted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Condition {
    /// Reading alone.
    Without,
    /// Reading with assistance.
    With,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Without => "without",
            Self::With => "with",
        })
    }
}

/// AUC of a reader in both conditions.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct AucChange {
    /// Without assistance, DeLong's interval.
    pub without: Estimate,
    /// With assistance.
    pub with: Estimate,
    /// DeLong's paired test; its difference is with minus without.
    pub test: DelongTest,
}

/// Calls that assistance changed, by the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CallChanges {
    /// Events missed without assistance and found with it.
    pub events_corrected: u64,
    /// Events found without assistance and missed with it.
    pub events_spoiled: u64,
    /// Non-events called positive without assistance and negative with it.
    pub non_events_corrected: u64,
    /// Non-events called negative without assistance and positive with it.
    pub non_events_spoiled: u64,
}

impl CallChanges {
    /// Calls changed towards the truth.
    pub fn corrected(&self) -> u64 {
        self.events_corrected + self.non_events_corrected
    }

    /// Calls changed away from the truth.
    pub fn spoiled(&self) -> u64 {
        self.events_spoiled + self.non_events_spoiled
    }
}

impl fmt::Display for CallChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls changed towards the truth ({} events, {} non-events), {} away from it ({}, {})",
            self.corrected(),
            self.events_corrected,
            self.non_events_corrected,
            self.spoiled(),
            self.events_spoiled,
            self.non_events_spoiled
        )
    }
}

/// Calls of a reader in both conditions. In every comparison the first is with assistance.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CallReport {
    /// Measures without assistance.
    pub without: ClassificationMetrics,
    /// Measures with assistance.
    pub with: ClassificationMetrics,
    /// Right calls among all cases.
    pub accuracy: PairedComparison,
    /// Right calls among events; `None` without events.
    pub sensitivity: Option<PairedComparison>,
    /// Right calls among non-events; `None` without non-events.
    pub specificity: Option<PairedComparison>,
    /// Predictive values.
    pub predictive_values: PredictiveValueTests,
    /// Calls that changed.
    pub changes: CallChanges,
}

/// One reader.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ReaderReport {
    /// Name.
    pub name: String,
    /// Calls; `None` for ratings without a rating from which a case is positive.
    pub calls: Option<CallReport>,
    /// AUC; `None` with fewer than two events or two non-events.
    pub auc: Option<AucChange>,
}

impl fmt::Display for ReaderReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.name)?;
        if let Some(calls) = &self.calls {
            write!(
                f,
                " accuracy {:.3} -> {:.3} (exact p = {:.4})",
                calls.accuracy.second, calls.accuracy.first, calls.accuracy.test.p_exact
            )?;
        }
        if let Some(auc) = &self.auc {
            write!(
                f,
                " AUC {:.3} -> {:.3} (p = {:.4})",
                auc.without.value, auc.with.value, auc.test.p
            )?;
        }
        Ok(())
    }
}

/// Agreement of two readers, or of a reader with the model, in one condition.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PairAgreement {
    /// Condition.
    pub condition: Condition,
    /// First reader.
    pub first: String,
    /// Second reader, or the model.
    pub second: String,
    /// Calls of both, category 1 positive.
    pub table: AgreementTable,
    /// Share of cases with the same call.
    pub agreement: Proportion,
    /// Cohen's kappa; `None` if both called every case alike and the same.
    pub kappa: Option<Kappa>,
    /// Prevalence- and bias-adjusted kappa.
    pub pabak: Estimate,
    /// Gwet's AC1; `None` with a single case.
    pub ac1: Option<Estimate>,
}

impl fmt::Display for PairAgreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} and {} {} assistance: ",
            self.first, self.second, self.condition
        )?;
        match &self.kappa {
            Some(kappa) => write!(f, "{kappa}"),
            None => write!(f, "kappa undefined, agreement {:.3}", self.agreement.value),
        }
    }
}

/// Agreement of all readers with calls in one condition.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct GroupAgreement {
    /// Condition.
    pub condition: Condition,
    /// Number of readers.
    pub n_readers: usize,
    /// Fleiss' kappa; `None` if all calls are the same.
    pub fleiss: Option<FleissKappa>,
}

/// Results of a reader study.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ReaderStudyReport {
    /// Number of cases.
    pub n: usize,
    /// Number of events.
    pub n_events: usize,
    /// Each reader, in the given order.
    pub readers: Vec<ReaderReport>,
    /// Mean AUCs over readers; `None` with fewer than two events or two non-events.
    pub mean_auc: Option<ObuchowskiRockette>,
    /// All pairs of readers and of readers with the model, first without, then with assistance.
    pub agreement: Vec<PairAgreement>,
    /// All readers together, per condition; empty with fewer than two readers that have calls.
    pub groups: Vec<GroupAgreement>,
    /// Confidence level.
    pub level: f64,
}

impl fmt::Display for ReaderStudyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (readers, n, events) = (self.readers.len(), self.n, self.n_events);
        write!(f, "{readers} readers, {n} cases, {events} events")?;
        match &self.mean_auc {
            Some(mean) => write!(f, "; {mean}"),
            None => Ok(()),
        }
    }
}

//! Checking published numbers against themselves.
//!
//! Printed numbers are rounded, so each stands for a range ([`Reported`]). The functions say which
//! whole counts, standard errors or methods are compatible with all ranges at once. Every result
//! can be turned into a [`Finding`], the common form in which programs list them.
//!
//! | asks | function |
//! |---|---|
//! | Which whole counts give these percentages? | [`counts_from_rates`] |
//! | Which group size and number of events give all rows? | [`totals_from_rates`] |
//! | Which share of events do the rates imply? | [`prevalence_from_rates`] |
//! | Do ratio, interval and p-value agree? | [`odds_ratio`] |
//! | Which counts give these odds ratios? | [`factor_counts`] |
//! | Which method gives this AUC interval? | [`auc_interval`] |
//! | Whose agreement is this kappa? | [`kappa_tables`], [`kappa_pairs`] |
//! | Do percentages, categories and groups add up? | [`percentage`], [`category_totals`] |
//! | Can whole numbers have this mean and deviation? | [`whole_number_moments`] |
//! | Is this cut-off a probability? | [`cutoff_scale`] |
//!
//! A number `x` printed with `d` decimals stands for `[x - 10⁻ᵈ/2, x + 10⁻ᵈ/2]`, or less where the
//! convention of [`Rounding`] is known. A Wald interval on the log scale and its p-value are tied by
//!
//! ```text
//! ln OR = (ln low + ln high)/2     SE = (ln high - ln low)/(2 z)     P = 2 Φ(-|ln OR|/SE)
//! ```
//!
//! References: Brown and Heathers, Soc. Psychol. Personal. Sci. 8 (2017) 363-369 (means of whole
//! numbers), doi:10.1177/1948550616673876; Altman and Bland, BMJ 343 (2011) d2304 (p-values from
//! intervals), doi:10.1136/bmj.d2304.
//!
//! ```
//! use eval_stats::audit::{counts_from_rates, ReportedRates, Reported};
//! let rates = ReportedRates {
//!     sensitivity: Some(Reported::new(75.9, 1)),
//!     specificity: Some(Reported::new(92.1, 1)),
//!     ..ReportedRates::default()
//! };
//! let found = counts_from_rates(54, 63, &rates)?;
//! assert_eq!(found.consistent.len(), 1);
//! assert_eq!((found.consistent[0].tp, found.consistent[0].tn), (41, 58));
//! # Ok::<(), eval_stats::Error>(())
//! ```

mod auc;
mod baseline;
mod counts;
mod cutoff;
mod factor;
mod finding;
mod kappa;
mod prevalence;
mod ratio;
mod reported;
mod totals;

pub use auc::{AucIntervalAudit, auc_interval};
pub use baseline::{
    CategoryTotal, CategoryVerdict, MomentsAudit, PercentageAudit, category_totals, percentage,
    whole_number_moments,
};
pub use counts::{CountAudit, NearMiss, Rate, ReportedRates, counts_from_rates};
pub use cutoff::{CutoffScale, PrintedScale, cutoff_scale};
pub use factor::{
    CountedRatio, FactorAudit, FactorCounts, FactorFit, ReportedRatio, factor_counts,
};
pub use finding::{Finding, FindingKind, Severity};
pub use kappa::{KappaAudit, ReaderPair, TruthAgreement, kappa_pairs, kappa_tables};
pub use prevalence::{Prevalence, PrevalenceAudit, prevalence_from_rates};
pub use ratio::{OddsRatioAudit, RatioPart, RatioRepair, odds_ratio};
pub use reported::{Reported, ReportedP, Rounding, Span, conventions};
pub use totals::{Totals, TotalsAudit, totals_from_rates};

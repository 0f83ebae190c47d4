//! One fit of the candidates, by maximum likelihood or with Firth's penalty, with the elimination of terms if there is one.

use nomogram::{
    BackwardElimination, Design, EliminationStep, Error, FewEvents, Firth, FirthElimination,
    FirthFit, Frame, LogisticFit, LogisticRegression, Missing, OddsRatioRow, RiskModel, Selection,
    TermSpec, TermTest, UnivariableTable, univariable, univariable_firth,
};

use super::ModelSettings;
use super::choices::{Backward, Penalty};

/// A fitted model with its table.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// The intercept.
    pub intercept: Intercept,
    /// Odds ratios with their intervals.
    pub rows: Vec<OddsRatioRow>,
    /// The model apart from its data.
    pub model: RiskModel,
}

/// The intercept of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Intercept {
    /// Log odds where all predictors are 0 or at their reference.
    pub estimate: f64,
    /// Standard error.
    pub se: f64,
    /// P of the test that it is 0.
    pub p: f64,
}

/// A fit of the candidates, with the log of the elimination if there was one; no fit if all terms left.
pub(super) struct Chosen {
    pub fitted: Option<Fitted>,
    pub steps: Option<Vec<EliminationStep>>,
}

impl ModelSettings {
    /// The test by which predictors are judged: Wald's, or the penalized likelihood ratio, because Wald's says little where classes are separated.
    pub fn test(&self) -> TermTest {
        match self.penalty {
            Penalty::None => TermTest::Wald,
            Penalty::Firth(_) => TermTest::LikelihoodRatio,
        }
    }

    fn regression(&self) -> LogisticRegression {
        LogisticRegression::new().few_events(self.few_events)
    }

    pub(super) fn univariable(
        &self,
        frame: &Frame,
        terms: impl IntoIterator<Item = TermSpec>,
        outcome: &[bool],
    ) -> nomogram::Result<UnivariableTable> {
        match self.penalty {
            Penalty::None => univariable(
                frame,
                terms,
                outcome,
                Missing::Refuse,
                &self.regression(),
                self.level,
            ),
            Penalty::Firth(_) => {
                let settings = Firth::new().level(self.level);
                univariable_firth(frame, terms, outcome, Missing::Refuse, &settings)
            }
        }
    }

    /// The penalized elimination of these settings; `None` without a penalty. Rules other than P let all terms stay.
    fn penalized(&self) -> Option<FirthElimination> {
        let Penalty::Firth(correction) = self.penalty else {
            return None;
        };
        let stay = match self.backward {
            Backward::P(_, stay) => stay,
            _ => 1.0,
        };
        let firth = Firth::new().level(self.level).correction(correction);
        Some(FirthElimination::new(stay).firth(firth))
    }

    /// What the bootstrap repeats.
    pub(super) fn selection(&self) -> Selection {
        match (self.penalized(), self.backward.criterion()) {
            (Some(elimination), _) => Selection::Firth(elimination),
            (None, Some(criterion)) => Selection::Backward(
                BackwardElimination::new(criterion)
                    .regression(LogisticRegression::new().few_events(FewEvents::Allow)),
            ),
            (None, None) => Selection::None,
        }
    }

    /// Fits all candidates.
    pub(super) fn fit_all(&self, design: &Design, outcome: &[bool]) -> nomogram::Result<Fitted> {
        match self.penalty {
            Penalty::None => Fitted::plain(&self.regression().fit(design, outcome)?, self.level),
            Penalty::Firth(correction) => {
                let firth = Firth::new().level(self.level).correction(correction);
                Ok(Fitted::penalized(&firth.fit(design, outcome)?))
            }
        }
    }

    /// Fits the candidates and eliminates terms.
    pub(super) fn choose(&self, design: &Design, outcome: &[bool]) -> nomogram::Result<Chosen> {
        if self.backward == Backward::None {
            return Ok(Chosen {
                fitted: Some(self.fit_all(design, outcome)?),
                steps: None,
            });
        }
        if let Some(elimination) = self.penalized() {
            let result = elimination.fit(design, outcome)?;
            return Ok(Chosen {
                fitted: (!result.kept.is_empty()).then(|| Fitted::penalized(&result.fit)),
                steps: Some(result.steps),
            });
        }
        let Some(criterion) = self.backward.criterion() else {
            unreachable!("only Backward::None has no criterion");
        };
        let result = BackwardElimination::new(criterion)
            .regression(self.regression())
            .fit(design, outcome)?;
        let fitted = match result.kept.is_empty() {
            true => None,
            false => Some(Fitted::plain(&result.fit, self.level)?),
        };
        Ok(Chosen {
            fitted,
            steps: Some(result.steps),
        })
    }
}

impl Fitted {
    fn plain(fit: &LogisticFit, level: f64) -> nomogram::Result<Self> {
        let model = fit.model()?;
        let first = &fit.coefficients[0];
        Ok(Self {
            intercept: Intercept {
                estimate: first.estimate,
                se: first.se,
                p: first.p,
            },
            rows: fit.odds_ratios(level)?,
            model,
        })
    }

    fn penalized(fit: &FirthFit) -> Self {
        let first = &fit.coefficients[0];
        Self {
            intercept: Intercept {
                estimate: first.estimate,
                se: first.se,
                p: first.test.p,
            },
            rows: fit.odds_ratios(),
            model: fit.model(),
        }
    }
}

/// Whether a predictor cannot be fitted because of what was asked of it; all other errors say that its values do not allow an estimate.
pub(super) fn is_misuse(error: &Error) -> bool {
    matches!(
        error,
        Error::ColumnKind { .. }
            | Error::Degree { .. }
            | Error::DuplicateTerm { .. }
            | Error::Knots { .. }
            | Error::MissingPart { .. }
            | Error::MissingValue { .. }
            | Error::NotFinite { .. }
            | Error::UnknownColumn { .. }
    )
}

/// Which candidate an error of a fit is about, if it is about one.
pub(super) fn inestimable(
    error: &Error,
    candidates: &[TermSpec],
    design: &Design,
) -> Option<usize> {
    let owner = |name: &str| {
        let column = design.columns().iter().find(|c| c.name == name)?;
        let term = &design.terms()[column.term?].name;
        candidates.iter().position(|c| c.name() == *term)
    };
    match error {
        Error::Separation { columns, .. } => columns
            .iter()
            .filter_map(|column| owner(&column.name))
            .next_back(),
        Error::Aliased { column } => owner(column),
        _ => None,
    }
}

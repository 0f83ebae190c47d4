//! Elastic nets: paths, cross-validation, relaxed and adaptive fits.

use eval_stats::folds::Folds;
use feature_selection::FeatureTable;
use feature_selection::lasso::{
    AdaptiveLasso, Alignment, Compat, CrossValidation, ElasticNet, Estimator, GaussianAlgorithm,
    Grouping, Intercept, LambdaRule, LogisticUpdate, Measure, Pilot, PilotRows, PilotScale,
    Predictions, RefitStart, Relaxation, RelaxedLasso, Samples, Scaling, tune_alpha,
};

use super::{Gen, Log, hunt};

const MEASURES: [Measure; 5] = [
    Measure::Deviance,
    Measure::Auc,
    Measure::Misclassification,
    Measure::SquaredError,
    Measure::AbsoluteError,
];

impl Gen {
    fn net(&mut self, p: usize) -> ElasticNet {
        let mut net = ElasticNet::new()
            .alpha(self.share())
            .n_lambda(self.pick(&[1, 2, 10, 10, 20]))
            .compat(self.pick(&[Compat::Glmnet, Compat::Glmnet, Compat::Exact]))
            .scaling(self.pick(&[Scaling::Standardize, Scaling::Standardize, Scaling::AsGiven]))
            .intercept(self.pick(&[Intercept::Fitted, Intercept::Fitted, Intercept::Zero]))
            .logistic_update(self.pick(&[LogisticUpdate::Newton, LogisticUpdate::ModifiedNewton]))
            .gaussian_algorithm(self.pick(&[
                GaussianAlgorithm::ByColumns,
                GaussianAlgorithm::Covariance,
                GaussianAlgorithm::Naive,
            ]))
            .max_passes(self.pick(&[0, 1, 10, 1000, 10_000, 10_000]));
        if self.one_in(3) {
            net = self.odd_numbers(net);
        }
        if self.one_in(3) {
            net = self.odd_columns(net, p);
        }
        net
    }

    fn odd_numbers(&mut self, net: ElasticNet) -> ElasticNet {
        match self.below(6) {
            0 => net.lambda_min_ratio(self.share()),
            1 => {
                let k = self.below(4);
                net.lambdas(&self.numbers(k, Self::value))
            }
            2 => net.lambdas(&[1.0, 0.1, 0.01, 0.0]),
            3 => net.threshold(self.pick(&[0.0, -1.0, 1e-300, 1.0, 1e300, f64::NAN])),
            4 => net.n_lambda(self.size()),
            _ => net.max_passes(self.size()),
        }
    }

    fn odd_columns(&mut self, net: ElasticNet, p: usize) -> ElasticNet {
        let q = match self.one_in(6) {
            true => p + 1,
            false => p,
        };
        match self.below(6) {
            0 => net.penalty_factors(&[self.value(), 1.0]),
            1 => {
                let factors: Vec<f64> = (0..q)
                    .map(|_| self.pick(&[0.0, 0.5, 1.0, 3.0, f64::INFINITY]))
                    .collect();
                net.penalty_factors(&factors)
            }
            2 => net.lower_limits(&self.numbers(q, |g| -g.value().abs())),
            3 => net.upper_limits(&self.numbers(q, |g| g.value().abs())),
            4 => net.exclude(&[self.size(), 0]),
            _ => net.df_max(self.size()).active_max(self.size()),
        }
    }

    pub(super) fn rule(&mut self) -> LambdaRule {
        let (n, lambda) = (self.size(), self.value());
        self.pick(&[
            LambdaRule::Minimum,
            LambdaRule::OneStandardError,
            LambdaRule::Features(n),
            LambdaRule::FeaturesAtMost(n),
            LambdaRule::Value(lambda),
            LambdaRule::Value(0.05),
        ])
    }

    fn cross_validation(&mut self, p: usize) -> CrossValidation {
        CrossValidation::new(self.net(p))
            .measure(self.pick(&MEASURES))
            .grouping(self.pick(&[Grouping::Folds, Grouping::Rows]))
            .alignment(self.pick(&[Alignment::Lambda, Alignment::Fraction]))
            .predictions(self.pick(&[Predictions::Discard, Predictions::Keep]))
    }

    pub(super) fn estimator(&mut self, p: usize) -> Estimator {
        let cv = self.cross_validation(p);
        match self.below(3) {
            0 => Estimator::ElasticNet(cv),
            1 => {
                let k = self.below(4);
                let gammas = match self.one_in(3) {
                    true => self.numbers(k, Self::share),
                    false => vec![0.0, 0.5, 1.0],
                };
                let relaxation = Relaxation::new()
                    .max_size(self.size())
                    .start(self.pick(&[RefitStart::Zero, RefitStart::AlongPath]));
                Estimator::Relaxed(RelaxedLasso::new(cv).gammas(&gammas).relaxation(relaxation))
            }
            _ => Estimator::Adaptive(
                AdaptiveLasso::new(cv)
                    .pilot(self.pick(&[Pilot::Ridge, Pilot::Lasso, Pilot::Unpenalized]))
                    .exponent(self.pick(&[1.0, 1.0, 0.5, 2.0, 0.0, -1.0, 300.0, f64::NAN]))
                    .rows(self.pick(&[PilotRows::All, PilotRows::Training]))
                    .scale(self.pick(&[PilotScale::Original, PilotScale::Standardized])),
            ),
        }
    }

    fn samples<'a>(
        &mut self,
        table: &'a FeatureTable,
        outcome: &[bool],
        log: &mut Log,
    ) -> Option<Samples<'a>> {
        let n = outcome.len();
        let numbers = match self.one_in(4) {
            true => self.numbers(n, Self::value),
            false => self.column(outcome, &[]),
        };
        let mut samples = match self.one_in(2) {
            true => log.call("binary", &outcome, || Samples::binary(table, outcome)),
            false => log.call("continuous", &numbers, || {
                Samples::continuous(table, &numbers)
            }),
        }?;
        if self.one_in(4) {
            let weights: Vec<f64> = match self.one_in(4) {
                true => self.numbers(n, Self::value),
                false => (0..n)
                    .map(|_| self.pick(&[0.0, 1.0, 2.0, 0.1, 1e3]))
                    .collect(),
            };
            samples = log.call("with_weights", &weights, || {
                samples.clone().with_weights(&weights)
            })?;
        }
        if self.one_in(6) {
            let offset = match self.below(3) {
                0 => self.numbers(n, Self::finite),
                1 => {
                    let mut offset = self.numbers(n, Self::normal);
                    offset[0] = self.pick(&[f64::NAN, f64::INFINITY, 0.0]);
                    offset
                }
                _ => self.numbers(n, Self::normal),
            };
            samples = log.call("with_offset", &offset, || {
                samples.clone().with_offset(&offset)
            })?;
        }
        Some(samples)
    }
}

#[test]
fn paths() {
    hunt(300, &["binary.offset", "continuous.offset"], |g, log| {
        let (table, outcome) = g.data();
        let Some(samples) = g.samples(&table, &outcome, log) else {
            return;
        };
        let net = g.net(table.n_columns());
        let input = (&net, &samples);
        let path = log.call("path", &input, || net.fit(&samples));
        if let Some(path) = path {
            let lambda = g.value();
            log.call("path", &(&path, lambda), || path.coefficients_at(lambda));
            log.call("path", &(&path, lambda), || {
                path.predict_link(&table, lambda)
            });
        }
        let relaxation = Relaxation::new()
            .max_size(g.size())
            .start(g.pick(&[RefitStart::Zero, RefitStart::AlongPath]));
        let relaxed = log.call("relaxed", &(&relaxation, &input), || {
            relaxation.fit(&net, &samples)
        });
        let Some(relaxed) = relaxed else { return };
        let (lambda, gamma) = (g.value(), g.share());
        log.call("relaxed", &(&relaxed, lambda, gamma), || {
            relaxed.predict_link(&table, lambda, gamma)
        });
    });
}

#[test]
fn cross_validation() {
    // A fold without weight has no loss.
    const DOCUMENTED: &[&str] = &[
        "estimator.penalty_factors",
        "estimator.link",
        "estimator.fold_loss",
    ];
    hunt(150, DOCUMENTED, |g, log| {
        let (table, outcome) = g.data();
        let Some(samples) = g.samples(&table, &outcome, log) else {
            return;
        };
        let repeats: Vec<Folds> = (0..g.pick(&[0, 1, 1, 1, 2]))
            .filter_map(|_| g.folds(&outcome))
            .collect();
        let estimator = g.estimator(table.n_columns());
        let input = (&estimator, &samples, &repeats);
        let fit = log.call("estimator", &input, || {
            estimator.fit_repeated(&samples, &repeats)
        });
        if let Some(fit) = fit {
            let rule = g.rule();
            log.call("select", &(&fit, rule), || fit.select(rule));
            log.value("curve", &fit, || (fit.curve().upper(), fit.curve().lower()));
        }
        let cv = g.cross_validation(table.n_columns());
        let k = g.below(3);
        let alphas = g.numbers(k, Gen::share);
        if g.one_in(4) {
            log.call("tune_alpha", &(&cv, &alphas, &input), || {
                tune_alpha(&cv, &alphas, &samples, &repeats)
            });
        }
    });
}

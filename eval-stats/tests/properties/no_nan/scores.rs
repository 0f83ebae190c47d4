//! One model: ROC, intervals, bootstrap, calibration, decision curves.

use eval_stats::auc_interval::{self, AucInterval};
use eval_stats::bootstrap::{self, CurveMeasure};
use eval_stats::calibration::{self, LoessSurface, ObservedExpectedMethod, Smoother};
use eval_stats::confusion::{ConfusionMatrix, Threshold};
use eval_stats::cutoff::{self, Criterion};
use eval_stats::decision_curve::{
    self, DecisionCurve, DecisionCurveSettings, OptOutCurve, net_benefit_area,
};
use eval_stats::hosmer_lemeshow::{self, DegreesOfFreedom, Grouping};
use eval_stats::precision_recall::{self, PrecisionRecallArea, PrecisionRecallCurve};
use eval_stats::proportion::ProportionMethod;
use eval_stats::roc::{self, PartialAxis, RocCurve};
use eval_stats::{Scored, clinical_impact, delong};

use super::{Gen, Log, hunt};

#[test]
fn discrimination() {
    hunt(300, |g, log| {
        let Some(s) = g.scored() else { return };
        curve(g, log, &s);
        cutoffs(g, log, &s);
        intervals(g, log, &s);
        replicates(g, log, &s);
    });
}

fn curve(g: &mut Gen, log: &mut Log, s: &Scored) {
    log.value("roc::auc", s, || roc::auc(s));
    log.value("Scored::prevalence", s, || s.prevalence());
    let Some(curve) = log.shown("RocCurve::new", s, || Ok(RocCurve::new(s))) else {
        return;
    };
    let axis = g.pick(&[PartialAxis::Specificity, PartialAxis::Sensitivity]);
    let (low, high) = (g.share(), g.share());
    let at = (s, axis, low, high);
    log.call("partial_auc", &at, || curve.partial_auc(axis, low, high));
    log.call("sensitivity_at", &at, || curve.sensitivity_at(low));
    log.call("specificity_at", &at, || curve.specificity_at(low));
    let t = g.value();
    if !t.is_nan() {
        log.value("at_threshold", &(s, t), || curve.at_threshold(t));
    }
    if let Some(b) = log.shown("binormal", s, || curve.binormal()) {
        log.call("binormal.specificity_at", &at, || b.specificity_at(low));
    }
    log.shown("PrecisionRecallCurve", s, || {
        Ok(PrecisionRecallCurve::new(s))
    });
}

fn cutoffs(g: &mut Gen, log: &mut Log, s: &Scored) {
    let curve = RocCurve::new(s);
    let (cost, prevalence) = (g.value(), g.share());
    for criterion in [
        Criterion::Youden,
        Criterion::WeightedYouden { cost, prevalence },
        Criterion::ClosestToCorner,
        Criterion::WeightedClosestToCorner { cost, prevalence },
        Criterion::MinSensitivity(prevalence),
        Criterion::MinSpecificity(prevalence),
        Criterion::MinCost {
            false_negative: cost,
            false_positive: g.value(),
            prevalence,
        },
    ] {
        let found = log.shown("cutoff::find", &(s, criterion), || {
            cutoff::find(&curve, criterion)
        });
        if let Some(found) = found {
            log.value("Cutoff::apply", &(s, criterion), || found.apply(s));
        }
    }
    let (t, rule) = (g.value(), g.pick(&[Threshold::Ge, Threshold::Gt]));
    log.value("at_threshold", &(s, t, rule), || {
        ConfusionMatrix::at_threshold(s, t, rule).to_string()
    });
}

fn intervals(g: &mut Gen, log: &mut Log, s: &Scored) {
    let level = g.level();
    let plan = g.bootstrap();
    for interval in [
        AucInterval::Delong,
        AucInterval::LogitDelong,
        AucInterval::HanleyMcneil,
        AucInterval::BinomialExact,
        AucInterval::Bootstrap(plan),
        AucInterval::BootstrapBca(plan),
    ] {
        log.shown("auc_interval", &(s, interval, level), || {
            auc_interval::estimate(s, interval, level)
        });
    }
    log.call("auc_variance", s, || delong::auc_variance(s));
    for area in [
        PrecisionRecallArea::AveragePrecision,
        PrecisionRecallArea::Interpolated,
    ] {
        log.shown(
            "precision_recall::logit_interval",
            &(s, area, level),
            || precision_recall::logit_interval(s, area, level),
        );
        log.shown(
            "precision_recall::bootstrap",
            &(s, area, level, plan),
            || precision_recall::bootstrap(s, area, &plan, level),
        );
    }
}

fn replicates(g: &mut Gen, log: &mut Log, s: &Scored) {
    let (level, plan) = (g.level(), g.bootstrap());
    let measure = g.measure();
    let input = (s, measure, level, plan);
    log.shown("bootstrap::interval", &input, || {
        bootstrap::interval(s, measure, &plan, level)
    });
    let k = g.below(5);
    let at: Vec<f64> = (0..k).map(|_| g.share()).collect();
    let input = (s, &at, level, plan);
    log.shown("sensitivity_band", &input, || {
        bootstrap::sensitivity_band(s, &at, &plan, level)
    });
    log.shown("specificity_band", &input, || {
        bootstrap::specificity_band(s, &at, &plan, level)
    });
    let at = g.values(k);
    let input = (s, &at, level, plan);
    log.shown("threshold_band", &input, || {
        bootstrap::threshold_band(s, &at, &plan, level)
    });
}

impl Gen {
    pub(super) fn measure(&mut self) -> CurveMeasure {
        let axis = self.pick(&[PartialAxis::Specificity, PartialAxis::Sensitivity]);
        let (low, high) = (self.share(), self.share());
        match self.below(5) {
            0 => CurveMeasure::Auc,
            1 => CurveMeasure::PartialAuc { axis, low, high },
            2 => CurveMeasure::CorrectedPartialAuc { axis, low, high },
            3 => CurveMeasure::SensitivityAt(low),
            _ => CurveMeasure::SpecificityAt(low),
        }
    }

    pub(super) fn proportion_method(&mut self) -> ProportionMethod {
        self.pick(&[
            ProportionMethod::ClopperPearson,
            ProportionMethod::Wilson,
            ProportionMethod::WilsonCorrected,
            ProportionMethod::Jeffreys,
            ProportionMethod::AgrestiCoull,
            ProportionMethod::Wald,
        ])
    }

    pub(super) fn decision_settings(&mut self) -> DecisionCurveSettings {
        let settings =
            DecisionCurveSettings::new().rule(self.pick(&[Threshold::Ge, Threshold::Gt]));
        match self.below(6) {
            0 => settings.harm(self.value()),
            1 => settings.prevalence(self.share()),
            2 => settings.case_control(self.share()),
            _ => settings,
        }
    }

    pub(super) fn thresholds(&mut self) -> Vec<f64> {
        let k = self.below(5);
        (0..k).map(|_| self.share()).collect()
    }
}

#[test]
fn calibration_of_risks() {
    hunt(300, |g, log| {
        let Some(s) = g.scored() else { return };
        recalibrations(g, log, &s);
        curves(g, log, &s);
        groups(g, log, &s);
    });
}

fn recalibrations(g: &mut Gen, log: &mut Log, s: &Scored) {
    let level = g.level();
    log.shown("recalibration", &(s, level), || {
        calibration::recalibration(s, level)
    });
    for method in [
        ObservedExpectedMethod::LogWald,
        ObservedExpectedMethod::ExactPoisson,
    ] {
        log.shown("observed_expected", &(s, level, method), || {
            calibration::observed_expected(s, level, method)
        });
    }
    log.shown("accuracy", s, || calibration::accuracy(s));
    log.shown("brier_decomposition", s, || {
        calibration::brier_decomposition(s)
    });
    log.shown("val_prob", s, || calibration::val_prob(s));
}

fn curves(g: &mut Gen, log: &mut Log, s: &Scored) {
    let (level, plan) = (g.level(), g.bootstrap());
    for surface in [LoessSurface::Direct, LoessSurface::RInterpolate] {
        log.shown("smooth_band", &(s, surface, level), || {
            calibration::smooth_band(s, surface, level)
        });
    }
    for smoother in [
        Smoother::Lowess,
        Smoother::Loess(LoessSurface::Direct),
        Smoother::Loess(LoessSurface::RInterpolate),
    ] {
        log.call("smooth", &(s, smoother), || {
            calibration::smooth(s, smoother)
        });
        log.shown("errors", &(s, smoother), || {
            calibration::errors(s, smoother)
        });
        let at = g.thresholds();
        let input = (s, smoother, &at, plan, level);
        log.shown("bootstrap_band", &input, || {
            calibration::bootstrap_band(s, smoother, &at, &plan, level)
        });
        log.shown("calibration::bootstrap", &input, || {
            calibration::bootstrap(s, smoother, &plan, level)
        });
    }
}

fn groups(g: &mut Gen, log: &mut Log, s: &Scored) {
    let (level, size, method) = (g.level(), g.size(), g.proportion_method());
    let df = g.pick(&[DegreesOfFreedom::GroupsMinusTwo, DegreesOfFreedom::Groups]);
    for grouping in [
        Grouping::Quantiles,
        Grouping::EqualCounts,
        Grouping::SasTarget,
        Grouping::EqualWidths,
    ] {
        let input = (s, size, grouping, df, level, method);
        log.shown("hosmer_lemeshow", &input, || {
            hosmer_lemeshow::test(s, size, grouping, df)
        });
        log.call("risk_groups", &input, || {
            hosmer_lemeshow::risk_groups(s, size, grouping)
        });
        log.call("calibration::grouped", &input, || {
            calibration::grouped(s, size, grouping, level, method)
        });
    }
    let mut breaks = g.thresholds();
    if g.one_in(2) {
        breaks.sort_by(f64::total_cmp);
    }
    let input = (s, &breaks, df, level, method);
    log.shown("hosmer_lemeshow::test_at", &input, || {
        hosmer_lemeshow::test_at(s, &breaks, df)
    });
    let found = log.call("risk_groups_at", &input, || {
        hosmer_lemeshow::risk_groups_at(s, &breaks)
    });
    for group in found.iter().flatten() {
        log.value("RiskGroup", &input, || {
            (group.mean_risk(), group.event_rate())
        });
    }
    log.call("calibration::grouped_at", &input, || {
        calibration::grouped_at(s, &breaks, level, method)
    });
}

#[test]
fn decisions() {
    hunt(300, |g, log| {
        let Some(s) = g.scored() else { return };
        let (at, settings, plan, level) = (
            g.thresholds(),
            g.decision_settings(),
            g.bootstrap(),
            g.level(),
        );
        let input = (&s, &at, settings, plan, level);
        log.shown("DecisionCurve", &input, || {
            DecisionCurve::new(&s, &at, &settings)
        });
        log.shown("OptOutCurve", &input, || {
            OptOutCurve::new(&s, &at, &settings)
        });
        log.call("bootstrap_opt_out", &input, || {
            decision_curve::bootstrap_opt_out(&s, &at, &settings, &plan, level)
        });
        log.call("decision_curve::bootstrap", &input, || {
            decision_curve::bootstrap(&s, &at, &settings, &plan, level)
        });
        let (low, high, population) = (g.share(), g.share(), g.value());
        let input = (&s, &at, settings, low, high, population);
        log.shown("net_benefit_area", &input, || {
            net_benefit_area(&s, low, high, &settings)
        });
        log.shown("clinical_impact", &input, || {
            clinical_impact::clinical_impact(&s, &at, &settings, population)
        });
        log.shown("clinical_impact_with_limits", &input, || {
            clinical_impact::clinical_impact_with_limits(
                &s, &at, &settings, population, &plan, level,
            )
        });
        log.call("risks_at_prevalence", &input, || {
            decision_curve::risks_at_prevalence(s.scores(), low, high)
        });
    });
}

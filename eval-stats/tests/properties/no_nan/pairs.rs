//! Two models and more: tests of AUCs, reclassification, resampled decision curves, readers.

use eval_stats::bootstrap::{self, stratified_aucs};
use eval_stats::decision_curve::{self, DecisionModel, ResampledCurves};
use eval_stats::mcnemar::PairedMethod;
use eval_stats::reader_study::{self, Reader, ReaderStudy, ReaderStudySettings};
use eval_stats::reclassification::{self, Movement};
use eval_stats::venkatraman::{self, TieBreak, UnpairedRule};
use eval_stats::{Scored, delong};

use super::{Gen, Log, hunt};

#[test]
fn models_of_the_same_subjects() {
    hunt(300, |g, log| {
        let Some((a, b)) = g.pair() else { return };
        aucs(g, log, &a, &b);
        several(g, log, &a, &b);
        movements(g, log, &a, &b);
        resampled(g, log, &a, &b);
    });
}

fn aucs(g: &mut Gen, log: &mut Log, a: &Scored, b: &Scored) {
    let (level, plan, measure) = (g.level(), g.bootstrap(), g.measure());
    let input = (a, b, level, plan, measure);
    log.shown("delong::compare_paired", &input, || {
        delong::compare_paired(a, b, level)
    });
    log.shown("delong::compare_unpaired", &input, || {
        delong::compare_unpaired(a, b, level)
    });
    log.shown("bootstrap::compare_paired", &input, || {
        bootstrap::compare_paired(a, b, measure, &plan, level)
    });
    log.shown("bootstrap::compare_unpaired", &input, || {
        bootstrap::compare_unpaired(a, b, measure, &plan, level)
    });
    log.call("stratified_aucs", &input, || {
        stratified_aucs(&[a, b], &plan)
    });
    for ties in [TieBreak::First, TieBreak::Random] {
        log.shown("venkatraman::compare_paired", &input, || {
            venkatraman::compare_paired(a, b, &plan, ties)
        });
        for rule in [UnpairedRule::Mixture, UnpairedRule::Proc] {
            log.shown("venkatraman::compare_unpaired", &input, || {
                venkatraman::compare_unpaired(a, b, &plan, ties, rule)
            });
        }
    }
}

fn several(g: &mut Gen, log: &mut Log, a: &Scored, b: &Scored) {
    let level = g.level();
    let models = match g.below(4) {
        0 => vec![],
        1 => vec![a],
        2 => vec![a, b, a],
        _ => vec![a, b],
    };
    let input = (&models, level);
    log.shown("delong::compare_all", &input, || {
        delong::compare_all(&models, level)
    });
    if let Some(c) = log.shown("delong::covariance", &input, || delong::covariance(&models)) {
        log.shown("test_equal", &input, || c.test_equal());
        let width = if g.one_in(4) {
            g.below(4)
        } else {
            models.len()
        };
        let k = g.below(3);
        let contrasts: Vec<Vec<f64>> = (0..k)
            .map(|_| (0..width).map(|_| g.value()).collect())
            .collect();
        log.shown("test_contrasts", &(&models, &contrasts), || {
            c.test_contrasts(&contrasts)
        });
    }
    log.shown("obuchowski_rockette", &input, || {
        reader_study::obuchowski_rockette(
            &[a.clone(), b.clone()],
            &[b.clone(), a.clone()][..1 + models.len() % 2],
            level,
        )
    });
}

fn movements(g: &mut Gen, log: &mut Log, a: &Scored, b: &Scored) {
    let (level, plan) = (g.level(), g.bootstrap());
    let mut cuts = g.thresholds();
    if g.one_in(2) {
        cuts.sort_by(f64::total_cmp);
    }
    let above = g.share();
    for movement in [
        Movement::Any,
        Movement::Above(above),
        Movement::Categories(&cuts),
    ] {
        let input = (a, b, movement, level, plan);
        let found = log.shown("nri", &input, || {
            reclassification::nri(a, b, movement, level)
        });
        if let Some(found) = found {
            let (of_event, of_non_event, prevalence) = (g.value(), g.value(), g.share());
            log.shown(
                "weighted",
                &(&input, of_event, of_non_event, prevalence),
                || found.weighted(of_event, of_non_event, prevalence),
            );
        }
        log.shown("nri_bootstrap", &input, || {
            reclassification::nri_bootstrap(a, b, movement, &plan, level)
        });
        log.shown("nri_refit", &input, || {
            reclassification::nri_refit(a.outcomes(), movement, &plan, level, |rows| {
                let of = |s: &Scored| rows.iter().map(|&i| s.scores()[i % s.n()]).collect();
                Some([of(a), of(b)])
            })
        });
    }
    let input = (a, b, level, plan);
    log.shown("idi", &input, || reclassification::idi(a, b, level));
    log.shown("idi_bootstrap", &input, || {
        reclassification::idi_bootstrap(a, b, &plan, level)
    });
    log.shown("idi_refit", &input, || {
        reclassification::idi_refit(a.outcomes(), &plan, level, |rows| {
            let of = |s: &Scored| rows.iter().map(|&i| s.scores()[i % s.n()]).collect();
            (rows.len() % 5 != 1).then(|| [of(a), of(b)])
        })
    });
}

fn resampled(g: &mut Gen, log: &mut Log, a: &Scored, b: &Scored) {
    let (level, plan, at) = (g.level(), g.bootstrap(), g.thresholds());
    let settings = [g.decision_settings(), g.decision_settings()];
    let input = (a, b, &at, settings, plan, level);
    log.call("decision_curve::compare", &input, || {
        decision_curve::compare(a, b, &at, &settings[0], &plan, level)
    });
    let models = [
        DecisionModel::new(a, settings[0]),
        DecisionModel::new(b, settings[1]),
    ];
    let curves = log.shown("ResampledCurves", &input, || {
        ResampledCurves::new(&models, &at, &plan)
    });
    log.shown("ResampledCurves::refit", &input, || {
        ResampledCurves::refit(a.outcomes(), &at, &settings[..1], &plan, |rows| {
            Some(vec![rows.iter().map(|&i| a.scores()[i]).collect()])
        })
    });
    let Some(curves) = curves else { return };
    let (first, second) = (g.below(3), g.pick(&[0, 1, usize::MAX]));
    let input = (&input, first, second);
    log.call("band", &input, || curves.band(first, level));
    log.call("difference", &input, || {
        curves.difference(first, second, level)
    });
    log.call("difference_from_all", &input, || {
        curves.difference_from_all(first, level)
    });
}

#[test]
fn readers() {
    hunt(300, |g, log| {
        let n = g.n();
        let truth = g.bools(n);
        let k = g.below(4);
        let readers: Vec<Reader> = (0..k)
            .map(|i| {
                let name = format!("reader {}", i * g.below(2));
                if g.one_in(2) {
                    let (without, with) = (g.values(n), g.values(n));
                    Reader::from_ratings(name, &without, &with).positive_from(g.value())
                } else {
                    let (without, with) = (g.bools(n), g.bools(n));
                    Reader::from_calls(name, &without, &with)
                }
            })
            .collect();
        let model = g.bools(n);
        let settings = ReaderStudySettings::new()
            .level(g.level())
            .proportion(g.proportion_method())
            .paired(g.pick(&[
                PairedMethod::Newcombe,
                PairedMethod::Tango,
                PairedMethod::Wald,
                PairedMethod::BonettPrice,
            ]));
        let Ok(mut study) = ReaderStudy::new(&truth, readers) else {
            return;
        };
        if g.one_in(2) {
            let Ok(with) = study.model("model", &model) else {
                return;
            };
            study = with;
        }
        log.shown("ReaderStudy::evaluate", &study, || {
            study.evaluate(&settings)
        });
        let level = g.level();
        log.shown("ReaderStudy::obuchowski_rockette", &study, || {
            study.obuchowski_rockette(level)
        });
    });
}

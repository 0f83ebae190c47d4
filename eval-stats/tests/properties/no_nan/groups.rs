//! Groups of numbers: tests of location, normality, baseline rows, quantiles, smoothers.

use eval_stats::baseline::{self, BaselineSettings, ContinuousRule};
use eval_stats::calibration::{self, Degree, LoessSettings, LoessSurface, LowessSettings};
use eval_stats::location::{self, MannWhitneyMethod, Variances};
use eval_stats::multiplicity::{self, Adjustment};
use eval_stats::quantile::{self, QuantileType};

use super::{Gen, Log, hunt};

const QUANTILES: [QuantileType; 9] = [
    QuantileType::Type1,
    QuantileType::Type2,
    QuantileType::Type3,
    QuantileType::Type4,
    QuantileType::Type5,
    QuantileType::Type6,
    QuantileType::Type7,
    QuantileType::Type8,
    QuantileType::Type9,
];

#[test]
fn location_of_groups() {
    hunt(300, |g, log| {
        let k = g.below(5);
        let mut groups: Vec<Vec<f64>> = (0..k)
            .map(|_| {
                let n = g.n();
                g.values(n)
            })
            .collect();
        if k == 2 && g.one_in(3) {
            groups[1] = groups[0].clone();
        }
        let groups: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
        whole(g, log, &groups);
        if let [a, b, ..] = groups[..] {
            two(g, log, a, b);
        }
    });
}

fn whole(g: &mut Gen, log: &mut Log, groups: &[&[f64]]) {
    for variances in [Variances::Welch, Variances::Pooled] {
        log.shown("anova", &(groups, variances), || {
            location::anova(groups, variances)
        });
    }
    log.shown("kruskal_wallis", &groups, || {
        location::kruskal_wallis(groups)
    });
    for &group in groups {
        log.shown("shapiro_wilk", &group, || location::shapiro_wilk(group));
        let p = g.share();
        for kind in QUANTILES {
            log.call("quantile", &(group, p, kind), || {
                quantile::quantile(group, p, kind)
            });
        }
    }
    let rule = match g.below(3) {
        0 => ContinuousRule::Parametric,
        1 => ContinuousRule::Rank,
        _ => ContinuousRule::ShapiroGate { alpha: g.share() },
    };
    let settings = BaselineSettings::new()
        .continuous_rule(rule)
        .variances(g.pick(&[Variances::Welch, Variances::Pooled]))
        .mann_whitney(g.pick(&METHODS));
    log.shown("baseline::continuous", &(groups, &settings), || {
        baseline::continuous(groups, &settings)
    });
}

const METHODS: [MannWhitneyMethod; 4] = [
    MannWhitneyMethod::NormalCorrected,
    MannWhitneyMethod::Normal,
    MannWhitneyMethod::Exact,
    MannWhitneyMethod::AsR,
];

fn two(g: &mut Gen, log: &mut Log, a: &[f64], b: &[f64]) {
    let level = g.level();
    for method in METHODS {
        log.shown("mann_whitney", &(a, b, method), || {
            location::mann_whitney(a, b, method)
        });
    }
    for variances in [Variances::Welch, Variances::Pooled] {
        let input = (a, b, variances, level);
        log.shown("t_test", &input, || {
            location::t_test(a, b, variances, level)
        });
    }
    log.shown("paired_t_test", &(a, b, level), || {
        location::paired_t_test(a, b, level)
    });
    log.call("standardized_difference", &(a, b), || {
        location::standardized_difference(a, b)
    });
}

#[test]
fn smoothers() {
    hunt(300, |g, log| {
        let n = g.n();
        let (x, y) = (g.values(n), g.values(n));
        let settings = LowessSettings {
            span: g.share(),
            iterations: g.below(4),
            delta: if g.one_in(4) { Some(g.value()) } else { None },
        };
        log.call("lowess", &(&x, &y, settings), || {
            calibration::lowess(&x, &y, &settings)
        });
        let settings = LoessSettings {
            span: if g.one_in(3) {
                g.value()
            } else {
                0.3 + g.unit()
            },
            degree: g.pick(&[Degree::Constant, Degree::Linear, Degree::Quadratic]),
            surface: g.pick(&[LoessSurface::Direct, LoessSurface::RInterpolate]),
            cell: if g.one_in(3) { g.share() } else { 0.2 },
        };
        let input = (&x, &y, settings);
        let Some(fit) = log.shown("loess", &input, || calibration::loess(&x, &y, &settings)) else {
            return;
        };
        let at: Vec<f64> = (0..3).map(|_| g.value()).chain(x.clone()).collect();
        log.value("predict", &input, || {
            at.iter().map(|&x| fit.predict(x)).collect::<Vec<_>>()
        });
        let level = g.level();
        log.shown("LoessFit::band", &(&input, level), || fit.band(&x, level));
        log.shown("LoessFit::band", &(&input, &at, level), || {
            fit.band(&at, level)
        });
    });
}

#[test]
fn adjusted_p_values() {
    hunt(300, |g, log| {
        let n = g.n();
        let p: Vec<f64> = (0..n).map(|_| g.share()).collect();
        for adjustment in [
            Adjustment::Bonferroni,
            Adjustment::Holm,
            Adjustment::Hochberg,
            Adjustment::Hommel,
            Adjustment::BenjaminiHochberg,
            Adjustment::BenjaminiYekutieli,
        ] {
            log.call("adjust", &(&p, adjustment), || {
                multiplicity::adjust(&p, adjustment)
            });
        }
    });
}

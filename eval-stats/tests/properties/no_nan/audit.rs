//! Printed numbers, possible and impossible.

use eval_stats::audit::*;
use eval_stats::confusion::ConfusionMatrix;

use super::{Gen, Log, hunt};

impl Gen {
    fn rounding(&mut self) -> Rounding {
        self.pick(&[
            Rounding::Nearest,
            Rounding::HalfUp,
            Rounding::HalfEven,
            Rounding::Truncated,
        ])
    }

    /// A printed number; a NaN would only be repeated.
    fn printed(&mut self) -> Reported {
        let value = match self.below(10) {
            0 => self.value(),
            1 => 100.0 * self.unit(),
            _ => self.share(),
        };
        let value = if value.is_nan() { 0.5 } else { value };
        let decimals = self.pick(&[0, 1, 2, 2, 3, 3, 3, 17, 300, u32::MAX]);
        let scale = 10f64.powi(decimals.min(4) as i32);
        let rounded = (value * scale).round() / scale;
        let value = if rounded.is_finite() { rounded } else { value };
        Reported::new(value, decimals).rounded(self.rounding())
    }

    fn maybe(&mut self) -> Option<Reported> {
        if self.one_in(3) {
            None
        } else {
            Some(self.printed())
        }
    }

    fn rates(&mut self) -> ReportedRates {
        ReportedRates {
            accuracy: self.maybe(),
            sensitivity: self.maybe(),
            specificity: self.maybe(),
            ppv: self.maybe(),
            npv: self.maybe(),
            auc: self.maybe(),
        }
    }

    fn small(&mut self) -> u64 {
        if self.one_in(30) {
            self.count()
        } else {
            self.below(12) as u64
        }
    }

    fn matrix(&mut self) -> ConfusionMatrix {
        ConfusionMatrix {
            tp: self.small(),
            fp: self.small(),
            fn_: self.small(),
            tn: self.small(),
        }
    }
}

#[test]
fn rates_and_counts() {
    hunt(200, |g, log| {
        let rates = g.rates();
        let (events, others) = (g.small(), g.small());
        let input = (&rates, events, others);
        let found = log.shown("counts_from_rates", &input, || {
            counts_from_rates(events, others, &rates)
        });
        if let Some(found) = found {
            log.shown("counts finding", &input, || Ok(found.finding("here")));
            log.value("rounding", &input, || found.rounding());
        }
        if let Some(found) = prevalence_from_rates(&rates) {
            log.shown("prevalence_from_rates", &input, || Ok(found));
            log.shown("prevalence finding", &input, || Ok(found.finding("here")));
            log.value("common", &input, || found.common());
        }
        let rows = [rates, g.rates()];
        let (n, known, radius) = (
            g.below(40) as u64,
            g.one_in(2),
            g.pick(&[0, 1, 3, u64::MAX]),
        );
        let known = known.then(|| g.small());
        let input = (&rows, n, known, radius);
        let found = log.shown("totals_from_rates", &input, || {
            totals_from_rates(&rows[..1 + (n % 2) as usize], n, known, radius)
        });
        if let Some(found) = found {
            log.shown("totals finding", &input, || Ok(found.finding("here")));
        }
        let printed = g.printed();
        log.value("Reported", &printed, || {
            let all = (
                printed.low(),
                printed.high(),
                printed.span(),
                printed.to_percent(),
            );
            (
                all,
                printed.to_share(),
                printed.admits(0.5),
                printed.to_string(),
            )
        });
    });
}

#[test]
fn ratios_and_intervals() {
    hunt(200, |g, log| {
        let (a, b, c, level) = (g.printed(), g.printed(), g.printed(), g.level());
        let p = match g.below(4) {
            0 => None,
            1 => Some(ReportedP::Below(g.share())),
            2 => Some(ReportedP::Above(g.share())),
            _ => Some(ReportedP::Equal(g.printed())),
        };
        let illegal = matches!(p, Some(ReportedP::Below(x) | ReportedP::Above(x)) if x.is_nan());
        let p = if illegal { None } else { p };
        let input = (a, b, c, p, level);
        if let Some(found) = log.shown("odds_ratio", &input, || odds_ratio(a, b, c, p, level)) {
            log.value("odds_ratio findings", &input, || found.findings("here"));
        }
        let (events, others) = (g.pick(&[0, 1, 5, 12, usize::MAX]), g.pick(&[0, 1, 5, 12]));
        let input = (a, b, c, events, others, level);
        let found = log.shown("audit::auc_interval", &input, || {
            auc_interval(a, b, c, events, others, level)
        });
        if let Some(found) = found {
            log.shown("auc finding", &input, || Ok(found.finding("here")));
            log.value("fitting", &input, || found.fitting());
        }
        factors(g, log);
        kappas(g, log);
    });
}

fn factors(g: &mut Gen, log: &mut Log) {
    let k = g.below(4);
    let subjects: Vec<u64> = (0..k).map(|_| g.small()).collect();
    let printed: Vec<ReportedRatio> = (1..k + g.below(2) * g.below(2))
        .map(|_| ReportedRatio {
            ratio: g.printed(),
            limits: g.one_in(2).then(|| (g.printed(), g.printed())),
        })
        .collect();
    let (events, level) = (g.small(), g.level());
    let input = (&subjects, events, &printed, level);
    let found = log.shown("factor_counts", &input, || {
        factor_counts(&subjects, events, &printed, level)
    });
    if let Some(found) = found {
        log.shown("factor finding", &input, || Ok(found.finding("here")));
    }
}

fn kappas(g: &mut Gen, log: &mut Log) {
    let printed = g.printed();
    let (first, second, n) = (g.small(), g.small(), g.small());
    log.call("kappa_tables", &(printed, first, second, n), || {
        kappa_tables(printed, first, second, n)
    });
    let k = g.below(4);
    let readers: Vec<ConfusionMatrix> = (0..k).map(|_| g.matrix()).collect();
    let input = (printed, &readers);
    if let Some(found) = log.shown("kappa_pairs", &input, || kappa_pairs(printed, &readers)) {
        log.shown("kappa finding", &input, || {
            found.finding("here", &["a", "b", "c"])
        });
    }
}

#[test]
fn baseline_numbers() {
    hunt(200, |g, log| {
        let (count, n, printed) = (g.small(), g.small(), g.printed());
        let input = (count, n, printed);
        if let Some(found) = log.shown("percentage", &input, || percentage(count, n, printed)) {
            log.shown("percentage finding", &input, || Ok(found.finding("here")));
        }
        let sd = g.maybe();
        let input = (n, printed, sd);
        let found = log.shown("whole_number_moments", &input, || {
            whole_number_moments(n, printed, sd)
        });
        if let Some(found) = found {
            log.shown("moments finding", &input, || Ok(found.finding("here")));
        }
        let k = g.below(3);
        let sizes: Vec<u64> = (0..k).map(|_| g.count()).collect();
        let rows: Vec<Vec<Option<u64>>> = (0..g.below(3))
            .map(|_| {
                (0..k)
                    .map(|_| if g.one_in(5) { None } else { Some(g.count()) })
                    .collect()
            })
            .collect();
        log.call("category_totals", &(&rows, &sizes), || {
            let found = category_totals(&rows, &sizes)?;
            Ok(found
                .iter()
                .map(|t| t.finding("here").to_string())
                .collect::<Vec<_>>())
        });
        log.value("cutoff_scale", &printed, || {
            let scale = cutoff_scale(printed);
            scale
                .finding("here", printed, PrintedScale::Unstated)
                .to_string()
        });
    });
}

//! Decision and impact curves. References: rmda 1.6, dcurves 0.5.1.

use eval_stats::Scored;
use eval_stats::bootstrap::Bootstrap;
use eval_stats::clinical_impact::{CostBenefit, clinical_impact_with_limits, cost_benefit_axis};
use eval_stats::confusion::Threshold;
use eval_stats::decision_curve::{
    self, DecisionBand, DecisionCurve, DecisionCurveSettings, DecisionModel, DecisionPoint,
    OptOutCurve, ResampledCurves, bootstrap_opt_out, risks_at_prevalence,
};
use eval_stats::quantile::QuantileType;
use serde_json::Value;

use crate::common::*;

fn scored(set: &str, model: &str) -> Scored {
    let (p, y) = predictions(set, model);
    Scored::new(&p, &y).unwrap()
}

/// Risks in twentieths, many of them equal to a threshold, some 0 or 1.
fn coarse(set: &str, model: &str) -> Scored {
    let (p, y) = predictions(set, model);
    let p: Vec<f64> = p.iter().map(|p| (20.0 * p).round() / 20.0).collect();
    Scored::new(&p, &y).unwrap()
}

/// rmda's rule.
fn strict() -> DecisionCurveSettings {
    DecisionCurveSettings::new().rule(Threshold::Gt)
}

/// A table of rmda: the model, treat all and treat none, each at every threshold.
struct Rmda<'a> {
    table: &'a Value,
    name: String,
    thresholds: Vec<f64>,
}

impl<'a> Rmda<'a> {
    fn new(table: &'a Value, name: &str) -> Self {
        let all = numbers(&table["thresholds"]);
        let n = all.iter().skip(1).position(|&t| t == all[0]).unwrap() + 1;
        assert_eq!(all.len(), 3 * n);
        Self {
            table,
            name: name.to_owned(),
            thresholds: all[..n].to_vec(),
        }
    }

    /// `block` 0 is the model, 1 treat all, 2 treat none.
    fn get(&self, column: &str, block: usize, at: usize) -> f64 {
        number(&self.table[column][block * self.thresholds.len() + at])
    }

    #[track_caller]
    fn check(&self, got: f64, column: &str, block: usize, at: usize) {
        let what = format!(
            "{} {column} of {block} at {}",
            self.name, self.thresholds[at]
        );
        close(Tier::Direct, got, self.get(column, block, at), &what);
    }

    /// Thresholds below 1, where the net benefit of treating is finite.
    fn finite(&self) -> &[f64] {
        let n = self.thresholds.len();
        assert_eq!(self.thresholds[n - 1], 1.0);
        // rmda's net benefit there is infinite or NaN.
        assert!(!self.get("NB", 0, n - 1).is_finite());
        &self.thresholds[..n - 1]
    }

    /// Every column of the curve.
    fn check_points(&self, curve: &DecisionCurve) {
        for (at, p) in curve.points.iter().enumerate() {
            for (column, got) in [
                ("TPR", p.sensitivity),
                ("FPR", p.false_positive_rate),
                ("FPR", 1.0 - p.specificity),
                ("NB", p.net_benefit),
                ("sNB", p.standardized_net_benefit),
                ("rho", curve.prevalence),
                ("prob.high.risk", p.high_risk),
                ("prob.low.risk", 1.0 - p.high_risk),
                ("DP", p.high_risk_events),
                ("nonDP", p.low_risk_non_events),
            ] {
                self.check(got, column, 0, at);
            }
            self.check(p.net_benefit_all, "NB", 1, at);
            self.check(p.standardized_net_benefit_all, "sNB", 1, at);
            self.check(0.0, "NB", 2, at);
        }
    }

    /// Every limit of the curve.
    fn check_band(&self, band: &[DecisionBand]) {
        for (at, b) in band.iter().enumerate() {
            for (column, block, (low, high)) in [
                ("TPR", 0, b.sensitivity),
                ("FPR", 0, b.false_positive_rate),
                ("NB", 0, b.net_benefit),
                ("sNB", 0, b.standardized_net_benefit),
                ("rho", 0, b.prevalence),
                ("prob.high.risk", 0, b.high_risk),
                ("DP", 0, b.high_risk_events),
                ("nonDP", 0, b.low_risk_non_events),
                ("NB", 1, b.net_benefit_all),
                ("sNB", 1, b.standardized_net_benefit_all),
            ] {
                self.check(low, &format!("{column}_lower"), block, at);
                self.check(high, &format!("{column}_upper"), block, at);
            }
        }
    }
}

#[test]
fn rmda_curve_and_bootstrap() {
    let golden = json("rmda.json");
    let boot = Bootstrap::new().replicates(50).seed(123);
    for set in ["internal", "prospective"] {
        let table = Rmda::new(&golden[set], set);
        let (s, thresholds) = (scored(set, "clinrad"), table.finite());
        table.check_points(&DecisionCurve::new(&s, thresholds, &strict()).unwrap());
        let band = decision_curve::bootstrap(&s, thresholds, &strict(), &boot, 0.95).unwrap();
        table.check_band(&band);
        // FNR and TNR do not depend on the policy.
        check_below(&table, &s, &strict(), &boot, 0.95);
        let models = [DecisionModel::new(&s, strict())];
        let curves = ResampledCurves::new(&models, thresholds, &boot).unwrap();
        let low_risk = curves
            .limits(0, 0.95, QuantileType::Type1, |p: &DecisionPoint| {
                1.0 - p.high_risk
            })
            .unwrap();
        for (at, (low, high)) in low_risk.into_iter().enumerate() {
            table.check(low, "prob.low.risk_lower", 0, at);
            table.check(high, "prob.low.risk_upper", 0, at);
        }
        let impact =
            clinical_impact_with_limits(&s, thresholds, &strict(), 1000.0, &boot, 0.95).unwrap();
        for (at, m) in impact.points.iter().enumerate() {
            let (risk, events) = (
                m.high_risk_limits.unwrap(),
                m.high_risk_events_limits.unwrap(),
            );
            for (got, column) in [
                (m.high_risk, "prob.high.risk"),
                (risk.0, "prob.high.risk_lower"),
                (risk.1, "prob.high.risk_upper"),
                (m.high_risk_events, "DP"),
                (events.0, "DP_lower"),
                (events.1, "DP_upper"),
            ] {
                table.check(got / 1000.0, column, 0, at);
            }
            let ratio = table.table["cost.benefit.ratio"][at].as_str().unwrap();
            assert_eq!(ratio, m.cost_benefit.to_string());
        }
    }
}

/// The columns on those below the threshold.
fn check_below(
    table: &Rmda<'_>,
    s: &Scored,
    settings: &DecisionCurveSettings,
    boot: &Bootstrap,
    level: f64,
) {
    let thresholds = &table.thresholds[1..];
    let curve = OptOutCurve::new(s, thresholds, settings).unwrap();
    let band = bootstrap_opt_out(s, thresholds, settings, boot, level).unwrap();
    for (i, (p, b)) in curve.points.iter().zip(&band).enumerate() {
        for (column, got, limits) in [
            ("TNR", p.true_negative_rate, b.true_negative_rate),
            ("FNR", p.false_negative_rate, b.false_negative_rate),
        ] {
            table.check(got, column, 0, i + 1);
            table.check(limits.0, &format!("{column}_lower"), 0, i + 1);
            table.check(limits.1, &format!("{column}_upper"), 0, i + 1);
        }
    }
}

#[test]
fn rmda_with_risks_at_thresholds() {
    let golden = &json("decision_extra.json")["ties"];
    let table = Rmda::new(golden, "ties");
    let s = coarse("prospective", "clinrad");
    let at_a_threshold = |p: &&f64| table.thresholds.contains(p);
    assert_eq!(s.scores().iter().filter(at_a_threshold).count(), s.n());
    let boot = Bootstrap::new().replicates(200).seed(5);
    table.check_points(&DecisionCurve::new(&s, table.finite(), &strict()).unwrap());
    let band = decision_curve::bootstrap(&s, table.finite(), &strict(), &boot, 0.9).unwrap();
    table.check_band(&band);
    check_below(&table, &s, &strict(), &boot, 0.9);
}

#[test]
fn rmda_opt_out() {
    let golden = &json("rmda.json")["prospective_optout"];
    let thresholds = numbers(&golden["thresholds"]);
    let nb = numbers(&golden["NB"]);
    let snb = numbers(&golden["sNB"]);
    let s = scored("prospective", "clinrad");
    // At threshold 0 rmda has NaN; at 1 a missed event costs nothing.
    assert!(nb[0].is_nan() && nb[100].is_finite());
    let curve = OptOutCurve::new(&s, &thresholds[1..], &strict()).unwrap();
    for (p, i) in curve.points.iter().zip(1..) {
        let what = format!("opt-out at {}", thresholds[i]);
        close(Tier::Direct, p.net_benefit, nb[i], &what);
        close(Tier::Direct, p.standardized_net_benefit, snb[i], &what);
    }
}

#[test]
fn rmda_opt_out_with_risks_at_thresholds() {
    let golden = &json("decision_extra.json")["opt_out"];
    let thresholds = numbers(&golden["thresholds"])[..21].to_vec();
    let table = Rmda {
        table: golden,
        name: "opt-out".to_owned(),
        thresholds,
    };
    let s = coarse("prospective", "clinrad");
    let boot = Bootstrap::new().replicates(200).seed(6);
    // Those at the threshold stay with the default, under either rule.
    for settings in [strict(), DecisionCurveSettings::new()] {
        check_below(&table, &s, &settings, &boot, 0.95);
        let thresholds = &table.thresholds[1..];
        let curve = OptOutCurve::new(&s, thresholds, &settings).unwrap();
        let band = bootstrap_opt_out(&s, thresholds, &settings, &boot, 0.95).unwrap();
        for (i, (p, b)) in curve.points.iter().zip(&band).enumerate() {
            let at = i + 1;
            table.check(p.net_benefit, "NB", 0, at);
            table.check(b.net_benefit.0, "NB_lower", 0, at);
            table.check(b.net_benefit.1, "NB_upper", 0, at);
            table.check(p.standardized_net_benefit, "sNB", 0, at);
            table.check(b.standardized_net_benefit.0, "sNB_lower", 0, at);
            table.check(b.standardized_net_benefit.1, "sNB_upper", 0, at);
            table.check(0.0, "NB", 1, at);
            table.check(p.net_benefit_none, "NB", 2, at);
            table.check(b.net_benefit_none.0, "NB_lower", 2, at);
            table.check(b.net_benefit_none.1, "NB_upper", 2, at);
        }
    }
}

#[test]
fn rmda_case_control() {
    let golden = &json("decision_extra.json")["case_control"];
    let table = Rmda::new(golden, "case-control");
    let s = scored("external", "clinrad");
    let settings = strict().case_control(0.11);
    let boot = Bootstrap::new().replicates(200).seed(7);
    table.check_points(&DecisionCurve::new(&s, table.finite(), &settings).unwrap());
    let band = decision_curve::bootstrap(&s, table.finite(), &settings, &boot, 0.95).unwrap();
    table.check_band(&band);
    check_below(&table, &s, &settings, &boot, 0.95);
}

#[test]
fn rmda_refits_in_every_resample() {
    let golden = json("decision_extra.json");
    let column = |name: &str| -> Vec<f64> {
        cohort("internal", name)
            .iter()
            .map(|v| v.parse().unwrap())
            .collect()
    };
    let predictors = [column("size"), column("ln_score")];
    let outcomes: Vec<bool> = column("alnm").iter().map(|&y| y == 1.0).collect();
    let fit = |rows: &[usize]| logistic_risks(&predictors, &outcomes, rows);
    for (key, seed, population) in [("refit", 8, None), ("refit_case_control", 9, Some(0.2))] {
        let table = Rmda::new(&golden[key], key);
        let settings = population.map_or(strict(), |p| strict().case_control(p));
        let refit = |rows: &[usize]| {
            let risks = fit(rows)?;
            let n_events = rows.iter().filter(|&&i| outcomes[i]).count();
            let sample = n_events as f64 / rows.len() as f64;
            Some(vec![match population {
                Some(p) => risks_at_prevalence(&risks, sample, p).unwrap(),
                None => risks,
            }])
        };
        let boot = Bootstrap::new().replicates(60).seed(seed);
        let curves =
            ResampledCurves::refit(&outcomes, table.finite(), &[settings], &boot, refit).unwrap();
        assert_eq!((curves.replicates(), curves.left_out()), (60, 0));
        table.check_points(&curves.curves()[0]);
        table.check_band(&curves.band(0, 0.95).unwrap());
    }
}

#[test]
fn dcurves_net_benefit() {
    let golden = json("dcurves.json");
    let plain = DecisionCurveSettings::new();
    let transported = plain.prevalence(0.3).harm(0.02);
    for (key, settings, models) in [
        ("prospective", plain, vec!["clinical", "clinrad"]),
        ("prospective_prev30_harm02", transported, vec!["clinrad"]),
    ] {
        for model in models {
            let s = scored("prospective", model);
            check_dcurves(&golden[key], model, &s, &settings);
        }
    }
}

#[test]
fn dcurves_with_risks_at_thresholds_and_harms() {
    let golden = json("decision_extra.json");
    let plain = DecisionCurveSettings::new();
    let elsewhere = plain.prevalence(0.2);
    for (key, model, settings) in [
        ("dcurves_ties", "clinical", plain),
        ("dcurves_ties", "clinrad", plain),
        ("dcurves_harms", "clinical", elsewhere.harm(0.01)),
        ("dcurves_harms", "clinrad", elsewhere.harm(0.03)),
    ] {
        check_dcurves(&golden[key], model, &coarse("external", model), &settings);
    }
}

/// Every column of a model's rows, and of treat all and treat none.
fn check_dcurves(case: &Value, model: &str, s: &Scored, settings: &DecisionCurveSettings) {
    let variable = case["variable"].as_array().unwrap();
    let rows = |name: &str| -> Vec<usize> {
        (0..variable.len())
            .filter(|&i| variable[i] == name)
            .collect()
    };
    let column = |name: &str| numbers(&case[name]);
    let (of_model, all, none) = (rows(model), rows("all"), rows("none"));
    let thresholds = column("threshold");
    let at: Vec<f64> = of_model.iter().map(|&i| thresholds[i]).collect();
    let curve = DecisionCurve::new(s, &at, settings).unwrap();
    assert_eq!(curve.points.len(), all.len());
    let avoided = case.get("net_intervention_avoided").map(numbers);
    for (k, p) in curve.points.iter().enumerate() {
        let what = format!("{model} at {}", p.threshold);
        let i = of_model[k];
        assert_eq!(thresholds[all[k]], p.threshold);
        for (name, row, got) in [
            ("n", i, curve.n as f64),
            ("pos_rate", i, curve.prevalence),
            ("harm", i, curve.harm),
            ("net_benefit", i, p.net_benefit),
            ("tp_rate", i, p.high_risk_events),
            ("fp_rate", i, p.high_risk - p.high_risk_events),
            ("net_benefit", all[k], p.net_benefit_all),
            ("net_benefit", none[k], 0.0),
        ] {
            close(
                Tier::Direct,
                got,
                column(name)[row],
                &format!("{what} {name}"),
            );
        }
        if let Some(avoided) = &avoided {
            match p.interventions_avoided {
                Some(got) => close(Tier::Direct, 100.0 * got, avoided[i], &what),
                // 0/0, or minus the harm over 0.
                None => assert!(!avoided[i].is_finite()),
            }
        }
    }
}

#[test]
fn ratios_as_r_prints_them() {
    let golden = json("decision_extra.json");
    let fractions = &golden["fractions"];
    let ratios = fractions["ratio"].as_array().unwrap();
    for (t, want) in numbers(&fractions["threshold"]).into_iter().zip(ratios) {
        assert_eq!(
            CostBenefit::of(t).unwrap().to_string(),
            want.as_str().unwrap(),
            "{t}"
        );
    }
    let axis = &golden["axis"];
    let (low, high) = (numbers(&axis["low"]), numbers(&axis["high"]));
    for (i, n) in numbers(&axis["n"]).into_iter().enumerate() {
        let got = cost_benefit_axis(low[i], high[i], n as usize).unwrap();
        let got: Vec<String> = got.iter().map(ToString::to_string).collect();
        let mut want: Vec<&str> = axis["names"][i].as_str().unwrap().split(' ').collect();
        want.dedup();
        want.retain(|name| !name.is_empty());
        assert_eq!(got, want, "{} to {}", low[i], high[i]);
    }
}

/// Fitted risks of a logistic regression on some rows, by Newton's method: the model that the
/// reference refits. `None` where the equations have no solution.
pub fn logistic_risks(predictors: &[Vec<f64>], y: &[bool], rows: &[usize]) -> Option<Vec<f64>> {
    let k = predictors.len() + 1;
    let x = |i: usize, j: usize| if j == 0 { 1.0 } else { predictors[j - 1][i] };
    let mut beta = vec![0.0; k];
    let risk = |beta: &[f64], i: usize| {
        let lp: f64 = (0..k).map(|j| beta[j] * x(i, j)).sum();
        1.0 / (1.0 + (-lp).exp())
    };
    for _ in 0..50 {
        // Normal equations with the score as last column.
        let mut a = vec![vec![0.0; k + 1]; k];
        for &i in rows {
            let p = risk(&beta, i);
            for (j, row) in a.iter_mut().enumerate() {
                for (l, cell) in row[..k].iter_mut().enumerate() {
                    *cell += p * (1.0 - p) * x(i, j) * x(i, l);
                }
                row[k] += (f64::from(u8::from(y[i])) - p) * x(i, j);
            }
        }
        for j in 0..k {
            let pivot = a[j].clone();
            for (l, row) in a.iter_mut().enumerate() {
                if l != j {
                    let factor = row[j] / pivot[j];
                    row.iter_mut()
                        .zip(&pivot)
                        .for_each(|(r, p)| *r -= factor * p);
                }
            }
        }
        let step: Vec<f64> = (0..k).map(|j| a[j][k] / a[j][j]).collect();
        beta.iter_mut().zip(&step).for_each(|(b, s)| *b += s);
        if step.iter().all(|s| s.abs() < 1e-13) {
            break;
        }
    }
    beta.iter()
        .all(|b| b.is_finite())
        .then(|| rows.iter().map(|&i| risk(&beta, i)).collect())
}

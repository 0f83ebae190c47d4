//! Decision and impact curves. References: rmda 1.6, dcurves 0.5.1.

use eval_stats::Scored;
use eval_stats::bootstrap::Bootstrap;
use eval_stats::clinical_impact::clinical_impact_with_limits;
use eval_stats::confusion::Threshold;
use eval_stats::decision_curve::{self, DecisionCurve, DecisionCurveSettings};

use crate::common::*;

fn scored(set: &str, model: &str) -> Scored {
    let (p, y) = predictions(set, model);
    Scored::new(&p, &y).unwrap()
}

#[test]
fn rmda_curve_and_bootstrap() {
    let golden = json("rmda.json");
    let settings = DecisionCurveSettings::new().rule(Threshold::Gt);
    let boot = Bootstrap::new().replicates(50).seed(123);
    for set in ["internal", "prospective"] {
        let case = &golden[set];
        let column = |name: &str| numbers(&case[name]);
        // Rows: model, all, none, each at 101 thresholds; at threshold 1 odds are infinite.
        let thresholds = &column("thresholds")[..100];
        let s = scored(set, "clinrad");
        let curve = DecisionCurve::new(&s, thresholds, &settings).unwrap();
        let bands = decision_curve::bootstrap(&s, thresholds, &settings, &boot, 0.95).unwrap();
        let impact =
            clinical_impact_with_limits(&s, thresholds, &settings, 1000.0, &boot, 0.95).unwrap();
        let get = |name: &str, i: usize| column(name)[i];
        for i in 0..100 {
            let (p, b) = (&curve.points[i], &bands[i]);
            let what = format!("{set} at {}", p.threshold);
            for (name, got) in [
                ("TPR", p.sensitivity),
                ("FPR", 1.0 - p.specificity),
                ("NB", p.net_benefit),
                ("sNB", p.standardized_net_benefit),
                ("prob.high.risk", p.high_risk),
                ("DP", p.high_risk_events),
                ("NB_lower", b.net_benefit.0),
                ("NB_upper", b.net_benefit.1),
                ("sNB_lower", b.standardized_net_benefit.0),
                ("sNB_upper", b.standardized_net_benefit.1),
                ("prob.high.risk_lower", b.high_risk.0),
                ("prob.high.risk_upper", b.high_risk.1),
                ("DP_lower", b.high_risk_events.0),
                ("DP_upper", b.high_risk_events.1),
            ] {
                close(Tier::Direct, got, get(name, i), &format!("{what} {name}"));
            }
            close(Tier::Direct, p.net_benefit_all, get("NB", 101 + i), &what);
            close(
                Tier::Direct,
                b.net_benefit_all.0,
                get("NB_lower", 101 + i),
                &what,
            );
            close(
                Tier::Direct,
                b.net_benefit_all.1,
                get("NB_upper", 101 + i),
                &what,
            );
            let m = &impact.points[i];
            close(
                Tier::Direct,
                m.high_risk,
                1000.0 * get("prob.high.risk", i),
                &what,
            );
            let upper = m.high_risk_events_limits.unwrap().1;
            close(Tier::Direct, upper, 1000.0 * get("DP_upper", i), &what);
            let (cost, benefit) = m.cost_benefit.unwrap();
            assert_eq!(
                case["cost.benefit.ratio"][i].as_str().unwrap(),
                format!("{cost}:{benefit}")
            );
        }
    }
}

#[test]
fn rmda_opt_out() {
    let golden = &json("rmda.json")["prospective_optout"];
    let thresholds = numbers(&golden["thresholds"]);
    let settings = DecisionCurveSettings::new().rule(Threshold::Gt);
    let s = scored("prospective", "clinrad");
    let curve = DecisionCurve::new(&s, &thresholds[..100], &settings).unwrap();
    let nb = numbers(&golden["NB"]);
    assert!(curve.points[0].net_benefit_opt_out.is_none() && nb[0].is_nan());
    for i in 1..100 {
        let got = curve.points[i].net_benefit_opt_out.unwrap();
        close(
            Tier::Direct,
            got,
            nb[i],
            &format!("opt-out at {}", thresholds[i]),
        );
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
        let case = &golden[key];
        let variable = case["variable"].as_array().unwrap();
        let thresholds = numbers(&case["threshold"]);
        let net_benefit = numbers(&case["net_benefit"]);
        let tp = numbers(&case["tp_rate"]);
        let fp = numbers(&case["fp_rate"]);
        for model in models {
            let rows: Vec<usize> = (0..variable.len())
                .filter(|&i| variable[i] == model)
                .collect();
            assert!(rows.len() >= 99);
            let at: Vec<f64> = rows.iter().map(|&i| thresholds[i]).collect();
            let curve = DecisionCurve::new(&scored("prospective", model), &at, &settings).unwrap();
            for (p, &i) in curve.points.iter().zip(&rows) {
                let what = format!("{key} {model} at {}", p.threshold);
                close(Tier::Direct, p.net_benefit, net_benefit[i], &what);
                close(Tier::Direct, p.high_risk_events, tp[i], &what);
                close(Tier::Direct, p.high_risk - p.high_risk_events, fp[i], &what);
                let all = (0..variable.len())
                    .find(|&j| variable[j] == "all" && thresholds[j] == thresholds[i])
                    .unwrap();
                close(Tier::Direct, p.net_benefit_all, net_benefit[all], &what);
                if let Some(avoided) = case.get("net_intervention_avoided") {
                    let want = number(&avoided[i]);
                    match p.interventions_avoided {
                        Some(got) => close(Tier::Direct, 100.0 * got, want, &what),
                        None => assert!(want.is_nan()),
                    }
                }
            }
        }
    }
}

//! Everything that pROC says about two models of one sample and a third of another, in both
//! directions, resampled with R's random numbers. Reference: pROC 1.18.0; boot for BCa.

use eval_stats::auc_interval;
use eval_stats::bootstrap::{
    Bootstrap, BootstrapTest, CurveMeasure, Percentiles, RocBand, compare_paired, compare_unpaired,
    interval, sensitivity_band, specificity_band, stratified_aucs, threshold_band,
};
use eval_stats::cutoff::{self, Criterion};
use eval_stats::quantile::{QuantileType, quantile};
use eval_stats::roc::{PartialAxis, RocCurve};
use eval_stats::venkatraman::{self, TieBreak, UnpairedRule};
use eval_stats::{Direction, Scored, delong};
use serde_json::Value;

use crate::common::*;

struct Case {
    golden: Value,
    name: String,
    a: Scored,
    b: Scored,
    c: Scored,
    bootstrap: Bootstrap,
    partial: CurveMeasure,
    corrected: CurveMeasure,
    axis: PartialAxis,
    limits: [f64; 2],
}

impl Case {
    fn new(golden: &Value) -> Self {
        let direction = match golden["direction"].as_str().unwrap() {
            "<" => Direction::HigherIsEvent,
            _ => Direction::LowerIsEvent,
        };
        let scored = |scores: &str, outcomes: &str| {
            let y: Vec<bool> = numbers(&golden[outcomes])
                .iter()
                .map(|&v| v == 1.0)
                .collect();
            Scored::directed(&numbers(&golden[scores]), &y, direction).unwrap()
        };
        let axis = match golden["focus"].as_str().unwrap() {
            "specificity" => PartialAxis::Specificity,
            _ => PartialAxis::Sensitivity,
        };
        let [low, high] = numbers(&golden["limits"])[..] else {
            panic!("two limits")
        };
        Self {
            name: golden["name"].as_str().unwrap().to_string(),
            a: scored("a", "y"),
            b: scored("b", "y"),
            c: scored("c", "y2"),
            bootstrap: Bootstrap::new()
                .replicates(number(&golden["replicates"]) as usize)
                .seed(number(&golden["seed"]) as u32),
            partial: CurveMeasure::PartialAuc { axis, low, high },
            corrected: CurveMeasure::CorrectedPartialAuc { axis, low, high },
            axis,
            limits: [low, high],
            golden: golden.clone(),
        }
    }

    fn wanted(&self, key: &str) -> Vec<f64> {
        numbers(&self.golden[key])
    }

    #[track_caller]
    fn holds(&self, key: &str, got: &[f64]) {
        let want = self.wanted(key);
        assert_eq!(got.len(), want.len(), "{} {key}", self.name);
        for (g, w) in got.iter().zip(want) {
            close(Tier::Direct, *g, w, &format!("{} {key}", self.name));
        }
    }
}

fn cases() -> Vec<Case> {
    let golden = json("roc_proc.json");
    golden["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(Case::new)
        .collect()
}

#[test]
fn curves_in_both_directions() {
    for case in cases() {
        let roc = RocCurve::new(&case.a);
        let column = |of: fn(&eval_stats::roc::RocPoint) -> f64| -> Vec<f64> {
            roc.points.iter().map(of).collect()
        };
        case.holds("thresholds", &column(|p| p.threshold));
        case.holds("se", &column(|p| p.sensitivity));
        case.holds("sp", &column(|p| p.specificity));
        case.holds("auc", &[roc.auc()]);
        let part = roc
            .partial_auc(case.axis, case.limits[0], case.limits[1])
            .unwrap();
        case.holds("partial", &[part.value]);
        case.holds("partial_corrected", &[part.corrected.unwrap_or(f64::NAN)]);
        let grid = case.wanted("grid");
        let at: Vec<f64> = grid
            .iter()
            .map(|&x| roc.sensitivity_at(x).unwrap())
            .collect();
        case.holds("sensitivity_at", &at);
        let at: Vec<f64> = grid
            .iter()
            .map(|&x| roc.specificity_at(x).unwrap())
            .collect();
        case.holds("specificity_at", &at);
        let given = case.wanted("thresholds_given");
        let at: Vec<_> = given.iter().map(|&t| roc.at_threshold(t)).collect();
        case.holds(
            "se_at_threshold",
            &at.iter().map(|p| p.sensitivity).collect::<Vec<_>>(),
        );
        case.holds(
            "sp_at_threshold",
            &at.iter().map(|p| p.specificity).collect::<Vec<_>>(),
        );
    }
}

#[test]
fn binormal_curves() {
    for case in cases() {
        let got = RocCurve::new(&case.a).binormal().unwrap();
        let mut all = vec![got.intercept, got.slope, got.auc];
        let mut curve: Vec<f64> = (0..=10)
            .map(|i| got.specificity_at(f64::from(i) / 10.0).unwrap())
            .collect();
        curve.sort_by(f64::total_cmp);
        all.extend(curve);
        case.holds("binormal", &all);
    }
}

#[test]
fn best_cutoffs_with_all_ties() {
    for case in cases() {
        let roc = RocCurve::new(&case.a);
        let weights = case.wanted("weights");
        let (cost, prevalence) = (weights[0], weights[1]);
        for (key, criterion, offset) in [
            ("best_youden", Criterion::Youden, 1.0),
            ("best_corner", Criterion::ClosestToCorner, 0.0),
            (
                "best_weighted_youden",
                Criterion::WeightedYouden { cost, prevalence },
                0.0,
            ),
            (
                "best_weighted_corner",
                Criterion::WeightedClosestToCorner { cost, prevalence },
                0.0,
            ),
        ] {
            let want = &case.golden[key];
            let what = format!("{} {key}", case.name);
            let got = cutoff::find(&roc, criterion).unwrap();
            let mut tied = got.tied.clone();
            tied.sort_by(f64::total_cmp);
            let mut thresholds = numbers(&want["threshold"]);
            thresholds.sort_by(f64::total_cmp);
            assert_eq!(tied, thresholds, "{what}");
            close(
                Tier::Direct,
                got.value + offset,
                numbers(&want["value"])[0],
                &what,
            );
            let at = numbers(&want["threshold"])
                .iter()
                .position(|&t| t == got.threshold)
                .unwrap();
            close(
                Tier::Direct,
                got.sensitivity,
                numbers(&want["sensitivity"])[at],
                &what,
            );
            close(
                Tier::Direct,
                got.specificity,
                numbers(&want["specificity"])[at],
                &what,
            );
            let m = got.apply(&case.a);
            assert_eq!(m.sensitivity(), Some(got.sensitivity), "{what}");
            assert_eq!(m.specificity(), Some(got.specificity), "{what}");
        }
    }
}

#[test]
fn delong_in_both_directions() {
    for case in cases() {
        let ci = delong::auc(&case.a, 0.95).unwrap();
        case.holds("variance", &[delong::auc_variance(&case.a).unwrap()]);
        case.holds("delong_ci", &[ci.low, ci.value, ci.high]);
        let t = delong::compare_paired(&case.a, &case.b, 0.95).unwrap();
        case.holds("paired", &[t.statistic, t.p, t.low, t.high]);
        close(Tier::PValue, t.p, case.wanted("paired")[1], &case.name);
        let t = delong::compare_unpaired(&case.a, &case.c, 0.95).unwrap();
        case.holds("unpaired", &[t.statistic, t.df.unwrap(), t.p]);
        close(Tier::PValue, t.p, case.wanted("unpaired")[2], &case.name);
    }
}

#[test]
fn bootstrap_intervals() {
    for case in cases() {
        for (key, measure) in [
            ("boot_auc", CurveMeasure::Auc),
            ("boot_partial", case.partial),
            ("boot_corrected", case.corrected),
        ] {
            let got = interval(&case.a, measure, &case.bootstrap, 0.95).unwrap();
            let want = case.wanted(key);
            close(Tier::Direct, got.low, want[0], key);
            close(Tier::Direct, got.high, want[2], key);
        }
    }
}

#[test]
fn bootstrap_tests() {
    for case in cases() {
        let (a, b, c, boot) = (&case.a, &case.b, &case.c, &case.bootstrap);
        let holds = |key: &str, t: BootstrapTest| {
            case.holds(key, &[t.statistic, t.p]);
            close(Tier::PValue, t.p, case.wanted(key)[1], key);
        };
        let paired = |measure| compare_paired(a, b, measure, boot, 0.95).unwrap();
        let unpaired = |measure| compare_unpaired(a, c, measure, boot, 0.95).unwrap();
        holds("test_auc", paired(CurveMeasure::Auc));
        holds("test_auc_unpaired", unpaired(CurveMeasure::Auc));
        holds("test_partial", paired(case.partial));
        holds("test_partial_unpaired", unpaired(case.partial));
        holds(
            "test_sensitivity",
            paired(CurveMeasure::SensitivityAt(0.75)),
        );
        holds(
            "test_specificity",
            paired(CurveMeasure::SpecificityAt(0.75)),
        );
    }
}

#[test]
fn bands() {
    let row = |p: &Percentiles| [p.low, p.median, p.high];
    let rows =
        |band: RocBand| -> Vec<f64> { band.points.iter().flat_map(|p| row(&p.limits)).collect() };
    for case in cases() {
        let (grid, boot) = (case.wanted("grid"), &case.bootstrap);
        case.holds(
            "ci_se",
            &rows(sensitivity_band(&case.a, &grid, boot, 0.95).unwrap()),
        );
        case.holds(
            "ci_sp",
            &rows(specificity_band(&case.a, &grid, boot, 0.95).unwrap()),
        );
        let given = case.wanted("thresholds_given");
        let got = threshold_band(&case.a, &given, boot, 0.95).unwrap().points;
        let sensitivities: Vec<f64> = got.iter().flat_map(|p| row(&p.sensitivity)).collect();
        case.holds("ci_thresholds_se", &sensitivities);
        let specificities: Vec<f64> = got.iter().flat_map(|p| row(&p.specificity)).collect();
        case.holds("ci_thresholds_sp", &specificities);
    }
}

#[test]
fn venkatraman_tests() {
    for case in cases() {
        for (ties, name) in [(TieBreak::First, "first"), (TieBreak::Random, "random")] {
            let t = venkatraman::compare_paired(&case.a, &case.b, &case.bootstrap, ties).unwrap();
            case.holds(&format!("venkatraman_{name}"), &[t.statistic, t.p]);
            let t = venkatraman::compare_unpaired(
                &case.a,
                &case.c,
                &case.bootstrap,
                ties,
                UnpairedRule::Proc,
            )
            .unwrap();
            case.holds(&format!("venkatraman_unpaired_{name}"), &[t.statistic, t.p]);
        }
    }
}

#[test]
fn several_models() {
    let golden = &json("roc_proc.json")["several"];
    let models = ["clinrad", "clinical", "tumor", "ln"].map(|m| {
        let (p, y) = predictions("external", m);
        Scored::new(&p, &y).unwrap()
    });
    let got = delong::compare_all(&models.each_ref(), 0.95).unwrap();
    let flat: Vec<f64> = got.covariance.covariance.concat();
    for (g, w) in flat.into_iter().zip(numbers(&golden["covariance"])) {
        close(Tier::Direct, g, w, "covariance");
    }
    let want = number(&golden["chi_squared"]);
    close(Tier::Direct, got.overall.chi_squared, want, "chi-square");
    close(Tier::PValue, got.overall.p, number(&golden["p"]), "p");
    assert_eq!((got.overall.df, got.pairs.len()), (3, 6));
    let (p, holm) = (numbers(&golden["pairs_p"]), numbers(&golden["holm"]));
    for (i, pair) in got.pairs.iter().enumerate() {
        close(Tier::PValue, pair.test.p, p[i], "p of a pair");
        close(Tier::PValue, pair.p_holm, holm[i], "Holm");
        close(Tier::PValue, pair.log10_p_holm, holm[i].log10(), "log Holm");
    }
}

#[test]
fn bias_corrected_and_accelerated() {
    for case in json("roc_proc.json")["bca"].as_array().unwrap() {
        let (p, y) = predictions("prospective", case["model"].as_str().unwrap());
        let s = Scored::new(&p, &y).unwrap();
        let settings = Bootstrap::new()
            .replicates(number(&case["replicates"]) as usize)
            .seed(number(&case["seed"]) as u32);
        let level = number(&case["level"]);
        let got = auc_interval::bootstrap_bca(&s, &settings, level).unwrap();
        let want = numbers(&case["limits"]);
        close(Tier::Direct, got.low, want[0], "low");
        close(Tier::Direct, got.high, want[1], "high");
        // boot.ci interpolates otherwise, between the same two replicates.
        let mut sorted = stratified_aucs(&[&s], &settings).unwrap().concat();
        sorted.sort_by(f64::total_cmp);
        for (limit, boot) in [got.low, got.high]
            .into_iter()
            .zip(numbers(&case["boot_limits"]))
        {
            let at = sorted.partition_point(|&a| a < limit);
            assert!(
                (sorted[at - 2]..=sorted[at + 1]).contains(&boot),
                "{limit} {boot}"
            );
        }
        let adjusted = numbers(&case["adjusted"]);
        let low = quantile(&sorted, adjusted[0], QuantileType::Type7).unwrap();
        close(Tier::Direct, got.low, low, "quantile at the adjusted level");
    }
}

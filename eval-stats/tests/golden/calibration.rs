//! Hosmer-Lemeshow, recalibration, smoothers. References: ResourceSelection 0.3-6, generalhoslem
//! 1.3.4, rms 6.5-0, R 4.2.2.

use eval_stats::Scored;
use eval_stats::bootstrap::Bootstrap;
use eval_stats::calibration::{
    self, BootstrappedCalibration, CalibrationPoint, Degree, LoessSettings, LoessSurface,
    LowessSettings, ObservedExpectedMethod, Smoother, accuracy, errors, loess, lowess,
    recalibration, smooth, val_prob,
};
use eval_stats::hosmer_lemeshow::{self, DegreesOfFreedom, Grouping, HosmerLemeshowTest};
use eval_stats::proportion::ProportionMethod;
use serde_json::Value;

use crate::common::*;

fn of_json(case: &Value) -> Scored {
    let y: Vec<bool> = numbers(&case["y"]).into_iter().map(|y| y == 1.0).collect();
    Scored::new(&numbers(&case["p"]), &y).unwrap()
}

#[test]
fn hosmer_lemeshow_by_quantiles() {
    let golden = json("hosmer_lemeshow.json");
    let mut compared = 0;
    for (name, case) in golden.as_object().unwrap() {
        let (set, model) = name.split_once(' ').unwrap();
        let (p, y) = predictions(set, model);
        let scored = Scored::new(&p, &y).unwrap();
        let g = number(&case["g"]) as usize;
        let got = hosmer_lemeshow::test(
            &scored,
            g,
            Grouping::Quantiles,
            DegreesOfFreedom::GroupsMinusTwo,
        )
        .unwrap();
        close(Tier::Direct, got.chi_squared, number(&case["chisq"]), name);
        assert_eq!(got.df as f64, number(&case["df"]), "{name}");
        close_p(got.p, number(&case["p"]), name);
        let general = numbers(&case["generalhoslem"]);
        close(Tier::Direct, got.chi_squared, general[0], name);
        close_p(got.p, general[2], name);
        let observed = case["obs"]["data"].as_array().unwrap();
        let expected = case["exp"]["data"].as_array().unwrap();
        assert_eq!(got.groups.len(), observed.len(), "{name}");
        for ((group, o), e) in got.groups.iter().zip(observed).zip(expected) {
            let (o, e) = (numbers(o), numbers(e));
            assert_eq!(group.observed as f64, o[1]);
            assert_eq!((group.n - group.observed) as f64, o[0]);
            close(Tier::Direct, group.expected, e[1], name);
            close(Tier::Direct, group.n as f64 - group.expected, e[0], name);
            compared += 1;
        }
    }
    assert!(compared > 150);
}

#[test]
fn scores_of_risks() {
    for (set, case) in json("calibration_extra.json").as_object().unwrap() {
        let got = accuracy(&of_json(case)).unwrap();
        close(
            Tier::Direct,
            got.spiegelhalter_z.unwrap(),
            number(&case["spi_z"]),
            set,
        );
        close(Tier::Direct, got.brier, number(&case["brier"]), set);
        close(
            Tier::Direct,
            got.brier_reference,
            number(&case["brier_max"]),
            set,
        );
        close(Tier::Direct, got.log_loss, number(&case["logloss"]), set);
        let r = recalibration(&of_json(case), 0.95).unwrap();
        close_p(r.p, number(&case["cal_test_p"]), set);
    }
}

#[test]
fn loess_and_errors_on_both_surfaces() {
    let compare = |got: &[f64], want: &Value, what: &str| {
        for (got, want) in got.iter().zip(numbers(want)) {
            close(Tier::Direct, *got, want, what);
        }
    };
    for (set, case) in json("calibration_extra.json").as_object().unwrap() {
        let (p, y) = (numbers(&case["p"]), numbers(&case["y"]));
        for (key, surface, degree) in [
            ("direct", LoessSurface::Direct, Degree::Quadratic),
            ("direct_deg1", LoessSurface::Direct, Degree::Linear),
            ("interp", LoessSurface::RInterpolate, Degree::Quadratic),
        ] {
            let settings = LoessSettings {
                surface,
                degree,
                ..Default::default()
            };
            let fit = loess(&p, &y, &settings).unwrap();
            compare(fit.fitted(), &case[key], &format!("{set} {key}"));
        }
        let e = errors(&of_json(case), Smoother::Loess(LoessSurface::Direct)).unwrap();
        for (name, got) in e.iter() {
            close(
                Tier::Direct,
                got,
                number(&case[name]),
                &format!("{set} {name}"),
            );
        }
    }
    for (set, case) in json("valprob_synth.json").as_object().unwrap() {
        let smoother = Smoother::Loess(LoessSurface::RInterpolate);
        let curve = smooth(&of_json(case), smoother).unwrap();
        compare(&curve.fitted, &case["loess_fit"], set);
        for (name, got) in errors(&of_json(case), smoother).unwrap().iter() {
            let want = number(&case[format!("{name}_loess")]);
            close(Tier::Direct, got, want, &format!("{set} {name}"));
        }
    }
}

/// Ties, few distinct x, outliers, few points; predictions outside the range; standard errors.
#[test]
fn loess_on_awkward_data() {
    let mut bands = 0;
    for (k, case) in json("loess_r.json").as_array().unwrap().iter().enumerate() {
        let surface = match case["surface"].as_str().unwrap() {
            "direct" => LoessSurface::Direct,
            _ => LoessSurface::RInterpolate,
        };
        let settings = LoessSettings {
            span: number(&case["span"]),
            degree: [Degree::Constant, Degree::Linear, Degree::Quadratic]
                [number(&case["degree"]) as usize],
            surface,
            ..Default::default()
        };
        let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
        let what = format!("case {k} {settings:?}");
        let fit = loess(&x, &y, &settings).unwrap();
        // Next to 0 rounding is relative to y.
        let near = |got: f64, want: f64, part: &str| {
            let largest = y.iter().fold(0.0, |a: f64, y| a.max(y.abs()));
            assert!(
                (got - want).abs() <= 1e-10 * want.abs().max(1e-2 * largest),
                "{what} {part}: {got:e} {want:e}"
            );
        };
        for (got, want) in fit.fitted().iter().zip(numbers(&case["fitted"])) {
            near(*got, want, "fitted");
        }
        let at = numbers(&case["at"]);
        for (&x, want) in at.iter().zip(numbers(&case["predicted"])) {
            match fit.predict(x) {
                Some(got) => near(got, want, "predicted"),
                None => assert!(want.is_nan(), "{what} at {x}"),
            }
        }
        if case.get("se").is_some() {
            let band = fit.band(&at[..9], 0.95).unwrap();
            for (got, want) in band.std_error.iter().zip(numbers(&case["se"])) {
                near(*got, want, "standard error");
            }
            close(Tier::Direct, band.df, number(&case["df"]), &what);
            close(
                Tier::Direct,
                band.residual_scale,
                number(&case["scale"]),
                &what,
            );
            close(Tier::Direct, band.parameters, number(&case["trace"]), &what);
            bands += 1;
        }
    }
    assert!(bands > 40);
}

#[test]
fn lowess_on_awkward_data() {
    for (k, case) in json("calibration_r.json")["lowess"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
        let settings = LowessSettings {
            span: number(&case["f"]),
            iterations: number(&case["iter"]) as usize,
            delta: Some(number(&case["delta"])),
        };
        let mut order: Vec<usize> = (0..x.len()).collect();
        order.sort_by(|&i, &j| x[i].total_cmp(&x[j]));
        let got = lowess(&x, &y, &settings).unwrap();
        for (&i, want) in order.iter().zip(numbers(&case["fit"])) {
            close(Tier::Direct, got[i], want, &format!("case {k}"));
        }
    }
}

#[test]
fn hosmer_lemeshow_by_every_rule() {
    let golden = json("calibration_r.json");
    let cases = golden["hosmer_lemeshow"].as_array().unwrap();
    let mut tested = 0;
    for case in cases {
        let (set, rule) = (
            case["set"].as_str().unwrap(),
            case["rule"].as_str().unwrap(),
        );
        let (p, y) = predictions(set, "clinrad");
        let ten = 10_f64.powf(number(&case["digits"]));
        let p: Vec<f64> = p.iter().map(|p| (p * ten).round() / ten).collect();
        let scored = Scored::new(&p, &y).unwrap();
        let g = number(&case["g"]) as usize;
        let what = format!("{set} {rule} {g} {ten}");
        let breaks = [0.05, 0.2, 0.5];
        let by = |grouping| {
            let test = |df| hosmer_lemeshow::test(&scored, g, grouping, df);
            let points = calibration::grouped(&scored, g, grouping, 0.95, ProportionMethod::Wilson);
            (
                test(DegreesOfFreedom::GroupsMinusTwo),
                test(DegreesOfFreedom::Groups).unwrap(),
                points.unwrap(),
            )
        };
        let (refitted, external, points): (_, HosmerLemeshowTest, Vec<CalibrationPoint>) =
            match rule {
                "quantiles" => by(Grouping::Quantiles),
                "cut2" | "type2" => by(Grouping::EqualCounts),
                "sas" => by(Grouping::SasTarget),
                "widths" => by(Grouping::EqualWidths),
                _ => (
                    hosmer_lemeshow::test_at(&scored, &breaks, DegreesOfFreedom::GroupsMinusTwo),
                    hosmer_lemeshow::test_at(&scored, &breaks, DegreesOfFreedom::Groups).unwrap(),
                    calibration::grouped_at(&scored, &breaks, 0.95, ProportionMethod::Wilson)
                        .unwrap(),
                ),
            };
        let n: Vec<f64> = external.groups.iter().map(|r| r.n as f64).collect();
        assert_eq!(n, numbers(&case["n"]), "{what}");
        let observed: Vec<f64> = external.groups.iter().map(|r| r.observed as f64).collect();
        assert_eq!(observed, numbers(&case["observed"]), "{what}");
        for (r, want) in external.groups.iter().zip(numbers(&case["expected"])) {
            close(Tier::Direct, r.expected, want, &what);
        }
        let limits = numbers(&case["wilson_low"])
            .into_iter()
            .zip(numbers(&case["wilson_high"]));
        for (point, (low, high)) in points.iter().zip(limits) {
            close(Tier::Direct, point.observed.low, low, &what);
            close(Tier::Direct, point.observed.high, high, &what);
        }
        close(
            Tier::Direct,
            external.chi_squared,
            number(&case["chisq"]),
            &what,
        );
        close(Tier::PValue, external.p, number(&case["p_external"]), &what);
        match refitted {
            Ok(t) => {
                assert_eq!(t.df as f64, number(&case["df"]), "{what}");
                close(Tier::PValue, t.p, number(&case["p"]), &what);
                tested += 1;
            }
            Err(_) => assert!(number(&case["p"]).is_nan(), "{what}"),
        }
    }
    assert!(cases.len() == 144 && tested > 100);
}

#[test]
fn tests_ratios_and_decomposition() {
    for case in json("calibration_r.json")["recalibration"]
        .as_array()
        .unwrap()
    {
        let (set, model) = (
            case["set"].as_str().unwrap(),
            case["model"].as_str().unwrap(),
        );
        let (p, y) = predictions(set, model);
        let scored = Scored::new(&p, &y).unwrap();
        let r = recalibration(&scored, 0.95).unwrap();
        let what = format!("{set} {model}");
        // A difference of log likelihoods of this size keeps fewer digits where it is near 0.
        let deviance = 2.0 * accuracy(&scored).unwrap().log_loss * scored.n() as f64;
        for (got, chi_squared, p) in [
            (r.in_the_large_test, "large", "large_p"),
            (r.slope_test, "slope", "slope_p"),
        ] {
            let want = number(&case[chi_squared]);
            assert!((got.chi_squared - want).abs() <= 1e-13 * deviance, "{what}");
            if want > 1e-3 {
                close(Tier::PValue, got.p, number(&case[p]), &what);
            }
        }
        assert!((r.chi_squared - number(&case["joint"])).abs() <= 1e-13 * deviance);
        if r.chi_squared > 1e-3 {
            close(Tier::PValue, r.p, number(&case["joint_p"]), &what);
        }
        // Limits of intercept and slope, lower ones first.
        let wald = numbers(&case["wald"]);
        for (got, want) in [
            (r.intercept.low, wald[0]),
            (r.slope.low, wald[1]),
            (r.intercept.high, wald[2]),
            (r.slope.high, wald[3]),
        ] {
            close(Tier::Direct, got, want, &what);
        }
        for (method, key) in [
            (ObservedExpectedMethod::LogWald, "log_wald"),
            (ObservedExpectedMethod::ExactPoisson, "poisson"),
        ] {
            let got = calibration::observed_expected(&scored, 0.95, method).unwrap();
            let want = numbers(&case[key]);
            close(Tier::Direct, got.value, number(&case["oe"]), &what);
            close(Tier::Direct, got.low, want[0], &what);
            close(Tier::Direct, got.high, want[1], &what);
        }
        let rounded: Vec<f64> = p.iter().map(|p| (p * 10.0).round() / 10.0).collect();
        let d = calibration::brier_decomposition(&Scored::new(&rounded, &y).unwrap()).unwrap();
        close(
            Tier::Direct,
            d.reliability,
            number(&case["reliability"]),
            &what,
        );
        close(
            Tier::Direct,
            d.resolution,
            number(&case["resolution"]),
            &what,
        );
    }
}

fn surface_of(case: &Value) -> LoessSurface {
    match case["surface"].as_str().unwrap() {
        "direct" => LoessSurface::Direct,
        _ => LoessSurface::RInterpolate,
    }
}

#[test]
fn bootstrap_draws_as_r() {
    let settings = Bootstrap::new().replicates(60).seed(7);
    for (k, case) in json("calibration_r.json")["bootstrap"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
    {
        let smoother = Smoother::Loess(surface_of(case));
        let got: BootstrappedCalibration =
            calibration::bootstrap(&of_json(case), smoother, &settings, 0.95).unwrap();
        let [value, se, low, high, failed] =
            ["value", "se", "low", "high", "failed"].map(|key| numbers(&case[key]));
        for (j, (name, index)) in got.iter().enumerate() {
            let what = format!("case {k} {name}");
            let Some(index) = index else {
                assert!(value[j].is_nan(), "{what}");
                continue;
            };
            let e = index.estimate;
            for (got, want) in [
                (e.value, value[j]),
                (e.std_error.unwrap(), se[j]),
                (e.low, low[j]),
                (e.high, high[j]),
            ] {
                close(Tier::Iterative, got, want, &what);
            }
            assert_eq!(index.failed as f64, failed[j], "{what}");
        }
    }
    let golden = &json("calibration_r.json")["band"];
    let (p, y) = predictions("prospective", "clinrad");
    let band = calibration::bootstrap_band(
        &Scored::new(&p, &y).unwrap(),
        Smoother::Loess(LoessSurface::RInterpolate),
        &numbers(&golden["at"]),
        &Bootstrap::new().replicates(60).seed(3),
        0.95,
    )
    .unwrap();
    let used = numbers(&golden["used"]);
    let mut at = 0;
    for (k, want) in numbers(&golden["observed"]).into_iter().enumerate() {
        if want.is_nan() || used[k] < 2.0 {
            continue;
        }
        assert_eq!(band.replicates[at] as f64, used[k]);
        close(Tier::Direct, band.observed[at], want, "observed");
        close(
            Tier::Direct,
            band.low[at],
            numbers(&golden["low"])[k],
            "low",
        );
        close(
            Tier::Direct,
            band.high[at],
            numbers(&golden["high"])[k],
            "high",
        );
        at += 1;
    }
    assert_eq!(at, band.predicted.len());
}

#[test]
fn lowess_with_and_without_robustness() {
    for (set, case) in json("calibration_extra.json").as_object().unwrap() {
        let (p, y) = (numbers(&case["p"]), numbers(&case["y"]));
        let mut order: Vec<usize> = (0..p.len()).collect();
        order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
        let plain = LowessSettings::default();
        let robust = LowessSettings {
            iterations: 3,
            ..plain
        };
        let narrow = LowessSettings {
            span: 0.5,
            delta: Some(0.0),
            ..plain
        };
        for (settings, key) in [
            (plain, "lowess0"),
            (robust, "lowess3"),
            (narrow, "lowess_f05_d0"),
        ] {
            let got = lowess(&p, &y, &settings).unwrap();
            for (&i, want) in order.iter().zip(numbers(&case[key]["y"])) {
                close(Tier::Direct, got[i], want, &format!("{set} {key}"));
            }
        }
    }
}

/// Against `val.prob` whose `lrm.fit` was continued to `eps = 1e-9`, and its missing p by `pchisq`. What `val.prob` prints as it
/// stands, with `lrm.fit`'s default `eps = 0.025`, differs from that by up to 1e-7 by itself.
#[test]
fn val_prob_indexes() {
    let mut earliest = 0.0_f64;
    for case in json("calibration_r.json")["val_prob"].as_array().unwrap() {
        let (set, model) = (
            case["set"].as_str().unwrap(),
            case["model"].as_str().unwrap(),
        );
        let (p, y) = predictions(set, model);
        let scored = Scored::new(&p, &y).unwrap();
        for (name, got) in val_prob(&scored).unwrap().iter() {
            let what = format!("{set} {model} {name}");
            let want = number(&case["converged"][name]);
            let printed = number(&case["default"][name]);
            match name {
                "D:p" => {
                    assert!(printed.is_nan(), "{what}");
                    close(Tier::PValue, got, want, &what);
                }
                // val.prob reads C off risks rounded to 1/5000.
                "C (ROC)" | "Dxy" => assert!((got - want).abs() < 2e-4, "{what}"),
                // 0 on the rows that the model was fitted on, up to rounding.
                "Intercept" | "U:Chi-sq" if set == "train" => {
                    assert!(got.abs() < 1e-9 && want.abs() < 1e-9, "{what}");
                }
                _ => {
                    close(Tier::Direct, got, want, &what);
                    earliest = earliest.max((printed - want).abs() / want.abs());
                }
            }
        }
    }
    assert!(earliest > 1e-9 && earliest < 1e-7, "{earliest:e}");
    for (set, case) in json("valprob_synth.json").as_object().unwrap() {
        let scored = of_json(case);
        let r = recalibration(&scored, 0.95).unwrap();
        close(
            Tier::Direct,
            r.observed_expected.value,
            number(&case["oe"]),
            "O/E",
        );
        let curve = smooth(&scored, Smoother::Lowess).unwrap();
        for (got, want) in curve.observed.iter().zip(numbers(&case["lowess_y"])) {
            close(Tier::Direct, *got, want, set);
        }
    }
}

/// Against fits continued to full convergence (`glm.control(epsilon = 1e-15)`, restarted).
#[test]
fn recalibration_at_convergence() {
    for (name, case) in json("extra_r.json")["recalibration"].as_object().unwrap() {
        let (set, model) = name.split_once(' ').unwrap();
        let (p, y) = predictions(set, model);
        let got = recalibration(&Scored::new(&p, &y).unwrap(), 0.95).unwrap();
        let se = numbers(&case["se"]);
        let pairs = [
            ("intercept", got.intercept.value, number(&case["intercept"])),
            ("slope", got.slope.value, number(&case["slope"])),
            ("citl", got.in_the_large.value, number(&case["citl"])),
            ("chi-square", got.chi_squared, number(&case["chisq"])),
        ];
        for (what, got, want) in pairs {
            // Zero on the training set.
            assert!(
                (got - want).abs() <= 1e-9 * want.abs().max(1e-3),
                "{name} {what}: {got} {want}"
            );
        }
        let name = |part: &str| format!("{name} {part}");
        close(
            Tier::Direct,
            got.intercept.std_error.unwrap(),
            se[0],
            &name("se a"),
        );
        close(
            Tier::Direct,
            got.slope.std_error.unwrap(),
            se[1],
            &name("se b"),
        );
        let want = number(&case["citl_se"]);
        close(
            Tier::Direct,
            got.in_the_large.std_error.unwrap(),
            want,
            &name("se citl"),
        );
    }
}

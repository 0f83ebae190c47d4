//! Hosmer-Lemeshow, recalibration, smoothers. References: ResourceSelection 0.3-6, generalhoslem
//! 1.3.4, rms 6.5-0, R 4.2.2.

use eval_stats::Scored;
use eval_stats::calibration::{
    Degree, LowessSettings, Smoother, accuracy, errors, loess, lowess, recalibration, smooth,
    val_prob,
};
use eval_stats::hosmer_lemeshow::{self, DegreesOfFreedom, Grouping};
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
        close(Tier::Direct, got.p, number(&case["p"]), name);
        let general = numbers(&case["generalhoslem"]);
        close(Tier::Direct, got.chi_squared, general[0], name);
        close(Tier::Direct, got.p, general[2], name);
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
        close(Tier::Direct, r.p, number(&case["cal_test_p"]), set);
    }
}

#[test]
fn loess_direct_and_errors() {
    for (set, case) in json("calibration_extra.json").as_object().unwrap() {
        let (p, y) = (numbers(&case["p"]), numbers(&case["y"]));
        let quadratic = loess(&p, &y, 0.75, Degree::Quadratic).unwrap();
        for (got, want) in quadratic.iter().zip(numbers(&case["direct"])) {
            close(Tier::Direct, *got, want, set);
        }
        let linear = loess(&p, &y, 0.75, Degree::Linear).unwrap();
        for (got, want) in linear.iter().zip(numbers(&case["direct_deg1"])) {
            close(Tier::Direct, *got, want, set);
        }
        let e = errors(&of_json(case), Smoother::Loess).unwrap();
        for (name, got) in e.iter() {
            close(
                Tier::Direct,
                got,
                number(&case[name]),
                &format!("{set} {name}"),
            );
        }
    }
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

/// The reference fits its recalibration with a looser tolerance than its other numbers.
#[test]
fn val_prob_indexes() {
    for (set, case) in json("valprob_synth.json").as_object().unwrap() {
        let scored = of_json(case);
        let got = val_prob(&scored).unwrap();
        let mut names = 0;
        for (name, got) in got.iter() {
            let want = number(&case["val.prob"][name]);
            let what = format!("{set} {name}");
            match name {
                // Reference: area from risks rounded to 1/5000 on the training set; p not printed.
                "C (ROC)" | "Dxy" if set == "train" => assert!((got - want).abs() < 2e-4, "{what}"),
                "D:p" => assert!(want.is_nan() && got < 1e-10, "{what}"),
                // Zero on the set that the model was fitted on, up to the fit's own rounding.
                "Intercept" | "U:Chi-sq" if set == "train" => {
                    assert!(got.abs() < 1e-9 && want.abs() < 1e-9, "{what}");
                }
                _ => {
                    // lrm stops at a relative change of the likelihood of 2.5e-4: quadratic
                    // convergence leaves about 1e-7 in the coefficients.
                    close(Tier::Iterative, got, want, &what);
                    names += 1;
                }
            }
        }
        assert!(names >= 13);
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

//! Models to draw.
#![allow(dead_code, reason = "not every test draws everything")]

use nomogram::{
    Design, Frame, Levels, LogisticFit, LogisticRegression, Missing, Nomogram, NomogramSettings,
    RiskModel, TermSpec,
};

use crate::common::cohort;

/// A fit on the training rows of the simulated cohort.
pub fn fit<T: Into<TermSpec>>(terms: Vec<T>) -> LogisticFit {
    let (frame, outcome) = cohort("train");
    let design = Design::new(&frame, terms, Missing::Refuse).expect("design");
    LogisticRegression::new()
        .fit(&design, &outcome)
        .expect("fit")
}

pub fn of<T: Into<TermSpec>>(terms: Vec<T>) -> Nomogram {
    Nomogram::new(
        &fit(terms).model().expect("model"),
        &NomogramSettings::new(),
    )
    .expect("nomogram")
}

/// The model of the study.
pub fn study() -> Nomogram {
    let model = fit(vec!["us_alnm", "tumor_score", "ln_score"])
        .model()
        .expect("model");
    let settings = NomogramSettings::new()
        .label("us_alnm", "US-reported ALNM")
        .label("tumor_score", "Tumor score")
        .label("ln_score", "LN score")
        .risk_label("Risk of ALNM");
    Nomogram::new(&model, &settings).expect("nomogram")
}

/// Interactions of a curve with levels and of two numbers, and a parabola.
pub fn interacting() -> Nomogram {
    let both = |columns: [&str; 2]| TermSpec::interaction(columns);
    of(vec![
        TermSpec::spline("size", 3),
        "margin".into(),
        both(["size", "margin"]),
        TermSpec::polynomial("age", 2),
        "tumor_score".into(),
        "ln_score".into(),
        both(["tumor_score", "ln_score"]),
    ])
}

/// Names that would break a page that does not escape them.
pub fn hostile() -> Nomogram {
    Written::new()
        .levels(
            "腫瘤 <b>\"邊緣\"</b>",
            &[
                ("清楚", 0.0),
                ("不清楚 & 毛刺", 0.8),
                ("</script><script>throw 1</script>", 1.9),
            ],
        )
        .number("taille ('½') \\ ${x} -->", (-5.0, 5.0), -0.4)
        .number("tiny", (0.0, 2e-6), 6e5)
        .number("Julian date", (2459000.5, 2459001.5), 0.9)
        .intercept(-1.0 - 0.9 * 2459001.0)
        .nomogram(-3.0, 3.0)
}

/// A seeded source of numbers in [0, 1).
pub fn uniform(mut state: u64) -> impl FnMut() -> f64 {
    move || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A table with awkward columns, and its fit.
pub fn awkward() -> (Frame, LogisticFit, Nomogram) {
    const N: usize = 600;
    let mut uniform = uniform(1);
    let mut column = |low: f64, high: f64| -> Vec<f64> {
        (0..N).map(|_| low + (high - low) * uniform()).collect()
    };
    let huge: Vec<f64> = column(0.0, 3e9).iter().map(|v| v.round()).collect();
    let (tiny, protective, weak) = (column(0.0, 2e-6), column(20.0, 80.0), column(0.0, 100.0));
    let stage: Vec<usize> = column(0.0, 7.0).iter().map(|v| *v as usize).collect();
    let chance = column(0.0, 1.0);
    let outcome: Vec<bool> = (0..N)
        .map(|i| {
            let lp = -0.2 + huge[i] / 1.2e9 - 0.09 * (protective[i] - 30.0)
                + 0.25 * stage[i] as f64
                + tiny[i] * 5e5;
            chance[i] < 1.0 / (1.0 + (-lp).exp())
        })
        .collect();
    let names = [
        "no abnormality on any view",
        "circumscribed, parallel",
        "microlobulated",
        "indistinct <0.5 cm & shadow",
        "spiculated with \"halo\" and skin thickening, non-parallel, calcified",
        "ulcerated",
        "inflammatory",
    ];
    let levels: Vec<&str> = stage.iter().map(|&s| names[s]).collect();
    let frame = Frame::new()
        .with_numeric(
            "serum marker with a very long descriptive name (ng/L)",
            huge,
        )
        .and_then(|f| f.with_numeric("tiny", tiny))
        .and_then(|f| f.with_numeric("protective_score", protective))
        .and_then(|f| f.with_numeric("weak", weak))
        .and_then(|f| f.with_categorical("stage", levels, Levels::given(names)))
        .expect("frame");
    let columns: Vec<String> = frame.columns().iter().map(|c| c.name.clone()).collect();
    let design = Design::new(&frame, &columns, Missing::Refuse).expect("design");
    let fit = LogisticRegression::new()
        .fit(&design, &outcome)
        .expect("fit");
    let nomogram =
        Nomogram::new(&fit.model().expect("model"), &NomogramSettings::new()).expect("nomogram");
    (frame, fit, nomogram)
}

/// A model read from a file, so that its coefficients can be anything. A term is a name with levels (and their coefficients), or
/// with the range of a number (and its slope).
pub struct Written {
    predictors: Vec<String>,
    columns: Vec<String>,
    names: Vec<String>,
    beta: Vec<f64>,
}

impl Written {
    pub fn new() -> Self {
        Self {
            predictors: Vec::new(),
            columns: Vec::new(),
            names: vec!["Intercept".to_owned()],
            beta: vec![-1.0],
        }
    }

    /// The intercept, in place of -1.
    pub fn intercept(mut self, intercept: f64) -> Self {
        self.beta[0] = intercept;
        self
    }

    /// A number that enters linearly.
    pub fn number(self, name: &str, range: (f64, f64), slope: f64) -> Self {
        self.numeric(name, range, ("numeric", ""), &[slope])
    }

    /// A number that enters by a spline with four knots.
    pub fn spline(self, name: &str, range: (f64, f64), knots: &[f64; 4], beta: [f64; 3]) -> Self {
        let knots = format!("\"knots\":{knots:?},");
        self.numeric(name, range, ("spline", &knots), &beta)
    }

    fn numeric(
        mut self,
        name: &str,
        (min, max): (f64, f64),
        (kind, before): (&str, &str),
        beta: &[f64],
    ) -> Self {
        let name_json = serde_json::to_string(name).expect("JSON");
        let at = |share: f64| min + share * (max - min);
        let (lower, median, upper) = (at(0.25), at(0.5), at(0.75));
        self.predictors.push(format!(
            r#"{{"column":{name_json},"kind":{{"{kind}":{{{before}"seen":{{"min":{min:e},"max":{max:e},"lower_quartile":{lower:e},"median":{median:e},"upper_quartile":{upper:e},"distinct":[]}}}}}}}}"#
        ));
        self.columns.push(name.to_owned());
        for (k, beta) in beta.iter().enumerate() {
            self.names.push(format!("{name}{}", "'".repeat(k)));
            self.beta.push(*beta);
        }
        self
    }

    pub fn levels(mut self, name: &str, levels: &[(&str, f64)]) -> Self {
        let names: Vec<&str> = levels.iter().map(|l| l.0).collect();
        let counts = vec![10; levels.len()];
        self.predictors.push(format!(
            r#"{{"column":{},"kind":{{"categorical":{{"levels":{},"counts":{}}}}}}}"#,
            serde_json::to_string(name).expect("JSON"),
            serde_json::to_string(&names).expect("JSON"),
            serde_json::to_string(&counts).expect("JSON")
        ));
        self.columns.push(name.to_owned());
        for (level, beta) in &levels[1..] {
            self.names.push(format!("{name}={level}"));
            self.beta.push(*beta);
        }
        self
    }

    /// The model with a diagonal covariance; the linear predictor ran from `lp_min` to `lp_max` in training.
    pub fn model(&self, lp_min: f64, lp_max: f64) -> RiskModel {
        let k = self.beta.len();
        let row = |i: usize| -> Vec<f64> {
            (0..k)
                .map(|j| {
                    if i == j {
                        0.04 * self.beta[i].abs().min(1.0)
                    } else {
                        0.0
                    }
                })
                .collect()
        };
        let covariance: Vec<Vec<f64>> = (0..k).map(row).collect();
        let terms: Vec<[&String; 1]> = self.columns.iter().map(|c| [c]).collect();
        let text = format!(
            r#"{{"format":"nomogram-model","version":{},"predictors":[{}],"terms":{},"names":{},"coefficients":{},"covariance":{},
            "lp_min":{lp_min},"lp_max":{lp_max},"n":100,"n_events":40,"estimation":"maximum_likelihood"}}"#,
            nomogram::model_file::VERSION,
            self.predictors.join(","),
            serde_json::to_string(&terms).expect("JSON"),
            serde_json::to_string(&self.names).expect("JSON"),
            serde_json::to_string(&self.beta).expect("JSON"),
            serde_json::to_string(&covariance).expect("JSON"),
        );
        RiskModel::from_json(&text).expect("a model")
    }

    pub fn nomogram(&self, lp_min: f64, lp_max: f64) -> Nomogram {
        Nomogram::new(&self.model(lp_min, lp_max), &NomogramSettings::new()).expect("nomogram")
    }
}

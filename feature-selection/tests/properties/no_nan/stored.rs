//! Scores, and hostile texts in the place of stored ones.

use feature_selection::FeatureTable;
use feature_selection::lasso::{CrossValidation, ElasticNet, LambdaRule, Samples};
use feature_selection::missing::{ImputeBy, Imputer, IncompleteTable};
use feature_selection::pipeline::Fitted;
use feature_selection::score::{Score, ScoreScale, ScoreTerm, SurplusColumns, probability};
use feature_selection::standardize::{Divisor, Standardizer};
use ndarray::Array2;

use super::{Gen, Log, hunt};

const WORDS: [&str; 16] = [
    "null",
    "1e999",
    "-1e308",
    "1e308",
    "5e-324",
    "0",
    "-0.0",
    "-1",
    "18446744073709551615",
    "\"\"",
    "\"a\"",
    "[]",
    "{}",
    "[[[[",
    "true",
    "1.7976931348623157e308",
];

impl Gen {
    /// A text with one value, key or part replaced.
    fn damaged(&mut self, text: &str) -> String {
        let starts: Vec<usize> = text
            .match_indices([':', '[', ',', '{', '"'])
            .map(|m| m.0)
            .collect();
        if starts.is_empty() {
            return String::new();
        }
        let from = self.pick(&starts) + 1;
        let length = text[from..]
            .find([',', ']', '}', '\n'])
            .unwrap_or(text.len() - from);
        let (before, after) = (&text[..from], &text[from + length..]);
        match self.below(8) {
            0 => before.to_owned(),
            1 => format!("{before}{after}"),
            2 => format!(
                "{before}{}, {}{after}",
                &text[from..from + length],
                &text[from..from + length]
            ),
            _ => format!("{before} {}{after}", self.pick(&WORDS)),
        }
    }

    /// A score as a stored text tells it.
    fn score(&mut self) -> Option<Score> {
        let p = self.below(4);
        let mut shift = 0.0;
        let names = self.names(p);
        let terms: Vec<serde_json::Value> = names
            .iter()
            .map(|name| {
                let (b, mean) = (self.finite(), self.finite());
                let sd = self.finite().abs();
                shift += b * mean;
                serde_json::json!({
                    "name": name, "coefficient": b, "standardized_coefficient": b * sd,
                    "mean": mean, "standard_deviation": sd,
                })
            })
            .collect();
        let intercept = self.finite();
        let text = serde_json::json!({
            "name": self.pick(&super::NAMES), "intercept": intercept,
            "standardized_intercept": intercept + shift, "terms": terms,
            "lambda": self.finite().abs(), "rounding": null,
        });
        Score::from_json(&text.to_string()).ok()
    }
}

#[test]
fn scores() {
    hunt(400, &[], |g, log| {
        let x = g.value();
        if !x.is_nan() {
            log.value("probability", &x, || probability(x));
        }
        let Some(score) = g.score() else { return };
        let values = Array2::from_shape_fn((3, score.terms.len() + 1), |_| g.finite());
        let mut names = score.feature_names();
        names.push("surplus".to_owned());
        let table = FeatureTable::new(values.view(), &names).expect("a table");
        applied(g, log, &score, &table);
        let scale = g.pick(&[ScoreScale::Raw, ScoreScale::Standardized]);
        let digits = g.size();
        let input = (&score, scale, digits);
        log.value("text", &input, || {
            let texts = (score.formula(scale, digits), score.latex(scale, digits));
            (texts, score.to_string())
        });
        let rounded = log.call("rounded_on", &input, || score.rounded_on(scale, digits));
        log.call("rounding_effect", &(&input, &table), || {
            score.rounding_effect(scale, digits, &table, Some(&[true, false, false]))
        });
        for score in std::iter::once(score.clone()).chain(rounded) {
            let text = score.to_json();
            let again = log.call("from_json", &text, || Score::from_json(&text));
            let same = again.as_ref() == Some(&score);
            log.holds("stored score", &score, same || !is_checkable(&score));
        }
    });
}

/// A product with a number below the normal range keeps too few digits to be checked when it is read.
fn is_checkable(score: &Score) -> bool {
    let normal = |t: &ScoreTerm| {
        t.coefficient.is_normal() || (t.coefficient == 0.0 && t.standardized_coefficient == 0.0)
    };
    score.terms.iter().all(normal)
}

fn applied(g: &mut Gen, log: &mut Log, score: &Score, table: &FeatureTable) {
    let surplus = g.pick(&[SurplusColumns::Ignore, SurplusColumns::Refuse]);
    let input = (score, table, surplus);
    let all = log.call("apply", &input, || score.apply_with(table, surplus));
    log.call("parts", &input, || score.parts(table));
    let mut row: Vec<(String, f64)> = table
        .names()
        .iter()
        .enumerate()
        .map(|(j, name)| (name.clone(), table.column(j)[0]))
        .collect();
    let one = log.call("apply_row", &input, || score.apply_row(&row, surplus));
    if let (Some(all), Some(one)) = (all, one) {
        log.holds("one row as all", &input, all[0] == one);
    }
    row[0].1 = g.value();
    row.push(row[0].clone());
    log.call("apply_row", &(score, &row), || {
        score.apply_row(&row, surplus)
    });
}

#[test]
fn hostile_texts() {
    hunt(60, &["Fitted.factor"], |g, log| {
        let outcome = g.fair_outcome(14);
        let table = g.table(&outcome);
        let scale = Standardizer::fit(&table, Divisor::Sample);
        let gaps = IncompleteTable::new(table.to_array().view(), table.names());
        let imputer = gaps.and_then(|gaps| Imputer::fit(&gaps, ImputeBy::Mean));
        let fitted = g.pipeline(&table, &outcome).fit(&table, &outcome);
        for _ in 0..20 {
            if let Ok(scale) = &scale {
                let text = g.damaged(&scale.to_json());
                let read = log.call("Standardizer", &text, || Standardizer::from_json(&text));
                if let Some(read) = read {
                    log.call("Standardizer", &text, || read.transform(&table));
                }
            }
            if let Ok(imputer) = &imputer {
                let text = g.damaged(&imputer.to_json());
                log.call("Imputer", &text, || Imputer::from_json(&text));
            }
            if let Ok(fitted) = &fitted {
                let text = g.damaged(&fitted.to_json());
                let read = log.call("Fitted", &text, || Fitted::from_json(&text));
                if let Some(read) = read {
                    log.call("Fitted", &text, || read.transform(&table));
                    log.call("Fitted", &text, || read.score(&table));
                    log.value("Fitted", &text, || {
                        (read.report().to_json().len(), read.to_json().len())
                    });
                }
            }
            if let Some(score) = g.score() {
                let text = g.damaged(&score.to_json());
                log.call("Score", &text, || Score::from_json(&text));
            }
        }
    });
}

/// A fitted model turned into a score.
#[test]
fn scores_of_models() {
    hunt(150, &[], |g, log| {
        let n = 12 + g.below(8);
        let outcome = g.fair_outcome(n);
        let table = g.table(&outcome);
        let Ok(scale) = Standardizer::fit(&table, Divisor::Sample) else {
            return;
        };
        let raw = g.one_in(2);
        let rows = match raw {
            true => table.clone(),
            false => match scale.transform(&table) {
                Ok(rows) => rows,
                Err(_) => return,
            },
        };
        let Ok(samples) = Samples::binary(&rows, &outcome) else {
            return;
        };
        let Some(folds) = g.folds(&outcome) else {
            return;
        };
        let net = ElasticNet::new().n_lambda(8).max_passes(10_000);
        let Ok(fit) = CrossValidation::new(net).fit(&samples, &folds) else {
            return;
        };
        let Ok(selection) = fit.select(LambdaRule::Value(0.01)) else {
            return;
        };
        let input = (&table, &outcome, raw);
        let score = log.call("Score::from", &input, || match raw {
            true => Score::from_raw("s", &selection, &scale),
            false => Score::from_standardized("s", &selection, &scale),
        });
        let Some(score) = score else { return };
        log.call("apply", &input, || score.apply(&table));
        let again = log.call("from_json", &input, || Score::from_json(&score.to_json()));
        let same = again.as_ref() == Some(&score);
        log.holds(
            "stored score",
            &(&input, &score),
            same || !is_checkable(&score),
        );
    });
}

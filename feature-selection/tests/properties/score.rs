//! Scores: every route to a number gives the same number, and no stored text but a sound one is read.

use super::common::{Noise, names};
use feature_selection::lasso::LambdaRule;
use feature_selection::pipeline::{LassoStep, SelectionPipeline, Step};
use feature_selection::score::{ScoreScale, SurplusColumns, probability};
use feature_selection::standardize::Divisor;
use feature_selection::{Error, FeatureTable, Score};
use proptest::prelude::*;

fn fitted(standardized: bool) -> (FeatureTable, Vec<bool>, Score) {
    let mut noise = Noise::new(21);
    let outcome = noise.outcome(100, 0.45);
    let mut values = noise.table(100, 10).to_array();
    for (i, &y) in outcome.iter().enumerate() {
        let shift = if y { 1.0 } else { 0.0 };
        values[[i, 1]] = 2000.0 + 0.5 * (values[[i, 1]] + shift);
        values[[i, 6]] = 1e-7 * (values[[i, 6]] - shift);
    }
    let table = FeatureTable::new(values.view(), &names(10)).unwrap();
    let mut pipeline = SelectionPipeline::new();
    if standardized {
        pipeline = pipeline.step(Step::Standardize(Divisor::Sample));
    }
    let lasso = LassoStep {
        rule: LambdaRule::Minimum,
        ..LassoStep::default()
    };
    let fitted = pipeline
        .step(Step::Lasso(lasso))
        .fit(&table, &outcome)
        .unwrap();
    let score = fitted.score.unwrap();
    assert!(score.terms.len() > 2);
    (table, outcome, score)
}

/// Scaling columns before the LASSO or leaving it to the LASSO gives the same score, and both scales of either are the same function.
#[test]
fn raw_and_standardized_pipelines_make_the_same_score() {
    let (table, _, score) = fitted(true);
    let (_, _, raw) = fitted(false);
    assert_eq!(score.feature_names(), raw.feature_names());
    let (a, b) = (score.apply(&table).unwrap(), raw.apply(&table).unwrap());
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-9, "{a} {b}");
    }
    for term in &score.terms {
        let ratio = term.coefficient * term.standard_deviation / term.standardized_coefficient;
        assert!((ratio - 1.0).abs() < 1e-14);
    }
}

#[test]
fn rows_parts_and_columns_in_any_order_agree_to_the_bit() {
    let (table, _, score) = fitted(true);
    let scores = score.apply(&table).unwrap();
    let order = [9, 3, 1, 0, 6, 5, 2, 8, 7, 4];
    assert_eq!(score.apply(&table.select_columns(&order)).unwrap(), scores);
    let parts = score.parts(&table).unwrap();
    for (i, parts) in parts.iter().enumerate() {
        let sum = parts
            .parts
            .iter()
            .fold(parts.base, |s, p| s + p.contribution);
        assert_eq!((sum, parts.score), (scores[i], scores[i]));
        let row: Vec<(&str, f64)> = parts
            .parts
            .iter()
            .map(|p| (p.name.as_str(), p.value))
            .collect();
        assert_eq!(
            score.apply_row(&row, SurplusColumns::Refuse).unwrap(),
            scores[i]
        );
    }
    assert!(matches!(
        score.apply_with(&table, SurplusColumns::Refuse),
        Err(Error::ColumnMismatch { .. })
    ));
    let needed = table.select_names(&score.feature_names()).unwrap();
    assert_eq!(
        score.apply_with(&needed, SurplusColumns::Refuse).unwrap(),
        scores
    );
    assert_eq!(Score::from_json(&score.to_json()).unwrap(), score);
}

/// More digits move scores less, and what is printed is what the rounded score computes.
#[test]
fn rounding_is_marked_measured_and_reproducible() {
    let (table, outcome, score) = fitted(true);
    let effect = |scale, digits| {
        score
            .rounding_effect(scale, digits, &table, Some(&outcome))
            .unwrap()
    };
    let changes: Vec<f64> = (1..=17)
        .map(|d| effect(ScoreScale::Standardized, d).largest_change)
        .collect();
    assert!(
        changes[0] > 1e-3 && changes[5] < 1e-4 && changes[16] < 1e-13,
        "{changes:?}"
    );
    // A mean of 2000 with a deviation of 0.5: three digits of the raw formula move all scores by whole units, of the z formula by little.
    assert!(
        effect(ScoreScale::Raw, 3).largest_change
            > 100.0 * effect(ScoreScale::Standardized, 3).largest_change
    );
    let full = effect(ScoreScale::Standardized, 17);
    assert_eq!(
        (full.auc, full.largest_rank_change),
        (full.rounded_auc, 0.0)
    );
    for scale in [ScoreScale::Raw, ScoreScale::Standardized] {
        let rounded = score.rounded_on(scale, 3).unwrap();
        assert_eq!(rounded.rounding.unwrap().scale, scale);
        assert!(
            rounded
                .to_string()
                .ends_with("(rounded to 3 significant digits)")
        );
        assert_eq!(
            rounded.formula(scale, 3),
            rounded.rounded_on(scale, 3).unwrap().formula(scale, 3)
        );
        assert_eq!(Score::from_json(&rounded.to_json()).unwrap(), rounded);
        let again = score.rounding_effect(scale, 3, &table, None).unwrap();
        let moved =
            rounded.apply(&table).unwrap()[again.row] - score.apply(&table).unwrap()[again.row];
        assert_eq!(moved.abs(), again.largest_change);
    }
}

#[test]
fn probabilities_are_log_odds_inverted() {
    for score in [-700.0, -3.0, -1e-9, 0.0, 0.4, 12.0, 710.0] {
        let p = probability(score);
        assert!((0.0..=1.0).contains(&p));
        assert!((p + probability(-score) - 1.0).abs() < 1e-15);
        if score.abs() < 20.0 {
            assert!(((p / (1.0 - p)).ln() - score).abs() < 1e-9);
        }
    }
}

/// Names of any letters survive JSON, and in LaTeX every brace is balanced and every special character escaped.
fn any_name() -> impl Strategy<Value = String> {
    proptest::string::string_regex("[ -~\u{e4}\u{4e2d}\u{3b1}\\n\\t]{0,24}").expect("a pattern")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn names_of_any_letters_survive(first in any_name(), second in any_name(), b in -1e6f64..1e6, s in 1e-6f64..1e6) {
        prop_assume!(first != second);
        let json = serde_json::json!({
            "name": first, "intercept": 0.5, "standardized_intercept": 0.5, "lambda": 0.1, "rounding": null,
            "terms": [
                {"name": first, "coefficient": b, "standardized_coefficient": b * s, "mean": 0.0, "standard_deviation": s},
                {"name": second, "coefficient": 1.0, "standardized_coefficient": s, "mean": 0.0, "standard_deviation": s},
            ],
        });
        let score = Score::from_json(&json.to_string()).unwrap();
        prop_assert_eq!(&Score::from_json(&score.to_json()).unwrap(), &score);
        let row = [(second.as_str(), 2.0), (first.as_str(), 1.0)];
        prop_assert_eq!(score.apply_row(&row, SurplusColumns::Refuse).unwrap(), 0.5 + b + 2.0);
        prop_assert_eq!(score.formula(ScoreScale::Raw, 3).lines().count(), 1);
        let latex = score.latex(ScoreScale::Raw, 3);
        let (mut depth, mut escaped) = (0i32, false);
        for c in latex.chars() {
            match (escaped, c) {
                (true, _) => escaped = false,
                (false, '\\') => escaped = true,
                (false, '{') => depth += 1,
                (false, '}') => depth -= 1,
                (false, special) => prop_assert!(!"#$%_~".contains(special), "{}", latex),
            }
            prop_assert!(depth >= 0);
        }
        prop_assert_eq!(depth, 0);
    }

    /// Any single byte changed: the text is refused, or it is a sound score still.
    #[test]
    fn damaged_texts_never_make_an_unsound_score(place in 0usize..2000, byte in 0u8..128) {
        let (_, _, score) = fitted_once();
        let mut text = score.to_json().into_bytes();
        let place = place % text.len();
        text[place] = byte;
        let text = String::from_utf8(text).expect("ASCII stays ASCII");
        if let Ok(read) = Score::from_json(&text) {
            prop_assert!(read.terms.iter().all(|t| t.standard_deviation > 0.0 && t.coefficient.is_finite()));
            prop_assert_eq!(&Score::from_json(&read.to_json()).unwrap(), &read);
        }
    }
}

fn fitted_once() -> &'static (FeatureTable, Vec<bool>, Score) {
    static FITTED: std::sync::OnceLock<(FeatureTable, Vec<bool>, Score)> =
        std::sync::OnceLock::new();
    FITTED.get_or_init(|| fitted(true))
}

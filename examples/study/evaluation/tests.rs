use super::figures::Subject;
use super::*;

/// Forty cases in two splits, a good model, a weak one, a reader and a raw score.
fn input() -> EvaluationInput {
    let n = 40;
    let outcome: Vec<bool> = (0..n).map(|k| k % 3 == 0).collect();
    let noise = |k: usize| ((k * 37) % 40) as f64 / 40.0;
    let risk = |weight: f64| -> Vec<f64> {
        (0..n)
            .map(|k| {
                0.05 + 0.9 * (weight * f64::from(u8::from(outcome[k])) + (1.0 - weight) * noise(k))
            })
            .collect()
    };
    EvaluationInput {
        ids: (0..n).map(|k| format!("case {k}")).collect(),
        splits: vec![
            SplitRows {
                name: "train".to_owned(),
                rows: (0..25).collect(),
            },
            SplitRows {
                name: "test".to_owned(),
                rows: (25..n).collect(),
            },
        ],
        training: 0,
        models: vec![
            ModelScores::new("weak", risk(0.1)),
            ModelScores::new("good", risk(0.4)),
            ModelScores::new(
                "reader",
                (0..n)
                    .map(|k| f64::from(u8::from(k % 3 == 0 || k % 5 == 0)))
                    .collect(),
            ),
            ModelScores::new("raw", risk(0.3).iter().map(|r| 10.0 * r - 4.0).collect()),
        ],
        reference: 0,
        readers: Vec::new(),
        assistant: None,
        outcome,
    }
}

fn settings() -> EvaluationSettings {
    EvaluationSettings {
        decision_replicates: 10,
        ..EvaluationSettings::default()
    }
}

#[test]
fn kinds_are_read_off_the_values() {
    let kinds: Vec<ScoreKind> = input().models.iter().map(|model| model.kind).collect();
    assert_eq!(
        kinds,
        [
            ScoreKind::Probability,
            ScoreKind::Probability,
            ScoreKind::Call,
            ScoreKind::Score
        ]
    );
}

#[test]
fn every_cell_is_there_in_order() {
    let evaluation = evaluate(&input(), &settings()).unwrap();
    let cells: Vec<(&str, &str)> = evaluation
        .performance
        .iter()
        .map(|row| (row.split.as_str(), row.model.as_str()))
        .collect();
    assert_eq!(
        cells[..4],
        [
            ("train", "weak"),
            ("train", "good"),
            ("train", "reader"),
            ("train", "raw")
        ]
    );
    assert_eq!(evaluation.auc_comparisons.len(), 12);
    assert!(
        evaluation
            .auc_comparisons
            .iter()
            .all(|row| row.first != "weak"),
        "the reference stands second"
    );
    // Three models against the reference, four measures, two splits.
    assert_eq!(evaluation.reclassification.len(), 24);
    // The reader against three others, two splits.
    assert_eq!(evaluation.calls.len(), 6);
    assert_eq!(evaluation.cutoffs[2], Ok(0.5));
}

#[test]
fn categorical_nri_is_the_change_of_sensitivity_and_specificity() {
    use comparison::{Measure, Reclassified};
    let evaluation = evaluate(&input(), &settings()).unwrap();
    for row in evaluation
        .reclassification
        .iter()
        .filter(|row| row.measure == Measure::NriOwnCutoffs)
    {
        let Ok(Reclassified::Net(net)) = &row.value else {
            panic!("{:?}", row.value)
        };
        let rates = |model: &str| {
            let found = evaluation
                .performance
                .iter()
                .find(|p| p.split == row.split && p.model == model)
                .unwrap();
            let metrics = found.metrics.as_ref().unwrap();
            (
                metrics.sensitivity.unwrap().value,
                metrics.specificity.unwrap().value,
            )
        };
        let (new, old) = (rates(&row.model), rates(&row.reference));
        assert!((net.events.value - (new.0 - old.0)).abs() < 1e-12);
        assert!((net.non_events.value - (new.1 - old.1)).abs() < 1e-12);
    }
}

#[test]
fn cutoffs_come_from_the_training_rows_alone() {
    let whole = evaluate(&input(), &settings()).unwrap();
    let mut changed = input();
    for k in 25..40 {
        changed.models[1].values[k] = 1.0 - changed.models[1].values[k];
    }
    assert_eq!(
        evaluate(&changed, &settings()).unwrap().cutoffs,
        whole.cutoffs
    );
}

#[test]
fn stems_of_awkward_names_are_safe_and_unique() {
    let mut awkward = input();
    awkward.models[0].name = "a/b <&> \"c\"".to_owned();
    awkward.models[1].name = "a b  &   c ".to_owned();
    awkward.splits[1].name = "../Test".to_owned();
    let evaluation = evaluate(&awkward, &settings()).unwrap();
    let mut stems: Vec<String> = evaluation
        .figures
        .iter()
        .map(|figure| figure.stem.to_lowercase())
        .collect();
    assert!(
        stems.iter().all(|stem| stem
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-')),
        "{stems:?}"
    );
    let n = stems.len();
    stems.sort();
    stems.dedup();
    assert_eq!(stems.len(), n);
    let folder = tempfile::tempdir().unwrap();
    evaluation.write(folder.path()).unwrap();
}

#[test]
fn report_has_tables_figures_and_reasons() {
    let evaluation = evaluate(&input(), &settings()).unwrap();
    let report = evaluation
        .report_sections("good")
        .into_iter()
        .fold(crate::report::Report::new("t"), |r, s| r.section(s));
    let html = report.to_html();
    for text in [
        "Hosmer-Lemeshow",
        "DeLong",
        "Net benefit",
        "Kappa",
        "\u{201c}",
        "is a score, not a probability",
    ] {
        assert_eq!(html.contains(text), text != "\u{201c}", "{text}");
    }
    // Drawings about a single model are those of the one asked for; that of risk groups stands beside their table, in another section.
    let shown = evaluation.figures.iter().filter(|figure| {
        let model = figure.model.as_deref();
        model.is_none_or(|model| model == "good") && figure.subject != Subject::RiskGroups
    });
    let n = shown.count();
    assert!(n < evaluation.figures.len());
    assert_eq!(html.matches("<div class=\"panel\">").count(), n);
    assert!(html.matches("<figure").count() < n, "splits share a figure");
}

#[test]
fn bad_input_is_named() {
    let message = |change: fn(&mut EvaluationInput, &mut EvaluationSettings)| {
        let (mut input, mut settings) = (input(), settings());
        change(&mut input, &mut settings);
        evaluate(&input, &settings).unwrap_err().to_string()
    };
    assert_eq!(
        message(|input, _| input.models[1].values[3] = 1.5),
        "model \"good\", case case 3: expected a probability from 0 to 1, found 1.5"
    );
    assert!(
        message(|input, _| input.models[1].name = "weak".to_owned()).contains("\"weak\" twice")
    );
    assert!(
        message(|input, _| input.splits[0].rows.push(40))
            .contains("expected rows below 40, found 40")
    );
    assert!(
        message(|input, _| input.splits[0].rows = vec![1, 2]).contains("0 events among 2 cases")
    );
    assert!(message(|_, settings| settings.seed = 1 << 32).contains("4294967295"));
    assert!(message(|_, settings| settings.thresholds = vec![0.2, 0.1]).contains("increasing"));
}

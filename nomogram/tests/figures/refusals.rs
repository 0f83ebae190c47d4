//! What is not drawn, and why.

use nomogram::render::{
    CalibrationFigure, ForestFigure, NomogramFigure, calibration_svg, forest_svg, nomogram_svg,
};
use nomogram::{Design, Error, Frame, Missing, Patient, Resamples, RiskGroups, calibrate};

use crate::common::cohort;
use crate::tables::{fit, of, study};

fn refused(figure: &NomogramFigure) -> Error {
    nomogram_svg(&study(), figure).expect_err("refused")
}

#[test]
fn settings_out_of_range() {
    for width in [84.9, 501.0, f64::NAN] {
        let error = refused(&NomogramFigure::new().width_mm(width));
        assert!(matches!(
            error,
            Error::Setting {
                setting: "width_mm",
                ..
            }
        ));
    }
    for cutoff in [0.0, 1.0, f64::NAN] {
        let error = refused(&NomogramFigure::new().cutoff(cutoff));
        assert!(matches!(error, Error::Probability { .. }));
    }
    let groups = RiskGroups::new(&[0.2, 0.4]).unwrap();
    let named = NomogramFigure::new()
        .risk_groups(groups)
        .risk_group_names(["one", "two"]);
    assert!(matches!(refused(&named), Error::Setting { value: 2.0, .. }));
    let unit = NomogramFigure::new().unit("weight", "kg");
    assert!(matches!(refused(&unit), Error::UnknownPredictor { .. }));
}

#[test]
fn patients_and_tables_of_other_models() {
    let other = of(vec!["ln_score"]);
    let patient = other
        .patient(&Patient::new().with("ln_score", 1.0), 0.95)
        .unwrap();
    let error = refused(&NomogramFigure::new().patient(patient));
    assert!(matches!(
        error,
        Error::ForeignPatient {
            expected: 3,
            found: 1
        }
    ));
    let other = of(vec!["us_alnm", "ln_score", "tumor_score"]);
    let patient = Patient::new()
        .with("us_alnm", "Absent")
        .with("ln_score", 1.0)
        .with("tumor_score", 1.0);
    let swapped = other.patient(&patient, 0.95).unwrap();
    let error = refused(&NomogramFigure::new().patient(swapped));
    assert!(matches!(error, Error::ForeignPatient { .. }));
    let table = Frame::new().with_numeric("ln_score", vec![1.0]).unwrap();
    let error = refused(&NomogramFigure::new().distributions(&table));
    assert!(matches!(error, Error::UnknownColumn { .. }));
    let (frame, _) = cohort("train");
    let error = refused(&NomogramFigure::new().distributions(&frame.select_rows(&[])));
    assert!(matches!(error, Error::TooFewRows { rows: 0, .. }));
}

#[test]
fn forests_and_calibration() {
    let error = forest_svg(&[], &ForestFigure::new()).expect_err("refused");
    assert!(matches!(error, Error::NoEffect));
    let rows = fit(vec!["ln_score"]).odds_ratios(0.95).unwrap();
    let error = forest_svg(&rows, &ForestFigure::new().level(1.0)).expect_err("refused");
    assert!(matches!(error, Error::Setting { .. }));
    let (frame, outcome) = cohort("train");
    let design = Design::new(&frame, ["ln_score"], Missing::Refuse).unwrap();
    let curve = calibrate(
        &design,
        &outcome,
        &Resamples::R {
            seed: 1,
            replicates: 5,
        },
    )
    .unwrap();
    let figure = CalibrationFigure::new().predictions(&[0.2, 1.2]);
    let error = calibration_svg(&curve, &figure).expect_err("refused");
    assert!(matches!(error, Error::Probability { value: 1.2, .. }));
    let figure = CalibrationFigure::new().predictions(&[0.2]).n_events(2);
    let error = calibration_svg(&curve, &figure).expect_err("refused");
    assert!(matches!(
        error,
        Error::Setting {
            setting: "n_events",
            ..
        }
    ));
}

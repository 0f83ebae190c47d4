//! Knots of restricted cubic splines against Hmisc.

use super::common::*;
use nomogram::{Design, Error, Frame, Missing, PredictorKind, TermSpec};

#[test]
fn knots_equal_rcspline_eval() {
    let golden = golden("knots.json");
    let (mut compared, mut refused) = (0, 0);
    for case in golden.as_array().expect("cases") {
        let x = numbers(&case["x"]);
        let n_knots = number(&case["nk"]) as usize;
        let frame = Frame::new().with_numeric("x", x).expect("frame");
        let design = Design::new(&frame, [TermSpec::spline("x", n_knots)], Missing::Refuse);
        let expected = (!case["knots"].is_null()).then(|| numbers(&case["knots"]));
        match (design, expected) {
            (Ok(design), Some(expected)) => {
                let PredictorKind::Spline { knots, .. } = &design.predictors()[0].kind else {
                    panic!("a spline")
                };
                all_close("knots", knots, &expected, ANALYTIC);
                compared += 1;
            }
            (Err(Error::Knots { .. } | Error::ConstantColumn { .. }), None) => refused += 1,
            (design, expected) => panic!("{design:?}\n{expected:?}"),
        }
    }
    assert!(compared > 300 && refused > 3, "{compared} {refused}");
}

//! Hand-worked tables and every degenerate case.

use ndarray::{Array2, array};

use super::*;

fn all(ratings: &Array2<f64>) -> [Icc; 6] {
    icc_all(ratings.view(), &IccSettings::default()).unwrap()
}

fn one(ratings: &Array2<f64>, form: IccForm) -> Icc {
    all(ratings)[form.index()]
}

#[test]
fn equal_ratings_are_perfect_and_constants_undefined() {
    let equal = array![[0.1, 0.1, 0.1], [0.7, 0.7, 0.7], [0.3, 0.3, 0.3]];
    for one in all(&equal) {
        assert_eq!(
            (one.value, one.f, one.p_value, one.ci_low, one.ci_high),
            (1.0, f64::INFINITY, 0.0, 1.0, 1.0),
            "{one:?}"
        );
    }
    for value in [0.0, 3.25, 1e300, 5e-324, -1e12] {
        for flat in all(&Array2::from_elem((5, 2), value)) {
            assert_eq!(flat.status, IccStatus::Constant);
            assert!(flat.value.is_nan() && flat.p_value.is_nan() && flat.ci_high.is_nan());
            let filter = IccFilter {
                threshold: -1.0,
                bound: IccBound::Estimate,
            };
            assert!(!filter.keeps(&flat));
            assert_eq!(
                IccScheme::Radiomics.label(flat.value),
                Reliability::Undefined
            );
        }
    }
}

#[test]
fn raters_apart_by_a_constant_are_consistent_and_agree_less() {
    // B = 2 * 2/2 = 4 (means 2, 4), J = 9, E = 0; agreement 4/(4 + 2 * 9/2).
    let apart = array![[0.5, 3.5], [2.5, 5.5]];
    let consistent = one(&apart, IccForm::CONSISTENCY_SINGLE);
    assert_eq!(
        (consistent.value, consistent.p_value, consistent.ci_low),
        (1.0, 0.0, 1.0)
    );
    let agreement = one(&apart, IccForm::AGREEMENT_SINGLE);
    assert_eq!((agreement.value, agreement.p_value), (4.0 / 13.0, 0.0));
    assert!(agreement.ci_low < agreement.value && agreement.value < agreement.ci_high);
    assert_eq!(agreement.status, IccStatus::Estimated);
}

#[test]
fn equal_subject_means_give_the_lowest_values() {
    // Rows 1 2 / 2 1 / 1 2: B = 0 and W = 1/2, so ICC(1) = -1/(k-1).
    let noise = array![[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]];
    for form in [IccForm::ONE_WAY_SINGLE, IccForm::CONSISTENCY_SINGLE] {
        let low = one(&noise, form);
        assert_eq!((low.value, low.f, low.p_value), (-1.0, 0.0, 1.0));
        assert_eq!((low.ci_low, low.ci_high), (-1.0, -1.0));
    }
    let average = one(&noise, IccForm::ONE_WAY_AVERAGE);
    assert_eq!(average.value, f64::NEG_INFINITY);
    assert_eq!(average.ci_high, f64::NEG_INFINITY);
    // Every subject has the same two ratings: nothing to be consistent about.
    let same = array![[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]];
    assert_eq!(
        one(&same, IccForm::CONSISTENCY_SINGLE).status,
        IccStatus::Constant
    );
    let agreement = one(&same, IccForm::AGREEMENT_SINGLE);
    assert_eq!(
        (
            agreement.value,
            agreement.f,
            agreement.p_value,
            agreement.ci_low,
            agreement.ci_high
        ),
        (0.0, 0.0, 1.0, 0.0, 0.0)
    );
}

#[test]
fn missing_ratings_are_refused_or_left_out() {
    let mut ratings = array![[1.0, 2.0], [f64::NAN, 1.0], [3.0, 3.5], [5.0, 4.0]];
    let strict = icc(
        ratings.view(),
        IccForm::ONE_WAY_SINGLE,
        &IccSettings::default(),
    );
    assert!(matches!(strict, Err(Error::NonFinite { row: 1, .. })));
    let settings = IccSettings {
        missing: MissingRatings::Listwise,
        ..IccSettings::default()
    };
    let found = icc(ratings.view(), IccForm::ONE_WAY_SINGLE, &settings).unwrap();
    let without = ratings.select(ndarray::Axis(0), &[0, 2, 3]);
    assert_eq!(found, one(&without, IccForm::ONE_WAY_SINGLE));
    assert_eq!(found.n_subjects, 3);
    ratings[[1, 1]] = f64::INFINITY;
    assert!(matches!(
        icc(ratings.view(), IccForm::ONE_WAY_SINGLE, &settings),
        Err(Error::NonFinite { row: 1, value, .. }) if value.is_infinite()
    ));
}

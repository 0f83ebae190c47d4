//! Tolerance tiers and readers shared by the integration tests.

#![allow(dead_code, reason = "every test binary uses a part of it")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use radiomics_features::{FeatureVector, PixelType};

/// Relative tolerance and absolute floor.
#[derive(Debug, Clone, Copy)]
pub struct Tier {
    pub relative: f64,
    pub absolute: f64,
}

impl Tier {
    /// Whether a value agrees with its reference; NaN agrees with NaN.
    pub fn accepts(self, found: f64, expected: f64) -> bool {
        let close = (found - expected).abs() <= self.absolute + self.relative * expected.abs();
        close || (found.is_nan() && expected.is_nan())
    }
}

/// Against hand-worked values and closed forms.
pub const ANALYTIC: Tier = Tier {
    relative: 1e-12,
    absolute: 1e-15,
};
/// Against PyRadiomics at full precision.
pub const DIRECT: Tier = Tier {
    relative: 1e-9,
    absolute: 1e-12,
};
/// Maximal correlation coefficient: eigensolvers differ by up to 1.5e-9.
pub const EIGENVALUE: Tier = Tier {
    relative: 1e-8,
    absolute: 1e-12,
};
/// The smaller axis lengths of a collinear region are rounding noise around zero.
pub const COLLINEAR: Tier = Tier {
    relative: 1e-9,
    absolute: 1e-6,
};

/// A file of `tests/golden`.
pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

/// A file of the reference data beside the repository, if it is there.
pub fn reference(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("RADIOMICS_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"));
    let path = root.join(name);
    path.exists().then_some(path)
}

/// `(feature, value)` rows of a CSV that PyRadiomics wrote, without its diagnostics.
pub fn read_features(path: &Path) -> Vec<(String, f64)> {
    let mut reader =
        csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let rows = reader
        .records()
        .map(|row| row.expect("a row of two fields"));
    rows.filter(|row| !row[0].starts_with("diagnostics_"))
        .map(|row| (row[0].to_string(), row[1].parse().expect("a number")))
        .collect()
}

/// `(column, text)` rows of the diagnostics in a CSV that PyRadiomics wrote.
pub fn read_diagnostics(path: &Path) -> Vec<(String, String)> {
    let mut reader =
        csv::Reader::from_path(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let rows = reader
        .records()
        .map(|row| row.expect("a row of two fields"));
    rows.filter(|row| row[0].starts_with("diagnostics_"))
        .map(|row| (row[0].to_string(), row[1].to_string()))
        .collect()
}

/// Compares the columns in order and in both directions, and all texts; numbers in them may differ in their last digits.
pub fn assert_diagnostics(case: &str, found: &[(String, String)], expected: &[(String, String)]) {
    let columns = |rows: &[(String, String)]| -> Vec<String> {
        rows.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(columns(found), columns(expected), "{case}");
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        // Versions name the program.
        if name.starts_with("diagnostics_Versions_") || found == expected {
            continue;
        }
        // A dictionary lists its entries in the order of the user's file.
        if name.starts_with("diagnostics_Configuration_") {
            let entries = |text: &str| -> BTreeSet<String> {
                let text = text.trim_matches(['{', '}']);
                text.split(", '")
                    .map(|e| e.trim_matches('\'').to_owned())
                    .collect()
            };
            assert_eq!(entries(found), entries(expected), "{case}: {name}");
            continue;
        }
        let numbers = |text: &str| -> Option<Vec<f64>> {
            let text = text.trim_matches(['(', ')']);
            text.split(", ").map(|n| n.parse().ok()).collect()
        };
        let (a, b) = (numbers(found), numbers(expected));
        let close = a.zip(b).is_some_and(|(a, b)| {
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| ANALYTIC.accepts(*a, *b))
        });
        assert!(close, "{case}: {name}: found {found}, expected {expected}");
    }
}

/// The tier a feature is held to.
pub fn tier(name: &str) -> Tier {
    if name.ends_with("_glcm_MCC") {
        EIGENVALUE
    } else {
        DIRECT
    }
}

/// Compares names, in order and in both directions, and all values. Returns the largest relative error.
pub fn assert_features(
    case: &str,
    found: &FeatureVector,
    expected: &[(String, f64)],
    tier: impl Fn(&str) -> Tier,
) -> f64 {
    let found: Vec<(String, f64)> = found
        .iter()
        .map(|(name, value)| (name.to_string(), value))
        .collect();
    let names = |rows: &[(String, f64)]| -> Vec<String> {
        rows.iter().map(|(name, _)| name.clone()).collect()
    };
    let (found_names, expected_names) = (names(&found), names(expected));
    for (column, (f, e)) in found_names.iter().zip(&expected_names).enumerate() {
        assert_eq!(f, e, "{case}: column {column}");
    }
    assert_eq!(
        found_names.len(),
        expected_names.len(),
        "{case}: number of features"
    );
    let (mut largest, mut worst) = (0.0, "none");
    let mut failures = Vec::new();
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        let Tier { absolute, .. } = tier(name);
        let error = (found - expected).abs();
        if !tier(name).accepts(*found, *expected) {
            failures.push(format!(
                "{name}: found {found:?}, expected {expected:?}, relative error {:.1e}",
                error / expected.abs()
            ));
        }
        if error > absolute && error > largest * expected.abs() {
            (largest, worst) = (error / expected.abs(), name);
        }
    }
    let n = failures.len();
    failures.truncate(12);
    assert!(
        n == 0,
        "{case}: {n} of {} features differ:\n{}",
        expected.len(),
        failures.join("\n")
    );
    println!(
        "{case}: {} features, largest relative error {largest:.1e} ({worst})",
        expected.len()
    );
    largest
}

/// A number type by the name it has in numpy, as the expected values of the readers spell it.
pub fn pixel_type(name: &str) -> PixelType {
    match name {
        "uint8" => PixelType::U8,
        "int8" => PixelType::I8,
        "uint16" => PixelType::U16,
        "int16" => PixelType::I16,
        "uint32" => PixelType::U32,
        "int32" => PixelType::I32,
        "uint64" => PixelType::U64,
        "int64" => PixelType::I64,
        "float32" => PixelType::F32,
        "float64" => PixelType::F64,
        other => panic!("{other}"),
    }
}

//! Features of small regions whose gray levels are given, computed by PyRadiomics. Provenance in `golden/README.md`.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{COLLINEAR, DIRECT, EIGENVALUE, Tier, golden};
use ndarray::{Array3, Axis as ArrayAxis};
use radiomics_features::texture::{
    Axis, GlcmFeatures, GldmFeatures, GlrlmFeatures, GlszmFeatures, NgtdmFeatures, TextureParams,
    WeightingNorm,
};
use radiomics_features::{
    Binning, FirstOrderFeatures, FirstOrderParams, Levels, PixelKind, Shape2dFeatures,
    ShapeFeatures, ShapeParams,
};
use serde_json::Value;

fn spacing_of(case: &Value) -> [f64; 3] {
    let spacing: Vec<f64> = serde_json::from_value(case["spacing"].clone()).expect("a spacing");
    [spacing[0], spacing[1], spacing[2]]
}

fn levels_of(case: &Value) -> Array3<u16> {
    let shape: Vec<usize> = serde_json::from_value(case["shape"].clone()).expect("a shape");
    let levels: Vec<u16> = serde_json::from_value(case["levels"].clone()).expect("levels");
    Array3::from_shape_vec((shape[0], shape[1], shape[2]), levels).expect("levels of the shape")
}

fn params_of(settings: &Value) -> TextureParams {
    let mut params = TextureParams::default();
    for (key, value) in settings.as_object().expect("settings") {
        match key.as_str() {
            "symmetricalGLCM" => params.symmetrical_glcm = value.as_bool().expect("a bool"),
            "gldm_a" => {
                params.gldm_alpha = u16::try_from(value.as_u64().expect("a number")).expect("small")
            }
            "distances" => {
                params.distances = serde_json::from_value(value.clone()).expect("distances")
            }
            "force2D" => {
                let axis = settings
                    .get("force2Ddimension")
                    .and_then(Value::as_u64)
                    .unwrap_or(0);
                params.force_2d =
                    Some([Axis::Z, Axis::Y, Axis::X][usize::try_from(axis).expect("an axis")]);
            }
            "force2Ddimension" => {}
            "weightingNorm" => {
                params.weighting = Some(match value.as_str().expect("a norm") {
                    "euclidean" => WeightingNorm::Euclidean,
                    "manhattan" => WeightingNorm::Manhattan,
                    "infinity" => WeightingNorm::Infinity,
                    "no_weighting" => WeightingNorm::NoWeighting,
                    other => panic!("unknown norm {other}"),
                });
            }
            other => panic!("unknown setting {other}"),
        }
    }
    params
}

/// All features of a case by name, `family_Feature`.
fn features_of(case: &Value) -> BTreeMap<String, f64> {
    let (voxels, spacing, params) = (
        levels_of(case),
        spacing_of(case),
        params_of(&case["settings"]),
    );
    let mask = voxels.mapv(|level| level != 0);
    let values = voxels.mapv(f64::from);
    let levels = Levels::new(
        values.view(),
        mask.view(),
        PixelKind::Integer,
        &Binning::Width(1.0),
    )
    .expect("levels");
    assert_eq!(
        levels,
        Levels::from_array(voxels.view()).expect("levels"),
        "levels are the values"
    );
    let mut found = BTreeMap::new();
    let mut put = |family: &str, features: &mut dyn Iterator<Item = (&'static str, f64)>| {
        found.extend(features.map(|(name, value)| (format!("{family}_{name}"), value)));
    };
    let first = FirstOrderFeatures::new(
        values.view(),
        mask.view(),
        &levels,
        spacing,
        &FirstOrderParams::default(),
    )
    .expect("first order");
    put("firstorder", &mut first.iter());
    put(
        "shape",
        &mut ShapeFeatures::new(mask.view(), spacing, &ShapeParams::default())
            .expect("shape")
            .iter(),
    );
    if voxels.dim().0 == 1 && voxels.dim().2 > 1 {
        let plane =
            Shape2dFeatures::new(mask.index_axis(ArrayAxis(0), 0), [spacing[1], spacing[2]]);
        put("shape2D", &mut plane.expect("plane shape").iter());
    }
    put(
        "glcm",
        &mut GlcmFeatures::new(&levels, spacing, &params)
            .expect("glcm")
            .iter(),
    );
    put(
        "gldm",
        &mut GldmFeatures::new(&levels, spacing, &params)
            .expect("gldm")
            .iter(),
    );
    put(
        "glrlm",
        &mut GlrlmFeatures::new(&levels, spacing, &params)
            .expect("glrlm")
            .iter(),
    );
    put(
        "glszm",
        &mut GlszmFeatures::new(&levels, spacing, &params)
            .expect("glszm")
            .iter(),
    );
    put(
        "ngtdm",
        &mut NgtdmFeatures::new(&levels, spacing, &params)
            .expect("ngtdm")
            .iter(),
    );
    found
}

/// The accuracy a feature can have in the reference, which says why where it is not the usual.
fn tier(name: &str) -> Tier {
    match name {
        // A second eigenvalue of a matrix that is not symmetric, by a general solver.
        "glcm_MCC" => EIGENVALUE,
        // Square roots of eigenvalues that are rounding noise around 0 for lines.
        "shape_Elongation"
        | "shape_Flatness"
        | "shape_MinorAxisLength"
        | "shape_LeastAxisLength"
        | "shape2D_Elongation"
        | "shape2D_MinorAxisLength" => COLLINEAR,
        _ => DIRECT,
    }
}

#[test]
fn features_of_small_regions() {
    let text = std::fs::read_to_string(golden("levels/cases.json")).expect("the cases");
    let cases: Vec<Value> = serde_json::from_str(&text).expect("cases");
    assert!(cases.len() > 30);
    let mut wrong = Vec::new();
    for case in &cases {
        let case_name = case["name"].as_str().expect("a name");
        let found = features_of(case);
        let expected = case["features"].as_object().expect("features");
        assert!(
            found.keys().eq(expected.keys().collect::<BTreeSet<_>>()),
            "{case_name}: other features"
        );
        for (name, value) in &found {
            let reference = expected[name].as_f64().unwrap_or(f64::NAN);
            if !tier(name).accepts(*value, reference) {
                wrong.push(format!(
                    "{case_name} {name}: {value}, reference {reference}"
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} values differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

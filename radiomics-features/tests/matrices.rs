//! Matrices and features of regions whose gray levels are given: the IBSI digital phantom, and small regions computed by
//! PyRadiomics. Provenance in `golden/README.md`.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{COLLINEAR, DIRECT, EIGENVALUE, Tier, golden};
use ndarray::{Array3, ArrayView3, Axis as ArrayAxis};
use radiomics_features::texture::{
    Axis, Direction, Glcm, GlcmFeatures, Gldm, GldmFeatures, Glrlm, GlrlmFeatures, Glszm,
    GlszmFeatures, Ngtdm, NgtdmFeatures, TextureParams, WeightingNorm,
};
use radiomics_features::{
    Binning, FirstOrderFeatures, FirstOrderParams, Levels, PixelKind, Shape2dFeatures,
    ShapeFeatures,
};
use serde_json::Value;

/// `(i, j or size) -> n`.
type Cells = BTreeMap<(u32, u32), f64>;

fn phantom() -> Array3<u16> {
    let mut levels = Array3::zeros((4, 4, 5));
    for row in csv::Reader::from_path(golden("ibsi1/voxels.csv"))
        .expect("the phantom")
        .into_records()
    {
        let row = row.expect("a voxel");
        let number = |column: usize| row[column].parse::<u16>().expect("a number");
        let at = [2, 1, 0].map(|column| usize::from(number(column)));
        levels[at] = number(3) * number(4);
    }
    levels
}

/// A published or computed matrix of the phantom: its key in the file, and its cells.
fn reference_matrices() -> BTreeMap<[String; 4], Cells> {
    let mut found: BTreeMap<[String; 4], Cells> = BTreeMap::new();
    for row in csv::Reader::from_path(golden("ibsi1/matrices.csv"))
        .expect("the matrices")
        .into_records()
    {
        let row = row.expect("a cell");
        let key = [0, 1, 2, 3].map(|column| row[column].to_owned());
        let number = |column: usize| row[column].parse::<f64>().expect("a number");
        found
            .entry(key)
            .or_default()
            .insert((number(4) as u32, number(5) as u32), number(6));
    }
    found
}

/// Drops what the reference does not list.
fn without_zeros(cells: impl IntoIterator<Item = ((u32, u32), f64)>) -> Cells {
    let mut found = Cells::new();
    for (key, n) in cells {
        *found.entry(key).or_default() += n;
    }
    found.retain(|_, n| *n != 0.0);
    found
}

fn direction(xyz: &str) -> Direction {
    let mut steps = xyz.split(' ').map(|step| step.parse().expect("a step"));
    let [x, y, z] = std::array::from_fn(|_| steps.next().expect("three steps"));
    // One of each pair of opposite directions is in use; runs and symmetric pairs do not differ.
    let found = Direction([z, y, x]);
    found.max(Direction([-z, -y, -x]))
}

fn glcm(levels: &Levels, direction: Direction) -> Cells {
    let Some(glcm) = Glcm::new(levels, direction, &TextureParams::default()) else {
        return Cells::new();
    };
    let cells = glcm.cells.iter();
    without_zeros(cells.map(|c| {
        (
            (u32::from(c.i), u32::from(c.j)),
            (c.p * glcm.n_pairs).round(),
        )
    }))
}

fn glrlm(levels: &Levels, direction: Direction) -> Cells {
    let glrlm = Glrlm::new(levels, direction).expect("a line with two voxels");
    without_zeros(
        glrlm
            .matrix
            .cells
            .iter()
            .map(|c| ((u32::from(c.level), c.size), c.count)),
    )
}

/// The sum over all directions that fit.
fn merged(levels: &Levels, one: impl Fn(&Levels, Direction) -> Cells) -> Cells {
    let directions = radiomics_features::texture::direction::directions(levels.shape(), &[1], None);
    without_zeros(
        directions
            .expect("directions")
            .into_iter()
            .flat_map(|d| one(levels, d)),
    )
}

#[test]
fn matrices_of_the_ibsi_phantom() {
    let phantom = phantom();
    let mut checked = BTreeSet::new();
    for (key, expected) in reference_matrices() {
        let [family, scope, slice, xyz] = key.each_ref().map(String::as_str);
        let voxels: ArrayView3<'_, u16> = match slice.parse::<usize>() {
            Ok(z) => phantom.slice(ndarray::s![z..z + 1, .., ..]),
            Err(_) => phantom.view(),
        };
        let levels = Levels::from_array(voxels).expect("voxels");
        let found = match (family, scope) {
            ("glcm", "2D" | "3D") => glcm(&levels, direction(xyz)),
            ("glcm", _) => merged(&levels, glcm),
            ("glrlm", "2D" | "3D") => glrlm(&levels, direction(xyz)),
            ("glrlm", _) => merged(&levels, glrlm),
            ("glszm", _) => {
                let cells = Glszm::new(&levels, None).matrix.cells;
                without_zeros(
                    cells
                        .iter()
                        .map(|c| ((u32::from(c.level), c.size), c.count)),
                )
            }
            ("ngldm", _) => {
                let gldm = Gldm::new(&levels, &TextureParams::default()).expect("valid distances");
                // IBSI's k counts from 1, too.
                without_zeros(
                    gldm.matrix
                        .cells
                        .iter()
                        .map(|c| ((u32::from(c.level), c.size), c.count)),
                )
            }
            // Has a number of voxels and a sum per level: the next test. Distance zones are not computed here.
            ("ngtdm" | "gldzm", _) => continue,
            _ => panic!("unknown matrix {key:?}"),
        };
        assert_eq!(found, expected, "{key:?}");
        checked.insert(key);
    }
    assert_eq!(checked.len(), 88 - 5 - 5);
}

#[test]
fn gray_tone_differences_of_the_ibsi_phantom() {
    let phantom = phantom();
    let mut expected: BTreeMap<String, Vec<(u16, f64, usize)>> = BTreeMap::new();
    for row in csv::Reader::from_path(golden("ibsi1/matrices.csv"))
        .expect("the matrices")
        .into_records()
    {
        let row = row.expect("a row");
        if &row[0] == "ngtdm" {
            let level = row[4].parse().expect("a level");
            let difference = row[5].parse().expect("a sum");
            let count = row[6].parse().expect("a count");
            expected
                .entry(row[2].to_owned())
                .or_default()
                .push((level, difference, count));
        }
    }
    assert_eq!(expected.len(), 5);
    for (slice, rows) in expected {
        let voxels: ArrayView3<'_, u16> = match slice.parse::<usize>() {
            Ok(z) => phantom.slice(ndarray::s![z..z + 1, .., ..]),
            Err(_) => phantom.view(),
        };
        let levels = Levels::from_array(voxels).expect("voxels");
        let found = Ngtdm::new(&levels, &TextureParams::default())
            .expect("valid distances")
            .rows;
        assert_eq!(found.len(), rows.len());
        for (row, (level, difference, count)) in found.iter().zip(rows) {
            assert_eq!((row.level, row.count), (level, count), "slice {slice:?}");
            // The file has six decimals.
            assert!(
                (row.difference - difference).abs() <= 5.1e-7,
                "slice {slice:?} level {level}: {}",
                row.difference
            );
        }
    }
}

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
        &mut ShapeFeatures::new(mask.view(), spacing)
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

//! The digital phantom of IBSI-1: every texture matrix, entry by entry.

use std::collections::BTreeMap;

use ndarray::{Array3, ArrayView3};
use radiomics_features::Levels;
use radiomics_features::texture::direction::directions;
use radiomics_features::texture::{
    Direction, Glcm, Gldm, Gldzm, Glrlm, Glszm, IsolatedVoxels, Ngtdm, TextureParams,
};

use crate::common::golden;
use crate::compliance::Row;

/// `(i, j or size) -> n`. Of the gray tone differences, whose second entry is a sum, the key is the level alone.
type Cells = BTreeMap<(u32, u32), f64>;

/// Which matrix: family, scope, slice and direction.
type Key = [String; 4];

/// A matrix as the file has it, and the sums of the gray tone differences beside it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Matrix {
    cells: Cells,
    differences: BTreeMap<u32, f64>,
}

/// The gray levels.
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

/// The published or computed matrices of the phantom.
fn reference_matrices() -> BTreeMap<Key, Matrix> {
    let mut found: BTreeMap<Key, Matrix> = BTreeMap::new();
    let matrices = csv::Reader::from_path(golden("ibsi1/matrices.csv")).expect("the matrices");
    for row in matrices.into_records() {
        let row = row.expect("a cell");
        let key = [0, 1, 2, 3].map(|column| row[column].to_owned());
        let number = |column: usize| row[column].parse::<f64>().expect("a number");
        let (first, second, n) = (number(4) as u32, number(5), number(6));
        let matrix = found.entry(key).or_default();
        if &row[0] == "ngtdm" {
            matrix.cells.insert((first, 0), n);
            matrix.differences.insert(first, second);
        } else {
            matrix.cells.insert((first, second as u32), n);
        }
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
    let directions = directions(levels.shape(), &[1], None);
    without_zeros(
        directions
            .expect("directions")
            .into_iter()
            .flat_map(|d| one(levels, d)),
    )
}

/// The matrix of a key, of the levels it is about.
fn matrix(family: &str, scope: &str, xyz: &str, levels: &Levels) -> Matrix {
    let plain = |cells| Matrix {
        cells,
        differences: BTreeMap::new(),
    };
    let sizes = |matrix: radiomics_features::texture::size_matrix::SizeMatrix| {
        let cells = matrix.cells.into_iter();
        plain(without_zeros(
            cells.map(|c| ((u32::from(c.level), c.size), c.count)),
        ))
    };
    let mut params = TextureParams::default();
    params.isolated_voxels = IsolatedVoxels::Skip;
    match (family, scope) {
        ("glcm", "2D" | "3D") => plain(glcm(levels, direction(xyz))),
        ("glcm", _) => plain(merged(levels, glcm)),
        ("glrlm", "2D" | "3D") => plain(glrlm(levels, direction(xyz))),
        ("glrlm", _) => plain(merged(levels, glrlm)),
        ("glszm", _) => sizes(Glszm::new(levels, None).matrix),
        ("gldzm", _) => {
            let mask = levels.grid().mapv(|level| level != 0);
            // A slice alone has a border above and below, which is none in the plane.
            let flat = (scope == "2D").then_some(radiomics_features::texture::Axis::Z);
            sizes(
                Gldzm::new(levels, mask.view(), flat)
                    .expect("one shape")
                    .matrix,
            )
        }
        // IBSI's k counts from 1, too.
        ("ngldm", _) => sizes(Gldm::new(levels, &params).expect("valid distances").matrix),
        ("ngtdm", _) => {
            let rows = Ngtdm::new(levels, &params).expect("valid distances").rows;
            let level = |row: &radiomics_features::texture::ngtdm::NgtdmRow| u32::from(row.level);
            Matrix {
                cells: rows
                    .iter()
                    .map(|row| ((level(row), 0), row.count as f64))
                    .collect(),
                differences: rows
                    .iter()
                    .map(|row| (level(row), row.difference))
                    .collect(),
            }
        }
        _ => panic!("unknown matrix {family} {scope}"),
    }
}

/// Counts are exact; the sums of differences have six decimals in the file.
fn agree(found: &Matrix, expected: &Matrix) -> bool {
    let differences = found.differences.iter().zip(&expected.differences);
    found.cells == expected.cells
        && found.differences.len() == expected.differences.len()
        && differences
            .into_iter()
            .all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() <= 5.1e-7)
}

/// Compares every matrix, one row a family and scope, and what does not agree.
pub fn compared() -> (Vec<Row>, Vec<String>) {
    let phantom = phantom();
    let mut rows: BTreeMap<(String, String), Row> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (key, expected) in reference_matrices() {
        let [family, scope, slice, xyz] = key.each_ref().map(String::as_str);
        let voxels: ArrayView3<'_, u16> = match slice.parse::<usize>() {
            Ok(z) => phantom.slice(ndarray::s![z..z + 1, .., ..]),
            Err(_) => phantom.view(),
        };
        let levels = Levels::from_array(voxels).expect("voxels");
        let is_match = agree(&matrix(family, scope, xyz, &levels), &expected);
        let of_family = (family.to_owned(), scope.to_owned());
        let row = rows
            .entry(of_family)
            .or_insert_with(|| Row::new(family, scope));
        row.count(is_match);
        if !is_match {
            wrong.push(format!("{key:?}"));
        }
    }
    (rows.into_values().collect(), wrong)
}

#[test]
fn every_matrix_of_the_digital_phantom() {
    let (rows, wrong) = compared();
    for row in &rows {
        println!("{row}");
    }
    assert_eq!(rows.iter().map(|row| row.total).sum::<usize>(), 88);
    assert!(wrong.is_empty(), "{wrong:?}");
}

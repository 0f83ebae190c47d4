//! Marching cubes: area and volume of the triangle mesh around a region.
//!
//! Every cube of 2 × 2 × 2 voxel centers, some inside the region and some not, holds a few triangles that cut the inside
//! off. Corners, edges and the code of a cube, `(z, y, x)` offsets:
//!
//! ```text
//! corner  0   1   2   3   4   5   6   7        bit b of the code is set if corner b is inside
//!        000 001 011 010 100 101 111 110
//! edges  0-3: 01 12 23 30    4-7: 45 56 67 74    8-11: 04 15 26 37        vertex: middle of the edge
//! ```
//!
//! A code with corner 7 inside is treated as its complement with the triangles turned over.
//!
//! No mesh is stored. The cubes of one code differ only by their place, and the volume under a triangle is linear in its
//! place, so the number of cubes of each code and the sum of their places give area and volume. Both are whole numbers: the
//! only rounding is in the 256 terms of the final sums.
//!
//! Where voxels of a region meet only along an edge or at a corner, the triangles of neighboring cubes can leave a hole, a
//! known flaw of the method. The volume then depends on the origin, which is PyRadiomics': one voxel before the first voxel
//! of the mask along each axis.
//!
//! References: W. E. Lorensen, H. E. Cline, Computer Graphics 21(4), 163-169 (1987), doi:10.1145/37402.37422; numbering of
//! P. Bourke, Polygonising a scalar field (1994, public domain).

use ndarray::{ArrayView1, ArrayView3};

use crate::rows::{contiguous, row};
use crate::wide::wide;

/// Area and volume of the mesh around a region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mesh {
    /// Sum of the areas of the triangles; mm².
    pub area: f64,
    /// Volume they enclose; mm³.
    pub volume: f64,
}

impl Mesh {
    /// Measures the mesh around the true voxels of a mask, which is surrounded by outside. `(z, y, x)`, spacing in mm.
    pub(super) fn new(mask: ArrayView3<'_, bool>, spacing: [f64; 3]) -> Self {
        Self::of_census(&census(mask), spacing)
    }

    fn of_census(census: &[Cubes; 256], spacing: [f64; 3]) -> Self {
        let patches: Vec<Patch> = TRIANGLES
            .iter()
            .map(|row| Patch::new(row, spacing))
            .collect();
        let mut mesh = Self {
            area: 0.0,
            volume: 0.0,
        };
        for (code, cubes) in census
            .iter()
            .enumerate()
            .filter(|(_, cubes)| cubes.count > 0)
        {
            let (row, sign) = if code < 128 {
                (code, 1.0)
            } else {
                (255 - code, -1.0)
            };
            let patch = &patches[row];
            mesh.area += cubes.count as f64 * patch.area;
            let mut volume = cubes.count as f64 * patch.volume;
            for ((place, mm), per_mm) in cubes.places.iter().zip(spacing).zip(patch.volume_per_mm) {
                volume += *place as f64 * mm * per_mm;
            }
            mesh.volume += sign * volume;
        }
        mesh
    }
}

/// The cubes of one code: how many, and the sum of the indices of their first corners.
#[derive(Debug, Clone, Copy, Default)]
struct Cubes {
    count: u64,
    places: [u64; 3],
}

/// Counts the cubes by code. Indices count from the layer of cubes that lies half outside before the first voxels.
fn census(mask: ArrayView3<'_, bool>) -> [Cubes; 256] {
    let (nz, ny, nx) = mask.dim();
    let mut cubes = [Cubes::default(); 256];
    let (mut columns, mut codes) = (vec![0u8; nx + 2], vec![0u8; nx + 1]);
    for z in 0..=nz {
        for y in 0..=ny {
            columns.fill(0);
            for (step_z, step_y, bit) in [(0, 0, 0), (0, 1, 3), (1, 0, 4), (1, 1, 7)] {
                // Row 0 of the cubes starts before row 0 of the voxels.
                let (Some(z), Some(y)) = ((z + step_z).checked_sub(1), (y + step_y).checked_sub(1))
                else {
                    continue;
                };
                if z < nz && y < ny {
                    mark(&mut columns[1..], row(mask, z, y), bit);
                }
            }
            write_codes(&columns, &mut codes);
            for_each_mixed(&codes, |x, code| {
                let same = &mut cubes[usize::from(code)];
                same.count += 1;
                same.places[0] += z as u64;
                same.places[1] += y as u64;
                same.places[2] += x as u64;
            });
        }
    }
    cubes
}

/// Sets the bit of a corner where a row of voxels is inside.
fn mark(columns: &mut [u8], row: ArrayView1<'_, bool>, bit: u8) {
    let row = contiguous(row);
    wide(
        #[inline(always)]
        || {
            for (column, &inside) in columns.iter_mut().zip(row.iter()) {
                *column |= u8::from(inside) << bit;
            }
        },
    );
}

/// The code of the cube between each column and the next.
fn write_codes(columns: &[u8], codes: &mut [u8]) {
    wide(
        #[inline(always)]
        || {
            let pairs = columns.iter().zip(&columns[1..]);
            for (code, (&column, &next)) in codes.iter_mut().zip(pairs) {
                *code = column | far_corners(next);
            }
        },
    );
}

/// Visits the cubes of a row that are neither inside nor outside.
fn for_each_mixed(codes: &[u8], mut visit: impl FnMut(usize, u8)) {
    const BLOCK: usize = 8;
    for (block, codes) in codes.chunks(BLOCK).enumerate() {
        // Most blocks are all inside or all outside.
        if [[0; BLOCK], [255; BLOCK]].iter().any(|same| codes == same) {
            continue;
        }
        for (i, &code) in codes.iter().enumerate() {
            if code != 0 && code != 255 {
                visit(block * BLOCK + i, code);
            }
        }
    }
}

/// Corners 0, 3, 4, 7 of a column of four voxels are 1, 2, 5, 6 of the cube before.
#[inline(always)]
fn far_corners(column: u8) -> u8 {
    (column & 1) << 1 | (column & 8) >> 1 | (column & 16) << 1 | (column & 128) >> 1
}

/// The triangles of one code in the cube at the origin.
#[derive(Debug, Clone, Copy)]
struct Patch {
    area: f64,
    /// Signed volume between the triangles and the origin.
    volume: f64,
    /// What is added to it for each mm the cube is moved along an axis.
    volume_per_mm: [f64; 3],
}

impl Patch {
    fn new(row: &str, spacing: [f64; 3]) -> Self {
        let mut patch = Self {
            area: 0.0,
            volume: 0.0,
            volume_per_mm: [0.0; 3],
        };
        for triangle in row.split_ascii_whitespace() {
            let mut vertices = triangle
                .chars()
                .map(|digit| vertex(digit.to_digit(12).expect("an edge from 0 to b"), spacing));
            let [a, b, c] = std::array::from_fn(|_| vertices.next().expect("three vertices"));
            patch.area += norm(cross(minus(a, c), minus(b, c))) / 2.0;
            patch.volume += dot(cross(a, b), c) / 6.0;
            for cross in [cross(a, b), cross(b, c), cross(c, a)] {
                for (total, component) in patch.volume_per_mm.iter_mut().zip(cross) {
                    *total += component / 6.0;
                }
            }
        }
        patch
    }
}

/// The middle of an edge of the cube at the origin.
fn vertex(edge: u32, spacing: [f64; 3]) -> [f64; 3] {
    const CORNERS: [[f64; 3]; 8] = [
        [0.0, 0.0, 0.0],
        [0.0, 0.0, 1.0],
        [0.0, 1.0, 1.0],
        [0.0, 1.0, 0.0],
        [1.0, 0.0, 0.0],
        [1.0, 0.0, 1.0],
        [1.0, 1.0, 1.0],
        [1.0, 1.0, 0.0],
    ];
    const EDGES: [[usize; 2]; 12] = [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 0],
        [4, 5],
        [5, 6],
        [6, 7],
        [7, 4],
        [0, 4],
        [1, 5],
        [2, 6],
        [3, 7],
    ];
    let [from, to] = EDGES[edge as usize];
    std::array::from_fn(|axis| (CORNERS[from][axis] + CORNERS[to][axis]) / 2.0 * spacing[axis])
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|axis| a[axis] - b[axis])
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn norm(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}

/// The triangles of codes 0 to 127, each as three edges (in base 12) in the order that makes the enclosed volume positive.
/// Where a code leaves a choice of diagonals, it is PyRadiomics'.
#[rustfmt::skip]
const TRIANGLES: [&str; 128] = [
    "", "083", "019", "183 198", "12a", "083 12a", "029 2a9", "283 2a8 8a9", "23b", "08b 0b2",
    "019 23b", "19b 1b2 8b9", "13a 3ba", "08a 0a1 8ba", "039 3b9 9ba", "8a9 8ba", "478", "043 347",
    "019 478", "147 173 194", "12a 478", "043 12a 347", "029 2a9 478", "273 297 2a9 479",
    "23b 478", "042 24b 47b", "019 23b 478", "192 29b 47b 4b9", "13a 3ba 478", "041 14b 1ba 47b",
    "039 3b9 478 9ba", "47b 4b9 9ba", "495", "083 495", "015 054", "153 358 485", "12a 495",
    "083 12a 495", "024 254 2a5", "253 2a5 348 354", "23b 495", "08b 0b2 495", "015 054 23b",
    "152 258 28b 485", "13a 3ba 495", "08a 0a1 495 8ba", "03b 054 0b5 5ba", "485 58a 8ba",
    "579 789", "093 357 395", "017 078 157", "157 173", "12a 579 789", "093 12a 357 395",
    "028 258 2a5 578", "253 2a5 357", "23b 579 789", "092 27b 297 579", "018 157 178 23b",
    "157 17b 1b2", "13a 3ba 579 789", "057 07b 095 0a1 0ba", "03b 057 078 0a5 0ba", "57b 5ba",
    "5a6", "083 5a6", "019 5a6", "183 198 5a6", "126 165", "083 126 165", "026 069 596",
    "258 265 283 598", "23b 5a6", "08b 0b2 5a6", "019 23b 5a6", "19b 1b2 5a6 8b9", "135 365 3b6",
    "051 08b 0b5 5b6", "036 059 065 3b6", "596 69b 8b9", "478 5a6", "043 347 5a6", "019 478 5a6",
    "147 173 194 5a6", "126 165 478", "043 126 165 347", "026 069 478 596", "269 293 397 479 596",
    "23b 478 5a6", "042 24b 47b 5a6", "019 23b 478 5a6", "192 29b 47b 4b9 5a6", "135 365 3b6 478",
    "04b 0b1 1b5 47b 5b6", "036 059 065 3b6 478", "479 596 69b 7b9", "49a 4a6", "083 49a 4a6",
    "01a 064 0a6", "168 183 1a6 486", "124 149 264", "083 124 149 264", "024 264", "248 264 283",
    "23b 49a 4a6", "08b 0b2 49a 4a6", "01a 064 0a6 23b", "148 164 18b 1a6 1b2", "139 369 3b6 496",
    "081 149 164 18b 1b6", "036 064 3b6", "486 68b", "67a 78a 89a", "073 09a 0a7 67a",
    "018 178 1a7 67a", "173 1a7 67a", "126 168 189 678", "093 129 269 397 679", "026 067 078",
    "267 273", "23b 67a 78a 89a", "072 097 27b 67a 79a", "018 178 1a7 23b 67a", "167 17b 1a6 1b2",
    "136 169 3b6 678 689", "091 67b", "03b 067 078 0b6", "67b",
];

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    /// Area and volume of every cube, from `tests/golden/levels/cube_table.py`.
    #[test]
    fn every_cube_has_the_reference_area_and_volume() {
        let table = include_str!("../../tests/golden/levels/marching_cube_configs.csv");
        let mut checked = 0;
        for line in table.lines().skip(1) {
            let mut numbers = line
                .split(',')
                .map(|text| text.parse::<f64>().expect("a number"));
            let [code, expected @ ..]: [f64; 5] =
                std::array::from_fn(|_| numbers.next().expect("five columns"));
            let mut census = [Cubes::default(); 256];
            census[code as usize].count = 1;
            let (iso, aniso) = (
                Mesh::of_census(&census, [1.0; 3]),
                Mesh::of_census(&census, [3.0, 2.0, 1.0]),
            );
            for (found, expected) in [iso.area, iso.volume, aniso.area, aniso.volume]
                .into_iter()
                .zip(expected)
            {
                assert!(
                    (found - expected).abs() <= 1e-12,
                    "code {code}: {found}, reference {expected}"
                );
            }
            checked += 1;
        }
        assert_eq!(checked, 256);
    }

    #[test]
    fn a_compact_region_has_a_closed_surface() {
        // Moving it changes nothing: the terms that depend on the place cancel.
        let mask = Array3::from_shape_fn((5, 6, 7), |(z, y, x)| {
            let d = |i: usize, center: f64| (i as f64 - center).powi(2);
            d(z, 2.0) + d(y, 2.4) + d(x, 3.1) < 7.0
        });
        let mut moved = Array3::from_elem((40, 50, 60), false);
        moved
            .slice_mut(ndarray::s![30..35, 40..46, 50..57])
            .assign(&mask);
        let (here, there) = (
            Mesh::new(mask.view(), [3.0, 2.0, 0.5]),
            Mesh::new(moved.view(), [3.0, 2.0, 0.5]),
        );
        approx::assert_relative_eq!(here.area, there.area, max_relative = 1e-14);
        approx::assert_relative_eq!(here.volume, there.volume, max_relative = 1e-11);
    }

    #[test]
    fn a_large_box_has_its_edges_cut() {
        let n = 20.0f64;
        let mask = Array3::from_elem((20, 20, 20), true);
        let mesh = Mesh::new(mask.view(), [1.0; 3]);
        // 12 edges of length n - 1 lose a prism of 1/8, 8 corners lose 1/8 - 1/48 = 5/48 more than their edges.
        let volume = n.powi(3) - 12.0 * (n - 1.0) / 8.0 - 8.0 * 5.0 / 48.0;
        approx::assert_relative_eq!(mesh.volume, volume, max_relative = 1e-13);
    }
}

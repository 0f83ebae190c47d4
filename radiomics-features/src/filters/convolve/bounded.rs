//! Convolution of axes with a border of choice, only where it is asked for.
//!
//! ```text
//! out[i] = Σ_j taps[j] x[i + (center - j) step]
//! ```
//!
//! `x` outside of the image is what the [`Boundary`] says. Taps that fall on the same sample are added up first; the sum then
//! runs over the samples in ascending order of `i + (center - j) step`, without fused multiply-add. It does not depend on what
//! else is computed, so that a part of an image has the bits of the whole.

use ndarray::{Array3, ArrayView3};

use crate::filters::standard::Boundary;
use crate::numbers::{each_number, view};
use crate::par::map_indexed;
use crate::roi::BoundingBox;
use crate::volume::Volume;
use crate::wide::wide;

/// A filter of one axis. It has at least one tap, and at most [`MAX_TAPS`](Self::MAX_TAPS).
#[derive(Debug, Clone, PartialEq)]
pub(in crate::filters) struct Kernel {
    pub taps: Vec<f64>,
    /// The tap that meets the voxel itself.
    pub center: usize,
    /// Distance between taps in voxels.
    pub step: usize,
}

impl Kernel {
    /// What settings may ask for: larger filters are a slip of the unit.
    pub const MAX_TAPS: usize = 65_535;

    /// Taps side by side, the middle one in the center; the later one of two.
    pub fn centered(taps: Vec<f64>) -> Self {
        let center = taps.len() / 2;
        Self {
            taps,
            center,
            step: 1,
        }
    }

    /// The kernel for an axis that is turned round.
    pub fn reversed(&self) -> Self {
        let mut taps = self.taps.clone();
        taps.reverse();
        Self {
            taps,
            center: self.center_from_end(),
            step: self.step,
        }
    }

    fn center_from_end(&self) -> usize {
        self.taps.len() - 1 - self.center
    }

    /// Where the samples of output `i` stand, those of the last tap first.
    fn places(&self, i: usize) -> impl Iterator<Item = (i64, f64)> + '_ {
        let first = i as i64 - (self.center_from_end() * self.step) as i64;
        let taps = self.taps.iter().rev().enumerate();
        taps.map(move |(k, &tap)| (first + (k * self.step) as i64, tap))
    }
}

/// The samples, ascending, that `outputs` of an axis need for any of the kernels.
pub(in crate::filters) fn sources<'a>(
    outputs: &[usize],
    length: usize,
    kernels: impl IntoIterator<Item = &'a Kernel>,
    boundary: Boundary,
) -> Vec<usize> {
    let mut needed = vec![false; length];
    for kernel in kernels {
        for &output in outputs {
            for (place, _) in kernel.places(output) {
                if let Some(sample) = boundary.sample(place, length) {
                    needed[sample] = true;
                }
            }
        }
    }
    (0..length).filter(|&sample| needed[sample]).collect()
}

/// Voxels at all combinations of three lists of places in an image, axes z, y, x; lists ascend.
#[derive(Debug, Clone)]
pub(in crate::filters) struct Lattice {
    places: [Vec<usize>; 3],
    voxels: Array3<f64>,
    /// Of the whole image.
    size: [usize; 3],
}

/// A run of outputs that take the same weights from samples one further each.
struct Run {
    outputs: std::ops::Range<usize>,
    /// Weight, and position of the sample of the first output.
    terms: Vec<(f64, usize)>,
}

impl Lattice {
    /// Voxels of an image.
    pub fn of_image(image: &Volume, places: [Vec<usize>; 3]) -> Self {
        let size = image.size();
        let voxels = each_number!(image.numbers(), values => gathered(view(values, size), &places));
        Self {
            places,
            voxels,
            size,
        }
    }

    /// All voxels of an array.
    pub fn of_array(voxels: Array3<f64>) -> Self {
        let size: [usize; 3] = voxels.dim().into();
        Self {
            places: size.map(|n| (0..n).collect()),
            voxels,
            size,
        }
    }

    /// Voxels at these places of an image of this size.
    pub fn at(places: [Vec<usize>; 3], voxels: Array3<f64>, size: [usize; 3]) -> Self {
        Self {
            places,
            voxels,
            size,
        }
    }

    pub fn into_voxels(self) -> Array3<f64> {
        self.voxels
    }

    /// The same places with other voxels.
    pub fn map(mut self, f: impl Fn(f64) -> f64) -> Self {
        self.voxels.mapv_inplace(f);
        self
    }

    /// Adds the voxels of a lattice of the same places.
    pub fn add(&mut self, other: &Self) {
        self.voxels += &other.voxels;
    }

    /// Convolves `axis`, for `outputs` of it. The samples that they need must be there.
    pub fn convolved(
        &self,
        axis: usize,
        outputs: &[usize],
        kernel: &Kernel,
        boundary: Boundary,
    ) -> Self {
        let runs = runs(
            outputs,
            &self.places[axis],
            self.size[axis],
            kernel,
            boundary,
        );
        let mut size: [usize; 3] = self.voxels.dim().into();
        let n_samples = size[axis];
        size[axis] = outputs.len();
        let input = self
            .voxels
            .as_slice()
            .expect("lattices are in standard layout");
        let [depth, height, width] = size;
        let plane = height * width;
        // Planes of the result are independent, whichever the axis.
        let planes = map_indexed(depth, |z| {
            let mut out = vec![0.0; plane];
            match axis {
                0 => add_rows(&runs, z, input, &mut out),
                1 => {
                    let n = n_samples * width;
                    let input = &input[z * n..(z + 1) * n];
                    let rows = out.chunks_exact_mut(width).enumerate();
                    rows.for_each(|(y, row)| add_rows(&runs, y, input, row));
                }
                _ => {
                    let n = height * n_samples;
                    let input = input[z * n..(z + 1) * n].chunks_exact(n_samples);
                    let rows = out.chunks_exact_mut(width).zip(input);
                    rows.for_each(|(row, input)| add_along(&runs, input, row));
                }
            }
            out
        });
        let voxels = Array3::from_shape_vec(size, planes.concat());
        let mut places = self.places.clone();
        places[axis] = outputs.to_vec();
        Self {
            places,
            voxels: voxels.expect("as many planes as the size says"),
            size: self.size,
        }
    }
}

/// One output that is a row or plane, from an input of such rows.
fn add_rows(runs: &[Run], output: usize, input: &[f64], out: &mut [f64]) {
    let run = &runs[runs.partition_point(|run| run.outputs.end <= output)];
    let n = out.len();
    for &(weight, sample) in &run.terms {
        let sample = sample + output - run.outputs.start;
        add_scaled(out, weight, &input[sample * n..(sample + 1) * n]);
    }
}

/// All outputs along a row.
fn add_along(runs: &[Run], input: &[f64], out: &mut [f64]) {
    for run in runs {
        let out = &mut out[run.outputs.clone()];
        for &(weight, sample) in &run.terms {
            let n = out.len();
            add_scaled(out, weight, &input[sample..sample + n]);
        }
    }
}

/// What each output of an axis adds, positions counted in `places`.
fn runs(
    outputs: &[usize],
    places: &[usize],
    length: usize,
    kernel: &Kernel,
    boundary: Boundary,
) -> Vec<Run> {
    let mut position = vec![0; length];
    for (i, &place) in places.iter().enumerate() {
        position[place] = i;
    }
    let mut runs: Vec<Run> = Vec::new();
    let mut last: Vec<(f64, usize)> = Vec::new();
    // Where the term of a sample stands; a stamp tells those of this output.
    let mut term_of = vec![(usize::MAX, 0); length];
    for (i, &output) in outputs.iter().enumerate() {
        let mut terms: Vec<(f64, usize)> = Vec::new();
        for (place, tap) in kernel.places(output) {
            let Some(sample) = boundary.sample(place, length) else {
                continue;
            };
            let (stamp, term) = term_of[sample];
            if stamp == i {
                terms[term].0 += tap;
            } else {
                term_of[sample] = (i, terms.len());
                terms.push((tap, position[sample]));
            }
        }
        let follows = i > 0
            && terms.len() == last.len()
            && terms
                .iter()
                .zip(&last)
                .all(|(a, b)| a.0 == b.0 && a.1 == b.1 + 1);
        match runs.last_mut() {
            Some(run) if follows => run.outputs.end += 1,
            _ => runs.push(Run {
                outputs: i..i + 1,
                terms: terms.clone(),
            }),
        }
        last = terms;
    }
    runs
}

/// `out[k] += weight row[k]`.
fn add_scaled(out: &mut [f64], weight: f64, row: &[f64]) {
    wide(
        #[inline(always)]
        || {
            for (out, &v) in out.iter_mut().zip(row) {
                *out += weight * v;
            }
        },
    );
}

fn gathered<S: Copy + Into<f64>>(data: ArrayView3<'_, S>, places: &[Vec<usize>; 3]) -> Array3<f64> {
    let [z, y, x] = places;
    Array3::from_shape_fn((z.len(), y.len(), x.len()), |(i, j, k)| {
        data[[z[i], y[j], x[k]]].into()
    })
}

/// The places of a box along each axis.
pub(in crate::filters) fn places_of(bounds: &BoundingBox) -> [Vec<usize>; 3] {
    [0, 1, 2].map(|axis| (bounds.start[axis]..bounds.start[axis] + bounds.size[axis]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDARIES: [Boundary; 4] = [
        Boundary::Zero,
        Boundary::Nearest,
        Boundary::Periodic,
        Boundary::Mirror,
    ];

    fn kernels() -> Vec<Kernel> {
        let step = |taps: &[f64], step| Kernel {
            step,
            ..Kernel::centered(taps.to_vec())
        };
        vec![
            step(&[2.0], 1),
            step(&[1.0, -3.0], 1),
            step(&[1.0, 2.0, 4.0], 1),
            step(&[1.0, 2.0, 4.0, 8.0], 2),
            step(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0], 3),
        ]
    }

    fn voxels(size: [usize; 3]) -> Array3<f64> {
        Array3::from_shape_fn(size, |(z, y, x)| {
            ((z * 31 + y * 17 + x * 7) % 23) as f64 - 9.0
        })
    }

    /// Small whole numbers, so that sums are exact in any order.
    #[test]
    fn every_axis_is_convolved_by_definition() {
        for size in [[1, 1, 1], [3, 4, 5], [1, 2, 9]] {
            let image = Lattice::of_array(voxels(size));
            for (kernel, boundary) in kernels()
                .into_iter()
                .flat_map(|k| BOUNDARIES.map(|b| (k.clone(), b)))
            {
                for axis in 0..3 {
                    let all: Vec<usize> = (0..size[axis]).collect();
                    let found = image.convolved(axis, &all, &kernel, boundary).into_voxels();
                    let expected = Array3::from_shape_fn(size, |(z, y, x)| {
                        let taps = kernel.taps.iter().enumerate();
                        let terms = taps.map(|(j, tap)| {
                            let mut at = [z, y, x];
                            let offset = (kernel.center as i64 - j as i64) * kernel.step as i64;
                            let place = boundary.sample(at[axis] as i64 + offset, size[axis]);
                            place.map_or(0.0, |place| {
                                at[axis] = place;
                                tap * image.voxels[at]
                            })
                        });
                        terms.sum::<f64>()
                    });
                    assert_eq!(
                        found, expected,
                        "{size:?}, axis {axis}, {kernel:?}, {boundary}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_part_needs_its_sources_and_has_the_bits_of_the_whole() {
        let size = [4, 5, 11];
        let array = voxels(size).mapv(|v| v / 3.0);
        let whole = Lattice::of_array(array.clone());
        for (kernel, boundary) in kernels()
            .into_iter()
            .flat_map(|k| BOUNDARIES.map(|b| (k.clone(), b)))
        {
            for axis in 0..3 {
                let all: Vec<usize> = (0..size[axis]).collect();
                let expected = whole.convolved(axis, &all, &kernel, boundary).into_voxels();
                let outputs = [0, size[axis] - 2];
                let mut places = size.map(|n| (0..n).collect::<Vec<_>>());
                places[axis] = sources(&outputs, size[axis], [&kernel], boundary);
                let part = Lattice {
                    voxels: gathered(array.view(), &places),
                    places,
                    size,
                };
                let found = part
                    .convolved(axis, &outputs, &kernel, boundary)
                    .into_voxels();
                for (i, &output) in outputs.iter().enumerate() {
                    assert_eq!(
                        found.index_axis(ndarray::Axis(axis), i),
                        expected.index_axis(ndarray::Axis(axis), output)
                    );
                }
            }
        }
    }

    #[test]
    fn an_axis_turned_round_has_the_reversed_kernel() {
        let line = voxels([1, 1, 9]);
        let turned = line.slice(ndarray::s![.., .., ..;-1]).to_owned();
        for kernel in kernels() {
            let all: Vec<usize> = (0..9).collect();
            let a = Lattice::of_array(line.clone()).convolved(2, &all, &kernel, Boundary::Mirror);
            let turned = Lattice::of_array(turned.as_standard_layout().to_owned());
            let b = turned.convolved(2, &all, &kernel.reversed(), Boundary::Mirror);
            let b = b.into_voxels();
            assert_eq!(a.into_voxels(), b.slice(ndarray::s![.., .., ..;-1]));
        }
    }
}

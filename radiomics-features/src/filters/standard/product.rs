//! Filters that are a product of one kernel per axis, as they stand or in all right-angle orientations.
//!
//! A turn by right angles takes a product of kernels to a product: it permutes the axes and turns some of them round. There are
//! 24 of them in space and 4 in a plane; reflections are none. An axis that is turned round has the reversed kernel, whose
//! center is the reversed center: kernels of even length meet the voxel on the other side of their middle.
//!
//! Orientations share passes: their kernels are sorted, and a pass is done once for all that begin alike. Kernels that differ
//! in sign only count as one.

use super::pooling::Pool;
use super::{Boundary, Pooling};
use crate::filters::convolve::bounded::{Kernel, Lattice, sources};
use crate::volume::Volume;

/// One kernel for x, y and, in space, z; several levels are applied one after the other.
#[derive(Debug, Clone)]
pub(super) struct Product {
    pub levels: Vec<Vec<Kernel>>,
    pub boundary: Boundary,
}

/// The passes of an orientation, as indices of kernels: x, y, z of the first level, of the second and so on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Chain {
    kernels: Vec<usize>,
    /// How many orientations have it, as it is and with the opposite sign.
    plus: usize,
    minus: usize,
}

/// Where each pass is needed, and what it needs.
struct Passes {
    kernels: Vec<Kernel>,
    chains: Vec<Chain>,
    /// Outputs of each pass.
    outputs: Vec<Vec<usize>>,
    n_axes: usize,
    boundary: Boundary,
}

impl Product {
    /// The response at `places`, pooled over all orientations or of the product as it stands.
    pub fn response(
        &self,
        image: &Volume,
        places: [Vec<usize>; 3],
        pooling: Option<Pooling>,
    ) -> Lattice {
        let n_axes = self.levels[0].len();
        let (kernels, chains) = self.chains(pooling.is_some());
        let (outputs, needed) = self.outputs(&kernels, &chains, image.size(), &places);
        let passes = Passes {
            kernels,
            chains,
            outputs,
            n_axes,
            boundary: self.boundary,
        };
        let mut pool = Pool::new(pooling.unwrap_or_default());
        let source = Lattice::of_image(image, needed);
        passes.descend(&source, &passes.chains, 0, &mut pool);
        let voxels = pool.finish().expect("there is an orientation");
        Lattice::at(places, voxels, image.size())
    }

    /// The distinct kernels, and the sorted chains of all orientations.
    fn chains(&self, rotated: bool) -> (Vec<Kernel>, Vec<Chain>) {
        let n_axes = self.levels[0].len();
        let mut kernels: Vec<Kernel> = Vec::new();
        let mut chains: Vec<Chain> = Vec::new();
        for turn in turns(n_axes, rotated) {
            let mut passes = Vec::new();
            let mut sign = false;
            for level in &self.levels {
                for &(axis, reversed) in &turn {
                    let kernel = &level[axis];
                    let kernel = if reversed {
                        kernel.reversed()
                    } else {
                        kernel.clone()
                    };
                    let (index, negative) = index_of(kernel, &mut kernels);
                    passes.push(index);
                    sign ^= negative;
                }
            }
            chains.push(Chain {
                kernels: passes,
                plus: usize::from(!sign),
                minus: usize::from(sign),
            });
        }
        chains.sort_unstable();
        chains.dedup_by(|b, a| {
            let same = a.kernels == b.kernels;
            if same {
                a.plus += b.plus;
                a.minus += b.minus;
            }
            same
        });
        (kernels, chains)
    }

    /// The outputs of every pass, and the places of the image that the first passes need.
    fn outputs(
        &self,
        kernels: &[Kernel],
        chains: &[Chain],
        size: [usize; 3],
        places: &[Vec<usize>; 3],
    ) -> (Vec<Vec<usize>>, [Vec<usize>; 3]) {
        let n_axes = self.levels[0].len();
        let n_passes = self.levels.len() * n_axes;
        let mut needed = places.clone();
        let mut outputs = vec![Vec::new(); n_passes];
        for pass in (0..n_passes).rev() {
            let axis = axis_of(pass, n_axes);
            let mut used: Vec<usize> = chains.iter().map(|chain| chain.kernels[pass]).collect();
            used.sort_unstable();
            used.dedup();
            let used = used.iter().map(|&kernel| &kernels[kernel]);
            let inputs = sources(&needed[axis], size[axis], used, self.boundary);
            outputs[pass] = std::mem::replace(&mut needed[axis], inputs);
        }
        (outputs, needed)
    }
}

impl Passes {
    /// Does the passes from `pass` on for chains that begin alike up to there.
    fn descend(&self, input: &Lattice, chains: &[Chain], pass: usize, pool: &mut Pool) {
        let axis = axis_of(pass, self.n_axes);
        for group in chains.chunk_by(|a, b| a.kernels[pass] == b.kernels[pass]) {
            let kernel = &self.kernels[group[0].kernels[pass]];
            let output = input.convolved(axis, &self.outputs[pass], kernel, self.boundary);
            if pass + 1 < self.outputs.len() {
                self.descend(&output, group, pass + 1, pool);
            } else {
                pool.add(output.into_voxels(), group[0].plus, group[0].minus);
            }
        }
    }
}

/// The axis of a pass, counted z, y, x.
fn axis_of(pass: usize, n_axes: usize) -> usize {
    2 - pass % n_axes
}

/// The index of a kernel among the distinct ones, and whether it is that with the opposite sign.
fn index_of(kernel: Kernel, distinct: &mut Vec<Kernel>) -> (usize, bool) {
    if let Some(index) = distinct.iter().position(|known| *known == kernel) {
        return (index, false);
    }
    let negative = Kernel {
        taps: kernel.taps.iter().map(|tap| -tap).collect(),
        ..kernel
    };
    if let Some(index) = distinct.iter().position(|known| *known == negative) {
        return (index, true);
    }
    distinct.push(kernel);
    (distinct.len() - 1, false)
}

/// For x, y and z of every orientation: whose kernel it has, and whether reversed. All turns, or the one that does nothing.
fn turns(n_axes: usize, all: bool) -> Vec<Vec<(usize, bool)>> {
    let identity: Vec<usize> = (0..n_axes).collect();
    if !all {
        return vec![identity.into_iter().map(|axis| (axis, false)).collect()];
    }
    let mut turns = Vec::new();
    for (order, odd) in permutations(n_axes) {
        for flips in 0..1u32 << n_axes {
            // A turn keeps handedness: an odd permutation goes with an odd number of reversed axes.
            if (flips.count_ones() % 2 == 1) == odd {
                let axes = order.iter().enumerate();
                turns.push(axes.map(|(k, &axis)| (axis, flips >> k & 1 == 1)).collect());
            }
        }
    }
    turns
}

/// All orders of the axes, and whether an odd number of exchanges leads there.
fn permutations(n_axes: usize) -> Vec<(Vec<usize>, bool)> {
    match n_axes {
        2 => vec![(vec![0, 1], false), (vec![1, 0], true)],
        _ => vec![
            (vec![0, 1, 2], false),
            (vec![1, 2, 0], false),
            (vec![2, 0, 1], false),
            (vec![1, 0, 2], true),
            (vec![0, 2, 1], true),
            (vec![2, 1, 0], true),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_24_turns_in_space_and_4_in_a_plane() {
        for (n_axes, n) in [(3, 24), (2, 4)] {
            let distinct: BTreeSet<_> = turns(n_axes, true).into_iter().collect();
            assert_eq!(distinct.len(), n);
            assert_eq!(turns(n_axes, false), [&turns(n_axes, true)[0][..]]);
        }
    }

    #[test]
    fn kernels_alike_but_for_their_sign_are_convolved_once() {
        let smooth = Kernel::centered(vec![1.0, 2.0, 1.0]);
        let edge = Kernel::centered(vec![-1.0, 0.0, 1.0]);
        let product = |kernels: [&Kernel; 3]| Product {
            levels: vec![kernels.map(Kernel::clone).to_vec()],
            boundary: Boundary::Mirror,
        };
        let (kernels, chains) = product([&smooth, &edge, &edge]).chains(true);
        assert_eq!(kernels, [smooth.clone(), edge.clone()]);
        let counts: Vec<(usize, usize)> = chains.iter().map(|c| (c.plus, c.minus)).collect();
        assert_eq!(counts, [(4, 4); 3]);
        let (_, chains) = product([&smooth; 3]).chains(true);
        assert_eq!((chains.len(), chains[0].plus), (1, 24));
    }
}

//! Values between voxels: the loop over a new grid, and the interpolators that look at a fixed number of neighbors.
//!
//! An interpolator is a [`Kernel`]: along every axis it finds the neighbors of a position and their weights, and a voxel is made
//! from those of three axes. Where the grids are aligned, neighbors and weights are found once per axis; else for every voxel.
//! Sums run over x fastest, then y, then z, in ITK's order of operations: an interpolated value that should be a whole number
//! is truncated to it or to the one below by its last bit.

use ndarray::Array3;

use super::IntensityRounding;
use super::grid::{Mapping, reversed};
use crate::par::map_indexed;
use crate::volume::PixelType;

/// Voxels in memory, x fastest. Sizes and steps are in `(x, y, z)` order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voxels<'a> {
    pub values: &'a [f64],
    pub steps: [usize; 3],
}

impl<'a> Voxels<'a> {
    /// Voxels of an array in standard layout.
    pub(super) fn new(values: &'a [f64], size: [usize; 3]) -> Self {
        Self {
            values,
            steps: [1, size[0], size[0] * size[1]],
        }
    }
}

/// How a value between voxels is made.
pub(super) trait Kernel: Sync {
    /// Neighbors and weights along one axis.
    type Taps: Clone + Send + Sync;

    /// For a position inside the image, `-0.5 <= position < size - 0.5`.
    fn taps(&self, axis: usize, position: f64) -> Self::Taps;

    /// The value at taps along x, y and z.
    fn value(&self, taps: [&Self::Taps; 3]) -> f64;
}

/// Whether a position lies inside an axis of `size` voxels, each of which reaches half way to the next.
pub(super) fn is_inside(position: f64, size: usize) -> bool {
    position >= -0.5 && position < size as f64 - 0.5
}

/// The taps of every axis of an aligned grid; `None` outside the image.
pub(super) struct AxisTaps<T> {
    axes: [Vec<Option<T>>; 3],
}

impl<T> AxisTaps<T> {
    /// Sizes in `(x, y, z)` order. `taps` as [`Kernel::taps`].
    pub(super) fn new(
        mapping: &Mapping,
        new_size: [usize; 3],
        old_size: [usize; 3],
        taps: impl Fn(usize, f64) -> T,
    ) -> Self {
        let axes = [0, 1, 2].map(|axis| {
            let positions = (0..new_size[axis]).map(|i| match axis {
                0 => mapping.line(0, 0).at(i)[0],
                1 => mapping.line(i, 0).at(0)[1],
                _ => mapping.line(0, i).at(0)[2],
            });
            let inside = positions.map(|p| is_inside(p, old_size[axis]).then(|| taps(axis, p)));
            inside.collect()
        });
        Self { axes }
    }

    /// The taps along one axis, where it is inside the image.
    pub(super) fn along(&self, axis: usize) -> impl Iterator<Item = &T> {
        self.axes[axis].iter().flatten()
    }
}

/// Resamples to a new grid; 0 outside the image. Sizes in `(x, y, z)` order, `old_size` that of the image.
pub(super) fn resample<K: Kernel>(
    kernel: &K,
    mapping: &Mapping,
    new_size: [usize; 3],
    old_size: [usize; 3],
    storage: Storage,
) -> Array3<f64> {
    let [nx, ny, nz] = new_size;
    let lines = if mapping.is_aligned() {
        let taps = AxisTaps::new(mapping, new_size, old_size, |axis, p| kernel.taps(axis, p));
        let [tx, ty, tz] = &taps.axes;
        map_indexed(ny * nz, |line| {
            let (Some(y), Some(z)) = (&ty[line % ny], &tz[line / ny]) else {
                return vec![0.0; nx];
            };
            let value = |x: &Option<K::Taps>| match x {
                Some(x) => storage.holds(kernel.value([x, y, z])),
                None => 0.0,
            };
            tx.iter().map(value).collect()
        })
    } else {
        map_indexed(ny * nz, |line| {
            let line = mapping.line(line % ny, line / ny);
            let value = |x| {
                let position = line.at(x);
                if (0..3).all(|a| is_inside(position[a], old_size[a])) {
                    let [x, y, z] = [0, 1, 2].map(|a| kernel.taps(a, position[a]));
                    storage.holds(kernel.value([&x, &y, &z]))
                } else {
                    0.0
                }
            };
            (0..nx).map(value).collect()
        })
    };
    let values: Vec<f64> = lines.into_iter().flatten().collect();
    Array3::from_shape_vec(reversed(new_size), values).expect("one value per voxel")
}

/// How interpolated values are held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Storage {
    /// The type of the new image.
    pub pixel_type: PixelType,
    pub rounding: IntensityRounding,
}

impl Storage {
    /// For interpolated values of an image of this type. Numbers that are not rounded need a type that holds them.
    pub(super) fn new(pixel_type: PixelType, rounding: IntensityRounding) -> Self {
        let pixel_type = match rounding {
            IntensityRounding::None => PixelType::F64,
            _ => pixel_type,
        };
        Self {
            pixel_type,
            rounding,
        }
    }

    /// The value as a voxel holds it: set to the nearest limit outside the type's range, and to a whole number if it is an integer
    /// type or rounding asks for it, by cutting the fraction off or by rounding.
    fn holds(self, value: f64) -> f64 {
        let value = match self.rounding {
            IntensityRounding::NearestInteger => value.round_ties_even(),
            _ => value,
        };
        let (low, high) = match self.pixel_type {
            PixelType::U8 => (0.0, f64::from(u8::MAX)),
            PixelType::I8 => (f64::from(i8::MIN), f64::from(i8::MAX)),
            PixelType::U16 => (0.0, f64::from(u16::MAX)),
            PixelType::I16 => (f64::from(i16::MIN), f64::from(i16::MAX)),
            PixelType::U32 => (0.0, f64::from(u32::MAX)),
            PixelType::I32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
            PixelType::U64 => (0.0, u64::MAX as f64),
            PixelType::I64 => (i64::MIN as f64, i64::MAX as f64),
            PixelType::F32 => {
                let limit = f64::from(f32::MAX);
                return f64::from(value.clamp(-limit, limit) as f32);
            }
            PixelType::F64 => (f64::MIN, f64::MAX),
        };
        let value = value.clamp(low, high);
        if self.pixel_type.is_integer() {
            // Adding zero makes a negative zero positive.
            value.trunc() + 0.0
        } else {
            value
        }
    }
}

/// The voxel whose center is nearest; halfway, the one with the larger index.
pub(super) fn nearest(position: f64, size: usize) -> usize {
    // In the last bit below a half the sum is rounded up, perhaps past the end.
    ((position + 0.5).floor() as usize).min(size - 1)
}

/// `sitkNearestNeighbor`.
pub(super) struct NearestNeighbor<'a> {
    pub voxels: Voxels<'a>,
    pub size: [usize; 3],
}

impl Kernel for NearestNeighbor<'_> {
    type Taps = usize;

    fn taps(&self, axis: usize, position: f64) -> usize {
        nearest(position, self.size[axis]) * self.voxels.steps[axis]
    }

    fn value(&self, [x, y, z]: [&usize; 3]) -> f64 {
        self.voxels.values[x + y + z]
    }
}

/// `sitkLinear`: along x, then y, then z; constant beyond the outermost centers.
pub(super) struct Linear<'a> {
    pub voxels: Voxels<'a>,
    pub size: [usize; 3],
}

/// The neighbors below and above, and the distance from the one below.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    offsets: [usize; 2],
    distance: f64,
}

impl Kernel for Linear<'_> {
    type Taps = Pair;

    fn taps(&self, axis: usize, position: f64) -> Pair {
        let below = position.floor().max(0.0);
        let first = below as usize;
        let last = (first + 1).min(self.size[axis] - 1);
        Pair {
            offsets: [first, last].map(|i| i * self.voxels.steps[axis]),
            distance: (position - below).max(0.0),
        }
    }

    fn value(&self, [x, y, z]: [&Pair; 3]) -> f64 {
        let between = |a: f64, b: f64, distance: f64| a + (b - a) * distance;
        let along_z = z.offsets.map(|z| {
            let along_y = y.offsets.map(|y| {
                let [a, b] = x.offsets.map(|x| self.voxels.values[x + y + z]);
                between(a, b, x.distance)
            });
            between(along_y[0], along_y[1], y.distance)
        });
        between(along_z[0], along_z[1], z.distance)
    }
}

/// Offsets of neighbors along an axis, and their weights. The first `n` are in use.
#[derive(Debug, Clone)]
pub(super) struct Weighted<const N: usize> {
    pub n: usize,
    pub offsets: [usize; N],
    pub weights: [f64; N],
}

impl<const N: usize> Weighted<N> {
    /// The one voxel of an axis that a plane does not have.
    pub(super) fn single() -> Self {
        let mut weights = [0.0; N];
        weights[0] = 1.0;
        Self {
            n: 1,
            offsets: [0; N],
            weights,
        }
    }

    /// Offsets and weights in use.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, f64)> {
        let offsets = self.offsets[..self.n].iter().copied();
        offsets.zip(self.weights[..self.n].iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_clamped_and_truncated() {
        let stored = |value, pixel_type| {
            Storage::new(pixel_type, IntensityRounding::OfPixelType).holds(value)
        };
        assert_eq!(stored(-0.9, PixelType::I8).to_bits(), 0.0f64.to_bits());
        assert_eq!(stored(2.9, PixelType::U8), 2.0);
        assert_eq!(stored(-2.9, PixelType::I16), -2.0);
        assert_eq!(stored(300.0, PixelType::U8), 255.0);
        assert_eq!(stored(-1e99, PixelType::I32), f64::from(i32::MIN));
        assert_eq!(stored(0.1, PixelType::F32), f64::from(0.1f32));
        assert_eq!(stored(1e300, PixelType::F32), f64::from(f32::MAX));
    }

    #[test]
    fn intensities_are_rounded_as_asked() {
        let nearest =
            |value| Storage::new(PixelType::I16, IntensityRounding::NearestInteger).holds(value);
        assert_eq!(
            [-1.5, -0.6, 0.5, 1.5, 2.4].map(nearest),
            [-2.0, -1.0, 0.0, 2.0, 2.0]
        );
        assert_eq!(nearest(4e4), 32_767.0);
        let exact = Storage::new(PixelType::I16, IntensityRounding::None);
        assert_eq!(
            (exact.holds(2.75), exact.pixel_type),
            (2.75, PixelType::F64)
        );
    }

    #[test]
    fn halfway_belongs_to_the_next_voxel() {
        assert_eq!([-0.5, 0.49, 0.5, 1.5].map(|p| nearest(p, 3)), [0, 0, 1, 2]);
        assert_eq!(nearest(0.5f64.next_down(), 1), 0);
    }

    #[test]
    fn linear_by_hand() {
        let values: Vec<f64> = (0..8).map(|i| f64::from(i * i)).collect();
        let size = [2, 2, 2];
        let voxels = Voxels::new(&values, size);
        let kernel = Linear { voxels, size };
        let at = |p: [f64; 3]| {
            let [x, y, z] = [0, 1, 2].map(|a| kernel.taps(a, p[a]));
            kernel.value([&x, &y, &z])
        };
        assert_eq!(at([0.5, 0.0, 0.0]), 0.5);
        assert_eq!(at([0.5, 0.5, 0.5]), 17.5);
        assert_eq!(at([-0.3, 1.4, 1.0]), 36.0);
    }
}

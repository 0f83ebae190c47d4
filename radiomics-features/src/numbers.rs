//! The numbers of an image or mask in the type in which they came: an eighth of the memory for what most files hold.

use std::borrow::Cow;

use ndarray::{Array3, ArrayView3, CowArray, Ix3, ShapeError};

use crate::roi::BoundingBox;
use crate::wide::wide;

/// Voxels in memory order, in a type that holds each of them exactly.
#[derive(Debug, Clone)]
pub(crate) enum Numbers {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    /// Also of 64-bit integers, of which only those are images that 64-bit floats hold.
    F64(Vec<f64>),
}

/// Evaluates an expression on the vector of whichever type there is.
macro_rules! each_number {
    ($numbers:expr, $values:ident => $result:expr) => {
        match $numbers {
            $crate::numbers::Numbers::U8($values) => $result,
            $crate::numbers::Numbers::I8($values) => $result,
            $crate::numbers::Numbers::U16($values) => $result,
            $crate::numbers::Numbers::I16($values) => $result,
            $crate::numbers::Numbers::U32($values) => $result,
            $crate::numbers::Numbers::I32($values) => $result,
            $crate::numbers::Numbers::F32($values) => $result,
            $crate::numbers::Numbers::F64($values) => $result,
        }
    };
}
pub(crate) use each_number;

impl Numbers {
    pub fn len(&self) -> usize {
        each_number!(self, values => values.len())
    }

    /// As 64-bit floats, copied unless they are already.
    pub fn to_f64(&self) -> Cow<'_, [f64]> {
        match self {
            Self::F64(values) => Cow::Borrowed(values),
            other => Cow::Owned(each_number!(other, values => widened(values))),
        }
    }

    /// As 64-bit floats.
    pub fn into_f64(self) -> Vec<f64> {
        match self {
            Self::F64(values) => values,
            other => each_number!(&other, values => widened(values)),
        }
    }

    /// As an array of 64-bit floats.
    pub fn array(&self, size: [usize; 3]) -> CowArray<'_, f64, Ix3> {
        let array = match self.to_f64() {
            Cow::Borrowed(values) => ArrayView3::from_shape(size, values).map(CowArray::from),
            Cow::Owned(values) => Array3::from_shape_vec(size, values).map(CowArray::from),
        };
        array.expect(AS_MANY)
    }

    /// The part inside `bounds` of an image of `size`.
    pub fn part(&self, size: [usize; 3], bounds: &BoundingBox) -> Array3<f64> {
        each_number!(self, values => bounds.slice(view(values, size)).mapv(Into::into))
    }

    /// The same, not copied where numbers are 64-bit floats.
    pub fn window(&self, size: [usize; 3], bounds: &BoundingBox) -> CowArray<'_, f64, Ix3> {
        match self {
            Self::F64(values) => bounds.slice(view(values, size)).into(),
            _ => self.part(size, bounds).into(),
        }
    }

    /// The first place of a number that is not whole or lies outside a range.
    pub fn position_outside(&self, low: f64, high: f64) -> Option<usize> {
        each_number!(self, values => position_outside(values, low, high))
    }

    /// The number at a place in memory order.
    pub fn at(&self, index: usize) -> f64 {
        each_number!(self, values => f64_at(values, index))
    }
}

impl PartialEq for Numbers {
    /// By value, whatever the types.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.to_f64() == other.to_f64()
    }
}

const AS_MANY: &str = "an image has as many numbers as its size says";

/// Numbers of an image as an array.
pub(crate) fn view<T>(values: &[T], size: [usize; 3]) -> ArrayView3<'_, T> {
    let view: Result<_, ShapeError> = ArrayView3::from_shape(size, values);
    view.expect(AS_MANY)
}

/// The elements of an array in the order of its indices.
pub(crate) fn contiguous<T: Clone>(array: Array3<T>) -> Vec<T> {
    if !array.is_standard_layout() {
        return array.iter().cloned().collect();
    }
    let n = array.len();
    let (mut elements, start) = array.into_raw_vec_and_offset();
    elements.drain(..start.unwrap_or(0));
    elements.truncate(n);
    elements
}

/// As [`Numbers::position_outside`].
fn position_outside<T: Copy + Into<f64>>(values: &[T], low: f64, high: f64) -> Option<usize> {
    // One answer a block, so that its numbers are looked at side by side.
    const BLOCK: usize = 1024;
    let is_inside = |v: f64| (v >= low) & (v <= high) & (v.trunc() == v);
    let mut blocks = values.chunks(BLOCK).enumerate();
    blocks.find_map(|(i, block)| {
        let all_inside = wide(
            #[inline(always)]
            || {
                let mut all = true;
                for &v in block {
                    all &= is_inside(v.into());
                }
                all
            },
        );
        let outside = || block.iter().position(|&v| !is_inside(v.into()));
        (!all_inside).then(outside).flatten().map(|k| i * BLOCK + k)
    })
}

fn f64_at<T: Copy + Into<f64>>(values: &[T], index: usize) -> f64 {
    values[index].into()
}

fn widened<T: Copy + Into<f64>>(values: &[T]) -> Vec<f64> {
    values.iter().map(|&v| v.into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_does_not_matter_to_the_numbers() {
        let types = [
            Numbers::U8(vec![1, 2, 3, 4]),
            Numbers::I8(vec![1, 2, 3, 4]),
            Numbers::U16(vec![1, 2, 3, 4]),
            Numbers::I16(vec![1, 2, 3, 4]),
            Numbers::U32(vec![1, 2, 3, 4]),
            Numbers::I32(vec![1, 2, 3, 4]),
            Numbers::F32(vec![1.0, 2.0, 3.0, 4.0]),
            Numbers::F64(vec![1.0, 2.0, 3.0, 4.0]),
        ];
        let corner = BoundingBox {
            start: [0, 1, 0],
            size: [1, 1, 2],
        };
        for a in &types {
            assert!(types.iter().all(|b| a == b));
            assert_eq!(
                a.array([1, 2, 2]),
                ndarray::arr3(&[[[1.0, 2.0], [3.0, 4.0]]])
            );
            assert_eq!(a.part([1, 2, 2], &corner), ndarray::arr3(&[[[3.0, 4.0]]]));
            assert_eq!((a.at(2), a.position_outside(1.0, 2.0)), (3.0, Some(2)));
            assert_eq!(a.position_outside(1.0, 4.0), None);
        }
    }

    #[test]
    fn numbers_outside_are_found_behind_the_first_block() {
        let mut values = vec![0.0f32; 5000];
        assert_eq!(
            Numbers::F32(values.clone()).position_outside(0.0, 1.0),
            None
        );
        for (place, value) in [(4999, f32::NAN), (3000, 0.5), (1500, -1.0)] {
            values[place] = value;
            let found = Numbers::F32(values.clone()).position_outside(0.0, 1.0);
            assert_eq!(found, Some(place));
        }
    }

    #[test]
    fn arrays_of_any_layout_are_taken_in_the_order_of_their_indices() {
        let array = Array3::from_shape_fn((2, 3, 4), |(z, y, x)| 100 * z + 10 * y + x);
        let expected: Vec<usize> = array.iter().copied().collect();
        assert_eq!(contiguous(array.clone()), expected);
        let turned = array.clone().reversed_axes();
        let order: Vec<usize> = turned.iter().copied().collect();
        assert_eq!(contiguous(turned), order);
        let tail = array.slice_move(ndarray::s![1.., .., ..]);
        assert_eq!(contiguous(tail), expected[12..]);
    }
}

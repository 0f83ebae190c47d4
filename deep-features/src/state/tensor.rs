//! Element types, and where a tensor's elements lie in a file.

use half::{bf16, f16};

use super::Source;
use crate::error::{FileFault, Result};

/// Types of a tensor's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it")]
pub enum ElementType {
    F16,
    Bf16,
    F32,
    F64,
    U8,
    I8,
    I16,
    I32,
    I64,
    Bool,
}

impl ElementType {
    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }
}

/// The elements, in the type of the file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it")]
pub enum TensorData {
    F16(Vec<f16>),
    Bf16(Vec<bf16>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    U8(Vec<u8>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    Bool(Vec<bool>),
}

/// One tensor of a file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StateTensor {
    /// Shape; empty for a scalar.
    pub shape: Vec<usize>,
    /// Elements in row-major order of the shape.
    pub data: TensorData,
}

impl StateTensor {
    /// Type of the elements.
    pub fn element_type(&self) -> ElementType {
        match self.data {
            TensorData::F16(_) => ElementType::F16,
            TensorData::Bf16(_) => ElementType::Bf16,
            TensorData::F32(_) => ElementType::F32,
            TensorData::F64(_) => ElementType::F64,
            TensorData::U8(_) => ElementType::U8,
            TensorData::I8(_) => ElementType::I8,
            TensorData::I16(_) => ElementType::I16,
            TensorData::I32(_) => ElementType::I32,
            TensorData::I64(_) => ElementType::I64,
            TensorData::Bool(_) => ElementType::Bool,
        }
    }

    /// The elements as `f32`, rounded to nearest; `None` for integers and truth values, which are no weights.
    pub fn to_f32(&self) -> Option<Vec<f32>> {
        Some(match &self.data {
            TensorData::F16(v) => v.iter().map(|x| x.to_f32()).collect(),
            TensorData::Bf16(v) => v.iter().map(|x| x.to_f32()).collect(),
            TensorData::F32(v) => v.clone(),
            TensorData::F64(v) => v.iter().map(|&x| x as f32).collect(),
            _ => return None,
        })
    }
}

/// A tensor's place in a file: a strided view of a storage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TensorEntry {
    pub element: ElementType,
    pub shape: Vec<usize>,
    stride: Vec<usize>,
    /// Byte offset of the tensor's first element in the file.
    start: u64,
    /// Elements from the first to the last, both included.
    span: usize,
}

/// A storage: consecutive elements in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Storage {
    pub element: ElementType,
    /// Byte offset in the file.
    pub start: u64,
    pub elements: usize,
}

/// A view of a storage, as the file describes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    pub offset: usize,
    pub shape: Vec<usize>,
    pub stride: Vec<usize>,
}

impl TensorEntry {
    /// Checks that the view stays in the storage and holds no more elements than it, so that a few bytes cannot ask
    /// for much memory.
    pub(super) fn new(
        source: &Source<'_>,
        tensor: &str,
        storage: Storage,
        view: View,
    ) -> Result<Self> {
        let span = span(&view.shape, &view.stride);
        let numel = view.shape.iter().try_fold(1usize, |n, &s| n.checked_mul(s));
        let fits = match (span, numel) {
            (Some(span), Some(numel)) => {
                numel <= storage.elements
                    && view
                        .offset
                        .checked_add(span)
                        .is_some_and(|end| end <= storage.elements)
            }
            _ => false,
        };
        match span {
            Some(span) if fits => Ok(Self {
                element: storage.element,
                start: storage.start + (view.offset * storage.element.size()) as u64,
                shape: view.shape,
                stride: view.stride,
                span,
            }),
            _ => Err(source.fault(FileFault::TensorBounds {
                tensor: tensor.to_string(),
                shape: view.shape,
                stride: view.stride,
                offset: view.offset,
                elements: storage.elements,
            })),
        }
    }

    pub(super) fn start(&self) -> u64 {
        self.start
    }

    pub(super) fn span_bytes(&self) -> usize {
        self.span * self.element.size()
    }

    /// The tensor, from the bytes of its span.
    pub(super) fn decode(&self, bytes: &[u8]) -> StateTensor {
        let strided = self.stride != row_major(&self.shape);
        let at = if strided {
            Some(positions(&self.shape, &self.stride))
        } else {
            None
        };
        let at = at.as_deref();
        let data = match self.element {
            ElementType::F16 => TensorData::F16(gather(bytes, at, f16::from_le_bytes)),
            ElementType::Bf16 => TensorData::Bf16(gather(bytes, at, bf16::from_le_bytes)),
            ElementType::F32 => TensorData::F32(gather(bytes, at, f32::from_le_bytes)),
            ElementType::F64 => TensorData::F64(gather(bytes, at, f64::from_le_bytes)),
            ElementType::U8 => TensorData::U8(gather(bytes, at, u8::from_le_bytes)),
            ElementType::I8 => TensorData::I8(gather(bytes, at, i8::from_le_bytes)),
            ElementType::I16 => TensorData::I16(gather(bytes, at, i16::from_le_bytes)),
            ElementType::I32 => TensorData::I32(gather(bytes, at, i32::from_le_bytes)),
            ElementType::I64 => TensorData::I64(gather(bytes, at, i64::from_le_bytes)),
            ElementType::Bool => TensorData::Bool(gather(bytes, at, |b: [u8; 1]| b[0] != 0)),
        };
        StateTensor {
            shape: self.shape.clone(),
            data,
        }
    }
}

/// Row-major strides of a shape.
pub(super) fn row_major(shape: &[usize]) -> Vec<usize> {
    let mut stride = vec![1usize; shape.len()];
    for axis in (1..shape.len()).rev() {
        stride[axis - 1] = stride[axis].saturating_mul(shape[axis].max(1));
    }
    stride
}

/// Elements from the first to the last of a view; 0 if it is empty, `None` on overflow.
fn span(shape: &[usize], stride: &[usize]) -> Option<usize> {
    if shape.len() != stride.len() {
        return None;
    }
    if shape.contains(&0) {
        return Some(0);
    }
    let steps = shape
        .iter()
        .zip(stride)
        .map(|(&n, &s)| (n - 1).checked_mul(s));
    steps
        .into_iter()
        .try_fold(1usize, |sum, step| sum.checked_add(step?))
}

/// Positions of a view's elements, in row-major order of the shape.
fn positions(shape: &[usize], stride: &[usize]) -> Vec<usize> {
    if shape.contains(&0) {
        return Vec::new();
    }
    let mut at = vec![0];
    for (&n, &s) in shape.iter().zip(stride) {
        at = at
            .iter()
            .flat_map(|&base| (0..n).map(move |i| base + i * s))
            .collect();
    }
    at
}

/// The elements at some positions, or all of them in order.
fn gather<T, const N: usize>(
    bytes: &[u8],
    at: Option<&[usize]>,
    from: impl Fn([u8; N]) -> T,
) -> Vec<T> {
    let (elements, _) = bytes.as_chunks::<N>();
    match at {
        None => elements.iter().map(|&e| from(e)).collect(),
        Some(at) => at.iter().map(|&i| from(elements[i])).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        assert_eq!(span(&[], &[]), Some(1));
        assert_eq!(span(&[2, 3], &[3, 1]), Some(6));
        assert_eq!(span(&[6, 4], &[1, 6]), Some(24));
        assert_eq!(span(&[0, 3], &[3, 1]), Some(0));
        assert_eq!(span(&[2], &[]), None);
        assert_eq!(span(&[usize::MAX, 3], &[2, 1]), None);
        assert_eq!(span(&[usize::MAX, usize::MAX], &[1, 1]), None);
    }

    #[test]
    fn row_major_strides() {
        assert_eq!(row_major(&[4, 3, 2]), [6, 2, 1]);
        assert_eq!(row_major(&[]), [0usize; 0]);
        assert_eq!(row_major(&[0, 3]), [3, 1]);
    }

    #[test]
    fn transposed_positions() {
        assert_eq!(positions(&[3, 2], &[1, 3]), [0, 3, 1, 4, 2, 5]);
        assert_eq!(positions(&[], &[]), [0]);
    }
}

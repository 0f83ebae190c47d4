//! Convolution and pooling on the CPU.
//!
//! Activations lie with the channels of a pixel together (NHWC) and with a border of one zero pixel, which is the
//! padding of the next convolution. In that layout the three pixels under one row of a 3x3 kernel are consecutive in
//! memory, so a convolution is three matrix products on overlapping rows, without any copy.

pub(crate) mod conv;
mod gemm;
pub(crate) mod map;
pub(crate) mod pool;
pub(crate) mod winograd;

pub(crate) use map::FeatureMap;

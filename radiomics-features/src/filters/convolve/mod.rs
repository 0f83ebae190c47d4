//! Convolution of axes, the one place where filters meet samples.
//!
//! | module | border | order of additions |
//! |---|---|---|
//! | [`periodic`] | the axis repeats; odd lengths are extended by one | PyWavelets', to the last bit |
//! | [`bounded`] | a [`Boundary`](super::Boundary) of choice | that of the samples |

pub(super) mod bounded;
pub(super) mod periodic;

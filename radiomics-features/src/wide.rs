//! Loops compiled for the wide vectors that the processor has.

use std::sync::LazyLock;

use pulp::{Arch, Simd, WithSimd};

/// The widest vectors of this processor, asked for once: rows are short, and the question is long.
static WIDEST: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Runs `task` compiled for vectors of 512 or 256 bits where the processor has them.
///
/// Only what is inlined into it is compiled so: the closure and its helpers want `#[inline(always)]`. No multiplication is fused
/// with an addition, and numbers in one vector do not meet, so results have the same bits on every processor.
#[inline(always)]
pub(crate) fn wide<R>(task: impl FnMut() -> R) -> R {
    WIDEST.dispatch(Closure(task))
}

/// The same with the vectors of the processor as a type.
#[inline(always)]
pub(crate) fn wide_with<W: WithSimd>(task: W) -> W::Output {
    WIDEST.dispatch(task)
}

/// A row in blocks of `N`, the last filled up: a loop over a block is one step for as many numbers as a vector holds.
#[inline(always)]
pub(crate) fn blocks<const N: usize, T: Copy>(
    row: &[T],
    filler: T,
) -> impl Iterator<Item = [T; N]> {
    let (blocks, rest) = row.as_chunks::<N>();
    let mut last = [filler; N];
    last[..rest.len()].copy_from_slice(rest);
    let last = (!rest.is_empty()).then_some(last);
    blocks.iter().copied().chain(last)
}

/// A closure that is called by reference: called by value, it would be a function that inlines it or not, as it likes.
struct Closure<F>(F);

impl<F: FnMut() -> R, R> WithSimd for Closure<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> R {
        (self.0)()
    }
}

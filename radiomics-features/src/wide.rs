//! Loops compiled for the wide vectors that the processor has.

use std::sync::LazyLock;

use pulp::{Arch, WithSimd};

/// The widest vectors of this processor, asked for once: rows are short, and the question is long.
static WIDEST: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Runs `task` compiled for vectors of 512 or 256 bits where the processor has them.
///
/// Only what is inlined into it is compiled so: the closure and its helpers want `#[inline(always)]`. No multiplication is fused
/// with an addition, and numbers in one vector do not meet, so results have the same bits on every processor.
#[inline(always)]
pub(crate) fn wide<W: WithSimd>(task: W) -> W::Output {
    WIDEST.dispatch(task)
}

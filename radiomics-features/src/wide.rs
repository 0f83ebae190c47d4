//! Loops compiled for the wide vectors that the processor has.

/// Runs `task` compiled for vectors of 512 or 256 bits where the processor has them.
///
/// Only what is inlined into it is compiled so: the closure and its helpers want `#[inline(always)]`. No multiplication is fused
/// with an addition, and numbers in one vector do not meet, so results have the same bits on every processor.
#[inline(always)]
pub(crate) fn wide<R>(task: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V4::try_new() {
            return simd.vectorize(task);
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            return simd.vectorize(task);
        }
    }
    task()
}

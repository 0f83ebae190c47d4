//! Loops compiled for the wide vectors that the processor has.

/// Runs `task` compiled for 256-bit vectors where the processor has them.
///
/// Only what is inlined into it is compiled so: the closure and its helpers want `#[inline(always)]`. No multiplication is fused with an addition, so the
/// result has the same bits on every processor.
///
/// ```
/// let x = [1.0, 2.0, 3.0];
/// assert_eq!(eval_stats::wide(|| x.iter().map(|x| x * x).sum::<f64>()), 14.0);
/// ```
#[inline(always)]
pub fn wide<R>(task: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return pulp::Simd::vectorize(simd, task);
    }
    task()
}

//! The one place that knows about threads.

/// `[f(0), f(1), ..., f(n - 1)]`, in index order, whatever the number of threads.
#[cfg(feature = "rayon")]
pub(crate) fn map_indexed<T: Send>(n: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    use rayon::prelude::*;
    (0..n).into_par_iter().map(f).collect()
}

/// `[f(0), f(1), ..., f(n - 1)]`, in index order.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map_indexed<T: Send>(n: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    (0..n).map(f).collect()
}

/// Calls `f(i, chunk i)` on consecutive chunks of `size` elements.
#[cfg(feature = "rayon")]
pub(crate) fn for_each_chunk(
    data: &mut [f32],
    size: usize,
    f: impl Fn(usize, &mut [f32]) + Sync + Send,
) {
    use rayon::prelude::*;
    data.par_chunks_mut(size)
        .enumerate()
        .for_each(|(i, chunk)| f(i, chunk));
}

/// Calls `f(i, chunk i)` on consecutive chunks of `size` elements.
#[cfg(not(feature = "rayon"))]
pub(crate) fn for_each_chunk(
    data: &mut [f32],
    size: usize,
    f: impl Fn(usize, &mut [f32]) + Sync + Send,
) {
    data.chunks_mut(size)
        .enumerate()
        .for_each(|(i, chunk)| f(i, chunk));
}

//! The only place that knows whether threads are used.

/// `f(0), …, f(n - 1)` in index order.
#[cfg(feature = "rayon")]
pub(crate) fn map_indexed<T: Send>(n: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    use rayon::iter::{IntoParallelIterator, ParallelIterator};
    (0..n).into_par_iter().map(f).collect()
}

/// `f(0), …, f(n - 1)` in index order.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map_indexed<T>(n: usize, f: impl Fn(usize) -> T) -> Vec<T> {
    (0..n).map(f).collect()
}

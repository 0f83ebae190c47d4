//! The one parallel loop: independent units, results in index order, so that the number of threads changes no bit.

/// `f(0), f(1), …, f(n - 1)`, on the current rayon pool.
#[cfg(feature = "rayon")]
pub(crate) fn map_indexed<T: Send>(n: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    use rayon::prelude::*;
    (0..n).into_par_iter().map(f).collect()
}

/// `f(0), f(1), …, f(n - 1)`, one after the other.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map_indexed<T: Send>(n: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    (0..n).map(f).collect()
}

/// Calls `f` with every item and its index, on the current rayon pool.
#[cfg(feature = "rayon")]
pub(crate) fn for_each_indexed<T: Send>(items: &mut [T], f: impl Fn(usize, &mut T) + Sync + Send) {
    use rayon::prelude::*;
    items
        .par_iter_mut()
        .enumerate()
        .for_each(|(i, item)| f(i, item));
}

/// Calls `f` with every item and its index, one after the other.
#[cfg(not(feature = "rayon"))]
pub(crate) fn for_each_indexed<T: Send>(items: &mut [T], f: impl Fn(usize, &mut T) + Sync + Send) {
    items
        .iter_mut()
        .enumerate()
        .for_each(|(i, item)| f(i, item));
}

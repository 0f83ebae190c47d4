//! The crate's one parallel primitive: independent units, results in index order.

/// `(0..n).map(f)`, in parallel with the feature `rayon`; the result does not depend on the number of threads.
#[cfg(feature = "rayon")]
pub(crate) fn map_indexed<T: Send>(n: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    use rayon::prelude::*;
    (0..n).into_par_iter().map(f).collect()
}

/// `(0..n).map(f)`.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map_indexed<T: Send>(n: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    (0..n).map(f).collect()
}

/// `f(j, chunk, slot)` for every chunk of `size` numbers and the slot of the same index.
#[cfg(feature = "rayon")]
pub(crate) fn for_each_chunk<T: Send>(
    data: &mut [f64],
    size: usize,
    slots: &mut [T],
    f: impl Fn(usize, &mut [f64], &mut T) + Sync + Send,
) {
    use rayon::prelude::*;
    data.par_chunks_mut(size)
        .zip(slots)
        .enumerate()
        .for_each(|(j, (chunk, slot))| f(j, chunk, slot));
}

/// `f(j, chunk, slot)` for every chunk of `size` numbers and the slot of the same index.
#[cfg(not(feature = "rayon"))]
pub(crate) fn for_each_chunk<T: Send>(
    data: &mut [f64],
    size: usize,
    slots: &mut [T],
    f: impl Fn(usize, &mut [f64], &mut T) + Sync + Send,
) {
    for (j, (chunk, slot)) in data.chunks_mut(size).zip(slots).enumerate() {
        f(j, chunk, slot);
    }
}

//! The crate's one parallel primitive: independent units, results in index order.

/// As [`map_indexed`] for few, long and unequal units: every unit is handed out on its own.
#[cfg(feature = "rayon")]
pub(crate) fn map_tasks<T: Send>(n: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    use rayon::prelude::*;
    (0..n).into_par_iter().with_max_len(1).map(f).collect()
}

/// `(0..n).map(f)`.
#[cfg(not(feature = "rayon"))]
pub(crate) fn map_tasks<T: Send>(n: usize, f: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    map_indexed(n, f)
}

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

/// As [`map_indexed`], with scratch space that neighboring indices share.
pub(crate) fn map_with<S, T: Send>(
    n: usize,
    scratch: impl Fn() -> S + Sync + Send,
    f: impl Fn(&mut S, usize) -> T + Sync + Send,
) -> Vec<T> {
    const RUN: usize = 16;
    let runs = map_indexed(n.div_ceil(RUN), |run| {
        let mut scratch = scratch();
        (run * RUN..n.min((run + 1) * RUN))
            .map(|i| f(&mut scratch, i))
            .collect::<Vec<T>>()
    });
    runs.into_iter().flatten().collect()
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

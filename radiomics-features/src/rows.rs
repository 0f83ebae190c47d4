//! Rows of arrays: the voxels along the last axis.

use std::borrow::Cow;

use ndarray::{ArrayView1, ArrayView3, Axis};

/// A row of an array `(z, y, x)`.
pub(crate) fn row<T>(array: ArrayView3<'_, T>, z: usize, y: usize) -> ArrayView1<'_, T> {
    array
        .index_axis_move(Axis(0), z)
        .index_axis_move(Axis(0), y)
}

/// A row, copied if it has gaps.
pub(crate) fn contiguous<T: Clone>(row: ArrayView1<'_, T>) -> Cow<'_, [T]> {
    match row.to_slice() {
        Some(row) => Cow::Borrowed(row),
        None => Cow::Owned(row.to_vec()),
    }
}

/// The values inside a mask of their shape, in the order of memory.
pub(crate) fn values_inside(values: ArrayView3<'_, f64>, mask: ArrayView3<'_, bool>) -> Vec<f64> {
    let mut inside = vec![0.0; n_inside(mask)];
    let mut found = 0;
    for (values, mask) in values.rows().into_iter().zip(mask.rows()) {
        // Each value is written; one that does not belong there is overwritten by the next, or has no place.
        for (&value, &is_inside) in values.iter().zip(mask) {
            if let Some(place) = inside.get_mut(found) {
                *place = value;
            }
            found += usize::from(is_inside);
        }
    }
    inside
}

/// The number of `true` voxels.
pub(crate) fn n_inside(mask: ArrayView3<'_, bool>) -> usize {
    let of_row =
        |row: ArrayView1<'_, bool>| row.iter().map(|&inside| usize::from(inside)).sum::<usize>();
    mask.rows().into_iter().map(of_row).sum()
}

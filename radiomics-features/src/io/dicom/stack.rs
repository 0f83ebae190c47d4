//! Slices in order: equal grids, even gaps.

use super::geometry::Pose;
use crate::error::{Error, Result};
use crate::io::Source;

/// How much the gap between two slices may differ from the mean gap: this part of it, or [`ROUNDING`].
const RELATIVE: f64 = 0.01;
/// Positions are written with few digits; in mm.
pub(super) const ROUNDING: f64 = 0.01;

/// Whether two gaps are the same but for rounding.
pub(super) fn same_gap(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= (RELATIVE * expected.abs()).max(ROUNDING)
        && found.signum() == expected.signum()
        && found.abs() > ROUNDING / 10.0
}

pub(super) fn uneven(source: &Source, slice: usize, found: f64, expected: f64) -> Error {
    Error::UnevenSlices {
        path: source.path.clone(),
        slice,
        found,
        expected,
    }
}

/// Order of slices along their normal; slices at one depth keep theirs.
pub(super) fn order(poses: &[Pose]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..poses.len()).collect();
    order.sort_by(|&a, &b| poses[a].depth().total_cmp(&poses[b].depth()));
    order
}

/// The pose of a stack of slices, in the order given, whose gaps must be even.
pub(super) fn pose(source: &Source, poses: &[Pose]) -> Result<Pose> {
    // Slices of other orientations have no gaps to speak of.
    let pose = pose_of_planes(source, poses, poses.len())?;
    let (first, last) = (poses[0], poses[poses.len() - 1]);
    let mean = (last.depth() - first.depth()) / (poses.len() - 1).max(1) as f64;
    for (i, pair) in poses.windows(2).enumerate() {
        let found = pair[1].depth() - pair[0].depth();
        if !same_gap(found, mean) {
            return Err(uneven(source, i + 1, found, mean));
        }
    }
    Ok(pose)
}

/// The pose of `n` slices of which these, the first and the last among them, are known: position of the first, mean
/// distance, and the direction in which they lie.
pub(super) fn pose_of_planes(source: &Source, planes: &[Pose], n: usize) -> Result<Pose> {
    let mut pose = planes[0];
    for (i, plane) in planes.iter().enumerate() {
        if !plane.same_plane_grid(&pose) {
            return Err(source.malformed(format!(
                "slice {i} has spacing {:?} mm (x, y) and axes {:?}, expected those of slice 0, {:?} and {:?}",
                &plane.spacing[..2],
                &plane.axes[..2],
                &pose.spacing[..2],
                &pose.axes[..2]
            )));
        }
    }
    if n == 1 {
        return Ok(pose);
    }
    let last = planes[planes.len() - 1];
    let offset = |i: usize| last.origin[i] - pose.origin[i];
    let distance = (0..3).map(|i| offset(i) * offset(i)).sum::<f64>().sqrt();
    pose.spacing[2] = distance / (n - 1) as f64;
    if last.depth() < pose.depth() {
        pose.axes[2] = pose.axes[2].map(|v| 0.0 - v);
    }
    Ok(pose)
}

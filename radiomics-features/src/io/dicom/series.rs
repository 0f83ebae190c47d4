//! A folder with the slices of one series.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::attributes as tag;
use super::data_set::File;
use super::geometry::Pose;
use super::{Colors, FORMAT, Samples, Stack, common_type, read_file, stack};
use crate::error::{Error, Result};
use crate::io::{ReadOptions, Source, has_dicom_mark};

/// One file of the series, decoded.
struct Slice {
    path: PathBuf,
    stack: Stack,
}

pub(super) fn read(folder: &Path, options: &ReadOptions, colors: Colors) -> Result<Stack> {
    let paths = one_series(folder, options)?;
    if let [only] = &paths[..] {
        let source = Source::new(only, FORMAT);
        let file = File::open(&source, options)?;
        return read_file(&file.data_set(&source)?, &file, options, colors);
    }
    let source = Source::new(folder, FORMAT);
    let mut slices = Vec::with_capacity(paths.len());
    for path in paths {
        let stack = slice(&path, options, colors)?;
        let [_, ny, nx] = stack.size;
        let size = [slices.len() + 1, ny, nx].map(|n| n as u64);
        source.checked_voxels(size, options)?;
        slices.push(Slice { path, stack });
    }
    let poses: Vec<Pose> = slices.iter().map(|s| s.stack.pose).collect();
    if let Some(lost) = slices.iter().find(|s| !s.stack.pose.placed) {
        return Err(tag::IMAGE_POSITION.missing(&Source::new(&lost.path, FORMAT)));
    }
    let order = stack::order(&poses);
    let sorted: Vec<Pose> = order.iter().map(|&i| poses[i]).collect();
    let pose = stack::pose(&source, &sorted)?;
    join(slices, &order, pose)
}

/// The files of the only series in a folder, by name.
fn one_series(folder: &Path, options: &ReadOptions) -> Result<Vec<PathBuf>> {
    let source = Source::new(folder, FORMAT);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| source.io(e))? {
        let path = entry.map_err(|e| source.io(e))?.path();
        if path.is_file() && has_dicom_mark(&path) {
            files.push(path);
        }
    }
    files.sort();
    let mut series: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in files {
        let source = Source::new(&path, FORMAT);
        let file = File::open(&source, options)?;
        let data = file.data_set(&source)?;
        // A directory of files, a report or contours lie beside the images.
        if data.has(tag::ROWS) {
            let uid = data
                .text(tag::SERIES_INSTANCE_UID)
                .ok_or_else(|| tag::SERIES_INSTANCE_UID.missing(&source))?;
            series.entry(uid).or_default().push(path.clone());
        }
    }
    if series.len() > 1 {
        return Err(Error::SeveralSeries {
            path: folder.to_path_buf(),
            series: series.into_iter().map(|(uid, f)| (uid, f.len())).collect(),
        });
    }
    let files = series.into_values().next();
    files.ok_or_else(|| source.malformed("expected a folder of DICOM images, found none"))
}

fn slice(path: &Path, options: &ReadOptions, colors: Colors) -> Result<Stack> {
    let source = Source::new(path, FORMAT);
    let file = File::open(&source, options)?;
    let stack = read_file(&file.data_set(&source)?, &file, options, colors)?;
    match stack.size[0] {
        1 => Ok(stack),
        n => Err(source.unsupported(format!("a series of files with several frames, here {n},"))),
    }
}

/// One stack of all slices, in order.
fn join(mut slices: Vec<Slice>, order: &[usize], pose: Pose) -> Result<Stack> {
    let first = &slices[order[0]];
    let size = first.stack.size;
    for slice in &slices {
        let [_, ny, nx] = slice.stack.size;
        if slice.stack.size != size {
            return Err(Source::new(&slice.path, FORMAT).malformed(format!(
                "the slice has {ny} × {nx} pixels, expected {} × {} as in {}",
                size[1],
                size[2],
                first.path.display()
            )));
        }
    }
    let types = slices.iter().map(|s| s.stack.pixel_type);
    let pixel_type = types.reduce(common_type);
    let lossy = slices.iter().any(|s| s.stack.lossy);
    let size = [slices.len(), size[1], size[2]];
    let n = size.iter().product::<usize>();
    let mut gray = Vec::new();
    let mut color = Vec::new();
    for &i in order {
        let emptied = Samples::Gray(Vec::new());
        match std::mem::replace(&mut slices[i].stack.samples, emptied) {
            Samples::Gray(values) => {
                gray.reserve_exact(n - gray.len());
                gray.extend(values);
            }
            Samples::Color(colors) => {
                color.reserve_exact(3 * n - color.len());
                color.extend(colors);
            }
        }
    }
    let samples = match (gray.len() == n, color.len() == 3 * n) {
        (true, _) => Samples::Gray(gray),
        (_, true) => Samples::Color(color),
        _ => {
            let path = &slices[order[0]].path;
            return Err(Source::new(path, FORMAT).malformed(
                "some slices of the series are gray and some in color, expected one kind",
            ));
        }
    };
    Ok(Stack {
        samples,
        size,
        pixel_type: pixel_type.expect("a series has slices"),
        pose,
        lossy,
    })
}

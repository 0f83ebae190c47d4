//! DICOM: what SimpleITK reads from the same files, frames, series, segmentations, and files that lie.

#![cfg(feature = "dicom")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{golden, pixel_type};
use radiomics_features::io::{ReadOptions, UltrasoundSpacing, read_image, read_mask};
use radiomics_features::{Dimensionality, Error, PixelType, Volume};
use serde_json::Value;

fn file(name: &str) -> PathBuf {
    golden("dicom").join(name)
}

fn image(name: &str) -> Volume {
    read_image(file(name), &ReadOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn voxels(volume: &Volume) -> Vec<f64> {
    volume.voxels().iter().copied().collect()
}

fn expected() -> Value {
    serde_json::from_str(&fs::read_to_string(file("expected.json")).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().unwrap().iter();
    values.map(|v| v.as_f64().unwrap()).collect()
}

fn assert_close(case: &str, what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{case}: {what}");
    for (f, e) in found.iter().zip(expected) {
        assert!(
            (f - e).abs() <= 1e-9,
            "{case}: {what}: found {found:?}, expected {expected:?}"
        );
    }
}

/// Compares a volume with what SimpleITK read.
fn assert_equal(case: &str, found: &Volume, expected: &Value) {
    assert_eq!(found.dimensionality(), Dimensionality::Three, "{case}");
    let size: Vec<f64> = found.size().iter().rev().map(|&n| n as f64).collect();
    assert_eq!(size, numbers(&expected["size"]), "{case}");
    let dtype = expected["dtype"].as_str().unwrap();
    assert_eq!(found.pixel_type(), pixel_type(dtype), "{case}");
    assert_eq!(voxels(found), numbers(&expected["values"]), "{case}");
    let reversed = |v: &[f64; 3]| -> Vec<f64> { v.iter().rev().copied().collect() };
    let g = found.geometry();
    for (what, found) in [
        ("spacing", reversed(&g.spacing)),
        ("origin", reversed(&g.origin)),
    ] {
        assert_close(case, what, &found, &numbers(&expected[what]));
    }
    // SimpleITK's direction matrix has a column per axis.
    let direction: Vec<f64> = (0..3)
        .flat_map(|row| (0..3).map(move |column| g.direction[2 - column][2 - row]))
        .collect();
    assert_close(
        case,
        "direction",
        &direction,
        &numbers(&expected["direction"]),
    );
}

#[test]
fn images_are_read_as_simpleitk_reads_them() {
    let options = ReadOptions {
        ultrasound_spacing: UltrasoundSpacing::Ignored,
        ..ReadOptions::default()
    };
    let expected = expected();
    let cases = expected["images"].as_object().unwrap();
    assert!(cases.len() > 50);
    for (case, expected) in cases {
        let found = read_image(file(case), &options).unwrap_or_else(|e| panic!("{case}: {e}"));
        assert_equal(case, &found, expected);
    }
}

#[test]
fn one_frame_of_a_cine_loop_lies_where_the_loop_lies() {
    for name in ["us_cine.dcm", "us_cine_jpeg.dcm"] {
        let all = image(name);
        assert_eq!(all.size()[0], 3);
        for frame in 0..3 {
            let options = ReadOptions {
                frame: Some(frame),
                ..ReadOptions::default()
            };
            let one = read_image(file(name), &options).unwrap();
            assert_eq!(one.size()[0], 1);
            let slice: Vec<f64> = all
                .voxels()
                .index_axis(ndarray::Axis(0), frame)
                .iter()
                .copied()
                .collect();
            assert_eq!(voxels(&one), slice, "{name}: frame {frame}");
            assert_eq!(one.geometry(), all.geometry());
            // A mask of one frame is not asked for its fourth.
            read_mask(file("mask_labels.dcm"), &options).unwrap();
        }
        let options = ReadOptions {
            frame: Some(3),
            ..ReadOptions::default()
        };
        let err = read_image(file(name), &options).unwrap_err();
        assert!(
            matches!(
                err,
                Error::FrameOutOfRange {
                    frame: 3,
                    frames: 3,
                    ..
                }
            ),
            "{err}"
        );
    }
}

#[test]
fn frames_in_several_fragments_are_put_together() {
    let fragments = voxels(&image("us_cine_jpeg_fragments.dcm"));
    assert_eq!(fragments, voxels(&image("us_cine_jpeg.dcm")));
}

#[test]
fn one_frame_of_a_volume_lies_where_its_slice_lies() {
    for name in [
        "mr_frames.dcm",
        "enhanced_ct.dcm",
        "dose.dcm",
        "nm_detector.dcm",
    ] {
        let all = image(name);
        let options = ReadOptions {
            frame: Some(2),
            ..ReadOptions::default()
        };
        let one = read_image(file(name), &options).unwrap();
        let (g, all) = (one.geometry(), all.geometry());
        let expected: Vec<f64> = (0..3)
            .map(|i| all.origin[i] + 2.0 * all.spacing[0] * all.direction[0][i])
            .collect();
        assert_close(name, "origin", &g.origin, &expected);
    }
}

#[test]
fn ultrasound_is_calibrated_by_its_tissue_region() {
    // Centimeters in the file; the regions of the spectrum and of color flow do not count.
    assert_close(
        "calibrated",
        "spacing",
        &image("us_calibrated.dcm").geometry().spacing,
        &[1.0, 0.12, 0.11],
    );
    assert_close(
        "cine",
        "spacing",
        &image("us_cine.dcm").geometry().spacing,
        &[1.0, 0.3, 0.2],
    );
    let thick = ReadOptions {
        raster_spacing: [2.0, 3.0, 4.0],
        ..ReadOptions::default()
    };
    let spacing = |name, options| read_image(file(name), options).unwrap().geometry().spacing;
    assert_close(
        "thick",
        "spacing",
        &spacing("us_calibrated.dcm", &thick),
        &[2.0, 0.12, 0.11],
    );
    let ignored = ReadOptions {
        ultrasound_spacing: UltrasoundSpacing::Ignored,
        ..thick
    };
    assert_eq!(spacing("us_calibrated.dcm", &ignored), [2.0, 3.0, 4.0]);
}

#[test]
fn shuffled_frames_are_sorted_and_slopes_of_frames_applied() {
    let sorted = image("enhanced_ct.dcm");
    let shuffled = image("enhanced_mr_shuffled.dcm");
    assert_close(
        "shuffled",
        "spacing",
        &shuffled.geometry().spacing,
        &sorted.geometry().spacing,
    );
    assert_close(
        "shuffled",
        "origin",
        &shuffled.geometry().origin,
        &sorted.geometry().origin,
    );
    // Both files hold the same frames; this one says they lie at 2, 0, 3, 1 and has no slope.
    let stored: Vec<f64> = sorted.voxels().iter().map(|v| (v + 5.0) / 2.0).collect();
    let n = stored.len() / 4;
    let expected: Vec<f64> = [1, 3, 0, 2]
        .iter()
        .flat_map(|&k| stored[k * n..(k + 1) * n].to_vec())
        .collect();
    assert_eq!(voxels(&shuffled), expected);
    let scaled = image("enhanced_per_frame_slope.dcm");
    assert_eq!(scaled.pixel_type(), PixelType::F64);
    let rescales = [(1.0, 0.0), (2.0, 1.0), (0.5, 0.0), (1.0, -7.0)];
    let expected: Vec<f64> = (0..stored.len())
        .map(|i| rescales[i / n].0 * stored[i] + rescales[i / n].1)
        .collect();
    assert_eq!(voxels(&scaled), expected);
}

#[test]
fn gaps_and_several_series_are_errors_with_their_numbers() {
    let err = read_image(file("series_gap"), &ReadOptions::default()).unwrap_err();
    let Error::UnevenSlices {
        found, expected, ..
    } = &err
    else {
        panic!("{err}");
    };
    assert_close("gap", "gaps", &[*found, *expected], &[2.5, 3.75]);
    let err = read_image(file("enhanced_missing_slice.dcm"), &ReadOptions::default()).unwrap_err();
    assert!(matches!(err, Error::UnevenSlices { .. }), "{err}");
    let err = read_image(file("two_series"), &ReadOptions::default()).unwrap_err();
    let Error::SeveralSeries { series, .. } = &err else {
        panic!("{err}");
    };
    assert_eq!(
        *series,
        [("2.25.7".to_string(), 1), ("2.25.8".to_string(), 1)]
    );
    let empty = tempfile::tempdir().unwrap();
    let err = read_image(empty.path(), &ReadOptions::default()).unwrap_err();
    assert!(err.to_string().contains("found none"), "{err}");
}

#[test]
fn a_double_slice_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(file("series")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    fs::copy(file("series/a.dcm"), folder.path().join("again")).unwrap();
    let err = read_image(folder.path(), &ReadOptions::default()).unwrap_err();
    assert!(matches!(err, Error::UnevenSlices { .. }), "{err}");
}

#[test]
fn masks_and_segmentations_are_read() {
    let expected = expected();
    for (case, expected) in expected["masks"].as_object().unwrap() {
        let mask = read_mask(file(case), &ReadOptions::default())
            .unwrap_or_else(|e| panic!("{case}: {e}"));
        let size: Vec<f64> = mask.size().iter().map(|&n| n as f64).collect();
        assert_eq!(size, numbers(&expected["shape"]), "{case}");
        let labels: Vec<f64> = mask.labels().iter().map(|&l| f64::from(l)).collect();
        assert_eq!(labels, numbers(&expected["labels"]), "{case}");
    }
    // A segmentation lies on the slices that it segments.
    let mask = read_mask(file("seg_binary.dcm"), &ReadOptions::default()).unwrap();
    let series = image("series");
    assert_eq!(mask.geometry().difference(series.geometry(), 1e-6), None);
    // Black and white is label 255, and label 1 as in raster masks.
    let white = read_mask(file("mask_255.dcm"), &ReadOptions::default()).unwrap();
    assert_eq!(white.counts().into_keys().collect::<Vec<_>>(), [255]);
}

#[test]
fn what_is_no_mask_is_refused_by_name() {
    let message = |name: &str| {
        read_mask(file(name), &ReadOptions::default())
            .unwrap_err()
            .to_string()
    };
    for (name, part) in [
        ("contours.dcm", "modality RTSTRUCT"),
        ("seg_fractions.dcm", "is 100 of 200"),
        ("seg_overlap.dcm", "segments 1 and 2 overlap"),
        ("gray_jpeg.dcm", "lossy mask"),
        ("rgb_interleaved.dcm", "choose the channel"),
        ("ct_int16.dcm", "expected a whole number from 0"),
    ] {
        let found = message(name);
        assert!(found.contains(part), "{name}: {found}");
    }
    let channel = ReadOptions {
        mask_channel: Some(1),
        ..ReadOptions::default()
    };
    read_mask(file("rgb_interleaved.dcm"), &channel).unwrap();
}

/// Writes bytes into a file and reads it as an image.
fn read_bytes(bytes: &[u8]) -> Result<Volume, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.dcm");
    fs::write(&path, bytes).unwrap();
    read_image(&path, &ReadOptions::default())
}

/// Where the value of an explicitly encoded short element begins.
fn value_of(bytes: &[u8], tag: [u8; 4]) -> usize {
    let at = bytes.windows(4).position(|w| w == tag).unwrap();
    at + 8
}

const ROWS: [u8; 4] = [0x28, 0, 0x10, 0];
const BITS_ALLOCATED: [u8; 4] = [0x28, 0, 0, 1];
const PIXEL_DATA: [u8; 4] = [0xE0, 0x7F, 0x10, 0];

#[test]
fn lying_headers_are_typed_errors() {
    let sound = fs::read(file("ct_int16.dcm")).unwrap();
    read_bytes(&sound).unwrap();
    let with = |tag: [u8; 4], value: [u8; 2]| {
        let mut bytes = sound.clone();
        let at = value_of(&bytes, tag);
        bytes[at..at + 2].copy_from_slice(&value);
        read_bytes(&bytes).unwrap_err().to_string()
    };
    assert!(with(ROWS, [0, 0]).contains("expected positive numbers"));
    assert!(with(ROWS, [0xFF, 0xFF]).contains("65535 × 8 pixels take 1048560 bytes, found 96"));
    assert!(with(BITS_ALLOCATED, [12, 0]).contains("BitsAllocated 12"));
    assert!(with(BITS_ALLOCATED, [8, 0]).contains("BitsStored is 16"));
    // Renaming the tag makes the attribute disappear.
    for (tag, name) in [
        (ROWS, "Rows (0028,0010)"),
        (BITS_ALLOCATED, "BitsAllocated (0028,0100)"),
        (PIXEL_DATA, "PixelData (7FE0,0010)"),
        ([2, 0, 0x10, 0], "TransferSyntaxUID (0002,0010)"),
    ] {
        let mut bytes = sound.clone();
        let at = value_of(&bytes, tag) - 8;
        bytes[at + 2] = 0x99;
        let err = read_bytes(&bytes).unwrap_err();
        assert!(matches!(err, Error::MissingAttribute { .. }), "{err}");
        assert!(
            err.to_string().contains(&format!("{name} is missing")),
            "{err}"
        );
    }
    for cut in [0, 1, 131, 132, 140, 300, sound.len() - 1] {
        let err = read_bytes(&sound[..cut]).unwrap_err();
        assert!(
            matches!(
                err,
                Error::Malformed { .. } | Error::MissingAttribute { .. }
            ),
            "{cut}: {err}"
        );
    }
}

#[test]
fn limits_hold_before_memory_is_reserved() {
    let small = ReadOptions {
        max_bytes: 4096,
        ..ReadOptions::default()
    };
    let err = read_image(file("rgb_jpeg.dcm"), &small).map(|v| v.size());
    assert!(err.is_ok(), "{err:?}");
    // Forty frames are promised where there is one.
    let mut bytes = fs::read(file("mr_frames.dcm")).unwrap();
    let at = value_of(&bytes, [0x28, 0, 8, 0]);
    bytes[at..at + 2].copy_from_slice(b"99");
    let err = read_bytes(&bytes).unwrap_err().to_string();
    assert!(
        err.contains("99 frames of 5 × 6 pixels take 5940 bytes, found 240"),
        "{err}"
    );
}

#[test]
fn a_deflated_bomb_is_cut_off() {
    use std::io::Write;
    let bytes = fs::read(file("ct_deflated.dcm")).unwrap();
    // The meta information ends where the group length says.
    let length = u32::from_le_bytes(bytes[140..144].try_into().unwrap()) as usize;
    let mut bomb = bytes[..144 + length].to_vec();
    let mut encoder = flate2::write::DeflateEncoder::new(&mut bomb, flate2::Compression::best());
    encoder.write_all(&vec![0; 8 << 20]).unwrap();
    encoder.finish().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.dcm");
    fs::write(&path, &bomb).unwrap();
    let options = ReadOptions {
        max_bytes: 1 << 20,
        ..ReadOptions::default()
    };
    let err = read_image(&path, &options).unwrap_err();
    assert!(matches!(err, Error::TooLarge { .. }), "{err}");
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

#[test]
fn damaged_files_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.dcm");
    let options = ReadOptions {
        max_bytes: 1 << 24,
        ..ReadOptions::default()
    };
    let mut random = Random(20240);
    let mut files: Vec<PathBuf> = fs::read_dir(golden("dicom"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "dcm"))
        .collect();
    files.sort();
    let (mut read, mut refused) = (0, 0);
    for file in &files {
        let sound = fs::read(file).unwrap();
        for _ in 0..40 {
            let mut bytes = sound.clone();
            for _ in 0..=random.below(4) {
                let at = 132 + random.below(bytes.len() - 132);
                bytes[at] = match random.below(4) {
                    0 => 0,
                    1 => 0xFF,
                    2 => bytes[at] ^ 1 << random.below(8),
                    _ => random.below(256) as u8,
                };
            }
            if random.below(8) == 0 {
                bytes.truncate(random.below(bytes.len()));
            }
            fs::write(&path, &bytes).unwrap();
            let image = read_image(&path, &options).is_ok();
            let mask = read_mask(&path, &options).is_ok();
            if image || mask {
                read += 1;
            } else {
                refused += 1;
            }
        }
    }
    println!("{read} damaged files were read, {refused} refused");
    assert!(read > 0 && refused > 0);
}

/// Real files, e.g. those of pydicom's wheel (`pydicom/data/test_files`), with `expected.json` made by `generate_dicom.py FOLDER`.
#[test]
fn real_files_are_read_as_simpleitk_reads_them() {
    let Some(folder) = std::env::var_os("DICOM_TEST_FILES").map(PathBuf::from) else {
        println!("skipped: DICOM_TEST_FILES names no folder");
        return;
    };
    let Some(recorded) = std::env::var_os("DICOM_TEST_EXPECTED").map(PathBuf::from) else {
        println!("skipped: DICOM_TEST_EXPECTED names no file");
        return;
    };
    let text = fs::read_to_string(recorded).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let options = ReadOptions {
        ultrasound_spacing: UltrasoundSpacing::Ignored,
        ..ReadOptions::default()
    };
    let (mut equal, mut refused) = (0, 0);
    for (name, expected) in expected["images"].as_object().unwrap() {
        match read_image(Path::new(&folder).join(name), &options) {
            Ok(found) => {
                assert_equal(name, &found, expected);
                equal += 1;
            }
            Err(e) => {
                println!("refused: {e}");
                refused += 1;
            }
        }
    }
    println!("{equal} files equal, {refused} refused");
    assert!(equal > 0);
}

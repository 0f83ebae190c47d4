//! Readers: what SimpleITK, and nibabel for NIfTI-2, read from the same files, and files that lie.

mod common;

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use common::{golden, pixel_type};
use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use radiomics_features::io::{NotFinite, ReadOptions, read_image, read_mask};
use radiomics_features::{Dimensionality, Error, Geometry, PixelType, Roi, RoiParams, Volume};
use serde_json::Value;
use tempfile::TempDir;
use tiff::encoder::TiffEncoder;
use tiff::encoder::colortype::{Gray8, Gray16, RGB8};

fn options() -> ReadOptions {
    ReadOptions::default()
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

fn assert_close(case: &str, what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{case}: {what}");
    for (f, e) in found.iter().zip(expected) {
        assert!(
            (f - e).abs() <= 1e-12 * e.abs().max(1.0),
            "{case}: {what}: found {found:?}, expected {expected:?}"
        );
    }
}

/// What the reference programs read from the files of `golden/io`, by file.
fn expected_volumes() -> serde_json::Map<String, Value> {
    let text = fs::read_to_string(golden("io/expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Sizes and pose in the order x, y, z, as far as the image has dimensions.
fn assert_grid(case: &str, size: [usize; 3], geometry: &Geometry, expected: &Value) {
    let rank = expected["dimension"].as_u64().unwrap() as usize;
    let found: Vec<f64> = size.iter().rev().take(rank).map(|&n| n as f64).collect();
    assert_eq!(found, numbers(&expected["size"]), "{case}");
    let reversed = |v: &[f64; 3]| -> Vec<f64> { v.iter().rev().take(rank).copied().collect() };
    for (what, found) in [("spacing", &geometry.spacing), ("origin", &geometry.origin)] {
        assert_close(case, what, &reversed(found), &numbers(&expected[what]));
    }
    // SimpleITK's direction matrix has a column per axis.
    let direction: Vec<f64> = (0..rank)
        .flat_map(|row| (0..rank).map(move |column| geometry.direction[2 - column][2 - row]))
        .collect();
    let what = "direction";
    assert_close(case, what, &direction, &numbers(&expected[what]));
}

#[test]
fn volumes_are_read_as_the_reference_reads_them() {
    let cases = expected_volumes();
    assert!(cases.len() > 120);
    let scalar = |case: &&String| !case.starts_with("vector_") && !case.starts_with("raster_");
    for case in cases.keys().filter(scalar) {
        let expected = &cases[case];
        let options = ReadOptions {
            not_finite: NotFinite::Zero,
            ..options()
        };
        let image =
            read_image(golden("io").join(case), &options).unwrap_or_else(|e| panic!("{case}: {e}"));
        let dimensionality = if expected["dimension"] == 2 {
            Dimensionality::Two
        } else {
            Dimensionality::Three
        };
        assert_eq!(image.dimensionality(), dimensionality, "{case}");
        let voxels: Vec<f64> = image.voxels().iter().copied().collect();
        assert_eq!(voxels, numbers(&expected["voxels"]), "{case}");
        let declared = pixel_type(expected["dtype"].as_str().unwrap());
        assert_eq!(image.pixel_type(), declared, "{case}");
        assert_grid(case, image.size(), image.geometry(), expected);
    }
}

#[test]
fn tiff_files_keep_their_numbers() {
    let cases = expected_volumes();
    let mut n = 0;
    for (case, expected) in cases.iter().filter(|(case, _)| case.starts_with("raster_")) {
        let image = read_image(golden("io").join(case), &options())
            .unwrap_or_else(|e| panic!("{case}: {e}"));
        let voxels: Vec<f64> = image.voxels().iter().copied().collect();
        assert_eq!(voxels, numbers(&expected["voxels"]), "{case}");
        let declared = pixel_type(expected["dtype"].as_str().unwrap());
        assert_eq!(image.pixel_type(), declared, "{case}");
        // A file of one page is a volume of one slice here, where SimpleITK makes it a plane.
        let slices = numbers(&expected["size"]).get(2).copied().unwrap_or(1.0);
        assert_eq!(image.size(), [slices as usize, 3, 4], "{case}");
        assert_eq!(image.geometry().spacing, [1.0; 3], "{case}");
        n += 1;
    }
    assert_eq!(n, 10);
}

#[test]
fn components_are_chosen_in_masks_and_refused_in_images() {
    let cases = expected_volumes();
    let mut n = 0;
    for (case, expected) in cases.iter().filter(|(case, _)| case.starts_with("vector_")) {
        let file = golden("io").join(case);
        let components = expected["components"].as_array().unwrap();
        for (channel, labels) in components.iter().enumerate() {
            let chosen = ReadOptions {
                mask_channel: Some(channel),
                ..options()
            };
            let mask = read_mask(&file, &chosen).unwrap_or_else(|e| panic!("{case}: {e}"));
            let found: Vec<f64> = mask.labels().iter().map(|&l| f64::from(l)).collect();
            assert_eq!(found, numbers(labels), "{case}: component {channel}");
            assert_grid(case, mask.size(), mask.geometry(), expected);
        }
        let first = read_mask(&file, &options()).unwrap();
        let found: Vec<f64> = first.labels().iter().map(|&l| f64::from(l)).collect();
        assert_eq!(found, numbers(&components[0]), "{case}: by default");
        let beyond = ReadOptions {
            mask_channel: Some(components.len()),
            ..options()
        };
        let message = read_mask(&file, &beyond).unwrap_err().to_string();
        let count = format!("the mask has {} channels", components.len());
        assert!(
            message.contains(case) && message.contains(&count),
            "{message}"
        );
        let image = read_image(&file, &options());
        if components.len() == 1 {
            assert!(image.is_ok(), "{case}");
        } else {
            let Err(Error::VectorImage { components: n, .. }) = image else {
                panic!("{case}: {image:?}");
            };
            assert_eq!(n, components.len() as u64, "{case}");
        }
        n += 1;
    }
    assert_eq!(n, 11);
}

#[test]
fn labels_stored_as_floats_and_signed_integers_are_labels() {
    let folder = Folder::new();
    let text = |kind: &str, values: &str| {
        format!("NRRD0004\ntype: {kind}\ndimension: 3\nsizes: 2 2 1\nencoding: ascii\n\n{values}")
    };
    for (kind, values) in [
        ("float", "0.0 1.0 2 2.0"),
        ("double", "-0.0 1 2 2"),
        ("short", "0 1 2 2"),
        ("uint64", "0 1 2 2"),
    ] {
        let file = folder.file("labels.nrrd", text(kind, values).as_bytes());
        let mask = read_mask(&file, &options()).unwrap_or_else(|e| panic!("{kind}: {e}"));
        let counts: Vec<(u32, usize)> = mask.counts().into_iter().collect();
        assert_eq!(counts, [(1, 1), (2, 2)], "{kind}");
    }
    for (kind, values) in [("float", "0 0.5 1 1"), ("short", "0 -1 1 1")] {
        let file = folder.file("labels.nrrd", text(kind, values).as_bytes());
        let message = read_mask(&file, &options()).unwrap_err().to_string();
        assert!(
            message.contains("labels.nrrd") && message.contains("x 1"),
            "{message}"
        );
    }
}

#[test]
fn labels_are_read_from_volumes() {
    let mask = read_mask(golden("us1_label.nrrd"), &options()).unwrap();
    assert_eq!(mask.counts().into_keys().collect::<Vec<_>>(), [1]);
    let err = read_mask(golden("io/plain_int16.nii"), &options()).unwrap_err();
    assert!(
        matches!(&err, Error::InFile { source, .. } if matches!(**source, Error::NotALabel { .. })),
        "{err}"
    );
}

/// A folder to write files into.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        // Some file systems wait for the disk when a file is overwritten, but not when it is made.
        let _ = fs::remove_file(&path);
        fs::write(&path, bytes).unwrap();
        path
    }
    fn image(&self, name: &str, image: impl Into<DynamicImage>) -> PathBuf {
        let path = self.0.path().join(name);
        image.into().save(&path).unwrap();
        path
    }
}

#[test]
fn gray_images_keep_their_values_in_every_raster_format() {
    let folder = Folder::new();
    let gray = GrayImage::from_fn(5, 4, |x, y| Luma([(x * 40 + y * 11) as u8]));
    let deep = ImageBuffer::<Luma<u16>, Vec<u16>>::from_fn(5, 4, |x, y| {
        Luma([(x * 9000 + y * 1111) as u16])
    });
    for suffix in ["png", "tif", "bmp"] {
        let image = read_image(
            folder.image(&format!("gray.{suffix}"), gray.clone()),
            &options(),
        )
        .unwrap();
        assert_eq!(image.size(), [1, 4, 5]);
        assert_eq!(image.pixel_type(), PixelType::U8);
        assert_eq!(image.dimensionality(), Dimensionality::Three);
        assert_eq!(image.voxels()[[0, 3, 4]], 193.0, "{suffix}");
    }
    for suffix in ["png", "tiff"] {
        let image = read_image(
            folder.image(&format!("deep.{suffix}"), deep.clone()),
            &options(),
        )
        .unwrap();
        assert_eq!(image.pixel_type(), PixelType::U16);
        assert_eq!(image.voxels()[[0, 3, 4]], 39_333.0, "{suffix}");
    }
    let jpeg = read_image(
        folder.image("flat.JPG", GrayImage::from_pixel(16, 16, Luma([90]))),
        &options(),
    )
    .unwrap();
    assert!(jpeg.voxels().iter().all(|&v| v == 90.0));
}

#[test]
fn colors_become_luma() {
    let folder = Folder::new();
    let colors = [
        ([255, 0, 0], 76.0),
        ([0, 255, 0], 150.0),
        ([0, 0, 255], 29.0),
        ([7, 7, 7], 7.0),
        ([255; 3], 255.0),
    ];
    let image = RgbImage::from_fn(5, 1, |x, _| Rgb(colors[x as usize].0));
    let read = read_image(folder.image("color.png", image), &options()).unwrap();
    // The values of Pillow's convert("L").
    assert_eq!(
        read.voxels().iter().copied().collect::<Vec<_>>(),
        colors.map(|c| c.1)
    );
    let transparent = RgbaImage::from_pixel(2, 1, Rgba([7, 7, 7, 0]));
    let read = read_image(folder.image("transparent.png", transparent), &options()).unwrap();
    assert_eq!(read.voxels()[[0, 0, 0]], 7.0);
}

/// A PNG with a given bit depth and color type, by hand: what the `image` crate does not write.
fn small_png(
    depth: png::BitDepth,
    color: png::ColorType,
    palette: Option<&[u8]>,
    rows: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 4, 2);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if let Some(palette) = palette {
        encoder.set_palette(palette.to_vec());
    }
    encoder
        .write_header()
        .unwrap()
        .write_image_data(rows)
        .unwrap();
    bytes
}

#[test]
fn black_and_white_masks_are_label_one() {
    let folder = Folder::new();
    let bits = small_png(
        png::BitDepth::One,
        png::ColorType::Grayscale,
        None,
        &[0b0110_0000, 0b1000_0000],
    );
    let palette = [0, 0, 0, 200, 30, 30];
    let painted = small_png(
        png::BitDepth::One,
        png::ColorType::Indexed,
        Some(&palette),
        &[0b0110_0000, 0b1000_0000],
    );
    let white = GrayImage::from_fn(4, 2, |x, y| {
        Luma([if (y == 0 && (x == 1 || x == 2)) || (y == 1 && x == 0) {
            255
        } else {
            0
        }])
    });
    let rgba = RgbaImage::from_fn(4, 2, |x, y| {
        let on = white.get_pixel(x, y).0[0] != 0;
        Rgba(if on {
            [255, 255, 255, 255]
        } else {
            [0, 0, 0, 0]
        })
    });
    let files = [
        folder.file("bits.png", &bits),
        folder.file("painted.png", &painted),
        folder.image("white.png", white.clone()),
        folder.image("white.bmp", white.clone()),
        folder.image("rgba.png", rgba),
    ];
    let image = Volume::new(
        ndarray::Array3::zeros((1, 2, 4)),
        Geometry::new([1.0; 3]).unwrap(),
        PixelType::U8,
    )
    .unwrap();
    for file in files {
        let mask = read_mask(&file, &options()).unwrap_or_else(|e| panic!("{e}"));
        let roi = Roi::new(&image, &mask, &RoiParams::default())
            .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        assert_eq!(roi.n_voxels(), 3, "{}", file.display());
        assert!(roi.mask()[[0, 0, 1]] && roi.mask()[[0, 1, 0]]);
    }
    let by_value = RoiParams {
        label: 255,
        ..RoiParams::default()
    };
    let mask = read_mask(folder.image("again.png", white), &options()).unwrap();
    assert_eq!(Roi::new(&image, &mask, &by_value).unwrap().n_voxels(), 3);
}

#[test]
fn masks_of_several_labels_keep_them() {
    let folder = Folder::new();
    let labels = GrayImage::from_fn(4, 1, |x, _| Luma([[0, 1, 2, 2][x as usize]]));
    let mask = read_mask(folder.image("labels.png", labels), &options()).unwrap();
    assert_eq!(
        mask.counts().into_iter().collect::<Vec<_>>(),
        [(1, 1), (2, 2)]
    );
    let several = RgbImage::from_fn(3, 1, |x, _| {
        Rgb([[0, 0, 0], [255, 0, 0], [0, 255, 0]][x as usize])
    });
    let file = folder.image("several.png", several);
    let err = read_mask(&file, &options()).unwrap_err().to_string();
    assert!(
        err.contains("several.png") && err.contains("column 2"),
        "{err}"
    );
    let red = ReadOptions {
        mask_channel: Some(0),
        ..options()
    };
    assert_eq!(
        read_mask(&file, &red)
            .unwrap()
            .counts()
            .into_iter()
            .collect::<Vec<_>>(),
        [(255, 1)]
    );
    let alpha = ReadOptions {
        mask_channel: Some(3),
        ..options()
    };
    assert!(matches!(
        read_mask(&file, &alpha),
        Err(Error::NoSuchChannel {
            channel: 3,
            channels: 3,
            ..
        })
    ));
}

#[test]
fn lossy_masks_are_refused() {
    let folder = Folder::new();
    let edge = GrayImage::from_fn(32, 32, |x, y| {
        Luma([if (x * x + y * y) < 300 { 255 } else { 0 }])
    });
    let err = read_mask(folder.image("mask.jpg", edge), &options())
        .unwrap_err()
        .to_string();
    assert!(err.contains("lossy") && err.contains("row"), "{err}");
    let painted = RgbaImage::from_pixel(2, 2, Rgba([9, 9, 9, 0]));
    let err = read_mask(folder.image("painted.png", painted), &options())
        .unwrap_err()
        .to_string();
    assert!(err.contains("transparent"), "{err}");
}

/// Every prefix of a file, and the file with each byte of its header changed, must be an error or an image: never a panic.
fn torture(folder: &Folder, name: &str, bytes: &[u8], header: usize) {
    let small = ReadOptions {
        max_bytes: 1 << 20,
        ..options()
    };
    let step = (bytes.len() / 40).max(1);
    for cut in (0..bytes.len()).step_by(step) {
        let path = folder.file(name, &bytes[..cut]);
        assert!(read_image(&path, &small).is_err(), "{name} cut at {cut}");
        assert!(read_mask(&path, &small).is_err(), "{name} cut at {cut}");
    }
    for at in 0..header.min(bytes.len()) {
        for flip in [0x01, 0xff] {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= flip;
            let path = folder.file(name, &damaged);
            let _ = read_image(&path, &small);
        }
    }
}

#[test]
fn damaged_files_are_errors() {
    let folder = Folder::new();
    for (source, name, header) in [
        ("io/plain_int16.nii", "a.nii", 352),
        ("io/oblique_int16.nii.gz", "a.nii.gz", 60),
        ("io/oblique_int16.nrrd", "a.nrrd", 500),
        ("io/oblique_uint8.nrrd", "b.nrrd", 548),
        ("io/ascii.nrrd", "c.nrrd", 160),
        ("us6_line_label.png", "a.png", 60),
    ] {
        let mut bytes = fs::read(golden(source)).unwrap();
        if source.ends_with("ascii.nrrd") {
            // A number cut in half is still a number; end on a separator, so that every cut loses a value.
            bytes.truncate(bytes.iter().rposition(|&b| b == b' ').unwrap());
        }
        torture(&folder, name, &bytes, header);
    }
}

#[test]
fn headers_cannot_reserve_memory() {
    let folder = Folder::new();
    let header = |sizes: &str, encoding: &str| {
        format!(
            "NRRD0004\ntype: double\ndimension: 3\nsizes: {sizes}\nendian: little\nencoding: {encoding}\n\n"
        )
    };
    for sizes in [
        "100000 100000 100000",
        "18446744073709551615 18446744073709551615 18446744073709551615",
    ] {
        for encoding in ["raw", "gzip", "ascii"] {
            let path = folder.file("huge.nrrd", header(sizes, encoding).as_bytes());
            let err = read_image(&path, &options()).unwrap_err();
            assert!(matches!(err, Error::TooLarge { .. }), "{err}");
        }
    }
    // Below the limit, but more than the file can hold.
    for encoding in ["raw", "gzip", "ascii"] {
        let path = folder.file("large.nrrd", header("512 512 512", encoding).as_bytes());
        let err = read_image(&path, &options()).unwrap_err();
        assert!(matches!(err, Error::Malformed { .. }), "{err}");
    }
    for sizes in ["0 5 5", "-1 5 5", "5 5", "5 5 5 5", ""] {
        let path = folder.file("odd.nrrd", header(sizes, "raw").as_bytes());
        assert!(
            matches!(read_image(&path, &options()), Err(Error::Malformed { .. })),
            "{sizes}"
        );
    }
}

#[test]
fn gzip_bombs_stop_at_what_the_header_promises() {
    let folder = Folder::new();
    let mut nifti = fs::read(golden("io/no_form.nii")).unwrap();
    nifti.truncate(352 + 60);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&nifti).unwrap();
    packer.write_all(&vec![0; 64 << 20]).unwrap();
    let path = folder.file("bomb.nii.gz", &packer.finish().unwrap());
    let limited = ReadOptions {
        max_bytes: 1 << 20,
        ..options()
    };
    assert_eq!(read_image(&path, &limited).unwrap().size(), [3, 4, 5]);
    // Dimensions to match the bomb exceed the limit instead.
    nifti[42..44].copy_from_slice(&4096i16.to_le_bytes());
    nifti[44..46].copy_from_slice(&4096i16.to_le_bytes());
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&nifti).unwrap();
    packer.write_all(&vec![0; 48 << 20]).unwrap();
    let path = folder.file("bomb.nii.gz", &packer.finish().unwrap());
    assert!(matches!(
        read_image(&path, &limited),
        Err(Error::TooLarge { .. })
    ));
}

#[test]
fn images_larger_than_the_limit_are_not_decoded() {
    let folder = Folder::new();
    let path = folder.image("wide.png", GrayImage::new(3000, 3000));
    let limited = ReadOptions {
        max_bytes: 1 << 20,
        ..options()
    };
    assert!(matches!(
        read_image(&path, &limited),
        Err(Error::TooLarge {
            needed: 72_000_000,
            ..
        })
    ));
    let tiff = folder.image("wide.tif", GrayImage::new(1500, 1500));
    assert!(matches!(
        read_image(tiff, &limited),
        Err(Error::TooLarge { .. })
    ));
}

#[test]
fn nan_voxels_are_zero_only_on_request() {
    for name in ["nifti_not_finite.nii", "nifti_not_finite64.nii"] {
        let message = read_image(golden("io").join(name), &options())
            .unwrap_err()
            .to_string();
        assert!(
            message.contains(name) && message.contains("(z 0, y 0, x 0) is NaN"),
            "{message}"
        );
    }
}

#[test]
fn nan_voxels_are_named_with_file_and_place() {
    let folder = Folder::new();
    let text = "NRRD0001\ntype: float\ndimension: 3\nsizes: 2 2 1\nencoding: ascii\n\n1 2 nan 4";
    let err = read_image(folder.file("nan.nrrd", text.as_bytes()), &options()).unwrap_err();
    let message = err.to_string();
    assert!(
        message.contains("nan.nrrd") && message.contains("(z 0, y 1, x 0)"),
        "{message}"
    );
}

#[test]
fn what_is_no_image_is_refused() {
    let folder = Folder::new();
    assert!(matches!(
        read_image("nowhere/a.png", &options()),
        Err(Error::Io { .. })
    ));
    assert!(matches!(
        read_image(folder.file("a.txt", b""), &options()),
        Err(Error::UnknownSuffix { .. })
    ));
    assert!(matches!(
        read_image(folder.file("a.png", b"hello"), &options()),
        Err(Error::Malformed { .. })
    ));
    fs::create_dir(folder.0.path().join("folder.nrrd")).unwrap();
    assert!(read_image(folder.0.path().join("folder.nrrd"), &options()).is_err());
    let escaping = b"NRRD0004\ntype: uchar\ndimension: 2\nsizes: 2 2\nencoding: raw\ndata file: /etc/hostname\n\n";
    assert!(matches!(
        read_image(folder.file("a.nhdr", escaping), &options()),
        Err(Error::UnsupportedFormat { .. })
    ));
    let missing = b"NRRD0004\ntype: uchar\ndimension: 2\nsizes: 2 2\nencoding: raw\ndata file: missing.raw\n\n";
    let err = read_image(folder.file("b.nhdr", missing), &options()).unwrap_err();
    assert!(
        matches!(&err, Error::Io { path, .. } if path.ends_with(Path::new("missing.raw"))),
        "{err}"
    );
}

type Tiff<'a> = TiffEncoder<&'a mut Cursor<Vec<u8>>>;

#[test]
fn tiff_pages_that_make_no_stack_are_refused() {
    let folder = Folder::new();
    let path = folder.image("one.tif", GrayImage::from_pixel(3, 3, Luma([5])));
    let mut bytes = fs::read(path).unwrap();
    let directory = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    let entries = usize::from(u16::from_le_bytes(
        bytes[directory..directory + 2].try_into().unwrap(),
    ));
    // The directory points to itself as a second page.
    let next = directory + 2 + 12 * entries;
    bytes[next..next + 4].copy_from_slice(&(directory as u32).to_le_bytes());
    let err = read_image(folder.file("two.tif", &bytes), &options()).unwrap_err();
    assert!(matches!(err, Error::Malformed { .. }), "{err}");
    let pages = |write: fn(&mut Tiff<'_>)| {
        let mut bytes = Cursor::new(Vec::new());
        write(&mut TiffEncoder::new(&mut bytes).unwrap());
        let file = folder.file("pages.tif", bytes.get_ref());
        read_image(file, &options()).unwrap_err().to_string()
    };
    let message = pages(|file| {
        for _ in 0..2 {
            file.write_image::<RGB8>(2, 1, &[0; 6]).unwrap();
        }
    });
    assert!(message.contains("several pages in color"), "{message}");
    let message = pages(|file| {
        file.write_image::<Gray8>(2, 1, &[0; 2]).unwrap();
        file.write_image::<Gray8>(1, 2, &[0; 2]).unwrap();
    });
    assert!(message.contains("different sizes"), "{message}");
    let message = pages(|file| {
        file.write_image::<Gray8>(2, 1, &[0; 2]).unwrap();
        file.write_image::<Gray16>(2, 1, &[0; 2]).unwrap();
    });
    assert!(message.contains("different number types"), "{message}");
}

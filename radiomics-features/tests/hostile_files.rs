//! Files that lie, are damaged, or want more than they are due: typed errors or sound images, in bounded memory.

mod common;

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use common::golden;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use radiomics_features::Error;
use radiomics_features::io::{ReadOptions, read_image, read_mask};
use tempfile::TempDir;

/// A limit that a file of a few hundred bytes has no business to reach.
fn small() -> ReadOptions {
    ReadOptions {
        max_bytes: 1 << 20,
        ..ReadOptions::default()
    }
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        // Some file systems wait for the disk when a file is overwritten, but not when it is made.
        let _ = fs::remove_file(&path);
        fs::write(&path, bytes).unwrap();
        path
    }
    fn error(&self, name: &str, bytes: impl AsRef<[u8]>) -> Error {
        let path = self.file(name, bytes);
        let error = read_image(&path, &small()).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        error
    }
}

/// Pseudorandom numbers from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// What headers do not expect.
const WORDS: [&str; 28] = [
    "nan",
    "-1",
    "0",
    "inf",
    "1e308",
    "18446744073709551615",
    "99999999999999999999",
    "4611686018427387904",
    "65536",
    "LIST",
    "%d",
    "%099d",
    "../",
    "none",
    "vector",
    "gzip",
    "ascii",
    "hex",
    "(",
    ":=",
    "\n",
    "\r\n",
    "byte skip: -1\n",
    "line skip: 99999999\n",
    "kinds: list domain domain\n",
    "ElementNumberOfChannels = 1000000\n",
    "CompressedData = True\n",
    "HeaderSize = 4611686018427387904\n",
];

fn mutated(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        // Most damage goes to the headers.
        let reach = if random.below(3) == 0 {
            bytes.len()
        } else {
            bytes.len().min(500)
        };
        let at = random.below(reach);
        let end = (at + random.below(24)).min(bytes.len());
        let word = WORDS[random.below(WORDS.len())];
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => bytes[at] = [0, 0xff, 0x7f, b'9'][random.below(4)],
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => drop(bytes.splice(at..at, word.bytes())),
            _ => drop(bytes.splice(at..end, word.bytes())),
        }
    }
    bytes
}

/// Largest address space this process has used, in KiB.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmPeak:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[test]
fn damaged_files_are_errors_or_images() {
    let folder = Folder::new();
    let mut files: Vec<PathBuf> = fs::read_dir(golden("io"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .chain(["us6_line_image.png", "us5_flat_label.png"].map(golden))
        .collect();
    files.sort();
    let mut seeds = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap().to_string();
        let bytes = fs::read(&file).unwrap();
        // Beside the damaged headers, so that their voxels are found.
        folder.file(&name, &bytes);
        let readable = [
            "nii", "nii.gz", "hdr", "nrrd", "nhdr", "mha", "mhd", "tif", "png",
        ];
        if readable
            .iter()
            .any(|suffix| name.ends_with(&format!(".{suffix}")))
        {
            seeds.push((name, bytes));
        }
    }
    assert!(seeds.len() > 120);
    let before = peak_memory();
    let mut random = Random(20_240_229);
    let (mut read, mut refused) = (0, 0);
    for (name, bytes) in &seeds {
        for _ in 0..24 {
            let path = folder.file(&format!("damaged_{name}"), mutated(&mut random, bytes));
            let channel = [None, Some(1), Some(usize::MAX)][random.below(3)];
            let options = ReadOptions {
                mask_channel: channel,
                ..small()
            };
            for error in [
                read_image(&path, &options).err(),
                read_mask(&path, &options).err(),
            ] {
                let Some(error) = error else {
                    read += 1;
                    continue;
                };
                let message = error.to_string();
                assert!(message.len() < 1000, "{name}: {message}");
                refused += 1;
            }
        }
    }
    assert!(
        read > 300 && refused > 3000,
        "{read} read, {refused} refused"
    );
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        // The other tests of this program run beside this one; a header that reserves what it claims wants more than this.
        assert!(after - before < 1 << 20, "{} KiB", after - before);
    }
}

#[test]
fn data_files_must_be_plain_files_beside_the_header() {
    let folder = Folder::new();
    let header = |data: &str| {
        format!("NDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = {data}\n")
    };
    let nrrd = |data: &str| {
        format!(
            "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: {data}\n"
        )
    };
    fs::create_dir(folder.0.path().join("folder.raw")).unwrap();
    let read = |name: &str, text: String| {
        let error = read_image(folder.file(name, text), &small()).unwrap_err();
        (error.to_string(), error)
    };
    for (name, make) in [
        ("a.mhd", &header as &dyn Fn(&str) -> String),
        ("a.nhdr", &nrrd),
    ] {
        let (message, error) = read(name, make("missing.raw"));
        assert!(
            matches!(&error, Error::Io { path, .. } if path.ends_with(Path::new("missing.raw"))),
            "{message}"
        );
        let (message, error) = read(name, make("folder.raw"));
        assert!(
            matches!(error, Error::Malformed { .. }) && message.contains("folder.raw"),
            "{message}"
        );
        for itself in [name.to_string(), format!("folder.raw/../{name}")] {
            let (message, _) = read(name, make(&itself));
            assert!(message.contains("names itself"), "{message}");
        }
        let (message, error) = read(name, make("/etc/hostname"));
        assert!(
            matches!(error, Error::UnsupportedFormat { .. }),
            "{message}"
        );
        folder.file("short.raw", [0; 7]);
        let (message, _) = read(name, make("short.raw"));
        let expected = "short.raw";
        assert!(
            message.contains(expected) && message.contains("expected 8 bytes of voxels, found 7"),
            "{message}"
        );
    }
}

#[cfg(unix)]
#[test]
fn pipes_are_not_waited_for() {
    let folder = Folder::new();
    for name in ["pipe.nrrd", "pipe.png", "pipe.nii.gz", "pipe.raw"] {
        let path = folder.0.path().join(name);
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        if !made.is_ok_and(|status| status.success()) {
            println!("skipped: no mkfifo");
            return;
        }
    }
    folder.file(
        "pipe.mhd",
        "NDims = 2\nDimSize = 2 2\nElementType = MET_UCHAR\nElementDataFile = pipe.raw\n",
    );
    for name in ["pipe.nrrd", "pipe.png", "pipe.nii.gz", "pipe.mhd"] {
        let error = read_image(folder.0.path().join(name), &small()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("expected a file"), "{message}");
    }
}

#[test]
fn lists_say_what_they_hold() {
    let folder = Folder::new();
    let meta = |size: &str, data: &str| {
        format!("NDims = 3\nDimSize = {size}\nElementType = MET_UCHAR\nElementDataFile = {data}\n")
    };
    folder.file("one.raw", [7]);
    let many = |n: usize| format!("LIST\n{}", "one.raw\n".repeat(n));
    let path = folder.file("many.mhd", meta("1 1 5000", &many(5000)));
    assert_eq!(read_image(&path, &small()).unwrap().size(), [5000, 1, 1]);
    for (name, text, expected) in [
        (
            "few.mhd",
            meta("1 1 5", &many(4)),
            "expected a list of 5 data files, found 4",
        ),
        (
            "most.mhd",
            meta("1 1 70000", &many(9)),
            "more than 65536 files",
        ),
        (
            "zero.mhd",
            meta("1 1 2", "p%d.raw 1 2 0"),
            "numbers of 2 files",
        ),
        (
            "reach.mhd",
            meta("1 1 3", "p%d.raw 1 2 1"),
            "numbers of 3 files",
        ),
        (
            "string.mhd",
            meta("1 1 2", "p%s.raw 1 2 1"),
            "one number like %03d",
        ),
        (
            "wide.mhd",
            meta("1 1 2", "p%0999999999d.raw"),
            "one number like %03d",
        ),
    ] {
        let message = folder.error(name, text).to_string();
        assert!(message.contains(expected), "{message}");
    }
    let nrrd = |data: &str| {
        format!(
            "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 1 1 3\nencoding: raw\ndata file: {data}\n"
        )
    };
    for (name, data, expected) in [
        (
            "few.nhdr",
            many(2),
            "expected 3 data files of 2 axes, found 2",
        ),
        (
            "many.nhdr",
            many(4),
            "expected 3 data files of 2 axes, found 4",
        ),
        (
            "step.nhdr",
            "p%d.raw 1 3 0".into(),
            "first number, last number and step",
        ),
        (
            "last.nhdr",
            "p%d.raw 1 9 1".into(),
            "expected 3 data files of 2 axes, found 9",
        ),
        (
            "axes.nhdr",
            "LIST 9\none.raw".into(),
            "expected pieces of 1 to 3 axes",
        ),
    ] {
        let message = folder.error(name, nrrd(&data)).to_string();
        assert!(message.contains(expected), "{message}");
    }
    // A large file named many times is read until the limit; what follows the one byte in it does not matter otherwise.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&[7]).unwrap();
    let mut large = gzip.finish().unwrap();
    large.resize(400_000, 0);
    folder.file("large.raw.gz", large);
    let text =
        nrrd("LIST\nlarge.raw.gz\nlarge.raw.gz\nlarge.raw.gz\n").replace("raw\ndata", "gzip\ndata");
    let path = folder.file("large.nhdr", text);
    let error = read_image(&path, &small()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    assert!(read_image(&path, &ReadOptions::default()).is_ok());
}

#[test]
fn compressed_voxels_unpack_no_further_than_promised() {
    let folder = Folder::new();
    let meta = |size: &str| {
        format!(
            "NDims = 3\nDimSize = {size}\nElementType = MET_UCHAR\nCompressedData = True\nElementDataFile = LOCAL\n"
        )
    };
    let mut zlib = ZlibEncoder::new(meta("2 2 2").into_bytes(), Compression::best());
    zlib.write_all(&vec![0; 64 << 20]).unwrap();
    let bomb = folder.file("bomb.mha", zlib.finish().unwrap());
    assert_eq!(read_image(&bomb, &small()).unwrap().size(), [2, 2, 2]);
    let error = folder.error("huge.mha", meta("4096 4096 4096"));
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    let error = folder.error("lie.mha", meta("50 50 50"));
    assert!(
        error
            .to_string()
            .contains("more than 0 compressed bytes can hold"),
        "{error}"
    );
    let channels = meta("2 2 2").replace(
        "CompressedData",
        "ElementNumberOfChannels = 4000000000\nCompressedData",
    );
    let error = folder.error("wide.mha", channels);
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    // A header of gigabytes of nothing.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&vec![0; 64 << 20]).unwrap();
    let error = folder.error("zeros.nii.gz", gzip.finish().unwrap());
    assert!(error.to_string().contains("no NIfTI header"), "{error}");
}

#[test]
fn geometry_that_is_none_is_refused() {
    let folder = Folder::new();
    let meta = |keys: &str| {
        format!(
            "NDims = 3\nDimSize = 1 1 1\nElementType = MET_UCHAR\n{keys}\nElementDataFile = LOCAL\n."
        )
    };
    let nrrd = |fields: &str| {
        format!("NRRD0004\ntype: uchar\ndimension: 3\nsizes: 1 1 1\nencoding: raw\n{fields}\n\n.")
    };
    for (name, text, expected) in [
        (
            "zero.mha",
            meta("ElementSpacing = 1 0 1"),
            "spacing along y is 0",
        ),
        (
            "nan.mha",
            meta("ElementSpacing = nan 1 1"),
            "spacing along x is NaN",
        ),
        ("offset.mha", meta("Offset = 0 inf 0"), "not finite"),
        (
            "singular.mha",
            meta("TransformMatrix = 1 0 0 1 0 0 0 0 1"),
            "do not span space",
        ),
        (
            "few.mha",
            meta("TransformMatrix = 1 0 0 1"),
            "expected 9 numbers in TransformMatrix",
        ),
        (
            "flag.mha",
            meta("BinaryData = Yes"),
            "expected True or False in BinaryData",
        ),
        ("zero.nrrd", nrrd("spacings: 1 0 1"), "spacing along y is 0"),
        (
            "inf.nrrd",
            nrrd("spacings: 1 1 inf"),
            "spacing along z is inf",
        ),
        (
            "space.nrrd",
            nrrd("space: LPS\nspacings: 1 1 1"),
            "expected space directions",
        ),
        (
            "none.nrrd",
            nrrd("space directions: (1,0,0) (0,1,0) (0,0,1)"),
            "need a space",
        ),
        (
            "flat.nrrd",
            nrrd("space: LPS\nspace directions: (1,0,0) (1,0,0) (0,0,1)"),
            "do not span space",
        ),
        (
            "twice.nrrd",
            nrrd("spacings: 1 1 1\nspacings: 1 1 1"),
            "given twice",
        ),
        ("typo.nrrd", nrrd("spacing: 1 1 1"), "no field \"spacing\""),
        (
            "version.nrrd",
            nrrd("").replace("0004", "0009"),
            "version \"0009\" is not supported",
        ),
        (
            "bzip2.nrrd",
            nrrd("").replace("raw", "bzip2"),
            "the encoding \"bzip2\" is not supported",
        ),
        (
            "complex.nrrd",
            nrrd("kinds: complex domain domain"),
            "complex",
        ),
    ] {
        let message = folder.error(name, text).to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn messages_show_little_of_the_file() {
    let folder = Folder::new();
    let long = "x".repeat(100_000);
    for (name, text) in [
        ("line.nrrd", format!("NRRD0004\n{long}\n\n")),
        ("field.nrrd", format!("NRRD0004\n{long}: 1\n\n")),
        (
            "type.nrrd",
            format!("NRRD0004\ntype: {long}\ndimension: 2\nsizes: 1 1\nencoding: raw\n\n"),
        ),
        (
            "sizes.nrrd",
            format!("NRRD0004\ntype: uchar\ndimension: 2\nsizes: {long}\nencoding: raw\n\n"),
        ),
        ("line.mha", long.clone()),
        (
            "type.mha",
            format!("NDims = 2\nDimSize = 1 1\nElementType = {long}\nElementDataFile = LOCAL\n"),
        ),
        (
            "text.mha",
            format!(
                "NDims = 2\nDimSize = 1 1\nElementType = MET_INT\nBinaryData = False\nElementDataFile = LOCAL\n{long}"
            ),
        ),
        (
            "file.mhd",
            format!("NDims = 2\nDimSize = 1 1\nElementType = MET_INT\nElementDataFile = /{long}\n"),
        ),
    ] {
        let message = folder.error(name, text).to_string();
        assert!(message.len() < 400, "{name}: {} bytes", message.len());
    }
    let latin = b"NRRD0004\n# \xe4\xff\ntype: uchar\ndimension: 2\nsizes: 1 1\nencoding: raw\n\n.";
    assert!(read_image(folder.file("latin.nrrd", latin), &small()).is_ok());
    let error = folder.error(
        "bad.nrrd",
        b"NRRD0004\ntype: \xff\xfe\ndimension: 2\nsizes: 1 1\nencoding: raw\n\n.",
    );
    assert!(matches!(error, Error::UnsupportedFormat { .. }), "{error}");
}

#[test]
fn raster_headers_cannot_reserve_memory() {
    let folder = Folder::new();
    let claim = |bytes: &mut [u8], at: usize, number: u32, big: bool| {
        let digits = if big {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        };
        bytes[at..at + 4].copy_from_slice(&digits);
    };
    let encoded = |format| {
        let mut bytes = Cursor::new(Vec::new());
        let image = image::GrayImage::new(3, 3);
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    let mut bmp = encoded(image::ImageFormat::Bmp);
    claim(&mut bmp, 18, 60_000, false);
    claim(&mut bmp, 22, 60_000, false);
    assert!(matches!(
        folder.error("huge.bmp", bmp),
        Error::TooLarge { .. }
    ));
    let mut jpeg = encoded(image::ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].fill(0xff);
    assert!(matches!(
        folder.error("huge.jpg", jpeg),
        Error::TooLarge { .. }
    ));
    // A directory without tags whose successor is itself.
    let around = [&b"II*\0\x08\0\0\0"[..], &[0, 0], &[8, 0, 0, 0], &[0; 99]].concat();
    assert!(matches!(
        folder.error("around.tif", around),
        Error::Malformed { .. }
    ));
    let mut tiff = encoded(image::ImageFormat::Tiff);
    let directory = u32::from_le_bytes(tiff[4..8].try_into().unwrap()) as usize;
    // The first tag claims to have 2^31 values.
    claim(&mut tiff, directory + 2 + 4, 1 << 31, false);
    let message = folder.error("huge.tif", tiff).to_string();
    assert!(message.contains("has 2147483648 values"), "{message}");
}

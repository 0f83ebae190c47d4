//! Files that are damaged, hostile, or of another network.

mod common;

use std::io::Write;
use std::path::{Path, PathBuf};

use common::{Tensors, fixture_tensors, golden, narrow, write_safetensors};
use deep_features::state::StateFile;
use deep_features::{
    Device, Error, FileFault, KeyReport, PickleFault, Vgg, VggConfig, VggVariant, WeightScheme,
    WeightsSource,
};
use tempfile::TempDir;

struct Scratch(TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("weights");
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// Opens the bytes as a file and reads every tensor.
    fn read(&self, bytes: &[u8]) -> Result<usize, Error> {
        StateFile::open(self.file(bytes))
            .and_then(|mut f| f.read_all())
            .map(|tensors| tensors.len())
    }
}

const TINY: [&str; 3] = [
    "tiny_mixed.safetensors",
    "tiny_mixed_zip.pth",
    "tiny_mixed_legacy.pth",
];

/// Every byte of the small files, every fifth of the zip, whose members are mostly padding.
fn positions(name: &str, length: usize) -> impl Iterator<Item = usize> {
    (0..length).step_by(if name.contains("zip") { 5 } else { 1 })
}

#[test]
fn every_truncation_is_an_error() {
    let scratch = Scratch::new();
    for name in TINY {
        let bytes = std::fs::read(golden(name)).expect("a fixture");
        assert_eq!(scratch.read(&bytes).expect("the whole file"), 20);
        for length in positions(name, bytes.len()) {
            let result = scratch.read(&bytes[..length]);
            assert!(result.is_err(), "{name} cut to {length} bytes");
        }
    }
}

#[test]
fn no_damaged_byte_brings_the_reader_down() {
    let scratch = Scratch::new();
    for name in TINY {
        let bytes = std::fs::read(golden(name)).expect("a fixture");
        let mut refused = 0;
        for at in positions(name, bytes.len()) {
            let mut damaged = bytes.clone();
            damaged[at] ^= [0x01, 0x80, 0xff][at % 3];
            refused += usize::from(scratch.read(&damaged).is_err());
        }
        // Damage to a value cannot be seen; damage to the structure must be.
        assert!(refused > 100, "{name}: {refused}");
    }
}

fn fault(error: Error) -> FileFault {
    match error {
        Error::File { fault, .. } => *fault,
        other => panic!("expected a fault of the file, got {other}"),
    }
}

#[test]
fn what_is_no_weights_file() {
    let scratch = Scratch::new();
    for bytes in [
        &b""[..],
        b"\x89PNG\r\n\x1a\n0000000000",
        b"hello, this is text",
        b"\x80\x02}q\x00.",
    ] {
        let found = fault(scratch.read(bytes).expect_err("no weights"));
        assert!(
            matches!(found, FileFault::UnknownContainer { .. }),
            "{found}"
        );
    }
    let missing = StateFile::open("no/such/file.pth").expect_err("no file");
    assert!(
        missing.to_string().starts_with("no/such/file.pth: "),
        "{missing}"
    );
    assert!(matches!(
        StateFile::open(scratch.0.path()),
        Err(Error::Io { .. })
    ));
}

/// The five pickles of the legacy layout around a state dictionary, then storages.
fn legacy(state: &[u8], keys: &[u8], storages: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".to_vec();
    bytes.extend(b"\x80\x02M\xe9\x03.");
    bytes.extend(b"\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.");
    bytes.extend(state);
    bytes.extend(keys);
    bytes.extend(storages);
    bytes
}

fn long(n: i64) -> Vec<u8> {
    let mut bytes = vec![0x8a, 8];
    bytes.extend(n.to_le_bytes());
    bytes
}

fn text(s: &str) -> Vec<u8> {
    let mut bytes = vec![b'X'];
    bytes.extend((s.len() as u32).to_le_bytes());
    bytes.extend(s.as_bytes());
    bytes
}

/// `{name: tensor}` of one float tensor; every number is the test's choice.
fn one_tensor(numel: i64, offset: i64, shape: i64, stride: i64) -> Vec<u8> {
    let mut p = b"\x80\x02}".to_vec();
    p.extend(text("w"));
    p.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
    p.extend(text("storage"));
    p.extend(b"ctorch\nFloatStorage\n");
    p.extend(text("0"));
    p.extend(text("cpu"));
    p.extend(long(numel));
    p.extend(b"NtQ");
    p.extend(long(offset));
    p.extend(long(shape));
    p.push(0x85);
    p.extend(long(stride));
    p.push(0x85);
    p.extend(b"\x89}tRs.");
    p
}

fn keys() -> Vec<u8> {
    let mut p = b"\x80\x02]".to_vec();
    p.extend(text("0"));
    p.extend(b"a.");
    p
}

fn storage(numel: i64, values: &[f32]) -> Vec<u8> {
    let mut bytes = numel.to_le_bytes().to_vec();
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    bytes
}

#[test]
fn hand_made_legacy_file_is_read() {
    let scratch = Scratch::new();
    let bytes = legacy(
        &one_tensor(4, 1, 2, 2),
        &keys(),
        &storage(4, &[1.0, 2.0, 3.0, 4.0]),
    );
    let mut file = StateFile::open(scratch.file(&bytes)).expect("a good file");
    assert_eq!(
        file.tensor("w").expect("a tensor").to_f32(),
        Some(vec![2.0, 4.0])
    );
    assert_eq!(
        fault(file.tensor("v").expect_err("no such key")),
        FileFault::NoSuchTensor {
            key: "v".to_string()
        }
    );
}

#[test]
fn sizes_are_checked_before_memory_is_taken() {
    let scratch = Scratch::new();
    let values = [1.0, 2.0, 3.0, 4.0];
    let huge = 1 << 60;
    let bounds = |f: &FileFault| matches!(f, FileFault::TensorBounds { .. });
    let size = |f: &FileFault| matches!(f, FileFault::Size { .. });
    let conflict = |f: &FileFault| matches!(f, FileFault::StorageConflict { .. });
    let case = |tensor: Vec<u8>, stored: Vec<u8>, expected: &dyn Fn(&FileFault) -> bool| {
        let found = fault(
            scratch
                .read(&legacy(&tensor, &keys(), &stored))
                .expect_err("a hostile file"),
        );
        assert!(expected(&found), "{found}");
    };
    case(one_tensor(huge, 0, huge, 1), storage(huge, &values), &size);
    case(one_tensor(4, 0, huge, 0), storage(4, &values), &bounds);
    case(one_tensor(4, 0, 4, huge), storage(4, &values), &bounds);
    case(one_tensor(4, 3, 2, 1), storage(4, &values), &bounds);
    case(one_tensor(4, i64::MAX, 0, 1), storage(4, &values), &bounds);
    case(one_tensor(5, 0, 4, 1), storage(4, &values), &conflict);
    case(one_tensor(4, 0, 4, 1), storage(4, &values[..3]), &size);
    for negative in [
        one_tensor(-1, 0, 4, 1),
        one_tensor(4, -1, 4, 1),
        one_tensor(4, 0, -4, 1),
        one_tensor(4, 0, 4, -1),
    ] {
        let error = scratch
            .read(&legacy(&negative, &keys(), &storage(4, &values)))
            .expect_err("a hostile file");
        assert!(matches!(error, Error::Pickle { .. }), "{error}");
    }
}

#[test]
fn pickles_are_never_executed() {
    let scratch = Scratch::new();
    let marker = scratch.0.path().join("executed");
    let command = format!("touch {}", marker.display());
    let mut attack = b"\x80\x02cposix\nsystem\n".to_vec();
    attack.extend(text(&command));
    attack.extend(b"\x85R.");
    let in_legacy = scratch
        .read(&legacy(&attack, &keys(), &[]))
        .expect_err("an attack");
    let in_zip = scratch
        .read(&zip_of(&[("archive/data.pkl", &attack)]))
        .expect_err("an attack");
    for error in [in_legacy, in_zip] {
        match error {
            Error::Pickle {
                fault: PickleFault::Global { module, name },
                ..
            } => {
                assert_eq!((module.as_str(), name.as_str()), ("posix", "system"));
            }
            other => panic!("expected a refused name, got {other}"),
        }
    }
    assert!(!marker.exists());
}

#[test]
fn big_endian_files_are_refused() {
    let scratch = Scratch::new();
    let mut bytes = legacy(&one_tensor(4, 0, 4, 1), &keys(), &storage(4, &[0.0; 4]));
    let flag = bytes.iter().position(|&b| b == 0x88).expect("the flag");
    bytes[flag] = 0x89;
    assert!(matches!(
        fault(scratch.read(&bytes).expect_err("big-endian")),
        FileFault::ByteOrder { .. }
    ));
    let state = one_tensor(4, 0, 4, 1);
    let zip = zip_of(&[
        ("a/data.pkl", &state),
        ("a/byteorder", b"big"),
        ("a/data/0", &[0; 16]),
    ]);
    assert_eq!(
        fault(scratch.read(&zip).expect_err("big-endian")),
        FileFault::ByteOrder {
            found: "big".to_string()
        }
    );
}

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, data) in members {
        writer.start_file(*name, stored).expect("a member");
        writer.write_all(data).expect("data");
    }
    writer.finish().expect("a zip").into_inner()
}

#[test]
fn zip_members_are_checked() {
    let scratch = Scratch::new();
    let state = one_tensor(4, 0, 4, 1);
    let good = zip_of(&[("a/data.pkl", &state), ("a/data/0", &[0; 16])]);
    assert_eq!(scratch.read(&good).expect("a good file"), 1);
    let read =
        |members: &[(&str, &[u8])]| fault(scratch.read(&zip_of(members)).expect_err("a bad file"));
    assert_eq!(
        read(&[("a/other", b"")]),
        FileFault::MissingMember {
            member: "data.pkl".to_string()
        }
    );
    assert_eq!(
        read(&[("a/data.pkl", &state)]),
        FileFault::MissingMember {
            member: "a/data/0".to_string()
        }
    );
    let short = read(&[("a/data.pkl", &state), ("a/data/0", &[0; 15])]);
    assert_eq!(
        short,
        FileFault::Size {
            what: "storage 0".to_string(),
            expected: 16,
            found: 15
        }
    );
    // Compression method 8 in the local header and in the directory.
    let mut compressed = good.clone();
    for (signature, offset) in [(b"PK\x03\x04", 8), (b"PK\x01\x02", 10)] {
        let starts: Vec<usize> = compressed
            .windows(4)
            .enumerate()
            .filter(|(_, w)| w == signature)
            .map(|(i, _)| i)
            .collect();
        starts.iter().for_each(|at| compressed[at + offset] = 8);
    }
    let error = scratch.read(&compressed).expect_err("a compressed member");
    assert!(matches!(error, Error::File { .. }), "{error}");
}

#[test]
fn safetensors_headers_are_checked() {
    let scratch = Scratch::new();
    let file = |length: u64, header: &str, data: usize| {
        let mut bytes = length.to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(vec![0; data]);
        fault(scratch.read(&bytes).expect_err("a bad header"))
    };
    let of = |header: &str, data| file(header.len() as u64, header, data);
    assert!(matches!(
        file(u64::MAX, "{}", 0),
        FileFault::TooLarge { .. }
    ));
    assert!(matches!(file(1000, "{}", 0), FileFault::Size { .. }));
    assert!(matches!(of("{not json", 0), FileFault::Header { .. }));
    assert!(matches!(
        of(
            r#"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#,
            15
        ),
        FileFault::Size { .. }
    ));
    assert!(matches!(
        of(
            r#"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#,
            17
        ),
        FileFault::Size { .. }
    ));
    assert!(matches!(
        of(
            r#"{"w":{"dtype":"F32","shape":[5],"data_offsets":[0,16]}}"#,
            16
        ),
        FileFault::Header { .. }
    ));
    assert!(matches!(
        of(
            r#"{"w":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#,
            16
        ),
        FileFault::Header { .. }
    ));
    let overflow = r#"{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}}"#;
    assert!(matches!(of(overflow, 16), FileFault::Header { .. }));
    let unread = r#"{"w":{"dtype":"U64","shape":[2],"data_offsets":[0,16]}}"#;
    assert!(matches!(of(unread, 16), FileFault::ElementType { .. }));
}

fn load(path: &Path, config: &VggConfig) -> Result<Vgg, Error> {
    Vgg::load(
        config,
        &WeightsSource::File(path.to_path_buf()),
        &Device::Cpu,
    )
}

fn load_tensors(tensors: &Tensors, config: &VggConfig) -> Result<Vgg, Error> {
    let scratch = Scratch::new();
    let path = scratch.0.path().join("vgg.safetensors");
    write_safetensors(&path, tensors);
    load(&path, config)
}

fn report(error: Error) -> KeyReport {
    match error {
        Error::Keys { report, .. } => *report,
        other => panic!("expected a report of keys, got {other}"),
    }
}

#[test]
fn all_wrong_keys_are_in_one_error() {
    let config = narrow(VggVariant::Vgg19, 32);
    let mut tensors = fixture_tensors(32);
    tensors.retain(|(key, _, _)| key != "features.5.bias" && key != "features.34.weight");
    tensors.push(("features.99.weight".to_string(), vec![1], vec![0.0]));
    tensors.push(("something".to_string(), vec![1], vec![0.0]));
    for (key, shape, _) in &mut tensors {
        if key == "features.2.weight" {
            *shape = vec![1, 4, 3, 3];
        }
    }
    let error = load_tensors(&tensors, &config).expect_err("wrong keys");
    let message = error.to_string();
    assert!(message.contains("vgg19w32"), "{message}");
    assert!(
        message.contains("features.2.weight expected [2, 2, 3, 3], found [1, 4, 3, 3]"),
        "{message}"
    );
    let report = report(error);
    assert_eq!(report.missing, ["features.5.bias", "features.34.weight"]);
    assert_eq!(report.unexpected, ["features.99.weight", "something"]);
    assert_eq!(report.misshaped.len(), 1);
}

#[test]
fn another_network_is_refused() {
    let path = golden("mini_vgg19.safetensors");
    let vgg16 = report(load(&path, &narrow(VggVariant::Vgg16, 32)).expect_err("another depth"));
    assert!(!vgg16.misshaped.is_empty() && !vgg16.unexpected.is_empty());
    let wide = report(load(&path, &VggConfig::new(VggVariant::Vgg19)).expect_err("another width"));
    assert_eq!(wide.misshaped.len(), 32);
    let bn = VggConfig {
        batch_norm: true,
        ..narrow(VggVariant::Vgg19, 32)
    };
    let bn = report(load(&path, &bn).expect_err("no batch normalization in the file"));
    assert!(bn.missing.contains(&"features.1.running_var".to_string()));
    let plain = report(
        load(
            &golden("vgg11_bn_w32_zip.pth"),
            &narrow(VggVariant::Vgg11, 32),
        )
        .expect_err("batch normalization"),
    );
    assert!(
        plain
            .unexpected
            .contains(&"features.1.num_batches_tracked".to_string())
    );
    let unknown = load(
        &golden("tiny_mixed_zip.pth"),
        &VggConfig::new(VggVariant::Vgg19),
    )
    .expect_err("no VGG");
    assert!(
        matches!(unknown, Error::UnknownScheme { n_keys: 20, .. }),
        "{unknown}"
    );
}

#[test]
fn classifiers_are_allowed_and_tell_the_scheme() {
    let config = narrow(VggVariant::Vgg19, 32);
    let with = |keys: &[&str]| {
        let mut tensors = fixture_tensors(32);
        tensors.extend(keys.iter().map(|key| (key.to_string(), vec![1], vec![0.0])));
        load_tensors(&tensors, &config)
    };
    let torchvision = with(&[
        "classifier.0.weight",
        "classifier.0.bias",
        "classifier.6.bias",
    ])
    .expect("torchvision");
    assert_eq!(torchvision.weights().scheme, WeightScheme::Torchvision);
    let timm = with(&[
        "pre_logits.fc1.weight",
        "pre_logits.fc2.bias",
        "head.fc.weight",
    ])
    .expect("timm");
    assert_eq!(timm.weights().scheme, WeightScheme::Timm);
    let strange = report(with(&["classifier.1.weight"]).expect_err("no such layer"));
    assert_eq!(strange.unexpected, ["classifier.1.weight"]);
}

#[test]
fn unusable_values_are_named() {
    let config = narrow(VggVariant::Vgg19, 32);
    let mut tensors = fixture_tensors(32);
    tensors[4].2[7] = f32::INFINITY;
    match load_tensors(&tensors, &config).expect_err("an infinite weight") {
        Error::NonFiniteWeight { tensor, index, .. } => {
            assert_eq!((tensor.as_str(), index), ("features.5.weight", 7))
        }
        other => panic!("expected a non-finite weight, got {other}"),
    }
}

#[test]
fn the_input_transform_must_be_the_usual_one() {
    let config = narrow(VggVariant::Vgg19, 32);
    let mut file = StateFile::open(golden("mean_normalized_w32_legacy.pth")).expect("a fixture");
    let mut tensors: Tensors = file
        .read_all()
        .expect("tensors")
        .into_iter()
        .map(|(key, tensor)| (key, tensor.shape.clone(), tensor.to_f32().expect("numbers")))
        .collect();
    assert!(load_tensors(&tensors, &config).is_ok());
    let bias = tensors
        .iter_mut()
        .find(|(key, _, _)| key == "0.bias")
        .expect("the bias");
    bias.2.swap(0, 2);
    let error = load_tensors(&tensors, &config).expect_err("RGB instead of BGR");
    assert!(
        matches!(
            error,
            Error::InputTransform {
                tensor: "0.bias",
                index: 0,
                ..
            }
        ),
        "{error}"
    );
}

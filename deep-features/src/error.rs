//! The crate's one error type.

use std::fmt;
use std::path::PathBuf;

use crate::preprocess::Normalization;

/// Result of a fallible operation of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What can be wrong with files, settings and images.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be opened or read: check the path and the permissions.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The weights file is damaged, hostile, or of a kind that is not read.
    #[error("{}: {fault}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was found.
        fault: Box<FileFault>,
    },
    /// The pickle inside a `.pth` file is damaged, or asks for more than tensors.
    #[error("{}: pickle byte {offset}: {fault}", path.display())]
    Pickle {
        /// The file.
        path: PathBuf,
        /// Byte offset from the start of the pickle (for the legacy layout: of the file).
        offset: u64,
        /// What was found there.
        fault: PickleFault,
    },
    /// The keys of the file belong to none of the known naming schemes.
    #[error(
        "{}: keys of no known VGG scheme (expected `features.0.weight` of torchvision or timm, or `0.weight` \
         of a mean-normalized VGG; found {} keys, first {})",
        path.display(), n_keys, first_keys.join(", ")
    )]
    UnknownScheme {
        /// The file.
        path: PathBuf,
        /// How many keys the file has.
        n_keys: usize,
        /// The first few of them, sorted.
        first_keys: Vec<String>,
    },
    /// The file's tensors are not those of the network that was asked for.
    #[error("{}: tensors do not fit {network}: {report}", path.display())]
    Keys {
        /// The file.
        path: PathBuf,
        /// The network that was asked for.
        network: String,
        /// Everything that disagrees.
        report: Box<KeyReport>,
    },
    /// The leading 1x1 convolution of a mean-normalized file is not the usual change from RGB to centered BGR.
    #[error(
        "{}: the leading 1x1 convolution is not RGB in [0, 1] to BGR * 255 minus mean: {tensor}[{index}] expected \
         {expected}, found {found}",
        path.display()
    )]
    InputTransform {
        /// The file.
        path: PathBuf,
        /// `0.weight` or `0.bias`.
        tensor: &'static str,
        /// Flat index of the first value that differs.
        index: usize,
        /// The usual value.
        expected: f32,
        /// The value in the file.
        found: f32,
    },
    /// A weight is NaN or infinite.
    #[error("{}: tensor {tensor} has the non-finite value {value} at flat index {index}", path.display())]
    NonFiniteWeight {
        /// The file.
        path: PathBuf,
        /// Key of the tensor.
        tensor: String,
        /// Flat index.
        index: usize,
        /// The value.
        value: f32,
    },
    /// The text is not the name of a tap.
    #[error("expected a tap such as relu3_4, pool5 or features.17, found {found:?}")]
    TapSyntax {
        /// The text.
        found: String,
    },
    /// The network has no such tap.
    #[error("{network} has no tap {tap}; it has {}", valid.join(", "))]
    UnknownTap {
        /// The network.
        network: String,
        /// The tap that was asked for.
        tap: String,
        /// All taps of the network.
        valid: Vec<String>,
    },
    /// The tap lies before the point where the network is entered.
    #[error("expected a tap after {from}, found {tap}")]
    TapOrder {
        /// Where the network is entered.
        from: String,
        /// The tap that was asked for.
        tap: String,
    },
    /// The same tap, pooling or row was given twice (`features.35` is `relu5_4` in VGG19).
    #[error("{what} {name} is asked for twice")]
    Duplicate {
        /// `tap`, `pooling` or `row`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A setting is outside its range.
    #[error("{setting}: expected {expected}, found {found}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// The range.
        expected: &'static str,
        /// The value given.
        found: String,
    },
    /// The device is not compiled in, or not present.
    #[error("device {name:?}: {reason}")]
    Device {
        /// The device that was asked for.
        name: String,
        /// Why it cannot be had.
        reason: String,
    },
    /// The input was normalized for other weights than those that are loaded.
    #[error("weights are trained on {weights} input, found image {image} prepared as {input}")]
    NormalizationMismatch {
        /// What the weights expect.
        weights: Box<Normalization>,
        /// What the input is.
        input: Box<Normalization>,
        /// Index of the image.
        image: usize,
    },
    /// The image has no pixels.
    #[error("expected an image of at least 1 x 1 pixels, found {height} x {width}")]
    EmptyImage {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
    /// A pixel is NaN or outside 0..=255.
    #[error("expected gray values in 0..=255, found {value} at row {row}, column {column}")]
    Intensity {
        /// Row of the first such pixel.
        row: usize,
        /// Column of the first such pixel.
        column: usize,
        /// Its value.
        value: f64,
    },
    /// Image and mask differ in size.
    #[error("mask is {} x {}, image is {} x {}", mask[0], mask[1], image[0], image[1])]
    MaskShape {
        /// Rows and columns of the image.
        image: [usize; 2],
        /// Rows and columns of the mask.
        mask: [usize; 2],
    },
    /// The mask selects no pixel.
    #[error("the mask selects no pixel of {} x {}", size[0], size[1])]
    EmptyMask {
        /// Rows and columns of the mask.
        size: [usize; 2],
    },
    /// The input has not three channels.
    #[error("image {image}: expected 3 channels, found {found}")]
    Channels {
        /// Index of the image.
        image: usize,
        /// Channels found.
        found: usize,
    },
    /// The input is too small for the deepest tap.
    #[error("image {image} is {height} x {width}; tap {tap} needs at least {minimum} x {minimum}")]
    ImageTooSmall {
        /// Index of the image.
        image: usize,
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// The tap.
        tap: String,
        /// Smallest side that leaves one pixel at the tap.
        minimum: usize,
    },
    /// After the network's strides no cell of the tap touches the mask.
    #[error("image {image}: the mask touches no cell of tap {tap}")]
    EmptyCoverage {
        /// Index of the image.
        image: usize,
        /// The tap.
        tap: String,
    },
    /// The network's output is NaN or infinite: the weights or the input are unusable.
    #[error("image {image}: tap {tap} has the non-finite value {value} in channel {channel}")]
    NonFiniteOutput {
        /// Index of the image.
        image: usize,
        /// The tap.
        tap: String,
        /// Channel.
        channel: usize,
        /// The value.
        value: f64,
    },
    /// A table entry is NaN or infinite.
    #[error("expected finite values, found {value} at row {row}, column {column}")]
    NonFiniteValue {
        /// Row.
        row: usize,
        /// Column.
        column: usize,
        /// The value.
        value: f64,
    },
    /// More components were asked for than the training rows can determine. Use
    /// [`Pca::at_most`](crate::pca::Pca::at_most) to take as many as there are.
    #[error(
        "{requested} principal components asked for, but {n_samples} rows x {n_features} columns have rank {rank} \
         after centering"
    )]
    RankTooLow {
        /// Components asked for.
        requested: usize,
        /// Rank of the centered table.
        rank: usize,
        /// Rows.
        n_samples: usize,
        /// Columns.
        n_features: usize,
    },
    /// New rows have another number of columns than the training rows.
    #[error("expected {expected} columns, found {found}")]
    ColumnCount {
        /// Columns at fitting.
        expected: usize,
        /// Columns given.
        found: usize,
    },
    /// Two lists that go together have different lengths.
    #[error("expected {expected} {what}, one for each row, found {found}")]
    RowCount {
        /// What there is one of for each row.
        what: &'static str,
        /// Rows.
        expected: usize,
        /// Entries found.
        found: usize,
    },
    /// A row number is too large.
    #[error("row {row} of {n_rows}: expected a number below that")]
    NoSuchRow {
        /// The number, from 0.
        row: usize,
        /// How many rows there are.
        n_rows: usize,
    },
    /// The head has no such unit.
    #[error("feature {unit}: the head has {units}, counted from 0")]
    NoSuchUnit {
        /// The unit that was asked for.
        unit: usize,
        /// How many there are.
        units: usize,
    },
    /// The same patient is among the training and the validation rows: the network would be judged by patients it
    /// has seen.
    #[error("patient {patient} is on both sides: row {row} validates, other rows train")]
    PatientOnBothSides {
        /// The patient.
        patient: String,
        /// The first of the validation rows.
        row: usize,
    },
    /// A class has too few patients (or rows).
    #[error(
        "{what}: expected at least {required} of each class, found {events} with and {others} without an event"
    )]
    TooFewPatients {
        /// What they are needed for.
        what: &'static str,
        /// Those with an event.
        events: usize,
        /// Those without.
        others: usize,
        /// How many are needed of each.
        required: usize,
    },
    /// Inputs that go through a network's trained part together must have one size.
    #[error(
        "image {image} is {} x {}, expected {} x {} as the images before it",
        found[0], found[1], expected[0], expected[1]
    )]
    InputSize {
        /// Row of the image.
        image: usize,
        /// Rows and columns of the images before it.
        expected: [usize; 2],
        /// Rows and columns found.
        found: [usize; 2],
    },
    /// The results of the frozen part would take more memory than is allowed: train fewer blocks, or use fewer views.
    #[error("the frozen part's results take {needed} bytes, expected at most {limit}")]
    PrefixTooLarge {
        /// Bytes needed.
        needed: u64,
        /// The limit.
        limit: u64,
    },
    /// Training went out of hand: the loss or a parameter is no number any more. Try a smaller learning rate.
    #[error("epoch {epoch}: the {what} is {value}, expected a finite number")]
    Diverged {
        /// The epoch, from 0.
        epoch: usize,
        /// What is not finite.
        what: String,
        /// Its value.
        value: f64,
    },
    /// Two things that must be made for each other are not: a prefix and a network, a model and its trunk, a state
    /// and its training.
    #[error("{what}: expected {expected}, found {found}")]
    Mismatch {
        /// What they disagree in.
        what: &'static str,
        /// What one of them has.
        expected: String,
        /// What the other has.
        found: String,
    },
    /// Bytes that are no fine-tuned network or training state of this crate.
    #[error("fine-tuned network: {reason}")]
    Model {
        /// What was expected and what was found.
        reason: String,
    },
    /// The singular value decomposition did not converge.
    #[error(
        "the singular value decomposition of {n_samples} x {n_features} values did not converge"
    )]
    NotConverged {
        /// Rows.
        n_samples: usize,
        /// Columns.
        n_features: usize,
    },
    /// The tensor library refused an operation (out of memory on a device, for example).
    #[error("tensor operation: {0}")]
    Tensor(#[from] candle_core::Error),
}

/// What is wrong with a weights file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// Neither safetensors nor one of the two layouts of `torch.save`.
    #[error(
        "expected safetensors or a .pth file of torch.save, found first bytes {}",
        hex(first_bytes)
    )]
    UnknownContainer {
        /// The first bytes.
        first_bytes: Vec<u8>,
    },
    /// The file ends before what it announces.
    #[error("{what}: expected {expected} bytes, found {found}")]
    Size {
        /// The part of the file.
        what: String,
        /// Bytes announced.
        expected: u64,
        /// Bytes present.
        found: u64,
    },
    /// A part of the file is larger than any weights file needs.
    #[error("{what}: at most {limit} bytes are read, found {found}")]
    TooLarge {
        /// The part of the file.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// Bytes announced.
        found: u64,
    },
    /// The header of a safetensors file is not valid.
    #[error("safetensors header: {reason}")]
    Header {
        /// What the parser said.
        reason: String,
    },
    /// The zip container is not valid.
    #[error("zip container: {reason}")]
    Zip {
        /// What the zip reader said.
        reason: String,
    },
    /// The zip container lacks a member.
    #[error("zip container has no member {member}")]
    MissingMember {
        /// Its name.
        member: String,
    },
    /// `torch.save` stores members uncompressed; a compressed one is refused.
    #[error("zip member {member} is compressed; torch.save stores without compression")]
    CompressedMember {
        /// Its name.
        member: String,
    },
    /// The file was written on a big-endian machine.
    #[error("expected little-endian numbers, found byte order {found:?}")]
    ByteOrder {
        /// The byte order.
        found: String,
    },
    /// A storage is announced with two element types or sizes.
    #[error("storage {key} is announced twice with different type or size")]
    StorageConflict {
        /// Key of the storage.
        key: String,
    },
    /// The list of storages names one that no tensor announced.
    #[error("storage {key} has data but no element type")]
    UnknownStorage {
        /// Key of the storage.
        key: String,
    },
    /// A storage that tensors use has no data.
    #[error("storage {key} has no data")]
    MissingStorage {
        /// Key of the storage.
        key: String,
    },
    /// A tensor reaches past the end of its storage, or its shape overflows.
    #[error(
        "tensor {tensor} of shape {shape:?}, strides {stride:?}, offset {offset} does not fit a storage of {elements} elements"
    )]
    TensorBounds {
        /// Key of the tensor.
        tensor: String,
        /// Shape.
        shape: Vec<usize>,
        /// Strides in elements.
        stride: Vec<usize>,
        /// Offset in elements.
        offset: usize,
        /// Elements of the storage.
        elements: usize,
    },
    /// An element type that is not read.
    #[error("tensor {tensor} has the element type {dtype}, which is not read")]
    ElementType {
        /// Key of the tensor.
        tensor: String,
        /// The type.
        dtype: String,
    },
    /// The file holds no dictionary of tensors.
    #[error("expected a dictionary of tensors by name, found {found}")]
    NotAStateDict {
        /// What the pickle holds.
        found: String,
    },
    /// A key stands twice in the dictionary.
    #[error("key {key} stands twice")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// The file has no tensor of this name.
    #[error("no tensor {key}")]
    NoSuchTensor {
        /// The key.
        key: String,
    },
}

/// What is wrong with a pickle.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PickleFault {
    /// An instruction that no state dictionary needs.
    #[error("instruction 0x{opcode:02x} is not one a state dictionary needs")]
    Opcode {
        /// The instruction.
        opcode: u8,
    },
    /// A class or function that is not on the short list of tensor parts.
    #[error(
        "refused to resolve {module}.{name}: only tensors, storages and ordered dictionaries are read"
    )]
    Global {
        /// Module.
        module: String,
        /// Class or function.
        name: String,
    },
    /// A call of something else than the tensor constructors, or with other arguments.
    #[error("refused the call of {callee} with these arguments")]
    Call {
        /// What was called.
        callee: String,
    },
    /// The pickle protocol is not 2 to 5.
    #[error("expected pickle protocol 2 to 5, found {found}")]
    Protocol {
        /// The protocol.
        found: u8,
    },
    /// The pickle ends in the middle of an instruction.
    #[error("ends in the middle of an instruction")]
    Truncated,
    /// The pickle is longer than any state dictionary needs.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: u64,
    },
    /// An instruction needs more values than there are.
    #[error("an instruction needs more values than there are")]
    StackUnderflow,
    /// An instruction finds a value of the wrong kind.
    #[error("expected {expected}")]
    Kind {
        /// The kind.
        expected: &'static str,
    },
    /// A reference to a value that was never stored.
    #[error("refers to value {index}, which was never stored")]
    Memo {
        /// Index of the value.
        index: u32,
    },
    /// An integer that does not fit in 64 bits.
    #[error("an integer of {bytes} bytes")]
    IntegerTooLong {
        /// Its length.
        bytes: usize,
    },
    /// Text that is not UTF-8.
    #[error("text that is not UTF-8")]
    Text,
}

/// All disagreements between a file's tensors and a network's.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct KeyReport {
    /// Keys the network needs and the file has not.
    pub missing: Vec<String>,
    /// Keys the file has and the network does not know.
    pub unexpected: Vec<String>,
    /// Keys with another shape than the network's.
    pub misshaped: Vec<Misshaped>,
}

/// A tensor of the wrong shape.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Misshaped {
    /// The key.
    pub key: String,
    /// Shape of the network.
    pub expected: Vec<usize>,
    /// Shape in the file.
    pub found: Vec<usize>,
}

impl KeyReport {
    /// Whether everything agrees.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.misshaped.is_empty()
    }
}

impl fmt::Display for KeyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.missing.is_empty() {
            parts.push(format!("missing {}", self.missing.join(", ")));
        }
        if !self.unexpected.is_empty() {
            parts.push(format!("unexpected {}", self.unexpected.join(", ")));
        }
        if !self.misshaped.is_empty() {
            let shapes: Vec<_> = self
                .misshaped
                .iter()
                .map(|m| format!("{} expected {:?}, found {:?}", m.key, m.expected, m.found))
                .collect();
            parts.push(format!("misshaped {}", shapes.join(", ")));
        }
        f.write_str(&parts.join("; "))
    }
}

fn hex(bytes: &[u8]) -> String {
    let text: Vec<_> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    text.join(" ")
}

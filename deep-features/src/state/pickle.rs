//! An interpreter for the few pickle instructions of which `torch.save` builds a state dictionary.
//!
//! A pickle is a program for a stack machine. Python's own machine calls whatever the program names; this one knows
//! a closed list of names, none of which does anything: a call of `_rebuild_tensor_v2` becomes a [`Tensor`] record, a
//! persistent id becomes a [`StorageRef`] record. Every other name and instruction is refused.
//!
//! Values live in one vector and refer to each other by index, so no nesting, however deep, and no cycle can exhaust
//! the machine's stack.

use std::collections::HashMap;
use std::io::{BufRead, Read};

use super::Source;
use super::tensor::{ElementType, View};
use crate::error::{Error, PickleFault, Result};

/// A state dictionary of a VGG takes about 10 kB; this bounds what a hostile file can make us hold.
const LIMIT: u64 = 16 << 20;

/// Index of a value in the arena.
pub(super) type Id = usize;

/// What a program can build.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Mark,
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global),
    Storage(StorageRef),
    Tensor(Tensor),
}

/// The names a program may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Global {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    StorageType(ElementType),
}

/// A reference to raw data outside the pickle.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StorageRef {
    pub element: ElementType,
    pub key: String,
    pub elements: usize,
    /// The first element, for a storage that is a part of another.
    pub offset: usize,
}

/// A strided view of a storage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    pub storage: StorageRef,
    pub view: View,
}

/// What a program built.
#[derive(Debug)]
pub(super) struct Program {
    values: Vec<Value>,
    result: Id,
    /// Every storage that was referred to, in order of appearance, with its whole size.
    pub storages: Vec<StorageRef>,
}

impl Program {
    pub(super) fn result(&self) -> &Value {
        &self.values[self.result]
    }

    pub(super) fn value(&self, id: Id) -> &Value {
        &self.values[id]
    }

    /// The value under a text key of a dictionary.
    pub(super) fn lookup(&self, dict: &[(Id, Id)], key: &str) -> Option<&Value> {
        dict.iter()
            .find(|(k, _)| matches!(self.value(*k), Value::Text(t) if t == key))
            .map(|(_, v)| self.value(*v))
    }
}

/// Runs one pickle, up to its stop instruction, and leaves the reader behind it.
pub(super) fn run(
    source: &Source<'_>,
    reader: &mut impl BufRead,
    position: &mut u64,
) -> Result<Program> {
    let mut machine = Machine {
        reader,
        used: 0,
        values: Vec::new(),
        stack: Vec::new(),
        memo: HashMap::new(),
        storages: Vec::new(),
    };
    let outcome = machine.run();
    let start = *position;
    *position += machine.used;
    match outcome {
        Ok(result) => Ok(Program {
            values: machine.values,
            result,
            storages: machine.storages,
        }),
        Err(Stop::Fault(fault)) => Err(Error::Pickle {
            path: source.path.to_path_buf(),
            offset: start + machine.used,
            fault,
        }),
        Err(Stop::Io(error)) => Err(source.io(error)),
    }
}

enum Stop {
    Fault(PickleFault),
    Io(std::io::Error),
}

impl From<PickleFault> for Stop {
    fn from(fault: PickleFault) -> Self {
        Stop::Fault(fault)
    }
}

type Step<T> = std::result::Result<T, Stop>;

struct Machine<'r, R> {
    reader: &'r mut R,
    used: u64,
    values: Vec<Value>,
    stack: Vec<Id>,
    memo: HashMap<u32, Id>,
    storages: Vec<StorageRef>,
}

impl<R: BufRead> Machine<'_, R> {
    fn run(&mut self) -> Step<Id> {
        loop {
            let [opcode] = self.bytes()?;
            if opcode == b'.' {
                return self.pop();
            }
            self.step(opcode)?;
        }
    }

    fn step(&mut self, opcode: u8) -> Step<()> {
        match opcode {
            0x80 => self.protocol(),
            0x95 => self.bytes::<8>().map(|_| ()),
            b'(' => self.push(Value::Mark),
            b'}' => self.push(Value::Dict(Vec::new())),
            b']' => self.push(Value::List(Vec::new())),
            b')' => self.push(Value::Tuple(Vec::new())),
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'J' | b'K' | b'M' | 0x8a => self.integer(opcode),
            b'G' => {
                let value = f64::from_be_bytes(self.bytes()?);
                self.push(Value::Float(value))
            }
            b'X' | b'T' | b'U' | 0x8c => self.text(opcode),
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Tuple(items))
            }
            0x85..=0x87 => self.short_tuple(usize::from(opcode - 0x84)),
            b'q' | b'r' | 0x94 => self.store(opcode),
            b'h' | b'j' => self.recall(opcode),
            b'c' => self.global_line(),
            0x93 => self.global_stack(),
            b'Q' => self.persistent(),
            b'R' => self.call(),
            b'b' => self.build(),
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.extend_dict(&[key, value])
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.extend_dict(&items)
            }
            b'a' => {
                let item = self.pop()?;
                self.extend_list(&[item])
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.extend_list(&items)
            }
            _ => Err(PickleFault::Opcode { opcode }.into()),
        }
    }

    fn protocol(&mut self) -> Step<()> {
        let [found] = self.bytes()?;
        if (2..=5).contains(&found) {
            Ok(())
        } else {
            Err(PickleFault::Protocol { found }.into())
        }
    }

    fn integer(&mut self, opcode: u8) -> Step<()> {
        let value = match opcode {
            b'J' => i64::from(i32::from_le_bytes(self.bytes()?)),
            b'K' => i64::from(self.bytes::<1>()?[0]),
            b'M' => i64::from(u16::from_le_bytes(self.bytes()?)),
            _ => {
                let length = usize::from(self.bytes::<1>()?[0]);
                if length > 8 {
                    return Err(PickleFault::IntegerTooLong { bytes: length }.into());
                }
                let digits = self.slice(length)?;
                let fill = if digits.last().is_some_and(|b| b & 0x80 != 0) {
                    0xff
                } else {
                    0
                };
                let mut wide = [fill; 8];
                wide[..length].copy_from_slice(&digits);
                i64::from_le_bytes(wide)
            }
        };
        self.push(Value::Int(value))
    }

    /// Unicode text; also the byte strings that Python 2 wrote for keys.
    fn text(&mut self, opcode: u8) -> Step<()> {
        let length = match opcode {
            b'X' | b'T' => u32::from_le_bytes(self.bytes()?) as usize,
            _ => usize::from(self.bytes::<1>()?[0]),
        };
        let bytes = self.slice(length)?;
        let text = String::from_utf8(bytes).map_err(|_| PickleFault::Text)?;
        self.push(Value::Text(text))
    }

    fn short_tuple(&mut self, length: usize) -> Step<()> {
        let start = self
            .stack
            .len()
            .checked_sub(length)
            .ok_or(PickleFault::StackUnderflow)?;
        let items = self.stack.split_off(start);
        self.push(Value::Tuple(items))
    }

    fn store(&mut self, opcode: u8) -> Step<()> {
        let index = match opcode {
            b'q' => u32::from(self.bytes::<1>()?[0]),
            b'r' => u32::from_le_bytes(self.bytes()?),
            _ => self.memo.len() as u32,
        };
        let top = *self.stack.last().ok_or(PickleFault::StackUnderflow)?;
        self.memo.insert(index, top);
        Ok(())
    }

    fn recall(&mut self, opcode: u8) -> Step<()> {
        let index = match opcode {
            b'h' => u32::from(self.bytes::<1>()?[0]),
            _ => u32::from_le_bytes(self.bytes()?),
        };
        let id = *self.memo.get(&index).ok_or(PickleFault::Memo { index })?;
        self.stack.push(id);
        Ok(())
    }

    fn global_line(&mut self) -> Step<()> {
        let module = self.line()?;
        let name = self.line()?;
        self.push_global(module, name)
    }

    fn global_stack(&mut self) -> Step<()> {
        let (name, module) = (self.pop()?, self.pop()?);
        match (&self.values[module], &self.values[name]) {
            (Value::Text(module), Value::Text(name)) => {
                let (module, name) = (module.clone(), name.clone());
                self.push_global(module, name)
            }
            _ => Err(PickleFault::Kind {
                expected: "two names",
            }
            .into()),
        }
    }

    fn push_global(&mut self, module: String, name: String) -> Step<()> {
        match known_global(&module, &name) {
            Some(global) => self.push(Value::Global(global)),
            None => Err(PickleFault::Global { module, name }.into()),
        }
    }

    /// `('storage', type, key, location, elements[, view])`, with `view = None | (key, offset, elements)`.
    fn persistent(&mut self) -> Step<()> {
        let id = self.pop()?;
        let fault = PickleFault::Kind {
            expected: "a reference to a storage",
        };
        let Value::Tuple(items) = &self.values[id] else {
            return Err(fault.into());
        };
        let parts: Vec<&Value> = items.iter().map(|&i| &self.values[i]).collect();
        let (element, key, whole, view) = match parts.as_slice() {
            [
                Value::Text(tag),
                Value::Global(Global::StorageType(element)),
                Value::Text(key),
                _,
                Value::Int(n),
                rest @ ..,
            ] if tag == "storage" && rest.len() <= 1 => {
                (*element, key.clone(), *n, rest.first().copied())
            }
            _ => return Err(fault.into()),
        };
        let whole = usize::try_from(whole).map_err(|_| fault.clone())?;
        let (offset, elements) = match view {
            None | Some(Value::None) => (0, whole),
            Some(Value::Tuple(ids)) if ids.len() == 3 => {
                let count = |id: Id| match self.values[id] {
                    Value::Int(n) => usize::try_from(n).ok(),
                    _ => None,
                };
                match (count(ids[1]), count(ids[2])) {
                    (Some(offset), Some(n))
                        if offset.checked_add(n).is_some_and(|end| end <= whole) =>
                    {
                        (offset, n)
                    }
                    _ => return Err(fault.into()),
                }
            }
            Some(_) => return Err(fault.into()),
        };
        self.storages.push(StorageRef {
            element,
            key: key.clone(),
            elements: whole,
            offset: 0,
        });
        self.push(Value::Storage(StorageRef {
            element,
            key,
            elements,
            offset,
        }))
    }

    /// The three calls of a state dictionary. Their effect is a record.
    fn call(&mut self) -> Step<()> {
        let (arguments, callee) = (self.pop()?, self.pop()?);
        let Value::Global(global) = self.values[callee] else {
            return Err(PickleFault::Kind {
                expected: "a known function",
            }
            .into());
        };
        let refuse = PickleFault::Call {
            callee: format!("{global:?}"),
        };
        let Value::Tuple(items) = &self.values[arguments] else {
            return Err(refuse.into());
        };
        let parts: Vec<&Value> = items.iter().map(|&i| &self.values[i]).collect();
        let built = match (global, parts.as_slice()) {
            (Global::OrderedDict, []) => Value::Dict(Vec::new()),
            (
                Global::RebuildTensor,
                [
                    Value::Storage(storage),
                    Value::Int(offset),
                    shape,
                    stride,
                    ..,
                ],
            ) => {
                let offset = usize::try_from(*offset).ok();
                match (offset, self.sizes(shape), self.sizes(stride)) {
                    (Some(offset), Some(shape), Some(stride)) => Value::Tensor(Tensor {
                        storage: storage.clone(),
                        view: View {
                            offset,
                            shape,
                            stride,
                        },
                    }),
                    _ => return Err(refuse.into()),
                }
            }
            (Global::RebuildParameter, [Value::Tensor(tensor), ..]) => {
                Value::Tensor(tensor.clone())
            }
            _ => return Err(refuse.into()),
        };
        self.push(built)
    }

    fn sizes(&self, value: &Value) -> Option<Vec<usize>> {
        match value {
            Value::Tuple(items) => items
                .iter()
                .map(|&i| match self.values[i] {
                    Value::Int(n) => usize::try_from(n).ok(),
                    _ => None,
                })
                .collect(),
            _ => None,
        }
    }

    /// A module's state dictionary carries the versions of its layers as attributes. They are no tensors: dropped.
    fn build(&mut self) -> Step<()> {
        self.pop()?;
        match self.stack.last().map(|&top| &self.values[top]) {
            Some(Value::Dict(_)) => Ok(()),
            _ => Err(PickleFault::Kind {
                expected: "a dictionary to attach attributes to",
            }
            .into()),
        }
    }

    fn extend_dict(&mut self, items: &[Id]) -> Step<()> {
        if !items.len().is_multiple_of(2) {
            return Err(PickleFault::StackUnderflow.into());
        }
        let pairs: Vec<_> = items
            .chunks_exact(2)
            .map(|pair| (pair[0], pair[1]))
            .collect();
        match self.top_value()? {
            Value::Dict(entries) => {
                entries.extend(pairs);
                Ok(())
            }
            _ => Err(PickleFault::Kind {
                expected: "a dictionary",
            }
            .into()),
        }
    }

    fn extend_list(&mut self, items: &[Id]) -> Step<()> {
        match self.top_value()? {
            Value::List(entries) => {
                entries.extend_from_slice(items);
                Ok(())
            }
            _ => Err(PickleFault::Kind { expected: "a list" }.into()),
        }
    }

    fn top_value(&mut self) -> Step<&mut Value> {
        let top = *self.stack.last().ok_or(PickleFault::StackUnderflow)?;
        Ok(&mut self.values[top])
    }

    fn push(&mut self, value: Value) -> Step<()> {
        self.stack.push(self.values.len());
        self.values.push(value);
        Ok(())
    }

    /// The top value. A mark is no value: taking one means that the program is damaged.
    fn pop(&mut self) -> Step<Id> {
        match self.stack.pop() {
            Some(id) if self.values[id] != Value::Mark => Ok(id),
            _ => Err(PickleFault::StackUnderflow.into()),
        }
    }

    fn pop_to_mark(&mut self) -> Step<Vec<Id>> {
        let mark = self
            .stack
            .iter()
            .rposition(|&id| self.values[id] == Value::Mark);
        let mark = mark.ok_or(PickleFault::StackUnderflow)?;
        let items = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(items)
    }

    fn bytes<const N: usize>(&mut self) -> Step<[u8; N]> {
        self.charge(N)?;
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(truncated)?;
        Ok(bytes)
    }

    fn slice(&mut self, length: usize) -> Step<Vec<u8>> {
        self.charge(length)?;
        let mut bytes = Vec::new();
        let read = self
            .reader
            .by_ref()
            .take(length as u64)
            .read_to_end(&mut bytes)
            .map_err(Stop::Io)?;
        if read == length {
            Ok(bytes)
        } else {
            Err(PickleFault::Truncated.into())
        }
    }

    fn line(&mut self) -> Step<String> {
        const LONGEST_NAME: u64 = 256;
        let mut bytes = Vec::new();
        self.reader
            .by_ref()
            .take(LONGEST_NAME)
            .read_until(b'\n', &mut bytes)
            .map_err(Stop::Io)?;
        self.charge(bytes.len())?;
        if bytes.pop() != Some(b'\n') {
            return Err(PickleFault::Truncated.into());
        }
        String::from_utf8(bytes).map_err(|_| PickleFault::Text.into())
    }

    fn charge(&mut self, bytes: usize) -> Step<()> {
        self.used = self.used.saturating_add(bytes as u64);
        if self.used > LIMIT {
            Err(PickleFault::TooLong { limit: LIMIT }.into())
        } else {
            Ok(())
        }
    }
}

fn truncated(error: std::io::Error) -> Stop {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => PickleFault::Truncated.into(),
        _ => Stop::Io(error),
    }
}

fn known_global(module: &str, name: &str) -> Option<Global> {
    Some(match (module, name) {
        ("collections", "OrderedDict") => Global::OrderedDict,
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Global::RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => Global::RebuildParameter,
        ("torch", storage) => Global::StorageType(match storage {
            "FloatStorage" => ElementType::F32,
            "DoubleStorage" => ElementType::F64,
            "HalfStorage" => ElementType::F16,
            "BFloat16Storage" => ElementType::Bf16,
            "ByteStorage" => ElementType::U8,
            "CharStorage" => ElementType::I8,
            "ShortStorage" => ElementType::I16,
            "IntStorage" => ElementType::I32,
            "LongStorage" => ElementType::I64,
            "BoolStorage" => ElementType::Bool,
            _ => return None,
        }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::path::Path;

    use super::*;

    fn run_bytes(bytes: &[u8]) -> std::result::Result<Program, PickleFault> {
        let source = Source {
            path: Path::new("test"),
            length: bytes.len() as u64,
        };
        run(&source, &mut Cursor::new(bytes), &mut 0).map_err(|e| match e {
            Error::Pickle { fault, .. } => fault,
            other => panic!("expected a pickle fault, got {other}"),
        })
    }

    #[test]
    fn integers() {
        for (bytes, expected) in [
            (&b"\x80\x02K\xff."[..], 255),
            (b"\x80\x02M\xff\xff.", 65535),
            (b"\x80\x02J\xff\xff\xff\xff.", -1),
            (b"\x80\x02\x8a\x00.", 0),
            (b"\x80\x02\x8a\x01\xff.", -1),
            (b"\x80\x02\x8a\x02\xff\x00.", 255),
            (
                b"\x80\x02\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80.",
                i64::MIN,
            ),
        ] {
            assert_eq!(
                *run_bytes(bytes).expect("an integer").result(),
                Value::Int(expected)
            );
        }
    }

    #[test]
    fn code_is_refused() {
        let attack = b"\x80\x02cos\nsystem\nq\x00X\x04\x00\x00\x00trueq\x01\x85q\x02R.";
        let fault = run_bytes(attack).expect_err("a call of the system");
        assert_eq!(
            fault,
            PickleFault::Global {
                module: "os".to_string(),
                name: "system".to_string()
            }
        );
        let stacked = b"\x80\x04\x8c\x02os\x8c\x06system\x93.";
        assert!(matches!(
            run_bytes(stacked),
            Err(PickleFault::Global { .. })
        ));
        let builtin = b"\x80\x02c__builtin__\neval\n.";
        assert!(matches!(
            run_bytes(builtin),
            Err(PickleFault::Global { .. })
        ));
    }

    #[test]
    fn damaged_programs_are_faults() {
        use PickleFault as F;
        for (bytes, expected) in [
            (&b""[..], F::Truncated),
            (b"\x80", F::Truncated),
            (b"\x80\x01.", F::Protocol { found: 1 }),
            (b"\x80\x02.", F::StackUnderflow),
            (b"\x80\x02(.", F::StackUnderflow),
            (b"\x80\x02t.", F::StackUnderflow),
            (b"\x80\x02K\x01K\x02\x87.", F::StackUnderflow),
            (b"\x80\x02h\x07.", F::Memo { index: 7 }),
            (b"\x80\x02X\xff\xff\x00\x00abc.", F::Truncated),
            (
                b"\x80\x02X\xff\xff\xff\xffabc.",
                F::TooLong { limit: LIMIT },
            ),
            (b"\x80\x02U\x02\xff\xfe.", F::Text),
            (
                b"\x80\x02\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00.",
                F::IntegerTooLong { bytes: 9 },
            ),
            (b"\x80\x02i.", F::Opcode { opcode: b'i' }),
            (b"\x80\x02o.", F::Opcode { opcode: b'o' }),
            (b"\x80\x02\x81.", F::Opcode { opcode: 0x81 }),
            (b"\x80\x02ccollections\nOrderedDict", F::Truncated),
            (b"\x80\x02]K\x01s.", F::StackUnderflow),
            (
                b"\x80\x02K\x01K\x02K\x03s.",
                F::Kind {
                    expected: "a dictionary",
                },
            ),
            (b"\x80\x02}(K\x01u.", F::StackUnderflow),
            (
                b"\x80\x02NQ.",
                F::Kind {
                    expected: "a reference to a storage",
                },
            ),
            (
                b"\x80\x02K\x01)R.",
                F::Kind {
                    expected: "a known function",
                },
            ),
        ] {
            assert_eq!(
                run_bytes(bytes)
                    .map(|p| p.result().clone())
                    .expect_err("a fault"),
                expected,
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn deep_nesting_and_cycles_do_no_harm() {
        let mut nested = b"\x80\x02)".to_vec();
        nested.extend(std::iter::repeat_n(0x85, 1_000_000));
        nested.push(b'.');
        assert!(matches!(
            run_bytes(&nested).expect("nested tuples").result(),
            Value::Tuple(_)
        ));
        let cycle = b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.";
        assert!(matches!(
            run_bytes(cycle).expect("a dictionary in itself").result(),
            Value::Dict(_)
        ));
    }
}

//! Deflated data: gzip and zlib, unpacked within bounds.

use std::io::{Read, Result as IoResult, copy, sink};
use std::ops::Range;

use flate2::bufread::{GzDecoder, ZlibDecoder};

use super::Source;
use super::samples::exact;
use crate::error::{Error, Result};

/// Deflate cannot shrink data by more than about 1032:1.
const MAX_DEFLATE_RATIO: u64 = 1032;

/// First bytes of gzip data.
pub(super) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How data are packed.
#[derive(Debug, Clone, Copy)]
enum Method {
    /// Of one or several members; what follows the last is ignored, as gzip does.
    Gzip,
    Zlib,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
        }
    }
}

/// The packed voxels of a file. Where the data end as expected their checksum is verified.
pub(super) struct Packed {
    source: Source,
    method: Method,
    file: Vec<u8>,
    /// Where in the file the packed data are.
    range: Range<usize>,
    /// How many of the unpacked bytes come before the voxels.
    skip: usize,
}

impl Packed {
    pub(super) fn gzip(source: &Source, file: Vec<u8>, range: Range<usize>) -> Self {
        Self {
            source: source.clone(),
            method: Method::Gzip,
            file,
            range,
            skip: 0,
        }
    }

    /// Zlib data, or gzip data if they have its mark: writers of MetaImage use both.
    pub(super) fn zlib_or_gzip(source: &Source, file: Vec<u8>, range: Range<usize>) -> Self {
        let is_gzip = file[range.clone()].starts_with(&GZIP_MAGIC);
        Self {
            method: if is_gzip { Method::Gzip } else { Method::Zlib },
            ..Self::gzip(source, file, range)
        }
    }

    /// The same with so many bytes before the voxels.
    pub(super) fn skipping(self, skip: usize) -> Self {
        Self { skip, ..self }
    }

    fn bytes(&self) -> &[u8] {
        &self.file[self.range.clone()]
    }

    /// No more than images usually shrink by: room for `n` bytes that a header promises.
    pub(super) fn room(&self, n: usize) -> usize {
        n.min(self.bytes().len().saturating_mul(4))
    }

    /// The `n` bytes of the voxels.
    pub(super) fn unpacked(&self, n: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(self.room(n));
        self.visit(n, |part| bytes.extend_from_slice(part))?;
        Ok(bytes)
    }

    /// Visits the `n` bytes of the voxels in parts, all but the last of which have a multiple of 8 bytes.
    pub(super) fn visit(&self, n: usize, mut visit: impl FnMut(&[u8])) -> Result<()> {
        const PART: usize = 1 << 16;
        let source = &self.source;
        check_ratio(source, self.bytes(), n.saturating_add(self.skip))?;
        let mut unpacker = Unpacker::new(self.bytes(), self.method);
        let damaged = |e| damaged(source, self.method, &e);
        copy(&mut (&mut unpacker).take(self.skip as u64), &mut sink()).map_err(damaged)?;
        let mut part = vec![0; PART];
        let mut found = 0;
        while found < n {
            let wanted = PART.min(n - found);
            let length = fill(&mut unpacker, &mut part[..wanted]).map_err(damaged)?;
            visit(&part[..length]);
            found += length;
            if length < wanted {
                exact(source, found, n)?;
            }
        }
        // Reading on where the data end as promised makes the decoder verify their checksum.
        fill(&mut unpacker, &mut part[..1]).map_err(damaged)?;
        Ok(())
    }
}

/// Unpacks `n` bytes of gzip data, or all of them if there are fewer.
pub(super) fn gunzip_head(source: &Source, packed: &[u8], n: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(n.saturating_add(1).min(packed.len().saturating_mul(4)));
    Unpacker::new(packed, Method::Gzip)
        .take((n as u64).saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| damaged(source, Method::Gzip, &e))?;
    bytes.truncate(n);
    Ok(bytes)
}

fn damaged(source: &Source, method: Method, error: &std::io::Error) -> Error {
    source.malformed(format!("the {} data are damaged: {error}", method.name()))
}

/// Reads until a buffer is full or there is no more.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> IoResult<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

fn check_ratio(source: &Source, packed: &[u8], n: usize) -> Result<()> {
    let found = packed.len();
    if n as u64 > (found as u64).saturating_mul(MAX_DEFLATE_RATIO) {
        return Err(source.malformed(format!(
            "the header promises {n} bytes of voxels, more than {found} compressed bytes can hold"
        )));
    }
    Ok(())
}

/// Packed data as a stream of what they hold.
enum Unpacker<'a> {
    Gzip(GzDecoder<&'a [u8]>),
    Zlib(ZlibDecoder<&'a [u8]>),
}

impl<'a> Unpacker<'a> {
    fn new(packed: &'a [u8], method: Method) -> Self {
        match method {
            Method::Gzip => Self::Gzip(GzDecoder::new(packed)),
            Method::Zlib => Self::Zlib(ZlibDecoder::new(packed)),
        }
    }
}

impl Read for Unpacker<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let member = match self {
            Self::Zlib(decoder) => return decoder.read(buffer),
            Self::Gzip(member) => member,
        };
        loop {
            let n = member.read(buffer)?;
            let rest: &[u8] = member.get_ref();
            if n > 0 || buffer.is_empty() || !rest.starts_with(&GZIP_MAGIC) {
                return Ok(n);
            }
            *member = GzDecoder::new(rest);
        }
    }
}

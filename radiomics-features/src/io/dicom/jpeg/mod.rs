//! JPEG as DICOM packs frames (ITU T.81): sequential Huffman coding with a discrete cosine transform of 8 or 12 bits, and
//! lossless coding of 2 to 16 bits.
//!
//! Transform, upsampling and rounding are those of the Independent JPEG Group's library with its accurate integer transform,
//! which SimpleITK uses, so lossy frames are the same numbers, too.

mod bits;
mod dct;
mod lossless;

use self::bits::Huffman;
use super::pixels::Layout;
use crate::error::{Error, Result};
use crate::io::Source;

/// The samples of a frame, channels of each pixel side by side. Colors are those that were coded: what they mean is the file's
/// business, not that of the markers of JFIF or Adobe.
pub(super) fn unpack(source: &Source, bytes: &[u8], layout: &Layout) -> Result<Vec<u32>> {
    let mut decoder = Decoder::new(source, bytes);
    decoder.run(layout)?;
    decoder.finish()
}

/// One channel of a frame.
#[derive(Debug, Clone, Default)]
struct Component {
    id: u8,
    /// Samples of this channel in a unit of interleaved coding, along x and y.
    horizontal: usize,
    vertical: usize,
    quantization: usize,
    /// Size of the channel, and of the plane that holds whole blocks of it.
    width: usize,
    height: usize,
    stride: usize,
    plane: Vec<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Process {
    Transform,
    Lossless,
}

/// The header of a frame.
struct Frame {
    process: Process,
    precision: u32,
    width: usize,
    height: usize,
    components: Vec<Component>,
    /// The largest sampling factors.
    horizontal: usize,
    vertical: usize,
}

/// A channel of a scan: its place in the frame and its tables.
#[derive(Debug, Clone, Copy)]
struct Channel {
    component: usize,
    dc: usize,
    ac: usize,
}

struct Scan {
    channels: Vec<Channel>,
    /// Which prediction, in lossless coding.
    predictor: u8,
    /// Bits cut off below, in lossless coding.
    shift: u32,
}

struct Decoder<'a> {
    source: &'a Source,
    bytes: &'a [u8],
    at: usize,
    frame: Option<Frame>,
    quantization: [Option<[u16; 64]>; 4],
    dc: [Option<Huffman>; 4],
    ac: [Option<Huffman>; 4],
    restart_interval: usize,
}

impl<'a> Decoder<'a> {
    fn new(source: &'a Source, bytes: &'a [u8]) -> Self {
        Self {
            source,
            bytes,
            at: 0,
            frame: None,
            quantization: [None; 4],
            dc: [const { None }; 4],
            ac: [const { None }; 4],
            restart_interval: 0,
        }
    }

    fn damaged(&self, problem: impl std::fmt::Display) -> Error {
        self.source
            .malformed(format!("the JPEG data are damaged: {problem}"))
    }

    /// Reads segments up to the end of the image.
    fn run(&mut self, layout: &Layout) -> Result<()> {
        const START: u8 = 0xD8;
        const END: u8 = 0xD9;
        const SCAN: u8 = 0xDA;
        if self.marker()? != START {
            return Err(self.damaged("expected the mark of its start"));
        }
        loop {
            // Where the end is cut off after the last scan, nothing is missing.
            if self.at >= self.bytes.len() && self.is_complete() {
                return Ok(());
            }
            match self.marker()? {
                END => return Ok(()),
                0xD0..=0xD7 | 0x01 => {}
                SCAN => {
                    let segment = self.segment()?;
                    self.scan(segment)?;
                }
                marker => {
                    let segment = self.segment()?;
                    self.table_or_frame(marker, segment, layout)?;
                }
            }
        }
    }

    fn is_complete(&self) -> bool {
        let frame = self.frame.as_ref();
        frame.is_some_and(|f| f.components.iter().all(|c| !c.plane.is_empty()))
    }

    /// The next marker; what stands before it is skipped.
    fn marker(&mut self) -> Result<u8> {
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            if byte != 0xFF {
                continue;
            }
            match self.bytes.get(self.at) {
                Some(0 | 0xFF) => {}
                Some(&marker) => {
                    self.at += 1;
                    return Ok(marker);
                }
                None => break,
            }
        }
        Err(self.damaged("it ends before its end mark"))
    }

    /// The body of a segment.
    fn segment(&mut self) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let length = rest
            .first_chunk::<2>()
            .map(|&b| usize::from(u16::from_be_bytes(b)));
        match length.and_then(|length| rest.get(2..length)) {
            Some(body) => {
                self.at += 2 + body.len();
                Ok(body)
            }
            None => Err(self.damaged(format!(
                "a segment promises {} bytes, found {}",
                length.unwrap_or(2),
                rest.len()
            ))),
        }
    }

    fn table_or_frame(&mut self, marker: u8, segment: &[u8], layout: &Layout) -> Result<()> {
        match marker {
            0xC0 | 0xC1 => self.frame(segment, Process::Transform, layout),
            0xC3 => self.frame(segment, Process::Lossless, layout),
            0xC2 => Err(self.source.unsupported("progressive JPEG")),
            0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => Err(self
                .source
                .unsupported("hierarchical or arithmetic coding of JPEG")),
            0xC4 => self.huffman_tables(segment),
            0xDB => self.quantization_tables(segment),
            0xDD => match segment.first_chunk::<2>() {
                Some(&interval) => {
                    self.restart_interval = usize::from(u16::from_be_bytes(interval));
                    Ok(())
                }
                None => Err(self.damaged("the restart interval is cut off")),
            },
            _ => Ok(()),
        }
    }

    fn frame(&mut self, segment: &[u8], process: Process, layout: &Layout) -> Result<()> {
        if self.frame.is_some() {
            return Err(self.damaged("it has a second frame header"));
        }
        let (Some(&[precision, h1, h0, w1, w0, n]), Some(rest)) =
            (segment.first_chunk::<6>(), segment.get(6..))
        else {
            return Err(self.damaged("the frame header is cut off"));
        };
        let height = usize::from(u16::from_be_bytes([h1, h0]));
        let width = usize::from(u16::from_be_bytes([w1, w0]));
        let n = usize::from(n);
        if (height, width, n) != (layout.rows, layout.columns, layout.samples) {
            return Err(self.source.malformed(format!(
                "the JPEG frame has {height} × {width} pixels of {n} samples, expected {} × {} of {}",
                layout.rows, layout.columns, layout.samples
            )));
        }
        let precision = u32::from(precision);
        let possible = match process {
            Process::Transform => matches!(precision, 8 | 12),
            Process::Lossless => (2..=16).contains(&precision),
        };
        if !possible || precision > u32::from(layout.allocated) {
            return Err(self.source.malformed(format!(
                "the JPEG frame has {precision} bits a sample, which does not fit its coding or BitsAllocated, {}",
                layout.allocated
            )));
        }
        // A block of 64 takes at least two bits, a lossless sample at least one.
        let most = match process {
            Process::Transform => self.bytes.len().saturating_mul(256),
            Process::Lossless => self.bytes.len().saturating_mul(8),
        };
        if width * height > most {
            return Err(self.damaged(format!(
                "{} bytes cannot hold {height} × {width} pixels",
                self.bytes.len()
            )));
        }
        let components = self.components(rest, n, process)?;
        let horizontal = components.iter().map(|c| c.horizontal).max().unwrap_or(1);
        let vertical = components.iter().map(|c| c.vertical).max().unwrap_or(1);
        let mut frame = Frame {
            process,
            precision,
            width,
            height,
            components,
            horizontal,
            vertical,
        };
        for component in &mut frame.components {
            component.width = (width * component.horizontal).div_ceil(horizontal);
            component.height = (height * component.vertical).div_ceil(vertical);
        }
        self.frame = Some(frame);
        Ok(())
    }

    fn components(&self, bytes: &[u8], n: usize, process: Process) -> Result<Vec<Component>> {
        let (triples, _) = bytes.as_chunks::<3>();
        let mut components = Vec::new();
        for &[id, sampling, quantization] in triples.iter().take(n) {
            let (horizontal, vertical) = (usize::from(sampling >> 4), usize::from(sampling & 15));
            let factors = 1..=if process == Process::Lossless { 1 } else { 4 };
            if !factors.contains(&horizontal) || !factors.contains(&vertical) || quantization > 3 {
                return Err(self.damaged(format!(
                    "channel {id} has the sampling factors {horizontal} and {vertical} and quantization table {quantization}"
                )));
            }
            components.push(Component {
                id,
                horizontal,
                vertical,
                quantization: usize::from(quantization),
                ..Component::default()
            });
        }
        if components.len() < n {
            return Err(self.damaged("the frame header is cut off"));
        }
        Ok(components)
    }

    fn quantization_tables(&mut self, mut segment: &[u8]) -> Result<()> {
        while let Some((&head, rest)) = segment.split_first() {
            let (wide, table) = (head >> 4, usize::from(head & 15));
            let size = if wide == 0 { 64 } else { 128 };
            let Some((values, rest)) = rest.split_at_checked(size) else {
                return Err(self.damaged("a quantization table is cut off"));
            };
            if table > 3 || wide > 1 {
                return Err(self.damaged(format!("quantization table {table} of kind {wide}")));
            }
            let mut entries = [0; 64];
            for (i, entry) in entries.iter_mut().enumerate() {
                *entry = match wide {
                    0 => u16::from(values[i]),
                    _ => u16::from_be_bytes([values[2 * i], values[2 * i + 1]]),
                };
            }
            self.quantization[table] = Some(entries);
            segment = rest;
        }
        Ok(())
    }

    fn huffman_tables(&mut self, mut segment: &[u8]) -> Result<()> {
        while let Some((&head, rest)) = segment.split_first() {
            let (class, table) = (head >> 4, usize::from(head & 15));
            let Some((counts, rest)) = rest.split_first_chunk::<16>() else {
                return Err(self.damaged("a code table is cut off"));
            };
            let n = counts.iter().map(|&c| usize::from(c)).sum();
            let Some((values, rest)) = rest.split_at_checked(n) else {
                return Err(self.damaged("a code table is cut off"));
            };
            if class > 1 || table > 3 {
                return Err(self.damaged(format!("code table {table} of class {class}")));
            }
            let huffman = Huffman::new(counts, values)
                .ok_or_else(|| self.damaged("a code table has more codes than fit"))?;
            let tables = if class == 0 {
                &mut self.dc
            } else {
                &mut self.ac
            };
            tables[table] = Some(huffman);
            segment = rest;
        }
        Ok(())
    }

    fn scan(&mut self, segment: &[u8]) -> Result<()> {
        let Some(mut frame) = self.frame.take() else {
            return Err(self.damaged("a scan comes before the frame header"));
        };
        let scan = self.scan_header(segment, &frame)?;
        match frame.process {
            Process::Transform => dct::scan(self, &mut frame, &scan)?,
            Process::Lossless => lossless::scan(self, &mut frame, &scan)?,
        }
        self.frame = Some(frame);
        Ok(())
    }

    fn scan_header(&self, segment: &[u8], frame: &Frame) -> Result<Scan> {
        let cut_off = || self.damaged("a scan header is cut off");
        let (&n, rest) = segment.split_first().ok_or_else(cut_off)?;
        let n = usize::from(n);
        let (channels, rest) = rest.split_at_checked(2 * n).ok_or_else(cut_off)?;
        let &[predictor, _, approximation] = rest.first_chunk::<3>().ok_or_else(cut_off)?;
        let (pairs, _) = channels.as_chunks::<2>();
        let mut found: Vec<Channel> = Vec::new();
        for &[id, tables] in pairs {
            let component = frame.components.iter().position(|c| c.id == id);
            let component = component.filter(|&c| frame.components[c].plane.is_empty());
            let component = component.filter(|&c| found.iter().all(|f| f.component != c));
            let Some(component) = component else {
                return Err(
                    self.damaged(format!("a scan has channel {id}, which is unknown or done"))
                );
            };
            let (dc, ac) = (usize::from(tables >> 4), usize::from(tables & 15));
            if dc > 3 || ac > 3 {
                return Err(self.damaged(format!("channel {id} uses code tables {dc} and {ac}")));
            }
            found.push(Channel { component, dc, ac });
        }
        if found.is_empty() {
            return Err(self.damaged("a scan has no channel"));
        }
        Ok(Scan {
            channels: found,
            predictor,
            shift: u32::from(approximation & 15),
        })
    }

    /// All channels of all pixels, in full size.
    fn finish(mut self) -> Result<Vec<u32>> {
        let Some(frame) = self.frame.take() else {
            return Err(self.damaged("it has no frame"));
        };
        let n = frame.components.len();
        let mut samples = vec![0; frame.width * frame.height * n];
        for (channel, component) in frame.components.iter().enumerate() {
            if component.plane.is_empty() {
                return Err(self.damaged(format!("channel {} has no scan", component.id)));
            }
            let Some(rows) = dct::Upsampled::new(component, &frame) else {
                return Err(self.source.unsupported(format!(
                    "JPEG with sampling factors {} of {} and {} of {}",
                    component.horizontal, frame.horizontal, component.vertical, frame.vertical
                )));
            };
            let mut line = vec![0; frame.width];
            for (y, pixels) in samples.chunks_exact_mut(frame.width * n).enumerate() {
                rows.row(y, &mut line);
                for (sample, &value) in pixels.iter_mut().skip(channel).step_by(n).zip(&line) {
                    *sample = u32::from(value);
                }
            }
        }
        Ok(samples)
    }
}

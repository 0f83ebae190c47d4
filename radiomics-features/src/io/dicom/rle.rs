//! Run lengths of bytes (PS3.5, annex G): one segment for every byte of every sample, the most significant first.

use super::pixels::Layout;
use crate::error::Result;
use crate::io::Source;

/// The samples of a frame, channels of each pixel side by side.
pub(super) fn unpack(source: &Source, bytes: &[u8], layout: &Layout) -> Result<Vec<u32>> {
    let sample_bytes = usize::from(layout.allocated / 8);
    let n_segments = layout.samples * sample_bytes;
    let number = |i: usize| -> Option<u32> {
        let word = bytes.get(4 * i..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*word))
    };
    if number(0) != Some(n_segments as u32) {
        let found = number(0).map_or("none".into(), |n| n.to_string());
        return Err(source.malformed(format!(
            "expected {n_segments} segments of run lengths, found {found}"
        )));
    }
    let n = layout.pixels();
    // A run of two bytes stands for at most 128.
    let most = bytes.len().saturating_mul(64);
    if n.saturating_mul(n_segments) > most {
        return Err(source.malformed(format!(
            "expected {} packed bytes, but {} bytes of run lengths can hold no more than {most}",
            n * n_segments,
            bytes.len()
        )));
    }
    let mut samples = vec![0u32; n * layout.samples];
    let mut plane = Vec::new();
    for segment in 0..n_segments {
        let start = number(1 + segment).unwrap_or(u32::MAX) as usize;
        let end = if segment + 1 < n_segments {
            number(2 + segment).unwrap_or(u32::MAX) as usize
        } else {
            bytes.len()
        };
        let Some(packed) = bytes.get(start..end) else {
            let found = bytes.len();
            return Err(source.malformed(format!(
                "segment {segment} of run lengths reaches from byte {start} to {end} of {found}"
            )));
        };
        plane.clear();
        runs(packed, n, &mut plane);
        if plane.len() < n {
            let found = plane.len();
            return Err(source.malformed(format!(
                "segment {segment} of run lengths holds {found} bytes, expected {n}"
            )));
        }
        let channel = segment / sample_bytes;
        let pixels = samples.iter_mut().skip(channel).step_by(layout.samples);
        for (sample, &byte) in pixels.zip(&plane) {
            *sample = *sample << 8 | u32::from(byte);
        }
    }
    Ok(samples)
}

/// The first `n` bytes of run lengths, or as many as there are.
fn runs(packed: &[u8], n: usize, plane: &mut Vec<u8>) {
    let mut rest = packed;
    while let (&[control, ref tail @ ..], true) = (rest, plane.len() < n) {
        rest = tail;
        let left = n - plane.len();
        match control {
            0..=127 => {
                let length = (usize::from(control) + 1).min(rest.len());
                plane.extend_from_slice(&rest[..length.min(left)]);
                rest = &rest[length..];
            }
            129..=255 => {
                let Some((&byte, tail)) = rest.split_first() else {
                    return;
                };
                let length = 257 - usize::from(control);
                plane.resize(plane.len() + length.min(left), byte);
                rest = tail;
            }
            // Says nothing.
            128 => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_and_repeated_runs_are_unpacked() {
        let mut plane = Vec::new();
        // Three literal bytes, a repeat of 4, a control without meaning, a repeat cut short by the wanted length.
        runs(&[2, 10, 11, 12, 253, 7, 128, 255, 9], 8, &mut plane);
        assert_eq!(plane, [10, 11, 12, 7, 7, 7, 7, 9]);
    }
}

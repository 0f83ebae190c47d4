//! Lossless coding: every sample is predicted from its neighbors, and the difference is coded (T.81, annex H).

use super::bits::{Bits, Huffman};
use super::{Decoder, Frame, Scan};
use crate::error::Result;

pub(super) fn scan(decoder: &mut Decoder<'_>, frame: &mut Frame, scan: &Scan) -> Result<()> {
    if !(1..=7).contains(&scan.predictor) || scan.shift >= frame.precision {
        return Err(decoder.damaged(format!(
            "prediction {} with {} of {} bits cut off",
            scan.predictor, scan.shift, frame.precision
        )));
    }
    let interval = decoder.restart_interval;
    if !interval.is_multiple_of(frame.width) {
        return Err(decoder.damaged(format!(
            "a restart interval of {interval} pixels, expected whole rows of {}",
            frame.width
        )));
    }
    let mut tables = Vec::with_capacity(scan.channels.len());
    for channel in &scan.channels {
        let table = decoder.dc[channel.dc].as_ref();
        tables.push(
            table.ok_or_else(|| decoder.damaged("a scan uses a code table that is missing"))?,
        );
    }
    let mut planes = vec![vec![0u16; frame.width * frame.height]; tables.len()];
    let mut bits = Bits::new(decoder.bytes, decoder.at);
    let rows_to_restart = interval / frame.width;
    let mut first_row = 0;
    for y in 0..frame.height {
        if rows_to_restart > 0 && y > 0 && y.is_multiple_of(rows_to_restart) {
            let number = y / rows_to_restart - 1;
            bits.restart(number)
                .ok_or_else(|| decoder.damaged(format!("restart marker {number} is missing")))?;
            first_row = y;
        }
        row(&mut bits, &tables, &mut planes, frame, scan, (y, first_row))
            .ok_or_else(|| decoder.damaged(format!("no code in row {y}")))?;
    }
    decoder.at = bits.position();
    for (channel, mut plane) in scan.channels.iter().zip(planes) {
        for sample in &mut plane {
            *sample <<= scan.shift;
        }
        let component = &mut frame.components[channel.component];
        component.stride = frame.width;
        component.plane = plane;
    }
    Ok(())
}

/// Decodes row `y` of all channels; the row `first_row` has no neighbors above.
fn row(
    bits: &mut Bits<'_>,
    tables: &[&Huffman],
    planes: &mut [Vec<u16>],
    frame: &Frame,
    scan: &Scan,
    (y, first_row): (usize, usize),
) -> Option<()> {
    let width = frame.width;
    // Sums are taken modulo 2^16.
    let start = 1u16 << (frame.precision - scan.shift - 1);
    for x in 0..width {
        let at = y * width + x;
        for (plane, table) in planes.iter_mut().zip(tables) {
            let difference = difference(bits, table)?;
            let prediction = match (x, y == first_row) {
                (0, true) => start,
                (_, true) => plane[at - 1],
                (0, false) => plane[at - width],
                _ => predict(
                    scan.predictor,
                    plane[at - 1],
                    plane[at - width],
                    plane[at - width - 1],
                ),
            };
            plane[at] = prediction.wrapping_add(difference);
        }
    }
    Some(())
}

/// A coded difference modulo 2^16.
fn difference(bits: &mut Bits<'_>, table: &Huffman) -> Option<u16> {
    match u32::from(bits.code(table)?) {
        16 => Some(1 << 15),
        length @ 0..=15 => Some(bits.signed(length)? as u16),
        _ => None,
    }
}

/// Prediction from the neighbors to the left, above, and above to the left.
fn predict(predictor: u8, left: u16, above: u16, corner: u16) -> u16 {
    let (a, b, c) = (i32::from(left), i32::from(above), i32::from(corner));
    let prediction = match predictor {
        1 => a,
        2 => b,
        3 => c,
        4 => a + b - c,
        5 => a + ((b - c) >> 1),
        6 => b + ((a - c) >> 1),
        _ => (a + b) >> 1,
    };
    prediction as u16
}

//! Codes of variable length in the entropy-coded part of a scan.

/// Bits of the table for short codes.
const SHORT: u32 = 9;

/// A table of Huffman codes.
pub(super) struct Huffman {
    /// Length and value of every code that the next bits may begin with; length 0 for long codes.
    short: Vec<(u8, u8)>,
    /// For every length the first code that is too large for it, and the place of a code's value less the code.
    limits: [(u32, i64); 17],
    values: Vec<u8>,
}

impl Huffman {
    /// From the number of codes of each length and their values; `None` if there are more codes than a length has.
    pub(super) fn new(counts: &[u8; 16], values: &[u8]) -> Option<Self> {
        let mut short = vec![(0, 0); 1 << SHORT];
        let mut limits = [(0, 0); 17];
        let mut code = 0u32;
        let mut place = 0usize;
        for (length, &count) in (1u32..=16).zip(counts) {
            let count = u32::from(count);
            if code + count > 1 << length {
                return None;
            }
            limits[length as usize] = (code + count, place as i64 - i64::from(code));
            for _ in 0..count {
                if length <= SHORT {
                    let first = (code << (SHORT - length)) as usize;
                    let entry = (length as u8, values[place]);
                    short[first..first + (1 << (SHORT - length))].fill(entry);
                }
                code += 1;
                place += 1;
            }
            code <<= 1;
        }
        Some(Self {
            short,
            limits,
            values: values.to_vec(),
        })
    }
}

/// Bits of a scan, most significant first, without the stuffing behind 255.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next bits, at the top.
    buffer: u64,
    n: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self {
            bytes,
            at,
            buffer: 0,
            n: 0,
        }
    }

    /// Where the marker stands that ends what was read.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn fill(&mut self) {
        while self.n <= 56 {
            let byte = match self.bytes.get(self.at..) {
                Some([0xFF, 0, ..]) => {
                    self.at += 2;
                    0xFF
                }
                // A marker, or the end.
                Some([0xFF, ..] | []) | None => return,
                Some(&[byte, ..]) => {
                    self.at += 1;
                    byte
                }
            };
            self.buffer |= u64::from(byte) << (56 - self.n);
            self.n += 8;
        }
    }

    /// The next bits as a number, `None` if there are not so many. At most 16.
    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        if count == 0 {
            return Some(0);
        }
        if self.n < count {
            self.fill();
            if self.n < count {
                return None;
            }
        }
        let value = (self.buffer >> (64 - count)) as u32;
        self.buffer <<= count;
        self.n -= count;
        Some(value)
    }

    /// The value of the next code.
    pub(super) fn code(&mut self, table: &Huffman) -> Option<u8> {
        if self.n < 16 {
            self.fill();
        }
        // Behind the end come zeros, which no code may use.
        let next = (self.buffer >> 48) as u32;
        let (length, value) = table.short[(next >> (16 - SHORT)) as usize];
        if length != 0 {
            self.take(u32::from(length))?;
            return Some(value);
        }
        for length in SHORT + 1..=16 {
            let code = next >> (16 - length);
            let (limit, offset) = table.limits[length as usize];
            if code < limit {
                self.take(length)?;
                let place = usize::try_from(i64::from(code) + offset).ok()?;
                return table.values.get(place).copied();
            }
        }
        None
    }

    /// A number of so many bits whose first bit is its sign (T.81, F.2.2.1).
    pub(super) fn signed(&mut self, count: u32) -> Option<i32> {
        if count == 0 {
            return Some(0);
        }
        let value = self.take(count)? as i32;
        let half = 1 << (count - 1);
        Some(if value < half {
            value - (half << 1) + 1
        } else {
            value
        })
    }

    /// Goes behind the restart marker with this number.
    pub(super) fn restart(&mut self, number: usize) -> Option<()> {
        self.buffer = 0;
        self.n = 0;
        while let Some([0xFF, 0xFF, ..]) = self.bytes.get(self.at..) {
            self.at += 1;
        }
        match self.bytes.get(self.at..) {
            Some(&[0xFF, marker, ..]) if usize::from(marker) == 0xD0 + number % 8 => {
                self.at += 2;
                Some(())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_signed_numbers_are_read() {
        // Codes 0, 10, 110 for 7, 8, 9 and sixteen bits 1111111111111110 for 5.
        let mut counts = [0; 16];
        (counts[0], counts[1], counts[2], counts[15]) = (1, 1, 1, 1);
        let table = Huffman::new(&counts, &[7, 8, 9, 5]).unwrap();
        // 110 0 10, then the long code 1110 0000 0000 0000 of length 16, then the three bits 011.
        let stream = [0b1100_1011, 0b1000_0000, 0b0000_0001, 0b1000_0000];
        let mut bits = Bits::new(&stream, 0);
        assert_eq!(bits.code(&table), Some(9));
        assert_eq!(bits.code(&table), Some(7));
        assert_eq!(bits.code(&table), Some(8));
        assert_eq!(bits.code(&table), Some(5));
        assert_eq!(bits.signed(3), Some(-4));
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Huffman::new(&counts, &[1, 2, 3]).is_none());
    }

    #[test]
    fn bits_end_at_a_marker_and_skip_stuffing() {
        let stream = [0xFF, 0x00, 0x80, 0xFF, 0xD0, 0x40];
        let mut bits = Bits::new(&stream, 0);
        assert_eq!(bits.take(8), Some(0xFF));
        assert_eq!(bits.take(1), Some(1));
        assert_eq!(bits.take(8), None);
        assert_eq!(bits.restart(0), Some(()));
        assert_eq!(bits.take(2), Some(1));
    }
}

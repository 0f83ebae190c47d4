//! What an image is outside of its border.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use super::invalid;
use crate::error::{Error, Result};

/// What an image is outside of its border, along each axis apart.
///
/// For the samples `a b c d`:
///
/// | boundary | outside |
/// |---|---|
/// | [`Zero`](Self::Zero) | `0 0 [a b c d] 0 0` |
/// | [`Nearest`](Self::Nearest) | `a a [a b c d] d d` |
/// | [`Periodic`](Self::Periodic) | `c d [a b c d] a b` |
/// | [`Mirror`](Self::Mirror) | `b a [a b c d] d c` |
///
/// Periodic and mirrored axes go on so for ever: a filter may be longer than the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// Zero everywhere.
    Zero,
    /// The sample at the border is repeated.
    Nearest,
    /// The image is repeated.
    Periodic,
    /// The image is reflected at the outer edge of its last voxel, which is therefore repeated once. The default.
    #[default]
    Mirror,
}

impl Boundary {
    const ALL: [Self; 4] = [Self::Zero, Self::Nearest, Self::Periodic, Self::Mirror];

    /// The sample that stands at `index` of an axis of `length` samples; none where it is zero. `length` must not be 0.
    pub(in crate::filters) fn sample(self, index: i64, length: usize) -> Option<usize> {
        let n = length as i64;
        let inside = (0..n).contains(&index);
        let at = match self {
            _ if inside => index,
            Self::Zero => return None,
            Self::Nearest => index.clamp(0, n - 1),
            Self::Periodic => index.rem_euclid(n),
            Self::Mirror => {
                let k = index.rem_euclid(2 * n);
                k.min(2 * n - 1 - k)
            }
        };
        Some(at as usize)
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zero => "zero",
            Self::Nearest => "nearest",
            Self::Periodic => "periodic",
            Self::Mirror => "mirror",
        })
    }
}

impl FromStr for Boundary {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|b| b.to_string() == name);
        found.ok_or_else(|| invalid("boundary", "zero, nearest, periodic or mirror", name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_is_as_the_table_says_and_far_beyond() {
        let letters = |boundary: Boundary, range: std::ops::Range<i64>| -> String {
            let letter = |i| {
                boundary
                    .sample(i, 4)
                    .map_or('0', |k| (b'a' + k as u8) as char)
            };
            range.map(letter).collect()
        };
        assert_eq!(letters(Boundary::Zero, -2..6), "00abcd00");
        assert_eq!(letters(Boundary::Nearest, -2..6), "aaabcddd");
        assert_eq!(letters(Boundary::Periodic, -6..10), "cdabcdabcdabcdab");
        assert_eq!(letters(Boundary::Mirror, -6..11), "cddcbaabcddcbaabc");
        for boundary in Boundary::ALL {
            assert_eq!(boundary.sample(0, 1), Some(0));
            assert_eq!(boundary.to_string().parse::<Boundary>().unwrap(), boundary);
        }
        assert_eq!(Boundary::Mirror.sample(-7, 1), Some(0));
        assert!("wrap".parse::<Boundary>().is_err());
    }
}

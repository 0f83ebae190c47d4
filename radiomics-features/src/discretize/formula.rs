//! Gray levels by IBSI's formulas.

use super::edges::ValueRange;
use super::{BinOrigin, Levels, low_bits, too_many};
use crate::wide::wide;
use crate::{Error, Result};

/// `level(v) = floor(bins (v - low) / extent) + 1`, from 1 to `last`.
///
/// One division, by the numbers of the definition: a fixed bin size has `bins` 1 and `extent` the width, a fixed bin number has
/// `extent` the range of the region. Where all of these are whole numbers, an intensity on an edge is on the edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Formula {
    low: f64,
    bins: f64,
    extent: f64,
    /// The largest level.
    last: f64,
}

impl Formula {
    /// Bins of a width from an origin on.
    pub(super) fn of_size(range: ValueRange, width: f64, origin: BinOrigin) -> Result<Self> {
        if !(width.is_finite() && width > 0.0) {
            return Err(Error::InvalidSetting {
                name: "fixed_bin_size",
                expected: "a positive, finite number",
                found: width.to_string(),
            });
        }
        let low = match origin {
            BinOrigin::RangeLow | BinOrigin::RegionMinimum => range.min,
            BinOrigin::At(low) if low.is_finite() => low,
            BinOrigin::At(low) => {
                return Err(Error::InvalidSetting {
                    name: "origin",
                    expected: "a finite number",
                    found: low.to_string(),
                });
            }
        };
        let last = ((range.max - low) / width).floor() + 1.0;
        // NaN, from a range beyond all numbers, is refused as well.
        if last.is_nan() || last > f64::from(Levels::MAX_LEVEL) {
            return Err(too_many(last));
        }
        Ok(Self {
            low,
            bins: 1.0,
            extent: width,
            last: last.max(1.0),
        })
    }

    /// This many bins from the smallest to the largest value.
    pub(super) fn of_number(range: ValueRange, count: usize) -> Result<Self> {
        if count > usize::from(Levels::MAX_LEVEL) {
            return Err(too_many(count as f64));
        }
        let ValueRange { min, max } = range;
        let extent = max - min;
        let bins = count as f64;
        if !(bins * extent).is_finite() {
            return Err(Error::ValueRangeTooLarge { min, max });
        }
        // One value is in the first bin.
        let (extent, last) = if extent > 0.0 {
            (extent, bins)
        } else {
            (1.0, 1.0)
        };
        Ok(Self {
            low: min,
            bins,
            extent,
            last,
        })
    }

    /// Writes the levels of a row, 0 outside the mask.
    pub(super) fn write_levels(&self, values: &[f64], mask: &[bool], levels: &mut [u16]) {
        let &Self {
            low,
            bins,
            extent,
            last,
        } = self;
        wide(
            #[inline(always)]
            || {
                for ((level, &value), &inside) in levels.iter_mut().zip(values).zip(mask) {
                    let bin = (bins * (value - low) / extent).floor() + 1.0;
                    *level = u16::from(inside) * low_bits(bin.max(1.0).min(last));
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(formula: Result<Formula>, values: &[f64]) -> Vec<u16> {
        let mut levels = vec![0; values.len()];
        let mask = vec![true; values.len()];
        formula
            .expect("bins")
            .write_levels(values, &mask, &mut levels);
        levels
    }

    #[test]
    fn fixed_sizes_begin_where_they_are_told() {
        let range = ValueRange {
            min: -490.0,
            max: 400.0,
        };
        let values = [-490.0, -475.0, -474.0, 0.0, 399.0, 400.0];
        let of = |origin| levels(Formula::of_size(range, 25.0, origin), &values);
        assert_eq!(of(BinOrigin::At(-500.0)), [1, 2, 2, 21, 36, 37]);
        assert_eq!(of(BinOrigin::RegionMinimum), [1, 1, 1, 20, 36, 36]);
        // What lies below the origin is in the first bin.
        assert_eq!(of(BinOrigin::At(0.0)), [1, 1, 1, 1, 16, 17]);
    }

    #[test]
    fn a_fixed_number_has_the_largest_value_in_the_last_bin() {
        let range = ValueRange {
            min: 0.0,
            max: 10.0,
        };
        let values = [0.0, 2.49, 2.5, 5.0, 7.5, 9.99, 10.0];
        assert_eq!(
            levels(Formula::of_number(range, 4), &values),
            [1, 1, 2, 3, 4, 4, 4]
        );
        let flat = ValueRange { min: 3.0, max: 3.0 };
        assert_eq!(levels(Formula::of_number(flat, 4), &[3.0]), [1]);
    }

    #[test]
    fn unusable_settings_are_errors() {
        let range = ValueRange { min: 0.0, max: 1e9 };
        assert!(matches!(
            Formula::of_size(range, 1.0, BinOrigin::RangeLow),
            Err(Error::TooManyLevels { .. })
        ));
        for width in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let formula = Formula::of_size(range, width, BinOrigin::RangeLow);
            assert!(matches!(formula, Err(Error::InvalidSetting { .. })));
        }
        let origin = Formula::of_size(range, 1e6, BinOrigin::At(f64::NAN));
        assert!(matches!(origin, Err(Error::InvalidSetting { .. })));
        let widest = ValueRange {
            min: f64::MIN,
            max: f64::MAX,
        };
        assert!(matches!(
            Formula::of_number(widest, 8),
            Err(Error::ValueRangeTooLarge { .. })
        ));
        assert!(matches!(
            Formula::of_number(range, 65_536),
            Err(Error::TooManyLevels { .. })
        ));
    }
}

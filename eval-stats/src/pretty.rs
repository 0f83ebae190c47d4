//! Round axis ticks, as R's `pretty` chooses them (Becker, Chambers and Wilks, The New S Language,
//! 1988).

/// About `n` intervals of a round width that cover `[low, high]`.
///
/// The ticks reach beyond the data where the data do not end on a tick. With R's default
/// preferences for 1, 2 and 5 (`high.u.bias` 1.5, `u5.bias` 2.75, `min.n` `n / 3`).
///
/// ```
/// assert_eq!(eval_stats::pretty::pretty(-3.2, 4.7, 5), [-4.0, -2.0, 0.0, 2.0, 4.0, 6.0]);
/// ```
///
/// `n = 0` gives one interval, limits that are not finite give no ticks.
pub fn pretty(low: f64, high: f64, n: usize) -> Vec<f64> {
    if !(low.is_finite() && high.is_finite()) {
        return Vec::new();
    }
    let (low, high) = if low <= high {
        (low, high)
    } else {
        (high, low)
    };
    const FUZZ: f64 = 1e-10;
    let min_n = (n / 3) as i64;
    let unit = unit(low, high, n);
    let mut first = (low / unit + FUZZ).floor();
    let mut last = (high / unit - FUZZ).ceil();
    while first * unit > low + FUZZ * unit {
        first -= 1.0;
    }
    while last * unit < high - FUZZ * unit {
        last += 1.0;
    }
    // The last ticks of a range that fills f64 would be infinite.
    while (first * unit).is_infinite() {
        first += 1.0;
    }
    while (last * unit).is_infinite() {
        last -= 1.0;
    }
    let missing = min_n - (0.5 + last - first) as i64;
    if missing > 0 {
        let (half, rest) = ((missing / 2) as f64, (missing / 2 + missing % 2) as f64);
        if low == 0.0 && first == 0.0 && high != 0.0 {
            last += missing as f64;
        } else if high == 0.0 && last == 0.0 && low != 0.0 {
            first -= missing as f64;
        } else if first >= 0.0 {
            last += half;
            first -= rest;
        } else {
            first -= half;
            last += rest;
        }
    }
    let count = (last - first).round() as usize;
    (0..=count).map(|i| (first + i as f64) * unit).collect()
}

/// Width of one interval: 1, 2, 5 or 10 times a power of ten.
fn unit(low: f64, high: f64, n: usize) -> f64 {
    const H: f64 = 1.5;
    const H5: f64 = 0.5 + 1.5 * H;
    let min_n = (n / 3).max(1) as f64;
    let range = high - low;
    let largest = low.abs().max(high.abs());
    let n = n.max(1) as f64;
    let u = (1.0 + 1.0 / (1.0 + H)) * n * f64::EPSILON;
    let all_zero = range == 0.0 && largest == 0.0;
    let cell = if all_zero || range < largest * u * 3.0 {
        let c = if all_zero {
            1.0
        } else if largest > 10.0 {
            9.0 + largest / 10.0
        } else {
            largest
        };
        0.75 * c / min_n
    } else if range.is_finite() {
        range / n
    } else {
        high / n - low / n
    };
    let least = f64::MIN_POSITIVE / (1 << 20) as f64;
    let cell = cell.clamp(least, f64::MAX / 1.25);
    let base = 10f64.powf(cell.log10().floor());
    let mut unit = base;
    if 2.0 * base - cell < H * (cell - unit) {
        unit = 2.0 * base;
        if 5.0 * base - cell < H5 * (cell - unit) {
            unit = 5.0 * base;
            if 10.0 * base - cell < H * (cell - unit) {
                unit = 10.0 * base;
            }
        }
    }
    unit
}

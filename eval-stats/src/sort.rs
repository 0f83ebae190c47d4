//! Sorting scores: comparison sort for few, radix sort for many.

/// From this many values the radix sort is faster.
const RADIX_FROM: usize = 2048;
const DIGIT_BITS: u32 = 11;
const BUCKETS: usize = 1 << DIGIT_BITS;

/// Bits whose unsigned order is the order of the number; both zeros get the same key.
fn key(x: f64) -> u64 {
    let bits = (x + 0.0).to_bits();
    if bits >> 63 == 0 {
        bits | 1 << 63
    } else {
        !bits
    }
}

/// The number behind a key; both zeros come back as 0.
fn number(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key ^ 1 << 63 } else { !key })
}

/// Indices that sort finite values in increasing order; ties keep their order.
pub(crate) fn ascending_order(values: &[f64]) -> Vec<u32> {
    sorted_keys(values).into_iter().map(|(_, i)| i).collect()
}

/// As [`ascending_order`], with the values in that order, read from the keys so that nothing has to
/// be looked up at random places.
pub(crate) fn ascending(values: &[f64]) -> (Vec<u32>, Vec<f64>) {
    sorted_keys(values)
        .into_iter()
        .map(|(k, i)| (i, number(k)))
        .unzip()
}

fn sorted_keys(values: &[f64]) -> Vec<(u64, u32)> {
    let mut keyed: Vec<(u64, u32)> = values
        .iter()
        .enumerate()
        .map(|(i, &v)| (key(v), i as u32))
        .collect();
    if keyed.len() < RADIX_FROM {
        keyed.sort_unstable();
    } else {
        radix_sort(&mut keyed);
    }
    keyed
}

/// Least-significant-digit radix sort, skipping digits that all keys share.
fn radix_sort(keyed: &mut Vec<(u64, u32)>) {
    const PASSES: usize = 64_u32.div_ceil(DIGIT_BITS) as usize;
    let digit = |key: u64, pass: usize| (key >> (pass as u32 * DIGIT_BITS)) as usize % BUCKETS;
    let mut counts = vec![0u32; PASSES * BUCKETS];
    for &(k, _) in keyed.iter() {
        for pass in 0..PASSES {
            counts[pass * BUCKETS + digit(k, pass)] += 1;
        }
    }
    let n = keyed.len();
    let mut other = vec![(0u64, 0u32); n];
    for pass in 0..PASSES {
        let counts = &mut counts[pass * BUCKETS..(pass + 1) * BUCKETS];
        if counts.iter().any(|&c| c as usize == n) {
            continue;
        }
        let mut start = 0;
        for c in counts.iter_mut() {
            let size = *c;
            *c = start;
            start += size;
        }
        for &item in keyed.iter() {
            let at = &mut counts[digit(item.0, pass)];
            other[*at as usize] = item;
            *at += 1;
        }
        std::mem::swap(keyed, &mut other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radix_sort_agrees_with_the_comparison_sort() {
        let mut rng = crate::r_rng::RRng::new(3);
        let mut values: Vec<f64> = (0..5000)
            .map(|i| (rng.normal() * 8.0).round() * 10f64.powi(i % 600 - 300))
            .collect();
        values.extend([0.0, -0.0, f64::MIN_POSITIVE / 8.0, -1e308, 1e308]);
        let mut expected: Vec<u32> = (0..values.len() as u32).collect();
        expected
            .sort_by(|&a, &b| (values[a as usize] + 0.0).total_cmp(&(values[b as usize] + 0.0)));
        assert_eq!(ascending_order(&values), expected);
        let (order, sorted) = ascending(&values);
        assert!(
            order
                .iter()
                .zip(sorted)
                .all(|(&i, v)| values[i as usize] == v)
        );
    }
}

//! Sorting scores: comparison sort for few, radix sort for many.

/// From this many values the radix sort is faster.
const RADIX_FROM: usize = 2048;
/// Small enough for the cache to hold an open line per bucket.
const DIGIT_BITS: u32 = 8;
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
    ascending(values).0
}

/// As [`ascending_order`], with the values in that order; both zeros come back as 0.
pub(crate) fn ascending(values: &[f64]) -> (Vec<u32>, Vec<f64>) {
    if values.len() >= RADIX_FROM {
        return ascending_by_halves(values);
    }
    let indexed = values.iter().enumerate();
    let mut keyed: Vec<(u64, u32)> = indexed.map(|(i, &v)| (key(v), i as u32)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(k, i)| (i, number(k))).unzip()
}

/// Sorts by the upper half of the keys in three passes over 8 bytes per value, and then the few
/// neighbours that share it.
fn ascending_by_halves(values: &[f64]) -> (Vec<u32>, Vec<f64>) {
    let mut items: Vec<u64> = values
        .iter()
        .enumerate()
        .map(|(i, &v)| key(v) >> 32 << 32 | i as u64)
        .collect();
    radix_sort(&mut items, |item| item, 32);
    let mut order: Vec<u32> = items.iter().map(|&item| item as u32).collect();
    let mut sorted: Vec<f64> = order.iter().map(|&i| values[i as usize] + 0.0).collect();
    let mut start = 0;
    while start < items.len() {
        let half = items[start] >> 32;
        let mut end = start + 1;
        let mut in_order = true;
        while end < items.len() && items[end] >> 32 == half {
            in_order &= sorted[end - 1] <= sorted[end];
            end += 1;
        }
        if !in_order {
            sort_run(&mut sorted[start..end], &mut order[start..end]);
        }
        start = end;
    }
    (order, sorted)
}

/// Sorts values with their indices, which increase where values are tied.
fn sort_run(values: &mut [f64], indices: &mut [u32]) {
    const FEW: usize = 16;
    if values.len() <= FEW {
        for i in 1..values.len() {
            let (v, index) = (values[i], indices[i]);
            let mut at = i;
            while at > 0 && values[at - 1] > v {
                (values[at], indices[at]) = (values[at - 1], indices[at - 1]);
                at -= 1;
            }
            (values[at], indices[at]) = (v, index);
        }
        return;
    }
    let pairs = values.iter().zip(&*indices);
    let mut keyed: Vec<(u64, u32)> = pairs.map(|(&v, &i)| (key(v), i)).collect();
    if keyed.len() < RADIX_FROM {
        keyed.sort_unstable();
    } else {
        radix_sort(&mut keyed, |item| item.0, 0);
    }
    for ((v, index), (k, i)) in values.iter_mut().zip(indices).zip(keyed) {
        (*v, *index) = (number(k), i);
    }
}

/// Least-significant-digit radix sort by the bits of the key from `low_bit` up, skipping digits that
/// all keys share.
fn radix_sort<T: Copy + Default>(items: &mut Vec<T>, key: impl Fn(T) -> u64, low_bit: u32) {
    let passes = (64 - low_bit).div_ceil(DIGIT_BITS) as usize;
    let digit = |item: T, pass: usize| {
        (key(item) >> (low_bit + pass as u32 * DIGIT_BITS)) as usize % BUCKETS
    };
    let mut counts = vec![0u32; passes * BUCKETS];
    for &item in items.iter() {
        for pass in 0..passes {
            counts[pass * BUCKETS + digit(item, pass)] += 1;
        }
    }
    let n = items.len();
    let mut other = vec![T::default(); n];
    for pass in 0..passes {
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
        for &item in items.iter() {
            let at = &mut counts[digit(item, pass)];
            other[*at as usize] = item;
            *at += 1;
        }
        std::mem::swap(items, &mut other);
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
        // A long and many short runs that differ in the lower half of the bits alone.
        values.extend((0..3000).map(|_| 1.0 + rng.index(1000) as f64 * f64::EPSILON));
        values.extend((0..900).map(|i| f64::from(i % 90) - rng.index(3) as f64 * 1e-14));
        let mut expected: Vec<u32> = (0..values.len() as u32).collect();
        expected
            .sort_by(|&a, &b| (values[a as usize] + 0.0).total_cmp(&(values[b as usize] + 0.0)));
        let (order, sorted) = ascending(&values);
        assert_eq!(order, expected);
        assert!(
            order
                .iter()
                .zip(sorted)
                .all(|(&i, v)| values[i as usize] == v)
        );
    }
}

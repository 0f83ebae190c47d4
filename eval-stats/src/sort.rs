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

/// Order and values of finite numbers by increasing size: the indices that sort them, ties as they came, and the values in that order, in
/// which both zeros are 0.
///
/// ```
/// assert_eq!(eval_stats::ascending(&[0.5, -1.0, 0.5]), (vec![1, 0, 2], vec![-1.0, 0.5, 0.5]));
/// ```
#[must_use]
pub fn ascending(values: &[f64]) -> (Vec<u32>, Vec<f64>) {
    let n = values.len();
    // The upper bits of the keys with the index in the lower ones are sorted first, and then the few neighbours that share the upper bits.
    let few = n < RADIX_FROM;
    let low = if few {
        usize::BITS - n.leading_zeros()
    } else {
        32
    };
    let indexed = values.iter().enumerate();
    let mut items: Vec<u64> = indexed
        .map(|(i, &v)| key(v) >> low << low | i as u64)
        .collect();
    if few {
        items.sort_unstable();
    } else {
        radix_sort(&mut items, |item| item, low);
    }
    let index = |item: &u64| (item & ((1 << low) - 1)) as u32;
    let mut order: Vec<u32> = items.iter().map(index).collect();
    let mut sorted: Vec<f64> = order.iter().map(|&i| values[i as usize] + 0.0).collect();
    let mut start = 0;
    while start < n {
        let upper = items[start] >> low;
        let mut end = start + 1;
        let mut in_order = true;
        while end < n && items[end] >> low == upper {
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
    fn sorts_as_a_stable_comparison_sort_does() {
        let mut rng = crate::r_rng::RRng::new(3);
        let mut values: Vec<f64> = (0..5000)
            .map(|i| (rng.normal() * 8.0).round() * 10f64.powi(i % 600 - 300))
            .collect();
        values.extend([0.0, -0.0, f64::MIN_POSITIVE / 8.0, -1e308, 1e308]);
        // A long and many short runs that differ in the lower half of the bits alone.
        values.extend((0..3000).map(|_| 1.0 + rng.index(1000) as f64 * f64::EPSILON));
        values.extend((0..900).map(|i| f64::from(i % 90) - rng.index(3) as f64 * 1e-14));
        for n in [0, 1, 5, 300, RADIX_FROM - 1, values.len()] {
            // The last values are the awkward ones.
            let values = &values[values.len() - n..];
            let number = |&i: &u32| values[i as usize] + 0.0;
            let mut expected: Vec<u32> = (0..n as u32).collect();
            expected.sort_by(|a, b| number(a).total_cmp(&number(b)));
            let (order, sorted) = ascending(values);
            assert_eq!(order, expected);
            assert_eq!(sorted, order.iter().map(number).collect::<Vec<f64>>());
        }
    }
}

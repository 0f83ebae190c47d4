//! Ross' estimator: a continuous feature and classes.

use super::digamma::Digamma;
use super::{Distances, below};
use crate::error::{Error, Result};

/// Everything about the classes that does not depend on the feature, and the sizes it is estimated with.
pub(super) struct Ross {
    /// Class of every row among the classes kept; `None` for rows that are alone in theirs.
    class_of: Vec<Option<u32>>,
    /// First place of every class when rows lie class by class, and the number of rows kept.
    starts: Vec<usize>,
    neighbors: Vec<usize>,
    psi: Digamma,
    /// `ψ(N) + mean ψ(k_c) - mean ψ(N_c)`.
    base: f64,
    distances: Distances,
}

/// Work space of one feature.
#[derive(Default)]
pub(super) struct Scratch {
    keyed: Vec<(u64, u32)>,
    /// Sorted values between infinities.
    all: Vec<f64>,
    /// Values class by class, each sorted, and their places among all.
    own: Vec<f64>,
    places: Vec<u32>,
    filled: Vec<usize>,
    radii: Vec<f64>,
    row: Vec<f64>,
    tally: Vec<u32>,
}

impl Ross {
    /// # Errors
    /// [`Error::TooFewRows`] if no class has two rows.
    pub(super) fn new(classes: &[usize], k: usize, distances: Distances) -> Result<Self> {
        let mut labels = classes.to_vec();
        labels.sort_unstable();
        let kept: Vec<(usize, usize)> = labels
            .chunk_by(|a, b| a == b)
            .filter(|c| c.len() > 1)
            .map(|c| (c[0], c.len()))
            .collect();
        let total: usize = kept.iter().map(|c| c.1).sum();
        if total == 0 {
            return Err(Error::TooFewRows {
                what: "mutual information with a class",
                required: 2,
                found: usize::from(!classes.is_empty()),
            });
        }
        let psi = Digamma::up_to(total);
        let neighbors: Vec<usize> = kept.iter().map(|c| k.min(c.1 - 1)).collect();
        let (mut of_neighbors, mut of_sizes) = (0.0, 0.0);
        for (&(_, size), &k_class) in kept.iter().zip(&neighbors) {
            of_neighbors += size as f64 * psi.at(k_class);
            of_sizes += size as f64 * psi.at(size);
        }
        let n = total as f64;
        let mut starts = vec![0];
        starts.extend(kept.iter().scan(0, |sum, c| {
            *sum += c.1;
            Some(*sum)
        }));
        Ok(Self {
            class_of: classes
                .iter()
                .map(|label| kept.binary_search_by_key(label, |c| c.0).ok())
                .map(|c| c.map(|c| c as u32))
                .collect(),
            starts,
            neighbors,
            base: psi.at(total) + of_neighbors / n - of_sizes / n,
            psi,
            distances,
        })
    }

    /// Information of the scaled feature with the classes, clipped at 0.
    pub(super) fn information(&self, scaled: &[f64], scratch: &mut Scratch) -> f64 {
        let total = self.starts[self.neighbors.len()];
        self.sort(scaled, scratch);
        let Scratch {
            all,
            own,
            places,
            radii,
            row,
            tally,
            ..
        } = scratch;
        tally.clear();
        tally.resize(total + 1, 0);
        for (c, &k) in self.neighbors.iter().enumerate() {
            let members = self.starts[c]..self.starts[c + 1];
            let (own, places) = (&own[members.clone()], &places[members]);
            radii.clear();
            // scikit-learn leaves its trees from here on.
            if self.distances == Distances::Expanded && k >= own.len() / 2 {
                radii.extend((0..own.len()).map(|i| expanded_radius(own, i, k, row)));
            } else {
                neighbor_radii(own, k, radii);
            }
            tally_within(all, places, radii, tally);
        }
        (self.base - self.psi.sum(tally) / total as f64).max(0.0)
    }

    /// Sorts once, then deals the values out to their classes, which so are sorted too.
    fn sort(&self, scaled: &[f64], scratch: &mut Scratch) {
        let Scratch {
            keyed,
            all,
            own,
            places,
            filled,
            ..
        } = scratch;
        keyed.clear();
        let members = scaled.iter().zip(&self.class_of);
        keyed.extend(members.filter_map(|(&v, c)| c.map(|c| (key(v), c))));
        keyed.sort_unstable_by_key(|m| m.0);
        all.clear();
        all.resize(REACH, f64::NEG_INFINITY);
        own.clear();
        own.resize(keyed.len(), 0.0);
        places.clear();
        places.resize(keyed.len(), 0);
        filled.clear();
        filled.extend_from_slice(&self.starts);
        for (place, &(key, class)) in keyed.iter().enumerate() {
            let value = number(key);
            all.push(value);
            let next = &mut filled[class as usize];
            own[*next] = value;
            places[*next] = place as u32;
            *next += 1;
        }
        all.resize(all.len() + REACH, f64::INFINITY);
    }
}

/// Bits whose unsigned order is the order of the number; both zeros get the same.
fn key(v: f64) -> u64 {
    let bits = (v + 0.0).to_bits();
    bits ^ (((bits as i64) >> 63) as u64 | 1 << 63)
}

fn number(key: u64) -> f64 {
    f64::from_bits(key ^ (((!key as i64) >> 63) as u64 | 1 << 63))
}

/// Appends, for every (sorted) value, the distance to its `k`-th nearest other value, one step down.
fn neighbor_radii(sorted: &[f64], k: usize, radii: &mut Vec<f64>) {
    const FEW: usize = 4;
    let n = sorted.len();
    let radius = |i: usize, windows: std::ops::RangeInclusive<usize>| {
        // Of all windows of k + 1 values around this one, the narrowest as seen from it.
        let v = sorted[i];
        windows.fold(f64::INFINITY, |least, start| {
            least.min((v - sorted[start]).max(sorted[start + k] - v))
        })
    };
    let last_window = n - 1 - k;
    if k <= FEW && n > 2 * k {
        // A few windows are compared faster than the right one is guessed.
        radii.extend((0..k).map(|i| below(radius(i, 0..=i))));
        let inner = sorted.windows(2 * k + 1);
        radii.extend(inner.map(|around| {
            let v = around[k];
            let windows = around[..=k].iter().zip(&around[k..]);
            below(windows.fold(f64::INFINITY, |least, (low, high)| {
                least.min((v - low).max(high - v))
            }))
        }));
        radii.extend((n - k..n).map(|i| below(radius(i, i - k..=last_window))));
        return;
    }
    let mut window = 0;
    radii.extend(sorted.iter().enumerate().map(|(i, &v)| {
        window = window.max(i.saturating_sub(k));
        while window < last_window && window < i && sorted[window + k + 1] - v < v - sorted[window]
        {
            window += 1;
        }
        below(radius(i, window..=window))
    }));
}

/// The same distance for one value as scikit-learn rounds it in small classes, `√(a² - 2ab + b²)`.
fn expanded_radius(values: &[f64], i: usize, k: usize, row: &mut Vec<f64>) -> f64 {
    let a = values[i];
    row.clear();
    row.extend(
        values
            .iter()
            .map(|&b| (a * a + -2.0 * (a * b) + b * b).max(0.0).sqrt()),
    );
    // The value itself is one of them, at distance 0.
    let (_, kth, _) = row.select_nth_unstable_by(k, f64::total_cmp);
    below(*kth)
}

/// Values on either side of a center that are looked at in any case.
const REACH: usize = 8;

/// For the value at every place counts the values in `all` (sorted, with [`REACH`] infinities on either side) within its
/// radius, and tallies the counts.
fn tally_within(all: &[f64], places: &[u32], radii: &[f64], tally: &mut [u32]) {
    for (&place, &radius) in places.iter().zip(radii) {
        let around = &all[place as usize..=place as usize + 2 * REACH];
        let center = around[REACH];
        let within = |v: f64| (v - center).abs() <= radius;
        let mut count: usize = around.iter().map(|&v| usize::from(within(v))).sum();
        // Where the radius reaches further, all ends of it are searched.
        if within(around[0]) || within(around[2 * REACH]) {
            let low = all.partition_point(|v| center - v > radius);
            let high = all.partition_point(|v| v - center <= radius);
            count = high - low;
        }
        tally[count] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_order_and_values() {
        let values = [
            -f64::MAX,
            -2.0,
            -f64::MIN_POSITIVE,
            0.0,
            1e-300,
            2.0,
            f64::MAX,
        ];
        for pair in values.windows(2) {
            assert!(key(pair[0]) < key(pair[1]));
        }
        for v in values {
            assert_eq!(number(key(v)), v);
        }
        assert_eq!(key(-0.0), key(0.0));
    }

    #[test]
    fn radii_equal_a_search() {
        let sorted = [0.0, 0.0, 0.3, 0.35, 1.0, 1.1, 1.1, 4.0];
        for k in 1..=7 {
            let mut fast = Vec::new();
            neighbor_radii(&sorted, k, &mut fast);
            for (i, radius) in fast.iter().enumerate() {
                let mut all: Vec<f64> = (0..sorted.len())
                    .filter(|&j| j != i)
                    .map(|j| (sorted[i] - sorted[j]).abs())
                    .collect();
                all.sort_by(f64::total_cmp);
                assert_eq!(*radius, below(all[k - 1]), "k {k}, value {i}");
            }
        }
    }

    #[test]
    fn counts_equal_a_search() {
        // Blocks of ties longer than the reach, so that both ways of counting are taken.
        let values: Vec<f64> = (0..60).map(|i| f64::from(i * i / 40)).collect();
        let mut all = vec![f64::NEG_INFINITY; REACH];
        all.extend(&values);
        all.resize(all.len() + REACH, f64::INFINITY);
        for radius in [0.0, 1.0, 3.5, 100.0] {
            for (i, v) in values.iter().enumerate() {
                let mut tally = vec![0; values.len() + 1];
                tally_within(&all, &[i as u32], &[radius], &mut tally);
                let expected = values.iter().filter(|w| (*w - v).abs() <= radius).count();
                assert_eq!(tally[expected], 1, "value {i}, radius {radius}");
            }
        }
    }

    #[test]
    fn a_hand_worked_feature() {
        // Classes a: 0, 1, 3 and b: 2, 7; k = 1. Radii a: 1, 1, 2 and b: 5, 5, each a hair less.
        // Counts: 0 -> {0}, 1 -> {1}, 3 -> {2, 3}, 2 -> {0, 1, 2, 3}, 7 -> {3, 7}.
        let ross = Ross::new(&[4, 4, 9, 4, 9], 1, Distances::Exact).unwrap();
        let found = ross.information(&[0.0, 1.0, 2.0, 3.0, 7.0], &mut Scratch::default());
        let psi = Digamma::up_to(5);
        let counts = [1, 1, 2, 4, 2].map(|m| psi.at(m)).iter().sum::<f64>() / 5.0;
        let sizes = (3.0 * psi.at(3) + 2.0 * psi.at(2)) / 5.0;
        let expected = psi.at(5) + psi.at(1) - sizes - counts;
        assert!(
            (found - expected.max(0.0)).abs() < 1e-15,
            "{found} {expected}"
        );
        assert!(expected > 0.0);
    }
}

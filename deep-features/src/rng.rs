//! Seeded draws. candle's generator cannot be seeded on the CPU, so every draw is ours.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// What a stream of random numbers is for: draws for one purpose do not depend on those for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Purpose {
    /// Which patients validate.
    Split = 1,
    /// The order of the rows in an epoch.
    Order = 2,
    /// Which view of each row an epoch shows.
    Views = 3,
    /// Which units a step drops.
    Dropout = 4,
    /// The head's first weights.
    Head = 5,
}

/// The generator for one purpose and one epoch, step or other index below 2^48.
pub(crate) fn generator(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((purpose as u64) << 48) | index);
    rng
}

/// `n` values of N(0, 2 / fan_in) (He initialization), from stream `stream` of the generator seeded with `seed`.
/// Streams are independent: the values of a layer do not depend on the layers before it.
pub(crate) fn he_normal(seed: u64, stream: u64, n: usize, fan_in: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    normal(&mut rng, n, (2.0 / fan_in as f64).sqrt())
}

/// `n` values of N(0, deviation²).
pub(crate) fn normal(rng: &mut ChaCha8Rng, n: usize, deviation: f64) -> Vec<f32> {
    (0..n)
        .map(|_| {
            let z: f64 = StandardNormal.sample(rng);
            (z * deviation) as f32
        })
        .collect()
}

/// A generator for `key` alone. The words are ChaCha's key as they stand, so that no two keys share a generator, which
/// mixing them into one seed could not promise.
pub(crate) fn keyed(key: [u64; 3]) -> ChaCha8Rng {
    let mut seed = [0; 32];
    for (bytes, word) in seed.chunks_exact_mut(8).zip(key) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(seed)
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn each_word_of_a_key_matters_in_its_place() {
        let first = |key| keyed(key).next_u64();
        assert_eq!(first([1, 2, 3]), first([1, 2, 3]));
        let keys = [
            [0, 0, 0],
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
            [1 << 63, 0, 0],
            [0, 1 << 63, 0],
            [0, 0, 1 << 63],
        ];
        let draws: std::collections::BTreeSet<_> = keys.map(first).into_iter().collect();
        assert_eq!(draws.len(), keys.len());
    }

    #[test]
    fn variance_is_two_over_fan_in_and_streams_differ() {
        let n = 40_000;
        let a = he_normal(7, 0, n, 50);
        let b = he_normal(7, 1, n, 50);
        assert_eq!(a, he_normal(7, 0, n, 50));
        assert_ne!(a, b);
        assert_ne!(a, he_normal(8, 0, n, 50));
        let mean = a.iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64;
        let variance = a
            .iter()
            .map(|&v| (f64::from(v) - mean).powi(2))
            .sum::<f64>()
            / n as f64;
        // Five standard errors of the mean and of the variance of a normal law.
        assert!(mean.abs() < 5.0 * 0.2 / (n as f64).sqrt(), "mean {mean}");
        assert!(
            (variance - 0.04).abs() < 5.0 * 0.04 * (2.0 / n as f64).sqrt(),
            "variance {variance}"
        );
    }
}

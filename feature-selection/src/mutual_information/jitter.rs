//! The noise scikit-learn adds to continuous variables, drawn as it draws it.
//!
//! `numpy.random.RandomState(seed).standard_normal`: Mersenne Twister seeded by Knuth's recurrence, normal numbers in
//! pairs by the polar method (Marsaglia and Bray, *SIAM Review* 6 (1964), doi:10.1137/1006063).

use eval_stats::r_rng::RRng;

use super::scale::Order;

/// numpy's legacy generator of normal numbers.
pub(super) struct LegacyNormal {
    words: RRng,
    /// The second number of a pair.
    spare: Option<f64>,
}

impl LegacyNormal {
    /// `numpy.random.RandomState(seed)`.
    pub(super) fn new(seed: u32) -> Self {
        const MULTIPLIER: u32 = 1_812_433_253;
        let mut state = [0; RRng::STATE_WORDS];
        let mut word = seed;
        for (i, slot) in state.iter_mut().enumerate() {
            *slot = word;
            let next = MULTIPLIER.wrapping_mul(word ^ (word >> 30));
            word = next.wrapping_add(i as u32 + 1);
        }
        Self {
            words: RRng::from_state(state),
            spare: None,
        }
    }

    /// A number in [0, 1) with 53 random bits.
    fn uniform(&mut self) -> f64 {
        const HIGH: f64 = 67_108_864.0; // 2^26
        const ALL: f64 = 9_007_199_254_740_992.0; // 2^53
        let high = f64::from(self.words.word() >> 5);
        let low = f64::from(self.words.word() >> 6);
        (high * HIGH + low) / ALL
    }

    pub(super) fn next(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let a = 2.0 * self.uniform() - 1.0;
            let b = 2.0 * self.uniform() - 1.0;
            let square = a * a + b * b;
            if square < 1.0 && square != 0.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(factor * a);
                return factor * b;
            }
        }
    }

    /// Adds noise to columns of `n_rows` values, one after the other in `columns`; the noise is drawn row by row.
    pub(super) fn add_to(&mut self, columns: &mut [f64], n_rows: usize) {
        if columns.is_empty() {
            return;
        }
        let mut scratch = Vec::with_capacity(n_rows);
        let widths: Vec<f64> = columns
            .chunks(n_rows)
            .map(|column| {
                WIDTH
                    * Order::Pairwise
                        .mean_magnitude(column, &mut scratch)
                        .max(1.0)
            })
            .collect();
        for row in 0..n_rows {
            for (width, value) in widths.iter().zip(columns[row..].iter_mut().step_by(n_rows)) {
                *value += width * self.next();
            }
        }
    }
}

/// Noise for a mean magnitude of 1 or less.
const WIDTH: f64 = 1e-10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_legacy_generator() {
        // numpy.random.RandomState(0).standard_normal(4) and RandomState(4294967295).standard_normal(3)
        let zero = [
            1.764_052_345_967_664,
            0.400_157_208_367_223_3,
            0.978_737_984_105_739_2,
            2.240_893_199_201_458,
        ];
        let last = [
            0.648_408_674_230_652_7,
            0.669_323_530_633_816_1,
            -1.080_543_722_747_449_3,
        ];
        for (seed, expected) in [(0, &zero[..]), (u32::MAX, &last[..])] {
            let mut rng = LegacyNormal::new(seed);
            for e in expected {
                assert!((rng.next() - e).abs() < 1e-15, "seed {seed}");
            }
        }
    }

    #[test]
    fn noise_is_drawn_row_by_row_and_grows_with_the_column() {
        // Two columns: small values take 1e-10, values around 1000 take 1e-7.
        let mut columns = [0.0, 0.0, 1000.0, -1000.0];
        LegacyNormal::new(0).add_to(&mut columns, 2);
        assert_eq!(columns[0], 1e-10 * 1.764_052_345_967_664);
        assert_eq!(
            columns[2],
            1000.0 + 1e-10 * 1000.0 * 0.400_157_208_367_223_3
        );
        assert_eq!(columns[1], 1e-10 * 0.978_737_984_105_739_2);
    }
}

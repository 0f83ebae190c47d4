//! R's default random number generator, bit for bit.
//!
//! `RRng::new(s)` is `set.seed(s)` of R 3.6 or later: Mersenne Twister (MT19937; Matsumoto and
//! Nishimura 1998, doi:10.1145/272991.272995), "Inversion" for normal numbers and "Rejection" for
//! sampling. Published bootstrap results can be reproduced, and every replicate that this crate
//! draws can be checked in R. R before 3.6, and so most papers before 2019, sampled by "Rounding":
//! [`RRng::with_sampling`].
//!
//! Checked against R for all sizes up to 2^31. Beyond 2^48 R's own `log2` rounds, and it may look at
//! one bit less than is needed; such sizes are outside what is promised here.
//!
//! ```
//! use eval_stats::r_rng::RRng;
//! let mut rng = RRng::new(42);            // set.seed(42)
//! assert_eq!(rng.uniform(), 0.9148060434963554);
//! let mut rng = RRng::new(42);
//! assert_eq!(rng.permutation(10), [0, 4, 9, 7, 1, 3, 5, 8, 6, 2]); // sample(10) - 1
//! ```

use std::collections::HashSet;

const N: usize = 624;
const M: usize = 397;

/// How whole numbers are drawn: R's `RNGkind(sample.kind = )`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Sampling {
    /// Random bits, again until they are below the size (R since 3.6).
    #[default]
    Rejection,
    /// `floor(n u)` (R before 3.6): slightly uneven for large sizes.
    Rounding,
}

/// R's generator after `set.seed`.
#[derive(Debug, Clone, PartialEq)]
pub struct RRng {
    state: Box<[u32; N]>,
    /// The state as it is handed out ("tempered"), a block at a time.
    words: Box<[u32; N]>,
    /// Position of the next word; `N` when the block is spent.
    next: usize,
    sampling: Sampling,
}

impl RRng {
    /// The generator after `set.seed(seed)`. For a negative seed see [`from_signed`](Self::from_signed).
    ///
    /// ```
    /// use eval_stats::r_rng::RRng;
    /// assert_eq!(RRng::new(1).uniform(), 0.2655086631421);     // set.seed(1); runif(1)
    /// ```
    pub fn new(seed: u32) -> Self {
        let mut s = seed;
        let mut step = || {
            s = s.wrapping_mul(69069).wrapping_add(1);
            s
        };
        // 50 warm-up steps, and one more value that R overwrites with the position.
        for _ in 0..51 {
            step();
        }
        let mut state = [0u32; N];
        for word in &mut state {
            *word = step();
        }
        Self::from_state(state)
    }

    /// Words in the [state](Self::from_state).
    pub const STATE_WORDS: usize = N;

    /// The Mersenne Twister in a given state, all its words used up: R's `.Random.seed` behind the first two numbers,
    /// right after `set.seed`. Other programs fill the state in other ways and draw from the same [words](Self::word).
    ///
    /// ```
    /// use eval_stats::r_rng::RRng;
    /// // Matsumoto and Nishimura's init_genrand(5489), whose 10,000th word is well known.
    /// let mut state = [0u32; RRng::STATE_WORDS];
    /// state[0] = 5489;
    /// for i in 1..RRng::STATE_WORDS {
    ///     let last = state[i - 1];
    ///     state[i] = 1_812_433_253u32.wrapping_mul(last ^ last >> 30).wrapping_add(i as u32);
    /// }
    /// let mut rng = RRng::from_state(state);
    /// assert_eq!((0..10_000).map(|_| rng.word()).last(), Some(4_123_659_995));
    /// ```
    pub fn from_state(state: [u32; Self::STATE_WORDS]) -> Self {
        Self {
            state: Box::new(state),
            words: Box::new([0; N]),
            next: N,
            sampling: Sampling::Rejection,
        }
    }

    /// The generator after `set.seed(seed)` for R's whole numbers, negative ones included.
    ///
    /// ```
    /// use eval_stats::r_rng::RRng;
    /// assert_eq!(RRng::from_signed(42), RRng::new(42));
    /// ```
    pub fn from_signed(seed: i32) -> Self {
        Self::new(seed.cast_unsigned())
    }

    /// The same generator, sampling as named.
    ///
    /// ```
    /// use eval_stats::r_rng::{RRng, Sampling};
    /// // R 3.5: set.seed(123); sample(5)
    /// let mut rng = RRng::new(123).with_sampling(Sampling::Rounding);
    /// assert_eq!(rng.permutation(5), [1, 3, 4, 2, 0]); // less one
    /// ```
    #[must_use]
    pub fn with_sampling(mut self, sampling: Sampling) -> Self {
        self.sampling = sampling;
        self
    }

    /// The generator of replicate `replicate` under `seed`: an own stream for every replicate, so
    /// that replicates can be drawn in any order and by any number of threads.
    ///
    /// Not something R has: seed and replicate are mixed (SplitMix64) into one 32-bit R seed.
    ///
    /// ```
    /// use eval_stats::r_rng::RRng;
    /// assert_eq!(RRng::for_replicate(1, 5), RRng::for_replicate(1, 5));
    /// assert_ne!(RRng::for_replicate(1, 5), RRng::for_replicate(1, 6));
    /// ```
    pub fn for_replicate(seed: u64, replicate: u64) -> Self {
        let mut z = seed
            ^ replicate
                .wrapping_add(1)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        Self::new((z >> 32) as u32 ^ z as u32)
    }

    fn regenerate(&mut self) {
        const UPPER: u32 = 0x8000_0000;
        const LOWER: u32 = 0x7fff_ffff;
        let s = &mut self.state;
        let twist = |high: u32, low: u32| {
            let y = (high & UPPER) | (low & LOWER);
            (y >> 1) ^ (0x9908_b0df & (y & 1).wrapping_neg())
        };
        for k in 0..N - M {
            s[k] = s[k + M] ^ twist(s[k], s[k + 1]);
        }
        for k in N - M..N - 1 {
            s[k] = s[k + M - N] ^ twist(s[k], s[k + 1]);
        }
        s[N - 1] = s[M - 1] ^ twist(s[N - 1], s[0]);
        for (word, &y) in self.words.iter_mut().zip(s.iter()) {
            let mut y = y;
            y ^= y >> 11;
            y ^= (y << 7) & 0x9d2c_5680;
            y ^= (y << 15) & 0xefc6_0000;
            *word = y ^ (y >> 18);
        }
        self.next = 0;
    }

    /// The next 32 random bits of the generator.
    pub fn word(&mut self) -> u32 {
        if self.next >= N {
            self.regenerate();
        }
        let word = self.words[self.next];
        self.next += 1;
        word
    }

    /// `runif(1)`: a number strictly between 0 and 1.
    pub fn uniform(&mut self) -> f64 {
        const HALF_STEP: f64 = 0.5 * 2.328_306_437_080_797e-10;
        let u = f64::from(self.word()) * 2.328_306_436_538_696_3e-10;
        u.clamp(HALF_STEP, 1.0 - HALF_STEP)
    }

    /// A whole number in `0..n`, as R's `sample` draws it.
    ///
    /// ```
    /// use eval_stats::r_rng::RRng;
    /// assert_eq!(RRng::new(42).index(10), 0);        // set.seed(42); sample.int(10, 1) is 1
    /// ```
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn index(&mut self, n: usize) -> usize {
        assert!(n > 0, "cannot draw from an empty range");
        match self.sampling {
            Sampling::Rejection => self.index_by_rejection(n),
            Sampling::Rounding => (n as f64 * self.uniform_for_rounding(n)) as usize,
        }
    }

    /// A uniform number of 32 bits, or of 57 where R's whole numbers end: two numbers for one.
    fn uniform_for_rounding(&mut self, n: usize) -> f64 {
        const BITS_25: f64 = 33_554_432.0;
        let first = self.uniform();
        if n <= i32::MAX as usize {
            return first;
        }
        ((BITS_25 * first).floor() + self.uniform()) / BITS_25
    }

    fn index_by_rejection(&mut self, n: usize) -> usize {
        // ceil(log2(n)), also for n = 1, which still consumes one number.
        let bits = usize::BITS - (n - 1).leading_zeros();
        let mask = u64::MAX.checked_shr(u64::BITS - bits).unwrap_or(0);
        loop {
            let mut v = 0u64;
            for _ in (0..=bits).step_by(16) {
                // R takes floor(65536 u), and u is a word over 2^32: the word's upper half.
                v = (v << 16) | u64::from(self.word() >> 16);
            }
            let v = v & mask;
            if v < n as u64 {
                return v as usize;
            }
        }
    }

    /// Hands out `size` whole numbers in `0..n`, those that as many calls of [`index`](Self::index)
    /// would give, in blocks and without a branch on which draws are rejected.
    pub(crate) fn each_block(&mut self, n: u32, size: usize, mut visit: impl FnMut(&[u32])) {
        const BLOCK: usize = 128;
        // One word per draw for at most 15 bits.
        let one_word = self.sampling == Sampling::Rejection && (2..=1 << 15).contains(&n);
        let mut drawn = [0u32; BLOCK];
        let mut left = size;
        while left > 0 {
            let wanted = left.min(BLOCK);
            if one_word {
                self.fill_from_words(n, &mut drawn[..wanted]);
            } else {
                drawn[..wanted].fill_with(|| self.index(n as usize) as u32);
            }
            visit(&drawn[..wanted]);
            left -= wanted;
        }
    }

    /// Fills `drawn` with whole numbers in `0..n` of at most 15 bits.
    fn fill_from_words(&mut self, n: u32, drawn: &mut [u32]) {
        let mask = u32::MAX >> (n - 1).leading_zeros();
        let mut found = 0;
        while found < drawn.len() {
            if self.next >= N {
                self.regenerate();
            }
            // No more words than draws are missing, so that none is taken in vain.
            let end = N.min(self.next + drawn.len() - found);
            for word in &self.words[self.next..end] {
                let v = (word >> 16) & mask;
                drawn[found] = v;
                found += usize::from(v < n);
            }
            self.next = end;
        }
    }

    /// `sample.int(n, size, replace = TRUE) - 1`.
    ///
    /// ```
    /// use eval_stats::r_rng::RRng;
    /// // set.seed(42); sample.int(10, 3, replace = TRUE) is 1, 5, 1
    /// assert_eq!(RRng::new(42).sample_with_replacement(10, 3), [0, 4, 0]);
    /// ```
    ///
    /// # Panics
    /// If `n` is 0 and `size` is not.
    pub fn sample_with_replacement(&mut self, n: usize, size: usize) -> Vec<usize> {
        (0..size).map(|_| self.index(n)).collect()
    }

    /// `sample.int(n, size) - 1`. As in R, at most half of more than 1e7 numbers are drawn one by one,
    /// again where a number was drawn before (R's `useHash`), and otherwise from a list of all.
    ///
    /// ```
    /// use eval_stats::r_rng::RRng;
    /// // set.seed(42); sample.int(10, 3) is 1, 5, 10
    /// assert_eq!(RRng::new(42).sample_without_replacement(10, 3), [0, 4, 9]);
    /// ```
    ///
    /// # Panics
    /// If `size > n`.
    pub fn sample_without_replacement(&mut self, n: usize, size: usize) -> Vec<usize> {
        assert!(size <= n, "cannot take {size} of {n} without replacement");
        const LARGEST_LIST: usize = 10_000_000;
        if n > LARGEST_LIST && size <= n / 2 {
            return self.sample_distinct(n, size);
        }
        let mut pool: Vec<usize> = (0..n).collect();
        let mut left = n;
        (0..size)
            .map(|_| {
                let j = self.index(left);
                left -= 1;
                let drawn = pool[j];
                pool[j] = pool[left];
                drawn
            })
            .collect()
    }

    fn sample_distinct(&mut self, n: usize, size: usize) -> Vec<usize> {
        let mut seen = HashSet::with_capacity(size);
        (0..size)
            .map(|_| {
                loop {
                    let drawn = self.index(n);
                    if seen.insert(drawn) {
                        return drawn;
                    }
                }
            })
            .collect()
    }

    /// `sample(n) - 1`: a random permutation of `0..n`.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        self.sample_without_replacement(n, n)
    }

    /// `rnorm(1)` by inversion.
    ///
    /// ```
    /// use eval_stats::r_rng::RRng;
    /// // set.seed(42); rnorm(1)
    /// assert!((RRng::new(42).normal() - 1.370958447).abs() < 1e-9);
    /// ```
    pub fn normal(&mut self) -> f64 {
        const BIG: f64 = 134_217_728.0; // 2^27
        let u = (BIG * self.uniform()).floor() + self.uniform();
        crate::special::normal_quantile(u / BIG)
    }
}

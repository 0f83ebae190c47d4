//! The digamma function, `ψ(x) = d/dx ln Γ(x)`.

/// Digamma at whole numbers, `ψ(n) = -γ + Σ_{i<n} 1/i`.
pub(super) struct Digamma(Vec<f64>);

impl Digamma {
    pub(super) fn up_to(n: usize) -> Self {
        const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;
        let mut table = Vec::with_capacity(n + 1);
        table.push(f64::NAN);
        let mut harmonic = 0.0;
        for i in 1..=n {
            table.push(harmonic - EULER_GAMMA);
            harmonic += 1.0 / i as f64;
        }
        Self(table)
    }

    /// `ψ(n)` for `n` from 1 up to the size of the table.
    pub(super) fn at(&self, n: usize) -> f64 {
        self.0[n]
    }

    /// `Σ_m tally[m] ψ(m)`: counts summed in order of their size do not depend on the order of the rows.
    pub(super) fn sum(&self, tally: &[u32]) -> f64 {
        (1..tally.len())
            .filter(|&m| tally[m] > 0)
            .map(|m| f64::from(tally[m]) * self.0[m])
            .sum()
    }
}

/// Digamma for positive arguments: recurrence to 10, then the asymptotic series (terms to `x^-14`, below 1e-15).
pub(super) fn digamma(x: f64) -> f64 {
    const ASYMPTOTIC_FROM: f64 = 10.0;
    let (mut x, mut shift) = (x, 0.0);
    while x < ASYMPTOTIC_FROM {
        shift -= 1.0 / x;
        x += 1.0;
    }
    let s = 1.0 / (x * x);
    let series = s
        * (1.0 / 12.0
            - s * (1.0 / 120.0
                - s * (1.0 / 252.0
                    - s * (1.0 / 240.0 - s * (1.0 / 132.0 - s * (691.0 / 32760.0 - s / 12.0))))));
    shift + x.ln() - 0.5 / x - series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_agrees_with_the_table_and_with_closed_forms() {
        let table = Digamma::up_to(40);
        for n in 1..=40 {
            assert!((digamma(n as f64) - table.at(n)).abs() < 1e-14);
        }
        // ψ(1/2) = -γ - 2 ln 2
        let half = -0.577_215_664_901_532_9 - 2.0 * std::f64::consts::LN_2;
        assert!((digamma(0.5) - half).abs() < 1e-14);
    }

    #[test]
    fn a_tally_is_summed_by_size() {
        let table = Digamma::up_to(4);
        let sum = table.sum(&[7, 2, 0, 1]);
        assert_eq!(sum, 2.0 * table.at(1) + table.at(3));
    }
}

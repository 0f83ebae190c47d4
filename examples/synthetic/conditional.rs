//! From a published marginal and a published odds ratio to the distribution within each outcome class.

/// Class-conditional probabilities of the levels of one factor.
#[derive(Debug, Clone)]
pub(super) struct ConditionalLevels {
    /// `[node-negative, node-positive]`, one probability a level.
    pub(super) given_outcome: [Vec<f64>; 2],
}

impl ConditionalLevels {
    /// Solves for the class-conditional level probabilities that give `marginal` overall when a share
    /// `prevalence` has the outcome, with odds ratio `odds_ratios[k]` of level k against the first level.
    ///
    /// With `p0` the probabilities without the outcome, those with it are `p0_k OR_k / Z`, `Z = Σ p0_k OR_k`; the fixed point in
    /// `Z` converges because each step is a contraction for odds ratios of this size.
    pub(super) fn solve(marginal: &[f64], odds_ratios: &[f64], prevalence: f64) -> Self {
        let mut normalizer = 1.0;
        let mut without = marginal.to_vec();
        for _ in 0..200 {
            without = marginal
                .iter()
                .zip(odds_ratios)
                .map(|(m, ratio)| m / (1.0 - prevalence + prevalence * ratio / normalizer))
                .collect();
            normalizer = without
                .iter()
                .zip(odds_ratios)
                .map(|(p, ratio)| p * ratio)
                .sum();
        }
        let with = without
            .iter()
            .zip(odds_ratios)
            .map(|(p, ratio)| p * ratio / normalizer)
            .collect();
        Self {
            given_outcome: [without, with],
        }
    }

    /// The level at quantile `u` in (0, 1) of the class's distribution, levels in order.
    pub(super) fn level(&self, outcome: bool, u: f64) -> usize {
        let probabilities = &self.given_outcome[usize::from(outcome)];
        let mut cumulative = 0.0;
        for (level, p) in probabilities.iter().enumerate() {
            cumulative += p;
            if u < cumulative {
                return level;
            }
        }
        probabilities.len() - 1
    }
}

/// Gamma distributions with one shape for both classes: their likelihood ratio is exactly log-linear, so a logistic
/// regression on the value has exactly the wanted slope.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConditionalGamma {
    shape: f64,
    /// `[node-negative, node-positive]`.
    rate: [f64; 2],
}

impl ConditionalGamma {
    /// Solves for shape and rates from the overall mean and standard deviation and the log odds ratio per unit.
    pub(super) fn solve(mean: f64, sd: f64, slope: f64, prevalence: f64) -> Self {
        let rates = |shape: f64| {
            let rate = bisect(slope + 1e-6, 1e3, |rate| {
                shape * (prevalence / (rate - slope) + (1.0 - prevalence) / rate) - mean
            });
            [rate, rate - slope]
        };
        let variance = |shape: f64| {
            let rate = rates(shape);
            let second = |r: f64| shape * (shape + 1.0) / (r * r);
            prevalence * second(rate[1]) + (1.0 - prevalence) * second(rate[0]) - mean * mean
        };
        let shape = bisect(0.5, 200.0, |shape| variance(shape) - sd * sd);
        Self {
            shape,
            rate: rates(shape),
        }
    }

    /// The value at the standard normal deviate `z` (Wilson and Hilferty's cube-root approximation).
    pub(super) fn value(&self, outcome: bool, z: f64) -> f64 {
        let ninth = 1.0 / (9.0 * self.shape);
        let root = (1.0 - ninth + z * ninth.sqrt()).max(0.05);
        self.shape / self.rate[usize::from(outcome)] * root.powi(3)
    }
}

/// The zero of a decreasing function.
fn bisect(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if f(middle) > 0.0 {
            low = middle
        } else {
            high = middle
        }
    }
    0.5 * (low + high)
}

/// Standard normal distribution function, good to 1e-7 (Abramowitz and Stegun 7.1.26): only used to draw.
pub(super) fn normal_cdf(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let poly = t
        * (0.254_829_592
            + t * (-0.284_496_736
                + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let upper = 0.5 * poly * (-x * x).exp();
    if z > 0.0 { 1.0 - upper } else { upper }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditional_levels_keep_marginal_and_odds_ratio() {
        let marginal = [55.0 / 421.0, 198.0 / 421.0, 118.0 / 421.0, 50.0 / 421.0];
        let ratios = [1.0, 0.88, 1.36, 1.21];
        let prevalence = 272.0 / 421.0;
        let solved = ConditionalLevels::solve(&marginal, &ratios, prevalence);
        let [without, with] = &solved.given_outcome;
        assert!((without.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((with.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for k in 0..4 {
            assert!(
                (prevalence * with[k] + (1.0 - prevalence) * without[k] - marginal[k]).abs()
                    < 1e-12
            );
            let odds_ratio = with[k] / with[0] / (without[k] / without[0]);
            assert!((odds_ratio - ratios[k]).abs() < 1e-10);
        }
    }

    #[test]
    fn conditional_gamma_keeps_mean_sd_and_slope() {
        let gamma = ConditionalGamma::solve(2.9, 1.5, 1.75f64.ln(), 0.646);
        let [without, with] = gamma.rate;
        assert!((without - with - 1.75f64.ln()).abs() < 1e-9);
        let mean = gamma.shape * (0.646 / with + 0.354 / without);
        let second =
            gamma.shape * (gamma.shape + 1.0) * (0.646 / with.powi(2) + 0.354 / without.powi(2));
        assert!((mean - 2.9).abs() < 1e-9 && ((second - mean * mean).sqrt() - 1.5).abs() < 1e-6);
    }

    #[test]
    fn normal_cdf_at_known_points() {
        assert!((normal_cdf(0.0) - 0.5).abs() < 1e-6);
        assert!((normal_cdf(1.959_963_985) - 0.975).abs() < 1e-6);
        assert!((normal_cdf(-1.0) - 0.158_655_254).abs() < 1e-6);
    }
}

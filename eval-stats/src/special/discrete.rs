//! Binomial and hypergeometric distributions.

use super::{LN_SQRT_2PI, deviance_term, ln_beta_cdf, ln_beta_sf, stirling_error};

/// `ln P(X = k)` for `X` binomial with `n` trials of probability `p`, `q = 1 - p`.
///
/// By the saddle-point form (Loader 2000), so that no factorials cancel.
fn ln_binomial(k: f64, n: f64, p: f64, q: f64) -> f64 {
    if p <= 0.0 || q <= 0.0 {
        let certain = if p <= 0.0 { 0.0 } else { n };
        return if k == certain { 0.0 } else { f64::NEG_INFINITY };
    }
    if k == 0.0 {
        return n * if p < 0.1 { (-p).ln_1p() } else { q.ln() };
    }
    if k == n {
        return n * if q < 0.1 { (-q).ln_1p() } else { p.ln() };
    }
    let rest = n - k;
    stirling_error(n)
        - stirling_error(k)
        - stirling_error(rest)
        - deviance_term(k, n * p)
        - deviance_term(rest, n * q)
        - LN_SQRT_2PI
        - 0.5 * (k.ln() + (rest / n).ln())
}

/// `ln P(X = k)` of the binomial distribution; NaN for `p` outside `[0, 1]`.
///
/// ```
/// use eval_stats::special::ln_binomial_density;
/// assert!((ln_binomial_density(1, 3, 0.5) - 0.375_f64.ln()).abs() < 1e-15);    // 3/8
/// ```
pub fn ln_binomial_density(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k > n {
        return f64::NEG_INFINITY;
    }
    ln_binomial(k as f64, n as f64, p, 1.0 - p)
}

/// Lower tail `P(X <= k)` of the binomial distribution; NaN for `p` outside `[0, 1]`.
///
/// ```
/// // one head or none in three throws
/// let p = eval_stats::special::binomial_cdf(1, 3, 0.5);
/// assert!((p - 0.5).abs() < 1e-15);
/// ```
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    ln_binomial_cdf(k, n, p).exp()
}

/// Upper tail `P(X > k)` of the binomial distribution.
///
/// ```
/// use eval_stats::special::binomial_sf;
/// assert!((binomial_sf(2, 3, 0.5) - 0.125).abs() < 1e-15);     // three heads
/// ```
pub fn binomial_sf(k: u64, n: u64, p: f64) -> f64 {
    ln_binomial_sf(k, n, p).exp()
}

/// Natural logarithm of [`binomial_cdf`], finite where the tail itself is below `f64`'s range.
///
/// ```
/// use eval_stats::special::ln_binomial_cdf;
/// assert!((ln_binomial_cdf(0, 2000, 0.5) / (2000.0 * 0.5_f64.ln()) - 1.0).abs() < 1e-14);
/// ```
pub fn ln_binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k >= n {
        return 0.0;
    }
    ln_beta_sf(p, k as f64 + 1.0, (n - k) as f64)
}

/// Natural logarithm of [`binomial_sf`].
///
/// ```
/// use eval_stats::special::ln_binomial_sf;
/// assert!((ln_binomial_sf(2, 3, 0.5) - 0.125_f64.ln()).abs() < 1e-14);
/// ```
pub fn ln_binomial_sf(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if k >= n {
        return f64::NEG_INFINITY;
    }
    ln_beta_cdf(p, k as f64 + 1.0, (n - k) as f64)
}

/// `ln P(X = k)`: `k` of the `drawn` are among the `marked` of a population of
/// `marked + unmarked`.
pub(crate) fn ln_hypergeometric(k: u64, marked: u64, unmarked: u64, drawn: u64) -> f64 {
    let (r, b, d) = (marked as f64, unmarked as f64, drawn as f64);
    let n = r + b;
    let (p, q) = (d / n, (n - d) / n);
    ln_binomial(k as f64, r, p, q) + ln_binomial((drawn - k) as f64, b, p, q)
        - ln_binomial(d, n, p, q)
}

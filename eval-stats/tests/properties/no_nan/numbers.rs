//! Distributions inside their domain, ticks and grids.

use eval_stats::clinical_impact::{CostBenefit, cost_benefit_axis};
use eval_stats::decision_curve::threshold_grid;
use eval_stats::pretty::pretty;
use eval_stats::special::*;

use super::{Gen, Log, hunt};

impl Gen {
    fn shape(&mut self) -> f64 {
        match self.below(6) {
            0 => self.pick(&[1e-310, 1e-8, 1e16, 1e308, f64::MAX, f64::INFINITY]),
            1 => 10f64.powf(self.unit() * 24.0 - 12.0),
            2 => 1.0 + self.below(4) as f64,
            _ => 0.1 + 20.0 * self.unit(),
        }
    }

    fn probability(&mut self) -> f64 {
        let p = self.share();
        if (0.0..=1.0).contains(&p) { p } else { 0.5 }
    }

    fn number(&mut self) -> f64 {
        let x = self.value();
        if x.is_nan() { 0.5 } else { x }
    }
}

#[test]
fn distributions() {
    hunt(150, |g, log| {
        normal(g, log);
        beta(g, log);
        gamma(g, log);
        let (k, n, p) = (g.count(), g.count(), g.probability());
        log.value("binomial", &(k, n, p), || {
            [
                ln_binomial_density(k, n, p),
                binomial_cdf(k, n, p),
                binomial_sf(k, n, p),
                ln_binomial_cdf(k, n, p),
                ln_binomial_sf(k, n, p),
            ]
        });
    });
}

fn normal(g: &mut Gen, log: &mut Log) {
    let (z, p) = (g.number(), g.probability());
    log.value("normal", &(z, p), || {
        [
            normal_density(z),
            normal_sf(z),
            normal_cdf(z),
            ln_normal_sf(z),
            normal_two_sided(z),
            ln_normal_two_sided(z),
            normal_quantile(p),
            expit(z),
            logit(p),
        ]
    });
}

fn beta(g: &mut Gen, log: &mut Log) {
    let (a, b, x, p) = (g.shape(), g.shape(), g.probability(), g.probability());
    for (name, f) in [
        ("beta_cdf", beta_cdf as fn(f64, f64, f64) -> f64),
        ("beta_sf", beta_sf),
        ("ln_beta_cdf", ln_beta_cdf),
        ("ln_beta_sf", ln_beta_sf),
        ("beta_quantile", beta_quantile),
        ("f_quantile", f_quantile),
    ] {
        log.value(name, &(x, a, b), || f(x, a, b));
    }
    let t = g.number();
    for (name, f) in [
        ("f_cdf", f_cdf as fn(f64, f64, f64) -> f64),
        ("f_sf", f_sf),
        ("ln_f_sf", ln_f_sf),
        ("ln_f_cdf", ln_f_cdf),
    ] {
        log.value(name, &(t.abs(), a, b), || f(t.abs(), a, b));
    }
    for (name, f) in [
        ("ln_t_two_sided", ln_t_two_sided as fn(f64, f64) -> f64),
        ("t_two_sided", t_two_sided),
        ("t_sf", t_sf),
        ("t_cdf", t_cdf),
    ] {
        log.value(name, &(t, a), || f(t, a));
    }
    log.value("t_quantile", &(p, a), || t_quantile(p, a));
}

fn gamma(g: &mut Gen, log: &mut Log) {
    let (a, x, p) = (g.shape(), g.number().abs(), g.probability());
    log.value("ln_gamma", &a, || ln_gamma(a));
    for (name, f) in [
        ("gamma_cdf", gamma_cdf as fn(f64, f64) -> f64),
        ("gamma_sf", gamma_sf),
    ] {
        log.value(name, &(a, x), || f(a, x));
    }
    for (name, f) in [
        ("chi_squared_cdf", chi_squared_cdf as fn(f64, f64) -> f64),
        ("chi_squared_sf", chi_squared_sf),
        ("ln_chi_squared_sf", ln_chi_squared_sf),
    ] {
        log.value(name, &(x, a), || f(x, a));
    }
    log.value("chi_squared_quantile", &(p, a), || {
        chi_squared_quantile(p, a)
    });
}

#[test]
fn grids() {
    hunt(300, |g, log| {
        let n = g.pick(&[0, 1, 2, 5, 12]);
        let (low, high) = (g.number(), g.number());
        let input = (low, high, n);
        log.value("pretty", &input, || pretty(low, high, n));
        if low.is_finite() && high.is_finite() {
            log.value("threshold_grid", &input, || threshold_grid(low, high, n));
        }
        let (low, high) = (g.share(), g.share());
        log.call("cost_benefit_axis", &(low, high, n), || {
            cost_benefit_axis(low, high, n)
        });
        log.shown("CostBenefit::of", &low, || CostBenefit::of(low));
    });
}

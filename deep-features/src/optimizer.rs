//! AdamW, stochastic gradient descent with momentum, clipping by the norm, and the learning rate over time.
//!
//! With `g` the gradient, `η` the learning rate and `λ` the weight decay, step `t = 1, 2, ...` is
//!
//! | method | update |
//! |---|---|
//! | AdamW | `p ← p (1 - η λ)`; `m ← β₁ m + (1 - β₁) g`; `v ← β₂ v + (1 - β₂) g²`; `p ← p - η m̂ / (√v̂ + ε)`, `m̂ = m / (1 - β₁ᵗ)`, `v̂ = v / (1 - β₂ᵗ)` |
//! | SGD | `g ← g + λ p`; `m ← μ m + g` (the first time `m = g`); `p ← p - η m` |
//!
//! as in PyTorch. candle has an AdamW whose state cannot be saved and an SGD without momentum, hence these.
//!
//! References: Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019; Sutskever et al., On the
//! importance of initialization and momentum in deep learning, ICML 2013.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How parameters follow their gradients.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum OptimizerKind {
    /// Adam with decoupled weight decay.
    AdamW {
        /// Decay of the mean of gradients, in \[0, 1).
        beta1: f64,
        /// Decay of the mean of squared gradients, in \[0, 1).
        beta2: f64,
        /// Added to the root of the second moment, positive.
        epsilon: f64,
        /// Weight decay, not negative.
        weight_decay: f64,
    },
    /// Stochastic gradient descent.
    Sgd {
        /// Momentum, in \[0, 1).
        momentum: f64,
        /// Weight decay, not negative.
        weight_decay: f64,
    },
}

impl OptimizerKind {
    /// AdamW with `β₁ = 0.9`, `β₂ = 0.999`, `ε = 1e-8`, weight decay 0.01.
    pub const ADAMW: Self = Self::AdamW {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.01,
    };

    /// SGD with momentum 0.9 and weight decay 1e-4.
    pub const SGD: Self = Self::Sgd {
        momentum: 0.9,
        weight_decay: 1e-4,
    };

    pub(crate) fn check(&self) -> Result<()> {
        let share = |name, value: f64| match (0.0..1.0).contains(&value) {
            true => Ok(()),
            false => Err(setting(name, "a number in [0, 1)", value)),
        };
        let not_negative = |name, value: f64| match value >= 0.0 && value.is_finite() {
            true => Ok(()),
            false => Err(setting(name, "a number from 0", value)),
        };
        match *self {
            Self::AdamW {
                beta1,
                beta2,
                epsilon,
                weight_decay,
            } => {
                share("beta1", beta1)?;
                share("beta2", beta2)?;
                not_negative("weight decay", weight_decay)?;
                match epsilon > 0.0 && epsilon.is_finite() {
                    true => Ok(()),
                    false => Err(setting("epsilon", "a positive number", epsilon)),
                }
            }
            Self::Sgd {
                momentum,
                weight_decay,
            } => {
                share("momentum", momentum)?;
                not_negative("weight decay", weight_decay)
            }
        }
    }
}

fn setting(setting: &'static str, expected: &'static str, found: f64) -> Error {
    Error::Setting {
        setting,
        expected,
        found: found.to_string(),
    }
}

/// The learning rate over the steps of a training: a linear rise, then half a cosine down to 0.
///
/// `(t + 1) / w` of the peak for `t < w`, and then `(1 + cos(π (t - w) / (n - w))) / 2` of it, for `n` steps of which
/// `w` are the warm-up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LearningRate {
    warmup: usize,
    steps: usize,
}

impl LearningRate {
    pub(crate) fn new(warmup_share: f64, steps: usize) -> Self {
        Self {
            warmup: (warmup_share * steps as f64).ceil() as usize,
            steps,
        }
    }

    /// Share of the peak at step `t`, from 0.
    pub(crate) fn share(&self, t: usize) -> f64 {
        if t < self.warmup {
            return (t + 1) as f64 / self.warmup as f64;
        }
        let done = (t - self.warmup) as f64 / (self.steps - self.warmup).max(1) as f64;
        0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
    }
}

/// What the optimizer remembers of one parameter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moments {
    /// Steps this parameter has made.
    pub steps: u32,
    /// Mean of gradients, or momentum; absent before the first step.
    pub first: Option<Tensor>,
    /// Mean of squared gradients; AdamW only.
    pub second: Option<Tensor>,
}

/// One step of one parameter at the learning rate `rate`. `decays` tells whether weight decay applies to it.
pub(crate) fn step(
    kind: &OptimizerKind,
    parameter: &Tensor,
    gradient: &Tensor,
    moments: &mut Moments,
    rate: f64,
    decays: bool,
) -> candle_core::Result<Tensor> {
    moments.steps += 1;
    match *kind {
        OptimizerKind::AdamW {
            beta1,
            beta2,
            epsilon,
            weight_decay,
        } => {
            let decayed = match decays {
                true => parameter.affine(1.0 - rate * weight_decay, 0.0)?,
                false => parameter.clone(),
            };
            let first = mixed(moments.first.as_ref(), gradient, beta1)?;
            let second = mixed(moments.second.as_ref(), &gradient.sqr()?, beta2)?;
            let steps = moments.steps as i32;
            let root = second
                .affine(1.0 / (1.0 - beta2.powi(steps)), 0.0)?
                .sqrt()?
                .affine(1.0, epsilon)?;
            let move_by = (&first / root)?.affine(-rate / (1.0 - beta1.powi(steps)), 0.0)?;
            (moments.first, moments.second) = (Some(first), Some(second));
            decayed + move_by
        }
        OptimizerKind::Sgd {
            momentum,
            weight_decay,
        } => {
            let gradient = match decays && weight_decay > 0.0 {
                true => (gradient + parameter.affine(weight_decay, 0.0)?)?,
                false => gradient.clone(),
            };
            let velocity = match &moments.first {
                Some(velocity) => (velocity.affine(momentum, 0.0)? + &gradient)?,
                None => gradient,
            };
            let moved = (parameter + velocity.affine(-rate, 0.0)?)?;
            moments.first = Some(velocity);
            Ok(moved)
        }
    }
}

/// `β old + (1 - β) new`, where an absent `old` is 0.
fn mixed(old: Option<&Tensor>, new: &Tensor, beta: f64) -> candle_core::Result<Tensor> {
    let new = new.affine(1.0 - beta, 0.0)?;
    match old {
        Some(old) => old.affine(beta, 0.0)? + new,
        None => Ok(new),
    }
}

/// Scales gradients so that the norm of all of them together is at most `limit`: by `limit / (norm + 1e-6)`, as in
/// PyTorch. Returns the norm before.
pub(crate) fn clip(gradients: &mut [Tensor], limit: f64) -> candle_core::Result<f64> {
    let mut squares = 0.0;
    for gradient in gradients.iter() {
        squares += f64::from(gradient.sqr()?.sum_all()?.to_scalar::<f32>()?);
    }
    let norm = squares.sqrt();
    let factor = limit / (norm + 1e-6);
    if factor < 1.0 {
        for gradient in gradients.iter_mut() {
            *gradient = gradient.affine(factor, 0.0)?;
        }
    }
    Ok(norm)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::golden::{close, floats, json, list, number, numbers};

    fn tensor(values: &[f32]) -> Tensor {
        Tensor::from_slice(values, values.len(), &Device::Cpu).expect("a tensor")
    }

    fn values(tensor: &Tensor) -> Vec<f32> {
        tensor.to_vec1().expect("values")
    }

    #[test]
    fn steps_are_those_of_torch() {
        let golden = json("optimizers.json");
        for name in ["adamw", "adamw_changing_rate", "sgd", "sgd_momentum"] {
            let case = &golden[name];
            let weight_decay = number(&case["weight_decay"]);
            let kind = match name.starts_with("adamw") {
                true => OptimizerKind::AdamW {
                    beta1: number(&case["beta1"]),
                    beta2: number(&case["beta2"]),
                    epsilon: number(&case["epsilon"]),
                    weight_decay,
                },
                false => OptimizerKind::Sgd {
                    momentum: number(&case["momentum"]),
                    weight_decay,
                },
            };
            let mut parameter = tensor(&floats(&golden["initial"]));
            let mut moments = Moments::default();
            let rates = numbers(&case["learning_rates"]);
            let steps = list(&golden["gradients"])
                .iter()
                .zip(list(&case["after_step"]));
            for ((gradient, expected), rate) in steps.zip(rates) {
                let gradient = tensor(&floats(gradient));
                parameter =
                    step(&kind, &parameter, &gradient, &mut moments, rate, true).expect("a step");
                // Eight steps in single precision.
                close(name, &values(&parameter), &numbers(expected), 1e-6);
            }
            assert_eq!(moments.steps, 8);
        }
    }

    #[test]
    fn parameters_without_decay_stay_where_their_gradient_is_zero() {
        for kind in [OptimizerKind::ADAMW, OptimizerKind::SGD] {
            let start = tensor(&[1.0, -2.0]);
            let zero = tensor(&[0.0, 0.0]);
            let run = |decays| {
                step(&kind, &start, &zero, &mut Moments::default(), 0.1, decays).expect("a step")
            };
            assert_eq!(values(&run(false)), [1.0, -2.0]);
            assert!(values(&run(true))[0] < 1.0);
        }
    }

    #[test]
    fn clipping_is_that_of_torch() {
        let golden = json("clip.json");
        let limit = number(&golden["max_norm"]);
        for name in ["above", "below", "at"] {
            let case = &golden["cases"][name];
            let mut gradients: Vec<Tensor> = list(&case["gradients"])
                .iter()
                .map(|g| tensor(&floats(g)))
                .collect();
            let norm = clip(&mut gradients, limit).expect("a norm");
            assert!((norm - number(&case["norm"])).abs() < 1e-6 * norm, "{name}");
            for (gradient, expected) in gradients.iter().zip(list(&case["clipped"])) {
                close(name, &values(gradient), &numbers(expected), 1e-6);
            }
        }
    }

    #[test]
    fn learning_rate_rises_and_falls() {
        let rate = LearningRate::new(0.1, 30);
        let expected = json("head_training.json");
        let expected = numbers(&expected["cases"][0]["learning_rates"]);
        for (t, expected) in expected.iter().enumerate() {
            assert!((1e-2 * rate.share(t) - expected).abs() < 1e-12, "{t}");
        }
        assert_eq!(LearningRate::new(0.0, 1).share(0), 1.0);
        // A warm-up as long as the training never falls.
        let short = LearningRate::new(0.99, 3);
        assert_eq!(
            (0..3).map(|t| short.share(t)).collect::<Vec<_>>(),
            [1.0 / 3.0, 2.0 / 3.0, 1.0]
        );
    }

    #[test]
    fn unusable_settings_are_refused() {
        let adamw = |beta1, beta2, epsilon, weight_decay| OptimizerKind::AdamW {
            beta1,
            beta2,
            epsilon,
            weight_decay,
        };
        for bad in [
            adamw(1.0, 0.9, 1e-8, 0.0),
            adamw(0.9, -0.1, 1e-8, 0.0),
            adamw(0.9, 0.9, 0.0, 0.0),
            adamw(0.9, 0.9, 1e-8, f64::NAN),
            OptimizerKind::Sgd {
                momentum: 0.9,
                weight_decay: -1.0,
            },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
        assert!(OptimizerKind::ADAMW.check().is_ok() && OptimizerKind::SGD.check().is_ok());
    }
}

//! 2x2 max-pool of stride 2; an odd last row or column is dropped.
//!
//! Once on a [`FeatureMap`] for inference, and once as an operation on candle tensors with the right gradient: the
//! first of equal maxima in row-major order receives all of it. (candle's own backward pass gives a unique maximum a
//! quarter of its gradient.)

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Shape, Tensor, bail};

use super::FeatureMap;

/// Max-pool of one image's map.
pub(crate) fn max_pool(input: &FeatureMap) -> FeatureMap {
    let mut output = FeatureMap::zeros(input.channels, input.height / 2, input.width / 2);
    let row = output.row_pixels();
    for y in 0..output.height {
        for x in 0..output.width {
            let corners = [(0, 0), (0, 1), (1, 0), (1, 1)]
                .map(|(dy, dx)| input.pixel(2 * y + dy, 2 * x + dx));
            let at = ((y + 1) * row + x + 1) * input.channels;
            let pixel = &mut output.data[at..at + input.channels];
            pixel.copy_from_slice(corners[0]);
            for corner in &corners[1..] {
                for (best, &value) in pixel.iter_mut().zip(*corner) {
                    *best = if value > *best || value.is_nan() {
                        value
                    } else {
                        *best
                    };
                }
            }
        }
    }
    output
}

/// Max-pool of a tensor `(batch, channels, height, width)`, with a gradient.
///
/// # Errors
/// candle's errors; a tensor that has not four axes.
pub(crate) fn max_pool_tensor(x: &Tensor) -> candle_core::Result<Tensor> {
    if x.device().is_cpu() {
        return x.contiguous()?.apply_op1(MaxPool2);
    }
    // No kernel of ours there: two reductions over the halves of each axis. Ties share the gradient.
    let (b, c, h, w) = x.dims4()?;
    let even = x
        .narrow(2, 0, h / 2 * 2)?
        .narrow(3, 0, w / 2 * 2)?
        .contiguous()?;
    even.reshape((b, c, h / 2, 2, w / 2, 2))?.max(5)?.max(3)
}

struct MaxPool2;

impl CustomOp1 for MaxPool2 {
    fn name(&self) -> &'static str {
        "max-pool-2x2"
    }

    fn cpu_fwd(
        &self,
        storage: &CpuStorage,
        layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (b, c, h, w) = layout.shape().dims4()?;
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!("max-pool-2x2 needs a contiguous tensor")
        };
        let shape = Shape::from((b, c, h / 2, w / 2));
        let pooled = match storage {
            CpuStorage::F32(v) => CpuStorage::F32(pick(&v[start..end], h, w)),
            CpuStorage::F64(v) => CpuStorage::F64(pick(&v[start..end], h, w)),
            other => bail!(
                "max-pool-2x2 takes f32 or f64, not {:?}",
                candle_core::backend::BackendStorage::dtype(other)
            ),
        };
        Ok((pooled, shape))
    }

    fn bwd(
        &self,
        arg: &Tensor,
        _res: &Tensor,
        grad_res: &Tensor,
    ) -> candle_core::Result<Option<Tensor>> {
        let (_, _, h, w) = arg.dims4()?;
        let grad = match arg.dtype() {
            DType::F32 => {
                let (values, gradient) = (flat::<f32>(arg)?, flat::<f32>(grad_res)?);
                Tensor::from_vec(scatter(&values, &gradient, h, w), arg.shape(), arg.device())?
            }
            DType::F64 => {
                let (values, gradient) = (flat::<f64>(arg)?, flat::<f64>(grad_res)?);
                Tensor::from_vec(scatter(&values, &gradient, h, w), arg.shape(), arg.device())?
            }
            other => bail!("max-pool-2x2 takes f32 or f64, not {other:?}"),
        };
        Ok(Some(grad))
    }
}

fn flat<T: candle_core::WithDType>(tensor: &Tensor) -> candle_core::Result<Vec<T>> {
    tensor.flatten_all()?.to_vec1()
}

/// Position of the maximum of each window, planes one after the other.
fn winners<T: Copy + PartialOrd>(values: &[T], h: usize, w: usize) -> impl Iterator<Item = usize> {
    let plane = (h * w).max(1);
    (0..values.len() / plane).flat_map(move |p| {
        (0..h / 2).flat_map(move |y| {
            (0..w / 2).map(move |x| {
                let first = p * plane + 2 * y * w + 2 * x;
                [first + 1, first + w, first + w + 1]
                    .into_iter()
                    .fold(first, |best, at| {
                        // A NaN is not equal to itself; it wins, as it would in a comparison by hand.
                        #[expect(
                            clippy::eq_op,
                            reason = "the test for NaN of a type that is only ordered"
                        )]
                        let is_nan = values[at] != values[at];
                        if values[at] > values[best] || is_nan {
                            at
                        } else {
                            best
                        }
                    })
            })
        })
    })
}

fn pick<T: Copy + PartialOrd>(values: &[T], h: usize, w: usize) -> Vec<T> {
    winners(values, h, w).map(|at| values[at]).collect()
}

fn scatter<T: Copy + PartialOrd + Default>(
    values: &[T],
    gradient: &[T],
    h: usize,
    w: usize,
) -> Vec<T> {
    let mut out = vec![T::default(); values.len()];
    // Windows do not overlap, so every position is written once at most.
    for (at, &g) in winners(values, h, w).zip(gradient) {
        out[at] = g;
    }
    out
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};
    use ndarray::{Array4, Axis};
    use serde_json::Value;

    use super::*;
    use crate::golden::{floats, json};

    fn cases() -> Vec<(String, Value)> {
        let all = json("maxpool_backward.json");
        let cases = all["max_pool_2x2_stride2"].as_object().expect("cases");
        cases
            .iter()
            .map(|(name, case)| (name.clone(), case.clone()))
            .collect()
    }

    fn sizes(value: &Value) -> (usize, usize, usize, usize) {
        let n: Vec<usize> = floats(value).iter().map(|&v| v as usize).collect();
        (n[0], n[1], n[2], n[3])
    }

    #[test]
    fn forward_and_backward_match_torch() {
        let cases = cases();
        assert_eq!(cases.len(), 9);
        for (name, case) in cases {
            let device = Device::Cpu;
            let x = Tensor::from_vec(floats(&case["input"]), sizes(&case["shape"]), &device)
                .expect("input");
            let x = Var::from_tensor(&x).expect("a variable");
            let y = max_pool_tensor(&x).expect("a pool");
            assert_eq!(
                y.dims4().expect("four axes"),
                sizes(&case["out_shape"]),
                "{name}"
            );
            assert_eq!(
                flat::<f32>(&y).expect("values"),
                floats(&case["output"]),
                "{name}"
            );
            let g = Tensor::from_vec(floats(&case["grad_output"]), y.shape(), &device)
                .expect("gradient");
            let gradients = (&y * &g)
                .and_then(|l| l.sum_all()?.backward())
                .expect("backward");
            let found = flat::<f32>(gradients.get(&x).expect("of x")).expect("values");
            assert_eq!(found, floats(&case["grad_input"]), "{name}");
        }
    }

    /// Far from ties the pool is linear: a difference is its slope, up to rounding.
    #[test]
    fn backward_is_the_difference() {
        let (shape, device) = ((2, 3, 5, 6), Device::Cpu);
        let start: Vec<f32> = (0..180u32).map(|i| (i * 37 % 181) as f32 / 8.0).collect();
        let weights: Vec<f32> = (0..36).map(|i| (i * 5 % 7) as f32 - 3.0).collect();
        let weights = Tensor::from_vec(weights, (2, 3, 2, 3), &device).expect("weights");
        let loss = |values: &[f32]| {
            let x = Tensor::from_slice(values, shape, &device).and_then(|x| Var::from_tensor(&x));
            let x = x.expect("a variable");
            let loss = max_pool_tensor(x.as_tensor()).and_then(|y| (y * &weights)?.sum_all());
            (loss.expect("a loss"), x)
        };
        let (whole, x) = loss(&start);
        let gradients = whole.backward().expect("backward");
        let found = flat::<f32>(gradients.get(&x).expect("of x")).expect("values");
        for (at, slope) in found.into_iter().enumerate() {
            let shifted = |by: f32| {
                let mut moved = start.clone();
                moved[at] += by;
                loss(&moved).0.to_scalar::<f32>().expect("a number")
            };
            // Values are eighths, so that a sixteenth changes no order.
            let difference = (shifted(0.0625) - shifted(-0.0625)) / 0.125;
            assert!(
                (difference - slope).abs() < 1e-3,
                "{at}: {difference} {slope}"
            );
        }
    }

    #[test]
    fn map_and_tensor_agree() {
        for (name, case) in cases() {
            let input = Array4::from_shape_vec(sizes(&case["shape"]), floats(&case["input"]))
                .expect("input");
            let output = Array4::from_shape_vec(sizes(&case["out_shape"]), floats(&case["output"]))
                .expect("output");
            for (image, expected) in input.axis_iter(Axis(0)).zip(output.axis_iter(Axis(0))) {
                assert_eq!(
                    max_pool(&FeatureMap::from_chw(image)).to_chw(),
                    expected,
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn not_a_number_wins() {
        let x = Tensor::new(&[[[[1.0f32, 2.0], [f32::NAN, 3.0]]]], &Device::Cpu).expect("a tensor");
        assert!(flat::<f32>(&max_pool_tensor(&x).expect("a pool")).expect("values")[0].is_nan());
    }
}

//! Convolution and ReLU as an operation on candle tensors, with gradients: the same kernels as for inference.
//!
//! candle's own convolution is several times slower forward, and its backward pass is made of plain loops.

use candle_core::{CpuStorage, CustomOp3, Layout, Shape, Tensor, bail};
use ndarray::ArrayView3;

use super::{FeatureMap, conv, conv_gradient};
use crate::par;

/// Whether the gradient with respect to the convolution's input is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputGradient {
    Wanted,
    /// Nothing before this convolution is trained, so a third of the work is saved.
    NotNeeded,
}

/// `max(0, K * x + b)` for `x` of `(n, in, h, w)`, kernel `(3, 3, in, out)` and bias `(out)`, all f32 on the CPU.
///
/// The derivative of the ReLU at 0 is 0.
pub(crate) fn conv_relu(
    x: &Tensor,
    kernel: &Tensor,
    bias: &Tensor,
    input_gradient: InputGradient,
) -> candle_core::Result<Tensor> {
    let op = ConvRelu { input_gradient };
    x.contiguous()?
        .apply_op3(&kernel.contiguous()?, &bias.contiguous()?, op)
}

struct ConvRelu {
    input_gradient: InputGradient,
}

impl CustomOp3 for ConvRelu {
    fn name(&self) -> &'static str {
        "conv-3x3-relu"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        kernel: &CpuStorage,
        kernel_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (n, c, h, w) = x_layout.shape().dims4()?;
        let (3, 3, inside, out) = kernel_layout.shape().dims4()? else {
            bail!("conv-3x3-relu takes kernels of 3 x 3, not {kernel_layout:?}")
        };
        if inside != c || bias_layout.shape().dims1()? != out || h == 0 || w == 0 {
            bail!("conv-3x3-relu: {x_layout:?}, {kernel_layout:?} and {bias_layout:?} do not fit")
        }
        let (kernel, bias) = (slice(kernel, kernel_layout)?, slice(bias, bias_layout)?);
        let maps = maps(slice(x, x_layout)?, (n, c, h, w));
        let made = par::map_indexed(n, |i| values(&conv::conv_relu(&maps[i], kernel, bias)));
        Ok((CpuStorage::F32(made.concat()), (n, out, h, w).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        kernel: &Tensor,
        _bias: &Tensor,
        y: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (n, c, h, w) = x.dims4()?;
        let out = y.dim(1)?;
        let device = x.device();
        let x_values = flat(x)?;
        let inputs = par::map_indexed(n, |i| {
            let image = &x_values[i * c * h * w..(i + 1) * c * h * w];
            conv_gradient::Planes::from_chw(image, (c, h, w))
        });
        let mut through = flat(gradient)?;
        for (g, y) in through.iter_mut().zip(flat(y)?) {
            *g = if y > 0.0 { *g } else { 0.0 };
        }
        let gradients = maps(&through, (n, out, h, w));
        let of_input = match self.input_gradient {
            InputGradient::NotNeeded => None,
            InputGradient::Wanted => {
                let turned = conv_gradient::turned(&flat(kernel)?, c, out);
                let made = par::map_indexed(n, |i| {
                    values(&conv_gradient::of_input(&gradients[i], &turned, c))
                });
                Some(Tensor::from_vec(made.concat(), x.shape(), device)?)
            }
        };
        let of_kernel = conv_gradient::of_kernel(&inputs, &gradients);
        let of_bias = conv_gradient::of_bias(&gradients, out);
        Ok((
            of_input,
            Some(Tensor::from_vec(of_kernel, kernel.shape(), device)?),
            Some(Tensor::from_vec(of_bias, out, device)?),
        ))
    }
}

fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => bail!("conv-3x3-relu takes contiguous f32 tensors, not {layout:?}"),
    }
}

fn flat(tensor: &Tensor) -> candle_core::Result<Vec<f32>> {
    tensor.flatten_all()?.to_vec1()
}

fn maps(values: &[f32], (n, c, h, w): (usize, usize, usize, usize)) -> Vec<FeatureMap> {
    par::map_indexed(n, |i| {
        let image = &values[i * c * h * w..(i + 1) * c * h * w];
        FeatureMap::from_chw(ArrayView3::from_shape((c, h, w), image).expect("one image's values"))
    })
}

fn values(map: &FeatureMap) -> Vec<f32> {
    map.to_chw().into_raw_vec_and_offset().0
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::golden::{close, count, json, list, numbers, unit, weight};
    use crate::rng::he_normal;
    use crate::weights::{to_kernel_in_out, to_kernel_out_in};

    /// A linear functional of the output, so that its gradient is the convolution's.
    fn loss(y: &Tensor, weights: &[f32]) -> f64 {
        let y = flat(y).expect("values");
        assert_eq!(y.len(), weights.len());
        y.iter()
            .zip(weights)
            .map(|(y, w)| f64::from(*y) * f64::from(*w))
            .sum()
    }

    struct Case {
        x: Var,
        kernel: Var,
        bias: Var,
        weights: Vec<f32>,
    }

    fn case(n: usize, (c, out): (usize, usize), (h, w): (usize, usize)) -> Case {
        let var = |stream, shape: &[usize], fan_in| {
            let count = shape.iter().product();
            Var::from_vec(he_normal(3, stream, count, fan_in), shape, &Device::Cpu)
                .expect("a variable")
        };
        Case {
            x: var(0, &[n, c, h, w], 2),
            kernel: var(1, &[3, 3, c, out], 9 * c),
            bias: var(2, &[out], 8),
            weights: he_normal(3, 3, n * out * h * w, 2),
        }
    }

    /// Finite differences: between two kinks the operation is linear in each of its arguments, so a step that meets
    /// no kink has no error but rounding.
    #[test]
    fn gradients_are_finite_differences() {
        for (n, channels, size) in [
            (2, (3, 4), (5, 7)),
            (1, (8, 8), (6, 6)),
            (3, (5, 2), (1, 4)),
            (2, (1, 3), (4, 1)),
        ] {
            let case = case(n, channels, size);
            let run = || {
                conv_relu(
                    case.x.as_tensor(),
                    case.kernel.as_tensor(),
                    case.bias.as_tensor(),
                    InputGradient::Wanted,
                )
                .expect("a convolution")
            };
            let y = run();
            let g = Tensor::from_vec(case.weights.clone(), y.shape(), &Device::Cpu).expect("g");
            let gradients = (&y * &g)
                .and_then(|l| l.sum_all()?.backward())
                .expect("gradients");
            for var in [&case.x, &case.kernel, &case.bias] {
                let found = flat(gradients.get(var).expect("of the variable")).expect("values");
                let start = flat(var.as_tensor()).expect("values");
                let scale = found.iter().fold(0.0f32, |m, v| m.max(v.abs()));
                let step = 1e-3f32;
                let mut tried = 0;
                for at in 0..start.len() {
                    let shifted = |by: f32| {
                        let mut moved = start.clone();
                        moved[at] += by;
                        let moved = Tensor::from_vec(moved, var.shape(), &Device::Cpu).expect("t");
                        var.set(&moved).expect("a value");
                        let y = run();
                        (loss(&y, &case.weights), flat(&y).expect("values"))
                    };
                    let ((up, y_up), (down, y_down)) = (shifted(step), shifted(-step));
                    let kink = y_up
                        .iter()
                        .zip(&y_down)
                        .any(|(a, b)| (*a > 0.0) != (*b > 0.0));
                    if kink {
                        continue;
                    }
                    tried += 1;
                    let slope = (up - down) / (2.0 * f64::from(step));
                    assert!(
                        (slope - f64::from(found[at])).abs() < 2e-3 * f64::from(scale),
                        "{slope} {} of {scale}",
                        found[at]
                    );
                }
                assert!(2 * tried >= start.len(), "{tried} of {}", start.len());
                var.set(&Tensor::from_vec(start, var.shape(), &Device::Cpu).expect("t"))
                    .expect("a value");
            }
        }
    }

    #[test]
    fn gradients_match_torch() {
        let golden = json("convolution_gradients.json");
        for (number, case) in (0u32..).zip(list(&golden["cases"])) {
            let of = |key: &str| count(&case[key]);
            let (n, c, o) = (of("batch"), of("in_channels"), of("out_channels"));
            let (h, w) = (of("height"), of("width"));
            let stream = 1200 + 10 * number;
            let values = |stream, count, scale: f64| -> Vec<f32> {
                let values = unit(stream, count).into_iter();
                values.map(|value| (scale * value) as f32).collect()
            };
            let var = |values: Vec<f32>, shape: &[usize]| {
                Var::from_vec(values, shape, &Device::Cpu).expect("a variable")
            };
            let x = var(values(stream, n * c * h * w, 1.0), &[n, c, h, w]);
            let kernel = to_kernel_in_out(&weight(stream + 1, o, 9 * c), c, o);
            let kernel = var(kernel, &[3, 3, c, o]);
            let bias = var(values(stream + 2, o, 0.3), &[o]);
            let y = conv_relu(&x, &kernel, &bias, InputGradient::Wanted).expect("a convolution");
            close("y", &flat(&y).expect("values"), &numbers(&case["y"]), 1e-6);
            let upstream = values(stream + 3, n * o * h * w, 1.0);
            let upstream = Tensor::from_vec(upstream, y.shape(), &Device::Cpu).expect("g");
            let gradients = (&y * &upstream)
                .and_then(|l| l.sum_all()?.backward())
                .expect("gradients");
            for (key, var) in [
                ("x_gradient", &x),
                ("weight_gradient", &kernel),
                ("bias_gradient", &bias),
            ] {
                let mut found = flat(gradients.get(var).expect("of the variable")).expect("values");
                if key == "weight_gradient" {
                    found = to_kernel_out_in(&found, c, o);
                }
                close(key, &found, &numbers(&case[key]), 1e-6);
            }
        }
    }

    #[test]
    fn agrees_with_candle() {
        let case = case(2, (6, 5), (9, 8));
        let ours = conv_relu(&case.x, &case.kernel, &case.bias, InputGradient::Wanted)
            .expect("a convolution");
        let theirs = case
            .x
            .conv2d(
                &case.kernel.permute((3, 2, 0, 1)).expect("axes"),
                1,
                1,
                1,
                1,
            )
            .and_then(|y| y.broadcast_add(&case.bias.reshape((1, 5, 1, 1))?)?.relu())
            .expect("a convolution");
        let g = Tensor::from_vec(case.weights.clone(), ours.shape(), &Device::Cpu).expect("g");
        let of = |y: &Tensor| {
            (y * &g)
                .and_then(|l| l.sum_all()?.backward())
                .expect("gradients")
        };
        let (a, b) = (of(&ours), of(&theirs));
        for var in [&case.x, &case.kernel, &case.bias] {
            let get = |store: &candle_core::backprop::GradStore| {
                flat(store.get(var).expect("of the variable")).expect("values")
            };
            for (a, b) in get(&a).iter().zip(get(&b)) {
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
        }
    }

    #[test]
    fn unneeded_input_gradient_is_not_computed() {
        let case = case(1, (2, 2), (3, 3));
        let y = conv_relu(&case.x, &case.kernel, &case.bias, InputGradient::NotNeeded)
            .expect("a convolution");
        let gradients = y.sum_all().and_then(|l| l.backward()).expect("gradients");
        assert!(gradients.get(&case.kernel).is_some() && gradients.get(&case.x).is_none());
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let tensor = |shape: &[usize]| {
            Tensor::zeros(shape, candle_core::DType::F32, &Device::Cpu).expect("zeros")
        };
        for (x, k, b) in [
            ([1, 2, 3, 3], [3, 3, 3, 4], 4),
            ([1, 2, 3, 3], [3, 3, 2, 4], 5),
            ([1, 2, 3, 3], [5, 5, 2, 4], 4),
            ([1, 2, 0, 3], [3, 3, 2, 4], 4),
        ] {
            let made = conv_relu(
                &tensor(&x),
                &tensor(&k),
                &tensor(&[b]),
                InputGradient::Wanted,
            );
            assert!(made.is_err(), "{x:?} {k:?} {b}");
        }
    }
}

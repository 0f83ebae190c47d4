"""Writes the fixtures of this folder that are named in README.md under "generate_training.py".

    python generate_training.py OUT_DIR

Needs torch, numpy. Weights, images and tables are integer formulas (README.md); nothing is random. All is computed in f64;
what weight() and tensor() make is rounded to f32 first, so that an f32 program starts from the same numbers.
"""
import json
import math
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

OUT = sys.argv[1]
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
M32 = np.uint64(0xFFFFFFFF)
VERSIONS = {"torch": torch.__version__.split("+")[0], "numpy": np.__version__}
BLOCKS19 = [(64, 2), (128, 2), (256, 4), (512, 4), (512, 4)]
FEATURES19 = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]


def mix(k):
    x = np.asarray(k, np.uint64) & M32
    x ^= x >> np.uint64(16)
    x = (x * np.uint64(0x7FEB352D)) & M32
    x ^= x >> np.uint64(15)
    x = (x * np.uint64(0x846CA68B)) & M32
    return x ^ (x >> np.uint64(16))


def unit(stream, n):
    return mix((np.arange(n, dtype=np.uint64) + np.uint64(1 + 1000003 * stream)) & M32).astype(np.float64) / 4294967296.0 - 0.5


def tensor(values, shape):
    """Rounded to f32, held in f64."""
    return torch.from_numpy(np.reshape(values, shape).astype(np.float32)).double()


def weight(stream, shape):
    fan_in = int(np.prod(shape[1:]))
    return tensor(unit(stream, int(np.prod(shape))) * np.sqrt(24.0 / fan_in), shape)


def image(c, h, w):
    c, y, x = np.mgrid[0:c, 0:h, 0:w]
    v = (7 * x + 13 * y + 29 * c + 5 * ((x * y) % 31)) % 256
    return tensor(v / 127.5 - 1, (1, *v.shape))


def narrow(divisor):
    """Weights and biases of VGG19's sixteen convolutions; layer l uses stream l."""
    pairs, inside = [], 3
    for channels, count in BLOCKS19:
        for _ in range(count):
            out = channels // divisor
            pairs.append((weight(len(pairs), (out, inside, 3, 3)), tensor([0.01 * (o % 7 - 3) for o in range(out)], (out,))))
            inside = out
    return pairs


def trunk(pairs, x):
    """relu5_4, before the last pool."""
    pairs = iter(pairs)
    for block, (_, count) in enumerate(BLOCKS19):
        x = F.max_pool2d(x, 2, 2) if block else x
        for _ in range(count):
            w, b = next(pairs)
            x = F.relu(F.conv2d(x, w, b, padding=1))
    return x


def digits(values, n=17):
    return [float(f"%.{n}g" % v) for v in torch.as_tensor(values).detach().flatten().tolist()]


def dump(name, value):
    with open(os.path.join(OUT, name), "w") as f:
        json.dump({"versions": VERSIONS, **value}, f, separators=(",", ":"))
        f.write("\n")


def optimizer_case(make, rates):
    """Five values, one step for each learning rate; the gradient of step t is unit(1001 + t, 5)."""
    p = torch.nn.Parameter(torch.from_numpy(unit(1000, 5)))
    optimizer, after = make(p), []
    for t, rate in enumerate(rates):
        optimizer.param_groups[0]["lr"] = rate
        p.grad = torch.from_numpy(unit(1001 + t, 5))
        optimizer.step()
        after.append(digits(p))
    return {"learning_rates": rates, "after_step": after}


def optimizers():
    def adamw(p):
        return torch.optim.AdamW([p], lr=1e-2, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.1)

    def sgd(momentum):
        return lambda p: torch.optim.SGD([p], lr=0.1, momentum=momentum, weight_decay=0.01, nesterov=False)

    adam = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.1}
    changing = [1e-3, 5e-3, 1e-2, 3e-2, 2e-2, 7e-3, 0.0, 1e-3]
    dump("optimizers.json", {
        "initial": digits(unit(1000, 5)),
        "gradients": [digits(unit(1001 + t, 5)) for t in range(8)],
        "adamw": {**adam, **optimizer_case(adamw, [1e-2] * 8)},
        "adamw_changing_rate": {**adam, **optimizer_case(adamw, changing)},
        "sgd": {"momentum": 0.0, "weight_decay": 0.01, **optimizer_case(sgd(0.0), [0.1] * 8)},
        "sgd_momentum": {"momentum": 0.9, "weight_decay": 0.01, **optimizer_case(sgd(0.9), [0.1] * 8)},
    })


def bce():
    """torch loses small losses and gradients to cancellation (x = -40, y = 0: 0, not 4e-18); the formulas under "stable" do not."""
    logits = [0.0, -0.0, 1e-3, -1e-3, 0.7, -0.7, 17.5, -17.5, 40.0, -40.0, 100.0, -100.0, 1e4, -1e4]
    cases = []
    for first in (1, 0):
        labels = [first if i % 2 == 0 else 1 - first for i in range(len(logits))]
        for positive in (1.0, 2.7):
            x, y = torch.tensor(logits, dtype=torch.float64, requires_grad=True), torch.tensor(labels, dtype=torch.float64)
            w = torch.tensor([positive], dtype=torch.float64)
            loss = F.binary_cross_entropy_with_logits(x, y, pos_weight=w)
            loss.backward()
            each = F.binary_cross_entropy_with_logits(x, y, pos_weight=w, reduction="none")
            z, t = np.array(logits), np.array(labels)
            with np.errstate(over="ignore"):
                up, down = 1 / (1 + np.exp(-z)), 1 / (1 + np.exp(z))
            cases.append({
                "labels": labels, "pos_weight": positive, "mean_loss": digits(loss)[0], "losses": digits(each), "gradient": digits(x.grad),
                "stable": {"losses": digits(positive * t * np.logaddexp(0, -z) + (1 - t) * np.logaddexp(0, z)),
                           "gradient": digits(((1 - t) * up - positive * t * down) / len(z))},
            })
    dump("bce.json", {"logits": logits, "cases": cases})


def clip():
    at_limit = [np.array([0.0, -1.0, 0.0]), np.zeros(4)]
    cases = {"above": [4 * unit(1010, 3), 4 * unit(1011, 4)], "below": [0.5 * unit(1012, 3), 0.5 * unit(1013, 4)], "at": at_limit}
    out = {}
    for name, gradients in cases.items():
        parameters = [torch.nn.Parameter(torch.zeros(len(g), dtype=torch.float64)) for g in gradients]
        for p, g in zip(parameters, gradients):
            p.grad = torch.from_numpy(g.copy())
        norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm=1.0)
        out[name] = {"gradients": [digits(g) for g in gradients], "norm": digits(norm)[0], "clipped": [digits(p.grad) for p in parameters]}
    dump("clip.json", {"max_norm": 1.0, "cases": out})


def convolution_gradients():
    """y = relu(conv2d(x, w, b, padding 1)); the loss is sum(upstream * y)."""
    cases = []
    for k, (batch, inside, out, h, w) in enumerate([(2, 3, 4, 5, 7), (1, 8, 8, 6, 6), (3, 5, 2, 1, 4)]):
        stream = 1200 + 10 * k
        x = tensor(unit(stream, batch * inside * h * w), (batch, inside, h, w)).requires_grad_()
        kernel = weight(stream + 1, (out, inside, 3, 3)).requires_grad_()
        bias = tensor(0.3 * unit(stream + 2, out), (out,)).requires_grad_()
        upstream = tensor(unit(stream + 3, batch * out * h * w), (batch, out, h, w))
        y = F.relu(F.conv2d(x, kernel, bias, padding=1))
        y.backward(upstream)
        cases.append({
            "batch": batch, "in_channels": inside, "out_channels": out, "height": h, "width": w,
            "x": f"f32(unit({stream}))", "weight": f"weight({stream + 1})", "bias": f"f32(0.3 unit({stream + 2}))", "upstream": f"f32(unit({stream + 3}))",
            "y": digits(y), "x_gradient": digits(x.grad), "weight_gradient": digits(kernel.grad), "bias_gradient": digits(bias.grad),
        })
    dump("convolution_gradients.json", {"cases": cases})


def eigen_cam():
    """EigenCAM (Muhammad and Yeasin 2020) on relu5_4, rows are places, columns channels, not centered."""
    size = 96
    a = trunk(narrow(16), image(3, size, size))[0]
    m = a.flatten(1).T
    _, s, vh = torch.linalg.svd(m, full_matrices=False)
    v = vh[0] * torch.sign(vh[0].sum())
    cam = (m @ v).reshape(a.shape[1:])
    up = F.interpolate(cam[None, None], size=(size, size), mode="bilinear", align_corners=False)[0, 0].flatten()
    at = [k * (size * size - 1) // 127 for k in range(128)]
    dump("eigen_cam_96.json", {
        "channels_divided_by": 16, "size": size, "singular_values": digits(s[:5]), "v1": digits(v),
        "cam_hw": list(cam.shape), "cam": digits(cam), "index": at, "upsampled": digits(up[at]),
        "upsampled_min": digits(up.min())[0], "upsampled_max": digits(up.max())[0],
        "minmax": digits(((up - up.min()) / (up.max() - up.min()))[at]),
    })


def block5_gradients():
    """Gradients of the head and of the last four convolutions of mini_vgg19.safetensors' net, two images."""
    x = image(3, 64, 64)
    x = torch.cat([x, x.flip(3)])
    pairs = narrow(32)
    head = {"hidden.weight": weight(310, (4, 16)), "hidden.bias": tensor(0.1 * unit(311, 4), (4,)),
            "output.weight": weight(312, (1, 4)), "output.bias": tensor([0.05], (1,))}
    trained = dict(head)
    for l in range(12, 16):
        trained[f"features.{FEATURES19[l]}.weight"], trained[f"features.{FEATURES19[l]}.bias"] = pairs[l]
    for p in trained.values():
        p.requires_grad_()
    pooled = F.max_pool2d(trunk(pairs, x), 2, 2).mean((2, 3))
    hidden = F.linear(pooled, head["hidden.weight"], head["hidden.bias"])
    logits = F.linear(hidden, head["output.weight"], head["output.bias"])[:, 0]
    loss = F.binary_cross_entropy_with_logits(logits, torch.tensor([1.0, 0.0], dtype=torch.float64), pos_weight=torch.tensor([2.0], dtype=torch.float64))
    loss.backward()
    dump("block5_gradients.json", {
        "channels_divided_by": 32, "size": 64, "labels": [1, 0], "pos_weight": 2.0, "head": {k: digits(p) for k, p in head.items()},
        "pooled": digits(pooled), "logits": digits(logits), "loss": digits(loss)[0],
        "gradients": {k: {"shape": list(p.shape), "norm": digits(p.grad.norm())[0], "values": digits(p.grad, 13 if p.dim() == 4 else 17)} for k, p in trained.items()},
    })


def train_head(x, labels, relu):
    """Thirty full-batch steps; weight decay on the two matrices only."""
    hidden = torch.nn.Linear(6, 4, dtype=torch.float64)
    output = torch.nn.Linear(4, 1, dtype=torch.float64)
    with torch.no_grad():
        hidden.weight.copy_(weight(1102, (4, 6)))
        output.weight.copy_(weight(1103, (1, 4)))
        hidden.bias.zero_()
        output.bias.zero_()
    net = torch.nn.Sequential(hidden, *([torch.nn.ReLU()] if relu else []), output)
    optimizer = torch.optim.AdamW(
        [{"params": [hidden.weight, output.weight], "weight_decay": 1e-2}, {"params": [hidden.bias, output.bias], "weight_decay": 0.0}],
        betas=(0.9, 0.999), eps=1e-8)
    y = torch.from_numpy(labels.astype(np.float64))
    ratio = (len(labels) - labels.sum()) / labels.sum()
    rates = [1e-2 * (t + 1) / 3 if t < 3 else 1e-2 * 0.5 * (1 + math.cos(math.pi * (t - 3) / 27)) for t in range(30)]
    losses, norms = [], []
    for rate in rates:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(net(x)[:, 0], y, pos_weight=torch.tensor([ratio], dtype=torch.float64))
        loss.backward()
        norms += digits(torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0))
        losses += digits(loss)
        optimizer.step()
    return {"relu": relu, "pos_weight": float(ratio), "learning_rates": rates, "losses": losses, "gradient_norms": norms,
            "hidden_weight": digits(hidden.weight), "hidden_bias": digits(hidden.bias), "output_weight": digits(output.weight),
            "output_bias": digits(output.bias), "logits": digits(net(x))}


def head_training():
    x = 4 * unit(1100, 144).reshape(24, 6)
    labels = x @ np.array([1, -1, 0.5, 0, 0.3, -0.2]) + 2 * unit(1101, 24) > 0
    mean, deviation = x.mean(0), x.std(0)
    standardized = torch.from_numpy((x - mean) / deviation)
    dump("head_training.json", {
        "rows": 24, "columns": 6, "x": digits(x), "labels": labels.tolist(), "mean": digits(mean), "deviation": digits(deviation),
        "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 1e-2, "max_norm": 1.0,
        "initial": {"hidden_weight": digits(weight(1102, (4, 6))), "output_weight": digits(weight(1103, (1, 4)))},
        "cases": [train_head(standardized, labels, relu) for relu in (False, True)],
    })


optimizers()
bce()
clip()
convolution_gradients()
eigen_cam()
block5_gradients()
head_training()

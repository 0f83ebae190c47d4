"""Writes the fixtures of this folder that are named in README.md under "generate.py".

    python generate.py OUT_DIR [vgg_normalized.pth]

Needs torch, scikit-learn, safetensors, numpy. Weights and images are integer formulas (README.md); nothing is random.
With the path of the mean-normalized VGG19 it writes real_trunk.json as well.
"""
import json
import os
import sys
from collections import OrderedDict

import numpy as np
import sklearn
import torch
import torch.nn as nn
from PIL import Image
from sklearn.decomposition import PCA

OUT = sys.argv[1]
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
M32 = np.uint64(0xFFFFFFFF)
VERSIONS = {"torch": torch.__version__.split("+")[0], "numpy": np.__version__, "scikit-learn": sklearn.__version__}


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
    return torch.from_numpy(values.reshape(shape).astype(np.float32))


def weight(stream, shape):
    fan_in = int(np.prod(shape[1:]))
    return tensor(unit(stream, int(np.prod(shape))) * np.sqrt(24.0 / fan_in), shape)


def gray(h, w):
    """Gray image of whole numbers: (7x + 13y + 5 ((x y) mod 31)) mod 256."""
    y, x = np.mgrid[0:h, 0:w]
    return ((7 * x + 13 * y + 5 * ((x * y) % 31)) % 256).astype(np.float64)


def dump(name, value):
    with open(os.path.join(OUT, name), "w") as f:
        json.dump(value, f, separators=(",", ":"))
        f.write("\n")


def digits(values, n=9):
    return [float(f"%.{n}g" % v) for v in np.asarray(values).ravel()]


def batch_norm_case():
    """VGG11 with batch normalization, channels / 32, torchvision's key names, evaluation mode."""
    blocks = [(64, 1), (128, 1), (256, 2), (512, 2), (512, 2)]
    layers, names, cin, stream = [], {}, 3, 0
    for b, (c, n) in enumerate(blocks, 1):
        for p in range(1, n + 1):
            o = c // 32
            conv, bn = nn.Conv2d(cin, o, 3, padding=1), nn.BatchNorm2d(o)
            with torch.no_grad():
                conv.weight.copy_(weight(600 + stream, (o, cin, 3, 3)))
                conv.bias.copy_(tensor(0.2 * unit(620 + stream, o), (o,)))
                bn.weight.copy_(tensor(1 + unit(640 + stream, o), (o,)))
                bn.bias.copy_(tensor(0.3 * unit(660 + stream, o), (o,)))
                bn.running_mean.copy_(tensor(0.5 * unit(680 + stream, o), (o,)))
                bn.running_var.copy_(tensor(0.7 + unit(700 + stream, o), (o,)))
            layers += [conv, bn, nn.ReLU()]
            names[len(layers) - 1] = f"relu{b}_{p}"
            cin, stream = o, stream + 1
        layers.append(nn.MaxPool2d(2, 2))
        names[len(layers) - 1] = f"pool{b}"
    net = nn.Module()
    net.features = nn.Sequential(*layers)
    net.eval()
    torch.save(net.state_dict(), os.path.join(OUT, "vgg11_bn_w32_zip.pth"))
    g = gray(64, 80)
    mean, sd = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    x = torch.from_numpy(((g[None] / 255 - mean[:, None, None]) / sd[:, None, None]))[None]
    taps, y = {}, x
    net.double()
    with torch.no_grad():
        for i, layer in enumerate(net.features):
            y = layer(y)
            if i in names:
                taps[names[i]] = {"feature": i, "shape": list(y.shape[1:]), "max": digits([y.max()])[0],
                                  "avg": digits(y.mean((2, 3))), "first16": digits(y.flatten()[:16])}
    dump("vgg11_bn_w32.json", {"versions": VERSIONS, "height": 64, "width": 80, "f64_taps": taps})


INDICES = [2, 5, 9, 12, 16, 19, 22, 25, 29, 32, 35, 38, 42, 45, 48, 51]
BLOCKS19 = [(64, 2), (128, 2), (256, 4), (512, 4), (512, 4)]


def run_mean_normalized(state, g):
    """The flat sequence with zero padding after the leading 1x1 convolution; taps in f64."""
    x = torch.from_numpy(np.repeat(g[None, None] / 255, 3, axis=1))
    x = nn.functional.conv2d(x, state["0.weight"].double(), state["0.bias"].double())
    taps, i = OrderedDict(), 0
    for b, (_, n) in enumerate(BLOCKS19, 1):
        for p in range(1, n + 1):
            w, c = state[f"{INDICES[i]}.weight"].double(), state[f"{INDICES[i]}.bias"].double()
            x = nn.functional.relu(nn.functional.conv2d(x, w, c, padding=1))
            taps[f"relu{b}_{p}"] = x
            i += 1
        x = nn.functional.max_pool2d(x, 2, 2)
        taps[f"pool{b}"] = x
    return taps


def mean_normalized_case():
    """The naming of the mean-normalized VGG19, channels / 32, legacy layout."""
    state = OrderedDict()
    to_bgr = torch.zeros(3, 3, 1, 1)
    for o, i in enumerate([2, 1, 0]):
        to_bgr[o, i] = 255
    state["0.weight"], state["0.bias"] = to_bgr, torch.tensor([-103.939, -116.779, -123.68])
    cin, i = 3, 0
    for c, n in BLOCKS19:
        for _ in range(n):
            o = c // 32
            state[f"{INDICES[i]}.weight"] = weight(800 + i, (o, cin, 3, 3))
            state[f"{INDICES[i]}.bias"] = tensor(unit(820 + i, o), (o,))
            cin, i = o, i + 1
    torch.save(state, os.path.join(OUT, "mean_normalized_w32_legacy.pth"), _use_new_zipfile_serialization=False)
    taps = run_mean_normalized(state, gray(64, 96))
    dump("mean_normalized_w32.json", {"versions": VERSIONS, "height": 64, "width": 96, "f64_taps": {
        k: {"shape": list(t.shape[1:]), "max": digits([t.max()])[0], "avg": digits(t.mean((2, 3))),
            "maximum": digits(t.amax((2, 3)))} for k, t in taps.items()}})


def real_trunk(path):
    state = torch.load(path, map_location="cpu")
    cases = []
    for h, w in ((64, 64), (96, 96), (224, 224), (120, 200)):
        with torch.no_grad():
            taps = run_mean_normalized(state, gray(h, w))
        cases.append({"height": h, "width": w, "f64_taps": {
            k: {"shape": list(t.shape[1:]), "max": digits([t.max()])[0], "avg_every_8th": digits(t.mean((2, 3))[0, ::8]),
                "maximum_every_8th": digits(t.amax((2, 3))[0, ::8])} for k, t in taps.items()}})
    dump("real_trunk.json", {"versions": VERSIONS, "cases": cases})


def input_gradient():
    """Gradient of the sum of pool5 with respect to the input, for the net of vgg19_narrow16_64.json, in f64."""
    c, y, x = np.mgrid[0:3, 0:64, 0:64]
    v = (7 * x + 13 * y + 29 * c + 5 * ((x * y) % 31)) % 256
    image = torch.from_numpy((v / 127.5 - 1).astype(np.float32)).double()[None].requires_grad_(True)
    t, cin, l = image, 3, 0
    for c, n in BLOCKS19:
        for _ in range(n):
            o = c // 16
            b = torch.from_numpy(np.array([0.01 * ((i % 7) - 3) for i in range(o)], np.float32)).double()
            t = nn.functional.relu(nn.functional.conv2d(t, weight(l, (o, cin, 3, 3)).double(), b, padding=1))
            cin, l = o, l + 1
        t = nn.functional.max_pool2d(t, 2, 2)
    t.sum().backward()
    g = image.grad.flatten()
    at = [k * (g.numel() - 1) // 255 for k in range(256)]
    dump("input_gradient_64.json", {"versions": VERSIONS, "index": at, "gradient": digits(g[at]), "max_abs": digits([g.abs().max()])[0]})


def plain_resize():
    """Bilinear without antialiasing, in f64: torch in f32 rounds the coordinates, which costs 1e-3 gray values."""
    out = {"versions": VERSIONS}
    for name, size in (("down", (32, 32)), ("mixed", (24, 48)), ("odd", (23, 41))):
        png = np.asarray(Image.open(os.path.join(OUT, f"resize_{name}_input.png"))).astype(np.float64)
        r = nn.functional.interpolate(torch.from_numpy(png)[None, None], size=size, mode="bilinear", align_corners=False)
        out[name] = digits(r, 17)
    dump("resize_plain_f64.json", out)


def pca_cases():
    cases = []
    for stream, (n, d, k) in ((900, (40, 7, 5)), (901, (25, 60, 24)), (902, (30, 30, 12))):
        raw = unit(stream, n * d).reshape(n, d)
        x = np.round((raw @ (np.eye(d) + np.roll(np.eye(d), 1, axis=1))) * (1 + np.arange(d)) + 3 * np.arange(d), 6)
        new = np.round(10 * unit(stream + 10, 3 * d).reshape(3, d), 6)
        fit = PCA(n_components=k, svd_solver="full").fit(x)
        cases.append({"x": x.tolist(), "new": new.tolist(), "k": k, "mean": fit.mean_.tolist(),
                      "components": fit.components_.tolist(), "explained_variance": fit.explained_variance_.tolist(),
                      "explained_variance_ratio": fit.explained_variance_ratio_.tolist(),
                      "transformed": fit.transform(new).tolist()})
    dump("pca.json", {"versions": VERSIONS, "cases": cases})


plain_resize()
input_gradient()
batch_norm_case()
mean_normalized_case()
pca_cases()
if len(sys.argv) > 2:
    real_trunk(sys.argv[2])

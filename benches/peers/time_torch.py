"""Times PyTorch on the trunk of VGG19 up to relu5_4 with the weights and the image that deep.py writes; a peer process.

    python time_torch.py FOLDER [--size 224] [--threads 1] [--repeats 5] [--layout nchw|channels_last|prepacked]

Reads FOLDER/vgg19.safetensors and FOLDER/image.f32, writes FOLDER/torch.f32, and prints CPU seconds and wall seconds of an image
and the peak of the process's memory in kB. `prepacked` is oneDNN's own layout (torch.utils.mkldnn): weights are reordered once
instead of in every call. Needs torch, numpy.
"""
import argparse
import json
import os
import time

import numpy as np
import torch


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        start = file.tell()
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = np.fromfile(path, "<f4", (end - begin) // 4, offset=start + begin)
        yield name, torch.from_numpy(values.reshape(entry["shape"]))


def trunk(path):
    """Three indices between two convolutions instead of two mean a pool between them."""
    state, modules, last = dict(read_safetensors(path)), [], 0
    for index in sorted(int(name.split(".")[1]) for name in state if name.endswith(".weight")):
        kernel, bias = state.pop(f"features.{index}.weight"), state.pop(f"features.{index}.bias")
        if index - last == 3:
            modules.append(torch.nn.MaxPool2d(2, 2))
        convolution = torch.nn.Conv2d(kernel.shape[1], kernel.shape[0], 3, padding=1, device="meta")
        convolution.weight, convolution.bias = torch.nn.Parameter(kernel), torch.nn.Parameter(bias)
        modules += [convolution, torch.nn.ReLU(inplace=True)]
        last = index
    return torch.nn.Sequential(*modules).eval()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--layout", choices=("nchw", "channels_last", "prepacked"), default="nchw")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    net = trunk(os.path.join(options.folder, "vgg19.safetensors"))
    image = np.fromfile(os.path.join(options.folder, "image.f32"), "<f4").reshape(1, 3, options.size, options.size)
    image = torch.from_numpy(image)
    if options.layout == "channels_last":
        net, image = net.to(memory_format=torch.channels_last), image.to(memory_format=torch.channels_last)
    if options.layout == "prepacked":
        from torch.utils import mkldnn
        net = mkldnn.to_mkldnn(net)

    def run():
        return net(image.to_mkldnn()).to_dense() if options.layout == "prepacked" else net(image)

    with torch.inference_mode():
        output = run()
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(options.repeats):
            run()
        spent = (time.process_time() - cpu) / options.repeats, (time.perf_counter() - wall) / options.repeats
    with open("/proc/self/status") as status:
        peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    print(*spent, peak)
    output.contiguous().numpy().tofile(os.path.join(options.folder, "torch.f32"))


main()

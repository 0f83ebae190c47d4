"""Times onnxruntime, PyTorch (where it is installed) and this workspace in turns on the trunk of VGG19 with the same weights and image; prints ratios.

    python deep.py target/release/examples/time_deep [--rounds 3] [--size 224] [--engine winograd]
"""
import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

TORCH_LAYOUTS = ("nchw", "channels_last", "prepacked")
CONVOLUTIONS = (2, 2, 4, 4, 4)
CHANNELS = (64, 128, 256, 512, 512)


def layers():
    """torchvision's index and the channels of every convolution; None for a pool."""
    index, inside = 0, 3
    for block, (count, channels) in enumerate(zip(CONVOLUTIONS, CHANNELS)):
        for _ in range(count):
            yield index, inside, channels
            index, inside = index + 2, channels
        if block < 4:
            yield None
            index += 1


def weights():
    rng = np.random.default_rng(19)
    tensors = {}
    for layer in layers():
        if layer:
            index, inside, out = layer
            tensors[f"features.{index}.weight"] = (rng.normal(size=(out, inside, 3, 3)) * np.sqrt(2 / (9 * inside))).astype("<f4")
            tensors[f"features.{index}.bias"] = (0.1 * rng.normal(size=out)).astype("<f4")
    return tensors


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            file.write(tensor.tobytes())


def write_onnx(path, tensors, size):
    from onnx import TensorProto, helper, numpy_helper, save
    nodes, last = [], "image"
    for place, layer in enumerate(layers()):
        if layer is None:
            nodes.append(helper.make_node("MaxPool", [last], [f"p{place}"], kernel_shape=[2, 2], strides=[2, 2]))
            last = f"p{place}"
            continue
        names = [f"features.{layer[0]}.weight", f"features.{layer[0]}.bias"]
        nodes.append(helper.make_node("Conv", [last, *names], [f"c{place}"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{place}"], [f"r{place}"]))
        last = f"r{place}"
    graph = helper.make_graph(
        nodes, "vgg19",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, size, size])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, 512, size // 16, size // 16])],
        [numpy_helper.from_array(tensor, name) for name, tensor in tensors.items()],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)


def peer(folder, size, threads, repeats):
    """Run in a process of its own, so that memory is its own too."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(os.path.join(folder, "vgg19.onnx"), options, providers=["CPUExecutionProvider"])
    image = np.fromfile(os.path.join(folder, "image.f32"), "<f4").reshape(1, 3, size, size)
    output = session.run(None, {"image": image})[0]
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(repeats):
        session.run(None, {"image": image})
    spent = (time.process_time() - cpu) / repeats, (time.perf_counter() - wall) / repeats
    with open("/proc/self/status") as status:
        peak = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    print(*spent, peak)
    output.astype("<f4").tofile(os.path.join(folder, "theirs.f32"))


def child(command):
    """CPU and wall seconds of an image, and the peak of the memory in MB."""
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    cpu, wall, peak = map(float, text.split()[-3:])
    return cpu, wall, peak / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--engine", default="winograd")
    parser.add_argument("--peer", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        return peer(options.program, options.size, int(options.peer[0]), int(options.peer[1]))
    with tempfile.TemporaryDirectory() as folder:
        tensors = weights()
        write_safetensors(os.path.join(folder, "vgg19.safetensors"), tensors)
        write_onnx(os.path.join(folder, "vgg19.onnx"), tensors, options.size)
        np.random.default_rng(7).normal(size=(3, options.size, options.size)).astype("<f4").tofile(os.path.join(folder, "image.f32"))
        del tensors
        for threads in (1, 2):
            size, repeats = str(options.size), str(options.repeats)
            own = [os.path.abspath(options.program), options.engine, folder, size, str(threads), repeats]
            other = [sys.executable, os.path.abspath(__file__), folder, "--size", size, "--peer", str(threads), repeats]
            torch = {layout: [] for layout in TORCH_LAYOUTS if importlib.util.find_spec("torch")}
            ours, theirs = [], []
            for _ in range(options.rounds):
                theirs.append(child(other))
                ours.append(child(own))
                for layout, runs in torch.items():
                    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "time_torch.py")
                    runs.append(child([sys.executable, script, folder, "--size", size, "--threads", str(threads), "--repeats", repeats, "--layout", layout]))
            a, b = (np.fromfile(os.path.join(folder, name), "<f4") for name in ("ours.f32", "theirs.f32"))
            error = np.abs(a - b).max() / np.abs(b).max()
            (cpu, wall), (peer_cpu, peer_wall) = (np.min([r[:2] for r in side], axis=0) for side in (ours, theirs))
            print(
                f"{threads} thread(s): onnxruntime {peer_cpu:.3f} CPU s, {peer_wall:.3f} s, {theirs[0][2]:.0f} MB; "
                f"ours {cpu:.3f} CPU s, {wall:.3f} s, {ours[0][2]:.0f} MB; "
                f"CPU ratio {cpu / peer_cpu:.2f} (target 0.85), wall ratio {wall / peer_wall:.2f} (target 0.9); differ by {error:.1e} of the largest",
                flush=True,
            )
            for layout, runs in torch.items():
                peer_cpu, peer_wall = np.min([r[:2] for r in runs], axis=0)
                print(
                    f"{threads} thread(s): torch {layout} {peer_cpu:.3f} CPU s, {peer_wall:.3f} s, {runs[0][2]:.0f} MB; "
                    f"CPU ratio {cpu / peer_cpu:.2f}, wall ratio {wall / peer_wall:.2f}",
                    flush=True,
                )


main()

"""Times PyRadiomics and extract_radiomics in turns on volumes and on an ultrasound slice; prints CPU seconds, ratios and peak memory.

usage: volumes.py EXTRACT_RADIOMICS COHORT_FOLDER [PYRADIOMICS_DATA] [--rounds 3] [--only NAME]
COHORT_FOLDER is the synthetic cohort of alnm_pipeline; PYRADIOMICS_DATA has brain1 and lung1 (image and label, NRRD) of PyRadiomics' own data.
Both sides run as whole processes on one thread, from files to values; the start-up of either (importing, reading nothing) is taken off.
"""
import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")
TEXTURES = ("glcm", "glrlm", "glszm", "gldm", "ngtdm")
FILTERS = {"Original": {}, "Wavelet": {}, "LoG": {"sigma": [3.0, 5.0]}}


def peer(image, mask, settings):
    """The other side, as a process of its own."""
    from radiomics import featureextractor, setVerbosity
    setVerbosity(50)
    extractor = featureextractor.RadiomicsFeatureExtractor(additionalInfo=False, **settings["setting"])
    extractor.disableAllImageTypes()
    for name, options in settings["imageType"].items():
        extractor.enableImageTypeByName(name, customArgs=options)
    if settings["featureClass"]:
        extractor.disableAllFeatures()
        for name in settings["featureClass"]:
            extractor.enableFeatureClassByName(name)
    if image == "-":
        return
    import numpy as np
    import SimpleITK as sitk
    read = [sitk.ReadImage(path) for path in (image, mask)]
    if read[0].GetDimension() == 2:
        pixels = [sitk.GetArrayFromImage(one)[None] for one in read]
        read = [sitk.GetImageFromArray(pixels[0]), sitk.GetImageFromArray((pixels[1] > 0).astype(np.uint8))]
    values = extractor.execute(*read)
    print(json.dumps({key: float(value) for key, value in values.items()}))


def run(command):
    """Standard output, CPU seconds and peak memory in MB of a command."""
    environment = {**os.environ, **{name: "1" for name in THREADS}}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    # time's own format is the one way to the peak of a single child.
    text = subprocess.run(["time", "-f", "%M", *command], check=True, capture_output=True, text=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return text.stdout, spent, int(text.stderr.split()[-1]) / 1024


def sphere(folder, shape=(256, 256, 256), radius=62.05, suffix="nrrd"):
    """Smooth noise with a ball (a disc where there is one slice) in the middle; by default 256^3 voxels with a ball of a million."""
    import numpy as np
    import SimpleITK as sitk
    name = os.path.join(folder, "x".join(map(str, shape)))
    image, mask = f"{name}.{suffix}", f"{name}_mask.{suffix}"
    noise = sitk.GetImageFromArray(np.random.default_rng(1).normal(size=shape).astype(np.float32))
    smooth = sitk.GetArrayFromImage(sitk.DiscreteGaussian(noise, 1.0))
    voxels = np.round(1000 + 300 * smooth / smooth.std()).astype(np.int16)
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    ball = ((z - shape[0] // 2) ** 2 + (y - shape[1] // 2) ** 2 + (x - shape[2] // 2) ** 2 <= radius**2).astype(np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(voxels), image)
    sitk.WriteImage(sitk.GetImageFromArray(ball), mask)
    return image, mask


def cases(cohort, data, folder):
    """Name, image, mask, settings, target."""
    def settings(types=("Original",), classes=(), **setting):
        return {"setting": setting, "imageType": {name: FILTERS[name] for name in types}, "featureClass": {name: [] for name in classes}}

    names = sorted(name for name in os.listdir(os.path.join(cohort, "images")) if "tumor" in name)
    slice_ = [os.path.join(cohort, kind, names[0]) for kind in ("images", "masks")]
    yield "ultrasound slice, 851 features", *slice_, settings(("Original", "Wavelet")), 60
    if data:
        for name, target in (("brain1", 20), ("lung1", 40)):
            files = [os.path.join(data, f"{name}_{kind}.nrrd") for kind in ("image", "label")]
            yield f"{name}, Original+Wavelet+LoG", *files, settings(tuple(FILTERS)), target
    ball = sphere(folder)
    yield "ball in 256^3, five texture families", *ball, settings(classes=TEXTURES, binCount=32), 15
    yield "ball in 256^3, shape", *ball, settings(classes=("shape",)), 60


def written(settings, folder):
    """A parameter file of the settings."""
    path = os.path.join(folder, "params.json")
    with open(path, "w") as file:
        json.dump({key: value for key, value in settings.items() if value}, file)
    return path


def compare(found, expected):
    """The largest relative difference of a feature, MCC apart."""
    worst = 0.0
    for name, want in expected.items():
        difference = abs(found[name] - want)
        if difference > 1e-10 and not name.endswith("MCC"):
            worst = max(worst, difference / abs(want))
    return worst


def main():
    if sys.argv[1] == "--peer":
        return peer(*sys.argv[2:4], json.loads(sys.argv[4]))
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("cohort")
    parser.add_argument("data", nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print(f"{'':40} {'PyRadiomics':>18} {'ours':>18} {'ratio':>7} {'target':>7} {'memory':>7}  largest difference")
    with tempfile.TemporaryDirectory() as folder:
        for name, image, mask, settings, target in cases(options.cohort, options.data, folder):
            if options.only not in name:
                continue
            own = [os.path.abspath(options.program), image, mask, "--params", written(settings, folder), "--jobs", "1"]
            other = [sys.executable, os.path.abspath(__file__), "--peer"]
            _, own_start, _ = run([own[0], "--version"])
            _, other_start, _ = run([*other, "-", "-", json.dumps(settings)])
            ours, theirs = [], []
            for _ in range(options.rounds):
                text, spent, peak = run([*other, image, mask, json.dumps(settings)])
                theirs.append((spent - other_start, peak))
                expected = json.loads(text)
                text, spent, peak = run(own)
                ours.append((spent - own_start, peak))
            row = next(csv.DictReader(text.splitlines()))
            worst = compare({key: float(row[key]) for key in expected}, expected)
            (a, a_peak), (b, b_peak) = min(theirs), min(ours)
            print(f"{name:40} {a:9.3f} s {a_peak:4.0f} MB {b:9.3f} s {b_peak:4.0f} MB {a / b:7.1f} {target:7} {a_peak / b_peak:6.1f}x  {worst:.1e}", flush=True)


if __name__ == "__main__":
    main()

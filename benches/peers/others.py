"""Times Nyxus, flash-radiomics and MIRP and extract_radiomics in turns on a slice and two volumes; prints CPU seconds, ratios and peak memory.

usage: others.py EXTRACT_RADIOMICS --python nyxus=VENV/bin/python [--python flash=...] [--python mirp=...] [--rounds 3]
The python of a peer is one that has it installed; this script itself needs numpy and SimpleITK.
Five texture families at 32 bins, from uncompressed NIfTI files to values on one thread. Start-up is taken off: ours is a process of its own on a cube
of 8 voxels a side; a peer does that cube first and the input after it in one process, since its start-up (MIRP imports much of what it needs only
when it first reads) takes seconds and varies by more than the slice takes. Memory is that of the whole process.
The last column says how many of ten features agree to 1e-3, and which do not: a peer that computes something else does other work.
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time

from volumes import TEXTURES, run, sphere

PACKAGES = {"nyxus": "nyxus", "flash": "flash-radiomics", "mirp": "mirp"}
INPUTS = {
    "slice 256^2, disc of 20 k": ((1, 256, 256), 79.8),
    "128x128x64, ball of 100 k": ((64, 128, 128), 28.8),
    "256^3, ball of a million": ((256, 256, 256), 62.05),
}
# What PyRadiomics, flash-radiomics and extract_radiomics call it, then Nyxus, then the start of MIRP's column.
NAMES = {
    "glcm_Contrast": ("GLCM_CONTRAST_AVE", "cm_contrast_"),
    "glcm_JointEnergy": ("GLCM_ASM_AVE", "cm_energy_"),
    "glrlm_RunPercentage": ("GLRLM_RP_AVE", "rlm_r_perc_"),
    "glrlm_ShortRunEmphasis": ("GLRLM_SRE_AVE", "rlm_sre_"),
    "glszm_ZonePercentage": ("GLSZM_ZP", "szm_z_perc_"),
    "glszm_SmallAreaEmphasis": ("GLSZM_SAE", "szm_sze_"),
    "gldm_SmallDependenceEmphasis": ("GLDM_SDE", "ngl_lde_"),
    "gldm_DependenceVariance": ("GLDM_DV", "ngl_dc_var_"),
    "ngtdm_Coarseness": ("NGTDM_COARSENESS", "ngt_coarseness_"),
    "ngtdm_Contrast": ("NGTDM_CONTRAST", "ngt_contrast_"),
}


def nyxus(image, mask, flat):
    """Volumes are put into bins from the lowest value, as a negative depth asks for. The 2-D class has no such bins: it gets levels."""
    from nyxus import Nyxus, Nyxus3D
    if flat:
        import numpy as np
        header = 352
        pixels = np.fromfile(image, np.int16, offset=header).astype(float)
        region = np.fromfile(mask, np.uint8, offset=header) > 0
        low, high = pixels[region].min(), pixels[region].max()
        levels = np.where(region, np.digitize(pixels, np.linspace(low, high, 33)[:-1]), 0)
        peer = Nyxus([f"*ALL_{name.upper()}*" for name in TEXTURES], n_feature_calc_threads=1, ibsi=True)
        # Its own default, 0, compares every pixel with itself.
        peer.set_metaparam("glcm/offset=1")
        side = int(len(levels) ** 0.5)
        row = peer.featurize(levels.reshape(side, side), region.reshape(side, side).astype(np.uint32)).iloc[0]
    else:
        peer = Nyxus3D([f"*3D_{name.upper()}*" for name in TEXTURES], n_feature_calc_threads=1)
        for name in TEXTURES:
            peer.set_metaparam(f"3{name}/greydepth=-32")
        # Without a radius the NGTDM is 0 throughout.
        peer.set_metaparam("3ngtdm/radius=1")
        row = peer.featurize_files([image], [mask], False).iloc[0]
    return {name: row[names[0] if flat else "3" + names[0]] for name, names in NAMES.items()}


def flash(image, mask, flat):
    """Without the HDF5 file that execute() would write, which is a copy of the image."""
    from flash_radiomics import RadiomicsFeatureExtractor, setVerbosity
    setVerbosity(50)
    settings = {"binCount": 32, "additionalInfo": False, "segmentClassWorkers": 1}
    peer = RadiomicsFeatureExtractor(backend="cpu", num_threads=1, **settings)
    peer.disableAllFeatures()
    for name in TEXTURES:
        peer.enableFeatureClassByName(name)
    values = peer.extract_from_preprocessed(peer.preprocess_case(image, mask))
    return {name: values["original_" + name] for name in NAMES}


def mirp(image, mask, flat):
    """The mean over directions of each feature, as of the others, instead of its own default, one matrix of all directions."""
    from mirp import extract_features
    kind = "2d_average" if flat else "3d_average"
    families = ["glcm", "glrlm", "glszm", "ngldm", "ngtdm"]
    bins = {"base_discretisation_method": "fixed_bin_number", "base_discretisation_n_bins": 32}
    spatial = {"by_slice": flat, "glcm_spatial_method": kind, "glrlm_spatial_method": kind}
    row = extract_features(image=image, mask=mask, base_feature_families=families, **bins, **spatial)[0].iloc[0]
    return {name: next(row[column] for column in row.index if column.startswith(names[1])) for name, names in NAMES.items()}


def time_peer(kind, image, mask, tiny):
    """The other side, as a process of its own: start-up and a cube of 8 voxels a side, then the input itself, by the clock of the process."""
    peer = {"nyxus": nyxus, "flash": flash, "mirp": mirp}[kind]
    peer(*tiny, False)
    before = time.process_time()
    values = peer(image, mask, os.path.basename(image).startswith("1x"))
    spent = time.process_time() - before
    print(json.dumps({"spent": spent, "values": {name: float(value) for name, value in values.items()}}))


def time_both(peer, own, files, tiny, rounds):
    """Least CPU seconds less start-up, memory of that run and start-up of a peer, then the same of us; the values of both."""
    theirs, ours, starts = [], [], []
    for _ in range(rounds):
        text, spent, peak = run([*peer, *files, *tiny])
        found = json.loads(text.splitlines()[-1])
        theirs.append((found["spent"], peak, spent - found["spent"]))
        # A few milliseconds at times: more tries.
        for _ in range(5):
            starts.append(run([own[0], *tiny, *own[1:]])[1])
            text, *spent = run([own[0], *files, *own[1:]])
            ours.append(spent)
    row, start = next(csv.DictReader(text.splitlines())), min(starts)
    spent, peak = min(ours)
    return min(theirs), (spent - start, peak, start), found["values"], {name: float(row["original_" + name]) for name in NAMES}


def main():
    if sys.argv[1] == "--peer":
        return time_peer(*sys.argv[2:5], sys.argv[5:])
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--python", action="append", default=[], metavar="PEER=PATH")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    pythons = dict(one.split("=", 1) for one in options.python)
    for kind, python in pythons.items():
        version = f"from importlib.metadata import version; print(version('{PACKAGES[kind]}'))"
        print(PACKAGES[kind], subprocess.check_output([python, "-c", version], text=True).strip())
    print(f"{'':27} {'peer':6} {'CPU less start-up':>18} {'start-up':>9} {'ours':>18} {'start-up':>9} {'ratio':>7} {'memory':>7}  agree to 1e-3")
    with tempfile.TemporaryDirectory() as folder:
        params = os.path.join(folder, "params.json")
        with open(params, "w") as file:
            json.dump({"setting": {"binCount": 32}, "featureClass": {name: [] for name in TEXTURES}}, file)
        own = [os.path.abspath(options.program), "--params", params, "--jobs", "1"]
        tiny = sphere(folder, (8, 8, 8), 3.5, "nii")
        for title, (shape, radius) in INPUTS.items():
            files = sphere(folder, shape, radius, "nii")
            for kind, python in pythons.items():
                peer = [python, os.path.abspath(__file__), "--peer", kind]
                (a, a_peak, a_start), (b, b_peak, b_start), found, ours = time_both(peer, own, files, tiny, options.rounds)
                other = [name for name in NAMES if not abs(found[name] - ours[name]) <= 1e-3 * abs(ours[name])]
                agree = f"{len(NAMES) - len(other)} of {len(NAMES)}" + (", not " if other else "") + ", ".join(other)
                sides = f"{a:9.3f} s {a_peak:4.0f} MB {a_start:7.2f} s {b:9.3f} s {b_peak:4.0f} MB {b_start:7.3f} s"
                print(f"{title:27} {kind:6} {sides} {a / b:7.1f} {a_peak / b_peak:6.1f}x  {agree}", flush=True)


if __name__ == "__main__":
    main()

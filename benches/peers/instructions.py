"""Counts the instructions of extract_radiomics with callgrind on the inputs of volumes.py: figures that do not depend on how busy a machine is.

usage: instructions.py EXTRACT_RADIOMICS COHORT_FOLDER [PYRADIOMICS_DATA] [--only NAME]
Start-up is taken off. Valgrind has no AVX-512, so the loops are those for vectors of 256 bits. Prints millions of instructions, and the functions
that have most of them.
"""
import argparse
import os
import re
import subprocess
import tempfile

from volumes import cases, written


def count(command, folder):
    """Instructions, and (share, function) of the largest."""
    out = os.path.join(folder, "callgrind.out")
    valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
    subprocess.run([*valgrind, *command], check=True, capture_output=True)
    text = subprocess.run(["callgrind_annotate", out], check=True, capture_output=True, text=True).stdout
    total = int(re.search(r"([\d,]+) \(100\.0%\)\s+PROGRAM TOTALS", text).group(1).replace(",", ""))
    lines = re.findall(r"^ *([\d,]+) \( *([\d.]+)%\)\s+\S*?:(\S.*?)(?: \[.*)?$", text, re.MULTILINE)
    return total, [(float(share), name) for _, share, name in lines]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("cohort")
    parser.add_argument("data", nargs="?")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    with tempfile.TemporaryDirectory() as folder:
        start, _ = count([program, "--version"], folder)
        for name, image, mask, settings, _ in cases(options.cohort, options.data, folder):
            if options.only not in name:
                continue
            total, functions = count([program, image, mask, "--params", written(settings, folder), "--jobs", "1"], folder)
            print(f"{name:40} {(total - start) / 1e6:9.1f} million", flush=True)
            for share, function in functions[:5]:
                print(f"{share:10.1f} %  {function[:110]}", flush=True)


if __name__ == "__main__":
    main()

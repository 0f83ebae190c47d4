"""Four planes of each consensus response map of IBSI-2, and the phantoms they belong to.

usage: python crop_maps.py FOLDER        FOLDER has response_maps/ (github.com/theibsi/ibsi_2_reference_data, 5404579, CC0) and
                                         ibsi_2_digital_phantom/ (github.com/theibsi/data_sets, CC BY 4.0)
Writes maps/*.nrrd and maps/*.nii.gz beside this file. Needs numpy only.
"""
import gzip
import os
import shutil
import sys

import numpy as np

PLANES = [12, 31, 32, 47]
MAPS = ["2_a", "2_b", "2_c", "5_a_1", "5_a_2", "6_a_1", "6_a_2", "7_a_1", "7_a_2"]
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "maps")


def main():
    folder = sys.argv[1]
    for phantom in ("impulse", "checkerboard", "sphere"):
        name = f"{phantom}.nii.gz"
        shutil.copyfile(os.path.join(folder, "ibsi_2_digital_phantom", phantom, "image", name), os.path.join(HERE, name))
    for name in MAPS:
        data = open(os.path.join(folder, "response_maps", f"{name}-ValidCRM.nii"), "rb").read()
        start = int(np.frombuffer(data[108:112], "<f4")[0])
        assert np.frombuffer(data[40:48], "<i2").tolist() == [3, 64, 64, 64] and np.frombuffer(data[70:72], "<i2")[0] == 16
        voxels = np.frombuffer(data[start : start + 4 * 64**3], "<f4").reshape(64, 64, 64)
        planes = np.ascontiguousarray(voxels[PLANES])
        header = (
            "NRRD0004\ntype: float\ndimension: 3\nsizes: 64 64 4\nencoding: gzip\nendian: little\n"
            f"# planes {PLANES} of {name}-ValidCRM.nii; least and largest voxel of the whole map:\n"
            f"# range {float(voxels.min())!r} {float(voxels.max())!r}\n\n"
        )
        with open(os.path.join(HERE, f"{name}.nrrd"), "wb") as file:
            file.write(header.encode() + gzip.compress(planes.tobytes(), mtime=0))


if __name__ == "__main__":
    main()

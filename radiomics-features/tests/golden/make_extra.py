"""Two more cases for golden.py. Usage: make_extra.py DIR, the folder of the us* images.
float32: a random 32-bit float volume with a scattered region. apart: two pixels of us6_line that no direction connects."""
import sys
import numpy as np
import SimpleITK as sitk

OUT = sys.argv[1]
rng = np.random.default_rng(5)
volume = (np.cumsum(rng.normal(0, 30, (7, 9, 11)), axis=2) + 50).astype("float32")
labels = (rng.random(volume.shape) < 0.6).astype("uint8")
labels[:, :3] = 0
for name, array in (("image", volume), ("label", labels)):
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.8, 1.3, 2.5))
    image.SetOrigin((3, -4, 5))
    sitk.WriteImage(image, f"{OUT}/float32_{name}.nrrd", useCompression=True)
line = sitk.ReadImage(f"{OUT}/us6_line_image.nrrd")
array = np.zeros(line.GetSize()[::-1], "uint8")
array[0, 40, 50] = array[0, 43, 54] = 1
apart = sitk.GetImageFromArray(array)
apart.CopyInformation(line)
sitk.WriteImage(apart, f"{OUT}/apart_label.nrrd", useCompression=True)

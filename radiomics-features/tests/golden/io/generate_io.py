"""Writes small NIfTI and NRRD files and what SimpleITK reads from them. Usage: generate_io.py OUT_DIR
Made with SimpleITK 2.5.7 and numpy 1.26.4. Voxels come from a seeded generator; nothing is a patient."""
import gzip, json, math, os, struct, sys
import numpy as np
import SimpleITK as sitk

OUT = sys.argv[1]
os.makedirs(OUT, exist_ok=True)
rng = np.random.default_rng(7)

def oblique():
    ax, ay, az = 0.3, -0.2, 0.5
    rx = np.array([[1, 0, 0], [0, math.cos(ax), -math.sin(ax)], [0, math.sin(ax), math.cos(ax)]])
    ry = np.array([[math.cos(ay), 0, math.sin(ay)], [0, 1, 0], [-math.sin(ay), 0, math.cos(ay)]])
    rz = np.array([[math.cos(az), -math.sin(az), 0], [math.sin(az), math.cos(az), 0], [0, 0, 1]])
    return rz @ ry @ rx

def volume(dtype, shape=(3, 4, 5)):
    if np.issubdtype(dtype, np.floating):
        return rng.normal(0, 100, shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(max(info.min, -2**40), min(info.max, 2**40), shape, dtype=dtype, endpoint=False)

def image(a, direction=None):
    im = sitk.GetImageFromArray(a)
    if a.ndim == 3:
        im.SetSpacing((0.5, 0.75, 2.5)); im.SetOrigin((-10.25, 20.5, 3.125))
        if direction is not None: im.SetDirection(direction.flatten().tolist())
    else:
        im.SetSpacing((0.5, 0.75)); im.SetOrigin((-10.25, 20.5))
    return im

def nifti1(name, a, order='<', pixdim=None, slope=0.0, inter=0.0, q=None, s=None, dim=None, units=2, qfac=1.0):
    codes = {'uint8': 2, 'int16': 4, 'int32': 8, 'float32': 16, 'float64': 64, 'int8': 256, 'uint16': 512, 'uint32': 768, 'int64': 1024, 'uint64': 1280}
    h = bytearray(352)
    put = lambda fmt, at, *v: struct.pack_into(order + fmt, h, at, *v)
    put('i', 0, 348)
    dim = dim or [a.ndim] + list(a.shape[::-1]) + [1] * (7 - a.ndim)
    put('8h', 40, *dim)
    put('hh', 70, codes[str(a.dtype)], a.dtype.itemsize * 8)
    put('8f', 76, *([qfac] + (pixdim or [0.5, 0.75, 2.5]) + [0] * 4))
    put('f', 108, 352.0); put('ff', 112, slope, inter); h[123] = units
    if q is not None: put('h', 252, 1); put('6f', 256, *q)
    if s is not None: put('h', 254, 1); put('12f', 280, *s)
    h[344:348] = b'n+1\0'
    data = bytes(h) + a.astype(a.dtype.newbyteorder(order)).tobytes()
    path = os.path.join(OUT, name)
    (gzip.open(path, 'wb') if name.endswith('.gz') else open(path, 'wb')).write(data)

R = oblique()
for t in ['uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'int64', 'float32', 'float64']:
    sitk.WriteImage(image(volume(np.dtype(t)), R), os.path.join(OUT, f'oblique_{t}.nii.gz'))
sitk.WriteImage(image(volume(np.int16), R), os.path.join(OUT, 'plain_int16.nii'))
sitk.WriteImage(image(volume(np.uint8, (4, 5))), os.path.join(OUT, 'plane.nii.gz'))
sitk.WriteImage(image(volume(np.uint8, (1, 4, 5))), os.path.join(OUT, 'slice.nii.gz'))
aff = (np.diag([-1, -1, 1.0]) @ R @ np.diag([0.5, 0.75, 2.5]))
s = np.hstack([aff, [[7.5], [-3.25], [11]]]).flatten().tolist()
nifti1('sform_big_endian.nii', volume(np.int16), order='>', s=s)
nifti1('qform.nii', volume(np.uint16), q=[0.1, -0.2, 0.3, 7.5, -3.25, 11])
nifti1('qform_left_handed.nii', volume(np.uint16), q=[0.1, -0.2, 0.3, 7.5, -3.25, 11], qfac=-1.0)
nifti1('both_forms.nii', volume(np.uint16), q=[0.1, -0.2, 0.3, 7.5, -3.25, 11], s=s)
nifti1('no_form.nii', volume(np.uint8))
nifti1('micrometers.nii', volume(np.uint8), pixdim=[500.0, 750.0, 2500.0], units=3, q=[0, 0, 0, 1000, 2000, 3000])
for t in ['uint8', 'int16', 'int32', 'float32', 'float64']:
    nifti1(f'scaled_{t}.nii', volume(np.dtype(t)), slope=0.37, inter=-12.5, s=s)
nifti1('slope_one.nii', volume(np.int16), slope=1.0, inter=0.0, s=s)
nifti1('shifted.nii', volume(np.int16), slope=1.0, inter=-1024.0, s=s)
volume(np.int16)
nifti1('trailing_ones.nii', volume(np.int16), dim=[5, 5, 4, 3, 1, 1, 1, 1], s=s)
nifti1('four_dim_plane.nii', volume(np.int16, (4, 5)), dim=[4, 5, 4, 1, 1, 1, 1, 1], s=s)
for t in ['uint8', 'int16', 'float32', 'float64', 'uint32']:
    im = image(volume(np.dtype(t)), R)
    sitk.WriteImage(im, os.path.join(OUT, f'oblique_{t}.nrrd'), useCompression=(t != 'int16'))
sitk.WriteImage(image(volume(np.int16), R), os.path.join(OUT, 'detached.nhdr'), useCompression=False)
sitk.WriteImage(image(volume(np.int16), R), os.path.join(OUT, 'detached_gz.nhdr'), useCompression=True)
sitk.WriteImage(image(volume(np.uint8, (4, 5))), os.path.join(OUT, 'plane.nrrd'))
def nrrd(name, text, data): open(os.path.join(OUT, name), 'wb').write(text.encode() + b'\n' + data)
a = volume(np.int16)
nrrd('ascii.nrrd', 'NRRD0001\n# comment\ntype: short\ndimension: 3\nsizes: 5 4 3\nspacings: 0.5 0.75 2.5\nencoding: ascii\n', ' '.join(map(str, a.flatten())).encode())
nrrd('big_endian_ras.nrrd', 'NRRD0004\ntype: int16\ndimension: 3\nspace: right-anterior-superior\nsizes: 5 4 3\nspace directions: (-0.5,0,0) (0,0.75,0) (0,0.1,2.5)\nspace origin: (1,2,3)\nkinds: domain domain domain\nendian: big\nencoding: raw\nkey:=value: with colon\n', a.astype('>i2').tobytes())
rows = {}
for f in sorted(os.listdir(OUT)):
    if f.split('.', 1)[1] not in ('nii', 'nii.gz', 'nrrd', 'nhdr'): continue
    try:
        im = sitk.ReadImage(os.path.join(OUT, f))
    except Exception as e:
        rows[f] = {'error': str(e).strip().splitlines()[-1]}; continue
    arr = sitk.GetArrayFromImage(im)
    rows[f] = dict(dimension=im.GetDimension(), size=im.GetSize(), spacing=im.GetSpacing(), origin=im.GetOrigin(), direction=im.GetDirection(),
                   dtype=str(arr.dtype), voxels=[float(v) for v in arr.flatten()])
json.dump(rows, open(os.path.join(OUT, 'expected.json'), 'w'), indent=0)

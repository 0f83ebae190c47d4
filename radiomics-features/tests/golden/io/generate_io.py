"""Writes small NIfTI, NRRD, MetaImage and TIFF files and what SimpleITK, and for NIfTI-2 nibabel, read from them.
Usage: generate_io.py OUT_DIR. Made with SimpleITK 2.5.7, nibabel 5.4.2, tifffile 2026.3.3 and numpy 1.26.4. Voxels come from a seeded generator; nothing is a patient."""
import gzip, json, math, os, struct, sys, zlib
import nibabel as nib
import numpy as np
import SimpleITK as sitk
import tifffile

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

# ---- Small volumes for everything below; the names say what is special.
small = lambda dtype=np.int16, shape=(2, 3, 4): volume(np.dtype(dtype), shape)
def put(name, *parts):
    with open(os.path.join(OUT, name), 'wb') as f:
        for part in parts: f.write(part if isinstance(part, bytes) else part.encode())
def ascii_of(a): return ' '.join(map(str, a.flatten())) + '\n'

# ---- MetaImage. SimpleITK wants NDims before what depends on it.
MET = {'uint8': 'UCHAR', 'int8': 'CHAR', 'uint16': 'USHORT', 'int16': 'SHORT', 'uint32': 'UINT', 'int32': 'INT', 'uint64': 'ULONG_LONG', 'int64': 'LONG_LONG', 'float32': 'FLOAT', 'float64': 'DOUBLE'}
def meta(a, keys='', data='LOCAL', typ=None, dims=None):
    dims = dims or a.shape[::-1]
    return f"ObjectType = Image\nNDims = {len(dims)}\nDimSize = {' '.join(map(str, dims))}\nElementType = {typ or 'MET_' + MET[str(a.dtype)]}\n{keys}ElementDataFile = {data}\n"
TURN = 'TransformMatrix = 0.8 0.6 0 -0.48 0.64 0.6 0.36 -0.48 0.8\n'
for t in MET:
    sitk.WriteImage(image(small(t), R), os.path.join(OUT, f'meta_{t}.mha'), useCompression=(t in ('uint16', 'float64')))
sitk.WriteImage(image(small(), R), os.path.join(OUT, 'meta_detached.mhd'), useCompression=False)
sitk.WriteImage(image(small(), R), os.path.join(OUT, 'meta_detached_z.mhd'), useCompression=True)
sitk.WriteImage(image(small(np.uint8, (3, 4))), os.path.join(OUT, 'meta_plane.mha'))
a = small(); b = a.tobytes()
put('meta_crlf.mha', ('Comment = keys that mean nothing are ignored\nModality = MET_MOD_MR\n' + meta(a, 'AnatomicalOrientation = RAS\nCenterOfRotation = 9 8 7\nDistanceUnits = cm\nElementSpacing: 0.5 0.75 2.5\nOffset:1 2 3\n' + TURN)).replace('\n', '\r\n'), b)
put('meta_size_rotation_position.mha', meta(a, 'ElementSize = 0.5 0.75 2.5\nPosition = 1 2 3\n' + TURN.replace('TransformMatrix', 'Rotation')), b)
put('meta_orientation_origin.mha', meta(a, 'ElementSize = 9 9 9\nElementSpacing = 0.5 0.75 2.5\nOffset = 9 9 9\nOrigin = 1 2 3\n' + TURN.replace('TransformMatrix', 'Orientation')), b)
put('meta_negative_spacing.mha', meta(a, 'ElementSpacing = 0.5 -0.75 2.5\n' + TURN), b)
put('meta_sheared.mha', meta(a, 'TransformMatrix = 1 2 3 4 5 6 7 8 10\n'), b)
put('meta_four_dim.mha', meta(a, 'ElementSpacing = 0.5 0.75 2.5 7\nOffset = 1 2 3 4\nTransformMatrix = 0.8 0.6 0 0 -0.6 0.8 0 0 0 0 1 0 0 0 0 1\n', dims=(4, 3, 2, 1)), b)
put('meta_plane_turned.mha', meta(a, 'ElementSpacing = 0.5 0.75\nOffset = 1 2\nTransformMatrix = 0 1 -1 0\n', dims=(4, 6)), b)
put('meta_long.mha', meta(a, typ='MET_LONG'), small(np.int32).tobytes())
big = a.astype('>i2').tobytes()
put('meta_msb.mha', meta(a, 'ElementByteOrderMSB = True\n'), big)
put('meta_msb_first.mha', meta(a, 'BinaryDataByteOrderMSB = T\nElementByteOrderMSB = False\n'), big)
z = zlib.compress(b); g = gzip.compress(b, mtime=0)
put('meta_z_size.mha', meta(a, f'CompressedData = True\nCompressedDataSize = {len(z)}\n'), z, b'trailing')
put('meta_gz_size.mha', meta(a, f'CompressedData = True\nCompressedDataSize = {len(g)}\n'), g)
put('meta_ascii.mha', meta(a, 'BinaryData = False\n'), ascii_of(a))
put('meta_header5.mhd', meta(a, 'HeaderSize = 5\n', 'part_header5.raw')); put('part_header5.raw', b'12345', b)
put('meta_header_end.mhd', meta(a, 'HeaderSize = -1\n', 'part_header5.raw'))
put('meta_list.mhd', meta(a, data='LIST\npart_1.raw\npart_3.raw')); put('part_1.raw', b[:24]); put('part_3.raw', b[24:])
put('meta_list_1d.mhd', meta(a[:1], data='LIST 1D\npart_row.raw\npart_row.raw\npart_row.raw', dims=(4, 3, 1))); put('part_row.raw', b[:8])
put('meta_numbered.mhd', meta(a, data='part_%d.raw 1 3 2'))
put('meta_list_z.mhd', meta(a, 'CompressedData = True\n', 'LIST\npart_1.zraw\npart_2.zraw')); put('part_1.zraw', zlib.compress(b[:24])); put('part_2.zraw', zlib.compress(b[24:]))
put('vector_meta.mha', meta(a, 'ElementNumberOfChannels = 2\n', typ='MET_USHORT', dims=(2, 3, 2)), small(np.uint16).tobytes())
put('vector_meta_array.mha', meta(a, 'ElementNumberOfChannels = 3\n', typ='MET_UCHAR_ARRAY', dims=(2, 2, 2)), small(np.uint8).tobytes())

# ---- NRRD.
def head(keys='', typ='short', sizes='4 3 2', enc='raw', version=4, endian='little'):
    return f'NRRD000{version}\ntype: {typ}\ndimension: {len(sizes.split())}\nsizes: {sizes}\nendian: {endian}\nencoding: {enc}\n{keys}'
a = small(); b = a.tobytes(); V = 'space directions: (0.5,0,0) (0,0.75,0) (0,0.1,2.5)\nspace origin: (1,2,3)\n'
for version in (1, 2, 3, 5): put(f'nrrd_version{version}.nrrd', head('spacings: 0.5 0.75 2.5\n', version=version), '\n', b)
put('nrrd_crlf.nrrd', head('# remark\ncontent: a:=b\nkey:=value\n').replace('\n', '\r\n'), '\r\n', b)
put('nrrd_spacing_nan_negative.nrrd', head('spacings: nan -0.75 2.5\n'), '\n', b)
put('nrrd_cells.nrrd', head('spacings: 0.5 -0.75 2.5\naxis mins: 1 2 3\ncenters: cell ??? cell\n'), '\n', b)
put('nrrd_nodes.nrrd', head('spacings: 0.5 0.75 2.5\naxismins: 1 2 3\ncenterings: node node node\n'), '\n', b)
put('nrrd_mins_maxs.nrrd', head('axis mins: 1 2 3\naxis maxs: 5 8 11\nthicknesses: 9 9 9\nlabels: "a" "b" "c"\nunits: "um" "um" "um"\n'), '\n', b)
for name, space in [('ras', 'RAS'), ('las', 'Left-Anterior-Superior'), ('lps', 'left-posterior-superior'), ('scanner', 'scanner-xyz'), ('left_handed', '3D-left-handed')]:
    put(f'nrrd_space_{name}.nrrd', head(f'space: {space}\n{V}space units: "um" "um" "um"\nkinds: space space space\nmeasurement frame: (0,1,0) (1,0,0) (0,0,1)\n'), '\n', b)
put('nrrd_space_dimension.nrrd', head('space dimension: 3\nspacedirections: (0.5, 0, 0) ( 0,0.75,0) (0,0.1,2.5 )\nspaceorigin: ( 1, 2, 3)\n'), '\n', b)
put('nrrd_space_none.nrrd', head('space: LPS\nspace directions: (0.5,0,0) (0,0.75,0) none\nspace origin: (nan,nan,nan)\n'), '\n', b)
put('nrrd_origin_only.nrrd', head('space: RAS\nspace origin: (1,2,3)\n'), '\n', b)
put('nrrd_plane.nrrd', head('space dimension: 2\nspace directions: (0.5,0) (0.1,0.75)\nspace origin: (1,2)\n', sizes='4 6'), '\n', b)
put('nrrd_time.nrrd', head('kinds: domain domain time\n'), '\n', b)
put('nrrd_stub.nrrd', head('kinds: stub domain domain domain\n', sizes='1 4 3 2'), '\n', b)
put('nrrd_four_dim.nrrd', head('spacings: 1 2 3 4\n', sizes='4 3 2 1'), '\n', b)
put('nrrd_skips.nhdr', head('line skip: 2\nbyte skip: 3\ndata file: part_skips.raw\n')); put('part_skips.raw', 'one\ntwo\nabc', b)
put('nrrd_skip_to_end.nhdr', head('byte skip: -1\ndata file: part_skips.raw\n'))
put('nrrd_gz_skip.nhdr', head('byteskip: 3\ndatafile: ./part_skip.raw.gz\n', enc='gz')); put('part_skip.raw.gz', gzip.compress(b'abc' + b, mtime=0))
put('nrrd_gz_trailing.nrrd', head(enc='gzip'), '\n', gzip.compress(b[:10], mtime=0), gzip.compress(b[10:], mtime=0), b'trailing')
put('nrrd_hex.nrrd', head(enc='hex', typ='uint16', endian='big'), '\n', b.hex())
put('nrrd_ascii_more.nrrd', head(enc='text'), '\n', ascii_of(a), '7 8 9\n')
put('nrrd_list.nhdr', head('data file: LIST\npart_a.raw\npart_b.raw\n')); put('part_a.raw', b[:24]); put('part_b.raw', b[24:])
put('nrrd_list_slabs.nhdr', head('data file: LIST 3\npart_a.raw\npart_b.raw\n'))
put('nrrd_numbered.nhdr', head('data file: part_%02d.raw 8 6 -2\n')); put('part_08.raw', b[:24]); put('part_06.raw', b[24:])
put('nrrd_list_ascii.nhdr', head('data file: LIST\npart_a.txt\npart_b.txt\n', enc='ascii')); put('part_a.txt', ascii_of(a[0]).strip()); put('part_b.txt', ascii_of(a[1]))
labels = rng.integers(0, 4, (2, 3, 2, 2)).astype(np.uint8)
SEG = 'space: left-posterior-superior\nkinds: list domain domain domain\nspace directions: none (0.5,0,0) (0,0.75,0) (0,0.1,2.5)\nspace origin: (1,2,3)\nSegment0_ID:=Segment_1\nSegment0_LabelValue:=1\nSegment0_Layer:=0\nSegmentation_ContainedRepresentationNames:=Binary labelmap|\n'
put('vector_slicer.seg.nrrd', head(SEG, typ='unsigned char', sizes='2 2 3 2', enc='gzip'), '\n', gzip.compress(labels.tobytes(), mtime=0))
put('vector_one_layer.seg.nrrd', head(SEG, typ='unsigned char', sizes='1 4 3 2'), '\n', labels.tobytes())
put('vector_last.nrrd', head('kinds: domain domain domain vector\n', typ='uchar', sizes='2 2 3 2'), '\n', labels.tobytes())
put('vector_middle.nrrd', head('kinds: domain list domain domain\n', typ='uchar', sizes='2 2 3 2'), '\n', labels.tobytes())
put('vector_plane.nrrd', head('kinds: RGB-color domain domain\nspacings: nan 0.5 0.75\n', typ='uchar', sizes='3 4 2'), '\n', labels.tobytes())
put('vector_list.nhdr', head('kinds: domain domain domain list\ndata file: LIST\npart_l.raw\npart_m.raw\n', typ='uchar', sizes='2 3 2 2')); put('part_l.raw', labels.tobytes()[:12]); put('part_m.raw', labels.tobytes()[12:])

# ---- NIfTI: one header that is changed at places.
def header1(a, magic=b'n+1\0', vox=352.0, order='<', changes=()):
    h = bytearray(348); at = lambda fmt, place, *v: struct.pack_into(order + fmt, h, place, *v)
    codes = {'uint8': 2, 'int16': 4, 'float32': 16, 'float64': 64, 'uint16': 512}
    at('i', 0, 348); at('8h', 40, a.ndim, *a.shape[::-1], *[1] * (7 - a.ndim)); at('hh', 70, codes[str(a.dtype)], 8 * a.dtype.itemsize)
    at('8f', 76, 1, 0.5, 0.75, 2.5, 1, 1, 1, 1); at('f', 108, vox); h[123] = 2; h[344:348] = magic
    for fmt, place, *values in changes: at(fmt, place, *values)
    return bytes(h)
def single(name, a, changes=(), packed=lambda b: b): put(name, packed(header1(a, changes=changes) + bytes(4) + a.tobytes()))
Q = lambda code=1: [('h', 252, code), ('6f', 256, 0.1, -0.2, 0.3, 9, 8, 7)]
S = lambda code=1: [('h', 254, code), ('12f', 280, -0.3, 0.6, 0, 1, 0.4, 0.45, 0, 2, 0, 0, 2.5, 3)]
a = small()
for s_code, q_code in [(1, 0), (1, 2), (2, 0), (2, 1), (4, 3)]: single(f'nifti_s{s_code}_q{q_code}.nii', a, S(s_code) + Q(q_code))
single('nifti_alike.nii', a, [('h', 252, 1), ('6f', 256, 0, 0, 0, 9, 8, 7), ('h', 254, 2), ('12f', 280, 0.5, 0.00003, 0, 9, -0.00002, 0.75, 0, 8, 0, 0, 2.5, 7.00005)])
single('nifti_sheared_q.nii', a, Q() + [('h', 254, 1), ('12f', 280, -0.5, 0.3, 0, 1, 0, 0.75, 0, 2, 0, 0, 2.5, 3)])
single('nifti_negative_step.nii', a, Q() + [('f', 84, -0.75)])
single('nifti_zero_step.nii', a, Q() + [('f', 84, 0)])
single('nifti_meters.nii', a, Q() + [('B', 123, 1)])
single('nifti_half_turn.nii', a, [('h', 252, 1), ('6f', 256, 0.6, 0.8, 0.001, 9, 8, 7)])
single('nifti_intercept_only.nii', a, [('2f', 112, 0, 5)])
single('nifti_slope_nan.nii', a, [('2f', 112, math.nan, 0)])
single('nifti_intercept_nan.nii', a, [('2f', 112, 2, math.nan)])
f = small(np.float32); f[0, 0, :3] = [math.nan, math.inf, -math.inf]
single('nifti_not_finite.nii', f); single('nifti_not_finite64.nii', f.astype(np.float64), [('2f', 112, 2, 1)])
single('nifti_offset.nii', a, [('f', 108, 352)]); put('nifti_offset.nii', header1(a, vox=400.0), bytes(52), a.tobytes())
single('nifti_trailing.nii.gz', a, S(), lambda b: gzip.compress(b[:99], mtime=0) + gzip.compress(b[99:], mtime=0) + bytes(16))
single('nifti_plane_turned.nii', a.reshape(6, 4), Q())
put('nifti_pair.hdr', header1(a, b'ni1\0', 0.0, changes=S())); put('nifti_pair.img', a.tobytes())
put('nifti_pair_gz.hdr', header1(a, b'ni1\0', 5.0, '>', S())); put('nifti_pair_gz.img.gz', gzip.compress(b'12345' + a.astype('>i2').tobytes(), mtime=0))
put('analyze.hdr', header1(a, bytes(4), 0.0, changes=S() + [('2f', 112, 2, 3)])); put('analyze.img', a.tobytes())
single('vector_nifti.nii', small(np.uint8, (2, 1, 2, 3, 2)), [('h', 68, 1007)])
single('vector_nifti_plane.nii.gz', small(np.uint8, (2, 1, 1, 3, 4)), [('h', 68, 1007)], lambda b: gzip.compress(b, mtime=0))
single('vector_nifti_rgb.nii', small(np.uint8, (2, 3, 2)), [('h', 70, 128)]); put('vector_nifti_rgb.nii', header1(small(np.uint8, (2, 3, 2)), changes=[('h', 70, 128)]), bytes(4), small(np.uint8, (36,)).tobytes())
# SimpleITK does not read NIfTI-2; nibabel does.
for order, name in [('little', '<'), ('big', '>')]:
    im = nib.Nifti2Image(np.asfortranarray(small().transpose()), None); im.header.set_data_dtype(np.int16)
    im = nib.Nifti2Image(np.asanyarray(im.dataobj), None, im.header.as_byteswapped(name))
    im.set_sform(np.vstack([np.hstack([np.diag([-1, -1, 1.0]) @ R @ np.diag([0.5, 0.75, 2.5]), [[7.5], [-3.25], [11]]]), [0, 0, 0, 1]]), 1, update_affine=True)
    if order == 'big': im.set_qform(im.affine, 1); im.set_sform(None, 0, update_affine=False)
    im.header.set_xyzt_units('mm'); nib.save(im, os.path.join(OUT, f'nifti2_{order}.nii'))

# ---- TIFF; spacing and dimension are ours, see the test.
tif = lambda name, a, **k: tifffile.imwrite(os.path.join(OUT, name), a, metadata=None, software=None, **k)
for t in ['int8', 'int16', 'uint32', 'int32', 'float32']: tif(f'raster_{t}.tif', small(t, (3, 4)))
tif('raster_lzw.tif', small(np.float32, (3, 4)), byteorder='>', compression='zlib', predictor=False)
tif('raster_white_is_zero.tif', small(np.uint8, (3, 4)), photometric='miniswhite')
tif('raster_white_is_zero16.tif', small(np.uint16, (3, 4)), photometric='miniswhite')
tif('raster_stack.tif', small(np.uint16), photometric='minisblack')
tif('raster_stack_float.tif', small(np.float32), photometric='minisblack', bigtiff=True)

def by_nibabel(path):
    im = nib.load(path); a = im.affine; steps = np.sqrt((a[:3, :3] ** 2).sum(axis=0)); flip = np.diag([-1, -1, 1.0])
    arr = np.asanyarray(im.dataobj).transpose()
    return dict(dimension=3, size=im.shape, spacing=im.header.get_zooms(), origin=(flip @ a[:3, 3]).tolist(), direction=(flip @ a[:3, :3] / steps).flatten().tolist(),
                dtype=arr.dtype.newbyteorder('=').name, voxels=[float(v) for v in arr.flatten()])

rows = {}
for f in sorted(os.listdir(OUT)):
    path = os.path.join(OUT, f)
    if f.startswith('nifti2_'):
        rows[f] = by_nibabel(path); continue
    if not f.endswith(('.nii', '.nii.gz', '.hdr', '.nrrd', '.nhdr', '.mha', '.mhd', '.tif')): continue
    try:
        im = sitk.ReadImage(path)
    except Exception as e:
        sys.exit(f'{f}: {e}')
    arr = sitk.GetArrayFromImage(im)
    n = im.GetNumberOfComponentsPerPixel(); vector = 'vector' in im.GetPixelIDTypeAsString()
    d, dim = np.array(im.GetDirection()).reshape(im.GetDimension(), -1), im.GetDimension()
    if dim == 4: dim, d = 3, d[:3, :3]  # with one volume
    rows[f] = dict(dimension=dim, size=im.GetSize()[:dim], spacing=im.GetSpacing()[:dim], origin=im.GetOrigin()[:dim], direction=d.flatten().tolist(), dtype=str(arr.dtype))
    values = arr.reshape(-1, n) if vector else arr.reshape(-1, 1)
    if vector: rows[f]['components'] = [[float(v) for v in values[:, c]] for c in range(n)]
    else: rows[f]['voxels'] = [float(v) for v in arr.flatten()]
with open(os.path.join(OUT, 'expected.json'), 'w') as out:
    out.write('{\n' + ',\n'.join(f'"{f}": {json.dumps(row)}' for f, row in rows.items()) + '\n}\n')

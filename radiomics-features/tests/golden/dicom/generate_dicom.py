"""Writes small synthetic DICOM files with pydicom, and what SimpleITK reads from them.

Usage: python generate_dicom.py                      writes the files and expected.json beside this script
       python generate_dicom.py FOLDER EXPECTED.json  records what is read from the DICOM files of a folder
pydicom 3.0.2, SimpleITK 2.5.7, numpy 1.26.4, pillow 13.0.0; numpy seed 20240. No patient, no device: every identifier is made up.

expected.json: per file the pixel type, size, spacing, origin, direction and values that the reader read. The gray values of
colors are Pillow's luma in 16-bit fixed point of the colors that the reader read. "reader" is SimpleITK unless SimpleITK has a
known fault there, in which case it is pydicom for the values and SimpleITK for the geometry.
"""

import io
import json
import pathlib
import shutil
import sys
import tempfile

import numpy as np
import pydicom
import SimpleITK as sitk
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage, ComputedRadiographyImageStorage, DeflatedExplicitVRLittleEndian, EnhancedCTImageStorage,
    EnhancedMRImageStorage, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit,
    JPEGLosslessSV1, MRImageStorage, NuclearMedicineImageStorage, RLELossless, RTDoseStorage, RTStructureSetStorage,
    SecondaryCaptureImageStorage, SegmentationStorage, UltrasoundImageStorage, UltrasoundMultiFrameImageStorage,
)

HERE = pathlib.Path(__file__).parent
RNG = np.random.default_rng(20240)
OBLIQUE = ["1", "0", "0", "0", "0.8", "0.6"]
POSED = {"ImagePositionPatient": ["-10.5", "20.25", "30"], "ImageOrientationPatient": OBLIQUE, "PixelSpacing": ["0.5", "0.25"]}


def write(name, sop, array, syntax=ExplicitVRLittleEndian, data=None, **attributes):
    a = np.asarray(array)
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = sop
    uid = "2.25." + str(sum(map(ord, name)) + 1000 * len(name))
    ds.file_meta.MediaStorageSOPInstanceUID = uid
    ds.SOPClassUID, ds.SOPInstanceUID = sop, uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.1", "2.25.2"
    ds.Modality = attributes.pop("Modality", "OT")
    color = attributes.get("SamplesPerPixel", 1) == 3
    planes = a.shape[:-1] if color else a.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    if len(planes) == 3:
        ds.NumberOfFrames = planes[0]
    ds.Rows, ds.Columns = planes[-2:]
    ds.BitsAllocated = ds.BitsStored = a.dtype.itemsize * 8
    ds.PixelRepresentation = int(a.dtype.kind == "i")
    if data is None:
        data = (a.astype(a.dtype.newbyteorder(">")) if syntax == ExplicitVRBigEndian else a).tobytes()
    for key, value in attributes.items():
        setattr(ds, key, value)
    ds.HighBit = ds.BitsStored - 1
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OB" if ds.BitsAllocated <= 8 else "OW"
    if syntax.is_compressed and not syntax.is_deflated:
        ds["PixelData"].is_undefined_length = True
        ds["PixelData"].VR = "OB"
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


def item(**attributes):
    ds = Dataset()
    for key, value in attributes.items():
        setattr(ds, key, value)
    return ds


def groups(spacing=("0.5", "0.25"), orientation=OBLIQUE, **shared):
    measures = item(PixelSpacing=list(spacing), SliceThickness="3")
    for key in ("SpacingBetweenSlices",):
        if key in shared:
            setattr(measures, key, shared.pop(key))
    plane = item(ImageOrientationPatient=orientation)
    return Sequence([item(PixelMeasuresSequence=Sequence([measures]), PlaneOrientationSequence=Sequence([plane]), **shared)])


def rescale(slope, intercept):
    return Sequence([item(RescaleSlope=slope, RescaleIntercept=intercept, RescaleType="US")])


def at(*positions, segments=None, rescales=None):
    frames = []
    for k, position in enumerate(positions):
        frame = item(PlanePositionSequence=Sequence([item(ImagePositionPatient=[f"{v:.6g}" for v in position])]))
        if segments:
            frame.SegmentIdentificationSequence = Sequence([item(ReferencedSegmentNumber=segments[k])])
        if rescales:
            frame.PixelValueTransformationSequence = rescale(*rescales[k])
        frames.append(frame)
    return Sequence(frames)


def along_normal(distance):
    """A position on the normal of OBLIQUE."""
    return (-10.5, 20.25 - 0.6 * distance, 30 + 0.8 * distance)


def region(delta_x, delta_y, spatial_format=1, data_type=1, units=3):
    return item(
        RegionSpatialFormat=spatial_format, RegionDataType=data_type, RegionFlags=0, RegionLocationMinX0=0, RegionLocationMinY0=0,
        RegionLocationMaxX1=7, RegionLocationMaxY1=5, PhysicalUnitsXDirection=units, PhysicalUnitsYDirection=units,
        PhysicalDeltaX=delta_x, PhysicalDeltaY=delta_y)


def jpeg(pixels, subsampling=0, mode=None):
    buffer = io.BytesIO()
    Image.fromarray(pixels, mode).save(buffer, "JPEG", quality=90, subsampling=subsampling)
    return buffer.getvalue()


def gray_files():
    u16 = RNG.integers(0, 4096, (6, 8), dtype=np.uint16)
    s16 = RNG.integers(-2000, 3000, (6, 8), dtype=np.int16)
    u8 = RNG.integers(0, 256, (6, 8), dtype=np.uint8)
    ct = dict(POSED, SpacingBetweenSlices="2.5", SliceThickness="5")
    write("ct_int16.dcm", CTImageStorage, s16, RescaleSlope="1", RescaleIntercept="-1024", **ct)
    write("ct_12_in_16.dcm", CTImageStorage, u16, BitsStored=12, RescaleSlope="1", RescaleIntercept="-1024", **ct)
    write("ct_implicit.dcm", CTImageStorage, s16, ImplicitVRLittleEndian, **ct)
    write("ct_big_endian.dcm", CTImageStorage, s16, ExplicitVRBigEndian, **ct)
    write("ct_deflated.dcm", CTImageStorage, s16, DeflatedExplicitVRLittleEndian, **ct)
    write("ct_slope.dcm", CTImageStorage, u16, RescaleSlope="1.5", RescaleIntercept="-10.25", **ct)
    write("ct_slope_zero.dcm", CTImageStorage, u16, RescaleSlope="0", RescaleIntercept="3")
    write("ct_negative_slope.dcm", CTImageStorage, u16, RescaleSlope="-2", RescaleIntercept="0")
    write("ct_dirty_bits.dcm", CTImageStorage, u16 | 0xF000, BitsStored=12)
    write("ct_signed_12.dcm", CTImageStorage, (s16 & 0xFFF).view(np.int16), BitsStored=12)
    write("ct_8_in_16.dcm", CTImageStorage, u8.astype(np.uint16), BitsStored=8, RescaleSlope="1", RescaleIntercept="-5")
    write("uint8_plus.dcm", CTImageStorage, u8, RescaleSlope="1", RescaleIntercept="5")
    write("int8.dcm", CTImageStorage, u8.view(np.int8))
    write("uint32.dcm", CTImageStorage, u16.astype(np.uint32) * 70000)
    write("int32_times_two.dcm", CTImageStorage, s16.astype(np.int32) * 70000, RescaleSlope="2", RescaleIntercept="0")
    write("monochrome1_16.dcm", CTImageStorage, u16, PhotometricInterpretation="MONOCHROME1")
    write("monochrome1_12.dcm", CTImageStorage, u16, PhotometricInterpretation="MONOCHROME1", BitsStored=12, RescaleSlope="1",
          RescaleIntercept="-1024")
    write("monochrome1_signed.dcm", CTImageStorage, s16, PhotometricInterpretation="MONOCHROME1")
    write("cr_imager_spacing.dcm", ComputedRadiographyImageStorage, u16, ImagerPixelSpacing=["0.15", "0.2"])
    write("sc_scanned_spacing.dcm", SecondaryCaptureImageStorage, u8, NominalScannedPixelSpacing=["0.7", "0.45"])
    write("mr_no_gap.dcm", MRImageStorage, u16, SliceThickness="4", **POSED)
    write("rough_orientation.dcm", CTImageStorage, u16, ImagePositionPatient=["1", "2", "3"],
          ImageOrientationPatient=["0.70711", "0.70711", "0", "-0.70713", "0.70709", "0.0001"], PixelSpacing=["1", "1"])
    # SimpleITK does not read frames that run lengths make much longer.
    runs = RNG.integers(-300, 300, (16, 20), dtype=np.int16).repeat(2, axis=1)
    write("mr_rle.dcm", MRImageStorage, runs, RLELossless, encapsulate([rle(runs)]), **POSED)
    write("single_bits.dcm", SecondaryCaptureImageStorage, u8[:2], data=np.packbits(u8[:2] & 1, bitorder="little").tobytes(),
          BitsAllocated=1, BitsStored=1)
    write("no_frames_named", SecondaryCaptureImageStorage, u8, NumberOfFrames=0)


def rle(array):
    from pydicom.pixels.encoders import RLELosslessEncoder
    return RLELosslessEncoder.encode(
        array, rows=array.shape[0], columns=array.shape[1], samples_per_pixel=array.shape[2] if array.ndim == 3 else 1,
        bits_allocated=array.dtype.itemsize * 8, bits_stored=array.dtype.itemsize * 8, pixel_representation=int(array.dtype.kind == "i"),
        photometric_interpretation="RGB" if array.ndim == 3 else "MONOCHROME2", number_of_frames=1, planar_configuration=0)


def lossless_jpeg(name, sop, array, **attributes):
    """Lossless JPEG, as SimpleITK's writer packs it."""
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/packed.dcm"
        image = sitk.GetImageFromArray(array[None])
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("GDCMImageIO")
        writer.UseCompressionOn()
        writer.SetCompressor("JPEG")
        writer.SetFileName(path)
        writer.Execute(image)
        packed = pydicom.dcmread(path)
    assert packed.file_meta.TransferSyntaxUID == JPEGLosslessSV1, packed.file_meta.TransferSyntaxUID
    frame = get_frame(packed.PixelData, 0, number_of_frames=1)
    write(name, sop, array, JPEGLosslessSV1, encapsulate([frame]), **attributes)


def color_files():
    rgb = RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    three = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    us = UltrasoundImageStorage
    write("rgb_interleaved.dcm", us, rgb, **three)
    write("rgb_planar.dcm", us, rgb, data=rgb.transpose(2, 0, 1).tobytes(), **dict(three, PlanarConfiguration=1))
    write("rgb_words_big_endian.dcm", us, rgb, ExplicitVRBigEndian, **three)
    odd = RNG.integers(0, 256, (3, 3, 3), dtype=np.uint8)
    swapped = odd.tobytes() + b"\0"
    swapped = np.frombuffer(swapped, ">u2").astype("<u2").tobytes()
    path = write("rgb_odd_words_big_endian.dcm", us, odd, ExplicitVRBigEndian, swapped, **three)
    ds = pydicom.dcmread(path)
    ds["PixelData"].VR = "OW"
    ds.save_as(path)
    write("rgb_16.dcm", us, RNG.integers(0, 65536, (6, 8, 3), dtype=np.uint16), **three)
    write("ybr_full.dcm", us, rgb, **dict(three, PhotometricInterpretation="YBR_FULL"))
    pairs = RNG.integers(0, 256, (6, 4, 4), dtype=np.uint8)
    write("ybr_full_422.dcm", us, rgb, data=pairs.tobytes(), **dict(three, PhotometricInterpretation="YBR_FULL_422"))
    runs = RNG.integers(0, 256, (12, 10, 3), dtype=np.uint8).repeat(2, axis=1)
    write("rgb_rle.dcm", us, runs, RLELossless, encapsulate([rle(runs)]), **three)
    deep = RNG.integers(0, 65536, (12, 10, 3), dtype=np.uint16).repeat(2, axis=1)
    write("rgb_16_rle.dcm", us, deep, RLELossless, encapsulate([rle(deep)]), **three)
    y, x = np.mgrid[0:21, 0:19]
    smooth = np.stack([8 * x + 3 * y, 250 - 9 * y, 128 + 5 * x - 3 * y], -1).clip(0, 255).astype(np.uint8)
    smooth[5:12, 6:14] = 255 - smooth[5:12, 6:14]
    for subsampling, name in ((0, "444"), (1, "422"), (2, "420")):
        write(f"ybr_jpeg_{name}.dcm", us, smooth, JPEGBaseline8Bit, encapsulate([jpeg(smooth, subsampling)]),
              **dict(three, PhotometricInterpretation="YBR_FULL_422"))
    write("rgb_jpeg.dcm", us, smooth, JPEGBaseline8Bit, encapsulate([jpeg(smooth)]), **three)
    write("gray_jpeg.dcm", us, smooth[..., 0], JPEGBaseline8Bit, encapsulate([jpeg(np.ascontiguousarray(smooth[..., 0]))]))
    lossless_jpeg("ct_jpeg_lossless.dcm", CTImageStorage, RNG.integers(-1000, 2000, (9, 7), dtype=np.int16))
    lossless_jpeg("uint16_jpeg_lossless.dcm", CTImageStorage, RNG.integers(0, 65536, (8, 8), dtype=np.uint16))
    index = RNG.integers(0, 256, (6, 8), dtype=np.uint8)
    table = RNG.integers(0, 65536, (3, 256), dtype=np.uint16)
    write("palette_16_bit.dcm", us, index, PhotometricInterpretation="PALETTE COLOR", **palette(table, 16))
    write("palette_8_bit.dcm", us, index, PhotometricInterpretation="PALETTE COLOR", **palette(table.astype(np.uint8), 8))


def palette(table, bits):
    attributes = {}
    for color, entries in zip(("Red", "Green", "Blue"), table):
        attributes[f"{color}PaletteColorLookupTableDescriptor"] = [len(entries), 0, bits]
        attributes[f"{color}PaletteColorLookupTableData"] = entries.tobytes()
    return attributes


def stacks():
    frames = RNG.integers(0, 256, (3, 6, 8), dtype=np.uint8)
    cine = {"FrameTime": "33", "FrameIncrementPointer": 0x00181063, "Modality": "US"}
    write("us_cine.dcm", UltrasoundMultiFrameImageStorage, frames, SequenceOfUltrasoundRegions=Sequence(
        [region(0.5, 0.5, 2, 3), region(0.02, 0.03)]), **cine)
    y, x = np.mgrid[0:17, 0:23]
    moving = [np.stack([10 * x + 5 * k, 12 * y, 100 + 20 * k + x], -1).clip(0, 255).astype(np.uint8) for k in range(3)]
    write("us_cine_jpeg.dcm", UltrasoundMultiFrameImageStorage, np.stack(moving), JPEGBaseline8Bit,
          encapsulate([jpeg(m, 2) for m in moving]), SamplesPerPixel=3, PhotometricInterpretation="YBR_FULL_422", PlanarConfiguration=0,
          SequenceOfUltrasoundRegions=Sequence([region(0.01, 0.01)]), **cine)
    # The same, each frame in two fragments and without a table of offsets.
    fragments = [jpeg(m, 2) for m in moving]
    data = encapsulate(fragments, fragments_per_frame=2, has_bot=False)
    write("us_cine_jpeg_fragments.dcm", UltrasoundMultiFrameImageStorage, np.stack(moving), JPEGBaseline8Bit, data, SamplesPerPixel=3,
          PhotometricInterpretation="YBR_FULL_422", PlanarConfiguration=0, **cine)
    write("us_calibrated.dcm", UltrasoundImageStorage, frames[0], SequenceOfUltrasoundRegions=Sequence(
        [region(0.1, 0.1, 3, 4), region(0.011, 0.012), region(0.011, 0.012, 1, 2)]))
    deep = RNG.integers(0, 3000, (4, 5, 6), dtype=np.uint16)
    write("mr_frames.dcm", MRImageStorage, deep, SpacingBetweenSlices="4", **POSED)
    write("nm_detector.dcm", NuclearMedicineImageStorage, deep, SpacingBetweenSlices="-4", PixelSpacing=["2", "3"], DetectorInformationSequence=
          Sequence([item(ImagePositionPatient=["1", "2", "3"], ImageOrientationPatient=OBLIQUE)]))
    write("dose.dcm", RTDoseStorage, deep, GridFrameOffsetVector=["0", "-2", "-4", "-6"], DoseGridScaling="0.01", FrameIncrementPointer=
          0x3004000C, **POSED)
    scaled = {"PixelValueTransformationSequence": rescale("2", "-5")}
    up = [along_normal(2.5 * k) for k in range(4)]
    write("enhanced_ct.dcm", EnhancedCTImageStorage, deep, SharedFunctionalGroupsSequence=groups(**scaled),
          PerFrameFunctionalGroupsSequence=at(*up))
    write("enhanced_mr_down.dcm", EnhancedMRImageStorage, deep, SharedFunctionalGroupsSequence=groups(),
          PerFrameFunctionalGroupsSequence=at(*up[::-1]))
    write("enhanced_mr_shuffled.dcm", EnhancedMRImageStorage, deep, SharedFunctionalGroupsSequence=groups(),
          PerFrameFunctionalGroupsSequence=at(up[2], up[0], up[3], up[1]))
    write("enhanced_per_frame_slope.dcm", EnhancedMRImageStorage, deep, SharedFunctionalGroupsSequence=groups(),
          PerFrameFunctionalGroupsSequence=at(*up, rescales=[("1", "0"), ("2", "1"), ("0.5", "0"), ("1", "-7")]))
    write("enhanced_missing_slice.dcm", EnhancedMRImageStorage, deep, SharedFunctionalGroupsSequence=groups(),
          PerFrameFunctionalGroupsSequence=at(up[0], up[1], up[2], along_normal(10)))


def folders():
    slices = RNG.integers(-1000, 2000, (4, 5, 6), dtype=np.int16)
    for folder, names in (("series", "dbca"), ("series_gap", "ab"), ("two_series", "ab")):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    for k, name in enumerate("dbca"):
        position = [f"{v:.6g}" for v in along_normal(2.5 * k)]
        attributes = dict(POSED, ImagePositionPatient=position, RescaleSlope="1", RescaleIntercept="-1024", InstanceNumber=k)
        write(f"series/{name}.dcm", CTImageStorage, slices[k], **attributes)
        if k != 2:
            write(f"series_gap/{name}.dcm", CTImageStorage, slices[k], **attributes)
        if k < 2:
            path = write(f"two_series/{name}.dcm", CTImageStorage, slices[k], **attributes)
            ds = pydicom.dcmread(path)
            ds.SeriesInstanceUID = f"2.25.{k + 7}"
            ds.save_as(path)


def masks():
    label = np.zeros((5, 6), np.uint8)
    label[1:3, 1:4] = 1
    label[3:, 4:] = 2
    write("mask_labels.dcm", SecondaryCaptureImageStorage, label)
    write("mask_255.dcm", SecondaryCaptureImageStorage, (label == 1) * np.uint8(255))
    # Segment 1 on slices 0, 1 and 3, segment 2 on slice 1; the frames in another order.
    one = np.zeros((4, 5, 6), np.uint8)
    one[0, 1:3, 1:4] = one[1, 1:4, 1:4] = one[3, 2, 2] = 1
    two = np.zeros((5, 6), np.uint8)
    two[4, 3:] = 1
    order = [(one[1], 1, 1), (two, 2, 1), (one[0], 1, 0), (one[3], 1, 3)]
    frames = np.stack([f for f, _, _ in order])
    places = at(*[along_normal(2.5 * z) for _, _, z in order], segments=[s for _, s, _ in order])
    common = dict(SharedFunctionalGroupsSequence=groups(), PerFrameFunctionalGroupsSequence=places, Modality="SEG")
    bits = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    write("seg_binary.dcm", SegmentationStorage, frames, data=bits, BitsAllocated=1, BitsStored=1, SegmentationType="BINARY", **common)
    write("seg_whole_fractions.dcm", SegmentationStorage, frames * np.uint8(200), SegmentationType="FRACTIONAL",
          SegmentationFractionalType="OCCUPANCY", MaximumFractionalValue=200, **common)
    write("seg_fractions.dcm", SegmentationStorage, frames * np.uint8(100), SegmentationType="FRACTIONAL",
          SegmentationFractionalType="OCCUPANCY", MaximumFractionalValue=200, **common)
    overlap = frames.copy()
    overlap[1] |= overlap[0]
    bits = np.packbits(overlap.reshape(-1), bitorder="little").tobytes()
    write("seg_overlap.dcm", SegmentationStorage, frames, data=bits, BitsAllocated=1, BitsStored=1, SegmentationType="BINARY", **common)
    ds = pydicom.dcmread(write("contours.dcm", RTStructureSetStorage, label, Modality="RTSTRUCT"))
    for key in ("PixelData", "Rows", "Columns"):
        delattr(ds, key)
    ds.save_as(HERE / "contours.dcm")
    labels = one.astype(np.uint32)
    labels[1][two > 0] = 2
    return {"seg_binary.dcm": labels, "seg_whole_fractions.dcm": labels, "mask_labels.dcm": label[None]}


def luma(a):
    a = a.astype(np.uint64)
    return (19595 * a[..., 0] + 38470 * a[..., 1] + 7471 * a[..., 2] + 32768) >> 16


# SimpleITK mixes up the bytes of these.
BY_PYDICOM = {"rgb_16_rle.dcm", "SC_rgb_rle_16bit.dcm", "SC_rgb_rle_16bit_2frame.dcm", "SC_rgb_rle_32bit.dcm",
              "SC_rgb_rle_32bit_2frame.dcm", "rtdose_expb.dcm"}
# Read differently by design, see the module documentation of io::dicom, or not at all by SimpleITK (the fragments).
NOT_COMPARED = {"us_cine_jpeg_fragments.dcm", "enhanced_mr_shuffled.dcm", "enhanced_per_frame_slope.dcm", "enhanced_missing_slice.dcm",
                "seg_binary.dcm", "seg_whole_fractions.dcm", "seg_fractions.dcm", "seg_overlap.dcm", "contours.dcm"}


def read(path):
    if path.is_dir():
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(path)))
        return reader.Execute()
    return sitk.ReadImage(str(path))


def expected(path):
    image = read(path)
    values = sitk.GetArrayFromImage(image)
    if path.name in BY_PYDICOM:
        values = pydicom.dcmread(path).pixel_array.reshape(values.shape).astype(values.dtype)
    if values.ndim == 4:
        values = luma(values).astype(values.dtype)
    return {
        "reader": "pydicom" if path.name in BY_PYDICOM else "SimpleITK",
        "dtype": str(values.dtype), "size": list(image.GetSize()), "spacing": list(image.GetSpacing()),
        "origin": list(image.GetOrigin()), "direction": list(image.GetDirection()), "values": values.ravel().tolist(),
    }


def record(root, paths):
    images = {}
    for path in paths:
        try:
            images[str(path.relative_to(root))] = expected(path)
        except RuntimeError as error:
            print(path, "is not read by SimpleITK:", str(error).strip().splitlines()[-1])
    return images


def real(root, out):
    """What SimpleITK reads from the files of a folder, for checks that are not committed."""
    paths = [p for p in sorted(root.rglob("*")) if p.is_file() and p.read_bytes()[128:132] == b"DICM"]
    out.write_text(json.dumps({"images": record(root, paths)}) + "\n")


def synthetic():
    for old in HERE.glob("*.dcm"):
        old.unlink()
    gray_files()
    color_files()
    stacks()
    folders()
    labels = masks()
    names = {p.name for p in HERE.iterdir() if p.suffix == ".dcm"} | {"no_frames_named", "series"}
    images = record(HERE, [HERE / name for name in sorted(names - NOT_COMPARED)])
    masks_ = {name: {"shape": list(a.shape), "labels": a.ravel().tolist()} for name, a in labels.items()}
    (HERE / "expected.json").write_text(json.dumps({"images": images, "masks": masks_}, separators=(",", ":")) + "\n")
    print(len(images), "images", sum(p.stat().st_size for p in HERE.rglob("*") if p.is_file()), "bytes")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        real(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
    else:
        synthetic()

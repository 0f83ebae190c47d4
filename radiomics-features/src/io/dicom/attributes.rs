//! The attributes that are read, by name and tag.

use std::fmt;

use crate::error::Error;
use crate::io::Source;

/// Name and tag of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    /// Group in the upper, element in the lower 16 bits.
    pub(super) tag: u32,
}

impl Attribute {
    /// The error that it is not there.
    pub(super) fn missing(self, source: &Source) -> Error {
        Error::MissingAttribute {
            path: source.path.clone(),
            attribute: self.name,
            group: (self.tag >> 16) as u16,
            element: (self.tag & 0xFFFF) as u16,
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (group, element) = (self.tag >> 16, self.tag & 0xFFFF);
        write!(f, "{} ({group:04X},{element:04X})", self.name)
    }
}

macro_rules! attributes {
    ($($constant:ident = $name:literal $tag:literal;)*) => {
        $(pub(super) const $constant: Attribute = Attribute { name: $name, tag: $tag };)*
    };
}

attributes! {
    TRANSFER_SYNTAX_UID = "TransferSyntaxUID" 0x0002_0010;
    SOP_CLASS_UID = "SOPClassUID" 0x0008_0016;
    MODALITY = "Modality" 0x0008_0060;
    SPACING_BETWEEN_SLICES = "SpacingBetweenSlices" 0x0018_0088;
    IMAGER_PIXEL_SPACING = "ImagerPixelSpacing" 0x0018_1164;
    NOMINAL_SCANNED_PIXEL_SPACING = "NominalScannedPixelSpacing" 0x0018_2010;
    ULTRASOUND_REGIONS = "SequenceOfUltrasoundRegions" 0x0018_6011;
    REGION_SPATIAL_FORMAT = "RegionSpatialFormat" 0x0018_6012;
    REGION_DATA_TYPE = "RegionDataType" 0x0018_6014;
    REGION_UNITS_X = "PhysicalUnitsXDirection" 0x0018_6024;
    REGION_UNITS_Y = "PhysicalUnitsYDirection" 0x0018_6026;
    REGION_DELTA_X = "PhysicalDeltaX" 0x0018_602C;
    REGION_DELTA_Y = "PhysicalDeltaY" 0x0018_602E;
    SERIES_INSTANCE_UID = "SeriesInstanceUID" 0x0020_000E;
    IMAGE_POSITION = "ImagePositionPatient" 0x0020_0032;
    IMAGE_ORIENTATION = "ImageOrientationPatient" 0x0020_0037;
    PLANE_POSITION = "PlanePositionSequence" 0x0020_9113;
    PLANE_ORIENTATION = "PlaneOrientationSequence" 0x0020_9116;
    SAMPLES_PER_PIXEL = "SamplesPerPixel" 0x0028_0002;
    PHOTOMETRIC_INTERPRETATION = "PhotometricInterpretation" 0x0028_0004;
    PLANAR_CONFIGURATION = "PlanarConfiguration" 0x0028_0006;
    NUMBER_OF_FRAMES = "NumberOfFrames" 0x0028_0008;
    ROWS = "Rows" 0x0028_0010;
    COLUMNS = "Columns" 0x0028_0011;
    PIXEL_SPACING = "PixelSpacing" 0x0028_0030;
    BITS_ALLOCATED = "BitsAllocated" 0x0028_0100;
    BITS_STORED = "BitsStored" 0x0028_0101;
    HIGH_BIT = "HighBit" 0x0028_0102;
    PIXEL_REPRESENTATION = "PixelRepresentation" 0x0028_0103;
    RESCALE_INTERCEPT = "RescaleIntercept" 0x0028_1052;
    RESCALE_SLOPE = "RescaleSlope" 0x0028_1053;
    RED_DESCRIPTOR = "RedPaletteColorLookupTableDescriptor" 0x0028_1101;
    GREEN_DESCRIPTOR = "GreenPaletteColorLookupTableDescriptor" 0x0028_1102;
    BLUE_DESCRIPTOR = "BluePaletteColorLookupTableDescriptor" 0x0028_1103;
    RED_TABLE = "RedPaletteColorLookupTableData" 0x0028_1201;
    GREEN_TABLE = "GreenPaletteColorLookupTableData" 0x0028_1202;
    BLUE_TABLE = "BluePaletteColorLookupTableData" 0x0028_1203;
    SEGMENTED_RED_TABLE = "SegmentedRedPaletteColorLookupTableData" 0x0028_1221;
    PIXEL_MEASURES = "PixelMeasuresSequence" 0x0028_9110;
    PIXEL_VALUE_TRANSFORMATION = "PixelValueTransformationSequence" 0x0028_9145;
    DETECTOR_INFORMATION = "DetectorInformationSequence" 0x0054_0022;
    SEGMENTATION_TYPE = "SegmentationType" 0x0062_0001;
    SEGMENT_IDENTIFICATION = "SegmentIdentificationSequence" 0x0062_000A;
    REFERENCED_SEGMENT_NUMBER = "ReferencedSegmentNumber" 0x0062_000B;
    MAXIMUM_FRACTIONAL_VALUE = "MaximumFractionalValue" 0x0062_000E;
    IMAGE_PLANE_PIXEL_SPACING = "ImagePlanePixelSpacing" 0x3002_0011;
    GRID_FRAME_OFFSET_VECTOR = "GridFrameOffsetVector" 0x3004_000C;
    SHARED_GROUPS = "SharedFunctionalGroupsSequence" 0x5200_9229;
    PER_FRAME_GROUPS = "PerFrameFunctionalGroupsSequence" 0x5200_9230;
    FLOAT_PIXEL_DATA = "FloatPixelData" 0x7FE0_0008;
    DOUBLE_FLOAT_PIXEL_DATA = "DoubleFloatPixelData" 0x7FE0_0009;
    PIXEL_DATA = "PixelData" 0x7FE0_0010;
}

//! What IBSI calls its features: codes, tags, families, aggregations.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// A feature of the IBSI reference manual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Feature {
    /// Its permanent code of four characters, e.g. `GYBY`. Two features that differ by a parameter share one (the intensity at a
    /// volume fraction of 10 % and of 90 %).
    pub id: &'static str,
    /// Its tag in the manual's tables, unique, e.g. `cm_joint_max`. It begins with [the prefix of the family](Family::prefix).
    pub tag: &'static str,
}

/// A family of features in the IBSI reference manual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Morphology: the form of the region, and how intensities lie in it.
    Morphology,
    /// Local intensity: peaks, averaged over a sphere of 1 cm³.
    LocalIntensity,
    /// Statistics of the intensities.
    IntensityStatistics,
    /// Histogram of the gray levels.
    IntensityHistogram,
    /// Intensity-volume histogram.
    IntensityVolumeHistogram,
    /// Gray level co-occurrence matrix.
    Glcm,
    /// Gray level run length matrix.
    Glrlm,
    /// Gray level size zone matrix.
    Glszm,
    /// Gray level distance zone matrix.
    Gldzm,
    /// Neighborhood gray tone difference matrix.
    Ngtdm,
    /// Neighboring gray level dependence matrix.
    Ngldm,
}

/// How the matrices of slices and directions become one value of a texture feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Aggregation {
    /// `2D_avg` (BTW3): features of every slice and direction, averaged.
    SliceAndDirectionAveraged,
    /// `2D_slice_merged` (SUJT): the directions of a slice merged, features of every slice averaged.
    SliceAveraged,
    /// `2.5D_direction_merged` (JJUI): the slices of a direction merged, features of every direction averaged.
    DirectionAveraged,
    /// `2.5D_merged` (ZW7Z): all slices and directions merged.
    SlicesMerged,
    /// `3D_avg` (ITBB): features of every direction of the volume, averaged.
    VolumeAveraged,
    /// `3D_merged` (IAZD): all directions of the volume merged.
    VolumeMerged,
    /// `2D` (8QNN): of matrices without direction: features of every slice, averaged.
    Slices,
    /// `2.5D` (62GR): of matrices without direction: the slices merged.
    MergedSlices,
    /// `3D` (KOBO): of matrices without direction: that of the volume.
    Volume,
}

impl Family {
    /// All families, in the order of the manual.
    pub const ALL: [Self; 11] = [
        Self::Morphology,
        Self::LocalIntensity,
        Self::IntensityStatistics,
        Self::IntensityHistogram,
        Self::IntensityVolumeHistogram,
        Self::Glcm,
        Self::Glrlm,
        Self::Glszm,
        Self::Gldzm,
        Self::Ngtdm,
        Self::Ngldm,
    ];

    /// Name in settings and tables, e.g. `intensity_histogram`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.texts().0
    }

    /// With what the tags of the family begin, e.g. `ih`.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        self.texts().1
    }

    /// The code of the family, e.g. `ZVCW`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.texts().2
    }

    /// Name, prefix of the tags, code.
    fn texts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Morphology => ("morphology", "morph", "HCUG"),
            Self::LocalIntensity => ("local_intensity", "loc", "9ST6"),
            Self::IntensityStatistics => ("intensity_statistics", "stat", "UHIW"),
            Self::IntensityHistogram => ("intensity_histogram", "ih", "ZVCW"),
            Self::IntensityVolumeHistogram => ("intensity_volume_histogram", "ivh", "P88C"),
            Self::Glcm => ("glcm", "cm", "LFYI"),
            Self::Glrlm => ("glrlm", "rlm", "TP0I"),
            Self::Glszm => ("glszm", "szm", "9SAK"),
            Self::Gldzm => ("gldzm", "dzm", "VMDZ"),
            Self::Ngtdm => ("ngtdm", "ngt", "IPET"),
            Self::Ngldm => ("ngldm", "ngl", "REK0"),
        }
    }

    /// Whether the features are taken from matrices that have to be aggregated.
    #[must_use]
    pub fn is_texture(self) -> bool {
        self >= Self::Glcm
    }

    /// Whether the matrices of the family have a direction, and so six aggregations instead of three.
    #[must_use]
    pub fn is_directional(self) -> bool {
        matches!(self, Self::Glcm | Self::Glrlm)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Family {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|family| family.as_str() == name);
        found.ok_or_else(|| unknown(name, "the family is not one of IBSI's"))
    }
}

impl Feature {
    /// The family, by the tag.
    ///
    /// # Panics
    /// If the tag is none of this crate's.
    #[must_use]
    pub fn family(&self) -> Family {
        let prefix = self.tag.split('_').next();
        let found = Family::ALL
            .into_iter()
            .find(|family| Some(family.prefix()) == prefix);
        found.expect("every tag begins with the prefix of its family")
    }
}

impl fmt::Display for Feature {
    /// Tag and code, `cm_joint_max_GYBY`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.tag, self.id)
    }
}

impl Aggregation {
    /// All, in the order of the manual: six for matrices with a direction, three for those without.
    pub const ALL: [Self; 9] = [
        Self::SliceAndDirectionAveraged,
        Self::SliceAveraged,
        Self::DirectionAveraged,
        Self::SlicesMerged,
        Self::VolumeAveraged,
        Self::VolumeMerged,
        Self::Slices,
        Self::MergedSlices,
        Self::Volume,
    ];

    /// Name in settings and feature names, e.g. `3D_avg`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.texts().0
    }

    /// The code, e.g. `ITBB`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.texts().1
    }

    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::SliceAndDirectionAveraged => ("2D_avg", "BTW3"),
            Self::SliceAveraged => ("2D_slice_merged", "SUJT"),
            Self::DirectionAveraged => ("2.5D_direction_merged", "JJUI"),
            Self::SlicesMerged => ("2.5D_merged", "ZW7Z"),
            Self::VolumeAveraged => ("3D_avg", "ITBB"),
            Self::VolumeMerged => ("3D_merged", "IAZD"),
            Self::Slices => ("2D", "8QNN"),
            Self::MergedSlices => ("2.5D", "62GR"),
            Self::Volume => ("3D", "KOBO"),
        }
    }

    /// Whether it takes the volume as a whole and not slice by slice.
    #[must_use]
    pub fn is_volume(self) -> bool {
        matches!(
            self,
            Self::VolumeAveraged | Self::VolumeMerged | Self::Volume
        )
    }

    /// Whether it is one of the six for matrices with a direction.
    #[must_use]
    pub fn is_directional(self) -> bool {
        self < Self::Slices
    }
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Aggregation {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == name);
        found.ok_or_else(|| unknown(name, "the aggregation is not one of IBSI's"))
    }
}

fn unknown(name: &str, problem: &'static str) -> Error {
    Error::UnknownFeature {
        name: name.to_string(),
        problem,
    }
}

//! Maps against PyRadiomics, voxel by voxel; see `tests/golden/voxel`.

mod common;

use std::io::Read;

use common::{Tier, golden, tier};
use radiomics_features::io::{ReadOptions, read_image, read_mask};
use radiomics_features::{
    Error, Extractor, Family, FamilySelection, FeatureMap, FeatureMaps, MissingDirections, Params,
    Roi,
};

/// What PyRadiomics wrote.
#[derive(serde::Deserialize)]
struct Header {
    params: String,
    names: Vec<String>,
    shape: [usize; 3],
    spacing: [f64; 3],
    origin: [f64; 3],
    /// Row-major, x first.
    direction: [f64; 9],
}

struct Case {
    name: &'static str,
    header: Header,
    values: Vec<f64>,
}

impl Case {
    fn read(name: &'static str) -> Self {
        let packed =
            std::fs::read(golden(&format!("voxel/{name}.maps.gz"))).expect("a golden file");
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice())
            .read_to_end(&mut bytes)
            .expect("gzip data");
        let end = bytes.iter().position(|&b| b == b'\n').expect("a header");
        let header: Header = serde_json::from_slice(&bytes[..end]).expect("a JSON header");
        let values: Vec<f64> = bytes[end + 1..]
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes(b.try_into().expect("8 bytes")))
            .collect();
        let n: usize = header.shape.iter().product();
        assert_eq!(values.len(), n * header.names.len(), "{name}");
        Self {
            name,
            header,
            values,
        }
    }

    fn params(&self) -> Params {
        self.header.params.parse().expect("parameters")
    }

    fn maps(&self, params: Params) -> FeatureMaps {
        self.with_roi(params, |extractor, roi| {
            extractor.extract_maps(roi).expect("maps")
        })
    }

    fn with_roi<T>(&self, params: Params, f: impl FnOnce(&Extractor, &Roi<'_>) -> T) -> T {
        let file = |part: &str| golden(&format!("voxel/{}_{part}.nrrd", self.name));
        let image = read_image(file("image"), &ReadOptions::default()).expect("an image");
        let mask = read_mask(file("label"), &ReadOptions::default()).expect("a mask");
        let extractor = Extractor::new(params).expect("sound settings");
        let roi = Roi::new(&image, &mask, &extractor.params().roi).expect("a region");
        f(&extractor, &roi)
    }

    /// Expected values of a map.
    fn expected(&self, index: usize) -> &[f64] {
        let n: usize = self.header.shape.iter().product();
        &self.values[index * n..(index + 1) * n]
    }

    fn check(&self) -> FeatureMaps {
        let found = self.maps(self.params());
        let names: Vec<String> = found.maps.iter().map(|map| map.name.to_string()).collect();
        assert_eq!(names, self.header.names, "{}", self.name);
        let mut failures = Vec::new();
        for (index, map) in found.maps.iter().enumerate() {
            assert_eq!(map.voxels.shape(), self.header.shape);
            self.check_geometry(map);
            let tier = tier(&names[index]);
            for ((at, &found), &expected) in map.voxels.indexed_iter().zip(self.expected(index)) {
                if !tier.accepts(found, expected) {
                    let name = &names[index];
                    failures.push(format!("{name} {at:?}: {found:?}, expected {expected:?}"));
                }
            }
        }
        let n = failures.len();
        failures.truncate(12);
        let (case, failures) = (self.name, failures.join("\n"));
        assert_eq!(n, 0, "{case}: {n} voxels differ\n{failures}");
        found
    }

    fn check_geometry(&self, map: &FeatureMap) {
        const CLOSE: Tier = Tier {
            relative: 1e-12,
            absolute: 1e-12,
        };
        let mut pairs = Vec::new();
        for a in 0..3 {
            pairs.push((map.geometry.spacing[a], self.header.spacing[a]));
            pairs.push((map.geometry.origin[a], self.header.origin[a]));
            for c in 0..3 {
                // A column of the matrix is the direction of an axis.
                let expected = self.header.direction[3 * (2 - c) + 2 - a];
                pairs.push((map.geometry.direction[a][c], expected));
            }
        }
        assert!(pairs.iter().all(|&(a, b)| CLOSE.accepts(a, b)), "{pairs:?}");
    }
}

#[test]
fn a_volume() {
    let maps = Case::read("volume").check();
    assert_eq!(maps.maps.len(), 93);
    assert!(maps.maps.iter().all(|map| map.not_computed == 0));
}

#[test]
fn a_slice_plane_by_plane() {
    Case::read("slice").check();
}

#[test]
fn kernels_beyond_the_region() {
    Case::read("unmasked").check();
}

#[test]
fn two_distances_with_weights() {
    Case::read("weighted").check();
}

#[test]
fn kernels_that_lack_directions_in_batches() {
    let case = Case::read("sparse");
    let maps = case.check();
    let by_name = |maps: &FeatureMaps, name: &str| {
        let name = name.parse().expect("a name");
        maps.get(name).expect("a map").clone()
    };
    let mcc = "original_glcm_MCC";
    assert!(by_name(&maps, mcc).not_computed > 0);

    // On request they are means over the directions that are there, and all other features are the same.
    let mut params = case.params();
    params.voxel.missing_directions = MissingDirections::LeftOut;
    params.voxel.initial_value = -5.0;
    let filled = case.maps(params);
    let average = by_name(&filled, "original_glcm_JointAverage");
    let sum_average = by_name(&filled, "original_glcm_SumAverage");
    for (a, s) in average.voxels.iter().zip(&sum_average.voxels) {
        let alike = (2.0 * a - s).abs() < 1e-12 || (*a, *s) == (-5.0, -5.0);
        assert!(alike || (a.is_nan() && s.is_nan()), "{a} {s}");
    }
    let mcc = by_name(&filled, mcc);
    assert_eq!(mcc.not_computed, 0);
    assert!(mcc.voxels.iter().any(|&value| value > 0.0));
}

#[test]
fn floats_in_a_number_of_bins_across_x() {
    Case::read("float32").check();
}

#[test]
fn filters_selections_and_preprocessing() {
    let maps = Case::read("filtered").check();
    assert!(maps.noise_bands.is_empty());
}

#[test]
fn only_shape_has_no_maps() {
    let case = Case::read("volume");
    for families in [vec![], vec![FamilySelection::all(Family::Shape)]] {
        let mut params = case.params();
        params.families = families.clone();
        let error = case.with_roi(params, |extractor, roi| extractor.maps(roi).err());
        assert!(
            matches!(&error, Some(Error::NoMaps { found }) if found.len() == families.len()),
            "{error:?}"
        );
    }
}

#[test]
fn a_kernel_of_one_voxel_is_refused_and_a_huge_one_sees_the_region() {
    let case = Case::read("slice");
    let mut params = case.params();
    params.voxel.kernel_radius = 0;
    let error = Extractor::new(params.clone()).err();
    assert!(
        matches!(
            error,
            Some(Error::InvalidSetting {
                name: "kernelRadius",
                ..
            })
        ),
        "{error:?}"
    );
    // Every kernel is the whole region: the maps hold the region's own features.
    params.voxel.kernel_radius = usize::MAX;
    params.families = vec![
        FamilySelection::all(Family::FirstOrder),
        FamilySelection::all(Family::Glszm),
    ];
    case.with_roi(params, |extractor, roi| {
        let region = extractor.extract(roi).expect("features");
        let maps = extractor.extract_maps(roi).expect("maps");
        for ((name, value), map) in region.iter().zip(&maps.maps) {
            assert_eq!(name, map.name);
            let inside = map.voxels.iter().filter(|v| **v == value).count();
            assert!(inside >= 84, "{name}");
        }
    });
}

#[test]
fn an_error_ends_the_maps() {
    let case = Case::read("volume");
    let mut params = case.params();
    params.images[0].binning = radiomics_features::Binning::Width(1e-9);
    case.with_roi(params, |extractor, roi| {
        let mut maps = extractor.maps(roi).expect("preprocessing");
        assert!(matches!(maps.next(), Some(Err(Error::InImage { .. }))));
        assert!(maps.next().is_none());
    });
}

#[test]
#[cfg(feature = "rayon")]
fn threads_change_no_bit() {
    let case = Case::read("volume");
    let bits = |threads: usize| -> Vec<u64> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let maps = pool.expect("a pool").install(|| case.maps(case.params()));
        maps.maps
            .iter()
            .flat_map(|map| map.voxels.iter().map(|v| v.to_bits()))
            .collect()
    };
    assert_eq!(bits(1), bits(3));
}

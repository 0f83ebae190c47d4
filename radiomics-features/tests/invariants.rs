//! What must hold for the matrices and features of any region.

use ndarray::{Array3, Axis as ArrayAxis, Slice};
use proptest::prelude::*;
use radiomics_features::texture::direction::directions;
use radiomics_features::texture::{
    Axis, Glcm, GlcmFeatures, Gldm, GldmFeatures, Glrlm, GlrlmFeatures, Glszm, GlszmFeatures,
    Ngtdm, NgtdmFeatures, TextureParams, WeightingNorm,
};
use radiomics_features::{
    Binning, FirstOrderFeatures, FirstOrderParams, Levels, PixelKind, ShapeFeatures, ShapeParams,
};

/// A region of up to 5 × 7 × 7 voxels with up to 9 levels; at least one voxel.
fn regions() -> impl Strategy<Value = Array3<u16>> {
    (1usize..5, 1usize..7, 1usize..7, 1u16..9).prop_flat_map(|(nz, ny, nx, n_levels)| {
        let voxel = prop_oneof![1 => Just(0), 4 => 1..=n_levels];
        prop::collection::vec(voxel, nz * ny * nx).prop_map(move |mut voxels| {
            voxels[0] = voxels[0].max(1);
            Array3::from_shape_vec((nz, ny, nx), voxels).expect("a voxel each")
        })
    })
}

fn levels(region: &Array3<u16>) -> Levels {
    Levels::from_array(region.view()).expect("one voxel is inside")
}

/// Every texture feature, by name.
fn textures(region: &Array3<u16>, params: &TextureParams) -> Vec<(String, f64)> {
    let (levels, spacing) = (levels(region), [2.0, 0.5, 0.8]);
    let mut found = Vec::new();
    let mut put = |family: &str, features: &mut dyn Iterator<Item = (&'static str, f64)>| {
        found.extend(features.map(|(name, value)| (format!("{family}_{name}"), value)));
    };
    put(
        "glcm",
        &mut GlcmFeatures::new(&levels, spacing, params)
            .expect("valid")
            .iter(),
    );
    put(
        "glrlm",
        &mut GlrlmFeatures::new(&levels, spacing, params)
            .expect("valid")
            .iter(),
    );
    put(
        "glszm",
        &mut GlszmFeatures::new(&levels, spacing, params)
            .expect("valid")
            .iter(),
    );
    put(
        "gldm",
        &mut GldmFeatures::new(&levels, spacing, params)
            .expect("valid")
            .iter(),
    );
    put(
        "ngtdm",
        &mut NgtdmFeatures::new(&levels, spacing, params)
            .expect("valid")
            .iter(),
    );
    found
}

/// Bit for bit, where NaN equals NaN.
fn identical(a: &[(String, f64)], b: &[(String, f64)]) -> bool {
    a.iter()
        .map(|(name, value)| (name, value.to_bits()))
        .eq(b.iter().map(|(name, value)| (name, value.to_bits())))
}

fn close(a: f64, b: f64, relative: f64) -> bool {
    (a - b).abs() <= relative * a.abs().max(b.abs()) + 1e-12 || (a.is_nan() && b.is_nan())
}

fn merged() -> TextureParams {
    let mut params = TextureParams::default();
    params.weighting = Some(WeightingNorm::NoWeighting);
    params
}

/// The region inside a larger, empty box.
fn padded(region: &Array3<u16>, margin: [usize; 3]) -> Array3<u16> {
    let (nz, ny, nx) = region.dim();
    let mut large = Array3::zeros((nz + 2 * margin[0] + 1, ny + margin[1], nx + 3 * margin[2]));
    let [z, y, x] = margin;
    large
        .slice_mut(ndarray::s![z..z + nz, y..y + ny, 2 * x..2 * x + nx])
        .assign(region);
    large
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cooccurrences_are_a_symmetric_distribution(region in regions(), distance in 1usize..3) {
        let levels = levels(&region);
        for direction in directions(levels.shape(), &[distance], None).expect("valid") {
            let Some(glcm) = Glcm::new(&levels, direction, &TextureParams::default()) else { continue };
            prop_assert!((glcm.cells.iter().map(|cell| cell.p).sum::<f64>() - 1.0).abs() < 1e-14);
            for cell in &glcm.cells {
                let twin = glcm.cells.iter().find(|other| (other.i, other.j) == (cell.j, cell.i));
                prop_assert_eq!(twin.map(|other| other.p), Some(cell.p));
            }
        }
    }

    #[test]
    fn runs_zones_and_dependences_cover_every_voxel_once(region in regions(), alpha in 0u16..3) {
        let levels = levels(&region);
        let n = levels.n_voxels() as f64;
        for direction in directions(levels.shape(), &[1], None).expect("valid") {
            if let Some(glrlm) = Glrlm::new(&levels, direction) {
                prop_assert_eq!(glrlm.matrix.n_covered(), n);
            }
        }
        for flat in [None, Some(Axis::Z), Some(Axis::Y), Some(Axis::X)] {
            prop_assert_eq!(Glszm::new(&levels, flat).matrix.n_covered(), n);
        }
        let mut params = TextureParams::default();
        params.gldm_alpha = alpha;
        prop_assert_eq!(Gldm::new(&levels, &params).expect("valid").matrix.n_elements(), n);
        let rows = Ngtdm::new(&levels, &params).expect("valid").rows;
        prop_assert_eq!(rows.iter().map(|row| row.count).sum::<usize>(), levels.n_voxels());
    }

    #[test]
    fn place_and_margins_do_not_matter(region in regions(), margin in prop::array::uniform3(0usize..4)) {
        for params in [TextureParams::default(), merged()] {
            prop_assert!(identical(&textures(&region, &params), &textures(&padded(&region, margin), &params)));
        }
        let shape = |region: &Array3<u16>| {
            ShapeFeatures::new(region.mapv(|level| level != 0).view(), [2.0, 0.5, 0.8], &ShapeParams::default()).expect("a voxel")
        };
        let (here, there) = (shape(&region), shape(&padded(&region, margin)));
        let bits = |features: ShapeFeatures| features.iter().map(|(_, value)| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(here), bits(there));
    }

    #[test]
    fn merged_textures_do_not_see_a_mirror(region in regions(), axis in 0usize..3) {
        let mut mirrored = region.clone();
        mirrored.invert_axis(ArrayAxis(axis));
        let mirrored = mirrored.as_standard_layout().into_owned();
        let params = merged();
        for ((name, a), (_, b)) in textures(&region, &params).iter().zip(textures(&mirrored, &params)) {
            // The maximal correlation is the root of an eigenvalue that may be rounding noise.
            let tolerance = if name == "glcm_MCC" { 1e-7 } else { 1e-9 };
            prop_assert!((a - b).abs() <= tolerance * a.abs().max(1.0) || (a.is_nan() && b.is_nan()), "{name}: {a} {b}");
        }
    }

    #[test]
    fn planes_of_a_stack_are_measured_apart(region in regions()) {
        // With force2D, a stack's pairs, zones and neighbors are those of its slices.
        let mut params = TextureParams::default();
        params.force_2d = Some(Axis::Z);
        let whole = levels(&region);
        let slices: Vec<Levels> = (0..region.dim().0)
            .filter_map(|z| Levels::from_array(region.slice_axis(ArrayAxis(0), Slice::from(z..z + 1))).ok())
            .collect();
        let zones: f64 = slices.iter().map(|slice| Glszm::new(slice, None).matrix.n_elements()).sum();
        prop_assert_eq!(Glszm::new(&whole, Some(Axis::Z)).matrix.n_elements(), zones);
        for direction in directions(whole.shape(), &[1], params.force_2d).expect("valid") {
            let pairs = |levels: &Levels| Glcm::new(levels, direction, &params).map_or(0.0, |glcm| glcm.n_pairs);
            prop_assert_eq!(pairs(&whole), slices.iter().map(pairs).sum::<f64>());
        }
    }

    #[test]
    fn first_order_follows_a_linear_map(
        values in prop::collection::vec(-1e3f64..1e3, 3..60),
        a in prop_oneof![0.1f64..10.0, -10.0f64..-0.1],
        b in -1e3f64..1e3,
    ) {
        let of = |values: Vec<f64>| {
            let values = Array3::from_shape_vec((1, 1, values.len()), values).expect("a row");
            let mask = Array3::from_elem(values.dim(), true);
            let levels = Levels::new(values.view(), mask.view(), PixelKind::Float64, &Binning::Width(1.0)).expect("levels");
            FirstOrderFeatures::new(values.view(), mask.view(), &levels, [1.0; 3], &FirstOrderParams::default()).expect("features")
        };
        let x = of(values.clone());
        let y = of(values.iter().map(|value| a * value + b).collect());
        let scale = a.abs() * 1e3 + b.abs();
        let near = |found: f64, expected: f64, unit: f64| (found - expected).abs() <= 1e-9 * unit;
        prop_assert!(near(y.mean, a * x.mean + b, scale));
        prop_assert!(near(y.median, a * x.median + b, scale));
        prop_assert!(near(y.variance, a * a * x.variance, scale * scale));
        prop_assert!(near(y.range, a.abs() * x.range, scale));
        prop_assert!(near(y.interquartile_range, a.abs() * x.interquartile_range, scale));
        prop_assert!(near(y.mean_absolute_deviation, a.abs() * x.mean_absolute_deviation, scale));
        let (low, high) = if a > 0.0 { (x.percentile_10, x.percentile_90) } else { (x.percentile_90, x.percentile_10) };
        prop_assert!(near(y.percentile_10, a * low + b, scale));
        prop_assert!(near(y.percentile_90, a * high + b, scale));
        if x.variance > 1.0 {
            prop_assert!(close(y.skewness, a.signum() * x.skewness, 1e-6) || (y.skewness - a.signum() * x.skewness).abs() < 1e-8);
            prop_assert!(close(y.kurtosis, x.kurtosis, 1e-6));
        }
    }

    #[test]
    fn shape_scales_with_the_spacing(region in regions(), s in 0.2f64..6.0) {
        let mask = region.mapv(|level| level != 0);
        let spacing = [2.0, 0.5, 0.8];
        let small = ShapeFeatures::new(mask.view(), spacing, &ShapeParams::default()).expect("a voxel");
        let large = ShapeFeatures::new(mask.view(), spacing.map(|mm| s * mm), &ShapeParams::default()).expect("a voxel");
        prop_assert!(close(large.mesh_volume, s.powi(3) * small.mesh_volume, 1e-10));
        prop_assert!(close(large.voxel_volume, s.powi(3) * small.voxel_volume, 1e-12));
        prop_assert!(close(large.surface_area, s.powi(2) * small.surface_area, 1e-12));
        prop_assert!(close(large.maximum_3d_diameter, s * small.maximum_3d_diameter, 1e-12));
        prop_assert!(close(large.major_axis_length, s * small.major_axis_length, 1e-12));
        prop_assert!(close(large.sphericity, small.sphericity, 1e-9));
    }

    #[test]
    fn any_small_region_has_defined_features(region in regions(), norm in 0usize..5, alpha in 0u16..3) {
        // NaN only where no two voxels are neighbors, or none lies on a line with another.
        let mut params = TextureParams::default();
        params.gldm_alpha = alpha;
        params.weighting = [
            None,
            Some(WeightingNorm::NoWeighting),
            Some(WeightingNorm::Manhattan),
            Some(WeightingNorm::Euclidean),
            Some(WeightingNorm::Infinity),
        ][norm];
        let levels = levels(&region);
        let directions = directions(levels.shape(), &[1], None).expect("valid");
        let has_pairs = directions.iter().any(|&d| Glcm::new(&levels, d, &params).is_some());
        let has_lines = directions.iter().any(|&d| Glrlm::new(&levels, d).is_some());
        let flat = levels.histogram().len() == 1;
        let single = params.weighting.is_some() || directions.len() == 1;
        for (name, value) in textures(&region, &params) {
            let defined = match name.split_once('_').map(|(family, _)| family) {
                // A flat region can have a maximal correlation without any pair.
                Some("glcm") if name == "glcm_MCC" && flat => continue,
                // Nor does one that is all level 1 need one for its inverse variance, nor a single matrix a run for these.
                Some("glcm") if name == "glcm_InverseVariance" && flat => continue,
                Some("glrlm") if name == "glrlm_RunEntropy" || name == "glrlm_RunVariance" => has_lines || single,
                Some("glcm") => has_pairs,
                Some("glrlm") => has_lines,
                _ => true,
            };
            prop_assert_eq!(value.is_finite(), defined, "{}: {}", name, value);
        }
    }
}

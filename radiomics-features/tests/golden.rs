//! Whole extractions against PyRadiomics 3.0.1. Where the files come from: `tests/golden/README.md`.

mod common;

use std::path::Path;

use common::{
    COLLINEAR, Tier, assert_diagnostics, assert_features, golden, read_diagnostics, read_features,
    reference, tier,
};
use radiomics_features::filters::{Gradient, LaplacianOfGaussian, Sigma, Wavelet};
use radiomics_features::io::{ReadOptions, read_image, read_mask};
use radiomics_features::texture::{Axis, WeightingNorm};
use radiomics_features::{
    Binning, Extractor, Family, FamilySelection, FeatureVector, ImageFilter, ImageParams,
    Interpolator, MaskGrid, NoiseBands, Normalization, Params, PixelSpacing, Resampling,
    ResegmentMode, ResegmentShape, Resegmentation, Roi,
};

fn extract(image: &Path, mask: &Path, params: Params, options: &ReadOptions) -> FeatureVector {
    let image = read_image(image, options).unwrap();
    let mask = read_mask(mask, options).unwrap();
    let extractor = Extractor::new(params).unwrap();
    let roi = Roi::new(&image, &mask, &extractor.params().roi).unwrap();
    extractor.extract(&roi).unwrap()
}

fn extract_nrrd(case: &str, params: Params) -> FeatureVector {
    let files = [
        golden(&format!("{case}_image.nrrd")),
        golden(&format!("{case}_label.nrrd")),
    ];
    extract(&files[0], &files[1], params, &ReadOptions::default())
}

fn expected(name: &str) -> Vec<(String, f64)> {
    read_features(&golden(&format!("{name}.csv")))
}

/// Original and wavelet images with every family, shape2D included, as the reference runs had it.
fn everything() -> Params {
    let mut params = Params::original_and_wavelet();
    params.families.push(FamilySelection::all(Family::Shape2d));
    params
}

fn force_2d() -> Params {
    let mut params = everything();
    params.set_force_2d(Some(Axis::Z));
    params
}

const SLICES: [&str; 5] = ["us1", "us2", "us3_border", "us4_two", "us5_flat"];

#[test]
fn all_851_features_of_a_slice() {
    for case in SLICES {
        let expected = expected(&format!("{case}_default"));
        assert_eq!(expected.len(), 851);
        assert_features(case, &extract_nrrd(case, everything()), &expected, tier);
    }
}

#[test]
fn diagnostics_of_slices_and_planes() {
    let mut cases: Vec<(&str, String, Params)> = SLICES
        .iter()
        .flat_map(|&case| {
            [
                (case, format!("{case}_default"), everything()),
                (case, format!("{case}_force2D"), force_2d()),
            ]
        })
        .collect();
    let mut binned = everything();
    binned.set_binning(Binning::Count(32.try_into().unwrap()));
    let mut line = force_2d();
    line.roi.minimum_dimensions = 1;
    cases.push(("us1", "us1_binCount32".to_owned(), binned));
    cases.push(("us1_2d", "us1_true2d".to_owned(), everything()));
    cases.push(("us6_line", "us6_line_mindim1_force2D".to_owned(), line));
    for (case, name, mut params) in cases {
        params.additional_info = Some(true);
        let found = extract_nrrd(case, params).diagnostics.unwrap();
        let expected = read_diagnostics(&golden(&format!("{name}.csv")));
        assert_eq!(expected.len(), 22);
        assert_diagnostics(&name, &found.rows(), &expected);
    }
}

#[test]
fn png_files_with_a_spacing_give_the_same_bits_as_nrrd() {
    for case in SLICES {
        let from_nrrd = extract_nrrd(case, Params::original_and_wavelet());
        let spacing = read_image(
            golden(&format!("{case}_image.nrrd")),
            &ReadOptions::default(),
        )
        .unwrap()
        .spacing();
        let options = ReadOptions {
            raster_spacing: spacing,
            ..ReadOptions::default()
        };
        let files = [
            golden(&format!("{case}_image.png")),
            golden(&format!("{case}_label.png")),
        ];
        let from_png = extract(
            &files[0],
            &files[1],
            Params::original_and_wavelet(),
            &options,
        );
        assert_eq!(from_png, from_nrrd, "{case}");
    }
}

#[test]
fn planes_of_a_volume() {
    for case in SLICES {
        let name = format!("{case}_force2D");
        assert_features(
            &name,
            &extract_nrrd(case, force_2d()),
            &expected(&name),
            tier,
        );
    }
}

#[test]
fn a_line_of_pixels() {
    for (name, mut params) in [
        ("us6_line_mindim1", everything()),
        ("us6_line_mindim1_force2D", force_2d()),
    ] {
        params.roi.minimum_dimensions = 1;
        let found = extract_nrrd("us6_line", params);
        assert_features(name, &found, &expected(name), collinear_tier);
    }
}

/// For regions that are a line or two points.
fn collinear_tier(name: &str) -> Tier {
    if name.contains("_shape_") {
        COLLINEAR
    } else {
        tier(name)
    }
}

#[test]
fn a_32_bit_float_volume() {
    let found = extract_nrrd("float32", Params::original_and_wavelet());
    assert_features("float32", &found, &expected("float32_default"), tier);
}

#[test]
fn pixels_without_neighbors() {
    let files = [golden("us6_line_image.nrrd"), golden("apart_label.nrrd")];
    let found = extract(
        &files[0],
        &files[1],
        Params::original_and_wavelet(),
        &ReadOptions::default(),
    );
    let expected = expected("apart_default");
    assert!(expected.iter().filter(|(_, value)| value.is_nan()).count() > 300);
    assert_features("apart", &found, &expected, collinear_tier);
}

#[test]
fn a_two_dimensional_file() {
    assert_features(
        "us1_true2d",
        &extract_nrrd("us1_2d", everything()),
        &expected("us1_true2d"),
        tier,
    );
}

#[test]
fn a_fixed_number_of_bins() {
    let mut params = everything();
    params.set_binning(Binning::Count(32.try_into().unwrap()));
    assert_features(
        "us1_binCount32",
        &extract_nrrd("us1", params),
        &expected("us1_binCount32"),
        tier,
    );
}

#[test]
fn laplacian_of_gaussian_has_no_response_on_a_slice() {
    let mut params = everything();
    params.images = vec![ImageParams::new(log([1.0, 3.0]))];
    assert_features(
        "us1_log",
        &extract_nrrd("us1", params),
        &expected("us1_log"),
        tier,
    );
}

fn log(sigmas: [f64; 2]) -> ImageFilter {
    ImageFilter::LaplacianOfGaussian(LaplacianOfGaussian {
        sigmas: sigmas.map(|s| Sigma::new(s).unwrap()).to_vec(),
    })
}

fn point_filters() -> Vec<ImageParams> {
    let filters = [
        ImageFilter::Square,
        ImageFilter::SquareRoot,
        ImageFilter::Logarithm,
        ImageFilter::Exponential,
        ImageFilter::Gradient(Gradient::PerMillimeter),
    ];
    filters.map(ImageParams::new).to_vec()
}

#[test]
fn point_filters_and_gradient() {
    let mut params = everything();
    params.images = vec![ImageParams::new(ImageFilter::Original)];
    params.images.extend(point_filters());
    params.set_force_2d(Some(Axis::Z));
    params.set_binning(Binning::Count(32.try_into().unwrap()));
    let name = "us1_force2D_binCount32_filters";
    assert_features(name, &extract_nrrd("us1", params), &expected(name), tier);
}

#[test]
fn noise_bands_are_named_and_can_be_dropped() {
    let kept = extract_nrrd("us1", Params::original_and_wavelet());
    let names: Vec<String> = kept.noise_bands.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        ["wavelet-LLH", "wavelet-LHH", "wavelet-HLH", "wavelet-HHH"]
    );
    let mut params = Params::original_and_wavelet();
    params.noise_bands = NoiseBands::Drop;
    let dropped = extract_nrrd("us1", params);
    assert_eq!(dropped.len(), 851 - 372);
    assert_eq!(dropped.noise_bands, kept.noise_bands);
    assert_eq!(dropped, kept.drop_noise_bands());
    let rest: Vec<_> = kept
        .iter()
        .filter(|(name, _)| !kept.noise_bands.contains(&name.image))
        .collect();
    assert!(dropped.iter().eq(rest));
}

/// What the validation table of the README says of a row.
struct Stated {
    features: usize,
    largest_error: f64,
}

fn stated(row: &str) -> Stated {
    let readme = include_str!("../README.md");
    let line = readme
        .lines()
        .find(|line| line.starts_with(&format!("| {row} |")))
        .unwrap_or_else(|| panic!("the README has no row {row}"));
    let cells: Vec<&str> = line.split('|').map(str::trim).collect();
    Stated {
        features: cells[3].parse().expect("a number of features"),
        largest_error: cells[4].parse().expect("a relative error"),
    }
}

/// Compares runs with a row of the README's validation table: as many features, and no larger error than it says.
fn assert_stated(row: &str, runs: &[(String, FeatureVector)], tier: impl Fn(&str) -> Tier) {
    let (mut features, mut largest) = (0, 0.0f64);
    for (name, found) in runs {
        let expected = expected(name);
        features += expected.len();
        largest = largest.max(assert_features(name, found, &expected, &tier));
    }
    let stated = stated(row);
    assert_eq!(features, stated.features, "{row}");
    assert!(
        largest <= stated.largest_error,
        "{row}: the largest error is {largest:.1e}, the README says {:.1e}",
        stated.largest_error
    );
}

#[test]
fn the_validation_table_says_what_these_runs_show() {
    let runs = |cases: &[&str], suffix: &str, params: fn() -> Params| -> Vec<_> {
        let run = |case: &&str| (format!("{case}{suffix}"), extract_nrrd(case, params()));
        cases.iter().map(run).collect()
    };
    let binned = || {
        let mut params = everything();
        params.set_binning(Binning::Count(32.try_into().unwrap()));
        params
    };
    assert_stated("five slices", &runs(&SLICES, "_default", everything), tier);
    assert_stated(
        "five slices, plane by plane",
        &runs(&SLICES, "_force2D", force_2d),
        tier,
    );
    assert_stated(
        "a slice in 32 bins",
        &runs(&["us1"], "_binCount32", binned),
        tier,
    );
    assert_stated(
        "a two-dimensional file",
        &[("us1_true2d".into(), extract_nrrd("us1_2d", everything()))],
        tier,
    );
    let volume = runs(&["float32"], "_default", Params::original_and_wavelet);
    assert_stated("a 32-bit float volume", &volume, tier);
    let line = || {
        let mut params = everything();
        params.roi.minimum_dimensions = 1;
        params
    };
    assert_stated(
        "a line of pixels",
        &runs(&["us6_line"], "_mindim1", line),
        collinear_tier,
    );
}

/// Runs a case on the volumes of the reference data, if they are there.
fn volume_case(image: &str, name: &str, mut params: Params, tier: impl Fn(&str) -> Tier) {
    let file = |path: String| reference(&path);
    let files = (
        file(format!("data/pyradiomics/{image}_image.nrrd")),
        file(format!("data/pyradiomics/{image}_label.nrrd")),
        file(format!("golden/radiomics/{name}.csv")),
    );
    let (Some(image), Some(mask), Some(csv)) = files else {
        println!("{name}: skipped, the reference data are not there");
        return;
    };
    params.additional_info = Some(true);
    let found = extract(&image, &mask, params, &ReadOptions::default());
    assert_features(name, &found, &read_features(&csv), tier);
    let diagnostics = found.diagnostics.expect("the settings ask for it").rows();
    assert_diagnostics(name, &diagnostics, &read_diagnostics(&csv));
}

/// Original, wavelet and Laplacian of Gaussian.
fn with_log() -> Params {
    let mut params = everything();
    params.images.push(ImageParams::new(log([1.0, 3.0])));
    params
}

#[test]
fn volumes_with_default_settings() {
    for case in ["brain1", "lung1"] {
        volume_case(case, &format!("{case}_default"), with_log(), tier);
        let mut params = with_log();
        params.set_binning(Binning::Count(32.try_into().unwrap()));
        volume_case(case, &format!("{case}_binCount32"), params, tier);
    }
}

#[test]
fn volumes_plane_by_plane() {
    for case in ["brain1", "lung1"] {
        let mut params = Params::original_and_wavelet();
        params.images.push(ImageParams::new(log([1.0, 3.0])));
        params.set_force_2d(Some(Axis::Z));
        volume_case(case, &format!("{case}_force2D"), params, tier);
    }
}

#[test]
fn normalized_volume() {
    let mut params = with_log();
    params.normalization = Some(Normalization {
        scale: 100.0,
        outliers: Some(3.0),
    });
    for image in &mut params.images {
        image.binning = Binning::Width(5.0);
        image.first_order.voxel_array_shift = 300.0;
    }
    volume_case("brain1", "brain1_normalize100_out3", params, tier);
}

#[test]
fn resampled_volume() {
    let mut params = with_log();
    params.roi.mask_grid = MaskGrid::Own;
    params.resampling = Some(Resampling {
        spacing: PixelSpacing::Volume([2.0; 3]),
        interpolator: Interpolator::BSpline,
        margin: 5,
        ..Resampling::default()
    });
    volume_case("brain1", "brain1_resample2mm", params.clone(), tier);
    params.resampling = Some(Resampling {
        spacing: PixelSpacing::Volume([0.0, 1.0, 1.0]),
        interpolator: Interpolator::Linear,
        margin: 10,
        ..Resampling::default()
    });
    params.images.truncate(1);
    volume_case("brain1", "brain1_resample_linear_inplane", params, tier);
}

#[test]
fn resampled_small_images() {
    let all = "imageType: {Original: {}, Wavelet: {}, LoG: {sigma: [1.0, 2.0]}}";
    let planar = "imageType: {Original: {}, Wavelet: {}}";
    let original = "imageType: {Original: {}}";
    let own = "float32_label.nrrd";
    let other = "resample/float32_other_label.nrrd";
    for (name, image, mask, image_types, settings) in [
        (
            "float32_bspline",
            "float32_image.nrrd",
            own,
            all,
            "{resampledPixelSpacing: [1.3, 1.1, 0.9], padDistance: 4, binWidth: 10}",
        ),
        (
            "float32_normalized_linear",
            "float32_image.nrrd",
            own,
            original,
            "{resampledPixelSpacing: [1.5, 0, 1.5], interpolator: sitkLinear, normalize: true, normalizeScale: 100, \
             binWidth: 10, resegmentRange: [-1.5, 1.5], resegmentMode: sigma}",
        ),
        (
            "float32_other_grid",
            "float32_image.nrrd",
            other,
            original,
            "{resampledPixelSpacing: [1.2, 1.2, 1.2], binWidth: 10, preCrop: true}",
        ),
        (
            "float32_corrected",
            "float32_image.nrrd",
            other,
            original,
            "{correctMask: true, binWidth: 10}",
        ),
        (
            "us1_2d_gaussian",
            "us1_2d_image.nrrd",
            "us1_2d_label.nrrd",
            planar,
            "{resampledPixelSpacing: [0.21, 0.17], interpolator: sitkGaussian}",
        ),
    ] {
        let mut params: Params = format!("{image_types}\nsetting: {settings}\n")
            .parse()
            .unwrap();
        params.additional_info = Some(true);
        let options = ReadOptions::default();
        let found = extract(&golden(image), &golden(mask), params, &options);
        let csv = golden(&format!("resample/{name}.csv"));
        assert_features(name, &found, &read_features(&csv), tier);
        let diagnostics = found.diagnostics.expect("asked for").rows();
        assert_diagnostics(name, &diagnostics, &read_diagnostics(&csv));
    }
}

#[test]
fn resegmented_volume() {
    let mut params = everything();
    params.resegmentation = Some(Resegmentation {
        lower: -2.0,
        upper: Some(2.0),
        mode: ResegmentMode::Sigma,
        shape: ResegmentShape::Original,
    });
    volume_case("brain1", "brain1_reseg_sigma", params, tier);
}

#[test]
fn texture_settings() {
    let mut params = everything();
    params.images.truncate(1);
    params.images[0].texture.symmetrical_glcm = false;
    params.pre_crop = Some(5);
    volume_case("brain1", "brain1_asym", params, tier);

    let mut params = everything();
    params.images.truncate(1);
    let texture = &mut params.images[0].texture;
    texture.weighting = Some(WeightingNorm::Euclidean);
    texture.distances = vec![1, 2];
    texture.gldm_alpha = 1;
    volume_case("brain1", "brain1_weuclid_dist12", params, tier);
}

#[test]
fn filters_of_a_volume() {
    let mut params = everything();
    params.images = point_filters();
    volume_case("brain1", "brain1_filters", params, tier);
}

#[test]
fn two_levels_of_another_wavelet() {
    let mut params = everything();
    let wavelet = Wavelet {
        mother: "db4".parse().unwrap(),
        level: 2.try_into().unwrap(),
        ..Wavelet::default()
    };
    params.images = vec![ImageParams::new(ImageFilter::Wavelet(wavelet))];
    params.families = [Family::FirstOrder, Family::Glcm]
        .map(FamilySelection::all)
        .to_vec();
    volume_case("brain1", "brain1_wavelet_db4_l2", params, tier);
}

//! Files as users write them, and what is refused in them.

use super::*;
use crate::filters::Sigma;

fn yaml(text: &str) -> Result<Params> {
    text.parse()
}

#[test]
fn a_typical_file_is_read() {
    let params = yaml(
        "imageType:\n  Wavelet:\n    binWidth: 10\n    wavelet: db4\n    level: 2\n  Original: {}\n  LoG: {sigma: [1.0, 3]}\n\
         featureClass:\n  glcm:\n    - JointEnergy\n    - Contrast\n  shape:\n  firstorder: []\n\
         setting:\n  binCount: null\n  binWidth: 5.5\n  label: 2\n  force2D: true\n  normalize: true\n  normalizeScale: 100\n  \
         resegmentRange: [3, -3]\n  resegmentMode: sigma\n  weightingNorm: no_weighting\n  interpolator: sitkBSpline\n  gldm_a: 1\n",
    )
    .unwrap();
    let names: Vec<String> = params
        .families
        .iter()
        .map(|f| f.family.to_string())
        .collect();
    assert_eq!(names, ["glcm", "shape", "firstorder"]);
    assert_eq!(
        params.families[0].features().unwrap(),
        ["JointEnergy", "Contrast"]
    );
    assert_eq!(params.families[2].features().unwrap().len(), 18);
    let ImageFilter::Wavelet(wavelet) = params.images[0].filter else {
        panic!("the first image type is a wavelet")
    };
    assert_eq!(
        (wavelet.mother, wavelet.level.get()),
        (MotherWavelet::Daubechies(4), 2)
    );
    assert_eq!(params.images[0].binning, Binning::Width(10.0));
    assert_eq!(params.images[1].binning, Binning::Width(5.5));
    assert_eq!(params.images[1].texture.force_2d, Some(Axis::Z));
    assert_eq!(params.images[1].texture.gldm_alpha, 1);
    let ImageFilter::LaplacianOfGaussian(log) = &params.images[2].filter else {
        panic!("the third image type is LoG")
    };
    let spelled: Vec<String> = log.sigmas.iter().map(Sigma::to_string).collect();
    assert_eq!(spelled, ["1-0", "3"]);
    assert_eq!(params.roi.label, 2);
    assert_eq!(
        params.normalization,
        Some(Normalization {
            scale: 100.0,
            outliers: None
        })
    );
    let resegmentation = params.resegmentation.unwrap();
    assert_eq!(
        (resegmentation.lower, resegmentation.upper),
        (-3.0, Some(3.0))
    );
}

#[test]
fn an_empty_file_asks_for_everything_on_the_original() {
    let params = yaml("setting: {}\n").unwrap();
    assert_eq!(params.families.len(), 8);
    assert_eq!(params.images, [ImageParams::new(ImageFilter::Original)]);
    assert_eq!(
        parse("{}", Path::new("p.json"), Syntax::Json).unwrap(),
        params
    );
}

#[test]
fn unknown_and_ill_typed_keys_are_refused_with_their_line() {
    let cases = [
        ("setting:\n  label: 1\n  binWdith: 25\n", 3, "binWdith"),
        ("setting:\n  binWidth: -1\n", 2, "positive"),
        ("setting:\n  binWidth: wide\n", 2, ""),
        ("setting:\n  label: 1.5\n", 2, ""),
        ("setting:\n  minimumROIDimensions: 4\n", 2, "1 to 3"),
        ("setting:\n  weightingNorm: taxicab\n", 2, "taxicab"),
        (
            "imageType:\n  Original: {}\n  Wavelets: {}\n",
            3,
            "Wavelets",
        ),
        ("imageType:\n  Wavelet:\n    wavelet: db99\n", 3, "db99"),
        ("featureClass:\n  glcm:\n  glmc:\n", 3, "glmc"),
        ("settings:\n  binWidth: 25\n", 1, "settings"),
        ("setting:\n  sigma: [1.0, 0]\n", 2, ""),
        ("setting:\n  normalize: 3\n", 2, ""),
        ("setting:\n  interpolator: cubic\n", 2, "cubic"),
    ];
    for (text, expected, word) in cases {
        match yaml(text) {
            Err(Error::ParameterFile { line, problem, .. }) => {
                assert_eq!(line, Some(expected), "{text}: {problem}");
                assert!(problem.contains(word), "{text}: {problem}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let json = parse(
        "{\n \"setting\": {\n  \"binWdith\": 25}}",
        Path::new("p.json"),
        Syntax::Json,
    );
    assert!(
        matches!(json, Err(Error::ParameterFile { line: Some(3), .. })),
        "{json:?}"
    );
}

#[test]
fn a_null_of_an_image_type_undoes_the_general_setting() {
    let params = yaml(
        "setting: {binCount: 32, binWidth: 5, weightingNorm: euclidean}\n\
         imageType:\n  Original: {}\n  Square: {binCount: null, weightingNorm: null}\n  LoG: {sigma: [1], binWidth: null}\n",
    )
    .unwrap();
    let found: Vec<_> = params
        .images
        .iter()
        .map(|image| (image.binning, image.texture.weighting))
        .collect();
    let count = Binning::Count(NonZeroUsize::new(32).unwrap());
    let weighted = (count, Some(WeightingNorm::Euclidean));
    assert_eq!(found, [weighted, (Binning::Width(5.0), None), weighted]);
}

#[test]
fn a_spacing_asks_for_resampling_unless_the_interpolator_is_null() {
    let params =
        yaml("setting:\n  resampledPixelSpacing: [1, 2, 0]\n  padDistance: 7\n  interpolator: 2\n")
            .unwrap();
    let expected = Resampling {
        spacing: PixelSpacing::Volume([0.0, 2.0, 1.0]),
        interpolator: crate::Interpolator::Linear,
        margin: 7,
        ..Resampling::default()
    };
    assert_eq!(
        (params.resampling, params.roi.mask_grid),
        (Some(expected), MaskGrid::Own)
    );
    let params = yaml("setting:\n  resampledPixelSpacing: [1, 2]\n")
        .unwrap()
        .resampling
        .unwrap();
    assert_eq!(params.spacing, PixelSpacing::Plane([2.0, 1.0]));
    assert_eq!(params.interpolator, crate::Interpolator::BSpline);
    let params = yaml(
        "setting:\n  resampledPixelSpacing: [1, 1, 1]\n  interpolator: null\n  correctMask: true\n",
    )
    .unwrap();
    assert_eq!(
        (params.resampling, params.roi.mask_grid),
        (None, MaskGrid::Corrected)
    );
}

#[test]
fn what_is_not_supported_is_named() {
    for (text, line, word) in [
        ("imageType:\n  LBP3D: {}\n", 2, "LBP3D"),
        ("imageType:\n  Original:\n    label: 3\n", 3, "label"),
    ] {
        match yaml(text) {
            Err(Error::ParameterFile {
                line: found,
                problem,
                ..
            }) => {
                assert_eq!(found, Some(line), "{text}: {problem}");
                assert!(
                    problem.contains(word) && problem.contains("not supported"),
                    "{problem}"
                );
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn what_is_wrong_is_named_by_its_key_in_any_style() {
    let cases = [
        (
            "setting:\n  distances: [1, 2, 1]\n",
            Syntax::Yaml,
            2,
            "distances: expected each distance once",
        ),
        (
            "setting:\n  distances: []\n",
            Syntax::Yaml,
            2,
            "distances: expected a list of at least 1",
        ),
        (
            "setting:\n  sigma: # in mm: all\n    - 1.0\n    - -2\n",
            Syntax::Yaml,
            4,
            "sigma: ",
        ),
        (
            "setting: {label: 1, binWidth: wide}\n",
            Syntax::Yaml,
            1,
            "binWidth: ",
        ),
        (
            "setting:\n  resegmentRange: [1, 2, 3]\n",
            Syntax::Yaml,
            2,
            "resegmentRange: ",
        ),
        (
            "setting:\n  resampledPixelSpacing: [1]\n",
            Syntax::Yaml,
            2,
            "resampledPixelSpacing: ",
        ),
        (
            "setting:\n  binCount: '32'\n",
            Syntax::Yaml,
            2,
            "binCount: ",
        ),
        (
            "featureClass:\n  glcm:\n    - Contrast\n    - JointEnergie\n",
            Syntax::Yaml,
            4,
            "glcm has no feature JointEnergie",
        ),
        (
            "{\n \"setting\": {\n  \"label\": 1,\n  \"binWidth\": -2\n }\n}",
            Syntax::Json,
            4,
            "binWidth: ",
        ),
        (
            "{\"setting\":\n{\"sigma\": [1,\n0]}}",
            Syntax::Json,
            3,
            "sigma: ",
        ),
    ];
    for (text, syntax, expected, word) in cases {
        match parse(text, Path::new("p"), syntax) {
            Err(Error::ParameterFile { line, problem, .. }) => {
                assert_eq!(line, Some(expected), "{text}: {problem}");
                assert!(problem.starts_with(word), "{text}: {problem}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn features_that_were_replaced_are_accepted_and_reported() {
    let params =
        yaml("featureClass:\n  glcm: [Id, Dissimilarity, Id]\n  gldm: [DependencePercentage]\n")
            .unwrap();
    assert_eq!(params.families[0].features().unwrap(), ["Id"]);
    assert!(params.families[1].features().unwrap().is_empty());
    let reported: Vec<String> = params
        .replaced_features()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        reported,
        [
            "glcm_Dissimilarity is left out, it equals glcm_DifferenceAverage",
            "gldm_DependencePercentage is left out, it is always 1"
        ]
    );
}

#[test]
fn empty_sections_and_unusual_spellings_mean_what_they_mean_to_the_reference() {
    let all = yaml("setting: {}\n").unwrap();
    assert_eq!(yaml("imageType: {}\nfeatureClass: {}\n").unwrap(), all);
    assert_eq!(yaml("\u{feff}setting: {}\r\n").unwrap(), all);
    let params =
        yaml("setting:\n  binWidth: 1e1\n  gldm_a: 70000\nvoxelSetting:\n  initValue: nan\n")
            .unwrap();
    assert_eq!(params.images[0].binning, Binning::Width(10.0));
    assert_eq!(params.images[0].texture.gldm_alpha, u16::MAX);
    assert!(params.voxel.initial_value.is_nan());
    let params = yaml("voxelSetting: {initValue: .nan}").unwrap();
    assert!(params.voxel.initial_value.is_nan());
    for setting in [
        "binWidth: .nan",
        "sigma: [.inf]",
        "resegmentRange: [.nan]",
        "resampledPixelSpacing: [1, 1, .inf]",
    ] {
        let error = yaml(&format!("setting: {{{setting}}}")).unwrap_err();
        assert!(matches!(error, Error::ParameterFile { .. }), "{error}");
    }
    let merged =
        "imageType:\n  Original: &o {binWidth: '5'}\n  Square:\n    <<: *o\n    gldm_a: 1\n";
    let merged = yaml(merged).unwrap();
    assert_eq!(merged.images[1].binning, Binning::Width(5.0));
    assert_eq!(merged.images[1].texture.gldm_alpha, 1);
}

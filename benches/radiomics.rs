//! Handcrafted features, stage by stage, at sizes from a tumor in a slice to a ball of a million voxels.
//!
//! Reading and filters have the voxels of the image as their throughput, all else those of the region.

use std::hint::black_box;

use benches::{smooth_ball, speckled_ellipse};
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use radiomics_features::filters::{
    Gradient, LaplacianOfGaussian, LocalBinaryPattern, Sigma, StandardFilter, Wavelet,
};
use radiomics_features::ibsi;
use radiomics_features::io::{ReadOptions, VolumeFormat, read_image, write_volume};
use radiomics_features::texture::{
    GlcmFeatures, GldmFeatures, GlrlmFeatures, GlszmFeatures, NgtdmFeatures, TextureParams,
};
use radiomics_features::{
    Binning, BoundingBox, Extractor, FirstOrderFeatures, FirstOrderParams, ImageFilter,
    Interpolator, Levels, Mask, Params, PixelKind, PixelSpacing, Resampling, Roi, RoiParams,
    Shape2dFeatures, ShapeFeatures, ShapeParams, Volume,
};

/// An input: its name, an image and a mask with one region.
struct Case {
    name: String,
    image: Volume,
    mask: Mask,
}

impl Case {
    fn slice(rows: usize, columns: usize) -> Self {
        let (image, mask) = speckled_ellipse(rows, columns, 1);
        let name = format!("slice {rows}x{columns}");
        Self { name, image, mask }
    }

    fn ball(radius: usize) -> Self {
        let (image, mask) = smooth_ball(radius, 1);
        let name = format!("ball of radius {radius}");
        Self { name, image, mask }
    }

    fn roi(&self) -> Roi<'_> {
        Roi::new(&self.image, &self.mask, &RoiParams::default()).expect("a region of many voxels")
    }

    fn image_voxels(&self) -> Throughput {
        Throughput::Elements(self.image.size().iter().product::<usize>() as u64)
    }
}

/// 15 thousand pixels; 4, 65 and 998 thousand voxels.
fn cases() -> Vec<Case> {
    let balls = [10, 25, 62].map(Case::ball);
    [Case::slice(120, 160)].into_iter().chain(balls).collect()
}

/// The part of the image in the region's box, and the region in it.
fn boxed(roi: &Roi<'_>) -> (ndarray::Array3<f64>, BoundingBox) {
    let bounds = roi.bounds();
    let response = ImageFilter::Original.responses(roi.image(), &bounds, None);
    let mut response = response.expect("the image itself");
    (response.remove(0).voxels, bounds)
}

fn timed<T>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    case: &Case,
    mut task: impl FnMut() -> T,
) {
    group.bench_function(BenchmarkId::new(name, &case.name), |bencher| {
        bencher.iter(|| black_box(task()));
    });
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    group.sample_size(10);
    let folder = tempfile::tempdir().expect("a temporary folder");
    for case in cases() {
        group.throughput(case.image_voxels());
        for name in ["image.nii", "image.nii.gz", "image.nrrd"] {
            let path = folder.path().join(name);
            let mut bytes = Vec::new();
            let format = VolumeFormat::of(&path).expect("a format that is written");
            write_volume(&mut bytes, &case.image, format).expect("a vector takes all bytes");
            std::fs::write(&path, bytes).expect("room for an image");
            timed(&mut group, name, &case, || {
                read_image(&path, &ReadOptions::default()).expect("what was written")
            });
        }
    }
    group.finish();
}

fn filters(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("filter");
    group.sample_size(10);
    let sigma = Sigma::new(3.0).expect("a positive width");
    let filters = [
        ("wavelet", ImageFilter::Wavelet(Wavelet::default())),
        (
            "LoG",
            ImageFilter::LaplacianOfGaussian(LaplacianOfGaussian {
                sigmas: vec![sigma],
            }),
        ),
        ("gradient", ImageFilter::Gradient(Gradient::default())),
        (
            "LBP",
            ImageFilter::LocalBinaryPattern(LocalBinaryPattern::default()),
        ),
    ];
    for case in cases() {
        let bounds = case.roi().bounds();
        group.throughput(case.image_voxels());
        for (name, filter) in &filters {
            timed(&mut group, name, &case, || {
                filter
                    .responses(&case.image, &bounds, None)
                    .expect("default settings")
            });
        }
    }
    group.finish();
}

fn families(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("family");
    group.sample_size(10);
    let binning = Binning::Count(32.try_into().expect("not zero"));
    let params = TextureParams::default();
    for case in cases() {
        let roi = case.roi();
        let (values, _) = boxed(&roi);
        let spacing = case.image.spacing();
        let discretize = || {
            Levels::new(values.view(), roi.mask(), PixelKind::Integer, &binning)
                .expect("finite values")
        };
        let levels = discretize();
        group.throughput(Throughput::Elements(roi.n_voxels() as u64));
        timed(&mut group, "discretize", &case, discretize);
        timed(&mut group, "firstorder", &case, || {
            FirstOrderFeatures::new(
                values.view(),
                roi.mask(),
                &levels,
                spacing,
                &FirstOrderParams::default(),
            )
        });
        timed(&mut group, "glcm", &case, || {
            GlcmFeatures::new(&levels, spacing, &params)
        });
        timed(&mut group, "glrlm", &case, || {
            GlrlmFeatures::new(&levels, spacing, &params)
        });
        timed(&mut group, "glszm", &case, || {
            GlszmFeatures::new(&levels, spacing, &params)
        });
        timed(&mut group, "gldm", &case, || {
            GldmFeatures::new(&levels, spacing, &params)
        });
        timed(&mut group, "ngtdm", &case, || {
            NgtdmFeatures::new(&levels, spacing, &params)
        });
    }
    group.finish();
}

fn shapes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("shape");
    group.sample_size(10);
    for case in cases() {
        let roi = case.roi();
        group.throughput(Throughput::Elements(roi.n_voxels() as u64));
        timed(&mut group, "shape", &case, || {
            ShapeFeatures::new(roi.mask(), case.image.spacing(), &ShapeParams::default())
        });
        if case.image.size()[0] == 1 {
            let plane = roi.mask().index_axis_move(ndarray::Axis(0), 0);
            timed(&mut group, "shape2D", &case, || {
                Shape2dFeatures::new(plane, [0.1; 2])
            });
        }
    }
    group.finish();
}

/// The families of the standard one by one, in the volume, beside PyRadiomics' set of the same region and bins.
fn standard(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("standard");
    group.sample_size(10);
    let bins = 32.try_into().expect("not zero");
    let mut pyradiomics = Params::default();
    pyradiomics.set_binning(Binning::Count(bins));
    let mut all = Params::ibsi();
    all.set_binning(Binning::FixedBinNumber(bins));
    let mut settings = vec![
        ("PyRadiomics' set".to_owned(), pyradiomics),
        ("all families, all aggregations".to_owned(), all.clone()),
    ];
    all.ibsi.aggregations.retain(|a| a.is_volume());
    settings.push(("all families, volume".to_owned(), all.clone()));
    for family in ibsi::Family::ALL {
        let mut one = all.clone();
        one.ibsi.families = vec![family];
        settings.push((family.to_string(), one));
    }
    for case in cases() {
        let roi = case.roi();
        group.throughput(Throughput::Elements(roi.n_voxels() as u64));
        for (name, params) in &settings {
            let extractor = Extractor::new(params.clone()).expect("default settings");
            timed(&mut group, name, &case, || {
                extractor.extract(&roi).expect("a textured region")
            });
        }
    }
    group.finish();
}

/// The filters of the standard, with the settings of its second phase.
fn standard_filters(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("standard filter");
    group.sample_size(10);
    let filters = [
        "mean-5-3D-mirror",
        "laplacian-sigma-1-5-cutoff-4-3D-mirror",
        "laws-L5E5E5-3D-energy-7-invariant-max-mirror",
        "gabor-sigma-5-wavelength-2-gamma-1-5-theta-0-step-22-5-mean-3D-mirror",
        "separable-wavelet-db3-level-1-LLH-3D-invariant-mean-mirror",
        "non-separable-wavelet-simoncelli-level-1-3D-periodic",
    ];
    let case = Case::ball(25);
    let bounds = case.roi().bounds();
    group.throughput(case.image_voxels());
    for name in filters {
        let filter: StandardFilter = name.parse().expect("a filter of the standard");
        timed(&mut group, name, &case, || {
            filter.response(&case.image, &bounds).expect("a volume")
        });
    }
    group.finish();
}

fn extraction(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("extraction");
    group.sample_size(10);
    let mut resampled = Params::default();
    resampled.resampling = Some(Resampling {
        spacing: PixelSpacing::Volume([0.0, 1.5, 1.5]),
        interpolator: Interpolator::default(),
        margin: 5,
        ..Resampling::default()
    });
    let settings = [
        ("original", Params::default()),
        ("original and wavelet", Params::original_and_wavelet()),
        ("original, resampled to 1.5 mm", resampled),
    ];
    let slices =
        [(75, 100), (150, 200), (300, 400)].map(|(rows, columns)| Case::slice(rows, columns));
    for case in slices.into_iter().chain([10, 25].map(Case::ball)) {
        let roi = case.roi();
        group.throughput(Throughput::Elements(roi.n_voxels() as u64));
        for (name, params) in &settings {
            // A plane of 0.1 mm has fewer than two pixels at 1.5 mm.
            if params.resampling.is_some() && case.image.size()[0] == 1 {
                continue;
            }
            let extractor = Extractor::new(params.clone()).expect("default settings");
            timed(&mut group, name, &case, || {
                extractor.extract(&roi).expect("a textured region")
            });
        }
    }
    group.finish();
}

fn maps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("maps");
    group.sample_size(10);
    let extractor = Extractor::new(Params::default()).expect("default settings");
    for case in [Case::slice(24, 32), Case::slice(48, 64), Case::ball(6)] {
        let roi = case.roi();
        group.throughput(Throughput::Elements(roi.n_voxels() as u64));
        timed(&mut group, "original", &case, || {
            extractor.extract_maps(&roi).expect("a textured region")
        });
    }
    group.finish();
}

criterion_group!(
    benches,
    reading,
    filters,
    families,
    shapes,
    standard,
    standard_filters,
    extraction,
    maps
);
criterion_main!(benches);

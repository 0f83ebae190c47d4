//! Views of a region: where their pixels come from, and what must hold for any of them.

use deep_features::preprocess::{Aspect, Border, Crop, Margin, MaskPolicy};
use deep_features::{Augmentation, Error, NetworkInput, Normalization, Preprocess, View};
use ndarray::{Array2, Axis, array, s};
use proptest::prelude::*;

/// Gray values come out as they are, without being resized where `size` is the window's.
fn plain(size: [usize; 2]) -> Preprocess {
    Preprocess::new(Normalization::Custom {
        mean: [0.0; 3],
        deviation: [1.0 / 255.0; 3],
    })
    .size(size)
    .aspect(Aspect::Stretch)
}

fn whole(image: &Array2<f64>) -> Preprocess {
    plain([image.nrows(), image.ncols()]).crop(Crop::Whole)
}

fn seen(
    preprocess: &Preprocess,
    image: &Array2<f64>,
    mask: Option<&Array2<bool>>,
    view: View,
) -> NetworkInput {
    preprocess
        .apply_view(image.view(), mask.map(|m| m.view()), &view)
        .expect("a good region")
}

fn gray(input: &NetworkInput) -> Array2<f64> {
    input.pixels.index_axis(Axis(0), 0).mapv(f64::from)
}

fn covered(mask: &Array2<bool>) -> Array2<f32> {
    mask.mapv(|m| f32::from(u8::from(m)))
}

fn texture(h: usize, w: usize) -> Array2<f64> {
    Array2::from_shape_fn((h, w), |(y, x)| ((y * 37 + x * 91 + x * y) % 256) as f64)
}

fn turned(degrees: f64) -> View {
    View {
        rotation: degrees,
        ..View::IDENTITY
    }
}

fn enlarged(scale: f64) -> View {
    View {
        scale,
        ..View::IDENTITY
    }
}

const LATERAL: View = View {
    flip_lateral: true,
    ..View::IDENTITY
};
const DEPTH: View = View {
    flip_depth: true,
    ..View::IDENTITY
};
const BORDERS: [Border; 3] = [Border::Replicate, Border::Reflect, Border::Constant(9.0)];

/// Whole turns go through the interpolation, and come back with the bits of the plain cut.
#[test]
fn whole_turns_keep_every_bit() {
    let image = texture(30, 40).mapv(|v| v * 0.987);
    let mask = Array2::from_shape_fn((30, 40), |(y, x)| y.abs_diff(5) + 2 * x.abs_diff(36) < 9);
    let half_turn_back = View {
        rotation: 180.0,
        flip_lateral: true,
        flip_depth: true,
        ..View::IDENTITY
    };
    for margin in [0, 3, 8] {
        for border in BORDERS {
            let preprocess = plain([32, 25])
                .crop(Crop::BoundingBox(Margin::Pixels(margin)))
                .border(border)
                .mask_policy(MaskPolicy::MeanOutside);
            let expected = preprocess
                .apply(image.view(), Some(mask.view()))
                .expect("a good region");
            for view in [
                View::IDENTITY,
                turned(360.0),
                turned(-360.0),
                half_turn_back,
            ] {
                let found = seen(&preprocess, &image, Some(&mask), view);
                assert_eq!(found, expected, "{view:?}");
            }
        }
    }
}

#[test]
fn counter_clockwise_on_the_screen() {
    let right_of_center = array![[0.0, 0.0, 0.0], [0.0, 0.0, 200.0], [0.0, 0.0, 0.0]];
    let above_center = array![[0.0, 200.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]];
    let found = seen(
        &whole(&right_of_center),
        &right_of_center,
        None,
        turned(90.0),
    );
    assert_eq!(gray(&found), above_center);
}

#[test]
fn quarter_turns_are_those_of_the_array() {
    for side in [11, 12] {
        let image = texture(60, 70);
        let (top, left) = (20, 30);
        let mask = Array2::from_shape_fn((60, 70), |(y, x)| {
            let (y, x) = (y.wrapping_sub(top), x.wrapping_sub(left));
            y < side && x < side && (x == 0 || y == 0 || y == side - 1 || x * y > side)
        });
        let preprocess = plain([side, side]).crop(Crop::BoundingBox(Margin::Pixels(0)));
        let part = s![top..top + side, left..left + side];
        let (cut, inside) = (image.slice(part), covered(&mask));
        let inside = inside.slice(part);
        for (degrees, expected, coverage) in [
            (
                90.0,
                cut.t().slice_move(s![..;-1, ..]),
                inside.t().slice_move(s![..;-1, ..]),
            ),
            (
                180.0,
                cut.slice(s![..;-1, ..;-1]),
                inside.slice(s![..;-1, ..;-1]),
            ),
            (
                -90.0,
                cut.t().slice_move(s![.., ..;-1]),
                inside.t().slice_move(s![.., ..;-1]),
            ),
        ] {
            let found = seen(&preprocess, &image, Some(&mask), turned(degrees));
            assert_eq!(gray(&found), expected, "{degrees}");
            assert_eq!(found.coverage, coverage, "{degrees}");
        }
    }
}

/// A plane stays a plane: its gradient turns with the content and shrinks as the content grows.
#[test]
fn a_plane_turned_and_enlarged_is_a_plane() {
    let (center, middle) = (20.0, 120.0);
    let plane = |down: f64, right: f64| {
        Array2::from_shape_fn((41, 41), |(y, x)| {
            middle + down * (y as f64 - center) + right * (x as f64 - center)
        })
    };
    let mask = Array2::from_shape_fn((41, 41), |(y, x)| {
        y.abs_diff(20) <= 9 && x.abs_diff(20) <= 9
    });
    let preprocess = plain([19, 19]).crop(Crop::BoundingBox(Margin::Pixels(0)));
    let inner = s![11..30, 11..30];
    let image = plane(0.5, 2.0);
    let found = seen(&preprocess, &image, Some(&mask), enlarged(2.0));
    assert_eq!(gray(&found), plane(0.25, 1.0).slice(inner));
    for (degrees, scale) in [(10.0, 1.0), (-33.0, 1.3), (60.0, 0.9)] {
        let view = View {
            scale,
            ..turned(degrees)
        };
        let (sin, cos) = f64::to_radians(degrees).sin_cos();
        // The gradient (right 2, up -0.5) turned counter-clockwise is (2 cos + 0.5 sin, 2 sin - 0.5 cos).
        let (right, up) = (2.0 * cos + 0.5 * sin, 2.0 * sin - 0.5 * cos);
        let expected = plane(-up / scale, right / scale);
        let found = gray(&seen(&preprocess, &image, Some(&mask), view));
        let worst = (&found - &expected.slice(inner))
            .iter()
            .fold(0.0f64, |m, d| m.max(d.abs()));
        // Gray values are f32.
        assert!(worst < 2e-5, "{view:?} {worst}");
        let mirrored = View {
            flip_lateral: true,
            ..view
        };
        // Mirrored before it is turned: (right -2, up -0.5).
        let (right, up) = (-2.0 * cos + 0.5 * sin, -2.0 * sin - 0.5 * cos);
        let expected = plane(-up / scale, right / scale);
        let found = gray(&seen(&preprocess, &image, Some(&mask), mirrored));
        let worst = (&found - &expected.slice(inner))
            .iter()
            .fold(0.0f64, |m, d| m.max(d.abs()));
        assert!(worst < 2e-5, "{mirrored:?} {worst}");
    }
}

#[test]
fn coverage_follows_the_content() {
    let image = texture(31, 31);
    let mask = Array2::from_shape_fn((31, 31), |(y, x)| {
        y.abs_diff(15) <= 2 && x.abs_diff(15) <= 3
    });
    let area = |view| {
        seen(&whole(&image), &image, Some(&mask), view)
            .coverage
            .sum()
    };
    assert_eq!(area(View::IDENTITY), 35.0);
    assert_eq!(area(enlarged(2.0)), 4.0 * 35.0);
    assert_eq!(area(turned(90.0)), 35.0);
    // No mask: everything is the region, also what lies past the image.
    let shrunken = seen(&whole(&image), &image, None, enlarged(0.5));
    assert!(shrunken.coverage.iter().all(|&c| c == 1.0));
    let shrunken = seen(
        &whole(&image),
        &image,
        Some(&Array2::from_elem((31, 31), true)),
        enlarged(0.5),
    );
    // Each reads twice as far from the center, and 15 columns and rows of 31 still read the image.
    assert_eq!(shrunken.coverage.sum(), 225.0);
}

#[test]
fn the_mask_policy_comes_after_the_gray_values() {
    let image = array![[10.0, 20.0], [30.0, 40.0]];
    let mask = array![[true, false], [true, true]];
    let brighter = View {
        brightness: 0.2,
        ..LATERAL
    };
    let region = |policy| {
        gray(&seen(
            &whole(&image).mask_policy(policy),
            &image,
            Some(&mask),
            brighter,
        ))
    };
    assert_eq!(region(MaskPolicy::Keep), array![[71.0, 61.0], [91.0, 81.0]]);
    assert_eq!(
        region(MaskPolicy::ZeroOutside),
        array![[0.0, 61.0], [91.0, 81.0]]
    );
    assert_eq!(
        region(MaskPolicy::MeanOutside),
        array![[233.0f32 / 3.0, 61.0], [91.0, 81.0]].mapv(f64::from)
    );
}

#[test]
fn a_view_without_the_region_is_an_error() {
    let image = texture(9, 9);
    let corners = Array2::from_shape_fn((9, 9), |(y, x)| (y, x) == (2, 2) || (y, x) == (6, 7));
    for policy in [
        MaskPolicy::Keep,
        MaskPolicy::ZeroOutside,
        MaskPolicy::MeanOutside,
    ] {
        let preprocess = plain([8, 8])
            .crop(Crop::BoundingBox(Margin::Pixels(0)))
            .mask_policy(policy);
        let view = |view: View| preprocess.apply_view(image.view(), Some(corners.view()), &view);
        assert!(matches!(
            view(turned(45.0)),
            Err(Error::EmptyMask { size: [5, 6] })
        ));
        assert!(view(turned(180.0)).is_ok());
    }
}

#[test]
fn a_bad_view_is_named() {
    let image = texture(5, 5);
    let plain = View::IDENTITY;
    for (name, view) in [
        ("rotation", turned(361.0)),
        ("rotation", turned(f64::NAN)),
        ("scale", enlarged(0.0)),
        ("scale", enlarged(-1.0)),
        ("scale", enlarged(f64::INFINITY)),
        (
            "contrast",
            View {
                contrast: -0.1,
                ..plain
            },
        ),
        (
            "brightness",
            View {
                brightness: 1.1,
                ..plain
            },
        ),
        (
            "gamma",
            View {
                gamma: 0.0,
                ..plain
            },
        ),
        (
            "gain_slope",
            View {
                gain_slope: -2.1,
                ..plain
            },
        ),
        (
            "speckle",
            View {
                speckle: -0.1,
                ..plain
            },
        ),
    ] {
        match whole(&image).apply_view(image.view(), None, &view) {
            Err(Error::Setting { setting, .. }) => assert_eq!(setting, name),
            other => panic!("{view:?}: {other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// Mirroring image and mask by hand and looking straight is the same as looking at a mirrored view.
    #[test]
    fn flips_are_those_of_the_arrays(
        h in 1usize..30, w in 1usize..30, cy in 0usize..30, cx in 0usize..30, r in 0usize..9, margin in 0usize..20, border in 0usize..3,
    ) {
        let image = texture(h, w);
        let mask = Array2::from_shape_fn((h, w), |(y, x)| y.abs_diff(cy % h) + 2 * x.abs_diff(cx % w) <= r);
        let sized = |size| plain(size).crop(Crop::BoundingBox(Margin::Pixels(margin))).border(BORDERS[border]);
        let window = seen(&sized([1, 1]), &image, Some(&mask), View::IDENTITY).window;
        let preprocess = sized([window.height, window.width]);
        for (view, axis) in [(DEPTH, Axis(0)), (LATERAL, Axis(1))] {
            let (mut image_by_hand, mut mask_by_hand) = (image.clone(), mask.clone());
            image_by_hand.invert_axis(axis);
            mask_by_hand.invert_axis(axis);
            let expected = seen(&preprocess, &image_by_hand, Some(&mask_by_hand), View::IDENTITY);
            let found = seen(&preprocess, &image, Some(&mask), view);
            prop_assert_eq!(&found.pixels, &expected.pixels);
            prop_assert_eq!(&found.coverage, &expected.coverage);
        }
    }

    /// Whatever is drawn, gray values stay 0..=255, shares of the mask 0..=1, and the same view is the same input.
    #[test]
    fn any_view_gives_gray_values(
        h in 1usize..40, w in 1usize..40, r in 1usize..20, side in 1usize..40, margin in 0usize..9, border in 0usize..3, policy in 0usize..3,
        wild: bool, seed: u64, item: u64, view in 0u64..9,
    ) {
        let image = texture(h, w);
        let mask = Array2::from_shape_fn((h, w), |(y, x)| y.abs_diff(h / 3) + x.abs_diff(w / 2) <= r);
        let preprocess = plain([side, side + 3])
            .crop(Crop::BoundingBox(Margin::Pixels(margin)))
            .aspect(Aspect::Extend)
            .border(BORDERS[border])
            .mask_policy([MaskPolicy::Keep, MaskPolicy::ZeroOutside, MaskPolicy::MeanOutside][policy]);
        let ranges = if wild {
            Augmentation {
                flip_lateral: 0.5, flip_depth: 0.5, rotation: 180.0, scale: 0.5, contrast: 0.9, brightness: 1.0, gamma: 0.9, gain_slope: 2.0,
                speckle: 1.0,
            }
        } else {
            Augmentation::default()
        };
        let drawn = ranges.draw(seed, item, view);
        let input = match preprocess.apply_view(image.view(), Some(mask.view()), &drawn) {
            // A turn by any angle can carry a region of a few pixels out of a narrow window; ten degrees cannot.
            Err(Error::EmptyMask { .. }) if wild => return Ok(()),
            input => input.expect("a good region"),
        };
        // Resizing averages, up to rounding.
        prop_assert!(input.pixels.iter().all(|v| (-1e-4..=255.0 + 1e-4).contains(v)));
        prop_assert!(input.coverage.iter().all(|v| (0.0..=1.0 + 1e-6).contains(v)));
        prop_assert!(input.coverage.sum() > 0.0);
        prop_assert_eq!(&input, &seen(&preprocess, &image, Some(&mask), ranges.draw(seed, item, view)));
        if view == 0 {
            prop_assert_eq!(input, preprocess.apply(image.view(), Some(mask.view())).expect("a good region"));
        }
    }
}

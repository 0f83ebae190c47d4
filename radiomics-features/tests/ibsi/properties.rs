//! What must not change a feature of the standard: where a region lies, which way it is seen, how many threads work.

use ndarray::{Array3, Axis};
use proptest::prelude::*;
use radiomics_features::{
    Extractor, FeatureVector, Geometry, Mask, Params, PixelType, Roi, Volume,
};

/// An image with a compact region in its middle.
#[derive(Debug, Clone)]
struct Scene {
    image: Array3<f64>,
    mask: Array3<u32>,
    spacing: [f64; 3],
}

impl Scene {
    fn features(&self) -> FeatureVector {
        let geometry = Geometry::new(self.spacing).expect("a spacing");
        let image = Volume::new(self.image.clone(), geometry, PixelType::I16).expect("an image");
        let mask = Mask::new(self.mask.clone(), geometry).expect("a mask");
        let extractor = Extractor::new(Params::ibsi()).expect("settings");
        let roi = Roi::new(&image, &mask, &extractor.params().roi).expect("a region");
        extractor.extract(&roi).expect("features")
    }

    /// Seen from the other end of an axis.
    fn flipped(&self, axis: usize) -> Self {
        let mut flipped = self.clone();
        flipped.image.invert_axis(Axis(axis));
        flipped.mask.invert_axis(Axis(axis));
        flipped
    }

    /// Rows become columns.
    fn transposed(&self) -> Self {
        let [z, y, x] = self.spacing;
        Self {
            image: self.image.clone().permuted_axes([0, 2, 1]),
            mask: self.mask.clone().permuted_axes([0, 2, 1]),
            spacing: [z, x, y],
        }
    }

    /// With more image around it than any feature sees.
    fn padded(&self, before: [usize; 3], after: [usize; 3]) -> Self {
        let (z, y, x) = self.image.dim();
        let size = [z, y, x];
        let shape = [0, 1, 2].map(|a| before[a] + size[a] + after[a]);
        let part = ndarray::s![
            before[0]..before[0] + z,
            before[1]..before[1] + y,
            before[2]..before[2] + x
        ];
        let mut padded = Self {
            image: Array3::zeros(shape),
            mask: Array3::zeros(shape),
            spacing: self.spacing,
        };
        padded.image.slice_mut(part).assign(&self.image);
        padded.mask.slice_mut(part).assign(&self.mask);
        padded
    }
}

fn scenes() -> impl Strategy<Value = Scene> {
    let sizes = (1usize..5, 3usize..8, 3usize..8);
    (
        sizes,
        2i32..9,
        any::<u64>(),
        prop::array::uniform3(0.5f64..4.0),
    )
        .prop_map(|((z, y, x), levels, seed, spacing)| {
            let mut state = seed | 1;
            let mut next = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 40) as i32
            };
            let shape = (z, y, x);
            let image = Array3::from_shape_simple_fn(shape, || f64::from(next() % levels));
            // A ball of the box: its mesh has no holes.
            let mask = Array3::from_shape_fn(shape, |(k, j, i)| {
                let off = |index: usize, side: usize| {
                    let middle = (side as f64 - 1.0) / 2.0;
                    ((index as f64 - middle) / (side as f64 / 2.0)).powi(2)
                };
                u32::from(off(k, z) + off(j, y) + off(i, x) <= 1.0)
            });
            Scene {
                image,
                mask,
                spacing,
            }
        })
}

fn assert_same(a: &FeatureVector, b: &FeatureVector, what: &str, skip: &str) {
    assert_eq!(a.names, b.names);
    for ((name, a), (_, b)) in a.iter().zip(b.iter()) {
        if !skip.is_empty() && name.short().starts_with(skip) {
            continue;
        }
        let close = (a - b).abs() <= 1e-8 * a.abs().max(1e-3) || (a.is_nan() && b.is_nan());
        assert!(close, "{what}: {name}: {a} and {b}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_region_may_be_seen_from_any_side(scene in scenes()) {
        let features = scene.features();
        for axis in 0..3 {
            assert_same(&features, &scene.flipped(axis).features(), "flipped", "");
        }
        assert_same(&features, &scene.transposed().features(), "transposed", "");
    }

    #[test]
    fn a_region_may_lie_anywhere(scene in scenes(), before in prop::array::uniform3(0usize..4), after in prop::array::uniform3(0usize..4)) {
        // The peaks see the image around the region.
        let padded = scene.padded(before, after);
        assert_same(&scene.features(), &padded.features(), "padded", "loc_");
    }

    #[cfg(feature = "rayon")]
    #[test]
    fn the_number_of_threads_changes_no_bit(scene in scenes()) {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| scene.features())
        };
        let bits = |features: FeatureVector| -> Vec<u64> {
            features.values.iter().map(|value| value.to_bits()).collect()
        };
        prop_assert_eq!(bits(run(1)), bits(run(4)));
    }
}

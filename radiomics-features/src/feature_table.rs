//! The one macro of this crate: a feature family written as a table.

/// Declares one feature family: a struct with one `f64` per feature, its name tables and its computation. Adding a feature is
/// adding one entry to the invocation.
///
/// An entry has the name that PyRadiomics gives the feature, the code and the tag that IBSI gives it, or both:
///
/// ```text
/// contrast ("Contrast", ibsi "ACUI" "cm_contrast") = ...;
/// mcc ("MCC") = ...;
/// dissimilarity (ibsi "8S9J" "cm_dissimilarity") = ...;
/// ```
macro_rules! feature_table {
    (
        $(#[$meta:meta])*
        pub struct $Name:ident from $input:ident : &$Input:ty {
            $( $(#[$fmeta:meta])* $field:ident ( $($label:literal)? $(,)? $(ibsi $id:literal $tag:literal)? ) = $value:expr ; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub struct $Name { $( $(#[$fmeta])* pub $field: f64, )+ }

        impl $Name {
            /// PyRadiomics' names of the features it has, in declaration order, which is the ASCII order of the names.
            pub const NAMES: &'static [&'static str] = &[$($($label,)?)+];
            /// The features that IBSI has, in declaration order.
            pub const IBSI: &'static [$crate::ibsi::Feature] =
                &[$($($crate::ibsi::Feature { id: $id, tag: $tag },)?)+];

            /// What IBSI calls the feature of this PyRadiomics name; `None` if it does not have it.
            #[must_use]
            pub fn ibsi_of(name: &str) -> Option<$crate::ibsi::Feature> {
                let entries: &[(&[&str], &[$crate::ibsi::Feature])] = &[$(
                    (&[$($label)?], &[$($crate::ibsi::Feature { id: $id, tag: $tag })?]),
                )+];
                let (_, coded) = entries.iter().find(|(labels, _)| *labels == [name])?;
                coded.first().copied()
            }

            fn compute($input: &$Input) -> Self { Self { $( $field: $value, )+ } }

            /// `(name, value)` pairs in the order of [`NAMES`](Self::NAMES).
            pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, f64)> + use<> {
                let named: [(&'static str, f64); Self::NAMES.len()] = [$( $( ($label, self.$field), )? )+];
                named.into_iter()
            }

            /// `(feature, value)` pairs in the order of [`IBSI`](Self::IBSI).
            pub fn iter_ibsi(&self) -> impl ExactSizeIterator<Item = ($crate::ibsi::Feature, f64)> + use<> {
                let coded: [($crate::ibsi::Feature, f64); Self::IBSI.len()] =
                    [$( $( ($crate::ibsi::Feature { id: $id, tag: $tag }, self.$field), )? )+];
                coded.into_iter()
            }

            /// Field-wise arithmetic mean, as used for averaging over directions; NaN in every field for no input.
            pub fn mean<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
                let mut n = 0usize;
                let mut total = Self { $( $field: 0.0 ),+ };
                for features in all {
                    n += 1;
                    $( total.$field += features.$field; )+
                }
                $( total.$field /= n as f64; )+
                total
            }
        }
    };
}
pub(crate) use feature_table;

#[cfg(test)]
mod tests {
    use crate::ibsi::Feature;

    struct Pair {
        a: f64,
        b: f64,
    }

    feature_table! {
        /// A family of three.
        pub struct PairFeatures from pair: &Pair {
            /// Sum.
            sum ("Sum", ibsi "AAAA" "cm_sum") = pair.a + pair.b;
            /// Product.
            product ("Product") = pair.a * pair.b;
            /// Difference.
            difference (ibsi "BBBB" "cm_difference") = pair.a - pair.b;
        }
    }

    #[test]
    fn the_table_writes_names_codes_values_and_mean() {
        let first = PairFeatures::compute(&Pair { a: 2.0, b: 3.0 });
        let second = PairFeatures::compute(&Pair { a: 4.0, b: 1.0 });
        let [sum, difference] =
            [("AAAA", "cm_sum"), ("BBBB", "cm_difference")].map(|(id, tag)| Feature { id, tag });
        assert_eq!(PairFeatures::NAMES, ["Sum", "Product"]);
        assert_eq!(PairFeatures::IBSI, [sum, difference]);
        let codes = ["Sum", "Product", "Difference"].map(PairFeatures::ibsi_of);
        assert_eq!(codes, [Some(sum), None, None]);
        assert!(first.iter().eq([("Sum", 5.0), ("Product", 6.0)]));
        assert!(second.iter_ibsi().eq([(sum, 5.0), (difference, 3.0)]));
        let mean = PairFeatures::mean([&first, &second]);
        assert!(mean.iter().eq([("Sum", 5.0), ("Product", 5.0)]));
        assert_eq!(mean.difference, 1.0);
        assert!(PairFeatures::mean([]).sum.is_nan());
    }
}

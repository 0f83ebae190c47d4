//! The one macro of this crate: a feature family written as a table.

/// Declares one feature family: a struct with one `f64` per feature, its name table and its computation. Adding a
/// feature is adding one entry to the invocation.
macro_rules! feature_table {
    (
        $(#[$meta:meta])*
        pub struct $Name:ident from $input:ident : &$Input:ty {
            $( $(#[$fmeta:meta])* $field:ident ($label:literal, ibsi $ibsi:expr) = $value:expr ; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub struct $Name { $( $(#[$fmeta])* pub $field: f64, )+ }

        impl $Name {
            /// Feature names, in declaration order, which is the ASCII order of the names.
            pub const NAMES: &'static [&'static str] = &[$($label),+];
            /// IBSI codes, in declaration order; `None` where IBSI does not define the feature.
            pub const IBSI: &'static [Option<&'static str>] = &[$($ibsi),+];

            fn compute($input: &$Input) -> Self { Self { $( $field: $value, )+ } }

            /// `(name, value)` pairs in the order of [`NAMES`](Self::NAMES).
            pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, f64)> + use<> {
                [$( ($label, self.$field) ),+].into_iter()
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
    struct Pair {
        a: f64,
        b: f64,
    }

    feature_table! {
        /// A family of two.
        pub struct PairFeatures from pair: &Pair {
            /// Sum.
            sum ("Sum", ibsi Some("AAAA")) = pair.a + pair.b;
            /// Product.
            product ("Product", ibsi None) = pair.a * pair.b;
        }
    }

    #[test]
    fn the_table_writes_names_codes_values_and_mean() {
        let first = PairFeatures::compute(&Pair { a: 2.0, b: 3.0 });
        let second = PairFeatures::compute(&Pair { a: 4.0, b: 1.0 });
        assert_eq!(PairFeatures::NAMES, ["Sum", "Product"]);
        assert_eq!(PairFeatures::IBSI, [Some("AAAA"), None]);
        assert!(first.iter().eq([("Sum", 5.0), ("Product", 6.0)]));
        let mean = PairFeatures::mean([&first, &second]);
        assert!(mean.iter().eq([("Sum", 5.0), ("Product", 5.0)]));
        assert!(PairFeatures::mean([]).sum.is_nan());
    }
}

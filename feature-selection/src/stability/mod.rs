//! How stable a selection is: stability selection with its error bounds, and indices of stability of any repeated selection.
//!
//! | file | holds |
//! |---|---|
//! | `selection` | stability selection: settings, the fit on many halves of the rows, its result |
//! | `subsamples` | the halves: plain or in complementary pairs, stratified or not |
//! | `bounds` | expected number of false selections, and which cutoff or model size keeps it low |
//! | `index` | Nogueira's index with its interval, Kuncheva's index |
//!
//! # Stability selection
//! A learner selects features in each of `B` random halves of the rows. With `Ŝ(λ)` its selection at penalty `λ`,
//!
//! ```text
//! Π_k(λ) = share of the halves with k in Ŝ(λ),      stable = { k : max over λ of Π_k(λ) >= π },    π usually 0.6 to 0.9
//! ```
//!
//! and `q` is the mean number of features selected anywhere on the grid of `λ`. The number `V` of noise features among the stable ones
//! is bounded in expectation; see [`FalseSelectionBound`].
//!
//! References: Meinshausen and Bühlmann, *J. R. Stat. Soc. B* 72 (2010), doi:10.1111/j.1467-9868.2010.00740.x; Shah and Samworth,
//! *J. R. Stat. Soc. B* 75 (2013), doi:10.1111/j.1467-9868.2011.01034.x; Nogueira, Sechidis and Brown, *JMLR* 18 (2018), 1-54;
//! Kuncheva, *Proc. IASTED Artificial Intelligence and Applications* (2007), 390-395.

mod bounds;
mod index;
mod selection;
mod subsamples;

pub use bounds::{Assumption, ErrorControl, FalseSelectionBound};
pub use index::{StabilityIndex, stability_index};
pub use selection::{BaseLearner, FeatureStability, LambdaGrid, StabilityFit, StabilitySelection};
pub use subsamples::{Scheme, Strata, Subsampling};

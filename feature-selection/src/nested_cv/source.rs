//! Where the rows of an outer fold come from.

use crate::error::Result;
use crate::table::FeatureTable;

/// Training and test rows of one outer fold, with the same columns.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldTables {
    /// Rows to fit on.
    pub train: FeatureTable,
    /// Rows to judge on.
    pub test: FeatureTable,
}

/// Gives complete training and test tables for index sets. A [`FeatureTable`] picks its rows; a table with gaps fits its imputation to the training rows and
/// fills both parts with it, so that no test row takes part in what it is judged by.
pub trait FoldSource: Sync {
    /// Number of rows.
    fn n_rows(&self) -> usize;

    /// Names of all columns. A fold may have fewer (a column without values in its training rows), never others.
    fn names(&self) -> &[String];

    /// The rows of `train` and of `test`, each in the order given. Must depend on the rows of `train` only in everything that is fitted.
    ///
    /// # Errors
    /// Whatever makes the rows unusable.
    fn tables(&self, train: &[usize], test: &[usize]) -> Result<FoldTables>;
}

impl FoldSource for FeatureTable {
    fn n_rows(&self) -> usize {
        FeatureTable::n_rows(self)
    }

    fn names(&self) -> &[String] {
        FeatureTable::names(self)
    }

    fn tables(&self, train: &[usize], test: &[usize]) -> Result<FoldTables> {
        Ok(FoldTables {
            train: self.select_rows(train)?,
            test: self.select_rows(test)?,
        })
    }
}

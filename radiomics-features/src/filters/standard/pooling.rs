//! How responses to one filter in several orientations become one response.

use std::fmt;
use std::str::FromStr;

use ndarray::{Array3, Zip};
use serde::Deserialize;

use super::invalid;
use crate::error::{Error, Result};

/// How responses to one filter in several orientations become one, voxel by voxel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The largest.
    Maximum,
    /// The smallest.
    Minimum,
    /// The arithmetic mean. The default.
    #[default]
    Mean,
}

impl Pooling {
    const ALL: [Self; 3] = [Self::Maximum, Self::Minimum, Self::Mean];
}

impl fmt::Display for Pooling {
    /// The short names of the image names: `max`, `min`, `mean`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Maximum => "max",
            Self::Minimum => "min",
            Self::Mean => "mean",
        })
    }
}

impl FromStr for Pooling {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|p| p.to_string() == name);
        found.ok_or_else(|| invalid("pooling", "max, min or mean", name))
    }
}

/// Responses pooled so far, in the order in which they come.
#[derive(Debug)]
pub(super) struct Pool {
    pooling: Pooling,
    pooled: Option<Array3<f64>>,
    n: usize,
}

impl Pool {
    pub fn new(pooling: Pooling) -> Self {
        Self {
            pooling,
            pooled: None,
            n: 0,
        }
    }

    /// Takes in a response that occurs `plus` times as it is and `minus` times with the opposite sign.
    pub fn add(&mut self, mut response: Array3<f64>, plus: usize, minus: usize) {
        match (self.pooling, plus, minus) {
            (_, 0, 0) => return,
            (Pooling::Mean, ..) => {
                let weight = plus as f64 - minus as f64;
                response.mapv_inplace(|v| weight * v);
            }
            (_, _, 0) => {}
            (_, 0, _) => response.mapv_inplace(|v| -v),
            (Pooling::Maximum, ..) => response.mapv_inplace(f64::abs),
            (Pooling::Minimum, ..) => response.mapv_inplace(|v| -v.abs()),
        }
        self.add_partial(response, plus + minus);
    }

    /// Takes in what [`into_partial`](Self::into_partial) gave for `n` responses.
    pub fn add_partial(&mut self, partial: Array3<f64>, n: usize) {
        self.n += n;
        let Some(pooled) = &mut self.pooled else {
            self.pooled = Some(partial);
            return;
        };
        let zip = Zip::from(pooled).and(&partial);
        match self.pooling {
            Pooling::Mean => zip.for_each(|p, &r| *p += r),
            Pooling::Maximum => zip.for_each(|p, &r| *p = p.max(r)),
            Pooling::Minimum => zip.for_each(|p, &r| *p = p.min(r)),
        }
    }

    /// What is pooled so far, of a mean the sum; none if nothing was taken in.
    pub fn into_partial(self) -> Option<Array3<f64>> {
        self.pooled
    }

    /// The pooled response; none if nothing was taken in.
    pub fn finish(self) -> Option<Array3<f64>> {
        let n = self.n as f64;
        let mut pooled = self.pooled?;
        if self.pooling == Pooling::Mean {
            pooled.mapv_inplace(|v| v / n);
        }
        Some(pooled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_counts_are_those_of_so_many_responses() {
        for (pooling, expected) in [
            (Pooling::Maximum, 3.0),
            (Pooling::Minimum, -3.0),
            (Pooling::Mean, (3.0 - 3.0 - 3.0 + 2.0) / 4.0),
        ] {
            let mut pool = Pool::new(pooling);
            let response = |v| Array3::from_elem((1, 1, 1), v);
            pool.add(response(3.0), 1, 2);
            pool.add(response(2.0), 1, 0);
            pool.add(response(9.0), 0, 0);
            assert_eq!(pool.finish().unwrap()[[0, 0, 0]], expected);
            assert_eq!(pooling.to_string().parse::<Pooling>().unwrap(), pooling);
        }
        assert!(Pool::new(Pooling::Mean).finish().is_none());
        assert!("median".parse::<Pooling>().is_err());
    }
}

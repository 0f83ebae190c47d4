//! Columns as coordinates in an orthonormal basis of what they span, from which columns can be taken out.
//!
//! Every column is centered and of length 1. Independent columns (pivots) form an upper triangle `R`; a column that is a
//! combination of pivots is dependent; a column taken out stays as a watched one, so that it is known how much of it the
//! others still explain. Taking a column out is a sequence of plane rotations, which lose no digits, unlike
//! the sweep of a correlation matrix, where the next value is a difference of two that are large when columns nearly repeat each other.

use crate::linalg::{axpy, dot};
use crate::par::map_indexed;

/// Columns whose part outside the span of the pivots is shorter than this are dependent (R's tolerance in `qr`).
const DEPENDENT: f64 = 1e-7;

/// A column of length 1 and the feature it belongs to; several spline terms share one.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) feature: usize,
    /// Which of the feature's terms, 0 the feature itself.
    pub(super) term: usize,
    /// Coordinates; a pivot at position `c` has `c + 1`, every other column as many as there are pivots.
    pub(super) coordinates: Vec<f64>,
}

impl Column {
    /// Share of the column's variance inside the span.
    pub(super) fn explained(&self) -> f64 {
        dot(&self.coordinates, &self.coordinates).min(1.0)
    }
}

/// A basis of what columns span.
#[derive(Debug, Clone, Default)]
pub(super) struct Basis {
    pub(super) pivots: Vec<Column>,
    pub(super) dependent: Vec<Column>,
    pub(super) watched: Vec<Column>,
}

/// A rotation in the plane of two neighboring coordinates.
#[derive(Debug, Clone, Copy)]
struct Rotation {
    first: usize,
    cosine: f64,
    sine: f64,
}

impl Rotation {
    fn apply(self, coordinates: &mut [f64]) {
        let (a, b) = (coordinates[self.first], coordinates[self.first + 1]);
        coordinates[self.first] = self.cosine * a + self.sine * b;
        coordinates[self.first + 1] = self.cosine * b - self.sine * a;
    }
}

impl Basis {
    /// Columns (feature, centered values) in this order, terms of a feature one after the other: a column that the earlier ones
    /// span is dependent.
    pub(super) fn new(columns: impl Iterator<Item = (usize, Vec<f64>)>) -> Self {
        let mut last = (usize::MAX, 0);
        let mut basis = Self::default();
        let mut directions: Vec<Vec<f64>> = Vec::new();
        for (feature, mut rest) in columns {
            let term = if last.0 == feature { last.1 + 1 } else { 0 };
            last = (feature, term);
            let length = dot(&rest, &rest).sqrt();
            if length > 0.0 {
                rest.iter_mut().for_each(|v| *v /= length);
            }
            let mut coordinates = vec![0.0; directions.len()];
            // A second pass makes the directions orthogonal to the last digit.
            for _ in 0..2 {
                for (direction, coordinate) in directions.iter().zip(&mut coordinates) {
                    let part = dot(direction, &rest);
                    axpy(-part, direction, &mut rest);
                    *coordinate += part;
                }
            }
            let outside = dot(&rest, &rest).sqrt();
            if outside > DEPENDENT {
                rest.iter_mut().for_each(|v| *v /= outside);
                directions.push(rest);
                coordinates.push(outside);
            }
            let kind = if outside > DEPENDENT {
                &mut basis.pivots
            } else {
                &mut basis.dependent
            };
            kind.push(Column {
                feature,
                term,
                coordinates,
            });
        }
        let rank = basis.pivots.len();
        basis
            .dependent
            .iter_mut()
            .for_each(|column| column.coordinates.resize(rank, 0.0));
        basis
    }

    /// Takes all columns of a feature out and watches them.
    pub(super) fn remove(&mut self, feature: usize) {
        let (gone, dependent) = std::mem::take(&mut self.dependent)
            .into_iter()
            .partition(|column| column.feature == feature);
        self.dependent = dependent;
        self.watched.extend::<Vec<Column>>(gone);
        while let Some(at) = self.pivots.iter().rposition(|c| c.feature == feature) {
            self.remove_pivot(at);
        }
    }

    fn remove_pivot(&mut self, at: usize) {
        let rank = self.pivots.len();
        let mut gone = self.pivots.remove(at);
        gone.coordinates.resize(rank, 0.0);
        self.watched.push(gone);
        let mut rotations: Vec<Rotation> = Vec::with_capacity(rank - 1 - at);
        for position in at..rank - 1 {
            let coordinates = &mut self.pivots[position].coordinates;
            rotations.iter().for_each(|r| r.apply(coordinates));
            let (a, b) = (coordinates[position], coordinates[position + 1]);
            let length = a.hypot(b);
            let rotation = Rotation {
                first: position,
                cosine: a / length,
                sine: b / length,
            };
            rotations.push(rotation);
            coordinates[position] = length;
            coordinates.truncate(position + 1);
        }
        for column in self.dependent.iter_mut().chain(&mut self.watched) {
            rotations
                .iter()
                .for_each(|r| r.apply(&mut column.coordinates));
        }
        self.close_gap(rank);
    }

    /// The last coordinate belongs to no pivot any more: the dependent column that needs it most becomes one, or it goes.
    fn close_gap(&mut self, rank: usize) {
        let mut most = (DEPENDENT, None);
        for (position, column) in self.dependent.iter().enumerate() {
            let size = column.coordinates[rank - 1].abs();
            if size > most.0 {
                most = (size, Some(position));
            }
        }
        match most.1 {
            Some(position) => {
                let pivot = self.dependent.remove(position);
                self.pivots.push(pivot);
            }
            None => {
                let others = self.dependent.iter_mut().chain(&mut self.watched);
                others.for_each(|column| column.coordinates.truncate(rank - 1));
            }
        }
    }

    /// Row of the inverse triangle, entries from the diagonal on. Its squared length is the variance inflation of the pivot, if
    /// there are no dependent columns.
    pub(super) fn inverse_row(&self, row: usize) -> Vec<f64> {
        let rank = self.pivots.len();
        let mut w: Vec<f64> = Vec::with_capacity(rank - row);
        w.push(1.0 / self.pivots[row].coordinates[row]);
        for column in row + 1..rank {
            let r = &self.pivots[column].coordinates;
            w.push(-dot(&w, &r[row..column]) / r[column]);
        }
        w
    }

    /// Variance inflation of every pivot among the pivots.
    pub(super) fn inflation(&self) -> Vec<f64> {
        map_indexed(self.pivots.len(), |row| {
            let w = self.inverse_row(row);
            // Not below 1 for rounding.
            dot(&w, &w).max(1.0)
        })
    }

    /// Weights of the pivots in a column given by its coordinates.
    pub(super) fn weights(&self, coordinates: &[f64]) -> Vec<f64> {
        let mut weights = coordinates.to_vec();
        for row in (0..self.pivots.len()).rev() {
            let r = &self.pivots[row].coordinates;
            weights[row] /= r[row];
            let weight = weights[row];
            axpy(-weight, &r[..row], &mut weights[..row]);
        }
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlation::centered;

    /// Column `c` is a fixed irregular sequence; every fourth is the sum of the two before.
    fn columns(n: usize, p: usize) -> Vec<(usize, Vec<f64>)> {
        let mut state = 3_u64;
        let mut values: Vec<Vec<f64>> = Vec::new();
        for c in 0..p {
            let column = (0..n).map(|i| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                match c % 4 {
                    3 => values[c - 1][i] + values[c - 2][i],
                    _ => (state >> 40) as f64,
                }
            });
            let column = column.collect();
            values.push(column);
        }
        let center = |v: Vec<f64>| centered(&v);
        values.into_iter().map(center).enumerate().collect()
    }

    #[test]
    fn taking_out_equals_never_putting_in() {
        let all = columns(30, 12);
        for gone in 0..12 {
            let mut basis = Basis::new(all.iter().cloned());
            basis.remove(gone);
            let fresh = Basis::new(all.iter().filter(|c| c.0 != gone).cloned());
            assert_eq!(basis.pivots.len(), fresh.pivots.len());
            assert_eq!(basis.dependent.len(), fresh.dependent.len());
            let part_of_a_sum = gone % 4 != 0;
            let explained = basis.watched[0].explained();
            assert_eq!(
                explained > 1.0 - 1e-12,
                part_of_a_sum,
                "{gone}: {explained}"
            );
        }
    }

    #[test]
    fn inflation_is_the_inverse_of_what_the_others_leave() {
        let independent = columns(40, 9).into_iter().filter(|c| c.0 % 4 != 3);
        let basis = Basis::new(independent);
        for (row, inflation) in basis.inflation().into_iter().enumerate() {
            let mut without = basis.clone();
            without.remove(basis.pivots[row].feature);
            let left = 1.0 - without.watched[0].explained();
            assert!((inflation * left - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_dependent_column_is_its_weighted_pivots() {
        let basis = Basis::new(columns(30, 4).into_iter());
        let weights = basis.weights(&basis.dependent[0].coordinates);
        assert!(weights[0].abs() < 1e-14);
        assert!(weights[1] > 0.1 && weights[2] > 0.1);
    }
}

//! The one histogram of this crate: how often a pair of small numbers occurs.

/// One cell that is not empty: how often `(row, column)` occurred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub row: u16,
    pub column: u16,
    pub count: u32,
}

/// Counts of pairs `(row, column)`, both at least 1; pairs with a 0 are outside the region and dropped at the end.
///
/// A table if the pairs fill it somewhat, otherwise a list of the pairs themselves, so that memory and time are bounded by
/// the number of voxels and not by the square of the number of levels. The neighborhoods of voxel-based maps are lists.
#[derive(Debug)]
pub(super) enum Tally {
    /// `parts` tables one after the other, each row-major with `columns` columns.
    Table {
        columns: usize,
        parts: usize,
        counts: Vec<u32>,
    },
    /// `row << 16 | column` of every pair.
    List(Vec<u32>),
}

/// Tables of up to this many cells are kept several times: a voxel's increment need not wait for its neighbor's, which
/// often is the same cell. Four of these are 64 kB; of larger ones few cells are in use.
const SMALL: usize = 4096;
/// Tables that are larger, but have this many pairs a cell, are so, too.
const PAIRS_PER_CELL: usize = 16;
/// Tables are worth clearing and scanning up to this many cells a pair.
const CELLS_PER_PAIR: usize = 8;
const PARTS: usize = 4;

impl Tally {
    /// For rows up to `max_row`, columns up to `max_column` and about `n_pairs` pairs.
    pub(super) fn new(max_row: usize, max_column: usize, n_pairs: usize) -> Self {
        let columns = max_column + 1;
        let cells = (max_row + 1) * columns;
        if cells > CELLS_PER_PAIR * n_pairs {
            return Self::List(Vec::with_capacity(n_pairs));
        }
        let often = cells <= SMALL || n_pairs / cells >= PAIRS_PER_CELL;
        let parts = if often { PARTS } else { 1 };
        Self::Table {
            columns,
            parts,
            counts: vec![0; parts * cells],
        }
    }

    /// Counts the pairs of two rows of equal length.
    pub(super) fn add(&mut self, rows: &[u16], columns: &[u16]) {
        debug_assert_eq!(rows.len(), columns.len());
        match self {
            Self::Table {
                columns: stride,
                parts: 1,
                counts,
            } => {
                for (&row, &column) in rows.iter().zip(columns) {
                    counts[usize::from(row) * *stride + usize::from(column)] += 1;
                }
            }
            Self::Table {
                columns: stride,
                counts,
                ..
            } => add_to_parts(counts, *stride, rows, columns),
            Self::List(pairs) => pairs.extend(
                rows.iter()
                    .zip(columns)
                    .filter(|&(&row, &column)| row != 0 && column != 0)
                    .map(|(&row, &column)| u32::from(row) << 16 | u32::from(column)),
            ),
        }
    }

    /// The cells that are not empty, by row, then column.
    pub(super) fn into_cells(self) -> Vec<Cell> {
        match self {
            Self::Table {
                columns,
                parts,
                counts,
            } => {
                let counts = fold_parts(counts, parts);
                let mut cells = Vec::new();
                for (row, line) in counts.chunks_exact(columns).enumerate().skip(1) {
                    for (column, &count) in line.iter().enumerate().skip(1) {
                        if count > 0 {
                            cells.push(Cell {
                                row: row as u16,
                                column: column as u16,
                                count,
                            });
                        }
                    }
                }
                cells
            }
            Self::List(mut pairs) => {
                pairs.sort_unstable();
                pairs
                    .chunk_by(|a, b| a == b)
                    .map(|equal| Cell {
                        row: (equal[0] >> 16) as u16,
                        column: equal[0] as u16,
                        count: equal.len() as u32,
                    })
                    .collect()
            }
        }
    }

    /// Adds every pair in the other order as well. Rows and columns must have the same bound.
    pub(super) fn symmetrize(&mut self) {
        match self {
            Self::Table {
                columns,
                parts,
                counts,
            } => {
                let mut folded = fold_parts(std::mem::take(counts), *parts);
                *parts = 1;
                for row in 0..*columns {
                    folded[row * (*columns + 1)] *= 2;
                    for column in row + 1..*columns {
                        let (upper, lower) = (row * *columns + column, column * *columns + row);
                        let both = folded[upper] + folded[lower];
                        folded[upper] = both;
                        folded[lower] = both;
                    }
                }
                *counts = folded;
            }
            Self::List(pairs) => {
                let n = pairs.len();
                pairs.extend_from_within(..);
                for pair in &mut pairs[n..] {
                    *pair = pair.rotate_left(16);
                }
            }
        }
    }
}

/// Counts four pairs at a time, each into its own table.
fn add_to_parts(counts: &mut [u32], stride: usize, rows: &[u16], columns: &[u16]) {
    let cells = counts.len() / PARTS;
    let (first, rest) = counts.split_at_mut(cells);
    let (second, rest) = rest.split_at_mut(cells);
    let (third, fourth) = rest.split_at_mut(cells);
    let (row_chunks, row_rest) = rows.as_chunks::<PARTS>();
    let (column_chunks, column_rest) = columns.as_chunks::<PARTS>();
    for (r, c) in row_chunks.iter().zip(column_chunks) {
        first[usize::from(r[0]) * stride + usize::from(c[0])] += 1;
        second[usize::from(r[1]) * stride + usize::from(c[1])] += 1;
        third[usize::from(r[2]) * stride + usize::from(c[2])] += 1;
        fourth[usize::from(r[3]) * stride + usize::from(c[3])] += 1;
    }
    for (&r, &c) in row_rest.iter().zip(column_rest) {
        first[usize::from(r) * stride + usize::from(c)] += 1;
    }
}

/// The sum of the parts.
fn fold_parts(mut counts: Vec<u32>, parts: usize) -> Vec<u32> {
    let cells = counts.len() / parts;
    let (total, others) = counts.split_at_mut(cells);
    for other in others.chunks_exact(cells) {
        for (sum, &count) in total.iter_mut().zip(other) {
            *sum += count;
        }
    }
    counts.truncate(cells);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All three storages of the same pairs.
    fn tallies(rows: &[u16], columns: &[u16]) -> [Tally; 3] {
        let mut tallies = [
            Tally::new(70, 70, 1000),
            Tally::Table {
                columns: 71,
                parts: 1,
                counts: vec![0; 71 * 71],
            },
            Tally::List(Vec::new()),
        ];
        for tally in &mut tallies {
            tally.add(&rows[..10], &columns[..10]);
            tally.add(&rows[10..], &columns[10..]);
        }
        tallies
    }

    fn pairs() -> (Vec<u16>, Vec<u16>) {
        let rows = (0..97u16).map(|i| i * 31 % 11 * 7).collect();
        let columns = (0..97u16).map(|i| i * 17 % 5).collect();
        (rows, columns)
    }

    #[test]
    fn every_storage_counts_the_same() {
        let (rows, columns) = pairs();
        for symmetric in [false, true] {
            let [small, table, list] = tallies(&rows, &columns).map(|mut tally| {
                if symmetric {
                    tally.symmetrize();
                }
                tally.into_cells()
            });
            let inside = rows
                .iter()
                .zip(&columns)
                .filter(|&(&r, &c)| r > 0 && c > 0)
                .count();
            let expected = if symmetric { 2 * inside } else { inside };
            assert_eq!(
                small.iter().map(|cell| cell.count as usize).sum::<usize>(),
                expected
            );
            assert_eq!(small, table);
            assert_eq!(small, list);
        }
    }

    #[test]
    fn many_levels_on_few_voxels_are_listed() {
        assert!(matches!(Tally::new(65_535, 65_535, 100), Tally::List(_)));
        assert!(matches!(
            Tally::new(300, 300, 20_000),
            Tally::Table { parts: 1, .. }
        ));
        assert!(matches!(Tally::new(32, 32, 27), Tally::List(_)));
        assert!(matches!(
            Tally::new(32, 32, 1000),
            Tally::Table { parts: 4, .. }
        ));
    }
}

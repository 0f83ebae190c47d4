//! Coordinate descent on a weighted least squares problem with an elastic net penalty: what the logistic and the naive Gaussian solver share.
//!
//! With working weights `v` and residual `r` (a Gaussian outcome has no `v`), the minimizer over coordinate `j` at
//! penalty `λ` is
//!
//! ```text
//! u = x_j' r + c_j b_j,   c_j = Σ v x_j²,   t = |u| - λ α v_j
//! b_j := clamp( sign(u) t / (c_j + λ (1-α) v_j) )  if t > 0, else 0
//! r   := r - d (v ∘ x_j),  d the change of b_j
//! ```
//!
//! Coordinates are visited one after the other, and every result is that of this plain order. Two things
//! save time without changing a bit: the residual update waits and is made in the same pass as the next dot
//! product, and the dot products of zero coefficients, which seldom move, are taken several at a time; those
//! behind a coefficient that did move are taken again.

use pulp::Simd;

use super::design::Design;
use super::kernels::{BATCH, Rows, dots, update_dots, weighted_square};
use super::params::ElasticNet;
use super::screen::Screen;

/// More columns were ever active than permitted.
pub(super) struct TooManyActive;

/// State of the descent, carried from lambda to lambda.
pub(super) struct Descent<'a> {
    design: &'a Design,
    alpha: f64,
    active_limit: usize,
    /// Coefficients by coordinate; the last is the intercept.
    pub(super) b: Vec<f64>,
    /// Columns ever nonzero, in order of entry.
    pub(super) active: Vec<usize>,
    is_active: Vec<bool>,
    /// Columns that the strong rules or the optimality check have let in, ascending.
    strong: Vec<usize>,
    is_strong: Vec<bool>,
    /// Working weights; none if they are all 1.
    pub(super) v: Option<Rows>,
    /// Working residual, short of the update that waits (see [`complete_residual`](Self::complete_residual)).
    pub(super) r: Rows,
    waiting: Option<Update>,
    /// `c_j`, NaN where not calculated since the weights changed.
    pub(super) curvature: Vec<f64>,
    /// `x_j' r` outside the strong set at the last check; short of `screen`'s error behind a screened one.
    pub(super) gradient: Vec<f64>,
    /// Columns in single precision, once asked for.
    screen: Option<Screen>,
    /// Whether the last check was a screened one.
    is_screened: bool,
    /// Decrease of `r' r` for unit weights.
    pub(super) explained: f64,
}

/// A residual update not yet made.
#[derive(Clone, Copy)]
struct Update {
    coordinate: usize,
    step: f64,
}

/// The penalty at one lambda.
#[derive(Clone, Copy)]
pub(super) struct Penalty {
    /// `λ α`.
    pub(super) lasso: f64,
    /// `λ (1-α)`.
    pub(super) ridge: f64,
}

impl Penalty {
    pub(super) fn new(lambda: f64, alpha: f64) -> Self {
        Self {
            lasso: lambda * alpha,
            ridge: lambda * (1.0 - alpha),
        }
    }
}

impl<'a> Descent<'a> {
    pub(super) fn new(settings: &ElasticNet, design: &'a Design, v: Option<Rows>, r: Rows) -> Self {
        let p = design.p;
        Self {
            design,
            alpha: settings.alpha,
            active_limit: settings.active_limit(p),
            b: vec![0.0; p + 1],
            active: Vec::new(),
            is_active: vec![false; p],
            strong: Vec::new(),
            is_strong: vec![false; p],
            v,
            r,
            waiting: None,
            curvature: vec![f64::NAN; p + 1],
            gradient: vec![0.0; p],
            screen: None,
            is_screened: false,
            explained: 0.0,
        }
    }

    /// Starts at coefficients `b` with the given columns as strong set and any number of active ones.
    pub(super) fn begin_at(&mut self, b: &[f64], columns: impl Iterator<Item = usize>) {
        self.b.copy_from_slice(b);
        self.active_limit = usize::MAX;
        for j in columns {
            self.is_strong[j] = true;
            self.strong.push(j);
        }
        self.strong.sort_unstable();
    }

    /// The penalty at `lambda`.
    pub(super) fn penalty(&self, lambda: f64) -> Penalty {
        Penalty::new(lambda, self.alpha)
    }

    /// Sequential strong rule: columns whose gradient may exceed the bound at `lambda`, given that it changes by no more than lambda does.
    #[inline(always)]
    pub(super) fn apply_strong_rule<S: Simd>(&mut self, simd: S, previous: f64, lambda: f64) {
        let bound = self.alpha * (2.0 * lambda - previous);
        self.admit(simd, bound);
    }

    /// Lets columns whose gradient exceeds `bound` into the strong set; returns whether there were any.
    #[inline(always)]
    fn admit<S: Simd>(&mut self, simd: S, bound: f64) -> bool {
        let design = self.design;
        let before = self.strong.len();
        for &j in &design.included {
            if !self.is_strong[j] && self.exceeds(simd, j, bound * design.penalty[j]) {
                self.is_strong[j] = true;
                self.strong.push(j);
            }
        }
        let grown = self.strong.len() > before;
        if grown {
            self.strong.sort_unstable();
        }
        grown
    }

    /// Whether the gradient of a column outside the strong set exceeds `bound`, decided in full precision.
    #[inline(always)]
    fn exceeds<S: Simd>(&mut self, simd: S, j: usize, bound: f64) -> bool {
        let size = self.gradient[j].abs();
        if let (true, Some(screen)) = (self.is_screened, &self.screen) {
            let error = screen.error(self.design.moments[j].square);
            if size + error <= bound {
                return false;
            }
            if size <= bound + error || !size.is_finite() {
                let [exact] = screen.exact(simd, self.design, j);
                return exact.abs() > bound;
            }
        }
        size > bound
    }

    /// Refreshes the gradient outside the strong set and lets violators of the optimality conditions in; returns whether there were any.
    /// A `screened` gradient suffices for that and for the next strong rule.
    #[inline(always)]
    pub(super) fn admit_violators<S: Simd>(
        &mut self,
        simd: S,
        penalty: Penalty,
        screened: bool,
    ) -> bool {
        if screened {
            self.screen_gradient(simd);
        } else {
            self.refresh_gradient(simd);
        }
        self.admit(simd, penalty.lasso)
    }

    /// `x_j' r` of every column outside the strong set.
    #[inline(always)]
    pub(super) fn refresh_gradient<S: Simd>(&mut self, simd: S) {
        self.is_screened = false;
        let design = self.design;
        let mut outside = outside(design, &self.is_strong);
        loop {
            let (batch, filled) = next_batch(&mut outside);
            if filled == 0 {
                return;
            }
            let products = products(simd, design, &self.v, &mut self.r, &mut self.waiting, batch);
            for (&j, product) in batch[..filled].iter().zip(products) {
                self.gradient[j] = product;
            }
        }
    }

    /// As [`refresh_gradient`](Self::refresh_gradient) in single precision.
    #[inline(always)]
    fn screen_gradient<S: Simd>(&mut self, simd: S) {
        self.complete_residual(simd);
        self.is_screened = true;
        let design = self.design;
        let screen = self.screen.get_or_insert_with(|| Screen::new(design));
        screen.set(simd, design, &self.r, self.v.is_some());
        let mut outside = outside(design, &self.is_strong);
        loop {
            let (batch, filled) = next_batch(&mut outside);
            if filled == 0 {
                return;
            }
            let products = screen.products(simd, batch);
            for (&j, product) in batch[..filled].iter().zip(products) {
                self.gradient[j] = product;
            }
        }
    }

    /// Makes the residual update that waits. To be called before weights change.
    #[inline(always)]
    pub(super) fn complete_residual<S: Simd>(&mut self, simd: S) {
        let (design, v, r) = (self.design, &self.v, &mut self.r);
        let [] = products(simd, design, v, r, &mut self.waiting, []);
    }

    /// The working weights have changed: curvatures are calculated anew when asked for.
    pub(super) fn forget_curvature(&mut self) {
        self.curvature.fill(f64::NAN);
    }

    /// One sweep over the strong set in column order. Columns that move become active. Returns the largest
    /// `c_j d²`.
    #[inline(always)]
    pub(super) fn sweep_strong<S: Simd>(
        &mut self,
        simd: S,
        penalty: Penalty,
    ) -> Result<f64, TooManyActive> {
        let strong = std::mem::take(&mut self.strong);
        let change = self.sweep::<S, true>(simd, &strong, penalty);
        self.strong = strong;
        change
    }

    /// One sweep over the active columns in order of entry. Returns the largest `c_j d²`.
    #[inline(always)]
    pub(super) fn sweep_active<S: Simd>(&mut self, simd: S, penalty: Penalty) -> f64 {
        let active = std::mem::take(&mut self.active);
        let change = self.sweep::<S, false>(simd, &active, penalty);
        self.active = active;
        change.unwrap_or(0.0)
    }

    /// Visits `columns`. With `ENTER`, columns that move are appended to the active ones.
    #[inline(always)]
    fn sweep<S: Simd, const ENTER: bool>(
        &mut self,
        simd: S,
        columns: &[usize],
        penalty: Penalty,
    ) -> Result<f64, TooManyActive> {
        let mut largest: f64 = 0.0;
        let mut at = 0;
        while at < columns.len() {
            let run = run_length(&columns[at..], &self.b);
            let (products, run) = self.products_of_run(simd, &columns[at..at + run]);
            for (&j, gradient) in columns[at..at + run].iter().zip(products) {
                at += 1;
                let Some(change) = self.minimize(simd, j, gradient, penalty) else {
                    continue;
                };
                largest = larger(largest, change);
                if ENTER && !self.is_active[j] {
                    if self.active.len() == self.active_limit {
                        return Err(TooManyActive);
                    }
                    self.is_active[j] = true;
                    self.active.push(j);
                }
                break;
            }
        }
        Ok(largest)
    }

    /// `x_j' r` for the first columns of `run`, and for how many of them.
    #[inline(always)]
    fn products_of_run<S: Simd>(&mut self, simd: S, run: &[usize]) -> ([f64; BATCH], usize) {
        let (design, v, r, waiting) = (self.design, &self.v, &mut self.r, &mut self.waiting);
        let mut all = [0.0; BATCH];
        let taken = match *run {
            [j] => {
                [all[0]] = products(simd, design, v, r, waiting, [j]);
                1
            }
            [j, k] => {
                [all[0], all[1]] = products(simd, design, v, r, waiting, [j, k]);
                2
            }
            [j, k, l] => {
                [all[0], all[1], all[2], _] = products(simd, design, v, r, waiting, [j, k, l, l]);
                3
            }
            [j, k, l, m, ..] if run.len() < BATCH => {
                [all[0], all[1], all[2], all[3]] =
                    products(simd, design, v, r, waiting, [j, k, l, m]);
                4
            }
            _ => {
                let mut batch = [0; BATCH];
                batch.copy_from_slice(&run[..BATCH]);
                all = products(simd, design, v, r, waiting, batch);
                BATCH
            }
        };
        (all, taken)
    }

    /// Minimizes over one coefficient; returns `c_j d²`, or `None` if it does not move.
    #[inline(always)]
    fn minimize<S: Simd>(
        &mut self,
        simd: S,
        j: usize,
        gradient: f64,
        penalty: Penalty,
    ) -> Option<f64> {
        let design = self.design;
        let (old, factor) = (self.b[j], design.penalty[j]);
        if old == 0.0 && gradient.abs() - factor * penalty.lasso <= 0.0 {
            return None;
        }
        if self.curvature[j].is_nan() {
            let v = self
                .v
                .as_deref()
                .expect("the curvature for unit weights is known");
            self.curvature[j] = weighted_square(simd, design.n, v, design.column(j));
        }
        let curvature = self.curvature[j];
        let u = gradient + curvature * old;
        let t = u.abs() - factor * penalty.lasso;
        let new = if t > 0.0 {
            design.clamp(j, t.copysign(u) / (curvature + factor * penalty.ridge))
        } else {
            0.0
        };
        let step = new - old;
        if step == 0.0 {
            return None;
        }
        self.b[j] = new;
        self.explained += step * (2.0 * gradient - step * curvature);
        self.waiting = Some(Update {
            coordinate: j,
            step,
        });
        Some(curvature * step * step)
    }

    /// Minimizes over the intercept, whose curvature is `v_sum`; returns `v_sum d²`.
    #[inline(always)]
    pub(super) fn minimize_intercept<S: Simd>(&mut self, simd: S, v_sum: f64) -> f64 {
        let coordinate = self.design.p;
        let [sum] = products(
            simd,
            self.design,
            &self.v,
            &mut self.r,
            &mut self.waiting,
            [coordinate],
        );
        let step = sum / v_sum;
        if step == 0.0 {
            return 0.0;
        }
        self.b[coordinate] += step;
        self.waiting = Some(Update { coordinate, step });
        v_sum * step * step
    }

    /// Nonzero coefficients by ascending column.
    pub(super) fn nonzero(&self) -> Vec<(usize, f64)> {
        let mut nonzero: Vec<(usize, f64)> = self
            .active
            .iter()
            .map(|&j| (j, self.b[j]))
            .filter(|&(_, b)| b != 0.0)
            .collect();
        nonzero.sort_unstable_by_key(|&(j, _)| j);
        nonzero
    }
}

/// Columns that take part and are not in the strong set.
#[inline(always)]
fn outside(design: &Design, is_strong: &[bool]) -> impl Iterator<Item = usize> {
    let outside = |&j: &usize| !is_strong[j];
    design.included.iter().copied().filter(outside)
}

/// The next columns and how many they are; places left are filled with the first column.
#[inline(always)]
fn next_batch(columns: &mut impl Iterator<Item = usize>) -> ([usize; BATCH], usize) {
    let (mut batch, mut filled) = ([0; BATCH], 0);
    for (place, j) in batch.iter_mut().zip(columns.by_ref()) {
        *place = j;
        filled += 1;
    }
    (batch, filled)
}

/// The larger of two changes, or the second if it is no number: coefficients that leave the range of `f64` do not settle.
#[inline(always)]
pub(super) fn larger(largest: f64, change: f64) -> f64 {
    if change < largest { largest } else { change }
}

/// How many columns to take together: zero coefficients and the first nonzero one behind them, which will move.
#[inline(always)]
fn run_length(columns: &[usize], b: &[f64]) -> usize {
    let limit = columns.len().min(BATCH);
    columns[..limit]
        .iter()
        .position(|&j| b[j] != 0.0)
        .map_or(limit, |zeros| zeros + 1)
}

/// `x_j' r` of the columns of `batch`, after the update that waits.
#[inline(always)]
fn products<S: Simd, const K: usize>(
    simd: S,
    design: &Design,
    v: &Option<Rows>,
    r: &mut Rows,
    waiting: &mut Option<Update>,
    batch: [usize; K],
) -> [f64; K] {
    let columns = design.columns(&batch);
    match waiting.take() {
        None => dots(simd, design.n, columns, r),
        Some(Update { coordinate, step }) => {
            let x = design.column(coordinate);
            update_dots(simd, design.n, step, v.as_deref(), x, r, columns)
        }
    }
}

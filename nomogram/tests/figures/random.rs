//! Models nobody thought of: random names, levels, ranges, effects, curves, groups, patients and widths.

use nomogram::render::{NomogramFigure, Show, nomogram_svg};
use nomogram::{Nomogram, NomogramSettings, Patient, RiskGroups};

use crate::check_svg;
use crate::tables::{Written, uniform};

const WORDS: [&str; 14] = [
    "age",
    "tumor size",
    "HER2",
    "margin/shape",
    "serum-CA125",
    "腫瘤",
    "naïve",
    "<0.5",
    "&",
    "\"x\"",
    "Östrogenrezeptor",
    "lymphovascular_invasion",
    "W",
    "iiiiii",
];

struct Source<F: FnMut() -> f64> {
    next: F,
}

impl<F: FnMut() -> f64> Source<F> {
    /// A whole number below `n`.
    fn below(&mut self, n: usize) -> usize {
        ((self.next)() * n as f64) as usize
    }

    fn name(&mut self, number: usize) -> String {
        let words = 1 + self.below(6);
        let picked: Vec<&str> = (0..words).map(|_| WORDS[self.below(WORDS.len())]).collect();
        format!("{} {number}", picked.join(" "))
    }

    fn effect(&mut self) -> f64 {
        let size = 10f64.powi(self.below(7) as i32 - 5);
        ((self.next)() - 0.5) * size
    }

    /// A model, and a patient who may lie far outside of it.
    fn model(&mut self) -> (Written, Patient) {
        let mut written = Written::new();
        let mut patient = Patient::new();
        for k in 0..1 + self.below(15) {
            let name = self.name(k);
            let scale = 10f64.powi(self.below(17) as i32 - 8);
            let low = ((self.next)() - 0.5) * scale;
            let high = low + (0.1 + (self.next)()) * scale;
            let slope = 2.0 * self.effect() / scale;
            let value = low + (3.0 * (self.next)() - 1.0) * (high - low);
            match self.below(3) {
                0 => {
                    let names: Vec<String> =
                        (0..2 + self.below(11)).map(|l| self.name(l)).collect();
                    let levels: Vec<(&str, f64)> =
                        names.iter().map(|n| (n.as_str(), self.effect())).collect();
                    written = written.levels(&name, &levels);
                    patient = patient.with(name, names[self.below(names.len())].as_str());
                }
                1 => {
                    let at = |share: f64| low + share * (high - low);
                    let knots = [at(0.1), at(0.4), at(0.6), at(0.9)];
                    let bend = self.effect() / scale * 10.0;
                    written =
                        written.spline(&name, (low, high), &knots, [slope, -bend, 2.0 * bend]);
                    patient = patient.with(name, value);
                }
                _ => {
                    written = written.number(&name, (low, high), slope);
                    patient = patient.with(name, value);
                }
            }
        }
        (written, patient)
    }

    fn figure(&mut self, n: &Nomogram, patient: &Patient) -> NomogramFigure {
        let mut figure =
            NomogramFigure::new().linear_predictor([Show::Yes, Show::No][self.below(2)]);
        if self.below(3) > 0 {
            figure = figure.patient(n.patient(patient, 0.95).expect("a patient"));
        }
        let mut cutoffs: Vec<f64> = (0..self.below(6))
            .map(|_| (self.next)().clamp(1e-6, 0.999))
            .collect();
        cutoffs.sort_by(f64::total_cmp);
        cutoffs.dedup();
        if !cutoffs.is_empty() {
            figure = figure.risk_groups(RiskGroups::new(&cutoffs).expect("groups"));
        }
        if self.below(2) == 0 {
            figure = figure.cutoff((self.next)().clamp(1e-6, 0.999));
        }
        figure
    }
}

#[test]
fn nothing_collides_on_random_models() {
    let mut drawn = 0;
    for seed in 0..200 {
        let mut source = Source {
            next: uniform(1000 + seed),
        };
        let (written, patient) = source.model();
        let lp = -4.0 + 4.0 * (source.next)();
        let model = written.model(lp, lp + 0.01 + 6.0 * (source.next)());
        let settings = NomogramSettings::new().risk_label(source.name(0));
        // All effects may be zero only by a rare chance.
        let Ok(n) = Nomogram::new(&model, &settings) else {
            continue;
        };
        let figure = source.figure(&n, &patient);
        let width = 85 + source.below(90);
        let svg = nomogram_svg(&n, &figure.width_mm(width as f64)).expect("a figure");
        check_svg(&format!("random_{seed}"), &format!("{width}mm"), &svg);
        drawn += 1;
    }
    assert!(drawn > 190);
}

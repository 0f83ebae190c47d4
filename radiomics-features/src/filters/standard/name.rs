//! Names of filtered images, see [`StandardFilter`]: every setting of the filter, in a fixed order, without underscores. Numbers
//! have no exponent. Every name has one spelling: others are refused.

use std::fmt;
use std::str::{FromStr, Split};

use super::{
    FilterDimensions, Gabor, Laws, Mean, NonSeparableWavelet, Riesz, RieszFilter, SeparableWavelet,
    StandardFilter, TruncatedLaplacian, invalid,
};
use crate::error::{Error, Result};

/// A number in a name.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_string().replace('.', "-"))
    }
}

impl fmt::Display for StandardFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean(m) => write!(f, "mean-{}-{}-{}", m.size, m.dimensions, m.boundary),
            Self::LaplacianOfGaussian(log) => write_laplacian(f, log),
            Self::Laws(laws) => {
                write!(f, "laws-{}-{}", laws.kernels, laws.kernels.dimensions())?;
                if let Some(delta) = laws.energy {
                    write!(f, "-energy-{delta}")?;
                }
                if let Some(pooling) = laws.pooling {
                    write!(f, "-invariant-{pooling}")?;
                }
                write!(f, "-{}", laws.boundary)
            }
            Self::Gabor(g) => {
                let [sigma, wavelength] = [g.sigma, g.wavelength].map(Number);
                let [gamma, theta] = [g.gamma, g.theta].map(Number);
                write!(
                    f,
                    "gabor-sigma-{sigma}-wavelength-{wavelength}-gamma-{gamma}-theta-{theta}"
                )?;
                if let Some(step) = g.theta_step {
                    write!(f, "-step-{}", Number(step))?;
                }
                write!(f, "-{}-{}-{}", g.pooling, g.dimensions, g.boundary)
            }
            Self::SeparableWavelet(w) => {
                let mother = w.wavelet.to_string().replace('.', "-");
                write!(f, "separable-wavelet-{mother}-level-{}", w.level)?;
                write!(f, "-{}-{}", w.band, w.dimensions())?;
                if let Some(pooling) = w.pooling {
                    write!(f, "-invariant-{pooling}")?;
                }
                write!(f, "-{}", w.boundary)
            }
            Self::NonSeparableWavelet(wavelet) => write_wavelet(f, wavelet),
            Self::Riesz(riesz) => {
                let [l1, l2, l3] = riesz.order;
                write!(f, "riesz-{l1}-{l2}-{l3}-")?;
                match &riesz.filter {
                    RieszFilter::LaplacianOfGaussian(log) => write_laplacian(f, log),
                    RieszFilter::NonSeparableWavelet(wavelet) => write_wavelet(f, wavelet),
                }
            }
        }
    }
}

fn write_laplacian(f: &mut fmt::Formatter<'_>, log: &TruncatedLaplacian) -> fmt::Result {
    let [sigma, cutoff] = [log.sigma, log.cutoff].map(Number);
    let (dimensions, boundary) = (log.dimensions, log.boundary);
    write!(
        f,
        "laplacian-sigma-{sigma}-cutoff-{cutoff}-{dimensions}-{boundary}"
    )
}

fn write_wavelet(f: &mut fmt::Formatter<'_>, wavelet: &NonSeparableWavelet) -> fmt::Result {
    let (family, level) = (wavelet.family, wavelet.level);
    let (dimensions, boundary) = (wavelet.dimensions, wavelet.boundary);
    write!(
        f,
        "non-separable-wavelet-{family}-level-{level}-{dimensions}-{boundary}"
    )
}

impl fmt::Display for FilterDimensions {
    /// `2D` or `3D`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}D", self.n_axes())
    }
}

impl FromStr for FilterDimensions {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "2D" => Ok(Self::Two),
            "3D" => Ok(Self::Three),
            _ => Err(invalid("dimensions", "2D or 3D", name)),
        }
    }
}

impl FromStr for StandardFilter {
    type Err = Error;

    /// From its name.
    fn from_str(name: &str) -> Result<Self> {
        let mut words = Words(name.split('-').peekable());
        let filter = words.filter()?;
        filter.check()?;
        // One name, one spelling: no leading zeros, nothing behind the end, no other number of axes.
        if filter.to_string() == name {
            Ok(filter)
        } else {
            Err(unknown(name))
        }
    }
}

fn unknown(name: &str) -> Error {
    invalid(
        "filter",
        "the name of a filtered image, as mean-15-3D-mirror",
        name,
    )
}

/// What is left of a name.
struct Words<'a>(std::iter::Peekable<Split<'a, char>>);

impl<'a> Words<'a> {
    fn filter(&mut self) -> Result<StandardFilter> {
        Ok(match self.word() {
            "mean" => StandardFilter::Mean(Mean {
                size: self.parsed()?,
                dimensions: self.parsed()?,
                boundary: self.parsed()?,
            }),
            "laplacian" => StandardFilter::LaplacianOfGaussian(self.laplacian()?),
            "laws" => {
                let kernels = self.parsed()?;
                let _: FilterDimensions = self.parsed()?;
                StandardFilter::Laws(Laws {
                    kernels,
                    energy: self.has("energy").then(|| self.parsed()).transpose()?,
                    pooling: self.has("invariant").then(|| self.parsed()).transpose()?,
                    boundary: self.parsed()?,
                })
            }
            "gabor" => StandardFilter::Gabor(self.gabor()?),
            "separable" => StandardFilter::SeparableWavelet(self.separable_wavelet()?),
            "non" => StandardFilter::NonSeparableWavelet(self.non_separable_wavelet()?),
            "riesz" => StandardFilter::Riesz(self.riesz()?),
            other => return Err(unknown(other)),
        })
    }

    fn laplacian(&mut self) -> Result<TruncatedLaplacian> {
        self.expect("sigma")?;
        Ok(TruncatedLaplacian {
            sigma: self.number()?,
            cutoff: self.expect("cutoff").and_then(|()| self.number())?,
            dimensions: self.parsed()?,
            boundary: self.parsed()?,
        })
    }

    fn gabor(&mut self) -> Result<Gabor> {
        self.expect("sigma")?;
        Ok(Gabor {
            sigma: self.number()?,
            wavelength: self.expect("wavelength").and_then(|()| self.number())?,
            gamma: self.expect("gamma").and_then(|()| self.number())?,
            theta: self.expect("theta").and_then(|()| self.number())?,
            theta_step: self.has("step").then(|| self.number()).transpose()?,
            pooling: self.parsed()?,
            dimensions: self.parsed()?,
            boundary: self.parsed()?,
        })
    }

    fn separable_wavelet(&mut self) -> Result<SeparableWavelet> {
        self.expect("wavelet")?;
        let wavelet = self.until_word("level").parse()?;
        self.expect("level")?;
        let level = self.parsed()?;
        let band = self.parsed()?;
        let _: FilterDimensions = self.parsed()?;
        Ok(SeparableWavelet {
            wavelet,
            level,
            band,
            pooling: self.has("invariant").then(|| self.parsed()).transpose()?,
            boundary: self.parsed()?,
        })
    }

    fn non_separable_wavelet(&mut self) -> Result<NonSeparableWavelet> {
        self.expect("separable")?;
        self.expect("wavelet")?;
        Ok(NonSeparableWavelet {
            family: self.parsed()?,
            level: self.expect("level").and_then(|()| self.parsed())?,
            dimensions: self.parsed()?,
            boundary: self.parsed()?,
        })
    }

    fn riesz(&mut self) -> Result<Riesz> {
        let order = [self.parsed()?, self.parsed()?, self.parsed()?];
        let filter = match self.word() {
            "laplacian" => RieszFilter::LaplacianOfGaussian(self.laplacian()?),
            "non" => RieszFilter::NonSeparableWavelet(self.non_separable_wavelet()?),
            other => return Err(unknown(other)),
        };
        Ok(Riesz { order, filter })
    }

    /// The next word, empty behind the last.
    fn word(&mut self) -> &'a str {
        self.0.next().unwrap_or_default()
    }

    /// Takes the next word if it is this.
    fn has(&mut self, word: &str) -> bool {
        self.0.next_if_eq(&word).is_some()
    }

    fn expect(&mut self, word: &str) -> Result<()> {
        match self.word() {
            found if found == word => Ok(()),
            found => Err(unknown(found)),
        }
    }

    fn parsed<T: FromStr>(&mut self) -> Result<T> {
        let word = self.word();
        word.parse().map_err(|_| unknown(word))
    }

    /// A number: one group of digits, or two for a fraction.
    fn number(&mut self) -> Result<f64> {
        let digits = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
        let whole = self.0.next_if(digits).unwrap_or_default();
        let number = match self.0.next_if(digits) {
            Some(fraction) => format!("{whole}.{fraction}"),
            None => whole.to_string(),
        };
        number.parse().map_err(|_| unknown(&number))
    }

    /// Words up to this one, which stays; dashes between them are points.
    fn until_word(&mut self, end: &str) -> String {
        let mut words = Vec::new();
        while let Some(word) = self.0.next_if(|word| *word != end) {
            words.push(word);
        }
        words.join(".")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_parsing_and_printing() {
        for name in [
            "mean-15-3D-mirror",
            "mean-1-2D-zero",
            "laplacian-sigma-1-5-cutoff-4-3D-mirror",
            "laplacian-sigma-0-1-cutoff-3-3333333333333335-2D-nearest",
            "laws-L5E5E5-3D-energy-7-invariant-max-mirror",
            "laws-L5S5-2D-invariant-mean-periodic",
            "laws-E3W5R5-3D-zero",
            "gabor-sigma-5-wavelength-2-gamma-1-5-theta-0-step-22-5-mean-3D-mirror",
            "gabor-sigma-10-wavelength-4-gamma-0-5-theta-60-max-2D-zero",
            "separable-wavelet-db3-level-1-LLH-3D-invariant-mean-mirror",
            "separable-wavelet-bior1-3-level-12-HL-2D-zero",
            "non-separable-wavelet-simoncelli-level-1-3D-periodic",
            "non-separable-wavelet-shannon-level-3-2D-mirror",
            "riesz-0-2-0-non-separable-wavelet-simoncelli-level-1-3D-periodic",
            "riesz-1-0-0-laplacian-sigma-3-cutoff-4-2D-zero",
        ] {
            let filter: StandardFilter = name.parse().unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(filter.to_string(), name);
            assert_eq!(
                filter.to_string().parse::<StandardFilter>().unwrap(),
                filter
            );
        }
    }

    #[test]
    fn numbers_of_any_size_are_kept_to_the_last_bit() {
        for sigma in [
            1.0 / 3.0,
            1e-7,
            123_456.789,
            1e20,
            f64::MIN_POSITIVE,
            0.1 + 0.2,
        ] {
            let log = TruncatedLaplacian {
                sigma,
                cutoff: 4.0,
                boundary: Default::default(),
                dimensions: Default::default(),
            };
            let filter = StandardFilter::LaplacianOfGaussian(log);
            assert_eq!(
                filter.to_string().parse::<StandardFilter>().unwrap(),
                filter
            );
        }
    }

    #[test]
    fn other_spellings_and_settings_out_of_range_are_refused() {
        for name in [
            "",
            "mean",
            "mean-15-3D",
            "mean-15-3D-mirror-",
            "mean-15-3D-mirror-zero",
            "mean-015-3D-mirror",
            "mean-14-3D-mirror",
            "mean-15-4D-mirror",
            "mean-15-3D-reflect",
            "laplacian-sigma-3-0-cutoff-4-3D-mirror",
            "laplacian-sigma-0-cutoff-4-3D-mirror",
            "laplacian-sigma-+3-cutoff-4-3D-mirror",
            "laplacian-sigma--cutoff-4-3D-mirror",
            "laplacian-sigma-1e3-cutoff-4-3D-mirror",
            "laws-L5E5-3D-mirror",
            "laws-L5E5E5-3D-invariant-max-energy-7-mirror",
            "gabor-sigma-5-wavelength-2-gamma-1-theta-0-step-7-mean-3D-mirror",
            "separable-wavelet-db99-level-1-LLH-3D-mirror",
            "separable-wavelet-db3-level-0-LLH-3D-mirror",
            "separable-wavelet-db3-level-1-L-2D-mirror",
            "non-separable-wavelet-held-level-1-3D-periodic",
            "riesz-0-0-0-laplacian-sigma-3-cutoff-4-3D-zero",
            "riesz-0-0-1-laplacian-sigma-3-cutoff-4-2D-zero",
            "riesz-1-0-0-mean-3-3D-mirror",
        ] {
            assert!(name.parse::<StandardFilter>().is_err(), "{name}");
        }
    }
}

//! Comparing what was found with what was expected.
//!
//! A number passes when |found − expected| ≤ atol + rtol·|expected|. It is asked the other way
//! round, `!(…)`, so that NaN anywhere fails; an expected number that is not finite fails too, as
//! its share would allow any error.
use std::fmt;

/// How far a number may lie from the expected one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Whatever the expected number's size.
    pub atol: f64,
    /// As a share of the expected number's size.
    pub rtol: f64,
}

impl Tolerance {
    /// Both parts `times` as large.
    pub const fn times(self, times: f64) -> Self {
        Self {
            atol: self.atol * times,
            rtol: self.rtol * times,
        }
    }
}

/// Half the distance between 1 and the next f32: the relative error of one rounding.
pub const ROUNDING: f64 = 1.0 / 16_777_216.0;

/// Copies, zeros, masks: no arithmetic, so no error.
pub const EXACT: Tolerance = Tolerance {
    atol: 0.0,
    rtol: 0.0,
};

/// A few roundings of one element. `atol` is for differences of numbers around 1.
pub const ELEMENTWISE: Tolerance = Tolerance {
    atol: 4.0 * ROUNDING,
    rtol: 8.0 * ROUNDING,
};

/// A sum of `terms` products of numbers within ±1. Each of the roundings is relative to the partial
/// sum, about √terms, and they add up like a random walk: √terms · √terms · [`ROUNDING`].
pub fn sum_of(terms: usize) -> Tolerance {
    Tolerance {
        atol: (2.0 + terms as f64) * ROUNDING,
        rtol: 4.0 * ROUNDING,
    }
}

/// What broke the tolerance.
#[derive(Debug, Clone, PartialEq)]
pub enum Mismatch {
    /// Different lengths, or nothing to compare.
    Length {
        /// The buffer.
        name: String,
        /// Its length.
        found: usize,
        /// The length it should have.
        expected: usize,
    },
    /// The worst element.
    Value {
        /// The buffer.
        name: String,
        /// Which element.
        index: usize,
        /// Its value.
        found: f64,
        /// The value it should have.
        expected: f64,
        /// How many elements of how many are out of tolerance.
        wrong: usize,
        /// How many there are.
        len: usize,
        /// The tolerance.
        tolerance: Tolerance,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length {
                name,
                found,
                expected,
            } => write!(
                f,
                "{name}: length {found}, expected {expected} (more than 0)"
            ),
            Self::Value {
                name,
                index,
                found,
                expected,
                wrong,
                len,
                tolerance: Tolerance { atol, rtol },
            } => write!(
                f,
                "{name}[{index}]: {found:e}, expected {expected:e}, off by {:e} (atol {atol:e}, \
                 rtol {rtol:e}); {wrong} of {len} are out of tolerance, this one most",
                (found - expected).abs()
            ),
        }
    }
}

/// The largest share of the tolerance that any element uses, from 0 to 1, and its error.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Margin {
    /// |found − expected| / (atol + rtol·|expected|)
    pub share: f64,
    /// |found − expected|
    pub error: f64,
}

impl Margin {
    /// Before any comparison.
    pub const NONE: Self = Self {
        share: 0.0,
        error: 0.0,
    };

    /// The larger of each.
    pub fn or(self, other: Self) -> Self {
        Self {
            share: self.share.max(other.share),
            error: self.error.max(other.error),
        }
    }
}

impl fmt::Display for Margin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.share * 100.0;
        write!(f, "{:.1e}, {percent:.0} % of the tolerance", self.error)
    }
}

/// Compares element by element.
///
/// # Errors
/// What is wrong: the worst element, or the length. Empty buffers are an error, as nothing would
/// be compared.
pub fn compare(
    name: &str,
    found: &[f32],
    expected: &[f64],
    tolerance: Tolerance,
) -> Result<Margin, Mismatch> {
    if found.len() != expected.len() || found.is_empty() {
        return Err(Mismatch::Length {
            name: name.into(),
            found: found.len(),
            expected: expected.len(),
        });
    }
    let Tolerance { atol, rtol } = tolerance;
    let (mut wrong, mut worst, mut worst_share) = (0, 0, -1.0);
    let mut margin = Margin::NONE;
    for (i, (&a, &b)) in found.iter().zip(expected).enumerate() {
        let (error, allowed) = ((f64::from(a) - b).abs(), atol + rtol * b.abs());
        // A negated `<=`, not a `>`: a comparison with NaN is false. Infinity would allow any error.
        #[allow(clippy::neg_cmp_op_on_partial_ord)]
        let fails = !(error <= allowed && allowed.is_finite());
        wrong += usize::from(fails);
        let share = if error.is_nan() || !allowed.is_finite() {
            f64::INFINITY
        } else if error == 0.0 {
            0.0
        } else {
            error / allowed
        };
        if share > worst_share {
            (worst, worst_share) = (i, share);
        }
        margin = margin.or(Margin { share, error });
    }
    if wrong == 0 {
        return Ok(margin);
    }
    Err(Mismatch::Value {
        name: name.into(),
        index: worst,
        found: f64::from(found[worst]),
        expected: expected[worst],
        wrong,
        len: found.len(),
        tolerance,
    })
}

/// As [`compare`].
///
/// # Panics
/// On a mismatch.
#[track_caller]
pub fn check(name: &str, found: &[f32], expected: &[f64], tolerance: Tolerance) -> Margin {
    compare(name, found, expected, tolerance).unwrap_or_else(|mismatch| panic!("{mismatch}"))
}

/// Whether two buffers have the same bits, NaN and the sign of zero included.
///
/// # Errors
/// The first element that differs.
pub fn same_bits(name: &str, found: &[f32], expected: &[f32]) -> Result<(), String> {
    if found.len() != expected.len() {
        return Err(format!(
            "{name}: length {}, not {}",
            found.len(),
            expected.len()
        ));
    }
    let pairs = found.iter().zip(expected).enumerate();
    for (i, (a, b)) in pairs {
        if a.to_bits() != b.to_bits() {
            return Err(format!(
                "{name}[{i}]: the bits of {a:e} are not those of {b:e}"
            ));
        }
    }
    Ok(())
}

/// As [`same_bits`].
///
/// # Panics
/// At the first element that differs.
#[track_caller]
pub fn check_bits(name: &str, found: &[f32], expected: &[f32]) {
    same_bits(name, found, expected).unwrap_or_else(|difference| panic!("{difference}"));
}

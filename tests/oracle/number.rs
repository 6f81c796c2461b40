//! The numbers the oracle computes with: f64, or [`Traced`], an f64 that remembers how it came
//! about, so that the gradient of any result by any input follows from the forward formulas alone.
use std::{
    cell::RefCell,
    ops::{Add, Div, Mul, Sub},
};

/// What the formulas need of a number.
pub trait Number:
    Copy + From<f64> + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// As a plain number.
    fn value(self) -> f64;
    /// tanh x
    fn tanh(self) -> Self;
    /// eˣ
    fn exp(self) -> Self;
    /// ln x
    fn ln(self) -> Self;
    /// max(0, x), with slope 0 at 0.
    fn relu(self) -> Self;
    /// Σ a·b. The iterator must not compute with numbers itself.
    fn dot(pairs: impl Iterator<Item = (Self, Self)>) -> Self;
    /// 1 / (1 + e⁻ˣ)
    fn sigmoid(self) -> Self {
        let one = Self::from(1.0);
        one / (one + (Self::from(0.0) - self).exp())
    }
}

impl Number for f64 {
    fn value(self) -> f64 {
        self
    }
    fn tanh(self) -> f64 {
        f64::tanh(self)
    }
    fn exp(self) -> f64 {
        f64::exp(self)
    }
    fn ln(self) -> f64 {
        f64::ln(self)
    }
    fn relu(self) -> f64 {
        if self > 0.0 { self } else { 0.0 }
    }
    fn dot(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
        pairs.map(|(a, b)| a * b).sum()
    }
}

/// A number on this thread's tape.
#[derive(Debug, Clone, Copy)]
pub struct Traced {
    value: f64,
    /// Its place on the tape, or [`CONSTANT`].
    node: u32,
}

const CONSTANT: u32 = u32::MAX;

/// Every number computed so far: node n's operands and the slopes by them are
/// `operands[ends[n − 1]..ends[n]]`.
#[derive(Default)]
struct Tape {
    ends: Vec<usize>,
    operands: Vec<(u32, f64)>,
}

thread_local! {
    static TAPE: RefCell<Tape> = RefCell::default();
}

impl Tape {
    fn push(&mut self, operand: Traced, slope: f64) {
        if operand.node != CONSTANT && slope != 0.0 {
            self.operands.push((operand.node, slope));
        }
    }

    fn finish(&mut self, value: f64) -> Traced {
        let before = self.ends.last().copied().unwrap_or(0);
        if self.operands.len() == before {
            return Traced::from(value);
        }
        self.node(value)
    }

    fn node(&mut self, value: f64) -> Traced {
        self.ends.push(self.operands.len());
        let node = u32::try_from(self.ends.len() - 1).expect("the tape is too long");
        Traced { value, node }
    }
}

/// A number with the slopes by its operands.
fn record<const K: usize>(value: f64, operands: [(Traced, f64); K]) -> Traced {
    TAPE.with_borrow_mut(|tape| {
        for (operand, slope) in operands {
            tape.push(operand, slope);
        }
        tape.finish(value)
    })
}

/// Forgets all that this thread has computed; numbers from before are void.
pub fn start_tape() {
    TAPE.with_borrow_mut(|tape| *tape = Tape::default());
}

impl Traced {
    /// Inputs whose gradients are wanted.
    pub fn inputs(values: &[f64]) -> Vec<Traced> {
        TAPE.with_borrow_mut(|tape| values.iter().map(|&v| tape.node(v)).collect())
    }

    /// The derivatives of this number by everything before it.
    pub fn gradients(self) -> Gradients {
        TAPE.with_borrow(|tape| {
            let mut by = vec![0.0; tape.ends.len()];
            if self.node != CONSTANT {
                by[self.node as usize] = 1.0;
            }
            for node in (0..by.len()).rev() {
                let start = if node == 0 { 0 } else { tape.ends[node - 1] };
                for &(operand, slope) in &tape.operands[start..tape.ends[node]] {
                    by[operand as usize] += by[node] * slope;
                }
            }
            Gradients(by)
        })
    }
}

/// Derivatives of one number by all others.
pub struct Gradients(Vec<f64>);

impl Gradients {
    /// By each of `numbers`.
    pub fn by(&self, numbers: &[Traced]) -> Vec<f64> {
        let slope = |n: &Traced| self.0.get(n.node as usize).copied().unwrap_or(0.0);
        numbers.iter().map(slope).collect()
    }
}

impl From<f64> for Traced {
    fn from(value: f64) -> Self {
        Traced {
            value,
            node: CONSTANT,
        }
    }
}

impl Add for Traced {
    type Output = Traced;
    fn add(self, b: Traced) -> Traced {
        record(self.value + b.value, [(self, 1.0), (b, 1.0)])
    }
}

impl Sub for Traced {
    type Output = Traced;
    fn sub(self, b: Traced) -> Traced {
        record(self.value - b.value, [(self, 1.0), (b, -1.0)])
    }
}

impl Mul for Traced {
    type Output = Traced;
    fn mul(self, b: Traced) -> Traced {
        record(self.value * b.value, [(self, b.value), (b, self.value)])
    }
}

impl Div for Traced {
    type Output = Traced;
    fn div(self, b: Traced) -> Traced {
        let quotient = self.value / b.value;
        record(quotient, [(self, 1.0 / b.value), (b, -quotient / b.value)])
    }
}

impl Number for Traced {
    fn value(self) -> f64 {
        self.value
    }
    fn tanh(self) -> Traced {
        let y = self.value.tanh();
        record(y, [(self, 1.0 - y * y)])
    }
    fn exp(self) -> Traced {
        let y = self.value.exp();
        record(y, [(self, y)])
    }
    fn ln(self) -> Traced {
        record(self.value.ln(), [(self, 1.0 / self.value)])
    }
    fn relu(self) -> Traced {
        let slope = if self.value > 0.0 { 1.0 } else { 0.0 };
        record(self.value * slope, [(self, slope)])
    }
    fn dot(pairs: impl Iterator<Item = (Traced, Traced)>) -> Traced {
        TAPE.with_borrow_mut(|tape| {
            let mut sum = 0.0;
            for (a, b) in pairs {
                sum += a.value * b.value;
                tape.push(a, b.value);
                tape.push(b, a.value);
            }
            tape.finish(sum)
        })
    }
}

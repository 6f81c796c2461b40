//! Signs of trouble: whether the losses and gradient norms of late bode ill.
//!
//! Means over two windows: what is now, and the lowest that there has been. A run that goes well only
//! sinks, apart from noise; the bounds are what healthy runs of the presets never reached, over seeds
//! (`tests/trouble.rs`).
use std::collections::VecDeque;

use serde::Serialize;

/// Steps of the window whose mean is judged.
const WINDOW: usize = 40;
/// Steps that show an outbreak: at a hundred times the presets' rate training diverges after 8 to 15.
const FEW: usize = 4;
/// A mean loss over few steps this many times that of blind guessing is an outbreak.
const OUTBREAK: f64 = 1.5;
/// A mean loss this much above the lowest one, in nats, is a rise.
const RISE: f64 = 0.45;
/// A mean norm this many times the lowest one is an explosion.
const EXPLOSION: f64 = 30.0;
/// A mean loss this many times that of blind guessing is worse than it.
const WORSE: f64 = 1.1;
/// The same trouble is told again after so many steps at the earliest.
const SILENCE: u64 = 400;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TroubleKind {
    /// The loss is well above what it had come down to.
    Rising,
    /// The loss is above that of guessing every character alike.
    WorseThanGuessing,
    /// The gradient's norm is far above what it was.
    Exploding,
}

/// That training does not go well.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Trouble {
    /// What is wrong.
    pub kind: TroubleKind,
    /// The step it was noticed at.
    pub step: u64,
    /// Mean over the last steps: a loss in nats a character, or a norm.
    pub now: f64,
    /// What it had come down to, or what blind guessing reaches.
    pub before: f64,
}

/// Reads every step.
#[derive(Debug, Clone)]
pub struct TroubleWatch {
    uniform: f64,
    outbreak: Window<FEW>,
    losses: Window<WINDOW>,
    norms: Window<WINDOW>,
    silent_until: u64,
}

impl TroubleWatch {
    /// A watch over the training of a network with so many tokens.
    pub fn new(vocabulary: usize) -> Self {
        Self {
            uniform: libm::log(vocabulary.max(2) as f64),
            outbreak: Window::default(),
            losses: Window::default(),
            norms: Window::default(),
            silent_until: 0,
        }
    }

    /// Forgets what was: a changed learning rate is judged by what it does.
    pub fn begin_anew(&mut self) {
        self.outbreak = Window::default();
        self.losses = Window::default();
        self.norms = Window::default();
    }

    /// Takes in a step, whose numbers are finite; says what is wrong, and then is silent for a while.
    pub fn note(&mut self, step: u64, loss: f32, norm: f32) -> Option<Trouble> {
        let outbreak = self.outbreak.push(f64::from(loss));
        let losses = self.losses.push(f64::from(loss));
        let norms = self.norms.push(f64::from(norm));
        if step < self.silent_until {
            return None;
        }
        let worse = |means: Option<Means>, times: f64| {
            let mean = means?.mean;
            let found = (TroubleKind::WorseThanGuessing, mean, self.uniform);
            (mean > times * self.uniform).then_some(found)
        };
        let above = |kind, means: Option<Means>, bound: fn(f64) -> f64| {
            let Means { mean, lowest } = means?;
            (mean > bound(lowest)).then_some((kind, mean, lowest))
        };
        let (kind, now, before) = worse(outbreak, OUTBREAK)
            .or_else(|| worse(losses, WORSE))
            .or_else(|| above(TroubleKind::Rising, losses, |lowest| lowest + RISE))
            .or_else(|| above(TroubleKind::Exploding, norms, |lowest| lowest * EXPLOSION))?;
        self.silent_until = step + SILENCE;
        Some(Trouble {
            kind,
            step,
            now,
            before,
        })
    }
}

/// The last values, and the lowest mean that they ever had.
#[derive(Debug, Clone, Default)]
struct Window<const LENGTH: usize> {
    values: VecDeque<f64>,
    lowest: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Means {
    mean: f64,
    lowest: f64,
}

impl<const LENGTH: usize> Window<LENGTH> {
    /// None while the window is not full.
    fn push(&mut self, value: f64) -> Option<Means> {
        if self.values.len() == LENGTH {
            self.values.pop_front();
        }
        self.values.push_back(value);
        if self.values.len() < LENGTH {
            return None;
        }
        let mean = self.values.iter().sum::<f64>() / LENGTH as f64;
        let lowest = self.lowest.map_or(mean, |lowest| lowest.min(mean));
        self.lowest = Some(lowest);
        Some(Means { mean, lowest })
    }
}

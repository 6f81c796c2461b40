//! The three kinds of plan, each with the ids that its user needs, and what shapes one besides the model.
use super::{BufferId, Plan};
use crate::network::Layout;

/// The optimiser's form, as far as buffers and kernels depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptimizerKind {
    /// Stochastic gradient descent.
    Sgd {
        /// Whether there is a momentum buffer.
        momentum: bool,
    },
    /// RMSprop.
    Rmsprop {
        /// Whether there is a momentum buffer.
        momentum: bool,
    },
    /// Adam.
    Adam,
    /// Adam with decoupled weight decay.
    Adamw,
    /// Adagrad.
    Adagrad,
}

impl OptimizerKind {
    /// The names of its buffers.
    pub fn moments(self) -> &'static [&'static str] {
        match self {
            Self::Sgd { momentum: false } => &[],
            Self::Sgd { momentum: true } => &["momentum"],
            Self::Rmsprop { momentum: false } | Self::Adagrad => &["squares"],
            Self::Rmsprop { momentum: true } => &["squares", "momentum"],
            Self::Adam | Self::Adamw => &["means", "squares"],
        }
    }
}

/// What shapes a training plan besides the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanOptions {
    /// B.
    pub batch: usize,
    /// T.
    pub steps: usize,
    /// Whether the state goes on from batch to batch (consecutive sampling).
    pub carry: bool,
    /// The optimiser.
    pub optimizer: OptimizerKind,
    /// Slots of the metrics ring.
    pub slots: usize,
}

/// Rows that a batch picks out of a table: a token's vector, a sequence's last step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PickFeed {
    /// (rows) u32: which row of the table each one is.
    pub rows: BufferId,
    /// (rows) u32, see `embedding_backward`.
    pub positions: BufferId,
    /// (rows of the table + 1) u32, see `embedding_backward`.
    pub starts: BufferId,
}

/// The buffers of what comes with each batch, as far as the network reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feeds {
    /// (N) tokens.
    pub tokens: Option<PickFeed>,
    /// (N, I) numbers.
    pub values: Option<BufferId>,
    /// (B) the row of each sequence's last step, t·B + b.
    pub ends: Option<PickFeed>,
    /// (N) the row that stands where each one is in its sequence read backwards, padding where it is.
    pub reversed: Option<PickFeed>,
    /// (rows of the output) u32 classes, or (rows, width) numbers.
    pub targets: BufferId,
    /// [`Controls`](crate::kernels::Controls).
    pub controls: BufferId,
}

/// A plan that trains and evaluates.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkPlan {
    /// Buffers and programs.
    pub plan: Plan,
    /// Where the parameters are.
    pub layout: Layout,
    /// Program: one training step.
    pub train: usize,
    /// Program: forward and loss only, with a state of its own.
    pub evaluate: usize,
    /// V, or 0 where it reads no tokens.
    pub vocabulary: usize,
    /// What comes with each batch.
    pub feeds: Feeds,
    /// (slots, 4): loss, gradient norm.
    pub metrics: BufferId,
    /// Flat parameters.
    pub parameters: BufferId,
    /// Flat gradients.
    pub gradients: BufferId,
    /// A place for a copy of the parameters.
    pub snapshot: BufferId,
    /// The optimiser's buffers, as [`OptimizerKind::moments`] names them.
    pub moments: Vec<BufferId>,
    /// Each layer's carried state, (B, H) or for the LSTM (2, B, H).
    pub states: Vec<BufferId>,
    /// The states of the evaluation.
    pub evaluation_states: Vec<BufferId>,
    /// (N, V) with rows `logits_stride` apart. When that is more than there is room for, fewer rows,
    /// and it is the last ones' that stay.
    pub logits: BufferId,
    /// Distance between rows of `logits`.
    pub logits_stride: usize,
}

/// A plan for one character at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplingPlan {
    /// Buffers, and one program: one step forward, state carried.
    pub plan: Plan,
    /// Where the parameters are.
    pub layout: Layout,
    /// (1) u32.
    pub token: BufferId,
    /// (1, stride), the first V are the logits.
    pub logits: BufferId,
    /// Flat parameters.
    pub parameters: BufferId,
    /// Each layer's state.
    pub states: Vec<BufferId>,
}

/// A plan that shows what happens inside for one text: gates, states, ∂L/∂h_t.
#[derive(Debug, Clone, PartialEq)]
pub struct InspectionPlan {
    /// Buffers and programs.
    pub plan: Plan,
    /// Where the parameters are.
    pub layout: Layout,
    /// Program: forward only; gates hold their values, logits the logits.
    pub forward: usize,
    /// Program: forward and backward; `d_hs` hold ∂L/∂h_t.
    pub backward: usize,
    /// What comes with the text.
    pub feeds: Feeds,
    /// Flat parameters.
    pub parameters: BufferId,
    /// Flat gradients.
    pub gradients: BufferId,
    /// (T) losses.
    pub losses: BufferId,
    /// (T, V) with rows `logits_stride` apart.
    pub logits: BufferId,
    /// Distance between rows of `logits`.
    pub logits_stride: usize,
    /// Each layer's gates, (T, G·H).
    pub gates: Vec<BufferId>,
    /// Each layer's states, (T + 1, H).
    pub hs: Vec<BufferId>,
    /// Each layer's ∂L/∂h_t, (T, H).
    pub d_hs: Vec<BufferId>,
}

//! A network compiled once: buffers, and ordered lists of coarse kernel dispatches over them.
//!
//! [`Graph`] offers layer-sized operations and their gradients; [`Plan`] is what comes out: plain
//! data that an executor replays. Letters: B batch rows, T time steps, N = T·B, H hidden units,
//! G gates, V vocabulary, I a layer's input width. Sequences are time-major.
mod build;
mod data;
mod graph;
mod kinds;
#[cfg(not(feature = "tasks"))]
mod language;
mod pass;
mod recurrent;
#[cfg(feature = "tasks")]
mod tasks;

pub use build::{inspection_plan, network_plan, sampling_plan};
pub use data::{Buffer, BufferId, Dispatch, Plan, PlanError, Program, Role, View};
pub use graph::{Graph, Tensor, Weight};
pub use kinds::{
    Feeds, InspectionPlan, NetworkPlan, OptimizerKind, PickFeed, PlanOptions, SamplingPlan,
};

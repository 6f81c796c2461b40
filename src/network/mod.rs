//! What a network is: its configuration, its parameters and their names, their initial values.
mod config;
mod initialise;
mod model;
mod parameters;
mod summary;

pub use config::{Cell, ConfigError, Initializer, Input, ModelConfig, Nonlinearity, Rule};
pub(crate) use config::{MAX_LAYERS, in_range};
pub use initialise::initialise;
pub use model::{Kind, Layer, Loss, Model, Node, Recurrent};
pub(crate) use parameters::size;
pub use parameters::{ALIGNMENT, Layout, Parameter};
pub use summary::{LayerSummary, Summary, summarize};

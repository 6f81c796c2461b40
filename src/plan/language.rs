//! In place of `tasks.rs`, where there are language models only: no plan asks for any of this.
use super::{
    Graph, PlanError, Tensor, View,
    graph::Picks,
    pass::{Laying, Value, broken},
};
use crate::network::{Loss, Node};

fn missing() -> PlanError {
    broken("this build has language models only")
}

impl Graph {
    pub(super) fn add(&mut self, label: &str, _: View, _: View) {
        self.fail(label, "this build adds no gradients");
    }

    pub(super) fn elementwise_loss(&mut self, _: Loss, _: [View; 4], _: &Tensor, _: u32) {
        self.fail("loss", "this build has one loss only");
    }
}

impl Laying<'_> {
    pub(super) fn other_layer(&self, _: &Graph, _: usize, _: &Node) -> Result<Value, PlanError> {
        Err(missing())
    }

    pub(super) fn read_backwards(
        &self,
        _: &Graph,
        _: usize,
        _: &Node,
        _: &Tensor,
    ) -> Result<Picks, PlanError> {
        Err(missing())
    }

    pub(super) fn in_order(&self, _: &Graph, _: &Node, _: Picks, hs: &Tensor) -> Tensor {
        hs.clone()
    }
}

//! The loss of a text that is not trained on.
use super::{SLOTS, zero};
use crate::{
    Error,
    executor::{Backend, Batch, Executor, Feeder},
    kernels::{METRICS_STRIDE, softmax_cross_entropy::IGNORED},
    plan::NetworkPlan,
    train::TrainConfig,
};

/// Mean cross-entropy of predicting each of `tokens` but the first, in B runs, each from a zero state.
/// All slots of the ring of metrics may be overwritten.
pub(super) async fn mean_loss(
    backend: &mut Backend,
    network: &NetworkPlan,
    train: &TrainConfig,
    tokens: &[u32],
) -> Result<f64, Error> {
    let (b, t) = (train.batch_size, train.steps);
    let targets = tokens.len().saturating_sub(1);
    let run = targets.div_ceil(b);
    zero(backend, network, &network.evaluation_states);
    let mut batch = Batch::new(&network.plan, &network.feeds);
    let feeder = Feeder::new(&network.plan, &network.feeds);
    let mut sum = 0.0;
    let mut counts = Vec::with_capacity(SLOTS);
    for start in (0..run).step_by(t) {
        for step in 0..t {
            for row in 0..b {
                let (inside, at) = (start + step < run, row * run + start + step);
                let valid = inside && at < targets;
                batch.tokens[step * b + row] = if valid { tokens[at] } else { 0 };
                batch.targets[step * b + row] = if valid { tokens[at + 1] } else { IGNORED };
            }
        }
        let slot = counts.len();
        let counted = batch
            .targets
            .iter()
            .filter(|&&target| target != IGNORED)
            .count();
        counts.push(counted);
        let controls = train.controls(0, 0, 0.0, slot, counted);
        feeder.forward(backend, &batch, &controls);
        backend.run(network.evaluate);
        if counts.len() == SLOTS || start + t >= run {
            let metrics = backend.read(network.plan.whole(network.metrics)).await?;
            let losses = metrics.iter().step_by(METRICS_STRIDE).zip(counts.drain(..));
            sum += losses
                .map(|(&loss, n)| f64::from(loss) * n as f64)
                .sum::<f64>();
        }
    }
    Ok(sum / targets.max(1) as f64)
}

//! The loss of what is not trained on, and its answers.
use super::{SLOTS, zero};
use crate::{
    Error,
    executor::{Backend, Batch, Executor, Feeder},
    kernels::METRICS_STRIDE,
    plan::NetworkPlan,
    train::TrainConfig,
};

/// Reads the answers to a batch: its rows of logits, each with what it is padded with.
pub(crate) type Reader<'a> = &'a mut dyn FnMut(&Batch, &mut dyn Iterator<Item = &[f32]>);

/// The mean loss over the targets that count of the batches that `fill` gives, one after the other until there is
/// none. States begin at zero, with each batch unless it `carries` them on. All slots of the ring of metrics may be
/// overwritten. `reader` gets the answers to each batch.
pub(crate) async fn mean_loss(
    backend: &mut Backend,
    network: &NetworkPlan,
    train: &TrainConfig,
    carries: bool,
    fill: &mut dyn FnMut(usize, &mut Batch) -> Option<usize>,
    mut reader: Option<Reader<'_>>,
) -> Result<f64, Error> {
    zero(backend, network, &network.evaluation_states);
    let mut batch = Batch::new(&network.plan, &network.feeds);
    let feeder = Feeder::new(&network.plan, &network.feeds);
    let (mut sum, mut targets) = (0.0, 0);
    let mut counts = Vec::with_capacity(SLOTS);
    let mut next = fill(0, &mut batch);
    for index in 1.. {
        let Some(counted) = next else { break };
        let controls = train.controls(0, 0, 0.0, counts.len(), counted);
        counts.push(counted);
        feeder.forward(backend, &batch, &controls);
        backend.run(network.evaluate);
        // Of a language model nobody counts them, and a page's first download goes without.
        if cfg!(feature = "tasks")
            && let Some(read) = &mut reader
        {
            let logits = backend.read(network.plan.whole(network.logits)).await?;
            read(&batch, &mut logits.chunks(network.logits_stride));
        }
        next = fill(index, &mut batch);
        if !carries {
            zero(backend, network, &network.evaluation_states);
        }
        if counts.len() == SLOTS || next.is_none() {
            let metrics = backend.read(network.plan.whole(network.metrics)).await?;
            let losses = metrics.iter().step_by(METRICS_STRIDE).zip(counts.drain(..));
            for (&loss, counted) in losses {
                sum += f64::from(loss) * counted as f64;
                targets += counted;
            }
        }
    }
    Ok(sum / targets.max(1) as f64)
}

//! From a configuration to its plans: training and evaluating, sampling, looking inside.
use super::{
    BufferId, Graph, InspectionPlan, NetworkPlan, OptimizerKind, PlanError, PlanOptions, Role,
    SamplingPlan, View,
    graph::{Picks, word},
    pass::{Pass, broken},
};
use crate::kernels::{
    Kernel, METRICS_STRIDE, adagrad, adam, clip, gradient_norm, mean_loss, rmsprop, sgd,
};
use crate::network::{Layout, Model, size};
use crate::text::MAX_VOCABULARY;

fn ids(views: &[View]) -> Vec<BufferId> {
    views.iter().map(|v| v.buffer).collect()
}

/// The plan that trains `config` on a vocabulary of `vocabulary` tokens.
///
/// # Errors
/// A [`PlanError`] would be a defect of this crate: plans are checked before anyone may run them.
pub fn network_plan(model: &Model, options: &PlanOptions) -> Result<NetworkPlan, PlanError> {
    let layout = parameters(model)?;
    let PlanOptions {
        batch,
        steps,
        carry,
        optimizer,
        slots,
    } = *options;
    let pass = Pass {
        model,
        batch: batch as u64,
        steps: steps as u64,
        states: "state",
        carry,
        trained: true,
    };
    let n = pass.rows(model.output());
    let mut g = Graph::default();
    let targets = g.buffer("targets", &[size([n, model.targets() as u64])], Role::Input);
    let losses = g.buffer("losses", &[n], Role::Activation);
    let metrics = g.buffer(
        "metrics",
        &[slots as u64, METRICS_STRIDE as u64],
        Role::Metrics,
    );
    let mean = Kernel::MeanLoss(mean_loss::Params {
        rows: word(n),
        reserved: [0; 3],
    });
    let network = pass.lay_out(&mut g, &layout)?;
    let (controls, gradients) = (network.controls, network.gradients);
    network.loss(&mut g, targets, losses);
    g.gradients();
    g.emit("loss", mean, &[controls, losses, metrics]);

    let chunks = chunk_count(&layout);
    let tensors = layout.parameters.len() as u64;
    let shape = [u64::from(chunks), gradient_norm::CHUNK_WORDS as u64];
    let chunk_view = g.buffer("chunks", &shape, Role::Constant);
    let partials = g.buffer("partials", &[chunks.into()], Role::Activation);
    let factors = g.buffer("factors", &[tensors], Role::Activation);
    let norm = gradient_norm::Params {
        chunks,
        reserved: [0; 3],
    };
    g.emit(
        "clip",
        Kernel::GradientNorm(norm),
        &[chunk_view, gradients, partials],
    );
    let params = clip::Params {
        chunks,
        tensors: word(tensors),
        reserved: [0; 2],
    };
    g.emit(
        "clip",
        Kernel::Clip(params),
        &[controls, chunk_view, partials, factors, metrics],
    );
    let moments: Vec<View> = optimizer
        .moments()
        .iter()
        .map(|name| g.buffer(name, &[layout.len], Role::Moment))
        .collect();
    let unused = g.unused();
    let moment = |i: usize| moments.get(i).copied().unwrap_or(unused);
    let mut views = vec![controls, chunk_view, factors, gradients, network.parameters];
    let kernel = match optimizer {
        OptimizerKind::Sgd { momentum } => {
            views.push(moment(0));
            let has_momentum = u32::from(momentum);
            Kernel::Sgd(sgd::Params {
                chunks,
                has_momentum,
                reserved: [0; 2],
            })
        }
        OptimizerKind::Rmsprop { momentum } => {
            views.extend([moment(0), moment(1)]);
            let has_momentum = u32::from(momentum);
            Kernel::Rmsprop(rmsprop::Params {
                chunks,
                has_momentum,
                reserved: [0; 2],
            })
        }
        OptimizerKind::Adam | OptimizerKind::Adamw => {
            views.extend([moment(0), moment(1)]);
            let decoupled = u32::from(optimizer == OptimizerKind::Adamw);
            Kernel::Adam(adam::Params {
                chunks,
                decoupled,
                reserved: [0; 2],
            })
        }
        OptimizerKind::Adagrad => {
            views.push(moment(0));
            Kernel::Adagrad(adagrad::Params {
                chunks,
                reserved: [0; 3],
            })
        }
    };
    g.emit("update", kernel, &views);
    let snapshot = g.buffer("snapshot", &[layout.len], Role::Moment);
    let (train, plan) = g.finish()?;

    let mut g = Graph::over(plan);
    let pass = Pass {
        states: "evaluation_state",
        carry: true,
        trained: false,
        ..pass
    };
    let evaluation = pass.lay_out(&mut g, &layout)?;
    evaluation.loss(&mut g, targets, losses);
    g.emit("loss", mean, &[controls, losses, metrics]);
    let (evaluate, mut plan) = g.finish()?;
    plan.check_size()?;
    plan.buffers[chunk_view.buffer.0 as usize].init = Some(chunk_table(&layout));
    plan.validate()?;
    Ok(NetworkPlan {
        plan,
        layout,
        train,
        evaluate,
        vocabulary: model.vocabulary(),
        feeds: network.feeds(targets),
        metrics: metrics.buffer,
        parameters: network.parameters.buffer,
        gradients: gradients.buffer,
        snapshot: snapshot.buffer,
        moments: ids(&moments),
        states: ids(&network.states),
        evaluation_states: ids(&evaluation.states),
        logits: network.logits.view.buffer,
        logits_stride: network.logits.stride as usize,
    })
}

/// The plan that runs `config` one character at a time.
///
/// # Errors
/// As [`network_plan`].
pub fn sampling_plan(model: &Model) -> Result<SamplingPlan, PlanError> {
    let layout = parameters(model)?;
    let pass = Pass {
        model,
        batch: 1,
        steps: 1,
        states: "state",
        carry: true,
        trained: false,
    };
    let mut g = Graph::default();
    let network = pass.lay_out(&mut g, &layout)?;
    network.logits(&mut g, 0, 1);
    let (_, plan) = g.finish()?;
    plan.validate()?;
    let Some(Picks { rows, .. }) = network.inputs.tokens else {
        return Err(broken("a sampler reads tokens"));
    };
    Ok(SamplingPlan {
        plan,
        layout,
        token: rows.buffer,
        logits: network.logits.view.buffer,
        parameters: network.parameters.buffer,
        states: ids(&network.states),
    })
}

/// The plan that looks inside `config` over a text of `steps` characters.
///
/// # Errors
/// As [`network_plan`].
pub fn inspection_plan(model: &Model, steps: usize) -> Result<InspectionPlan, PlanError> {
    let layout = parameters(model)?;
    let pass = Pass {
        model,
        batch: 1,
        steps: steps as u64,
        states: "state",
        carry: false,
        trained: true,
    };
    let mut g = Graph::default();
    let targets = g.buffer("targets", &[steps as u64], Role::Input);
    let losses = g.buffer("losses", &[steps as u64], Role::Activation);
    let network = pass.lay_out(&mut g, &layout)?;
    network.loss(&mut g, targets, losses);
    g.gradients();
    let (backward, plan) = g.finish()?;
    let mut g = Graph::over(plan);
    let forward = Pass {
        trained: false,
        ..pass
    };
    forward
        .lay_out(&mut g, &layout)?
        .loss(&mut g, targets, losses);
    let (forward, plan) = g.finish()?;
    plan.validate()?;
    let per_layer = |name: &str| -> Vec<BufferId> {
        let layers = model.recurrent();
        layers
            .filter_map(|(node, _)| plan.find(&format!("{name}_{}", node.name)))
            .collect()
    };
    Ok(InspectionPlan {
        layout,
        forward,
        backward,
        feeds: network.feeds(targets),
        parameters: network.parameters.buffer,
        gradients: network.gradients.buffer,
        losses: losses.buffer,
        logits: network.logits.view.buffer,
        logits_stride: network.logits.stride as usize,
        gates: per_layer("gates"),
        hs: per_layer("hs"),
        d_hs: per_layer("d_hs"),
        plan,
    })
}

/// The parameters' layout. Of more tokens than there are characters a plan would only be very long.
fn parameters(model: &Model) -> Result<Layout, PlanError> {
    if !model.is_whole() {
        return Err(broken("a layer that reads what is not there before it"));
    }
    let layout = Layout::new(model);
    if model.vocabulary() > MAX_VOCABULARY {
        let needed = layout.len.saturating_mul(4);
        return Err(PlanError::TooLarge { needed });
    }
    Ok(layout)
}

/// Numbers of a chunk.
const CHUNK_LEN: u64 = gradient_norm::CHUNK_LEN as u64;

fn chunk_count(layout: &Layout) -> u32 {
    let chunks = layout.parameters.iter().map(|p| p.len.div_ceil(CHUNK_LEN));
    word(chunks.fold(0, u64::saturating_add))
}

/// The flat buffer in chunks that no tensor's end crosses, ordered by tensor.
fn chunk_table(layout: &Layout) -> Vec<u32> {
    let mut table = Vec::new();
    for (tensor, p) in layout.parameters.iter().enumerate() {
        for at in (0..p.len).step_by(gradient_norm::CHUNK_LEN) {
            let len = CHUNK_LEN.min(p.len - at);
            table.extend([word(p.offset + at), word(len), tensor as u32, 0]);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Cell, Input, ModelConfig};

    fn options(optimizer: OptimizerKind) -> PlanOptions {
        PlanOptions {
            batch: 3,
            steps: 5,
            carry: true,
            optimizer,
            slots: 8,
        }
    }

    #[test]
    fn every_configuration_gives_a_valid_plan() {
        for cell in [Cell::Rnn, Cell::Lstm, Cell::Gru] {
            for input in [Input::OneHot, Input::Embedding] {
                for num_layers in 1..=4 {
                    for bias in [true, false] {
                        let config = ModelConfig {
                            cell,
                            input,
                            num_layers,
                            bias,
                            hidden_size: 7,
                            ..ModelConfig::default()
                        };
                        let optimizer = OptimizerKind::Adam;
                        network_plan(&config.language_model(11), &options(optimizer)).unwrap();
                        sampling_plan(&config.language_model(11)).unwrap();
                        inspection_plan(&config.language_model(11), 4).unwrap();
                    }
                }
            }
        }
    }

    #[test]
    fn a_model_with_a_layer_that_reads_nothing_is_refused() {
        let whole = ModelConfig::default().language_model(11);
        let mut empty = whole.clone();
        empty.nodes.clear();
        let (mut alone, mut later) = (whole.clone(), whole.clone());
        alone.nodes[2].inputs.clear();
        later.nodes[1].inputs = vec![2];
        for model in [empty, alone, later] {
            let error = network_plan(&model, &options(OptimizerKind::Adam)).unwrap_err();
            assert!(matches!(error, PlanError::Broken { .. }), "{error}");
        }
    }

    #[test]
    fn a_one_layer_step_is_a_handful_of_dispatches_whatever_t() {
        for (cell, most) in [(Cell::Rnn, 15), (Cell::Lstm, 15), (Cell::Gru, 17)] {
            let config = ModelConfig {
                cell,
                hidden_size: 8,
                ..ModelConfig::default()
            };
            for steps in [5, 50] {
                let options = PlanOptions {
                    steps,
                    ..options(OptimizerKind::Adam)
                };
                let plan = network_plan(&config.language_model(11), &options).unwrap();
                let count = plan.plan.programs[plan.train].dispatches.len();
                assert!(count <= most, "{cell:?}: {count}\n{}", plan.plan);
            }
        }
    }

    #[test]
    fn overlapping_views_are_refused() {
        let config = ModelConfig {
            hidden_size: 8,
            ..ModelConfig::default()
        };
        let mut plan = network_plan(&config.language_model(11), &options(OptimizerKind::Adam))
            .unwrap()
            .plan;
        let dispatch = &mut plan.programs[0].dispatches[0];
        dispatch.views[2] = dispatch.views[1];
        assert!(plan.validate().is_err());
        let dispatch = &mut plan.programs[0].dispatches[0];
        dispatch.views[2].len = u64::MAX / 2;
        assert!(plan.validate().is_err());
    }

    /// On a GPU nothing else stands between such a kernel and numbers that are not its own.
    #[cfg(feature = "webgpu")]
    #[test]
    fn a_view_of_one_number_less_than_its_kernel_needs_is_refused() {
        let mut held = 0;
        for (cell, reset_after) in [
            (Cell::Rnn, true),
            (Cell::Lstm, true),
            (Cell::Gru, true),
            (Cell::Gru, false),
        ] {
            let config = ModelConfig {
                cell,
                reset_after,
                hidden_size: 8,
                num_layers: 2,
                ..ModelConfig::default()
            };
            let network =
                network_plan(&config.language_model(21), &options(OptimizerKind::Adam)).unwrap();
            let programs = network.plan.programs.iter().enumerate();
            let dispatches = programs
                .flat_map(|(p, program)| (0..program.dispatches.len()).map(move |d| (p, d)));
            for (p, d) in dispatches {
                let dispatch = &network.plan.programs[p].dispatches[d];
                let lengths = dispatch.kernel.lengths().unwrap_or_default();
                for (i, &least) in lengths.iter().enumerate().filter(|(_, least)| **least > 1) {
                    let mut plan = network.plan.clone();
                    let view = &mut plan.programs[p].dispatches[d].views[i];
                    assert!(view.len >= least, "{}: {i}", dispatch.label);
                    view.len = least;
                    assert_eq!(plan.validate(), Ok(()), "{}: {i}", dispatch.label);
                    plan.programs[p].dispatches[d].views[i].len = least - 1;
                    let error = plan.validate().unwrap_err().to_string();
                    assert!(
                        error.contains(&format!("{} numbers of {least}", least - 1)),
                        "{error}"
                    );
                    held += 1;
                }
            }
        }
        assert!(held > 100, "{held}");
    }

    /// Sizes are exact beyond what 32 bits count, on every machine; what cannot be addressed is refused,
    /// with what it would take, before anything is allocated.
    #[test]
    fn what_a_plan_takes_is_known_before_it_is_made() {
        let options = |batch, steps, optimizer| PlanOptions {
            batch,
            steps,
            carry: true,
            optimizer,
            slots: 128,
        };
        let config = ModelConfig {
            cell: Cell::Rnn,
            hidden_size: 2048,
            num_layers: 2,
            ..ModelConfig::default()
        };
        let sgd = OptimizerKind::Sgd { momentum: false };
        let needed = match network_plan(&config.language_model(65), &options(512, 512, sgd)) {
            Ok(network) => network.plan.bytes(),
            Err(PlanError::TooLarge { needed }) => needed,
            Err(broken) => panic!("{broken}"),
        };
        let gib = needed as f64 / f64::from(1 << 30);
        assert!((16.2..16.3).contains(&gib), "{gib}");

        let huge = ModelConfig {
            cell: Cell::Lstm,
            ..config
        };
        let error = network_plan(
            &huge.language_model(MAX_VOCABULARY),
            &options(1, 1, OptimizerKind::Adam),
        );
        let Err(PlanError::TooLarge { needed }) = error else {
            panic!("a buffer of more words than kernels count");
        };
        // Parameters, gradients, two moments and a snapshot.
        let parameters = Layout::new(&huge.language_model(MAX_VOCABULARY)).len;
        assert!(parameters > u64::from(u32::MAX));
        assert!((20 * parameters..21 * parameters).contains(&needed));

        for vocabulary in [MAX_VOCABULARY + 1, usize::MAX - 7, usize::MAX] {
            let of = |plan: Result<(), PlanError>| plan.unwrap_err().to_string();
            let adam = options(4096, 64, OptimizerKind::Adam);
            assert!(
                of(network_plan(&huge.language_model(vocabulary), &adam).map(drop))
                    .contains("memory")
            );
            assert!(
                of(sampling_plan(&huge.language_model(vocabulary)).map(drop)).contains("memory")
            );
            assert!(
                of(inspection_plan(&huge.language_model(vocabulary), 512).map(drop))
                    .contains("memory")
            );
        }
    }

    #[test]
    fn chunks_cover_every_parameter_once() {
        let layout = Layout::new(&ModelConfig::default().language_model(1027));
        let table = chunk_table(&layout);
        let covered: u64 = table.chunks_exact(4).map(|c| u64::from(c[1])).sum();
        assert_eq!(covered, layout.count());
    }
}

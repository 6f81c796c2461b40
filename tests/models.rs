//! Networks of any form: what they answer, their loss and every gradient, against the same layers written plainly
//! in f64 with gradients found by a tape.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]
mod common;
mod oracle;

use charloom::{
    executor::{CpuExecutor, Executor, Feeder},
    kernels::Controls,
    network::Layout,
    plan::{OptimizerKind, PlanOptions, network_plan},
    simd::Isa,
};

use common::{
    compare::{Margin, check},
    golden::{GRADIENTS, VALUES},
    models::{BATCH, STEPS, batch, models, parameters},
    rig::wait,
    wide,
};
use oracle::{
    model::answer,
    network::{Named, map},
    number::{Number, Traced, start_tape},
};

const OPTIONS: PlanOptions = PlanOptions {
    batch: BATCH,
    steps: STEPS,
    carry: false,
    optimizer: OptimizerKind::Sgd { momentum: false },
    slots: 3,
};

#[test]
fn every_form_answers_and_learns_as_its_formulas_say() {
    let mut margin = Margin::NONE;
    for (seed, (name, model)) in models(5).iter().enumerate() {
        let named = parameters(model, seed as u64);
        let (sequences, batch, counted) = batch(model, seed as u64);
        let (outputs, loss) = answer(model, &map(&named, f64::from), &sequences);
        start_tape();
        let inputs: Named<Traced> = named
            .iter()
            .map(|(name, values)| (name.clone(), Traced::inputs(&wide(values))))
            .collect();
        let by = answer(model, &inputs, &sequences).1.gradients();

        let network = network_plan(model, &OPTIONS).unwrap();
        let mut flat = vec![0.0; network.layout.len as usize];
        for parameter in &network.layout.parameters {
            parameter.import(&named[&parameter.name], &mut flat);
        }
        let controls = Controls {
            counted: counted as f32,
            ..bytemuck::Zeroable::zeroed()
        };
        for isa in Isa::available() {
            let label = |what: &str| format!("{name} on {}: {what}", isa.name());
            let mut executor = CpuExecutor::new(network.plan.clone(), isa).unwrap();
            executor.write(network.parameters, 0, bytemuck::cast_slice(&flat));
            let mut feeder = Feeder::new(&network.plan, &network.feeds);
            feeder.train(&mut executor, &batch, &controls);
            let mut read = |program, buffer| {
                executor.run(program);
                wait(executor.read(network.plan.whole(buffer))).unwrap()
            };
            let width = model.output().width;
            let padded = read(network.evaluate, network.logits);
            let rows = padded.chunks(network.logits_stride);
            let found: Vec<f32> = rows.flat_map(|row| row[..width].to_vec()).collect();
            // Past a sequence's end nobody asks for an answer.
            let counts = |row: usize| {
                !model.output().every_step
                    || ((row / BATCH) as u32) < sequences.lengths[row % BATCH]
            };
            for row in (0..outputs.len() / width).filter(|&row| counts(row)) {
                let range = row * width..(row + 1) * width;
                check(
                    &label("answers"),
                    &found[range.clone()],
                    &outputs[range],
                    VALUES,
                );
            }
            let metrics = read(network.train, network.metrics);
            check(&label("loss"), &metrics[..1], &[loss.value()], VALUES);
            let gradients = read(network.train, network.gradients);
            for parameter in &network.layout.parameters {
                let expected = by.by(&inputs[&parameter.name]);
                let found = parameter.export(&gradients);
                let label = label(&format!("d_{}", parameter.name));
                margin = margin.or(check(&label, &found, &expected, GRADIENTS));
            }
        }
    }
    println!("gradients: {margin}");
}

#[test]
fn a_direction_that_reads_backwards_has_pytorchs_names() {
    let (_, model) = &models(4)[3];
    let names: Vec<String> = Layout::new(model)
        .parameters
        .into_iter()
        .map(|p| p.name)
        .collect();
    assert!(
        names.contains(&"rnn.weight_ih_l0_reverse".to_owned()),
        "{names:?}"
    );
    assert!(names.contains(&"rnn.weight_hh_l1".to_owned()), "{names:?}");
}

//! The plan against PyTorch: every tensor of every file in `goldens/data` (see `goldens/README.md`),
//! on every instruction set of this machine.
#![cfg(not(target_arch = "wasm32"))]
// A test may panic: its helpers too.
#![allow(clippy::unwrap_used)]

mod common;
mod oracle;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use charloom::{executor::CpuExecutor, network::Cell, simd::Isa, train::TrainConfig};
use common::{
    compare::{ELEMENTWISE, Margin, Tolerance, check},
    golden::{GRADIENTS, Golden, TRAINED, VALUES},
    rig::Rig,
};
use oracle::network::State;
use serde_json::Value;

/// All of them.
fn goldens() -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/data");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "safetensors"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 21, "{} golden files", paths.len());
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy();
        Golden::read(&name, &fs::read(path).unwrap())
    };
    paths.iter().map(read).collect()
}

fn rig(golden: &Golden, isa: Isa) -> Rig<CpuExecutor> {
    let mut rig = Rig::cpu(&golden.config, golden.vocabulary, golden.options, isa);
    rig.load(&golden.parameters("init."));
    rig
}

impl Golden {
    /// All layers' h after the last step, and all their c.
    fn check_states(
        &self,
        label: &str,
        states: &[State<f32>],
        prefix: &str,
        tolerance: Tolerance,
    ) -> Margin {
        let h: Vec<f32> = states.iter().flat_map(|s| s.h.clone()).collect();
        let name = format!("{prefix}h_n");
        let margin = check(
            &format!("{label} {name}"),
            &h,
            &self.tensor(&name),
            tolerance,
        );
        if self.config.cell != Cell::Lstm {
            return margin;
        }
        let c: Vec<f32> = states.iter().flat_map(|s| s.c.clone()).collect();
        let name = format!("{prefix}c_n");
        margin.or(check(
            &format!("{label} {name}"),
            &c,
            &self.tensor(&name),
            tolerance,
        ))
    }
}

#[test]
fn one_step_is_pytorchs() {
    let (mut values, mut gradients) = (Margin::NONE, Margin::NONE);
    for golden in goldens() {
        let (x, y) = (&golden.tokens["x"], &golden.tokens["y"]);
        let controls = golden.train.controls(0, 0, 0.0, 0, 0);
        for isa in Isa::available() {
            let label = format!("{} on {}:", golden.name, isa.name());
            let mut rig = rig(&golden, isa);
            if let Some(state) = golden.initial_state() {
                rig.set_states(&rig.plan.states.clone(), &state);
                rig.set_states(&rig.plan.evaluation_states.clone(), &state);
            }
            let mut value = |name: &str, found: &[f32]| {
                let label = format!("{label} {name}");
                values = values.or(check(&label, found, &golden.tensor(name), VALUES));
            };
            value("loss", &[rig.evaluate(x, y, &controls).loss]);
            value("logits", &rig.logits());
            let states = rig.states(&rig.plan.evaluation_states.clone());
            golden.check_states(&label, &states, "", VALUES);

            value("loss", &[rig.train(x, y, &controls).loss]);
            let states = rig.states(&rig.plan.states.clone());
            for layer in 0..golden.config.num_layers {
                value(&format!("h.l{layer}"), &rig.hs(layer));
                if golden.config.cell == Cell::Lstm {
                    value(&format!("c.l{layer}"), &rig.cs(layer));
                }
            }
            values = values.or(golden.check_states(&label, &states, "", VALUES));

            let mut gradient = |name: &str, found: &[f32]| {
                let label = format!("{label} {name}");
                gradients = gradients.or(check(&label, found, &golden.tensor(name), GRADIENTS));
            };
            for layer in 0..golden.config.num_layers {
                gradient(&format!("dh.l{layer}"), &rig.of_layer("d_hs", layer));
            }
            if golden.config.cell == Cell::Gru {
                // The GRU's kernel also leaves the initial state's gradient.
                let layers = 0..golden.config.num_layers;
                let second_half = |layer| {
                    let q = rig.of_layer("q", layer);
                    q[q.len() / 2..].to_vec()
                };
                gradient("dh0", &layers.flat_map(second_half).collect::<Vec<_>>());
            }
            let found = rig.gradients();
            assert_eq!(found.len(), golden.parameters("grad.").len());
            for (name, found) in found {
                gradient(&format!("grad.{name}"), &found);
            }
        }
    }
    println!("one step: values {values}; gradients {gradients}");
}

#[test]
fn ten_training_steps_are_pytorchs() {
    let (mut losses, mut norms, mut parameters) = (Margin::NONE, Margin::NONE, Margin::NONE);
    for golden in goldens() {
        let size = golden.options.batch * golden.options.steps;
        let rates = golden.tensor("train.lrs");
        for isa in Isa::available() {
            let label = format!("{} on {}:", golden.name, isa.name());
            let mut rig = rig(&golden, isa);
            let (mut found_losses, mut found_norms) = (Vec::new(), Vec::new());
            for step in 0..10 {
                let x = &golden.tokens["train.x"][step * size..][..size];
                let y = &golden.tokens["train.y"][step * size..][..size];
                let controls = golden
                    .train
                    .controls(step as u64, step as u64, 0.0, step % 3, 0);
                check("lr", &[controls.lr], &rates[step..=step], ELEMENTWISE);
                let metrics = rig.train(x, y, &controls);
                found_losses.push(metrics.loss);
                found_norms.push(metrics.norm);
            }
            let margin = |name: &str, found: &[f32], tolerance| {
                let label = format!("{label} {name}");
                check(&label, found, &golden.tensor(name), tolerance)
            };
            losses = losses.or(margin("train.losses", &found_losses, VALUES));
            norms = norms.or(margin("train.grad_norms", &found_norms, TRAINED));
            for (name, found) in rig.parameters() {
                parameters = parameters.or(margin(&format!("final.{name}"), &found, TRAINED));
            }
            let states = rig.states(&rig.plan.states.clone());
            golden.check_states(&label, &states, "train.", TRAINED);
        }
    }
    println!("ten steps: losses {losses}; norms {norms}; parameters {parameters}");
}

#[test]
fn learning_rates_are_pytorchs() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/goldens/data/schedules.json"
    );
    let cases: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(cases.len() >= 8);
    for case in cases {
        let train: TrainConfig = serde_json::from_value(case["train"].clone()).unwrap();
        let expected: Vec<f64> = serde_json::from_value(case["lrs"].clone()).unwrap();
        let steps = 0..expected.len() as u64;
        let found: Vec<f32> = steps.map(|step| train.lr_at(step)).collect();
        check(&case["train"].to_string(), &found, &expected, ELEMENTWISE);
    }
}

/// The files must go on covering what they cover now.
#[test]
fn the_goldens_cover_every_option() {
    let all = goldens();
    let seen =
        |of: &dyn Fn(&Golden) -> String| -> BTreeSet<String> { all.iter().map(of).collect() };
    let forms = seen(&|g| {
        let c = &g.config;
        format!("{:?} {:?} {}", c.cell, c.nonlinearity, c.reset_after)
    });
    assert_eq!(forms.len(), 5, "{forms:?}");
    for (what, count) in [
        (seen(&|g| format!("{:?}", g.config.input)), 2),
        (seen(&|g| format!("{}", g.config.bias)), 2),
        (seen(&|g| format!("{:?}", g.train.clip)), 4),
        (seen(&|g| format!("{:?}", g.options.optimizer)), 7),
        (seen(&|g| format!("{}", g.tensors.contains_key("h0"))), 2),
        (seen(&|g| format!("{:?}", g.train.schedule)), 3),
    ] {
        assert_eq!(what.len(), count, "{what:?}");
    }
    for form in &forms {
        let cell = form.split(' ').next().unwrap();
        let layers: BTreeSet<_> = all
            .iter()
            .filter(|g| format!("{:?}", g.config.cell) == cell)
            .map(|g| g.config.num_layers)
            .collect();
        assert!(
            layers.is_superset(&BTreeSet::from([1, 2, 3])),
            "{cell}: {layers:?}"
        );
    }
}

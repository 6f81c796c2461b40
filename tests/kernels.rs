//! Every kernel against the f64 oracle, on every instruction set of this machine; and the promise
//! that the sets without fused multiply-add give the same bits, and so do several threads.
#![cfg(not(target_arch = "wasm32"))]
#[path = "common/cases/mod.rs"]
mod cases;
mod common;
mod oracle;

use cases::{Case, Sink};
use charloom::{kernels::Access, network::ModelConfig, plan::PlanOptions, simd::Isa};
use common::{
    compare::{ELEMENTWISE, EXACT, Margin, Mismatch, check_bits, compare},
    networks::{describe, networks, optimisers, parameters},
    rig::{Rig, controls},
    tokens,
};

/// Runs all cases of a kernel everywhere.
fn everywhere(cases: fn(Sink)) {
    let (mut margin, mut count) = (Margin::NONE, 0);
    let mut kernel = "";
    cases(&mut |case: Case| {
        (count, kernel) = (count + 1, case.kernel.name());
        let mut plain: Option<Vec<Vec<f32>>> = None;
        for isa in Isa::available() {
            let after = case.run_cpu(isa);
            margin = margin.or(case.check(isa.name(), &after));
            for threads in [2, 3] {
                let shared = case.run_threads(isa, threads);
                for (i, (a, b)) in shared.iter().zip(&after).enumerate() {
                    let name = format!("{} on {}, {threads} threads", case.label, isa.name());
                    check_bits(&format!("{name}, binding {i}"), a, b);
                }
            }
            if isa.is_fused() {
                continue;
            }
            match &plain {
                None => plain = Some(after),
                Some(plain) => {
                    for (i, (a, b)) in after.iter().zip(plain).enumerate() {
                        let name = format!("{} on {}, binding {i}", case.label, isa.name());
                        check_bits(&name, a, b);
                    }
                }
            }
        }
    });
    assert!(count > 0);
    println!("{kernel}: {count} cases, worst error {margin}");
}

/// A test for each kernel of the same name.
macro_rules! kernels {
    ($($name:ident)+) => {
        $(#[test] fn $name() { everywhere(cases::$name); })+
        const TESTED: &[&str] = &[$(stringify!($name)),+];
        const CASES: &[fn(Sink)] = &[$(cases::$name),+];
    };
}

kernels! {
    adagrad
    adam
    add
    clip
    dropout
    elementwise_loss
    embedding_backward
    embedding_forward
    gradient_norm
    gru_backward
    gru_forward
    lstm_backward
    lstm_forward
    matmul
    mean_loss
    relu_backward
    relu_forward
    rmsprop
    rnn_backward
    rnn_forward
    sgd
    softmax_cross_entropy
    sum_rows
}

#[test]
fn every_kernel_has_a_test() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/kernels");
    let mut stems: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // What has a shader is a kernel.
        .filter(|path| path.extension().is_some_and(|e| e == "wgsl"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        // The one kernel that is in no plan is tested with the GPU executor; the others are parts of several.
        .filter(|stem| !["common", "pack_quads"].contains(&stem.as_str()))
        .filter(|stem| !["recurrent", "recurrent_backward"].contains(&stem.as_str()))
        .collect();
    stems.sort();
    assert_eq!(stems, TESTED);
}

#[test]
fn the_comparator_sees_wrong_values() {
    let right = [1.0, -2.0, 0.5, 1e-9];
    let expected = [1.0, -2.0, 0.5, 1e-9f32 as f64];
    assert!(compare("same", &right, &expected, EXACT).is_ok());
    for i in 0..right.len() {
        for wrong in [right[i] + 1e-5, -right[i], f32::NAN, f32::INFINITY, -0.25] {
            let mut found = right;
            found[i] = wrong;
            if found == right {
                continue;
            }
            match compare("wrong", &found, &expected, ELEMENTWISE) {
                // −10⁻⁹ is as good as 10⁻⁹ here.
                Ok(_) => assert!((wrong - right[i]).abs() < 1e-8, "{i} {wrong}"),
                Err(Mismatch::Value { index, wrong, .. }) => assert_eq!((index, wrong), (i, 1)),
                Err(other) => panic!("{other}"),
            }
        }
    }
    // The worst of several is reported, NaN above all.
    let several = [1.1, -2.0, 0.9, 0.0];
    let mismatch = compare("several", &several, &expected, ELEMENTWISE).unwrap_err();
    assert!(
        matches!(
            mismatch,
            Mismatch::Value {
                index: 2,
                wrong: 2,
                ..
            }
        ),
        "{mismatch}"
    );
    assert!(
        mismatch.to_string().starts_with("several[2]: "),
        "{mismatch}"
    );
    let several = [1.1, f32::NAN, 0.9, 0.0];
    let mismatch = compare("several", &several, &expected, ELEMENTWISE).unwrap_err();
    assert!(
        matches!(
            mismatch,
            Mismatch::Value {
                index: 1,
                wrong: 3,
                ..
            }
        ),
        "{mismatch}"
    );
    // NaN and infinity among the expected numbers are no excuse.
    for bad in [f64::NAN, f64::INFINITY] {
        assert!(compare("expected", &[bad as f32], &[bad], ELEMENTWISE).is_err());
        assert!(compare("expected", &[1.0], &[bad], ELEMENTWISE).is_err());
    }
    // Lengths.
    assert!(compare("short", &right[1..], &expected, ELEMENTWISE).is_err());
    assert!(compare("long", &right, &expected[1..], ELEMENTWISE).is_err());
    assert!(compare("empty", &[], &[], ELEMENTWISE).is_err());
}

#[test]
fn the_cases_see_wrong_buffers() {
    for kernel in CASES {
        let mut count = 0;
        kernel(&mut |case: Case| {
            count += 1;
            if count % 5 > 0 {
                return;
            }
            let right = case.run_cpu(Isa::Scalar);
            assert!(case.verify("", &right).is_ok());
            let refuses = |what: &str, change: &dyn Fn(&mut Vec<Vec<f32>>)| {
                let mut after = right.clone();
                change(&mut after);
                assert!(case.verify("", &after).is_err(), "{}: {what}", case.label);
            };
            // A thousandth is far outside of every tolerance.
            for (binding, index) in case.compared().step_by(case.compared().count() / 9 + 1) {
                refuses("off", &|after| {
                    let x = &mut after[binding][index];
                    *x += 1e-3 * x.abs().max(0.1);
                });
                refuses("NaN", &|after| after[binding][index] = f32::NAN);
            }
            for (i, binding) in case.kernel.bindings().iter().enumerate() {
                if binding.access == Access::Read {
                    refuses("a changed input", &|after| after[i][0] = 0.123);
                }
            }
        });
        assert!(count > 4);
    }
}

#[test]
fn the_cases_see_swapped_buffers_and_kernels_that_do_nothing() {
    for kernel in CASES {
        let mut noticed = 0;
        kernel(&mut |case: Case| {
            let right = case.run_cpu(Isa::Scalar);
            noticed += usize::from(case.verify("", &case.before).is_err());
            for i in 0..right.len() {
                for j in 0..i {
                    if right[i].len() == right[j].len() && right[i] != right[j] {
                        let mut after = right.clone();
                        after.swap(i, j);
                        let scratch = ["d_c", "q"].contains(&case.kernel.bindings()[i].name);
                        assert!(
                            scratch || case.verify("", &after).is_err(),
                            "{}",
                            case.label
                        );
                    }
                }
            }
        });
        assert!(noticed > 2);
    }
}

/// Ten training steps: the bits of everything they leave.
fn ten_steps(config: &ModelConfig, which: usize, isa: Isa) -> Vec<(String, Vec<f32>)> {
    let (vocabulary, batch, steps) = (37, 3, 6);
    let optimisers = optimisers();
    let (optimizer, settings) = optimisers[which % optimisers.len()];
    let options = PlanOptions {
        batch,
        steps,
        carry: true,
        optimizer,
        slots: 3,
    };
    let mut rig = Rig::cpu(config, vocabulary, options, isa);
    rig.load(&parameters(config, vocabulary, 3));
    let (mut losses, mut norms) = (Vec::new(), Vec::new());
    let text = tokens(10 * batch * steps + batch, vocabulary, which as u64);
    for step in 0..10 {
        let x = &text[step * batch * steps..][..batch * steps];
        let y = &text[step * batch * steps + batch..][..batch * steps];
        let controls = controls(&settings, step as u32, config.dropout, 0xfeed_5eed_f00d);
        let metrics = rig.train(x, y, &controls);
        losses.push(metrics.loss);
        norms.push(metrics.norm);
    }
    let mut all = vec![("losses".to_owned(), losses), ("norms".into(), norms)];
    all.extend(rig.gradients());
    for (name, values) in rig.parameters() {
        all.push((format!("final {name}"), values));
    }
    for buffer in [rig.plan.moments.clone(), rig.plan.states.clone()].concat() {
        let name = rig.plan.plan.buffer(buffer).name.clone();
        all.push((name, rig.read_all(buffer)));
    }
    all
}

#[test]
fn training_gives_the_same_bits_on_every_unfused_set() {
    // 19 is no multiple of any vector.
    for (which, config) in networks(19).iter().enumerate() {
        let expected = ten_steps(config, which, Isa::Scalar);
        assert!(expected[0].1.iter().all(|loss| loss.is_finite()));
        let unfused = Isa::available().into_iter().filter(|isa| !isa.is_fused());
        for isa in unfused {
            let found = ten_steps(config, which, isa);
            for ((name, found), (_, expected)) in found.iter().zip(&expected) {
                let label = format!("{}: {name} on {}", describe(config), isa.name());
                check_bits(&label, found, expected);
            }
        }
    }
}

#[test]
fn a_gradient_that_is_not_finite_changes_nothing() {
    let config = ModelConfig {
        hidden_size: 19,
        num_layers: 2,
        ..ModelConfig::default()
    };
    let (vocabulary, batch, steps) = (37, 3, 6);
    for (optimizer, settings) in optimisers() {
        for poison in [f32::NAN, f32::INFINITY] {
            let options = PlanOptions {
                batch,
                steps,
                carry: true,
                optimizer,
                slots: 3,
            };
            for isa in Isa::available() {
                let mut rig = Rig::cpu(&config, vocabulary, options, isa);
                let mut before = parameters(&config, vocabulary, 3);
                before.get_mut("linear.bias").unwrap()[5] = poison;
                rig.load(&before);
                let (x, y) = (tokens(18, vocabulary, 1), tokens(18, vocabulary, 2));
                let metrics = rig.train(&x, &y, &controls(&settings, 0, 0.0, 1));
                assert!(metrics.loss.is_nan() && metrics.norm.is_nan());
                for (name, values) in rig.parameters() {
                    check_bits(&name, &values, &before[&name]);
                }
                for moment in rig.plan.moments.clone() {
                    assert!(rig.read_all(moment).iter().all(|&m| m == 0.0));
                }
            }
        }
    }
}

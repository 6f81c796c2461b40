//! The GPU executor on the GPU of this machine; a software one will do.
#![cfg(not(target_arch = "wasm32"))]
#[path = "common/cases/mod.rs"]
mod cases;
mod common;
#[path = "common/gpu.rs"]
mod gpu;
mod oracle;

use cases::Case;
use charloom::{
    executor::{Executor, ExecutorError, GpuDevice, GpuExecutor, gpu::GpuNeeds},
    network::Cell,
    plan::{Buffer, BufferId, Plan, Role},
};
use common::{compare::Margin, golden::Golden, networks::networks};
use pollster::block_on;

/// A test for each kernel of the same name.
macro_rules! kernels {
    ($($name:ident)+) => {
        $(#[test] fn $name() {
            let everything: fn(&Case) -> bool = |_| true;
            println!("{}", block_on(async {
                gpu::check_kernel(&gpu::device().await, cases::$name, everything).await
            }));
        })+
    };
}

kernels! {
    adagrad adam add clip dropout elementwise_loss embedding_backward embedding_forward gradient_norm gru_backward
    gru_forward lstm_backward lstm_forward matmul mean_loss relu_backward relu_forward rmsprop rnn_backward rnn_forward sgd
    softmax_cross_entropy sum_rows
}

#[test]
fn every_network_computes_what_the_cpu_does_dispatch_by_dispatch() {
    block_on(async {
        let device = gpu::device().await;
        let mut margin = Margin::NONE;
        for (which, config) in networks(19).iter().enumerate() {
            for tuning in &gpu::tunings(&device) {
                margin = margin.or(gpu::check_plan(&device, tuning, config, which).await);
            }
        }
        println!("plans: worst error {margin}");
    });
}

#[test]
fn every_form_of_network_computes_what_the_cpu_does() {
    let margin = block_on(async { gpu::check_models(&gpu::device().await).await });
    println!("forms of network: worst error {margin}");
}

#[test]
fn layouts_are_measured_once_and_compute_the_same() {
    let margin = block_on(async { gpu::check_measured(&gpu::device().await).await });
    println!("measured layouts: worst error {margin}");
}

#[test]
fn what_is_too_large_at_once_is_done_in_parts() {
    let margin = block_on(async { gpu::check_parts(&gpu::device().await).await });
    println!("parts: worst error {margin}");
}

#[test]
fn large_layers_step_as_the_cpu_does() {
    let margin = block_on(async { gpu::check_large_layers(&gpu::device().await).await });
    println!("large layers: worst error {margin}");
}

#[test]
fn a_value_that_is_no_number_shows_in_the_loss() {
    block_on(async { gpu::check_not_a_number(&gpu::device().await).await });
}

/// More than WebGPU's default of 256 MiB, and no power of two: read through a buffer of its own size.
#[test]
fn a_buffer_beyond_the_default_limit_can_be_read_back() {
    let len = (257 << 18) + 5;
    let plan = Plan {
        buffers: vec![Buffer {
            name: "large".into(),
            shape: vec![len],
            role: Role::Activation,
            init: None,
        }],
        programs: vec![],
    };
    block_on(async {
        let device = GpuDevice::request(GpuNeeds::of(&plan)).await.unwrap();
        let mut executor = GpuExecutor::new(plan.clone(), &device).await.unwrap();
        executor.write(BufferId(0), len as usize - 2, &[7.5f32.to_bits()]);
        let numbers = executor.read(plan.whole(BufferId(0))).await.unwrap();
        assert_eq!(numbers.len() as u64, len);
        assert_eq!(numbers[len as usize - 3..], [0.0, 7.5, 0.0]);
    });
}

#[test]
fn training_is_pytorchs() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/goldens/data");
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths
        .filter(|p| p.extension().is_some_and(|e| e == "safetensors"))
        .collect();
    paths.sort();
    assert!(paths.len() >= 21);
    block_on(async {
        let device = gpu::device().await;
        let mut margin = Margin::NONE;
        for path in paths {
            let name = path.file_stem().unwrap().to_string_lossy();
            let golden = Golden::read(&name, &std::fs::read(&path).unwrap());
            for tuning in &gpu::tunings(&device) {
                margin = margin.or(gpu::check_golden(&device, tuning, &golden).await);
            }
        }
        println!("goldens: worst error {margin}");
    });
}

#[test]
fn readings_see_what_was_asked_for_before_them() {
    block_on(async { gpu::check_readings(&gpu::device().await).await });
}

#[test]
fn a_lost_device_is_reported_and_nothing_panics() {
    block_on(gpu::check_device_loss());
}

/// `pack_quads` has no place in a plan: its Rust half against its definition, blocks, strides and
/// padding included. (Its shader runs before every recurrent one.)
#[test]
fn pack_quads() {
    use charloom::kernels::pack_quads::{Params, run};
    let (blocks, rows, columns) = (2usize, 5usize, 3usize);
    let weights: Vec<f32> = (0..60u8).map(f32::from).collect();
    let params = Params {
        blocks: blocks as u32,
        rows: rows as u32,
        columns: columns as u32,
        block_stride: 5,
        row_stride: 1,
        column_stride: 10,
        reserved: [0; 2],
    };
    let mut packed = vec![f32::NAN; params.len()];
    run(&params, &weights, &mut packed);
    for block in 0..blocks {
        for row in 0..8 {
            for column in 0..columns {
                let at = ((block * 2 + row / 4) * columns + column) * 4 + row % 4;
                let expected = if row < rows {
                    weights[column * 10 + block * 5 + row]
                } else {
                    0.0
                };
                assert_eq!(packed[at], expected);
            }
        }
    }
}

#[test]
fn the_device_is_trusted_and_a_slower_one_is_not_chosen() {
    block_on(gpu::check_probe(&[
        (Cell::Lstm, true),
        (Cell::Gru, false),
        (Cell::Rnn, true),
    ]));
}

#[test]
fn what_no_gpu_has_is_refused_with_advice() {
    let needs = GpuNeeds {
        buffer: 1 << 62,
        ..GpuNeeds::default()
    };
    let error = block_on(GpuDevice::request(needs)).unwrap_err();
    assert!(matches!(error, ExecutorError::LimitExceeded { .. }));
    assert!(error.to_string().contains("reduce"), "{error}");
}

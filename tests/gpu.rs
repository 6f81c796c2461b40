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
    executor::GpuDevice,
    executor::{Executor, ExecutorError, GpuExecutor, gpu::GpuNeeds},
};
use common::{compare::Margin, networks::networks};
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
    adagrad adam clip dropout embedding_backward embedding_forward gradient_norm gru_backward
    gru_forward lstm_backward lstm_forward matmul mean_loss rmsprop rnn_backward rnn_forward sgd
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
fn readings_see_what_was_asked_for_before_them() {
    block_on(async {
        let device = gpu::device().await;
        let plan = gpu::small_plan();
        let mut executor = GpuExecutor::new(plan.plan.clone(), &device).await.unwrap();
        let mut readings = Vec::new();
        let view = plan.plan.whole(plan.metrics);
        for i in 0..20u16 {
            let value = f32::from(i);
            executor.write(plan.metrics, 3, &[value.to_bits()]);
            readings.push((value, executor.read(view.slice(2, 5))));
        }
        for (value, reading) in readings {
            assert_eq!(reading.await.unwrap()[1], value);
        }
        assert!(executor.status().is_ok());
    });
}

#[test]
fn a_lost_device_is_reported_and_nothing_panics() {
    block_on(async {
        let device = gpu::device().await;
        let plan = gpu::small_plan();
        let mut executor = GpuExecutor::new(plan.plan.clone(), &device).await.unwrap();
        let view = plan.plan.whole(plan.parameters);
        executor.run(plan.train);
        let before = executor.read(view);
        device.destroy();
        let lost = |result: Result<Vec<f32>, ExecutorError>| {
            matches!(result, Err(ExecutorError::DeviceLost { .. }))
        };
        assert!(lost(before.await));
        executor.write(plan.parameters, 0, &[0]);
        executor.run(plan.train);
        executor.copy(plan.parameters, plan.snapshot);
        assert!(lost(executor.read(view).await));
        assert!(executor.status().is_err());
        assert!(GpuExecutor::new(plan.plan, &device).await.is_err());
    });
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

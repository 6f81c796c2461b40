//! The GPU executor in the browser, inside a worker. The bodies are those of the native tests; a
//! software adapter is slow, so the sizes are the small ones.
#![cfg(target_arch = "wasm32")]
#[path = "common/cases/mod.rs"]
mod cases;
mod common;
#[path = "common/gpu.rs"]
mod gpu;
mod oracle;

use cases::Case;
use charloom::network::Cell;
use common::{compare::Margin, golden::Golden, networks::networks};
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// What a software adapter does in time.
fn small(case: &Case) -> bool {
    case.before.iter().map(Vec::len).sum::<usize>() < 3000
}

/// A test for each kernel of the same name.
macro_rules! kernels {
    ($($name:ident)+) => {
        $(#[wasm_bindgen_test] async fn $name() {
            console_log!("{}", gpu::check_kernel(&gpu::device().await, cases::$name, small).await);
        })+
    };
}

kernels! {
    adagrad adam add clip dropout elementwise_loss embedding_backward embedding_forward gradient_norm gru_backward
    gru_forward lstm_backward lstm_forward matmul mean_loss relu_backward relu_forward rmsprop rnn_backward rnn_forward sgd
    softmax_cross_entropy sum_rows
}

#[wasm_bindgen_test]
async fn every_form_of_network_computes_what_the_cpu_does() {
    console_log!("{}", gpu::check_models(&gpu::device().await).await);
}

#[wasm_bindgen_test]
async fn every_network_computes_what_the_cpu_does_dispatch_by_dispatch() {
    let device = gpu::device().await;
    let mut margin = Margin::NONE;
    for (which, config) in networks(19).iter().enumerate() {
        // Two of the six kinds of each cell are left to the native test.
        if [3, 4].contains(&(which % 6)) {
            continue;
        }
        let tuning = gpu::tunings(&device)[which % 2];
        margin = margin.or(gpu::check_plan(&device, &tuning, config, which).await);
    }
    console_log!("plans: worst error {margin}");
}

#[wasm_bindgen_test]
async fn layouts_are_measured_once_and_compute_the_same() {
    let margin = gpu::check_measured(&gpu::device().await).await;
    console_log!("measured layouts: worst error {margin}");
}

#[wasm_bindgen_test]
async fn what_is_too_large_at_once_is_done_in_parts() {
    let margin = gpu::check_parts(&gpu::device().await).await;
    console_log!("parts: worst error {margin}");
}

#[wasm_bindgen_test]
async fn a_value_that_is_no_number_shows_in_the_loss() {
    gpu::check_not_a_number(&gpu::device().await).await;
}

#[wasm_bindgen_test]
async fn training_is_pytorchs() {
    let device = gpu::device().await;
    let mut margin = Margin::NONE;
    let tunings = gpu::tunings(&device);
    for (i, (name, bytes)) in [
        (
            "lstm",
            include_bytes!("goldens/data/lstm.safetensors").as_slice(),
        ),
        ("gru", include_bytes!("goldens/data/gru.safetensors")),
        (
            "gru-before",
            include_bytes!("goldens/data/gru-before.safetensors"),
        ),
        (
            "rnn-tanh",
            include_bytes!("goldens/data/rnn-tanh.safetensors"),
        ),
        (
            "rnn-relu",
            include_bytes!("goldens/data/rnn-relu.safetensors"),
        ),
        ("lstm-3", include_bytes!("goldens/data/lstm-3.safetensors")),
    ]
    .into_iter()
    .enumerate()
    {
        let golden = Golden::read(name, bytes);
        margin = margin.or(gpu::check_golden(&device, &tunings[i % 2], &golden).await);
    }
    console_log!("goldens: worst error {margin}");
}

#[wasm_bindgen_test]
async fn readings_see_what_was_asked_for_before_them() {
    gpu::check_readings(&gpu::device().await).await;
}

#[wasm_bindgen_test]
async fn a_lost_device_is_reported_and_nothing_panics() {
    gpu::check_device_loss().await;
}

#[wasm_bindgen_test]
async fn the_device_is_trusted_and_a_slower_one_is_not_chosen() {
    gpu::check_probe(&[(Cell::Lstm, true)]).await;
}

use charloom::{executor::*, kernels::*, network::*, plan::*, simd::Isa};
use std::time::Instant;
fn main() {
    let w = std::env::args().nth(1).unwrap_or("W2".into());
    let (cell, h, l, v, b, t) = match w.as_str() {
        "W1" => (Cell::Rnn, 256, 1, 1027, 32, 35),
        "W2" => (Cell::Lstm, 256, 1, 1027, 32, 35),
        "W3" => (Cell::Gru, 256, 1, 1027, 32, 35),
        "W4" => (Cell::Lstm, 128, 2, 65, 50, 50),
        _ => (Cell::Lstm, 512, 2, 65, 64, 64),
    };
    let config = ModelConfig {
        cell,
        hidden_size: h,
        num_layers: l,
        ..Default::default()
    };
    let np = network_plan(
        &config,
        v,
        &PlanOptions {
            batch: b,
            steps: t,
            carry: true,
            optimizer: OptimizerKind::Adam,
            slots: 8,
        },
    )
    .unwrap();
    let isa = match std::env::args().nth(2).as_deref() {
        Some("scalar") => Isa::Scalar,
        Some("repro") => Isa::best(true),
        Some("avx2") => *Isa::available()
            .iter()
            .find(|i| i.name() == "avx2+fma")
            .unwrap(),
        _ => Isa::best(false),
    };
    let mut e = CpuExecutor::with_threads(
        np.plan.clone(),
        isa,
        std::env::args().nth(3).map_or(1, |x| x.parse().unwrap()),
    )
    .unwrap();
    let p = initialise(&config, &np.layout, 1);
    e.write(np.parameters, 0, bytemuck::cast_slice(&p));
    let n = b * t;
    let x: Vec<u32> = (0..n).map(|i| ((i * 7919) % v) as u32).collect();
    let mut ix = charloom::train::TokenIndex::new(n, v);
    ix.fill(&x);
    let c = charloom::train::TrainConfig::default().controls(0, 0, 0.0, 0);
    e.write(np.controls, 0, bytemuck::cast_slice(&[c]));
    e.write(np.tokens, 0, &x);
    e.write(np.targets, 0, &x);
    e.write(np.positions, 0, &ix.positions);
    e.write(np.starts, 0, &ix.starts);
    let d = np.plan.programs[np.train].dispatches.clone();
    let mut best = vec![f64::MAX; d.len()];
    for _ in 0..12 {
        for i in 0..d.len() {
            let s = Instant::now();
            e.run_dispatch(np.train, i);
            best[i] = best[i].min(s.elapsed().as_secs_f64() * 1e3);
        }
    }
    let total: f64 = best.iter().sum();
    println!(
        "{w} {} total best {:.2} ms = {:.0} chars/s",
        isa.name(),
        total,
        n as f64 / total * 1e3
    );
    for (d, b) in d.iter().zip(&best) {
        let fl = match d.kernel {
            Kernel::Matmul(p) => 2.0 * p.m as f64 * p.n as f64 * p.k as f64,
            Kernel::LstmForward(p) => {
                2.0 * (p.steps * p.batch * p.hidden) as f64 * 4.0 * p.hidden as f64
            }
            Kernel::LstmBackward(p) => {
                2.0 * (p.steps * p.batch * p.hidden) as f64 * 4.0 * p.hidden as f64
            }
            Kernel::RnnForward(p) => 2.0 * (p.steps * p.batch * p.hidden) as f64 * p.hidden as f64,
            Kernel::RnnBackward(p) => 2.0 * (p.steps * p.batch * p.hidden) as f64 * p.hidden as f64,
            Kernel::GruForward(p) => 6.0 * (p.steps * p.batch * p.hidden) as f64 * p.hidden as f64,
            Kernel::GruBackward(p) => 6.0 * (p.steps * p.batch * p.hidden) as f64 * p.hidden as f64,
            _ => 0.0,
        };
        println!(
            "  {:28} {:24} {:8.3} ms {:6.1} GF/s",
            d.kernel.name(),
            d.label,
            b,
            fl / b / 1e6
        );
    }
}

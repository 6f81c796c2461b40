//! The kernels one at a time: `cargo bench --bench kernels -- FILTER`.
//!
//! `step` runs each dispatch of a training step of W2, W3 and W4 on its own, in the order of the step: where
//! the time of a step goes. The rest are the pieces that kernels are made of. As a test each runs once.
use std::fmt;

use charloom::{
    executor::{Batch, CpuExecutor, Executor, Feeder},
    network::{Cell, ModelConfig, initialise},
    plan::{NetworkPlan, PlanOptions, network_plan},
    random::philox4x32,
    simd::{Gemm, Isa, Matrix, SCRATCH_LEN, Simd, Start, gemm, gemm_packed, pack_b, packed_len},
    train::TrainConfig,
    with_simd,
};
use divan::{Bencher, black_box, counter::ItemsCount};

fn main() {
    divan::main();
}

/// The sizes of a workload that has every kind of kernel in it.
#[derive(Clone, Copy)]
struct Workload {
    name: &'static str,
    cell: Cell,
    layers: usize,
    hidden: usize,
    vocabulary: usize,
    batch: usize,
    steps: usize,
    dropout: f32,
}

const W2: Workload = Workload {
    name: "W2",
    cell: Cell::Lstm,
    layers: 1,
    hidden: 256,
    vocabulary: 1027,
    batch: 32,
    steps: 35,
    dropout: 0.0,
};

const STEPS: [Workload; 3] = [
    W2,
    Workload {
        name: "W3",
        cell: Cell::Gru,
        ..W2
    },
    Workload {
        name: "W4 with dropout",
        layers: 2,
        hidden: 128,
        vocabulary: 65,
        batch: 50,
        steps: 50,
        dropout: 0.5,
        ..W2
    },
];

impl Workload {
    fn plan(&self) -> NetworkPlan {
        let options = PlanOptions {
            batch: self.batch,
            steps: self.steps,
            carry: true,
            optimizer: TrainConfig::default().optimizer_kind(),
            slots: 1,
        };
        network_plan(&self.model().language_model(self.vocabulary), &options).expect("a plan")
    }

    fn model(&self) -> ModelConfig {
        ModelConfig {
            cell: self.cell,
            num_layers: self.layers,
            hidden_size: self.hidden,
            dropout: self.dropout,
            ..ModelConfig::default()
        }
    }

    /// An executor that has made one step: every buffer holds what it holds in training.
    fn executor(&self, network: &NetworkPlan) -> CpuExecutor {
        let n = self.batch * self.steps;
        let model = self.model();
        let model = model.language_model(self.vocabulary);
        let parameters = initialise(&model, &network.layout, 1).expect("memory suffices");
        let tokens: Vec<u32> = (0..n)
            .map(|i| (i * 7919 % self.vocabulary) as u32)
            .collect();
        let controls = TrainConfig::default().controls(0, 0, self.dropout, 0, n);
        let mut executor = CpuExecutor::new(network.plan.clone(), isa()).expect("enough memory");
        executor.write(network.parameters, 0, bytemuck::cast_slice(&parameters));
        let batch = Batch {
            targets: tokens.clone(),
            tokens,
            ..Batch::default()
        };
        let mut feeder = Feeder::new(&network.plan, &network.feeds);
        feeder.train(&mut executor, &batch, &controls);
        executor.run(network.train);
        executor
    }
}

/// A dispatch of a workload's step.
struct Part {
    workload: Workload,
    index: usize,
    label: String,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {:02} {}", self.workload.name, self.index, self.label)
    }
}

fn parts() -> Vec<Part> {
    STEPS
        .into_iter()
        .flat_map(|workload| {
            let network = workload.plan();
            let dispatches = &network.plan.programs[network.train].dispatches;
            let part = |(index, dispatch): (usize, &charloom::plan::Dispatch)| Part {
                workload,
                index,
                label: format!("{} {}", dispatch.kernel.name(), dispatch.label),
            };
            dispatches.iter().enumerate().map(part).collect::<Vec<_>>()
        })
        .collect()
}

#[divan::bench(args = parts())]
fn step(bencher: Bencher, part: &Part) {
    let network = part.workload.plan();
    let mut executor = part.workload.executor(&network);
    bencher.bench_local(|| executor.run_dispatch(network.train, part.index));
}

/// A product of a step: rows, columns, depth, and which factors lie transposed in memory.
#[derive(Clone, Copy)]
struct Product {
    what: &'static str,
    m: usize,
    n: usize,
    k: usize,
    transposed: (bool, bool),
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} {}x{}x{}", self.what, self.m, self.n, self.k)
    }
}

const fn product(
    what: &'static str,
    (m, n, k): (usize, usize, usize),
    transposed: (bool, bool),
) -> Product {
    Product {
        what,
        m,
        n,
        k,
        transposed,
    }
}

const PRODUCTS: [Product; 9] = [
    product("square", (512, 512, 512), (false, false)),
    product("W2 logits", (1120, 1027, 256), (false, true)),
    product("W2 d_hs", (1120, 256, 1027), (false, false)),
    product("W2 d_linear", (1027, 256, 1120), (true, false)),
    product("W2 d_w_hh", (256, 1024, 1120), (true, false)),
    product("W5 inputs", (4096, 2048, 512), (false, false)),
    product("ragged", (33, 65, 129), (false, false)),
    product("sampling", (1, 1024, 256), (false, false)),
    product("sampling, transposed", (1, 1027, 256), (false, true)),
];

#[divan::bench(args = PRODUCTS)]
fn matrix_product(bencher: Bencher, product: &Product) {
    let &Product {
        m,
        n,
        k,
        transposed: (ta, tb),
        ..
    } = product;
    let (a, b, mut c) = (noise(m * k), noise(k * n), vec![0.0; m * n]);
    let mut scratch = vec![0.0; SCRATCH_LEN];
    let shape = gemm_shape(m, n, k);
    let a = if ta {
        Matrix::rows(&a, m).t()
    } else {
        Matrix::rows(&a, k)
    };
    let b = if tb {
        Matrix::rows(&b, k).t()
    } else {
        Matrix::rows(&b, n)
    };
    bencher
        .counter(ItemsCount::new(2 * m * n * k))
        .bench_local(|| with_simd!(isa(), s => gemm(s, shape, a, b, &mut c, &mut scratch)));
}

/// The recurrent products of W2, W4, W5: their B is packed once for all time steps.
#[divan::bench(args = [(1, 1024, 256), (1, 512, 128), (32, 1024, 256), (32, 256, 1024), (50, 512, 128), (64, 2048, 512), (64, 512, 2048)])]
fn packed_product(bencher: Bencher, (m, n, k): (usize, usize, usize)) {
    let (a, b, mut c) = (noise(m * k), noise(k * n), vec![0.0; m * n]);
    let mut scratch = vec![0.0; SCRATCH_LEN];
    let (shape, a) = (gemm_shape(m, n, k), Matrix::rows(&a, k));
    let packed = with_simd!(isa(), s => pack(s, Matrix::rows(&b, n), k, n));
    bencher.counter(ItemsCount::new(2 * m * n * k)).bench_local(
        || with_simd!(isa(), s => gemm_packed(s, shape, a, &packed, &mut c, &mut scratch)),
    );
}

/// Elementary functions, per element.
#[divan::bench(args = ["exp", "sigmoid", "tanh"])]
fn elementary(bencher: Bencher, name: &str) {
    const LEN: usize = 4096;
    let (x, mut y) = (noise(LEN), vec![0.0; LEN]);
    bencher.counter(ItemsCount::new(LEN)).bench_local(|| {
        with_simd!(isa(), s => match name {
            "exp" => map(s, &x, &mut y, charloom::simd::exp),
            "sigmoid" => map(s, &x, &mut y, charloom::simd::sigmoid),
            _ => map(s, &x, &mut y, charloom::simd::tanh),
        })
    });
}

/// One row of probabilities, as sampling needs them.
#[divan::bench(args = [65, 1027, 5000])]
fn softmax(bencher: Bencher, vocabulary: usize) {
    let (logits, mut out) = (noise(vocabulary), vec![0.0; vocabulary]);
    bencher.counter(ItemsCount::new(vocabulary)).bench_local(
        || with_simd!(isa(), s => charloom::simd::softmax(s, &logits, 1.25, &mut out)),
    );
}

/// Random words, as dropout draws them.
#[divan::bench]
fn philox(bencher: Bencher) {
    const BLOCKS: u32 = 1024;
    bencher
        .counter(ItemsCount::new(4 * BLOCKS as usize))
        .bench_local(|| {
            (0..BLOCKS).fold(0, |all, block| {
                philox4x32([black_box(block), 0, 0, 0], [1, 2])
                    .into_iter()
                    .fold(all, |all, word| all ^ word)
            })
        });
}

fn isa() -> Isa {
    Isa::best(false)
}

fn gemm_shape(m: usize, n: usize, k: usize) -> Gemm<'static> {
    Gemm {
        m,
        n,
        k,
        ldc: n,
        start: Start::Zero,
    }
}

fn pack<S: Simd>(s: S, b: Matrix, k: usize, n: usize) -> Vec<f32> {
    let mut packed = vec![0.0; packed_len::<S>(k, n)];
    pack_b(s, 1, b, k, n, &mut packed);
    packed
}

/// y = f(x), whole vectors.
fn map<S: Simd>(s: S, x: &[f32], y: &mut [f32], f: impl Fn(S, S::F) -> S::F) {
    s.run(
        #[inline(always)]
        || {
            for (x, y) in x.chunks_exact(S::LANES).zip(y.chunks_exact_mut(S::LANES)) {
                s.store(f(s, s.load(x)), y);
            }
        },
    );
}

/// Uniform in ±2.
fn noise(len: usize) -> Vec<f32> {
    let mut state = 1u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 4_194_304.0 - 2.0
    };
    std::iter::repeat_with(next).take(len).collect()
}

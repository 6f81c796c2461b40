//! From a plan's dispatches to what the GPU is told: shaders, workgroups, steps. No GPU is needed.
use super::{
    recurrent::{RecurrentPath, RecurrentShape, RecurrentWish, Sequence, Step, recurrent_path},
    split::{ALIGNMENT_WORDS, fits, split},
};
use crate::{
    kernels::{Kernel, Shader, add, matmul, pack_quads, relu_backward, relu_forward},
    plan::{Dispatch, Plan, View},
};

/// What a lowering depends on besides the plan: the device, and wishes of tests and measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// Invocations of a workgroup, at most.
    pub invocations: usize,
    /// Workgroup memory in bytes.
    pub workgroup_bytes: usize,
    /// Workgroups along one dimension.
    pub workgroups: usize,
    /// What a kernel may use of a buffer at once, in bytes.
    pub binding_bytes: u64,
    /// Matrix products through workgroup memory; without, every invocation reads for itself, which
    /// is faster where the "GPU" is a CPU.
    pub tiles: bool,
    /// `Some`: how recurrent kernels run, as far as the device allows.
    pub recurrent: Option<RecurrentWish>,
    /// Whether an executor measures on its device how they had best run, where nothing is wished for. (Sums are then
    /// added up in an order that can differ from one device, and one day, to another.)
    pub measure: bool,
    /// `Some`: how matrix products run that are made through workgroup memory.
    pub product: Option<ProductWish>,
    /// Whether every index is checked on the GPU, also where the plan proves it.
    pub checked: bool,
}

impl Default for Tuning {
    /// What WebGPU guarantees.
    fn default() -> Self {
        Self {
            invocations: 256,
            workgroup_bytes: 16 << 10,
            workgroups: 65_535,
            binding_bytes: 128 << 20,
            tiles: true,
            recurrent: None,
            measure: false,
            product: None,
            checked: false,
        }
    }
}

/// How a matrix product may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductWish {
    /// Tiles of 128×128, not 64×64.
    pub is_wide: bool,
    /// Workgroups to a tile, each with a part of k.
    pub slices: usize,
}

/// A buffer argument of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A view of the plan.
    View(View),
    /// A part of a view of the plan, and how many of the view's words come before it. The shader
    /// counts from the view's start, and must keep to the part.
    Part(View, u64),
    /// A buffer of the executor's own, filled by the call before: a packed recurrent matrix, or a product's parts.
    Scratch {
        /// Numbers.
        len: usize,
    },
}

/// One dispatch of the GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The shader.
    pub shader: Shader,
    /// Batch rows that it takes together, where it is a recurrent kernel's.
    pub rows: usize,
    /// Which of its entry points.
    pub entry: &'static str,
    /// Whether the plan proves that all it touches is there.
    pub proven: bool,
    /// Its `override` constants.
    pub constants: Vec<(&'static str, usize)>,
    /// In binding order.
    pub operands: Vec<Operand>,
    /// Its `Params`.
    pub params: Vec<u8>,
    /// `step` and `phase` of its `Offsets`.
    pub step: [u32; 2],
    /// How many workgroups.
    pub workgroups: [usize; 3],
}

/// The calls of one dispatch, in order.
pub fn lower(dispatch: &Dispatch, tuning: &Tuning) -> Vec<Call> {
    let parts = split(dispatch, tuning);
    parts.iter().flat_map(|part| calls(part, tuning)).collect()
}

fn calls(dispatch: &Dispatch, tuning: &Tuning) -> Vec<Call> {
    let most = tuning.workgroups;
    let one = |entry, constants, workgroups| {
        vec![Call {
            shader: dispatch.kernel.shader(),
            rows: 1,
            entry,
            proven: proven(dispatch, tuning),
            constants,
            operands: dispatch.views.iter().map(|&v| Operand::View(v)).collect(),
            params: dispatch.kernel.params().to_vec(),
            step: [0; 2],
            workgroups,
        }]
    };
    // Shaders go on where the grid ends, for those dimensions that are cut off here.
    let rows = |count: u32| (count as usize).min(most);
    // Where a shader does not, the configuration keeps the grid below any device's limit.
    let columns = |count: u32, lanes| (count as usize).div_ceil(lanes);
    match &dispatch.kernel {
        Kernel::EmbeddingForward(p) => one("main", vec![], [columns(p.width, 64), rows(p.rows), 1]),
        Kernel::EmbeddingBackward(p) => one(
            "main",
            vec![],
            [columns(p.width, 64), rows(p.vocabulary), 1],
        ),
        Kernel::Matmul(p) => {
            let product = Product::new(p, tuning);
            let Product {
                entry,
                side,
                slices,
            } = product;
            let grid = [columns(p.n, side), columns(p.m, side), slices];
            let mut calls = one(entry, vec![("slices", slices)], grid);
            if slices > 1 {
                let parts = Operand::Scratch {
                    len: product.scratch(p),
                };
                let len = p.m as usize * p.n as usize;
                let groups = len.div_ceil(256).min(most);
                calls.extend(one("fold", vec![("slices", slices)], [groups, 1, 1]));
                calls[0].operands[3] = parts;
                calls[1].operands[0] = parts;
            }
            calls
        }
        Kernel::SumRows(p) => one("main", vec![], [columns(p.columns, 16).min(most), 1, 1]),
        Kernel::Add(add::Params { len, .. })
        | Kernel::ReluForward(relu_forward::Params { len, .. })
        | Kernel::ReluBackward(relu_backward::Params { len, .. }) => {
            one("main", vec![], [columns(*len, 64).min(most), 1, 1])
        }
        Kernel::Dropout(p) => one("main", vec![], [columns(p.len, 4 * 64).min(most), 1, 1]),
        Kernel::SoftmaxCrossEntropy(p) => {
            let lanes = if p.vocabulary <= 256 { 64 } else { 256 };
            one("main", vec![("lanes", lanes)], [rows(p.rows), 1, 1])
        }
        Kernel::ElementwiseLoss(p) => one("main", vec![], [columns(p.rows, 64).min(most), 1, 1]),
        Kernel::MeanLoss(_) | Kernel::Clip(_) => one("main", vec![], [1; 3]),
        Kernel::GradientNorm(p) => one("main", vec![], [rows(p.chunks), 1, 1]),
        Kernel::Sgd(p) => one("main", vec![], [rows(p.chunks), 1, 1]),
        Kernel::Rmsprop(p) => one("main", vec![], [rows(p.chunks), 1, 1]),
        Kernel::Adam(p) => one("main", vec![], [rows(p.chunks), 1, 1]),
        Kernel::Adagrad(p) => one("main", vec![], [rows(p.chunks), 1, 1]),
        Kernel::RnnForward(p) => Layer::new(1, p.hidden, p.batch, p.steps, false).forward(
            dispatch,
            tuning,
            p.carry == 1,
            1,
        ),
        Kernel::LstmForward(p) => Layer::new(4, p.hidden, p.batch, p.steps, false).forward(
            dispatch,
            tuning,
            p.carry == 1,
            1,
        ),
        Kernel::GruForward(p) => {
            let before = p.reset_after == 0;
            Layer::new(3, p.hidden, p.batch, p.steps, before).forward(
                dispatch,
                tuning,
                p.carry == 1,
                1 + u32::from(before),
            )
        }
        Kernel::RnnBackward(p) => {
            Layer::new(1, p.hidden, p.batch, p.steps, false).backward(dispatch, tuning)
        }
        Kernel::LstmBackward(p) => {
            Layer::new(4, p.hidden, p.batch, p.steps, false).backward(dispatch, tuning)
        }
        Kernel::GruBackward(p) => {
            Layer::new(3, p.hidden, p.batch, p.steps, p.reset_after == 0).backward(dispatch, tuning)
        }
    }
}

/// Whether the kernel's parameters prove that it touches nothing outside of its views: so they do for every dispatch of a
/// valid plan, and for its parts (`split`) too, which nobody has validated.
fn proven(dispatch: &Dispatch, tuning: &Tuning) -> bool {
    let fits = |lengths: Vec<u64>| {
        let mut pairs = lengths.iter().zip(&dispatch.views);
        pairs.all(|(&least, view)| view.len >= least)
    };
    !tuning.checked && dispatch.kernel.lengths().is_some_and(fits)
}

/// How a matrix product runs.
struct Product {
    /// The entry point.
    entry: &'static str,
    /// Rows and columns of C to a workgroup.
    side: usize,
    /// Workgroups to a tile, each with a part of k.
    slices: usize,
}

/// Workgroups that keep a large card busy; what more there is to do is then best done by fewer of them.
const ENOUGH_WORKGROUPS: usize = 512;
/// Along k, what is worth a workgroup of its own.
const SLICE: usize = 128;
/// Numbers of the parts of a product, at most.
const MAX_PARTS: usize = 16 << 20;

impl Product {
    fn new(p: &matmul::Params, tuning: &Tuning) -> Self {
        let [m, n, k] = [p.m, p.n, p.k].map(|n| n as usize);
        let tiles = |side: usize| m.div_ceil(side) * n.div_ceil(side);
        // A product smaller than a few tiles leaves most of each tile idle.
        if !tuning.tiles || m.max(n) <= 32 {
            return Self {
                entry: "direct",
                side: 32,
                slices: 1,
            };
        }
        let longest = (k / SLICE).max(1);
        let numbers = MAX_PARTS.min(tuning.binding_bytes as usize / 4);
        let most = (numbers / (m * n)).min(tuning.workgroups);
        let of = |is_wide: bool| {
            if is_wide {
                ("wide", 128)
            } else {
                ("tiled", 64)
            }
        };
        if let Some(ProductWish { is_wide, slices }) = tuning.product {
            let (entry, side) = of(is_wide);
            return Self {
                entry,
                side,
                slices: slices.min(most).max(1),
            };
        }
        let is_wide = m.min(n) >= 128 && tiles(128) * longest >= ENOUGH_WORKGROUPS / 2;
        let (entry, side) = of(is_wide);
        let wanted = ENOUGH_WORKGROUPS / if is_wide { 2 } else { 1 } / tiles(side);
        Self {
            entry,
            side,
            slices: wanted.min(longest).min(most).max(1),
        }
    }

    /// Numbers of all parts together.
    fn scratch(&self, p: &matmul::Params) -> usize {
        self.slices * p.m as usize * p.n as usize
    }
}

/// A recurrent kernel's shape.
struct Layer {
    gates: usize,
    hidden: usize,
    batch: usize,
    steps: u32,
    /// GRU with the reset before the product.
    reset_before: bool,
}

impl Layer {
    fn new(gates: usize, hidden: u32, batch: u32, steps: u32, reset_before: bool) -> Self {
        Self {
            gates,
            hidden: hidden as usize,
            batch: batch as usize,
            steps,
            reset_before,
        }
    }

    fn forward(&self, dispatch: &Dispatch, tuning: &Tuning, carry: bool, phases: u32) -> Vec<Call> {
        let (h, columns) = (self.hidden as u32, (self.gates * self.hidden) as u32);
        let packing = pack_quads::Params {
            blocks: 1,
            rows: h,
            columns,
            block_stride: 0,
            row_stride: columns,
            column_stride: 1,
            reserved: [0; 2],
        };
        let shape = RecurrentShape {
            hidden: self.hidden,
            gates: self.gates,
            vectors: 1 + usize::from(self.reset_before),
            sums: self.gates,
        };
        let mut calls = Calls::new(dispatch, packing, shape, tuning);
        match calls.path {
            RecurrentPath::Sequence(sequence) => calls.sequence(self, sequence),
            RecurrentPath::Step(step) => {
                let grid = self.step_grid(step);
                let groups = (self.hidden * self.batch).div_ceil(64);
                let carrying = [groups.min(tuning.workgroups), 1, 1];
                calls.add("carry", self, carrying, [0, 0], 0);
                for step in 0..self.steps {
                    for phase in 0..phases {
                        calls.add("step", self, grid, [step, phase], step);
                    }
                }
                if carry {
                    calls.add("carry", self, carrying, [0, 1], self.steps);
                }
            }
        }
        calls.list
    }

    fn backward(&self, dispatch: &Dispatch, tuning: &Tuning) -> Vec<Call> {
        let h = self.hidden as u32;
        let packing = pack_quads::Params {
            blocks: self.gates as u32,
            rows: h,
            columns: h,
            block_stride: h,
            row_stride: 1,
            column_stride: self.gates as u32 * h,
            reserved: [0; 2],
        };
        let shape = RecurrentShape {
            hidden: self.hidden,
            gates: self.gates,
            vectors: self.gates,
            sums: 1,
        };
        let mut calls = Calls::new(dispatch, packing, shape, tuning);
        match calls.path {
            RecurrentPath::Sequence(sequence) => calls.sequence(self, sequence),
            // The GRU's steps are named by the step whose gradients go back, down to step 0, which
            // gives the gradient of the state before the sequence.
            RecurrentPath::Step(layout) if self.gates == 3 => {
                let grid = self.step_grid(layout);
                for later in (0..=self.steps).rev() {
                    let step = later.saturating_sub(1);
                    calls.add("step", self, grid, [later, 0], step);
                    if self.reset_before && later > 0 {
                        calls.add("step", self, grid, [step, 1], step);
                    }
                }
            }
            RecurrentPath::Step(layout) => {
                for step in (0..self.steps).rev() {
                    calls.add("step", self, self.step_grid(layout), [step, 0], step);
                }
            }
        }
        calls.list
    }

    /// The steps of a sequence's buffer from the one before `around` to the one after it.
    fn window(&self, name: &str, view: View, around: usize) -> Operand {
        let gates = if name == "gates" { self.gates } else { 1 };
        let step = (gates * self.batch * self.hidden) as u64;
        let around = around as u64;
        let (first, end) = (around.saturating_sub(1) * step, (around + 2) * step);
        let first = first.min(view.len - step);
        Operand::Part(view.slice(first, end.min(view.len) - first), first)
    }

    fn step_grid(&self, step: Step) -> [usize; 3] {
        let (units, rows) = (self.hidden, self.batch);
        [units.div_ceil(step.units), rows.div_ceil(2 * step.rows), 1]
    }
}

/// The calls of a recurrent kernel: first the packing of its matrix.
struct Calls<'a> {
    dispatch: &'a Dispatch,
    operands: Vec<Operand>,
    /// Whether the buffers of a sequence are larger than what a kernel may use: then each step gets
    /// the steps around it.
    in_windows: bool,
    path: RecurrentPath,
    proven: bool,
    list: Vec<Call>,
}

/// Bindings with numbers for each step.
const SEQUENCES: [&str; 5] = ["gates", "hs", "cs", "aside", "d_hs"];

impl<'a> Calls<'a> {
    fn new(
        dispatch: &'a Dispatch,
        packing: pack_quads::Params,
        shape: RecurrentShape,
        tuning: &Tuning,
    ) -> Self {
        let packed = Operand::Scratch { len: packing.len() };
        let mut operands: Vec<_> = dispatch.views.iter().map(|&v| Operand::View(v)).collect();
        // The matrix is the first binding of every recurrent kernel.
        let matrix = std::mem::replace(&mut operands[0], packed);
        let pack = Call {
            shader: pack_quads::shader(),
            rows: 1,
            entry: "main",
            proven: false,
            constants: vec![],
            operands: vec![matrix, packed],
            params: bytemuck::bytes_of(&packing).to_vec(),
            step: [0; 2],
            workgroups: [(packing.len() / 4).div_ceil(64).min(4096), 1, 1],
        };
        let in_windows = dispatch.views.iter().any(|&view| !fits(view, tuning));
        let path = match recurrent_path(shape, tuning) {
            RecurrentPath::Sequence(_) if in_windows => RecurrentPath::Step(Step::default()),
            path => path,
        };
        Self {
            in_windows,
            path,
            // What is proven is said of whole views.
            proven: proven(dispatch, tuning) && !in_windows,
            dispatch,
            operands,
            list: vec![pack],
        }
    }

    /// `around`: the step whose neighbours on both sides the call may use.
    fn add(
        &mut self,
        entry: &'static str,
        layer: &Layer,
        workgroups: [usize; 3],
        step: [u32; 2],
        around: u32,
    ) {
        let mut operands = self.operands.clone();
        if self.in_windows {
            let bindings = self.dispatch.kernel.bindings().iter();
            for (operand, binding) in operands.iter_mut().zip(bindings) {
                if let Operand::View(view) = *operand
                    && SEQUENCES.contains(&binding.name)
                {
                    *operand = layer.window(binding.name, view, around as usize);
                }
            }
        }
        let (rows, mut constants) = match self.path {
            RecurrentPath::Sequence(s) => (s.rows, vec![]),
            RecurrentPath::Step(step) => (
                step.rows,
                vec![
                    ("step_units", step.units),
                    ("step_splits", step.splits),
                    ("span_numbers", step.numbers),
                    // As for a sequence's memory.
                    ("span_len", step.span() * if step.rows > 1 { 1 } else { 4 }),
                ],
            ),
        };
        constants.push(("quads", layer.hidden.div_ceil(4)));
        self.list.push(Call {
            shader: self.dispatch.kernel.shader(),
            rows,
            entry,
            proven: self.proven,
            constants,
            operands,
            params: self.dispatch.kernel.params().to_vec(),
            step,
            workgroups,
        });
    }

    fn sequence(&mut self, layer: &Layer, s: Sequence) {
        let groups = [layer.batch.div_ceil(s.rows), 1, 1];
        self.add("sequence", layer, groups, [0; 2], 0);
        // Four places to an element of the memory, where a place is more than one number.
        let places = if s.rows > 1 { 4 } else { 1 };
        if let Some(call) = self.list.last_mut() {
            call.constants.extend([
                ("units", s.units),
                ("splits", s.splits),
                ("passes", s.passes),
                ("memory_len", s.memory / places),
                ("parts_at", s.vectors_end),
            ]);
        }
    }
}

/// The largest part of a buffer that `calls` use at once, in bytes.
pub fn largest_binding<'a>(calls: impl Iterator<Item = &'a Call>) -> u64 {
    let operands = calls.flat_map(|call| &call.operands);
    let bytes = operands.map(|operand| match operand {
        Operand::View(view) | Operand::Part(view, _) => {
            4 * (view.offset % ALIGNMENT_WORDS + view.len)
        }
        Operand::Scratch { len } => 4 * *len as u64,
    });
    bytes.max().unwrap_or(0)
}

/// Dispatches of one run of program `program`.
pub fn count(plan: &Plan, program: usize, tuning: &Tuning) -> usize {
    let dispatches = plan.programs[program].dispatches.iter();
    dispatches.map(|d| lower(d, tuning).len()).sum()
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use crate::{
        network::{Cell, Input, ModelConfig},
        plan::{OptimizerKind, PlanOptions, network_plan},
        text::MAX_VOCABULARY,
    };
    use proptest::prelude::*;

    fn plan(cell: Cell, hidden_size: usize, steps: usize, reset_after: bool) -> (Plan, usize) {
        let config = ModelConfig {
            cell,
            hidden_size,
            reset_after,
            ..ModelConfig::default()
        };
        let options = PlanOptions {
            batch: 32,
            steps,
            carry: true,
            optimizer: OptimizerKind::Adam,
            slots: 8,
        };
        let network = network_plan(&config.language_model(1027), &options).unwrap();
        (network.plan, network.train)
    }

    #[test]
    fn a_fused_step_of_one_layer_is_at_most_two_dozen_dispatches_whatever_t() {
        for (cell, reset_after) in [
            (Cell::Rnn, true),
            (Cell::Lstm, true),
            (Cell::Gru, true),
            (Cell::Gru, false),
        ] {
            for steps in [2, 35, 256] {
                let (plan, train) = plan(cell, 256, steps, reset_after);
                let count = count(&plan, train, &Tuning::default());
                assert!(count <= 24, "{cell:?} T={steps}: {count}");
            }
        }
    }

    #[test]
    fn the_other_path_has_a_dispatch_or_two_a_step() {
        for (cell, reset_after, each) in [
            (Cell::Rnn, true, 2),
            (Cell::Lstm, true, 2),
            (Cell::Gru, true, 2),
            (Cell::Gru, false, 4),
        ] {
            let of = |steps| {
                let (plan, train) = plan(cell, 600, steps, reset_after);
                count(&plan, train, &Tuning::default())
            };
            assert_eq!(of(36) - of(35), each, "{cell:?}");
        }
    }

    #[test]
    fn the_default_limits_are_enough_up_to_where_they_are_said_to_be() {
        for cell in [Cell::Rnn, Cell::Lstm, Cell::Gru] {
            for (input, reset_after) in [(Input::OneHot, true), (Input::Embedding, false)] {
                let config = ModelConfig {
                    cell,
                    input,
                    reset_after,
                    hidden_size: 512,
                    num_layers: 2,
                    ..ModelConfig::default()
                };
                let options = PlanOptions {
                    batch: 128,
                    steps: 256,
                    carry: true,
                    optimizer: OptimizerKind::Adam,
                    slots: 64,
                };
                let plan = network_plan(&config.language_model(5000), &options)
                    .unwrap()
                    .plan;
                let buffers = plan.buffers.iter().map(|b| 4 * b.len());
                assert!(buffers.max() <= Some(256 << 20));
                let tuning = Tuning::default();
                let dispatches = plan.programs.iter().flat_map(|p| &p.dispatches);
                let calls: Vec<_> = dispatches.flat_map(|d| lower(d, &tuning)).collect();
                assert!(largest_binding(calls.iter()) <= tuning.binding_bytes);
                for call in calls {
                    assert!(call.workgroups.iter().all(|&n| (1..=65_535).contains(&n)));
                }
            }
        }
    }

    /// What is compiled without checks: only what cannot touch anything that is not its own.
    #[test]
    fn what_is_proven_has_all_that_it_touches() {
        let (plan, train) = plan(Cell::Lstm, 16, 3, true);
        let tuning = Tuning::default();
        let mut proven = 0;
        for dispatch in &plan.programs[train].dispatches {
            let all = lower(dispatch, &tuning);
            let is_proven = dispatch.kernel.lengths().is_some();
            // (The packing of a matrix is checked.)
            let calls = |calls: Vec<Call>| calls.iter().any(|call| call.proven);
            assert_eq!(calls(all), is_proven, "{}", dispatch.kernel.name());
            proven += usize::from(is_proven);
            let checked = Tuning {
                checked: true,
                ..tuning
            };
            assert!(!calls(lower(dispatch, &checked)));
            let lengths = dispatch.kernel.lengths().unwrap_or_default();
            for (i, &least) in lengths.iter().enumerate().filter(|(_, least)| **least > 0) {
                let mut short = dispatch.clone();
                short.views[i].len = least - 1;
                assert!(!calls(lower(&short, &tuning)), "{} {i}", dispatch.label);
            }
        }
        assert!(proven > 5, "{proven}");
    }

    #[test]
    fn a_long_sum_of_few_tiles_is_shared_by_many_workgroups() {
        let product = |m, n, k, tuning: &Tuning| {
            let p = matmul::Params {
                m,
                n,
                k,
                ..bytemuck::Zeroable::zeroed()
            };
            let product = Product::new(&p, tuning);
            (product.entry, product.slices)
        };
        let tuning = Tuning::default();
        // The weight gradients of small networks.
        assert_eq!(product(128, 512, 2500, &tuning), ("tiled", 19));
        assert_eq!(product(256, 1027, 1120, &tuning), ("tiled", 7));
        // Products of large layers.
        assert_eq!(product(4096, 2048, 512, &tuning), ("wide", 1));
        assert_eq!(product(512, 2048, 4096, &tuning), ("wide", 4));
        assert_eq!(product(64, 64, 127, &tuning), ("tiled", 1));
        assert_eq!(product(16, 32, 4096, &tuning), ("direct", 1));
        let little = Tuning {
            binding_bytes: 4 * 3 * 128 * 512,
            ..tuning
        };
        assert_eq!(product(128, 512, 2500, &little), ("tiled", 3));
        let software = Tuning {
            tiles: false,
            ..tuning
        };
        assert_eq!(product(128, 512, 2500, &software), ("direct", 1));
    }

    /// What a configuration allows at most, in one dimension after the other, and anything between.
    fn shapes() -> impl Strategy<Value = (usize, usize, usize, usize)> {
        let any = (1..=2048usize, 1..=4096usize, 1..=64usize, 2..=200_000usize);
        let corners = prop::sample::select(vec![
            (2048, 4096, 64, 2),
            (2048, 1, 4096, 2),
            (1024, 4096, 64, 5000),
            (1, 4096, 64, MAX_VOCABULARY),
            (256, 1, 1, MAX_VOCABULARY),
            (1, 1, 1, 2),
        ]);
        prop_oneof![any, corners]
    }

    fn forms() -> impl Strategy<Value = (Cell, Input, bool)> {
        let cell = prop::sample::select(vec![Cell::Rnn, Cell::Lstm, Cell::Gru]);
        let input = prop::sample::select(vec![Input::OneHot, Input::Embedding]);
        (cell, input, any::<bool>())
    }

    fn wishes() -> impl Strategy<Value = Option<RecurrentWish>> {
        let rows = || prop::sample::select(crate::kernels::ROWS.to_vec());
        let sequence = (rows(), 32..=1024usize)
            .prop_map(|(rows, invocations)| RecurrentWish::Sequence { rows, invocations });
        let units = prop::sample::select(vec![16, 32, 64]);
        let invocations = prop::sample::select(vec![256, 512, 1024]);
        let step = (rows(), units, invocations).prop_map(|(rows, units, invocations)| {
            RecurrentWish::Step {
                rows,
                units,
                invocations,
            }
        });
        prop::option::of(prop_oneof![sequence, step])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn grids_keep_to_the_limit(
            (hidden_size, batch, steps, vocabulary) in shapes(),
            (cell, input, reset_after) in forms(),
            recurrent in wishes(),
        ) {
            let config = ModelConfig {
                cell,
                input,
                reset_after,
                hidden_size,
                num_layers: 2,
                ..ModelConfig::default()
            };
            let options = PlanOptions {
                batch,
                steps,
                carry: true,
                optimizer: OptimizerKind::Adam,
                slots: 8,
            };
            let tuning = Tuning { recurrent, ..Tuning::default() };
            let plan = network_plan(&config.language_model(vocabulary), &options).unwrap().plan;
            for d in plan.programs.iter().flat_map(|p| &p.dispatches) {
                for call in lower(d, &tuning) {
                    let fits = call.workgroups.iter().all(|n| (1..=65_535).contains(n));
                    prop_assert!(fits, "{} {}: {:?}", call.shader.name, call.entry, call.workgroups);
                    prop_assert_eq!(call.operands.len(), call.shader.bindings.len());
                }
            }
        }
    }
}

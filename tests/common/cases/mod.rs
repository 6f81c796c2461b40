//! What each kernel must compute: inputs at ragged sizes, and outputs from the f64 oracle. A case
//! knows nothing of executors, so one body tests them all.
// Each test file uses its own part of this.
#![allow(dead_code)]
mod basic;
mod optimisers;
mod recurrent;

pub use basic::*;
pub use optimisers::*;
pub use recurrent::*;

use charloom::{
    executor::{CpuExecutor, Executor, ExecutorError},
    kernels::{Access, Kernel},
    plan::{Buffer, BufferId, Dispatch, Plan, Program, Role, View},
    simd::Isa,
};

use crate::common::{
    compare::{EXACT, Margin, Tolerance, check_bits, compare, same_bits},
    rig::wait,
    wide,
};

/// One dispatch, its buffers before, and its buffers after.
pub struct Case {
    /// The kernel, and what is special about this case.
    pub label: String,
    /// The kernel.
    pub kernel: Kernel,
    /// Contents of each binding before.
    pub before: Vec<Vec<f32>>,
    expected: Vec<Expected>,
    /// Written bindings whose contents nobody reads.
    scratch: Vec<&'static str>,
}

struct Expected {
    binding: usize,
    offset: usize,
    values: Vec<f64>,
    tolerance: Tolerance,
}

impl Case {
    /// `before`: by binding name, in binding order.
    pub fn new(label: impl AsRef<str>, kernel: Kernel, before: &[(&str, Vec<f32>)]) -> Self {
        let label = format!("{} {}", kernel.name(), label.as_ref());
        let names: Vec<_> = kernel.bindings().iter().map(|b| b.name).collect();
        let given: Vec<_> = before.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, given, "{label}: the bindings");
        Self {
            label,
            kernel,
            before: before.iter().map(|(_, words)| words.clone()).collect(),
            expected: Vec::new(),
            scratch: Vec::new(),
        }
    }

    fn binding(&self, name: &str) -> usize {
        let mut bindings = self.kernel.bindings().iter();
        let position = bindings.position(|b| b.name == name);
        position.unwrap_or_else(|| panic!("{}: no binding {name}", self.label))
    }

    /// All of binding `name` must become `values`.
    pub fn expect(self, name: &str, values: &[f64], tolerance: Tolerance) -> Self {
        let binding = self.binding(name);
        assert_eq!(self.before[binding].len(), values.len(), "{name}");
        self.expect_at(name, 0, values, tolerance)
    }

    /// The numbers of binding `name` from `offset` on must become `values`.
    pub fn expect_at(
        mut self,
        name: &str,
        offset: usize,
        values: &[f64],
        tolerance: Tolerance,
    ) -> Self {
        if values.is_empty() {
            return self;
        }
        self.expected.push(Expected {
            binding: self.binding(name),
            offset,
            values: values.to_vec(),
            tolerance,
        });
        self
    }

    /// Binding `name` must stay as it is, although the kernel may write it.
    pub fn unchanged(self, name: &str) -> Self {
        let same = wide(&self.before[self.binding(name)]);
        self.expect(name, &same, EXACT)
    }

    /// What the kernel leaves in binding `name` does not matter.
    pub fn scratch(mut self, name: &'static str) -> Self {
        self.scratch.push(name);
        self
    }

    /// The same case with tolerances `times` as large: for arithmetic that is less exact.
    pub fn relaxed(mut self, times: f64) -> Self {
        for expected in &mut self.expected {
            expected.tolerance = expected.tolerance.times(times);
        }
        self
    }

    /// A plan with this dispatch alone: each binding is a buffer with [`GUARD`] words on both sides.
    pub fn plan(&self) -> Plan {
        let bindings = self.kernel.bindings().iter();
        let (mut buffers, mut views) = (Vec::new(), Vec::new());
        for (i, (binding, words)) in bindings.zip(&self.before).enumerate() {
            buffers.push(Buffer {
                name: binding.name.into(),
                shape: vec![(words.len() + 2 * GUARD) as u64],
                role: Role::Activation,
                init: None,
            });
            views.push(View {
                buffer: BufferId(i as u32),
                offset: GUARD as u64,
                len: words.len() as u64,
            });
        }
        let dispatch = Dispatch {
            label: self.label.clone(),
            kernel: self.kernel,
            views,
        };
        Plan {
            buffers,
            programs: vec![Program {
                dispatches: vec![dispatch],
            }],
        }
    }

    /// Runs the case's plan on `executor`: each binding's contents after it.
    ///
    /// # Panics
    /// When a word next to a binding has changed.
    pub fn run(&self, executor: &mut impl Executor) -> Vec<Vec<f32>> {
        wait(async { Ok::<_, ExecutorError>(self.after(executor).await) }).expect("it always does")
    }

    /// As [`Case::run`], where waiting is not allowed.
    ///
    /// # Panics
    /// As there.
    pub async fn after(&self, executor: &mut impl Executor) -> Vec<Vec<f32>> {
        let plan = self.plan();
        let guard = [f32::from_bits(GUARD_WORD); GUARD];
        for (i, words) in self.before.iter().enumerate() {
            let guarded = [&guard, words.as_slice(), &guard].concat();
            executor.write(BufferId(i as u32), 0, bytemuck::cast_slice(&guarded));
        }
        executor.run(0);
        let mut after = Vec::new();
        for (i, words) in self.before.iter().enumerate() {
            let reading = executor.read(plan.whole(BufferId(i as u32)));
            let all = reading.await.expect("it can be read");
            let (head, rest) = all.split_at(GUARD);
            let (body, tail) = rest.split_at(words.len());
            check_bits(&format!("{}: before binding {i}", self.label), head, &guard);
            check_bits(&format!("{}: after binding {i}", self.label), tail, &guard);
            after.push(body.to_vec());
        }
        after
    }

    /// Runs the case on the CPU.
    pub fn run_cpu(&self, isa: Isa) -> Vec<Vec<f32>> {
        self.run(&mut CpuExecutor::new(self.plan(), isa).expect("the plan is valid"))
    }

    /// Runs the case on the CPU, on several threads, however little there is to do.
    pub fn run_threads(&self, isa: Isa, threads: usize) -> Vec<Vec<f32>> {
        let executor = CpuExecutor::with_threads(self.plan(), isa, threads);
        let mut executor = executor.expect("the plan is valid");
        executor.use_all_threads();
        self.run(&mut executor)
    }

    /// Compares all bindings after a run on `device`.
    ///
    /// # Errors
    /// An output out of tolerance, or an input that has changed.
    pub fn verify(&self, device: &str, after: &[Vec<f32>]) -> Result<Margin, String> {
        let mut margin = Margin::NONE;
        for (i, binding) in self.kernel.bindings().iter().enumerate() {
            let label = format!("{} on {device}: {}", self.label, binding.name);
            let mut expected = self.expected.iter().filter(|e| e.binding == i).peekable();
            if binding.access == Access::Read {
                assert!(expected.peek().is_none(), "{label} is never written");
                same_bits(&label, &after[i], &self.before[i])?;
                continue;
            }
            let known = expected.peek().is_some() || self.scratch.contains(&binding.name);
            assert!(known, "{label}: the case does not say what is written");
            for e in expected {
                let found = after[i].get(e.offset..e.offset + e.values.len());
                let label = format!("{label} from {}", e.offset);
                let found = found.ok_or_else(|| format!("{label}: too short"))?;
                let result = compare(&label, found, &e.values, e.tolerance);
                margin = margin.or(result.map_err(|mismatch| mismatch.to_string())?);
            }
        }
        Ok(margin)
    }

    /// As [`Case::verify`].
    ///
    /// # Panics
    /// On a mismatch.
    pub fn check(&self, device: &str, after: &[Vec<f32>]) -> Margin {
        self.verify(device, after)
            .unwrap_or_else(|mismatch| panic!("{mismatch}"))
    }

    /// The numbers that are compared: (binding, index).
    pub fn compared(&self) -> impl Iterator<Item = (usize, usize)> {
        let indices = |e: &Expected| {
            let (binding, offset) = (e.binding, e.offset);
            (0..e.values.len()).map(move |i| (binding, offset + i))
        };
        self.expected.iter().flat_map(indices)
    }
}

/// Words around each binding: a multiple of WebGPU's offset alignment of 256 bytes.
const GUARD: usize = 64;
/// A number that no kernel computes.
const GUARD_WORD: u32 = 0x4bad_f00d;

/// Takes the cases of a kernel, one by one.
pub type Sink<'a> = &'a mut dyn FnMut(Case);

/// Whole numbers in a buffer of f32.
fn words(values: &[u32]) -> Vec<f32> {
    bytemuck::cast_slice(values).to_vec()
}

//! The GPU executor: a plan's kernels as compute shaders, through wgpu.
//!
//! [`lower()`] turns each dispatch of the plan into one or more calls of shaders: plain data, made
//! without a GPU. [`GpuExecutor::new`] makes buffers, pipelines and bind groups of them; a run then
//! only records the calls and submits them once. Nothing waits for the GPU but the one who awaits a
//! reading.
mod device;
mod lower;
mod measure;
mod pipelines;
mod probe;
mod profile;
mod readback;
mod recurrent;
mod split;

pub use device::{GpuDevice, GpuInfo, GpuNeeds};
pub use lower::{Call, Operand, ProductWish, Tuning, count, largest_binding, lower};
pub use probe::{Choice, Example, Pick, choose, known_answer};
pub use profile::KernelTime;
pub use recurrent::{
    RecurrentPath, RecurrentShape, RecurrentWish, STREAM_BYTES, Sequence, Step, recurrent_path,
};

use self::{
    device::from_wgpu,
    pipelines::{Encoded, Programs, encode},
    readback::{Reading, Staging},
};
use super::{Executor, ExecutorError};
use crate::plan::{BufferId, Plan, Program, View};

/// Runs a plan on a GPU. A run allocates nothing and makes no bind group.
pub struct GpuExecutor {
    gpu: GpuDevice,
    plan: Plan,
    buffers: Vec<wgpu::Buffer>,
    programs: Programs,
    layouts: Vec<Vec<Option<RecurrentWish>>>,
    staging: Staging,
}

impl GpuExecutor {
    /// An executor for `plan` with all buffers zero.
    ///
    /// # Errors
    /// A plan that is not valid or asks too much of the device; too little memory; a lost device.
    pub async fn new(plan: Plan, gpu: &GpuDevice) -> Result<Self, ExecutorError> {
        Self::with_tuning(plan, gpu, &gpu.tuning()).await
    }

    /// As [`GpuExecutor::new`], with a lowering of one's own: for tests and measurements.
    ///
    /// # Errors
    /// As there.
    pub async fn with_tuning(
        plan: Plan,
        gpu: &GpuDevice,
        tuning: &Tuning,
    ) -> Result<Self, ExecutorError> {
        let wishes = if tuning.measure && tuning.recurrent.is_none() {
            plan.validate()?;
            gpu.status()?;
            measure::layouts(&plan, gpu, tuning).await?
        } else {
            vec![]
        };
        let of = |program: usize, dispatch: usize| Tuning {
            recurrent: wishes
                .get(program)
                .map_or(tuning.recurrent, |wishes: &Vec<_>| wishes[dispatch]),
            ..*tuning
        };
        let mut executor = Self::lowered(plan, gpu, of).await?;
        executor.layouts = wishes;
        Ok(executor)
    }

    /// With a lowering for each dispatch, named by program and number.
    async fn lowered(
        plan: Plan,
        gpu: &GpuDevice,
        tuning: impl Fn(usize, usize) -> Tuning,
    ) -> Result<Self, ExecutorError> {
        plan.validate()?;
        gpu.status()?;
        let needs = GpuNeeds::of(&plan);
        gpu.check(needs)?;
        let programs = plan.programs.iter().enumerate();
        let of_program = |(p, program): (usize, &Program)| {
            let dispatches = program.dispatches.iter().enumerate();
            dispatches.map(|(i, d)| lower(d, &tuning(p, i))).collect()
        };
        let calls: Vec<Vec<Vec<Call>>> = programs.map(of_program).collect();
        let binding = largest_binding(calls.iter().flatten().flatten());
        let most = tuning(0, 0).binding_bytes;
        if binding > most {
            return Err(ExecutorError::LimitExceeded {
                what: "what a kernel uses of a buffer at once",
                needed: binding.div_ceil(1 << 20),
                available: most >> 20,
            });
        }
        let memory = gpu.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let buffers: Vec<_> = plan.buffers.iter().map(|b| buffer(gpu, b)).collect();
        let programs = encode(calls, gpu, &buffers);
        // From here on whatever happens frees them.
        let executor = Self {
            gpu: gpu.clone(),
            plan,
            buffers,
            programs,
            layouts: vec![],
            staging: Staging::default(),
        };
        let errors = [validation.pop().await, memory.pop().await];
        if let Some(error) = errors.into_iter().flatten().next() {
            return Err(from_wgpu(error, needs.total));
        }
        gpu.status()?;
        Ok(executor)
    }

    /// The device it runs on.
    pub fn device(&self) -> &GpuDevice {
        &self.gpu
    }

    /// The plan it runs.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether the device still works.
    ///
    /// # Errors
    /// The first thing that went wrong.
    pub fn status(&self) -> Result<(), ExecutorError> {
        self.gpu.status()
    }

    /// How many dispatches one run of `program` takes.
    pub fn dispatches(&self, program: usize) -> usize {
        self.programs.calls[program].iter().map(Vec::len).sum()
    }

    /// The layout that was measured to be the fastest for each dispatch of `program`, where it is a recurrent kernel's.
    pub fn layouts(&self, program: usize) -> &[Option<RecurrentWish>] {
        self.layouts.get(program).map_or(&[], Vec::as_slice)
    }

    /// Runs one dispatch of a program: for tests that look between dispatches.
    pub fn run_dispatch(&mut self, program: usize, index: usize) {
        self.submit(&self.programs.calls[program][index..=index]);
    }

    fn submit(&self, dispatches: &[Vec<Encoded>]) {
        if self.status().is_err() {
            return;
        }
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        let mut before = None;
        for call in dispatches.iter().flatten() {
            call.record(&mut pass, &self.programs.uniforms, before);
            before = Some(call);
        }
        drop(pass);
        self.gpu.queue.submit([encoder.finish()]);
    }
}

impl Drop for GpuExecutor {
    /// In a browser, memory of the GPU is otherwise kept until the page's garbage is collected.
    fn drop(&mut self) {
        let buffers = self.buffers.iter().chain(&self.programs.buffers);
        buffers.for_each(wgpu::Buffer::destroy);
        self.staging.close();
    }
}

fn buffer(gpu: &GpuDevice, buffer: &crate::plan::Buffer) -> wgpu::Buffer {
    let made = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(&buffer.name),
        size: 4 * buffer.len(),
        usage: wgpu::BufferUsages::STORAGE
            | wgpu::BufferUsages::COPY_SRC
            | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    if let Some(words) = &buffer.init {
        gpu.queue
            .write_buffer(&made, 0, bytemuck::cast_slice(words));
    }
    made
}

impl Executor for GpuExecutor {
    fn write(&mut self, buffer: BufferId, offset: usize, words: &[u32]) {
        if self.status().is_ok() {
            let buffer = &self.buffers[buffer.0 as usize];
            let bytes = bytemuck::cast_slice(words);
            self.gpu
                .queue
                .write_buffer(buffer, 4 * offset as u64, bytes);
        }
    }

    fn run(&mut self, program: usize) {
        self.submit(&self.programs.calls[program]);
    }

    fn copy(&mut self, from: BufferId, to: BufferId) {
        if self.status().is_err() {
            return;
        }
        let [from, to] = [from, to].map(|id| &self.buffers[id.0 as usize]);
        let mut encoder = self.gpu.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(from, 0, to, 0, from.size().min(to.size()));
        self.gpu.queue.submit([encoder.finish()]);
    }

    fn read(
        &mut self,
        view: View,
    ) -> impl Future<Output = Result<Vec<f32>, ExecutorError>> + 'static + use<> {
        let source = &self.buffers[view.buffer.0 as usize];
        let (offset, bytes) = (4 * view.offset, 4 * view.len);
        Reading::begin(&self.gpu, &self.staging, source, offset, bytes)
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use crate::{
        network::ModelConfig,
        plan::{OptimizerKind, PlanOptions, network_plan},
    };
    use pollster::block_on;

    /// Whether a command can still use `buffer`.
    fn is_alive(gpu: &GpuDevice, buffer: &wgpu::Buffer) -> bool {
        let scope = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        encoder.clear_buffer(buffer, 0, None);
        gpu.queue.submit([encoder.finish()]);
        block_on(scope.pop()).is_none()
    }

    #[test]
    fn a_dropped_executor_frees_its_buffers_at_once() {
        let options = PlanOptions {
            batch: 2,
            steps: 3,
            carry: true,
            optimizer: OptimizerKind::Adam,
            slots: 1,
        };
        let network = network_plan(&ModelConfig::default().language_model(5), &options).unwrap();
        let gpu = block_on(GpuDevice::request(GpuNeeds::of(&network.plan))).unwrap();
        let executor = block_on(GpuExecutor::new(network.plan, &gpu)).unwrap();
        // Others may hold a buffer too, as a browser's garbage does.
        let held = executor.buffers.clone();
        assert!(held.iter().all(|buffer| is_alive(&gpu, buffer)));
        drop(executor);
        for buffer in &held {
            assert!(!is_alive(&gpu, buffer));
        }
    }
}

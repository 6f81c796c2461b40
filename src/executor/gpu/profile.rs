//! How long each kernel takes, by the GPU's own clock.
use super::{GpuExecutor, pipelines::Encoded, readback::Reading};
use crate::executor::ExecutorError;

/// The time of one dispatch of the plan: of all its calls together.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelTime {
    /// The kernel's name and the dispatch's label.
    pub name: String,
    /// How many calls.
    pub calls: usize,
    /// Milliseconds.
    pub ms: f64,
}

/// Calls measured in one submission: WebGPU allows 4,096 queries in a set.
const BATCH: usize = 2048;

impl GpuExecutor {
    /// Runs `program` once, every call in a pass of its own between two readings of the clock; by
    /// dispatch. `None` where the device has no such clock.
    ///
    /// # Errors
    /// A lost device.
    pub async fn profile(
        &mut self,
        program: usize,
    ) -> Result<Option<Vec<KernelTime>>, ExecutorError> {
        if !self.gpu.has_timestamps() {
            return Ok(None);
        }
        let calls: Vec<&Encoded> = self.programs.calls[program].iter().flatten().collect();
        let mut times = Vec::with_capacity(calls.len());
        for batch in calls.chunks(BATCH) {
            times.extend(self.time(batch).await?);
        }
        let mut times = times.into_iter();
        let dispatches = &self.plan.programs[program].dispatches;
        let by_dispatch = dispatches.iter().zip(&self.programs.calls[program]);
        Ok(Some(
            by_dispatch
                .map(|(dispatch, calls)| KernelTime {
                    name: format!("{} {}", dispatch.kernel.name(), dispatch.label),
                    calls: calls.len(),
                    ms: times.by_ref().take(calls.len()).sum(),
                })
                .collect(),
        ))
    }

    /// Milliseconds of each call.
    async fn time(&self, calls: &[&Encoded]) -> Result<Vec<f64>, ExecutorError> {
        self.status()?;
        let device = &self.gpu.device;
        let count = 2 * calls.len() as u32;
        let queries = device.create_query_set(&wgpu::QuerySetDescriptor {
            label: Some("clock"),
            ty: wgpu::QueryType::Timestamp,
            count,
        });
        let ticks = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("clock"),
            size: 8 * u64::from(count),
            usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        let mut encoder = device.create_command_encoder(&Default::default());
        for (first, call) in (0..).step_by(2).zip(calls) {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: None,
                timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
                    query_set: &queries,
                    beginning_of_pass_write_index: Some(first),
                    end_of_pass_write_index: Some(first + 1),
                }),
            });
            call.record(&mut pass, &self.programs.uniforms, None);
        }
        encoder.resolve_query_set(&queries, 0..count, &ticks, 0);
        self.gpu.queue.submit([encoder.finish()]);
        let words = Reading::begin(&self.gpu, &self.staging, &ticks, 0, ticks.size()).await?;
        let tick = f64::from(self.gpu.queue.get_timestamp_period()) / 1e6;
        let ticks: Vec<u64> = words
            .chunks_exact(2)
            .map(|w| u64::from(w[0].to_bits()) | u64::from(w[1].to_bits()) << 32)
            .collect();
        let span = |pair: &[u64]| pair[1].saturating_sub(pair[0]) as f64 * tick;
        Ok(ticks.chunks_exact(2).map(span).collect())
    }
}

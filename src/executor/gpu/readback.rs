//! Reading back: staging buffers, kept for reuse, and a future for what they will hold.
use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::device::GpuDevice;
use crate::executor::ExecutorError;

/// Staging buffers that no reading uses at the moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Staging(Arc<Mutex<Vec<wgpu::Buffer>>>);

/// How many idle staging buffers are kept.
const KEPT: usize = 16;

impl Staging {
    /// A buffer of at least `bytes`.
    fn take(&self, device: &wgpu::Device, bytes: u64) -> wgpu::Buffer {
        let size = bytes.next_power_of_two().max(256);
        let mut idle = lock(&self.0);
        match idle.iter().position(|b| b.size() == size) {
            Some(at) => idle.swap_remove(at),
            None => device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("staging"),
                size,
                usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
        }
    }

    fn give_back(&self, buffer: wgpu::Buffer) {
        let mut idle = lock(&self.0);
        if idle.len() == KEPT {
            idle.remove(0);
        }
        idle.push(buffer);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the mapping's callback and the future share.
#[derive(Default)]
struct Mapping {
    done: Option<bool>,
    waker: Option<Waker>,
}

/// Numbers on their way back.
pub struct Reading(Result<OnTheWay, ExecutorError>);

struct OnTheWay {
    gpu: GpuDevice,
    pool: Staging,
    buffer: wgpu::Buffer,
    bytes: u64,
    mapping: Arc<Mutex<Mapping>>,
    submission: wgpu::SubmissionIndex,
}

impl Reading {
    /// Copies `bytes` of `source` from `offset` on, as they are after all that was submitted.
    pub fn begin(
        gpu: &GpuDevice,
        pool: &Staging,
        source: &wgpu::Buffer,
        offset: u64,
        bytes: u64,
    ) -> Self {
        if let Err(error) = gpu.status() {
            return Self(Err(error));
        }
        let buffer = pool.take(&gpu.device, bytes);
        let mut encoder = gpu.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(source, offset, &buffer, 0, bytes);
        let submission = gpu.queue.submit([encoder.finish()]);
        let mapping = Arc::new(Mutex::new(Mapping::default()));
        let shared = mapping.clone();
        buffer.map_async(wgpu::MapMode::Read, 0..bytes, move |result| {
            let mut mapping = lock(&shared);
            mapping.done = Some(result.is_ok());
            if let Some(waker) = mapping.waker.take() {
                waker.wake();
            }
        });
        Self(Ok(OnTheWay {
            gpu: gpu.clone(),
            pool: pool.clone(),
            buffer,
            bytes,
            mapping,
            submission,
        }))
    }
}

impl OnTheWay {
    /// Whether the mapping has ended, and well. Natively nobody else turns the device's wheels, so
    /// this waits for the copy (and for nothing that was submitted after it).
    fn ended(&self, context: &mut Context) -> Option<bool> {
        if lock(&self.mapping).done.is_none() && !cfg!(target_arch = "wasm32") {
            let wait = wgpu::PollType::Wait {
                submission_index: Some(self.submission.clone()),
                timeout: None,
            };
            if self.gpu.device.poll(wait).is_err() {
                return Some(false);
            }
        }
        let mut mapping = lock(&self.mapping);
        if mapping.done.is_none() {
            if self.gpu.status().is_err() {
                return Some(false);
            }
            mapping.waker = Some(context.waker().clone());
            self.gpu.status.tell(context.waker());
        }
        mapping.done
    }

    fn numbers(&self) -> Result<Vec<f32>, ExecutorError> {
        let range = self.buffer.slice(0..self.bytes).get_mapped_range();
        let numbers = match &range {
            Ok(bytes) => bytemuck::pod_collect_to_vec(&bytes[..]),
            Err(_) => return Err(lost(&self.gpu)),
        };
        drop(range);
        self.buffer.unmap();
        self.pool.give_back(self.buffer.clone());
        Ok(numbers)
    }
}

/// Why nothing comes back: a mapping says no more than that it failed, and may say so before anyone
/// has heard why. Whatever it was, the device is not to be used again.
fn lost(gpu: &GpuDevice) -> ExecutorError {
    let error = ExecutorError::DeviceLost {
        message: "a result could not be read back".into(),
    };
    gpu.status.fail(error.clone());
    gpu.status().err().unwrap_or(error)
}

impl Future for Reading {
    type Output = Result<Vec<f32>, ExecutorError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context) -> Poll<Self::Output> {
        let reading = match &self.0 {
            Ok(reading) => reading,
            Err(error) => return Poll::Ready(Err(error.clone())),
        };
        let ended = reading.ended(context);
        if ended.is_some() {
            reading.gpu.status.settle(context.waker());
        }
        match ended {
            None => Poll::Pending,
            Some(false) => Poll::Ready(Err(lost(&reading.gpu))),
            // A device that failed in the meantime may have left anything in the buffer.
            Some(true) => Poll::Ready(reading.gpu.status().and_then(|()| reading.numbers())),
        }
    }
}

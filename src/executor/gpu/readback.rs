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
pub(super) struct Staging(Arc<Mutex<Idle>>);

#[derive(Debug, Default)]
struct Idle {
    buffers: Vec<wgpu::Buffer>,
    /// The executor is gone: nothing is kept any more.
    closed: bool,
}

/// How many idle staging buffers are kept.
const KEPT: usize = 16;

const MIB: u64 = 1 << 20;

/// The size of a staging buffer for `bytes`, so that readings of about the same size share buffers: a power
/// of two up to a MiB, whole MiB beyond, and no more than a buffer may have.
fn staging_size(bytes: u64, most: u64) -> u64 {
    let size = if bytes <= MIB {
        bytes.next_power_of_two().max(256)
    } else {
        bytes.next_multiple_of(MIB)
    };
    size.min(most)
}

impl Staging {
    /// A buffer of at least `bytes`.
    fn take(&self, device: &wgpu::Device, bytes: u64) -> wgpu::Buffer {
        let size = staging_size(bytes, device.limits().max_buffer_size);
        let idle = &mut lock(&self.0).buffers;
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
        if idle.closed {
            buffer.destroy();
            return;
        }
        if idle.buffers.len() == KEPT {
            idle.buffers.remove(0).destroy();
        }
        idle.buffers.push(buffer);
    }

    /// Frees all that is idle, and what is still in use as soon as it is given back.
    pub fn close(&self) {
        let mut idle = lock(&self.0);
        idle.closed = true;
        idle.buffers.drain(..).for_each(|buffer| buffer.destroy());
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
    /// None once it has been given back.
    buffer: Option<wgpu::Buffer>,
    bytes: u64,
    mapping: Arc<Mutex<Mapping>>,
    submission: wgpu::SubmissionIndex,
}

impl Drop for OnTheWay {
    /// A reading that nobody awaits any more: its buffer may be mapped, or about to be.
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            buffer.destroy();
        }
    }
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
            buffer: Some(buffer),
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

    fn numbers(&mut self) -> Result<Vec<f32>, ExecutorError> {
        let Some(buffer) = self.buffer.take() else {
            return Err(lost(&self.gpu));
        };
        let range = buffer.slice(0..self.bytes).get_mapped_range();
        let numbers = match &range {
            Ok(bytes) => bytemuck::pod_collect_to_vec(&bytes[..]),
            Err(_) => return Err(lost(&self.gpu)),
        };
        drop(range);
        buffer.unmap();
        self.pool.give_back(buffer);
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

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Self::Output> {
        let reading = match &mut self.0 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_staging_buffer_holds_what_is_read_and_keeps_to_the_limit() {
        for most in [256 * MIB, 257 * MIB, 360 * MIB + 12] {
            for bytes in [
                1,
                255,
                257,
                MIB - 1,
                MIB,
                MIB + 4,
                200 * MIB + 8,
                most - 4,
                most,
            ] {
                let bytes = bytes.min(most);
                let size = staging_size(bytes, most);
                assert!((bytes..=most).contains(&size), "{bytes} of {most}: {size}");
                assert!(size < bytes + MIB || size < 2 * bytes || size == 256);
            }
        }
        assert_eq!(staging_size(5000, 256 * MIB), staging_size(6000, 256 * MIB));
        assert_eq!(staging_size(3 * MIB - 9, 256 * MIB), 3 * MIB);
    }
}

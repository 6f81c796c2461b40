//! The device: what it is, what it can do, and whether it is still there.
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};

use super::{lower::Tuning, measure::Measured, pipelines::Cache, split::ALIGNMENT_WORDS};
use crate::{
    executor::ExecutorError,
    plan::{Plan, View},
};

/// What the device calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GpuInfo {
    /// The card, as far as it is told.
    pub name: String,
    /// Such as `vulkan` or `webgpu`.
    pub backend: String,
    /// Whether a CPU does the work of the GPU.
    pub is_software: bool,
}

/// What a plan needs beyond WebGPU's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GpuNeeds {
    /// The largest buffer in bytes.
    pub buffer: u64,
    /// The largest part of a buffer that a kernel would use at once, in bytes. Where it may not use
    /// that much, most do with less.
    pub binding: u64,
    /// All buffers together in bytes.
    pub total: u64,
}

impl GpuNeeds {
    /// What both need, one at a time.
    pub fn max(self, other: Self) -> Self {
        Self {
            buffer: self.buffer.max(other.buffer),
            binding: self.binding.max(other.binding),
            total: self.total.max(other.total),
        }
    }

    /// What `plan` needs.
    pub fn of(plan: &Plan) -> Self {
        let bytes = |words: u64| 4 * words;
        let views = plan.programs.iter().flat_map(|p| &p.dispatches);
        let views = views.flat_map(|d| d.views.iter());
        Self {
            buffer: plan
                .buffers
                .iter()
                .map(|b| bytes(b.len()))
                .max()
                .unwrap_or(0),
            binding: views
                .map(|v: &View| bytes(v.offset % ALIGNMENT_WORDS + v.len))
                .max()
                .unwrap_or(0),
            total: plan.bytes(),
        }
    }
}

/// The first thing that went wrong, shared with the device's callbacks, and who waits for results.
#[derive(Debug, Clone, Default)]
pub(super) struct Status(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    first: Option<ExecutorError>,
    waiting: Vec<Waker>,
}

impl Status {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn check(&self) -> Result<(), ExecutorError> {
        self.state().first.clone().map_or(Ok(()), Err)
    }

    /// Wakes whoever waits, too: of a lost device no result may ever come, nor word that it does not.
    pub fn fail(&self, error: ExecutorError) {
        let waiting = {
            let mut state = self.state();
            state.first.get_or_insert(error);
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Has `waker` called when something goes wrong.
    pub fn tell(&self, waker: &Waker) {
        let mut state = self.state();
        if !state.waiting.iter().any(|known| known.will_wake(waker)) {
            state.waiting.push(waker.clone());
        }
    }

    /// The task of `waker` has its result.
    pub fn settle(&self, waker: &Waker) {
        self.state().waiting.retain(|known| !known.will_wake(waker));
    }
}

/// A GPU, ready to run plans. Clones share it.
#[derive(Debug, Clone)]
pub struct GpuDevice {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) status: Status,
    pub(super) cache: Arc<Mutex<Cache>>,
    measured: Arc<Mutex<Measured>>,
    info: GpuInfo,
    limits: wgpu::Limits,
}

const MIB: u64 = 1 << 20;

impl GpuDevice {
    /// The fastest GPU that is offered, with WebGPU's default limits, and more of what `needs` asks
    /// for.
    ///
    /// # Errors
    /// No GPU, or one that is too small.
    pub async fn request(needs: GpuNeeds) -> Result<Self, ExecutorError> {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Instance::enabled_backend_features();
        let instance = wgpu::Instance::new(descriptor);
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = instance
            .request_adapter(&options)
            .await
            .map_err(|_| ExecutorError::NoAdapter)?;
        let limits = wanted(&adapter.limits(), needs)?;
        let timestamps = adapter.features() & wgpu::Features::TIMESTAMP_QUERY;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("charloom"),
            required_features: timestamps,
            required_limits: limits.clone(),
            ..Default::default()
        };
        let (device, queue) =
            adapter
                .request_device(&descriptor)
                .await
                .map_err(|e| ExecutorError::DeviceLost {
                    message: e.to_string(),
                })?;
        let status = Status::default();
        let lost = status.clone();
        device.set_device_lost_callback(move |_, message| {
            lost.fail(ExecutorError::DeviceLost { message });
        });
        let uncaptured = status.clone();
        let total = needs.total;
        device.on_uncaptured_error(Arc::new(move |error| {
            uncaptured.fail(from_wgpu(error, total));
        }));
        Ok(Self {
            info: describe(&adapter, &device),
            device,
            queue,
            status,
            cache: Arc::default(),
            measured: Arc::default(),
            limits,
        })
    }

    /// What it is.
    pub fn info(&self) -> &GpuInfo {
        &self.info
    }

    /// Whether it still works.
    ///
    /// # Errors
    /// The first thing that went wrong.
    pub fn status(&self) -> Result<(), ExecutorError> {
        self.status.check()
    }

    /// Whether it can measure the time of each kernel.
    pub fn has_timestamps(&self) -> bool {
        self.device
            .features()
            .contains(wgpu::Features::TIMESTAMP_QUERY)
    }

    /// Gives the device up, as if it had been lost: every executor on it then reports that.
    pub fn destroy(&self) {
        self.status.fail(ExecutorError::DeviceLost {
            message: "destroyed".into(),
        });
        self.device.destroy();
    }

    /// What is known of which layouts are fast on it.
    pub(super) fn measured(&self) -> MutexGuard<'_, Measured> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How plans are lowered for it.
    pub fn tuning(&self) -> Tuning {
        Tuning {
            invocations: self.limits.max_compute_invocations_per_workgroup as usize,
            workgroup_bytes: self.limits.max_compute_workgroup_storage_size as usize,
            binding_bytes: self.limits.max_storage_buffer_binding_size,
            workgroups: self.limits.max_compute_workgroups_per_dimension as usize,
            tiles: !self.info.is_software,
            measure: !self.info.is_software,
            ..Tuning::default()
        }
    }

    /// Whether `needs` are met.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self, needs: GpuNeeds) -> Result<(), ExecutorError> {
        wanted(&self.limits, needs).map(|_| ())
    }
}

/// WebGPU's default limits, raised to what `needs` asks for.
fn wanted(offered: &wgpu::Limits, needs: GpuNeeds) -> Result<wgpu::Limits, ExecutorError> {
    // What is offered may be less than the default, for things that are not used here.
    let mut limits = wgpu::Limits::default().using_resolution(offered.clone());
    let (buffer, most) = (&mut limits.max_buffer_size, offered.max_buffer_size);
    if needs.buffer > most {
        return Err(ExecutorError::LimitExceeded {
            what: "a buffer",
            needed: needs.buffer.div_ceil(MIB),
            available: most / MIB,
        });
    }
    *buffer = needs.buffer.next_multiple_of(MIB).min(most).max(*buffer);
    // What recurrent kernels can make use of.
    let raised = |limit: &mut u32, offered: u32, most: u32| *limit = offered.min(most).max(*limit);
    raised(
        &mut limits.max_compute_invocations_per_workgroup,
        offered.max_compute_invocations_per_workgroup,
        1024,
    );
    raised(
        &mut limits.max_compute_workgroup_size_x,
        offered.max_compute_workgroup_size_x,
        1024,
    );
    raised(
        &mut limits.max_compute_workgroup_size_y,
        offered.max_compute_workgroup_size_y,
        1024,
    );
    raised(
        &mut limits.max_compute_workgroup_storage_size,
        offered.max_compute_workgroup_storage_size,
        48 << 10,
    );
    let binding = &mut limits.max_storage_buffer_binding_size;
    let most = offered.max_storage_buffer_binding_size;
    *binding = needs.binding.next_multiple_of(MIB).min(most).max(*binding);
    Ok(limits)
}

/// The errors of wgpu as ours.
pub(super) fn from_wgpu(error: wgpu::Error, total: u64) -> ExecutorError {
    match error {
        wgpu::Error::OutOfMemory { .. } => ExecutorError::out_of_memory(total),
        wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
            ExecutorError::Validation {
                message: description,
            }
        }
    }
}

fn describe(adapter: &wgpu::Adapter, device: &wgpu::Device) -> GpuInfo {
    let info = adapter.get_info();
    let name = if info.name.is_empty() {
        browser_name(device)
    } else {
        info.name.clone()
    };
    let lower = name.to_lowercase();
    let known = ["swiftshader", "llvmpipe", "lavapipe", "basic render"];
    GpuInfo {
        is_software: info.device_type == wgpu::DeviceType::Cpu
            || known.iter().any(|known| lower.contains(known)),
        backend: info.backend.to_str().to_owned(),
        name,
    }
}

/// Browsers tell the vendor and the architecture, if anything.
#[cfg(target_arch = "wasm32")]
fn browser_name(device: &wgpu::Device) -> String {
    let field = |object: &wasm_bindgen::JsValue, name: &str| {
        js_sys::Reflect::get(object, &name.into()).unwrap_or_default()
    };
    let Some(device) = device.as_webgpu() else {
        return String::new();
    };
    let info = field(device.as_ref(), "adapterInfo");
    let parts = ["vendor", "architecture"].map(|name| field(&info, name).as_string());
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" ").trim().to_owned()
}

#[cfg(not(target_arch = "wasm32"))]
fn browser_name(_: &wgpu::Device) -> String {
    String::new()
}

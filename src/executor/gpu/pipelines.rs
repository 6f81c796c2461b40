//! Pipelines, bind groups and uniforms: made once, for all calls of a plan.
use std::{
    collections::HashMap,
    num::NonZero,
    sync::{MutexGuard, PoisonError},
};

use super::{
    device::GpuDevice,
    lower::{Call, Operand},
};
use crate::kernels::{Access, MAX_BINDINGS, MAX_PARAMS_WORDS};

/// A call, ready to be recorded.
pub(super) struct Encoded {
    pipeline: wgpu::ComputePipeline,
    buffers: wgpu::BindGroup,
    /// Where its Params and its Offsets are.
    uniforms: [u32; 2],
    workgroups: [u32; 3],
}

impl Encoded {
    /// `before`: the call before it in the pass. What stays as it is is not set again.
    pub fn record(
        &self,
        pass: &mut wgpu::ComputePass,
        uniforms: &wgpu::BindGroup,
        before: Option<&Self>,
    ) {
        if before.is_none_or(|before| before.pipeline != self.pipeline) {
            pass.set_pipeline(&self.pipeline);
        }
        if before.is_none_or(|before| before.buffers != self.buffers) {
            pass.set_bind_group(0, &self.buffers, &[]);
        }
        pass.set_bind_group(1, uniforms, &self.uniforms);
        let [x, y, z] = self.workgroups;
        pass.dispatch_workgroups(x, y, z);
    }
}

/// What WebGPU aligns the start of a binding to, at most.
const ALIGNMENT: u64 = 256;
/// Bytes of a uniform binding: Params and Offsets both fit.
const UNIFORM: u64 = 4 * MAX_PARAMS_WORDS as u64;
const _: () = assert!(MAX_BINDINGS + 2 <= MAX_PARAMS_WORDS);

/// What plans on one device share: compiled shaders, which take the longest to make.
#[derive(Debug, Default)]
pub(super) struct Cache {
    modules: HashMap<Text, Module>,
    pipelines: HashMap<Key, wgpu::ComputePipeline>,
    uniforms: Option<wgpu::BindGroupLayout>,
}

/// A shader, how many batch rows it takes together, and whether its accesses are proven.
type Text = (&'static str, usize, bool);

/// A shader's text, an entry point of it, and its constants.
type Key = (Text, &'static str, Vec<(&'static str, usize)>);

#[derive(Debug, Clone)]
struct Module {
    shader: wgpu::ShaderModule,
    group: wgpu::BindGroupLayout,
    layout: wgpu::PipelineLayout,
}

/// What the calls of one plan share while they are made ready.
struct Maker<'a> {
    gpu: &'a GpuDevice,
    cache: MutexGuard<'a, Cache>,
    buffers: &'a [wgpu::Buffer],
    scratch: Option<wgpu::Buffer>,
    uniform_layout: wgpu::BindGroupLayout,
    groups: HashMap<(&'static str, Vec<Operand>), wgpu::BindGroup>,
    /// Uniform blocks, and where the ones that were seen before are.
    uniforms: Vec<u8>,
    known: HashMap<Vec<u8>, u32>,
}

/// What runs a plan's calls.
pub(super) struct Programs {
    /// By program, then dispatch.
    pub calls: Vec<Vec<Vec<Encoded>>>,
    /// The bind group of their uniforms.
    pub uniforms: wgpu::BindGroup,
    /// Buffers made for them: uniforms, and scratch.
    pub buffers: Vec<wgpu::Buffer>,
}

/// All calls, ready.
pub(super) fn encode(
    programs: Vec<Vec<Vec<Call>>>,
    gpu: &GpuDevice,
    buffers: &[wgpu::Buffer],
) -> Programs {
    let operands = programs
        .iter()
        .flatten()
        .flatten()
        .flat_map(|c| &c.operands);
    let scratch = operands.filter_map(|o| match o {
        Operand::Scratch { len } => Some(4 * *len as u64),
        Operand::View(_) | Operand::Part(..) => None,
    });
    let scratch = scratch.max().map(|size| {
        gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("scratch"),
            size,
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        })
    });
    let mut cache = gpu.cache.lock().unwrap_or_else(PoisonError::into_inner);
    let uniform_layout = cache.uniforms.get_or_insert_with(|| uniform_layout(gpu));
    let mut maker = Maker {
        gpu,
        buffers,
        scratch,
        uniform_layout: uniform_layout.clone(),
        cache,
        groups: HashMap::new(),
        uniforms: Vec::new(),
        known: HashMap::new(),
    };
    let calls = programs
        .into_iter()
        .map(|program| {
            let dispatches = program.into_iter();
            dispatches
                .map(|calls| calls.iter().map(|call| maker.call(call)).collect())
                .collect()
        })
        .collect();
    let scratch = maker.scratch.clone();
    let (buffer, uniforms) = maker.uniform_group();
    Programs {
        calls,
        uniforms,
        buffers: scratch.into_iter().chain([buffer]).collect(),
    }
}

impl Maker<'_> {
    fn call(&mut self, call: &Call) -> Encoded {
        let module = self.module(call);
        let mut offsets: Vec<u32> = Vec::with_capacity(MAX_BINDINGS + 2);
        offsets.extend(call.operands.iter().map(|o| match o {
            Operand::View(view) => (view.offset % (ALIGNMENT / 4)) as u32,
            // The view's start may lie before the binding's: sums of u32 wrap around.
            Operand::Part(view, before) => {
                ((view.offset % (ALIGNMENT / 4)) as u32).wrapping_sub(*before as u32)
            }
            Operand::Scratch { .. } => 0,
        }));
        offsets.extend(call.step);
        Encoded {
            pipeline: self.pipeline(call, &module),
            buffers: self.group(call, &module),
            uniforms: [
                self.uniform(&call.params),
                self.uniform(bytemuck::cast_slice(&offsets)),
            ],
            workgroups: call.workgroups.map(|n| n as u32),
        }
    }

    fn module(&mut self, call: &Call) -> Module {
        if let Some(module) = self.cache.modules.get(&text(call)) {
            return module.clone();
        }
        let device = &self.gpu.device;
        let shader = &call.shader;
        let entry = |(binding, access): (u32, Access)| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Storage {
                    read_only: access == Access::Read,
                },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        };
        let entries: Vec<_> = (0..)
            .zip(shader.bindings.iter().map(|b| b.access))
            .map(entry)
            .collect();
        let group = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(shader.name),
            entries: &entries,
        });
        let module = Module {
            shader: compile(device, call),
            layout: device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some(shader.name),
                bind_group_layouts: &[Some(&group), Some(&self.uniform_layout)],
                ..Default::default()
            }),
            group,
        };
        self.cache.modules.insert(text(call), module.clone());
        module
    }

    fn pipeline(&mut self, call: &Call, module: &Module) -> wgpu::ComputePipeline {
        let key = (text(call), call.entry, call.constants.clone());
        let device = &self.gpu.device;
        let make = || {
            let constants: Vec<_> = call.constants.iter().map(|&(n, v)| (n, v as f64)).collect();
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(call.shader.name),
                layout: Some(&module.layout),
                module: &module.shader,
                entry_point: Some(call.entry),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &constants,
                    // No shader reads workgroup memory that it has not written.
                    zero_initialize_workgroup_memory: false,
                },
                cache: None,
            })
        };
        self.cache.pipelines.entry(key).or_insert_with(make).clone()
    }

    fn group(&mut self, call: &Call, module: &Module) -> wgpu::BindGroup {
        let key = (call.shader.name, call.operands.clone());
        if let Some(group) = self.groups.get(&key) {
            return group.clone();
        }
        let resource = |operand: &Operand| match operand {
            Operand::View(view) | Operand::Part(view, _) => {
                let start = (4 * view.offset) / ALIGNMENT * ALIGNMENT;
                let end = 4 * (view.offset + view.len);
                Some(wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: &self.buffers[view.buffer.0 as usize],
                    offset: start,
                    size: NonZero::new(end - start),
                }))
            }
            Operand::Scratch { len } => Some(wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: self.scratch.as_ref()?,
                offset: 0,
                size: NonZero::new(4 * *len as u64),
            })),
        };
        let entries: Vec<_> = (0..)
            .zip(&call.operands)
            .filter_map(|(binding, operand)| {
                resource(operand).map(|resource| wgpu::BindGroupEntry { binding, resource })
            })
            .collect();
        let group = self
            .gpu
            .device
            .create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(call.shader.name),
                layout: &module.group,
                entries: &entries,
            });
        self.groups.insert(key, group.clone());
        group
    }

    /// Where a block of uniforms is.
    fn uniform(&mut self, bytes: &[u8]) -> u32 {
        if let Some(&at) = self.known.get(bytes) {
            return at;
        }
        let at = self.uniforms.len();
        self.uniforms.extend_from_slice(bytes);
        self.uniforms.resize(at + ALIGNMENT as usize, 0);
        self.known.insert(bytes.to_vec(), at as u32);
        at as u32
    }

    fn uniform_group(self) -> (wgpu::Buffer, wgpu::BindGroup) {
        let device = &self.gpu.device;
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("uniforms"),
            size: (self.uniforms.len() as u64).max(ALIGNMENT),
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.gpu.queue.write_buffer(&buffer, 0, &self.uniforms);
        let entry = |binding| wgpu::BindGroupEntry {
            binding,
            resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: &buffer,
                offset: 0,
                size: NonZero::new(UNIFORM),
            }),
        };
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("uniforms"),
            layout: &self.uniform_layout,
            entries: &[entry(0), entry(1)],
        });
        (buffer, group)
    }
}

fn text(call: &Call) -> Text {
    (call.shader.name, call.rows, call.proven)
}

/// The module of a call's shader. Where the plan proves that all it touches is there, it is compiled natively without
/// the checks of every index, which take up to half of its time. (A browser always checks.)
fn compile(device: &wgpu::Device, call: &Call) -> wgpu::ShaderModule {
    let descriptor = wgpu::ShaderModuleDescriptor {
        label: Some(call.shader.name),
        source: wgpu::ShaderSource::Wgsl(call.shader.text(call.rows).into()),
    };
    if !call.proven {
        return device.create_shader_module(descriptor);
    }
    let checks = wgpu::ShaderRuntimeChecks::unchecked();
    // SAFETY: which numbers such a shader touches follows from its parameters alone, and its views have them
    // (`Kernel::lengths`, in `lower::proven`); all its loops end by counting up to a parameter.
    unsafe { device.create_shader_module_trusted(descriptor, checks) }
}

fn uniform_layout(gpu: &GpuDevice) -> wgpu::BindGroupLayout {
    let entry = |binding| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Uniform,
            has_dynamic_offset: true,
            min_binding_size: NonZero::new(UNIFORM),
        },
        count: None,
    };
    gpu.device
        .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("uniforms"),
            entries: &[entry(0), entry(1)],
        })
}

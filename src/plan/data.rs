//! The plan itself: plain, printable data.
use std::fmt;

use thiserror::Error;

use crate::kernels::{Access, Kernel};

/// A buffer of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(pub u32);

/// What a buffer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// All parameters of the model.
    Parameters,
    /// All gradients, laid out as the parameters are.
    Gradients,
    /// One of the optimiser's moments, laid out as the parameters are.
    Moment,
    /// Tokens and their index, as u32.
    Tokens,
    /// The settings of one step.
    Controls,
    /// Hidden and cell states carried from one run to the next.
    State,
    /// Losses and norms, for the host to read.
    Metrics,
    /// Fixed data, as u32.
    Constant,
    /// What forward and backward leave for each other.
    Activation,
}

/// A buffer of 32-bit words.
#[derive(Debug, Clone, PartialEq)]
pub struct Buffer {
    /// Unique in its plan.
    pub name: String,
    /// The meaning of its length.
    pub shape: Vec<usize>,
    /// What it is for.
    pub role: Role,
    /// First contents; zeros without.
    pub init: Option<Vec<u32>>,
}

impl Buffer {
    /// Length in words.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has no words.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A run of words of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct View {
    /// The buffer.
    pub buffer: BufferId,
    /// First word.
    pub offset: usize,
    /// How many words.
    pub len: usize,
}

impl View {
    /// `len` words from `offset` on, inside this view.
    pub fn slice(self, offset: usize, len: usize) -> View {
        debug_assert!(offset + len <= self.len);
        View {
            buffer: self.buffer,
            offset: self.offset + offset,
            len,
        }
    }

    fn overlaps(self, other: View) -> bool {
        self.buffer == other.buffer
            && self.offset < other.offset + other.len
            && other.offset < self.offset + self.len
    }
}

/// One kernel over its views.
#[derive(Debug, Clone, PartialEq)]
pub struct Dispatch {
    /// Where in the network, such as `lstm_forward rnn_l0`.
    pub label: String,
    /// Which kernel, with its parameters.
    pub kernel: Kernel,
    /// In the kernel's binding order.
    pub views: Vec<View>,
}

/// An ordered list of dispatches.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Program {
    /// In order.
    pub dispatches: Vec<Dispatch>,
}

/// Buffers, and the programs that run over them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// By [`BufferId`].
    pub buffers: Vec<Buffer>,
    /// By their index.
    pub programs: Vec<Program>,
}

/// A plan that no executor may run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("dispatch “{label}”: {reason}")]
pub struct PlanError {
    /// The dispatch.
    pub label: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Plan {
    /// The buffer called `name`.
    pub fn find(&self, name: &str) -> Option<BufferId> {
        let index = self.buffers.iter().position(|b| b.name == name)?;
        Some(BufferId(u32::try_from(index).ok()?))
    }

    /// The buffer `id`.
    pub fn buffer(&self, id: BufferId) -> &Buffer {
        &self.buffers[id.0 as usize]
    }

    /// All of buffer `id`.
    pub fn whole(&self, id: BufferId) -> View {
        View {
            buffer: id,
            offset: 0,
            len: self.buffer(id).len(),
        }
    }

    /// Memory that the buffers take, in bytes.
    pub fn bytes(&self) -> usize {
        self.buffers.iter().map(|b| 4 * b.len()).sum()
    }

    /// Checks that every dispatch has the views its kernel asks for, inside their buffers, and
    /// that nothing a dispatch writes overlaps anything else it uses. Executors rely on it.
    ///
    /// # Errors
    /// The first dispatch that breaks a rule.
    pub fn validate(&self) -> Result<(), PlanError> {
        for buffer in &self.buffers {
            if buffer
                .init
                .as_ref()
                .is_some_and(|words| words.len() != buffer.len())
            {
                let reason = "its first contents have another length".to_owned();
                return Err(PlanError {
                    label: buffer.name.clone(),
                    reason,
                });
            }
        }
        for dispatch in self.programs.iter().flat_map(|p| &p.dispatches) {
            let fail = |reason: String| {
                Err(PlanError {
                    label: dispatch.label.clone(),
                    reason,
                })
            };
            let bindings = dispatch.kernel.bindings();
            if bindings.len() != dispatch.views.len() {
                return fail(format!(
                    "{} views for {} bindings",
                    dispatch.views.len(),
                    bindings.len()
                ));
            }
            for (i, (view, binding)) in dispatch.views.iter().zip(bindings).enumerate() {
                let Some(buffer) = self.buffers.get(view.buffer.0 as usize) else {
                    return fail(format!("{}: no such buffer", binding.name));
                };
                let end = view.offset.checked_add(view.len);
                if view.len == 0 || end.is_none_or(|end| end > buffer.len()) {
                    return fail(format!("{}: outside of {}", binding.name, buffer.name));
                }
                for (other, other_binding) in dispatch.views.iter().zip(bindings).skip(i + 1) {
                    let writes =
                        binding.access == Access::Write || other_binding.access == Access::Write;
                    if writes && view.overlaps(*other) {
                        return fail(format!("{} overlaps {}", binding.name, other_binding.name));
                    }
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Plan {
    /// One line a buffer, one line a dispatch.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, buffer) in self.buffers.iter().enumerate() {
            writeln!(
                f,
                "%{i} {:?} {} {:?}",
                buffer.role, buffer.name, buffer.shape
            )?;
        }
        for (i, program) in self.programs.iter().enumerate() {
            writeln!(f, "program {i}")?;
            for d in &program.dispatches {
                write!(f, "  {} [{}](", d.kernel.name(), d.label)?;
                for (view, binding) in d.views.iter().zip(d.kernel.bindings()) {
                    let name = &self.buffers[view.buffer.0 as usize].name;
                    write!(f, " {}={name}[{}+{}]", binding.name, view.offset, view.len)?;
                }
                writeln!(f, " )")?;
            }
        }
        Ok(())
    }
}

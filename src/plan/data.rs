//! The plan itself: plain, printable data.
use std::{fmt, ops::Range};

use thiserror::Error;

use crate::{
    kernels::{Access, Kernel},
    network::size,
};

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
    /// What comes with each batch: tokens and targets, numbers, and their index.
    Input,
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
    pub shape: Vec<u64>,
    /// What it is for.
    pub role: Role,
    /// First contents; zeros without.
    pub init: Option<Vec<u32>>,
}

impl Buffer {
    /// Length in words: maybe more than this machine can address, until [`Plan::validate`] has been asked.
    pub fn len(&self) -> u64 {
        size(self.shape.iter().copied())
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
    pub offset: u64,
    /// How many words.
    pub len: u64,
}

impl View {
    /// `len` words from `offset` on, inside this view.
    pub fn slice(self, offset: u64, len: u64) -> View {
        debug_assert!(offset + len <= self.len);
        View {
            buffer: self.buffer,
            offset: self.offset + offset,
            len,
        }
    }

    /// Its words' places in a buffer that has been allocated.
    pub fn range(self) -> Range<usize> {
        self.offset as usize..(self.offset + self.len) as usize
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
pub enum PlanError {
    /// More memory than this machine can address, or a buffer of more words than kernels can count.
    #[error("the network needs {needed} bytes of memory, which cannot be addressed")]
    TooLarge {
        /// Bytes of all buffers.
        needed: u64,
    },
    /// A dispatch that breaks a rule: a defect of this crate.
    #[error("dispatch “{label}”: {reason}")]
    Broken {
        /// The dispatch, or the buffer.
        label: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The most words of a buffer: kernels count them in 32 bits.
const MAX_WORDS: u64 = u32::MAX as u64;

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
    pub fn bytes(&self) -> u64 {
        let bytes = self.buffers.iter().map(|b| b.len().saturating_mul(4));
        bytes.fold(0, u64::saturating_add)
    }

    /// Checks that all buffers together can be addressed, and each be counted by a kernel.
    ///
    /// # Errors
    /// [`PlanError::TooLarge`], with what they take.
    pub fn check_size(&self) -> Result<(), PlanError> {
        let needed = self.bytes();
        if needed > isize::MAX as u64 || self.buffers.iter().any(|b| b.len() > MAX_WORDS) {
            return Err(PlanError::TooLarge { needed });
        }
        Ok(())
    }

    /// Checks that the plan fits, that every dispatch has the views its kernel asks for, inside their buffers, and
    /// that nothing a dispatch writes overlaps anything else it uses. Executors rely on it.
    ///
    /// # Errors
    /// A plan too large; the first dispatch that breaks a rule.
    pub fn validate(&self) -> Result<(), PlanError> {
        self.check_size()?;
        for buffer in &self.buffers {
            if buffer
                .init
                .as_ref()
                .is_some_and(|words| words.len() as u64 != buffer.len())
            {
                let reason = "its first contents have another length".to_owned();
                return Err(PlanError::Broken {
                    label: buffer.name.clone(),
                    reason,
                });
            }
        }
        for dispatch in self.programs.iter().flat_map(|p| &p.dispatches) {
            let fail = |reason: String| {
                Err(PlanError::Broken {
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
            // (The CPU checks what it touches, and a page's first download goes without.)
            let lengths = if cfg!(feature = "webgpu") {
                dispatch.kernel.lengths()
            } else {
                None
            };
            let views = dispatch.views.iter().zip(bindings);
            for ((view, binding), least) in views.zip(lengths.into_iter().flatten()) {
                if view.len < least {
                    return fail(format!("{}: {} numbers of {least}", binding.name, view.len));
                }
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

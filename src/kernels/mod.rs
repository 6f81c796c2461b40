//! The kernels: for each a Rust file (parameters, buffer shapes, CPU code) and a shader of the same
//! stem with the same binding order. One of them, [`pack_quads`], is in no plan: the GPU executor
//! puts it before the recurrent kernels.
//!
//! Letters: B batch rows, T time steps, N = T·B, H hidden units, G gates, V vocabulary, I input
//! width. Sequences are time-major. A gradient is `d_` and its value's name.
mod common;
mod recurrent;

pub mod adagrad;
pub mod adam;
#[cfg(feature = "tasks")]
pub mod add;
pub mod clip;
pub mod dropout;
#[cfg(feature = "tasks")]
pub mod elementwise_loss;
pub mod embedding_backward;
pub mod embedding_forward;
pub mod gradient_norm;
pub mod gru_backward;
pub mod gru_forward;
pub mod lstm_backward;
pub mod lstm_forward;
pub mod matmul;
pub mod mean_loss;
pub mod pack_quads;
#[cfg(feature = "tasks")]
pub mod relu_backward;
#[cfg(feature = "tasks")]
pub mod relu_forward;
pub mod rmsprop;
pub mod rnn_backward;
pub mod rnn_forward;
pub mod sgd;
pub mod softmax_cross_entropy;
pub mod sum_rows;

pub use common::{
    Access, Binding, ClipMode, Context, Controls, MAX_BINDINGS, METRICS_STRIDE, Operands, Packing,
    Panels, Shader,
};
pub use recurrent::ROWS;

use crate::simd::Simd;

macro_rules! kernels {
    ($($(#[$on:meta])* $variant:ident = $module:ident,)+) => {
        /// A kernel with its parameters.
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[allow(missing_docs)]
        pub enum Kernel { $($(#[$on])* $variant($module::Params),)+ }

        impl Kernel {
            /// The stem of the kernel's two files.
            pub fn name(&self) -> &'static str {
                match self { $($(#[$on])* Self::$variant(_) => stringify!($module),)+ }
            }

            /// Its buffers, in order.
            pub fn bindings(&self) -> &'static [Binding] {
                match self { $($(#[$on])* Self::$variant(_) => $module::BINDINGS,)+ }
            }

            /// Its parameters as a uniform buffer holds them.
            pub fn params(&self) -> &[u8] {
                match self { $($(#[$on])* Self::$variant(p) => bytemuck::bytes_of(p),)+ }
            }

            /// The least length of each binding's view, where the parameters alone decide which numbers the
            /// kernel touches; `None` where numbers in its buffers do, such as tokens.
            pub fn lengths(&self) -> Option<Vec<u64>> {
                match self { $($(#[$on])* Self::$variant(p) => $module::lengths(p),)+ }
            }

            /// Scratch that [`Kernel::run`] needs on `threads` threads, in numbers.
            pub fn scratch_len<S: Simd>(&self, threads: usize) -> usize {
                match self { $($(#[$on])* Self::$variant(p) => $module::scratch_len::<S>(p, threads),)+ }
            }

            /// Numbers that its weights take in panels.
            pub fn panels_len<S: Simd>(&self) -> usize {
                match self { $($(#[$on])* Self::$variant(p) => $module::panels_len::<S>(p),)+ }
            }

            /// Its shader.
            pub fn shader(&self) -> Shader {
                match self {
                    $($(#[$on])* Self::$variant(_) => Shader {
                        name: stringify!($module),
                        bindings: $module::BINDINGS,
                        source: include_str!(concat!(stringify!($module), ".wgsl")),
                    },)+
                }
            }

            /// One of each kernel, its parameters the first of `words`: for tests over all kernels.
            pub fn all(words: &[u32; MAX_PARAMS_WORDS]) -> Vec<Kernel> {
                let bytes: &[u8] = bytemuck::cast_slice(words);
                vec![$(
                    $(#[$on])*
                    Self::$variant(bytemuck::pod_read_unaligned(
                        &bytes[..size_of::<$module::Params>()],
                    )),
                )+]
            }

            /// Runs the kernel on the CPU.
            pub fn run<S: Simd>(&self, operands: Operands, context: Context<S>) {
                match self { $($(#[$on])* Self::$variant(p) => $module::run(p, operands, context),)+ }
            }
        }
    };
}

impl Kernel {
    /// Which binding holds the weights that it packs, where it packs any.
    pub fn packed_binding(&self) -> usize {
        match self {
            Self::Matmul(_) => matmul::PACKED,
            // The recurrent kernels' matrix comes first.
            _ => 0,
        }
    }
}

kernels! {
    EmbeddingForward = embedding_forward,
    EmbeddingBackward = embedding_backward,
    Matmul = matmul,
    SumRows = sum_rows,
    RnnForward = rnn_forward,
    RnnBackward = rnn_backward,
    LstmForward = lstm_forward,
    LstmBackward = lstm_backward,
    GruForward = gru_forward,
    GruBackward = gru_backward,
    #[cfg(feature = "tasks")]
    Add = add,
    #[cfg(feature = "tasks")]
    ReluForward = relu_forward,
    #[cfg(feature = "tasks")]
    ReluBackward = relu_backward,
    Dropout = dropout,
    SoftmaxCrossEntropy = softmax_cross_entropy,
    #[cfg(feature = "tasks")]
    ElementwiseLoss = elementwise_loss,
    MeanLoss = mean_loss,
    GradientNorm = gradient_norm,
    Clip = clip,
    Sgd = sgd,
    Rmsprop = rmsprop,
    Adam = adam,
    Adagrad = adagrad,
}

/// The most words of a kernel's parameters.
pub const MAX_PARAMS_WORDS: usize = 16;

/// Numbers in the buffers decide what is touched.
fn no_lengths(_: &impl Sized) -> Option<Vec<u64>> {
    None
}

/// No scratch.
fn no_scratch<S: Simd>(_: &impl Sized, _: usize) -> usize {
    0
}

/// No weights that are packed.
fn no_panels<S: Simd>(_: &impl Sized) -> usize {
    0
}

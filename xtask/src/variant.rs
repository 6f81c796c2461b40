//! The WebAssembly builds. A page loads the fastest of the first three that its browser can run; the
//! fourth, with the code for WebGPU, only where a GPU is to be used: the others are smaller.

use std::path::PathBuf;

use crate::paths;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Runs everywhere.
    Scalar,
    /// 128-bit vectors.
    Simd,
    /// 128-bit vectors with fused multiply-add; rounding may differ between machines.
    Relaxed,
    /// 128-bit vectors, and WebGPU.
    Webgpu,
}

impl Variant {
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Simd, Self::Relaxed, Self::Webgpu];

    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Simd => "simd",
            Self::Relaxed => "relaxed",
            Self::Webgpu => "webgpu",
        }
    }

    /// The cargo arguments that choose what the module contains.
    pub fn cargo_features(self) -> &'static [&'static str] {
        match self {
            Self::Webgpu => &["--no-default-features", "--features=charloom/webgpu"],
            _ => &["--no-default-features"],
        }
    }

    /// Its test files.
    pub fn test_suites(self) -> &'static [&'static str] {
        match self {
            Self::Webgpu => &["wasm", "wasm_gpu"],
            _ => &["wasm"],
        }
    }

    /// What the compiler may use, as wasm-opt names it; rustc's names are in [`Self::rustflags`].
    pub fn wasm_opt_features(self) -> &'static [&'static str] {
        match self {
            Self::Scalar => &[],
            Self::Simd | Self::Webgpu => &["--enable-simd"],
            Self::Relaxed => &["--enable-simd", "--enable-relaxed-simd"],
        }
    }

    /// Flags for rustc.
    ///
    /// LLVM's usual instruction order hoists all splats of a GEMM micro-kernel, and
    /// the browser's compiler then spills the accumulators; source order keeps them
    /// in registers. Without loop strength reduction, loads keep base + offset form.
    pub fn rustflags(self) -> String {
        let features = match self {
            Self::Scalar => return String::new(),
            Self::Simd | Self::Webgpu => "+simd128",
            Self::Relaxed => "+simd128,+relaxed-simd",
        };
        format!(
            "-C target-feature={features} \
             -C llvm-args=-pre-RA-sched=source -C llvm-args=-disable-lsr"
        )
    }

    /// Its own target folder: differing flags in one folder would rebuild everything.
    pub fn target_dir(self) -> PathBuf {
        paths::root().join("target/wasm").join(self.name())
    }
}

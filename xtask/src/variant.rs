//! The WebAssembly builds. A page loads the fastest of the first three that its browser can run; the
//! fourth, with the code for WebGPU, only where a GPU is to be used: the others are smaller; the
//! fifth only where the page may have threads, beside the one it began with. The sixth is no engine:
//! it reads files, and is fetched when one is opened.

use std::path::PathBuf;

use crate::paths;

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Variant {
    /// Runs everywhere.
    Scalar,
    /// 128-bit vectors.
    Simd,
    /// 128-bit vectors with fused multiply-add; rounding may differ between machines.
    Relaxed,
    /// 128-bit vectors, and WebGPU.
    Webgpu,
    /// As `Relaxed`, with threads: for pages that are isolated from other origins.
    Threads,
    /// The crate that reads files, with the tables of all encodings.
    Reading,
}

/// What the linker is told for a memory that threads share: it is made outside of the module, and
/// reserved in full at once, so that its end is a compromise between large models and browsers that
/// have little address space. wasm-bindgen places each thread's own data by the exported symbols.
const SHARED_MEMORY: [&str; 8] = [
    "--shared-memory",
    "--import-memory",
    "--max-memory=1073741824",
    "--export=__wasm_init_tls",
    "--export=__tls_size",
    "--export=__tls_align",
    "--export=__tls_base",
    "--export=__heap_base",
];

/// What is downloaded is to be small. What a kernel needs inlined is marked so, and its loops have
/// constant bounds: it is as fast with LLVM's own eagerness turned down, and a twelfth is saved.
/// A panic ends a module without a word, so that no page could show the places in the source.
const SMALL: &str = "-C llvm-args=-inline-threshold=25 -C llvm-args=-inlinehint-threshold=40 \
    -C llvm-args=-unroll-runtime=false -Z location-detail=none";

impl Variant {
    /// The builds of the engine.
    pub const ENGINES: [Self; 5] = [
        Self::Scalar,
        Self::Simd,
        Self::Relaxed,
        Self::Webgpu,
        Self::Threads,
    ];

    pub const ALL: [Self; 6] = [
        Self::Scalar,
        Self::Simd,
        Self::Relaxed,
        Self::Webgpu,
        Self::Threads,
        Self::Reading,
    ];

    /// The crate that is compiled.
    pub fn package(self) -> &'static str {
        match self {
            Self::Reading => "charloom-reading",
            _ => "charloom",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Simd => "simd",
            Self::Relaxed => "relaxed",
            Self::Webgpu => "webgpu",
            Self::Threads => "threads",
            Self::Reading => "reading",
        }
    }

    /// The cargo arguments that choose what the module contains.
    pub fn cargo_features(self) -> &'static [&'static str] {
        match self {
            Self::Webgpu => &["--no-default-features", "--features=charloom/webgpu"],
            Self::Threads => &["--no-default-features", "--features=charloom/threads"],
            Self::Reading => &["--features=charloom-reading/tables"],
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
            Self::Scalar | Self::Reading => &[],
            Self::Simd | Self::Webgpu => &["--enable-simd"],
            Self::Relaxed => &["--enable-simd", "--enable-relaxed-simd"],
            Self::Threads => &["--enable-simd", "--enable-relaxed-simd", "--enable-threads"],
        }
    }

    /// Flags for rustc.
    ///
    /// LLVM's usual instruction order hoists all splats of a GEMM micro-kernel, and
    /// the browser's compiler then spills the accumulators; source order keeps them
    /// in registers. Without loop strength reduction, loads keep base + offset form.
    pub fn rustflags(self) -> String {
        let features = match self {
            Self::Scalar | Self::Reading => return SMALL.to_owned(),
            Self::Simd | Self::Webgpu => "+simd128",
            Self::Relaxed => "+simd128,+relaxed-simd",
            Self::Threads => "+simd128,+relaxed-simd,+atomics,+bulk-memory,+mutable-globals",
        };
        let order = "-C llvm-args=-pre-RA-sched=source -C llvm-args=-disable-lsr";
        let linking = match self {
            Self::Threads => SHARED_MEMORY
                .map(|word| format!(" -C link-arg={word}"))
                .concat(),
            _ => String::new(),
        };
        format!("-C target-feature={features} {order} {SMALL}{linking}")
    }

    /// Whether the standard library must be compiled with the flags too: the one that comes with
    /// Rust knows no threads in WebAssembly.
    pub fn builds_std(self) -> bool {
        self == Self::Threads
    }

    /// Its own target folder: differing flags in one folder would rebuild everything.
    pub fn target_dir(self) -> PathBuf {
        paths::target().join("wasm").join(self.name())
    }
}

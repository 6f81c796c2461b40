//! Set-up: finds each outside tool or installs it. Idempotent; a second run takes
//! a second. Every wait is announced with one line, and a tool that can neither be
//! found nor installed ends the run with one line that says what to install.

mod browser;
mod cargo_tools;
mod debian;
mod firefox;
mod node;
mod torch;
mod vulkan;
mod wasm_target;
mod webkit;

use std::env;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Result, anyhow};

use crate::host;
use crate::paths;
use crate::process::{Process, find_on_path};
use crate::variant::Variant;

/// What a command of xtask asks set-up for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A Rust that compiles for WebAssembly.
    WasmTarget,
    /// wasm-bindgen and wasm-opt.
    WasmTools,
    /// Chromium and its driver.
    Browser,
    /// Firefox, in which the page's main story runs too.
    Firefox,
    /// WebKit, for the same.
    WebKit,
    /// A Vulkan device, by software if need be.
    Vulkan,
    /// Node and the packages of the front end.
    FrontEnd,
    /// wasm-pack, which builds and tests the crate as other projects do.
    WasmPack,
    /// Firefox's driver, for wasm-pack's tests there.
    Geckodriver,
    /// A Python that has PyTorch.
    Torch,
    /// What the benchmark compares with in the browser.
    Rivals,
    /// The newest PyTorch, which the benchmark compares with natively.
    NewestTorch,
    /// cargo-mutants.
    Mutants,
    /// cargo-fuzz.
    Fuzz,
}

impl Need {
    /// All that building and testing needs, but for what one suite alone needs: that is set up when it runs.
    pub const ALL: [Self; 7] = [
        Self::WasmTarget,
        Self::WasmTools,
        Self::Browser,
        Self::Firefox,
        Self::WebKit,
        Self::Vulkan,
        Self::FrontEnd,
    ];

    fn prepare(self, tools: &mut Tools) -> Result<()> {
        match self {
            Self::WasmTarget => wasm_target::prepare(tools),
            Self::WasmTools => {
                cargo_tools::wasm_bindgen(tools)?;
                node::wasm_opt(tools)
            }
            Self::Browser => browser::prepare(tools),
            Self::Firefox => firefox::prepare(tools),
            Self::WebKit => webkit::prepare(tools),
            Self::Vulkan => vulkan::prepare(tools),
            Self::FrontEnd => node::front_end(tools),
            Self::WasmPack => cargo_tools::wasm_pack(tools),
            Self::Geckodriver => cargo_tools::geckodriver(tools),
            Self::Torch => torch::prepare(tools),
            Self::Rivals => node::rivals(tools),
            Self::NewestTorch => torch::newest(tools),
            Self::Mutants => cargo_tools::mutants(tools),
            Self::Fuzz => cargo_tools::fuzz(tools),
        }
    }
}

/// The tools found, as an environment for child processes.
#[derive(Clone, Default)]
pub struct Tools {
    /// Folders to search before the PATH.
    path: Vec<PathBuf>,
    /// The folder of another Rust that compiles WebAssembly, where one is needed.
    wasm_rust: Option<PathBuf>,
    env: Vec<(&'static str, String)>,
    /// One line per tool: what it is and where.
    found: Vec<String>,
    /// Whether what it starts gives way to others.
    behind: bool,
}

impl Tools {
    /// A command with the tools on its PATH.
    pub fn command(&self, program: &str) -> Result<Process> {
        self.command_after(None, program)
    }

    /// `cargo` on the WebAssembly build `variant`; its tests run in a browser.
    pub fn wasm_cargo(&self, variant: Variant) -> Result<Process> {
        host::take_over(variant)?;
        let mut command = self.command_after(self.wasm_rust.as_ref(), "cargo")?;
        if variant.builds_std() {
            // What cargo's -Zbuild-std says.
            command = command.env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort,test");
        }
        Ok(command
            // Stable Rust allows `-Z` only so.
            .env("RUSTC_BOOTSTRAP", "1")
            .without_env("RUSTFLAGS")
            .without_env("CARGO_ENCODED_RUSTFLAGS")
            // `cargo run` points it at this toolchain's libraries.
            .without_env("LD_LIBRARY_PATH")
            // By cargo's separator: a path may hold spaces.
            .env(
                "CARGO_ENCODED_RUSTFLAGS",
                self.wasm_flags(variant)?.join("\x1f"),
            )
            .env("CARGO_TARGET_DIR", variant.target_dir()))
    }

    /// `program`, which starts cargo for WebAssembly with no flags of ours.
    pub fn plain_wasm(&self, program: &str) -> Result<Process> {
        Ok(self
            .command_after(self.wasm_rust.as_ref(), program)?
            .without_env("LD_LIBRARY_PATH"))
    }

    /// What rustc is told for `variant`: its own flags, and to name the sources of the standard
    /// library and of dependencies in messages without where they lie on this machine.
    fn wasm_flags(&self, variant: Variant) -> Result<Vec<String>> {
        let rustc = self.command_after(self.wasm_rust.as_ref(), "rustc")?;
        let sysroot = rustc
            .args(["--print", "sysroot"])
            .without_env("LD_LIBRARY_PATH")
            .read()?;
        let library = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
        let own = variant.rustflags();
        let mut flags: Vec<String> = own.split_whitespace().map(str::to_owned).collect();
        for folder in [library, paths::registry()?] {
            flags.push(format!("--remap-path-prefix={}=", folder.display()));
        }
        Ok(flags)
    }

    /// The same tools, started so that they give way to whatever else the machine has to do.
    pub fn behind(&self) -> Self {
        Self {
            behind: true,
            ..self.clone()
        }
    }

    /// A variable of the tools' environment.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let mut all = self.env.iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    fn command_after(&self, first: Option<&PathBuf>, program: &str) -> Result<Process> {
        let path = self.search_path(first)?;
        // A program is looked up on xtask's own PATH, not on the child's.
        let file = env::split_paths(&path)
            .map(|folder| folder.join(program))
            .find(|file| file.is_file());
        let program = file.unwrap_or_else(|| program.into());
        let mut command = if self.behind && find_on_path("nice").is_some() {
            Process::new("nice").args([program])
        } else {
            Process::new(program)
        };
        command = command.env("PATH", path);
        for (name, value) in &self.env {
            command = command.env(name, value);
        }
        Ok(command)
    }

    fn search_path(&self, first: Option<&PathBuf>) -> Result<std::ffi::OsString> {
        let inherited = env::var_os("PATH").unwrap_or_default();
        let folders = first.into_iter().chain(&self.path).cloned();
        Ok(env::join_paths(
            folders.chain(env::split_paths(&inherited)),
        )?)
    }

    fn found(&mut self, what: &str, place: impl std::fmt::Display) {
        self.found.push(format!("{what}: {place}"));
    }
}

/// Finds or installs what `needs` lists, all at once: most wait for the network or for one core.
pub fn prepare(needs: &[Need]) -> Result<Tools> {
    let mut once = Vec::new();
    for need in needs {
        if !once.contains(need) {
            once.push(*need);
        }
    }
    let prepared: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = once
            .into_iter()
            .map(|need| {
                scope.spawn(move || {
                    let mut tools = Tools::default();
                    need.prepare(&mut tools).map(|()| tools)
                })
            })
            .collect();
        let join = |thread: thread::ScopedJoinHandle<'_, Result<Tools>>| thread.join();
        started.into_iter().map(join).collect()
    });
    let mut all = Tools::default();
    for tools in prepared {
        let tools = tools.map_err(|_| anyhow!("set-up ended in a panic"))??;
        all.path.extend(tools.path);
        all.wasm_rust = all.wasm_rust.or(tools.wasm_rust);
        all.env.extend(tools.env);
        all.found.extend(tools.found);
    }
    Ok(all)
}

/// `cargo xtask setup`
pub fn run() -> Result<()> {
    for line in prepare(&Need::ALL)?.found {
        println!("{line}");
    }
    Ok(())
}

/// `cargo xtask env`
pub fn print_environment() -> Result<()> {
    let tools = prepare(&Need::ALL)?;
    let path = tools.search_path(None)?;
    println!("export PATH='{}'", path.display());
    for (name, value) in &tools.env {
        println!("export {name}='{value}'");
    }
    Ok(())
}

/// Announces a wait.
fn announce(what: &str, seconds: u32, why: &str) {
    eprintln!("installing {what} (about {seconds} s, once): {why}");
}

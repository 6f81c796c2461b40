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

use anyhow::Result;

use crate::host;
use crate::paths;
use crate::process::Process;
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
    /// What the benchmark compares with in the browser.
    Rivals,
    /// A Python that has PyTorch, which the benchmark compares with natively.
    Torch,
}

impl Need {
    /// All that building and testing needs.
    pub const ALL: [Self; 7] = [
        Self::WasmTarget,
        Self::WasmTools,
        Self::Browser,
        Self::Firefox,
        Self::WebKit,
        Self::Vulkan,
        Self::FrontEnd,
    ];
    /// What only the benchmark needs: set up when it runs, not before.
    const BENCHMARK: [Self; 2] = [Self::Rivals, Self::Torch];
}

/// The tools found, as an environment for child processes.
#[derive(Default)]
pub struct Tools {
    /// Folders to search before the PATH.
    path: Vec<PathBuf>,
    /// The folder of another Rust that compiles WebAssembly, where one is needed.
    wasm_rust: Option<PathBuf>,
    env: Vec<(&'static str, String)>,
    /// One line per tool: what it is and where.
    found: Vec<String>,
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
            command = command
                // What cargo's -Zbuild-std says.
                .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort,test")
                // Stable Rust allows it only so.
                .env("RUSTC_BOOTSTRAP", "1");
        }
        Ok(command
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
        let mut command = match file {
            Some(file) => Process::new(file),
            None => Process::new(program),
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

/// Finds or installs what `needs` lists.
pub fn prepare(needs: &[Need]) -> Result<Tools> {
    let mut tools = Tools::default();
    // In the order of the list above, so that messages come in the same order always.
    let all = Need::ALL.into_iter().chain(Need::BENCHMARK);
    for need in all.filter(|need| needs.contains(need)) {
        match need {
            Need::WasmTarget => wasm_target::prepare(&mut tools)?,
            Need::WasmTools => {
                cargo_tools::wasm_bindgen(&mut tools)?;
                node::wasm_opt(&mut tools)?;
            }
            Need::Browser => browser::prepare(&mut tools)?,
            Need::Firefox => firefox::prepare(&mut tools)?,
            Need::WebKit => webkit::prepare(&mut tools)?,
            Need::Vulkan => vulkan::prepare(&mut tools)?,
            Need::FrontEnd => node::front_end(&mut tools)?,
            Need::Rivals => node::rivals(&mut tools)?,
            Need::Torch => torch::prepare(&mut tools)?,
        }
    }
    Ok(tools)
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

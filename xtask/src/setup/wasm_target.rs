//! A Rust that compiles for `wasm32-unknown-unknown`, with the sources of its standard
//! library: the build with threads compiles them itself.
//!
//! Ordinarily rustup adds both to the toolchain in use. Where rustup cannot download
//! (it may even hang), Debian packages a current Rust with the sources, from which the
//! standard library is then compiled for WebAssembly once.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{Tools, announce, debian};
use crate::paths;
use crate::process::Process;

pub const TARGET: &str = "wasm32-unknown-unknown";

const MISSING: &str = "Rust cannot compile for WebAssembly here: \
    run `rustup target add wasm32-unknown-unknown` and `rustup component add rust-src`";

/// rustup needs a second or two; where it cannot download, it may wait for ever.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);

pub fn prepare(tools: &mut Tools) -> Result<()> {
    let wanted = env::var("CHARLOOM_WASM_RUST").unwrap_or_default();
    if wanted != "debian" && rustup_has_all()? {
        tools.found("Rust for WebAssembly", "the toolchain in use");
        return Ok(());
    }
    if wanted == "rustup" || !debian::is_debian() {
        bail!(MISSING);
    }
    let folder = debian_rust().context(MISSING)?;
    tools.found(
        "Rust for WebAssembly",
        format_args!("Debian's, by {}", folder.display()),
    );
    tools.wasm_rust = Some(folder);
    Ok(())
}

/// Whether the toolchain in use has the target and the sources, or rustup could add them.
fn rustup_has_all() -> Result<bool> {
    Ok(rustup_adds(
        || has_standard_library("rustc"),
        &["target", "add", TARGET],
        "the Rust target wasm32-unknown-unknown",
        "compiles to WebAssembly",
    )? && rustup_adds(
        || has_sources("rustc"),
        &["component", "add", "rust-src"],
        "the sources of Rust's standard library",
        "the build with threads compiles its own",
    )?)
}

/// Whether `present`, at once or after rustup was told `words`.
fn rustup_adds(
    present: impl Fn() -> Result<bool>,
    words: &[&str],
    what: &str,
    why: &str,
) -> Result<bool> {
    if present()? {
        return Ok(true);
    }
    let failed_before = paths::state().join("rustup-cannot-download");
    if failed_before.exists() {
        return Ok(false);
    }
    announce(what, 5, why);
    let added = Process::new("rustup").args(words).run_within(RUSTUP_LIMIT);
    if let Err(error) = added {
        eprintln!("{error:#}; from now on Debian's Rust is used (delete .tools/ to try again)");
        fs::create_dir_all(paths::state())?;
        fs::write(failed_before, "")?;
        return Ok(false);
    }
    present()
}

/// Whether `rustc` comes with the sources of its standard library.
fn has_sources(rustc: &str) -> Result<bool> {
    let sysroot = Process::new(rustc)
        .args(["--print", "sysroot"])
        .without_env("LD_LIBRARY_PATH")
        .read()?;
    let library = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
    Ok(library.join("std/Cargo.toml").exists())
}

fn has_standard_library(rustc: &str) -> Result<bool> {
    let Ok(entries) = fs::read_dir(library_folder(rustc)?) else {
        return Ok(false);
    };
    let mut names = entries.flatten().map(|entry| entry.file_name());
    Ok(names.any(|name| name.to_string_lossy().starts_with("libstd-")))
}

fn library_folder(rustc: &str) -> Result<PathBuf> {
    let query = ["--print", "target-libdir", "--target", TARGET];
    let folder = Process::new(rustc)
        .args(query)
        .without_env("LD_LIBRARY_PATH")
        .read()?;
    Ok(PathBuf::from(folder))
}

/// The programs of Debian's Rust that xtask and cargo start. Clippy's have
/// the same names as rustup's, so that they must come first on the PATH together.
const PROGRAMS: [&str; 5] = ["cargo", "rustc", "rustdoc", "cargo-clippy", "clippy-driver"];

const RUSTC: &str = "/usr/bin/rustc";

/// Installs Debian's Rust and its standard library for the target; returns a folder
/// with links to its programs, to be searched before rustup's.
fn debian_rust() -> Result<PathBuf> {
    let installed = PROGRAMS.iter().chain(&["rust-lld"]);
    if !installed
        .map(|program| Path::new("/usr/bin").join(program))
        .all(|file| file.exists())
        || !has_sources(RUSTC)?
    {
        let packages = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy"];
        debian::install(&packages, 30, "a Rust that can compile to WebAssembly")?;
        // Its links, /usr/bin/rust-lld among them, lead to the linker of the same LLVM.
        let linker = format!("lld-{}", llvm_version()?);
        debian::install(
            &["rust-web-llvm", &linker],
            10,
            "the linker for WebAssembly",
        )?;
    }
    if !has_standard_library(RUSTC)? {
        build_standard_library()?;
    }
    let folder = paths::state().join("debian-rust");
    fs::create_dir_all(&folder)?;
    for program in PROGRAMS {
        let link = folder.join(program);
        if !link.exists() {
            link_file(&Path::new("/usr/bin").join(program), &link)?;
        }
    }
    Ok(folder)
}

/// The major version of the LLVM in Debian's rustc.
fn llvm_version() -> Result<String> {
    let version = Process::new(RUSTC)
        .args(["-vV"])
        .without_env("LD_LIBRARY_PATH")
        .read()?;
    let llvm = version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "));
    let major = llvm.and_then(|llvm| llvm.split('.').next());
    Ok(major.context("rustc -vV names no LLVM version")?.to_owned())
}

/// Compiles std together with an empty crate, then copies it to where rustc looks.
fn build_standard_library() -> Result<()> {
    announce(
        "the standard library for WebAssembly",
        60,
        "Debian has only its sources",
    );
    let empty = paths::state().join("empty-crate");
    fs::create_dir_all(empty.join("src"))?;
    fs::write(
        empty.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nedition = \"2024\"\n[workspace]\n",
    )?;
    fs::write(empty.join("src/lib.rs"), "")?;
    Process::new("/usr/bin/cargo")
        .args([
            "build",
            "-Zbuild-std=std,panic_abort,test",
            "--release",
            "--target",
            TARGET,
        ])
        .dir(&empty)
        .env("RUSTC", RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", empty.join("target"))
        .without_env("LD_LIBRARY_PATH")
        .run_quietly()?;

    // The libraries apart from the empty crate's own.
    let libraries = empty.join("lib");
    fs::create_dir_all(&libraries)?;
    for entry in fs::read_dir(empty.join("target").join(TARGET).join("release/deps"))? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let name = name.to_string_lossy();
        if name.ends_with(".rlib") && !name.starts_with("libempty-") {
            fs::copy(path, libraries.join(&*name))?;
        }
    }
    let destination = library_folder(RUSTC)?;
    let destination = destination
        .parent()
        .context("rustc's library folder has no parent")?;
    let destination = destination.display().to_string();
    debian::as_root(&["mkdir", "-p", &destination])?;
    debian::as_root(&["cp", "-R", &libraries.display().to_string(), &destination])?;
    Ok(fs::remove_dir_all(empty)?)
}

#[cfg(unix)]
fn link_file(file: &Path, link: &Path) -> Result<()> {
    Ok(std::os::unix::fs::symlink(file, link)?)
}

#[cfg(not(unix))]
fn link_file(_: &Path, _: &Path) -> Result<()> {
    bail!("Debian's Rust runs on Debian only")
}

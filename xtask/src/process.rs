//! Child processes: every command that xtask starts goes through [`Process`].

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{env, thread};

use anyhow::{Context, Result, bail};

/// A command to run: never reads from the terminal's input, starts in the
/// repository's root, and fails with one line that names the command.
pub struct Process {
    command: Command,
}

impl Process {
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command
            .current_dir(crate::paths::root())
            .stdin(Stdio::null());
        Self { command }
    }

    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Lets the program read what the user types (a server's keys, sudo's password).
    pub fn interactive(mut self) -> Self {
        self.command.stdin(Stdio::inherit());
        self
    }

    /// Runs it, output shown.
    pub fn run(mut self) -> Result<()> {
        eprintln!("$ {}", self.line());
        let status = self.command.status().with_context(|| self.cannot_start())?;
        self.expect_success(status)
    }

    /// Runs it, output hidden; the last line of its errors ends up in the error.
    pub fn run_quietly(self) -> Result<()> {
        self.run_within(Duration::MAX)
    }

    /// The same, but gives up after `limit`.
    pub fn run_within(mut self, limit: Duration) -> Result<()> {
        self.command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = self.spawn()?;
        let stderr = child.stderr.take();
        let reader = thread::spawn(move || read_to_string(stderr));
        let Some(status) = wait_within(&mut child, limit)? else {
            bail!("`{}` did not end within {} s", self.line(), limit.as_secs());
        };
        if !status.success() {
            let stderr = reader.join().unwrap_or_default();
            bail!("`{}` failed: {}", self.line(), last_line(&stderr));
        }
        Ok(())
    }

    /// Runs it and returns what it wrote to stdout, trimmed.
    pub fn read(mut self) -> Result<String> {
        let output = self.command.output().with_context(|| self.cannot_start())?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            bail!("`{}` failed: {}", self.line(), last_line(&stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Runs it, output shown, and hands each line of either stream to `each_line`.
    /// Returns whether it succeeded.
    pub fn watch(mut self, each_line: impl FnMut(&str) + Send) -> Result<bool> {
        eprintln!("$ {}", self.line());
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let each_line = Mutex::new(each_line);
        thread::scope(|scope| {
            scope.spawn(|| copy_lines(stdout, std::io::stdout(), &each_line));
            scope.spawn(|| copy_lines(stderr, std::io::stderr(), &each_line));
        });
        Ok(child.wait()?.success())
    }

    /// Runs it and hands each line of stdout to `each_line`; stderr is shown.
    pub fn read_lines(mut self, mut each_line: impl FnMut(&str) -> Result<()>) -> Result<()> {
        self.command.stdout(Stdio::piped());
        let mut child = self.spawn()?;
        for line in BufReader::new(child.stdout.take().context("no output")?).lines() {
            each_line(&line?)?;
        }
        let status = child.wait()?;
        self.expect_success(status)
    }

    fn spawn(&mut self) -> Result<Child> {
        self.command.spawn().with_context(|| self.cannot_start())
    }

    fn expect_success(&self, status: ExitStatus) -> Result<()> {
        if !status.success() {
            bail!("`{}` failed ({status})", self.line());
        }
        Ok(())
    }

    fn cannot_start(&self) -> String {
        format!("cannot start `{}`", self.line())
    }

    /// The command as one would type it; the program without its folder.
    fn line(&self) -> String {
        let program = Path::new(self.command.get_program());
        let program = program.file_name().unwrap_or(program.as_os_str());
        let words: Vec<_> = std::iter::once(program)
            .chain(self.command.get_args())
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        words.join(" ")
    }
}

/// The file that `program` names on the PATH.
pub fn find_on_path(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
}

fn wait_within(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(Duration::from_millis(50));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn copy_lines(
    from: Option<impl Read>,
    mut to: impl Write,
    each_line: &Mutex<impl FnMut(&str) + Send>,
) {
    let Some(from) = from else { return };
    let mut from = BufReader::new(from);
    let mut bytes = Vec::new();
    while matches!(from.read_until(b'\n', &mut bytes), Ok(length) if length > 0) {
        // Nobody is left to tell when our own output is closed.
        let _ = to.write_all(&bytes).and_then(|()| to.flush());
        if let Ok(mut each_line) = each_line.lock() {
            each_line(String::from_utf8_lossy(&bytes).trim_end());
        }
        bytes.clear();
    }
}

fn read_to_string(from: Option<impl Read>) -> String {
    let mut text = String::new();
    if let Some(mut from) = from {
        let _ = from.read_to_string(&mut text);
    }
    text
}

fn last_line(text: &str) -> &str {
    text.lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("no message")
}

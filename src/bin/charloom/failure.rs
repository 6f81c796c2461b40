//! How a command ends that could not do its work: one line on stderr, and an exit code.
use std::{io, process::ExitCode};

use charloom::{
    Error,
    checkpoint::CheckpointError,
    classification::ClassificationError,
    executor::ExecutorError,
    network::ConfigError,
    text::{ReadError, TextError},
};

/// Why a command ends early.
pub enum Failure {
    /// The command line is wrong.
    Usage(String),
    /// The command line was right, but something else is not.
    Failed(String),
    /// Help or the version was asked for.
    Help(clap::Error),
    /// Whoever read our output has read enough.
    Closed,
}

impl Failure {
    /// About a file.
    pub fn file(path: &std::path::Path, what: impl std::fmt::Display) -> Self {
        Self::Failed(format!("{}: {what}", path.display()))
    }

    /// What happened, for those who go on all the same.
    fn message(&self) -> String {
        match self {
            Self::Usage(message) | Self::Failed(message) => message.clone(),
            Self::Help(help) => help.to_string(),
            Self::Closed => "nobody reads the output".into(),
        }
    }

    /// Prints the line.
    pub fn report(self) -> ExitCode {
        let (message, code) = match self {
            Self::Usage(message) => (message, 2),
            Self::Failed(message) => (message, 1),
            Self::Help(help) => {
                // Nothing to do about a terminal that cannot be printed to.
                let _ = help.print();
                return ExitCode::SUCCESS;
            }
            Self::Closed => return ExitCode::SUCCESS,
        };
        eprintln!("charloom: {message}");
        ExitCode::from(code)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.message())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            // Options have been given on the command line; those of files are checkpoint errors.
            Error::Config(e) => Self::Usage(e.to_string()),
            error => Self::Failed(error.to_string()),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Error::from(error).into()
    }
}

impl From<TextError> for Failure {
    fn from(error: TextError) -> Self {
        Error::from(error).into()
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        TextError::from(error).into()
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        Error::from(error).into()
    }
}

impl From<ExecutorError> for Failure {
    fn from(error: ExecutorError) -> Self {
        Error::from(error).into()
    }
}

impl From<ClassificationError> for Failure {
    fn from(error: ClassificationError) -> Self {
        Error::from(error).into()
    }
}

/// Of writing to stdout.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(format!("cannot write the output: {error}")),
        }
    }
}

/// clap's messages are of several lines, with the usage at the end.
impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        use clap::error::ErrorKind::{
            DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
        };
        match error.kind() {
            DisplayHelp | DisplayVersion => return Self::Help(error),
            DisplayHelpOnMissingArgumentOrSubcommand => {
                let message = "no command: use train, sample, eval, classify, predict or inspect, or see --help";
                return Self::Usage(message.into());
            }
            _ => (),
        }
        let text = error.render().to_string();
        let message = text
            .trim_start_matches("error: ")
            .lines()
            .take_while(|line| !line.starts_with("Usage:"))
            .filter(|line| !line.starts_with("For more information"))
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        Self::Usage(format!("{message}; see --help"))
    }
}

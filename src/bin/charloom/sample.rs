//! `charloom sample`.
use std::{
    io::{Write, stdout},
    path::PathBuf,
};

use charloom::simd::Isa;
use clap::ArgMatches;

use crate::{configure::sample_configured, failure::Failure, files::read_model};

#[derive(clap::Args)]
pub struct Arguments {
    /// The model to write with
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// How many characters to write after the prefix
    #[arg(long, default_value_t = 200, value_name = "N")]
    length: usize,
}

/// Runs the command: the prefix and what follows, as it is written.
pub fn run(arguments: &Arguments, given: &ArgMatches) -> Result<(), Failure> {
    let options = sample_configured(given)?;
    let model = read_model(&arguments.model)?;
    // One character at a time is no work: let it be the same everywhere.
    let mut sampler = model.sampler(options.clone(), Isa::best(true))?;
    if !sampler.skipped().is_empty() {
        let skipped: String = sampler.skipped().iter().collect();
        eprintln!("charloom: left out of the prefix, as the model does not know them: {skipped}");
    }
    let mut out = stdout().lock();
    write!(out, "{}", options.prefix)?;
    for _ in 0..arguments.length {
        let next = sampler.next_character();
        write!(out, "{}", next.character)?;
        out.flush()?;
    }
    writeln!(out)?;
    Ok(())
}

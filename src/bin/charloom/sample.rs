//! `charloom sample`.
use std::{
    io::{Write, stdout},
    path::PathBuf,
};

use charloom::{sample::Sampler, simd::Isa};
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
    if options.alternatives > 0 {
        return list(&mut out, &mut sampler, arguments.length);
    }
    write!(out, "{}", options.prefix)?;
    for _ in 0..arguments.length {
        let next = sampler.next_character();
        write!(out, "{}", next.character)?;
        out.flush()?;
    }
    writeln!(out)?;
    Ok(())
}

/// A line for each character: it, its probability, and the likeliest characters with theirs.
fn list(out: &mut impl Write, sampler: &mut Sampler, length: usize) -> Result<(), Failure> {
    for _ in 0..length {
        let next = sampler.next_character();
        // Quoted, so that blanks and line ends can be seen.
        write!(out, "{:?}\t{:.4}", next.character, next.probability)?;
        for other in &next.alternatives {
            write!(out, "\t{:?} {:.4}", other.character, other.probability)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

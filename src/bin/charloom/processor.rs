//! The options that say how the CPU is used.
use std::{fmt, thread::available_parallelism};

use charloom::{
    executor::{Backend, CpuExecutor, ExecutorError},
    plan::NetworkPlan,
    simd::{Isa, MAX_THREADS},
};
use clap::builder::RangedU64ValueParser;

/// Threads that are used unless more are asked for: what a network of a few hundred units keeps busy.
const USUAL_THREADS: usize = 4;

#[derive(clap::Args)]
pub struct Processor {
    /// The same result, bit by bit, on every machine; a little slower
    #[arg(long)]
    pub reproducible: bool,
    /// Threads; their number does not change the result [default: one a processor, at most 4]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_THREADS as u64))]
    threads: Option<usize>,
}

impl Processor {
    /// The instruction set in use.
    pub fn isa(&self) -> Isa {
        Isa::best(self.reproducible)
    }

    /// How many threads are used.
    pub fn threads(&self) -> usize {
        let usual = || available_parallelism().map_or(1, |n| n.get().min(USUAL_THREADS));
        self.threads.unwrap_or_else(usual)
    }

    /// The executor for a plan.
    pub fn executor(&self, network: &NetworkPlan) -> Result<Backend, ExecutorError> {
        let executor = CpuExecutor::with_threads(network.plan.clone(), self.isa(), self.threads())?;
        Ok(Backend::Cpu(executor))
    }
}

impl fmt::Display for Processor {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let name = self.isa().name();
        match self.threads() {
            1 => write!(f, "one thread with {name}"),
            n => write!(f, "{n} threads with {name}"),
        }
    }
}

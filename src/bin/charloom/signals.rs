//! Signals that ask the program to end: the training is saved first.
use std::sync::{Arc, atomic::AtomicBool};

use signal_hook::{consts, flag};

/// What a shell reports of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// A flag that becomes true at Ctrl-C, or when the system or a closed terminal asks the program to end. The second time
/// it ends at once.
pub fn listen() -> Arc<AtomicBool> {
    let stopping = Arc::new(AtomicBool::new(false));
    let mut signals = vec![consts::SIGINT, consts::SIGTERM];
    #[cfg(unix)]
    if !hangup_is_ignored() {
        signals.push(consts::SIGHUP);
    }
    for signal in signals {
        // Before the flag is raised: the first time it has no effect. Without a handler a signal does what it always does.
        let _ = flag::register_conditional_shutdown(signal, INTERRUPTED, stopping.clone());
        let _ = flag::register(signal, stopping.clone());
    }
    stopping
}

/// Whether somebody wants the training to outlive the terminal (`nohup`). Where it cannot be known, nobody does.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (consts::SIGHUP - 1) & 1 == 1)
}

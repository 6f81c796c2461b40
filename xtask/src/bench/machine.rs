//! What the figures were measured on, and when.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde_json::{Value, json};

use crate::process::Process;

/// More running processes than this, a processor, and timings are worth nothing.
const BUSY: f64 = 0.5;

/// One object that heads a part's results.
pub fn describe(quick: bool) -> Result<Value> {
    let rustc = Process::new("rustc").args(["--version"]).read()?;
    let changed = !Process::new("git")
        .args(["status", "--porcelain", "--untracked-files=no"])
        .read()?
        .is_empty();
    let commit = Process::new("git")
        .args(["rev-parse", "--short=10", "HEAD"])
        .read()?;
    Ok(json!({
        "kind": "machine",
        "quick": quick,
        "date": date(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs()),
        "commit": if changed { format!("{commit}, changed") } else { commit },
        "rustc": rustc,
        "processor": processor(),
        "processors": processors(),
        "load": load(),
    }))
}

/// Says so when something else is running.
pub fn warn_if_busy() {
    if let Some(load) = load()
        && load > BUSY * processors() as f64
    {
        eprintln!(
            "warning: the machine is busy (load {load:.1} on {} processors): \
             these figures mean little",
            processors()
        );
    }
}

/// Whether the load was too high when a part was done. The part itself is about one process.
pub fn was_busy(machine: &Value) -> bool {
    let load = machine["load"].as_f64().unwrap_or(0.0);
    let processors = machine["processors"].as_f64().unwrap_or(1.0);
    load > processors.max(2.0) + BUSY
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Its name, where the system tells.
fn processor() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(": ")?.1.to_owned())
    };
    match field("model name") {
        // A virtual machine may hide the name; family and model still say which it is.
        Some(name) => match (field("cpu family"), field("model\t")) {
            (Some(family), Some(model)) => format!("{name} (family {family}, model {model})"),
            _ => name,
        },
        None => Process::new("sysctl")
            .args(["-n", "machdep.cpu.brand_string"])
            .read()
            .unwrap_or_else(|_| std::env::consts::ARCH.to_owned()),
    }
}

/// Processes that ran or waited, on the average of the last minute.
fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

/// Year-month-day of a Unix time (Howard Hinnant's `civil_from_days`).
fn date(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_of_known_seconds() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(951_782_400), "2000-02-29");
        assert_eq!(date(1_735_689_599), "2024-12-31");
        assert_eq!(date(1_740_787_200), "2025-03-01");
    }
}

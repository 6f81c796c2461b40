//! `cargo xtask soak`: what only hours show, in a real page (`www/tests/soak.ts`): memory stays flat, a tab that ends
//! loses no more than what its last autosave lacks, a lost GPU loses no model. Its figures are a section of
//! `benches/RESULTS.md`.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::build;
use crate::paths;
use crate::setup::{self, Need};

#[derive(clap::Args)]
pub struct Options {
    /// How long one page trains; here as below, 0 leaves the part out
    #[arg(long, default_value_t = 60)]
    minutes: u32,
    /// How many tabs are ended
    #[arg(long, default_value_t = 50)]
    tabs: u32,
    /// How many GPUs are lost
    #[arg(long, default_value_t = 100)]
    losses: u32,
    /// Write the figures into benches/RESULTS.md
    #[arg(long)]
    write: bool,
}

const BEGIN: &str = "<!-- Written by `cargo xtask soak --write`. -->\n";
const END: &str = "<!-- The end of it. -->\n";

pub fn run(options: &Options) -> Result<()> {
    let needs: Vec<Need> = build::NEEDS.into_iter().chain([Need::Browser]).collect();
    let tools = setup::prepare(&needs)?;
    build::wasm(&tools)?;
    build::pages(&tools)?;
    tools
        .command("npx")?
        .args(["--no", "tsc", "--", "-p", "tests"])
        .dir(paths::www())
        .run()?;
    let mut parts = Vec::new();
    tools
        .command("node")?
        .args(["node_modules/.charloom-tests/tests/soak.js"])
        .env("SOAK_MINUTES", options.minutes.to_string())
        .env("SOAK_TABS", options.tabs.to_string())
        .env("SOAK_LOSSES", options.losses.to_string())
        .dir(paths::www())
        .read_lines(|line| {
            println!("{line}");
            let part: Value =
                serde_json::from_str(line).with_context(|| format!("not JSON: {line}"))?;
            parts.push(part);
            Ok(())
        })?;
    if options.write {
        let file = paths::benches().join("RESULTS.md");
        let report = fs::read_to_string(&file)?;
        fs::write(file, with(&report, &section(&parts)))?;
        println!("benches/RESULTS.md is written");
    }
    let wanted = [options.minutes, options.tabs, options.losses];
    let wanted = wanted.iter().filter(|&&size| size > 0).count();
    if parts.len() != wanted || parts.iter().any(|part| part["ok"] != true) {
        bail!("the soak failed");
    }
    Ok(())
}

fn section(parts: &[Value]) -> String {
    let mut text = format!("{BEGIN}\n## Soak\n\n| what | figures |\n| --- | --- |\n");
    for part in parts {
        let figures: Vec<String> = part["figures"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        let what = part["what"].as_str().unwrap_or_default();
        let verdict = if part["ok"] == true { "✓" } else { "✗" };
        text += &format!("| {verdict} {what} | {} |\n", figures.join("; "));
    }
    text + "\n" + END
}

/// `report` with this section: in the place of the one it has, else at its end.
fn with(report: &str, section: &str) -> String {
    match kept(report) {
        Some(old) => report.replace(old, section),
        None => format!("{}\n\n{section}", report.trim_end()),
    }
}

/// A new report with the section of the one before.
pub fn keep(before: &str, report: &str) -> String {
    match kept(before) {
        Some(section) => with(report, section),
        None => report.to_owned(),
    }
}

fn kept(report: &str) -> Option<&str> {
    let begin = report.find(BEGIN)?;
    let end = begin + report[begin..].find(END)? + END.len();
    Some(&report[begin..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_is_replaced_and_survives_a_new_report() {
        let part = |n| serde_json::json!({"what": "memory", "ok": true, "figures": {"MB": n}});
        let first = with("# Results\n\ntable\n", &section(&[part(1)]));
        let second = with(&first, &section(&[part(2)]));
        assert_eq!(first.replace("MB 1", "MB 2"), second);
        let anew = keep(&second, "# Results\n\nother\n");
        assert!(anew.starts_with("# Results\n\nother\n"));
        assert_eq!(kept(&anew), kept(&second));
        assert_eq!(keep("no section", "other"), "other");
    }
}

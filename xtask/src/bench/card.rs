//! A bench that travels. `--pack` writes one folder that measures on a machine with a graphics card and nothing else (no
//! browser, no compiler, no network), and the same in parts for where a transfer is limited; `--add` takes what it found
//! there into `benches/cards.jsonl` and its section of `benches/RESULTS.md`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::table::{NOTHING, Table, grouped};
use crate::process::Process;
use crate::setup::Tools;
use crate::variant::Variant;
use crate::{build, paths};

/// What a part of the packed folder weighs at most.
const PART: &str = "48M";

/// Shown in this order.
const ROWS: [(&str, &str); 6] = [
    ("charloom-native", "**Charloom natively**"),
    ("charloom-native-checked", "every index checked"),
    (
        "charloom-native-unmeasured",
        "layouts by the constant, not measured",
    ),
    ("charloom-browser", "**Charloom in Chromium, WebGPU**"),
    ("torch-eager", "PyTorch, eager, fp32"),
    ("torch-graph", "PyTorch, one CUDA graph, fp32"),
];

const BEGIN: &str = "<!-- Written by `cargo xtask bench --add`. -->\n";
const END: &str = "<!-- The end of the cards. -->\n";

/// Writes `target/card/` and its parts.
pub fn pack(tools: &Tools) -> Result<()> {
    let folder = paths::target().join("card");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let www = folder.join("www");
    fs::create_dir_all(www.join("pkg"))?;
    let programs = programs(tools)?;
    for (name, program) in &programs {
        strip(program, &folder.join(name))?;
    }
    build::wasm_variant(tools, Variant::Webgpu)?;
    copy_folder(&paths::pkg().join("webgpu"), &www.join("pkg/webgpu"))?;
    copy_folder(
        &paths::benches().join("browser/contestants"),
        &www.join("contestants"),
    )?;
    fs::copy(
        paths::benches().join("workloads.json"),
        www.join("workloads.json"),
    )?;
    let travels = paths::benches().join("card");
    for file in ["run.sh", "serve.py", "table.py", "torch_card.py"] {
        fs::copy(travels.join(file), folder.join(file))?;
    }
    fs::copy(travels.join("race.html"), www.join("race.html"))?;
    browser(&folder)?;
    Process::new("bash")
        .args([
            "-c",
            &format!("tar c card | xz -T0 -2 | split -b {PART} - card.tar.xz."),
        ])
        .dir(paths::target())
        .run()?;
    println!(
        "target/card/ is written, and as parts of {PART}: target/card.tar.xz.*\n\
         There: cat card.tar.xz.* | tar xJ && card/run.sh; then here: cargo xtask bench --add results.jsonl"
    );
    Ok(())
}

/// The bench and the parity tests, compiled for release: their names in the folder, and where they are.
fn programs(tools: &Tools) -> Result<Vec<(&'static str, PathBuf)>> {
    let mut found = Vec::new();
    tools
        .command("cargo")?
        .args([
            "build",
            "--release",
            "--package",
            "charloom",
            "--bench",
            "gpu",
            "--test",
            "gpu",
        ])
        .args([
            build::GPU_FEATURE,
            "--message-format",
            "json-render-diagnostics",
        ])
        .read_lines(|line| {
            let message: Value = serde_json::from_str(line)?;
            let kind = message["target"]["kind"][0].as_str();
            let name = match kind {
                Some("bench") => "bench",
                Some("test") => "tests",
                _ => return Ok(()),
            };
            if let Some(file) = message["executable"].as_str() {
                found.push((name, PathBuf::from(file)));
            }
            Ok(())
        })?;
    if found.len() != 2 {
        bail!("cargo named {} of two programs", found.len());
    }
    Ok(found)
}

fn strip(program: &Path, to: &Path) -> Result<()> {
    Process::new("strip")
        .args([Path::new("-o"), to, program])
        .run()
}

/// Chromium's files, the libraries that it and Vulkan's loader need (but not the C library, which belongs to the machine), and a
/// font, without which it ends at the first text.
fn browser(folder: &Path) -> Result<()> {
    let from = Path::new("/usr/lib/chromium");
    if !from.join("chromium").is_file() {
        bail!(
            "Chromium's files are not in {}: a pack is made on Debian",
            from.display()
        );
    }
    let to = folder.join("chromium");
    fs::create_dir_all(to.join("locales"))?;
    for entry in fs::read_dir(from)? {
        let file = entry?.path();
        let name = file.file_name().unwrap_or_default();
        let known = [
            "chromium",
            "icudtl.dat",
            "resources.pak",
            "chrome_100_percent.pak",
        ];
        let kind = file.extension().unwrap_or_default();
        if known.iter().any(|known| name == *known)
            || ["bin", "so", "1", "json"]
                .iter()
                .any(|known| kind == *known)
        {
            fs::copy(&file, to.join(name))?;
        }
    }
    fs::copy(from.join("locales/en-US.pak"), to.join("locales/en-US.pak"))?;
    let system = Path::new("/usr/lib/x86_64-linux-gnu");
    for (place, program) in [
        ("chromium-lib", from.join("chromium")),
        ("lib", system.join("libvulkan.so.1")),
    ] {
        let place = folder.join(place);
        fs::create_dir_all(&place)?;
        let named = Process::new("ldd").args([&program]).read()?;
        let mut libraries: Vec<PathBuf> = named
            .lines()
            .filter_map(|line| line.split("=> ").nth(1)?.split_whitespace().next())
            .map(PathBuf::from)
            .collect();
        // What a card's driver asks for besides.
        libraries.extend(
            [
                "libX11.so.6",
                "libXext.so.6",
                "libxcb.so.1",
                "libXau.so.6",
                "libXdmcp.so.6",
                "libbsd.so.0",
                "libmd.so.0",
            ]
            .map(|name| system.join(name)),
        );
        libraries.push(program);
        for library in libraries.iter().filter(|library| library.is_file()) {
            let name = library
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let belongs = [
                "libc.",
                "libm.",
                "libstdc++",
                "libpthread",
                "libdl.",
                "librt.",
                "libgcc_s",
                "chromium",
            ];
            if !belongs.iter().any(|start| name.starts_with(start)) {
                fs::copy(library, place.join(name))?;
            }
        }
    }
    let font = Process::new("fc-match")
        .args(["--format=%{file}", "sans"])
        .read()?;
    let fonts = folder.join("fonts");
    fs::create_dir_all(&fonts)?;
    fs::copy(font.trim(), fonts.join("font.ttf")).context("no font: install fonts-dejavu-core")?;
    let configuration = "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">\
        <fontconfig><dir prefix=\"relative\">fonts</dir><cachedir>/tmp/charloom-fonts</cachedir></fontconfig>\n";
    fs::write(folder.join("fonts.conf"), configuration)?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let file = entry?.path();
        if file.is_file() {
            fs::copy(&file, to.join(file.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

/// Takes in what `run.sh` found: of a card's contestants the newest figures are kept.
pub fn add(file: &Path) -> Result<()> {
    let new = read(&fs::read_to_string(file).with_context(|| file.display().to_string())?)?;
    if new.is_empty() {
        bail!("{} holds no results", file.display());
    }
    let kept = kept_lines();
    let all = merged(&read(&fs::read_to_string(&kept).unwrap_or_default())?, &new);
    let text: String = all.iter().map(|line| format!("{line}\n")).collect();
    fs::write(&kept, text)?;
    let results = paths::benches().join("RESULTS.md");
    let before = fs::read_to_string(&results).unwrap_or_default();
    fs::write(&results, with(&before, &section(&all)))?;
    println!("benches/cards.jsonl and benches/RESULTS.md are written");
    Ok(())
}

/// The section of the cards that were measured, for a new report; empty where none was.
pub fn report() -> Result<String> {
    let lines = read(&fs::read_to_string(kept_lines()).unwrap_or_default())?;
    Ok(if lines.is_empty() {
        String::new()
    } else {
        section(&lines)
    })
}

fn kept_lines() -> PathBuf {
    paths::benches().join("cards.jsonl")
}

fn read(text: &str) -> Result<Vec<Value>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}")))
        .collect()
}

/// What is known, with what is new in the place of the same card's, contestant's and workload's.
fn merged(known: &[Value], new: &[Value]) -> Vec<Value> {
    let key = |line: &Value| ["card", "contestant", "workload"].map(|name| line[name].clone());
    let replaced = |line: &&Value| !new.iter().any(|other| key(other) == key(line));
    known.iter().filter(replaced).chain(new).cloned().collect()
}

fn section(lines: &[Value]) -> String {
    let distinct = |name: &str| {
        let mut values: Vec<&str> = lines
            .iter()
            .filter_map(|line| line[name].as_str())
            .collect();
        values.sort_unstable();
        values.dedup();
        values
    };
    let workloads = distinct("workload");
    let mut text = format!(
        "{BEGIN}\n## On cards\n\nTraining, characters a second, medians (`cargo xtask bench --pack`, `--add`).\n"
    );
    for card in distinct("card") {
        let of = |contestant: &str, workload: &str| {
            lines
                .iter()
                .find(|line| {
                    line["card"] == card
                        && line["contestant"] == contestant
                        && line["workload"] == workload
                })
                .and_then(|line| line["median"].as_f64())
        };
        let mut head = vec!["on"];
        head.extend(&workloads);
        let mut table = Table::new(&head);
        let row = |name: &str, cell: &dyn Fn(&str) -> Option<String>| {
            let cells = workloads
                .iter()
                .map(|workload| cell(workload).unwrap_or(NOTHING.into()));
            [name.to_owned()].into_iter().chain(cells).collect()
        };
        for (contestant, name) in ROWS {
            table.row(row(name, &|workload| of(contestant, workload).map(grouped)));
        }
        for (contestant, name) in [
            ("charloom-native", "native / graph"),
            ("charloom-browser", "Chromium / graph"),
        ] {
            table.row(row(name, &|workload| {
                let ratio = of(contestant, workload)? / of("torch-graph", workload)?;
                Some(format!("{ratio:.2}"))
            }));
        }
        text += &format!("\n**{card}**\n\n{table}");
        for line in lines.iter().filter(|line| line["card"] == card) {
            if let Some(result) = line["result"].as_str() {
                text += &format!("\nParity tests there: {result}\n");
            }
        }
    }
    text + "\n" + END
}

/// `report` with this section: in the place of the one it has, else before the notes.
fn with(report: &str, section: &str) -> String {
    let old = report.find(BEGIN).and_then(|begin| {
        let end = begin + report[begin..].find(END)? + END.len();
        Some(&report[begin..end])
    });
    match old {
        Some(old) => report.replace(old, section),
        None => match report.find("\n## Notes\n") {
            Some(at) => format!("{}\n{section}{}", &report[..at], &report[at..]),
            None => format!("{}\n\n{section}", report.trim_end()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(card: &str, contestant: &str, median: u32) -> Value {
        json!({"card": card, "contestant": contestant, "workload": "W1", "median": median})
    }

    #[test]
    fn the_newest_figures_of_a_card_are_kept() {
        let known = [line("A", "torch-graph", 100), line("B", "torch-graph", 7)];
        let new = [
            line("A", "torch-graph", 200),
            line("A", "charloom-native", 300),
        ];
        let all = merged(&known, &new);
        assert_eq!(all, [known[1].clone(), new[0].clone(), new[1].clone()]);
        let section = section(&all);
        assert!(section.contains("**A**") && section.contains("**B**"));
        assert!(section.contains("| 1.50 |"), "{section}");
    }

    #[test]
    fn the_section_stands_before_the_notes_and_is_replaced() {
        let report = "# Results\n\ntable\n\n## Notes\n\ntext\n";
        let first = with(report, &section(&[line("A", "charloom-native", 1000)]));
        assert!(first.find("On cards") < first.find("## Notes"));
        let second = with(&first, &section(&[line("A", "charloom-native", 2000)]));
        assert_eq!(first.replace("1,000", "2,000"), second);
    }
}

//! Writes what the fuzzers begin with: `corpus/TARGET/seed-N`.
#[path = "../tests/hostile/mod.rs"]
mod hostile;

fn main() -> std::io::Result<()> {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, _) in hostile::TARGETS {
        std::fs::create_dir_all(corpus.join(name))?;
        for (n, seed) in hostile::seeds(name).iter().enumerate() {
            std::fs::write(corpus.join(name).join(format!("seed-{n}")), seed)?;
        }
    }
    Ok(())
}

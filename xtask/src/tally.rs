//! Counts tests from the lines that test runners print.

/// How many tests of a suite passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u32,
    pub failed: u32,
}

impl Tally {
    /// Adds the counts of a closing line of libtest, wasm-bindgen-test, Node's test runner or
    /// Python's unittest; ignores every other line.
    pub fn read_line(&mut self, line: &str) {
        if let Some(result) = line.trim_start().strip_prefix("test result: ") {
            self.passed += count_before(result, " passed");
            self.failed += count_before(result, " failed");
        }
        // Python prints "Ran 3 tests in 0.1s", and then "FAILED (failures=1, errors=1)".
        if let Some(count) = line.strip_prefix("Ran ") {
            self.passed += count_before(count, " test");
        }
        if let Some(failed) = line.strip_prefix("FAILED (") {
            let counts = failed.trim_end_matches(')').split(", ");
            let counts = counts.filter_map(|part| part.split_once('='));
            let failed: u32 = counts
                .filter_map(|(_, count)| count.parse::<u32>().ok())
                .sum();
            self.passed = self.passed.saturating_sub(failed);
            self.failed += failed;
        }
        // Node prints "# pass 3" (TAP) or "ℹ pass 3" (spec).
        if let Some(summary) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) {
            match summary.split_once(' ') {
                Some(("pass", count)) => self.passed += count.parse().unwrap_or(0),
                Some(("fail" | "cancelled", count)) => {
                    self.failed += count.parse().unwrap_or(0);
                }
                _ => {}
            }
        }
    }
}

/// The number that stands right before `label`.
fn count_before(text: &str, label: &str) -> u32 {
    text.split_once(label)
        .and_then(|(before, _)| before.rsplit(' ').next())
        .and_then(|count| count.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.read_line(line));
        tally
    }

    #[test]
    fn adds_up_several_test_binaries() {
        let lines = [
            "running 2 tests",
            "test a::b ... ok",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        ];
        assert_eq!(
            tally(&lines),
            Tally {
                passed: 15,
                failed: 2
            }
        );
    }

    #[test]
    fn reads_both_reporters_of_node() {
        let tap = [
            "ok 1 - opens",
            "# tests 3",
            "# pass 2",
            "# fail 1",
            "# cancelled 0",
        ];
        let spec = [
            "✔ opens (1ms)",
            "ℹ tests 3",
            "ℹ pass 2",
            "ℹ fail 0",
            "ℹ cancelled 1",
        ];
        assert_eq!(
            tally(&tap),
            Tally {
                passed: 2,
                failed: 1
            }
        );
        assert_eq!(
            tally(&spec),
            Tally {
                passed: 2,
                failed: 1
            }
        );
    }

    #[test]
    fn reads_python() {
        let lines = ["Ran 5 tests in 0.100s", "", "FAILED (failures=1, errors=2)"];
        assert_eq!(
            tally(&lines),
            Tally {
                passed: 2,
                failed: 3
            }
        );
    }

    #[test]
    fn counts_nothing_in_other_lines() {
        assert_eq!(
            tally(&["5 passed", "# pass", "test result: ", "# pass many"]),
            Tally::default()
        );
    }
}

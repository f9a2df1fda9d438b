//! Tests counted from the runners' own closing lines.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
}

impl Count {
    /// Of cargo test: `test result: ok. 12 passed; 0 failed; 1 ignored; …`, once for each program.
    pub fn of_cargo_test(printed: &str) -> Self {
        let mut count = Self::default();
        for line in printed
            .lines()
            .filter(|line| line.starts_with("test result:"))
        {
            count += Self::of_figures(line);
        }
        count
    }

    /// Of pytest: `===== 1 failed, 12 passed, 1 skipped in 3.21s =====`, its last line.
    pub fn of_pytest(printed: &str) -> Self {
        let closing = printed
            .lines()
            .rfind(|line| line.starts_with('=') && line.contains(" in "));
        closing.map(Self::of_figures).unwrap_or_default()
    }

    /// Of Playwright: `  1 failed`, `  1 flaky`, `  2 skipped`, `  12 passed (34s)`, each on a line of its own.
    pub fn of_playwright(printed: &str) -> Self {
        let mut count = Self::default();
        for line in printed.replace("did not run", "unstarted").lines() {
            let mut words = line.split_whitespace();
            let counts = words.next().is_some_and(|word| word.parse::<u32>().is_ok());
            let last = words.nth(1).is_none_or(|word| word.starts_with('('));
            if line.starts_with("  ") && counts && last {
                count += Self::of_figures(line);
            }
        }
        count
    }

    /// Of node's own runner: `ℹ pass 12` or `# pass 12`, each figure on a line of its own.
    pub fn of_node(printed: &str) -> Self {
        let mut count = Self::default();
        for line in printed.lines() {
            let ["ℹ" | "#", word, figure] = line.split(' ').collect::<Vec<_>>()[..] else {
                continue;
            };
            let figure = figure.parse().unwrap_or(0);
            match word {
                "pass" => count.passed += figure,
                "fail" | "cancelled" => count.failed += figure,
                "skipped" | "todo" => count.skipped += figure,
                _ => {}
            }
        }
        count
    }

    /// Of Schemathesis: `     ✅ 2 passed  ❌ 1 failed`, once for each of its phases, of operations or scenarios. One
    /// that a phase has nothing for is said to be skipped, but the other phases test it.
    pub fn of_schemathesis(printed: &str) -> Self {
        let mut count = Self::default();
        for line in printed.lines().map(str::trim_start) {
            let mut words = line.split_whitespace();
            let marked = words
                .next()
                .is_some_and(|mark| ["✅", "❌", "🚫"].contains(&mark));
            if marked && words.next().is_some_and(|n| n.parse::<u32>().is_ok()) {
                count += Self::of_figures(line);
            }
        }
        Count {
            skipped: 0,
            ..count
        }
    }

    /// Each figure with the word behind it.
    fn of_figures(line: &str) -> Self {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut count = Self::default();
        for pair in words.windows(2) {
            let Ok(figure) = pair[0].parse::<u32>() else {
                continue;
            };
            match pair[1].trim_end_matches([',', ';']) {
                "passed" | "flaky" => count.passed += figure,
                "failed" | "error" | "errors" | "errored" | "interrupted" => count.failed += figure,
                "skipped" | "ignored" | "unstarted" => count.skipped += figure,
                _ => {}
            }
        }
        count
    }

    /// The last line of all, on a line of its own and in these words, so that others can read it.
    pub fn closing(&self) -> String {
        format!(
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// In a table: nothing for a stage that counts nothing.
impl fmt::Display for Count {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.passed, "passed"),
            (self.failed, "failed"),
            (self.skipped, "skipped"),
        ];
        let said: Vec<String> = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        out.write_str(&said.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(passed: u32, failed: u32, skipped: u32) -> Count {
        Count {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn cargo_tests_programs_are_added_up() {
        let printed = "running 2 tests\ntest a ... ok\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.03s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n";
        assert_eq!(Count::of_cargo_test(printed), count(15, 2, 1));
    }

    #[test]
    fn pytests_last_line_counts() {
        let printed = "collected 14 items\n\ntest_openai.py ....  [100%]\n\n======= 1 failed, 12 passed, 1 skipped in 3.21s =======\n";
        assert_eq!(Count::of_pytest(printed), count(12, 1, 1));
        assert_eq!(
            Count::of_pytest("==== test session starts ====\n"),
            count(0, 0, 0)
        );
    }

    #[test]
    fn playwrights_lines_count_and_a_tests_name_does_not() {
        let printed = "Running 15 tests using 2 workers\n  ✓  1 keys.spec.ts:3:1 › 2 passed by (1s)\n  1 failed\n    [pages] › a.spec.ts\n  2 skipped\n  3 did not run\n  12 passed (34.0s)\n";
        assert_eq!(Count::of_playwright(printed), count(12, 1, 5));
    }

    #[test]
    fn nodes_figures_count_with_either_reporters_mark() {
        let printed = "▶ chat\n  ✔ 3 passed by (1.2ms)\nℹ tests 8\nℹ suites 1\nℹ pass 4\nℹ fail 1\nℹ cancelled 1\nℹ skipped 1\nℹ todo 1\nℹ duration_ms 1053.7\n";
        assert_eq!(Count::of_node(printed), count(4, 2, 2));
        assert_eq!(Count::of_node(&printed.replace('ℹ', "#")), count(4, 2, 2));
        assert_eq!(Count::of_node("# Subtest: pass 3\n"), count(0, 0, 0));
    }

    #[test]
    fn schemathesis_phases_are_added_up() {
        let printed = " ✅  Examples (in 0.10s)\n\n     ✅ 2 passed  ⏭  1 skipped\n\n ❌  Coverage (in 5.86s)\n\n     ✅ 2 passed  ❌ 1 failed\n\n 🚫  Fuzzing (in 1.00s)\n\n     🚫 1 errored\n\nTest Phases:\n  ✅ Examples\nFailures:\n  ❌ Undocumented status code: 1\n";
        assert_eq!(Count::of_schemathesis(printed), count(4, 2, 0));
    }

    #[test]
    fn the_closing_line_names_all_three() {
        assert_eq!(count(3, 0, 1).closing(), "3 passed, 0 failed, 1 skipped");
        assert_eq!(count(3, 0, 1).to_string(), "3 passed, 1 skipped");
    }
}

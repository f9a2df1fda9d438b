//! The stages, their order, and what each needs.

use clap::ValueEnum;

/// What is proved, in this order: what answers soonest comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Stage {
    /// The layout of the code
    Fmt,
    /// Lints, warnings denied
    Clippy,
    /// Licences, bans and sources of what we depend on
    Deny,
    /// Both halves
    Build,
    /// The models that the later stages talk to
    Models,
    /// Unit tests, and behaviour over HTTP
    Rust,
    /// The official SDKs, of Python and Node, against a running service
    Sdk,
    /// The service in front of a worker that nobody here wrote, llama.cpp's server
    Llama,
    /// Requests made up from /openapi.json
    Schemathesis,
    /// Every page in a browser
    End2end,
    /// No secret in what the services of the stages before have logged
    Logs,
}

impl Stage {
    /// As it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Fmt => "fmt",
            Stage::Clippy => "clippy",
            Stage::Deny => "deny",
            Stage::Build => "build",
            Stage::Models => "models",
            Stage::Rust => "rust",
            Stage::Sdk => "sdk",
            Stage::Llama => "llama",
            Stage::Schemathesis => "schemathesis",
            Stage::End2end => "end2end",
            Stage::Logs => "logs",
        }
    }

    /// What it runs.
    pub fn what(self) -> &'static str {
        match self {
            Stage::Fmt => "cargo fmt --all --check",
            Stage::Clippy => "cargo clippy --all-targets -- -D warnings",
            Stage::Deny => "cargo deny check",
            Stage::Build => "both halves, as `cargo xtask run` builds them",
            Stage::Models => "assisters models fetch",
            Stage::Rust => "cargo test",
            Stage::Sdk => "the official SDKs against a running service",
            Stage::Llama => "the service in front of llama.cpp's server",
            Stage::Schemathesis => "requests made up from /openapi.json",
            Stage::End2end => "every page in Chromium",
            Stage::Logs => "no secret in what was logged",
        }
    }

    /// What it cannot do without.
    fn needs(self) -> &'static [Stage] {
        match self {
            Stage::Rust | Stage::Sdk | Stage::Llama | Stage::Schemathesis | Stage::End2end => {
                &[Stage::Build, Stage::Models]
            }
            Stage::Models => &[Stage::Build],
            _ => &[],
        }
    }
}

/// The stages to run: all of them, or those asked for with what they need.
pub fn planned(only: &[Stage]) -> Vec<Stage> {
    let wanted = |stage: &Stage| {
        only.is_empty()
            || only
                .iter()
                .any(|asked| asked == stage || asked.needs().contains(stage))
    };
    Stage::value_variants()
        .iter()
        .copied()
        .filter(wanted)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_asked_for_alone_brings_what_it_needs() {
        assert_eq!(planned(&[Stage::Fmt]), [Stage::Fmt]);
        assert_eq!(
            planned(&[Stage::Sdk]),
            [Stage::Build, Stage::Models, Stage::Sdk]
        );
        assert_eq!(planned(&[]), Stage::value_variants());
    }
}

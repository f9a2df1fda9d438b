//! `cargo xtask …`: what README and CI call, so that nobody has to know how the project is built.

mod bench;
mod board;
mod build;
mod fuzz;
mod models;
mod process;
mod run;
mod server;
mod signals;
mod site;
mod step;
mod test;
mod tools;
mod tree;
mod wasm;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use board::Board;
use server::Purpose;
use test::Stage;
use tree::Tree;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Build, run and prove the project"
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build what is missing, start the service with a local model, and say where to go
    Run {
        /// Optimise the server (slower to build, faster to run)
        #[arg(long)]
        release: bool,
    },
    /// Build the browser's and the server's half
    Build {
        /// Optimise the server (slower to build, faster to run)
        #[arg(long)]
        release: bool,
    },
    /// Prove everything, stage by stage, up to the first failure
    Test {
        /// Run this stage alone; may be given again
        #[arg(long, value_name = "STAGE")]
        only: Vec<Stage>,
    },
    /// Take a picture of every page into target/screenshots
    Screenshots,
    /// Fill a database with requests of one busy account, in target/seeded unless ASSISTERS_DATA_DIR names another folder
    Seed {
        /// How many (10 million take 6 GB)
        #[arg(long, default_value_t = 1_000_000)]
        rows: u64,
        /// Whose they are; the account is made if there is none
        #[arg(long, default_value = "seed@example.com", value_name = "EMAIL")]
        account: String,
    },
    /// Measure the pages of what was seeded
    Bench {
        /// Use the build that tests use, which is there already but slower
        #[arg(long)]
        debug: bool,
    },
    /// Look for inputs that break what reads bytes from outside, for a while each
    Fuzz {
        /// How long each target is run
        #[arg(long, default_value_t = 600)]
        seconds: u32,
        /// Run this target alone: key, sse, request, fingerprint or journal
        #[arg(long, value_name = "TARGET")]
        only: Option<String>,
        /// Add inputs that reach more code to those in the checkout
        #[arg(long)]
        keep: bool,
    },
    /// Let Lighthouse judge the pages, and fail below its marks
    Lighthouse {
        /// Optimise the server (slower to build, faster to run)
        #[arg(long)]
        release: bool,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let board = Board::new();
    let done = Tree::find().and_then(|tree| match cli.task {
        Task::Run { release } => run::run(&board, &tree, release),
        Task::Build { release } => {
            build::halves(&board, &tree, Purpose::of(release)).map(|_| ExitCode::SUCCESS)
        }
        Task::Test { only } => test::run(&board, &tree, &only),
        Task::Screenshots => test::screenshots(&board, &tree),
        Task::Seed { rows, account } => bench::seed(&board, &tree, rows, &account),
        Task::Bench { debug } => bench::bench(&board, &tree, debug),
        Task::Fuzz {
            seconds,
            only,
            keep,
        } => fuzz::fuzz(&board, &tree, seconds, only.as_deref(), keep),
        Task::Lighthouse { release } => test::lighthouse(&board, &tree, Purpose::of(release)),
    });
    done.unwrap_or_else(|error| {
        board.error(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}

//! `cargo xtask run`: from a checkout to a page that answers.

use std::env;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::board::Board;
use crate::build;
use crate::models::{self, Models};
use crate::server::{self, Purpose, Readiness, Server, Start};
use crate::signals::{self, Then};
use crate::step::clock;
use crate::tree::Tree;

/// A model is loaded in seconds; on a machine that is busy otherwise, in many.
const PATIENCE: Duration = Duration::from_secs(60);

/// Builds what is missing, serves until it is stopped, and ends as the service ended.
pub fn run(board: &Board, tree: &Tree, release: bool) -> Result<ExitCode> {
    let began = Instant::now();
    board.head(
        "Assisters",
        "building what is missing, then starting it here",
    );
    let program = build::halves(board, tree, Purpose::of(release))?;
    let workers = match env::var_os("ASSISTERS_WORKERS") {
        Some(list) if !list.is_empty() => Workers::Configured,
        _ => Workers::Local(models::fetch(board, tree, &program)?),
    };

    signals::pass_on(Then::Wait)?;
    let mut server = match Server::start(&mut server::serve(tree, &program))? {
        Start::Up(server) => server,
        // It has said itself what was wrong.
        Start::Ended(status) => return Ok(code(status.code())),
    };
    let readiness = match workers {
        Workers::Local(Models::Missing) => Readiness::Late,
        _ => server.ready(PATIENCE)?,
    };
    // Told to stop while it was starting, it has no page to show any more.
    if readiness != Readiness::Ended {
        board.say(&welcome(&server.url, workers, readiness, began.elapsed()));
    }
    let status = server.wait()?;
    board.say("\nAssisters has stopped.");
    Ok(code(status.code()))
}

fn code(status: Option<i32>) -> ExitCode {
    // Ended by a signal, it has no code of its own.
    ExitCode::from(status.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// Who computes.
#[derive(Clone, Copy)]
enum Workers {
    /// Those of the environment.
    Configured,
    /// One that the service starts itself, if it has models.
    Local(Models),
}

/// Where to go, and what to do there first.
fn welcome(url: &str, workers: Workers, readiness: Readiness, spent: Duration) -> String {
    let is_ready = readiness == Readiness::Ready;
    let note = match (workers, is_ready) {
        (Workers::Configured, true) => {
            "ASSISTERS_WORKERS names who computes; put a model of theirs in the place of this one."
        }
        (Workers::Configured, false) => {
            "None of the workers that ASSISTERS_WORKERS names answers yet; until one does, requests are answered with 503."
        }
        (Workers::Local(Models::Missing), _) => {
            "No model is here, so requests to it are answered with 503; everything else works. Call this again with\n  \
             a network, or with ASSISTERS_MODELS_DIR naming a folder that has the model."
        }
        (Workers::Local(Models::Ready), false) => {
            "The model is still being loaded; until it is, requests to it are answered with 503."
        }
        (Workers::Local(Models::Ready), true) => {
            "The model is a small one for trying things out, on this machine's processor."
        }
    };
    let spent = clock(spent);
    format!(
        r#"
  Assisters is at {url}   (started in {spent})

  1  Create an account   {url}/sign-up
  2  Create a key        {url}/keys
  3  Call a model:

     curl -N {url}/v1/chat/completions \
       -H "Authorization: Bearer $ASSISTERS_API_KEY" \
       -H "Content-Type: application/json" \
       -d '{{"model": "smollm2-135m-instruct", "stream": true,
            "messages": [{{"role": "user", "content": "What is the capital of France?"}}]}}'

  {note}
  Ctrl-C stops everything.
"#
    )
}

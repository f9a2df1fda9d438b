//! `cargo xtask run`: from a checkout to a page that answers.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::board::Board;
use crate::build;
use crate::models::{self, Models};
use crate::server::{self, Purpose, Server, Start};
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
    let models = models::fetch(board, tree, &program)?;

    signals::pass_on(Then::Wait)?;
    let mut server = match Server::start(&mut server::serve(tree, &program))? {
        Start::Up(server) => server,
        // It has said itself what was wrong.
        Start::Ended(status) => return Ok(code(status.code())),
    };
    let ready = match models {
        Models::Ready => server.ready(PATIENCE)?,
        Models::Missing => false,
    };
    board.say(&welcome(&server.url, models, ready, began.elapsed()));
    let status = server.wait()?;
    board.say("\nAssisters has stopped.");
    Ok(code(status.code()))
}

fn code(status: Option<i32>) -> ExitCode {
    // Ended by a signal, it has no code of its own.
    ExitCode::from(status.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// Where to go, and what to do there first.
fn welcome(url: &str, models: Models, ready: bool, spent: Duration) -> String {
    let note = match (models, ready) {
        (Models::Missing, _) => {
            "No model is here, so requests to it are answered with 503; everything else works. Call this again with\n  \
             a network, or with ASSISTERS_MODELS_DIR naming a folder that has the model."
        }
        (Models::Ready, false) => {
            "The model is still being loaded; until it is, requests to it are answered with 503."
        }
        (Models::Ready, true) => {
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

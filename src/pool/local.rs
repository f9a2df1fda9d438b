//! The local worker: `assisters worker` as a child on a loopback port, watched and started again when it dies.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Pool;
use super::worker_id::WorkerId;
use crate::config::{Config, WorkerSettings};
use crate::tasks::Tasks;

/// What a worker prints on standard output when it listens, before its address.
pub const LISTENING: &str = "assisters: worker listening on ";

const BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);
/// One that lived this long died of something new.
const GOOD_LIFE: Duration = Duration::from_secs(60);
/// How often to look whether missing models have come.
const MODELS_PERIOD: Duration = Duration::from_secs(2);
/// From the start of the process until it listens; loading the model takes a second or two.
const START: Duration = Duration::from_secs(120);
const END: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
#[error("the path of this program cannot be found, so no local worker can be started: {0}")]
pub struct LocalWorkerError(#[source] io::Error);

pub(super) fn start(pool: Pool, config: &Config, tasks: &Tasks) -> Result<(), LocalWorkerError> {
    let local = Local {
        program: std::env::current_exe().map_err(LocalWorkerError)?,
        models_dir: config.models_dir.clone(),
        start: START,
        pool,
        tasks: tasks.clone(),
    };
    tasks.spawn(local.watch());
    Ok(())
}

struct Local {
    program: PathBuf,
    models_dir: PathBuf,
    /// How long it may take until it listens.
    start: Duration,
    pool: Pool,
    tasks: Tasks,
}

impl Local {
    /// Keeps a worker running until the service stops.
    async fn watch(self) {
        let stopping = self.tasks.stopping().clone();
        let mut backoff = BACKOFF;
        while stopping.run_until_cancelled(self.models()).await.is_some() {
            let started = Instant::now();
            if let Err(error) = self.run(&stopping).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the local worker could not be started"
                );
            }
            if started.elapsed() > GOOD_LIFE {
                backoff = BACKOFF;
            }
            if stopping.is_cancelled() {
                return;
            }
            tracing::warn!(again_in = ?backoff, "the local worker has ended and will be started again");
            let _ = stopping.run_until_cancelled(sleep(backoff)).await;
            backoff = (backoff * 2).min(LONGEST_BACKOFF);
        }
    }

    /// Returns when there is a model to serve.
    async fn models(&self) {
        let mut said = false;
        while engine::installed(&self.models_dir).is_empty() {
            if !said {
                said = true;
                tracing::warn!(
                    models_dir = %self.models_dir.display(),
                    "no model to serve; run `assisters models fetch`, or name workers in ASSISTERS_WORKERS. The local worker starts when the model is there"
                );
            }
            sleep(MODELS_PERIOD).await;
        }
    }

    /// Runs one child to its end, or to the service's.
    async fn run(&self, stopping: &CancellationToken) -> io::Result<()> {
        let mut child = Command::new(&self.program)
            .args(["worker", "--listen", "127.0.0.1:0", "--exit-with-stdin"])
            .env("ASSISTERS_MODELS_DIR", &self.models_dir)
            // Its standard input is held open by this process; when this one dies, however it dies, the worker sees its end.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        // Taken out, because waiting for a child closes the input that it still holds.
        let stdin = child.stdin.take();
        let life = async {
            let Some(base) = address_of(&mut child, self.start).await else {
                tracing::error!(within = ?self.start, "the local worker did not say where it listens, and is ended");
                child.start_kill()?;
                return child.wait().await;
            };
            tracing::info!(
                "local worker ready at {}",
                base.as_str().trim_end_matches('/')
            );
            self.pool
                .enlist(&WorkerId::local(), &WorkerSettings::at(base));
            child.wait().await
        };
        let ended = stopping.run_until_cancelled(life).await;
        self.pool.dismiss(&WorkerId::local());
        match ended {
            Some(status) => tracing::info!(status = %status?, "the local worker ended"),
            None => {
                drop(stdin);
                end(child).await?;
            }
        }
        Ok(())
    }
}

/// The address that the child prints when it listens; `None` if it ends or stays silent instead.
async fn address_of(child: &mut Child, start: Duration) -> Option<Url> {
    let mut lines = BufReader::new(child.stdout.take()?).lines();
    let line = timeout(start, async {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(address) = line.strip_prefix(LISTENING) {
                return Url::parse(address).ok();
            }
        }
        None
    });
    line.await.ok().flatten()
}

/// Waits for a child whose standard input was closed, and ends it if it does not end by itself.
async fn end(mut child: Child) -> io::Result<()> {
    if timeout(END, child.wait()).await.is_err() {
        child.kill().await?;
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;

    #[tokio::test]
    async fn a_worker_that_does_not_say_where_it_listens_is_ended() {
        let dir = TempDir::new().unwrap();
        let program = dir.path().join("silent");
        // It becomes another program, so that none is left when it is ended.
        fs::write(&program, "#!/bin/sh\nexec sleep 600\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let local = Local {
            program,
            models_dir: dir.path().to_owned(),
            start: Duration::from_millis(50),
            pool: super::super::tests::pool(&[]),
            tasks: Tasks::default(),
        };
        // It would not end by itself before the service does.
        let never = CancellationToken::new();
        let ended = timeout(END * 6, async {
            loop {
                match local.run(&never).await {
                    // Another test's child holds the file open, until it has become another program.
                    Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {}
                    ended => return ended,
                }
            }
        });
        ended.await.expect("it is started again").unwrap();
    }
}

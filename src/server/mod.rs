//! The server: opens what the service stands on, carries its routes, and stops in the order that loses nothing.

mod addresses;
mod bodies;
mod client;
mod connections;
mod crowd;
mod headers;
mod health;
mod leaving;
mod metrics;
mod pages;
mod routes;
mod same_origin;
mod tidy;
mod to_the_end;
mod writes;

use std::error::Error;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::middleware::from_fn_with_state;
use engine::Counter;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::crowd::Crowd;
use self::tidy::Tidy;
use crate::accounts::Accounts;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::config::Config;
use crate::console::Dashboard;
use crate::db::{self, Db};
use crate::idempotency::Idempotency;
use crate::instance::{InstanceError, instance};
use crate::keys::Keys;
use crate::limits::Limits;
use crate::mail::{Mail, WayError};
use crate::metrics::Metrics;
use crate::pool::{self, Pool};
use crate::second_factor::SecondFactors;
use crate::sessions;
use crate::tasks::Tasks;
use crate::throttle::Throttle;
use crate::usage::{JournalError, Usage};
use crate::v1::{Counting, V1};

/// How long background tasks may take to end.
const TASKS_END: Duration = Duration::from_secs(10);
/// How long the journal may take to be moved into the database then.
const JOURNAL_MOVES: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(
        "the data directory {path} cannot be written ({source}); make it writable, or name another in ASSISTERS_DATA_DIR"
    )]
    DataDir { path: String, source: io::Error },
    #[error(
        "{addr} cannot be listened on ({source}); stop what is using it, or name another address in ASSISTERS_LISTEN"
    )]
    Listen { addr: SocketAddr, source: io::Error },
    #[error(transparent)]
    Database(#[from] db::OpenError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Instance(#[from] InstanceError),
    #[error(transparent)]
    Pool(#[from] pool::StartError),
    #[error(transparent)]
    Mail(#[from] WayError),
}

/// A service that is up.
pub struct Running {
    pub addr: SocketAddr,
    pub public_base: Arc<str>,
    /// For tests, which look at what was written.
    pub db: Db,
    pub usage: Usage,
    /// At what work was done.
    pub accounts: Accounts,
    /// And at who waits.
    pub pool: Pool,
    tasks: Tasks,
    drain_delay: Duration,
    close: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// Opens the database of `config`, which the admin commands need too.
pub async fn open_database(config: &Config) -> Result<Db, StartError> {
    prepare(&config.data_dir).map_err(|source| StartError::DataDir {
        path: config.data_dir.display().to_string(),
        source,
    })?;
    let url = match &config.database_url {
        Some(url) => url.clone(),
        None => db::embedded_url(&config.data_dir)?,
    };
    Ok(db::open(&url).await?)
}

/// Starts the service; it serves when this returns.
pub async fn start(config: Config, clock: Clock) -> Result<Running, StartError> {
    // First what most often goes wrong, before anything is opened that would have to be closed again.
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.map_err(|source| StartError::Listen {
        addr: config.listen,
        source,
    })?;
    let addr = listener.local_addr().map_err(|source| StartError::Listen {
        addr: config.listen,
        source,
    })?;
    let db = open_database(&config).await?;
    let tasks = Tasks::default();
    let usage = Usage::open(&config.data_dir, db.clone(), config.ledger_fsync).await?;
    usage.start(&tasks);
    let pool = Pool::new(&config, db.clone(), clock.clone(), &tasks);
    pool.start(&config, instance(&config.data_dir)?, addr)
        .await?;

    let accounts = Accounts::new(db.clone(), clock.clone());
    let keys = Keys::new(db.clone(), clock.clone());
    let limits = Limits::new(clock.clone());
    let sessions = sessions::Store::new(db.clone(), clock.clone());
    let throttle = Throttle::new(db.clone(), clock.clone(), config.limits.sign_ups_per_hour);
    let idempotency = Idempotency::open(
        &config.data_dir,
        db.clone(),
        clock.clone(),
        &tasks,
        config.idempotency,
    )
    .await?;
    idempotency.start();
    let (metrics, registry) = Metrics::new();
    let audit = Audit::new(db.clone(), clock.clone()).counting(metrics.clone());
    let public_base: Arc<str> = config.public_base(addr).into();
    tasks.spawn(tidy::forget(
        usage.clone(),
        audit.clone(),
        clock.clone(),
        tasks.clone(),
    ));
    let mail = Mail::new(
        &config.mail,
        &config.data_dir,
        public_base.clone(),
        db.clone(),
        clock.clone(),
    )?;
    mail.start(&tasks);
    let tidy = Tidy {
        keys: keys.clone(),
        limits: limits.clone(),
        sessions: sessions.clone(),
        throttle: throttle.clone(),
        idempotency: idempotency.clone(),
        audit: audit.clone(),
        mail: mail.clone(),
    };
    tasks.spawn(tidy.run(tasks.clone()));
    let v1 = V1 {
        accounts: accounts.clone(),
        second_factors: SecondFactors::new(db.clone(), clock.clone()).asked(config.second_factor),
        keys: keys.clone(),
        limits: limits.clone(),
        idempotency,
        pool: pool.clone(),
        counter: Counting::new(Counter::new(&config.models_dir)),
        usage: usage.clone(),
        metrics: metrics.clone(),
        clock: clock.clone(),
        tasks: tasks.clone(),
        keepalive: config.streams.keepalive,
        idle: config.limits.idle,
        body_limit: config.limits.body,
    };
    let dashboard = Dashboard::new(
        accounts.clone(),
        sessions.clone(),
        throttle,
        keys,
        limits,
        pool.clone(),
        usage.clone(),
        audit,
        metrics,
        db.clone(),
        tasks.clone(),
        clock.clone(),
        public_base.clone(),
        Arc::new(config.clone()),
        mail,
    );
    let health = health::Health {
        db: db.clone(),
        pool: pool.clone(),
        tasks: tasks.clone(),
    };
    let standing = metrics::Standing {
        pool: pool.clone(),
        usage: usage.clone(),
        db: db.clone(),
        started: clock.now(),
    };
    let scraped = metrics::Scraped::new(registry, standing, config.metrics_token.clone());
    let session_layer = sessions::layer(sessions, config.is_https());
    let app = routes::all(
        &v1,
        &dashboard,
        health,
        scraped,
        session_layer,
        &config,
        addr,
    );

    let app = bodies::keep(app, config.limits.body_pause, &tasks);
    let app = app.layer(from_fn_with_state(tasks.clone(), leaving::close));
    let proxies: Arc<[_]> = config.trusted_proxies.clone().into();
    let app = app.layer(from_fn_with_state(proxies.clone(), client::tell));
    let most = config.limits;
    let crowd = Crowd::new(most.connections, most.connections_per_address, proxies);

    let (close, closing) = oneshot::channel();
    let closing = async {
        let _ = closing.await;
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the server itself is waited for by name, before the tasks are told to stop"
    )]
    let serving = tokio::spawn({
        let (limits, cutting) = (config.limits, tasks.cutting().clone());
        async move { connections::serve(listener, app, limits, crowd, closing, &cutting).await }
    });
    Ok(Running {
        addr,
        public_base,
        db,
        usage,
        accounts,
        pool,
        tasks,
        drain_delay: config.limits.drain_delay,
        close,
        serving,
    })
}

impl Running {
    /// Stops: not ready for a while, which `at_once` ends; then no new connections, what runs may end, then the tasks; then
    /// the journal is moved on, in which they may have written.
    pub async fn stop(self, at_once: impl Future<Output = ()>) {
        let Running {
            tasks,
            drain_delay,
            close,
            serving,
            db,
            usage,
            ..
        } = self;
        leaving::announce(&tasks, drain_delay, at_once).await;
        let _ = close.send(());
        if let Err(error) = serving.await {
            tracing::error!(%error, "the server ended badly");
        }
        if !tasks.stop(TASKS_END).await {
            tracing::warn!("background tasks did not end in time");
        }
        match timeout(JOURNAL_MOVES, usage.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let error = &error as &dyn Error;
                tracing::warn!(error, "usage stays in the journal until the next start");
            }
            Err(_) => tracing::warn!("usage stays in the journal until the next start"),
        }
        db.pool().close().await;
    }
}

/// Makes the data directory, for this user alone, and proves that it can be written.
fn prepare(data_dir: &Path) -> io::Result<()> {
    if !data_dir.exists() {
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(data_dir)?;
    }
    let probe = data_dir.join(".writable");
    std::fs::write(&probe, [])?;
    std::fs::remove_file(probe)
}

//! The command line.

use std::env;
use std::error::Error;
use std::future::pending;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{self, ExitCode};

use assisters::admin::{self, AdminCommand};
use assisters::clock::Clock;
use assisters::config::{self, Config};
use assisters::conformance::{self, ConformanceArgs, Target};
use assisters::doctor;
use assisters::pool::LISTENING;
use assisters::print::sentence;
use assisters::scan::{self, ScanArgs, Verdict};
use assisters::server;
use clap::{Parser, Subcommand, ValueEnum};
use engine::Processor;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A platform for developers: accounts, API keys, and an OpenAI-compatible API over a pool of inference workers.
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    /// Settings; `assisters.toml` is read where there is one
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How the log is written to standard error
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "ASSISTERS_LOG_FORMAT",
        hide_env_values = true,
        default_value = "text"
    )]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// One object a line, for programs
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the dashboard and the API
    Serve,
    /// Serve small models on this machine, as a worker for `serve`
    Worker {
        /// Address; port 0 lets the system choose
        #[arg(long, default_value = "127.0.0.1:8000")]
        listen: SocketAddr,
        /// End when standard input ends: whoever holds its other end is gone then
        #[arg(long)]
        exit_with_stdin: bool,
        /// What to compute on: `cpu`, `cuda`, or a graphics card by its number, such as `cuda:1`. By default the first card,
        /// if this program was built for one and finds it, or else the CPU
        #[arg(long)]
        device: Option<Processor>,
    },
    /// The embedded models' files
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Accounts, keys, tiers and workers, from a shell
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Check settings, database, ledger, journal, workers and models: exit status 1 if something has failed
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Drive a worker of any make through what a gateway asks of it: exit status 1 if it cannot be relied on, 2 if it
    /// cannot be reached
    Conformance(ConformanceArgs),
    /// Find keys in files, before they get out: exit status 1 if there are any, 2 if something cannot be read
    Scan(ScanArgs),
}

#[derive(Subcommand)]
enum ModelsCommand {
    /// Bring the models that `worker` serves (184 MB), and check them; what is there is not brought again
    Fetch {
        /// A folder of models to copy from and check, for a machine without network
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Set first: whatever happens after this may want to say so.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_target(false);
    match cli.log_format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    if matches!(cli.command, Command::Worker { .. })
        && let Some(error) = enter_engine_environment()
    {
        eprintln!("assisters: the worker could not be started anew in its environment: {error}");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("assisters: no threads could be started: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(run(cli));
    // Not waited for: a thread that reads standard input may never come back.
    runtime.shutdown_background();
    match result {
        Ok(status) => status,
        Err(error) => {
            eprintln!("assisters: {}", sentence(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Makes this process one whose environment suits the engine, unless somebody has chosen otherwise. The variable is read
/// by a library, and only at the start of a process; so the process begins again, under the same id. Returns on failure.
fn enter_engine_environment() -> Option<io::Error> {
    let (name, value) = engine::ENVIRONMENT;
    if env::var_os(name).is_some() {
        return None;
    }
    let program = match env::current_exe() {
        Ok(program) => program,
        Err(error) => return Some(error),
    };
    Some(
        process::Command::new(program)
            .args(env::args_os().skip(1))
            .env(name, value)
            .exec(),
    )
}

async fn run(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    // Not read for all: a hook scans in any folder, whatever lies there.
    let config = || Config::load(cli.config.as_deref());
    match cli.command {
        Command::Serve => serve(config()?).await?,
        Command::Worker {
            listen,
            exit_with_stdin,
            device,
        } => {
            let device = device.unwrap_or_default();
            worker(&config()?, listen, device, exit_with_stdin).await?;
        }
        Command::Models(ModelsCommand::Fetch { from }) => {
            let dir = config()?.models_dir;
            tokio::task::spawn_blocking(move || engine::fetch(&dir, from.as_deref())).await??;
        }
        Command::Admin(command) => {
            let config = config()?;
            let db = server::open_database(&config).await?;
            admin::run(command, &config.workers, db, Clock::system()).await?;
        }
        Command::Doctor { json } => {
            let findings = doctor::examine(config()).await;
            say(&findings.told(json))?;
            return Ok(ExitCode::from(u8::from(findings.has_failed())));
        }
        Command::Conformance(args) => return conformance(&args).await,
        Command::Scan(args) => return scan(args).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn conformance(args: &ConformanceArgs) -> Result<ExitCode, Box<dyn Error>> {
    let key = config::worker_key();
    let examined = async { conformance::examine(Target::new(args, key.as_deref())?).await };
    Ok(match examined.await {
        Ok(report) => {
            say(&report.told(args.json))?;
            ExitCode::from(u8::from(!report.holds()))
        }
        Err(error) => {
            eprintln!("assisters: {}", sentence(&error));
            ExitCode::from(2)
        }
    })
}

async fn scan(args: ScanArgs) -> Result<ExitCode, Box<dyn Error>> {
    let scanned = tokio::task::spawn_blocking(move || {
        let mut out = io::stdout().lock();
        scan::run(&args, &mut out, &mut io::stderr().lock())
    });
    Ok(match scanned.await?? {
        Verdict::Clean => ExitCode::SUCCESS,
        Verdict::KeysFound => ExitCode::from(1),
        Verdict::Unread => ExitCode::from(2),
    })
}

async fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    tracing::info!("starting: {config}");
    let running = server::start(config, Clock::system()).await?;
    say(&format!("assisters: listening on http://{}", running.addr))?;
    asked_to_stop().await?;
    tracing::info!("stopping");
    let at_once = async {
        if asked_to_stop().await.is_err() {
            pending().await
        }
    };
    running.stop(at_once).await;
    Ok(())
}

async fn worker(
    config: &Config,
    listen: SocketAddr,
    device: Processor,
    exit_with_stdin: bool,
) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("{listen} cannot be listened on: {error}"))?;
    let address = listener.local_addr()?;
    say(&format!("{LISTENING}http://{address}"))?;
    let stop = async move {
        let ended = if exit_with_stdin {
            end_of_stdin().await
        } else {
            asked_to_stop().await
        };
        if let Err(error) = ended {
            tracing::error!(%error, "stopping, since nothing could say when to");
        }
    };
    Ok(engine::serve(listener, &config.models_dir, device, stop).await?)
}

/// One line for whoever started this.
fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{line}")?;
    out.flush()
}

async fn asked_to_stop() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}

/// A terminal's Ctrl-C reaches children too; a child that is told by its input when to end lets its parent end first.
async fn end_of_stdin() -> io::Result<()> {
    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut stdin = tokio::io::stdin();
    let mut scrap = [0; 64];
    loop {
        tokio::select! {
            _ = interrupts.recv() => {}
            read = stdin.read(&mut scrap) => if read? == 0 {
                return Ok(());
            },
        }
    }
}

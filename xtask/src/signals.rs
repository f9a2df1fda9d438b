//! Ending the service with us: whoever stops `cargo xtask` stops what it started.

use std::process::{self, Child};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The services that run now. A signal ends them; nothing else of ours outlives it.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// What this program does itself once the services have been told.
#[derive(Clone, Copy)]
pub enum Then {
    /// It goes on, because it waits for the service and has a last word to say.
    Wait,
    /// It ends, as it would have without a handler.
    End,
}

/// From now on a signal reaches the services first. Ctrl-C in a terminal reaches them by itself as well; being told
/// twice does them no harm.
pub fn pass_on(then: Then) -> Result<()> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot listen for signals")?;
    thread::spawn(move || {
        for signal in signals.forever() {
            for pid in running().iter() {
                end(*pid);
            }
            if let Then::End = then {
                process::exit(128 + signal);
            }
        }
    });
    Ok(())
}

/// Puts a service among those that a signal ends.
pub fn watch(child: &Child) {
    running().push(Pid::from_child(child));
}

/// Asks a service to finish, and waits until it has.
pub fn finish(child: &mut Child) {
    let pid = Pid::from_child(child);
    // Asked for only while it runs: afterwards the number may be another's.
    if let Ok(None) = child.try_wait() {
        end(pid);
    }
    let _ = child.wait();
    running().retain(|other| *other != pid);
}

fn end(pid: Pid) {
    // An error says that it has ended already.
    let _ = kill_process(pid, Signal::TERM);
}

fn running() -> std::sync::MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The figures that Prometheus has names for, whatever the process does; as far as Linux tells them.

use std::fmt;
use std::fs;

use super::sheet::{Sheet, alone};
use crate::clock::UnixMs;

/// The kernel tells times in hundredths of a second, on every machine that Rust's standard library runs on with it.
const TICKS_A_SECOND: f64 = 100.0;

pub(super) fn write(sheet: &mut Sheet<'_>, started: UnixMs) -> fmt::Result {
    let started = started.0 as f64 / 1e3;
    sheet.gauge(
        "process_start_time_seconds",
        "When the service was started, in seconds since 1970.",
        alone(started),
    )?;
    if let Some(seconds) = cpu_seconds(&read("stat")) {
        sheet.counter(
            "process_cpu_seconds",
            "Time that processors have spent on this process, in seconds.",
            alone(seconds),
        )?;
    }
    let status = read("status");
    let kibibytes = |name| figure(&status, name).map(|count| count * 1024.0);
    if let Some(bytes) = kibibytes("VmSize:") {
        let help = "Memory that is mapped.";
        sheet.gauge("process_virtual_memory_bytes", help, alone(bytes))?;
    }
    if let Some(bytes) = kibibytes("VmRSS:") {
        let help = "Memory that is held.";
        sheet.gauge("process_resident_memory_bytes", help, alone(bytes))?;
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        // What looks is open too.
        let open = open.count().saturating_sub(1) as f64;
        let help = "Files and sockets that are open.";
        sheet.gauge("process_open_fds", help, alone(open))?;
    }
    if let Some(most) = figure(&read("limits"), "Max open files") {
        let help = "Files and sockets that may be open.";
        sheet.gauge("process_max_fds", help, alone(most))?;
    }
    Ok(())
}

/// Empty where there is no such thing.
fn read(name: &str) -> String {
    fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default()
}

/// The first number on the line that begins with `name`.
fn figure(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// In user space and in the kernel together. The program's name, which stands before, may hold anything but its last bracket.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut ticks = rest.split_whitespace().skip(11);
    let mut next = || ticks.next()?.parse::<f64>().ok();
    Some((next()? + next()?) / TICKS_A_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read() {
        let stat = "7 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 4 0 1 1 1";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds(""), None);
        let status = "Name:\tassisters\nVmSize:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(figure(status, "VmRSS:"), Some(1024.0));
        assert_eq!(figure(status, "VmSwap:"), None);
        let limits = "Max open files            1024                 4096                 files\n";
        assert_eq!(figure(limits, "Max open files"), Some(1024.0));
        assert_eq!(figure("Max open files   unlimited", "Max open files"), None);
    }
}

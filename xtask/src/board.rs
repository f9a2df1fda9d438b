//! The screen: one line for each step, drawn live on a terminal and printed plainly into a log.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write, stdout};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::step::{Step, clock};

/// A log hears of a step that is still busy this often.
const REMINDER: Duration = Duration::from_secs(30);
/// Columns up to which a line is filled, so that the times stand in one column.
const WIDE: usize = 100;
const NAME: usize = 14;
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// The screen. Steps may run side by side on it.
pub struct Board {
    live: bool,
    colour: bool,
    screen: Mutex<Screen>,
}

#[derive(Default)]
struct Screen {
    busy: Vec<Busy>,
    /// Lines at the bottom of the terminal that the next drawing replaces.
    drawn: usize,
}

struct Busy {
    name: &'static str,
    detail: String,
    since: Instant,
    reminded: Instant,
}

/// How a line begins.
#[derive(Clone, Copy)]
pub enum Mark {
    Done,
    Failed,
    Skipped,
    /// With the spinner's frame.
    Waiting(usize),
}

impl Board {
    pub fn new() -> Self {
        let live = stdout().is_terminal() && std::env::var_os("CI").is_none();
        let colour = live && std::env::var_os("NO_COLOR").is_none();
        Self {
            live,
            colour,
            screen: Mutex::default(),
        }
    }

    /// Whether colours are wanted, of the programs that steps call too.
    pub fn colour(&self) -> bool {
        self.colour
    }

    /// Begins a step; it is busy until it is spent.
    pub fn begin(&self, name: &'static str) -> Step<'_> {
        let now = Instant::now();
        let busy = Busy {
            name,
            detail: String::new(),
            since: now,
            reminded: now,
        };
        self.screen().busy.push(busy);
        let step = Step::new(self, name, now);
        step.tick();
        step
    }

    /// What the step of this name is at now.
    pub fn at(&self, name: &str, detail: &str) {
        if let Some(busy) = self.screen().busy.iter_mut().find(|busy| busy.name == name) {
            detail.clone_into(&mut busy.detail);
        }
        self.tick(name);
    }

    /// Lets the clocks move; a log hears of the step of this name now and then.
    pub fn tick(&self, name: &str) {
        let mut screen = self.screen();
        if self.live {
            return self.print(&mut screen, "");
        }
        let Some(busy) = screen.busy.iter_mut().find(|busy| busy.name == name) else {
            return;
        };
        if busy.reminded.elapsed() < REMINDER {
            return;
        }
        busy.reminded = Instant::now();
        let line = self.line(
            Mark::Waiting(0),
            busy.name,
            &busy.detail,
            Some(busy.since.elapsed()),
        );
        self.print(&mut screen, &format!("{line}\n"));
    }

    /// Ends the step of this name; `below` stands under its line.
    pub fn end(&self, name: &str, mark: Mark, outcome: &str, spent: Duration, below: &str) {
        let line = self.line(mark, name, outcome, Some(spent));
        let mut text = format!("{}\n", line.trim_end());
        if !below.is_empty() {
            let _ = writeln!(text, "\n{below}\n");
        }
        let mut screen = self.screen();
        screen.busy.retain(|busy| busy.name != name);
        self.print(&mut screen, &text);
    }

    /// Says something above the steps that are busy.
    pub fn say(&self, text: &str) {
        let mut screen = self.screen();
        self.print(&mut screen, &format!("{text}\n"));
    }

    /// A headline between parts.
    pub fn head(&self, title: &str, detail: &str) {
        self.say(&format!(
            "\n{} {}",
            self.paint("1", title),
            self.paint("2", detail)
        ));
    }

    /// A line of a table, in the steps' columns.
    pub fn row(&self, mark: Mark, name: &str, detail: &str, spent: Option<Duration>) {
        self.say(self.line(mark, name, detail, spent).trim_end());
    }

    /// What went wrong, on standard error and told apart from what the steps printed.
    pub fn error(&self, text: &str) {
        drop(self.screen());
        eprintln!("\n{} {text}", self.paint("1;31", "error:"));
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour && !code.is_empty() && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// Prints for good, then draws the busy steps again below it.
    fn print(&self, screen: &mut Screen, text: &str) {
        let mut out = String::new();
        if screen.drawn > 0 {
            let _ = write!(out, "\x1b[{}A\x1b[J", screen.drawn);
        }
        out.push_str(text);
        screen.drawn = 0;
        if self.live {
            for busy in &screen.busy {
                let spent = busy.since.elapsed();
                let frame = (spent.as_millis() / 100) as usize % SPINNER.len();
                let _ = writeln!(
                    out,
                    "{}",
                    self.line(Mark::Waiting(frame), busy.name, &busy.detail, Some(spent))
                );
                screen.drawn += 1;
            }
        }
        // A terminal that is gone is no reason to stop building.
        let mut terminal = stdout().lock();
        let _ = terminal
            .write_all(out.as_bytes())
            .and_then(|()| terminal.flush());
    }

    fn line(&self, mark: Mark, name: &str, detail: &str, spent: Option<Duration>) -> String {
        let (sign, colour) = match mark {
            Mark::Done => ("✓", "32"),
            Mark::Failed => ("✗", "31"),
            Mark::Skipped => ("–", "33"),
            Mark::Waiting(frame) if self.live => (SPINNER[frame], "36"),
            Mark::Waiting(_) => ("·", "2"),
        };
        let time = spent.map(clock).unwrap_or_default();
        let room = self.width().saturating_sub(2 + 2 + NAME + 2 + time.len());
        // What is said for good is never cut; only what the next drawing replaces has to keep to one line.
        let detail = match mark {
            Mark::Waiting(_) => detail.chars().take(room).collect::<String>(),
            _ => detail.to_owned(),
        };
        let pad = " ".repeat(room.saturating_sub(detail.chars().count()));
        let faint = if matches!(mark, Mark::Waiting(_)) {
            "2"
        } else {
            ""
        };
        let (sign, detail, time) = (
            self.paint(colour, sign),
            self.paint(faint, &detail),
            self.paint("2", &time),
        );
        format!("  {sign} {name:NAME$} {detail}{pad} {time}")
    }

    fn width(&self) -> usize {
        let terminal =
            rustix::termios::tcgetwinsize(stdout()).map_or(0, |size| usize::from(size.ws_col));
        if terminal == 0 {
            WIDE
        } else {
            terminal.min(WIDE)
        }
    }
}

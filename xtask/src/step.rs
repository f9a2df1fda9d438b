//! A named piece of work, as the screen shows it.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use crate::board::{Board, Mark};

/// Busy until it is spent. Dropped before, it has failed.
#[must_use = "a step that is dropped has failed"]
pub struct Step<'b> {
    board: &'b Board,
    name: &'static str,
    since: Instant,
    ended: bool,
    below: RefCell<String>,
}

impl<'b> Step<'b> {
    pub fn new(board: &'b Board, name: &'static str, since: Instant) -> Self {
        Self {
            board,
            name,
            since,
            ended: false,
            below: RefCell::default(),
        }
    }

    /// What it is at now.
    pub fn at(&self, detail: &str) {
        self.board.at(self.name, detail);
    }

    /// Lets its clock move.
    pub fn tick(&self) {
        self.board.tick(self.name);
    }

    /// What stands below its line once it has ended.
    pub fn below(&self, text: &str) {
        text.clone_into(&mut self.below.borrow_mut());
    }

    /// Whether colours are wanted, of the programs that it calls too.
    pub fn colour(&self) -> bool {
        self.board.colour()
    }

    /// Ends well; `outcome` says in a few words what is there now.
    pub fn done(self, outcome: &str) {
        self.end(Mark::Done, outcome);
    }

    /// Ends badly.
    pub fn failed(self, what: &str) {
        self.end(Mark::Failed, what);
    }

    fn end(mut self, mark: Mark, outcome: &str) {
        self.ended = true;
        self.close(mark, outcome);
    }

    fn close(&self, mark: Mark, outcome: &str) {
        self.board.end(
            self.name,
            mark,
            outcome,
            self.since.elapsed(),
            &self.below.borrow(),
        );
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.close(Mark::Failed, "");
        }
    }
}

/// `0.3 s`, `12 s`, `4 m 05 s`.
pub fn clock(spent: Duration) -> String {
    match spent.as_secs() {
        0..10 => format!("{:.1} s", spent.as_secs_f64()),
        s @ 10..60 => format!("{s} s"),
        s => format!("{} m {:02} s", s / 60, s % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short_and_keep_their_unit() {
        let said = [0.04, 9.94, 12.3, 59.9, 60.0, 245.0].map(|s| clock(Duration::from_secs_f64(s)));
        assert_eq!(
            said,
            ["0.0 s", "9.9 s", "12 s", "59 s", "1 m 00 s", "4 m 05 s"]
        );
    }
}

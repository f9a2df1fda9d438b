//! A bar for each file on a terminal. pip draws its own while it downloads; this one is for copying and unpacking.

use std::io::{self, IsTerminal, Read, Write};

use crate::catalog::File;

const CELLS: usize = 30;

/// Passes on what it reads, and shows how much that was. Wipes the bar out at the end.
pub struct Progress<R> {
    source: R,
    name: &'static str,
    total: u64,
    done: u64,
    /// Cells that are drawn; `None` where nobody looks.
    drawn: Option<usize>,
}

impl<R> Progress<R> {
    pub fn of(source: R, file: &File) -> Self {
        Progress {
            source,
            name: file.name,
            total: file.bytes,
            done: 0,
            drawn: io::stderr().is_terminal().then_some(0),
        }
    }

    fn draw(&mut self) {
        let cells = self.cells();
        if self.drawn.is_some_and(|drawn| drawn < cells) {
            self.drawn = Some(cells);
            let (full, empty) = ("━".repeat(cells), "─".repeat(CELLS - cells));
            let (done, total) = (self.done / 1_000_000, self.total / 1_000_000);
            // A terminal that is gone is no reason to stop.
            let _ = write!(
                io::stderr(),
                "\r     {full}{empty} {done}/{total} MB {}",
                self.name
            );
        }
    }

    fn cells(&self) -> usize {
        let part = self.done as f64 / self.total.max(1) as f64;
        ((part * CELLS as f64) as usize).min(CELLS)
    }
}

impl<R: Read> Read for Progress<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.done += read as u64;
        self.draw();
        Ok(read)
    }
}

impl<R> Drop for Progress<R> {
    fn drop(&mut self) {
        if self.drawn.is_some_and(|drawn| drawn > 0) {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_full_at_the_end_and_never_more() {
        let file = File {
            name: "hen",
            member: "hen",
            bytes: 60,
            sha256: "",
        };
        let mut progress = Progress::of(&[0; 90][..], &file);
        let mut cells = vec![];
        for _ in 0..3 {
            progress.read_exact(&mut [0; 30]).unwrap();
            cells.push(progress.cells());
        }
        assert_eq!(cells, [15, 30, 30]);
    }
}

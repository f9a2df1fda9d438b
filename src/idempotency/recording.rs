//! A stream on tape: written once by whoever runs it, read by as many as ask, each from where it likes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::sleep;
use wire::sse;

/// The tape; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Recording(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    tape: Mutex<Tape>,
    /// Changes with the tape.
    progress: watch::Sender<()>,
    /// Changes with the number of followers.
    audience: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Tape {
    bytes: Vec<u8>,
    /// Nothing more will be written, as its writer has said.
    ended: Option<Ending>,
    /// Nothing more will be written, since its writer is gone.
    cut: bool,
    /// It was given up, since nobody followed: nobody may begin to.
    sealed: bool,
    followers: usize,
}

/// How a stream has ended, to be recorded of all who follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// What it would have been answered with, had that been known at its beginning.
    pub status: u16,
    pub error_code: Option<String>,
}

impl Recording {
    pub(super) fn new() -> Self {
        Recording(Arc::new(Shared {
            tape: Mutex::default(),
            progress: watch::Sender::new(()),
            audience: watch::Sender::new(()),
        }))
    }

    /// Reads from behind the event whose id is `after`, or all where no event of this tape has that id. `None` where the
    /// tape was given up.
    pub(super) fn follow(&self, after: Option<&str>) -> Option<Follower> {
        let mut tape = self.tape();
        if tape.sealed {
            return None;
        }
        tape.followers += 1;
        let at = after.map_or(0, |id| sse::behind(&tape.bytes, id));
        drop(tape);
        self.0.audience.send_replace(());
        Some(Follower {
            recording: self.clone(),
            progress: self.0.progress.subscribe(),
            at,
            told: false,
        })
    }

    fn write(&self, events: &[u8], ended: Option<Ending>) {
        let mut tape = self.tape();
        tape.bytes.extend_from_slice(events);
        tape.ended = ended;
        drop(tape);
        self.0.progress.send_replace(());
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.0.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who writes the tape. Dropped before its end, it ends the tape where it is.
#[must_use = "dropped, it ends the tape where it is"]
#[derive(Debug)]
pub struct Recorder(Recording);

impl Recorder {
    /// The writer of a new tape, and a follower that is there from its beginning.
    pub(super) fn begin(recording: &Recording) -> (Self, Follower) {
        recording.tape().followers += 1;
        let follower = Follower {
            recording: recording.clone(),
            progress: recording.0.progress.subscribe(),
            at: 0,
            told: false,
        };
        (Recorder(recording.clone()), follower)
    }

    pub fn push(&self, events: &[u8]) {
        self.0.write(events, None);
    }

    /// Everything so far, and `last` behind it.
    pub fn whole_with(&self, last: &[u8]) -> Bytes {
        [&self.0.tape().bytes, last].concat().into()
    }

    /// Writes the last of it; followers learn of both at once.
    pub fn end(&self, last: &[u8], ending: Ending) {
        self.0.write(last, Some(ending));
    }

    /// Returns once nobody has followed for as long as `grace`; from then on nobody can.
    pub async fn abandoned(&self, grace: Duration) {
        let mut audience = self.0.0.audience.subscribe();
        loop {
            let alone = self.0.tape().followers == 0;
            tokio::select! {
                () = sleep(grace), if alone => {
                    let mut tape = self.0.tape();
                    if tape.followers == 0 {
                        tape.sealed = true;
                        return;
                    }
                }
                // The sender lives in the tape, which is held here: waiting cannot fail.
                _ = audience.changed() => {}
            }
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.0.tape().cut = true;
        self.0.0.progress.send_replace(());
    }
}

/// Reads a tape to its end, waiting where more is to come.
#[derive(Debug)]
pub struct Follower {
    recording: Recording,
    progress: watch::Receiver<()>,
    at: usize,
    /// Whether the last piece was given.
    told: bool,
}

/// Some events of a tape; the last piece may have none.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    pub events: Bytes,
    /// Where nothing will come behind them: how it ended.
    pub last: Option<Ending>,
}

impl Follower {
    /// What was written since the last time; `None` at the end, which was cut off if no piece was the last. Nothing is lost
    /// where the wait is given up.
    pub async fn next(&mut self) -> Option<Piece> {
        loop {
            self.progress.mark_unchanged();
            {
                let tape = self.recording.tape();
                let last = tape.ended.clone().filter(|_| !self.told);
                if self.at < tape.bytes.len() || last.is_some() {
                    let events = Bytes::copy_from_slice(&tape.bytes[self.at..]);
                    self.at = tape.bytes.len();
                    self.told = last.is_some();
                    return Some(Piece { events, last });
                }
                if tape.ended.is_some() || tape.cut {
                    return None;
                }
            }
            let _ = self.progress.changed().await;
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let followers = &mut self.recording.tape().followers;
        *followers = followers.saturating_sub(1);
        self.recording.0.audience.send_replace(());
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn well() -> Ending {
        Ending {
            status: 200,
            error_code: None,
        }
    }

    async fn rest(mut follower: Follower) -> String {
        let mut read = vec![];
        while let Some(piece) = follower.next().await {
            read.extend_from_slice(&piece.events);
        }
        String::from_utf8(read).unwrap()
    }

    #[tokio::test]
    async fn all_followers_read_the_same_whenever_they_come() {
        let recording = Recording::new();
        let (recorder, early) = Recorder::begin(&recording);
        recorder.push(b"id: r-1\ndata: a\n\n");
        let middle = recording.follow(None).unwrap();
        recorder.push(b"id: r-2\ndata: b\n\n");
        assert_eq!(
            recorder.whole_with(b"!"),
            "id: r-1\ndata: a\n\nid: r-2\ndata: b\n\n!"
        );
        let behind = recording.follow(Some("r-1")).unwrap();
        let other = recording.follow(Some("q-1")).unwrap();
        recorder.end(b"id: r-3\ndata: c\n\n", well());
        let whole = "id: r-1\ndata: a\n\nid: r-2\ndata: b\n\nid: r-3\ndata: c\n\n";
        assert_eq!(rest(early).await, whole);
        assert_eq!(rest(middle).await, whole);
        assert_eq!(rest(other).await, whole, "an id of another stream");
        assert_eq!(rest(behind).await, &whole[17..]);
        assert_eq!(rest(recording.follow(Some("r-3")).unwrap()).await, "");
    }

    #[tokio::test]
    async fn the_last_piece_says_so() {
        let recording = Recording::new();
        let (recorder, mut follower) = Recorder::begin(&recording);
        recorder.push(b"a");
        assert_eq!(follower.next().await.unwrap().last, None);
        recorder.end(b"b", well());
        assert_eq!(follower.next().await.unwrap().last, Some(well()));
        assert_eq!(follower.next().await, None);
    }

    #[tokio::test]
    async fn a_tape_is_abandoned_once_nobody_follows_and_then_nobody_can() {
        let recording = Recording::new();
        let (recorder, mut follower) = Recorder::begin(&recording);
        recorder.push(b"a");
        tokio::select! {
            biased;
            () = recorder.abandoned(Duration::ZERO) => panic!("somebody follows"),
            piece = follower.next() => assert!(piece.is_some()),
        }
        let second = recording.follow(None).unwrap();
        drop(follower);
        let abandoned = recorder.abandoned(Duration::from_millis(1));
        tokio::pin!(abandoned);
        assert!(abandoned.as_mut().now_or_never().is_none(), "one is left");
        drop(second);
        abandoned.await;
        assert!(recording.follow(None).is_none());
    }

    #[tokio::test]
    async fn a_tape_whose_writer_is_lost_ends_without_a_last_piece() {
        let recording = Recording::new();
        let (recorder, mut follower) = Recorder::begin(&recording);
        recorder.push(b"a");
        drop(recorder);
        let piece = follower.next().await;
        assert!(
            piece.is_some_and(|piece| piece.last.is_none()),
            "it was not ended"
        );
        assert_eq!(follower.next().await, None);
    }
}

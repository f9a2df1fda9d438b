//! A stream on tape: written once by whoever runs it, read by as many as ask, each from where it likes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use memchr::memmem;
use tokio::sync::watch;
use tokio::time::sleep;

/// The tape; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Recording(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    tape: Mutex<Tape>,
    /// Changes with the tape.
    progress: watch::Sender<()>,
    followers: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Tape {
    bytes: Vec<u8>,
    ended: bool,
}

impl Recording {
    pub(super) fn new() -> Self {
        Recording(Arc::new(Shared {
            tape: Mutex::default(),
            progress: watch::Sender::new(()),
            followers: watch::Sender::new(0),
        }))
    }

    /// Reads from behind the event whose id is `after`, or all where no event of this tape has that id.
    pub(super) fn follow(&self, after: Option<&str>) -> Follower {
        self.0.followers.send_modify(|count| *count += 1);
        let at = after.map_or(0, |id| behind_event(&self.tape().bytes, id));
        Follower {
            recording: self.clone(),
            progress: self.0.progress.subscribe(),
            at,
        }
    }

    fn write(&self, events: &[u8], ended: bool) {
        let mut tape = self.tape();
        tape.bytes.extend_from_slice(events);
        tape.ended |= ended;
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
    pub(super) fn new(recording: Recording) -> Self {
        Recorder(recording)
    }

    pub fn push(&self, events: &[u8]) {
        self.0.write(events, false);
    }

    /// Everything so far, and `last` behind it.
    pub fn whole_with(&self, last: &[u8]) -> Bytes {
        [&self.0.tape().bytes, last].concat().into()
    }

    /// Writes the last of it; followers learn of both at once.
    pub fn end(&self, last: &[u8]) {
        self.0.write(last, true);
    }

    /// Returns once nobody has followed for as long as `grace`.
    pub async fn abandoned(&self, grace: Duration) {
        let mut followers = self.0.0.followers.subscribe();
        loop {
            // The sender lives in the tape, which is held here: waiting cannot fail.
            let _ = followers.wait_for(|count| *count == 0).await;
            tokio::select! {
                () = sleep(grace) => return,
                _ = followers.wait_for(|count| *count > 0) => {}
            }
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.0.write(&[], true);
    }
}

/// Reads a tape to its end, waiting where more is to come.
#[derive(Debug)]
pub struct Follower {
    recording: Recording,
    progress: watch::Receiver<()>,
    at: usize,
}

/// Some events of a tape.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    pub events: Bytes,
    /// Whether nothing will come behind them.
    pub last: bool,
}

impl Follower {
    /// What was written since the last time; `None` at the end. Nothing is lost where the wait is given up.
    pub async fn next(&mut self) -> Option<Piece> {
        loop {
            self.progress.mark_unchanged();
            {
                let tape = self.recording.tape();
                if self.at < tape.bytes.len() {
                    let events = Bytes::copy_from_slice(&tape.bytes[self.at..]);
                    self.at = tape.bytes.len();
                    let last = tape.ended;
                    return Some(Piece { events, last });
                }
                if tape.ended {
                    return None;
                }
            }
            let _ = self.progress.changed().await;
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.recording
            .0
            .followers
            .send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// Where the event that follows the one with this id begins; 0 where there is none with it.
pub(super) fn behind_event(stream: &[u8], id: &str) -> usize {
    let line = format!("id: {id}\n");
    let found =
        memmem::find_iter(stream, line.as_bytes()).find(|at| *at == 0 || stream[at - 1] == b'\n');
    found
        .and_then(|at| Some(at + memmem::find(&stream[at..], b"\n\n")? + 2))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

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
        let recorder = Recorder::new(recording.clone());
        let early = recording.follow(None);
        recorder.push(b"id: r-1\ndata: a\n\n");
        let middle = recording.follow(None);
        recorder.push(b"id: r-2\ndata: b\n\n");
        assert_eq!(
            recorder.whole_with(b"!"),
            "id: r-1\ndata: a\n\nid: r-2\ndata: b\n\n!"
        );
        let behind = recording.follow(Some("r-1"));
        let other = recording.follow(Some("q-1"));
        recorder.end(b"id: r-3\ndata: c\n\n");
        let whole = "id: r-1\ndata: a\n\nid: r-2\ndata: b\n\nid: r-3\ndata: c\n\n";
        assert_eq!(rest(early).await, whole);
        assert_eq!(rest(middle).await, whole);
        assert_eq!(rest(other).await, whole, "an id of another stream");
        assert_eq!(rest(behind).await, &whole[17..]);
        assert_eq!(rest(recording.follow(Some("r-3"))).await, "");
    }

    #[tokio::test]
    async fn the_last_piece_says_so() {
        let recording = Recording::new();
        let recorder = Recorder::new(recording.clone());
        let mut follower = recording.follow(None);
        recorder.push(b"a");
        assert!(!follower.next().await.unwrap().last);
        recorder.end(b"b");
        assert!(follower.next().await.unwrap().last);
        assert_eq!(follower.next().await, None);
    }

    #[tokio::test]
    async fn a_tape_is_abandoned_once_nobody_follows() {
        let recording = Recording::new();
        let recorder = Recorder::new(recording.clone());
        let mut follower = recording.follow(None);
        recorder.push(b"a");
        tokio::select! {
            biased;
            () = recorder.abandoned(Duration::ZERO) => panic!("somebody follows"),
            piece = follower.next() => assert!(piece.is_some()),
        }
        let second = recording.follow(None);
        drop(follower);
        let abandoned = recorder.abandoned(Duration::from_millis(1));
        tokio::pin!(abandoned);
        assert!(abandoned.as_mut().now_or_never().is_none(), "one is left");
        drop(second);
        abandoned.await;
    }
}

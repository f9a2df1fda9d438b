//! Framing of `text/event-stream` (<https://html.spec.whatwg.org/multipage/server-sent-events.html>), as far as
//! OpenAI's streams use it: events of one or more `data:` lines, ended by an empty line.

/// The payload that ends every stream.
pub const DONE: &str = "[DONE]";

/// One event with `data` as its payload, which must not contain a line break.
pub fn event(data: &str) -> String {
    format!("data: {data}\n\n")
}

/// A comment line, which clients ignore; keeps idle connections open.
pub fn comment(text: &str) -> String {
    format!(": {text}\n\n")
}

/// The payload of one event: its `data:` lines joined by line breaks; `None` for an event that has none.
pub fn data(event: &str) -> Option<String> {
    let mut lines = event.lines().filter_map(|line| {
        let rest = line.strip_prefix("data:")?;
        Some(rest.strip_prefix(' ').unwrap_or(rest))
    });
    let first = lines.next()?.to_owned();
    Some(lines.fold(first, |joined, line| joined + "\n" + line))
}

/// Where in `stream` the event begins that follows the one with this id; 0 where none has it.
pub fn behind(stream: &[u8], id: &str) -> usize {
    let line = format!("id: {id}\n");
    let found = stream
        .windows(line.len())
        .enumerate()
        .find(|(at, window)| *window == line.as_bytes() && (*at == 0 || stream[at - 1] == b'\n'));
    found
        .and_then(|(at, _)| Some(at + end_of_event(&stream[at..], 0)?))
        .unwrap_or(0)
}

/// Finds where events end in a byte stream that arrives in pieces of any size.
#[derive(Debug, Default)]
pub struct Framer {
    /// Bytes of the event that is not yet whole.
    partial: Vec<u8>,
    /// How far `partial` was searched for its end.
    searched: usize,
}

impl Framer {
    /// Takes the next piece; calls `whole` with each event that it completes, its closing empty line included.
    pub fn push(&mut self, piece: &[u8], mut whole: impl FnMut(&[u8])) {
        self.partial.extend_from_slice(piece);
        let mut start = 0;
        while let Some(end) =
            end_of_event(&self.partial[start..], self.searched.saturating_sub(start))
        {
            whole(&self.partial[start..start + end]);
            start += end;
            self.searched = start;
        }
        self.partial.drain(..start);
        // An end is at most four bytes, three of which may have come already.
        self.searched = self.partial.len().saturating_sub(3);
    }

    /// What was left unfinished.
    pub fn partial(&self) -> &[u8] {
        &self.partial
    }
}

/// The length of the first event in `bytes`, its closing empty line included, looked for from `from` on.
fn end_of_event(bytes: &[u8], from: usize) -> Option<usize> {
    (from..bytes.len())
        .filter(|&at| bytes[at] == b'\n')
        .find_map(|at| match bytes.get(at + 1..) {
            Some([b'\n', ..]) => Some(at + 2),
            Some([b'\r', b'\n', ..]) => Some(at + 3),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn events(pieces: &[&[u8]]) -> Vec<String> {
        let mut framer = Framer::default();
        let mut found = vec![];
        for piece in pieces {
            framer.push(piece, |event| {
                found.push(String::from_utf8_lossy(event).into_owned())
            });
        }
        found
    }

    #[test]
    fn data_lines_are_joined() {
        assert_eq!(data("id: 1\ndata: a\ndata:b\n\n").as_deref(), Some("a\nb"));
        assert_eq!(data(": keepalive\n\n"), None);
    }

    #[test]
    fn what_is_behind_an_event_is_found_by_its_id() {
        let stream = b"id: r-1\ndata: id: r-2\n\nid: r-2\ndata: b\n\nid: r-22\ndata: c\n\n";
        for (id, rest) in [
            ("r-1", "id: r-2\ndata: b\n\nid: r-22\ndata: c\n\n"),
            ("r-2", "id: r-22\ndata: c\n\n"),
            ("r-22", ""),
        ] {
            assert_eq!(&stream[behind(stream, id)..], rest.as_bytes());
        }
        assert_eq!(behind(stream, "r-3"), 0);
    }

    #[test]
    fn carriage_returns_end_events_too() {
        assert_eq!(
            events(&[b"data: a\r\n\r\ndata: b\r\n\r", b"\n"]),
            ["data: a\r\n\r\n", "data: b\r\n\r\n"]
        );
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same_events(cuts in proptest::collection::vec(0usize..60, 0..8)) {
            let text = b"data: {\"a\":1}\n\n: hm\n\nid: 4\ndata: x\r\n\r\ndata: [DONE]\n\nrest";
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(events(&pieces), events(&[text]));
            prop_assert_eq!(events(&pieces).len(), 4);
        }
    }
}

#[cfg(test)]
mod fuzz {
    use super::*;

    #[test]
    fn any_bytes_in_any_pieces_are_the_same_events_and_none_is_lost() {
        bolero::check!(name = "sse").for_each(|input: &[u8]| {
            let Some((step, stream)) = input.split_first() else {
                return;
            };
            let (mut whole, mut pieces) = (Framer::default(), Framer::default());
            let (mut events, mut again) = (Vec::new(), Vec::new());
            whole.push(stream, |event| events.push(event.to_vec()));
            for piece in stream.chunks(usize::from(*step).max(1)) {
                pieces.push(piece, |event| again.push(event.to_vec()));
            }
            assert_eq!(events, again);
            assert_eq!(whole.partial(), pieces.partial());
            assert_eq!([&events.concat(), whole.partial()].concat(), stream);
            for event in &events {
                let text = String::from_utf8_lossy(event);
                assert!(text.ends_with("\n\n") || text.ends_with("\n\r\n"));
                if let Some(data) = data(&text).filter(|data| !data.contains(['\n', '\r'])) {
                    assert_eq!(super::data(&super::event(&data)), Some(data));
                }
            }
            // Whoever goes on behind an event gets all that follows it.
            let id = String::from_utf8_lossy(&stream[..stream.len().min(2)]).into_owned();
            assert!(behind(stream, &id) <= stream.len());
        });
    }
}

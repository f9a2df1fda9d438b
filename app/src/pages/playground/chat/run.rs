//! One request on its way: sent, read as it streams, timed, and brought to its end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leptos::prelude::{Set, Update, request_animation_frame};
use wire::Task;
use wire::sse::Framer;

use super::conversation::{Answer, State};
use super::figures::Figures;
use super::reader::Reader;
use crate::browser::{self, Cancel, Lost};
use crate::pages::playground::fault::Fault;
use crate::pages::playground::service::{Service, Stop};

/// One request on its way.
pub struct Run {
    service: Service,
    screen: Rc<Screen>,
    reader: Reader,
    figures: Figures,
    sent_at: f64,
    first_at: f64,
}

/// What has come and is not on screen yet: it goes there once a frame, however fast it comes.
struct Screen {
    answer: Answer,
    text: RefCell<String>,
    events: RefCell<String>,
    is_due: Cell<bool>,
    kept: Cell<usize>,
}

/// The most of the raw events that is kept of one answer.
const MOST_EVENTS: usize = 4 << 20;

impl Run {
    pub fn new(answer: Answer, service: Service) -> Self {
        let sent_at = browser::monotonic_ms();
        Run {
            service,
            screen: Rc::new(Screen {
                answer,
                text: RefCell::default(),
                events: RefCell::default(),
                is_due: Cell::default(),
                kept: Cell::default(),
            }),
            reader: Reader::default(),
            figures: Figures::default(),
            sent_at,
            first_at: sent_at,
        }
    }

    pub async fn finish(mut self, body: &str, cancel: &Cancel) -> State {
        let streamed = self.stream(body, cancel).await;
        self.screen.show();
        let mut figures = self.figures;
        figures.usage = self.reader.usage;
        figures.finish = self.reader.finish;
        let mut fault = match (streamed, self.reader.error) {
            (Err(Stop::Lost(Lost::Cancelled)), _) => return State::Stopped(figures),
            (Ok(()), None) if self.reader.done => return State::Complete(figures),
            (Ok(()), None) => Fault::new("The answer broke off before its end. Try again."),
            (Ok(()), Some(error)) => Fault::new(error.message),
            (Err(Stop::Lost(Lost::Connection)), _) => Fault::connection(),
            (Err(Stop::Refused(fault)), _) => fault,
        };
        // The notice tells it, so the figures below need not.
        fault.request_id = fault.request_id.or_else(|| figures.request_id.take());
        State::Failed(fault, figures)
    }

    async fn stream(&mut self, body: &str, cancel: &Cancel) -> Result<(), Stop> {
        let mut reply = self.service.post(Task::Chat, body, cancel).await?;
        let id = reply.header("x-request-id");
        self.note(&format!("HTTP {}", reply.status));
        if reply.status != 200 {
            let (fault, body) = Fault::read(&mut reply).await?;
            self.note(&body);
            return Err(Stop::Refused(fault));
        }
        self.figures.request_id = id;
        let mut framer = Framer::default();
        while let Some(piece) = reply.piece().await? {
            framer.push(&piece, |event| {
                self.note(&String::from_utf8_lossy(event));
                let text = self.reader.take(event);
                self.take(&text);
            });
        }
        Ok(())
    }

    fn take(&mut self, text: &str) {
        let answer = &self.screen.answer;
        if self.figures.first_text_ms.is_none() {
            if text.is_empty() {
                if let Some(place) = self.reader.place.take() {
                    answer.state.set(State::Waiting(Some(place)));
                }
                return;
            }
            self.first_at = browser::monotonic_ms();
            let first_text_ms = self.first_at - self.sent_at;
            self.figures.first_text_ms = Some(first_text_ms);
            answer.state.set(State::Streaming { first_text_ms });
        }
        if !text.is_empty() {
            self.figures.streaming_ms = browser::monotonic_ms() - self.first_at;
            self.screen.text.borrow_mut().push_str(text);
            self.screen.ask_for_frame();
        }
    }

    /// Puts an event into the raw view, behind the time at which it came.
    fn note(&self, event: &str) {
        let screen = &self.screen;
        let before = screen.kept.get();
        if before >= MOST_EVENTS {
            return;
        }
        let ms = browser::monotonic_ms() - self.sent_at;
        let text = noted(ms, event);
        screen.kept.set(before + text.len());
        let mut events = screen.events.borrow_mut();
        events.push_str(&text);
        if screen.kept.get() >= MOST_EVENTS {
            events.push_str("What came after this was not kept.\n");
        }
        drop(events);
        screen.ask_for_frame();
    }
}

/// `   182  data: {…}`; the further lines of an event stand below its first.
fn noted(ms: f64, event: &str) -> String {
    let lines = event.lines().filter(|line| !line.is_empty()).enumerate();
    lines
        .map(|(at, line)| match at {
            0 => format!("{ms:>6.0}  {line}\n"),
            _ => format!("{:8}{line}\n", ""),
        })
        .collect()
}

impl Screen {
    fn ask_for_frame(self: &Rc<Self>) {
        if !self.is_due.replace(true) {
            let screen = self.clone();
            request_animation_frame(move || screen.show());
        }
    }

    fn show(&self) {
        self.is_due.set(false);
        for (new, shown) in [
            (&self.text, &self.answer.text),
            (&self.events, &self.answer.events),
        ] {
            let new = new.take();
            if !new.is_empty() {
                shown.update(|shown| shown.push_str(&new));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_an_event_stand_under_its_time() {
        assert_eq!(
            noted(181.6, "id: r-1\ndata: {}\n\n"),
            "   182  id: r-1\n        data: {}\n"
        );
        assert_eq!(
            noted(3.0, ": queued position=2\n\n"),
            "     3  : queued position=2\n"
        );
    }
}

//! New requests as they end: asked for every few seconds, a page at most, while the page is looked at.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::load_newer_logs;
use crate::browser;
use crate::console::{LogQuery, LogRow, Range, WayOut};

const PERIOD: Duration = Duration::from_secs(2);
/// More than so many rows nobody reads; those at the end are a page further.
const MOST: usize = 300;

#[derive(Clone, Copy)]
pub struct Live {
    on: RwSignal<bool>,
    listed: Memo<LogQuery>,
    /// What is in the list, newest first.
    rows: RwSignal<Vec<LogRow>>,
    /// What has come and waits, so that the reader keeps the place.
    waiting: RwSignal<Vec<LogRow>>,
    /// From when to ask on; `None` until there is a list.
    since_ms: RwSignal<Option<i64>>,
    /// When it was last asked.
    updated: RwSignal<Option<i64>>,
    asking: StoredValue<bool>,
}

impl Live {
    pub fn new(listed: Memo<LogQuery>) -> Self {
        let live = Live {
            on: RwSignal::new(false),
            listed,
            rows: RwSignal::new(vec![]),
            waiting: RwSignal::new(vec![]),
            since_ms: RwSignal::new(None),
            updated: RwSignal::new(None),
            asking: StoredValue::new(false),
        };
        browser::every(PERIOD, move || live.ask());
        live
    }

    /// Begins anew from a list that has just come.
    pub fn begin(self, rows: &[LogRow], updated_ms: i64) {
        self.rows.set(rows.to_vec());
        self.waiting.set(vec![]);
        self.since_ms.set(Some(updated_ms));
        self.updated.set(None);
    }

    pub fn rows(self) -> Vec<LogRow> {
        self.rows.get()
    }

    pub fn is_on(self) -> bool {
        self.on.get() && self.can_be()
    }

    /// Whether what is listed goes up to now.
    pub fn can_be(self) -> bool {
        let listed = self.listed.read();
        listed.before.is_none() && matches!(listed.range, Range::Last(_))
    }

    pub fn switch(self) {
        self.on.update(|on| *on = !*on);
        self.ask();
    }

    pub fn updated(self) -> Option<i64> {
        self.updated.get()
    }

    pub fn waiting(self) -> usize {
        self.waiting.read().len()
    }

    /// Lets in what waits.
    pub fn let_in(self) {
        let waiting = self.waiting.get_untracked();
        self.waiting.set(vec![]);
        self.rows.update(|rows| *rows = merged(waiting, rows));
    }

    fn ask(self) {
        let is_on = untrack(|| self.is_on());
        let Some(since_ms) = self.since_ms.get_untracked() else {
            return;
        };
        if !is_on || !browser::is_visible() || self.asking.get_value() {
            return;
        }
        self.asking.set_value(true);
        let listed = self.listed.get_untracked();
        spawn_local(async move {
            let newer = load_newer_logs(listed.to_string(), since_ms).await;
            // The page may be gone, or list something else by now.
            if self.asking.try_set_value(false).is_some() || self.listed.get_untracked() != listed {
                return;
            }
            match newer {
                Ok(newer) => {
                    self.since_ms.set(Some(newer.updated_ms));
                    self.updated.set(Some(newer.updated_ms));
                    self.take(newer.rows);
                }
                Err(problem) if problem.way_out == WayOut::SignIn => self.on.set(false),
                // Asked again before long, from where we were.
                Err(_) => {}
            }
        });
    }

    fn take(self, new: Vec<LogRow>) {
        let (rows, waiting) = (self.rows.get_untracked(), self.waiting.get_untracked());
        let is_known = |row: &LogRow| rows.iter().chain(&waiting).any(|known| known.id == row.id);
        let new: Vec<_> = new.into_iter().filter(|row| !is_known(row)).collect();
        if new.is_empty() {
            return;
        }
        self.waiting.set(merged(new, &waiting));
        if !browser::is_scrolled() {
            self.let_in();
        }
    }
}

/// Both lists in one, newest first.
fn merged(new: Vec<LogRow>, old: &[LogRow]) -> Vec<LogRow> {
    let mut rows = old.to_vec();
    for row in new {
        let place = (row.started_ms, &row.id);
        let at = rows.partition_point(|other| (other.started_ms, &other.id) > place);
        rows.insert(at, row);
    }
    rows.truncate(MOST);
    rows
}

#[component]
pub fn LiveToggle(live: Live) -> impl IntoView {
    let awake = browser::awake();
    view! {
        <button
            type="button"
            class="button plain live"
            hidden=move || !awake.get()
            disabled=move || !live.can_be()
            aria-pressed=move || live.is_on().to_string()
            aria-keyshortcuts="L"
            title=move || (!live.can_be()).then_some("What is listed ends before now")
            on:click=move |_| live.switch()
        >
            <span class="live-dot" aria-hidden="true"></span>
            "Live"
            <kbd>"L"</kbd>
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, started_ms: i64) -> LogRow {
        LogRow {
            id: id.into(),
            started_ms,
            status: 200,
            error_code: None,
            model: None,
            endpoint: "/v1/models".into(),
            key: "ci".into(),
            input_tokens: 0,
            output_tokens: 0,
            duration_ms: 1,
        }
    }

    #[test]
    fn one_that_began_early_and_ended_late_takes_its_place_in_time() {
        let old = [row("c", 30), row("a", 10)];
        let rows = merged(vec![row("d", 40), row("b", 20)], &old);
        let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["d", "c", "b", "a"]);
    }
}

//! What is shown, chosen: a form whose answer is the page itself. Where scripts run, a choice is taken as it is made.

use leptos::prelude::*;

use super::show;
use crate::browser;
use crate::console::{
    Choices, Filter, Group, Preset, Problem, Range, Step, Usage, UsageQuery, named, written,
    written_to_minute,
};
use crate::ui::Select;

type Options = Vec<(String, String)>;

/// What there is to filter by, once it is known; while the next figures are awaited, what there was.
fn choices(usage: Resource<Result<(String, Usage), Problem>>) -> Signal<Choices> {
    Signal::derive(move || {
        let read = usage.get().and_then(Result::ok);
        read.map(|(_, usage)| usage.choices).unwrap_or_default()
    })
}

#[component]
pub fn Controls(
    query: Memo<UsageQuery>,
    usage: Resource<Result<(String, Usage), Problem>>,
) -> impl IntoView {
    let awake = browser::awake();
    let choose = move |change: fn(&mut UsageQuery, String)| {
        Callback::new(move |chosen: String| {
            let mut query = query.get_untracked();
            change(&mut query, chosen);
            show(&query.href());
        })
    };
    let step = Signal::derive(move || named(&Step::ALL, query.read().step()).to_owned());
    let group = Signal::derive(move || query.read().group.name().to_owned());
    view! {
        <form class="toolbar" method="get" action="/usage" aria-label="What is shown">
            <RangeSelect
                range=Signal::derive(move || query.read().range)
                on_change=choose(|query, chosen| {
                    *query = UsageQuery {
                        step: None,
                        ..UsageQuery::parse(&format!("{}&range={chosen}", without_range(query)))
                    }
                })
            />
            <Select
                name="by"
                label="Bucket length"
                options=Signal::derive(move || steps(&query.read()))
                value=step
                on_change=choose(|query, chosen| {
                    query.step = UsageQuery::parse(&format!("{}&by={chosen}", UsageQuery { step: None, ..query.clone() })).step;
                })
            />
            <Select
                name="group"
                label="Group by"
                options=Signal::stored(titled(&Group::ALL, "By "))
                value=group
                on_change=choose(|query, chosen| {
                    query.group = UsageQuery::parse(&format!("group={chosen}")).group;
                })
            />
            // The choices are known with the figures.
            <Transition>
                <Filters
                    choices=choices(usage)
                    filter=Signal::derive(move || query.read().filter.clone())
                    on_change=Callback::new(move |filter: Filter| {
                        show(&UsageQuery { filter, ..query.get_untracked() }.href());
                    })
                />
            </Transition>
            <input type="hidden" name="metric" value=move || metric(&query.read())/>
            <HiddenBounds range=Signal::derive(move || query.read().range)/>
            <button type="submit" class="button plain" hidden=move || awake.get()>"Show"</button>
        </form>
    }
}

/// What the range that was set by hand is, for as long as none is chosen by name.
#[component]
pub fn HiddenBounds(range: Signal<Range>) -> impl IntoView {
    move || {
        let Range::Between { from_ms, until_ms } = range.get() else {
            return ().into_any();
        };
        view! {
            <input type="hidden" name="from" value=written_to_minute(from_ms)/>
            <input type="hidden" name="to" value=written_to_minute(until_ms)/>
        }
        .into_any()
    }
}

/// What no control here chooses, for where no scripts run.
fn metric(query: &UsageQuery) -> &'static str {
    named(&crate::console::Metric::ALL, query.metric)
}

/// The query but for its range.
fn without_range(query: &UsageQuery) -> UsageQuery {
    UsageQuery {
        range: Range::default(),
        step: None,
        ..query.clone()
    }
}

/// The four filters, each with what there is to choose from.
#[component]
pub fn Filters(
    choices: Signal<Choices>,
    filter: Signal<Filter>,
    on_change: Callback<Filter>,
) -> impl IntoView {
    let choose = move |change: fn(&mut Filter, Option<String>)| {
        Callback::new(move |chosen: String| {
            let mut filter = filter.get_untracked();
            change(
                &mut filter,
                Some(chosen).filter(|chosen| !chosen.is_empty()),
            );
            on_change.run(filter);
        })
    };
    let value = move |of: fn(Filter) -> Option<String>| {
        Signal::derive(move || of(filter.get()).unwrap_or_default())
    };
    let options = move |any: &'static str, of: fn(Choices) -> Options, chosen: Signal<String>| {
        Signal::derive(move || with_any(any, of(choices.get()), &chosen.get()))
    };
    let (model, key) = (value(|it| it.model), value(|it| it.key));
    let (endpoint, status) = (value(|it| it.endpoint), value(|it| it.status));
    view! {
        <Select
            name="model"
            label="Model"
            options=options("All models", |it| same(it.models), model)
            value=model
            on_change=choose(|filter, chosen| filter.model = chosen)
        />
        <Select
            name="key"
            label="Key"
            options=options("All keys", |it| it.keys.into_iter().map(|key| (key.id, key.name)).collect(), key)
            value=key
            on_change=choose(|filter, chosen| filter.key = chosen)
        />
        <Select
            name="endpoint"
            label="Endpoint"
            options=options("All endpoints", |it| same(it.endpoints), endpoint)
            value=endpoint
            on_change=choose(|filter, chosen| filter.endpoint = chosen)
        />
        <Select
            name="status"
            label="Status"
            options=options("All statuses", statuses, status)
            value=status
            on_change=choose(|filter, chosen| filter.status = chosen)
        />
    }
}

fn same(values: Vec<String>) -> Options {
    values
        .into_iter()
        .map(|value| (value.clone(), value))
        .collect()
}

fn statuses(choices: Choices) -> Options {
    let classes = [
        ("ok", "Succeeded"),
        ("4xx", "4xx errors"),
        ("5xx", "5xx errors"),
    ];
    let classes = classes.map(|(value, words)| (value.to_owned(), words.to_owned()));
    let codes = choices
        .statuses
        .into_iter()
        .map(|status| status.to_string());
    classes.into_iter().chain(same(codes.collect())).collect()
}

/// With the choice of all before, and what is chosen though it does not occur behind.
fn with_any(any: &str, mut options: Options, chosen: &str) -> Options {
    options.insert(0, (String::new(), any.to_owned()));
    if !options.iter().any(|(value, _)| value == chosen) {
        options.push((chosen.to_owned(), chosen.to_owned()));
    }
    options
}

fn titled<T: Copy>(all: &[(T, &'static str, &'static str)], before: &str) -> Options {
    let options = all.iter().map(|(_, name, title)| {
        let title = if before.is_empty() {
            (*title).to_owned()
        } else {
            format!("{before}{}", title.to_lowercase())
        };
        ((*name).to_owned(), title)
    });
    options.collect()
}

/// Only buckets that make a chart of the range.
fn steps(query: &UsageQuery) -> Options {
    let length = query.range.length_ms();
    let suited = Step::ALL.iter().filter(|(step, ..)| step.suits(length));
    suited
        .map(|(_, name, title)| ((*name).to_owned(), (*title).to_owned()))
        .collect()
}

/// The ranges that end now, and the one that was set by hand.
#[component]
pub fn RangeSelect(range: Signal<Range>, on_change: Callback<String>) -> impl IntoView {
    let options = move || {
        let mut options = titled(&Preset::ALL, "");
        if let Range::Between { from_ms, until_ms } = range.get() {
            let words = format!("{} – {}", written(from_ms), written(until_ms));
            options.push((String::new(), words.replace('T', " ")));
        }
        options
    };
    let value = move || match range.get() {
        Range::Last(preset) => named(&Preset::ALL, preset).to_owned(),
        Range::Between { .. } => String::new(),
    };
    view! {
        <Select
            name="range"
            label="Range"
            options=Signal::derive(options)
            value=Signal::derive(value)
            on_change
        />
    }
}

/// A range by its first and last day. A form of its own, so that it never stands against the range that is chosen by name.
#[component]
pub fn CustomRange(query: Memo<UsageQuery>) -> impl IntoView {
    let hidden = move || {
        let query = query.get();
        let others = [
            ("group", query.group.name().to_owned()),
            ("metric", metric(&query).to_owned()),
            ("model", query.filter.model.unwrap_or_default()),
            ("key", query.filter.key.unwrap_or_default()),
            ("endpoint", query.filter.endpoint.unwrap_or_default()),
            ("status", query.filter.status.unwrap_or_default()),
        ];
        let others = others.into_iter().filter(|(_, value)| !value.is_empty());
        others
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
            .collect_view()
    };
    view! {
        <details class="more custom-range">
            <summary>"Choose days"</summary>
            <form class="form-row" method="get" action="/usage">
                <Bounds range=Signal::derive(move || query.read().range) kind="date"/>
                {hidden}
                <button type="submit" class="button plain">"Show days"</button>
            </form>
        </details>
    }
}

/// Two fields for the bounds of a range: `date` or `datetime-local`.
#[component]
pub fn Bounds(range: Signal<Range>, kind: &'static str) -> impl IntoView {
    let bound = move |of_end: bool| match range.get() {
        Range::Last(_) => String::new(),
        Range::Between { from_ms, until_ms } => match (kind, of_end) {
            ("date", false) => written(from_ms - from_ms.rem_euclid(crate::console::DAY_MS)),
            ("date", true) => {
                written((until_ms - 1) - (until_ms - 1).rem_euclid(crate::console::DAY_MS))
            }
            (_, false) => written_to_minute(from_ms),
            (_, true) => written_to_minute(until_ms),
        },
    };
    view! {
        <div class="field">
            <label for="from">"From (UTC)"</label>
            <input id="from" name="from" type=kind required value=move || bound(false)/>
        </div>
        <div class="field">
            <label for="to">{if kind == "date" { "To, inclusive (UTC)" } else { "To (UTC)" }}</label>
            <input id="to" name="to" type=kind required value=move || bound(true)/>
        </div>
    }
}

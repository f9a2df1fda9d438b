//! A bar chart as SVG, drawn where the page is rendered. Bars stretch with the page; words stay HTML, or SVG that does not
//! stretch. What a bar says is told by its legend: under the pointer, or by the arrow keys once the chart has the focus. All
//! of it is to stand in a table too.

use std::fmt::Write;

use leptos::ev;
use leptos::prelude::*;

use crate::browser;

/// Height of the plot in its own units, which are pixels.
const HEIGHT: u64 = 160;
/// Width of a bar's column, in units that stretch.
const COLUMN: usize = 10;
/// Width of a bar in it: among many, as they usually are, and among so few that it would be a slab.
const BAR_OF_MANY: usize = 9;
const BAR: usize = 6;
const BAR_OF_FEW: usize = 4;
const FEW: usize = 7;
const MANY: usize = 100;
/// The most words below the chart.
const TICKS: usize = 6;

/// How layers of bars stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// One on the other: parts of a whole.
    Stacked,
    /// One before the other, the first in front: each is at least the one before it.
    Nested,
}

/// One layer, from the bottom up or from the front to the back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    pub name: String,
    /// The colour's name in the style sheet.
    pub class: &'static str,
    /// One for each bar.
    pub values: Vec<u64>,
    /// What it comes to in all bars together, as shown.
    pub whole: String,
}

/// What a chart shows.
#[derive(Clone, Debug)]
pub struct Bars {
    /// What each bar is about, in full.
    pub names: Vec<String>,
    /// The same in a word, for below.
    pub ticks: Vec<String>,
    pub layers: Vec<Layer>,
    pub stand: Stand,
    /// Writes a value in full, and as short as it can be.
    pub full: fn(u64) -> String,
    pub short: fn(u64) -> String,
}

impl Bars {
    fn height(&self, at: usize) -> u64 {
        let values = self.layers.iter().map(|layer| layer.values[at]);
        match self.stand {
            Stand::Stacked => values.sum(),
            Stand::Nested => values.max().unwrap_or(0),
        }
    }

    fn top(&self) -> u64 {
        axis_top(
            (0..self.names.len())
                .map(|at| self.height(at))
                .max()
                .unwrap_or(0),
        )
    }

    /// What the bar `at` says, in a sentence.
    fn told(&self, at: usize) -> String {
        let parts = self.layers.iter().filter(|layer| layer.values[at] > 0);
        let parts: Vec<_> = parts
            .map(|layer| format!("{} {}", layer.name, (self.full)(layer.values[at])))
            .collect();
        match parts.is_empty() {
            true => format!("{}: none", self.names[at]),
            false => format!("{}: {}", self.names[at], parts.join(", ")),
        }
    }

    /// The one thing to see at a glance, for those who don't see it.
    fn summary(&self) -> String {
        let highest = (0..self.names.len())
            .rev()
            .max_by_key(|at| self.height(*at));
        match highest.map(|at| (at, self.height(at))) {
            Some((at, most)) if most > 0 => {
                format!("Most in {}: {}.", self.names[at], (self.full)(most))
            }
            _ => "None.".into(),
        }
    }
}

#[component]
pub fn BarChart(
    title: String,
    /// What all bars cover, in words.
    span: String,
    bars: Bars,
    /// Called with a bar's number when it is chosen.
    #[prop(optional)]
    on_pick: Option<Callback<usize>>,
) -> impl IntoView {
    let at = RwSignal::new(None::<usize>);
    let bars = StoredValue::new(bars);
    let heading = title.clone();
    let shown = move || {
        at.get().map_or_else(
            || span.clone(),
            |at| bars.with_value(|bars| bars.names[at].clone()),
        )
    };
    view! {
        <figure class="chart">
            <figcaption>
                <span class="chart-title">{heading}</span>
                <span class="chart-at">{shown}</span>
                <Legend bars at/>
            </figcaption>
            <Plot title bars at on_pick/>
        </figure>
    }
}

#[component]
fn Legend(bars: StoredValue<Bars>, at: RwSignal<Option<usize>>) -> impl IntoView {
    let items = bars.with_value(|bars| {
        let layers = bars.layers.iter().cloned();
        let items = layers.map(
            |Layer {
                 name,
                 class,
                 values,
                 whole,
             }| {
                let full = bars.full;
                let value = move || {
                    at.get()
                        .map_or_else(|| whole.clone(), |at| full(values[at]))
                };
                view! {
                    <li>
                        <span class=format!("swatch {class}")></span>
                        <span class="legend-name">{name}</span>
                        <span class="legend-value">{value}</span>
                    </li>
                }
            },
        );
        items.collect_view()
    });
    view! { <ul class="legend">{items}</ul> }
}

#[component]
fn Plot(
    title: String,
    bars: StoredValue<Bars>,
    at: RwSignal<Option<usize>>,
    on_pick: Option<Callback<usize>>,
) -> impl IntoView {
    let awake = browser::awake();
    let drawing = bars.with_value(drawing);
    let count = bars.with_value(|bars| bars.names.len());
    let (top, half) = bars.with_value(|bars| {
        let top = bars.top();
        ((bars.short)(top), (bars.short)(top / 2))
    });
    let label = bars.with_value(|bars| format!("{title}. {}", bars.summary()));
    let pick = move || {
        if let (Some(at), Some(on_pick)) = (at.get_untracked(), on_pick) {
            on_pick.run(at);
        }
    };
    let point = move |event: ev::MouseEvent| {
        let place = browser::place_in(&event) * count as f64;
        at.set(Some((place.max(0.0) as usize).min(count.saturating_sub(1))));
    };
    let turn = move |event: ev::KeyboardEvent| match moved(&event.key(), at.get_untracked(), count)
    {
        Some(to) => {
            event.prevent_default();
            at.set(Some(to));
        }
        None if event.key() == "Enter" => pick(),
        None => {}
    };
    view! {
        <div class="plot">
            <div class="axis" aria-hidden="true">
                <span>{top}</span>
                <span>{half}</span>
                <span>"0"</span>
            </div>
            <div
                class="bars"
                class:pickable=on_pick.is_some()
                // A picture, until there is something to move in it.
                role=move || if awake.get() { "slider" } else { "img" }
                aria-label=label
                tabindex=move || awake.get().then_some("0")
                aria-valuemin=move || awake.get().then_some("1")
                aria-valuemax=move || awake.get().then(|| count.to_string())
                aria-valuenow=move || awake.get().then(|| (at.get().unwrap_or(count - 1) + 1).to_string())
                aria-valuetext=move || awake.get().then(|| {
                    bars.with_value(|bars| bars.told(at.get().unwrap_or(count - 1)))
                })
                on:focus=move |_| at.set(Some(at.get_untracked().unwrap_or(count - 1)))
                on:blur=move |_| at.set(None)
                on:keydown=turn
                on:mousemove=point
                on:mouseleave=move |_| at.set(None)
                on:click=move |_| pick()
            >
                <svg viewBox=format!("0 0 {} {HEIGHT}", count * COLUMN) preserveAspectRatio="none" aria-hidden="true">
                    <rect
                        class="here"
                        x=move || (at.get().unwrap_or(0) * COLUMN).to_string()
                        y="0"
                        width=move || at.get().map_or(0, |_| COLUMN).to_string()
                        height=HEIGHT.to_string()
                    ></rect>
                    {drawing}
                </svg>
            </div>
            <Ticks bars/>
        </div>
    }
}

/// From here on, in hundredths of a percent, words have no room to the right of their bar's middle.
const LAST: usize = 9_300;

/// Words at some of the bars, each below the middle of its own.
#[component]
fn Ticks(bars: StoredValue<Bars>) -> impl IntoView {
    let ticks = bars.with_value(|bars| {
        let count = bars.ticks.len();
        let ticks = ticked(&bars.ticks).into_iter().map(|at| {
            let middle = (2 * at + 1) * 5_000 / count;
            let x = format!("{}.{:02}%", middle / 100, middle % 100);
            let is_last = middle > LAST;
            view! { <text x=x y="12" class:last=is_last>{bars.ticks[at].clone()}</text> }
        });
        ticks.collect_view()
    });
    view! { <svg class="ticks" aria-hidden="true">{ticks}</svg> }
}

/// At which bars there are words: at a few, evenly; where many bars have one in common, at the first of them.
fn ticked(ticks: &[String]) -> Vec<usize> {
    let begins = |at: &usize| *at == 0 || ticks[*at] != ticks[*at - 1];
    let mut begun: Vec<usize> = (0..ticks.len()).filter(begins).collect();
    if begun.len() > 2 && begun.len() < ticks.len() {
        // The first may have lost its own beginning.
        begun.remove(0);
    }
    let every = begun.len().div_ceil(TICKS).max(1);
    begun.into_iter().step_by(every).collect()
}

/// Where a key leads among `count` bars.
fn moved(key: &str, at: Option<usize>, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    let at = at.unwrap_or(last);
    match key {
        "ArrowLeft" | "ArrowDown" => Some(at.saturating_sub(1)),
        "ArrowRight" | "ArrowUp" => Some((at + 1).min(last)),
        "PageUp" => Some((at + 7).min(last)),
        "PageDown" => Some(at.saturating_sub(7)),
        "Home" => Some(0),
        "End" => Some(last),
        _ => None,
    }
}

/// A path for each layer; of nested ones the last is drawn first.
fn drawing(bars: &Bars) -> AnyView {
    let mut paths = vec![String::new(); bars.layers.len()];
    let (count, top) = (bars.names.len(), bars.top());
    let width = match count {
        ..=FEW => BAR_OF_FEW,
        MANY.. => BAR_OF_MANY,
        _ => BAR,
    };
    for at in 0..count {
        let values = bars.layers.iter().map(|layer| layer.values[at]);
        let left = at * COLUMN + (COLUMN - width) / 2;
        for (path, (y, height)) in paths.iter_mut().zip(layers(bars.stand, values, top)) {
            if height > 0 {
                // Writing to a string does not fail.
                let _ = write!(path, "M{left} {y}h{width}v{height}h-{width}z");
            }
        }
    }
    let paths = bars.layers.iter().zip(paths);
    let mut paths: Vec<_> = paths
        .map(|(layer, path)| view! { <path class=layer.class d=path></path> }.into_any())
        .collect();
    if bars.stand == Stand::Nested {
        paths.reverse();
    }
    paths.into_any()
}

/// Where each layer stands: its upper edge and height; in a stack with one unit of air between them. A layer that is not
/// empty is always seen.
fn layers(stand: Stand, values: impl Iterator<Item = u64>, top: u64) -> Vec<(u64, u64)> {
    const LEAST: u64 = 2;
    let mut floor = HEIGHT;
    let layers = values.map(|value| {
        let scaled = (u128::from(value) * u128::from(HEIGHT) / u128::from(top)) as u64;
        let height = if value == 0 { 0 } else { scaled.max(LEAST) };
        let y = floor.saturating_sub(height);
        if height > 0 && stand == Stand::Stacked {
            floor = y.saturating_sub(1);
        }
        (y, height)
    });
    layers.collect()
}

/// The least round number that is not below `highest`, and whose half is round too.
fn axis_top(highest: u64) -> u64 {
    let mut decade = 1;
    while highest > 10 * decade {
        decade *= 10;
    }
    [2, 4, 6, 8, 10]
        .into_iter()
        .map(|step| step * decade)
        .find(|top| *top >= highest)
        .unwrap_or(10 * decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_a_round_number() {
        assert_eq!(
            [0, 1, 3, 10, 11, 41, 100, 9_999].map(axis_top),
            [2, 2, 4, 10, 20, 60, 100, 10_000]
        );
    }

    #[test]
    fn layers_stand_on_each_other_and_never_vanish() {
        let stacked = |values: [u64; 2], top| layers(Stand::Stacked, values.into_iter(), top);
        assert_eq!(stacked([5, 5], 10), [(80, 80), (0, 79 + 1)]);
        let [(_, successes), (_, errors)] = stacked([9_990, 1], 10_000)[..] else {
            panic!("two layers")
        };
        assert!(successes > 150 && errors == 2);
        assert_eq!(stacked([0, 0], 2), [(HEIGHT, 0), (HEIGHT, 0)]);
        let nested = layers(Stand::Nested, [5, 10].into_iter(), 10);
        assert_eq!(nested, [(80, 80), (0, 160)], "both stand on the floor");
    }

    #[test]
    fn words_below_are_few_and_stand_where_they_begin() {
        let hours: Vec<_> = (0..24).map(|hour| format!("{hour}:00")).collect();
        assert_eq!(ticked(&hours), [0, 4, 8, 12, 16, 20]);
        let days: Vec<_> = (3..75).map(|hour| format!("{} Nov", hour / 24)).collect();
        assert_eq!(ticked(&days), [21, 45, 69]);
        assert_eq!(ticked(&[]), [0; 0]);
    }

    #[test]
    fn keys_move_within_the_bars() {
        assert_eq!(moved("ArrowLeft", None, 24), Some(22));
        assert_eq!(moved("ArrowLeft", Some(0), 24), Some(0));
        assert_eq!(moved("End", Some(0), 24), Some(23));
        assert_eq!(moved("ArrowRight", Some(23), 24), Some(23));
        assert_eq!(moved("a", Some(1), 24), None);
        assert_eq!(moved("End", None, 0), None);
    }
}

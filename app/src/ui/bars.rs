//! A bar chart as SVG, drawn where the page is rendered. Bars stretch with the page; words stay HTML, so that they
//! do not. What the chart shows is to stand in a table near it too: the drawing is one picture to a screen reader.

use leptos::prelude::*;

use crate::format;

/// Height of the plot in its own units, which are pixels.
const HEIGHT: u64 = 160;
/// Width of a bar's column, in units that stretch.
const COLUMN: usize = 10;
/// Width of a bar among many, and among so few that it would be a slab.
const BAR: usize = 6;
const BAR_OF_FEW: usize = 4;
const FEW: usize = 7;

/// One layer of the stack, from the bottom up.
#[derive(Clone, Copy, Debug)]
pub struct Series {
    pub name: &'static str,
    /// The colour's name in the style sheet.
    pub class: &'static str,
}

/// One column.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Said in full on hover.
    pub name: String,
    /// Written below, where there is room for it.
    pub tick: Option<String>,
    /// One for each series.
    pub values: Vec<u64>,
}

#[component]
pub fn BarChart(
    title: &'static str,
    /// What the picture says, in a sentence.
    summary: String,
    series: &'static [Series],
    bars: Vec<Bar>,
) -> impl IntoView {
    let top = axis_top(
        bars.iter()
            .map(|bar| bar.values.iter().sum())
            .max()
            .unwrap_or_default(),
    );
    let width = if bars.len() <= FEW { BAR_OF_FEW } else { BAR };
    let ticks = bars
        .iter()
        .map(|bar| view! { <span>{bar.tick.clone()}</span> })
        .collect_view();
    let columns = bars
        .into_iter()
        .enumerate()
        .map(|(at, bar)| view! { <Column at width bar top series/> })
        .collect::<Vec<_>>();
    let view_box = format!("0 0 {} {HEIGHT}", columns.len() * COLUMN);
    let legend = series.iter().map(|series| {
        view! {
            <li>
                <span class=format!("swatch {}", series.class)></span>
                {series.name}
            </li>
        }
    });
    view! {
        <figure class="chart">
            <figcaption>
                <span class="chart-title">{title}</span>
                <ul class="legend">{legend.collect_view()}</ul>
            </figcaption>
            <div class="plot">
                <div class="axis" aria-hidden="true">
                    <span>{format::short(top)}</span>
                    <span>{format::short(top / 2)}</span>
                    <span>"0"</span>
                </div>
                <svg viewBox=view_box preserveAspectRatio="none" role="img" aria-label=format!("{title}. {summary}")>
                    {columns}
                </svg>
                <div class="ticks" aria-hidden="true">{ticks}</div>
            </div>
        </figure>
    }
}

#[component]
fn Column(at: usize, width: usize, bar: Bar, top: u64, series: &'static [Series]) -> impl IntoView {
    let left = at * COLUMN;
    let told = series
        .iter()
        .zip(&bar.values)
        .map(|(series, value)| format!("\n{}: {}", series.name, format::count(*value)));
    let told = bar.name.clone() + &told.collect::<String>();
    let boxes = stack(&bar.values, top)
        .into_iter()
        .zip(series)
        .filter(|((_, height), _)| *height > 0);
    let boxes = boxes.map(|((y, height), series)| {
        view! {
            <rect
                class=series.class
                x=(left + (COLUMN - width) / 2).to_string()
                y=y.to_string()
                width=width.to_string()
                height=height.to_string()
            ></rect>
        }
    });
    view! {
        <g class="column">
            <title>{told}</title>
            <rect class="hit" x=left.to_string() y="0" width=COLUMN.to_string() height=HEIGHT.to_string()></rect>
            {boxes.collect_view()}
        </g>
    }
}

/// Where each layer stands: its upper edge and height, one unit of air between layers. A layer that is not empty is
/// always seen.
fn stack(values: &[u64], top: u64) -> Vec<(u64, u64)> {
    const LEAST: u64 = 2;
    let mut floor = HEIGHT;
    let layers = values.iter().map(|value| {
        let scaled = (u128::from(*value) * u128::from(HEIGHT) / u128::from(top)) as u64;
        let height = if *value == 0 { 0 } else { scaled.max(LEAST) };
        let y = floor.saturating_sub(height);
        if height > 0 {
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
        assert_eq!(stack(&[5, 5], 10), [(80, 80), (0, 79 + 1)]);
        let [(_, successes), (_, errors)] = stack(&[9_990, 1], 10_000)[..] else {
            panic!("two layers")
        };
        assert!(successes > 150 && errors == 2);
        assert_eq!(stack(&[0, 0], 2), [(HEIGHT, 0), (HEIGHT, 0)]);
    }
}

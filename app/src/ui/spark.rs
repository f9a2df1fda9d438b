use leptos::prelude::*;

const HEIGHT: u64 = 20;
/// A bar and the gap behind it.
const STEP: usize = 3;
const BAR: usize = 2;

/// A small bar for each value, as high as it is beside the highest. One path, since a page may hold a hundred of them.
#[component]
pub fn Spark(values: Vec<u64>, #[prop(into)] told: String) -> impl IntoView {
    let title = told.clone();
    let view_box = format!("0 0 {} {HEIGHT}", values.len() * STEP);
    view! {
        <svg class="spark" viewBox=view_box role="img" aria-label=told>
            <title>{title}</title>
            <path d=bars(&values)></path>
        </svg>
    }
}

/// A value that is not zero is always seen; where there is none, a line stands for nothing.
fn bars(values: &[u64]) -> String {
    let highest = values.iter().copied().max().unwrap_or_default().max(1);
    let bars = values.iter().enumerate().map(|(at, value)| {
        let scaled = (u128::from(*value) * u128::from(HEIGHT) / u128::from(highest)) as u64;
        let height = scaled.max(if *value == 0 { 1 } else { 3 });
        let (left, top) = (at * STEP, HEIGHT - height);
        format!("M{left} {top}h{BAR}v{height}h-{BAR}z")
    });
    bars.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_fills_the_height_and_the_least_is_seen() {
        assert_eq!(
            bars(&[0, 1, 1_000]),
            "M0 19h2v1h-2zM3 17h2v3h-2zM6 0h2v20h-2z"
        );
        assert_eq!(bars(&[0]), "M0 19h2v1h-2z");
        assert_eq!(bars(&[u64::MAX]), "M0 0h2v20h-2z");
    }
}

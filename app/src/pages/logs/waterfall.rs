//! Where a request's time went, part by part, as bars one after the other.

use leptos::prelude::*;

use crate::console::Timings;
use crate::format;

/// A part: its name, when it began and how long it took, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    name: &'static str,
    class: &'static str,
    start_us: u64,
    took_us: u64,
}

#[component]
pub fn Waterfall(timings: Timings, streamed: bool) -> impl IntoView {
    let parts = parts(timings, streamed);
    let whole = timings
        .total_us
        .max(
            parts
                .iter()
                .map(|part| part.start_us + part.took_us)
                .max()
                .unwrap_or(0),
        )
        .max(1);
    let percent = move |us: u64| hundredths(us, whole);
    let rows = parts.into_iter().map(|part| {
        view! {
            <tr>
                <th scope="row">{part.name}</th>
                <td class="waterfall-bar" aria-hidden="true">
                    <svg>
                        <rect
                            class=part.class
                            x=percent(part.start_us)
                            // However short, it is seen.
                            width=percent(part.took_us.max(whole / 200))
                            y="3"
                            height="10"
                        ></rect>
                    </svg>
                </td>
                <td class="number">{format::us(part.took_us)}</td>
            </tr>
        }
    });
    view! {
        <table class="waterfall">
            <caption class="visually-hidden">"Parts of the request's time"</caption>
            <tbody>{rows.collect_view()}</tbody>
            <tfoot>
                <tr>
                    <th scope="row">"Total"</th>
                    <td></td>
                    <td class="number">{format::us(timings.total_us)}</td>
                </tr>
            </tfoot>
        </table>
    }
}

/// A share as a percentage, to its hundredth.
fn hundredths(part: u64, whole: u64) -> String {
    let share = u128::from(part) * 10_000 / u128::from(whole);
    format!("{}.{:02}%", share / 100, share % 100)
}

/// The parts that are known, in their order. What lies between them is reading and checking the request.
fn parts(timings: Timings, streamed: bool) -> Vec<Part> {
    let mut at = 0;
    let mut parts = vec![];
    let phases = [
        ("Key check", "series-other", timings.auth_us),
        ("Limits", "series-other", timings.limit_us),
        ("Queue", "series-2", timings.queue_us),
        ("Model to first byte", "series-1", timings.upstream_us),
    ];
    for (name, class, took_us) in phases {
        if let Some(took_us) = took_us {
            parts.push(Part {
                name,
                class,
                start_us: at,
                took_us,
            });
            at += took_us;
        }
    }
    let total = timings.total_us;
    match timings.first_token_us.filter(|_| streamed) {
        Some(first) => {
            if first > at {
                parts.push(Part {
                    name: "First token",
                    class: "series-6",
                    start_us: at,
                    took_us: first - at,
                });
            }
            let first = first.max(at);
            parts.push(Part {
                name: "Streaming",
                class: "series-3",
                start_us: first,
                took_us: total.saturating_sub(first),
            });
        }
        None if timings.upstream_us.is_some() => {
            parts.push(Part {
                name: "Answer",
                class: "series-3",
                start_us: at,
                took_us: total.saturating_sub(at),
            });
        }
        None => {}
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_and_end_with_the_request() {
        let timings = Timings {
            auth_us: Some(100),
            limit_us: None,
            queue_us: Some(2_000),
            upstream_us: Some(150_000),
            first_token_us: Some(180_000),
            total_us: 900_000,
        };
        let parts = parts(timings, true);
        let names: Vec<_> = parts.iter().map(|part| part.name).collect();
        assert_eq!(
            names,
            [
                "Key check",
                "Queue",
                "Model to first byte",
                "First token",
                "Streaming"
            ]
        );
        for pair in parts.windows(2) {
            assert_eq!(pair[0].start_us + pair[0].took_us, pair[1].start_us);
        }
        let last = parts[4];
        assert_eq!(last.start_us + last.took_us, timings.total_us);
    }

    #[test]
    fn a_refusal_has_the_parts_that_it_went_through() {
        let timings = Timings {
            auth_us: Some(100),
            total_us: 4_000,
            ..Timings::default()
        };
        assert_eq!(parts(timings, false).len(), 1);
    }
}

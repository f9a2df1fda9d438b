//! Documents in the order of how well they answer a query.

use leptos::prelude::*;
use serde_json::Value;

use super::shot::Done;

#[component]
pub fn Ranking(done: Done) -> impl IntoView {
    let Some(results) = results(&done.body) else {
        return view! { <p class="error">"The answer was not understood."</p> }.into_any();
    };
    let (least, most) = bounds(&results);
    let rows = results
        .into_iter()
        .map(|(at, score)| {
            let text = done.texts.get(at).cloned().unwrap_or_default();
            view! {
                <tr>
                    <td class="score">
                        <meter
                            min=least.to_string()
                            max=most.to_string()
                            value=score.to_string()
                            aria-label="Score"
                        ></meter>
                        <span class="number">{format!("{score:.3}")}</span>
                    </td>
                    <th scope="row">{text}</th>
                    <td class="number" data-label="Line">{at + 1}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table ranking">
            <caption class="visually-hidden">"Documents, the best first"</caption>
            <thead>
                <tr>
                    <th scope="col">"Score"</th>
                    <th scope="col">"Document"</th>
                    <th scope="col" class="number">"Line"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// Which document, and its score; the best first, as the API has them.
fn results(body: &str) -> Option<Vec<(usize, f64)>> {
    let answer: Value = serde_json::from_str(body).ok()?;
    let results = answer["results"].as_array()?.iter().map(|result| {
        let index = result["index"].as_u64()? as usize;
        Some((index, result["relevance_score"].as_f64()?))
    });
    results.collect()
}

/// Scores are from 0 to 1 with most models; the bars of others reach as far as theirs do.
fn bounds(results: &[(usize, f64)]) -> (f64, f64) {
    let scores = results.iter().map(|(_, score)| *score);
    scores.fold((0.0, 1.0), |(least, most), score| {
        (f64::min(least, score), f64::max(most, score))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_reach_as_far_as_scores_do() {
        assert_eq!(bounds(&[(0, 0.9), (1, 0.1)]), (0.0, 1.0));
        assert_eq!(bounds(&[(0, 7.5), (1, -2.0)]), (-2.0, 7.5));
    }

    #[test]
    fn results_are_read_as_the_api_writes_them() {
        let body = r#"{"id":"rerank-1","results":[{"index":1,"relevance_score":0.5},{"index":0,"relevance_score":0}]}"#;
        assert_eq!(results(body), Some(vec![(1, 0.5), (0, 0.0)]));
        assert_eq!(results("{}"), None);
    }
}

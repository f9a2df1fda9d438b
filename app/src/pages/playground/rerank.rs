//! Documents in the order of how well they answer a query.

use leptos::prelude::*;
use wire::{RerankResponse, RerankResult};

use super::shot::Done;

#[component]
pub fn Ranking(done: Done) -> impl IntoView {
    let Ok(answer) = serde_json::from_str::<RerankResponse>(&done.body) else {
        return view! { <p class="error">"The answer was not understood."</p> }.into_any();
    };
    let (least, most) = bounds(&answer.results);
    let rows = answer
        .results
        .into_iter()
        .map(|result| {
            let score = result.relevance_score;
            let at = result.index as usize;
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

/// Scores are from 0 to 1 with most models; the bars of others reach as far as theirs do.
fn bounds(results: &[RerankResult]) -> (f32, f32) {
    let scores = results.iter().map(|result| result.relevance_score);
    scores.fold((0.0, 1.0), |(least, most), score| {
        (least.min(score), most.max(score))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_reach_as_far_as_scores_do() {
        let results = |scores: &[f32]| -> Vec<_> {
            let results = scores.iter().map(|score| RerankResult {
                index: 0,
                relevance_score: *score,
                document: None,
            });
            results.collect()
        };
        assert_eq!(bounds(&results(&[0.9, 0.1])), (0.0, 1.0));
        assert_eq!(bounds(&results(&[7.5, -2.0])), (-2.0, 7.5));
    }
}

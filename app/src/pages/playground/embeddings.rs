//! How alike texts are: the cosine of each pair of their vectors.

use leptos::prelude::*;
use wire::{EmbeddingResponse, Vector};

use super::shot::Done;

/// How many shades there are between unlike and the same.
const SHADES: f32 = 10.0;

#[component]
pub fn Similarities(done: Done) -> impl IntoView {
    let Some(vectors) = vectors(&done.body) else {
        return view! { <p class="error">"The answer was not understood."</p> }.into_any();
    };
    let dimensions = vectors.first().map_or(0, Vec::len);
    let heads = (1..=vectors.len())
        .map(|at| view! { <th scope="col" class="number">{at}</th> })
        .collect_view();
    let rows = done
        .texts
        .into_iter()
        .enumerate()
        .map(|(at, text)| {
            let own = vectors.get(at);
            let cells = vectors
                .iter()
                .map(|other| own.map_or(0.0, |own| cosine(own, other)))
                .map(|alike| view! { <td class=shade(alike)>{figure(alike)}</td> })
                .collect_view();
            view! {
                <tr>
                    <th scope="row" title=text.clone()>
                        <span class="number">{at + 1}</span>
                        <span class="matrix-text">{text.clone()}</span>
                    </th>
                    {cells}
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table matrix">
            <caption>{format!("Similarity by cosine, of vectors with {dimensions} dimensions")}</caption>
            <thead>
                <tr>
                    <th scope="col">"Text"</th>
                    {heads}
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// In the order of the texts.
fn vectors(body: &str) -> Option<Vec<Vec<f32>>> {
    let mut data = serde_json::from_str::<EmbeddingResponse>(body).ok()?.data;
    data.sort_by_key(|one| one.index);
    let vectors = data.into_iter().map(|one| match one.embedding {
        Vector::Floats(floats) => Some(floats),
        Vector::Base64(_) => None,
    });
    vectors.collect()
}

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let length = (product(one, one) * product(other, other)).sqrt();
    if length > 0.0 {
        product(one, other) / length
    } else {
        0.0
    }
}

/// `0.83`; a minus is one, and no hyphen.
fn figure(alike: f32) -> String {
    let figure = format!("{:.2}", alike.abs());
    if alike < 0.0 && figure != "0.00" {
        format!("−{figure}")
    } else {
        figure
    }
}

fn shade(alike: f32) -> String {
    format!(
        "number shade-{:.0}",
        (alike.clamp(0.0, 1.0) * SHADES).round()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_like_itself_at_any_length() {
        assert_eq!(figure(cosine(&[3.0, 4.0], &[30.0, 40.0])), "1.00");
        assert_eq!(figure(cosine(&[1.0, 0.0], &[0.0, 1.0])), "0.00");
        assert_eq!(figure(cosine(&[1.0, 0.0], &[-1.0, 0.0])), "−1.00");
        assert_eq!(figure(cosine(&[0.0, 0.0], &[1.0, 0.0])), "0.00");
        assert_eq!(figure(-0.001), "0.00");
    }

    #[test]
    fn shades_have_a_name_for_every_figure() {
        assert_eq!(
            [-0.4, 0.0, 0.349, 1.0].map(shade),
            [
                "number shade-0",
                "number shade-0",
                "number shade-3",
                "number shade-10"
            ]
        );
    }

    #[test]
    fn vectors_stand_in_the_order_of_their_texts() {
        let body = r#"{"object":"list","model":"m","usage":{"prompt_tokens":2,"total_tokens":2},"data":[
            {"object":"embedding","index":1,"embedding":[2.0]},{"object":"embedding","index":0,"embedding":[1.0]}]}"#;
        assert_eq!(vectors(body), Some(vec![vec![1.0], vec![2.0]]));
        assert_eq!(vectors("{}"), None);
    }
}

//! How alike texts are: the cosine of each pair of their vectors.

use leptos::prelude::*;
use serde_json::Value;

use super::shot::Done;

/// How many shades there are between unlike and the same.
const SHADES: f64 = 10.0;

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
                .map(cell)
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
fn vectors(body: &str) -> Option<Vec<Vec<f64>>> {
    let answer: Value = serde_json::from_str(body).ok()?;
    let data = answer["data"].as_array()?;
    let mut vectors = vec![vec![]; data.len()];
    for one in data {
        let at = one["index"].as_u64()? as usize;
        let floats = one["embedding"].as_array()?.iter();
        *vectors.get_mut(at)? = floats.map(Value::as_f64).collect::<Option<_>>()?;
    }
    Some(vectors)
}

/// A figure whose leading zero goes where there is no room for it.
fn cell(alike: f64) -> impl IntoView {
    let figure = figure(alike);
    let parts = figure.split_once("0.").map(|(sign, rest)| {
        let (sign, rest) = (sign.to_owned(), format!(".{rest}"));
        view! { {sign} <span class="zero">"0"</span> {rest} }
    });
    let whole = parts.is_none().then_some(figure);
    view! { <td class=shade(alike)>{whole}{parts}</td> }
}

fn cosine(one: &[f64], other: &[f64]) -> f64 {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let length = (product(one, one) * product(other, other)).sqrt();
    if length > 0.0 {
        product(one, other) / length
    } else {
        0.0
    }
}

/// `0.83`; a minus is one, and no hyphen.
fn figure(alike: f64) -> String {
    let figure = format!("{:.2}", alike.abs());
    if alike < 0.0 && figure != "0.00" {
        format!("−{figure}")
    } else {
        figure
    }
}

fn shade(alike: f64) -> String {
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

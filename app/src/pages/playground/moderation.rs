//! What a model finds in texts: a score for each category that it knows.

use leptos::prelude::*;
use serde_json::Value;
use wire::Categories;

use super::shot::Done;
use crate::ui::{Badge, Tone};

#[component]
pub fn Verdicts(
    done: Done,
    /// The categories that the model can tell; none where it does not say.
    known: Vec<String>,
) -> impl IntoView {
    let answer: Value = serde_json::from_str(&done.body).unwrap_or_default();
    let Some(results) = answer["results"].as_array() else {
        return view! { <p class="error">"The answer was not understood."</p> }.into_any();
    };
    let verdicts = results.iter().zip(done.texts);
    verdicts
        .map(|(result, text)| {
            let flagged = result["flagged"] == true;
            view! { <Verdict text flagged rows=sorted(result, &known)/> }
        })
        .collect_view()
        .into_any()
}

#[component]
fn Verdict(text: String, flagged: bool, rows: Vec<Row>) -> impl IntoView {
    let badge = if flagged {
        view! { <Badge tone=Tone::Danger word="Flagged"/> }
    } else {
        view! { <Badge tone=Tone::Ok word="Not flagged"/> }
    };
    let rows = rows
        .into_iter()
        .map(|row| {
            let flag = row.flagged.then(|| view! { <Badge tone=Tone::Danger word="Flagged"/> });
            view! {
                <tr>
                    <th scope="row">{row.name}</th>
                    <td class="score">
                        <meter min="0" max="1" value=row.score.to_string() aria-label="Score"></meter>
                        <span class="number">{format!("{:.3}", row.score)}</span>
                    </td>
                    <td>{flag}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="verdict">
            <p class="verdict-text">{badge} <span>{text.clone()}</span></p>
            <table class="table scores">
                <caption class="visually-hidden">{format!("Scores of “{text}”")}</caption>
                <thead>
                    <tr>
                        <th scope="col">"Category"</th>
                        <th scope="col">"Score"</th>
                        <th scope="col"><span class="visually-hidden">"Verdict"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

struct Row {
    name: &'static str,
    score: f64,
    flagged: bool,
}

/// Flagged ones first, then by score; those that the model cannot tell are left out.
fn sorted(result: &Value, known: &[String]) -> Vec<Row> {
    let mut rows: Vec<_> = Categories::<()>::NAMES
        .into_iter()
        .map(|name| Row {
            name,
            score: result["category_scores"][name].as_f64().unwrap_or_default(),
            flagged: result["categories"][name] == true,
        })
        .filter(|row| row.flagged || known.is_empty() || known.iter().any(|name| name == row.name))
        .collect();
    rows.sort_by(|a, b| {
        let by_flag = b.flagged.cmp(&a.flagged);
        by_flag.then(b.score.total_cmp(&a.score))
    });
    rows
}

/// Which categories a model can tell, and which it cannot.
#[component]
pub fn Known(known: Vec<String>) -> impl IntoView {
    if known.is_empty() {
        return view! { <p class="help">"The model does not say which categories it can tell."</p> }
            .into_any();
    }
    let unknown: Vec<_> = Categories::<()>::NAMES
        .into_iter()
        .filter(|name| !known.iter().any(|one| one == name))
        .collect();
    let rest = (!unknown.is_empty()).then(|| {
        view! { <p class="help">{format!("It cannot tell {}: they always score 0.", unknown.join(", "))}</p> }
    });
    view! {
        <p class="help">{format!("It can tell {}.", known.join(", "))}</p>
        {rest}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_flagged_comes_first_and_what_cannot_be_told_not_at_all() {
        let result = serde_json::json!({
            "flagged": true,
            "categories": {"violence": true, "hate": false},
            "category_scores": {"violence": 0.6, "hate": 0.9, "sexual": 0},
        });
        let known = ["hate", "violence", "sexual"].map(str::to_owned);
        let names: Vec<_> = sorted(&result, &known).iter().map(|row| row.name).collect();
        assert_eq!(names, ["violence", "hate", "sexual"]);
        assert_eq!(sorted(&result, &[]).len(), 13);
    }
}

use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::DrainWorker;
use crate::console::{Origin, Standing, Worker, WorkerState};
use crate::format;
use crate::ui::{Badge, Tone};

/// Every worker; where several gateways run, one line for each that has seen it.
#[component]
pub fn WorkerTable(
    workers: Vec<Worker>,
    several: bool,
    drain: ServerAction<DrainWorker>,
) -> impl IntoView {
    let rows = workers
        .into_iter()
        .map(|worker| view! { <WorkerRow worker several drain/> })
        .collect_view();
    view! {
        <div class="card table-card section">
            <table class="table stacks">
                <caption class="visually-hidden">"Workers"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Worker"</th>
                        <th scope="col">"State"</th>
                        <th scope="col" class="number">"In flight"</th>
                        <th scope="col" class="number">"First byte"</th>
                        <th scope="col" class="number">"Errors"</th>
                        <th scope="col">"Models"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

#[component]
fn WorkerRow(worker: Worker, several: bool, drain: ServerAction<DrainWorker>) -> impl IntoView {
    let seen = &worker.standings;
    let each = |cell: &dyn Fn(&Standing) -> AnyView| {
        let lines = seen.iter().map(|standing| {
            let gateway = several.then(|| format!("{}: ", standing.gateway));
            view! {
                <div class="line">
                    {gateway.map(|gateway| view! { <span class="hint">{gateway}</span> })}
                    {cell(standing)}
                </div>
            }
        });
        lines.collect::<Vec<_>>()
    };
    let states = match seen.is_empty() {
        true => view! { <StateBadge state=WorkerState::Unknown/> }.into_any(),
        false => each(&|one| view! { <StateBadge state=one.state.clone()/> }.into_any()).into_any(),
    };
    let most = worker.max_in_flight;
    let busy = each(&|one| view! { <Load standing=one.clone() most/> }.into_any());
    let pace = each(&|one| match one.first_byte_ms {
        None => "–".into_any(),
        Some((p50, p95)) => {
            let tail = format!("p95 {}", format::ms(p95));
            view! {
                {format::ms(p50)}
                <p class="hint">{tail}</p>
            }
            .into_any()
        }
    });
    let errors = each(&|one| view! { <Errors standing=one.clone()/> }.into_any());
    let models: std::collections::BTreeSet<_> =
        seen.iter().flat_map(|one| one.models.clone()).collect();
    let models = models.into_iter().collect::<Vec<_>>().join(", ");
    view! {
        <tr>
            <th scope="row">
                {worker.id.clone()}
                <p class="hint">{about(&worker)}</p>
            </th>
            <td data-label="State"><div>{states}</div></td>
            <td class="number" data-label="In flight"><div>{busy}</div></td>
            <td class="number" data-label="First byte"><div>{pace}</div></td>
            <td class="number" data-label="Errors"><div>{errors}</div></td>
            <td data-label="Models"><span class="models">{models}</span></td>
            <td class="row-action"><Actions worker drain/></td>
        </tr>
    }
}

/// How busy it is by our count and, where it says so, by its own.
#[component]
fn Load(standing: Standing, most: Option<u64>) -> impl IntoView {
    let in_flight = format::count(standing.in_flight);
    let own = standing.reported.map(|(running, waiting)| {
        let told = format!(
            "{} running, {} waiting there",
            format::count(running),
            format::count(waiting)
        );
        view! { <p class="hint">{told}</p> }
    });
    view! {
        {match most {
            Some(most) => format!("{in_flight} / {}", format::count(most)),
            None => in_flight,
        }}
        {own}
    }
}

/// The share that failed of late, and on hover what became of all.
#[component]
fn Errors(standing: Standing) -> impl IntoView {
    let all = format!(
        "Since the start: {} answered, {} failed, ejected {} times",
        format::count(standing.answered),
        format::count(standing.failed),
        format::count(standing.ejections)
    );
    let last = standing.last_error.map(|(what, at_ms)| {
        view! { <p class="hint">{format!("{what} ({})", format::exact(at_ms))}</p> }
    });
    view! {
        <span title=all>{format::share(standing.error_rate)}</span>
        {last}
    }
}

/// Where it comes from, and what was set for it.
fn about(worker: &Worker) -> String {
    let origin = match worker.origin {
        Origin::Configured => "from the settings",
        Origin::Added => "added here",
        Origin::Local => "started by this service",
        Origin::Removed => "removed; finishes what it has",
    };
    match worker.weight {
        1 => origin.to_owned(),
        weight => format!("{origin}, weight {weight}"),
    }
}

#[component]
fn StateBadge(state: WorkerState) -> impl IntoView {
    let (tone, word, told) = match state {
        WorkerState::Ready => (Tone::Ok, "Ready", None),
        WorkerState::Draining => (Tone::Plain, "Draining", None),
        WorkerState::Unknown => (
            Tone::Plain,
            "Unknown",
            Some("It has not answered yet.".to_owned()),
        ),
        WorkerState::HalfOpen => (
            Tone::Warn,
            "On trial",
            Some("It was ejected; one request at a time tries it.".to_owned()),
        ),
        WorkerState::Resting { until_ms } => (
            Tone::Warn,
            "Resting",
            Some(format!(
                "By its own word, until {}.",
                format::exact(until_ms)
            )),
        ),
        WorkerState::Ejected { cause, until_ms } => (
            Tone::Danger,
            "Ejected",
            Some(format!(
                "{}, tried again from {} on.",
                sentence(&cause),
                format::exact(until_ms)
            )),
        ),
    };
    view! {
        <Badge tone word/>
        {told.map(|told| view! { <p class="hint">{told}</p> })}
    }
}

/// What was wrong with it.
fn sentence(cause: &str) -> &'static str {
    match cause {
        "unreachable" => "It could not be reached",
        "slow" => "It was several times slower than the others",
        _ => "It kept failing",
    }
}

#[component]
fn Actions(worker: Worker, drain: ServerAction<DrainWorker>) -> impl IntoView {
    if worker.origin == Origin::Removed {
        return ().into_any();
    }
    let (word, to) = match worker.is_draining {
        true => ("Resume", "false"),
        false => ("Drain", "true"),
    };
    let remove = (worker.origin == Origin::Added).then(|| {
        let href = format!("/admin/workers?remove={}", worker.id);
        let name = worker.id.clone();
        view! {
            <a href=href class="button quiet small danger" data-noscroll="true">
                "Remove"
                <span class="visually-hidden">{format!(" {name}")}</span>
            </a>
        }
    });
    view! {
        <div class="row-actions">
            <ActionForm action=drain>
                <input type="hidden" name="id" value=worker.id.clone()/>
                <input type="hidden" name="draining" value=to/>
                <button type="submit" class="button quiet small">
                    {word}
                    <span class="visually-hidden">{format!(" {}", worker.id)}</span>
                </button>
            </ActionForm>
            {remove}
        </div>
    }
    .into_any()
}

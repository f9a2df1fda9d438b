//! The pool in a few figures, and who waits.

use leptos::prelude::*;

use crate::console::{ModelQueue, Worker, WorkerState};
use crate::format;
use crate::ui::Tile;

/// The figures of all workers together.
#[component]
pub fn FleetTiles(workers: Vec<Worker>) -> impl IntoView {
    let well = workers.iter().filter(|worker| is_well(worker)).count();
    let sum = |figure: fn(&Worker) -> u64| workers.iter().map(figure).sum::<u64>();
    let in_flight = sum(|worker| worker.standings.iter().map(|one| one.in_flight).sum());
    let models: std::collections::BTreeSet<_> = workers
        .iter()
        .flat_map(|worker| &worker.standings)
        .flat_map(|standing| &standing.models)
        .collect();
    let slowest = workers
        .iter()
        .flat_map(|worker| &worker.standings)
        .filter_map(|standing| Some(standing.first_byte_ms?.0))
        .max();
    view! {
        <dl class="tiles">
            <Tile label="Ready" figure=format!("{well} / {}", workers.len())/>
            <Tile label="In flight" figure=format::short(in_flight) exact=format::count(in_flight)/>
            <Tile label="Models" figure=models.len().to_string()/>
            <Tile label="Slowest first byte" figure=slowest.map_or("–".into(), format::ms) hint="median of one worker"/>
        </dl>
    }
}

fn is_well(worker: &Worker) -> bool {
    let mut seen = worker.standings.iter();
    !worker.is_draining && seen.any(|one| one.state == WorkerState::Ready)
}

/// Models that somebody waits for.
#[component]
pub fn QueueTable(queues: Vec<ModelQueue>) -> impl IntoView {
    let rows = queues.into_iter().map(|queue| {
        view! {
            <tr>
                <th scope="row">{queue.model}</th>
                <td class="number" data-label="Waiting">{format::count(queue.waiting)}</td>
                <td class="number" data-label="Served within">
                    {queue.estimate_ms.map_or("–".into(), format::ms)}
                </td>
            </tr>
        }
    });
    let rows = rows.collect::<Vec<_>>();
    view! {
        <section class="section" aria-labelledby="queues">
            <div class="section-head">
                <h2 id="queues">"Queues"</h2>
                <span class="hint">"in this gateway"</span>
            </div>
            {if rows.is_empty() {
                view! { <p class="hint">"Nobody waits: every request finds a place at once."</p> }.into_any()
            } else {
                view! {
                    <div class="card table-card">
                        <table class="table stacks">
                            <caption class="visually-hidden">"Requests that wait, by model"</caption>
                            <thead>
                                <tr>
                                    <th scope="col">"Model"</th>
                                    <th scope="col" class="number">"Waiting"</th>
                                    <th scope="col" class="number">"Served within"</th>
                                </tr>
                            </thead>
                            <tbody>{rows}</tbody>
                        </table>
                    </div>
                }.into_any()
            }}
        </section>
    }
}

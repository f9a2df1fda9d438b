//! What everybody may see: the docs, how the service stands, what it offers.

use std::collections::BTreeMap;

use app::console::{
    Appearance, Doc, DocGroup, DocHeading, DocLink, Found, Health, ModelStatus, Offer, OfferedTier,
    Problem, Public, Status,
};
use async_trait::async_trait;
use axum::http::{HeaderValue, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use wire::Task;

use super::{Dashboard, internal};
use crate::accounts::Account;
use crate::db;
use crate::docs::{self, Values};
use crate::keys::KeyState;
use crate::pool::{WorkerStanding, WorkerState};
use crate::principal::Tier;

/// Of what workers were asked of late, how much may fail before their model counts as degraded.
const FAILING: f64 = 0.1;

pub(super) struct PublicSite {
    dashboard: Dashboard,
    /// Who reads, if somebody is signed in.
    account: Option<Account>,
    appearance: Appearance,
}

impl PublicSite {
    pub(super) fn new(
        dashboard: Dashboard,
        account: Option<Account>,
        appearance: Appearance,
    ) -> Self {
        PublicSite {
            dashboard,
            account,
            appearance,
        }
    }

    /// What is true here and now, for the docs.
    pub(super) async fn values(&self) -> Result<Values, Problem> {
        let Dashboard {
            pool, public_base, ..
        } = &self.dashboard;
        let one_for = |task, otherwise: &str| {
            let served = self.model_for(task);
            served.unwrap_or_else(|| otherwise.to_owned())
        };
        Ok(Values {
            url: public_base.to_string(),
            base_url: format!("{public_base}/v1"),
            // Where none is served, those that the service's own worker would serve.
            chat_model: one_for(Task::Chat, "smollm2-135m-instruct"),
            embedding_model: one_for(Task::Embeddings, "all-minilm-l6-v2"),
            moderation_model: one_for(Task::Moderation, "toxic-bilstm"),
            rerank_model: one_for(Task::Rerank, "all-minilm-l6-v2"),
            key: self.key().await?,
            models: pool.models(),
        })
    }

    /// A model that can be asked for `task`: one that says so, before those that do not say.
    fn model_for(&self, task: Task) -> Option<String> {
        let models = self.dashboard.pool.models().into_iter();
        let mut able: Vec<_> = models.filter(|model| model.can(task)).collect();
        able.sort_by_key(|model| model.tasks.is_none());
        able.into_iter().next().map(|model| model.id)
    }

    /// The reader's key, by its name.
    async fn key(&self) -> Result<String, Problem> {
        let Some(account) = &self.account else {
            return Ok("your key".to_owned());
        };
        let Dashboard { keys, clock, .. } = &self.dashboard;
        let keys = keys.list(&account.id).await;
        let keys = keys.map_err(|error| internal(&error))?;
        let active = keys
            .iter()
            .find(|key| key.state(clock.now()) == KeyState::Active);
        Ok(match active {
            Some(key) => format!("your key {}", key.name),
            None => "your key".to_owned(),
        })
    }
}

#[async_trait]
impl Public for PublicSite {
    async fn doc(&self, name: String) -> Result<Option<Doc>, Problem> {
        let Some(page) = docs::page(&name, &self.values().await?) else {
            return Ok(None);
        };
        let (before, after) = docs::neighbours(&name);
        let headings = page.headings.into_iter().map(|heading| DocHeading {
            id: heading.id,
            text: heading.text,
            is_nested: heading.level > 2,
        });
        Ok(Some(Doc {
            name,
            title: page.title,
            summary: page.summary,
            html: page.html,
            contents: headings.collect(),
            before: before.map(link),
            after: after.map(link),
            groups: groups(),
        }))
    }

    async fn search_docs(&self, query: String) -> Result<Vec<Found>, Problem> {
        let hits = docs::search(&query, &self.values().await?);
        let found = hits.into_iter().map(|hit| {
            let address = hit.entry.address();
            Found {
                href: match &hit.heading {
                    Some((_, id)) => format!("{address}#{id}"),
                    None => address,
                },
                page: hit.entry.title.to_owned(),
                heading: hit.heading.map(|(text, _)| text),
                excerpt: hit.excerpt,
            }
        });
        Ok(found.collect())
    }

    async fn status(&self) -> Result<Status, Problem> {
        let Dashboard {
            pool,
            db,
            tasks,
            clock,
            ..
        } = &self.dashboard;
        let database = db::answers(db).await;
        let waiting = pool.waiting();
        let mut by_model: BTreeMap<String, Vec<WorkerStanding>> = BTreeMap::new();
        for worker in pool.snapshot() {
            for model in &worker.models {
                by_model
                    .entry(model.clone())
                    .or_default()
                    .push(worker.clone());
            }
        }
        let models = by_model.into_iter().map(|(id, workers)| ModelStatus {
            health: health(&workers),
            first_byte_ms: middle(&workers),
            waiting: waiting.get(id.as_str()).map_or(0, |count| *count as u64),
            id,
        });
        Ok(Status {
            api: match (tasks.is_leaving(), pool.is_ready()) {
                (true, _) => Health::Degraded,
                (false, true) => Health::Operational,
                (false, false) => Health::Down,
            },
            database: match database {
                true => Health::Operational,
                false => Health::Down,
            },
            models: models.collect(),
            updated_ms: clock.now().0,
        })
    }

    async fn offer(&self) -> Result<Offer, Problem> {
        let tiers = Tier::ALL.map(|tier| {
            let quota = tier.quota();
            OfferedTier {
                name: tier.title().to_owned(),
                limits: (tier != Tier::Enterprise).then_some((quota.rpm.into(), quota.tpm)),
            }
        });
        Ok(Offer {
            base_url: format!("{}/v1", self.dashboard.public_base),
            model: self.model_for(Task::Chat),
            tiers: tiers.to_vec(),
        })
    }

    async fn docs(&self) -> Result<Vec<DocGroup>, Problem> {
        Ok(groups())
    }

    fn appearance(&self) -> Appearance {
        self.appearance
    }

    fn keep_appearance(&self, appearance: Appearance) {
        let Some(response) = use_context::<ResponseOptions>() else {
            return;
        };
        let secure = self.dashboard.public_base.starts_with("https://");
        for cookie in appearance.to_cookies(secure) {
            if let Ok(cookie) = HeaderValue::try_from(cookie) {
                response.append_header(header::SET_COOKIE, cookie);
            }
        }
    }
}

/// All pages of the docs.
fn groups() -> Vec<DocGroup> {
    let groups = docs::groups().map(|(title, pages)| DocGroup {
        title: title.to_owned(),
        pages: pages.into_iter().map(link).collect(),
    });
    groups.collect()
}

fn link(entry: docs::Entry) -> DocLink {
    DocLink {
        href: entry.address(),
        title: entry.title.to_owned(),
    }
}

/// How a model stands, given all workers that serve it. One that is drained was taken out on purpose, and is no fault.
fn health(workers: &[WorkerStanding]) -> Health {
    let serving = workers
        .iter()
        .filter(|worker| worker.state != WorkerState::Draining);
    let (ready, others): (Vec<_>, Vec<_>) =
        serving.partition(|worker| worker.state == WorkerState::Ready);
    match (ready.as_slice(), others.as_slice()) {
        ([], _) => Health::Down,
        (ready, []) if !ready.iter().any(|worker| is_failing(worker)) => Health::Operational,
        _ => Health::Degraded,
    }
}

/// What has answered no request yet has only been late to start, which counts as a failure too.
fn is_failing(worker: &WorkerStanding) -> bool {
    worker.latency.is_some() && worker.error_rate >= FAILING
}

/// The middle of the ready workers' times to the first byte.
fn middle(workers: &[WorkerStanding]) -> Option<u64> {
    let ready = workers
        .iter()
        .filter(|worker| worker.state == WorkerState::Ready);
    let times = ready.filter_map(|worker| worker.latency);
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    let middle = times.get(times.len() / 2)?;
    u64::try_from(middle.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::UnixMs;
    use crate::pool::{Cause, Counts, WorkerId};

    fn worker(state: WorkerState, error_rate: f64, latency: Option<u64>) -> WorkerStanding {
        WorkerStanding {
            id: WorkerId::from("10.0.0.5:8000".to_owned()),
            url: "http://10.0.0.5:8000/".into(),
            models: vec!["m".into()],
            weight: 1,
            max_in_flight: None,
            in_flight: 0,
            waiting: 0,
            latency: latency.map(Duration::from_millis),
            first_byte: None,
            counts: Counts::default(),
            error_rate,
            reported: None,
            last_error: None,
            known_since: None,
            last_probe: None,
            state,
        }
    }

    #[test]
    fn a_model_is_as_well_as_the_workers_that_serve_it() {
        let ready = || worker(WorkerState::Ready, 0.0, None);
        let ejected = || {
            let (cause, until) = (Cause::Failing, UnixMs(0));
            worker(WorkerState::Ejected { cause, until }, 1.0, None)
        };
        let draining = || worker(WorkerState::Draining, 0.0, None);
        for (workers, expected) in [
            (vec![ready()], Health::Operational),
            (vec![ready(), draining()], Health::Operational),
            (vec![ready(), ejected()], Health::Degraded),
            (
                vec![worker(WorkerState::Ready, 0.5, Some(20))],
                Health::Degraded,
            ),
            (
                vec![worker(WorkerState::Ready, 0.5, None)],
                Health::Operational,
            ),
            (vec![ejected(), draining()], Health::Down),
            (vec![worker(WorkerState::HalfOpen, 0.0, None)], Health::Down),
        ] {
            assert_eq!(health(&workers), expected, "{workers:?}");
        }
    }

    #[test]
    fn the_time_shown_is_the_middle_of_the_ready_workers_times() {
        let ready = |ms| worker(WorkerState::Ready, 0.0, ms);
        let other = worker(WorkerState::Draining, 0.0, Some(1));
        assert_eq!(middle(&[ready(None), other.clone()]), None);
        let times = [ready(Some(300)), ready(Some(10)), ready(Some(20)), other];
        assert_eq!(middle(&times), Some(20));
    }
}

//! Metrics: what is counted of requests while they run, for whoever watches the service.
//!
//! No label holds what a client chose: models are those that workers serve, and all else is of our own making. So the
//! number of series is bounded by what the operator runs. What stands still between two looks (workers, queues, the ledger)
//! is not counted here: the roof reads it when it is asked.

mod labels;

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::principal::Tier;
use labels::{Answer, Door, Kind, Model, Outcome, Refusal, Route, Tokens};

/// What is counted of requests; cheap to clone, and every clone counts the same.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Families>);

type Timed<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Debug)]
struct Families {
    requests: Family<Answer, Counter>,
    in_flight: Family<Door, Gauge>,
    durations: Timed<Kind>,
    first_tokens: Timed<Route>,
    token_times: Timed<Route>,
    tokens: Family<Tokens, Counter>,
    queue_waits: Timed<Model>,
    retries: Family<Model, Counter>,
    limit_refusals: Family<Refusal, Counter>,
    keys: Family<Outcome, Counter>,
    sign_ins: Family<Outcome, Counter>,
    unrecorded: Counter,
    ended: Counter,
    server_errors: Counter,
}

/// What has come of all since the service was started.
#[derive(Clone, Copy, Debug)]
pub struct SinceStart {
    /// Requests to the API.
    pub ended: u64,
    /// Of these, answered with 500 or above.
    pub server_errors: u64,
    /// Refused acts that are not on record.
    pub unrecorded: u64,
}

/// A request that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// The route, as the ledger names it.
    pub endpoint: &'static str,
    /// Of those that workers serve.
    pub model: Option<&'a str>,
    pub status: u16,
    /// One of our own codes.
    pub error: Option<&'static str>,
    pub duration: Duration,
    /// Of a stream.
    pub first_token: Option<Duration>,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// What became of an `Idempotency-Key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOutcome {
    First,
    Replayed,
    Followed,
    Mismatch,
    InFlight,
    Failed,
}

/// Seconds: from an answer that was at hand to the longest generation.
const SECONDS: [f64; 15] = [
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
];
/// Seconds between two tokens.
const TOKEN_SECONDS: [f64; 12] = [
    0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5,
];

/// What all names begin with, but those that Prometheus gives to any process.
pub const PREFIX: &str = "assisters";

impl Metrics {
    /// The metrics of one service, and the registry that shows them.
    pub fn new() -> (Self, Registry) {
        let seconds: fn() -> Histogram = || Histogram::new(SECONDS);
        let token_seconds: fn() -> Histogram = || Histogram::new(TOKEN_SECONDS);
        let families = Families {
            requests: Family::default(),
            in_flight: Family::default(),
            durations: Family::new_with_constructor(seconds),
            first_tokens: Family::new_with_constructor(seconds),
            token_times: Family::new_with_constructor(token_seconds),
            tokens: Family::default(),
            queue_waits: Family::new_with_constructor(seconds),
            retries: Family::default(),
            limit_refusals: Family::default(),
            keys: Family::default(),
            sign_ins: Family::default(),
            unrecorded: Counter::default(),
            ended: Counter::default(),
            server_errors: Counter::default(),
        };
        families.begin_at_zero();
        let mut registry = Registry::default();
        families.register(registry.sub_registry_with_prefix(PREFIX));
        (Metrics(Arc::new(families)), registry)
    }

    /// A request of a known caller begins. It is to be [`ended`](Metrics::ended), and then is [`left`](Metrics::left).
    pub fn began(&self, endpoint: &'static str) {
        self.0.in_flight.get_or_create(&Door { endpoint }).inc();
    }

    /// A request that [`began`](Metrics::began) runs no more.
    pub fn left(&self, endpoint: &'static str) {
        self.0.in_flight.get_or_create(&Door { endpoint }).dec();
    }

    /// A request has been answered, or its client has left.
    pub fn ended(&self, ended: &Ended<'_>) {
        self.0.ended.inc();
        if ended.status >= 500 {
            self.0.server_errors.inc();
        }
        let model = ended.model.map(str::to_owned);
        let route = Route {
            endpoint: ended.endpoint,
            model: model.clone(),
        };
        count(
            &self.0.requests,
            Answer {
                endpoint: ended.endpoint,
                model: model.clone(),
                code: ended.status,
                error: ended.error,
            },
        );
        let kind = Kind {
            endpoint: ended.endpoint,
            model: model.clone(),
            class: class(ended.status),
        };
        time(&self.0.durations, &kind, ended.duration);
        for (tokens, side) in [
            (ended.input_tokens, "input"),
            (ended.output_tokens, "output"),
        ] {
            if tokens > 0 {
                let labels = Tokens {
                    model: model.clone(),
                    r#type: side,
                };
                self.0.tokens.get_or_create(&labels).inc_by(tokens);
            }
        }
        let Some(first_token) = ended.first_token else {
            return;
        };
        time(&self.0.first_tokens, &route, first_token);
        // Between n tokens are n - 1 pauses.
        if let Some(pauses @ 1..) = ended.output_tokens.checked_sub(1) {
            let rest = ended.duration.saturating_sub(first_token).as_secs_f64();
            let times = self.0.token_times.get_or_create(&route);
            times.observe(rest / pauses as f64);
        }
    }

    /// A request for `model`, which workers serve, has waited so long for a place on one.
    pub fn waited(&self, model: &str, wait: Duration) {
        time(&self.0.queue_waits, &Model::of(model), wait);
    }

    /// A request for `model`, which workers serve, is given to another worker.
    pub fn tried_again(&self, model: &str) {
        count(&self.0.retries, Model::of(model));
    }

    /// A caller was refused for want of room in a `bucket` of its account or its key.
    pub fn refused(&self, tier: Tier, holder: &'static str, bucket: &'static str) {
        count(
            &self.0.limit_refusals,
            Refusal {
                tier: tier.as_str(),
                holder,
                bucket,
            },
        );
    }

    /// An idempotency key was looked up.
    pub fn claimed(&self, outcome: KeyOutcome) {
        count(&self.0.keys, Outcome::of(outcome.as_str()));
    }

    pub fn since_start(&self) -> SinceStart {
        SinceStart {
            ended: self.0.ended.get(),
            server_errors: self.0.server_errors.get(),
            unrecorded: self.0.unrecorded.get(),
        }
    }

    /// Something was refused that the audit log could not be told of.
    pub fn unrecorded(&self) {
        self.0.unrecorded.inc();
    }

    /// Somebody has tried to sign in.
    pub fn signed_in(&self, is_known: bool) {
        count(
            &self.0.sign_ins,
            Outcome::of(if is_known { GOOD } else { WRONG }),
        );
    }
}

const GOOD: &str = "good";
const WRONG: &str = "wrong";

impl Families {
    /// What can be named before it happens is there from the start, or its first time would be no increase.
    fn begin_at_zero(&self) {
        for tier in Tier::ALL.map(Tier::as_str) {
            for (holder, bucket) in [
                ("account", "requests"),
                ("account", "tokens"),
                ("key", "requests"),
                ("key", "tokens"),
            ] {
                let labels = Refusal {
                    tier,
                    holder,
                    bucket,
                };
                drop(self.limit_refusals.get_or_create(&labels));
            }
        }
        for outcome in KeyOutcome::ALL {
            drop(self.keys.get_or_create(&Outcome::of(outcome.as_str())));
        }
        for outcome in [GOOD, WRONG] {
            drop(self.sign_ins.get_or_create(&Outcome::of(outcome)));
        }
    }

    fn register(&self, registry: &mut Registry) {
        registry.register(
            "requests",
            "Requests to the API that have ended; the model is empty where none that is served was asked for, and 499 \
             says that the client left",
            self.requests.clone(),
        );
        registry.register(
            "requests_in_flight",
            "Requests of known callers that run now",
            self.in_flight.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "From a request's arrival to the end of its answer",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register_with_unit(
            "time_to_first_token",
            "From a streamed request's arrival to its first token",
            Unit::Seconds,
            self.first_tokens.clone(),
        );
        registry.register_with_unit(
            "time_per_output_token",
            "Between two tokens of a stream, on average over each stream",
            Unit::Seconds,
            self.token_times.clone(),
        );
        registry.register(
            "tokens",
            "Tokens that were charged, read (input) and generated (output)",
            self.tokens.clone(),
        );
        registry.register_with_unit(
            "queue_wait",
            "How long requests have waited for a place on a worker",
            Unit::Seconds,
            self.queue_waits.clone(),
        );
        registry.register(
            "retries",
            "Requests that were given to another worker after one had failed them",
            self.retries.clone(),
        );
        registry.register(
            "limit_refusals",
            "Requests refused by a rate limit: whose it was, and of what",
            self.limit_refusals.clone(),
        );
        registry.register(
            "idempotency_keys",
            "Requests with an Idempotency-Key, by what their keys were found to be",
            self.keys.clone(),
        );
        registry.register(
            "sign_ins",
            "Attempts to sign in to the dashboard",
            self.sign_ins.clone(),
        );
        registry.register(
            "audit_failures",
            "Refused acts that the audit log could not be told of; each is in the service's own log",
            self.unrecorded.clone(),
        );
    }
}

impl KeyOutcome {
    const ALL: [KeyOutcome; 6] = [
        KeyOutcome::First,
        KeyOutcome::Replayed,
        KeyOutcome::Followed,
        KeyOutcome::Mismatch,
        KeyOutcome::InFlight,
        KeyOutcome::Failed,
    ];

    fn as_str(self) -> &'static str {
        match self {
            KeyOutcome::First => "first",
            KeyOutcome::Replayed => "replayed",
            KeyOutcome::Followed => "followed",
            KeyOutcome::Mismatch => "mismatch",
            KeyOutcome::InFlight => "in_flight",
            KeyOutcome::Failed => "failed",
        }
    }
}

fn count<L: labels::Labels>(family: &Family<L, Counter>, labels: L) {
    family.get_or_create(&labels).inc();
}

fn time<L: labels::Labels>(family: &Timed<L>, labels: &L, time: Duration) {
    family.get_or_create(labels).observe(time.as_secs_f64());
}

fn class(status: u16) -> &'static str {
    match status {
        0..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

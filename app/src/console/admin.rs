//! What administrators see and do; for nobody else is there an [`Admin`].

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{AccountAdmin, AuditAdmin, HealthAdmin, MailAdmin, Problem};

/// The whole service, as its administrators see it.
pub trait Admin: WorkerAdmin + AccountAdmin + AuditAdmin + HealthAdmin + MailAdmin {}

#[async_trait]
pub trait WorkerAdmin: Send + Sync {
    async fn workers(&self) -> Result<Fleet, Problem>;
}

#[async_trait]
pub trait WorkerActs: Send + Sync {
    /// Asks the worker what it serves; one that cannot be reached is added only where `new` says so.
    async fn add_worker(&self, new: NewWorker) -> Result<(), Problem>;
    /// Lets the worker finish what it has and gives it nothing new, or no longer so.
    async fn drain_worker(&self, id: String, draining: bool) -> Result<(), Problem>;
    /// Forgets the worker; it finishes what it has.
    async fn remove_worker(&self, id: String) -> Result<(), Problem>;
}

/// The pool, as all gateways see it together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    /// Services that run on this database, by name.
    pub gateways: Vec<String>,
    pub workers: Vec<Worker>,
    /// Models that somebody waits for, in this gateway.
    pub queues: Vec<ModelQueue>,
    pub updated_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worker {
    /// Its name in the ledger: host and port.
    pub id: String,
    pub url: String,
    pub origin: Origin,
    pub weight: u32,
    /// The most requests that a gateway gives it at once.
    pub max_in_flight: Option<u64>,
    pub has_key: bool,
    pub is_draining: bool,
    /// As each gateway sees it that has noticed it.
    pub standings: Vec<Standing>,
}

/// Where a worker comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// From the settings: it is removed there.
    Configured,
    Added,
    /// Started by the service itself, since its settings name none.
    Local,
    /// It finishes what it has.
    Removed,
}

/// A worker, as one gateway sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    pub gateway: String,
    pub state: WorkerState,
    pub models: Vec<String>,
    pub in_flight: u64,
    /// How many wait for one of its models.
    pub waiting: u64,
    /// To its first byte, of the latest answers: the middle, and what 95 of 100 keep within.
    pub first_byte_ms: Option<(u64, u64)>,
    /// Since its gateway started: requests that it has answered, and that it has failed.
    pub answered: u64,
    pub failed: u64,
    pub ejections: u64,
    /// By its own word: requests that it works on, and that wait in a queue of its own.
    pub reported: Option<(u64, u64)>,
    /// The last that went wrong, and when.
    pub last_error: Option<(String, i64)>,
    /// Of what it was asked in the last half minute, how much has failed: 0 to 1.
    pub error_rate: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    Ready,
    /// By its own word.
    Resting {
        until_ms: i64,
    },
    /// Left alone, for `cause`: `unreachable`, `failing` or `slow`.
    Ejected {
        cause: String,
        until_ms: i64,
    },
    /// Was ejected; one request at a time tries it.
    HalfOpen,
    Draining,
    /// Has never said what it serves.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelQueue {
    pub model: String,
    pub waiting: u64,
    /// Until all of them have a place, as far as can be told.
    pub estimate_ms: Option<u64>,
}

/// As the form has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewWorker {
    pub url: String,
    /// Sent to it as a bearer token; empty for none.
    pub key: String,
    /// 1 to 1000; empty for 1.
    pub weight: String,
    /// Empty for as many as come.
    pub max_in_flight: String,
    /// Whether it is added though it cannot be reached now.
    pub unreachable_too: bool,
}

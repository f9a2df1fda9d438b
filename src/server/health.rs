//! `/healthz`: the process is up. `/readyz`: it could answer a request, and will go on so.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::db::{self, Db};
use crate::pool::Pool;
use crate::tasks::Tasks;

#[derive(Clone)]
pub(super) struct Health {
    pub(super) db: Db,
    pub(super) pool: Pool,
    pub(super) tasks: Tasks,
}

pub(super) async fn up() -> &'static str {
    "ok"
}

pub(super) async fn ready(State(health): State<Health>) -> (StatusCode, Json<Value>) {
    if health.tasks.is_leaving() {
        let told = json!({ "service": "stopping" });
        return (StatusCode::SERVICE_UNAVAILABLE, Json(told));
    }
    let database = db::answers(&health.db).await;
    let worker = health.pool.is_ready();
    let status = if database && worker {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let word = |well| if well { "ok" } else { "unavailable" };
    (
        status,
        Json(json!({ "database": word(database), "worker": word(worker) })),
    )
}

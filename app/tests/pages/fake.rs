//! A console with an account that has one key in use, one that is revoked, and a day of requests.

use std::sync::{Arc, Mutex};

use app::console::{
    Console, Key, KeyConsole, Limit, ModelUsage, NewKey, Overview, OverviewConsole, Problem,
    Totals, Usage, UsageBucket, UsageConsole, UsageRange,
};
use async_trait::async_trait;

pub const HOUR: i64 = 3_600_000;
/// 3 November 2025, 00:00 UTC
pub const MIDNIGHT: i64 = 1_762_128_000_000;
pub const SECRET: &str = "ask_7Hq2mmmmmmmmmmmmmmmmmmmmmmmmk3Qa";

pub struct Fake {
    pub overview: Overview,
    pub keys: Vec<Key>,
    pub fresh: Mutex<Option<NewKey>>,
    pub usage: Usage,
    pub models: Vec<String>,
}

pub fn account() -> Arc<Fake> {
    Arc::new(Fake::default())
}

pub fn key(id: &str, name: &str) -> Key {
    Key {
        id: id.into(),
        name: name.into(),
        masked: "ask_7Hq2…k3Qa".into(),
        created_ms: MIDNIGHT,
        last_used_ms: None,
        revoked_ms: None,
    }
}

impl Default for Fake {
    fn default() -> Self {
        let totals = |requests, errors| Totals {
            requests,
            errors,
            input_tokens: requests * 18,
            output_tokens: requests * 212,
        };
        let bucket = |hour: i64, totals| UsageBucket {
            start_ms: MIDNIGHT + hour * HOUR,
            totals,
        };
        let quiet = (0..22).map(|hour| bucket(hour, Totals::default()));
        Fake {
            overview: Overview {
                email: "ada@example.com".into(),
                tier: "Free".into(),
                limits: vec![Limit {
                    name: "Requests".into(),
                    limit: 10,
                    used: 9,
                }],
                base_url: "http://127.0.0.1:3000/v1".into(),
                model: Some("smollm2-135m-instruct".into()),
                keys: 1,
                called: true,
                today: totals(1_204, 3),
            },
            keys: vec![
                Key {
                    last_used_ms: Some(MIDNIGHT + 12 * HOUR),
                    ..key("key_1", "prod-web")
                },
                Key {
                    revoked_ms: Some(MIDNIGHT),
                    ..key("key_2", "old")
                },
            ],
            fresh: Mutex::new(None),
            usage: Usage {
                total: totals(1_204, 3),
                buckets: quiet
                    .chain([bucket(22, totals(1_200, 0)), bucket(23, totals(4, 3))])
                    .collect(),
                models: vec![ModelUsage {
                    model: "smollm2-135m-instruct".into(),
                    totals: totals(1_204, 3),
                }],
                updated_ms: MIDNIGHT + 24 * HOUR,
            },
            models: vec!["smollm2-135m-instruct".into()],
        }
    }
}

impl Console for Fake {}

#[async_trait]
impl OverviewConsole for Fake {
    async fn overview(&self) -> Result<Overview, Problem> {
        Ok(self.overview.clone())
    }

    async fn models(&self) -> Result<Vec<String>, Problem> {
        Ok(self.models.clone())
    }
}

#[async_trait]
impl KeyConsole for Fake {
    async fn keys(&self) -> Result<Vec<Key>, Problem> {
        Ok(self.keys.clone())
    }

    async fn create_key(&self, name: String) -> Result<NewKey, Problem> {
        Ok(NewKey {
            key: key("key_3", &name),
            secret: SECRET.into(),
        })
    }

    async fn fresh_key(&self) -> Result<Option<NewKey>, Problem> {
        Ok(self.fresh.lock().unwrap().take())
    }

    async fn revoke_key(&self, _: String) -> Result<(), Problem> {
        Ok(())
    }
}

#[async_trait]
impl UsageConsole for Fake {
    async fn usage(&self, range: UsageRange) -> Result<Usage, Problem> {
        match range {
            UsageRange::Day | UsageRange::Week => Ok(self.usage.clone()),
            UsageRange::Month => Err(Problem {
                request_id: Some("req_1".into()),
                ..Problem::new("The figures cannot be read now.")
            }),
        }
    }
}

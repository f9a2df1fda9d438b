//! A console with an account that has one key in use, one that is revoked, and a day of requests.

use std::sync::{Arc, Mutex};

use app::console::{
    AddressConsole, Admin, Allowance, Appearance, Choices, ConfirmConsole, Confirmation, Confirmed,
    ConfirmedAdmin, Console, Doc, DocGroup, DocHeading, DocLink, EnterpriseRequest, Explanation,
    FactorActs, FactorConsole, FactorSetup, Figures, Fleet, Found, GroupUsage, Health, Key,
    KeyActs, KeyChoices, KeyConsole, KeyForm, KeyName, KeyState, LastUse, Limit, LimitConsole,
    LimitReached, Limits, LogConsole, LogPage, LogQuery, LogRow, MailActs, MailAdmin, MailItem,
    MailState, ModelCard, ModelQueue, ModelStatus, NewKey, NewLogs, NewWorker, Offer, OfferedTier,
    Origin, Outbox, Overlap, Overview, OverviewConsole, Percentiles, Problem, Public, Qr,
    RequestDetails, Restrictions, SecondFactor, Series, Session, SettingUp, Settings, SettingsActs,
    SettingsConsole, Standing, Status, TierOffer, Timeline, Timings, Totals, Usage, UsageConsole,
    UsageQuery, Wanted, Worker, WorkerActs, WorkerAdmin, WorkerState,
};
use async_trait::async_trait;
use wire::Task;

pub const HOUR: i64 = 3_600_000;
/// 3 November 2025, 00:00 UTC
pub const MIDNIGHT: i64 = 1_762_128_000_000;
pub const SECRET: &str = "ask_7Hq2mmmmmmmmmmmmmmmmmmmmmmmmk3Qa";

pub const FACTOR_SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
pub const RECOVERY_CODE: &str = "01abc-defgh-jkmnp-qrstv-wxyz2";

pub struct Fake {
    pub overview: Overview,
    pub keys: Vec<Key>,
    pub fresh: Mutex<Option<NewKey>>,
    pub usage: Usage,
    pub logs: LogPage,
    pub models: Vec<ModelCard>,
    pub settings: Settings,
    pub second_factor: Option<SecondFactor>,
    pub fresh_codes: Mutex<Option<Vec<String>>>,
}

pub fn account() -> Arc<Fake> {
    Arc::new(Fake::default())
}

pub fn key(id: &str, name: &str) -> Key {
    Key {
        id: id.into(),
        name: name.into(),
        masked: "ask_7Hq2…k3Qa".into(),
        state: KeyState::Active,
        created_ms: MIDNIGHT,
        expires_ms: None,
        revoked_ms: None,
        last_use: None,
        restrictions: Restrictions::default(),
        old_secrets: vec![],
        hours: vec![0; 24],
    }
}

pub fn row(id: &str, status: u16) -> LogRow {
    LogRow {
        id: id.into(),
        started_ms: MIDNIGHT + HOUR,
        status,
        error_code: (status >= 400).then(|| "rate_limit_exceeded".into()),
        model: Some("smollm2-135m-instruct".into()),
        endpoint: "/v1/chat/completions".into(),
        key: "prod-web".into(),
        input_tokens: 20,
        output_tokens: 212,
        duration_ms: 812,
    }
}

pub fn model(id: &str, task: Task) -> ModelCard {
    ModelCard {
        id: id.into(),
        tasks: Some(vec![task]),
        context: Some(4096),
        ..ModelCard::default()
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
        let figures = |requests, errors| Figures {
            totals: totals(requests, errors),
            latency: Percentiles {
                p50: Some(812),
                p95: Some(1_200),
                p99: Some(2_000),
            },
            ttft: Percentiles::default(),
        };
        let series = |name: &str, last: [u64; 2]| Series {
            name: name.into(),
            values: (0..22).map(|_| 0).chain(last).collect(),
        };
        let group = |name: &str, requests, errors| GroupUsage {
            id: Some(name.into()),
            name: name.into(),
            figures: figures(requests, errors),
        };
        let choices = Choices {
            models: vec!["smollm2-135m-instruct".into(), "Qwen/Qwen3 0.6B".into()],
            keys: vec![KeyName {
                id: "key_1".into(),
                name: "prod-web".into(),
            }],
            endpoints: vec!["/v1/chat/completions".into()],
            statuses: vec![200, 429],
        };
        Fake {
            overview: Overview {
                email: "ada@example.com".into(),
                name: String::new(),
                is_admin: false,
                to_verify: None,
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
                    last_use: Some(LastUse {
                        ms: MIDNIGHT + 12 * HOUR,
                        ip: Some("203.0.113.7".into()),
                    }),
                    hours: (0..24).map(|hour| hour % 3).collect(),
                    ..key("key_1", "prod-web")
                },
                Key {
                    state: KeyState::Revoked,
                    revoked_ms: Some(MIDNIGHT),
                    ..key("key_2", "old")
                },
            ],
            fresh: Mutex::new(None),
            usage: Usage {
                total: figures(1_204, 3),
                starts: (0..24).map(|hour| MIDNIGHT + hour * HOUR).collect(),
                series: vec![
                    series("smollm2-135m-instruct", [1_200, 1]),
                    series("Qwen/Qwen3 0.6B", [0, 3]),
                ],
                groups: vec![
                    group("smollm2-135m-instruct", 1_201, 0),
                    group("Qwen/Qwen3 0.6B", 3, 3),
                ],
                choices: choices.clone(),
                updated_ms: MIDNIGHT + 24 * HOUR,
            },
            logs: LogPage {
                rows: vec![row("req_2", 200), row("req_1", 429)],
                more: true,
                timeline: Timeline {
                    starts: vec![MIDNIGHT, MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR],
                    ok: vec![0, 1],
                    client_errors: vec![1, 0],
                    server_errors: vec![0, 0],
                },
                choices,
                updated_ms: MIDNIGHT + 24 * HOUR,
            },
            settings: Settings {
                name: "Ada".into(),
                email: "ada@example.com".into(),
                log_days: 90,
                log_days_offered: vec![7, 30, 90, 365],
                is_last_admin: false,
                is_verified: true,
            },
            second_factor: None,
            fresh_codes: Mutex::new(None),
            models: vec![
                model("smollm2-135m-instruct", Task::Chat),
                model("all-minilm-l6-v2", Task::Embeddings),
                model("toxic-bilstm", Task::Moderation),
            ],
        }
    }
}

impl Console for Fake {}

#[async_trait]
impl OverviewConsole for Fake {
    async fn overview(&self) -> Result<Overview, Problem> {
        Ok(self.overview.clone())
    }

    async fn models(&self) -> Result<Vec<ModelCard>, Problem> {
        Ok(self.models.clone())
    }
}

#[async_trait]
impl KeyConsole for Fake {
    async fn keys(&self) -> Result<Vec<Key>, Problem> {
        Ok(self.keys.clone())
    }

    async fn key_choices(&self) -> Result<KeyChoices, Problem> {
        Ok(KeyChoices {
            endpoints: vec!["chat".into(), "embeddings".into()],
            models: self.models.iter().map(|model| model.id.clone()).collect(),
            rpm: 10,
            tpm: 100_000,
        })
    }

    async fn fresh_key(&self) -> Result<Option<NewKey>, Problem> {
        Ok(self.fresh.lock().unwrap().take())
    }

    async fn rename_key(&self, _: String, _: String) -> Result<(), Problem> {
        Ok(())
    }

    async fn restrict_key(&self, _: String, _: KeyForm) -> Result<(), Problem> {
        Ok(())
    }

    async fn end_old_secrets(&self, _: String) -> Result<(), Problem> {
        Ok(())
    }

    async fn revoke_key(&self, _: String) -> Result<(), Problem> {
        Ok(())
    }
}

#[async_trait]
impl KeyActs for Fake {
    async fn create_key(&self, name: String, _: KeyForm) -> Result<NewKey, Problem> {
        Ok(NewKey {
            key: key("key_3", &name),
            secret: SECRET.into(),
        })
    }

    async fn rotate_key(&self, id: String, _: Overlap) -> Result<NewKey, Problem> {
        Ok(NewKey {
            key: key(&id, "prod-web"),
            secret: SECRET.into(),
        })
    }
}

#[async_trait]
impl UsageConsole for Fake {
    async fn usage(&self, query: UsageQuery) -> Result<Usage, Problem> {
        match query.filter.status.as_deref() {
            None => Ok(self.usage.clone()),
            Some("404") => Ok(Usage {
                total: Figures::default(),
                ..self.usage.clone()
            }),
            Some(_) => Err(Problem {
                request_id: Some("req_1".into()),
                ..Problem::new("The figures cannot be read now.")
            }),
        }
    }
}

#[async_trait]
impl LogConsole for Fake {
    async fn logs(&self, query: LogQuery) -> Result<LogPage, Problem> {
        let rows = match query.filter.is_empty() {
            true => self.logs.rows.clone(),
            false => vec![],
        };
        Ok(LogPage {
            rows,
            ..self.logs.clone()
        })
    }

    async fn newer_logs(&self, _: LogQuery, since_ms: i64) -> Result<NewLogs, Problem> {
        Ok(NewLogs {
            rows: vec![],
            updated_ms: since_ms,
        })
    }

    async fn request(&self, id: String) -> Result<RequestDetails, Problem> {
        let row = self.logs.rows.iter().find(|row| row.id == id);
        let row =
            row.ok_or_else(|| Problem::new("There is no request with this id in your log."))?;
        Ok(RequestDetails {
            row: row.clone(),
            client_id: Some("mine-7".into()),
            worker: Some("http://10.0.0.4:8000".into()),
            tries: 2,
            explanation: row.error_code.is_some().then(|| Explanation {
                meaning: "A limit was used up for the moment.".into(),
                remedy: "Wait as long as Retry-After said.".into(),
            }),
            limited: Some(LimitReached {
                of_key: false,
                bucket: "requests".into(),
                limit: 10,
                used: 10,
                asked: 1,
            }),
            billing: "As the worker counted".into(),
            streamed: true,
            finish_reason: Some("length".into()),
            replayed: false,
            retries: 1,
            timings: Timings {
                auth_us: Some(90),
                limit_us: Some(3),
                queue_us: Some(2_000),
                upstream_us: Some(150_000),
                first_token_us: Some(180_000),
                total_us: 812_000,
            },
        })
    }
}

#[async_trait]
impl LimitConsole for Fake {
    async fn limits(&self) -> Result<Limits, Problem> {
        let offer = |name: &str, title: &str, quota| TierOffer {
            name: name.into(),
            title: title.into(),
            quota,
            is_current: name == "developer",
        };
        let allowance = |limit, used, reserved| Allowance {
            limit,
            used,
            reserved,
            full_at_ms: MIDNIGHT + 60_000,
        };
        Ok(Limits {
            requests: allowance(100, 37, 0),
            tokens: allowance(1_000_000, 9_000, 2_000),
            tiers: vec![
                offer("free", "Free", Some((10, 100_000))),
                offer("developer", "Developer", Some((100, 1_000_000))),
                offer("enterprise", "Enterprise", None),
            ],
            has_own: false,
            refused: 3,
            asked_ms: Some(MIDNIGHT),
            updated_ms: MIDNIGHT,
        })
    }

    async fn choose_tier(&self, _: String) -> Result<(), Problem> {
        Ok(())
    }

    async fn ask_for_enterprise(&self, _: EnterpriseRequest) -> Result<(), Problem> {
        Ok(())
    }
}

#[async_trait]
impl SettingsConsole for Fake {
    async fn settings(&self) -> Result<Settings, Problem> {
        Ok(self.settings.clone())
    }

    async fn sessions(&self) -> Result<Vec<Session>, Problem> {
        let session = |id: &str, browser: &str, is_this: bool| Session {
            id: id.into(),
            browser: browser.into(),
            ip: is_this.then(|| "203.0.113.7".into()),
            begun_ms: MIDNIGHT,
            seen_ms: MIDNIGHT + HOUR,
            is_this,
        };
        Ok(vec![
            session("aaaa", "Firefox on Linux", true),
            session("bbbb", "Safari on iPhone", false),
        ])
    }

    async fn rename(&self, _: String) -> Result<(), Problem> {
        Ok(())
    }

    async fn change_password(&self, _: String, _: String) -> Result<(), Problem> {
        Ok(())
    }

    async fn end_session(&self, _: String) -> Result<(), Problem> {
        Ok(())
    }

    async fn end_other_sessions(&self) -> Result<(), Problem> {
        Ok(())
    }

    async fn keep_log(&self, _: u32) -> Result<(), Problem> {
        Ok(())
    }
}

impl Confirmed for Fake {}

#[async_trait]
impl ConfirmConsole for Fake {
    async fn confirmation(&self) -> Result<Confirmation, Problem> {
        Ok(Confirmation {
            email: self.settings.email.clone(),
            wanted: match self.second_factor {
                Some(_) => Wanted::Code,
                None => Wanted::Password,
            },
        })
    }

    async fn confirm(&self, _: String, _: Option<String>) -> Result<(), Problem> {
        Ok(())
    }
}

#[async_trait]
impl FactorConsole for Fake {
    async fn second_factor(&self) -> Result<Option<SecondFactor>, Problem> {
        Ok(self.second_factor)
    }

    async fn fresh_codes(&self) -> Result<Option<Vec<String>>, Problem> {
        Ok(self.fresh_codes.lock().unwrap().take())
    }
}

#[async_trait]
impl SettingUp for Fake {
    async fn factor_setup(&self) -> Result<Option<FactorSetup>, Problem> {
        Ok(self.second_factor.is_none().then(|| FactorSetup {
            secret: FACTOR_SECRET.into(),
            uri: format!("otpauth://totp/Assisters:ada%40example.com?secret={FACTOR_SECRET}"),
            qr: Qr {
                size: 45,
                path: "M4,4h7v1h-7z".into(),
            },
        }))
    }

    async fn turn_on_second_factor(
        &self,
        _: String,
        _: Option<String>,
    ) -> Result<Vec<String>, Problem> {
        Ok(vec![RECOVERY_CODE.into()])
    }
}

#[async_trait]
impl FactorActs for Fake {
    async fn begin_second_factor(&self) -> Result<(), Problem> {
        Ok(())
    }

    async fn renew_recovery_codes(&self) -> Result<Vec<String>, Problem> {
        Ok(vec![RECOVERY_CODE.into()])
    }

    async fn turn_off_second_factor(&self, _: String, _: String) -> Result<(), Problem> {
        Ok(())
    }
}

#[async_trait]
impl SettingsActs for Fake {
    async fn prepare_export(&self) -> Result<(), Problem> {
        Ok(())
    }

    async fn delete_account(&self, _: String, _: String) -> Result<(), Problem> {
        Ok(())
    }
}

#[async_trait]
impl AddressConsole for Fake {
    async fn mail_verification(&self) -> Result<(), Problem> {
        Ok(())
    }

    async fn change_email(&self, _: String, _: String) -> Result<(), Problem> {
        Ok(())
    }
}

/// An administrator's view of a pool with a worker in each state.
pub struct FakeAdmin;

impl Admin for FakeAdmin {}

impl ConfirmedAdmin for FakeAdmin {}

fn worker(id: &str, origin: Origin, state: WorkerState) -> Worker {
    Worker {
        id: id.into(),
        url: format!("http://{id}/"),
        origin,
        weight: 1,
        max_in_flight: Some(32),
        has_key: true,
        is_draining: state == WorkerState::Draining,
        standings: vec![Standing {
            gateway: "gate-1:3000".into(),
            state,
            models: vec!["llama-3.1-8b".into()],
            in_flight: 7,
            waiting: 0,
            first_byte_ms: Some((812, 1_250)),
            answered: 1_204,
            failed: 3,
            ejections: 1,
            reported: Some((9, 2)),
            last_error: Some(("It could not be reached".into(), MIDNIGHT)),
            error_rate: 0.25,
        }],
    }
}

#[async_trait]
impl WorkerAdmin for FakeAdmin {
    async fn workers(&self) -> Result<Fleet, Problem> {
        let until_ms = MIDNIGHT + HOUR;
        Ok(Fleet {
            gateways: vec!["gate-1:3000".into()],
            workers: vec![
                worker("gpu-1:8000", Origin::Configured, WorkerState::Ready),
                worker("gpu-2:8000", Origin::Added, WorkerState::Draining),
                worker(
                    "gpu-3:8000",
                    Origin::Added,
                    WorkerState::Ejected {
                        cause: "slow".into(),
                        until_ms,
                    },
                ),
                worker(
                    "gpu-4:8000",
                    Origin::Local,
                    WorkerState::Resting { until_ms },
                ),
            ],
            queues: vec![ModelQueue {
                model: "llama-3.1-8b".into(),
                waiting: 1_204,
                estimate_ms: Some(4_200),
            }],
            updated_ms: MIDNIGHT,
        })
    }
}

#[async_trait]
impl WorkerActs for FakeAdmin {
    async fn add_worker(&self, _: NewWorker) -> Result<(), Problem> {
        Ok(())
    }

    async fn drain_worker(&self, _: String, _: bool) -> Result<(), Problem> {
        Ok(())
    }

    async fn remove_worker(&self, _: String) -> Result<(), Problem> {
        Ok(())
    }
}

/// A mail in each state.
#[async_trait]
impl MailAdmin for FakeAdmin {
    async fn mails(&self) -> Result<Outbox, Problem> {
        let item = |id: &str, state, tries, last_error: Option<&str>| MailItem {
            id: id.into(),
            recipient: "ada@example.com".into(),
            subject: "Verify your e-mail address".into(),
            state,
            created_ms: MIDNIGHT,
            tries,
            last_error: last_error.map(str::to_owned),
        };
        let due_ms = MIDNIGHT + HOUR;
        Ok(Outbox {
            mails: vec![
                item("mail_1", MailState::Failed, 1, Some("no such user <b>")),
                item(
                    "mail_2",
                    MailState::Waiting { due_ms },
                    2,
                    Some("Connection refused"),
                ),
                item("mail_3", MailState::Waiting { due_ms }, 0, None),
                item("mail_4", MailState::Sent { at_ms: due_ms }, 1, None),
            ],
            is_sent: false,
        })
    }
}

#[async_trait]
impl MailActs for FakeAdmin {
    async fn mail(&self, id: String) -> Result<String, Problem> {
        match id.as_str() {
            "mail_4" => Ok("Hello,\n\nfollow <this>".into()),
            _ => Err(Problem::new("There is no such mail.")),
        }
    }

    async fn retry_mail(&self, _: String) -> Result<(), Problem> {
        Ok(())
    }

    async fn delete_mail(&self, _: String) -> Result<(), Problem> {
        Ok(())
    }
}

/// A site with one page of docs and a model in each state.
#[derive(Default)]
pub struct FakePublic {
    pub appearance: Appearance,
}

fn doc_link(name: &str, title: &str) -> DocLink {
    DocLink {
        href: format!("/docs/{name}"),
        title: title.into(),
    }
}

#[async_trait]
impl Public for FakePublic {
    async fn doc(&self, name: String) -> Result<Option<Doc>, Problem> {
        let heading = |id: &str, is_nested| DocHeading {
            id: id.into(),
            text: format!("About {id}"),
            is_nested,
        };
        let pages = vec![doc_link("errors", "Errors"), doc_link("limits", "Limits")];
        Ok((name == "errors").then(|| Doc {
            name,
            title: "Errors".into(),
            summary: "What goes wrong.".into(),
            html: "<h2 id=\"shape\">Shape</h2><p>All four fields.</p>".into(),
            contents: vec![heading("shape", false), heading("codes", true)],
            before: None,
            after: Some(doc_link("limits", "Limits")),
            groups: vec![DocGroup {
                title: "Guides".into(),
                pages,
            }],
        }))
    }

    async fn docs(&self) -> Result<Vec<DocGroup>, Problem> {
        Ok(vec![])
    }

    fn appearance(&self) -> Appearance {
        self.appearance
    }

    fn keep_appearance(&self, _appearance: Appearance) {}

    async fn search_docs(&self, query: String) -> Result<Vec<Found>, Problem> {
        let found = Found {
            href: "/docs/errors#shape".into(),
            page: "Errors".into(),
            heading: Some("Shape".into()),
            excerpt: ["it has ".into(), "<b>".into(), " fields".into()],
        };
        Ok(match query.as_str() {
            "fields" => vec![found],
            _ => vec![],
        })
    }

    async fn status(&self) -> Result<Status, Problem> {
        let model = |id: &str, health, first_byte_ms| ModelStatus {
            id: id.into(),
            health,
            first_byte_ms,
            waiting: 1_204,
        };
        Ok(Status {
            api: Health::Operational,
            database: Health::Operational,
            models: vec![
                model("llama-3.1-8b", Health::Operational, Some(180)),
                model("qwen", Health::Degraded, Some(4_200)),
                model("phi", Health::Down, None),
            ],
            updated_ms: MIDNIGHT + 12 * HOUR + 251_000,
        })
    }

    async fn offer(&self) -> Result<Offer, Problem> {
        let tier = |name: &str, limits| OfferedTier {
            name: name.into(),
            limits,
        };
        Ok(Offer {
            base_url: "https://api.example.com/v1".into(),
            model: Some("llama-3.1-8b".into()),
            tiers: vec![tier("Free", Some((10, 100_000))), tier("Enterprise", None)],
        })
    }
}

//! The port: what the pages may ask. The service implements it; a page knows nothing else of the service.
//!
//! A [`Console`] is bound to one account before any call, so no call takes an account's id. A [`Door`] is for those
//! who are not signed in yet, an [`Admin`] for administrators alone, a [`Public`] for everybody. What wants a fresh proof of
//! who is there is a verb of [`Confirmed`] or of [`ConfirmedAdmin`]. All are put into Leptos' context by whoever serves the
//! pages; [`console`], [`door`], [`admin`], [`public`], [`confirmed`] and [`confirmed_admin`] find them there, and every server
//! function is one line that starts with one of these.

mod accounts;
mod admin;
mod appearance;
mod audit;
mod confirm;
mod door;
mod filter;
mod health;
mod keys;
mod limits;
mod logs;
mod mail;
mod overview;
mod problem;
mod public;
mod query;
mod second_factor;
mod settings;
mod span;
mod usage;

use std::sync::Arc;

use leptos::prelude::use_context;

pub use accounts::{
    AccountActs, AccountAdmin, AccountDetails, AccountPage, AccountQuery, AccountRow, LimitsForm,
    RequestForEnterprise,
};
pub use admin::{
    Admin, Fleet, ModelQueue, NewWorker, Origin, Standing, Worker, WorkerActs, WorkerAdmin,
    WorkerState,
};
pub use appearance::{Appearance, Shortcuts, Theme};
pub use audit::{AuditAdmin, AuditConsole, AuditPage, AuditQuery, AuditRow, Since};
pub use confirm::{
    ConfirmConsole, Confirmation, Confirmed, ConfirmedAdmin, Wanted, confirmed, confirmed_admin,
};
pub use door::{Door, Entry, is_local};
pub use filter::{Choices, Filter, KeyName, PLAYGROUND};
pub use health::{HealthAdmin, HealthCheck, SettingInForce, SystemHealth};
pub use keys::{
    Access, Key, KeyActs, KeyChoices, KeyConsole, KeyForm, KeyState, LastUse, NewKey, OldSecret,
    Overlap, Restrictions,
};
pub use limits::{Allowance, EnterpriseRequest, LimitConsole, Limits, TierOffer};
pub use logs::{
    Explanation, LimitReached, LogConsole, LogPage, LogQuery, LogRow, NewLogs, Place,
    RequestDetails, Timeline, Timings,
};
pub use mail::{AddressConsole, MailActs, MailAdmin, MailItem, MailState, Outbox, Recovery};
pub use overview::{Limit, ModelCard, Overview, OverviewConsole};
pub use problem::{Problem, WayOut};
pub use public::{
    Doc, DocGroup, DocHeading, DocLink, Found, Health, ModelStatus, Offer, OfferedTier, Public,
    Status,
};
pub use second_factor::{
    FactorActs, FactorConsole, FactorSetup, Qr, SecondFactor, SettingUp, setting_up,
};
pub use settings::{Session, Settings, SettingsActs, SettingsConsole};
pub use span::{DAY_MS, Preset, Range, Step, written, written_to_minute};
pub use usage::{
    Figures, Group, GroupUsage, Metric, Percentiles, Series, Totals, Usage, UsageConsole,
    UsageQuery, named,
};

/// One account's view of the service: a part for each page.
pub trait Console:
    OverviewConsole
    + KeyConsole
    + UsageConsole
    + LogConsole
    + LimitConsole
    + SettingsConsole
    + AuditConsole
    + AddressConsole
    + ConfirmConsole
    + FactorConsole
{
}

/// The console of whoever is signed in.
pub fn console() -> Result<Arc<dyn Console>, Problem> {
    use_context().ok_or_else(Problem::signed_out)
}

/// What administrators have, if an administrator is signed in.
pub fn admin() -> Result<Arc<dyn Admin>, Problem> {
    console()?;
    use_context().ok_or_else(Problem::not_for_you)
}

/// What this site shows to everybody.
pub fn public() -> Result<Arc<dyn Public>, Problem> {
    use_context()
        .ok_or_else(|| Problem::new("This page was rendered without its service. Reload it."))
}

/// The door of this site.
pub fn door() -> Result<Arc<dyn Door>, Problem> {
    use_context()
        .ok_or_else(|| Problem::new("This page was rendered without its service. Reload it."))
}

//! One account's view of the service: a file for each page.

use app::console::Console;
use tower_sessions::Session;
use tower_sessions::session::Id;

use super::Dashboard;
use crate::accounts::Account;
use crate::sessions::Visitor;

pub(super) struct AccountConsole {
    pub(super) dashboard: Dashboard,
    pub(super) account: Account,
    pub(super) session: Option<Id>,
    /// The same, to be changed.
    pub(super) visit: Session,
    /// From where.
    pub(super) visitor: Visitor,
    /// Whether the answer will be a redirect, because a browser posts a form by itself.
    pub(super) posted_without_wasm: bool,
}

impl AccountConsole {
    pub(super) fn new(
        dashboard: Dashboard,
        account: Account,
        visit: Session,
        visitor: Visitor,
        posted_without_wasm: bool,
    ) -> Self {
        AccountConsole {
            dashboard,
            account,
            session: visit.id(),
            visit,
            visitor,
            posted_without_wasm,
        }
    }
}

impl Console for AccountConsole {}

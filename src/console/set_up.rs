//! The way in for an account of which a second factor is asked, and which has none. The password leads to its set-up, and
//! until that is done the visitor is a stranger to all else; so is a session that began before it was asked.

use std::sync::Arc;

use app::console::{FactorSetup, Problem, SettingUp, WayOut, is_local};
use async_trait::async_trait;
use axum::extract::Request;
use axum::http::Uri;
use tower_sessions::Session;
use url::form_urlencoded;

use super::account::AccountConsole;
use super::site::{SiteDoor, too_late};
use super::{
    CODE, Dashboard, SIGN_IN, SIGN_UP, Unavailable, is_public, session_account, with_next,
};
use crate::accounts::Account;
use crate::sessions;

pub(super) const SET_UP: &str = "/sign-in/second-factor";

/// How far in a stranger is.
#[derive(Clone, Debug)]
pub(super) enum Halfway {
    /// Has given the password, and has still to give a code.
    Code,
    /// Has given the password, and has a second factor to set up.
    SetUp(Account),
    /// Came in by the password alone, before a second factor was asked for.
    Anew,
}

/// How far in who is a stranger is by this session.
pub(super) async fn halfway(
    dashboard: &Dashboard,
    session: &Session,
) -> Result<Option<Halfway>, Unavailable> {
    let half = sessions::half_signed_in(session).await;
    let Some(id) = half.map_err(|error| Unavailable::log(&error))? else {
        let lacking = session_account(dashboard, session).await?;
        return Ok(lacking.map(|_| Halfway::Anew));
    };
    let account = dashboard.accounts.find(&id).await;
    let Some(account) = account.map_err(|error| Unavailable::log(&error))? else {
        return Ok(None);
    };
    let factors = &dashboard.second_factors;
    let standing = factors.standing(&id).await;
    Ok(match standing.map_err(|error| Unavailable::log(&error))? {
        Some(_) => Some(Halfway::Code),
        None if factors.is_asked(account.is_admin) => Some(Halfway::SetUp(account)),
        None => None,
    })
}

/// The page that a stranger is led to from the one that is asked for, where there is another for who is so far in.
pub(super) fn led_to(request: &Request) -> Option<String> {
    let (uri, path) = (request.uri(), request.uri().path());
    // There for everybody; but the account's first page has the same address as the one for strangers.
    if matches!(path, SIGN_IN | SIGN_UP) || is_public(path) && path != "/" {
        return None;
    }
    let place = uri.path_and_query().map(|place| place.as_str());
    let here = place.filter(|_| path != "/");
    match (request.extensions().get::<Halfway>(), path) {
        (Some(Halfway::SetUp(_)), SET_UP) | (Some(Halfway::Code), CODE) => None,
        (Some(Halfway::SetUp(_)), CODE) => Some(with_next(SET_UP, next_in(uri).as_deref())),
        (Some(Halfway::Code), SET_UP) => Some(with_next(CODE, next_in(uri).as_deref())),
        (_, SET_UP | CODE) => Some(format!("{SIGN_IN}?again")),
        (Some(Halfway::SetUp(_)), _) => Some(with_next(SET_UP, here)),
        (Some(Halfway::Anew), _) => {
            let page = with_next(SIGN_IN, here);
            let and = if page.contains('?') { '&' } else { '?' };
            Some(format!("{page}{and}factor"))
        }
        (Some(Halfway::Code) | None, _) => None,
    }
}

/// Whether this is the page of the recovery codes that were made by the form before it, or of what leads on from them.
pub(super) fn is_after_set_up(uri: &Uri) -> bool {
    uri.path() == SET_UP && asked(uri, "codes").is_some()
}

fn next_in(uri: &Uri) -> Option<String> {
    asked(uri, "next")
}

fn asked(uri: &Uri, name: &str) -> Option<String> {
    let mut query = form_urlencoded::parse(uri.query()?.as_bytes());
    let (_, value) = query.find(|(asked, _)| asked == name)?;
    Some(value.into_owned())
}

/// For who is [`Halfway::SetUp`].
pub(super) struct DoorSetUp {
    pub(super) door: Arc<SiteDoor>,
    /// Of the account that will be signed in. Nobody else is given it.
    pub(super) console: AccountConsole,
}

#[async_trait]
impl SettingUp for DoorSetUp {
    async fn factor_setup(&self) -> Result<Option<FactorSetup>, Problem> {
        let setup = self.console.factor_setup().await?;
        setup.map(Some).ok_or_else(too_late)
    }

    async fn turn_on_second_factor(
        &self,
        code: String,
        next: Option<String>,
    ) -> Result<Vec<String>, Problem> {
        let DoorSetUp { door, console } = self;
        door.check_may_enter(&console.account)?;
        let (account, codes) = console.turn_on(&code, was_set_up_elsewhere).await?;
        door.dashboard.metrics.signed_in(true);
        door.begin_session(&account).await?;
        let page = match next.filter(|next| is_local(next)) {
            Some(next) => format!("{}&codes", with_next(SET_UP, Some(&next))),
            None => format!("{SET_UP}?codes"),
        };
        Ok(console.hand_out(codes, door.session.id(), &page))
    }
}

/// By another browser that knows the password, which has ended this visit.
fn was_set_up_elsewhere() -> Problem {
    Problem {
        way_out: WayOut::SignIn,
        ..Problem::new(
            "The second factor was set up in another browser just now. Sign in with a code of its app.",
        )
    }
}

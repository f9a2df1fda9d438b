//! The second factor: how it stands, and the dialogs that `?factor=` in the address opens.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::factor_codes::{CodesDialog, RenewDialog};
use super::factor_dialogs::{SetUpDialog, TurnOffDialog};
use super::{close, said};
use crate::api::{
    BeginSecondFactor, RenewRecoveryCodes, TurnOffSecondFactor, TurnOnSecondFactor,
    load_second_factor,
};
use crate::browser;
use crate::console::SecondFactor;
use crate::format;
use crate::pages::done::{forget, when_done};
use crate::pages::loaded::{Asked, Loaded};
use crate::pages::problem::{FormProblem, failure};
use crate::pages::second_factor::{Keeping, fresh_codes};
use crate::ui::{Badge, SubmitButton, Toasts, Tone};

/// Of so many an account starts with; below it, new ones are suggested.
const FEW: u32 = 3;
/// In place of the way to turn it off.
pub const STAYS_ON: &str = "This service asks you for a second factor, so it stays on.";

/// What the section and its dialogs share. It outlives each of them.
#[derive(Clone, Copy)]
pub struct Factor {
    pub standing: Asked<Option<SecondFactor>>,
    pub begin: ServerAction<BeginSecondFactor>,
    pub turn_on: ServerAction<TurnOnSecondFactor>,
    pub renew: ServerAction<RenewRecoveryCodes>,
    pub turn_off: ServerAction<TurnOffSecondFactor>,
    /// Codes that are on screen, this once.
    pub codes: RwSignal<Option<Vec<String>>>,
    pub keeping: Keeping,
}

impl Factor {
    /// `on_turned_on` follows when it has been, which ends other sessions.
    pub fn new(on_turned_on: impl Fn() + 'static) -> Self {
        let factor = Factor {
            standing: Resource::new(|| (), |()| load_second_factor()),
            begin: ServerAction::new(),
            turn_on: ServerAction::new(),
            renew: ServerAction::new(),
            turn_off: ServerAction::new(),
            codes: RwSignal::new(None),
            keeping: Keeping::new(),
        };
        let toasts = Toasts::here();
        when_done(factor.begin, || go("set-up"));
        when_done(factor.turn_off, move || {
            factor.standing.refetch();
            toasts.say(said("factor-off").unwrap_or_default());
            close();
        });
        Effect::new(move |_| {
            let turned_on = factor
                .turn_on
                .value()
                .read()
                .as_ref()
                .is_some_and(Result::is_ok);
            let renewed = factor
                .renew
                .value()
                .read()
                .as_ref()
                .is_some_and(Result::is_ok);
            let made = match (turned_on, renewed) {
                (true, _) => forget(factor.turn_on),
                (_, true) => forget(factor.renew),
                _ => None,
            };
            if let Some(Ok(codes)) = made {
                factor.show(codes);
                if turned_on {
                    on_turned_on();
                }
            }
        });
        factor
    }

    fn show(self, codes: Vec<String>) {
        self.keeping.begin_anew();
        self.codes.set(Some(codes));
        self.standing.refetch();
        go("codes");
    }
}

/// Opens one of the dialogs.
fn go(dialog: &str) {
    use_navigate()(
        &format!("/settings?factor={dialog}"),
        NavigateOptions {
            scroll: false,
            ..Default::default()
        },
    );
}

#[component]
pub fn FactorSection(factor: Factor) -> impl IntoView {
    view! {
        <section class="section" aria-labelledby="factor">
            <div class="section-head">
                <h2 id="factor">"Second factor"</h2>
            </div>
            <Loaded from=factor.standing view=move |standing| match standing {
                None => view! { <FactorOff begin=factor.begin/> }.into_any(),
                Some(standing) => view! { <FactorOn standing/> }.into_any(),
            }/>
        </section>
    }
}

#[component]
fn FactorOff(begin: ServerAction<BeginSecondFactor>) -> impl IntoView {
    let problem = failure(begin);
    view! {
        <div class="card setting spread">
            <p class="hint">
                "A code of an authenticator app beside the password. Who learns your password alone does not get in."
            </p>
            <ActionForm action=begin>
                <SubmitButton label="Set up…" look="plain" busy=begin.pending()/>
            </ActionForm>
            <FormProblem problem fields=&[]/>
        </div>
    }
}

#[component]
fn FactorOn(standing: SecondFactor) -> impl IntoView {
    let left = match standing.codes_left {
        0 => "No recovery code is left.".to_owned(),
        1 => "1 recovery code is left.".to_owned(),
        left => format!("{left} recovery codes are left."),
    };
    let few = (standing.codes_left < FEW)
        .then_some(" Without them, a lost app locks you out. Make new ones.");
    let off = match standing.is_required {
        true => view! { <p class="hint">{STAYS_ON}</p> }.into_any(),
        false => view! {
            <a href="/settings?factor=off" class="button plain" data-noscroll="true">"Turn off…"</a>
        }
        .into_any(),
    };
    view! {
        <div class="card setting spread">
            <p>
                <Badge tone=Tone::Ok word="On"/>
                " Since " {format::date(standing.since_ms)} "."
            </p>
            {off}
        </div>
        <div class="card setting spread">
            <p class="hint">{left} {few}</p>
            <a href="/settings?factor=renew" class="button plain" data-noscroll="true">"New recovery codes…"</a>
        </div>
    }
}

/// The dialog that the address names.
#[component]
pub fn FactorDialogs(factor: Factor) -> impl IntoView {
    let query = use_query_map();
    let open = Memo::new(move |_| query.read().get("factor"));
    let fresh = fresh_codes();
    // Left by Back, codes that were not saved come again, once, to say so.
    Effect::new(move |_| {
        let shows = open.read().as_deref() == Some("codes");
        if !shows && factor.codes.get_untracked().is_some() {
            match factor.keeping.may_go() {
                true => factor.codes.set(None),
                false => go("codes"),
            }
        }
    });
    move || {
        match open.get().as_deref() {
        Some("set-up") => Some(view! { <SetUpDialog turn_on=factor.turn_on/> }.into_any()),
        Some("renew") => Some(view! { <RenewDialog renew=factor.renew/> }.into_any()),
        Some("off") => Some(
            view! {
                <Loaded from=factor.standing view=move |standing| {
                    let is_required = standing.is_some_and(|standing| standing.is_required);
                    view! { <TurnOffDialog turn_off=factor.turn_off is_required/> }.into_any()
                }/>
            }
            .into_any(),
        ),
        Some("codes") => Some(
            view! { <Loaded from=fresh view=move |fresh| view! { <CodesDialog factor fresh/> }.into_any()/> }
                .into_any(),
        ),
        _ => None,
    }
    }
}

/// As [`super::close`], with the focus where the section begins: what opened the dialog may be gone.
pub fn close_codes(factor: Factor) {
    if factor.keeping.may_go() {
        factor.codes.set(None);
        close();
        browser::focus("factor");
    }
}

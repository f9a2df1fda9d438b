//! Why an answer did not come, or broke off, and the way on.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::location::Url;
use wire::ErrorBody;

use crate::browser::{self, Lost, Reply};
use crate::ui::{Notice, Tone};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fault {
    pub message: String,
    /// The field of the request that is wrong: `input[2]`.
    pub param: Option<String>,
    pub request_id: Option<String>,
    pub retry_after_s: Option<u64>,
    pub way_on: WayOn,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WayOn {
    #[default]
    Again,
    SignIn,
    /// The models are others than this page knows.
    Reload,
    /// The same request would fail again.
    Change,
}

impl Fault {
    pub fn new(message: impl Into<String>) -> Self {
        Fault {
            message: message.into(),
            ..Fault::default()
        }
    }

    pub fn connection() -> Self {
        Fault::new("The connection was lost. Check it, then try again.")
    }

    /// What an answer that is no success says, and its body as it came.
    pub async fn read(reply: &mut Reply) -> Result<(Self, String), Lost> {
        let body = reply.rest().await?;
        let body = String::from_utf8_lossy(&body).into_owned();
        let about = |name: &str| reply.header(name);
        let mut fault = match serde_json::from_str::<ErrorBody>(&body) {
            Ok(ErrorBody { error }) => Fault {
                way_on: match (reply.status, error.code.as_deref()) {
                    (401, _) => WayOn::SignIn,
                    (_, Some("model_not_found")) => WayOn::Reload,
                    (400..408 | 410..429, _) => WayOn::Change,
                    _ if about("x-should-retry").as_deref() == Some("false") => WayOn::Change,
                    _ => WayOn::Again,
                },
                param: error.param,
                ..Fault::new(error.message)
            },
            Err(_) => Fault::new(format!(
                "The service answered with status {}. Try again in a moment.",
                reply.status
            )),
        };
        fault.request_id = about("x-request-id");
        let seconds = about("retry-after");
        fault.retry_after_s = seconds.and_then(|seconds| seconds.trim().parse().ok());
        Ok((fault, body))
    }
}

/// What failed and the way on, which may have to wait.
#[component]
pub fn FaultNotice(
    fault: Fault,
    /// Asks again; none where the same request can be asked no more.
    again: Option<Callback<()>>,
    /// While something runs, nothing else is asked.
    busy: Signal<bool>,
) -> impl IntoView {
    let sign_in = format!("/sign-in?next={}", Url::escape(&browser::path_and_query()));
    let way_on = match (fault.way_on, again) {
        (WayOn::SignIn, _) => view! {
            <p>
                <a href=sign_in>"Sign in"</a>
                " · What you wrote here is kept in this tab."
            </p>
        }
        .into_any(),
        (WayOn::Reload, _) => view! {
            <p>
                "Choose another model, or "
                // An empty address is this page's own.
                <a href="" rel="external">"reload the models"</a> "."
            </p>
        }
        .into_any(),
        (WayOn::Again, Some(again)) => {
            view! { <AgainButton wait=fault.retry_after_s.unwrap_or_default() again busy/> }
                .into_any()
        }
        _ => ().into_any(),
    };
    let id = fault.request_id.map(|id| {
        view! { <p class="hint">"Request " <RequestLink id/></p> }
    });
    view! {
        <Notice tone=Tone::Danger alert=true>
            <p>{fault.message}</p>
            {id}
            // Its countdown is for the eye: read out, it would interrupt each second.
            <div aria-live="off">{way_on}</div>
        </Notice>
    }
}

/// Wakes by itself once the wait is over.
#[component]
fn AgainButton(wait: u64, again: Callback<()>, busy: Signal<bool>) -> impl IntoView {
    let ready_at = browser::monotonic_ms() + wait as f64 * 1000.0;
    let left = RwSignal::new(wait);
    browser::every(Duration::from_millis(250), move || {
        let ms = (ready_at - browser::monotonic_ms()).max(0.0);
        left.set((ms / 1000.0).ceil() as u64);
    });
    let waiting = move || left.get() != 0 || busy.get();
    let words = move || match left.get() {
        0 => "Try again".to_owned(),
        seconds => format!("Try again in {seconds} s"),
    };
    view! {
        <button
            type="button"
            class="button plain small"
            disabled=waiting
            on:click=move |_| again.run(())
        >
            {words}
        </button>
    }
}

/// A request's id, which leads to what the log has of it.
#[component]
pub fn RequestLink(id: String) -> impl IntoView {
    view! { <a class="request-id" href=format!("/logs?request={id}")>{id.clone()}</a> }
}

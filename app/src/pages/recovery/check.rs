use leptos::prelude::*;
use leptos_meta::Title;

use super::asked;
use crate::pages::door::DoorFrame;

/// Says the same whether an account was found or not (`?for=` what was asked, `?outbox` where no mail is sent).
#[component]
pub fn CheckMailPage() -> impl IntoView {
    let (told, good, again) = match asked("for").as_deref() {
        Some("reset") => (
            "If an account has the e-mail address that you entered, a link to set a new password is on its way to it.",
            "It can be used once, within 30 minutes.",
            "/forgot-password",
        ),
        Some("verify") => (
            "If an account with the e-mail address that you entered waits to be verified, the link is on its way to it.",
            "It can be used once, within 24 hours.",
            "/verify-email",
        ),
        _ => (
            "We have written to the e-mail address that you entered. Follow the link in the mail, then sign in.",
            "It can be used once, within 24 hours.",
            "/verify-email",
        ),
    };
    let missing = match asked("outbox") {
        Some(_) => {
            "This service sends no mail: the link is in its outbox folder. Ask its administrator for it."
        }
        None => {
            "Nothing there? Look among spam. A link is mailed at most three times within 15 minutes."
        }
    };
    view! {
        <Title text="Check your mail"/>
        <DoorFrame title="Check your mail">
            <p>{told}</p>
            <p>{good}</p>
            <p>{missing}</p>
            <p class="aside">
                <a href="/sign-in">"Sign in"</a> " · "
                <a href=again>"Send the link again"</a>
            </p>
        </DoorFrame>
    }
}

//! What those see at `/` who are not signed in: what this is.

use leptos::prelude::*;
use leptos_meta::{Meta, Title};

use super::loaded::Loaded;
use super::no_model::NoModel;
use crate::api::load_offer;
use crate::console::{Offer, OfferedTier};
use crate::example::{KEY_VARIABLE, curl};
use crate::format;
use crate::ui::Code;

#[component]
pub fn LandingPage() -> impl IntoView {
    let offer = Resource::new(|| (), |()| load_offer());
    view! {
        <Title text="Open models behind one API"/>
        <Meta
            name="description"
            content="Call open models for chat, embeddings, moderation and rerank through an API that OpenAI's SDKs speak. Make a key, change the base URL, and go."
        />
        <div class="landing">
            <header class="landing-head">
                <h1>"Open models behind an OpenAI-compatible API"</h1>
                <p>
                    "Chat, embeddings, moderation and rerank. Keep your SDK: change its base URL and its key, and your code runs here."
                </p>
                <p class="landing-ways">
                    <a href="/sign-up" class="button primary">"Create an account"</a>
                    <a href="/docs" class="button plain">"Read the docs"</a>
                </p>
            </header>
            <Loaded from=offer view=|offer| view! { <OfferShown offer/> }.into_any()/>
        </div>
    }
}

#[component]
fn OfferShown(offer: Offer) -> impl IntoView {
    let Offer {
        base_url,
        model,
        tiers,
    } = offer;
    let example = match model {
        Some(model) => {
            let command = curl(&base_url, &model, KEY_VARIABLE);
            view! {
                <p class="hint">
                    "Once you have a key, this works as it stands, with " <code>"ASSISTERS_API_KEY"</code> " set to it."
                </p>
                <Code label="curl" text=Signal::stored(command)/>
            }
            .into_any()
        }
        None => view! { <NoModel/> }.into_any(),
    };
    view! {
        <section class="section" aria-labelledby="call">
            <h2 id="call">"One request"</h2>
            {example}
        </section>
        <section class="section" aria-labelledby="tiers">
            <h2 id="tiers">"Tiers"</h2>
            <TierTable tiers/>
            <p class="hint">
                "Limits count over any 60 seconds, for all keys of an account together. "
                <a href="/docs/rate-limits">"How they work"</a>
            </p>
        </section>
    }
}

#[component]
fn TierTable(tiers: Vec<OfferedTier>) -> impl IntoView {
    let rows = tiers.into_iter().map(|OfferedTier { name, limits }| {
        let cell = |limit: Option<u64>| limit.map_or("set per account".to_owned(), format::count);
        let figure = if limits.is_some() {
            "number"
        } else {
            "number unset"
        };
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class=figure>{cell(limits.map(|(requests, _)| requests))}</td>
                <td class=figure>{cell(limits.map(|(_, tokens)| tokens))}</td>
            </tr>
        }
    });
    view! {
        <div class="card table-card">
            <table class="table">
                <caption class="visually-hidden">"Limits of each tier"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Tier"</th>
                        <th scope="col" class="number">"Requests per minute"</th>
                        <th scope="col" class="number">"Tokens per minute"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

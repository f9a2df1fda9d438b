use leptos::prelude::*;

use super::{HERE, close};
use crate::api::read_mail;
use crate::pages::loaded::Loaded;
use crate::pages::way_back::BackLink;
use crate::ui::Dialog;

/// One mail's text.
#[component]
pub fn ReadDialog(id: String) -> impl IntoView {
    let mail = Resource::new(move || id.clone(), read_mail);
    view! {
        <Dialog title=Signal::stored("Mail".to_owned()) on_close=Callback::new(|()| close())>
            <Loaded from=mail view=|text| view! { <pre class="mail-text" tabindex="0" aria-label="Text">{text}</pre> }.into_any()/>
            <div class="actions">
                <BackLink to=HERE label="Close"/>
            </div>
        </Dialog>
    }
}

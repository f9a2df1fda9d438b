use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::{KeepLog, PrepareExport};
use crate::browser;
use crate::pages::done::when_done;
use crate::pages::problem::{FormProblem, failure};
use crate::ui::SubmitButton;

/// What is kept, for how long, and a copy of it all.
#[component]
pub fn DataSection(days: u32, offered: Vec<u32>, keep: ServerAction<KeepLog>) -> impl IntoView {
    let problem = failure(keep);
    let export = ServerAction::<PrepareExport>::new();
    let unready = failure(export);
    when_done(export, || browser::leave_to("/settings/export"));
    let options = offered
        .into_iter()
        .map(|offer| {
            view! {
                <option value=offer.to_string() selected=offer == days>
                    {format!("{offer} days")}
                </option>
            }
        })
        .collect_view();
    view! {
        <section class="section" aria-labelledby="data">
            <div class="section-head">
                <h2 id="data">"Data"</h2>
            </div>
            <div class="card setting">
                <ActionForm action=keep attr:class="form-row">
                    <div class="field">
                        <label for="days">"Keep the request log"</label>
                        <select id="days" name="days" aria-describedby="days-help">
                            {options}
                        </select>
                    </div>
                    <SubmitButton label="Save" look="plain" busy=keep.pending()/>
                    <FormProblem problem fields=&[]/>
                </ActionForm>
                <p class="hint" id="days-help">
                    "Requests that are older are deleted for good. The figures on the usage page stay. The log holds no prompts and no answers."
                </p>
            </div>
            <div class="card setting spread">
                <p class="hint">
                    "Account, keys without their secrets, sessions, settings, usage by the hour, the request log and the audit log, as one JSON file."
                </p>
                <ActionForm action=export>
                    <SubmitButton label="Export my data" look="plain" busy=export.pending()/>
                </ActionForm>
                <FormProblem problem=unready fields=&[]/>
            </div>
            <div class="card setting spread">
                <p class="hint">"Sign-ins, keys, settings: who did what to this account, and from where. Kept for a year, also if the account is deleted."</p>
                <a href="/audit-log" class="button plain">"Audit log"</a>
            </div>
        </section>
    }
}

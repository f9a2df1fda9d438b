use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::entry::{Act, Entry, always, of_docs, of_keys};
use super::list::Keys;
use super::rank::rank;
use crate::api::{list_docs, list_keys};
use crate::browser;
use crate::console::Appearance;
use crate::frame::AccountState;
use crate::frame::shortcuts::Sheet;
use crate::ui::Dialog;

const LIST: &str = "palette-list";
/// More are not looked through.
const MOST: usize = 40;

fn id_of(at: usize) -> String {
    format!("palette-{at}")
}

/// Everything that can be done, found by typing: a combobox as ARIA's authoring practices have it.
#[component]
pub fn Palette(sheet: RwSignal<Option<Sheet>>) -> impl IntoView {
    let AccountState(overview) = expect_context();
    let overview = overview.get_untracked().and_then(Result::ok);
    let is_admin = overview.is_some_and(|overview| overview.is_admin);
    let (typed, set_typed) = signal(String::new());
    let at = RwSignal::new(0_usize);
    let (found, failed) = found(
        typed,
        always(is_admin, browser::appearance_here().shortcuts),
    );
    let close = Callback::new(move |()| sheet.set(None));
    let navigate = use_navigate();
    let act = Callback::new(move |act: Act| {
        if act != Act::ListKeys {
            close.run(());
        }
        match act {
            Act::Go(place) => {
                browser::forget_opener();
                navigate(&place, NavigateOptions::default());
            }
            Act::Show(theme) => browser::show_appearance(Appearance {
                theme,
                ..browser::appearance_here()
            }),
            Act::Switch(shortcuts) => browser::show_appearance(Appearance {
                shortcuts,
                ..browser::appearance_here()
            }),
            Act::ListKeys => sheet.set(Some(Sheet::Shortcuts)),
            Act::SignOut => browser::click("sign-out"),
        }
    });
    let on_key = move |event: ev::KeyboardEvent| {
        let count = found.read_untracked().len();
        let now = at.get_untracked();
        let next = match event.key().as_str() {
            "ArrowDown" if count > 0 => (now + 1) % count,
            "ArrowUp" if count > 0 => (now + count - 1) % count,
            // Of an input method, which has it for itself.
            "Enter" if !event.is_composing() => {
                event.prevent_default();
                if let Some(entry) = found.get_untracked().get(now) {
                    act.run(entry.act.clone());
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        at.set(next);
        browser::bring_into_view(&id_of(next));
    };
    let active = move || (!found.read().is_empty()).then(|| id_of(at.get()));
    view! {
        <Dialog title="Command palette" on_close=close closedby="any">
            <div class="palette">
                <input
                    class="palette-input"
                    type="text"
                    role="combobox"
                    aria-label="Find a page, an action, a key or docs"
                    aria-autocomplete="list"
                    aria-expanded="true"
                    aria-controls=LIST
                    aria-activedescendant=active
                    placeholder="Type a command or a name…"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    on:input:target=move |event| {
                        at.set(0);
                        set_typed.set(event.target().value());
                    }
                    on:keydown=on_key
                />
                <Options found at act/>
                <p class="hint" hidden=move || !failed.get()>
                    "Your keys could not be read. Open the palette again to try once more."
                </p>
            </div>
        </Dialog>
    }
}

#[component]
fn Options(found: Memo<Vec<Entry>>, at: RwSignal<usize>, act: Callback<Act>) -> impl IntoView {
    let option = move |(place, entry): (usize, Entry)| {
        let Entry {
            name,
            kind,
            keys,
            act: does,
        } = entry;
        view! {
            <li
                id=id_of(place)
                role="option"
                aria-selected=move || if at.get() == place { "true" } else { "false" }
                on:pointermove=move |_| {
                    if at.get_untracked() != place {
                        at.set(place);
                    }
                }
                on:click=move |_| act.run(does.clone())
            >
                <span class="palette-name">{name}</span>
                <span class="hint">{kind}</span>
                {keys.map(|keys| view! { <span class="palette-keys"><Keys keys/></span> })}
            </li>
        }
    };
    let options = move || {
        found
            .get()
            .into_iter()
            .enumerate()
            .map(option)
            .collect_view()
    };
    let told = move || match found.read().len() {
        0 => "Nothing is called so.".to_owned(),
        1 => "1 match".to_owned(),
        MOST => format!("The first {MOST} matches"),
        count => format!("{count} matches"),
    };
    view! {
        <ul id=LIST role="listbox" aria-label="Matches">{options}</ul>
        <p class="hint palette-count" role="status">{told}</p>
    }
}

/// What is found for what is typed, and whether something could not be asked for. Keys and docs join once they have come.
fn found(typed: ReadSignal<String>, entries: Vec<Entry>) -> (Memo<Vec<Entry>>, RwSignal<bool>) {
    let failed = RwSignal::new(false);
    let first = entries.len();
    let entries = RwSignal::new(entries);
    spawn_local(async move {
        if let Ok(docs) = list_docs().await {
            entries.try_update(|entries| entries.extend(of_docs(docs)));
        }
    });
    spawn_local(async move {
        match list_keys().await {
            Ok(keys) => {
                let keys = of_keys(keys);
                // Before the docs, whichever came first.
                entries.try_update(|entries| entries.splice(first..first, keys).count());
            }
            Err(_) => {
                failed.try_set(true);
            }
        }
    });
    let found = Memo::new(move |_| {
        let entries = entries.read();
        let typed = typed.read();
        // Nothing typed: what is always there.
        let looked_through = match typed.trim() {
            "" => first,
            _ => entries.len(),
        };
        let names = entries.iter().take(looked_through);
        let places = rank(&typed, names.map(|entry| entry.name.as_str()));
        let found = places.into_iter().take(MOST);
        found.map(|at| entries[at].clone()).collect::<Vec<_>>()
    });
    (found, failed)
}

use leptos::prelude::*;

use crate::console::Totals;
use crate::format;
use crate::ui::Tile;

/// The four figures that stand for any span of time.
#[component]
pub fn TotalTiles(totals: Totals) -> impl IntoView {
    let Totals {
        requests,
        errors,
        input_tokens,
        output_tokens,
    } = totals;
    view! {
        <dl class="tiles">
            <Tile label="Requests" figure=format::short(requests) exact=format::count(requests)/>
            <Tile label="Input tokens" figure=format::short(input_tokens) exact=format::count(input_tokens)/>
            <Tile label="Output tokens" figure=format::short(output_tokens) exact=format::count(output_tokens)/>
            <Tile
                label="Errors"
                figure=format::short(errors)
                exact=format::count(errors)
                hint=format::percent(errors, requests)
            />
        </dl>
    }
}

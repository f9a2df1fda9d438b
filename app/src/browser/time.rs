//! Clocks.

use std::time::Duration;

use leptos::prelude::*;

/// Unix milliseconds, once a minute's part has passed again. `None` on the server and while the page is being
/// hydrated: what depends on the present must not differ between the two.
pub fn now() -> Signal<Option<i64>> {
    let (now, set_now) = signal(None);
    Effect::new(move |_| set_now.set(Some(js_sys::Date::now() as i64)));
    every(Duration::from_secs(20), move || {
        set_now.set(Some(js_sys::Date::now() as i64))
    });
    now.into()
}

/// Does `act` again and again in the browser, as long as the current owner lives.
pub fn every(period: Duration, act: impl Fn() + Clone + 'static) {
    Effect::new(move |_| {
        if let Ok(ticking) = set_interval_with_handle(act.clone(), period) {
            on_cleanup(move || ticking.clear());
        }
    });
}

/// Milliseconds of a clock that never jumps, for durations.
pub fn monotonic_ms() -> f64 {
    window()
        .performance()
        .map(|performance| performance.now())
        .unwrap_or_default()
}

/// The time of day: `12:04 UTC`.
pub fn clock() -> String {
    let now = js_sys::Date::new_0();
    format!(
        "{:02}:{:02} UTC",
        now.get_utc_hours(),
        now.get_utc_minutes()
    )
}

pub fn unix_seconds() -> i64 {
    (js_sys::Date::now() / 1000.0) as i64
}

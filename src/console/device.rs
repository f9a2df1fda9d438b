//! The cookie by which a browser is known again that an account has signed in with before.

use axum::http::{HeaderMap, HeaderValue, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::throttle::Device;

/// A browser forgets it no sooner than we do (180 days), and no browser keeps one for longer than 400.
const AGE_SECONDS: u32 = 400 * 24 * 3_600;

/// Over https `__Host-` keeps other hosts of the domain from setting it.
fn name(https: bool) -> &'static str {
    match https {
        true => "__Host-assisters-device",
        false => "assisters-device",
    }
}

/// What the browser shows.
pub(super) fn shown(headers: &HeaderMap, https: bool) -> Option<Device> {
    let sent = headers.get_all(header::COOKIE).iter();
    let mut cookies = sent
        .filter_map(|sent| sent.to_str().ok())
        .flat_map(|sent| sent.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='));
    let (_, value) = cookies.find(|(told, _)| *told == name(https))?;
    Device::parse(value)
}

/// Gives it to the browser with the answer. It is sent back by our own pages alone.
pub(super) fn give(device: &Device, https: bool) {
    let secure = if https { "; Secure" } else { "" };
    let cookie = format!(
        "{}={}; HttpOnly; SameSite=Strict; Path=/; Max-Age={AGE_SECONDS}{secure}",
        name(https),
        device.expose()
    );
    let (Some(response), Ok(cookie)) = (
        use_context::<ResponseOptions>(),
        HeaderValue::try_from(cookie),
    ) else {
        return;
    };
    response.append_header(header::SET_COOKIE, cookie);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_among_others_and_what_cannot_be_one_is_none() {
        let value = "A".repeat(43);
        let found = |cookies: &[&str], https| {
            let sent = cookies
                .iter()
                .map(|sent| (header::COOKIE, sent.parse().unwrap()));
            shown(&sent.collect(), https).map(|device| device.expose().to_owned())
        };
        let plain = format!("a=b; assisters-device={value};c=d");
        assert_eq!(found(&[&plain], false).as_deref(), Some(value.as_str()));
        assert_eq!(
            found(&["a=b", &plain], false).as_deref(),
            Some(value.as_str())
        );
        assert_eq!(found(&[&plain], true), None);
        let secure = format!("__Host-{}", &plain[5..]);
        assert_eq!(found(&[&secure], true).as_deref(), Some(value.as_str()));
        for wrong in [
            "",
            "x",
            "assisters-device",
            "assisters-device=",
            "assisters-device=short",
        ] {
            assert_eq!(found(&[wrong], false), None, "{wrong}");
        }
    }
}

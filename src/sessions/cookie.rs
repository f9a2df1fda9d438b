//! The cookie that names a session.

use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, SessionManagerLayer};

use super::{IDLE, Store};

/// Puts a session into every request. With `secure`, the cookie travels over https alone, and `__Host-` keeps other
/// hosts of the domain from setting it.
pub fn layer(store: Store, secure: bool) -> SessionManagerLayer<Store> {
    let idle = Duration::try_from(IDLE).unwrap_or(Duration::MAX);
    SessionManagerLayer::new(store)
        .with_name(if secure {
            "__Host-assisters"
        } else {
            "assisters"
        })
        .with_secure(secure)
        .with_http_only(true)
        // Lax: a link from elsewhere finds the user signed in, a form posted from elsewhere does not.
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(idle))
}

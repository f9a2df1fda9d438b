//! The server that takes our mail, if there is one: it is spoken to, and no mail is sent.

use super::Finding;
use crate::config::Config;
use crate::mail::{OUTBOX, answers};
use crate::print::sentence;

const NAME: &str = "mail";

pub(super) async fn mail(config: &Config) -> Finding {
    let Some(smtp) = &config.mail.smtp else {
        let folder = config.data_dir.join(OUTBOX);
        let seen = format!(
            "no smtp.url is set: mails are left as files in {}",
            folder.display()
        );
        return Finding::ok(NAME, seen);
    };
    match answers(smtp).await {
        Ok(true) if config.public_url.is_none() => Finding::warning(
            NAME,
            format!("{smtp} takes our mail, with links that lead to this machine alone"),
            "set public_url to what users type",
        ),
        Ok(true) => Finding::ok(NAME, format!("{smtp} takes our mail")),
        Ok(false) => Finding::failed(
            NAME,
            format!("{smtp} does not answer as a mail server does"),
            "correct smtp.url",
        ),
        Err(error) => Finding::failed(
            NAME,
            format!("{smtp}: {}", sentence(&error)),
            "start it, or correct the host, the port, the name or the password in smtp.url",
        ),
    }
}

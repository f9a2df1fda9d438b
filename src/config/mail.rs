//! How mail leaves: by which server, in whose name.

use std::fmt;

use lettre::Address;
use lettre::message::Mailbox;
use url::Url;

use super::ConfigError;
use super::settings::Settings;

/// Of `smtp.url` and `mail.from`.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Without one, mails are left as files in the data directory.
    pub smtp: Option<SmtpSettings>,
    pub from: Mailbox,
}

/// The server that takes our mail.
#[derive(Clone)]
pub struct SmtpSettings {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    /// Who logs in there, and with which password.
    pub login: Option<(String, String)>,
}

/// When a connection becomes one that nobody can read or change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// From its first byte on.
    AtOnce,
    /// Before anything is told (STARTTLS); a server that cannot is told nothing.
    Required,
    /// Never: for a relay on this machine, or behind the same wall.
    None,
}

/// As RFC 8314 has the ports, and RFC 6409 before it.
const SUBMISSIONS: u16 = 465;
const SUBMISSION: u16 = 587;

const SMTP_EXPECTED: &str = "smtps://user:password@host:465, or smtp://user:password@host:587, which wants \
     STARTTLS; smtp://host:25?tls=none for a relay that knows neither TLS nor passwords";
const FROM_EXPECTED: &str =
    "an address such as Assisters <assisters@example.com>, which mail by SMTP is sent from";

pub(super) fn read(settings: &Settings) -> Result<MailSettings, ConfigError> {
    let smtp = settings.unshown("smtp.url", SMTP_EXPECTED, SmtpSettings::parse)?;
    let from = settings.parse("mail.from", FROM_EXPECTED)?;
    let from = match (from, &smtp) {
        (Some(from), _) => from,
        (None, None) => nobody(),
        (None, Some(_)) => {
            return Err(ConfigError::Value {
                origin: "mail.from".to_owned(),
                value: String::new(),
                expected: FROM_EXPECTED,
            });
        }
    };
    Ok(MailSettings { smtp, from })
}

/// Whose mails go no further than a folder.
fn nobody() -> Mailbox {
    let address = Address::new_dangerous("assisters", "localhost");
    Mailbox::new(Some("Assisters".to_owned()), address)
}

impl Default for MailSettings {
    fn default() -> Self {
        MailSettings {
            smtp: None,
            from: nobody(),
        }
    }
}

impl SmtpSettings {
    /// A password is never told to a connection that others can read, nor to one that they could make so: there is no
    /// `tls=opportunistic`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let host = url.host_str().filter(|host| !host.is_empty())?.to_owned();
        let options: Vec<_> = url.query_pairs().collect();
        let tls = match (url.scheme(), &options[..]) {
            ("smtps", []) => SmtpTls::AtOnce,
            ("smtp", []) => SmtpTls::Required,
            ("smtp", [(name, value)]) if name == "tls" => match value.as_ref() {
                "required" => SmtpTls::Required,
                "none" => SmtpTls::None,
                _ => return None,
            },
            _ => return None,
        };
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            ("", _) | (_, None) => return None,
            _ if tls == SmtpTls::None => return None,
            (user, Some(password)) => Some((plain(user)?, plain(password)?)),
        };
        let is_bare = matches!(url.path(), "" | "/") && url.fragment().is_none();
        is_bare.then_some(SmtpSettings {
            port: url.port().unwrap_or(match tls {
                SmtpTls::AtOnce => SUBMISSIONS,
                _ => SUBMISSION,
            }),
            host,
            tls,
            login,
        })
    }
}

/// What stands in an address with `%40` for `@`.
fn plain(part: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(part).decode_utf8();
    decoded.ok().map(Into::into)
}

/// Its address, without who logs in there.
impl fmt::Display for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpSettings({self}, {:?})", self.tls)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(text: &str) -> Result<MailSettings, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("assisters.toml");
        fs::write(&file, text).unwrap();
        super::read(&Settings::from_file(&file)?)
    }

    #[test]
    fn addresses_of_servers_are_read() {
        let read = |text| {
            let SmtpSettings {
                host,
                port,
                tls,
                login,
            } = SmtpSettings::parse(text).unwrap();
            (host, port, tls, login)
        };
        let ada = Some(("ada@x.org".to_owned(), "p@ss/w".to_owned()));
        assert_eq!(
            read("smtps://ada%40x.org:p%40ss%2Fw@mail.x.org"),
            ("mail.x.org".into(), 465, SmtpTls::AtOnce, ada.clone())
        );
        assert_eq!(
            read("smtp://ada%40x.org:p%40ss%2Fw@mail.x.org:2525?tls=required"),
            ("mail.x.org".into(), 2525, SmtpTls::Required, ada)
        );
        assert_eq!(
            read("smtp://mail.x.org"),
            ("mail.x.org".into(), 587, SmtpTls::Required, None)
        );
        assert_eq!(
            read("smtp://127.0.0.1:25?tls=none"),
            ("127.0.0.1".into(), 25, SmtpTls::None, None)
        );
    }

    #[test]
    fn what_would_tell_a_password_to_all_or_is_none_is_refused() {
        for wrong in [
            "",
            "mail.x.org:25",
            "http://mail.x.org",
            "smtp://",
            "smtp://a:b@mail.x.org?tls=none",
            "smtp://a:b@mail.x.org?tls=opportunistic",
            "smtps://a:b@mail.x.org?tls=none",
            "smtp://a@mail.x.org",
            "smtp://:b@mail.x.org",
            "smtp://mail.x.org/inbox",
        ] {
            assert!(SmtpSettings::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn who_logs_in_is_never_shown() {
        let settings = SmtpSettings::parse("smtps://ada:s3cret@mail.x.org").unwrap();
        let shown = format!("{settings} {settings:?}");
        assert!(
            !shown.contains("ada") && !shown.contains("s3cret"),
            "{shown}"
        );
    }

    #[test]
    fn a_mail_server_needs_a_sender_and_is_not_shown_where_it_is_wrong() {
        let refused = read("[smtp]\nurl = 'smtp://ada:s3cret@x.org?tls=none'").unwrap_err();
        let said = refused.to_string();
        assert!(
            said.contains("smtp.url") && said.contains("smtps://user"),
            "{said}"
        );
        assert!(!said.contains("s3cret"), "{said}");
        let url = "[smtp]\nurl = 'smtps://ada:s3cret@x.org'\n";
        let refused = read(url).unwrap_err().to_string();
        assert!(refused.contains("mail.from"), "{refused}");
        let refused = read(&format!("{url}[mail]\nfrom = 'a b'")).unwrap_err();
        assert!(refused.to_string().contains("mail.from"), "{refused}");
        let read = read(&format!("{url}[mail]\nfrom = 'Ours <ada@x.org>'")).unwrap();
        assert_eq!(read.from.to_string(), "Ours <ada@x.org>");
        assert!(!format!("{read:?}").contains("s3cret"));
    }
}

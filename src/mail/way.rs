//! The ways that a mail can go: to a server, or into a folder.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::{self, AsyncSmtpTransport};
use lettre::{Address, AsyncTransport, Message, Tokio1Executor};
use tokio::fs;
use tokio::io::AsyncWriteExt;

use super::store::WholeMail;
use crate::config::{MailSettings, SmtpSettings, SmtpTls};
use crate::ids::MailId;
use crate::print::sentence;

/// The folder in the data directory.
pub const OUTBOX: &str = "outbox";
/// How long a server may take over each of its answers.
const SERVER_ANSWERS: Duration = Duration::from_secs(20);

/// Characters, by RFC 5322 (2.1.1).
const MOST_OF_A_LINE: usize = 998;

type Server = AsyncSmtpTransport<Tokio1Executor>;

pub(super) struct Way {
    from: Mailbox,
    to: Destination,
}

enum Destination {
    Server(Server),
    Folder(PathBuf),
}

#[derive(Debug, thiserror::Error)]
pub enum WayError {
    #[error("smtp.url names a server that TLS cannot be spoken with")]
    Tls(#[source] smtp::Error),
}

/// Why a mail has not gone.
#[derive(Debug)]
pub(super) struct Undelivered {
    pub(super) told: String,
    /// Nothing would be otherwise the next time.
    pub(super) is_final: bool,
}

/// Whether the server takes our name and password.
pub async fn answers(settings: &SmtpSettings) -> Result<bool, smtp::Error> {
    server(settings)?.test_connection().await
}

fn server(settings: &SmtpSettings) -> Result<Server, smtp::Error> {
    let parameters = || TlsParameters::new(settings.host.clone());
    let tls = match settings.tls {
        SmtpTls::AtOnce => Tls::Wrapper(parameters()?),
        SmtpTls::Required => Tls::Required(parameters()?),
        SmtpTls::None => Tls::None,
    };
    let mut server = Server::builder_dangerous(&settings.host)
        .port(settings.port)
        .tls(tls)
        .timeout(Some(SERVER_ANSWERS));
    if let Some((user, password)) = &settings.login {
        server = server.credentials(Credentials::new(user.clone(), password.clone()));
    }
    Ok(server.build())
}

impl Way {
    pub(super) fn new(settings: &MailSettings, data_dir: &Path) -> Result<Self, WayError> {
        let to = match &settings.smtp {
            Some(settings) => Destination::Server(server(settings).map_err(WayError::Tls)?),
            None => Destination::Folder(data_dir.join(OUTBOX)),
        };
        let from = settings.from.clone();
        Ok(Way { from, to })
    }

    pub(super) fn is_sent(&self) -> bool {
        matches!(self.to, Destination::Server(_))
    }

    /// Where mails lie that go no further.
    pub(super) fn folder(&self) -> Option<&Path> {
        match &self.to {
            Destination::Server(_) => None,
            Destination::Folder(folder) => Some(folder),
        }
    }

    pub(super) async fn deliver(&self, mail: &WholeMail) -> Result<(), Undelivered> {
        let message = self.message(mail)?;
        match &self.to {
            Destination::Server(server) => {
                server.send(message).await.map_err(|error| Undelivered {
                    is_final: is_final(&error),
                    told: sentence(&error),
                })?;
            }
            Destination::Folder(folder) => {
                let file = file(folder, &mail.id);
                let written = write(folder, &file, &message.formatted()).await;
                written.map_err(|error| Undelivered {
                    told: format!("{} cannot be written: {error}", file.display()),
                    is_final: false,
                })?;
                tracing::info!(file = %file.display(), "a mail lies in the outbox folder");
            }
        }
        Ok(())
    }

    /// As RFC 5322 has it. Every header is built from checked parts, so that no address can bring a line of its own.
    /// `Auto-Submitted` (RFC 3834) keeps away answers of machines.
    fn message(&self, mail: &WholeMail) -> Result<Message, Undelivered> {
        let never = |told: String| Undelivered {
            told,
            is_final: true,
        };
        let to: Address = mail.recipient.parse().map_err(|error| {
            never(format!(
                "the address is not one that mail can carry: {error}"
            ))
        })?;
        let created = Duration::from_millis(u64::try_from(mail.created.0).unwrap_or(0));
        let made_by_machine = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&mail.subject)
            .date(
                UNIX_EPOCH
                    .checked_add(created)
                    .unwrap_or(SystemTime::UNIX_EPOCH),
            )
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .raw_header(HeaderValue::new(
                made_by_machine,
                "auto-generated".to_owned(),
            ))
            .singlepart(
                SinglePart::builder()
                    .header(ContentType::TEXT_PLAIN)
                    .body(body(mail.text())),
            )
            .map_err(|error| never(sentence(&error)))
    }

    /// Removes a mail's file, if it has one.
    pub(super) async fn erase(&self, id: &MailId) {
        let Some(folder) = self.folder() else {
            return;
        };
        match fs::remove_file(file(folder, id)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!(%error, "a mail's file could not be removed");
            }
            _ => {}
        }
    }
}

/// Left as it is where it is ASCII, however long a link: a file is read as it lies, too.
fn body(text: String) -> Body {
    let is_plain = text.is_ascii() && text.lines().all(|line| line.len() <= MOST_OF_A_LINE);
    if !is_plain {
        return Body::new(text);
    }
    let text = text.replace('\n', "\r\n").into_bytes();
    Body::dangerous_pre_encoded(text, ContentTransferEncoding::SevenBit)
}

/// What a server refuses for good (RFC 5321, 4.2.1), unless it refuses ourselves: then the settings are to be mended.
fn is_final(error: &smtp::Error) -> bool {
    let status = error.status().map(u16::from);
    error.is_permanent() && !matches!(status, Some(530 | 534 | 535 | 538))
}

fn file(folder: &Path, id: &MailId) -> PathBuf {
    folder.join(format!("{id}.eml"))
}

/// For the service's user alone; whoever reads the folder finds whole files only.
async fn write(folder: &Path, file: &Path, text: &[u8]) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(folder).await?;
    let unfinished = file.with_extension("part");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut open = options.open(&unfinished).await?;
    open.write_all(text).await?;
    open.sync_all().await?;
    fs::rename(&unfinished, file).await
}

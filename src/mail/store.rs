//! The tables `mails` and `mail_links`.

use sqlx::any::AnyRow;
use sqlx::{Error, Row};

use super::letter::BLANK;
use super::link::Secret;
use super::{Bearer, Item, Purpose};
use crate::clock::UnixMs;
use crate::db::Db;
use crate::ids::{AccountId, MailId};

pub(super) struct NewMail<'a> {
    pub(super) id: MailId,
    pub(super) account: &'a AccountId,
    pub(super) purpose: Purpose,
    pub(super) recipient: &'a str,
    pub(super) subject: &'a str,
    pub(super) body: String,
    pub(super) secret: Option<&'a Secret>,
    pub(super) created: UnixMs,
    pub(super) until: UnixMs,
    /// It is not written if there are so many of its kind since then.
    pub(super) most: i64,
    pub(super) spell_from: UnixMs,
}

/// A mail that is to go out.
pub(super) struct WholeMail {
    pub(super) id: MailId,
    pub(super) recipient: String,
    pub(super) subject: String,
    /// With a blank for the secret.
    pub(super) body: String,
    secret: Option<String>,
    pub(super) tries: u32,
    pub(super) created: UnixMs,
    due: UnixMs,
    pub(super) until: UnixMs,
    pub(super) last_error: Option<String>,
}

impl WholeMail {
    /// As it is written to whom it is for.
    pub(super) fn text(&self) -> String {
        match &self.secret {
            Some(secret) => self.body.replacen(BLANK, secret, 1),
            None => self.body.clone(),
        }
    }
}

/// Writes the mail and its link in one step, unless there are too many of its kind; says whether it did.
pub(super) async fn insert(db: &Db, mail: &NewMail<'_>) -> Result<bool, Error> {
    let mut transaction = db.begin().await?;
    let done = sqlx::query(
        "INSERT INTO mails (id, account_id, purpose, recipient, subject, body, secret, state, tries, created_ms, due_ms, until_ms)
         SELECT $1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $8, $8, $9
         WHERE (SELECT COUNT(*) FROM mails WHERE recipient = $4 AND purpose = $3 AND created_ms > $10) < $11
             AND (SELECT COUNT(*) FROM mails WHERE account_id = $2 AND purpose = $3 AND created_ms > $10) < $11",
    )
    .bind(mail.id.as_str())
    .bind(mail.account.as_str())
    .bind(mail.purpose.as_str())
    .bind(mail.recipient)
    .bind(mail.subject)
    .bind(&mail.body)
    .bind(mail.secret.map(|secret| secret.expose().to_owned()))
    .bind(mail.created.0)
    .bind(mail.until.0)
    .bind(mail.spell_from.0)
    .bind(mail.most)
    .execute(&mut *transaction)
    .await?;
    let is_written = done.rows_affected() == 1;
    if let Some(secret) = mail.secret.filter(|_| is_written) {
        sqlx::query(
            "INSERT INTO mail_links (secret_hash, account_id, purpose, address, expires_ms) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (account_id, purpose) DO UPDATE SET
                 secret_hash = excluded.secret_hash, address = excluded.address, expires_ms = excluded.expires_ms",
        )
        .bind(secret.hash())
        .bind(mail.account.as_str())
        .bind(mail.purpose.as_str())
        .bind(mail.recipient)
        .bind(mail.until.0)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(is_written)
}

pub(super) async fn find_link(
    db: &Db,
    secret: &Secret,
    purpose: Purpose,
    now: UnixMs,
) -> Result<Option<Bearer>, Error> {
    let row = sqlx::query(
        "SELECT account_id, address FROM mail_links WHERE secret_hash = $1 AND purpose = $2 AND expires_ms > $3",
    )
    .bind(secret.hash())
    .bind(purpose.as_str())
    .bind(now.0)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(bearer).transpose()
}

/// One statement, so that of many who try one succeeds.
pub(super) async fn redeem(
    db: &Db,
    secret: &Secret,
    purpose: Purpose,
    now: UnixMs,
) -> Result<Option<Bearer>, Error> {
    let row = sqlx::query(
        "DELETE FROM mail_links WHERE secret_hash = $1 AND purpose = $2 AND expires_ms > $3
         RETURNING account_id, address",
    )
    .bind(secret.hash())
    .bind(purpose.as_str())
    .bind(now.0)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(bearer).transpose()
}

fn bearer(row: &AnyRow) -> Result<Bearer, Error> {
    Ok(Bearer {
        account: AccountId::from_stored(&row.try_get::<String, _>("account_id")?),
        address: row.try_get("address")?,
    })
}

pub(super) async fn void(db: &Db, account: &AccountId) -> Result<(), Error> {
    sqlx::query("DELETE FROM mail_links WHERE account_id = $1")
        .bind(account.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn due(db: &Db, now: UnixMs) -> Result<Option<WholeMail>, Error> {
    let row = sqlx::query(
        "SELECT id, recipient, subject, body, secret, tries, created_ms, due_ms, until_ms, last_error FROM mails
         WHERE state = 'waiting' AND due_ms <= $1 ORDER BY due_ms, id LIMIT 1",
    )
    .bind(now.0)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(whole).transpose()
}

pub(super) async fn find_whole(db: &Db, id: &MailId) -> Result<Option<WholeMail>, Error> {
    let row = sqlx::query(
        "SELECT id, recipient, subject, body, secret, tries, created_ms, due_ms, until_ms, last_error FROM mails
         WHERE id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(db)
    .await?;
    row.as_ref().map(whole).transpose()
}

/// Puts the mail off until `until` for all others; `false` if one of them was first.
pub(super) async fn lease(db: &Db, mail: &WholeMail, until: UnixMs) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE mails SET due_ms = $3 WHERE id = $1 AND state = 'waiting' AND due_ms = $2",
    )
    .bind(mail.id.as_str())
    .bind(mail.due.0)
    .bind(until.0)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What has gone to a server has its secret where it belongs, and no longer here.
pub(super) async fn sent(
    db: &Db,
    id: &MailId,
    tries: u32,
    now: UnixMs,
    keeps_secret: bool,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE mails SET state = 'sent', tries = $2, sent_ms = $3, last_error = NULL,
             secret = CASE WHEN $4 = 1 THEN secret ELSE NULL END WHERE id = $1",
    )
    .bind(id.as_str())
    .bind(i64::from(tries))
    .bind(now.0)
    .bind(i64::from(keeps_secret))
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn put_off(
    db: &Db,
    id: &MailId,
    tries: u32,
    due: UnixMs,
    told: &str,
) -> Result<(), Error> {
    sqlx::query("UPDATE mails SET tries = $2, due_ms = $3, last_error = $4 WHERE id = $1")
        .bind(id.as_str())
        .bind(i64::from(tries))
        .bind(due.0)
        .bind(told)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn give_up(db: &Db, id: &MailId, tries: u32, told: &str) -> Result<(), Error> {
    sqlx::query("UPDATE mails SET state = 'failed', tries = $2, last_error = $3 WHERE id = $1")
        .bind(id.as_str())
        .bind(i64::from(tries))
        .bind(told)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn retry(db: &Db, id: &MailId, now: UnixMs, until: UnixMs) -> Result<(), Error> {
    sqlx::query(
        "UPDATE mails SET state = 'waiting', due_ms = $2, until_ms = $3 WHERE id = $1 AND state <> 'sent'",
    )
    .bind(id.as_str())
    .bind(now.0)
    .bind(until.0)
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn delete(db: &Db, id: &MailId) -> Result<bool, Error> {
    let done = sqlx::query("DELETE FROM mails WHERE id = $1")
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn list(db: &Db, most: u32) -> Result<Vec<Item>, Error> {
    let rows = sqlx::query(
        "SELECT id, purpose, recipient, subject, state, tries, created_ms, due_ms, until_ms, sent_ms, last_error
         FROM mails ORDER BY CASE WHEN state = 'sent' THEN 1 ELSE 0 END, created_ms DESC, id DESC LIMIT $1",
    )
    .bind(i64::from(most))
    .fetch_all(db)
    .await?;
    rows.iter().map(item).collect()
}

pub(super) async fn list_of(db: &Db, account: &AccountId) -> Result<Vec<Item>, Error> {
    let rows = sqlx::query(
        "SELECT id, purpose, recipient, subject, state, tries, created_ms, due_ms, until_ms, sent_ms, last_error
         FROM mails WHERE account_id = $1 ORDER BY created_ms DESC, id DESC",
    )
    .bind(account.as_str())
    .fetch_all(db)
    .await?;
    rows.iter().map(item).collect()
}

pub(super) async fn find(db: &Db, id: &MailId) -> Result<Option<Item>, Error> {
    let row = sqlx::query(
        "SELECT id, purpose, recipient, subject, state, tries, created_ms, due_ms, until_ms, sent_ms, last_error
         FROM mails WHERE id = $1",
    )
    .bind(id.as_str())
    .fetch_optional(db)
    .await?;
    row.as_ref().map(item).transpose()
}

pub(super) async fn ids_of(db: &Db, account: &AccountId) -> Result<Vec<MailId>, Error> {
    let rows = sqlx::query("SELECT id FROM mails WHERE account_id = $1")
        .bind(account.as_str())
        .fetch_all(db)
        .await?;
    rows.iter().map(id).collect()
}

pub(super) async fn forget_links(db: &Db, now: UnixMs) -> Result<(), Error> {
    sqlx::query("DELETE FROM mail_links WHERE expires_ms <= $1")
        .bind(now.0)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn forget_secrets(db: &Db, now: UnixMs) -> Result<(), Error> {
    sqlx::query("UPDATE mails SET secret = NULL WHERE secret IS NOT NULL AND until_ms <= $1")
        .bind(now.0)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn forget_mails(db: &Db, before: UnixMs) -> Result<Vec<MailId>, Error> {
    let rows = sqlx::query("DELETE FROM mails WHERE created_ms < $1 RETURNING id")
        .bind(before.0)
        .fetch_all(db)
        .await?;
    rows.iter().map(id).collect()
}

fn id(row: &AnyRow) -> Result<MailId, Error> {
    Ok(MailId::from_stored(&row.try_get::<String, _>("id")?))
}

fn tries(row: &AnyRow) -> Result<u32, Error> {
    Ok(u32::try_from(row.try_get::<i64, _>("tries")?).unwrap_or(u32::MAX))
}

fn whole(row: &AnyRow) -> Result<WholeMail, Error> {
    Ok(WholeMail {
        id: id(row)?,
        recipient: row.try_get("recipient")?,
        subject: row.try_get("subject")?,
        body: row.try_get("body")?,
        secret: row.try_get("secret")?,
        tries: tries(row)?,
        created: UnixMs(row.try_get("created_ms")?),
        due: UnixMs(row.try_get("due_ms")?),
        until: UnixMs(row.try_get("until_ms")?),
        last_error: row.try_get("last_error")?,
    })
}

fn item(row: &AnyRow) -> Result<Item, Error> {
    let text = |name| row.try_get::<String, _>(name);
    let unknown = |error| Error::Decode(Box::new(error));
    Ok(Item {
        id: id(row)?,
        purpose: text("purpose")?
            .parse()
            .map_err(|error: super::UnknownPurpose| Error::Decode(Box::new(error)))?,
        recipient: text("recipient")?,
        subject: text("subject")?,
        state: text("state")?.parse().map_err(unknown)?,
        tries: tries(row)?,
        created: UnixMs(row.try_get("created_ms")?),
        due: UnixMs(row.try_get("due_ms")?),
        until: UnixMs(row.try_get("until_ms")?),
        sent: row.try_get::<Option<i64>, _>("sent_ms")?.map(UnixMs),
        last_error: row.try_get("last_error")?,
    })
}

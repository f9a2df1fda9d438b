//! An account's keys, from a shell.

use std::net::IpAddr;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::when::Expiry;
use super::{AdminError, Said, record};
use crate::accounts::Account;
use crate::audit::{Action, Audit};
use crate::clock::UnixMs;
use crate::ids::KeyId;
use crate::keys::{Invalid, Key, KeyState, Keys, NewKey, RetiredSecret, ip_range};
use crate::principal::Endpoint;
use crate::print::Table;

/// What a new key is restricted to.
#[derive(Args, Debug, Default)]
pub struct KeyArgs {
    /// Refuse it from then on: after a time such as 30d or 12h, or from the start of a day (UTC) such as 2027-01-31
    #[arg(long, value_name = "WHEN")]
    expires: Option<Expiry>,
    /// Let it call this endpoint only: chat, embeddings, moderations, rerank or models; may be given several times
    #[arg(long = "endpoint", value_name = "ENDPOINT")]
    endpoints: Vec<Endpoint>,
    /// Let it use this model only; may be given several times
    #[arg(long = "model", value_name = "ID")]
    models: Vec<String>,
    /// Take it from this address or range only, such as 203.0.113.7 or 10.0.0.0/8; may be given several times
    #[arg(long = "ip", value_name = "CIDR", value_parser = checked_ip)]
    ips: Vec<String>,
    /// Requests per minute for this key alone, at most the account's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rpm: Option<u32>,
    /// Tokens per minute for this key alone, at most the account's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    tpm: Option<u64>,
}

fn checked_ip(given: &str) -> Result<String, Invalid> {
    ip_range(given).map(|_| given.to_owned())
}

pub(super) async fn create(
    keys: &Keys,
    audit: &Audit,
    account: &Account,
    name: String,
    restrictions: KeyArgs,
    now: UnixMs,
) -> Result<Said, AdminError> {
    let KeyArgs {
        expires,
        endpoints,
        models,
        ips,
        rpm,
        tpm,
    } = restrictions;
    let new = NewKey {
        name,
        expires: expires.map(|expires| expires.from(now)),
        endpoints: endpoints.iter().map(Endpoint::to_string).collect(),
        models,
        ips,
        rpm,
        tpm,
    };
    let (key, secret) = keys
        .create(&account.id, new)
        .await
        .map_err(AdminError::from_key)?;
    let event = record::event_about(account, Action::KeyCreated)
        .target(key.id.as_str(), &key.name)
        .told("restrictions", key.restrictions.to_string());
    record::write(audit, event).await?;
    Ok(Said::only(secret.expose()))
}

pub(super) async fn list(
    keys: &Keys,
    account: &Account,
    as_json: bool,
    now: UnixMs,
) -> Result<Said, AdminError> {
    let listed = keys.list(&account.id).await.map_err(AdminError::Keys)?;
    if as_json {
        let listed: Vec<Value> = listed.iter().map(|key| in_json(key, now)).collect();
        return Ok(Said::only(format!("{:#}", Value::from(listed))));
    }
    if listed.is_empty() {
        return Ok(Said::only(format!(
            "{email} has no keys; make one with `assisters admin create-key {email} NAME`.",
            email = account.email
        )));
    }
    let mut table = Table::with_heading([
        "ID",
        "NAME",
        "KEY",
        "STATE (UTC)",
        "LAST USED (UTC)",
        "RESTRICTIONS",
    ]);
    for key in &listed {
        table.row([
            key.id.to_string(),
            key.name.clone(),
            key.masked(),
            state(key, now),
            use_in_words(key.last_used, key.last_used_from),
            key.restrictions.to_string(),
        ]);
        for old in &key.retired {
            table.row([
                String::new(),
                "  its old secret".to_owned(),
                old.masked(),
                format!("taken until {}", old.ends.to_minute()),
                use_in_words(old.last_used, old.last_used_from),
                String::new(),
            ]);
        }
    }
    Ok(Said::only(table.to_string()))
}

fn state(key: &Key, now: UnixMs) -> String {
    let expires = key.restrictions.expires.map(UnixMs::to_minute);
    match (key.state(now), expires) {
        (KeyState::Active, None) => "active".to_owned(),
        (KeyState::Active, Some(moment)) => format!("active until {moment}"),
        (KeyState::Expired, moment) => format!("expired {}", moment.unwrap_or_default()),
        (KeyState::Revoked, _) => {
            let moment = key.revoked.map(UnixMs::to_minute);
            format!("revoked {}", moment.unwrap_or_default())
        }
    }
}

fn use_in_words(at: Option<UnixMs>, from: Option<IpAddr>) -> String {
    match (at.map(UnixMs::to_minute), from) {
        (None, _) => "never".to_owned(),
        (Some(at), None) => at,
        (Some(at), Some(from)) => format!("{at} from {from}"),
    }
}

fn in_json(key: &Key, now: UnixMs) -> Value {
    let state = match key.state(now) {
        KeyState::Active => "active",
        KeyState::Expired => "expired",
        KeyState::Revoked => "revoked",
    };
    let grant = &key.restrictions.grant;
    let endpoints = grant.endpoints.as_ref();
    let ips: Vec<String> = key
        .restrictions
        .ips
        .iter()
        .map(|ip| ip.to_string())
        .collect();
    json!({
        "id": key.id.as_str(),
        "name": key.name,
        "masked": key.masked(),
        "state": state,
        "created_ms": key.created.0,
        "expires_ms": key.restrictions.expires.map(|at| at.0),
        "revoked_ms": key.revoked.map(|at| at.0),
        "last_used_ms": key.last_used.map(|at| at.0),
        "last_used_ip": key.last_used_from,
        "endpoints": endpoints.map(|all| all.iter().map(|one| one.as_str()).collect::<Vec<_>>()),
        "models": grant.models,
        "ips": (!ips.is_empty()).then_some(ips),
        "rpm": grant.rpm,
        "tpm": grant.tpm,
        "old_secrets": key.retired.iter().map(old_in_json).collect::<Vec<_>>(),
    })
}

fn old_in_json(old: &RetiredSecret) -> Value {
    json!({
        "masked": old.masked(),
        "ends_ms": old.ends.0,
        "last_used_ms": old.last_used.map(|at| at.0),
        "last_used_ip": old.last_used_from,
    })
}

pub(super) async fn rotate(
    keys: &Keys,
    audit: &Audit,
    account: &Account,
    id: String,
    overlap: Duration,
) -> Result<Said, AdminError> {
    let rotated = keys
        .rotate(&account.id, &KeyId::from_stored(&id), overlap)
        .await
        .map_err(|error| AdminError::from_rotation(error, account.email.clone(), id))?;
    let old = rotated.old;
    let event = record::event_about(account, Action::KeyRotated)
        .target(rotated.key.id.as_str(), &rotated.key.name)
        .told("old_secret_ends", old.ends.to_rfc3339());
    record::write(audit, event).await?;
    let note = match overlap.is_zero() {
        true => format!(
            "The old secret {} is refused from now on; a running service follows within 5 seconds.",
            old.masked()
        ),
        false => format!(
            "The old secret {} is taken until {} UTC.",
            old.masked(),
            old.ends.to_minute()
        ),
    };
    Ok(Said {
        out: rotated.secret.expose().to_owned(),
        note: Some(note),
    })
}

pub(super) async fn revoke(
    keys: &Keys,
    audit: &Audit,
    account: &Account,
    id: String,
) -> Result<Said, AdminError> {
    let known = keys.list(&account.id).await.map_err(AdminError::Keys)?;
    keys.revoke(&account.id, &KeyId::from_stored(&id))
        .await
        .map_err(|error| AdminError::from_revocation(error, account.email.clone(), id.clone()))?;
    let name = known.into_iter().find(|key| key.id.as_str() == id);
    let name = name.map(|key| key.name).unwrap_or_default();
    let event = record::event_about(account, Action::KeyRevoked).target(&id, name);
    record::write(audit, event).await?;
    Ok(Said::only(format!(
        "The key {id} is refused from now on; a running service follows within 5 seconds."
    )))
}

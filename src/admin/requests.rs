//! Who has asked for Enterprise.

use serde_json::{Value, json};

use super::{AdminError, Said};
use crate::accounts::Accounts;
use crate::print::Table;

pub(super) async fn list(accounts: &Accounts, as_json: bool) -> Result<Said, AdminError> {
    let all = accounts.all_wanted().await.map_err(AdminError::Accounts)?;
    if as_json {
        let all: Vec<Value> = all
            .iter()
            .map(|(_, email, wanted)| {
                json!({
                    "email": email,
                    "rpm": wanted.rpm,
                    "tpm": wanted.tpm,
                    "message": wanted.message,
                    "asked_ms": wanted.asked.0,
                })
            })
            .collect();
        return Ok(Said::only(format!("{:#}", Value::from(all))));
    }
    if all.is_empty() {
        return Ok(Said::only("Nobody waits for Enterprise."));
    }
    let mut table = Table::with_heading(["ASKED (UTC)", "E-MAIL", "RPM", "TPM", "WHAT FOR"]);
    for (_, email, wanted) in all {
        let (rpm, tpm) = (wanted.rpm.to_string(), wanted.tpm.to_string());
        table.row([wanted.asked.to_minute(), email, rpm, tpm, wanted.message]);
    }
    let answer = "Answer with `assisters admin set-tier E-MAIL enterprise --rpm N --tpm N`.";
    Ok(Said {
        out: table.to_string(),
        note: Some(answer.to_owned()),
    })
}

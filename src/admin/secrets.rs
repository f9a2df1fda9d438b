//! A secret from whoever runs the command, typed unseen or piped in: never an argument, which all who use the machine see.

use std::io::{self, BufRead, IsTerminal, stdin};

use super::AdminError;
use crate::accounts::Password;
use crate::config::WorkerKey;

/// Asked for twice, where somebody types it.
pub(super) fn password() -> Result<Password, AdminError> {
    if !stdin().is_terminal() {
        return password_from(stdin().lock());
    }
    let typed = rpassword::prompt_password("Password: ").map_err(AdminError::Input)?;
    let again = rpassword::prompt_password("The same again: ").map_err(AdminError::Input)?;
    if typed != again {
        return Err(AdminError::PasswordsDiffer);
    }
    Ok(Password::new(typed))
}

pub(super) fn password_from(input: impl BufRead) -> Result<Password, AdminError> {
    match first_line(input).map_err(AdminError::Input)?.as_str() {
        "" => Err(AdminError::PasswordMissing),
        password => Ok(Password::new(password)),
    }
}

pub(super) fn worker_key() -> Result<WorkerKey, AdminError> {
    let typed = match stdin().is_terminal() {
        true => rpassword::prompt_password("The worker's key: "),
        false => first_line(stdin().lock()),
    };
    match typed.map_err(AdminError::WorkerKeyInput)?.as_str() {
        "" => Err(AdminError::WorkerKeyMissing),
        typed => WorkerKey::parse(typed).ok_or(AdminError::WorkerKeyInvalid),
    }
}

fn first_line(mut input: impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

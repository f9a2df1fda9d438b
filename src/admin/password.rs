//! A password from whoever runs the command: typed twice and unseen, or piped in.

use std::io::{BufRead, IsTerminal, stdin};

use super::AdminError;
use crate::accounts::Password;

pub(super) fn ask() -> Result<Password, AdminError> {
    if !stdin().is_terminal() {
        return first_line(stdin().lock());
    }
    let typed = rpassword::prompt_password("Password: ").map_err(AdminError::Input)?;
    let again = rpassword::prompt_password("The same again: ").map_err(AdminError::Input)?;
    if typed != again {
        return Err(AdminError::PasswordsDiffer);
    }
    Ok(Password::new(typed))
}

pub(super) fn first_line(mut input: impl BufRead) -> Result<Password, AdminError> {
    let mut line = String::new();
    input.read_line(&mut line).map_err(AdminError::Input)?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => Err(AdminError::PasswordMissing),
        password => Ok(Password::new(password)),
    }
}

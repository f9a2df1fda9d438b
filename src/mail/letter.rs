//! What is written: plain text, with nothing in it that a stranger could have chosen but the address of an account.

use super::Purpose;

/// Stands for the secret where a mail is shown.
pub(super) const BLANK: &str = "(not-shown)";

/// One mail.
#[derive(Clone, Copy, Debug)]
pub enum Letter<'a> {
    Verify,
    AccountExists,
    ResetPassword,
    ChangeEmail,
    EmailChanging { new: &'a str },
    EmailChanged { new: &'a str },
    PasswordChanged,
    SecondFactorOn,
    SecondFactorOff,
    RecoveryCodesRenewed,
}

impl Letter<'_> {
    pub(super) fn purpose(&self) -> Purpose {
        match self {
            Letter::Verify => Purpose::Verify,
            Letter::AccountExists => Purpose::AccountExists,
            Letter::ResetPassword => Purpose::ResetPassword,
            Letter::ChangeEmail => Purpose::ChangeEmail,
            Letter::EmailChanging { .. } => Purpose::EmailChanging,
            Letter::EmailChanged { .. } => Purpose::EmailChanged,
            Letter::PasswordChanged => Purpose::PasswordChanged,
            Letter::SecondFactorOn | Letter::SecondFactorOff | Letter::RecoveryCodesRenewed => {
                Purpose::SecondFactorChanged
            }
        }
    }

    pub(super) fn subject(&self) -> &'static str {
        match self {
            Letter::Verify => "Verify your e-mail address",
            Letter::AccountExists => "You have an account already",
            Letter::ResetPassword => "Set a new password",
            Letter::ChangeEmail => "Confirm your new e-mail address",
            Letter::EmailChanging { .. } => "Your e-mail address is about to change",
            Letter::EmailChanged { .. } => "Your e-mail address was changed",
            Letter::PasswordChanged => "Your password was changed",
            Letter::SecondFactorOn => "Your second factor is on",
            Letter::SecondFactorOff => "Your second factor is off",
            Letter::RecoveryCodesRenewed => "Your recovery codes were renewed",
        }
    }

    /// Why one gets it, what to do, and what to do if it was somebody else. Its link's secret is left blank.
    pub(super) fn body(&self, site: &str) -> String {
        let text = match self {
            Letter::Verify => format!(
                "Somebody, most likely you, has made an account with this e-mail address.\n\
                 \n\
                 To show that the address is yours, open this link and press the button:\n\
                 \n\
                 {site}/verify-email?token={BLANK}\n\
                 \n\
                 The link can be used once, within 24 hours. Only the newest one works.\n\
                 \n\
                 If it was not you, do nothing. Whoever it was cannot show that the\n\
                 address is theirs."
            ),
            Letter::AccountExists => format!(
                "Somebody, most likely you, has tried to make an account with this e-mail\n\
                 address. There is one already, and nothing about it was changed.\n\
                 \n\
                 Sign in: {site}/sign-in\n\
                 If you have forgotten the password: {site}/forgot-password\n\
                 \n\
                 If it was not you, do nothing. Whoever it was has not been told that you\n\
                 have an account."
            ),
            Letter::ResetPassword => format!(
                "Somebody, most likely you, has asked for a new password for the account\n\
                 with this e-mail address.\n\
                 \n\
                 To choose one, open this link:\n\
                 \n\
                 {site}/reset-password?token={BLANK}\n\
                 \n\
                 The link can be used once, within 30 minutes. Only the newest one works.\n\
                 \n\
                 If it was not you, do nothing. Your password stays as it is."
            ),
            Letter::ChangeEmail => format!(
                "Somebody, most likely you, wants this e-mail address for their account.\n\
                 \n\
                 To confirm it, open this link and press the button:\n\
                 \n\
                 {site}/verify-email?change&token={BLANK}\n\
                 \n\
                 The link can be used once, within 24 hours. Only the newest one works.\n\
                 Until then the account keeps the address that it has.\n\
                 \n\
                 If it was not you, do nothing. Nobody gets your address without the link."
            ),
            Letter::EmailChanging { new } => format!(
                "Somebody, most likely you, wants another e-mail address for your account:\n\
                 \n\
                 {new}\n\
                 \n\
                 It takes effect when the link in a mail to that address is followed.\n\
                 \n\
                 If it was not you, somebody knows your password. Set a new one at once,\n\
                 which also voids that link: {site}/forgot-password"
            ),
            Letter::EmailChanged { new } => format!(
                "Your account has another e-mail address now:\n\
                 \n\
                 {new}\n\
                 \n\
                 You sign in with it from now on, and mail goes there.\n\
                 \n\
                 If it was not you, tell the administrators of {site}."
            ),
            Letter::PasswordChanged => format!(
                "The password of your account was changed. Every other browser that was\n\
                 signed in has been signed out; API keys go on working.\n\
                 \n\
                 If it was not you, set a new one at once: {site}/forgot-password\n\
                 Then look at your keys: {site}/keys"
            ),
            Letter::SecondFactorOn => format!(
                "Signing in to your account asks for a code of your app from now on.\n\
                 Keep the recovery codes where you find them without it. Every other\n\
                 browser that was signed in has been signed out.\n\
                 \n\
                 If it was not you, set another password: {site}/forgot-password\n\
                 Then tell the administrators of {site}."
            ),
            Letter::SecondFactorOff => format!(
                "The password alone signs in to your account from now on. Its recovery\n\
                 codes are void.\n\
                 \n\
                 If it was not you, set another password: {site}/forgot-password"
            ),
            Letter::RecoveryCodesRenewed => format!(
                "Your account has new recovery codes. Those from before are void.\n\
                 \n\
                 If it was not you, set another password: {site}/forgot-password\n\
                 Then look at your second factor: {site}/settings"
            ),
        };
        format!("Hello,\n\n{text}\n\nAssisters\n{site}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_has_a_link_with_a_blank_if_its_purpose_has_one() {
        let new = "ada@example.org";
        for letter in [
            Letter::Verify,
            Letter::AccountExists,
            Letter::ResetPassword,
            Letter::ChangeEmail,
            Letter::EmailChanging { new },
            Letter::EmailChanged { new },
            Letter::PasswordChanged,
            Letter::SecondFactorOn,
            Letter::SecondFactorOff,
            Letter::RecoveryCodesRenewed,
        ] {
            let body = letter.body("https://a.example");
            let has_link = letter.purpose().link().is_some();
            assert_eq!(body.matches(BLANK).count(), usize::from(has_link), "{body}");
            assert!(body.contains("If it was not you"), "{body}");
            assert!(body.contains("https://a.example"), "{body}");
            assert!(
                body.is_ascii() && body.lines().all(|line| line.len() < 78),
                "{body}"
            );
            let purpose = letter.purpose();
            assert_eq!(purpose.as_str().parse::<Purpose>().unwrap(), purpose);
        }
    }
}

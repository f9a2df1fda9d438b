//! The form of a key: what was typed into it, and what cannot be, said at its field.

use app::console::{Access, KeyForm, Problem};
use chrono::{NaiveDate, NaiveTime};

use crate::clock::{DAY_MS, UnixMs};
use crate::keys::{Invalid, NewKey, ip_range};

/// A key, not named yet, that is held to what the form asks for.
pub(super) fn wanted(form: KeyForm, now: UnixMs) -> Result<NewKey, Problem> {
    let expires = expires(&form, now)?;
    let endpoints = chosen(form.endpoint_access, form.endpoints).ok_or_else(|| {
        Problem::field(
            "endpoints",
            "Choose at least one endpoint, or let the key call all.",
        )
    })?;
    let mut models = form.models;
    models.extend(words(&form.more_models));
    let models = chosen(form.model_access, models).ok_or_else(|| {
        Problem::field(
            "models",
            "Choose or write at least one model, or let the key use all.",
        )
    })?;
    Ok(NewKey {
        name: String::new(),
        expires,
        endpoints,
        models,
        ips: addresses(&form.ips)?,
        rpm: limit("rpm", &form.rpm)?,
        tpm: limit("tpm", &form.tpm)?,
    })
}

/// What the keys room has against a key, for whoever filled in the form.
pub(super) fn problem_of(invalid: &Invalid) -> Problem {
    let field = invalid.field();
    let message = match invalid {
        Invalid::NameMissing => {
            "Give the key a name, such as the program that will use it.".to_owned()
        }
        Invalid::NameTooLong { max } => format!("Use at most {max} characters."),
        Invalid::ExpiresInThePast => "Choose a time that is still to come.".to_owned(),
        Invalid::UnknownEndpoint { given } => {
            format!("“{given}” is no endpoint. Choose among those below.")
        }
        Invalid::MalformedModel { given } => format!(
            "“{given}” cannot be a model's id. Write it as in the list of models, such as smollm2-135m-instruct."
        ),
        Invalid::MalformedIp { given } => {
            format!("“{given}” is no IP address or range. {IP_EXAMPLES}")
        }
        Invalid::TooManyEntries { max, .. } => {
            format!("Name at most {max}, or leave it open.")
        }
        Invalid::LimitZero { .. } => {
            "0 would refuse every request. Write 1 or more, or nothing.".to_owned()
        }
        Invalid::LimitAboveAccount { max, .. } => {
            format!("Your account has {max}. Write at most that, or nothing.")
        }
    };
    Problem::field(field, message)
}

const IP_EXAMPLES: &str = "Write one such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32.";

/// The year 10000: no page could write it.
const LATEST_MS: i64 = 253_402_300_800_000;

fn expires(form: &KeyForm, now: UnixMs) -> Result<Option<UnixMs>, Problem> {
    let choice = form.expires.trim();
    if choice.is_empty() {
        return Ok(None);
    }
    if choice == "date" {
        return on_day(form.expires_on.trim()).map(Some);
    }
    let days = choice.strip_suffix('d').map(str::parse::<u16>);
    let moment = match days {
        Some(Ok(days)) => Some(now.0 + i64::from(days) * DAY_MS),
        Some(Err(_)) => None,
        None => choice.parse().ok(),
    };
    moment
        .filter(|moment| *moment < LATEST_MS)
        .map(|moment| Some(UnixMs(moment)))
        .ok_or_else(|| Problem::field("expires", "Choose when the key expires."))
}

fn on_day(day: &str) -> Result<UnixMs, Problem> {
    NaiveDate::parse_from_str(day, "%Y-%m-%d")
        .ok()
        .map(|date| date.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
        .filter(|moment| *moment < LATEST_MS)
        .map(UnixMs)
        .ok_or_else(|| Problem::field("expires_on", "Choose a day, or write it as in 2027-01-31."))
}

/// What was chosen, nothing where that is all; `None` where nothing would be left to call.
fn chosen(access: Access, named: Vec<String>) -> Option<Vec<String>> {
    match access {
        Access::All => Some(vec![]),
        Access::Restricted => (!named.is_empty()).then_some(named),
    }
}

/// Every one that is none is named, so that all can be mended at once.
fn addresses(text: &str) -> Result<Vec<String>, Problem> {
    let (good, bad): (Vec<_>, Vec<_>) = words(text).partition(|address| ip_range(address).is_ok());
    let quoted = |address: &String| format!("“{}”", address.chars().take(50).collect::<String>());
    match bad.as_slice() {
        [] => Ok(good),
        [only] => Err(Problem::field(
            "ips",
            format!("{} is no IP address or range. {IP_EXAMPLES}", quoted(only)),
        )),
        all => {
            const TOLD: usize = 5;
            let mut named: Vec<_> = all.iter().take(TOLD).map(quoted).collect();
            if all.len() > TOLD {
                named.push(format!("{} more", all.len() - TOLD));
            }
            let named = named.join(", ");
            Err(Problem::field(
                "ips",
                format!("{named} are no IP addresses or ranges. {IP_EXAMPLES}"),
            ))
        }
    }
}

/// Digits, with the separators that people put between thousands.
fn limit<T: TryFrom<u64>>(field: &str, text: &str) -> Result<Option<T>, Problem> {
    let digits: String = text
        .chars()
        .filter(|char| !char.is_whitespace() && *char != ',')
        .collect();
    if digits.is_empty() {
        return Ok(None);
    }
    let number = digits
        .parse::<u64>()
        .ok()
        .and_then(|number| T::try_from(number).ok());
    number.map(Some).ok_or_else(|| {
        Problem::field(
            field,
            "Write a whole number, or nothing for the account's own limit.",
        )
    })
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|char: char| char.is_whitespace() || char == ',' || char == ';')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-01-15, 08:00 UTC
    const NOW: UnixMs = UnixMs(1_800_000_000_000);

    fn refused(form: KeyForm) -> Problem {
        wanted(form, NOW).err().unwrap()
    }

    #[test]
    fn a_form_that_was_left_alone_restricts_nothing() {
        let wanted = wanted(KeyForm::default(), NOW).unwrap();
        assert_eq!((wanted.expires, wanted.rpm, wanted.tpm), (None, None, None));
        assert!(wanted.endpoints.is_empty() && wanted.models.is_empty() && wanted.ips.is_empty());
    }

    #[test]
    fn an_expiry_is_a_number_of_days_a_day_or_a_moment() {
        for (choice, day, ends) in [
            ("7d", "", NOW.0 + 7 * DAY_MS),
            ("date", "2027-01-31", 1_801_353_600_000),
            ("1801396800000", "", 1_801_396_800_000),
        ] {
            let form = KeyForm {
                expires: choice.into(),
                expires_on: day.into(),
                ..KeyForm::default()
            };
            assert_eq!(
                wanted(form, NOW).unwrap().expires,
                Some(UnixMs(ends)),
                "{choice}"
            );
        }
        for (choice, day, field) in [
            ("soon", "", "expires"),
            ("d", "", "expires"),
            ("99999999d", "", "expires"),
            ("9223372036854775807", "", "expires"),
            ("date", "10000-01-01", "expires_on"),
            ("date", "", "expires_on"),
            ("date", "31.01.2027", "expires_on"),
        ] {
            let form = KeyForm {
                expires: choice.into(),
                expires_on: day.into(),
                ..KeyForm::default()
            };
            assert_eq!(
                refused(form).field.as_deref(),
                Some(field),
                "{choice} {day}"
            );
        }
    }

    #[test]
    fn what_was_chosen_counts_only_where_access_is_restricted() {
        let form = |access| KeyForm {
            endpoint_access: access,
            endpoints: vec!["chat".into()],
            model_access: access,
            models: vec!["a".into()],
            more_models: " b, c\nd ".into(),
            ..KeyForm::default()
        };
        let all = wanted(form(Access::All), NOW).unwrap();
        assert!(all.endpoints.is_empty() && all.models.is_empty());
        let some = wanted(form(Access::Restricted), NOW).unwrap();
        assert_eq!(some.endpoints, ["chat"]);
        assert_eq!(some.models, ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_key_that_could_call_nothing_is_not_asked_for() {
        let form = KeyForm {
            endpoint_access: Access::Restricted,
            ..KeyForm::default()
        };
        assert_eq!(refused(form).field.as_deref(), Some("endpoints"));
        let form = KeyForm {
            model_access: Access::Restricted,
            ..KeyForm::default()
        };
        assert_eq!(refused(form).field.as_deref(), Some("models"));
    }

    #[test]
    fn every_address_that_is_none_is_named() {
        let of = |ips: &str| KeyForm {
            ips: ips.into(),
            ..KeyForm::default()
        };
        let good = wanted(of("10.0.0.0/8\n2001:db8::1, 203.0.113.7"), NOW).unwrap();
        assert_eq!(good.ips, ["10.0.0.0/8", "2001:db8::1", "203.0.113.7"]);
        let one = refused(of("10.0.0.0/8 10.0.0.0/33"));
        assert_eq!(one.field.as_deref(), Some("ips"));
        assert!(one.message.starts_with("“10.0.0.0/33” is no"), "{one}");
        let two = refused(of("home 10.0.0.1 office"));
        assert!(two.message.starts_with("“home”, “office” are no"), "{two}");
        let many = refused(of("a b c d e f g"));
        assert!(many.message.contains("“e”, 2 more are no"), "{many}");
    }

    #[test]
    fn a_limit_is_a_whole_number_or_nothing() {
        let of = |rpm: &str, tpm: &str| KeyForm {
            rpm: rpm.into(),
            tpm: tpm.into(),
            ..KeyForm::default()
        };
        let good = wanted(of(" 5 ", "10,000"), NOW).unwrap();
        assert_eq!((good.rpm, good.tpm), (Some(5), Some(10_000)));
        for wrong in ["-1", "1.5", "ten", "99999999999"] {
            assert_eq!(
                refused(of(wrong, "")).field.as_deref(),
                Some("rpm"),
                "{wrong}"
            );
        }
        assert_eq!(refused(of("", "1e3")).field.as_deref(), Some("tpm"));
    }
}

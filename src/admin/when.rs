//! Times as people type them: `30d`, `12h`, or a date.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime};

use crate::clock::UnixMs;
use crate::keys::LONGEST_OVERLAP;

/// When something ends, seen from now or by the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    In(Duration),
    At(UnixMs),
}

impl Expiry {
    pub(super) fn from(self, now: UnixMs) -> UnixMs {
        match self {
            Expiry::In(duration) => now.plus(duration),
            Expiry::At(moment) => moment,
        }
    }
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("write how long from now, such as 30d, 12h or 45m, or a date such as 2027-01-31")]
pub struct NoExpiry;

impl FromStr for Expiry {
    type Err = NoExpiry;

    fn from_str(text: &str) -> Result<Self, NoExpiry> {
        if let Some(duration) = duration(text) {
            return Ok(Expiry::In(duration));
        }
        let moment = match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(date) => date.and_time(NaiveTime::MIN).and_utc(),
            Err(_) => DateTime::parse_from_rfc3339(text)
                .map_err(|_| NoExpiry)?
                .to_utc(),
        };
        Ok(Expiry::At(UnixMs(moment.timestamp_millis())))
    }
}

/// How long an old secret lives on.
pub(super) fn overlap(text: &str) -> Result<Duration, &'static str> {
    let overlap = match text {
        "0" => Some(Duration::ZERO),
        text => duration(text),
    };
    overlap
        .filter(|overlap| *overlap <= LONGEST_OVERLAP)
        .ok_or("write a time of at most 7d, such as 24h, 30m or 0")
}

fn duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let number = text.strip_suffix(unit)?;
    // A sign is a slip of the hand here, though a number may have one.
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.then(|| number.parse().ok()).flatten()?;
    // A thousand years are as good as for ever, and leave the calendar room.
    let seconds = number.checked_mul(seconds)?;
    (seconds <= 1_000 * 366 * 86_400).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_a_time_from_now_or_a_date() {
        let now = UnixMs(1_000);
        for (text, ends) in [
            ("45s", 46_000),
            ("2m", 121_000),
            ("12h", 43_201_000),
            ("30d", 2_592_001_000),
            ("1w", 604_801_000),
            ("2027-01-31", 1_801_353_600_000),
            ("2027-01-31T12:00:00Z", 1_801_396_800_000),
            ("2027-01-31T12:00:00+02:00", 1_801_389_600_000),
        ] {
            let expiry: Expiry = text.parse().unwrap();
            assert_eq!(expiry.from(now), UnixMs(ends), "{text}");
        }
        for text in [
            "",
            "d",
            "30",
            "-1d",
            "+1d",
            "1.5h",
            "1y",
            "é",
            "30 d",
            "99999999999999999999d",
            "400000d",
            "2027-13-01",
            "2027-1-32",
            "31.01.2027",
        ] {
            assert_eq!(text.parse::<Expiry>(), Err(NoExpiry), "{text}");
        }
    }

    #[test]
    fn an_overlap_has_seven_days_at_most() {
        assert_eq!(overlap("0"), Ok(Duration::ZERO));
        assert_eq!(overlap("0h"), Ok(Duration::ZERO));
        assert_eq!(overlap("7d"), Ok(LONGEST_OVERLAP));
        for text in ["169h", "8d", "", "5", "soon"] {
            assert!(overlap(text).is_err(), "{text}");
        }
    }
}

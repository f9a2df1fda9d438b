//! Numbers and times as people read them.
//!
//! Times are unix milliseconds and always written in UTC, so that the server and the browser write the same text.

use chrono::{DateTime, Datelike, Timelike, Utc};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Every digit: `1,204,311`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// As short as three digits say it, for tiles and axes: `1,204`, `31.2k`, `9.1M`.
pub fn short(number: u64) -> String {
    let (unit, name) = match number {
        0..10_000 => return count(number),
        10_000..999_500 => (1_000, "k"),
        999_500..999_500_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "G"),
    };
    let tenths = (u128::from(number) * 10 + unit / 2) / unit;
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole}{name}"),
        (whole, _) if whole >= 100 => format!("{whole}{name}"),
        (whole, tenth) => format!("{whole}.{tenth}{name}"),
    }
}

/// `0.2 %`, or a dash where there is nothing to divide.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".into();
    }
    let tenths = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole);
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole}\u{a0}%"),
        (whole, tenth) => format!("{whole}.{tenth}\u{a0}%"),
    }
}

/// A share of one as `0.2 %`.
pub fn share(share: f64) -> String {
    percent((share.clamp(0.0, 1.0) * 1000.0).round() as u64, 1000)
}

/// A time in milliseconds: `812 ms`, `1.2 s`, `2 min 5 s`.
pub fn ms(time: u64) -> String {
    match time {
        0..1_000 => format!("{time}\u{a0}ms"),
        1_000..60_000 => match (time + 50) / 100 {
            tenths if tenths % 10 == 0 => format!("{}\u{a0}s", tenths / 10),
            tenths => format!("{}.{}\u{a0}s", tenths / 10, tenths % 10),
        },
        _ => match (time / 60_000, time % 60_000 / 1_000) {
            (minutes, 0) => format!("{minutes}\u{a0}min"),
            (minutes, seconds) => format!("{minutes}\u{a0}min {seconds}\u{a0}s"),
        },
    }
}

/// A time in microseconds: what is below 10 ms to its hundredth.
pub fn us(time: u64) -> String {
    if time >= 10_000 {
        return ms((time + 500) / 1_000);
    }
    let hundredths = (time + 5) / 10;
    format!("{}.{:02}\u{a0}ms", hundredths / 100, hundredths % 100)
}

/// `Nov 2025`
pub fn month(ms: i64) -> String {
    let at = utc(ms);
    format!("{} {}", MONTHS[at.month0() as usize], at.year())
}

/// `3 Nov 2025`
pub fn date(ms: i64) -> String {
    let at = utc(ms);
    format!("{} {}", day(ms), at.year())
}

/// `3 Nov`
pub fn day(ms: i64) -> String {
    let at = utc(ms);
    format!("{} {}", at.day(), MONTHS[at.month0() as usize])
}

/// `Mon`
pub fn weekday(ms: i64) -> &'static str {
    WEEKDAYS[utc(ms).weekday().num_days_from_monday() as usize]
}

/// `12:04`
pub fn clock(ms: i64) -> String {
    let at = utc(ms);
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `12:04:11`
pub fn clock_second(ms: i64) -> String {
    format!("{}:{:02}", clock(ms), utc(ms).second())
}

/// `3 Nov 2025, 12:04:11 UTC`
pub fn exact(ms: i64) -> String {
    format!("{}, {} UTC", date(ms), clock_second(ms))
}

/// What `<time datetime>` takes: `2025-11-03T12:04:11Z`.
pub fn iso(ms: i64) -> String {
    let at = utc(ms);
    format!(
        "{}-{:02}-{:02}T{}:{:02}Z",
        at.year(),
        at.month(),
        at.day(),
        clock(ms),
        at.second()
    )
}

/// `just now`, `2 min ago`, `3 days ago`, and the date from 30 days on.
pub fn ago(ms: i64, now_ms: i64) -> String {
    match now_ms - ms {
        ..MINUTE => "just now".into(),
        age @ MINUTE..HOUR => format!("{} min ago", age / MINUTE),
        age @ HOUR..DAY => format!("{} h ago", age / HOUR),
        age if age < 2 * DAY => "1 day ago".into(),
        age if age < 30 * DAY => format!("{} days ago", age / DAY),
        _ => date(ms),
    }
}

/// A time that chrono cannot hold is further away than any that is shown here; the epoch stands in for it.
fn utc(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3 November 2025, 12:04:11 UTC
    const THEN: i64 = 1_762_171_451_000;

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(
            [0, 999, 1_204, 1_204_311].map(count),
            ["0", "999", "1,204", "1,204,311"]
        );
    }

    #[test]
    fn short_counts_keep_three_digits() {
        let shown = [
            9_999,
            10_000,
            31_249,
            312_400,
            999_499,
            999_500,
            9_100_000,
            2_000_000_000,
        ]
        .map(short);
        assert_eq!(
            shown,
            ["9,999", "10k", "31.2k", "312k", "999k", "1M", "9.1M", "2G"]
        );
    }

    #[test]
    fn a_share_of_nothing_is_a_dash() {
        assert_eq!(percent(0, 0), "–");
        assert_eq!(percent(1, 500), "0.2\u{a0}%");
        assert_eq!(percent(3, 3), "100\u{a0}%");
    }

    #[test]
    fn durations_are_as_exact_as_they_are_short() {
        assert_eq!(
            [0, 812, 1_000, 1_249, 59_960, 60_000, 125_000].map(ms),
            [
                "0\u{a0}ms",
                "812\u{a0}ms",
                "1\u{a0}s",
                "1.2\u{a0}s",
                "60\u{a0}s",
                "1\u{a0}min",
                "2\u{a0}min 5\u{a0}s"
            ]
        );
        assert_eq!(
            [0, 8, 1_234, 812_400].map(us),
            [
                "0.00\u{a0}ms",
                "0.01\u{a0}ms",
                "1.23\u{a0}ms",
                "812\u{a0}ms"
            ]
        );
    }

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(exact(THEN), "3 Nov 2025, 12:04:11 UTC");
        assert_eq!(weekday(THEN), "Mon");
        assert_eq!(iso(THEN), "2025-11-03T12:04:11Z");
    }

    #[test]
    fn ages_grow_from_minutes_to_a_date() {
        let shown = [0, 59_999, 2 * MINUTE, 5 * HOUR, DAY, 3 * DAY, 31 * DAY]
            .map(|age| ago(THEN, THEN + age));
        assert_eq!(
            shown,
            [
                "just now",
                "just now",
                "2 min ago",
                "5 h ago",
                "1 day ago",
                "3 days ago",
                "3 Nov 2025"
            ]
        );
    }
}

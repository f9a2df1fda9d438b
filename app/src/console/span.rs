//! Spans of time, as an address names them: `range=week`, or `from=2025-11-03&to=2025-11-09`, all in UTC.

use std::fmt::Write;
use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};

use super::query::Pairs;

pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// A span that ends now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// 60 minutes.
    Hour,
    /// 24 hours.
    #[default]
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
    /// 90 days.
    Quarter,
    /// 12 months.
    Year,
}

impl Preset {
    /// With their names in an address, and as shown.
    pub const ALL: [(Preset, &str, &str); 6] = [
        (Preset::Hour, "hour", "Last hour"),
        (Preset::Day, "day", "24 hours"),
        (Preset::Week, "week", "7 days"),
        (Preset::Month, "month", "30 days"),
        (Preset::Quarter, "quarter", "90 days"),
        (Preset::Year, "year", "12 months"),
    ];
}

/// What a page covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    Last(Preset),
    /// From a minute on and up to another.
    Between {
        from_ms: i64,
        until_ms: i64,
    },
}

impl Default for Range {
    fn default() -> Self {
        Range::Last(Preset::default())
    }
}

/// How long one bucket of a range is; the shortest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Minute,
    Hour,
    Day,
    Month,
}

impl Step {
    /// With their names in an address, and as shown.
    pub const ALL: [(Step, &str, &str); 4] = [
        (Step::Minute, "minute", "By minute"),
        (Step::Hour, "hour", "By hour"),
        (Step::Day, "day", "By day"),
        (Step::Month, "month", "By month"),
    ];

    /// Whether a range of so many milliseconds has a good number of such buckets.
    pub fn suits(self, length_ms: i64) -> bool {
        match self {
            Step::Minute => length_ms <= 3 * HOUR_MS,
            Step::Hour => (2 * HOUR_MS..=31 * DAY_MS).contains(&length_ms),
            Step::Day => (2 * DAY_MS..=366 * DAY_MS).contains(&length_ms),
            Step::Month => length_ms >= 60 * DAY_MS,
        }
    }

    /// What is shown unless something else is asked for.
    pub fn of(length_ms: i64) -> Step {
        match length_ms {
            ..=10_800_000 => Step::Minute,
            10_800_001..=172_800_000 => Step::Hour,
            172_800_001..=8_640_000_000 => Step::Day,
            _ => Step::Month,
        }
    }

    /// The start of the bucket that `ms` lies in.
    pub fn start(self, ms: i64) -> i64 {
        match self {
            Step::Minute => ms - ms.rem_euclid(MINUTE_MS),
            Step::Hour => ms - ms.rem_euclid(HOUR_MS),
            Step::Day => ms - ms.rem_euclid(DAY_MS),
            Step::Month => first_of_month(ms, 0),
        }
    }

    /// The start of the bucket behind the one that begins at `start_ms`.
    pub fn next(self, start_ms: i64) -> i64 {
        match self {
            Step::Minute => start_ms + MINUTE_MS,
            Step::Hour => start_ms + HOUR_MS,
            Step::Day => start_ms + DAY_MS,
            Step::Month => first_of_month(start_ms, 1),
        }
    }
}

/// The first moment of the month that `ms` lies in, or of one `later`.
fn first_of_month(ms: i64, later: u32) -> i64 {
    let moment = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    moment
        .date_naive()
        .with_day(1)
        .and_then(|day| day.checked_add_months(Months::new(later)))
        .map_or(ms, start_of)
}

fn start_of(day: NaiveDate) -> i64 {
    day.and_time(Default::default())
        .and_utc()
        .timestamp_millis()
}

impl Range {
    pub(super) fn parse(pairs: &Pairs) -> Range {
        let name = pairs.find("range").unwrap_or_default();
        let preset = Preset::ALL.iter().find(|(_, known, _)| *known == name);
        if let Some((preset, ..)) = preset {
            return Range::Last(*preset);
        }
        let from = pairs.find("from").and_then(|text| moment(text, 0));
        let until = pairs.find("to").and_then(|text| moment(text, DAY_MS));
        if let (Some(from_ms), Some(until_ms)) = (from, until)
            && from_ms < until_ms
        {
            return Range::Between { from_ms, until_ms };
        }
        Range::default()
    }

    pub(super) fn write(self, query: &mut Pairs) {
        match self {
            Range::Last(preset) => {
                let named = Preset::ALL.iter().find(|(of, ..)| *of == preset);
                let name = named.filter(|_| preset != Preset::default());
                query.push("range", name.map_or("", |(_, name, _)| name));
            }
            Range::Between { from_ms, until_ms } => {
                query.push("from", &written(from_ms));
                let until = if from_ms % DAY_MS == 0 && until_ms % DAY_MS == 0 {
                    written(until_ms - DAY_MS)
                } else {
                    written_to_minute(until_ms)
                };
                query.push("to", &until);
            }
        }
    }

    /// From when until when it is, `now`; without regard to any bucket.
    pub fn bounds(self, now_ms: i64) -> (i64, i64) {
        let length = match self {
            Range::Between { from_ms, until_ms } => return (from_ms, until_ms),
            Range::Last(Preset::Hour) => HOUR_MS,
            Range::Last(Preset::Day) => DAY_MS,
            Range::Last(Preset::Week) => 7 * DAY_MS,
            Range::Last(Preset::Month) => 30 * DAY_MS,
            Range::Last(Preset::Quarter) => 90 * DAY_MS,
            Range::Last(Preset::Year) => 365 * DAY_MS,
        };
        (now_ms - length, now_ms)
    }

    pub fn length_ms(self) -> i64 {
        let (from_ms, until_ms) = self.bounds(0);
        until_ms - from_ms
    }

    /// The starts of its buckets in order, and the end of the last: whole ones, of which the last is the one that is now,
    /// or that in which the range ends.
    pub fn buckets(self, step: Step, now_ms: i64) -> (Vec<i64>, i64) {
        let (from_ms, until_ms) = self.bounds(now_ms);
        let last = step.start(until_ms.min(now_ms).max(from_ms) - i64::from(until_ms <= now_ms));
        let first = match self {
            // As many as the range is named for of what it is shown by as a rule, the present one among them: by shorter
            // buckets it is the same span.
            Range::Last(_) => {
                let usual = Step::of(self.length_ms());
                let whole = if usual > step { usual } else { step };
                whole.next(whole.start(from_ms))
            }
            Range::Between { .. } => step.start(from_ms),
        };
        let mut starts = vec![first.min(last)];
        while let Some(start) = starts.last().filter(|start| **start < last) {
            starts.push(step.next(*start));
        }
        (starts, step.next(last))
    }
}

/// A day or a minute, as a field of a form gives it. A day ends `day_ms` after it begins.
fn moment(text: &str, day_ms: i64) -> Option<i64> {
    let (day, minute) = match text.split_once('T') {
        Some((day, minute)) => (day, Some(minute)),
        None => (text, None),
    };
    let start = day_named(day)?;
    let ms = match minute {
        None => start + day_ms,
        Some(minute) => {
            let (hour, minute) = minute.split_once(':')?;
            let (hour, minute) = (number(hour, 0..=23)?, number(minute, 0..=59)?);
            start + i64::from(hour) * HOUR_MS + i64::from(minute) * MINUTE_MS
        }
    };
    // Neither before there were computers nor so far away that sums could overflow.
    (0..=32_503_680_000_000).contains(&ms).then_some(ms)
}

/// The start of the day that `2025-11-03` names.
fn day_named(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let mut part = |within| number(parts.next()?, within);
    let (year, month, day) = (part(1970..=3000)?, part(1..=12)?, part(1..=31)?);
    let year = i32::try_from(year).ok()?;
    NaiveDate::from_ymd_opt(year, month, day).map(start_of)
}

fn number(digits: &str, within: RangeInclusive<u32>) -> Option<u32> {
    digits.parse().ok().filter(|number| within.contains(number))
}

/// As [`Range`]'s bounds are written in an address, and in a field of a form.
pub fn written(ms: i64) -> String {
    if ms % DAY_MS == 0 {
        day_of(ms)
    } else {
        written_to_minute(ms)
    }
}

fn day_of(ms: i64) -> String {
    let at = utc(ms);
    format!("{:04}-{:02}-{:02}", at.year(), at.month(), at.day())
}

pub fn written_to_minute(ms: i64) -> String {
    let mut text = day_of(ms);
    let minutes = ms.rem_euclid(DAY_MS) / MINUTE_MS;
    // Writing to a string does not fail.
    let _ = write!(text, "T{:02}:{:02}", minutes / 60, minutes % 60);
    text
}

fn utc(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 3 November 2025, 12:04:11 UTC
    const NOW: i64 = 1_762_171_451_000;

    fn range(query: &str) -> Range {
        Range::parse(&Pairs::parse(query))
    }

    #[test]
    fn a_day_in_an_address_is_meant_whole() {
        let Range::Between { from_ms, until_ms } = range("from=2025-11-03&to=2025-11-03") else {
            panic!("a range")
        };
        assert_eq!(until_ms - from_ms, DAY_MS);
        assert_eq!(written(from_ms), "2025-11-03");
        for text in [
            "from=2025-11-03&to=2025-11-09",
            "from=2025-11-03&to=2025-11-03T12:05",
        ] {
            let mut pairs = Pairs::default();
            range(text).write(&mut pairs);
            assert_eq!(pairs.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_range_is_the_usual_one() {
        for text in [
            "",
            "range=x",
            "from=2025-11-09&to=2025-11-03",
            "from=2025-11-09",
            "from=9999-99-99&to=x",
            "from=2025-11-03&to=9999-12-31T00:00",
        ] {
            assert_eq!(range(text), Range::default(), "{text}");
        }
    }

    #[test]
    fn a_range_that_ends_now_has_as_many_buckets_as_its_name_says() {
        for (query, step, count) in [
            ("range=hour", Step::Minute, 60),
            ("range=day", Step::Hour, 24),
            ("range=week", Step::Day, 7),
            ("range=month", Step::Day, 30),
            ("range=month", Step::Hour, 29 * 24 + 13),
            ("range=quarter", Step::Month, 3),
            ("range=quarter", Step::Day, 90),
            ("range=year", Step::Month, 12),
        ] {
            let (starts, until) = range(query).buckets(step, NOW);
            assert_eq!(starts.len(), count, "{query}");
            let last = starts[count - 1];
            assert!(
                last <= NOW && NOW < until && until == step.next(last),
                "{query}"
            );
            assert!(step.suits(range(query).length_ms()), "{query}");
        }
    }

    #[test]
    fn a_range_in_the_past_is_filled_and_not_more() {
        let (starts, until) = range("from=2025-10-01&to=2025-10-31").buckets(Step::Day, NOW);
        assert_eq!((starts.len(), until - starts[0]), (31, 31 * DAY_MS));
        let (starts, _) = range("from=2025-08-15&to=2025-10-31").buckets(Step::Month, NOW);
        assert_eq!(starts.len(), 3);
        let (starts, _) = range("from=2025-11-01&to=2025-12-31").buckets(Step::Day, NOW);
        assert_eq!(starts.len(), 3, "what is to come has no buckets");
        let (starts, _) = range("from=2026-11-01&to=2026-12-31").buckets(Step::Day, NOW);
        assert_eq!(
            starts.len(),
            1,
            "nor has a range that is all to come, but one"
        );
    }
}

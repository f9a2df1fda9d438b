//! The columns of the sums that count times by steps, as pieces of static SQL.

/// `$of!("3")`, `$of!("5")` and so on, one behind the other: the steps of [`super::histogram`] by the names of their
/// columns.
macro_rules! each_step {
    ($of:ident) => {
        concat!(
            $of!("3"),
            $of!("5"),
            $of!("7"),
            $of!("10"),
            $of!("15"),
            $of!("20"),
            $of!("30"),
            $of!("50"),
            $of!("70"),
            $of!("100"),
            $of!("150"),
            $of!("200"),
            $of!("300"),
            $of!("500"),
            $of!("700"),
            $of!("1000"),
            $of!("1500"),
            $of!("2000"),
            $of!("3000"),
            $of!("5000"),
            $of!("7000"),
            $of!("10000"),
            $of!("15000"),
            $of!("20000"),
            $of!("30000"),
            $of!("60000"),
            $of!("120000"),
            $of!("more")
        )
    };
}

/// The step that a time of the ledger falls into, counted from 0.
macro_rules! step_of {
    ($ms:literal) => {
        concat!(
            "CASE WHEN ",
            $ms,
            " <= 3 THEN 0 WHEN ",
            $ms,
            " <= 5 THEN 1 WHEN ",
            $ms,
            " <= 7 THEN 2 WHEN ",
            $ms,
            " <= 10 THEN 3 WHEN ",
            $ms,
            " <= 15 THEN 4 WHEN ",
            $ms,
            " <= 20 THEN 5 WHEN ",
            $ms,
            " <= 30 THEN 6 WHEN ",
            $ms,
            " <= 50 THEN 7 WHEN ",
            $ms,
            " <= 70 THEN 8 WHEN ",
            $ms,
            " <= 100 THEN 9 WHEN ",
            $ms,
            " <= 150 THEN 10 WHEN ",
            $ms,
            " <= 200 THEN 11 WHEN ",
            $ms,
            " <= 300 THEN 12 WHEN ",
            $ms,
            " <= 500 THEN 13 WHEN ",
            $ms,
            " <= 700 THEN 14 WHEN ",
            $ms,
            " <= 1000 THEN 15 WHEN ",
            $ms,
            " <= 1500 THEN 16 WHEN ",
            $ms,
            " <= 2000 THEN 17 WHEN ",
            $ms,
            " <= 3000 THEN 18 WHEN ",
            $ms,
            " <= 5000 THEN 19 WHEN ",
            $ms,
            " <= 7000 THEN 20 WHEN ",
            $ms,
            " <= 10000 THEN 21 WHEN ",
            $ms,
            " <= 15000 THEN 22 WHEN ",
            $ms,
            " <= 20000 THEN 23 WHEN ",
            $ms,
            " <= 30000 THEN 24 WHEN ",
            $ms,
            " <= 60000 THEN 25 WHEN ",
            $ms,
            " <= 120000 THEN 26 ELSE 27 END"
        )
    };
}

macro_rules! duration {
    ($step:literal) => {
        concat!(", duration_", $step)
    };
}

macro_rules! first {
    ($step:literal) => {
        concat!(", first_", $step)
    };
}

macro_rules! sum_of_duration {
    ($step:literal) => {
        concat!(", CAST(SUM(duration_", $step, ") AS BIGINT)")
    };
}

macro_rules! sum_of_first {
    ($step:literal) => {
        concat!(", CAST(SUM(first_", $step, ") AS BIGINT)")
    };
}

pub(super) use {duration, each_step, first, step_of, sum_of_duration, sum_of_first};

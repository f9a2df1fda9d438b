use super::*;
use crate::clock::Clock;

/// A worker's health, and the clock that it is judged by.
struct Patient {
    health: Health,
    clock: Clock,
}

impl Patient {
    fn new() -> Self {
        Patient {
            health: Health::new(),
            clock: Clock::manual(UnixMs(1_767_225_600_000)),
        }
    }

    fn saw(&mut self, outcome: Outcome) {
        self.health.saw(outcome, false, true, self.clock.now());
    }

    fn tried(&mut self, outcome: Outcome) {
        assert_eq!(self.health.enter(self.clock.now()), Some(true));
        self.health.saw(outcome, true, true, self.clock.now());
    }

    fn probed(&mut self, outcome: Outcome) {
        self.health.probed(outcome, true, self.clock.now());
    }

    fn way(&self) -> Way {
        self.health.way(self.clock.now())
    }

    fn is_out_for(&self, time: Duration) -> bool {
        self.way() == Way::Closed(self.clock.now().plus(time))
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn failures_in_a_row_eject_and_a_success_between_them_does_not_let_them() {
    let mut one = Patient::new();
    for _ in 0..5 {
        one.saw(Outcome::Failed);
        one.saw(Outcome::Failed);
        one.saw(Outcome::Good);
    }
    assert_eq!(one.way(), Way::Open);
    (0..IN_A_ROW).for_each(|_| one.saw(Outcome::Failed));
    assert!(one.is_out_for(FAILING.0));
}

#[test]
fn failing_half_the_time_ejects_once_there_is_enough_to_tell() {
    let mut one = Patient::new();
    for round in 1..=ENOUGH / 2 {
        assert_eq!(one.way(), Way::Open, "round {round}");
        one.saw(Outcome::Good);
        one.saw(Outcome::Failed);
    }
    assert!(one.is_out_for(FAILING.0));

    let mut one = Patient::new();
    for _ in 0..ENOUGH * 3 {
        one.saw(Outcome::Good);
        one.saw(Outcome::Failed);
        one.pass(Duration::from_secs(4));
    }
    assert_eq!(one.way(), Way::Open, "so few at a time tell nothing");
}

#[test]
fn where_too_many_are_out_already_it_stays() {
    let mut one = Patient::new();
    let now = one.clock.now();
    (0..50).for_each(|_| one.health.saw(Outcome::Failed, false, false, now));
    assert_eq!(one.way(), Way::Open);
    one.health.saw(Outcome::Unreachable, false, false, now);
    assert!(
        one.is_out_for(UNREACHABLE.0),
        "who is not there is out in any case"
    );
}

#[test]
fn one_request_at_a_time_tries_it_and_a_good_one_makes_it_well() {
    let mut one = Patient::new();
    (0..IN_A_ROW).for_each(|_| one.saw(Outcome::Failed));
    one.pass(FAILING.0 - MS);
    assert_eq!(one.health.enter(one.clock.now()), None);
    one.pass(MS);
    assert_eq!(one.way(), Way::Trial);
    assert_eq!(one.health.enter(one.clock.now()), Some(true));
    assert_eq!(
        (one.way(), one.health.enter(one.clock.now())),
        (Way::Tried, None)
    );
    // What began before the ejection and ends now is not the trial.
    one.saw(Outcome::Good);
    assert_eq!(one.way(), Way::Tried);
    // The trial's client leaves; another tries.
    one.health.untried();
    one.tried(Outcome::Good);
    assert_eq!(one.way(), Way::Open);
    assert_eq!(one.health.enter(one.clock.now()), Some(false));
    one.saw(Outcome::Failed);
    assert_eq!(one.way(), Way::Open, "what was before is forgotten");
}

#[test]
fn it_is_left_alone_longer_each_time_and_begins_anew_after_a_good_life() {
    let mut one = Patient::new();
    (0..IN_A_ROW).for_each(|_| one.saw(Outcome::Failed));
    for expected in [10, 20, 40, 60, 60] {
        one.pass(FAILING.1);
        one.tried(Outcome::Failed);
        assert!(one.is_out_for(Duration::from_secs(expected)), "{expected}");
    }
    one.pass(FAILING.1);
    one.tried(Outcome::Good);
    one.pass(GOOD_LIFE + MS);
    one.health.is_slow(one.clock.now());
    assert!(one.is_out_for(FAILING.0));
}

#[test]
fn many_requests_that_one_death_ends_are_one_ejection() {
    let mut one = Patient::new();
    (0..100).for_each(|_| one.saw(Outcome::Unreachable));
    assert!(one.is_out_for(UNREACHABLE.0));
}

#[test]
fn a_probe_brings_back_who_was_not_there_and_nobody_else() {
    let mut one = Patient::new();
    one.saw(Outcome::Unreachable);
    one.probed(Outcome::Unreachable);
    assert!(one.is_out_for(UNREACHABLE.0 * 2));
    one.probed(Outcome::Good);
    assert_eq!(one.way(), Way::Open);

    (0..IN_A_ROW).for_each(|_| one.saw(Outcome::Failed));
    one.probed(Outcome::Good);
    assert!(matches!(one.way(), Way::Closed(_)));
}

#[test]
fn probes_that_fail_eject_unless_requests_succeed() {
    let mut one = Patient::new();
    for _ in 0..IN_A_ROW {
        one.probed(Outcome::Failed);
        one.saw(Outcome::Good);
    }
    assert_eq!(one.way(), Way::Open);
    (0..IN_A_ROW).for_each(|_| one.probed(Outcome::Failed));
    assert!(one.is_out_for(FAILING.0));
}

#[test]
fn who_asks_to_be_left_alone_is_for_exactly_so_long_and_is_not_ill() {
    let mut one = Patient::new();
    let rest = Duration::from_secs(7);
    (0..10).for_each(|_| one.saw(Outcome::Busy(rest)));
    one.saw(Outcome::Busy(MS));
    one.saw(Outcome::Good);
    one.probed(Outcome::Good);
    assert!(one.is_out_for(rest));
    one.pass(rest - MS);
    assert!(one.is_out_for(MS));
    one.pass(MS);
    assert_eq!(
        one.health.enter(one.clock.now()),
        Some(false),
        "no trial: it was never ill"
    );
    assert_eq!(one.health.error_rate(one.clock.now()), 0.0);
}

#[test]
fn a_trial_that_is_asked_to_wait_ends_the_illness_and_begins_a_rest() {
    let mut one = Patient::new();
    (0..IN_A_ROW).for_each(|_| one.saw(Outcome::Failed));
    one.pass(FAILING.0);
    one.tried(Outcome::Busy(MS * 3));
    assert!(one.is_out_for(MS * 3));
}

#[test]
fn well_beyond_doubt_is_who_has_answered_and_not_failed_since() {
    let mut one = Patient::new();
    assert!(!one.health.is_sure(), "nobody has asked it yet");
    one.saw(Outcome::Good);
    assert!(one.health.is_sure());
    for doubtful in [Outcome::Failed, Outcome::TimedOut, Outcome::BrokeOff] {
        one.saw(doubtful);
        assert!(!one.health.is_sure(), "{doubtful:?}");
        one.saw(Outcome::Good);
        assert!(one.health.is_sure());
    }
    one.saw(Outcome::Unreachable);
    one.probed(Outcome::Good);
    assert_eq!(one.way(), Way::Open);
    assert!(!one.health.is_sure(), "it is there, and that is all");
}

#[test]
fn who_begins_well_and_breaks_off_is_ejected_too() {
    let mut one = Patient::new();
    for _ in 0..5 {
        for _ in 1..IN_A_ROW {
            one.saw(Outcome::Good);
            one.saw(Outcome::BrokeOff);
        }
        one.health.ended_well();
        one.pass(Duration::from_secs(30));
    }
    assert_eq!(one.way(), Way::Open);
    for _ in 0..IN_A_ROW {
        one.saw(Outcome::Good);
        one.saw(Outcome::BrokeOff);
    }
    assert!(one.is_out_for(FAILING.0));
}

#[test]
fn a_trial_that_is_as_slow_as_before_ends_nothing() {
    let mut one = Patient::new();
    one.health.is_slow(one.clock.now());
    one.pass(FAILING.0);
    one.tried(Outcome::Slow);
    assert!(one.is_out_for(FAILING.0 * 2));
    one.pass(FAILING.0 * 2);
    one.tried(Outcome::Good);
    assert_eq!(one.way(), Way::Open);
    one.saw(Outcome::Slow);
    assert_eq!(
        one.way(),
        Way::Open,
        "one that is well may be slow for once"
    );
}

#[test]
fn who_is_there_for_probes_and_not_for_requests_is_not_brought_back_for_ever() {
    let mut one = Patient::new();
    one.saw(Outcome::Good);
    for _ in 0..=RELAPSES {
        one.saw(Outcome::Unreachable);
        one.probed(Outcome::Good);
    }
    let rest = UNREACHABLE.0 * 2u32.pow(RELAPSES);
    assert!(one.is_out_for(rest), "{:?}", one.way());
    one.pass(rest);
    one.probed(Outcome::Good);
    assert_eq!(one.way(), Way::Open);
    one.saw(Outcome::Good);
    one.saw(Outcome::Unreachable);
    one.probed(Outcome::Good);
    assert_eq!(one.way(), Way::Open, "it was there for one");
}

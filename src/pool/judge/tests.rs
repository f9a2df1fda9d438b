use std::sync::Barrier;
use std::thread;

use super::super::tests::{MODEL, fail, pool};
use super::super::{Cause, Lease, WorkerState};
use super::*;

#[test]
fn no_more_than_half_are_ejected_while_they_answer() {
    for (workers, ejected) in [(1, 0), (2, 1), (3, 1), (4, 2), (9, 4)] {
        let pool = pool(&vec![9; workers]);
        (0..workers).for_each(|at| fail(&pool, at));
        let states = pool.snapshot().into_iter().map(|standing| standing.state);
        let out = states.filter(|state| matches!(state, WorkerState::Ejected { .. }));
        assert_eq!(out.count(), ejected, "of {workers}");
    }
}

#[test]
fn more_than_half_are_ejected_while_one_that_was_asked_enough_fails_at_nothing() {
    for (answers, failures, ejected) in [(20, 0, 5), (19, 0, 3), (40, 1, 3)] {
        let pool = pool(&[9; 6]);
        let well = pool.all()[5].clone();
        (0..failures).for_each(|_| pool.saw(&well, Outcome::Failed, false));
        (0..answers).for_each(|_| pool.saw(&well, Outcome::Good, false));
        (0..5).for_each(|at| fail(&pool, at));
        let workers = pool.all();
        let out = workers.iter().filter(|worker| worker.is_ejected_alive());
        assert_eq!(
            out.count(),
            ejected,
            "{answers} answers, {failures} failures"
        );
        assert!(!well.is_ejected());
    }
}

#[test]
fn threads_that_see_many_fail_at_once_eject_no_more_than_half() {
    let pool = pool(&[9; 8]);
    let barrier = Barrier::new(8);
    thread::scope(|scope| {
        for at in 0..8 {
            let (pool, barrier) = (&pool, &barrier);
            scope.spawn(move || {
                barrier.wait();
                fail(pool, at);
            });
        }
    });
    let out = pool
        .all()
        .iter()
        .filter(|one| one.is_ejected_alive())
        .count();
    assert_eq!(out, 4);
}

#[test]
fn the_slow_one_is_ejected_and_measured_anew_when_it_is_back() {
    let pool = pool(&[9; 4]);
    let work = (MODEL.to_owned(), true);
    let took = |at: usize, ms: u64, times: usize| {
        let worker = pool.all()[at].clone();
        (0..times).for_each(|_| pool.took(&worker, &work, Duration::from_millis(ms)));
        pool.snapshot()[at].state
    };
    for at in 0..3 {
        assert_eq!(took(at, 200 + at as u64, 40), WorkerState::Ready);
    }
    let until = pool.0.clock.now().plus(Duration::from_secs(5));
    let ejected = WorkerState::Ejected {
        cause: Cause::Slow,
        until,
    };
    assert_eq!(took(3, 2_000, 40), ejected);
    pool.0.clock.advance(Duration::from_secs(5));
    assert_eq!(pool.snapshot()[3].state, WorkerState::HalfOpen);
    // Its trial goes well.
    let worker = pool.all()[3].clone();
    let trial = Lease::take(&worker, &pool, &MODEL.into()).unwrap();
    assert!(Lease::take(&worker, &pool, &MODEL.into()).is_none());
    pool.saw(&worker, Outcome::Good, true);
    drop(trial);
    assert_eq!(
        took(3, 2_000, 12),
        WorkerState::Ready,
        "few answers tell nothing"
    );
    assert!(matches!(took(3, 2_000, 12), WorkerState::Ejected { .. }));
}

#[test]
fn who_is_slow_all_at_once_is_ejected_soon_unless_all_are() {
    let work = (MODEL.to_owned(), true);
    let slow_answers = |others_ms: u64| {
        let pool = pool(&[9; 3]);
        let workers = pool.all();
        let took = |at: usize, ms: u64| {
            pool.took(&workers[at], &work, Duration::from_millis(ms));
        };
        (0..3).for_each(|at| (0..40).for_each(|_| took(at, 200)));
        let is_well = |_: &usize| {
            (0..2).for_each(|at| took(at, others_ms));
            took(2, 2_000);
            pool.snapshot()[2].state == WorkerState::Ready
        };
        (1..=12).take_while(is_well).count()
    };
    assert_eq!(slow_answers(200), 7, "the eighth is too much");
    assert_eq!(slow_answers(2_100), 12, "a rush");
}

#[test]
fn who_is_slow_now_and_then_is_not_ejected() {
    let pool = pool(&[9; 3]);
    let work = (MODEL.to_owned(), true);
    for at in 0..3 {
        let worker = pool.all()[at].clone();
        (0..40).for_each(|_| pool.took(&worker, &work, Duration::from_millis(200)));
    }
    let worker = pool.all()[2].clone();
    for _ in 0..50 {
        // Long prompts, and a short one between them.
        for ms in [5_000, 5_000, 200] {
            pool.took(&worker, &work, Duration::from_millis(ms));
            pool.took(&worker, &work, Duration::from_millis(200));
        }
    }
    assert_eq!(pool.snapshot()[2].state, WorkerState::Ready);
}

#[test]
fn from_when_on_a_worker_is_late_is_told_by_so_many_others_as_are_measured() {
    let work = (MODEL.to_owned(), true);
    let late_of_first = |measured: usize, fewest: usize| {
        let pool = pool(&[9; 4]);
        for worker in pool.all().iter().take(measured) {
            (0..20).for_each(|_| pool.took(worker, &work, Duration::from_millis(200)));
        }
        let late = pool.late_after(&pool.all()[0], &work, fewest);
        late.map(|late| late.as_millis())
    };
    assert_eq!(late_of_first(1, 1), None, "it alone is no measure");
    assert_eq!(late_of_first(2, 1), Some(600));
    assert_eq!(late_of_first(2, 2), None);
    assert_eq!(late_of_first(3, 2), Some(600));
}

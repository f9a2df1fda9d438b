//! Many threads at once. What they do is a series of whole steps, each under the lock of its account (see
//! `against_a_list`); here it is seen that none of them escapes the lock, and that no two wait for each other.

use std::sync::Barrier;
use std::thread;

use super::*;

/// What `threads` threads, let go at once, give; each gets its number.
fn at_once<T: Send>(threads: usize, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let started: Vec<_> = (0..threads)
            .map(|number| {
                let (barrier, act) = (&barrier, &act);
                scope.spawn(move || {
                    barrier.wait();
                    act(number)
                })
            })
            .collect();
        started
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

#[test]
fn of_many_at_once_exactly_the_limit_is_admitted() {
    let (limits, _) = fresh();
    let caller = caller();
    let admitted = at_once(100, |_| {
        let admission = limits.admit(&caller, 1);
        admission.map(|admission| admission.settle(1)).is_ok()
    });
    assert_eq!(admitted.into_iter().filter(|ok| *ok).count(), 10);
}

#[test]
fn account_and_keys_fill_exactly_and_all_is_given_back() {
    const QUOTA: Quota = Quota {
        rpm: 400,
        tpm: 1_000_000,
    };
    let (limits, clock) = fresh();
    let account = AccountId::new();
    let callers = [
        holder(&account, QUOTA, Some(120), Some(900_000)),
        holder(&account, QUOTA, Some(300), None),
    ];
    // Ten requests of each of 100 threads, half of them with either key; some threads sweep and look on.
    let admitted = at_once(100, |number| {
        let caller = &callers[number % 2];
        let mut admitted = 0;
        for round in 0..10 {
            match limits.admit(caller, 50) {
                Ok(admission) if round % 2 == 0 => {
                    admitted += 1;
                    let _ = admission.settle(7);
                }
                Ok(admission) => {
                    admitted += 1;
                    drop(admission);
                }
                Err(refused) => assert_eq!(refused.bucket, BucketName::Requests),
            }
            if number % 10 == 0 {
                limits.sweep();
            }
            let standings = limits.standing(caller);
            assert!(standings.account.requests.used <= 400);
            assert!(standings.key.unwrap().requests.used <= [120, 300][number % 2]);
            // In all 20 s: seconds begin under way, but nothing leaves the window.
            clock.advance(Duration::from_millis(20));
        }
        (number % 2, admitted)
    });
    let by_key = [0, 1].map(|key| {
        let counts = admitted.iter().filter(|(of, _)| *of == key);
        counts.map(|(_, count)| *count).sum::<u64>()
    });
    assert_eq!(by_key.iter().sum::<u64>(), 400);
    for (caller, count) in callers.iter().zip(by_key) {
        let Standings { account, key } = limits.standing(caller);
        let key = key.unwrap();
        assert_eq!((account.requests.used, key.requests.used), (400, count));
        assert_eq!((account.reserved, key.reserved), (0, 0));
        assert!(key.tokens.used <= account.tokens.used && key.tokens.used % 7 == 0);
    }
    let used = callers
        .each_ref()
        .map(|caller| limits.standing(caller).key.unwrap().tokens.used);
    assert_eq!(
        limits.standing(&callers[0]).account.tokens.used,
        used.iter().sum::<u64>()
    );
}

#[test]
fn tokens_are_taken_from_both_or_from_neither() {
    let (limits, _) = fresh();
    let account = AccountId::new();
    let callers = [300, 1_000].map(|tpm| {
        let roomy = Quota {
            rpm: 1_000,
            ..QUOTA
        };
        holder(&account, roomy, None, Some(tpm))
    });
    let held = at_once(100, |number| limits.admit(&callers[number % 2], 100).ok());
    let held: Vec<_> = held.into_iter().flatten().collect();
    assert_eq!(held.len(), 10);
    let standings = callers.each_ref().map(|caller| limits.standing(caller));
    let of_keys = standings.map(|standings| standings.key.unwrap().tokens.used);
    assert_eq!(standings[0].account.tokens.used, 1_000);
    assert_eq!(of_keys.iter().sum::<u64>(), 1_000);
    assert!(of_keys[0] <= 300, "{of_keys:?}");
    at_once(held.len(), {
        let held: Vec<_> = held
            .into_iter()
            .map(|admission| Mutex::new(Some(admission)))
            .collect();
        move |number| drop(lock(&held[number]).take())
    });
    for caller in &callers {
        let Standings { account, key } = limits.standing(caller);
        assert_eq!((account.tokens.used, account.reserved), (0, 0));
        assert_eq!(key.unwrap().tokens.used, 0);
    }
}

//! The limits as they are met, one rule at a time; then under many threads. That they hold in any order is proved
//! against a plain list.

mod against_a_list;
mod threads;

use super::*;
use crate::ids::KeyId;
use crate::principal::{Grant, Tier, Via};

const QUOTA: Quota = Quota {
    rpm: 10,
    tpm: 1_000,
};

fn fresh() -> (Limits, Clock) {
    let clock = Clock::manual(UnixMs(1_700_000_000_000));
    (Limits::new(clock.clone()), clock)
}

/// Somebody of `account` with a key, whose own limits these are.
fn holder(account: &AccountId, quota: Quota, rpm: Option<u32>, tpm: Option<u64>) -> Principal {
    let grant = Grant {
        rpm,
        tpm,
        ..Grant::default()
    };
    Principal {
        account: account.clone(),
        via: Via::Key(KeyId::new()),
        tier: Tier::Free,
        quota,
        grant: grant.into(),
    }
}

/// Somebody with an account to themselves.
fn caller() -> Principal {
    holder(&AccountId::new(), QUOTA, None, None)
}

#[test]
fn settling_gives_the_rest_back_at_once() {
    let (limits, _) = fresh();
    let caller = caller();
    let admission = limits.admit(&caller, 1_000).unwrap();
    assert_eq!(limits.standing(&caller).account.tokens.remaining(), 0);
    assert_eq!(
        limits.admit(&caller, 1).unwrap_err().bucket,
        BucketName::Tokens
    );
    let standing = admission.settle(300);
    assert_eq!((standing.tokens.remaining(), standing.reserved), (700, 0));
}

#[test]
fn a_dropped_admission_costs_its_request_but_no_tokens() {
    let (limits, _) = fresh();
    let caller = caller();
    drop(limits.admit(&caller, 500).unwrap());
    let standing = limits.standing(&caller).account;
    assert_eq!((standing.tokens.used, standing.requests.used), (0, 1));
}

#[test]
fn what_was_used_beyond_the_reservation_is_charged_to_both() {
    let (limits, clock) = fresh();
    let caller = holder(&AccountId::new(), QUOTA, None, Some(100));
    let standing = limits.admit(&caller, 10).unwrap().settle(150);
    assert_eq!((standing.tokens.limit, standing.tokens.used), (100, 150));
    let Standings { account, key } = limits.standing(&caller);
    assert_eq!((account.tokens.used, key.unwrap().tokens.used), (150, 150));
    // Nothing is left, and what asks for nothing needs nothing.
    assert!(limits.admit(&caller, 0).is_ok());
    let refused = limits.admit(&caller, 1).unwrap_err();
    clock.advance(refused.retry_after.unwrap());
    assert!(limits.admit(&caller, 1).is_ok());
}

#[test]
fn no_count_of_a_worker_overflows() {
    let (limits, clock) = fresh();
    let caller = caller();
    for _ in 0..3 {
        let standing = limits.admit(&caller, 0).unwrap().settle(u64::MAX);
        assert_eq!(standing.tokens.used, u64::MAX);
        clock.advance(Duration::from_secs(1));
    }
    clock.advance(Duration::from_secs(59));
    assert_eq!(limits.standing(&caller).account.tokens.used, u64::MAX);
    clock.advance(Duration::from_secs(2));
    assert_eq!(limits.standing(&caller).account.tokens.used, 0);
}

#[test]
fn more_than_the_whole_limit_never_fits() {
    let (limits, _) = fresh();
    let account = AccountId::new();
    for (caller, tokens, expected) in [
        (
            holder(&account, QUOTA, None, None),
            1_001,
            (BucketName::Tokens, Holder::Account),
        ),
        (
            holder(&account, QUOTA, Some(1), Some(20)),
            21,
            (BucketName::Tokens, Holder::Key),
        ),
        (
            holder(&account, QUOTA, Some(0), None),
            1,
            (BucketName::Requests, Holder::Key),
        ),
        (
            holder(&account, Quota { rpm: 0, ..QUOTA }, None, None),
            1,
            (BucketName::Requests, Holder::Account),
        ),
    ] {
        let refused = limits.admit(&caller, tokens).unwrap_err();
        assert_eq!((refused.bucket, refused.holder), expected);
        assert_eq!(refused.retry_after, None);
        assert_eq!(limits.standing(&caller).account.requests.used, 0);
    }
}

#[test]
fn a_keys_own_limit_leaves_the_accounts_other_callers_alone() {
    let (limits, clock) = fresh();
    let account = AccountId::new();
    let (small, other) = (
        holder(&account, QUOTA, Some(2), None),
        holder(&account, QUOTA, None, None),
    );
    for _ in 0..2 {
        let _ = limits.admit(&small, 5).unwrap().settle(5);
    }
    let refused = limits.admit(&small, 5).unwrap_err();
    assert_eq!(
        (refused.bucket, refused.holder),
        (BucketName::Requests, Holder::Key)
    );
    assert_eq!(
        (refused.standing.requests.limit, refused.asked),
        (2, 1),
        "the bucket that refused is the one described"
    );
    let _ = limits.admit(&other, 5).unwrap().settle(5);
    assert_eq!(limits.standing(&small).account.requests.used, 3);
    assert_eq!(limits.standing(&other).key, None);
    clock.advance(refused.retry_after.unwrap());
    assert!(limits.admit(&small, 5).is_ok());
}

#[test]
fn the_tightest_of_each_kind_is_what_a_client_is_told() {
    let (limits, _) = fresh();
    let account = AccountId::new();
    let key = holder(&account, QUOTA, Some(4), None);
    let other = holder(&account, QUOTA, None, None);
    let _held = limits.admit(&other, 900).unwrap();
    let standing = limits.admit(&key, 10).unwrap().settle(10);
    assert_eq!((standing.requests.limit, standing.requests.used), (4, 1));
    assert_eq!((standing.tokens.used, standing.reserved), (910, 900));
}

#[test]
fn the_idle_are_forgotten_but_not_while_a_request_runs() {
    let (limits, clock) = fresh();
    let caller = holder(&AccountId::new(), QUOTA, Some(5), None);
    let remembered = || lock(&limits.accounts).len();
    let admission = limits.admit(&caller, 5).unwrap();
    let _ = limits.admit(&caller, 5).unwrap().settle(5);
    limits.sweep();
    assert_eq!(remembered(), 1);
    clock.advance(Duration::from_secs(62));
    limits.sweep();
    assert_eq!(remembered(), 1, "a request of it runs");
    let _ = admission.settle(900);
    assert_eq!(
        limits.standing(&caller).account.tokens.used,
        0,
        "what was admitted more than a minute ago is past charging"
    );
    limits.sweep();
    assert_eq!(remembered(), 0);
}

//! What is taken while the database does not answer.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_key_that_was_taken_before_is_taken_for_ten_minutes() {
    let site = Site::open().await;
    let (_, secret) = site.create("laptop").await;
    let (_, other) = site.create("never used").await;
    let known = site.keys.verify(secret.expose(), None).await.unwrap();
    site.db.pool().close().await;

    let mut passed = Duration::ZERO;
    for step in [5 * SECOND, SECOND, 5 * SECOND, BRIDGED - 12 * SECOND] {
        site.clock.advance(step);
        passed += step;
        let taken = site.keys.verify(secret.expose(), None).await;
        assert_eq!(taken.unwrap(), known, "after {passed:?}");
    }
    for _ in 0..2 {
        // Not asking for a while makes what was read no younger.
        site.clock.advance(SECOND);
        assert!(matches!(
            site.keys.verify(secret.expose(), None).await,
            Err(Refusal::Store(_))
        ));
    }
    assert!(matches!(
        site.keys.verify(other.expose(), None).await,
        Err(Refusal::Store(_))
    ));
}

#[tokio::test]
async fn a_key_is_held_to_its_expiry_and_its_addresses() {
    let site = Site::open().await;
    let (home, away) = ("10.0.0.1".parse().ok(), "10.0.0.2".parse().ok());
    let new = NewKey {
        expires: Some(site.clock.now().plus(60 * SECOND)),
        ips: vec!["10.0.0.1".to_owned()],
        ..NewKey::named("laptop")
    };
    let (_, secret) = site.keys.create(&site.account, new).await.unwrap();
    site.keys.verify(secret.expose(), home).await.unwrap();
    site.db.pool().close().await;
    site.clock.advance(30 * SECOND);
    assert!(matches!(
        site.keys.verify(secret.expose(), away).await,
        Err(Refusal::IpNotAllowed)
    ));
    assert!(site.keys.verify(secret.expose(), home).await.is_ok());
    site.clock.advance(30 * SECOND);
    assert!(matches!(
        site.keys.verify(secret.expose(), home).await,
        Err(Refusal::Expired)
    ));
}

#[tokio::test]
async fn a_key_that_is_known_to_be_revoked_or_suspended_stays_refused() {
    for elsewhere in [true, false] {
        let site = Site::open().await;
        let (key, secret) = site.create("laptop").await;
        site.keys.verify(secret.expose(), None).await.unwrap();
        if elsewhere {
            let other = Keys::new(site.db.clone(), site.clock.clone());
            other.revoke(&site.account, &key.id).await.unwrap();
            site.clock.advance(5 * SECOND);
            assert!(matches!(
                site.keys.verify(secret.expose(), None).await,
                Err(Refusal::Revoked)
            ));
        } else {
            site.keys.revoke(&site.account, &key.id).await.unwrap();
        }
        site.db.pool().close().await;
        assert!(site.keys.verify(secret.expose(), None).await.is_err());
    }
    let site = Site::open().await;
    let (_, secret) = site.create("laptop").await;
    site.keys.verify(secret.expose(), None).await.unwrap();
    site.suspend().await;
    site.clock.advance(5 * SECOND);
    assert!(matches!(
        site.keys.verify(secret.expose(), None).await,
        Err(Refusal::Suspended)
    ));
    site.db.pool().close().await;
    assert!(site.keys.verify(secret.expose(), None).await.is_err());
}

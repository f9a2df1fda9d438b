use std::collections::BTreeSet;

use super::*;
use crate::principal::Endpoint;

impl Site {
    async fn create_with(&self, new: NewKey) -> (Key, PlainKey) {
        self.keys.create(&self.account, new).await.unwrap()
    }
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

#[tokio::test]
async fn a_keys_restrictions_are_kept_and_go_with_whoever_calls() {
    let site = Site::open().await;
    let new = NewKey {
        expires: Some(site.clock.now().plus(Duration::from_secs(60))),
        endpoints: vec!["chat".into(), "models".into()],
        models: vec!["a/b".into(), "c".into()],
        ips: vec!["10.0.0.0/8".into(), "2001:db8::1".into()],
        rpm: Some(5),
        tpm: Some(1_000),
        ..NewKey::named("laptop")
    };
    let (key, secret) = site.create_with(new).await;
    let elsewhere = Keys::new(site.db.clone(), site.clock.clone());
    let stored = elsewhere.list(&site.account).await.unwrap();
    assert_eq!(stored, [key]);

    let principal = elsewhere.verify(secret.expose(), address("10.1.1.1")).await;
    let grant = principal.unwrap().grant;
    assert_eq!(
        grant.endpoints,
        Some(BTreeSet::from([Endpoint::Chat, Endpoint::Models]))
    );
    assert!(grant.allows_model("a/b") && !grant.allows_model("a"));
    assert_eq!((grant.rpm, grant.tpm), (Some(5), Some(1_000)));
    assert!(Arc::ptr_eq(
        &grant,
        &elsewhere
            .verify(secret.expose(), address("10.1.1.1"))
            .await
            .unwrap()
            .grant
    ));
}

#[tokio::test]
async fn a_key_expires_on_time_though_it_is_remembered() {
    let site = Site::open().await;
    let expires = site.clock.now().plus(Duration::from_secs(2));
    let new = NewKey {
        expires: Some(expires),
        ..NewKey::named("laptop")
    };
    let (key, secret) = site.create_with(new).await;
    assert!(site.keys.verify(secret.expose(), None).await.is_ok());
    site.clock.advance(Duration::from_millis(1_999));
    assert!(site.keys.verify(secret.expose(), None).await.is_ok());

    site.clock.advance(Duration::from_millis(1));
    let elsewhere = Keys::new(site.db.clone(), site.clock.clone());
    for keys in [&site.keys, &elsewhere] {
        let refused = keys.verify(secret.expose(), None).await;
        assert!(matches!(refused, Err(Refusal::Expired)), "{refused:?}");
    }
    assert_eq!(key.state(site.clock.now()), KeyState::Expired);
    site.keys.revoke(&site.account, &key.id).await.unwrap();
    let refused = site.keys.verify(secret.expose(), None).await;
    assert!(matches!(refused, Err(Refusal::Revoked)), "{refused:?}");
}

#[tokio::test]
async fn a_key_is_held_to_its_addresses_at_each_call() {
    let site = Site::open().await;
    let new = NewKey {
        ips: vec!["10.0.0.0/8".into()],
        ..NewKey::named("laptop")
    };
    let (_, secret) = site.create_with(new).await;
    for _ in 0..2 {
        for (from, allowed) in [
            (address("10.0.0.1"), true),
            (address("::ffff:10.0.0.1"), true),
            (address("192.0.2.1"), false),
            (None, false),
        ] {
            match site.keys.verify(secret.expose(), from).await {
                Ok(_) => assert!(allowed, "{from:?}"),
                Err(Refusal::IpNotAllowed) => assert!(!allowed, "{from:?}"),
                Err(other) => panic!("{from:?}: {other}"),
            }
        }
    }
    let listed = site.keys.list(&site.account).await.unwrap();
    assert_eq!(
        listed[0].last_used_from,
        address("10.0.0.1"),
        "as an IPv4 address, and of those that were let in"
    );
}

#[tokio::test]
async fn a_limit_of_a_keys_own_lies_within_its_accounts() {
    let site = Site::open().await;
    let own = |rpm, tpm| NewKey {
        rpm: Some(rpm),
        tpm: Some(tpm),
        ..NewKey::named("laptop")
    };
    let free = Tier::Free.quota();
    site.create_with(own(free.rpm, free.tpm)).await;
    for (new, field) in [(own(free.rpm + 1, 1), "rpm"), (own(1, free.tpm + 1), "tpm")] {
        match site.keys.create(&site.account, new).await {
            Err(CreateError::Invalid(invalid)) => assert_eq!(invalid.field(), field),
            other => panic!("{:?}", other.map(|(key, _)| key)),
        }
    }
}

#[tokio::test]
async fn an_expired_key_makes_room_and_is_listed_behind_those_that_can_be_used() {
    let site = Site::open().await;
    let new = |name| NewKey {
        expires: Some(site.clock.now().plus(Duration::from_secs(1))),
        ..NewKey::named(name)
    };
    for _ in 0..MOST_KEYS - 1 {
        site.create_with(new("gone soon")).await;
    }
    let (revoked, _) = site.create("revoked").await;
    let full = site.keys.create(&site.account, new("one more")).await;
    assert!(matches!(full, Err(CreateError::TooMany { max: 100 })));

    site.keys.revoke(&site.account, &revoked.id).await.unwrap();
    site.create("stays").await;
    site.clock.advance(Duration::from_secs(1));
    site.create("in their place").await;
    let names = site.names().await;
    assert_eq!(names[..3], ["in their place", "stays", "gone soon"]);
    assert_eq!(names.last().unwrap(), "revoked");
}

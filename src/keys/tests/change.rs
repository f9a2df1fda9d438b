use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

impl Site {
    async fn restrict(&self, key: &Key, wanted: NewKey) -> Result<Restrictions, ChangeError> {
        self.keys.restrict(&self.account, &key.id, &wanted).await
    }

    async fn verified(&self, secret: &PlainKey) -> Result<Principal, Refusal> {
        let home = "10.0.0.1".parse().ok();
        self.keys.verify(secret.expose(), home).await
    }
}

fn from(ip: &str) -> NewKey {
    NewKey {
        ips: vec![ip.into()],
        ..NewKey::default()
    }
}

#[tokio::test]
async fn a_name_is_trimmed_and_has_to_fit() {
    let site = Site::open().await;
    let (key, _) = site.create("laptop").await;
    site.keys
        .rename(&site.account, &key.id, " مفتاح 🔑 ")
        .await
        .unwrap();
    assert_eq!(site.names().await, ["مفتاح 🔑"]);
    for (name, wrong) in [
        (" ", Invalid::NameMissing),
        (&"é".repeat(51), Invalid::NameTooLong { max: 50 }),
    ] {
        let refused = site.keys.rename(&site.account, &key.id, name).await;
        assert!(matches!(refused, Err(ChangeError::Invalid(why)) if why == wrong));
    }
    assert_eq!(site.names().await, ["مفتاح 🔑"]);
}

#[tokio::test]
async fn other_restrictions_hold_from_the_next_request_on_and_the_name_stays() {
    let site = Site::open().await;
    let (key, secret) = site.create("laptop").await;
    assert!(site.verified(&secret).await.is_ok());
    let wanted = NewKey {
        expires: Some(site.clock.now().plus(HOUR)),
        endpoints: vec!["chat".into()],
        models: vec!["m".into()],
        rpm: Some(2),
        tpm: Some(3),
        ..from("10.0.0.0/8")
    };
    site.restrict(&key, wanted).await.unwrap();
    let grant = site.verified(&secret).await.unwrap().grant;
    assert!(!grant.allows_model("other") && grant.endpoints.is_some());
    assert_eq!((grant.rpm, grant.tpm), (Some(2), Some(3)));
    let listed = site.keys.list(&site.account).await.unwrap().remove(0);
    assert_eq!(
        (listed.name.as_str(), listed.masked()),
        ("laptop", key.masked())
    );

    site.restrict(&key, from("192.0.2.1")).await.unwrap();
    assert!(matches!(
        site.verified(&secret).await,
        Err(Refusal::IpNotAllowed)
    ));
    site.restrict(&key, NewKey::default()).await.unwrap();
    let principal = site.verified(&secret).await.unwrap();
    assert_eq!(
        principal.grant,
        Arc::default(),
        "nothing is restricted any more"
    );
    site.clock.advance(HOUR);
    assert!(site.verified(&secret).await.is_ok(), "nor does it expire");
}

#[tokio::test]
async fn restrictions_that_cannot_be_leave_the_key_as_it_was() {
    let site = Site::open().await;
    let (key, secret) = site.create("laptop").await;
    let above = NewKey {
        rpm: Some(11),
        ..from("192.0.2.1")
    };
    let refused = site.restrict(&key, above).await;
    assert!(matches!(
        refused,
        Err(ChangeError::Invalid(Invalid::LimitAboveAccount { .. }))
    ));
    assert!(site.verified(&secret).await.is_ok());
}

#[tokio::test]
async fn a_key_that_has_ended_cannot_be_brought_back_by_other_restrictions() {
    let site = Site::open().await;
    let (revoked, _) = site.create("revoked").await;
    site.keys.revoke(&site.account, &revoked.id).await.unwrap();
    let refused = site.restrict(&revoked, NewKey::default()).await;
    assert!(matches!(refused, Err(ChangeError::Revoked)));

    let (expired, secret) = site.create("expired").await;
    let for_an_hour = NewKey {
        expires: Some(site.clock.now().plus(HOUR)),
        ..NewKey::default()
    };
    site.restrict(&expired, for_an_hour).await.unwrap();
    site.clock.advance(HOUR);
    let refused = site.restrict(&expired, NewKey::default()).await;
    assert!(matches!(refused, Err(ChangeError::Expired)));
    assert!(matches!(
        site.verified(&secret).await,
        Err(Refusal::Expired)
    ));
}

#[tokio::test]
async fn old_secrets_end_at_once_and_the_present_one_stays() {
    let site = Site::open().await;
    let (key, first) = site.create("laptop").await;
    let second = site
        .keys
        .rotate(&site.account, &key.id, HOUR)
        .await
        .unwrap();
    let third = site
        .keys
        .rotate(&site.account, &key.id, HOUR)
        .await
        .unwrap();
    for secret in [&first, &second.secret, &third.secret] {
        assert!(site.verified(secret).await.is_ok());
    }
    // Once more, as a second tab would.
    for _ in 0..2 {
        site.keys
            .end_old_secrets(&site.account, &key.id)
            .await
            .unwrap();
    }
    for secret in [&first, &second.secret] {
        assert!(matches!(site.verified(secret).await, Err(Refusal::Expired)));
    }
    assert!(site.verified(&third.secret).await.is_ok());
    let listed = site.keys.list(&site.account).await.unwrap().remove(0);
    assert_eq!(listed.retired, []);
}

#[tokio::test]
async fn another_accounts_key_is_none_to_every_change() {
    let site = Site::open().await;
    let (key, secret) = site.create("laptop").await;
    let rotated = site
        .keys
        .rotate(&site.account, &key.id, HOUR)
        .await
        .unwrap();
    let stranger = account(&site.db).await;
    let (keys, id) = (&site.keys, &key.id);
    assert!(matches!(
        keys.rename(&stranger, id, "mine").await,
        Err(ChangeError::NotFound)
    ));
    assert!(matches!(
        keys.restrict(&stranger, id, &from("192.0.2.1")).await,
        Err(ChangeError::NotFound)
    ));
    assert!(matches!(
        keys.end_old_secrets(&stranger, id).await,
        Err(RevokeError::NotFound)
    ));
    assert_eq!(site.names().await, ["laptop"]);
    for secret in [&secret, &rotated.secret] {
        assert!(site.verified(secret).await.is_ok());
    }
}

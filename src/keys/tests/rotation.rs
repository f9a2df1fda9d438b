use std::collections::HashSet;

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

impl Site {
    async fn rotate(&self, key: &Key, overlap: Duration) -> Rotated {
        let rotated = self.keys.rotate(&self.account, &key.id, overlap).await;
        rotated.unwrap()
    }

    async fn refusal(&self, secret: &PlainKey) -> Option<Refusal> {
        self.keys.verify(secret.expose(), None).await.err()
    }

    async fn only_key(&self) -> Key {
        let mut keys = self.keys.list(&self.account).await.unwrap();
        assert_eq!(keys.len(), 1);
        keys.remove(0)
    }
}

#[tokio::test]
async fn the_old_secret_is_taken_beside_the_new_one_until_its_overlap_ends() {
    let site = Site::open().await;
    let (key, old) = site.create("laptop").await;
    assert!(site.refusal(&old).await.is_none());
    let new = site.rotate(&key, HOUR).await;
    assert_eq!(new.key.id, key.id);
    assert_eq!(new.old.masked(), key.masked());
    assert_eq!(new.old.ends, site.clock.now().plus(HOUR));
    for secret in [&old, &new.secret] {
        let principal = site.keys.verify(secret.expose(), None).await.unwrap();
        assert_eq!(principal.via, Via::Key(key.id.clone()));
    }

    site.clock.advance(HOUR - Duration::from_millis(1));
    assert!(site.refusal(&old).await.is_none());
    site.clock.advance(Duration::from_millis(1));
    assert!(matches!(site.refusal(&old).await, Some(Refusal::Expired)));
    assert!(site.refusal(&new.secret).await.is_none());
    assert_eq!(site.only_key().await.retired, []);
}

#[tokio::test]
async fn without_an_overlap_the_old_secret_is_refused_at_once_though_it_was_remembered() {
    let site = Site::open().await;
    let (key, old) = site.create("laptop").await;
    assert!(site.refusal(&old).await.is_none());
    let new = site.rotate(&key, Duration::ZERO).await;
    assert!(matches!(site.refusal(&old).await, Some(Refusal::Expired)));
    assert!(site.refusal(&new.secret).await.is_none());
}

#[tokio::test]
async fn each_secret_has_its_own_last_use() {
    let site = Site::open().await;
    let (key, old) = site.create("laptop").await;
    let (home, office) = ("10.0.0.1".parse().ok(), "2001:db8::1".parse().ok());
    site.keys.verify(old.expose(), home).await.unwrap();
    let first_use = site.clock.now();
    // Noted but not written down yet: the rotation comes in between.
    let new = site.rotate(&key, HOUR).await;
    let shown = site.only_key().await;
    assert_eq!((shown.last_used, shown.last_used_from), (None, None));
    assert_eq!(shown.retired[0].last_used, Some(first_use));
    assert_eq!(shown.retired[0].last_used_from, home);

    site.clock.advance(Duration::from_secs(1));
    site.keys.verify(new.secret.expose(), office).await.unwrap();
    let shown = site.only_key().await;
    assert_eq!(shown.masked(), new.key.masked());
    assert_eq!(shown.last_used, Some(site.clock.now()));
    assert_eq!(shown.last_used_from, office);
    assert_eq!(shown.retired[0].last_used, Some(first_use));
    assert_eq!(shown.retired[0].masked(), key.masked());
}

#[tokio::test]
async fn rotated_twice_each_older_secret_keeps_the_overlap_it_was_given() {
    let site = Site::open().await;
    let (key, first) = site.create("laptop").await;
    let second = site.rotate(&key, 3 * HOUR).await.secret;
    site.clock.advance(HOUR);
    let third = site.rotate(&key, HOUR).await.secret;
    let ends: Vec<_> = site.only_key().await.retired;
    assert_eq!(
        ends.iter().map(|old| old.ends).collect::<Vec<_>>(),
        [site.clock.now().plus(HOUR), site.clock.now().plus(2 * HOUR)],
        "newest first"
    );
    for secret in [&first, &second, &third] {
        assert!(site.refusal(secret).await.is_none());
    }
    site.clock.advance(HOUR);
    assert!(site.refusal(&first).await.is_none());
    assert!(matches!(
        site.refusal(&second).await,
        Some(Refusal::Expired)
    ));
    assert!(site.refusal(&third).await.is_none());
}

#[tokio::test]
async fn a_revocation_ends_all_secrets_of_a_key_at_once() {
    let site = Site::open().await;
    let (key, old) = site.create("laptop").await;
    let new = site.rotate(&key, HOUR).await.secret;
    for secret in [&old, &new] {
        assert!(site.refusal(secret).await.is_none());
    }
    site.keys.revoke(&site.account, &key.id).await.unwrap();
    for secret in [&old, &new] {
        assert!(matches!(site.refusal(secret).await, Some(Refusal::Revoked)));
    }
    assert_eq!(site.only_key().await.retired, []);
}

#[tokio::test]
async fn a_key_that_is_no_more_is_not_rotated() {
    let site = Site::open().await;
    let rotate = async |account: &AccountId, id: &KeyId, overlap| {
        let rotated = site.keys.rotate(account, id, overlap).await;
        rotated.map(|rotated| rotated.key.id).unwrap_err()
    };
    let expires = site.clock.now().plus(HOUR);
    let new = NewKey {
        expires: Some(expires),
        ..NewKey::named("gone")
    };
    let (gone, _) = site.keys.create(&site.account, new).await.unwrap();
    let (revoked, secret) = site.create("revoked").await;
    site.clock.advance(HOUR);
    site.keys.revoke(&site.account, &revoked.id).await.unwrap();

    let (mine, stranger) = (&site.account, account(&site.db).await);
    assert!(matches!(
        rotate(mine, &gone.id, HOUR).await,
        RotateError::Expired
    ));
    assert!(matches!(
        rotate(mine, &revoked.id, HOUR).await,
        RotateError::Revoked
    ));
    assert!(matches!(
        rotate(&stranger, &gone.id, HOUR).await,
        RotateError::NotFound
    ));
    assert!(matches!(
        rotate(mine, &KeyId::new(), HOUR).await,
        RotateError::NotFound
    ));
    let too_long = LONGEST_OVERLAP + Duration::from_millis(1);
    assert!(matches!(
        rotate(mine, &gone.id, too_long).await,
        RotateError::OverlapTooLong { .. }
    ));
    assert!(matches!(
        site.refusal(&secret).await,
        Some(Refusal::Revoked)
    ));
}

#[tokio::test]
async fn a_rotation_does_not_lengthen_the_life_of_a_key() {
    let site = Site::open().await;
    let new = NewKey {
        expires: Some(site.clock.now().plus(HOUR)),
        ..NewKey::named("laptop")
    };
    let (key, old) = site.keys.create(&site.account, new).await.unwrap();
    let new = site.rotate(&key, 2 * HOUR).await.secret;
    site.clock.advance(HOUR);
    for secret in [&old, &new] {
        assert!(matches!(site.refusal(secret).await, Some(Refusal::Expired)));
    }
}

#[tokio::test]
async fn older_secrets_are_bounded_but_the_way_out_of_a_leak_is_open() {
    let site = Site::open().await;
    let (key, _) = site.create("laptop").await;
    for _ in 0..MOST_RETIRED {
        site.rotate(&key, HOUR).await;
    }
    let more = site.keys.rotate(&site.account, &key.id, HOUR).await;
    assert!(matches!(
        more.err(),
        Some(RotateError::TooManySecrets { max: 10 })
    ));
    site.rotate(&key, Duration::ZERO).await;
    site.clock.advance(HOUR);
    site.rotate(&key, HOUR).await;
}

#[tokio::test]
async fn a_secret_long_gone_is_forgotten() {
    let site = Site::open().await;
    let (key, old) = site.create("laptop").await;
    site.rotate(&key, Duration::ZERO).await;
    site.clock.advance(REMEMBERED + Duration::from_secs(1));
    assert!(matches!(site.refusal(&old).await, Some(Refusal::Expired)));
    site.rotate(&key, Duration::ZERO).await;
    assert!(matches!(site.refusal(&old).await, Some(Refusal::Unknown)));
}

#[tokio::test]
async fn what_another_process_rotates_holds_after_five_seconds() {
    let site = Site::open().await;
    let (key, old) = site.create("laptop").await;
    assert!(site.refusal(&old).await.is_none());
    let elsewhere = Keys::new(site.db.clone(), site.clock.clone());
    let rotated = elsewhere
        .rotate(&site.account, &key.id, Duration::ZERO)
        .await
        .unwrap();
    assert!(site.refusal(&rotated.secret).await.is_none());
    site.clock.advance(Duration::from_secs(5));
    assert!(matches!(site.refusal(&old).await, Some(Refusal::Expired)));
}

/// Whatever the order: one secret is current, every other one is retired with its overlap, and none is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_rotations_at_once_lose_no_secret() {
    const ROTATIONS: usize = 8;
    let site = Site::open().await;
    for _ in 0..10 {
        let (key, first) = site.create("laptop").await;
        let barrier = Arc::new(Barrier::new(ROTATIONS));
        let mut tasks = JoinSet::new();
        for _ in 0..ROTATIONS {
            // As if each came from a gateway of its own.
            let keys = Keys::new(site.db.clone(), site.clock.clone());
            let (account, id, barrier) = (site.account.clone(), key.id.clone(), barrier.clone());
            tasks.spawn(async move {
                barrier.wait().await;
                keys.rotate(&account, &id, HOUR).await.unwrap()
            });
        }
        let rotated = tasks.join_all().await;
        let made: HashSet<String> = rotated.iter().map(|one| one.key.masked()).collect();
        let replaced: HashSet<String> = rotated.iter().map(|one| one.old.masked()).collect();
        assert_eq!((made.len(), replaced.len()), (ROTATIONS, ROTATIONS));

        let keys = site.keys.list(&site.account).await.unwrap();
        let shown = keys.iter().find(|shown| shown.id == key.id).unwrap();
        let retired: HashSet<String> = shown.retired.iter().map(RetiredSecret::masked).collect();
        assert_eq!(retired, replaced);
        assert!(made.contains(&shown.masked()) && !retired.contains(&shown.masked()));

        for secret in rotated.iter().map(|one| &one.secret).chain([&first]) {
            assert!(site.refusal(secret).await.is_none());
        }
        site.clock.advance(HOUR);
        let mut current = 0;
        for secret in rotated.iter().map(|one| &one.secret).chain([&first]) {
            match site.refusal(secret).await {
                None => current += 1,
                Some(refusal) => assert!(matches!(refusal, Refusal::Expired), "{refusal}"),
            }
        }
        assert_eq!(current, 1);
    }
}

/// A key that is rotated and revoked at the same time is revoked, by all the secrets that it ever had.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_rotation_outlives_a_revocation() {
    const ROTATIONS: usize = 4;
    let site = Site::open().await;
    for _ in 0..20 {
        let (key, first) = site.create("laptop").await;
        let barrier = Arc::new(Barrier::new(ROTATIONS + 1));
        let mut tasks = JoinSet::new();
        for _ in 0..ROTATIONS {
            let (keys, account, id) = (site.keys.clone(), site.account.clone(), key.id.clone());
            let barrier = barrier.clone();
            tasks.spawn(async move {
                barrier.wait().await;
                keys.rotate(&account, &id, HOUR).await
            });
        }
        barrier.wait().await;
        site.keys.revoke(&site.account, &key.id).await.unwrap();
        let mut secrets = vec![first];
        for outcome in tasks.join_all().await {
            match outcome {
                Ok(rotated) => secrets.push(rotated.secret),
                Err(error) => assert!(matches!(error, RotateError::Revoked), "{error}"),
            }
        }
        for secret in &secrets {
            assert!(matches!(site.refusal(secret).await, Some(Refusal::Revoked)));
        }
    }
}

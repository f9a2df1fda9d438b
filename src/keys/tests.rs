mod away;
mod change;
mod restriction;
mod rotation;

use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::memory::BRIDGED;
use super::*;
use crate::db;
use crate::principal::{Tier, Via};

struct Site {
    // Holds the database.
    _dir: TempDir,
    db: Db,
    clock: Clock,
    keys: Keys,
    account: AccountId,
}

impl Site {
    async fn open() -> Self {
        let dir = TempDir::new().unwrap();
        let db = db::open(&db::embedded_url(dir.path()).unwrap())
            .await
            .unwrap();
        let clock = Clock::manual(UnixMs(1_000_000));
        let keys = Keys::new(db.clone(), clock.clone());
        let account = account(&db).await;
        Site {
            _dir: dir,
            db,
            clock,
            keys,
            account,
        }
    }

    async fn create(&self, name: &str) -> (Key, PlainKey) {
        self.keys
            .create(&self.account, NewKey::named(name))
            .await
            .unwrap()
    }

    /// As another process would.
    async fn suspend(&self) {
        sqlx::query("UPDATE accounts SET suspended_ms = 1")
            .execute(&self.db)
            .await
            .unwrap();
    }

    async fn names(&self) -> Vec<String> {
        self.keys
            .list(&self.account)
            .await
            .unwrap()
            .into_iter()
            .map(|key| key.name)
            .collect()
    }
}

async fn account(db: &Db) -> AccountId {
    let id = AccountId::new();
    sqlx::query(
        "INSERT INTO accounts (id, email, password_hash, tier, is_admin, created_ms) VALUES ($1, $1, '', 'free', 0, 0)",
    )
    .bind(id.as_str())
    .execute(db)
    .await
    .unwrap();
    id
}

#[tokio::test]
async fn a_key_calls_for_its_account_with_the_quota_of_its_tier() {
    let site = Site::open().await;
    let (key, secret) = site.create("  laptop ").await;
    assert_eq!(key.name, "laptop");
    assert_eq!(
        key.masked(),
        format!("{}…{}", &secret.expose()[..8], &secret.expose()[32..])
    );

    let expected = Principal {
        account: site.account.clone(),
        via: Via::Key(key.id),
        tier: Tier::Free,
        quota: Tier::Free.quota(),
        grant: Arc::default(),
    };
    assert_eq!(
        site.keys.verify(secret.expose(), None).await.unwrap(),
        expected
    );
}

#[tokio::test]
async fn the_secret_is_not_in_the_database() {
    let site = Site::open().await;
    let (_, secret) = site.create("laptop").await;
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT id || name || prefix || suffix || secret_hash FROM keys")
            .fetch_all(&site.db)
            .await
            .unwrap();
    assert!(!rows[0].0.contains(&secret.expose()[8..32]));
}

#[tokio::test]
async fn what_is_no_key_of_ours_is_refused_for_what_it_is() {
    let site = Site::open().await;
    assert!(matches!(
        site.keys.verify("ask_", None).await,
        Err(Refusal::Mistyped)
    ));
    let nobodys = PlainKey::generate().unwrap();
    assert!(matches!(
        site.keys.verify(nobodys.expose(), None).await,
        Err(Refusal::Unknown)
    ));
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_may_be_revoked_again() {
    let site = Site::open().await;
    let (key, secret) = site.create("laptop").await;
    site.keys.verify(secret.expose(), None).await.unwrap();

    site.keys.revoke(&site.account, &key.id).await.unwrap();
    assert!(matches!(
        site.keys.verify(secret.expose(), None).await,
        Err(Refusal::Revoked)
    ));

    site.clock.advance(Duration::from_secs(1));
    site.keys.revoke(&site.account, &key.id).await.unwrap();
    assert_eq!(
        site.keys.list(&site.account).await.unwrap()[0].revoked,
        Some(UnixMs(1_000_000)),
        "the first time stands"
    );
}

#[tokio::test]
async fn another_accounts_key_is_neither_seen_nor_revoked() {
    let site = Site::open().await;
    let (key, secret) = site.create("laptop").await;
    let stranger = account(&site.db).await;
    assert!(matches!(
        site.keys.revoke(&stranger, &key.id).await,
        Err(RevokeError::NotFound)
    ));
    assert_eq!(site.keys.list(&stranger).await.unwrap(), []);
    assert!(site.keys.verify(secret.expose(), None).await.is_ok());
}

#[tokio::test]
async fn what_another_process_changes_holds_after_five_seconds() {
    let site = Site::open().await;
    let (key, secret) = site.create("laptop").await;
    site.keys.verify(secret.expose(), None).await.unwrap();

    let elsewhere = Keys::new(site.db.clone(), site.clock.clone());
    sqlx::query("UPDATE accounts SET tier = 'startup', rpm = 3")
        .execute(&site.db)
        .await
        .unwrap();
    site.clock.advance(Duration::from_secs(5));
    let quota = site.keys.verify(secret.expose(), None).await.unwrap().quota;
    assert_eq!((quota.rpm, quota.tpm), (3, Tier::Startup.quota().tpm));

    elsewhere.revoke(&site.account, &key.id).await.unwrap();
    site.clock.advance(Duration::from_secs(5));
    assert!(matches!(
        site.keys.verify(secret.expose(), None).await,
        Err(Refusal::Revoked)
    ));
}

#[tokio::test]
async fn keys_are_listed_newest_first_and_revoked_ones_last() {
    let site = Site::open().await;
    for name in ["first", "second", "third"] {
        site.create(name).await;
        site.clock.advance(Duration::from_secs(1));
    }
    let newest = site.keys.list(&site.account).await.unwrap().swap_remove(0);
    site.keys.revoke(&site.account, &newest.id).await.unwrap();
    assert_eq!(site.names().await, ["second", "first", "third"]);
}

#[tokio::test]
async fn the_list_shows_the_latest_use() {
    let site = Site::open().await;
    let (_, secret) = site.create("laptop").await;
    let last_used = async || site.keys.list(&site.account).await.unwrap()[0].last_used;
    assert_eq!(last_used().await, None);
    for _ in 0..2 {
        site.clock.advance(Duration::from_secs(2));
        site.keys.verify(secret.expose(), None).await.unwrap();
        assert_eq!(last_used().await, Some(site.clock.now()));
    }
}

#[tokio::test]
async fn a_name_has_1_to_50_characters() {
    let site = Site::open().await;
    let refused = async |name: &str| {
        let new = NewKey::named(name);
        site.keys.create(&site.account, new).await.err()
    };
    assert!(matches!(
        refused(" \t").await,
        Some(CreateError::Invalid(Invalid::NameMissing))
    ));
    assert!(matches!(
        refused(&"é".repeat(51)).await,
        Some(CreateError::Invalid(Invalid::NameTooLong { max: 50 }))
    ));
    assert!(refused(&"é".repeat(50)).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_100_live_keys_at_most_however_many_ask_at_once() {
    let site = Site::open().await;
    for n in 0..95 {
        site.create(&n.to_string()).await;
    }
    let barrier = Arc::new(Barrier::new(20));
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (keys, account, barrier) = (site.keys.clone(), site.account.clone(), barrier.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            keys.create(&account, NewKey::named("one of twenty"))
                .await
                .map(|(key, _)| key.id)
        });
    }
    let outcomes = tasks.join_all().await;
    let made: Vec<_> = outcomes.iter().flatten().collect();
    assert_eq!(made.len(), 5);
    assert!(
        outcomes
            .iter()
            .flat_map(|outcome| outcome.as_ref().err())
            .all(|e| matches!(e, CreateError::TooMany { max: 100 }))
    );

    site.keys.revoke(&site.account, made[0]).await.unwrap();
    site.create("in its place").await;
}

/// Several look a key up for the first time just as it is revoked: none may remember what it read before.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_look_up_under_way_outlives_a_revocation() {
    const READERS: usize = 6;
    let site = Site::open().await;
    for _ in 0..100 {
        let (key, secret) = site.create("laptop").await;
        let barrier = Arc::new(Barrier::new(READERS + 1));
        let secret = Arc::new(secret);
        let mut readers = JoinSet::new();
        for _ in 0..READERS {
            let (keys, secret, barrier) = (site.keys.clone(), secret.clone(), barrier.clone());
            readers.spawn(async move {
                barrier.wait().await;
                keys.verify(secret.expose(), None).await.is_ok()
            });
        }
        barrier.wait().await;
        site.keys.revoke(&site.account, &key.id).await.unwrap();
        readers.join_all().await;
        // The clock stands still: what was remembered wrongly would be believed now.
        assert!(matches!(
            site.keys.verify(secret.expose(), None).await,
            Err(Refusal::Revoked)
        ));
    }
}

/// The same for all keys of an account that is suspended.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_look_up_under_way_outlives_a_suspension() {
    const READERS: usize = 6;
    let site = Site::open().await;
    let (_, secret) = site.create("laptop").await;
    let secret = Arc::new(secret);
    let suspend = async |since: Option<i64>| {
        sqlx::query("UPDATE accounts SET suspended_ms = $1")
            .bind(since)
            .execute(&site.db)
            .await
            .unwrap();
        site.keys.account_changed(&site.account).await;
    };
    for _ in 0..100 {
        let barrier = Arc::new(Barrier::new(READERS + 1));
        let mut readers = JoinSet::new();
        for _ in 0..READERS {
            let (keys, secret, barrier) = (site.keys.clone(), secret.clone(), barrier.clone());
            readers.spawn(async move {
                barrier.wait().await;
                keys.verify(secret.expose(), None).await.is_ok()
            });
        }
        barrier.wait().await;
        suspend(Some(1)).await;
        readers.join_all().await;
        assert!(matches!(
            site.keys.verify(secret.expose(), None).await,
            Err(Refusal::Suspended)
        ));
        suspend(None).await;
        assert!(site.keys.verify(secret.expose(), None).await.is_ok());
    }
}

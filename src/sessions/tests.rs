use std::sync::Arc;

use tempfile::TempDir;
use tower_sessions::SessionStore;
use tower_sessions::session::Id;

use super::*;
use crate::clock::Clock;
use crate::db::{self, Db};

struct Site {
    // Holds the database.
    _dir: TempDir,
    db: Db,
    clock: Clock,
    store: Store,
}

impl Site {
    async fn open() -> Self {
        let dir = TempDir::new().unwrap();
        let db = db::open(&db::embedded_url(dir.path()).unwrap())
            .await
            .unwrap();
        let clock = Clock::manual(Clock::system().now());
        Site {
            _dir: dir,
            store: Store::new(db.clone(), clock.clone()),
            db,
            clock,
        }
    }

    /// What a request that brings the cookie `id` finds.
    fn session(&self, id: Option<Id>) -> Session {
        Session::new(id, Arc::new(self.store.clone()), None)
    }

    /// An account for sessions to belong to.
    async fn account(&self) -> AccountId {
        let id = AccountId::new();
        sqlx::query(
            "INSERT INTO accounts (id, email, password_hash, tier, is_admin, created_ms) VALUES ($1, $1, '', 'free', 0, 0)",
        )
        .bind(id.as_str())
        .execute(&self.db)
        .await
        .unwrap();
        id
    }

    async fn signed_in(&self, account: &AccountId) -> Id {
        let session = self.session(None);
        let visitor = Visitor {
            ip: "10.0.0.1".parse().ok(),
            agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".into(),
        };
        sign_in(&session, account, self.clock.now(), &visitor)
            .await
            .unwrap();
        session.save().await.unwrap();
        session.id().unwrap()
    }

    async fn account_of(&self, id: Id) -> Option<AccountId> {
        current(&self.session(Some(id)), self.clock.now())
            .await
            .unwrap()
    }

    async fn rows(&self) -> Vec<(String, String)> {
        sqlx::query_as("SELECT id, record FROM sessions")
            .fetch_all(&self.db)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn a_session_finds_its_account_until_it_is_signed_out() {
    let site = Site::open().await;
    let account = site.account().await;
    let id = site.signed_in(&account).await;
    assert_eq!(site.account_of(id).await, Some(account));

    let session = site.session(Some(id));
    sign_out(&session).await.unwrap();
    assert!(session.is_empty().await, "so that the cookie is taken back");
    assert_eq!(site.account_of(id).await, None);
    assert_eq!(site.rows().await, []);
}

#[tokio::test]
async fn signing_in_changes_the_id_and_leaves_nothing_of_before() {
    let site = Site::open().await;
    let planted = site.signed_in(&site.account().await).await;
    let session = site.session(Some(planted));
    session.insert("theirs", 1).await.unwrap();

    let account = site.account().await;
    sign_in(&session, &account, site.clock.now(), &Visitor::default())
        .await
        .unwrap();
    session.save().await.unwrap();

    let id = session.id().unwrap();
    assert_ne!(id, planted);
    assert_eq!(site.account_of(planted).await, None);
    assert_eq!(site.account_of(id).await, Some(account));
    assert_eq!(
        site.session(Some(id)).get::<u8>("theirs").await.unwrap(),
        None
    );
}

#[tokio::test]
async fn the_table_alone_opens_no_session() {
    let site = Site::open().await;
    let id = site.signed_in(&site.account().await).await;
    let [(row, record)] = site.rows().await.try_into().unwrap();
    assert_ne!(row, id.to_string());
    assert!(
        !record.contains(&id.to_string()) && !record.contains(&id.0.to_string()),
        "{record}"
    );
}

#[tokio::test]
async fn a_session_in_use_lives_on_and_one_that_is_not_expires() {
    let site = Site::open().await;
    let account = site.account().await;
    let (used, idle) = (
        site.signed_in(&account).await,
        site.signed_in(&account).await,
    );

    site.clock.advance(IDLE - Duration::from_millis(1));
    let session = site.session(Some(used));
    assert_eq!(
        current(&session, site.clock.now()).await.unwrap().as_ref(),
        Some(&account)
    );
    assert!(
        session.is_modified(),
        "so that it is saved, and its cookie sent anew"
    );
    session.save().await.unwrap();

    site.clock.advance(Duration::from_millis(1));
    assert_eq!(site.account_of(used).await, Some(account));
    assert_eq!(site.account_of(idle).await, None);
    assert_eq!(site.store.sweep().await.unwrap(), 1);
    assert_eq!(site.rows().await.len(), 1);
}

#[tokio::test]
async fn reading_a_session_within_a_day_writes_nothing() {
    let site = Site::open().await;
    let id = site.signed_in(&site.account().await).await;
    site.clock.advance(RENEWAL - Duration::from_millis(1));
    let session = site.session(Some(id));
    current(&session, site.clock.now()).await.unwrap();
    assert!(!session.is_modified());
}

#[tokio::test]
async fn a_request_that_outlives_the_sign_out_does_not_bring_the_session_back() {
    let site = Site::open().await;
    let id = site.signed_in(&site.account().await).await;
    let slow = site.session(Some(id));
    slow.insert("late", 1).await.unwrap();

    sign_out(&site.session(Some(id))).await.unwrap();
    slow.save().await.unwrap();
    assert_eq!(site.account_of(id).await, None);
}

#[tokio::test]
async fn an_id_that_is_taken_is_not_written_over() {
    let site = Site::open().await;
    let account = site.account().await;
    let id = site.signed_in(&account).await;
    let mut record = site.store.load(&id).await.unwrap().unwrap();
    record.data.clear();
    site.store.create(&mut record).await.unwrap();
    assert_ne!(record.id, id);
    assert_eq!(site.account_of(id).await, Some(account));
}

#[tokio::test]
async fn an_account_sees_its_own_sessions_and_ends_them() {
    let site = Site::open().await;
    let (mine, theirs) = (site.account().await, site.account().await);
    let (here, away) = (site.signed_in(&mine).await, site.signed_in(&mine).await);
    let other = site.signed_in(&theirs).await;
    site.clock.advance(LOOK);
    let visitor = Visitor {
        ip: "10.0.0.2".parse().ok(),
        ..Visitor::default()
    };
    site.store
        .saw(&site.session(Some(here)), &visitor)
        .await
        .unwrap();

    let listed = site.store.list(&mine, Some(here)).await.unwrap();
    let [first, second] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert!(first.is_this && !second.is_this);
    assert_eq!(first.ip.as_deref(), Some("10.0.0.2"));
    assert_eq!(second.ip.as_deref(), Some("10.0.0.1"));
    assert_eq!(first.seen.since(second.seen), LOOK);
    assert_eq!(first.begun, second.begun);
    assert_eq!(first.browser, "Firefox on Linux");

    assert!(!site.store.end(&theirs, &second.id).await.unwrap());
    assert!(!site.store.end(&mine, "").await.unwrap());
    assert_eq!(site.account_of(away).await.as_ref(), Some(&mine));
    assert!(site.store.end(&mine, &second.id).await.unwrap());
    assert_eq!(site.account_of(away).await, None);

    site.signed_in(&mine).await;
    assert_eq!(site.store.end_others(&mine, Some(here)).await.unwrap(), 1);
    assert_eq!(site.account_of(here).await, Some(mine));
    assert_eq!(site.account_of(other).await, Some(theirs));
}

#[tokio::test]
async fn a_session_in_use_ends_thirty_days_after_it_began_under_whatever_id() {
    let site = Site::open().await;
    let account = site.account().await;
    let mut id = site.signed_in(&account).await;
    for _ in 0..29 {
        site.clock.advance(RENEWAL);
        let session = site.session(Some(id));
        assert!(current(&session, site.clock.now()).await.unwrap().is_some());
        renew(&session).await.unwrap();
        session.save().await.unwrap();
        assert_eq!(site.account_of(id).await, None, "the id of before is gone");
        id = session.id().unwrap();
    }
    site.clock.advance(RENEWAL - Duration::from_millis(1));
    assert_eq!(site.account_of(id).await, Some(account));
    site.clock.advance(Duration::from_millis(1));
    assert_eq!(site.account_of(id).await, None);
}

#[tokio::test]
async fn an_account_never_has_more_sessions_than_the_most() {
    let site = Arc::new(Site::open().await);
    let (account, other) = (site.account().await, site.account().await);
    let first = site.signed_in(&account).await;
    let kept = site.signed_in(&other).await;
    site.clock.advance(Duration::from_millis(1));
    let many = usize::try_from(MOST_SESSIONS).unwrap() + 5;
    let barrier = Arc::new(tokio::sync::Barrier::new(many));
    let mut signing_in = tokio::task::JoinSet::new();
    for _ in 0..many {
        let (site, account, barrier) = (site.clone(), account.clone(), barrier.clone());
        signing_in.spawn(async move {
            barrier.wait().await;
            site.signed_in(&account).await
        });
    }
    signing_in.join_all().await;
    let listed = site.store.list(&account, None).await.unwrap();
    assert_eq!(listed.len(), many - 5);
    assert_eq!(site.account_of(first).await, None, "the oldest went first");
    assert_eq!(site.account_of(kept).await, Some(other));
}

#[tokio::test]
async fn half_signed_in_is_signed_in_to_nothing_and_lasts_ten_minutes() {
    let site = Site::open().await;
    let account = site.account().await;
    let full = site.signed_in(&account).await;
    let session = site.session(Some(full));
    sign_in_half(&session, &account, site.clock.now(), &Visitor::default())
        .await
        .unwrap();
    session.save().await.unwrap();
    let half = session.id().unwrap();
    assert_ne!(half, full);
    assert_eq!(site.account_of(full).await, None);
    assert_eq!(site.account_of(half).await, None);
    assert_eq!(site.store.list(&account, None).await.unwrap(), []);
    let again = site.session(Some(half));
    assert_eq!(
        half_signed_in(&again).await.unwrap().as_ref(),
        Some(&account)
    );
    assert!(!is_confirmed(&again, site.clock.now()).await.unwrap());

    site.clock
        .advance(proof::HALF_FOR - Duration::from_millis(1));
    again.save().await.unwrap();
    assert!(
        half_signed_in(&site.session(Some(half)))
            .await
            .unwrap()
            .is_some()
    );
    site.clock.advance(Duration::from_millis(1));
    assert!(
        half_signed_in(&site.session(Some(half)))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn half_sessions_end_no_whole_ones_and_go_with_all_others() {
    let site = Site::open().await;
    let account = site.account().await;
    let full = site.signed_in(&account).await;
    for _ in 0..MOST_SESSIONS + 5 {
        let session = site.session(None);
        sign_in_half(&session, &account, site.clock.now(), &Visitor::default())
            .await
            .unwrap();
        session.save().await.unwrap();
    }
    assert_eq!(site.account_of(full).await.as_ref(), Some(&account));
    assert_eq!(site.rows().await.len(), 21, "half ones have a limit too");
    assert_eq!(
        site.store.end_others(&account, Some(full)).await.unwrap(),
        20
    );
    assert_eq!(site.rows().await.len(), 1);
}

#[tokio::test]
async fn a_session_is_confirmed_for_ten_minutes_and_again_under_a_new_id() {
    let site = Site::open().await;
    let account = site.account().await;
    let id = site.signed_in(&account).await;
    let confirmed = async |id| {
        let session = site.session(Some(id));
        is_confirmed(&session, site.clock.now()).await.unwrap()
    };
    site.clock.advance(CONFIRMED_FOR - Duration::from_millis(1));
    assert!(confirmed(id).await);
    site.clock.advance(Duration::from_millis(1));
    assert!(!confirmed(id).await);

    let session = site.session(Some(id));
    confirm(&session, site.clock.now()).await.unwrap();
    session.save().await.unwrap();
    let new = session.id().unwrap();
    assert_ne!(new, id);
    assert!(confirmed(new).await && !confirmed(id).await);
    assert_eq!(site.account_of(id).await, None);
    assert_eq!(site.account_of(new).await, Some(account));
}

#[tokio::test]
async fn many_who_try_at_once_have_five_tries_together() {
    let site = Arc::new(Site::open().await);
    let id = site.signed_in(&site.account().await).await;
    let barrier = Arc::new(tokio::sync::Barrier::new(20));
    let mut trying = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (site, barrier) = (site.clone(), barrier.clone());
        trying.spawn(async move {
            barrier.wait().await;
            let left = site.store.take_try(&site.session(Some(id))).await;
            left.unwrap()
        });
    }
    let mut left: Vec<_> = trying.join_all().await.into_iter().flatten().collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4]);
    let nobody = site.store.take_try(&site.session(None)).await;
    assert_eq!(nobody.unwrap(), None);
}

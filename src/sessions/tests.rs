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

    async fn signed_in(&self, account: &AccountId) -> Id {
        let session = self.session(None);
        sign_in(&session, account, self.clock.now()).await.unwrap();
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
    let (site, account) = (Site::open().await, AccountId::new());
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
    let planted = site.signed_in(&AccountId::new()).await;
    let session = site.session(Some(planted));
    session.insert("theirs", 1).await.unwrap();

    let account = AccountId::new();
    sign_in(&session, &account, site.clock.now()).await.unwrap();
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
    let id = site.signed_in(&AccountId::new()).await;
    let [(row, record)] = site.rows().await.try_into().unwrap();
    assert_ne!(row, id.to_string());
    assert!(
        !record.contains(&id.to_string()) && !record.contains(&id.0.to_string()),
        "{record}"
    );
}

#[tokio::test]
async fn a_session_in_use_lives_on_and_one_that_is_not_expires() {
    let (site, account) = (Site::open().await, AccountId::new());
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
    let id = site.signed_in(&AccountId::new()).await;
    site.clock.advance(RENEWAL - Duration::from_millis(1));
    let session = site.session(Some(id));
    current(&session, site.clock.now()).await.unwrap();
    assert!(!session.is_modified());
}

#[tokio::test]
async fn a_request_that_outlives_the_sign_out_does_not_bring_the_session_back() {
    let site = Site::open().await;
    let id = site.signed_in(&AccountId::new()).await;
    let slow = site.session(Some(id));
    slow.insert("late", 1).await.unwrap();

    sign_out(&site.session(Some(id))).await.unwrap();
    slow.save().await.unwrap();
    assert_eq!(site.account_of(id).await, None);
}

#[tokio::test]
async fn an_id_that_is_taken_is_not_written_over() {
    let (site, account) = (Site::open().await, AccountId::new());
    let id = site.signed_in(&account).await;
    let mut record = site.store.load(&id).await.unwrap().unwrap();
    record.data.clear();
    site.store.create(&mut record).await.unwrap();
    assert_ne!(record.id, id);
    assert_eq!(site.account_of(id).await, Some(account));
}

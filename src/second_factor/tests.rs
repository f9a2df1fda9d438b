use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::*;
use crate::db;

const NOW: UnixMs = UnixMs(1_764_000_000_000);
const STEP: Duration = Duration::from_secs(30);
const MANY: usize = 20;

struct Site {
    // Holds the database.
    _dir: TempDir,
    db: Db,
    clock: Clock,
    factors: SecondFactors,
}

impl Site {
    async fn open() -> Self {
        let dir = TempDir::new().unwrap();
        let db = db::open(&db::embedded_url(dir.path()).unwrap())
            .await
            .unwrap();
        let clock = Clock::manual(NOW);
        Site {
            _dir: dir,
            factors: SecondFactors::new(db.clone(), clock.clone()),
            db,
            clock,
        }
    }

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

    /// An account whose second factor is on, with a step gone by since.
    async fn with_factor(&self) -> (AccountId, Secret, Vec<RecoveryCode>) {
        let (account, secret) = (self.account().await, Secret::generate().unwrap());
        let code = secret.shown(self.clock.now());
        let codes = self
            .factors
            .turn_on(&account, &secret, &code)
            .await
            .unwrap();
        self.clock.advance(STEP);
        (account, secret, codes)
    }

    async fn takes(&self, account: &AccountId, typed: &str) -> Answer {
        self.factors.take(account, typed).await.unwrap()
    }

    async fn codes_left(&self, account: &AccountId) -> u32 {
        self.factors
            .standing(account)
            .await
            .unwrap()
            .unwrap()
            .codes_left
    }
}

/// How many of many who type the same at the same moment are let in.
async fn let_in(site: &Arc<Site>, account: &AccountId, typed: &str) -> usize {
    let barrier = Arc::new(Barrier::new(MANY));
    let mut typing = JoinSet::new();
    for _ in 0..MANY {
        let (site, barrier) = (site.clone(), barrier.clone());
        let (account, typed) = (account.clone(), typed.to_owned());
        typing.spawn(async move {
            barrier.wait().await;
            site.takes(&account, &typed).await.is_right()
        });
    }
    typing
        .join_all()
        .await
        .into_iter()
        .filter(|is_in| *is_in)
        .count()
}

#[tokio::test]
async fn it_is_on_after_a_right_code_and_not_before() {
    let site = Site::open().await;
    let (account, secret) = (site.account().await, Secret::generate().unwrap());
    let other = Secret::generate().unwrap();
    let wrong = site
        .factors
        .turn_on(&account, &secret, &other.shown(NOW))
        .await;
    assert!(matches!(wrong, Err(TurnOnError::WrongCode)));
    assert_eq!(site.factors.standing(&account).await.unwrap(), None);
    assert_eq!(
        site.takes(&account, &secret.shown(NOW)).await,
        Answer::Wrong
    );

    let codes = site
        .factors
        .turn_on(&account, &secret, &secret.shown(NOW))
        .await;
    assert_eq!(codes.unwrap().len(), CODES);
    let standing = site.factors.standing(&account).await.unwrap();
    let expected = Standing {
        since: NOW,
        codes_left: 10,
    };
    assert_eq!(standing, Some(expected));
    let again = site
        .factors
        .turn_on(&account, &other, &other.shown(NOW))
        .await;
    assert!(matches!(again, Err(TurnOnError::IsOn)));
    assert_eq!(
        site.takes(&account, &secret.shown(NOW)).await,
        Answer::Wrong,
        "the code is used"
    );
}

#[tokio::test]
async fn a_code_is_taken_once_and_none_before_it() {
    let site = Site::open().await;
    let (account, secret, _) = site.with_factor().await;
    let now = site.clock.now();
    let (early, late) = (secret.shown(now), secret.shown(now.plus(STEP)));
    assert_eq!(site.takes(&account, &late).await, Answer::Code);
    assert_eq!(site.takes(&account, &late).await, Answer::Wrong);
    assert_eq!(site.takes(&account, &early).await, Answer::Wrong);
    site.clock.advance(2 * STEP);
    let next = secret.shown(site.clock.now());
    assert_eq!(site.takes(&account, &next).await, Answer::Code);
}

#[tokio::test]
async fn a_code_is_its_own_accounts_alone() {
    let site = Site::open().await;
    let (_, secret, codes) = site.with_factor().await;
    let (other, ..) = site.with_factor().await;
    let bare = site.account().await;
    for account in [&other, &bare] {
        assert_eq!(
            site.takes(account, &secret.shown(site.clock.now())).await,
            Answer::Wrong
        );
        assert_eq!(site.takes(account, &codes[0].expose()).await, Answer::Wrong);
    }
}

#[tokio::test]
async fn of_many_with_the_same_code_one_is_let_in() {
    let site = Arc::new(Site::open().await);
    let (account, secret, codes) = site.with_factor().await;
    let code = secret.shown(site.clock.now());
    assert_eq!(let_in(&site, &account, &code).await, 1);
    assert_eq!(let_in(&site, &account, &codes[3].expose()).await, 1);
    assert_eq!(site.codes_left(&account).await, 9);
}

#[tokio::test]
async fn renewed_codes_end_those_before_and_many_renewals_leave_one_set() {
    let site = Arc::new(Site::open().await);
    let (account, _, old) = site.with_factor().await;
    let barrier = Arc::new(Barrier::new(MANY));
    let mut renewing = JoinSet::new();
    for _ in 0..MANY {
        let (site, barrier, account) = (site.clone(), barrier.clone(), account.clone());
        renewing.spawn(async move {
            barrier.wait().await;
            site.factors
                .renew_codes(&account)
                .await
                .unwrap()
                .unwrap()
                .len()
        });
    }
    assert_eq!(renewing.join_all().await, [CODES; MANY]);
    assert_eq!(site.codes_left(&account).await, 10);
    assert_eq!(site.takes(&account, &old[0].expose()).await, Answer::Wrong);
    let new = site.factors.renew_codes(&account).await.unwrap().unwrap();
    assert_eq!(
        site.takes(&account, &new[0].expose()).await,
        Answer::Recovery
    );
    let bare = site.account().await;
    assert!(site.factors.renew_codes(&bare).await.unwrap().is_none());
}

#[tokio::test]
async fn turned_off_it_is_gone_with_its_codes() {
    let site = Site::open().await;
    let (account, secret, codes) = site.with_factor().await;
    assert!(site.factors.turn_off(&account).await.unwrap());
    assert!(!site.factors.turn_off(&account).await.unwrap());
    assert_eq!(
        site.takes(&account, &secret.shown(site.clock.now())).await,
        Answer::Wrong
    );
    assert_eq!(
        site.takes(&account, &codes[0].expose()).await,
        Answer::Wrong
    );
    let (kept,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM recovery_codes")
        .fetch_one(&site.db)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn the_table_holds_no_recovery_code_in_the_open() {
    let site = Site::open().await;
    let (_, _, codes) = site.with_factor().await;
    let stored: Vec<(String,)> = sqlx::query_as("SELECT code_hash FROM recovery_codes")
        .fetch_all(&site.db)
        .await
        .unwrap();
    assert_eq!(stored.len(), CODES);
    for code in codes {
        let plain = code.expose().replace('-', "");
        assert!(
            stored
                .iter()
                .all(|(hash,)| !hash.contains(&plain) && hash.len() == 64)
        );
    }
}

#[tokio::test]
async fn of_many_wrong_codes_ten_are_looked_at_in_an_hour_and_recovery_codes_are_taken_all_the_same()
 {
    let site = Arc::new(Site::open().await);
    let (account, secret, codes) = site.with_factor().await;
    let other = Secret::generate().unwrap();
    let wrong = other.shown(site.clock.now());
    let barrier = Arc::new(Barrier::new(MANY));
    let mut guessing = JoinSet::new();
    for _ in 0..MANY {
        let (site, barrier) = (site.clone(), barrier.clone());
        let (account, wrong) = (account.clone(), wrong.clone());
        guessing.spawn(async move {
            barrier.wait().await;
            site.takes(&account, &wrong).await
        });
    }
    let answers = guessing.join_all().await;
    let looked_at = answers.iter().filter(|answer| **answer == Answer::Wrong);
    assert_eq!(looked_at.count(), 10, "{answers:?}");
    let right = |clock: &Clock| secret.shown(clock.now());
    assert_eq!(
        site.takes(&account, &right(&site.clock)).await,
        Answer::TooMany
    );
    assert_eq!(
        site.takes(&account, &codes[0].expose()).await,
        Answer::Recovery
    );
    site.clock.advance(Duration::from_secs(3_600));
    assert_eq!(
        site.takes(&account, &right(&site.clock)).await,
        Answer::Code
    );
    for _ in 0..9 {
        assert_eq!(site.takes(&account, "000").await, Answer::Wrong);
    }
    site.clock.advance(STEP);
    assert_eq!(
        site.takes(&account, &right(&site.clock)).await,
        Answer::Code,
        "counted anew"
    );
    assert_eq!(site.takes(&account, "000").await, Answer::Wrong);
}

use std::net::IpAddr;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::*;
use crate::clock::UnixMs;
use crate::db;

const GUESSES: usize = 100;

struct Site {
    // Holds the database.
    _dir: TempDir,
    db: Db,
    clock: Clock,
    throttle: Throttle,
}

impl Site {
    async fn open() -> Self {
        let dir = TempDir::new().unwrap();
        let db = db::open(&db::embedded_url(dir.path()).unwrap())
            .await
            .unwrap();
        let clock = Clock::manual(UnixMs(1_700_000_000_000));
        Site {
            _dir: dir,
            throttle: Throttle::new(db.clone(), clock.clone(), 3),
            db,
            clock,
        }
    }

    /// As another gateway on the same database has it, or this one after a restart.
    fn other(&self) -> Throttle {
        Throttle::new(self.db.clone(), self.clock.clone(), 3)
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

    async fn rows(&self) -> i64 {
        let counted = sqlx::query_scalar("SELECT COUNT(*) FROM throttle");
        counted.fetch_one(&self.db).await.unwrap()
    }
}

fn from(address: &str) -> Subject {
    address.parse::<IpAddr>().unwrap().into()
}

fn stranger<'a>(email: &'a str, from: &'a Subject) -> Candidate<'a> {
    Candidate {
        email,
        account: None,
        from,
        device: None,
    }
}

/// How long to wait; nothing where it was taken.
fn waits<T>(asked: Result<T, Refused>) -> Option<Duration> {
    match asked {
        Ok(_) => None,
        Err(Refused::Wait(wait)) => Some(wait),
        Err(refused) => panic!("{refused}"),
    }
}

#[tokio::test]
async fn after_the_free_tries_each_waits_twice_as_long_up_to_the_longest() {
    let site = Site::open().await;
    let mut expected = Duration::from_secs(1);
    let mut last = 0;
    let mut tried = async |email: &str| {
        last += 1;
        // Each from an address of its own: it is the account that is guessed.
        let address = from(&format!("10.0.0.{last}"));
        waits(site.throttle.sign_in(stranger(email, &address)).await)
    };
    for _ in 0..FREE {
        assert_eq!(tried("ada@example.org").await, None);
    }
    for _ in 0..14 {
        assert_eq!(tried(" ADA@example.org").await, Some(expected));
        assert_eq!(tried("ada@example.org").await, Some(expected));
        site.clock.advance(expected - Duration::from_millis(1));
        let left = tried("ada@example.org").await;
        assert_eq!(left, Some(Duration::from_millis(1)));
        site.clock.advance(Duration::from_millis(1));
        assert_eq!(tried("ada@example.org").await, None);
        expected = (2 * expected).min(LONGEST_WAIT);
    }
    assert_eq!(expected, LONGEST_WAIT);
    assert_eq!(tried("bob@example.org").await, None, "another's is free");
    site.clock.advance(REMEMBERED);
    for _ in 0..FREE {
        assert_eq!(tried("ada@example.org").await, None);
    }
    assert_eq!(tried("ada@example.org").await, Some(Duration::from_secs(1)));
}

#[tokio::test]
async fn a_hundred_guesses_at_once_get_no_more_tries_than_are_free() {
    let site = Arc::new(Site::open().await);
    for (same_account, expected) in [(true, FREE), (false, FREE_OF_ADDRESS)] {
        let barrier = Arc::new(Barrier::new(GUESSES));
        let mut guesses = JoinSet::new();
        for guess in 0..GUESSES {
            let (site, barrier) = (site.clone(), barrier.clone());
            guesses.spawn(async move {
                // On two gateways.
                let throttle = if guess % 2 == 0 {
                    site.other()
                } else {
                    site.throttle.clone()
                };
                let (email, address) = match same_account {
                    true => ("ada@example.org".to_owned(), format!("10.0.0.{guess}")),
                    false => (format!("{guess}@example.org"), "10.1.0.1".to_owned()),
                };
                let address = from(&address);
                barrier.wait().await;
                waits(throttle.sign_in(stranger(&email, &address)).await).is_none()
            });
        }
        let taken = guesses.join_all().await.into_iter().filter(|taken| *taken);
        assert_eq!(i64::try_from(taken.count()).unwrap(), expected);
    }
}

#[tokio::test]
async fn what_is_not_looked_at_is_no_try_of_its_address() {
    let site = Site::open().await;
    let (near, far) = (from("10.0.0.1"), from("10.0.0.2"));
    for _ in 0..FREE {
        assert_eq!(
            waits(site.throttle.sign_in(stranger("ada", &far)).await),
            None
        );
    }
    for _ in 0..3 * FREE_OF_ADDRESS {
        assert!(waits(site.throttle.sign_in(stranger("ada", &near)).await).is_some());
    }
    assert_eq!(
        waits(site.throttle.sign_in(stranger("bob", &near)).await),
        None
    );
}

#[tokio::test]
async fn a_right_password_takes_back_what_was_counted() {
    let site = Site::open().await;
    let address = from("10.0.0.1");
    for _ in 0..3 * FREE_OF_ADDRESS {
        let attempt = site.throttle.sign_in(stranger("ada", &address)).await;
        attempt.unwrap().succeeded().await.unwrap();
    }
    // Of an address it is no more than its own try: others are guessing there.
    for guess in 0..FREE_OF_ADDRESS - 1 {
        let email = guess.to_string();
        let guess = site.throttle.sign_in(stranger(&email, &address)).await;
        assert_eq!(waits(guess), None);
    }
    let attempt = site.throttle.sign_in(stranger("ada", &address)).await;
    attempt.unwrap().succeeded().await.unwrap();
    assert_eq!(
        waits(site.throttle.sign_in(stranger("eve", &address)).await),
        None
    );
    let wait = waits(site.throttle.sign_in(stranger("ada", &address)).await);
    assert_eq!(wait, Some(Duration::from_secs(1)));
}

#[tokio::test]
async fn who_guesses_does_not_lock_out_a_browser_that_is_known() {
    let site = Site::open().await;
    let (ada, bob) = (site.account().await, site.account().await);
    let known = site.throttle.remember(&ada, None).await.unwrap();
    let address = from("10.0.0.1");
    let owner = |account, device| Candidate {
        email: "ada",
        account: Some(account),
        from: &address,
        device: Some(device),
    };
    for _ in 0..GUESSES {
        drop(site.throttle.sign_in(stranger("ada", &address)).await);
    }
    for _ in 0..FREE {
        let tried = site.other().sign_in(owner(&ada, &known)).await;
        assert_eq!(waits(tried), None);
    }
    // Whoever took the cookie may guess no faster than a stranger.
    let tried = site.throttle.sign_in(owner(&ada, &known)).await;
    assert_eq!(waits(tried), Some(Duration::from_secs(1)));
    site.clock.advance(Duration::from_secs(1));
    let right = site.throttle.sign_in(owner(&ada, &known)).await.unwrap();
    right.succeeded().await.unwrap();
    let tried = site.throttle.sign_in(owner(&ada, &known)).await;
    assert_eq!(waits(tried), None);

    // It is good for its own account alone, and for none that does not exist.
    for _ in 0..GUESSES {
        let nobody = Candidate {
            account: None,
            ..owner(&ada, &known)
        };
        drop(site.throttle.sign_in(nobody).await);
    }
    for account in [Some(&bob), None] {
        let tried = Candidate {
            account,
            ..owner(&ada, &known)
        };
        assert!(waits(site.throttle.sign_in(tried).await).is_some());
    }
    let made_up = Device::generate();
    let tried = site.throttle.sign_in(owner(&ada, &made_up)).await;
    assert!(waits(tried).is_some());

    site.throttle.forget_devices(&ada).await.unwrap();
    let tried = site.throttle.sign_in(owner(&ada, &known)).await;
    assert!(waits(tried).is_some());
}

#[tokio::test]
async fn a_browser_keeps_its_cookie_and_each_has_its_own() {
    let site = Site::open().await;
    let (ada, bob) = (site.account().await, site.account().await);
    let one = site.throttle.remember(&ada, None).await.unwrap();
    let same = site
        .throttle
        .remember(&ada, Some(one.clone()))
        .await
        .unwrap();
    assert!(one.expose() == same.expose());
    let of_bob = site
        .throttle
        .remember(&bob, Some(one.clone()))
        .await
        .unwrap();
    assert!(of_bob.expose() != one.expose());
    let planted = Device::generate();
    let other = site
        .throttle
        .remember(&ada, Some(planted.clone()))
        .await
        .unwrap();
    assert!(other.expose() != planted.expose(), "nobody chooses it");
    let stored: Vec<String> = sqlx::query_scalar("SELECT hash FROM devices")
        .fetch_all(&site.db)
        .await
        .unwrap();
    assert_eq!(stored.len(), 3);
    assert!(!stored.iter().any(|hash| hash == one.expose()));

    for _ in 0..2 * MOST_DEVICES {
        site.clock.advance(Duration::from_secs(1));
        site.throttle.remember(&ada, None).await.unwrap();
    }
    assert_eq!(site.throttle.account_of(&one).await.unwrap(), None);
    assert_eq!(site.throttle.account_of(&of_bob).await.unwrap(), Some(bob));
    site.clock.advance(DEVICE_KEPT);
    assert_eq!(site.throttle.account_of(&of_bob).await.unwrap(), None);
    site.throttle.sweep().await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM devices")
        .fetch_one(&site.db)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_hour_has_so_many_of_each_purpose_and_no_more_at_once() {
    let site = Arc::new(Site::open().await);
    let address: IpAddr = "2001:db8::1".parse().unwrap();
    let barrier = Arc::new(Barrier::new(GUESSES));
    let mut takers = JoinSet::new();
    for taker in 0..GUESSES {
        let (site, barrier) = (site.clone(), barrier.clone());
        takers.spawn(async move {
            let address: IpAddr = format!("2001:db8::{taker:x}").parse().unwrap();
            barrier.wait().await;
            waits(site.other().take(Purpose::SignUp, address).await).is_none()
        });
    }
    let taken = takers.join_all().await.into_iter().filter(|taken| *taken);
    assert_eq!(taken.count(), 3);
    let take = async |purpose| waits(site.throttle.take(purpose, address).await);
    site.clock.advance(Duration::from_secs(60));
    assert_eq!(
        take(Purpose::SignUp).await,
        Some(HOUR - Duration::from_secs(60))
    );
    assert_eq!(take(Purpose::Verification).await, None);
    site.throttle
        .give_back(Purpose::SignUp, address)
        .await
        .unwrap();
    assert_eq!(take(Purpose::SignUp).await, None);
    assert!(take(Purpose::SignUp).await.is_some());
    let next_door: IpAddr = "2001:db8:0:1::1".parse().unwrap();
    assert_eq!(
        waits(site.throttle.take(Purpose::SignUp, next_door).await),
        None
    );
    site.clock.advance(HOUR - Duration::from_secs(60));
    assert_eq!(take(Purpose::SignUp).await, None);
    for purpose in [Purpose::ForgottenPassword, Purpose::Confirmation] {
        let mut taken = 0;
        while take(purpose).await.is_none() {
            taken += 1;
        }
        assert!((1..=20).contains(&taken), "{purpose:?}: {taken}");
    }
}

#[tokio::test]
async fn what_no_longer_matters_is_cleared_and_what_holds_back_stays_longest() {
    let site = Site::open().await;
    for guess in 0..50 {
        let address = from(&format!("10.0.0.{guess}"));
        drop(
            site.throttle
                .sign_in(stranger(&guess.to_string(), &address))
                .await,
        );
    }
    let far = from("10.0.1.1");
    for _ in 0..FREE {
        drop(site.throttle.sign_in(stranger("ada", &far)).await);
    }
    assert_eq!(site.rows().await, 102);
    store::sweep(&site.db, site.clock.now(), DEVICE_KEPT, 10)
        .await
        .unwrap();
    assert_eq!(site.rows().await, 10);
    assert!(waits(site.throttle.sign_in(stranger("ada", &far)).await).is_some());
    site.clock.advance(REMEMBERED_OF_ADDRESS);
    site.throttle.sweep().await.unwrap();
    assert!(
        (1..10).contains(&site.rows().await),
        "the account's own stays"
    );
    site.clock.advance(REMEMBERED);
    site.throttle.sweep().await.unwrap();
    assert_eq!(site.rows().await, 0);
}

use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::*;
use crate::db;

const PASSWORD: &str = "correct horse battery";

/// The directory holds the database: it must outlive the accounts.
async fn accounts() -> (TempDir, Accounts) {
    let dir = TempDir::new().unwrap();
    let db = db::open(&db::embedded_url(dir.path()).unwrap())
        .await
        .unwrap();
    (dir, Accounts::new(db, Clock::manual(UnixMs(7_000))))
}

async fn create(accounts: &Accounts, email: &str, password: &str) -> Result<Account, CreateError> {
    accounts
        .create(email, Password::new(password), Tier::Free, false)
        .await
}

#[tokio::test]
async fn an_account_signs_in_under_its_address_however_it_is_typed() {
    let (_dir, accounts) = accounts().await;
    let made = create(&accounts, " Ada@Example.org", PASSWORD)
        .await
        .unwrap();
    assert_eq!(
        (made.email.as_str(), made.quota, made.created),
        ("ada@example.org", Tier::Free.quota(), UnixMs(7_000))
    );

    let verified = accounts
        .verify_password("ADA@example.org ", Password::new(PASSWORD))
        .await
        .unwrap();
    assert_eq!(verified.as_ref(), Some(&made));
    assert_eq!(accounts.find(&made.id).await.unwrap().as_ref(), Some(&made));
    assert_eq!(
        accounts.find_by_email("ada@EXAMPLE.org").await.unwrap(),
        Some(made)
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same() {
    let (_dir, accounts) = accounts().await;
    create(&accounts, "ada@example.org", PASSWORD)
        .await
        .unwrap();
    let long = PASSWORD.repeat(100);
    for (email, password) in [
        ("ada@example.org", "wrong horse"),
        ("ada@example.org", &long),
        ("bob@example.org", PASSWORD),
        ("not an address", PASSWORD),
    ] {
        assert_eq!(
            accounts
                .verify_password(email, Password::new(password))
                .await
                .unwrap(),
            None,
            "{email}"
        );
    }
}

#[tokio::test]
async fn an_address_has_one_account() {
    let (_dir, accounts) = accounts().await;
    create(&accounts, "ada@example.org", PASSWORD)
        .await
        .unwrap();
    let again = create(&accounts, "Ada@example.org", "another horse battery").await;
    assert!(matches!(again, Err(CreateError::EmailTaken)));
}

#[tokio::test]
async fn a_password_has_15_to_256_characters_of_any_kind() {
    let (_dir, accounts) = accounts().await;
    let refused = async |password: &str| match create(&accounts, "a@example.org", password).await {
        Err(CreateError::Password(weakness)) => weakness,
        other => panic!("{password}: {other:?}"),
    };
    let short = Weakness::TooShort { min: 15 };
    assert_eq!(refused("éàüö and 14 ch").await, short);
    // Two code points that make one character are one.
    assert_eq!(refused(&"e\u{301}a".repeat(7)).await, short);
    let long = Weakness::TooLong { max: 256 };
    assert_eq!(refused(&"éa?".repeat(86)).await, long);
    assert_eq!(refused(&"x".repeat(100_000)).await, long);
    assert_eq!(refused("passwordpassword").await, Weakness::Common);
    assert_eq!(refused("A@example.orgA@example.org").await, Weakness::Known);
    create(&accounts, "a@example.org", "words and words")
        .await
        .unwrap();
    create(&accounts, "b@example.org", &"日本語 ".repeat(64))
        .await
        .unwrap();
    assert!(matches!(
        create(&accounts, "c", PASSWORD).await,
        Err(CreateError::EmailInvalid)
    ));
}

#[tokio::test]
async fn a_password_is_the_same_however_a_keyboard_writes_it() {
    let (_dir, accounts) = accounts().await;
    create(&accounts, "ada@example.org", "un café à Zürich, ﬁn")
        .await
        .unwrap();
    for (typed, fits) in [
        ("un cafe\u{301} a\u{300} Zu\u{308}rich, fin", true),
        ("un cafe a Zurich, fin", false),
    ] {
        let verified = accounts.verify_password("ada@example.org", Password::new(typed));
        assert_eq!(verified.await.unwrap().is_some(), fits, "{typed}");
    }
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let (_dir, accounts) = accounts().await;
    let ada = create(&accounts, "ada@example.org", PASSWORD)
        .await
        .unwrap();
    let new = "another horse battery";
    let change = async |current: &str, new: &str| {
        let changed = accounts.change_password(&ada, Password::new(current), Password::new(new));
        changed.await
    };
    assert!(matches!(
        change("wrong", new).await,
        Err(ChangePasswordError::Current)
    ));
    assert!(matches!(
        change(PASSWORD, "ada@example.org").await,
        Err(ChangePasswordError::New(Weakness::Known))
    ));
    change(PASSWORD, new).await.unwrap();
    for (password, fits) in [(PASSWORD, false), (new, true)] {
        let verified = accounts.verify_password("ada@example.org", Password::new(password));
        assert_eq!(verified.await.unwrap().is_some(), fits);
    }
}

#[tokio::test]
async fn a_name_is_kept_in_one_line_and_the_log_for_as_long_as_was_chosen() {
    let (_dir, accounts) = accounts().await;
    let ada = create(&accounts, "ada@example.org", PASSWORD)
        .await
        .unwrap();
    assert_eq!((ada.name.as_str(), ada.retention_days), ("", 30));
    accounts
        .rename(&ada.id, "  Ada\n Lovelace\u{7} ")
        .await
        .unwrap();
    let long = accounts.rename(&ada.id, &"é".repeat(81)).await;
    assert!(matches!(long, Err(RenameError::TooLong { max: 80 })));
    assert!(accounts.keep_ledger(&ada.id, 365).await.unwrap());
    assert!(!accounts.keep_ledger(&ada.id, 31).await.unwrap());
    let now = accounts.find(&ada.id).await.unwrap().unwrap();
    assert_eq!(
        (now.name.as_str(), now.retention_days),
        ("Ada Lovelace", 365)
    );
}

#[tokio::test]
async fn an_account_is_deleted_by_who_knows_its_password_and_types_its_address() {
    let (_dir, accounts) = accounts().await;
    let ada = create(&accounts, "ada@example.org", PASSWORD)
        .await
        .unwrap();
    let delete = async |typed: &str, password: &str| {
        let deleted = accounts.delete(&ada, typed, Password::new(password));
        deleted.await
    };
    assert!(matches!(
        delete("bob@example.org", PASSWORD).await,
        Err(DeleteError::Email)
    ));
    assert!(matches!(
        delete("ada@example.org", "wrong").await,
        Err(DeleteError::Password)
    ));
    delete(" Ada@example.org", PASSWORD).await.unwrap();
    assert_eq!(accounts.find(&ada.id).await.unwrap(), None);
    create(&accounts, "ada@example.org", PASSWORD)
        .await
        .unwrap();
}

#[tokio::test]
async fn of_administrators_who_leave_at_the_same_time_one_stays() {
    const ADMINS: usize = 4;
    let (_dir, accounts) = accounts().await;
    let barrier = Arc::new(Barrier::new(ADMINS));
    let mut leaving = JoinSet::new();
    for n in 0..ADMINS {
        let (accounts, barrier) = (accounts.clone(), barrier.clone());
        let email = format!("{n}@example.org");
        let admin = accounts
            .create(&email, Password::new(PASSWORD), Tier::Free, true)
            .await
            .unwrap();
        leaving.spawn(async move {
            barrier.wait().await;
            let left = accounts
                .delete(&admin, &email, Password::new(PASSWORD))
                .await;
            match left {
                Ok(()) => 1,
                Err(DeleteError::LastAdministrator) => 0,
                Err(error) => panic!("{error:?}"),
            }
        });
    }
    let left: usize = leaving.join_all().await.into_iter().sum();
    assert_eq!(left, ADMINS - 1);
}

#[tokio::test]
async fn limits_of_its_own_hold_until_the_tier_is_set_without_them() {
    let (_dir, accounts) = accounts().await;
    let id = create(&accounts, "ada@example.org", PASSWORD)
        .await
        .unwrap()
        .id;

    let own = accounts
        .set_tier(&id, Tier::Enterprise, Some(7), Some(u64::MAX))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((own.tier, own.quota.rpm), (Tier::Enterprise, 7));
    assert_eq!(own.quota.tpm, i64::MAX.unsigned_abs());

    let plain = accounts
        .set_tier(&id, Tier::Developer, None, None)
        .await
        .unwrap();
    assert_eq!(
        plain.as_ref().map(|account| account.quota),
        Some(Tier::Developer.quota())
    );
    assert_eq!(accounts.find(&id).await.unwrap(), plain);
    assert_eq!(
        accounts
            .set_tier(&AccountId::new(), Tier::Free, None, None)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_suspended_account_is_told_as_such_with_its_reason_until_it_is_resumed() {
    let (_dir, accounts) = accounts().await;
    create(&accounts, "root@example.org", PASSWORD)
        .await
        .unwrap();
    let id = create(&accounts, "ada@example.org", PASSWORD)
        .await
        .unwrap()
        .id;
    for (reason, refusal) in [("  ", "no reason"), (&*"x".repeat(301), "longer than 300")] {
        let refused = accounts.suspend(&id, reason).await.unwrap_err();
        assert!(refused.to_string().contains(refusal), "{refused}");
    }
    let suspended = accounts
        .suspend(&id, " unpaid\n since March ")
        .await
        .unwrap();
    assert_eq!(
        suspended.suspended.as_ref().unwrap().reason,
        "unpaid since March"
    );
    assert_eq!(accounts.find(&id).await.unwrap(), Some(suspended));
    assert_eq!(accounts.resume(&id).await.unwrap().suspended, None);
    let nobody = accounts.suspend(&AccountId::new(), "spam").await;
    assert!(matches!(nobody, Err(AdministerError::NotFound)));
}

#[tokio::test]
async fn of_administrators_who_send_each_other_away_at_the_same_time_one_stays() {
    const ADMINS: usize = 6;
    let (_dir, accounts) = accounts().await;
    let mut admins = vec![];
    for n in 0..ADMINS {
        let email = format!("{n}@example.org");
        let made = accounts
            .create(&email, Password::new(PASSWORD), Tier::Free, true)
            .await;
        admins.push(made.unwrap().id);
    }
    let barrier = Arc::new(Barrier::new(ADMINS));
    let mut sending = JoinSet::new();
    for (n, id) in admins.iter().enumerate() {
        let (accounts, barrier, id) = (accounts.clone(), barrier.clone(), id.clone());
        sending.spawn(async move {
            barrier.wait().await;
            let sent = match n % 2 {
                0 => accounts.suspend(&id, "spam").await,
                _ => accounts.set_admin(&id, false).await,
            };
            match sent {
                Ok(_) => 1,
                Err(AdministerError::LastAdministrator) => 0,
                Err(error) => panic!("{error:?}"),
            }
        });
    }
    let sent: usize = sending.join_all().await.into_iter().sum();
    assert_eq!(sent, ADMINS - 1);
}

#[tokio::test]
async fn accounts_are_found_by_any_part_of_address_or_name_and_by_id() {
    let (_dir, accounts) = accounts().await;
    let ada = create(&accounts, "ada_l@example.org", PASSWORD)
        .await
        .unwrap();
    create(&accounts, "adaxl@example.org", PASSWORD)
        .await
        .unwrap();
    let bob = create(&accounts, "bob@example.org", PASSWORD)
        .await
        .unwrap();
    accounts.rename(&bob.id, "Grace 100%").await.unwrap();
    accounts
        .set_tier(&bob.id, Tier::Startup, None, None)
        .await
        .unwrap();
    let found = async |search: &str, tier: Option<Tier>| {
        let search = search.to_owned();
        let listing = Listing {
            search,
            tier,
            before: None,
        };
        let listed = accounts.list(&listing, 10).await.unwrap();
        listed
            .into_iter()
            .map(|account| account.email)
            .collect::<Vec<_>>()
    };
    assert_eq!(found("", None).await.len(), 3);
    assert_eq!(
        found(" ADA_L", None).await,
        ["ada_l@example.org"],
        "no wildcard"
    );
    assert_eq!(found("grace", None).await, ["bob@example.org"]);
    assert_eq!(found("100%", None).await, ["bob@example.org"]);
    assert_eq!(found(ada.id.as_str(), None).await, ["ada_l@example.org"]);
    assert_eq!(found("", Some(Tier::Startup)).await, ["bob@example.org"]);
    assert!(found("\\", None).await.is_empty());
    let before = Some(ada.id);
    let listing = Listing {
        before,
        ..Listing::default()
    };
    assert!(
        accounts.list(&listing, 10).await.unwrap().is_empty(),
        "the first has none before it"
    );
}

#[tokio::test]
async fn an_address_is_verified_while_it_is_the_accounts() {
    let (_dir, accounts) = accounts().await;
    let ada = accounts
        .sign_up("ada@example.org", Password::new(PASSWORD))
        .await
        .unwrap();
    assert!(!ada.is_verified);
    assert!(
        !accounts
            .verify_address(&ada.id, "b@example.org")
            .await
            .unwrap()
    );
    assert!(!accounts.find(&ada.id).await.unwrap().unwrap().is_verified);
    assert!(
        accounts
            .verify_address(&ada.id, "ada@example.org")
            .await
            .unwrap()
    );
    assert!(accounts.find(&ada.id).await.unwrap().unwrap().is_verified);
    let known = create(&accounts, "bob@example.org", PASSWORD)
        .await
        .unwrap();
    assert!(known.is_verified, "who made it knew whose it is");
}

#[tokio::test]
async fn an_address_changes_once_and_not_to_one_that_is_taken() {
    let (_dir, accounts) = accounts().await;
    let ada = accounts
        .sign_up("ada@example.org", Password::new(PASSWORD))
        .await
        .unwrap();
    create(&accounts, "bob@example.org", PASSWORD)
        .await
        .unwrap();
    let taken = accounts.change_address(&ada, "bob@example.org").await;
    assert!(matches!(taken, Err(ChangeAddressError::Taken)));
    accounts
        .change_address(&ada, "ada@lovelace.org")
        .await
        .unwrap();
    let stale = accounts.change_address(&ada, "ada@third.org").await;
    assert!(matches!(stale, Err(ChangeAddressError::Stale)));
    let now = accounts.find(&ada.id).await.unwrap().unwrap();
    assert_eq!(
        (now.email.as_str(), now.is_verified),
        ("ada@lovelace.org", true)
    );
    assert!(
        accounts
            .knows_password(&now, Password::new(PASSWORD))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_password_set_by_a_link_replaces_the_one_before_and_verifies_the_address() {
    let (_dir, accounts) = accounts().await;
    let ada = accounts
        .sign_up("ada@example.org", Password::new(PASSWORD))
        .await
        .unwrap();
    let weak = accounts.check_password(&ada, &Password::new("ada@example.orgada@example.org"));
    assert_eq!(weak, Err(Weakness::Known));
    accounts
        .set_password(&ada, Password::new("another horse battery"))
        .await
        .unwrap();
    let verify = |password| accounts.verify_password("ada@example.org", Password::new(password));
    assert_eq!(verify(PASSWORD).await.unwrap(), None);
    assert!(
        verify("another horse battery")
            .await
            .unwrap()
            .unwrap()
            .is_verified
    );
}

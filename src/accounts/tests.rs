use tempfile::TempDir;

use super::*;
use crate::db;

const PASSWORD: &str = "correct horse";

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
    let again = create(&accounts, "Ada@example.org", "another horse").await;
    assert!(matches!(again, Err(CreateError::EmailTaken)));
}

#[tokio::test]
async fn a_password_has_8_to_256_characters_of_any_kind() {
    let (_dir, accounts) = accounts().await;
    let short = create(&accounts, "a@example.org", "éééé567").await;
    assert!(matches!(
        short,
        Err(CreateError::PasswordTooShort { min: 8 })
    ));
    let long = create(&accounts, "a@example.org", &"é".repeat(257)).await;
    assert!(matches!(
        long,
        Err(CreateError::PasswordTooLong { max: 256 })
    ));
    create(&accounts, "a@example.org", "        ")
        .await
        .unwrap();
    create(&accounts, "b@example.org", &"é".repeat(256))
        .await
        .unwrap();
    assert!(matches!(
        create(&accounts, "c", PASSWORD).await,
        Err(CreateError::EmailInvalid)
    ));
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

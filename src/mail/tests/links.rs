//! Links, and how often they are written.

use super::*;

#[tokio::test]
async fn the_tables_alone_open_no_link_once_a_server_has_the_mail() {
    let (port, taken) = smtp("250 fine").await;
    let office = Office::sending_to(port).await;
    office.post(Letter::ResetPassword).await;
    office.deliver().await;
    assert_eq!(office.only().await.state, State::Sent);
    let text = taken.lock().unwrap().pop().unwrap();
    let secret = secret_in(&text);
    let bodies = office.column("SELECT body FROM mails").await;
    assert!(!bodies[0].contains(&secret));
    let kept = office
        .column("SELECT secret FROM mails WHERE secret IS NOT NULL")
        .await;
    assert!(kept.is_empty());
    let hashes = office.column("SELECT secret_hash FROM mail_links").await;
    assert!(hashes.len() == 1 && hashes[0] != secret);
    let shown = office
        .mail
        .read(&office.only().await.id)
        .await
        .unwrap()
        .unwrap();
    assert!(shown.contains(letter::BLANK) && !shown.contains(&secret));
    let bearer = office
        .mail
        .redeem(&secret, Purpose::ResetPassword)
        .await
        .unwrap();
    assert_eq!(bearer.unwrap().address, ADDRESS);
}

#[tokio::test]
async fn a_link_is_good_once_for_its_purpose_and_until_it_runs_out() {
    let office = Office::open().await;
    office.post(Letter::ResetPassword).await;
    let secret = office.secret().await;
    let mail = &office.mail;
    for purpose in [Purpose::Verify, Purpose::ChangeEmail] {
        assert_eq!(mail.redeem(&secret, purpose).await.unwrap(), None);
    }
    let found = mail
        .find_link(&secret, Purpose::ResetPassword)
        .await
        .unwrap();
    let bearer = Bearer {
        account: office.account.clone(),
        address: ADDRESS.to_owned(),
    };
    assert_eq!(found.as_ref(), Some(&bearer));
    let redeemed = mail.redeem(&secret, Purpose::ResetPassword).await.unwrap();
    assert_eq!(redeemed, Some(bearer));
    assert_eq!(
        mail.redeem(&secret, Purpose::ResetPassword).await.unwrap(),
        None
    );

    for (letter, minutes) in [
        (Letter::ResetPassword, 30),
        (Letter::Verify, 24 * 60),
        (Letter::ChangeEmail, 24 * 60),
    ] {
        office.post(letter).await;
        let secret = office.secret().await;
        let purpose = letter.purpose();
        office
            .clock
            .advance(Duration::from_secs(minutes * 60) - Duration::from_millis(1));
        assert!(mail.find_link(&secret, purpose).await.unwrap().is_some());
        office.clock.advance(Duration::from_millis(1));
        assert_eq!(mail.find_link(&secret, purpose).await.unwrap(), None);
        assert_eq!(mail.redeem(&secret, purpose).await.unwrap(), None);
    }
    mail.sweep().await.unwrap();
    let rows = office.column("SELECT secret_hash FROM mail_links").await;
    assert_eq!(rows, Vec::<String>::new());
    let kept = office
        .column("SELECT secret FROM mails WHERE secret IS NOT NULL")
        .await;
    assert!(kept.is_empty(), "what is of no use is not kept");
}

#[tokio::test]
async fn a_new_link_voids_the_one_before_and_a_change_voids_all() {
    let office = Office::open().await;
    office.post(Letter::Verify).await;
    let first = office.secret().await;
    office.post(Letter::ResetPassword).await;
    let reset = office.secret().await;
    office.post(Letter::Verify).await;
    let second = office.secret().await;
    let mail = &office.mail;
    assert_eq!(mail.redeem(&first, Purpose::Verify).await.unwrap(), None);
    assert!(
        mail.find_link(&second, Purpose::Verify)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        mail.find_link(&reset, Purpose::ResetPassword)
            .await
            .unwrap()
            .is_some()
    );
    mail.void(&office.account).await.unwrap();
    assert_eq!(mail.redeem(&second, Purpose::Verify).await.unwrap(), None);
    assert_eq!(
        mail.redeem(&reset, Purpose::ResetPassword).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn of_many_who_use_a_link_at_once_one_succeeds() {
    let office = Office::open().await;
    office.post(Letter::ResetPassword).await;
    let secret: Arc<str> = office.secret().await.into();
    let barrier = Arc::new(Barrier::new(24));
    let mut tries = JoinSet::new();
    for _ in 0..24 {
        let (mail, secret, barrier) = (office.mail.clone(), secret.clone(), barrier.clone());
        tries.spawn(async move {
            barrier.wait().await;
            mail.redeem(&secret, Purpose::ResetPassword)
                .await
                .unwrap()
                .is_some()
        });
    }
    let redeemed = tries.join_all().await;
    assert_eq!(redeemed.into_iter().filter(|redeemed| *redeemed).count(), 1);
}

#[tokio::test]
async fn what_is_asked_for_too_often_is_not_written_however_many_ask_at_once() {
    let office = Office::open().await;
    let barrier = Arc::new(Barrier::new(12));
    let mut asking = JoinSet::new();
    for _ in 0..12 {
        let (mail, account, barrier) =
            (office.mail.clone(), office.account.clone(), barrier.clone());
        asking.spawn(async move {
            barrier.wait().await;
            mail.post(&account, ADDRESS, &Letter::ResetPassword)
                .await
                .unwrap()
        });
    }
    let written = asking.join_all().await;
    assert_eq!(written.into_iter().filter(|written| *written).count(), 3);

    // To another address of the same account, and for another account with the same address.
    let mail = &office.mail;
    let letter = Letter::ResetPassword;
    assert!(
        !mail
            .post(&office.account, "b@example.org", &letter)
            .await
            .unwrap()
    );
    let other = AccountId::new();
    office.add(&other).await;
    assert!(!mail.post(&other, ADDRESS, &letter).await.unwrap());
    assert!(office.post(Letter::Verify).await, "another purpose");
    for _ in 0..5 {
        assert!(
            office.post(Letter::PasswordChanged).await,
            "what happened is always told"
        );
    }
    office.clock.advance(SPELL);
    assert!(office.post(letter).await);
}

#[tokio::test]
async fn a_refused_ask_leaves_the_link_of_before_as_it_is() {
    let office = Office::open().await;
    for _ in 0..3 {
        assert!(office.post(Letter::ResetPassword).await);
        office.clock.advance(Duration::from_millis(1));
    }
    let secret = office.secret().await;
    assert!(!office.post(Letter::ResetPassword).await);
    let redeemed = office.mail.redeem(&secret, Purpose::ResetPassword).await;
    assert!(redeemed.unwrap().is_some());
}

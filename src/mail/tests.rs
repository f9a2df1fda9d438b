use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::*;
use crate::config::{SmtpSettings, SmtpTls};
use crate::db;
use crate::tasks::Tasks;

const SITE: &str = "https://a.example";
const ADDRESS: &str = "ada@example.org";

struct Office {
    dir: TempDir,
    db: Db,
    clock: Clock,
    mail: Mail,
    tasks: Tasks,
    account: AccountId,
}

impl Office {
    /// One that leaves mails in a folder.
    async fn open() -> Self {
        Office::with(MailSettings::default()).await
    }

    /// One that sends them to a server on `port`.
    async fn sending_to(port: u16) -> Self {
        let smtp = SmtpSettings {
            host: "127.0.0.1".to_owned(),
            port,
            tls: SmtpTls::None,
            login: None,
        };
        Office::with(MailSettings {
            smtp: Some(smtp),
            ..MailSettings::default()
        })
        .await
    }

    async fn with(settings: MailSettings) -> Self {
        let dir = TempDir::new().unwrap();
        let db = db::open(&db::embedded_url(dir.path()).unwrap())
            .await
            .unwrap();
        let clock = Clock::manual(Clock::system().now());
        let mail = Mail::new(
            &settings,
            dir.path(),
            SITE.into(),
            db.clone(),
            clock.clone(),
        );
        let office = Office {
            account: AccountId::new(),
            mail: mail.unwrap(),
            tasks: Tasks::default(),
            dir,
            db,
            clock,
        };
        office.add(&office.account).await;
        office
    }

    async fn add(&self, account: &AccountId) {
        sqlx::query(
            "INSERT INTO accounts (id, email, password_hash, tier, is_admin, created_ms) VALUES ($1, $1, '', 'free', 0, 0)",
        )
        .bind(account.as_str())
        .execute(&self.db)
        .await
        .unwrap();
    }

    async fn post(&self, letter: Letter<'_>) -> bool {
        self.mail
            .post(&self.account, ADDRESS, &letter)
            .await
            .unwrap()
    }

    /// Delivers what is due, as the task would.
    async fn deliver(&self) {
        while self.mail.deliver_one().await {}
    }

    async fn items(&self) -> Vec<Item> {
        self.mail.outbox().list(100).await.unwrap()
    }

    async fn only(&self) -> Item {
        let [item] = self.items().await.try_into().unwrap();
        item
    }

    /// The texts in the folder, in the order in which they were written.
    fn files(&self) -> Vec<String> {
        let folder = self.dir.path().join(OUTBOX);
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .map(|files| files.map(|file| file.unwrap().path()).collect())
            .unwrap_or_default();
        files.sort();
        let read = files
            .iter()
            .map(|file| std::fs::read_to_string(file).unwrap());
        read.collect()
    }

    /// The secret of the last mail's link.
    async fn secret(&self) -> String {
        self.deliver().await;
        secret_in(self.files().last().unwrap())
    }
}

fn secret_in(text: &str) -> String {
    let (_, rest) = text.split_once("token=").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

/// Answers every mail's recipient with `answer`, and keeps what it is sent.
async fn smtp(answer: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, taken) = (listener.local_addr().unwrap().port(), Arc::default());
    let kept = Arc::clone(&taken);
    #[expect(clippy::disallowed_methods, reason = "it ends with its test")]
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = speak(stream, answer, &kept).await;
        }
    });
    (port, taken)
}

async fn speak(stream: TcpStream, answer: &str, kept: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 here\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let said = match line.split([' ', '\r']).next().unwrap_or_default() {
            "RCPT" => answer,
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut text = String::new();
                while !text.ends_with("\r\n.\r\n") {
                    stream.read_line(&mut text).await?;
                }
                kept.lock().unwrap().push(text);
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        stream.write_all(format!("{said}\r\n").as_bytes()).await?;
    }
}

#[tokio::test]
async fn without_a_server_a_mail_is_a_whole_file_for_nobody_else() {
    let office = Office::open().await;
    assert!(office.post(Letter::Verify).await);
    assert_eq!(office.only().await.state, State::Waiting);
    office.deliver().await;
    let item = office.only().await;
    assert_eq!((item.state, item.tries), (State::Sent, 1));
    let path = office
        .dir
        .path()
        .join(OUTBOX)
        .join(format!("{}.eml", item.id));
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    for line in [
        "From: Assisters <assisters@localhost>".to_owned(),
        format!("To: {ADDRESS}"),
        "Subject: Verify your e-mail address".to_owned(),
        format!("Message-ID: <{}@localhost>", item.id),
        "Auto-Submitted: auto-generated".to_owned(),
        "Content-Transfer-Encoding: 7bit".to_owned(),
    ] {
        assert!(head.lines().any(|one| one == line), "no {line} in {head}");
    }
    assert!(
        head.contains("Date: ") && head.contains("text/plain"),
        "{head}"
    );
    assert!(
        body.contains(&format!("{SITE}/verify-email?token=")),
        "{body}"
    );
    assert!(!text.contains(letter::BLANK));
    let shown = office.mail.read(&item.id).await.unwrap().unwrap();
    assert!(
        shown.contains(&secret_in(&text)),
        "it is the only way to it"
    );
    assert!(office.mail.delete(&item.id).await.unwrap());
    assert!(!path.exists() && !office.mail.delete(&item.id).await.unwrap());
}

#[tokio::test]
async fn the_tables_alone_open_no_link_once_a_server_has_the_mail() {
    let (port, taken) = smtp("250 fine").await;
    let office = Office::sending_to(port).await;
    office.post(Letter::ResetPassword).await;
    office.deliver().await;
    assert_eq!(office.only().await.state, State::Sent);
    let text = taken.lock().unwrap().pop().unwrap();
    let secret = secret_in(&text);
    let row: (String, Option<String>) = sqlx::query_as("SELECT body, secret FROM mails")
        .fetch_one(&office.db)
        .await
        .unwrap();
    assert!(!row.0.contains(&secret) && row.1.is_none());
    let (hash,): (String,) = sqlx::query_as("SELECT secret_hash FROM mail_links")
        .fetch_one(&office.db)
        .await
        .unwrap();
    assert_ne!(hash, secret);
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
    let rows: Vec<(String,)> = sqlx::query_as("SELECT secret_hash FROM mail_links")
        .fetch_all(&office.db)
        .await
        .unwrap();
    assert_eq!(rows, []);
    let kept: Vec<(String,)> = sqlx::query_as("SELECT secret FROM mails WHERE secret IS NOT NULL")
        .fetch_all(&office.db)
        .await
        .unwrap();
    assert_eq!(kept, [], "what is of no use is not kept");
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

#[tokio::test]
async fn a_server_that_is_away_is_tried_again_less_and_less_often_for_a_day() {
    // Bound and let go: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let office = Office::sending_to(port).await;
    office.post(Letter::PasswordChanged).await;
    let begun = office.clock.now();
    office.deliver().await;
    let first = office.only().await;
    assert_eq!((first.state, first.tries), (State::Waiting, 1));
    assert_eq!(first.due.since(begun), Duration::from_secs(30));
    assert!(first.last_error.unwrap().to_lowercase().contains("connect"));
    office.deliver().await;
    assert_eq!(office.only().await.tries, 1, "not before its time");
    let last = loop {
        let item = office.only().await;
        if item.state != State::Waiting {
            break item;
        }
        office.clock.advance(item.due.since(office.clock.now()));
        office.deliver().await;
    };
    assert_eq!(last.state, State::Failed);
    assert!((25..35).contains(&last.tries), "{}", last.tries);
    assert!(office.clock.now().since(begun) <= PATIENCE);

    office.mail.retry(&last.id).await.unwrap();
    let again = office.only().await;
    assert_eq!(
        (again.state, again.due),
        (State::Waiting, office.clock.now())
    );
}

#[tokio::test]
async fn what_a_server_refuses_for_good_is_not_tried_again() {
    let (port, _) = smtp("550 no such user").await;
    let office = Office::sending_to(port).await;
    office.post(Letter::Verify).await;
    office.deliver().await;
    let item = office.only().await;
    assert_eq!((item.state, item.tries), (State::Failed, 1));
    assert!(item.last_error.unwrap().contains("no such user"));

    let (port, _) = smtp("451 later").await;
    let office = Office::sending_to(port).await;
    office.post(Letter::Verify).await;
    office.deliver().await;
    assert_eq!(office.only().await.state, State::Waiting);
}

#[tokio::test]
async fn a_mail_is_not_sent_once_its_link_has_run_out_nor_tried_again_then() {
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let office = Office::sending_to(port).await;
    office.post(Letter::ResetPassword).await;
    office.clock.advance(Duration::from_secs(30 * 60));
    office.deliver().await;
    let item = office.only().await;
    assert_eq!((item.state, item.tries), (State::Failed, 0));
    let refused = office.mail.retry(&item.id).await;
    assert!(matches!(refused, Err(RetryError::RunOut)));
    let unknown = office.mail.retry(&MailId::new()).await;
    assert!(matches!(unknown, Err(RetryError::Unknown)));
}

#[tokio::test]
async fn an_address_that_mail_cannot_carry_brings_no_line_of_its_own() {
    let office = Office::open().await;
    for address in [
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org,b@example.org",
        "<a@example.org>",
    ] {
        office
            .mail
            .post(&office.account, address, &Letter::PasswordChanged)
            .await
            .unwrap();
    }
    office.deliver().await;
    for item in office.items().await {
        assert_eq!(item.state, State::Failed, "{item:?}");
    }
    assert_eq!(office.files(), Vec::<String>::new());
}

#[tokio::test]
async fn the_task_delivers_what_is_written_and_stops_when_told() {
    let office = Office::open().await;
    office.mail.start(&office.tasks);
    office.post(Letter::PasswordChanged).await;
    let delivered = async {
        while office.only().await.state != State::Sent {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(30), delivered).await.unwrap();
    assert!(office.tasks.stop(Duration::from_secs(30)).await);
}

#[tokio::test]
async fn of_several_gateways_one_delivers_a_mail() {
    let (port, taken) = smtp("250 fine").await;
    let office = Office::sending_to(port).await;
    office.post(Letter::PasswordChanged).await;
    let barrier = Arc::new(Barrier::new(8));
    let mut gateways = JoinSet::new();
    for _ in 0..8 {
        let (mail, barrier) = (office.mail.clone(), barrier.clone());
        gateways.spawn(async move {
            barrier.wait().await;
            while mail.deliver_one().await {}
        });
    }
    gateways.join_all().await;
    assert_eq!(taken.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn mails_go_after_thirty_days_with_their_files_and_with_their_account() {
    let office = Office::open().await;
    office.post(Letter::Verify).await;
    office.deliver().await;
    office.clock.advance(KEPT);
    office.mail.sweep().await.unwrap();
    assert_eq!(office.items().await.len(), 1);
    office.clock.advance(Duration::from_millis(1));
    office.mail.sweep().await.unwrap();
    assert!(office.items().await.is_empty() && office.files().is_empty());

    office.post(Letter::Verify).await;
    office.deliver().await;
    let ids = office.mail.ids_of(&office.account).await.unwrap();
    sqlx::query("DELETE FROM accounts WHERE id = $1")
        .bind(office.account.as_str())
        .execute(&office.db)
        .await
        .unwrap();
    office.mail.erase(&ids).await;
    assert!(office.items().await.is_empty() && office.files().is_empty());
    let links: Vec<(String,)> = sqlx::query_as("SELECT secret_hash FROM mail_links")
        .fetch_all(&office.db)
        .await
        .unwrap();
    assert_eq!(links, []);
}

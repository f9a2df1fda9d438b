mod links;

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

    /// What stands in the one column that `query` asks for.
    async fn column(&self, query: &'static str) -> Vec<String> {
        let rows: Vec<(String,)> = sqlx::query_as(query).fetch_all(&self.db).await.unwrap();
        rows.into_iter().map(|(value,)| value).collect()
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
    let links = office.column("SELECT secret_hash FROM mail_links").await;
    assert_eq!(links, Vec::<String>::new());
}

//! Where mail is sent.

use std::sync::{Arc, Mutex};

use assisters::config::{MailSettings, SmtpSettings, SmtpTls};
use reqwest::StatusCode;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::{is_signed_in, is_to, sign_in, sign_up, token};
use crate::site::{PASSWORD, Site, config};
use crate::until;

const VERIFY: &str = "Verify your e-mail address";
const EMAIL: &str = "ada@example.org";

/// A service whose mail goes to a server that takes all.
struct Post {
    site: Site,
    taken: Arc<Mutex<Vec<String>>>,
}

impl Post {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::default();
        let kept = Arc::clone(&taken);
        #[expect(clippy::disallowed_methods, reason = "it ends with its test")]
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = take(stream, &kept).await;
            }
        });
        let dir = TempDir::new().unwrap();
        let mut config = config(dir.path(), &[]);
        config.mail = MailSettings {
            smtp: Some(SmtpSettings {
                host: "127.0.0.1".to_owned(),
                port,
                tls: SmtpTls::None,
                login: None,
            }),
            ..MailSettings::default()
        };
        let site = Site::configured(dir, config).await;
        Post { site, taken }
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    async fn mail(&self, recipient: &str, subject: &str) -> String {
        let found = || {
            let mut taken = self.taken().into_iter();
            taken.find(|mail| is_to(mail, recipient, subject))
        };
        until(async || found().is_some()).await;
        found().unwrap()
    }
}

async fn take(stream: TcpStream, kept: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 here\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let said = match line.trim_end() {
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
async fn one_who_signs_up_comes_in_once_the_address_is_verified() {
    let post = Post::open().await;
    let site = &post.site;
    let browser = site.browser();
    let landed = sign_up(&browser, EMAIL).await;
    assert_eq!(landed.place.as_deref(), Some("/check-mail?for=sign-up"));
    assert!(landed.headers.get("set-cookie").is_none());
    assert!(!is_signed_in(&browser).await);
    let page = browser.visit("/check-mail?for=sign-up").await;
    assert!(page.text.contains("Check your mail") && !page.text.contains("outbox"));

    let (status, problem) = sign_in(site, EMAIL, PASSWORD).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["way_out"], "verify", "{problem}");
    let (_, wrong) = sign_in(site, EMAIL, "wrong horse battery").await;
    assert_eq!(
        wrong["way_out"], "again",
        "only who knows the password is told"
    );

    let token = token(&post.mail(EMAIL, VERIFY).await);
    let landed = browser
        .submit("/api/verify-email", &[("token", &token)])
        .await;
    assert_eq!(landed.place.as_deref(), Some("/sign-in?verified"));
    assert!(!is_signed_in(&browser).await);
    assert!(sign_in(site, EMAIL, PASSWORD).await.0.is_success());
}

#[tokio::test]
async fn a_stranger_does_not_learn_that_an_address_has_an_account_but_its_owner_does() {
    let post = Post::open().await;
    let site = &post.site;
    let known = site
        .caller(assisters::principal::Tier::Free)
        .await
        .account
        .email;
    let answers = [
        sign_up(&site.browser(), &known).await,
        sign_up(&site.browser(), "new@example.org").await,
    ];
    let [told, new] = &answers;
    assert_eq!(told.status, new.status);
    assert_eq!(told.place, new.place);
    assert_eq!(told.text, new.text);
    let names = |landed: &crate::browser::Landed| {
        let mut names: Vec<_> = landed.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(names(told), names(new));
    let mail = post.mail(&known, "You have an account already").await;
    assert!(
        mail.contains("/sign-in") && mail.contains("/forgot-password"),
        "{mail}"
    );
    assert!(!mail.contains("token="), "{mail}");
    post.mail("new@example.org", VERIFY).await;
    assert!(
        sign_in(site, &known, PASSWORD).await.0.is_success(),
        "nothing was changed"
    );
}

#[tokio::test]
async fn administrators_see_a_sent_mail_without_its_secret() {
    let post = Post::open().await;
    sign_up(&post.site.browser(), EMAIL).await;
    let token = token(&post.mail(EMAIL, VERIFY).await);
    let admin = post.site.admin().await;
    until(async || {
        let (_, outbox) = admin.call("/api/admin/mail/list", &[]).await;
        outbox["mails"][0]["state"].get("sent").is_some()
    })
    .await;
    let (_, outbox) = admin.call("/api/admin/mail/list", &[]).await;
    assert_eq!(outbox["is_sent"], true);
    let id = outbox["mails"][0]["id"].as_str().unwrap();
    let (_, text) = admin.call("/api/admin/mail/read", &[("id", id)]).await;
    let text = text.as_str().unwrap();
    assert!(text.contains("/verify-email?token=(not-shown)"), "{text}");
    assert!(!text.contains(&token));
    assert!(!post.site.dir.path().join("outbox").exists());
}

//! An address that the service is brought to call, where it can reach what its administrator's browser cannot.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::browser::Browser;
use crate::fake_worker::FakeWorker;
use crate::site::Site;

async fn add(admin: &Browser, url: &str) -> (StatusCode, Value) {
    let fields = [
        ("url", url),
        ("key", "worker-key"),
        ("weight", ""),
        ("max_in_flight", ""),
        ("unreachable_too", "true"),
    ];
    admin.call("/api/admin/workers/add", &fields).await
}

#[tokio::test]
async fn a_worker_is_not_where_a_cloud_tells_its_secrets_however_that_is_written() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let admin = site.admin().await;
    for url in [
        "http://169.254.169.254",
        "http://169.254.169.254/latest/meta-data/",
        "http://169.254.169.254.",
        "http://2852039166",
        "http://0xa9fea9fe",
        "http://0xa9.0xfe.0xa9.0xfe",
        "http://0251.0376.0251.0376",
        "http://169.254.43518",
        "http://[::ffff:169.254.169.254]",
        "http://[::ffff:a9fe:a9fe]",
        "http://[64:ff9b::169.254.169.254]",
        "http://[fd00:ec2::254]",
        "http://[fe80::1]",
        "http://100.100.100.200",
        "http://\u{ff11}\u{ff16}\u{ff19}.254.169.254",
        "http://169\u{3002}254\u{3002}169\u{3002}254",
        "http://0.0.0.0:8000",
        "http://0:8000",
        "http://[::]:8000",
        "http://255.255.255.255",
        "http://224.0.0.1",
        // Other schemes, and who one is to be there.
        "file:///etc/passwd",
        "ftp://10.0.0.5",
        "gopher://10.0.0.5",
        "unix:/run/docker.sock",
        "javascript:alert(1)",
        "http://user@10.0.0.5",
        "http://user:password@10.0.0.5",
        "http://10.0.0.5#@169.254.169.254",
        "http://10.0.0.5?url=http://169.254.169.254",
        "http://",
        "http://.",
        "//10.0.0.5",
        "",
    ] {
        let (status, problem) = add(&admin, url).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert_eq!(problem["field"], "url", "{url}: {problem}");
    }
    // Workers do live on this machine and beside it.
    for url in [
        "http://127.1.2.3:1",
        "http://[::1]:1/v1",
        "https://localhost:1",
    ] {
        let (status, problem) = add(&admin, url).await;
        assert_eq!(status, StatusCode::OK, "{url}: {problem}");
    }
}

#[tokio::test]
async fn a_worker_that_sends_us_elsewhere_is_not_followed() {
    let site = {
        let worker = FakeWorker::start().await;
        Site::with(&[&worker]).await
    };
    let admin = site.admin().await;
    let [sends, inner] = [
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
    ];
    let (url, secret) = (
        format!("http://{}", sends.local_addr().unwrap()),
        inner.local_addr().unwrap(),
    );
    let reached = Arc::new(AtomicUsize::new(0));
    let mut serving = JoinSet::new();
    let counted = reached.clone();
    serving.spawn(async move {
        loop {
            drop(inner.accept().await);
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    serving.spawn(async move {
        for status in [301, 302, 303, 307, 308].into_iter().cycle() {
            let (mut stream, _) = sends.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = format!(
                "HTTP/1.1 {status} Elsewhere\r\nLocation: http://{secret}/v1/models\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let fields = [
        ("url", url.as_str()),
        ("key", ""),
        ("weight", ""),
        ("max_in_flight", ""),
    ];
    for _ in 0..5 {
        let (status, problem) = admin.call("/api/admin/workers/add", &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!(problem["field"], "url");
        assert!(
            !problem.to_string().contains(&secret.port().to_string()),
            "{problem}"
        );
    }
    assert!(asked.load(Ordering::SeqCst) >= 5);
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

//! How long pages of a busy account take over HTTP, from the request to the last byte: `cargo xtask bench`.
//!
//! It signs in to a database that `cargo xtask seed` has filled, and serves it itself.

use std::error::Error;
use std::time::{Duration, Instant};

use assisters::clock::Clock;
use assisters::config::Config;
use assisters::server;
use reqwest::{Client, StatusCode, header};

const ACCOUNT: &str = "seed@example.com";
const PASSWORD: &str = "seeds and seeds";
const TIMES: usize = 30;

/// What is measured, by its address.
const PAGES: [(&str, &str); 14] = [
    ("usage, last hour by minute", "/usage?range=hour"),
    ("usage, 24 hours by hour", "/usage?range=day"),
    ("usage, 30 days by day", "/usage?range=month"),
    ("usage, 30 days by hour", "/usage?range=month&by=hour"),
    (
        "usage, 30 days by hour, latency",
        "/usage?range=month&by=hour&metric=latency",
    ),
    (
        "usage, 30 days by day, by status",
        "/usage?range=month&group=status",
    ),
    (
        "usage, 30 days by day, one key",
        "/usage?range=month&group=endpoint&key=playground",
    ),
    ("logs, first page of 24 hours", "/logs"),
    ("logs, first page of 30 days", "/logs?range=month"),
    (
        "logs, 30 days, one model",
        "/logs?range=month&model=moderation-small",
    ),
    ("logs, 30 days, status 500", "/logs?range=month&status=500"),
    (
        "logs, 30 days, one model and 504",
        "/logs?range=month&status=504&model=moderation-small",
    ),
    ("logs, 30 days, none match", "/logs?range=month&status=418"),
    (
        "logs, 30 days, a deep page",
        "/logs?range=month&before={deep}-req_",
    ),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut config = Config::load(None)?;
    config.listen = ([127, 0, 0, 1], 0).into();
    let running = server::start(config, Clock::system()).await?;
    let base = format!("http://{}", running.addr);
    let client = Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let signed_in = client
        .post(format!("{base}/api/sign-in"))
        .header(header::ORIGIN, &base)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(format!(
            "email={ACCOUNT}&password={}",
            PASSWORD.replace(' ', "+")
        ))
        .send()
        .await?;
    if !signed_in.status().is_success() && !signed_in.status().is_redirection() {
        return Err(format!(
            "{ACCOUNT} cannot sign in: fill the database by `cargo xtask seed` first"
        )
        .into());
    }
    let deep = Clock::system().now().0 - 20 * 24 * 3_600_000;
    println!(
        "{:<40} {:>8} {:>8} {:>8} {:>9}",
        "page", "p50", "p95", "max", "bytes"
    );
    for (name, path) in PAGES {
        let url = format!("{base}{}", path.replace("{deep}", &deep.to_string()));
        let (mut times, mut bytes) = (vec![], 0);
        for _ in 0..TIMES {
            let began = Instant::now();
            let answer = client.get(&url).send().await?;
            if answer.status() != StatusCode::OK {
                return Err(format!("{url}: {}", answer.status()).into());
            }
            bytes = answer.bytes().await?.len();
            times.push(began.elapsed());
        }
        times.sort();
        let at = |percent: usize| ms(times[(times.len() * percent).div_ceil(100) - 1]);
        println!(
            "{name:<40} {:>8} {:>8} {:>8} {bytes:>9}",
            at(50),
            at(95),
            at(100)
        );
    }
    running.stop(std::future::pending()).await;
    Ok(())
}

fn ms(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

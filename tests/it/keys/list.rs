use std::time::Duration;

use assisters::keys::NewKey;
use assisters::principal::{Endpoint, Tier};
use serde_json::{Value, json};

use crate::fake_worker::{FakeWorker, MODEL};
use crate::site::Site;
use crate::until;

const DAY: Duration = Duration::from_secs(86_400);

fn sum(hours: &Value) -> u64 {
    let hours = hours.as_array().unwrap();
    assert_eq!(hours.len(), 24);
    hours.iter().map(|hour| hour.as_u64().unwrap()).sum()
}

#[tokio::test]
async fn each_key_shows_its_own_requests_of_the_last_day_by_the_hour() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Developer).await;
    let browser = site.browser_of(&caller).await;
    let other = NewKey::named("other");
    let (other, other_secret) = site.keys().create(&caller.account.id, other).await.unwrap();
    site.answer(&caller.secret, json!({})).await;
    site.clock.advance(Duration::from_secs(2 * 3_600));
    for _ in 0..3 {
        site.answer(&caller.secret, json!({})).await;
    }
    site.answer(other_secret.expose(), json!({})).await;

    let hours_of = async |id: &str| {
        let (_, listed) = browser.call("/api/keys/list", &[]).await;
        let keys = listed.as_array().unwrap();
        keys.iter().find(|key| key["id"] == id).unwrap()["hours"].clone()
    };
    let own = caller.key.id.as_str();
    until(async || sum(&hours_of(own).await) == 4 && sum(&hours_of(other.id.as_str()).await) == 1)
        .await;
    let hours = hours_of(own).await;
    assert_eq!(
        (&hours[21], &hours[22], &hours[23]),
        (&json!(1), &json!(0), &json!(3))
    );
    site.clock.advance(Duration::from_secs(22 * 3_600));
    assert_eq!(
        sum(&hours_of(own).await),
        3,
        "what is older than a day is gone"
    );
}

#[tokio::test]
async fn what_a_key_can_be_restricted_to_is_what_there_is() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let browser = site.browser_of(&site.caller(Tier::Free).await).await;
    let (_, choices) = browser.call("/api/keys/choices", &[]).await;
    let models = choices["models"].as_array().unwrap();
    assert!(models.contains(&json!(MODEL)), "{choices}");
    let endpoints = Endpoint::ALL.map(Endpoint::as_str);
    assert_eq!(choices["endpoints"], json!(endpoints));
    assert_eq!(
        (&choices["rpm"], &choices["tpm"]),
        (&json!(10), &json!(100_000))
    );
}

#[tokio::test]
async fn a_hundred_keys_are_one_page_and_those_that_have_ended_stand_last() {
    let worker = FakeWorker::start().await;
    let site = Site::with(&[&worker]).await;
    let caller = site.caller(Tier::Free).await;
    let browser = site.browser_of(&caller).await;
    let keys = site.keys();
    for at in 1..100 {
        let new = NewKey {
            expires: (at == 50).then(|| site.clock.now().plus(DAY)),
            ..NewKey::named(format!("key {at}"))
        };
        keys.create(&caller.account.id, new).await.unwrap();
    }
    site.clock.advance(DAY);
    keys.revoke(&caller.account.id, &caller.key.id)
        .await
        .unwrap();
    let (_, listed) = browser.call("/api/keys/list", &[]).await;
    let listed = listed.as_array().unwrap();
    let names: Vec<_> = listed
        .iter()
        .map(|key| key["name"].as_str().unwrap())
        .collect();
    assert_eq!(names.len(), 100);
    assert_eq!(
        (names[0], names[98], names[99]),
        ("key 99", "key 50", "laptop")
    );
    let states: Vec<_> = [0, 98, 99]
        .map(|at| listed[at]["state"].as_str().unwrap())
        .into();
    assert_eq!(states, ["Active", "Expired", "Revoked"]);
    let page = browser.visit("/keys").await.text;
    assert_eq!(page.matches("class=\"menu\"").count(), 100);
}

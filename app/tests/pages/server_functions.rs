use app::api;
use app::console::{Problem, UsageRange};
use leptos::prelude::Owner;

#[tokio::test]
async fn every_function_of_an_account_refuses_a_stranger() {
    let owner = Owner::new();
    owner.set();
    let refused = Some(Problem::signed_out());
    assert_eq!(api::load_overview().await.err(), refused);
    assert_eq!(api::list_keys().await.err(), refused);
    assert_eq!(api::create_key("name".into()).await.err(), refused);
    assert_eq!(api::take_fresh_key().await.err(), refused);
    assert_eq!(api::revoke_key("key_1".into()).await.err(), refused);
    assert_eq!(api::load_usage(UsageRange::Day).await.err(), refused);
    assert_eq!(api::list_models().await.err(), refused);
}

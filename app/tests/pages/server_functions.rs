use app::api;
use app::console::{KeyForm, Overlap, Problem};
use leptos::prelude::Owner;

#[tokio::test]
async fn every_function_of_an_account_refuses_a_stranger() {
    let owner = Owner::new();
    owner.set();
    let refused = Some(Problem::signed_out());
    assert_eq!(api::load_overview().await.err(), refused);
    assert_eq!(api::list_keys().await.err(), refused);
    assert_eq!(api::load_key_choices().await.err(), refused);
    let created = api::create_key("name".into(), KeyForm::default()).await;
    assert_eq!(created.err(), refused);
    let renamed = api::rename_key("key_1".into(), "name".into()).await;
    assert_eq!(renamed.err(), refused);
    let restricted = api::restrict_key("key_1".into(), KeyForm::default()).await;
    assert_eq!(restricted.err(), refused);
    let rotated = api::rotate_key("key_1".into(), Overlap::Day).await;
    assert_eq!(rotated.err(), refused);
    assert_eq!(api::end_old_secrets("key_1".into()).await.err(), refused);
    assert_eq!(api::take_fresh_key().await.err(), refused);
    assert_eq!(api::revoke_key("key_1".into()).await.err(), refused);
    assert_eq!(api::load_usage(String::new()).await.err(), refused);
    assert_eq!(api::load_logs(String::new()).await.err(), refused);
    assert_eq!(api::load_newer_logs(String::new(), 0).await.err(), refused);
    assert_eq!(api::load_request("req_1".into()).await.err(), refused);
    assert_eq!(api::list_models().await.err(), refused);
    assert_eq!(api::load_settings().await.err(), refused);
    assert_eq!(api::list_sessions().await.err(), refused);
    assert_eq!(api::rename_account("a".into()).await.err(), refused);
    let changed = api::change_password("a".into(), "b".into()).await;
    assert_eq!(changed.err(), refused);
    assert_eq!(api::end_session("a".into()).await.err(), refused);
    assert_eq!(api::end_other_sessions().await.err(), refused);
    assert_eq!(api::keep_log(30).await.err(), refused);
    let deleted = api::delete_account("a".into(), "b".into()).await;
    assert_eq!(deleted.err(), refused);
    assert_eq!(api::load_audit_log(String::new()).await.err(), refused);
}

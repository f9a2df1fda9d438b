use std::sync::Arc;

use app::api;
use app::console::{Confirmed, Console, KeyForm, Overlap, Problem};
use leptos::prelude::{Owner, provide_context};

use crate::fake::account;

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
    assert_eq!(api::prepare_export().await.err(), refused);
    assert_eq!(api::load_confirmation().await.err(), refused);
    assert_eq!(api::confirm("a".into(), None).await.err(), refused);
    assert_eq!(api::load_second_factor().await.err(), refused);
    assert_eq!(api::begin_second_factor().await.err(), refused);
    assert_eq!(api::load_factor_setup().await.err(), refused);
    let turned_on = api::turn_on_second_factor("123456".into(), None).await;
    assert_eq!(turned_on.err(), refused);
    assert_eq!(api::take_fresh_codes().await.err(), refused);
    assert_eq!(api::renew_recovery_codes().await.err(), refused);
    let turned_off = api::turn_off_second_factor("a".into(), "b".into()).await;
    assert_eq!(turned_off.err(), refused);
}

#[tokio::test]
async fn acts_that_want_a_fresh_proof_are_not_there_without_it() {
    let owner = Owner::new();
    owner.set();
    provide_context::<Arc<dyn Console>>(account());
    let refused = Some(Problem::unconfirmed());
    let created = api::create_key("name".into(), KeyForm::default()).await;
    assert_eq!(created.err(), refused);
    let rotated = api::rotate_key("key_1".into(), Overlap::Day).await;
    assert_eq!(rotated.err(), refused);
    let deleted = api::delete_account("a".into(), "b".into()).await;
    assert_eq!(deleted.err(), refused);
    assert_eq!(api::begin_second_factor().await.err(), refused);
    assert!(api::list_keys().await.is_ok());

    provide_context::<Arc<dyn Confirmed>>(account());
    let created = api::create_key("name".into(), KeyForm::default()).await;
    assert!(created.is_ok());
}

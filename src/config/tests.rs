use std::fs;

use super::*;

fn read(text: &str) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("assisters.toml");
    fs::write(&file, text).unwrap();
    Config::read(&Settings::from_file(&file)?)
}

#[test]
fn nothing_said_gives_the_defaults() {
    let config = read("").unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.models_dir, Path::new("./data/models"));
    assert_eq!(config.public_base(config.listen), "http://127.0.0.1:3000");
}

#[test]
fn a_refused_address_is_named_without_its_password() {
    let refused = read("database_url = 'postgres://u:p@ss@db.example/x'").unwrap_err();
    let said = refused.to_string();
    assert!(said.contains("postgres://…@db.example/x"), "{said}");
    assert!(!said.contains("p@ss") && !said.contains("u:"), "{said}");
}

#[test]
fn a_secret_that_will_not_do_is_refused_and_not_shown() {
    let refused = read("[metrics]\ntoken = 's3cret'").unwrap_err().to_string();
    assert!(
        refused.contains("metrics.token") && refused.contains("16 or more"),
        "{refused}"
    );
    assert!(!refused.contains("s3cret"), "{refused}");
    let config = read("[metrics]\ntoken = 's3cret-s3cret-s3cret'").unwrap();
    assert!(!format!("{config:?}{config}").contains("s3cret"));
    assert!(config.metrics_token.unwrap().is("s3cret-s3cret-s3cret"));
}

#[test]
fn sections_and_lists_are_read() {
    let config = read("workers = ['http://a:1', 'http://b:2']\n[limits]\nbody_bytes = 5").unwrap();
    assert_eq!(config.workers.len(), 2);
    assert_eq!(config.limits.body, 5);
}

#[test]
fn proxies_are_addresses_and_ranges() {
    assert_eq!(read("").unwrap().trusted_proxies, []);
    let config = read("trusted_proxies = ['127.0.0.1', '10.0.0.0/8']").unwrap();
    assert_eq!(config.trusted_proxies.len(), 2);
    let error = read("trusted_proxies = 'nginx'").unwrap_err().to_string();
    assert!(error.contains("10.0.0.0/8"), "{error}");
}

#[test]
fn workers_are_told_by_list_by_table_or_both() {
    let config = read(
        "workers = ['http://a:1']\n[affinity]\nmodels = ['m', 'n']\n[[worker]]\nurl = 'http://b:2'",
    )
    .unwrap();
    assert_eq!(config.workers.len(), 2);
    assert_eq!(config.affinity.models, ["m", "n"]);
    let error = read("[[worker]]\nurl = 'b:2'").unwrap_err().to_string();
    assert!(error.contains("assisters.toml: worker[0].url"), "{error}");
}

#[test]
fn times_are_whole_seconds_and_hours_of_one_or_more() {
    let config = read("[streams]\nkeepalive_seconds = 3\n[idempotency]\nkeep_hours = 2").unwrap();
    assert_eq!(config.streams.keepalive, Duration::from_secs(3));
    assert_eq!(config.idempotency.keep, Duration::from_secs(7_200));
    assert_eq!(config.idempotency.wait, Duration::from_secs(30));
    assert_eq!(config.limits.drain_delay, Duration::ZERO);
    let config = read("[limits]\ndrain_delay_seconds = 5").unwrap();
    assert_eq!(config.limits.drain_delay, Duration::from_secs(5));
    for wrong in [
        "[limits]\nheader_seconds = 0",
        "[limits]\nbody_seconds = 1.5",
        "[idempotency]\nkeep_hours = 0",
        "[idempotency]\nkeep_hours = 5000000000",
    ] {
        let error = read(wrong).unwrap_err().to_string();
        assert!(error.contains("1 or more"), "{error}");
    }
}

#[test]
fn a_wrong_value_is_named_with_what_would_be_right() {
    let error = read("listen = 'localhost'").unwrap_err().to_string();
    assert!(
        error.contains("listen")
            && error.contains("\"localhost\"")
            && error.contains("127.0.0.1:3000"),
        "{error}"
    );
}

#[test]
fn an_unknown_setting_is_refused_with_those_that_exist() {
    let error = read("[ledger]\nsync = 'always'").unwrap_err().to_string();
    assert!(
        error.contains("`ledger.sync`") && error.contains("ledger.fsync"),
        "{error}"
    );
}

#[test]
fn a_second_factor_is_offered_unless_it_is_asked_of_somebody() {
    let asked = |text: &str| read(text).unwrap();
    let config = asked("");
    assert!(!config.second_factor.asks(true) && !config.second_factor.asks(false));
    let said = config.to_string();
    assert!(said.ends_with("second_factor=offered"), "{said}");
    let config = asked("[accounts]\nsecond_factor = 'administrators'");
    assert!(config.second_factor.asks(true) && !config.second_factor.asks(false));
    let config = asked("[accounts]\nsecond_factor = 'everyone'");
    assert!(config.second_factor.asks(true) && config.second_factor.asks(false));
    let mut in_force = config.in_force.iter();
    let shown = in_force.find(|one| one.name == "accounts.second_factor");
    assert_eq!(shown.unwrap().value, "everyone");
    let error = read("[accounts]\nsecond_factor = 'yes'");
    let told = error.unwrap_err().to_string();
    assert!(
        told.contains("`offered`, `administrators` or `everyone`"),
        "{told}"
    );
}

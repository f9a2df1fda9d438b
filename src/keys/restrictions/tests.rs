use super::*;

const NOW: UnixMs = UnixMs(1_000);

fn new() -> NewKey {
    NewKey::named("laptop")
}

fn invalid(new: NewKey) -> (&'static str, String) {
    let quota = Quota { rpm: 10, tpm: 100 };
    let error = new.check(NOW, Some(quota)).unwrap_err();
    (error.field(), error.to_string())
}

fn many(of: impl Fn(usize) -> String) -> Vec<String> {
    (0..=MOST_ENTRIES).map(of).collect()
}

#[test]
fn what_cannot_be_names_its_field_and_the_way_out() {
    for (new, field, way_out) in [
        (NewKey::named(" "), "name", "such as \"laptop\""),
        (NewKey::named("x".repeat(51)), "name", "at most 50"),
        (
            NewKey {
                expires: Some(NOW),
                ..new()
            },
            "expires",
            "still to come",
        ),
        (
            NewKey {
                endpoints: vec!["chats".into()],
                ..new()
            },
            "endpoints",
            "moderations",
        ),
        (
            NewKey {
                models: vec!["a b".into()],
                ..new()
            },
            "models",
            "GET /v1/models",
        ),
        (
            NewKey {
                models: vec![" ".into()],
                ..new()
            },
            "models",
            "GET /v1/models",
        ),
        (
            NewKey {
                models: many(|n| format!("m{n}")),
                ..new()
            },
            "models",
            "at most 50",
        ),
        (
            NewKey {
                ips: vec!["10.0.0.0/33".into()],
                ..new()
            },
            "ips",
            "10.0.0.0/8",
        ),
        (
            NewKey {
                ips: vec!["localhost".into()],
                ..new()
            },
            "ips",
            "10.0.0.0/8",
        ),
        (
            NewKey {
                ips: many(|n| format!("10.0.0.{n}")),
                ..new()
            },
            "ips",
            "at most 50",
        ),
        (
            NewKey {
                rpm: Some(0),
                ..new()
            },
            "rpm",
            "1 or more",
        ),
        (
            NewKey {
                rpm: Some(11),
                ..new()
            },
            "rpm",
            "at most 10",
        ),
        (
            NewKey {
                tpm: Some(0),
                ..new()
            },
            "tpm",
            "1 or more",
        ),
        (
            NewKey {
                tpm: Some(101),
                ..new()
            },
            "tpm",
            "at most 100",
        ),
    ] {
        let (named, said) = invalid(new);
        assert_eq!(named, field, "{said}");
        assert!(said.contains(way_out), "{said}");
    }
}

#[test]
fn what_is_named_twice_counts_once() {
    let ips = (0..200).map(|_| "10.0.0.1".to_owned()).collect();
    let (_, restrictions) = NewKey { ips, ..new() }.check(NOW, None).unwrap();
    assert_eq!(*restrictions.ips, ["10.0.0.1/32".parse().unwrap()]);
}

#[test]
fn a_range_is_kept_as_its_network_and_mapped_ipv4_as_ipv4() {
    for (given, kept) in [
        ("203.0.113.7", "203.0.113.7/32"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("2001:DB8::1/32", "2001:db8::/32"),
        ("::ffff:10.1.2.3", "10.1.2.3/32"),
        ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
        ("::/0", "::/0"),
    ] {
        assert_eq!(ip_range(given).unwrap().to_string(), kept, "{given}");
    }
}

#[test]
fn an_address_is_admitted_by_the_ranges_that_hold_it() {
    let admits = |ranges: &[&str], from: Option<&str>| {
        let conditions = Conditions {
            ends: None,
            ips: ranges
                .iter()
                .map(|range| ip_range(range).unwrap())
                .collect(),
        };
        let from = from.map(|from| from.parse().unwrap());
        conditions.check(from, NOW).is_ok()
    };
    let ranges = ["10.0.0.0/8", "2001:db8::/32"];
    for from in [
        "10.0.0.0",
        "10.255.255.255",
        "::ffff:10.0.0.1",
        "2001:db8::5",
    ] {
        assert!(admits(&ranges, Some(from)), "{from}");
    }
    for from in [
        "9.255.255.255",
        "11.0.0.0",
        "::10.0.0.1",
        "2001:db9::",
        "::1",
    ] {
        assert!(!admits(&ranges, Some(from)), "{from}");
    }
    assert!(
        !admits(&ranges, None),
        "an address that is not known is not admitted"
    );
    assert!(admits(&[], None) && admits(&[], Some("::1")));
    assert!(
        !admits(&["::/0"], Some("10.0.0.1")),
        "all of IPv6 is not IPv4"
    );
}

#[test]
fn an_expiry_holds_from_its_own_millisecond_on() {
    let conditions = Conditions {
        ends: Some(NOW),
        ips: Arc::default(),
    };
    assert!(conditions.check(None, UnixMs(NOW.0 - 1)).is_ok());
    assert!(matches!(conditions.check(None, NOW), Err(Refusal::Expired)));
}

#[test]
fn restrictions_are_told_in_words() {
    let new = NewKey {
        endpoints: vec!["rerank".into(), "chat".into()],
        models: vec!["m".into()],
        ips: vec!["10.0.0.1".into(), "2001:db8::/32".into()],
        rpm: Some(5),
        tpm: Some(1_000),
        ..new()
    };
    let (_, restrictions) = new.check(NOW, None).unwrap();
    assert_eq!(
        restrictions.to_string(),
        "only chat, rerank; model m; from 10.0.0.1, 2001:db8::/32; 5 requests/min; 1000 tokens/min"
    );
    assert_eq!(Restrictions::default().to_string(), "none");
}

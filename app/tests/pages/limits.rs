use crate::fake::account;
use crate::{between, body, text};

#[tokio::test]
async fn the_meters_tell_what_is_used_and_what_is_only_reserved() {
    let told = text(&body("/limits", Some(account())).await);
    for words in [
        "37 / 100 per minute",
        "9,000 / 1,000,000 per minute",
        "2,000 tokens are reserved by requests that run.",
        "3 requests were refused by a limit in the last 24 hours.",
        "Developer 100 1,000,000 Current",
        "Enterprise set for you set for you Asked on 3 Nov Ask again",
    ] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }
}

#[tokio::test]
async fn a_tier_is_chosen_after_its_limits_were_told() {
    let html = body("/limits?choose=free", Some(account())).await;
    let dialog = between(&html, "<dialog", "</dialog>");
    assert!(text(dialog).contains("Your limits become 10 requests and 100,000 tokens per minute"));
    assert!(dialog.contains("action=\"/api/limits/choose-tier\""));
    for (tier, told) in [
        ("developer", "Your tier is Developer."),
        ("enterprise", "There is no such tier to choose."),
        ("gold", "There is no such tier to choose."),
    ] {
        let html = body(&format!("/limits?choose={tier}"), Some(account())).await;
        assert!(
            text(&html).contains(told) && !html.contains("<dialog"),
            "{tier}"
        );
    }
}

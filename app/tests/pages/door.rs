use app::console::Problem;
use leptos::server_fn::error::ServerFnUrlError;

use crate::{between, body, text};

/// Where a form that was posted without scripts comes back to.
fn refused(page: &str, function: &str, problem: Problem) -> String {
    let url = ServerFnUrlError::new(function, problem)
        .to_url(&format!("http://localhost{page}"))
        .unwrap();
    format!("{}?{}", url.path(), url.query().unwrap())
}

#[tokio::test]
async fn a_problem_comes_back_under_its_field() {
    let problem = Problem::field(
        "email",
        "There is an account for this e-mail. Sign in, or use another. Ünïcode too.",
    );
    let html = body(&refused("/sign-up", "/api/sign-up", problem.clone()), None).await;
    let error = between(&html, "id=\"email-error\"", "</p>");
    assert!(
        error.contains(&problem.message) && !error.contains("hidden"),
        "{error}"
    );
    let input = between(&html, "id=\"email\"", ">");
    assert!(
        input.contains("aria-invalid=\"true\"")
            && input.contains("aria-describedby=\"email-error\"")
    );
    let other = between(&html, "id=\"password-error\"", "</p>");
    assert!(other.contains("hidden"), "{other}");
}

#[tokio::test]
async fn a_problem_of_the_whole_form_stands_above_its_button() {
    let problem = Problem::new("No account has this e-mail and password.");
    let html = body(
        &refused("/sign-in?next=%2Fkeys", "/api/sign-in", problem),
        None,
    )
    .await;
    assert!(
        between(&html, "role=\"alert\"", "<button type=\"submit\"")
            .contains("No account has this e-mail")
    );
    assert!(
        html.contains("name=\"next\" value=\"/keys\""),
        "the way back is kept"
    );
}

#[tokio::test]
async fn a_problem_of_another_form_is_not_shown() {
    let problem = Problem::field("email", "Not yours.");
    let html = body(&refused("/sign-in", "/api/sign-up", problem), None).await;
    assert!(!html.contains("Not yours."));
}

#[tokio::test]
async fn an_address_with_a_broken_problem_still_renders() {
    let html = body("/sign-in?__path=%2Fapi%2Fsign-in&__err=%25%25", None).await;
    assert!(text(&html).contains("Something failed on our side"));
}

#[tokio::test]
async fn password_managers_know_the_fields() {
    let html = body("/sign-up", None).await;
    assert!(
        html.contains("autocomplete=\"username\"")
            && html.contains("autocomplete=\"new-password\"")
    );
    let html = body("/sign-in", None).await;
    assert!(
        html.contains("autocomplete=\"current-password\"")
            && html.contains("action=\"/api/sign-in\"")
    );
    assert!(!html.contains("name=\"next\""));
}

#[tokio::test]
async fn the_second_step_asks_for_the_apps_code_or_a_recovery_code() {
    let html = body("/sign-in/code?next=%2Fkeys", None).await;
    let field = between(&html, "id=\"code\"", ">");
    for attribute in [
        "autocomplete=\"one-time-code\"",
        "inputmode=\"numeric\"",
        "autofocus",
    ] {
        assert!(field.contains(attribute), "no {attribute} in {field}");
    }
    assert!(html.contains("name=\"next\" value=\"/keys\""));
    assert!(html.contains("action=\"/api/sign-in/code\""));
    assert!(html.contains("href=\"/sign-in/code?recovery&amp;next=%2Fkeys\""));
    let html = body("/sign-in/code?recovery&next=%2Fkeys", None).await;
    assert!(between(&html, "id=\"code\"", ">").contains("inputmode=\"text\""));
    assert!(html.contains("href=\"/sign-in/code?next=%2Fkeys\""));
    let html = body("/sign-in?again", None).await;
    assert!(text(&html).contains("Begin again."));
}

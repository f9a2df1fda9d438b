//! A new password, and how strong it looks while it is typed. What others have used is known to the service alone, which
//! refuses it when the form is sent.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::PasswordField;

/// In characters; the service holds to it.
const SHORTEST_PASSWORD: usize = 15;
/// From here on, guessing gets nowhere.
const STRONG: usize = 20;
/// Fewer characters than these, however often each comes, are soon tried.
const LEAST_DIFFERENT: usize = 6;

const HELP: &str = "At least 15 characters. A few words in a row are good.";

#[component]
pub fn NewPasswordField(
    name: &'static str,
    label: &'static str,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let strength = RwSignal::new(None);
    let on_typed = Callback::new(move |typed: String| strength.set(strength_of(&typed)));
    view! {
        <div class="new-password">
            <PasswordField name label autocomplete="new-password" help=HELP on_typed error/>
            <p class="strength" role="status">
                {move || strength.get().map(|Strength { level, words }| view! {
                    <meter min="0" low="2" high="2" optimum="4" max="4" value=level.to_string() aria-label="Strength"></meter>
                    <span>{words}</span>
                })}
            </p>
        </div>
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Strength {
    /// Of 4.
    level: u8,
    words: &'static str,
}

/// `None` where nothing is typed.
fn strength_of(typed: &str) -> Option<Strength> {
    let chars = typed.chars().count();
    let different = typed.chars().collect::<BTreeSet<_>>().len();
    let (level, words) = match chars {
        0 => return None,
        1..SHORTEST_PASSWORD => (1, "Too short"),
        _ if different < LEAST_DIFFERENT => (1, "Weak: always the same few characters"),
        SHORTEST_PASSWORD..STRONG => (3, "Good"),
        _ => (4, "Strong"),
    };
    Some(Strength { level, words })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_variety_make_it_strong() {
        let words = |typed| strength_of(typed).map(|strength| strength.words);
        assert_eq!(words(""), None);
        assert_eq!(words("fourteen chars"), Some("Too short"));
        assert_eq!(words("a few good words"), Some("Good"));
        assert_eq!(words("a sentence that is long enough"), Some("Strong"));
        assert_eq!(
            words("abababababababababababab"),
            Some("Weak: always the same few characters")
        );
        assert!(HELP.contains(&SHORTEST_PASSWORD.to_string()));
    }
}

//! How a browser is to show pages. Its cookies say it, so that strangers have it too, and no page comes in other colours first.

use serde::{Deserialize, Serialize};

/// What to call the cookies.
pub const THEME: &str = "theme";
pub const SHORTCUTS: &str = "shortcuts";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    Light,
    Dark,
    /// Whatever the reader's system shows.
    #[default]
    System,
}

impl Theme {
    pub const ALL: [Theme; 3] = [Theme::Light, Theme::Dark, Theme::System];

    /// In a cookie, in a form, and on the document.
    pub const fn name(self) -> &'static str {
        match self {
            Theme::Light => "light",
            Theme::Dark => "dark",
            Theme::System => "system",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Theme::Light => "Light",
            Theme::Dark => "Dark",
            Theme::System => "System",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Theme::ALL.into_iter().find(|theme| theme.name() == name)
    }

    /// What the document says of it. That it is the system's goes without saying.
    pub fn attribute(self) -> Option<&'static str> {
        (self != Theme::System).then_some(self.name())
    }

    /// What browsers are told may be shown.
    pub const fn schemes(self) -> &'static str {
        match self {
            Theme::System => "light dark",
            one => one.name(),
        }
    }

    /// The ground of pages where the system is light, and where it is dark; as `--bg` in the style sheet.
    pub const fn grounds(self) -> [&'static str; 2] {
        const LIGHT: &str = "#fafaf9";
        const DARK: &str = "#111110";
        match self {
            Theme::Light => [LIGHT, LIGHT],
            Theme::Dark => [DARK, DARK],
            Theme::System => [LIGHT, DARK],
        }
    }
}

/// Whether single letters do something while nobody types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shortcuts {
    #[default]
    On,
    Off,
}

impl Shortcuts {
    pub const fn name(self) -> &'static str {
        match self {
            Shortcuts::On => "on",
            Shortcuts::Off => "off",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Appearance {
    pub theme: Theme,
    pub shortcuts: Shortcuts,
}

impl Appearance {
    /// What a browser's cookies say, or what holds where they say nothing of use.
    pub fn of_cookies(cookies: &str) -> Self {
        let mut appearance = Appearance::default();
        let cookies = cookies
            .split(';')
            .filter_map(|one| one.trim().split_once('='));
        for (name, value) in cookies {
            match name {
                THEME => appearance.theme = Theme::named(value).unwrap_or_default(),
                SHORTCUTS if value == Shortcuts::Off.name() => {
                    appearance.shortcuts = Shortcuts::Off;
                }
                _ => {}
            }
        }
        appearance
    }

    /// The cookies that keep it for a year. Scripts may write them too: they hold nothing to hide.
    pub fn to_cookies(self, secure: bool) -> [String; 2] {
        let secure = if secure { "; Secure" } else { "" };
        [
            (THEME, self.theme.name()),
            (SHORTCUTS, self.shortcuts.name()),
        ]
        .map(|(name, value)| {
            format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax{secure}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        for theme in Theme::ALL {
            for shortcuts in [Shortcuts::On, Shortcuts::Off] {
                let appearance = Appearance { theme, shortcuts };
                let [one, other] = appearance.to_cookies(true);
                assert!(one.ends_with("; Secure"), "{one}");
                let pair = |cookie: &str| cookie.split(';').next().unwrap().to_owned();
                let sent = format!("a=b; {}; {}", pair(&one), pair(&other));
                assert_eq!(Appearance::of_cookies(&sent), appearance, "{sent}");
            }
        }
    }

    #[test]
    fn a_cookie_that_makes_no_sense_changes_nothing() {
        for cookies in [
            "",
            "theme",
            "theme=",
            "theme=\"><script>; shortcuts=no",
            "mytheme=dark; x=theme=dark",
        ] {
            let read = Appearance::of_cookies(cookies);
            assert_eq!(read, Appearance::default(), "{cookies}");
        }
    }
}

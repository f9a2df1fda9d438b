//! The query of an address, taken apart and put together again.

use std::fmt::{self, Write};

/// Names and values in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    pub fn parse(query: &str) -> Self {
        let pairs = query.trim_start_matches('?').split('&');
        let pairs = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // A form writes a space as a plus.
            let plain = |text: &str| unescaped(&text.replace('+', " "));
            (plain(name), plain(value))
        });
        Pairs(pairs.collect())
    }

    /// What stands under a name; an empty value is none, as a form sends it.
    pub fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Adds a pair, unless the value is empty.
    pub fn push(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.push((name.to_owned(), value.to_owned()));
        }
    }
}

impl fmt::Display for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.0.iter().enumerate() {
            let between = if at == 0 { "" } else { "&" };
            write!(f, "{between}{name}={}", escaped(value))?;
        }
        Ok(())
    }
}

/// The same on the server and in the browser, whose own functions for it differ.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' | b'/' | b':' => {
                escaped.push(char::from(byte));
            }
            // Writing to a string does not fail.
            byte => drop(write!(escaped, "%{byte:02X}")),
        }
    }
    escaped
}

/// What is not well escaped stays as it is.
fn unescaped(text: &str) -> String {
    let mut bytes = vec![];
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let code = behind
            .get(..2)
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        rest = match code {
            Some(byte) => {
                bytes.push(byte);
                &behind[2..]
            }
            None => {
                bytes.push(b'%');
                behind
            }
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_badly_escaped_is_taken_as_it_is() {
        let pairs = Pairs::parse("a=%zz&b=%C3%BC%&c=%2&d=%FF&e=%+1");
        let found = ["a", "b", "c", "d", "e"].map(|name| pairs.find(name).unwrap());
        assert_eq!(found, ["%zz", "ü%", "%2", "\u{fffd}", "% 1"]);
    }

    #[test]
    fn values_survive_the_way_through_an_address() {
        let mut pairs = Pairs::default();
        pairs.push("model", "Qwen/Qwen3 0.6B & more=1");
        pairs.push("key", "");
        let text = pairs.to_string();
        assert!(
            !text.contains(' ') && text.matches('&').count() == 0,
            "{text}"
        );
        assert_eq!(Pairs::parse(&text), pairs);
        let form = Pairs::parse("?model=a+b&key=&x");
        assert_eq!(
            (form.find("model"), form.find("key"), form.find("x")),
            (Some("a b"), None, None)
        );
    }
}

//! The address on the command line.

use url::Url;

pub(super) fn base(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{error}; such as http://10.0.0.5:8000"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("it must be http or https, such as http://10.0.0.5:8000".to_owned());
    }
    // A command line is seen by all who use the machine.
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a key does not belong here, but into ASSISTERS_WORKER_KEY".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it must end with its path, without ? and #".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_http_or_https_and_holds_no_key() {
        for good in ["http://a:1", "https://a.example/x/v1", "http://[::1]:8/"] {
            assert!(base(good).is_ok(), "{good}");
        }
        for (wrong, why) in [
            ("a:8000", "http or https"),
            ("localhost", "such as"),
            ("file:///x", "http or https"),
            ("http://:secret@a", "ASSISTERS_WORKER_KEY"),
            ("http://a/?x", "without ?"),
        ] {
            let said = base(wrong).unwrap_err();
            assert!(said.contains(why), "{wrong}: {said}");
        }
    }
}

//! A sheet as the fragment of an address, which browsers send to no server.

use super::sheet::Sheet;

/// What the fragment begins with, and the version of what follows.
const MARK: &str = "v1=";

/// Longer links are cut by chat programs and mail.
pub const LONGEST: usize = 16_000;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Whether a fragment is meant to be one of ours.
pub fn is_one(fragment: &str) -> bool {
    fragment.starts_with(MARK)
}

/// The fragment without its `#`.
pub fn write(sheet: &Sheet) -> String {
    let json = serde_json::to_vec(sheet).unwrap_or_default();
    MARK.to_owned() + &base64url(&json)
}

/// `None` for a fragment that carries no sheet, whole and not too long.
pub fn read(fragment: &str) -> Option<Sheet> {
    let text = fragment.strip_prefix(MARK)?;
    if text.len() > LONGEST {
        return None;
    }
    let json = String::from_utf8(bytes_of(text)?).ok()?;
    serde_json::from_str(&json).ok()
}

fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three
            .iter()
            .fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for at in 0..=three.len() {
            let digit = (bits >> (18 - 6 * at)) & 63;
            text.push(char::from(ALPHABET[digit as usize]));
        }
    }
    text
}

fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let mut bytes = vec![];
    for four in text.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for digit in four {
            let digit = ALPHABET.iter().position(|known| known == digit)?;
            bits = bits << 6 | digit as u32;
        }
        bits <<= 6 * (4 - four.len());
        let whole = (four.len() * 6 / 8).min(3);
        bytes.extend_from_slice(&bits.to_be_bytes()[1..1 + whole]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::playground::sheet::{ChatSheet, ShotSheet};

    #[test]
    fn a_link_gives_back_what_went_into_it() {
        let sheet = Sheet {
            chat: Some(ChatSheet {
                models: vec!["m".into()],
                system: "Sei höflich: 你好 🙂".into(),
                temperature: 0.2,
                ..ChatSheet::default()
            }),
            rerank: Some(ShotSheet {
                query: "?".into(),
                ..ShotSheet::default()
            }),
            ..Sheet::default()
        };
        let link = write(&sheet);
        assert_eq!(read(&link), Some(sheet));
        assert!(
            link[MARK.len()..]
                .bytes()
                .all(|byte| ALPHABET.contains(&byte))
        );
    }

    #[test]
    fn bytes_of_every_length_come_back() {
        for length in 0..9 {
            let bytes: Vec<u8> = (0..length).map(|at| 251 - at * 7).collect();
            assert_eq!(bytes_of(&base64url(&bytes)), Some(bytes));
        }
        assert_eq!(base64url(b"Man"), "TWFu");
        assert_eq!(base64url(&[255, 254]), "__4");
    }

    #[test]
    fn what_is_no_sheet_is_none() {
        let long = format!("v1={}", "A".repeat(LONGEST + 1));
        for wrong in [
            "",
            "transcript",
            "v1=",
            "v1=???",
            "v1=AAAA",
            "v2=e30",
            &long,
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(read("v1=e30"), Some(Sheet::default()));
    }
}

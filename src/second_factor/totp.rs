//! Codes by time, as RFC 6238 has them: HMAC-SHA-1 of the half minute, six digits. Other hashes and lengths are in the
//! RFC too, and several authenticator apps do not know them.

use hmac::{Hmac, KeyInit, Mac};
use rand::rand_core::{OsError, TryRngCore};
use rand::rngs::OsRng;
use sha1::Sha1;
use subtle::{ConditionallySelectable, ConstantTimeEq};

use crate::clock::UnixMs;

/// 160 bits, as RFC 4226 (section 4, R6) recommends.
const BYTES: usize = 20;
const STEP_MS: i64 = 30_000;
/// Steps before and after the present one whose codes are taken, for clocks that differ and people who type (RFC 6238,
/// section 5.2).
const DRIFT: i64 = 1;
const DIGITS: usize = 6;
const MODULUS: u32 = 1_000_000;
/// HMAC fills a shorter secret up with zeros to this.
const BLOCK: usize = 64;
/// RFC 4648, section 6: what authenticator apps read secrets in.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an account and its authenticator app share. It has no `Debug`, so that no log can show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; BYTES]);

impl Secret {
    pub fn generate() -> Result<Self, OsError> {
        let mut bytes = [0; BYTES];
        OsRng.try_fill_bytes(&mut bytes)?;
        Ok(Secret(bytes))
    }

    /// In base32, as apps take it and the database keeps it.
    pub fn expose(&self) -> String {
        let fives = self.0.chunks(5).flat_map(|chunk| {
            let bits = chunk
                .iter()
                .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            (0..8).rev().map(move |five| (bits >> (5 * five)) & 31)
        });
        fives
            .filter_map(|five| BASE32.get(usize::try_from(five).ok()?))
            .map(|&char| char::from(char))
            .collect()
    }

    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; BYTES];
        if text.len() != BYTES / 5 * 8 {
            return None;
        }
        for (chunk, to) in text.as_bytes().chunks(8).zip(bytes.chunks_mut(5)) {
            let mut bits = 0_u64;
            for char in chunk {
                let five = BASE32.iter().position(|known| known == char)?;
                bits = bits << 5 | u64::try_from(five).ok()?;
            }
            to.copy_from_slice(bits.to_be_bytes().get(3..)?);
        }
        Some(Secret(bytes))
    }

    /// The step whose code `typed` is, if that is near `now` and after the last one that was taken.
    pub(super) fn step_of(&self, typed: &str, now: UnixMs, last: i64) -> Option<i64> {
        let typed = number(typed)?;
        let present = now.0.div_euclid(STEP_MS);
        // All are compared whatever the first ones give, in constant time. The earliest that fits is taken, so that the
        // one after it is good for another time.
        let mut found = i64::MIN;
        for step in (present - DRIFT..=present + DRIFT).rev() {
            let fits = self.code(step).ct_eq(&typed);
            let is_new = u8::from(step > last).ct_eq(&1);
            found.conditional_assign(&step, fits & is_new);
        }
        (found != i64::MIN).then_some(found)
    }

    /// The code of a step, as a number below a million.
    fn code(&self, step: i64) -> u32 {
        let mut key = [0; BLOCK];
        key[..BYTES].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha1>::new(&key.into());
        mac.update(&step.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        // RFC 4226, section 5.3: the last four bits say where to cut 31 bits out.
        let at = usize::from(digest[19] & 15);
        let cut = digest[at..at + 4].iter();
        let cut = cut.fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        (cut & 0x7fff_ffff) % MODULUS
    }

    /// What an app would show.
    #[cfg(test)]
    pub(crate) fn shown(&self, now: UnixMs) -> String {
        format!("{:06}", self.code(now.0.div_euclid(STEP_MS)))
    }
}

/// Six digits, however they are spaced: apps show them as `123 456`.
fn number(typed: &str) -> Option<u32> {
    let digits: String = typed
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(DIGITS + 1)
        .collect();
    let is_code = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the RFCs' examples.
    fn published() -> Secret {
        Secret(*b"12345678901234567890")
    }

    #[test]
    fn codes_are_those_of_rfc_4226_appendix_d() {
        let codes = [
            755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871,
            520_489,
        ];
        for (step, code) in codes.into_iter().enumerate() {
            assert_eq!(
                published().code(i64::try_from(step).unwrap()),
                code,
                "{step}"
            );
        }
    }

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b() {
        // The RFC gives eight digits; six are their end.
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(
                published().shown(UnixMs(seconds * 1_000)),
                &code[2..],
                "{seconds}"
            );
        }
    }

    #[test]
    fn base32_is_that_of_rfc_4648_and_comes_back() {
        let text = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        assert_eq!(published().expose(), text);
        assert!(Secret::parse(text) == Some(published()));
        let made = Secret::generate().unwrap();
        assert!(Secret::parse(&made.expose()) == Some(made.clone()));
        assert!(made != Secret::generate().unwrap());
        for bad in [
            "",
            &text[1..],
            "gezdgnbvgy3tqojqgezdgnbvgy3tqojq",
            "01890189018901890189018901890189",
        ] {
            assert!(Secret::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn one_step_either_side_is_taken_and_no_more() {
        let secret = published();
        let now = UnixMs(10_000 * STEP_MS + 1);
        let code = |off: i64| secret.shown(UnixMs(now.0 + off * STEP_MS));
        for (off, taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let step = secret.step_of(&code(off), now, 0);
            assert_eq!(step, taken.then_some(10_000 + off), "{off}");
        }
        assert_eq!(secret.step_of(&code(0), now, 9_999), Some(10_000));
        assert_eq!(secret.step_of(&code(0), now, 10_000), None, "it was taken");
        assert_eq!(
            secret.step_of(&code(-1), now, 10_000),
            None,
            "nor one before"
        );
    }

    #[test]
    fn only_six_digits_are_a_code_however_spaced() {
        for good in ["123456", "123 456", " 123456\n", "12 34 56", "000000"] {
            assert!(number(good).is_some(), "{good:?}");
        }
        for bad in [
            "",
            "12345",
            "1234567",
            "12345a",
            "-12345",
            "+12345",
            "１２３４５６",
            "123 4567",
        ] {
            assert!(number(bad).is_none(), "{bad:?}");
        }
    }
}

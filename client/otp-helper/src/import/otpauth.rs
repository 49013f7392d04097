//! A list of URIs, one a line, as most authenticators export it.

use otp_proto::{UriError, parse_text, print_uri};

use super::payload::{Meaning, key, meaning};
use super::{Format, migration, text};
use crate::finding::Finding;

/// Shortest bare key that is taken for one, in characters: 80 bits, the shortest in real use.
/// Below that, too many words are base32.
const MIN_BARE_KEY: usize = 16;

/// `otpauth://`, `otpauth-migration://`, `steam://` and `motp://` lines and bare base32 keys;
/// blank lines and lines that start with `#` are skipped.
pub(super) struct Otpauth;

impl Format for Otpauth {
    fn name(&self) -> &'static str {
        "otpauth"
    }

    fn matches(&self, bytes: &[u8]) -> bool {
        text::decode(bytes).is_some_and(|text| {
            lines(&text).any(|(_, line)| match meaning(line) {
                Meaning::Key | Meaning::Migration => true,
                Meaning::Text => is_bare_key(line),
                Meaning::Url | Meaning::Uri => false,
            })
        })
    }

    fn parse(&self, bytes: &[u8], found: &mut dyn FnMut(Finding)) {
        let Some(text) = text::decode(bytes) else {
            return found(Finding::error(&"not a text file"));
        };
        let mut is_empty = true;
        for (number, line) in lines(&text) {
            is_empty = false;
            let found = &mut |finding: Finding| found(finding.at(number));
            match meaning(line) {
                Meaning::Key => found(key(line)),
                Meaning::Migration => migration::parse(line, found),
                Meaning::Text if is_bare_key(line) => found(match parse_text(line) {
                    Ok(entry) => Finding::uri(print_uri(&entry)),
                    Err(error) => Finding::error(&error),
                }),
                Meaning::Text | Meaning::Url | Meaning::Uri => {
                    found(Finding::error(&UriError::Scheme));
                }
            }
        }
        if is_empty {
            found(Finding::error(&"no line with a key in it"));
        }
    }
}

/// Returns the lines that say something, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// Returns whether a line is a base32 key rather than words: one group, or groups of the same
/// length as services show them, in one case.
fn is_bare_key(line: &str) -> bool {
    let mut groups = line.trim_end_matches('=').split([' ', '-']);
    let first = groups.next().map_or(0, str::len);
    let mut is_last = false;
    let is_even = groups.all(|group| {
        let fits = !is_last && (1..=first).contains(&group.len());
        is_last = group.len() < first;
        fits
    });
    let letters = || line.chars().filter(char::is_ascii_alphanumeric);
    is_even
        && letters().count() >= MIN_BARE_KEY
        && (letters().all(|c| !c.is_ascii_lowercase())
            || letters().all(|c| !c.is_ascii_uppercase()))
        && parse_text(line).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_from_words() {
        for key in [
            "KNKVARKSKNCUGUSFKRFUKWJR",
            "knkv arks kncu gusf krfu kwjr",
            "KNKV-ARKS-KNCU-GUSF-KR==",
        ] {
            assert!(is_bare_key(key), "{key}");
        }
        for words in [
            "this is a line of a letter",
            "hello",
            "Internationalisation",
            "KNKVARKSKNCUGUSFKRFUKWJ0",
            "",
            "a  b",
        ] {
            assert!(!is_bare_key(words), "{words}");
        }
    }
}

//! The text of one QR code, or one URI of a list.

use otp_proto::{clean_label, parse_uri, print_uri};

use super::migration;
use crate::finding::{Finding, Skipped};

/// What a text announces itself to be.
pub(super) enum Meaning {
    /// `otpauth://`, `steam://` or `motp://`.
    Key,
    /// `otpauth-migration://`.
    Migration,
    /// A web address.
    Url,
    /// Another URI.
    Uri,
    /// None of these.
    Text,
}

/// Returns what the text before the first colon announces.
pub(super) fn meaning(text: &str) -> Meaning {
    let Some((scheme, rest)) = text.split_once(':') else {
        return Meaning::Text;
    };
    match scheme.to_ascii_lowercase().as_str() {
        "otpauth" | "steam" | "motp" => Meaning::Key,
        "otpauth-migration" => Meaning::Migration,
        "http" | "https" => Meaning::Url,
        _ if rest.starts_with("//") => Meaning::Uri,
        _ => Meaning::Text,
    }
}

/// Reads the text of a QR code; returns whether it announces itself to be a key or several.
pub(super) fn parse(text: &str, found: &mut dyn FnMut(Finding)) -> bool {
    let text = text.trim();
    let (skipped, what) = match meaning(text) {
        Meaning::Key => {
            found(key(text));
            return true;
        }
        Meaning::Migration => {
            migration::parse(text, found);
            return true;
        }
        Meaning::Url => (Skipped::Url, host(text)),
        Meaning::Uri => (Skipped::Unsupported, None),
        Meaning::Text => (Skipped::Text, None),
    };
    found(Finding::Skipped { skipped, what });
    false
}

/// Reads one key's URI and prints it in its canonical form.
pub(super) fn key(uri: &str) -> Finding {
    match parse_uri(uri) {
        Ok(entry) => Finding::uri(print_uri(&entry)),
        Err(error) => Finding::error(&error),
    }
}

/// Returns the host of a web address, without user, port and path: these may hold secrets.
fn host(url: &str) -> Option<String> {
    /// Longest name of a host (RFC 1035 section 2.3.4).
    const MAX_HOST: usize = 253;
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    // A numeric address of IPv6 has colons of its own.
    let host = match host.find(']') {
        Some(end) => host.get(..=end)?,
        None => host.split(':').next()?,
    };
    let host = clean_label(host);
    (!host.is_empty() && host.len() <= MAX_HOST).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_web_address_only_the_host_is_told() {
        for (url, expected) in [
            ("https://example.com/login?token=abc", Some("example.com")),
            ("HTTP://user:pass@example.com:8080/", Some("example.com")),
            ("https://[2001:db8::1]:443/x", Some("[2001:db8::1]")),
            ("https://例え.jp", Some("例え.jp")),
            ("https:", None),
            ("https:///x", None),
        ] {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
    }
}

//! References to codes in texts: `otp://ISSUER/ACCOUNT`, `otp://QUERY`, also in `{{ }}`.

use otp_proto::{Get, Secret};
use zeroize::Zeroizing;

use super::OrUsage as _;
use crate::cli::{Line, Opt};
use crate::client::Client;
use crate::failure::{Failure, Kind};
use crate::json::Json;

/// What each of them begins with.
pub(super) const SCHEME: &str = "otp://";
/// What ends one that stands bare in a text, beside blanks and control characters.
const ENDS: &str = "\"'`<>{}()[],;|\\";
/// What a sentence ends with, and a name hardly ever.
const STOPS: [char; 4] = ['.', ':', '!', '?'];
/// Room for most codes: a text that grows leaves its old copies behind, wiped only by chance.
const ROOM: usize = 64;

/// The codes of one run; each way to write a name is asked for once: a counter whose name is
/// repeated is used once, and one of two names twice.
pub(super) struct Codes {
    known: Vec<(String, Secret)>,
    fresh: bool,
    min_left: Option<u32>,
}

impl Codes {
    pub(super) fn new(client: &Client, line: &Line) -> Result<Self, Failure> {
        Ok(Self {
            known: Vec::new(),
            fresh: line.has(Opt::Fresh),
            min_left: line.value(Opt::MinLeft).or_usage(client)?,
        })
    }

    /// A text with a code in the place of each reference.
    pub(super) fn fill(
        &mut self,
        client: &mut Client,
        text: &str,
    ) -> Result<Zeroizing<String>, Failure> {
        let mut filled = Zeroizing::new(String::with_capacity(text.len() + ROOM));
        for part in parts(text) {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Reference(name) => filled.push_str(self.code(client, name)?.expose()),
            }
        }
        Ok(filled)
    }

    /// The code of one reference, without its scheme.
    pub(super) fn code(&mut self, client: &mut Client, name: &str) -> Result<&Secret, Failure> {
        let known = self.known.iter().position(|(known, _)| known == name);
        let place = if let Some(place) = known {
            place
        } else {
            let code = self.ask(client, name).map_err(|failure| {
                let name = otp_proto::clean_label(name);
                let cause = client.text.cause(&failure.cause);
                failure.because([SCHEME, &name, ": ", &cause].concat())
            })?;
            self.known.push((name.to_owned(), code));
            self.known.len() - 1
        };
        let code = self.known.get(place);
        code.map(|(_, code)| code)
            .ok_or_else(|| client.bad_answer())
    }

    fn ask(&self, client: &mut Client, name: &str) -> Result<Secret, Failure> {
        let unmeant = || Failure::new(Kind::BadInput, client.text.bad_reference);
        let query = query(name).ok_or_else(unmeant)?;
        let by_dialog = client.by_dialog();
        let request = Get {
            query,
            fresh: self.fresh,
            min_left: self.min_left,
            interactive: by_dialog,
            desktop: by_dialog.then(Client::desktop),
            ..Get::default()
        };
        let answer = super::code::answer(client, request)?;
        let code = answer.json().get("code").and_then(Json::secret);
        code.ok_or_else(|| client.bad_answer())
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a str),
    /// Without its scheme.
    Reference(&'a str),
}

/// A text and the references in it, in their order.
fn parts(text: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((before, behind)) = rest.split_once(SCHEME) {
        let (mut length, mut before, mut skipped) = (bare(behind), before, 0);
        // One in braces may have blanks in its name, and takes its braces with it.
        let open = before.trim_end_matches([' ', '\t']);
        if let (Some(open), Some((name, _))) = (open.strip_suffix("{{"), behind.split_once("}}"))
            && !name.contains(['\n', '{'])
        {
            length = name.trim_end().len();
            skipped = name.len() - length + 2;
            before = open;
        }
        let (name, behind) = behind.split_at_checked(length).unwrap_or((behind, ""));
        parts.extend([Part::Text(before), Part::Reference(name)]);
        rest = behind.get(skipped..).unwrap_or_default();
    }
    parts.push(Part::Text(rest));
    parts
}

/// The length of a name that stands bare in a text.
fn bare(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || c.is_control() || ENDS.contains(c);
    let name = text.split(ends).next().unwrap_or_default();
    name.trim_end_matches(STOPS).len()
}

/// The query that a reference means: percent-decoded (RFC 3986, 2.1), `/` between issuer and
/// account; none if it can't be meant.
fn query(name: &str) -> Option<String> {
    let (issuer, account) = name.split_once('/').unwrap_or((name, ""));
    let (issuer, account) = (decoded(issuer)?, decoded(account)?);
    match (issuer.is_empty(), account.is_empty()) {
        (true, true) => None,
        (false, false) => Some(issuer + ":" + &account),
        _ => Some(issuer + &account),
    }
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            u8::try_from(high * 16 + low).ok()?
        } else {
            byte
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let parts = parts(text).into_iter().map(|part| match part {
            Part::Text(text) => text.to_owned(),
            Part::Reference(name) => format!("<{name}>"),
        });
        parts.filter(|part| !part.is_empty()).collect()
    }

    #[test]
    fn references_are_found_bare_and_in_braces() {
        for (text, expected) in [
            ("", &[][..]),
            ("otp://git", &["<git>"]),
            ("a otp://Git/me@x.org, b", &["a ", "<Git/me@x.org>", ", b"]),
            ("say otp://git.", &["say ", "<git>", "."]),
            ("\"otp://a\"'otp://b'", &["\"", "<a>", "\"'", "<b>", "'"]),
            (
                "{{otp://a}}{{ otp://b c/d e }}.",
                &["<a>", "<b c/d e>", "."],
            ),
            ("{{ otp://a\n}}", &["{{ ", "<a>", "\n}}"]),
            ("{ otp://トレンド/山田 }", &["{ ", "<トレンド/山田>", " }"]),
            ("otpotp://a", &["otp", "<a>"]),
            ("otp:/a otpauth", &["otp:/a otpauth"]),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_reference_becomes_a_query() {
        for (name, expected) in [
            ("github", Some("github")),
            ("GitHub/me", Some("GitHub:me")),
            ("A%20B/c%2Fd", Some("A B:c/d")),
            ("/me", Some("me")),
            ("A/", Some("A")),
            ("A/b/c", Some("A:b/c")),
            ("%E5%B1%B1", Some("山")),
            ("", None),
            ("/", None),
            ("a%2", None),
            ("a%zz", None),
            ("%ff", None),
        ] {
            assert_eq!(query(name).as_deref(), expected, "{name}");
        }
    }
}

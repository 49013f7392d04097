//! What programs say that keep entries elsewhere: the names in a store, an entry of it, a list, a
//! code.

use otp_proto::{Code as Digits, parse_text, parse_uri, print_uri};
use serde_json::Value;

use super::Format;
use crate::finding::{Finding, Skipped};

/// How many digits a code has.
const DIGITS: std::ops::RangeInclusive<usize> = 6..=10;
/// How many letters Steam's have, and which.
const STEAM: (usize, &str) = (5, "23456789BCDFGHJKMNPQRTVWXY");
/// Fewest letters of a key that stands behind a word: 80 bits, the shortest that services give out.
const SHORTEST_KEY: usize = 16;

/// Paths in a store of pass, one a line: `FOLDER/NAME` is issuer and account.
pub(super) struct Names;

impl Format for Names {
    fn name(&self) -> &'static str {
        "names"
    }

    fn matches(&self, _bytes: &[u8]) -> bool {
        false
    }

    fn parse(&self, bytes: &[u8], found: &mut dyn FnMut(Finding)) {
        for line in lines(bytes) {
            let (issuer, account) = line.rsplit_once('/').unwrap_or((line, ""));
            found(named(line, issuer, account));
        }
    }
}

/// An entry as it was typed by a person: a URI on any line; else one of gopass's keys behind the
/// first, which is the password. Words behind such a key, which a person may have written, are none.
pub(super) struct Entry;

impl Format for Entry {
    fn name(&self) -> &'static str {
        "entry"
    }

    fn matches(&self, _bytes: &[u8]) -> bool {
        false
    }

    fn parse(&self, bytes: &[u8], found: &mut dyn FnMut(Finding)) {
        let uri = lines(bytes).find(|line| line.starts_with("otpauth://"));
        let behind = bytes.iter().position(|&byte| byte == b'\n');
        let behind = behind.and_then(|end| bytes.get(end..)).unwrap_or_default();
        let read = uri.map(parse_uri).or_else(|| {
            lines(behind).find_map(|line| {
                let (key, value) = line.split_once(':')?;
                let key = key.trim().to_ascii_lowercase();
                let value = value.trim();
                let is_key = || value.starts_with("otpauth://") || is_like_a_key(value);
                match key.as_str() {
                    "otpauth" | "totp" | "otp" if is_key() => Some(parse_text(value)),
                    _ => None,
                }
            })
        });
        found(match read {
            Some(Ok(new)) => Finding::uri(print_uri(&new)),
            Some(Err(error)) => Finding::error(&error),
            None => Finding::Skipped {
                skipped: Skipped::Text,
                what: None,
            },
        });
    }
}

/// Whether a text is Base32 (RFC 4648 section 6), whole or in groups of one length, and as long as a
/// key.
fn is_like_a_key(text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_alphabetic() || ('2'..='7').contains(&c);
    let groups: Vec<&str> = text.trim_end_matches('=').split([' ', '-']).collect();
    let first = groups.first().map_or(0, |group| group.len());
    let (last, others) = groups.split_last().unwrap_or((&"", &[]));
    groups.iter().all(|group| group.chars().all(is_sign))
        && others.iter().all(|group| group.len() == first)
        && (1..=first).contains(&last.len())
        && groups.iter().map(|group| group.len()).sum::<usize>() >= SHORTEST_KEY
}

/// A code, alone or behind a word with a colon. Anything else that a program says is no code: it
/// would be typed somewhere.
pub(super) struct Code;

impl Format for Code {
    fn name(&self) -> &'static str {
        "code"
    }

    fn matches(&self, _bytes: &[u8]) -> bool {
        false
    }

    fn parse(&self, bytes: &[u8], found: &mut dyn FnMut(Finding)) {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let mut words = text.split_whitespace();
        let word = match (words.next(), words.next(), words.next()) {
            (Some(only), None, _) => Some(only),
            (Some(name), Some(word), None) if name.ends_with(':') => Some(word),
            _ => None,
        };
        let code = word.filter(|word| {
            let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
            let (length, letters) = STEAM;
            DIGITS.contains(&word.len()) && is_number
                || word.len() == length && word.chars().all(|c| letters.contains(c))
        });
        found(match code {
            Some(code) => Finding::Code {
                code: Digits::new(code.to_owned()),
            },
            None => Finding::error(&"the program gives no code"),
        });
    }
}

/// Where what is found goes.
type Found<'a> = &'a mut dyn FnMut(Finding);

/// A list of entries.
pub(super) struct Listing {
    name: &'static str,
    read: fn(&[u8], Found<'_>) -> Option<()>,
}

impl Format for Listing {
    fn name(&self) -> &'static str {
        self.name
    }

    fn matches(&self, _bytes: &[u8]) -> bool {
        false
    }

    fn parse(&self, bytes: &[u8], found: &mut dyn FnMut(Finding)) {
        if (self.read)(bytes, found).is_none() {
            found(Finding::error(&"the program gives no list that is known"));
        }
    }
}

/// `id TAB issuer TAB account` a line.
pub(super) const LIST: Listing = Listing {
    name: "list",
    read: tabs,
};
/// `rbw list --fields id,name,user` (rbw's README).
pub(super) const RBW: Listing = Listing {
    name: "rbw",
    read: tabs,
};
/// `bw list items` (bitwarden.com/help/cli).
pub(super) const BW: Listing = Listing {
    name: "bw",
    read: |bytes, found| {
        let items: Vec<Value> = serde_json::from_slice(bytes).ok()?;
        for item in &items {
            if text(item, "/login/totp").is_some() {
                item_named(item, "/id", "/name", "/login/username", found);
            }
        }
        Some(())
    },
};
/// `op item list --format json` (developer.1password.com/docs/cli/reference).
pub(super) const OP: Listing = Listing {
    name: "op",
    read: |bytes, found| {
        let items: Vec<Value> = serde_json::from_slice(bytes).ok()?;
        for item in &items {
            item_named(item, "/id", "/title", "/additional_information", found);
        }
        Some(())
    },
};
/// `pass-cli item list --output json` (protonpass.github.io/pass-cli).
pub(super) const PROTON: Listing = Listing {
    name: "proton",
    read: |bytes, found| {
        let list: Value = serde_json::from_slice(bytes).ok()?;
        let items = list.get("items").unwrap_or(&list).as_array()?;
        for item in items {
            let ids = text(item, "/share_id").zip(text(item, "/id"));
            let title = text(item, "/content/title").or_else(|| text(item, "/title"));
            let user = ["username", "email"].into_iter().find_map(|name| {
                text(item, &format!("/content/content/Login/{name}"))
                    .filter(|user| !user.is_empty())
            });
            if let Some(((share, id), title)) = ids.zip(title) {
                let id = format!("pass://{share}/{id}");
                found(named(&id, title, user.unwrap_or_default()));
            }
        }
        Some(())
    },
};
/// `bao list -format=json totp/keys` (openbao.org/docs/secrets/totp).
pub(super) const OPENBAO: Listing = Listing {
    name: "openbao",
    read: |bytes, found| {
        let names: Vec<String> = serde_json::from_slice(bytes).ok()?;
        for name in &names {
            found(named(name, name, ""));
        }
        Some(())
    },
};

fn tabs(bytes: &[u8], found: &mut dyn FnMut(Finding)) -> Option<()> {
    for line in lines(bytes) {
        let mut fields = line.split('\t');
        let id = fields.next()?;
        let issuer = fields.next()?;
        found(named(id, issuer, fields.next().unwrap_or_default()));
    }
    Some(())
}

fn text<'a>(item: &'a Value, place: &str) -> Option<&'a str> {
    item.pointer(place).and_then(Value::as_str)
}

fn item_named(item: &Value, id: &str, issuer: &str, account: &str, found: &mut dyn FnMut(Finding)) {
    if let Some((id, issuer)) = text(item, id).zip(text(item, issuer)) {
        found(named(id, issuer, text(item, account).unwrap_or_default()));
    }
}

/// An entry, unless its id could be taken for an option.
fn named(id: &str, issuer: &str, account: &str) -> Finding {
    if id.is_empty() || id.starts_with('-') || id.chars().any(char::is_control) {
        return Finding::error(&"an id that can't be used").of(String::new());
    }
    Finding::Named {
        id: id.to_owned(),
        issuer: issuer.trim().to_owned(),
        account: account.trim().to_owned(),
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let lines = bytes.split(|&byte| byte == b'\n');
    let lines = lines.filter_map(|line| std::str::from_utf8(line).ok());
    lines
        .map(|line| line.trim_end_matches('\r'))
        .filter(|line| !line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(format: &dyn Format, text: &str) -> Vec<String> {
        let mut all = Vec::new();
        format.parse(text.as_bytes(), &mut |finding| {
            let mut line = Vec::new();
            finding.write(0, &mut line).unwrap();
            all.push(String::from_utf8(line).unwrap().trim_end().to_owned());
        });
        all
    }

    #[test]
    fn names_of_a_store_are_issuer_and_account() {
        assert_eq!(
            of(&Names, "GitHub/me\nbank\nweb/a.example/x y\n-x\n"),
            [
                r#"{"id":"GitHub/me","issuer":"GitHub","account":"me"}"#,
                r#"{"id":"bank","issuer":"bank","account":""}"#,
                r#"{"id":"web/a.example/x y","issuer":"web/a.example","account":"x y"}"#,
                r#"{"error":"an id that can't be used","id":""}"#,
            ]
        );
    }

    #[test]
    fn a_key_is_found_on_any_line_of_an_entry_in_every_spelling() {
        const URI: &str = "otpauth://totp/a:b?secret=JBSWY3DPEHPK3PXP";
        for entry in [
            format!("{URI}\n"),
            format!("hunter2\nuser: me\n{URI}\n"),
            format!("hunter2\n---\ntotp: {URI}\n"),
            "hunter2\notpauth: //totp/x\ntotp: JBSW Y3DP EHPK 3PXP"
                .replace("otpauth: //totp/x\n", ""),
            "hunter2\r\nOTP: jbswy3dpehpk3pxp\r\n".to_owned(),
        ] {
            let found = of(&Entry, &entry).concat();
            assert!(found.contains("secret=JBSWY3DPEHPK3PXP&"), "{found}");
        }
        for nothing in [
            "",
            "hunter2\n",
            "hunter2\nurl: https://totp.example\n",
            "totp:\n",
            "totp:hunter2passwordhunter2\n",
            "hunter2\notp: on my phone\n",
            "hunter2\notp: it is on the other phone\n",
        ] {
            assert_eq!(of(&Entry, nothing), [r#"{"skipped":"text"}"#]);
        }
        let noted = format!("hunter2\notp: JBSWY3DPEHPK3PXQ\n{URI}\n");
        assert!(
            of(&Entry, &noted)
                .concat()
                .contains("secret=JBSWY3DPEHPK3PXP&")
        );
        let wrong = of(&Entry, "otpauth://totp/a?digits=6");
        assert!(wrong[0].starts_with(r#"{"error":"#), "{wrong:?}");
    }

    #[test]
    fn a_code_is_taken_alone_or_behind_a_word_and_nothing_else_is() {
        for (text, code) in [
            ("123456\n", "123456"),
            ("totp: 01234567", "01234567"),
            ("2F9KQ\n", "2F9KQ"),
        ] {
            assert_eq!(of(&Code, text), [format!(r#"{{"code":"{code}"}}"#)]);
        }
        for text in [
            "",
            "locked\nplease",
            "123456 654321",
            "12345678901",
            "not found",
            "null",
            "denied",
            "1234",
            "HTTP error 50312 try later",
            "Your vault is locked since 2026",
            "error 503120",
            "AEIOU",
        ] {
            let found = of(&Code, text);
            assert_eq!(
                found,
                [r#"{"error":"the program gives no code"}"#],
                "{text}"
            );
        }
    }

    #[test]
    fn the_lists_of_known_programs_are_read_as_their_documentation_shows_them() {
        let bank = |id: &str, account: &str| {
            vec![format!(
                r#"{{"id":"{id}","issuer":"Bank","account":"{account}"}}"#
            )]
        };
        assert_eq!(of(&RBW, "a-1\tBank\tme\n"), bank("a-1", "me"));
        assert_eq!(of(&LIST, "a-1\tBank\n"), bank("a-1", ""));
        let bw = r#"[{"id":"a","name":"Bank","login":{"username":"me","totp":"JBSW"}},
            {"id":"b","name":"No","login":{"username":"me","totp":null}},{"id":"c","name":"Note"}]"#;
        assert_eq!(of(&BW, bw), bank("a", "me"));
        let op = r#"[{"id":"a","title":"Bank","category":"LOGIN","additional_information":"me"}]"#;
        assert_eq!(of(&OP, op), bank("a", "me"));
        let proton = r#"{"items":[{"id":"b==","share_id":"a==","content":{"title":"Bank",
            "content":{"Login":{"email":"me","username":""}}}}]}"#;
        assert_eq!(of(&PROTON, proton), bank("pass://a==/b==", "me"));
        assert_eq!(of(&OPENBAO, r#"["Bank"]"#), bank("Bank", ""));
        for format in [&BW, &OP, &PROTON, &OPENBAO] {
            let wrong = of(format, "You are not logged in.");
            assert_eq!(wrong.len(), 1);
            assert!(wrong[0].starts_with(r#"{"error":"#), "{wrong:?}");
        }
    }
}

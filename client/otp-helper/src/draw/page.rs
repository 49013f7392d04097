//! A key, or the vault's recovery key, as a page to print and to lock away: the code, and what a
//! person types where no camera is at hand.

use std::fmt::Write as _;
use std::io;

use otp_proto::{Kind, NewEntry, RecoveryKey, base32_encode, parse_uri};
use zeroize::Zeroizing;

use super::{Code, Drawing, Style, svg};

/// Characters of a key between two blanks.
const GROUP: usize = 4;

/// Fits one sheet of A4 or Letter; loads nothing and runs nothing.
const HEAD: &str = "<meta charset=\"utf-8\">\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
<style>@page{margin:20mm}body{font:11pt sans-serif;color:#000;background:#fff;max-width:170mm;\
margin:auto}h1{font-size:16pt}svg{width:80mm;height:80mm;display:block}\
th{text-align:left;vertical-align:top;padding:1mm 8mm 1mm 0;white-space:nowrap;font-weight:normal}\
code{font-size:13pt}\
td{padding:1mm 0;font-family:monospace;overflow-wrap:anywhere}p{margin:6mm 0}</style>";

/// A self-contained HTML page.
pub(super) struct Page;

impl Drawing for Page {
    fn name(&self) -> &'static str {
        "page"
    }

    fn draw(&self, text: &str, code: &Code, style: &Style) -> io::Result<Zeroizing<Vec<u8>>> {
        let words = style.text;
        let entry = parse_uri(text).ok();
        let recovery = RecoveryKey::parse(text).ok();
        let title = match (&entry, &recovery) {
            (Some(entry), _) => title(entry),
            (None, Some(_)) => words.recovery.into(),
            (None, None) => String::new(),
        };
        let mut out = String::new();
        let _ = write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"{}\"><head>{HEAD}<title>",
            words.language
        );
        escaped(&title, &mut out);
        out.push_str("</title></head><body><h1>");
        escaped(&title, &mut out);
        out.push_str("</h1>\n");
        svg::element(code, false, &mut out);
        if let Some(entry) = &entry {
            out.push_str("\n<table>\n");
            let mut key = Zeroizing::new(String::new());
            grouped(entry, &mut key);
            let (name, value) = match entry.kind {
                Kind::Hotp(counter) => (words.counter, counter),
                Kind::Totp(period)
                | Kind::Steam(period)
                | Kind::Yandex(period)
                | Kind::Motp(period) => (words.period, u64::from(period.seconds())),
            };
            for (name, value) in [
                (words.issuer, entry.issuer.as_str()),
                (words.account, &entry.account),
                (words.key, &key),
                (words.kind, entry.kind.word()),
                (words.algorithm, entry.algorithm.name()),
                (words.digits, &entry.digits.value().to_string()),
                (name, &value.to_string()),
            ] {
                if !value.is_empty() {
                    let _ = write!(out, "<tr><th>{name}</th><td>");
                    escaped(value, &mut out);
                    out.push_str("</td></tr>\n");
                }
            }
            let _ = write!(out, "</table>\n<p>{}</p>", words.keep_it_safe);
        }
        if let Some(key) = &recovery {
            let _ = write!(out, "\n<p><code>{}</code></p>\n<ul>", key.expose());
            for line in words.recovery_uses {
                out.push_str("<li>");
                escaped(line, &mut out);
                out.push_str("</li>\n");
            }
            let _ = write!(out, "</ul>\n<p>{}</p>", words.keep_recovery_safe);
        }
        out.push_str("</body></html>\n");
        Ok(Zeroizing::new(out.into_bytes()))
    }
}

fn title(entry: &NewEntry) -> String {
    match (entry.issuer.as_str(), entry.account.as_str()) {
        ("", one) | (one, "") => one.into(),
        (issuer, account) => format!("{issuer}: {account}"),
    }
}

/// Writes the key as services show it. A key of mOTP is a text of its own and stays as it is.
fn grouped(entry: &NewEntry, out: &mut String) {
    let mut key = Zeroizing::new(String::new());
    if matches!(entry.kind, Kind::Motp(_)) {
        key.push_str(&String::from_utf8_lossy(entry.key.expose()));
    } else {
        base32_encode(entry.key.expose(), &mut key);
    }
    for (index, character) in key.chars().enumerate() {
        if index > 0 && index % GROUP == 0 {
            out.push(' ');
        }
        out.push(character);
    }
}

fn escaped(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
}

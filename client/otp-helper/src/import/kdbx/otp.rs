//! How entries of KeePass and its plugins spell a one-time password, in KeePassXC's order
//! (`src/totp/totp.cpp`) and then as KeePass 2 does itself ("Placeholders", `{TIMEOTP}`).

use otp_proto::{
    Algorithm, Digits, EntryError, Key, Kind, NewEntry, Period, RecoveryCodes, UriError,
    clean_label, parse_key, parse_text, percent_decode,
};

use crate::import::base64;

/// Reads an entry's one-time password; `None` if it has none.
pub(super) fn read<'a>(
    field: &dyn Fn(&str) -> Option<&'a str>,
) -> Option<Result<NewEntry, UriError>> {
    let read = if let Some(otp) = field("otp") {
        of_otp(otp)
    } else if let Some(seed) = field("TOTP Seed") {
        of_seed(seed, field("TOTP Settings").unwrap_or_default())
    } else if let Some(key) = native_key(field, "TimeOtp-Secret") {
        of_time(field, key)
    } else {
        let key = native_key(field, "HmacOtp-Secret")?;
        of_counter(field, key)
    };
    let read = read.and_then(|mut new| {
        // What a person reads in KeePass is what they look for.
        let name = |field: Option<&str>, own: String| match field.map(clean_label) {
            Some(name) if !name.is_empty() => name,
            _ => own,
        };
        new.issuer = name(field("Title"), new.issuer);
        new.account = name(field("UserName"), new.account);
        if new.account == "none" {
            new.account.clear();
        }
        let is_long = |name: &String| name.len() > otp_proto::MAX_LABEL;
        if is_long(&new.issuer) || is_long(&new.account) {
            return Err(UriError::LabelLength);
        }
        Ok(new)
    });
    Some(read)
}

fn entry(kind: Kind, algorithm: Algorithm, digits: Digits, key: Key) -> NewEntry {
    NewEntry {
        issuer: String::new(),
        account: String::new(),
        kind,
        algorithm,
        digits,
        key,
        tags: Vec::new(),
        note: String::new(),
        recovery: RecoveryCodes::default(),
        extra: Vec::new(),
    }
}

/// The attribute `otp`: a URI, `KeeOtp`'s query, or a bare key.
fn of_otp(otp: &str) -> Result<NewEntry, UriError> {
    let otp = otp.trim();
    if otp.contains("://") || !otp.contains("key=") {
        return parse_text(otp);
    }
    let value = |name: &str| {
        let mut pairs = otp.split('&').filter_map(|pair| pair.split_once('='));
        let pair = pairs.find(|(known, _)| known.eq_ignore_ascii_case(name));
        pair.map(|(_, value)| percent_decode(value, true))
    };
    let numeral = |name: &str| value(name).map(|value| value.trim().to_owned());
    let key = value("key").ok_or(UriError::NoSecret)?;
    let digits = number(numeral("size").as_deref(), EntryError::Digits)?;
    let digits = digits.map_or(Ok(Digits::SIX), Digits::new)?;
    let kind = if value("type").is_some_and(|kind| kind.eq_ignore_ascii_case("hotp")) {
        let counter = value("counter");
        let counter = counter.as_deref().map_or("0", |counter| counter.trim());
        Kind::Hotp(counter.parse().map_err(|_| UriError::Counter)?)
    } else {
        let period = number(numeral("step").as_deref(), EntryError::Period)?;
        Kind::Totp(period.map_or(Ok(Period::THIRTY), Period::new)?)
    };
    let hash = value("otpHashMode");
    let algorithm = hash
        .as_deref()
        .map_or(Ok(Algorithm::Sha1), |hash| hash.parse())?;
    Ok(entry(kind, algorithm, digits, parse_key(&key)?))
}

/// `TOTP Seed`, with `TOTP Settings` of a period and of digits or `S` for Steam.
fn of_seed(seed: &str, settings: &str) -> Result<NewEntry, UriError> {
    let mut parts = settings.split(';').map(str::trim);
    let period = parts.next().filter(|part| !part.is_empty());
    let period = number(period, EntryError::Period)?.map_or(Ok(Period::THIRTY), Period::new)?;
    let key = parse_key(seed)?;
    let digits = parts.next().filter(|part| !part.is_empty());
    if digits == Some("S") {
        return Ok(entry(
            Kind::Steam(period),
            Algorithm::Sha1,
            Digits::FIVE,
            key,
        ));
    }
    let digits = number(digits, EntryError::Digits)?.map_or(Ok(Digits::SIX), Digits::new)?;
    Ok(entry(Kind::Totp(period), Algorithm::Sha1, digits, key))
}

/// KeePass' own fields of a key, in one of four codings.
fn native_key<'a>(
    field: &dyn Fn(&str) -> Option<&'a str>,
    name: &str,
) -> Option<Result<Key, UriError>> {
    let with = |end: &str| field(&format!("{name}{end}"));
    if let Some(text) = with("") {
        return Some(bounded(text.as_bytes().to_vec()));
    }
    if let Some(text) = with("-Hex") {
        return Some(hex(text));
    }
    if let Some(text) = with("-Base32") {
        return Some(parse_key(text));
    }
    let text = with("-Base64")?;
    let bytes = base64::decode(text.trim());
    Some(match bytes {
        Some(bytes) => bounded(bytes.to_vec()),
        None => Err(UriError::NoSecret),
    })
}

fn hex(text: &str) -> Result<Key, UriError> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .map(|letter| letter.to_digit(16).ok_or(UriError::NoSecret))
        .collect::<Result<_, _>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high << 4 | low).map_err(|_| UriError::NoSecret),
        _ => Err(UriError::NoSecret),
    });
    bounded(pairs.collect::<Result<_, _>>()?)
}

fn bounded(bytes: Vec<u8>) -> Result<Key, UriError> {
    match bytes.len() {
        0 => Err(UriError::NoSecret),
        length if length > otp_proto::MAX_KEY => Err(UriError::KeyLength),
        _ => Ok(Key::new(bytes)),
    }
}

fn of_time<'a>(
    field: &dyn Fn(&str) -> Option<&'a str>,
    key: Result<Key, UriError>,
) -> Result<NewEntry, UriError> {
    let digits = number(field("TimeOtp-Length"), EntryError::Digits)?;
    let digits = digits.map_or(Ok(Digits::SIX), Digits::new)?;
    let period = number(field("TimeOtp-Period"), EntryError::Period)?;
    let period = period.map_or(Ok(Period::THIRTY), Period::new)?;
    let algorithm = field("TimeOtp-Algorithm").map_or(Ok(Algorithm::Sha1), str::parse)?;
    Ok(entry(Kind::Totp(period), algorithm, digits, key?))
}

fn of_counter<'a>(
    field: &dyn Fn(&str) -> Option<&'a str>,
    key: Result<Key, UriError>,
) -> Result<NewEntry, UriError> {
    let counter = field("HmacOtp-Counter").unwrap_or("0").trim();
    let counter = counter.parse().map_err(|_| UriError::Counter)?;
    let kind = Kind::Hotp(counter);
    Ok(entry(kind, Algorithm::Sha1, Digits::SIX, key?))
}

/// A number, where there is one.
fn number<T: std::str::FromStr>(
    text: Option<&str>,
    wrong: EntryError,
) -> Result<Option<T>, EntryError> {
    let number = text.map(|text| text.trim().parse().map_err(|_| wrong));
    number.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use otp_proto::print_uri;

    fn of(fields: &[(&'static str, &'static str)]) -> Option<Result<String, UriError>> {
        let field = |name: &str| {
            let mut fields = fields.iter();
            fields
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value)
        };
        read(&field).map(|read| read.map(|new| print_uri(&new).expose().to_owned()))
    }

    #[test]
    fn every_spelling_is_read_as_the_same_key() {
        const KEY: &str = "JBSWY3DPEHPK3PXP";
        let uri = |rest: &str| format!("otpauth://totp/Acme:me?secret={KEY}&issuer=Acme{rest}");
        let plain = uri("&algorithm=SHA1&digits=6&period=30");
        let other = uri("&algorithm=SHA256&digits=8&period=60");
        for (fields, expected) in [
            (
                &[(
                    "otp",
                    "otpauth://totp/x:y?secret=JBSWY3DPEHPK3PXP&period=30&digits=6",
                )][..],
                &plain,
            ),
            (&[("otp", "key=JBSWY3DPEHPK3PXP")], &plain),
            (
                &[(
                    "otp",
                    "key=JBSWY3DPEHPK3PXP&size=8&step=60&otpHashMode=Sha256",
                )],
                &other,
            ),
            (&[("otp", "jbsw y3dp ehpk 3pxp")], &plain),
            (&[("TOTP Seed", "JBSW Y3DP EHPK 3PXP")], &plain),
            (&[("TOTP Seed", KEY), ("TOTP Settings", "30;6")], &plain),
            (&[("TimeOtp-Secret", "Hello!\u{de}")], &uri("")),
            (&[("TimeOtp-Secret-Hex", "48656c6c6f21deadbeef")], &plain),
            (&[("TimeOtp-Secret-Base32", KEY)], &plain),
            (&[("TimeOtp-Secret-Base64", "SGVsbG8h3q2+7w==")], &plain),
            (
                &[
                    ("TimeOtp-Secret-Base32", KEY),
                    ("TimeOtp-Length", "8"),
                    ("TimeOtp-Period", "60"),
                    ("TimeOtp-Algorithm", "HMAC-SHA-256"),
                ],
                &other,
            ),
        ] {
            let mut fields = fields.to_vec();
            fields.extend([("Title", "Acme"), ("UserName", "me")]);
            let read = of(&fields).unwrap().unwrap();
            // A key as text isn't that key.
            if fields[0].0 == "TimeOtp-Secret" {
                assert!(read.contains("secret=JBSWY3DPEHBZ4&"), "{read}");
            } else {
                assert_eq!(read, *expected, "{fields:?}");
            }
        }
        let steam = [("TOTP Seed", KEY), ("TOTP Settings", "30;S")];
        assert!(of(&steam).unwrap().unwrap().starts_with("otpauth://steam/"));
        let counted = [("HmacOtp-Secret-Base32", KEY), ("HmacOtp-Counter", "7")];
        let counted = of(&counted).unwrap().unwrap();
        assert!(counted.starts_with("otpauth://hotp/") && counted.contains("&counter=7"));
    }

    #[test]
    fn an_entry_without_a_one_time_password_is_none_and_a_bad_one_says_why() {
        assert!(of(&[("Title", "a"), ("Password", "b")]).is_none());
        for fields in [
            &[("otp", "otpauth://totp/a?digits=6")][..],
            &[("otp", "key=A1")],
            &[("TOTP Seed", "AAAA"), ("TOTP Settings", "0;6")],
            &[("TOTP Seed", "AAAA"), ("TOTP Settings", "30;10")],
            &[("TimeOtp-Secret-Hex", "abc")],
            &[
                ("TimeOtp-Secret-Base32", "AAAA"),
                ("TimeOtp-Algorithm", "MD5"),
            ],
        ] {
            assert!(of(fields).unwrap().is_err(), "{fields:?}");
        }
    }
}

//! Lists of URIs and exports of Google Authenticator, through the program.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what can't be prepared ends the test"
)]

mod fixtures;
mod support;

use std::io::Write as _;

use fixtures::{SAMPLE, SAMPLE_CANONICAL, png};
use support::{list, picture, run, samples};

const KEY: &str = "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP";
const KEY_CANONICAL: &str =
    "otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30";

/// One exported entry, as fields of the protobuf message.
struct Entry {
    secret: &'static [u8],
    name: &'static str,
    issuer: &'static str,
    /// Algorithm, digits, type.
    numbers: [u8; 3],
    counter: u8,
}

const PLAIN: Entry = Entry {
    secret: b"Hello!\xde\xad\xbe\xef",
    name: "Example:alice@google.com",
    issuer: "Example",
    numbers: [1, 1, 2],
    counter: 0,
};

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length > 127 {
        out.push(u8::try_from(length & 127).unwrap() | 128);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap());
    out.extend(bytes);
    out
}

/// Writes the export: version, batch size and index, batch id as it lies on the wire.
fn export(entries: &[Entry], [version, size, index]: [u8; 3], id: &[u8]) -> String {
    let mut payload = Vec::new();
    for entry in entries {
        let mut one = field(1, entry.secret);
        one.extend(field(2, entry.name.as_bytes()));
        one.extend(field(3, entry.issuer.as_bytes()));
        for (number, value) in (4..).zip(entry.numbers) {
            one.extend([number << 3, value]);
        }
        one.extend([7 << 3, entry.counter]);
        one.extend(field(8, b"1234567890123456789"));
        payload.extend(field(1, &one));
    }
    payload.extend([2 << 3, version, 3 << 3, size, 4 << 3, index]);
    payload.extend(id);
    format!("otpauth-migration://offline?data={}", base64(&payload))
}

/// Unpadded, with a raw plus and the other special character escaped.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let word = three
            .iter()
            .fold(0_u32, |word, &byte| word << 8 | u32::from(byte));
        let word = word << (8 * (3 - three.len()));
        for place in 0..=three.len() {
            let six = usize::try_from(word >> (18 - 6 * place) & 63).unwrap();
            match ALPHABET[six] {
                b'/' => out.push_str("%2F"),
                other => out.push(char::from(other)),
            }
        }
    }
    out
}

#[test]
fn a_list_is_read_line_by_line_with_its_comments_and_faults() {
    let text = format!(
        "# my keys\n\n{SAMPLE}\n  {KEY}  \nsteam://JBSWY3DPEHPK3PXP\nnothing\notpauth://totp/x?secret=1\n\
         motp://m:u?secret=30edcc8edae50a60\nhttps://example.com/\nJBSW Y3DP EHPK 3PXP\n"
    );
    let parsed = list(text.as_bytes());
    let lines: Vec<_> = parsed
        .findings
        .iter()
        .map(|finding| {
            (
                finding["line"].as_u64().unwrap(),
                finding.get("uri").is_some(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            (3, true),
            (4, true),
            (5, true),
            (6, false),
            (7, false),
            (8, true),
            (9, false),
            (10, true)
        ]
    );
    assert_eq!(parsed.uris()[..2], [SAMPLE_CANONICAL, KEY_CANONICAL]);
    assert!(parsed.uris()[2].starts_with("otpauth://steam/Steam:?secret=JBSWY3DPEHPK3PXP"));
    assert!(parsed.uris()[3].starts_with("otpauth://motp/m:u?secret="));
    assert!(
        parsed
            .errors()
            .iter()
            .all(|error| !error.contains("nothing"))
    );
    assert_eq!(parsed.status, Some(0));
}

#[test]
fn the_encodings_and_line_ends_of_every_editor_are_read() {
    let text = format!("# 山田\r\n{KEY}&issuer=例\r\n");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let (shift_jis, _, _) = encoding_rs::SHIFT_JIS.encode(&text);
    for bytes in [
        text.as_bytes().to_vec(),
        [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        [b"\xff\xfe", little.as_slice()].concat(),
        [b"\xfe\xff", big.as_slice()].concat(),
        shift_jis.into_owned(),
    ] {
        let parsed = list(&bytes);
        assert_eq!(parsed.findings.len(), 1);
        assert!(
            parsed.uris()[0].contains("issuer=%E4%BE%8B"),
            "{:?}",
            parsed.findings
        );
        assert_eq!(parsed.findings[0]["line"], 2);
    }
}

#[test]
fn a_list_without_a_key_is_refused() {
    for text in [
        &b""[..],
        b"\n# only this\n",
        b"\x00\x01\x02",
        b"\xff\xfe\x00",
    ] {
        assert!(list(text).is_clean_refusal(), "{text:?}");
    }
    let parsed = list(b"one\ntwo\n");
    assert_eq!((parsed.status, parsed.errors().len()), (Some(8), 2));
}

#[test]
fn an_export_of_google_authenticator_gives_its_entries() {
    let entries = [
        PLAIN,
        Entry {
            name: "山田 ",
            issuer: "",
            numbers: [3, 2, 1],
            counter: 100,
            ..PLAIN
        },
        Entry {
            name: "b",
            numbers: [0, 0, 0],
            ..PLAIN
        },
    ];
    for version in [1, 2] {
        let parsed = list(export(&entries, [version, 1, 0], &[]).as_bytes());
        assert_eq!(
            parsed.uris(),
            [
                "otpauth://totp/Example:alice%40google.com?secret=JBSWY3DPEHPK3PXP&issuer=Example\
                 &algorithm=SHA1&digits=6&period=30",
                "otpauth://hotp/%E5%B1%B1%E7%94%B0?secret=JBSWY3DPEHPK3PXP\
                 &algorithm=SHA512&digits=8&counter=100",
                "otpauth://totp/Example:b?secret=JBSWY3DPEHPK3PXP&issuer=Example\
                 &algorithm=SHA1&digits=6&period=30",
            ]
        );
        assert!(parsed.findings.iter().all(|finding| finding["line"] == 1));
    }
}

#[test]
fn one_picture_of_several_says_which_it_is() {
    // A negative id takes ten bytes.
    let id = [
        5 << 3,
        0xf6,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        1,
    ];
    let parsed = picture(&png(&export(&[PLAIN], [1, 3, 2], &id)));
    let batch = serde_json::json!({"batch": {"size": 3, "index": 2, "id": -10}});
    assert_eq!(parsed.findings[0], batch);
    assert_eq!(parsed.uris().len(), 1);

    let parsed = picture(&png(&export(&[PLAIN], [2, 2, 0], &[])));
    assert_eq!(
        parsed.findings[0],
        serde_json::json!({"batch": {"size": 2, "index": 0}})
    );
}

#[test]
fn an_entry_that_cannot_be_used_is_named_by_number_and_the_others_are_read() {
    let bad = |numbers| Entry { numbers, ..PLAIN };
    let entries = [
        bad([4, 1, 2]),
        bad([9, 1, 2]),
        bad([1, 3, 2]),
        bad([1, 1, 7]),
        Entry {
            secret: b"",
            ..PLAIN
        },
        PLAIN,
    ];
    let parsed = list(export(&entries, [2, 1, 0], &[]).as_bytes());
    assert_eq!(
        parsed.errors(),
        [
            "entry 1 of the export: algorithm 4 (MD5) is not supported",
            "entry 2 of the export: algorithm 9 is not known",
            "entry 3 of the export: number of digits 3 is not known",
            "entry 4 of the export: type 7 is not known",
            "entry 5 of the export: its key has 0 bytes",
        ]
    );
    assert_eq!((parsed.uris().len(), parsed.status), (1, Some(0)));
}

#[test]
fn a_broken_export_is_refused() {
    let whole = export(&[PLAIN], [1, 1, 0], &[]);
    for uri in [
        "otpauth-migration://offline",
        "otpauth-migration://offline?data=",
        "otpauth-migration://offline?data=%%%",
        "otpauth-migration://offline?data=CjEKCkhlbGxv",
        "otpauth-migration://offline?other=x",
        &whole[..whole.len() - 30],
        &export(&[PLAIN], [3, 1, 0], &[]),
        &export(&[], [1, 1, 0], &[]),
    ] {
        let parsed = list(uri.as_bytes());
        assert!(parsed.is_clean_refusal(), "{uri}: {:?}", parsed.findings);
    }
}

#[test]
fn a_plus_in_an_export_stays_a_plus() {
    // 0xfb 0xef 0xbe is "++++" in base64; the two bytes before put it where a group begins.
    let entry = Entry {
        secret: &[0, 0, 0xfb, 0xef, 0xbe, 0xfb, 0xef, 0xbe, 0xfb, 0xef],
        ..PLAIN
    };
    let uri = export(&[entry], [1, 1, 0], &[]);
    assert!(uri.contains("++++"));
    let plain = list(uri.as_bytes());
    assert!(
        plain.uris()[0].contains("secret=AAAPX3567PX3567P"),
        "{:?}",
        plain.findings
    );
    // What a program made of it that took the data for a form's query.
    assert_eq!(list(uri.replace('+', " ").as_bytes()).uris(), plain.uris());
    assert_eq!(
        list(uri.replace('+', "%2B").as_bytes()).uris(),
        plain.uris()
    );
}

#[test]
fn what_was_read_is_exported_as_a_list_and_read_again() {
    let list_of_two = format!("{SAMPLE}\n{KEY}\n");
    let findings = run(&["parse", "--format", "otpauth"], list_of_two.as_bytes());
    let lines: Vec<u8> = String::from_utf8(findings.stdout)
        .unwrap()
        .lines()
        .flat_map(|line| {
            let uri = serde_json::from_str::<serde_json::Value>(line).unwrap()["uri"].clone();
            format!("{}\n", serde_json::json!({ "uri": uri })).into_bytes()
        })
        .collect();
    let exported = run(&["export", "--format", "otpauth"], &lines);
    assert_eq!(exported.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(exported.stdout).unwrap(),
        format!("{SAMPLE_CANONICAL}\n{KEY_CANONICAL}\n")
    );

    let mut broken = lines.clone();
    broken
        .write_all(b"{\"uri\":\"otpauth://totp/x?secret=t0p\"}\n")
        .unwrap();
    let refused = run(&["export", "--format", "otpauth"], &broken);
    assert_eq!(
        (refused.status.code(), refused.stdout.as_slice()),
        (Some(8), &b""[..])
    );
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(
        why.starts_with("otp-helper: line 3: ") && !why.contains("t0p"),
        "{why}"
    );
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn the_collected_uris_of_real_life_behave_as_their_table_says() {
    let Some(path) = samples("vectors/edge_uris.tsv") else {
        eprintln!("SKIPPED: the table of real URIs is not beside this checkout");
        return;
    };
    let table = std::fs::read_to_string(path).unwrap();
    let rows: Vec<[&str; 3]> = table
        .lines()
        .skip(1)
        .filter_map(|row| {
            let mut columns = row.split('\t');
            Some([columns.next()?, columns.next()?, columns.next()?])
        })
        .collect();
    assert!(rows.len() > 50, "only {} rows", rows.len());
    for [id, uri, expected] in rows {
        let parsed = list(uri.as_bytes());
        // The table leaves it open whether a second, different secret is refused; it is.
        let is_ok = expected.starts_with("ok") && id != "dup_param";
        let got = (
            parsed.status,
            parsed.uris().is_empty(),
            parsed.errors().len(),
        );
        let wanted = if is_ok {
            (Some(0), false, 0)
        } else {
            (Some(8), true, 1)
        };
        assert_eq!(got, wanted, "{id}: expected {expected}");
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn real_exports_of_google_authenticator_give_the_entries_of_their_table() {
    let Some(folder) = samples("samples") else {
        eprintln!("SKIPPED: the samples of real exports are not beside this checkout");
        return;
    };
    let table = std::fs::read_to_string(folder.join("ENTRIES.tsv")).unwrap();
    let mut files: Vec<(&str, Vec<String>)> = Vec::new();
    for row in table.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let is_list = columns[0].starts_with("extract_otp_secrets/")
            && columns[0].strip_suffix(".txt").is_some();
        if is_list {
            let secret = columns[8].trim_end_matches('=').to_owned();
            match files.last_mut() {
                Some((file, secrets)) if *file == columns[0] => secrets.push(secret),
                _ => files.push((columns[0], vec![secret])),
            }
        }
    }
    assert!(files.len() >= 3);
    for (file, secrets) in files {
        let parsed = list(&std::fs::read(folder.join(file)).unwrap());
        let got: Vec<&str> = parsed
            .uris()
            .iter()
            .filter_map(|uri| uri.split_once("secret=")?.1.split('&').next())
            .collect();
        assert_eq!(got, secrets, "{file}");
    }
}

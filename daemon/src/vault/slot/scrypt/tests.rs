use std::iter::once;

use age::secrecy::SecretString;

use super::*;

const TEXT: &str = "a passphrase";

fn identity() -> Secret {
    let identity = Identity::generate();
    Secret::copy_of(identity.to_string().expose_secret())
}

fn passphrase() -> SecretString {
    SecretString::from(TEXT.to_owned())
}

fn refusal(file: &[u8]) -> OpenError {
    unwrap(TEXT, file, "identity.age").unwrap_err()
}

#[test]
fn a_file_is_opened_by_age_and_one_of_ages_by_us() {
    let identity = identity();
    for work_factor in [1, 2, 10] {
        let ours = wrap(TEXT, &identity, work_factor).unwrap();
        let opened = unwrap(TEXT, &ours, "identity.age").unwrap();
        assert_eq!(opened.expose(), identity.expose());
        let reader = age::scrypt::Identity::new(passphrase());
        let age = age::Decryptor::new(ours.as_slice()).unwrap();
        let mut plain = String::new();
        let mut stream = age.decrypt(once::<&dyn age::Identity>(&reader)).unwrap();
        stream.read_to_string(&mut plain).unwrap();
        assert_eq!(plain, format!("{}\n", identity.expose()));

        let mut writer = age::scrypt::Recipient::new(passphrase());
        writer.set_work_factor(work_factor);
        let age = age::Encryptor::with_recipients(once::<&dyn age::Recipient>(&writer)).unwrap();
        let mut out = age.wrap_output(Vec::new()).unwrap();
        out.write_all(plain.as_bytes()).unwrap();
        let ages = out.finish().unwrap();
        let opened = unwrap(TEXT, &ages, "identity.age").unwrap();
        assert_eq!(opened.expose(), identity.expose());
        assert!(matches!(
            unwrap("another", &ages, "identity.age"),
            Err(OpenError::WrongSecret)
        ));
    }
}

#[test]
fn a_work_factor_that_no_file_has_is_not_written() {
    for work_factor in [64, 255] {
        assert!(matches!(
            wrap(TEXT, &identity(), work_factor),
            Err(OpenError::Wrap)
        ));
    }
}

/// A file with this stanza and a MAC of zeros.
fn file(stanza: &str, body: usize) -> Vec<u8> {
    let body = BASE64.encode(vec![0; body]);
    let mac = "A".repeat(43);
    format!("age-encryption.org/v1\n-> {stanza}\n{body}\n--- {mac}\n0123456789abcdef").into()
}

#[test]
fn a_stanza_of_too_much_work_or_outside_the_specification_is_refused_before_any_work() {
    let salt = "A".repeat(22);
    // The control: with a passphrase's work done, what is wrong is the key.
    let right = file(&format!("scrypt {salt} 2"), 32);
    assert!(matches!(refusal(&right), OpenError::WrongSecret));
    for work_factor in ["21", "30", "63", "64", "255", "256", "18446744073709551615"] {
        let costly = file(&format!("scrypt {salt} {work_factor}"), 32);
        assert!(matches!(refusal(&costly), OpenError::TooCostly(_)));
    }
    for stanza in [
        format!("scrypt {salt} 0"),
        format!("scrypt {salt} 02"),
        format!("scrypt {salt} +2"),
        format!("scrypt {salt} -2"),
        format!("scrypt {salt} 2x"),
        format!("scrypt {salt} 18446744073709551616"),
        format!("scrypt {salt} 2 2"),
        format!("scrypt {salt}"),
        "scrypt".to_owned(),
        format!("scrypt {}B 2", &salt[1..]),
        format!("scrypt {}= 2", &salt[1..]),
        format!("scrypt {} 2", &salt[1..]),
        format!("scrypt {salt}AA 2"),
        format!("SCRYPT {salt} 2"),
        format!("X25519 {salt} 2"),
    ] {
        let wrong = file(&stanza, 32);
        assert!(
            matches!(refusal(&wrong), OpenError::Damaged { .. }),
            "{stanza}"
        );
    }
    for body in [0, 16, 31, 33, 48, 64] {
        let wrong = file(&format!("scrypt {salt} 2"), body);
        assert!(
            matches!(refusal(&wrong), OpenError::Damaged { .. }),
            "{body}"
        );
    }
}

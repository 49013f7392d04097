//! Any text is an entry or an error, and an entry's printed URI is read as the same entry.
#![no_main]

use libfuzzer_sys::fuzz_target;
use otp_proto::{parse_key, parse_text, parse_uri, print_uri};

fuzz_target!(|text: &str| {
    let _ = parse_text(text);
    let _ = parse_key(text);
    if let Ok(entry) = parse_uri(text) {
        let printed = print_uri(&entry);
        assert!(printed.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        // Escaping may make a URI longer than what is taken from strangers.
        if printed.expose().len() <= otp_proto::MAX_URI {
            let again = parse_uri(printed.expose()).expect("what we print, we read");
            assert_eq!(again, entry);
            assert_eq!(print_uri(&again).expose(), printed.expose());
        }
    }
});

//! Any plaintext of a vault is read or refused, and what is read is written and read again.
#![no_main]

use hmac::{Hmac, KeyInit as _, Mac as _};
use libfuzzer_sys::fuzz_target;
use otpd::config::MemoryMode;
use otpd::platform::arena::Arena;
use otpd::vault::document::{read, write};
use sha2::Sha256;

const KEY: &[u8] = b"the key of the MAC";

fuzz_target!(|plaintext: &[u8]| {
    let mut arena = Arena::new(MemoryMode::Mlock, 0);
    // A stranger's bytes never have the right MAC.
    assert!(read(plaintext, KEY, &mut arena).is_err());

    // Those of a broken version of ours may.
    let mut signed = plaintext.to_vec();
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("any length");
    mac.update(&signed);
    signed.extend_from_slice(b"# mac ");
    for byte in mac.finalize().into_bytes() {
        signed.extend_from_slice(format!("{byte:02x}").as_bytes());
    }
    signed.push(b'\n');
    let Ok(document) = read(signed.as_slice(), KEY, &mut arena) else { return };
    let mut written = Vec::new();
    if write(&document, &arena, KEY, &mut written).is_err() {
        return;
    }
    let mut other = Arena::new(MemoryMode::Mlock, 0);
    let again = read(written.as_slice(), KEY, &mut other).expect("what we write, we read");
    let mut twice = Vec::new();
    assert!(write(&again, &other, KEY, &mut twice).is_ok());
    assert_eq!(written, twice);
});

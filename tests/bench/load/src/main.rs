//! Loads a vault with otpd's library and decrypts the same bytes with age alone, in turns:
//! `load DATA PASSPHRASE PAIRS`. Prints both times of each pair in nanoseconds.

use std::fs;
use std::io::{self, Read as _};
use std::iter::once;
use std::path::PathBuf;
use std::time::Instant;

use age::Decryptor;
use age::secrecy::SecretString;
use age::x25519::Identity;
use otp_proto::Secret;
use otpd::config::MemoryMode;
use otpd::vault::seal;

#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(data), Some(passphrase), Some(pairs)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: load DATA PASSPHRASE PAIRS".into());
    };
    let data = PathBuf::from(data);
    // The agent's own heap is set up so, and it counts for both.
    otpd::platform::tune_heap();
    let text = identity(&fs::read(data.join("identity.age"))?, passphrase)?;
    let vault = fs::read_dir(data.join("vault"))?
        .next()
        .ok_or("no vault")??;
    let vault = fs::read(vault.path())?;
    let known = Secret::copy_of(&text);
    let identity: Identity = text.trim().parse()?;
    for _ in 0..pairs.parse::<u32>()? {
        let start = Instant::now();
        let opened = seal::open(
            vault.as_slice(),
            vault.len() as u64,
            &known,
            MemoryMode::Auto,
        )?;
        let ours = start.elapsed();
        drop(opened);
        let start = Instant::now();
        let mut plain = Decryptor::new_buffered(vault.as_slice())?.decrypt(once(&identity as _))?;
        io::copy(&mut plain, &mut io::sink())?;
        let bare = start.elapsed();
        println!("{} {}", ours.as_nanos(), bare.as_nanos());
    }
    Ok(())
}

fn identity(wrapped: &[u8], passphrase: String) -> Outcome<String> {
    let mut slot = age::scrypt::Identity::new(SecretString::from(passphrase));
    slot.set_max_work_factor(20);
    let mut text = String::new();
    Decryptor::new_buffered(wrapped)?
        .decrypt(once(&slot as _))?
        .read_to_string(&mut text)?;
    Ok(text)
}

//! The key derivation of a passphrase slot and nothing else: scrypt, N = 2^18, r = 8, p = 1.

fn main() -> std::process::ExitCode {
    let Ok(params) = scrypt::Params::new(18, 8, 1, 32) else {
        return std::process::ExitCode::FAILURE;
    };
    let mut key = [0; 32];
    match scrypt::scrypt(b"correct horse", b"sixteen byte salt", &params, &mut key) {
        // Looks at the key, so that no optimizer may leave it out.
        Ok(()) if key != [0; 32] => std::process::ExitCode::SUCCESS,
        _ => std::process::ExitCode::FAILURE,
    }
}

//! `otp-helper`; see the library.
use std::process::ExitCode;

fn main() -> ExitCode {
    otp_helper::main()
}

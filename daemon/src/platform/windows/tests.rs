use std::env;
use std::io::{Read as _, Write as _};
use std::process::{Stdio, id};

use tokio::net::windows::named_pipe::{ClientOptions, ServerOptions};
use windows_sys::Win32::Foundation::CloseHandle;
use windows_sys::Win32::System::Threading::{OpenProcess, PROCESS_VM_READ};

use super::*;
use crate::platform::same_user;

const HARDENED: &str = "OTPD_TEST_HARDENED";

#[test]
fn our_user_is_a_security_identifier() {
    let otp_proto::User::Sid(sid) = user().unwrap() else {
        panic!("not a SID");
    };
    assert!(sid.starts_with("S-1-5-"), "{sid}");
    assert!(
        sid.bytes()
            .all(|b| b == b'S' || b == b'-' || b.is_ascii_digit())
    );
}

#[tokio::test]
async fn the_client_of_a_pipe_is_this_process() {
    let name = format!(r"\\.\pipe\otpd-test-{}", id());
    let server = ServerOptions::new().create(&name).unwrap();
    assert!(peer(&server).is_err(), "nobody is there yet");
    let _client = ClientOptions::new().open(&name).unwrap();
    server.connect().await.unwrap();
    let peer = peer(&server).unwrap();
    assert!(same_user(&peer));
    assert_eq!(peer.pid, Some(id()));
}

#[test]
fn folders_are_made_and_files_are_refused() {
    let path = env::temp_dir().join(format!("otpd-folders-{}", id()));
    let below = path.join("a").join("b");
    make_private_dir(&below).unwrap();
    assert!(is_private_dir(&below));
    let file = path.join("file");
    fs::write(&file, "").unwrap();
    assert!(!is_private_dir(&file));
    assert!(make_private_dir(&file).is_err());
    fs::remove_dir_all(&path).unwrap();
}

/// Starts this program again for one test, which says when it is ready and waits to be ended.
fn start(hardened: bool) -> Child {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["waits_to_be_looked_into", "--nocapture"])
        .env(HARDENED, if hardened { "1" } else { "0" })
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    let mut out = child.stdout.take().unwrap();
    while !said.ends_with(b"ready") {
        let mut byte = [0];
        assert_eq!(out.read(&mut byte).unwrap(), 1, "it ended early");
        said.extend(byte);
    }
    child.stdout = Some(out);
    child
}

#[test]
fn waits_to_be_looked_into() {
    let Some(hardened) = env::var_os(HARDENED) else {
        return;
    };
    if hardened == "1" {
        harden().unwrap();
    }
    io::stdout().write_all(b"ready").unwrap();
    io::stdout().flush().unwrap();
    let _ = io::stdin().read(&mut [0]).is_ok();
}

#[test]
fn a_hardened_process_lets_nobody_read_its_memory() {
    for hardened in [false, true] {
        let child = start(hardened);
        // SAFETY: takes numbers only.
        let handle = unsafe { OpenProcess(PROCESS_VM_READ, 0, child.id()) };
        if !handle.is_null() {
            // SAFETY: just opened, and not used after this.
            unsafe { CloseHandle(handle) };
        }
        child.wait_with_output().unwrap();
        assert_eq!(handle.is_null(), hardened);
    }
}

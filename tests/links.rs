//! What the programs are made of.

use std::process::Command;

use crate::support::{programs, run};

/// The crates that a package links on this system.
fn crates_of(package: &str) -> Vec<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    cargo.args([
        "tree",
        "--offline",
        "--locked",
        "-e",
        "normal",
        "--prefix",
        "none",
        "-f",
        "{lib}",
        "-p",
        package,
    ]);
    let tree = run(&mut cargo, b"").exits(0);
    tree.stdout.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn the_agent_links_no_picture_qr_or_archive_code_and_the_client_no_runtime() {
    let pictures = [
        "image", "rqrr", "rxing", "qrcode", "png", "zip", "prost", "arboard", "ashpd", "x11rb",
    ];
    let runtimes = [
        "tokio", "zbus", "clap", "tracing", "totp_rs", "age", "image", "rqrr", "rxing", "qrcode",
    ];
    let (otpd, otpctl, helper) = (
        crates_of("otpd"),
        crates_of("otpctl"),
        crates_of("otp-helper"),
    );
    for name in pictures {
        assert!(!otpd.contains(&name.to_owned()), "otpd links {name}");
    }
    for name in runtimes {
        assert!(!otpctl.contains(&name.to_owned()), "otpctl links {name}");
    }
    let desktop = crates_of("otp-desktop");
    for name in ["image", "rqrr", "png", "totp_rs", "age"] {
        assert!(
            !desktop.contains(&name.to_owned()),
            "otp-desktop links {name}"
        );
    }
    // The controls: the names are those that the programs which have them list.
    for name in ["image", "rqrr", "rxing", "qrcode", "png", "prost"] {
        assert!(helper.contains(&name.to_owned()), "{helper:?}");
    }
    for name in ["tokio", "zbus", "x11rb"] {
        assert!(desktop.contains(&name.to_owned()), "{desktop:?}");
    }
    for name in ["tokio", "totp_rs", "age"] {
        assert!(otpd.contains(&name.to_owned()), "{otpd:?}");
    }
}

#[test]
fn the_agents_file_holds_no_trace_of_picture_code() {
    let holds = |program: &str, text: &str| {
        let bytes = std::fs::read(programs().join(program)).unwrap();
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    // Paths of panics and texts of errors survive stripping.
    for trace in ["rqrr-", "rxing-", "image-0.", "png-0.", "zip-"] {
        assert!(!holds("otpd", trace), "{trace}");
        assert!(!holds("otpctl", trace), "{trace}");
    }
    assert!(
        holds("otp-helper", "rqrr-") || holds("otp-helper", "png-0."),
        "the control"
    );
}

#[test]
fn the_helper_outlives_a_reader_that_panics() {
    let picture = include_bytes!("../client/otp-helper/tests/data/panic.png");
    let mut helper = Command::new(programs().join("otp-helper"));
    let parsed = run(helper.args(["parse", "--image"]), picture).exits(8);
    assert_eq!(
        parsed.stdout,
        "{\"error\":\"no QR code found in the picture\"}\n"
    );
}

#[test]
fn unsafe_code_is_in_the_platform_folders_alone() {
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut holding = Vec::new();
    for folder in [
        "proto/src",
        "daemon/src",
        "client/otpctl/src",
        "client/otp-helper/src",
        "client/otp-desktop/src",
    ] {
        for file in
            crate::support::files_below(std::path::Path::new(&format!("{sources}/{folder}")))
        {
            let text = std::fs::read_to_string(&file).unwrap();
            if text.contains("unsafe {")
                || text.contains("unsafe fn")
                || text.contains("unsafe impl")
            {
                holding.push(file.to_string_lossy().into_owned());
            }
        }
    }
    assert!(
        holding
            .iter()
            .all(|file| file.contains("daemon/src/platform/")
                || file.contains("client/otpctl/src/os/windows/")
                || file.contains("client/otp-desktop/src/os/")),
        "{holding:#?}"
    );
}

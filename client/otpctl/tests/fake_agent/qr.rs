//! `qr read` and `qr show`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::replay::*;
use super::screen::reader;
use otp_proto::{Details, EntryId, ErrorKind, ExportAnswer, Request, Response, Secret};

#[test]
fn qr_read_prints_every_text_and_asks_no_agent() {
    let home = Home::new();
    home.with_sibling("otp-desktop", "[ $# = 1 ] && printf pixels");
    let findings =
        "{\"text\":\"https://example.com/\"}\n{\"text\":\"山\"}\n{\"text\":\"山\",\"picture\":1}";
    let program = home.with_sibling("otp-helper", &reader("--image --text", findings));
    fs::write(home.path("a.png"), "pixels").unwrap();
    fs::write(home.path("b.png"), "nothing").unwrap();
    let (good, bad) = (home.path("a.png"), home.path("b.png"));
    let (good, bad) = (good.to_str().unwrap(), bad.to_str().unwrap());
    for source in ["--screen", "--clipboard", "-", good] {
        let ran = finish(
            command(&program, &home, &["--no-start", "qr", "read", source]),
            "pixels",
        );
        assert_eq!(
            (ran.status, ran.out.as_str(), ran.err.as_str()),
            (0, "https://example.com/\n山\n", ""),
            "{source}"
        );
    }
    let ran = finish(
        command(&program, &home, &["qr", "read", bad, good, "--json"]),
        "",
    );
    assert_eq!(ran.status, 8);
    assert_eq!(
        ran.out,
        format!(
            "[{{\"text\":\"https://example.com/\",\"source\":\"{good}\"}},\
             {{\"text\":\"山\",\"source\":\"{good}\"}}]\n"
        )
    );
    assert_eq!(
        ran.err,
        format!("otpctl: no QR code read: cannot read {bad}: could not be read\n")
    );
    let ran = finish(command(&program, &home, &["qr", "read"]), "");
    assert_eq!(ran.status, 2, "{}", ran.err);
}

/// An agent with one entry, whose URI has everything.
fn one_entry(request: &Request) -> Reply {
    const FULL: &str = "otpauth://totp/Acme:alice?secret=JBSWY3DPEHPK3PXP&issuer=Acme\
                        &x-otpd-tag=work&x-otpd-note=n&x-otpd-recovery=k3t7q-2m5nv&icon=x";
    Ok(match request {
        Request::Status(_) => return status(true, false),
        Request::Show(_) => Response::Details(Details {
            entry: entry(1, "Acme", "alice"),
            note: String::new(),
            created: 0,
            key_bits: 80,
            extra: Vec::new(),
        }),
        Request::Export(export) if export.passphrase.expose() != "hunter2" => {
            return error(ErrorKind::Denied);
        }
        _ => Response::Export(ExportAnswer {
            uris: vec![Secret::copy_of(FULL)],
        }),
    })
}

#[test]
fn qr_show_draws_the_key_alone_after_the_passphrase_was_asked_again() {
    let home = Home::new();
    let program = home.with_sibling("otp-helper", "echo \"$*\"; cat");
    let requests = agent(&home, one_entry);
    let ran = finish(
        command(&program, &home, &["qr", "show", "acme"]),
        "hunter2\n",
    );
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(
        ran.out,
        "draw --format text\n\
         otpauth://totp/Acme:alice?secret=JBSWY3DPEHPK3PXP&issuer=Acme\
         &algorithm=SHA1&digits=6&period=30&icon=x"
    );
    let sent: Vec<_> = requests.try_iter().collect();
    let id = EntryId::from_random(1).to_string();
    assert!(matches!(&sent[2], Request::Export(export) if export.query == Some(id)));
    let ran = finish(command(&program, &home, &["qr", "show", "acme"]), "wrong\n");
    assert_eq!((ran.status, ran.out.as_str()), (6, ""), "{}", ran.err);

    for (option, drawn) in [
        ("--png", "draw --format png"),
        ("--print", "draw --format page"),
    ] {
        let file = home.path(option);
        let name = file.to_str().unwrap();
        let args = ["qr", "show", "acme", option, name];
        let ran = finish(command(&program, &home, &args), "hunter2\n");
        assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{}", ran.err);
        assert!(fs::read_to_string(&file).unwrap().starts_with(drawn));
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let ran = finish(command(&program, &home, &args), "hunter2\n");
        assert!(ran.err.contains("exists already"), "{}", ran.err);
    }
    let program = home.with_sibling("otp-helper", "exit 8");
    let ran = finish(
        command(&program, &home, &["qr", "show", "acme"]),
        "hunter2\n",
    );
    assert_eq!(
        (ran.status, ran.err.as_str()),
        (8, "otpctl: no QR code drawn: it does not fit a QR code\n")
    );
}

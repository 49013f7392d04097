//! Batches, exports and backups.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::replay::*;
use otp_proto::{BackupAnswer, Done, ExportAnswer, Request, Response, RestoreBackupAnswer, Secret};

#[test]
fn import_sends_a_batch_and_names_a_bad_line() {
    let home = Home::new();
    let program = home.with_sibling("otp-helper", "cat");
    let requests = agent(&home, willing);
    let good =
        format!("{{\"batch\":{{\"size\":2,\"index\":0}}}}\n{{\"uri\":\"{URI}\",\"line\":1}}\n");
    fs::write(home.path("good"), &good).unwrap();
    let file = home.path("good").display().to_string();
    let ran = finish(command(&program, &home, &["import", &file, "--json"]), "");
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.out.contains("\"duplicates\":[{") && ran.out.ends_with("\"skipped\":[]}\n"));
    assert!(ran.out.contains("\"same_key\":[{"), "{}", ran.out);
    let methods: Vec<_> = requests
        .try_iter()
        .map(|request| request.method())
        .collect();
    assert_eq!(methods, ["import.begin", "import.add", "import.commit"]);

    let bad = good + "{\"error\":\"no secret in it\",\"line\":3}\n";
    let ran = finish(command(&program, &home, &["import", "-"]), &bad);
    assert_eq!((ran.status, requests.try_iter().count()), (8, 0));
    assert_eq!(
        ran.err,
        "otpctl: nothing imported: cannot read -: line 3: no secret in it\n"
    );
    let ran = finish(
        command(&program, &home, &["import", "-", "--skip-bad"]),
        &bad,
    );
    assert_eq!(
        (ran.status, requests.try_iter().count()),
        (0, 3),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("not read yet: number 2\n"), "{}", ran.err);
}

#[test]
fn whatever_else_the_helper_does_means_that_the_input_could_not_be_read() {
    for script in [
        "kill -ABRT $$",
        "exit 3",
        "echo '{\"uri\":'",
        "echo '{}'",
        "exit 8",
    ] {
        let home = Home::new();
        let program = home.with_sibling("otp-helper", script);
        let requests = agent(&home, willing);
        let ran = finish(
            command(&program, &home, &["add", "--image", "-"]),
            "picture",
        );
        assert_eq!(
            (ran.status, requests.try_iter().count()),
            (8, 0),
            "{script}: {}",
            ran.err
        );
        assert_eq!(
            ran.err,
            "otpctl: nothing added: cannot read -: could not be read\n"
        );
    }
}

#[test]
fn export_asks_again_and_writes_a_private_file_once() {
    let home = Home::new();
    let requests = agent(&home, |request| match request {
        Request::Status(_) => status(true, false),
        _ => Ok(Response::Export(ExportAnswer {
            uris: vec![
                Secret::copy_of("otpauth://a"),
                Secret::copy_of("otpauth://b"),
            ],
        })),
    });
    let file = home.path("keys");
    let name = file.display().to_string();
    let program = Path::new(env!("CARGO_BIN_EXE_otpctl"));
    let ran = finish(command(program, &home, &["export", &name]), "hunter2\n");
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        "otpauth://a\notpauth://b\n"
    );
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let sent: Vec<_> = requests.try_iter().collect();
    assert!(matches!(&sent[1], Request::Export(export) if export.passphrase.expose() == "hunter2"));

    let ran = finish(command(program, &home, &["export", &name]), "hunter2\n");
    assert_eq!(ran.status, 1);
    assert!(ran.err.contains("exists already"), "{}", ran.err);
    let ran = finish(
        command(program, &home, &["export", &name, "--force"]),
        "hunter2\n",
    );
    assert_eq!(ran.status, 0, "{}", ran.err);
    for (kind, status) in [("link", 0), ("pipe", 1)] {
        let path = file.with_file_name(kind);
        if kind == "link" {
            std::os::unix::fs::symlink(&file, &path).unwrap();
        } else {
            let made = std::process::Command::new("mkfifo").arg(&path).status();
            assert!(made.unwrap().success());
        }
        let before = fs::symlink_metadata(&path).unwrap().file_type();
        let args = ["export", path.to_str().unwrap(), "--force"];
        let ran = finish(command(program, &home, &args), "hunter2\n");
        assert_eq!(ran.status, status, "{}", ran.err);
        assert_eq!(fs::symlink_metadata(&path).unwrap().file_type(), before);
        assert_eq!(ran.err.contains("not a regular file"), kind == "pipe");
    }
    let ran = finish(command(program, &home, &["export", "-"]), "hunter2\n");
    assert_eq!(ran.out, "otpauth://a\notpauth://b\n");
}

#[test]
fn a_backup_comes_back_in_pieces_that_fit_a_request() {
    let home = Home::new();
    let text = "0123456789abcde\n".repeat(8 * 1024);
    let requests = agent(&home, {
        let text = text.clone();
        move |request| match request {
            Request::Status(_) => status(false, true),
            Request::Backup(_) => Ok(Response::Backup(BackupAnswer {
                text: text.clone(),
                generation: None,
                entries: None,
            })),
            Request::RestoreBackupCommit(_) => {
                Ok(Response::RestoreBackup(RestoreBackupAnswer::default()))
            }
            _ => Ok(Response::Done(Done {})),
        }
    });
    let name = home.path("backup").display().to_string();
    let program = Path::new(env!("CARGO_BIN_EXE_otpctl"));
    let ran = finish(command(program, &home, &["backup", &name]), "");
    assert_eq!(ran.status, 0, "{}", ran.err);
    let ran = finish(
        command(program, &home, &["restore-backup", &name]),
        "hunter2\n",
    );
    assert_eq!(ran.status, 0, "{}", ran.err);
    let mut sent = String::new();
    for request in requests.try_iter() {
        if let Request::RestoreBackupAdd(piece) = request {
            assert!(piece.text.len() <= 32 * 1024);
            sent += &piece.text;
        }
    }
    assert!(sent == text);
}

#[test]
fn what_cannot_be_undone_is_not_done_without_a_person_or_yes() {
    let (ran, requests) = run(&["remove", "x", "--purge"], "y\n", willing);
    assert_eq!((ran.status, requests.len()), (2, 0), "{}", ran.err);
    let home = Home::new();
    let requests = agent(&home, willing);
    fs::write(home.path("backup"), "text").unwrap();
    let name = home.path("backup").display().to_string();
    let program = Path::new(env!("CARGO_BIN_EXE_otpctl"));
    let ran = finish(
        command(program, &home, &["restore-backup", &name]),
        "hunter2\n",
    );
    assert_eq!(
        (ran.status, requests.try_iter().count()),
        (2, 1),
        "{}",
        ran.err
    );
}

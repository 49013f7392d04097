//! `grab --via portal` against a stand-in of the portal, on a bus of the test's own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod support;

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender};

use rustix::process::{Signal, kill_process};
use support::{Bus, files_below, pid, stderr};
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, fdo, interface};

/// How the portal behaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// Answers before the call has returned.
    Early,
    /// Answers afterwards.
    Late,
    /// At a path that isn't the caller's.
    OwnPath,
    /// A dialog alone leads to a picture.
    DialogOnly,
    /// A person cancels each dialog.
    Cancelled,
    /// Every call is an error.
    Denied,
    /// Never answers; with a picture when the request is closed.
    Silent,
    /// Says that it ended, without a picture.
    Failing,
    /// Names this instead of a file.
    Names(&'static str),
}

/// What the stand-in was asked.
#[derive(Debug, PartialEq)]
enum Asked {
    Screenshot { interactive: bool },
    Close,
}

struct Portal {
    manner: Manner,
    picture: PathBuf,
    content: Vec<u8>,
    asked: SyncSender<Asked>,
}

impl Portal {
    /// What a person's desktop would do: a file with a fresh name, readable by its owner.
    fn make(&self) -> String {
        std::fs::write(&self.picture, &self.content).unwrap();
        format!("file://{}", self.picture.display()).replace(' ', "%20")
    }
}

async fn respond(connection: &Connection, to: &str, path: &str, code: u32, uri: Option<String>) {
    let results: HashMap<&str, Value<'_>> = uri
        .into_iter()
        .map(|uri| ("uri", Value::from(uri)))
        .collect();
    let interface = "org.freedesktop.portal.Request";
    let body = (code, results);
    let signal = connection.emit_signal(Some(to), path, interface, "Response", &body);
    signal.await.unwrap();
}

#[interface(name = "org.freedesktop.portal.Screenshot")]
impl Portal {
    async fn screenshot(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
        parent: String,
        options: HashMap<String, OwnedValue>,
    ) -> fdo::Result<OwnedObjectPath> {
        assert_eq!(parent, "", "we have no window");
        let interactive = options
            .get("interactive")
            .unwrap()
            .downcast_ref::<bool>()
            .unwrap();
        let token = options
            .get("handle_token")
            .unwrap()
            .downcast_ref::<String>()
            .unwrap();
        let sender = header.sender().unwrap().to_string();
        let caller = sender.trim_start_matches(':').replace('.', "_");
        let mut path = format!("/org/freedesktop/portal/desktop/request/{caller}/{token}");
        if self.manner == Manner::OwnPath {
            path.push_str("_of_the_portal");
        }
        let (code, uri) = match self.manner {
            Manner::Denied | Manner::Silent => (None, None),
            Manner::Cancelled => (Some(1), None),
            Manner::Failing => (Some(2), None),
            Manner::DialogOnly if !interactive => (Some(2), None),
            Manner::Names(uri) => (Some(0), Some(uri.to_owned())),
            Manner::Early | Manner::Late | Manner::OwnPath | Manner::DialogOnly => {
                (Some(0), Some(self.make()))
            }
        };
        let request = Request {
            caller: sender.clone(),
            path: path.clone(),
            late: (self.manner == Manner::Silent && interactive).then(|| self.make()),
            asked: self.asked.clone(),
        };
        connection
            .object_server()
            .at(path.as_str(), request)
            .await
            .unwrap();
        if let Some(code) = code {
            if self.manner == Manner::Late {
                let (connection, path) = (connection.clone(), path.clone());
                tokio::spawn(async move {
                    // The reply goes out first: it's this task's caller that sends it.
                    tokio::task::yield_now().await;
                    respond(&connection, &sender, &path, code, uri).await;
                });
            } else {
                respond(connection, &sender, &path, code, uri).await;
            }
        }
        self.asked.send(Asked::Screenshot { interactive }).unwrap();
        if self.manner == Manner::Denied {
            return Err(fdo::Error::AccessDenied("not for you".into()));
        }
        Ok(path.try_into().unwrap())
    }
}

/// A request that is open.
struct Request {
    caller: String,
    path: String,
    /// The picture that comes when it's too late.
    late: Option<String>,
    asked: SyncSender<Asked>,
}

#[interface(name = "org.freedesktop.portal.Request")]
impl Request {
    async fn close(&mut self, #[zbus(connection)] connection: &Connection) {
        if let Some(uri) = self.late.take() {
            respond(connection, &self.caller, &self.path, 0, Some(uri)).await;
        }
        self.asked.send(Asked::Close).unwrap();
    }
}

/// A desktop with one portal.
struct Desktop {
    bus: Bus,
    picture: PathBuf,
    asked: Receiver<Asked>,
}

impl Desktop {
    fn start(manner: Manner, content: &[u8]) -> Self {
        let bus = Bus::start();
        let folder = bus.folder.path().join("Pictures of 山田");
        std::fs::create_dir(&folder).unwrap();
        let picture = folder.join("Screenshot 1.png");
        let (asked, questions) = mpsc::sync_channel(16);
        let (ready, is_ready) = mpsc::channel();
        let portal = Portal {
            manner,
            picture: picture.clone(),
            content: content.to_vec(),
            asked,
        };
        let address = bus.address.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let connection = zbus::connection::Builder::address(address.as_str())
                    .unwrap()
                    .serve_at("/org/freedesktop/portal/desktop", portal)
                    .unwrap()
                    .name("org.freedesktop.portal.Desktop")
                    .unwrap()
                    .build()
                    .await
                    .unwrap();
                ready.send(()).unwrap();
                // The bus ends with the test, and the connection with it.
                let mut messages = zbus::MessageStream::from(&connection);
                while let Some(Ok(_)) = futures_lite::StreamExt::next(&mut messages).await {}
            });
        });
        is_ready.recv().unwrap();
        Self {
            bus,
            picture,
            asked: questions,
        }
    }

    fn grab(&self, arguments: &[&str]) -> (Option<i32>, Vec<u8>, String) {
        let arguments: Vec<&str> = ["grab", "--via", "portal"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        let output = self.bus.command(&arguments).output().unwrap();
        let message = stderr(&output).to_owned();
        (output.status.code(), output.stdout, message)
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.try_iter().collect()
    }

    fn is_clean(&self) -> bool {
        files_below(self.picture.parent().unwrap()).is_empty()
    }
}

const QUIET: Asked = Asked::Screenshot { interactive: false };
const DIALOG: Asked = Asked::Screenshot { interactive: true };

#[test]
fn an_answer_is_heard_whenever_it_comes_and_its_file_is_removed() {
    for manner in [Manner::Early, Manner::Late, Manner::OwnPath] {
        let desktop = Desktop::start(manner, b"\x89PNG and no more");
        let (status, content, message) = desktop.grab(&[]);
        assert_eq!((status, message.as_str()), (Some(0), ""));
        assert_eq!(content, b"\x89PNG and no more");
        assert!(desktop.is_clean());
        assert_eq!(desktop.asked(), [QUIET]);
    }
}

#[test]
fn the_file_is_gone_before_its_reader_has_seen_all_of_it() {
    // More than the pipe holds, so that the program waits for us.
    let content = vec![7; 3 * 1024 * 1024];
    let desktop = Desktop::start(Manner::Early, &content);
    let mut child = desktop
        .bus
        .command(&["grab", "--via", "portal"])
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut byte = [0];
    stdout.read_exact(&mut byte).unwrap();
    assert!(desktop.is_clean());
    // Its reader ends, and so does it; the file stays gone.
    drop(stdout);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(desktop.is_clean());
}

#[test]
fn what_is_refused_without_a_dialog_is_asked_with_one() {
    let desktop = Desktop::start(Manner::DialogOnly, b"pixels");
    let (status, content, _) = desktop.grab(&[]);
    assert_eq!((status, content.as_slice()), (Some(0), &b"pixels"[..]));
    assert!(desktop.is_clean());
    assert_eq!(desktop.asked(), [QUIET, DIALOG]);
}

#[test]
fn a_no_ends_with_6_and_with_nothing_on_the_output() {
    for manner in [Manner::Cancelled, Manner::Denied] {
        let desktop = Desktop::start(manner, b"pixels");
        let (status, content, message) = desktop.grab(&[]);
        assert_eq!((status, content.len()), (Some(6), 0));
        assert_eq!(message, "otp-desktop: refused by you or by the desktop\n");
        assert_eq!(desktop.asked(), [QUIET, DIALOG]);
    }
}

#[test]
fn a_portal_that_never_answers_is_given_up_and_its_late_picture_is_removed() {
    let desktop = Desktop::start(Manner::Silent, b"pixels");
    let (status, content, message) = desktop.grab(&["--timeout", "1"]);
    assert_eq!((status, content.len()), (Some(1), 0));
    assert!(message.contains("did not answer in time"), "{message}");
    assert!(message.contains("\nhint: "), "{message}");
    assert!(desktop.is_clean());
    // The quiet call's request was closed before the dialog was asked for, and that one's too.
    let asked = desktop.asked();
    assert_eq!(asked.first(), Some(&QUIET));
    assert_eq!(asked.get(1), Some(&Asked::Close));
    assert!(
        asked.contains(&DIALOG) && asked.last() == Some(&Asked::Close),
        "{asked:?}"
    );
}

#[test]
fn a_signal_takes_the_request_back_and_leaves_no_picture() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let desktop = Desktop::start(Manner::Silent, b"pixels");
        let arguments = ["grab", "--via", "portal", "--timeout", "3"];
        let child = desktop.bus.command(&arguments).spawn().unwrap();
        while desktop.asked.recv().unwrap() != DIALOG {}
        assert!(desktop.picture.exists(), "the control");
        kill_process(pid(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(stderr(&output), "otp-desktop: interrupted\n");
        assert!(desktop.is_clean());
    }
}

#[test]
fn a_place_that_is_no_local_file_is_refused() {
    for uri in [
        "",
        "https://example.org/a.png",
        "file://elsewhere/a.png",
        "file:///nowhere/at%zzall",
    ] {
        let desktop = Desktop::start(Manner::Names(uri), b"");
        let (status, content, message) = desktop.grab(&[]);
        assert_eq!((status, content.len()), (Some(1), 0));
        assert!(message.contains("no local file"), "{uri}: {message}");
    }
    let desktop = Desktop::start(Manner::Names("file:///nowhere/a.png"), b"");
    let (status, _, message) = desktop.grab(&[]);
    assert_eq!(status, Some(1));
    assert!(message.contains("No such file"), "{message}");
}

#[test]
fn where_the_portal_fails_grim_is_asked_and_where_it_refuses_nobody_is() {
    let folder = tempfile::tempdir().unwrap();
    write_program(
        &folder.path().join("grim"),
        "#!/bin/sh\n[ \"$*\" = '-t ppm -' ] && echo pixels\n",
    );
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let grab = |manner| {
        let desktop = Desktop::start(manner, b"");
        let mut command = desktop.bus.command(&["grab"]);
        let output = command
            .env("WAYLAND_DISPLAY", "wayland-9")
            .env("PATH", &path)
            .output()
            .unwrap();
        (output.status.code(), output.stdout)
    };
    assert_eq!(grab(Manner::Failing), (Some(0), b"pixels\n".to_vec()));
    assert_eq!(grab(Manner::Cancelled), (Some(6), Vec::new()));
    // Without grim both reasons are told.
    let desktop = Desktop::start(Manner::Failing, b"");
    let mut command = desktop.bus.command(&["grab"]);
    let output = command
        .env("WAYLAND_DISPLAY", "wayland-9")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("without a picture; grim is not available"),
        "{}",
        stderr(&output)
    );
}

/// Written by another process, so that no descriptor of ours is open for writing when it's run.
fn write_program(path: &Path, text: &str) {
    let mut shell = std::process::Command::new("sh");
    shell.args([
        "-c",
        "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"",
        "sh",
        text,
    ]);
    assert!(shell.arg(path).status().unwrap().success());
}

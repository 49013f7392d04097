//! `type` through the `RemoteDesktop` portal, on a bus of the test's own and a compositor that has
//! no keyboard for us: a stand-in of the portal that writes down what it is asked.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
#![allow(
    clippy::used_underscore_binding,
    clippy::needless_pass_by_value,
    reason = "the shape of the portal's interfaces"
)]

mod support;

use std::collections::HashMap;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver, SyncSender};

use support::agent::Agent;
use support::portal::{FRONTEND, OBJECT, Options, respond, serve};
use support::{Bus, compositor, stderr};
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, Value};
use zbus::{Connection, fdo, interface};

const SESSION: &str = "/org/freedesktop/portal/desktop/session/1";
const CODE: &str = r#"{"script":"{CODE}","code":"012"}"#;

/// What the stand-in was asked.
#[derive(Debug, PartialEq)]
enum Asked {
    Create,
    Devices(u32, u32, Option<String>),
    Start,
    Key(i32, u32),
    Close,
}

/// What a person and their desktop say.
#[derive(Clone)]
struct Answer {
    /// 0: yes; 1: no; else it ended in another way.
    code: u32,
    /// The devices that are given; 1 is the keyboard.
    devices: u32,
    token: Option<&'static str>,
    /// Keys are refused after so many.
    keys: usize,
}

const YES: Answer = Answer {
    code: 0,
    devices: 1,
    token: Some("token-1"),
    keys: usize::MAX,
};

struct Portal {
    answer: Answer,
    asked: SyncSender<Asked>,
    pressed: usize,
}

#[interface(name = "org.freedesktop.portal.RemoteDesktop")]
impl Portal {
    async fn create_session(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
        options: Options,
    ) -> OwnedObjectPath {
        self.asked.send(Asked::Create).unwrap();
        let results = HashMap::from([("session_handle", SESSION.into())]);
        respond(connection, &header, &options, 0, results).await
    }

    async fn select_devices(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
        session: OwnedObjectPath,
        options: Options,
    ) -> OwnedObjectPath {
        assert_eq!(session.as_str(), SESSION);
        let number = |name| options.get(name).unwrap().downcast_ref().unwrap();
        let token = options.get("restore_token");
        let token = token.map(|it| it.downcast_ref::<String>().unwrap());
        let asked = Asked::Devices(number("types"), number("persist_mode"), token);
        self.asked.send(asked).unwrap();
        respond(connection, &header, &options, 0, HashMap::new()).await
    }

    async fn start(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
        session: OwnedObjectPath,
        parent: String,
        options: Options,
    ) -> OwnedObjectPath {
        assert_eq!((session.as_str(), parent.as_str()), (SESSION, ""));
        self.asked.send(Asked::Start).unwrap();
        let mut results = HashMap::from([("devices", Value::from(self.answer.devices))]);
        if let Some(token) = self.answer.token {
            results.insert("restore_token", token.into());
        }
        respond(connection, &header, &options, self.answer.code, results).await
    }

    fn notify_keyboard_keysym(
        &mut self,
        session: OwnedObjectPath,
        _options: Options,
        symbol: i32,
        state: u32,
    ) -> fdo::Result<()> {
        assert_eq!(session.as_str(), SESSION);
        if self.pressed == self.answer.keys {
            return Err(fdo::Error::AccessDenied("Invalid session".into()));
        }
        self.pressed += 1;
        self.asked.send(Asked::Key(symbol, state)).unwrap();
        Ok(())
    }
}

struct Session(SyncSender<Asked>);

#[interface(name = "org.freedesktop.portal.Session")]
impl Session {
    fn close(&self) {
        self.0.send(Asked::Close).unwrap();
    }
}

/// A desktop whose windows get keys by the portal alone.
struct Desktop {
    bus: Bus,
    asked: Receiver<Asked>,
    sender: SyncSender<Asked>,
    portal: Option<Connection>,
}

impl Desktop {
    fn new() -> Self {
        let bus = Bus::start();
        compositor::listen(bus.folder.path(), "wayland-7");
        let (sender, asked) = mpsc::sync_channel(4096);
        Self {
            bus,
            asked,
            sender,
            portal: None,
        }
    }

    fn with(answer: Answer) -> Self {
        let mut desktop = Self::new();
        desktop.answer(answer);
        desktop
    }

    /// A portal that answers so, in the place of the last one.
    fn answer(&mut self, answer: Answer) {
        if let Some(portal) = self.portal.take() {
            futures_lite::future::block_on(portal.close()).unwrap();
        }
        let session = Session(self.sender.clone());
        let portal = Portal {
            answer,
            asked: self.sender.clone(),
            pressed: 0,
        };
        let connection = serve(&self.bus.address, FRONTEND, |builder| {
            let builder = builder.serve_at(OBJECT, portal).unwrap();
            builder.serve_at(SESSION, session).unwrap()
        });
        self.portal = Some(connection);
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bus.command(&[&["type"], arguments].concat());
        let folder = self.bus.folder.path();
        command
            .env("WAYLAND_DISPLAY", "wayland-7")
            .env("XDG_RUNTIME_DIR", folder)
            .env("HOME", folder)
            .env("XDG_STATE_HOME", folder);
        command
    }

    fn order(&self, order: &str) -> Output {
        run(&mut self.command(&[]), order)
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.try_iter().collect()
    }

    fn token(&self) -> PathBuf {
        self.bus.folder.path().join("otpd/remote-desktop")
    }
}

fn run(command: &mut Command, order: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // One that ended already has its message.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(order.as_bytes()).ok();
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// Presses and lets go of each.
fn keys(symbols: &[i32]) -> Vec<Asked> {
    let each = symbols.iter().map(|&symbol| (symbol, [1, 0]));
    each.flat_map(|(symbol, states)| states.map(|state| Asked::Key(symbol, state)))
        .collect()
}

/// What is asked before the first key.
fn opening(token: Option<&str>) -> Vec<Asked> {
    let devices = Asked::Devices(1, 2, token.map(str::to_owned));
    vec![Asked::Create, devices, Asked::Start]
}

#[test]
fn a_script_s_keys_are_pressed_in_a_session_that_ends_with_it() {
    let desktop = Desktop::with(YES);
    let order = r#"{"script":"{USER}{TAB}{BS 2}{WAIT 5}{CODE}{ENTER}","user":"山é","code":"2b"}"#;
    let output = desktop.order(order);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    let mut expected = opening(None);
    expected.extend(keys(&[
        0x0100_5c71,
        0xe9,
        0xff09,
        0xff08,
        0xff08,
        0x32,
        0x62,
        0xff0d,
    ]));
    expected.push(Asked::Close);
    assert_eq!(desktop.asked(), expected);
}

#[test]
fn a_person_is_asked_once_and_each_token_serves_once() {
    let mut desktop = Desktop::with(YES);
    let mut known = None;
    for (next, kept) in [
        (Some("token-2"), Some("token-2")),
        (Some("token-3"), Some("token-3")),
        // One that says nothing of tokens: we are strangers again.
        (None, None),
        (Some("token-4"), Some("token-4")),
    ] {
        desktop.answer(Answer { token: next, ..YES });
        let output = desktop.order(CODE);
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
        let asked = desktop.asked();
        let opened = asked.get(..3).unwrap();
        assert_eq!(opened, opening(known));
        let token = std::fs::read_to_string(desktop.token());
        assert_eq!(token.ok().as_deref(), kept);
        known = kept;
    }
    let mode = std::fs::metadata(desktop.token()).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

#[test]
fn a_no_and_a_desktop_without_a_keyboard_for_us_are_refusals_and_press_nothing() {
    for (answer, status) in [
        (Answer { code: 1, ..YES }, 6),
        (Answer { code: 2, ..YES }, 1),
        // A pointer alone.
        (Answer { devices: 2, ..YES }, 6),
    ] {
        let desktop = Desktop::with(answer);
        let output = desktop.order(CODE);
        assert_eq!(output.status.code(), Some(status), "{}", stderr(&output));
        // Nobody was told to fetch a code.
        assert_eq!(output.stdout, b"");
        assert_eq!(desktop.asked(), opening(None));
        assert!(!desktop.token().exists());
    }
}

#[test]
fn a_desktop_without_the_portal_is_told_what_would_help() {
    let desktop = Desktop::new();
    let output = desktop.order(CODE);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(
        stderr(&output).contains("RemoteDesktop"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_session_that_is_taken_away_in_the_middle_is_a_refusal() {
    let desktop = Desktop::with(Answer { keys: 3, ..YES });
    let output = desktop.order(CODE);
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    let asked = desktop.asked();
    assert_eq!(
        asked
            .iter()
            .filter(|it| matches!(it, Asked::Key(..)))
            .count(),
        3
    );
}

#[test]
fn nothing_is_typed_of_a_vault_that_is_locked_and_nothing_into_a_window_by_name() {
    let desktop = Desktop::with(YES);
    let agent = Agent::with("\"locked\":true");
    let output = run(agent.announce(&mut desktop.command(&[])), CODE);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert_eq!(desktop.asked(), opening(None));

    let output = run(&mut desktop.command(&["--window", "*github*"]), CODE);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(desktop.asked(), []);

    let agent = Agent::with("\"locked\":false");
    let output = run(agent.announce(&mut desktop.command(&[])), CODE);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    let asked = desktop.asked();
    assert_eq!(asked.get(3..9).unwrap(), keys(&[0x30, 0x31, 0x32]));
}

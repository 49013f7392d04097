//! Hotkeys by the `GlobalShortcuts` portal, on a bus of the test's own: a stand-in of the portal that
//! is as strict as the newest.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on ends"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "real processes live in real time"
)]
#![allow(
    clippy::used_underscore_binding,
    clippy::unused_self,
    clippy::unused_async,
    reason = "the shape of the portal's interfaces"
)]

mod support;

use std::collections::HashMap;
use std::process::Command;
use std::sync::mpsc::{self, Receiver, SyncSender};

use support::PATIENCE;
use support::portal::{FRONTEND, OBJECT, Options, respond, serve};
use support::resident::Session;
use support::shortcuts::{Asked, Shortcuts, asked_for, listed};
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, Value};
use zbus::{Connection, interface};

/// The portal, as its callers see it.
struct Frontend {
    asked: SyncSender<Asked>,
    /// The shortcuts that it has from before.
    known: Vec<String>,
    /// The answer to the wish for keys; 0: they are given.
    code: u32,
}

#[interface(name = "org.freedesktop.portal.GlobalShortcuts")]
impl Frontend {
    async fn create_session(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
        options: Options,
    ) -> OwnedObjectPath {
        self.asked.send(Asked::Create).unwrap();
        let results = HashMap::from([("session_handle", "/session/1".into())]);
        respond(connection, &header, &options, 0, results).await
    }

    async fn list_shortcuts(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
        _session: OwnedObjectPath,
        options: Options,
    ) -> OwnedObjectPath {
        self.asked.send(Asked::List).unwrap();
        respond(connection, &header, &options, 0, listed(&self.known)).await
    }

    async fn bind_shortcuts(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
        _session: OwnedObjectPath,
        shortcuts: Shortcuts,
        _parent: String,
        options: Options,
    ) -> OwnedObjectPath {
        let asked = asked_for(&shortcuts);
        // The last one is somebody else's already.
        let names: Vec<String> = asked.iter().map(|(name, _)| name.clone()).collect();
        let given = names.split_last().map_or(&[][..], |(_, given)| given);
        self.asked.send(Asked::Bind(asked)).unwrap();
        respond(connection, &header, &options, self.code, listed(given)).await
    }
}

struct Registry(SyncSender<Asked>);

#[interface(name = "org.freedesktop.host.portal.Registry")]
impl Registry {
    async fn register(&self, app: String, _options: Options) {
        self.0.send(Asked::Register(app)).unwrap();
    }
}

fn start_frontend(session: &Session, known: &[&str], code: u32) -> (Connection, Receiver<Asked>) {
    let (asked, questions) = mpsc::sync_channel(64);
    let registry = Registry(asked.clone());
    let frontend = Frontend {
        asked,
        known: known.iter().map(|&name| name.to_owned()).collect(),
        code,
    };
    let connection = serve(&session.bus.address, FRONTEND, |builder| {
        let builder = builder.serve_at(OBJECT, frontend).unwrap();
        builder.serve_at(OBJECT, registry).unwrap()
    });
    (connection, questions)
}

/// A key is pressed.
fn press(connection: &Connection, session: &str, name: &str) {
    emit(connection, session, name, "Activated");
}

/// It is let go.
fn let_go(connection: &Connection, session: &str, name: &str) {
    emit(connection, session, name, "Deactivated");
}

fn emit(connection: &Connection, session: &str, name: &str, signal: &str) {
    let interface = "org.freedesktop.portal.GlobalShortcuts";
    let session = OwnedObjectPath::try_from(session).unwrap();
    let body = (session, name, 1_u64, HashMap::<&str, Value<'_>>::new());
    let to: Option<&str> = None;
    futures_lite::future::block_on(connection.emit_signal(to, OBJECT, interface, signal, &body))
        .unwrap();
}

const TWO: &str = "[hotkeys]\n'Ctrl+Alt+G' = { entry = 'git hub', do = 'notify' }\n\
    'Ctrl+Alt+O' = { do = 'pick' }\n";

#[test]
fn it_says_who_it_is_looks_before_it_asks_and_acts_when_a_key_is_pressed() {
    let mut session = Session::start(TWO);
    let (portal, asked) = start_frontend(&session, &[], 0);
    session.run();
    let wanted = Asked::Bind(vec![
        ("notify git hub".into(), "CTRL+ALT+g".into()),
        ("pick".into(), "CTRL+ALT+o".into()),
    ]);
    let expected = [
        Asked::Register("io.otpd.Desktop".into()),
        Asked::Create,
        Asked::List,
        wanted,
    ];
    for expected in expected {
        assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), expected);
    }
    session.file_has("log", "serving 1 hotkeys");
    session.file_has("log", "did not give us the keys Ctrl+Alt+O");
    // Another session's, an unknown one, and ours.
    press(&portal, "/session/2", "notify git hub");
    press(&portal, "/session/1", "copy git hub");
    press(&portal, "/session/1", "notify git hub");
    session.file_has("otpctl.said", "--quiet --prompt notify -- git hub\n");
    let said = std::fs::read_to_string(session.folder().join("otpctl.said")).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn shortcuts_that_are_there_are_not_asked_for_again_and_a_portal_that_comes_back_is_used() {
    let mut session = Session::start(TWO);
    let (portal, asked) = start_frontend(&session, &["pick", "notify git hub"], 0);
    session.run();
    session.file_has("log", "serving 2 hotkeys");
    drop(portal.clone());
    futures_lite::future::block_on(portal.close()).unwrap();
    let (portal, again) = start_frontend(&session, &["pick", "notify git hub"], 0);
    for asked in [&asked, &again] {
        assert!(matches!(
            asked.recv_timeout(PATIENCE).unwrap(),
            Asked::Register(_)
        ));
        assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), Asked::Create);
        assert_eq!(asked.recv_timeout(PATIENCE).unwrap(), Asked::List);
    }
    session.file_has("log", "serving 2 hotkeys\notp-desktop: serving 2 hotkeys");
    press(&portal, "/session/1", "pick");
    let_go(&portal, "/session/1", "pick");
    session.file_has("otpctl.said", "--quiet --prompt pick\n");
    assert!(again.try_recv().is_err(), "nothing was bound");
}

#[test]
fn a_no_is_a_no_and_a_desktop_without_the_portal_is_said_once() {
    // Said by the person, and by a desktop that ends its dialog in another way.
    for code in [1, 2] {
        let mut session = Session::start(TWO);
        let (_portal, asked) = start_frontend(&session, &[], code);
        session.run();
        session.file_has("log", "did not give us the keys Ctrl+Alt+G");
        session.file_has("log", "did not give us the keys Ctrl+Alt+O");
        let binds = asked.try_iter().filter(|it| matches!(it, Asked::Bind(_)));
        assert_eq!(binds.count(), 1);
    }

    let mut session = Session::start(TWO);
    session.run();
    let line = "bindsym Ctrl+Alt+o exec otpctl --prompt pick";
    session.file_has("log", line);
    let said = std::fs::read_to_string(session.folder().join("log")).unwrap();
    assert_eq!(said.matches(line).count(), 1, "{said}");
}

#[test]
fn what_types_and_menus_wait_until_their_own_key_is_let_go_and_a_script_is_in_no_name_or_argument()
{
    let mut session = Session::start(
        "[hotkeys]\nF1 = { entry = 'bank', do = 'script', script = '4711{CODE}', window = 'W' }\n\
         F2 = { entry = 'bank', do = 'script', script = '4712{CODE}' }\n\
         F3 = { entry = 'shop', do = 'type' }\nF4 = { do = 'pick' }\n\
         F5 = { entry = 'shop', do = 'notify' }\nF6 = { entry = 'shop', do = 'copy' }\n\
         F7 = { do = 'pick' }\n",
    );
    let (portal, asked) = start_frontend(&session, &[], 0);
    session.run();
    session.file_has("log", "serving 6 hotkeys");
    let bound = asked.try_iter().find_map(|asked| match asked {
        Asked::Bind(bound) => Some(bound),
        Asked::Register(_) | Asked::Create | Asked::List => None,
    });
    let names: Vec<String> = bound.unwrap().into_iter().map(|(name, _)| name).collect();
    let expected = ["script bank", "script bank 2", "type shop", "pick"];
    assert_eq!(names[..4], expected);
    let own = "/session/1";
    // The last one that is pressed is meant.
    for name in ["script bank", "type shop", "pick", "script bank 2"] {
        press(&portal, own, name);
    }
    for (name, said) in [
        ("notify shop", "--quiet --prompt notify -- shop\n"),
        ("copy shop", "--quiet --prompt get --copy -- shop\n"),
    ] {
        press(&portal, own, name);
        session.file_has("otpctl.said", said);
        let_go(&portal, own, name);
    }
    let_go(&portal, "/session/2", "script bank 2");
    let_go(&portal, own, "pick");
    let mut said =
        "--quiet --prompt notify -- shop\n--quiet --prompt get --copy -- shop\n".to_owned();
    for (name, last) in [
        (
            "script bank 2",
            "--quiet --prompt get --type --script - -- bank\n",
        ),
        (
            "script bank",
            "--quiet --prompt get --type --script - --window W -- bank\n",
        ),
        ("type shop", "--quiet --prompt get --type -- shop\n"),
        ("pick", "--quiet --prompt pick\n"),
    ] {
        if name != "script bank 2" {
            press(&portal, own, name);
        }
        let_go(&portal, own, name);
        said.push_str(last);
        session.file_has("otpctl.said", &said);
    }
    session.file_has("otpctl.read", "4711{CODE}\n");
    session.file_has("otpctl.read", "4712{CODE}\n");
    let all = std::fs::read_to_string(session.folder().join("otpctl.said")).unwrap();
    assert_eq!(all, said);
}

/// A portal that fails at once.
struct Broken(SyncSender<Asked>);

#[interface(name = "org.freedesktop.portal.GlobalShortcuts")]
impl Broken {
    async fn create_session(&self, _options: Options) -> zbus::fdo::Result<OwnedObjectPath> {
        self.0.send(Asked::Create).unwrap();
        Err(zbus::fdo::Error::Failed("out of order".into()))
    }
}

#[test]
fn a_portal_that_fails_again_and_again_is_said_once() {
    let mut session = Session::start(TWO);
    let (asked, questions) = mpsc::sync_channel(64);
    let _portal = serve(&session.bus.address, FRONTEND, |builder| {
        builder.serve_at(OBJECT, Broken(asked)).unwrap()
    });
    session.run();
    for _ in 0..4 {
        assert_eq!(questions.recv_timeout(PATIENCE).unwrap(), Asked::Create);
    }
    let said = std::fs::read_to_string(session.folder().join("log")).unwrap();
    assert_eq!(said.matches("out of order").count(), 1, "{said}");
}

#[test]
fn a_configuration_that_is_a_pipe_is_said_and_left_when_there_is_a_file_again() {
    let mut session = Session::start(TWO);
    let (_portal, _asked) = start_frontend(&session, &["pick", "notify git hub"], 0);
    let file = session.folder().join("otpd/otpd.toml");
    std::fs::remove_file(&file).unwrap();
    let mut mkfifo = Command::new("mkfifo");
    assert!(mkfifo.arg(&file).status().unwrap().success());
    session.run();
    session.file_has("log", "not a regular file");
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, TWO).unwrap();
    session.file_has("log", "serving 2 hotkeys");
}

//! Debian's own xdg-desktop-portal with a stand-in of a desktop behind it: what it lets through.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]
#![allow(
    clippy::used_underscore_binding,
    clippy::needless_pass_by_value,
    clippy::unused_self,
    clippy::unused_async,
    reason = "the shape of the portal's interfaces"
)]

mod support;

use std::collections::HashMap;
use std::io::Write as _;
use std::process::Stdio;
use std::sync::mpsc::{self, SyncSender};

use support::portal::{BACKEND, FRONTEND, OBJECT, Options, frontend, serve};
use support::resident::Session;
use support::shortcuts::{Asked, Shortcuts, asked_for, listed};
use support::{Bus, PATIENCE, compositor, stderr};
use zbus::zvariant::{OwnedObjectPath, Value};
use zbus::{Connection, interface};

/// A desktop with hotkeys.
struct Shortcut {
    asked: SyncSender<Asked>,
    /// The session whose hotkeys they are.
    bound: SyncSender<OwnedObjectPath>,
}

#[interface(name = "org.freedesktop.impl.portal.GlobalShortcuts")]
impl Shortcut {
    fn create_session(
        &self,
        _handle: OwnedObjectPath,
        _session: OwnedObjectPath,
        _app: String,
        _options: Options,
    ) -> (u32, Options) {
        self.asked.send(Asked::Create).unwrap();
        (0, Options::new())
    }

    fn bind_shortcuts(
        &self,
        _handle: OwnedObjectPath,
        session: OwnedObjectPath,
        shortcuts: Shortcuts,
        _parent: String,
        _options: Options,
    ) -> (u32, HashMap<String, Value<'static>>) {
        let asked = asked_for(&shortcuts);
        let names: Vec<String> = asked.iter().map(|(name, _)| name.clone()).collect();
        self.asked.send(Asked::Bind(asked)).unwrap();
        self.bound.send(session).unwrap();
        let results = listed(&names).into_iter();
        (
            0,
            results
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    fn list_shortcuts(
        &self,
        _handle: OwnedObjectPath,
        _session: OwnedObjectPath,
    ) -> (u32, HashMap<String, Value<'static>>) {
        self.asked.send(Asked::List).unwrap();
        let none = listed(&[]).into_iter();
        (
            0,
            none.map(|(name, value)| (name.to_owned(), value)).collect(),
        )
    }

    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        1
    }
}

#[test]
fn a_pressed_key_comes_from_the_desktop_to_us() {
    let mut session = Session::start("[hotkeys]\nF9 = { entry = 'git hub', do = 'notify' }\n");
    let (asked, questions) = mpsc::sync_channel(64);
    let (bound, sessions) = mpsc::sync_channel(1);
    let desktop = Shortcut { asked, bound };
    let backend = serve(&session.bus.address, BACKEND, |builder| {
        builder.serve_at(OBJECT, desktop).unwrap()
    });
    let Some(_frontend) = frontend(&session.bus, "org.freedesktop.impl.portal.GlobalShortcuts")
    else {
        return;
    };
    session.run();
    assert_eq!(questions.recv_timeout(PATIENCE).unwrap(), Asked::Create);
    assert_eq!(questions.recv_timeout(PATIENCE).unwrap(), Asked::List);
    let bound = questions.recv_timeout(PATIENCE).unwrap();
    assert_eq!(
        bound,
        Asked::Bind(vec![("notify git hub".into(), "F9".into())])
    );
    session.file_has("log", "serving 1 hotkeys");
    let interface = "org.freedesktop.impl.portal.GlobalShortcuts";
    let none = HashMap::<&str, Value<'_>>::new();
    let body = (
        sessions.recv_timeout(PATIENCE).unwrap(),
        "notify git hub",
        1_u64,
        none,
    );
    let to: Option<&str> = None;
    let pressed = backend.emit_signal(to, OBJECT, interface, "Activated", &body);
    futures_lite::future::block_on(pressed).unwrap();
    session.file_has("otpctl.said", "--quiet --prompt notify -- git hub\n");
}

/// A desktop that lets programs press keys.
struct Keyboard {
    pressed: SyncSender<(i32, u32)>,
    closed: SyncSender<()>,
}

#[interface(name = "org.freedesktop.impl.portal.RemoteDesktop")]
impl Keyboard {
    async fn create_session(
        &self,
        #[zbus(connection)] connection: &Connection,
        _handle: OwnedObjectPath,
        session: OwnedObjectPath,
        _app: String,
        _options: Options,
    ) -> (u32, Options) {
        let server = connection.object_server();
        server
            .at(session, Ended(self.closed.clone()))
            .await
            .unwrap();
        (0, Options::new())
    }

    fn select_devices(
        &self,
        _handle: OwnedObjectPath,
        _session: OwnedObjectPath,
        _app: String,
        options: Options,
    ) -> (u32, Options) {
        let types = options.get("types").unwrap().downcast_ref::<u32>();
        assert_eq!(types.unwrap(), 1);
        (0, Options::new())
    }

    fn start(
        &self,
        _handle: OwnedObjectPath,
        _session: OwnedObjectPath,
        _app: String,
        _parent: String,
        _options: Options,
    ) -> (u32, HashMap<String, Value<'static>>) {
        (
            0,
            HashMap::from([("devices".to_owned(), Value::from(1_u32))]),
        )
    }

    fn notify_keyboard_keysym(
        &self,
        _session: OwnedObjectPath,
        _options: Options,
        symbol: i32,
        state: u32,
    ) {
        self.pressed.send((symbol, state)).unwrap();
    }

    #[zbus(property)]
    fn available_device_types(&self) -> u32 {
        7
    }

    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        1
    }
}

/// The desktop's side of a session.
struct Ended(SyncSender<()>);

#[interface(name = "org.freedesktop.impl.portal.Session")]
impl Ended {
    fn close(&self) {
        self.0.send(()).unwrap();
    }

    #[zbus(property, name = "version")]
    fn version(&self) -> u32 {
        1
    }
}

#[test]
fn a_code_s_keys_go_through_it_to_the_desktop_and_the_session_ends() {
    let bus = Bus::start();
    let (pressed, keys) = mpsc::sync_channel(64);
    let (closed, ended) = mpsc::sync_channel(1);
    let keyboard = Keyboard { pressed, closed };
    let _backend = serve(&bus.address, BACKEND, |builder| {
        builder.serve_at(OBJECT, keyboard).unwrap()
    });
    let Some(_frontend) = frontend(&bus, "org.freedesktop.impl.portal.RemoteDesktop") else {
        return;
    };
    wait_for_name(&bus, FRONTEND);
    let folder = bus.folder.path();
    compositor::listen(folder, "wayland-7");
    let mut command = bus.command(&["type"]);
    command
        .env("WAYLAND_DISPLAY", "wayland-7")
        .env("XDG_RUNTIME_DIR", folder)
        .env("HOME", folder);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(br#"{"script":"{CODE}{ENTER}","code":"07"}"#)
        .unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    assert_eq!(output.stdout, b"ready\n");
    ended.recv_timeout(PATIENCE).unwrap();
    let expected = [0x30, 0x37, 0xff0d].map(|symbol| [(symbol, 1), (symbol, 0)]);
    let keys: Vec<_> = keys.try_iter().collect();
    assert_eq!(keys, expected.concat());
}

/// Waits until somebody has a name on a bus.
fn wait_for_name(bus: &Bus, name: &str) {
    let mut command = std::process::Command::new("gdbus");
    command.env("DBUS_SESSION_BUS_ADDRESS", &bus.address).args([
        "wait",
        "--session",
        "--timeout=60",
        name,
    ]);
    assert!(command.status().unwrap().success());
}

//! Hotkeys by the `GlobalShortcuts` portal, on a bus of the test's own: a stand-in of the portal that
//! is as strict as the newest, and Debian's own frontend with a stand-in of a desktop behind it.
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
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};

use support::{Bus, end, is_installed};
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, interface};

const OBJECT: &str = "/org/freedesktop/portal/desktop";
const FRONTEND: &str = "org.freedesktop.portal.Desktop";
const BACKEND: &str = "org.freedesktop.impl.portal.desktop.otpdtest";
const PATIENCE: Duration = Duration::from_secs(60);

type Options = HashMap<String, OwnedValue>;
type Shortcuts = Vec<(String, Options)>;

/// What the stand-in was asked.
#[derive(Debug, PartialEq)]
enum Asked {
    Register(String),
    Create,
    List,
    Bind(Vec<(String, String)>),
}

/// A session that runs otp-desktop with a stand-in for otpctl beside it.
struct Session {
    bus: Bus,
    _compositor: UnixListener,
    resident: Option<Child>,
}

impl Session {
    fn start(configuration: &str) -> Self {
        let bus = Bus::start();
        let folder = bus.folder.path();
        let compositor = UnixListener::bind(folder.join("wayland-7")).unwrap();
        std::fs::create_dir(folder.join("otpd")).unwrap();
        std::fs::write(folder.join("otpd/otpd.toml"), configuration).unwrap();
        let script = "#!/bin/sh\necho \"$@\" >>\"$0.said\"\ncat >>\"$0.read\"\n";
        write_program(&folder.join("otpctl"), script);
        let mut install = Command::new("install");
        install.arg(env!("CARGO_BIN_EXE_otp-desktop")).arg(folder);
        assert!(install.status().unwrap().success());
        Self {
            bus,
            _compositor: compositor,
            resident: None,
        }
    }

    fn folder(&self) -> &Path {
        self.bus.folder.path()
    }

    fn run(&mut self) {
        let log = std::fs::File::create(self.folder().join("log")).unwrap();
        let mut command = Command::new(self.folder().join("otp-desktop"));
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder())
            .env("XDG_CONFIG_HOME", self.folder())
            .env("XDG_RUNTIME_DIR", self.folder())
            .env("WAYLAND_DISPLAY", "wayland-7")
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus.address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        self.resident = Some(command.spawn().unwrap());
    }

    fn file_has(&self, name: &str, text: &str) {
        let start = Instant::now();
        loop {
            let found = std::fs::read_to_string(self.folder().join(name)).unwrap_or_default();
            if found.contains(text) {
                return;
            }
            let log = std::fs::read_to_string(self.folder().join("log")).unwrap_or_default();
            assert!(start.elapsed() < PATIENCE, "{text}: {found}; {log}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(resident) = &mut self.resident {
            end(resident);
        }
    }
}

/// The portal, as its callers see it.
struct Frontend {
    asked: SyncSender<Asked>,
    /// The shortcuts that it has from before.
    known: Vec<String>,
    /// The answer to the wish for keys; 0: they are given.
    code: u32,
}

impl Frontend {
    async fn respond(
        connection: &Connection,
        header: &Header<'_>,
        options: &Options,
        code: u32,
        results: HashMap<&str, Value<'_>>,
    ) -> OwnedObjectPath {
        let sender = header.sender().unwrap().to_string();
        let token: String = options["handle_token"].downcast_ref().unwrap();
        let caller = sender.trim_start_matches(':').replace('.', "_");
        let path = format!("{OBJECT}/request/{caller}/{token}");
        let interface = "org.freedesktop.portal.Request";
        let body = (code, results);
        let to = Some(sender.as_str());
        let signal = connection.emit_signal(to, path.as_str(), interface, "Response", &body);
        signal.await.unwrap();
        path.try_into().unwrap()
    }
}

fn listed(names: &[String]) -> HashMap<&'static str, Value<'static>> {
    let all: Vec<(String, HashMap<String, Value<'_>>)> = names
        .iter()
        .map(|name| (name.clone(), HashMap::new()))
        .collect();
    HashMap::from([("shortcuts", Value::from(all))])
}

fn asked_for(shortcuts: &Shortcuts) -> Vec<(String, String)> {
    shortcuts
        .iter()
        .map(|(name, options)| {
            let description: String = options["description"].downcast_ref().unwrap();
            assert_eq!(description, format!("otpd: {name}"));
            let trigger = options["preferred_trigger"].downcast_ref().unwrap();
            (name.clone(), trigger)
        })
        .collect()
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
        Self::respond(connection, &header, &options, 0, results).await
    }

    async fn list_shortcuts(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
        _session: OwnedObjectPath,
        options: Options,
    ) -> OwnedObjectPath {
        self.asked.send(Asked::List).unwrap();
        Self::respond(connection, &header, &options, 0, listed(&self.known)).await
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
        Self::respond(connection, &header, &options, self.code, listed(given)).await
    }
}

struct Registry(SyncSender<Asked>);

#[interface(name = "org.freedesktop.host.portal.Registry")]
impl Registry {
    async fn register(&self, app: String, _options: Options) {
        self.0.send(Asked::Register(app)).unwrap();
    }
}

/// Serves something on a bus until the test's end; hands out the connection.
fn serve(
    address: &str,
    name: &'static str,
    build: impl FnOnce(zbus::connection::Builder<'_>) -> zbus::connection::Builder<'_> + Send + 'static,
) -> Connection {
    let (ready, is_ready) = mpsc::channel();
    let address = address.to_owned();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let builder = zbus::connection::Builder::address(address.as_str()).unwrap();
            let builder = build(builder).name(name).unwrap();
            let connection = builder.build().await.unwrap();
            let mut messages = zbus::MessageStream::from(&connection);
            ready.send(connection).unwrap();
            while let Some(Ok(_)) = futures_lite::StreamExt::next(&mut messages).await {}
        });
    });
    is_ready.recv().unwrap()
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

/// What a desktop has behind the portal.
struct Backend(SyncSender<Asked>);

#[interface(name = "org.freedesktop.impl.portal.GlobalShortcuts")]
impl Backend {
    fn create_session(
        &self,
        _handle: OwnedObjectPath,
        _session: OwnedObjectPath,
        _app: String,
        _options: Options,
    ) -> (u32, Options) {
        self.0.send(Asked::Create).unwrap();
        (0, Options::new())
    }

    async fn bind_shortcuts(
        &self,
        #[zbus(connection)] connection: &Connection,
        _handle: OwnedObjectPath,
        session: OwnedObjectPath,
        shortcuts: Shortcuts,
        _parent: String,
        _options: Options,
    ) -> (u32, HashMap<String, Value<'static>>) {
        let asked = asked_for(&shortcuts);
        let names: Vec<String> = asked.iter().map(|(name, _)| name.clone()).collect();
        self.0.send(Asked::Bind(asked)).unwrap();
        let connection = connection.clone();
        let first = names.first().unwrap().clone();
        // Somebody presses it once the caller knows that it is theirs.
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let interface = "org.freedesktop.impl.portal.GlobalShortcuts";
            let body = (session, first, 1_u64, HashMap::<&str, Value<'_>>::new());
            let to: Option<&str> = None;
            let signal = connection.emit_signal(to, OBJECT, interface, "Activated", &body);
            signal.await.unwrap();
        });
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
        self.0.send(Asked::List).unwrap();
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
fn debians_own_frontend_hands_a_pressed_key_from_the_desktop_to_us() {
    let program = "/usr/libexec/xdg-desktop-portal";
    if !is_installed(program) {
        eprint_skip("no xdg-desktop-portal");
        return;
    }
    let mut session = Session::start("[hotkeys]\nF9 = { entry = 'git hub', do = 'notify' }\n");
    let folder = session.folder().join("portals");
    std::fs::create_dir(&folder).unwrap();
    let portal = format!(
        "[portal]\nDBusName={BACKEND}\n\
         Interfaces=org.freedesktop.impl.portal.GlobalShortcuts;\nUseIn=otpdtest\n"
    );
    std::fs::write(folder.join("otpdtest.portal"), portal).unwrap();
    let (asked, questions) = mpsc::sync_channel(64);
    let _backend = serve(&session.bus.address, BACKEND, |builder| {
        builder.serve_at(OBJECT, Backend(asked)).unwrap()
    });
    let mut frontend = Command::new(program);
    frontend
        .arg("--verbose")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", session.folder())
        .env("XDG_DESKTOP_PORTAL_DIR", &folder)
        .env("XDG_CURRENT_DESKTOP", "otpdtest")
        .env("XDG_RUNTIME_DIR", session.folder())
        .env("DBUS_SESSION_BUS_ADDRESS", &session.bus.address);
    let _frontend = Running::start(&mut frontend);
    session.run();
    assert_eq!(questions.recv_timeout(PATIENCE).unwrap(), Asked::Create);
    assert_eq!(questions.recv_timeout(PATIENCE).unwrap(), Asked::List);
    let bound = questions.recv_timeout(PATIENCE).unwrap();
    assert_eq!(
        bound,
        Asked::Bind(vec![("notify git hub".into(), "F9".into())])
    );
    session.file_has("otpctl.said", "--quiet --prompt notify -- git hub\n");
    session.file_has("log", "serving 1 hotkeys");
}

/// A program that is ended with the test, and says nothing that is waited for.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

fn eprint_skip(why: &str) {
    use std::io::Write as _;
    let line = format!("SKIPPED hotkeys: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// Written by another process, so that no descriptor of ours is open for writing when it's run.
fn write_program(path: &Path, text: &str) {
    let mut shell = Command::new("sh");
    let script = "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"";
    shell.args(["-c", script, "sh", text]).arg(path);
    assert!(shell.status().unwrap().success());
}

//! A portal on a bus of the test's own.

use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use zbus::Connection;
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use super::{Bus, end, is_installed};

pub(crate) const OBJECT: &str = "/org/freedesktop/portal/desktop";
pub(crate) const FRONTEND: &str = "org.freedesktop.portal.Desktop";
pub(crate) const BACKEND: &str = "org.freedesktop.impl.portal.desktop.otpdtest";

pub(crate) type Options = HashMap<String, OwnedValue>;

/// Answers a request, as the portal does: by a signal to its caller.
pub(crate) async fn respond(
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

/// Serves something on a bus until the test's end; hands out the connection.
pub(crate) fn serve(
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

/// Debian's own frontend, with one interface of a desktop behind it that the test has to serve;
/// none where it isn't installed, which is said.
pub(crate) fn frontend(bus: &Bus, interface: &str) -> Option<Running> {
    let program = "/usr/libexec/xdg-desktop-portal";
    if !is_installed(program) {
        eprint_skip("no xdg-desktop-portal");
        return None;
    }
    let folder = bus.folder.path().join("portals");
    std::fs::create_dir(&folder).unwrap();
    let portal = format!("[portal]\nDBusName={BACKEND}\nInterfaces={interface};\nUseIn=otpdtest\n");
    std::fs::write(folder.join("otpdtest.portal"), portal).unwrap();
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", bus.folder.path())
        .env("XDG_DESKTOP_PORTAL_DIR", &folder)
        .env("XDG_CURRENT_DESKTOP", "otpdtest")
        .env("XDG_RUNTIME_DIR", bus.folder.path())
        .env("DBUS_SESSION_BUS_ADDRESS", &bus.address);
    Some(Running::start(&mut command))
}

/// A program that is ended with the test, and says nothing that is waited for.
pub(crate) struct Running(Child);

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
    let line = format!("SKIPPED portal: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

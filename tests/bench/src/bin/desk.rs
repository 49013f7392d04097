//! A desktop's side of a bus, for otpd to meet: `desk serve` and `desk call PAIRS`.
//!
//! `serve` is a screen saver, logind's manager, a Secret Service that never answers, and a bare
//! service to compare calls with. It says `ready`, and then obeys lines: `show` (the screen saver
//! shows itself), `sleep` (says `ready` once nobody delays it) and `wake` (`ready` once somebody
//! delays the next one) and `keyring` (`ready` once the Secret Service was asked). `call` prints the nanoseconds of a code from otpd and of the same from
//! the bare service, in turns.

use std::collections::HashMap;
use std::io::{PipeReader, Read as _, pipe};
use std::os::fd::OwnedFd;
use std::time::Instant;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::sync::mpsc;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, connection, interface, zvariant};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const BENCH: &str = "org.otpd.Bench";

struct Saver;

#[interface(name = "org.freedesktop.ScreenSaver")]
impl Saver {
    fn get_active(&self) -> bool {
        false
    }

    #[zbus(signal)]
    async fn active_changed(emitter: &SignalEmitter<'_>, active: bool) -> zbus::Result<()>;
}

/// Hands the other end of each delay over.
struct Logind(mpsc::UnboundedSender<PipeReader>);

#[interface(name = "org.freedesktop.login1.Manager")]
impl Logind {
    fn inhibit(
        &self,
        _what: String,
        _who: String,
        _why: String,
        _mode: String,
    ) -> zbus::fdo::Result<zvariant::OwnedFd> {
        let failed = |_| zbus::fdo::Error::Failed("no pipe".into());
        let (reader, writer) = pipe().map_err(failed)?;
        self.0.send(reader).ok();
        Ok(OwnedFd::from(writer).into())
    }

    #[zbus(signal)]
    async fn prepare_for_sleep(emitter: &SignalEmitter<'_>, start: bool) -> zbus::Result<()>;
}

/// Tells that it was asked.
struct Secrets(mpsc::UnboundedSender<()>);

#[interface(name = "org.freedesktop.Secret.Service")]
impl Secrets {
    async fn open_session(
        &self,
        _algorithm: String,
        _input: zvariant::OwnedValue,
    ) -> (zvariant::OwnedValue, zvariant::OwnedObjectPath) {
        std::future::pending().await
    }

    async fn search_items(
        &self,
        _attributes: HashMap<String, String>,
    ) -> (
        Vec<zvariant::OwnedObjectPath>,
        Vec<zvariant::OwnedObjectPath>,
    ) {
        self.0.send(()).ok();
        std::future::pending().await
    }

    async fn read_alias(&self, _name: String) -> zvariant::OwnedObjectPath {
        std::future::pending().await
    }
}

struct Bare;

#[interface(name = "org.otpd.Bench")]
impl Bare {
    fn get_code(&self, _query: String) -> (String, u32) {
        ("123456".into(), 30)
    }
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match arguments.as_slice() {
        [word] if word == "serve" => runtime.block_on(serve()),
        [word, pairs] if word == "call" => runtime.block_on(call(pairs.parse()?)),
        _ => Err("usage: desk serve | desk call PAIRS".into()),
    }
}

async fn serve() -> Outcome<()> {
    let (sender, mut delays) = mpsc::unbounded_channel();
    let (asked, mut asks) = mpsc::unbounded_channel();
    let connection = connection::Builder::session()?
        .serve_at("/org/freedesktop/ScreenSaver", Saver)?
        .serve_at("/org/freedesktop/login1", Logind(sender))?
        .serve_at("/org/freedesktop/secrets", Secrets(asked))?
        .serve_at("/bench", Bare)?
        .name("org.freedesktop.ScreenSaver")?
        .name("org.freedesktop.login1")?
        .name("org.freedesktop.secrets")?
        .name(BENCH)?
        .build()
        .await?;
    println!("ready");
    let mut delay = None;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let logind = SignalEmitter::new(&connection, "/org/freedesktop/login1")?;
        match line.as_str() {
            "show" => {
                let saver = SignalEmitter::new(&connection, "/org/freedesktop/ScreenSaver")?;
                Saver::active_changed(&saver, true).await?;
            }
            "sleep" => {
                while let Ok(newer) = delays.try_recv() {
                    delay = Some(newer);
                }
                let mut delay: PipeReader = delay.take().ok_or("nobody delays the sleep")?;
                Logind::prepare_for_sleep(&logind, true).await?;
                tokio::task::spawn_blocking(move || delay.read(&mut [0])).await??;
                println!("ready");
            }
            "keyring" => {
                asks.recv().await;
                println!("ready");
            }
            "wake" => {
                Logind::prepare_for_sleep(&logind, false).await?;
                delay = delays.recv().await;
                println!("ready");
            }
            _ => return Err("no such order".into()),
        }
    }
    Ok(())
}

async fn call(pairs: usize) -> Outcome<()> {
    const OTPD: &str = "io.otpd.Agent1";
    let connection = Connection::session().await?;
    // What each end does once for a new caller is no part of a call.
    get_code(&connection, OTPD, "/io/otpd/Agent1").await?;
    get_code(&connection, BENCH, "/bench").await?;
    for _ in 0..pairs {
        let start = Instant::now();
        get_code(&connection, OTPD, "/io/otpd/Agent1").await?;
        let ours = start.elapsed();
        let start = Instant::now();
        get_code(&connection, BENCH, "/bench").await?;
        println!("{} {}", ours.as_nanos(), start.elapsed().as_nanos());
    }
    Ok(())
}

/// Asks one of the two, whose interfaces are named as they are.
async fn get_code(connection: &Connection, name: &str, path: &str) -> Outcome<()> {
    let reply = connection
        .call_method(Some(name), path, Some(name), "GetCode", &"GitHub")
        .await?;
    let (code, _): (String, u32) = reply.body().deserialize()?;
    if code.len() == 6 {
        Ok(())
    } else {
        Err("no code".into())
    }
}

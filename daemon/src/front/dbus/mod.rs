//! `io.otpd.Agent1` on the session bus: names, locks and, if the configuration says so, codes for
//! the programs of a desktop; never a key or a passphrase.
//!
//! The library serves calls on tasks of its own, which the agent's one owner can't be handed to.
//! So a call comes over as a [`Call`], bounded, and its answer goes back the same way. A bus that
//! hangs holds up these calls and nothing else.

mod caller;
mod error;
mod object;

use std::rc::Rc;

use futures_lite::StreamExt as _;

use tokio::sync::{mpsc, watch};
use tokio::task::spawn_local;
use tokio::time::timeout;
use zbus::Connection;
use zbus::fdo::{DBusProxy, RequestNameFlags};
use zbus::names::BusName;
use zbus::object_server::SignalEmitter;

use self::object::{Agent1, Call};
use crate::agent::{Caller, Conn, Input, Way};
use crate::bus::{self, Fault, PATIENCE, Pause, Which};
use crate::run::{Core, News};

const BUS: Which = Which::Session;
/// The name, also that of the interface.
const NAME: &str = "io.otpd.Agent1";
/// Where the object is.
const PATH: &str = "/io/otpd/Agent1";
/// Calls that may wait for the loop at once.
const WAITING: usize = 16;

/// Serves as long as the agent runs, beside the loop: a bus that comes later or is restarted finds
/// it again.
pub(crate) fn start(core: &Rc<Core>) {
    let core = Rc::clone(core);
    spawn_local(async move {
        let mut pause = Pause::default();
        loop {
            let fault = match connect().await {
                Ok((connection, calls)) => {
                    let conn = core.peers().number();
                    let fault = serve(&core, conn, &connection, calls, &mut pause).await;
                    core.input(Input::Closed(conn));
                    fault
                }
                Err(fault) => fault,
            };
            core.input(Input::NameTaken(None));
            tracing::debug!(%fault, "not on D-Bus");
            pause.wait().await;
        }
    });
}

/// The object is there before the name: whoever starts us by it calls at once.
async fn connect() -> Result<(Connection, mpsc::Receiver<Call>), Fault> {
    let connection = bus::open(BUS).await?;
    let (sender, calls) = mpsc::channel(WAITING);
    let placed = connection
        .object_server()
        .at(PATH, Agent1::new(sender))
        .await;
    placed.map_err(|error| Fault::of(BUS, &error))?;
    Ok((connection, calls))
}

/// Returns why it ended.
async fn serve(
    core: &Rc<Core>,
    conn: Conn,
    connection: &Connection,
    calls: mpsc::Receiver<Call>,
    pause: &mut Pause,
) -> Fault {
    tokio::select! {
        fault = keep_name(core, connection, pause) => fault,
        () = answer(core, conn, calls) => Fault::Lost(BUS),
        () = tell(connection, core.news()) => Fault::Lost(BUS),
    }
}

/// Takes the name whenever nobody has it, until the bus is gone.
async fn keep_name(core: &Core, connection: &Connection, pause: &mut Pause) -> Fault {
    match take_names(core, connection, pause).await {
        Ok(()) => Fault::Lost(BUS),
        Err(fault) => fault,
    }
}

async fn take_names(core: &Core, connection: &Connection, pause: &mut Pause) -> Result<(), Fault> {
    let making = in_time(DBusProxy::new(connection)).await?;
    let driver = making.map_err(|error| Fault::of(BUS, &error))?;
    // Only what is of interest: a stream of all messages would see each call, too.
    let freed = [(0, NAME), (2, "")];
    let watching = driver.receive_name_owner_changed_with_args(&freed);
    let watching = in_time(watching).await?;
    let mut freed = watching.map_err(|error| Fault::of(BUS, &error))?;
    loop {
        let flags = RequestNameFlags::DoNotQueue.into();
        match in_time(connection.request_name_with_flags(NAME, flags)).await? {
            Ok(_) => core.input(Input::NameTaken(None)),
            Err(zbus::Error::NameTaken) => {
                let name = BusName::try_from(NAME).map_err(|_| Fault::Refused)?;
                let pid = in_time(driver.get_connection_unix_process_id(name)).await?;
                let who = holder(pid.ok());
                tracing::warn!(%who, name = NAME, "not on D-Bus: somebody else has the name");
                core.input(Input::NameTaken(Some(who)));
            }
            Err(error) => return Err(Fault::of(BUS, &error)),
        }
        pause.reset();
        if freed.next().await.is_none() {
            return Ok(());
        }
    }
}

async fn in_time<T>(asking: impl Future<Output = T>) -> Result<T, Fault> {
    let answer = timeout(PATIENCE, asking).await;
    answer.map_err(|_| Fault::Silent(BUS))
}

/// Who has the name, for a person who wonders.
fn holder(pid: Option<u32>) -> String {
    let Some(pid) = pid else {
        return "another program".into();
    };
    match std::fs::read_link(format!("/proc/{pid}/exe")) {
        Ok(program) => format!("{} (pid {pid})", program.display()),
        Err(_) => format!("pid {pid}"),
    }
}

/// Hands calls to the loop. Each waits for its answer by itself, and is taken back when nobody
/// waits for it any more.
async fn answer(core: &Rc<Core>, conn: Conn, mut calls: mpsc::Receiver<Call>) {
    while let Some(mut call) = calls.recv().await {
        let caller = Caller {
            way: Way::Bus,
            conn,
            uid: call.uid,
            pid: call.pid,
        };
        let (ticket, mut answer) = core.call(caller, call.request);
        // Nearly always it is there at once.
        if let Ok(answer) = answer.try_recv() {
            call.answer.send(answer).ok();
            continue;
        }
        let core = Rc::clone(core);
        spawn_local(async move {
            tokio::select! {
                answer = answer => if let Ok(answer) = answer {
                    call.answer.send(answer).ok();
                },
                () = call.answer.closed() => core.gone(ticket),
            }
        });
    }
}

/// Tells everybody on the bus what subscribers are told. What happened while the bus took its time
/// is told once, as it came out.
async fn tell(connection: &Connection, mut news: watch::Receiver<News>) {
    let mut told = *news.borrow_and_update();
    while news.changed().await.is_ok() {
        let new = *news.borrow_and_update();
        if let Err(error) = emit(connection, told, new).await {
            tracing::debug!(%error, "a signal could not be sent");
        }
        told = new;
    }
}

async fn emit(connection: &Connection, told: News, new: News) -> zbus::Result<()> {
    let emitter = SignalEmitter::new(connection, PATH)?;
    if new.changes != told.changes {
        Agent1::changed(&emitter).await?;
    }
    if new.turns == told.turns {
        return Ok(());
    }
    if new.is_locked {
        Agent1::was_locked(&emitter).await?;
    } else {
        Agent1::was_unlocked(&emitter).await?;
    }
    let object = connection
        .object_server()
        .interface::<_, Agent1>(PATH)
        .await?;
    object.get().await.locked_changed(&emitter).await
}

#[cfg(test)]
mod tests {
    use zbus::object_server::Interface as _;

    use super::*;

    const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/io.otpd.Agent1.xml");

    /// What the library tells of the interface, in the frame that such files have.
    fn introspection() -> String {
        let (sender, _calls) = mpsc::channel(1);
        let mut text = String::from(concat!(
            "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n",
            "  \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n",
            "<node name=\"/io/otpd/Agent1\">\n"
        ));
        Agent1::new(sender).introspect_to_writer(&mut text, 2);
        text.push_str("</node>\n");
        text
    }

    #[test]
    fn the_interface_is_the_documented_one() {
        let text = introspection();
        if std::env::var_os("OTPD_WRITE").is_some() {
            std::fs::write(DOCUMENT, &text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(DOCUMENT).unwrap());
    }
}

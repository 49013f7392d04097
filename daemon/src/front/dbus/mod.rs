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

use tokio::sync::{mpsc, watch};
use tokio::task::spawn_local;
use zbus::Connection;
use zbus::object_server::SignalEmitter;

use self::object::{Agent1, Call};
use crate::agent::{Caller, Conn, Input, Way};
use crate::bus::{Bus, Fault, Heard, Pause, Which};
use crate::run::{Core, News};

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
                Ok((mut bus, calls)) => {
                    pause.reset();
                    let conn = core.peers().number();
                    let fault = serve(&core, conn, &mut bus, calls).await;
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
async fn connect() -> Result<(Bus, mpsc::Receiver<Call>), Fault> {
    let mut bus = Bus::connect(Which::Session).await?;
    let (sender, calls) = mpsc::channel(WAITING);
    let served = bus.connection().object_server();
    let placed = served.at(PATH, Agent1::new(sender)).await;
    placed.map_err(|_| Fault::Lost(Which::Session))?;
    bus.watch(NAME, &[]).await?;
    Ok((bus, calls))
}

/// Returns why it ended.
async fn serve(core: &Rc<Core>, conn: Conn, bus: &mut Bus, calls: mpsc::Receiver<Call>) -> Fault {
    let connection = bus.connection().clone();
    tokio::select! {
        fault = keep_name(core, bus) => fault,
        () = answer(core, conn, calls) => Fault::Lost(Which::Session),
        () = tell(&connection, core.news()) => Fault::Lost(Which::Session),
    }
}

/// Takes the name whenever nobody has it, until the bus is gone.
async fn keep_name(core: &Core, bus: &mut Bus) -> Fault {
    loop {
        match bus.claim(NAME).await {
            Ok(true) => core.input(Input::NameTaken(None)),
            Ok(false) => {
                let who = holder(bus).await;
                tracing::warn!(%who, name = NAME, "not on D-Bus: somebody else has the name");
                core.input(Input::NameTaken(Some(who)));
            }
            Err(fault) => return fault,
        }
        loop {
            match bus.next().await {
                Some(Heard::Owner(_)) if bus.peer(NAME).is_none() => break,
                Some(_) => {}
                None => return Fault::Lost(Which::Session),
            }
        }
    }
}

/// Who has the name, for a person who wonders.
async fn holder(bus: &Bus) -> String {
    let Some(pid) = bus.process_of(NAME).await else {
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

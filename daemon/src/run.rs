//! The loop: feeds the agent and does what it says.
//!
//! Everything here runs on one thread. Connections call [`Core::ask`] directly, and signals, the
//! clock and the threads beside the loop come through [`run`]; whoever calls, the agent takes one
//! input, its outputs are executed, and only then the next input follows. No borrow of the agent
//! lives across an `await`.

mod alarm;
mod beside;
mod core;
mod folder;

use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, interval_at, timeout};

pub(crate) use self::beside::{Beside, WAITING};
pub(crate) use self::core::Core;
#[cfg(target_os = "linux")]
pub(crate) use self::core::{Answer, News};

use self::alarm::Alarm;
use self::beside::Done;
use crate::agent::{Input, LockSource};
use crate::clock;
use crate::lifecycle::{Claim, Signal, Signals, service};

/// How often the socket's file is looked at: a socket that somebody put in its place must not go
/// unnoticed for long.
const OWN_SOCKET: Duration = Duration::from_secs(30);

/// How long the last answers may take to be read once the agent has ended.
const FAREWELL: Duration = Duration::from_millis(500);

/// How long a stop waits for a disk that hangs.
const STOP: Duration = Duration::from_secs(10);

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It was asked to.
    Stopped,
    /// Somebody else's socket is in the place of ours.
    Displaced,
}

/// What the loop listens to besides connections.
pub(crate) struct Sources {
    pub(crate) signals: Signals,
    pub(crate) done: tokio::sync::mpsc::Receiver<Done>,
    pub(crate) claim: Claim,
    /// The task that accepts connections.
    pub(crate) accepting: JoinHandle<()>,
}

/// Runs until the agent has ended.
///
/// # Errors
/// If the system gives no timer.
pub(crate) async fn run(core: &Rc<Core>, sources: &mut Sources) -> io::Result<End> {
    let mut alarm = Alarm::new()?;
    let mut own_socket = interval_at(Instant::now() + OWN_SOCKET, OWN_SOCKET);
    let mut end = End::Stopped;
    let mut give_up = None;
    while !core.is_over() {
        if core.is_ending() && give_up.is_none() {
            stop(core, sources, &mut give_up);
        }
        alarm.set(core.deadline())?;
        tokio::select! {
            biased;
            () = core.changed() => {}
            signal = sources.signals.next() => match signal {
                Signal::Stop if give_up.is_some() => {
                    tracing::warn!("stopped again: not waiting for the disk");
                    break;
                }
                Signal::Stop => stop(core, sources, &mut give_up),
                Signal::Lock => core.input(Input::Lock(LockSource::Signal)),
                Signal::Reload => {
                    service::reloading();
                    core.read_configuration();
                }
            },
            done = sources.done.recv() => if let Some(done) = done {
                core.finished(done);
            },
            () = alarm.rings() => core.tick(),
            () = until(core.rests_at()) => core.rest(),
            _ = own_socket.tick() => if !sources.claim.is_ours() && give_up.is_none() {
                tracing::error!("the socket is not ours any more: locking and stopping");
                end = End::Displaced;
                stop(core, sources, &mut give_up);
            },
            () = until(give_up) => {
                tracing::error!("a write does not end: stopping without it");
                break;
            }
        }
    }
    sources.accepting.abort();
    core.refuse_waiting();
    // A peer that doesn't read its last answer loses it.
    timeout(FAREWELL, core.peers().drain()).await.ok();
    // Nor does a code stay on the screen, unless its server hangs.
    timeout(FAREWELL, core.is_hidden()).await.ok();
    Ok(end)
}

fn stop(core: &Core, sources: &mut Sources, give_up: &mut Option<Duration>) {
    *give_up = Some(clock::now().boot + STOP);
    service::stopping();
    sources.claim.leaving();
    core.input(Input::Stop);
}

/// Returns at a moment of the boot clock, or never.
async fn until(moment: Option<Duration>) {
    match moment {
        Some(moment) => tokio::time::sleep(moment.saturating_sub(clock::now().boot)).await,
        None => std::future::pending().await,
    }
}

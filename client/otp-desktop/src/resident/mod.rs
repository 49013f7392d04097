//! The resident part: waits for hotkeys for as long as the session lasts, and has `otpctl` do what
//! they are for. It holds no code and no connection to the agent; whatever goes away, be it the
//! display, the bus or the agent, is found again.

mod act;
mod config;
mod instance;
mod notice;
mod portal;
mod x11;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::os::fd::AsRawFd;
use std::time::Duration;

use otp_proto::{Hotkey, Keys};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt as _, Interest};
use tokio::net::UnixStream;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

use self::act::Actor;
use self::config::Configuration;
use self::instance::{Instance, Session};
use crate::failure::{Failure, Way};
use crate::text::Language;
use crate::text::hotkeys::Trouble;

/// How long after the first failure something is tried again; each time twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest of these pauses.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The same while the display is gone: an X server that is restarted is wanted soon.
const DISPLAY_PAUSE: Duration = Duration::from_secs(2);

/// Tells a person in their language what is the matter with hotkeys, once each.
struct Teller {
    language: Language,
    told: RefCell<BTreeSet<String>>,
}

impl Teller {
    /// Says how many hotkeys are ours now, for whoever reads the log.
    fn say_count(&self, count: usize) {
        crate::complain(&format!("otp-desktop: {}\n", self.language.count(count)));
    }

    fn tell_once(&self, trouble: &Trouble) {
        let text = self.language.trouble(trouble);
        if self.told.borrow_mut().insert(text.clone()) {
            tell(text);
        }
    }
}

/// Tells a person, on standard error, which a journal keeps, and in a notification.
fn tell(text: String) {
    crate::complain(&format!("otp-desktop: {text}\n"));
    tokio::task::spawn_local(async move { notice::show(&text).await });
}

/// Serves hotkeys until it's told to end, or the display was gone for as long as `linger`.
pub(crate) fn run(linger: Duration, language: Language) -> Result<(), Failure> {
    let session = Session::of_environment()?;
    let Some(_instance) = Instance::take(&session)? else {
        crate::complain(&format!("otp-desktop: {}\n", language.already_there()));
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let result = LocalSet::new().block_on(&runtime, serve(&session, linger, language));
    // A program that waits for a person's answer is left to them.
    runtime.shutdown_background();
    result
}

async fn serve(session: &Session, linger: Duration, language: Language) -> Result<(), Failure> {
    let mut ending = Ending::new()?;
    let teller = Teller {
        language,
        told: RefCell::default(),
    };
    let actor = Actor::default();
    let mut configuration = Configuration::watch()?;
    loop {
        let hotkeys = configuration.read(&teller);
        let serving = hold(session, linger, &hotkeys, &actor, &teller);
        tokio::select! {
            () = ending.wait() => return Ok(()),
            result = serving => return result,
            () = configuration.changed() => teller.told.borrow_mut().clear(),
        }
    }
}

/// Has the keys, whatever happens to the display and the bus; ends with the session.
async fn hold(
    session: &Session,
    linger: Duration,
    hotkeys: &[Hotkey],
    actor: &Actor,
    teller: &Teller,
) -> Result<(), Failure> {
    let mut gone_since: Option<Instant> = None;
    let mut pause = FIRST_PAUSE;
    let mut is_told = false;
    loop {
        let start = Instant::now();
        let lost = match session {
            Session::X11 => x11::serve(hotkeys, actor, teller).await,
            Session::Wayland(socket) => match UnixStream::connect(socket).await {
                Err(error) => Failure::Display(error.to_string()),
                Ok(compositor) => tokio::select! {
                    lost = gone(compositor) => lost,
                    lost = portal::serve(hotkeys, actor, teller) => lost,
                },
            },
        };
        if start.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
            gone_since = None;
            is_told = false;
        }
        if let Failure::Display(_) = lost {
            let since = *gone_since.get_or_insert_with(Instant::now);
            let left = linger.saturating_sub(since.elapsed());
            if left.is_zero() {
                // The session has ended, and nobody told us.
                crate::complain(&teller.language.message(&lost, crate::text::Deed::Run));
                return Ok(());
            }
            pause = pause.min(DISPLAY_PAUSE).min(left);
        } else {
            gone_since = None;
            if matches!(lost, Failure::Missing(Way::Shortcuts)) {
                teller.tell_once(&Trouble::NoHotkeys);
            } else if pause > FIRST_PAUSE && !is_told {
                // Once is a restart; a failure twice in a row is one that may stay.
                is_told = true;
                tell(teller.language.cause(&lost));
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Returns when the compositor has gone: it says nothing to a client that asks for nothing.
async fn gone(mut compositor: UnixStream) -> Failure {
    let mut byte = [0];
    while matches!(compositor.read(&mut byte).await, Ok(1)) {}
    Failure::Display("the compositor has gone".into())
}

/// The signals that end a program.
struct Ending([Signal; 2]);

impl Ending {
    fn new() -> Result<Self, Failure> {
        let signals = [SignalKind::terminate(), SignalKind::interrupt()];
        let [terminate, interrupt] = signals.map(signal);
        Ok(Self([terminate?, interrupt?]))
    }

    async fn wait(&mut self) {
        let [terminate, interrupt] = &mut self.0;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// A descriptor that is waited for.
#[expect(
    deprecated,
    reason = "its successor is unsafe, which a descriptor that stays where it is isn't"
)]
fn readable<T: AsRawFd>(descriptor: T) -> std::io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(descriptor, Interest::READABLE)
}

/// Keys as a person reads them.
fn name(keys: Keys) -> String {
    keys.to_string()
}

//! Screen savers on the session bus: GNOME's shell has the one name, KDE's and others the other.

use std::rc::Rc;

use tokio::task::spawn_local;

use crate::agent::{Input, LockSource, Seen};
use crate::bus::{Bus, Fault, Heard, Pause, Peer, Which};
use crate::run::Core;

/// The names, which are those of the interfaces too, and where each has its object. KDE has one
/// at both places of the first.
const SAVERS: [(&str, &[&str]); 2] = [
    (
        "org.freedesktop.ScreenSaver",
        &["/org/freedesktop/ScreenSaver", "/ScreenSaver"],
    ),
    ("org.gnome.ScreenSaver", &["/org/gnome/ScreenSaver"]),
];

/// Watches until the bus is gone; returns why.
pub(super) async fn serve(core: &Rc<Core>, pause: &mut Pause) -> Fault {
    let mut bus = match connect().await {
        Ok(bus) => bus,
        Err(fault) => return fault,
    };
    pause.reset();
    for (name, _) in SAVERS {
        ask(core, &bus, name);
    }
    report(core, &bus);
    while let Some(heard) = bus.next().await {
        match heard {
            Heard::Owner(name) => {
                ask(core, &bus, name);
                report(core, &bus);
            }
            Heard::Signal(signal) => {
                let is_change = SAVERS
                    .iter()
                    .any(|(name, _)| signal.is(name, "ActiveChanged"));
                // One that can't be read may be the one that counts.
                if is_change && signal.arguments::<bool>().unwrap_or(true) {
                    core.input(Input::Lock(LockSource::Screen));
                }
            }
        }
    }
    Fault::Lost(Which::Session)
}

async fn connect() -> Result<Bus, Fault> {
    let mut bus = Bus::connect(Which::Session).await?;
    for (name, _) in SAVERS {
        let rule = format!("interface='{name}',member='ActiveChanged'");
        bus.watch(name, &[&rule]).await?;
    }
    Ok(bus)
}

/// Locks if a screen saver that has just been found shows itself already. Asked beside the
/// signals, which must not wait for one that doesn't answer.
fn ask(core: &Rc<Core>, bus: &Bus, name: &'static str) {
    let Some(saver) = bus.peer(name) else {
        return;
    };
    let paths = SAVERS
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(&[][..], |(_, paths)| paths);
    let core = Rc::clone(core);
    spawn_local(async move {
        if is_active(&saver, name, paths).await {
            core.input(Input::Lock(LockSource::Screen));
        }
    });
}

async fn is_active(saver: &Peer, name: &str, paths: &[&str]) -> bool {
    for path in paths {
        if let Ok(is_active) = saver.call::<_, bool>(path, name, "GetActive", &()).await {
            return is_active;
        }
    }
    false
}

fn report(core: &Core, bus: &Bus) {
    let present: Vec<&str> = SAVERS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| bus.peer(name).is_some())
        .collect();
    let seen = if present.is_empty() {
        Seen::Not("no screen saver is on the session bus".into())
    } else {
        Seen::Well(present.join(", "))
    };
    core.input(Input::Seen(LockSource::Screen, seen));
}

//! Screen savers on the session bus: GNOME's shell has the one name, KDE's and others the other.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tokio::task::spawn_local;

use crate::agent::{Absence, Input, LockSource, Seen, Sign};
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

/// What screen savers know of.
pub(super) fn absences() -> impl Iterator<Item = Absence> {
    SAVERS.iter().map(|(name, _)| Absence::Saver(name))
}

/// Watches until the bus is gone; returns why.
pub(super) async fn serve(core: &Rc<Core>, pause: &mut Pause) -> Fault {
    let mut bus = match connect().await {
        Ok(bus) => bus,
        Err(fault) => return fault,
    };
    pause.reset();
    let savers = Rc::new(Savers::new(core));
    savers.look(&bus);
    for (name, _) in SAVERS {
        ask(&savers, &bus, name);
    }
    savers.report();
    while let Some(heard) = bus.next().await {
        match heard {
            Heard::Owner(name) => {
                savers.look(&bus);
                ask(&savers, &bus, name);
                savers.report();
            }
            Heard::Signal(signal) => {
                let changed = |name| signal.is(name, "ActiveChanged");
                if let Some((name, _)) = SAVERS.iter().find(|(name, _)| changed(name)) {
                    savers.hear(name, signal.arguments());
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

/// What is known of the screen savers while the bus is there.
struct Savers {
    core: Rc<Core>,
    present: RefCell<Vec<&'static str>>,
    /// How many are asked whether they show themselves, and haven't answered.
    asked: Cell<usize>,
    /// How often each has said something by itself.
    heard: [Cell<u64>; SAVERS.len()],
}

impl Savers {
    fn new(core: &Rc<Core>) -> Self {
        Self {
            core: Rc::clone(core),
            present: RefCell::default(),
            asked: Cell::new(0),
            heard: Default::default(),
        }
    }

    fn look(&self, bus: &Bus) {
        let names = SAVERS.iter().map(|(name, _)| *name);
        *self.present.borrow_mut() = names.filter(|name| bus.peer(name).is_some()).collect();
    }

    fn sign(&self, name: &'static str, sign: Sign) {
        self.core.input(Input::Absence(Absence::Saver(name), sign));
    }

    fn heard_of(&self, name: &str) -> Option<&Cell<u64>> {
        let mut known = SAVERS.iter().zip(&self.heard);
        known.find_map(|((known, _), heard)| (*known == name).then_some(heard))
    }

    /// One has come or gone. What can't be read may be the one that counts.
    fn hear(&self, name: &'static str, shows: Option<bool>) {
        if let Some(times) = self.heard_of(name) {
            times.set(times.get() + 1);
        }
        match shows {
            Some(true) => self.sign(name, Sign::Begun),
            Some(false) => self.sign(name, Sign::Over),
            None => self.core.input(Input::Lock(LockSource::Screen)),
        }
    }

    /// Says which there are, once it is known of each whether it shows itself.
    fn report(&self) {
        if self.asked.get() > 0 {
            return;
        }
        let present = self.present.borrow();
        let seen = if present.is_empty() {
            Seen::Not("no screen saver is on the session bus".into())
        } else {
            Seen::Well(present.join(", "))
        };
        self.core.input(Input::Seen(LockSource::Screen, seen));
    }
}

/// Asks a screen saver that has just been found whether it shows itself already. Beside the
/// signals, which must not wait for one that doesn't answer.
fn ask(savers: &Rc<Savers>, bus: &Bus, name: &'static str) {
    let Some(saver) = bus.peer(name) else {
        savers.sign(name, Sign::Lost);
        return;
    };
    let paths = SAVERS
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(&[][..], |(_, paths)| paths);
    savers.asked.set(savers.asked.get() + 1);
    let heard = savers.heard_of(name).map(Cell::get);
    // Gone with the bus.
    let savers = Rc::downgrade(savers);
    spawn_local(async move {
        let is_active = is_active(&saver, name, paths).await;
        let Some(savers) = savers.upgrade() else {
            return;
        };
        savers.asked.set(savers.asked.get().saturating_sub(1));
        // What it has said by itself since is newer.
        if savers.heard_of(name).map(Cell::get) == heard {
            let sign = match is_active {
                Some(true) => Sign::Begun,
                Some(false) => Sign::Over,
                None => Sign::Lost,
            };
            savers.sign(name, sign);
        }
        savers.report();
    });
}

async fn is_active(saver: &Peer, name: &str, paths: &[&str]) -> Option<bool> {
    for path in paths {
        if let Ok(is_active) = saver.call::<_, bool>(path, name, "GetActive", &()).await {
            return Some(is_active);
        }
    }
    None
}

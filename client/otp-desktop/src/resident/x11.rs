//! Hotkeys of X11: passive grabs of keys on the root window (`XGrabKey`).

use std::os::fd::AsFd as _;
use std::time::Duration;

use otp_proto::{Action, Hotkey, Keys};
use tokio::time::timeout;
use x11rb::connection::Connection as _;
use x11rb::errors::ReplyError;
use x11rb::protocol::xproto::{
    ConnectionExt as _, GrabMode, KeyPressEvent, KeyReleaseEvent, Keycode, Keysym, ModMask, Window,
};
use x11rb::protocol::{ErrorKind, Event};
use x11rb::rust_connection::RustConnection;

use super::act::Actor;
use super::{Teller, name};
use crate::failure::Failure;
use crate::text::hotkeys::Trouble;

const NUM_LOCK: Keysym = 0xff7f;
const ALT: [Keysym; 2] = [0xffe9, 0xffea];
const SUPER: [Keysym; 2] = [0xffeb, 0xffec];

/// A key that is held repeats itself as a release and a press of the same moment; a release without
/// a press so soon after it is a person's.
const REPEAT: Duration = Duration::from_millis(20);

/// Serves the hotkeys until the server has gone; why.
pub(super) async fn serve(hotkeys: &[Hotkey], actor: &Actor, teller: &Teller) -> Failure {
    match wait(hotkeys, actor, teller).await {
        Ok(never) => match never {},
        Err(failure) => failure,
    }
}

async fn wait(
    hotkeys: &[Hotkey],
    actor: &Actor,
    teller: &Teller,
) -> Result<std::convert::Infallible, Failure> {
    let (connection, screen) = crate::x11::connect()?;
    let stream = super::readable(connection.stream().as_fd())?;
    let root = connection.setup().roots.get(screen);
    let root = root
        .ok_or_else(|| Failure::Display("no such screen".into()))?
        .root;
    let mut board = Board::read(&connection)?;
    let mut grabs = grab_all(&connection, root, &board, hotkeys, teller)?;
    teller.say_count(grabs.len());
    let mut held = Held::default();
    loop {
        while let Some(event) = connection.poll_for_event()? {
            #[expect(
                clippy::wildcard_enum_match_arm,
                reason = "the others are not asked for"
            )]
            match event {
                Event::KeyPress(key) => {
                    if let Some(place) = held.press(&key, &grabs, board.modifiers())
                        && let Some(hotkey) = hotkeys.get(place)
                    {
                        if acts_on_release(&hotkey.action) {
                            held.arm(place, key.detail);
                        } else {
                            actor.press(hotkey);
                        }
                    }
                }
                Event::KeyRelease(key) => held.release(&key),
                Event::MappingNotify(_) => {
                    let now = Board::read(&connection)?;
                    if now != board {
                        for grab in grabs.drain(..) {
                            release(&connection, root, &board, &grab)?;
                        }
                        board = now;
                        grabs = grab_all(&connection, root, &board, hotkeys, teller)?;
                    }
                }
                _ => {}
            }
        }
        connection.flush()?;
        let wait = stream.readable();
        let ready = if held.is_let_go() {
            timeout(REPEAT, wait).await.ok()
        } else {
            Some(wait.await)
        };
        if let Some(ready) = ready {
            ready?.clear_ready();
            continue;
        }
        if let Some(hotkey) = held.armed.take().and_then(|armed| hotkeys.get(armed.place)) {
            actor.press(hotkey);
        }
    }
}

/// While the key is held the keyboard is ours on X11: a menu could not have it, and what is typed would
/// come back to us. On Wayland what is typed would be typed with Ctrl and Alt.
pub(super) fn acts_on_release(action: &Action) -> bool {
    matches!(action, Action::Pick | Action::Type { .. })
}

/// Which key is held.
#[derive(Default)]
struct Held {
    /// The last release, which may be the first half of a repetition.
    released: Option<(Keycode, u32)>,
    armed: Option<Armed>,
}

/// What is done once its key is let go.
struct Armed {
    place: usize,
    keycode: Keycode,
    /// It is, unless the same key is pressed in the same moment.
    is_let_go: bool,
}

impl Held {
    fn arm(&mut self, place: usize, keycode: Keycode) {
        self.armed = Some(Armed {
            place,
            keycode,
            is_let_go: false,
        });
    }

    fn is_let_go(&self) -> bool {
        self.armed.as_ref().is_some_and(|armed| armed.is_let_go)
    }

    /// Keys beside the armed one, Ctrl for one, may be let go before it.
    fn release(&mut self, key: &KeyReleaseEvent) {
        self.released = Some((key.detail, key.time));
        if let Some(armed) = &mut self.armed {
            armed.is_let_go |= armed.keycode == key.detail;
        }
    }

    /// Which hotkey a person has pressed.
    fn press(&mut self, key: &KeyPressEvent, grabs: &[Grab], modifiers: u16) -> Option<usize> {
        let released = self.released.take();
        if released == Some((key.detail, key.time)) {
            if let Some(armed) = &mut self.armed {
                armed.is_let_go &= armed.keycode != key.detail;
            }
            return None;
        }
        let state = u16::from(key.state) & modifiers;
        let mut grabs = grabs.iter();
        let found = grabs.find(|grab| grab.keycode == key.detail && grab.modifiers == state)?;
        Some(found.place)
    }
}

/// One hotkey that is ours.
struct Grab {
    place: usize,
    keycode: Keycode,
    /// Those that must be held.
    modifiers: u16,
}

/// What the keyboard has where.
#[derive(PartialEq, Eq)]
struct Board {
    first: Keycode,
    width: usize,
    keysyms: Vec<Keysym>,
    num_lock: u16,
    alt: u16,
    logo: u16,
}

impl Board {
    fn read(connection: &RustConnection) -> Result<Self, Failure> {
        let setup = connection.setup();
        let count = setup.max_keycode - setup.min_keycode + 1;
        let mapping = connection.get_keyboard_mapping(setup.min_keycode, count)?;
        let held = connection.get_modifier_mapping()?;
        let (mapping, held) = (mapping.reply()?, held.reply()?);
        let mut board = Self {
            first: setup.min_keycode,
            width: usize::from(mapping.keysyms_per_keycode).max(1),
            keysyms: mapping.keysyms,
            num_lock: 0,
            alt: 0,
            logo: 0,
        };
        let per_modifier = usize::from(held.keycodes_per_modifier()).max(1);
        let modifier_of = |wanted: &[Keysym]| {
            let keycodes = held.keycodes.chunks(per_modifier).enumerate();
            let found = keycodes.filter(|(_, keycodes)| {
                keycodes.iter().any(|code| {
                    board
                        .row(*code)
                        .iter()
                        .any(|keysym| wanted.contains(keysym))
                })
            });
            // The modifiers of the protocol, Shift first.
            found.fold(0, |mask, (place, _)| mask | 1_u16 << place.min(7))
        };
        let (num_lock, alt, logo) = (
            modifier_of(&[NUM_LOCK]),
            modifier_of(&ALT),
            modifier_of(&SUPER),
        );
        (board.num_lock, board.alt, board.logo) = (num_lock, alt, logo);
        Ok(board)
    }

    /// What a key means, without and with its modifiers.
    fn row(&self, keycode: Keycode) -> &[Keysym] {
        let Some(place) = keycode.checked_sub(self.first) else {
            return &[];
        };
        let start = usize::from(place) * self.width;
        self.keysyms
            .get(start..start + self.width)
            .unwrap_or_default()
    }

    /// The key with this meaning, best without a modifier.
    fn keycode(&self, wanted: Keysym) -> Option<Keycode> {
        let rows = || self.keysyms.chunks(self.width);
        let plain = rows().position(|row| row.first() == Some(&wanted));
        let place = plain.or_else(|| rows().position(|row| row.contains(&wanted)))?;
        self.first.checked_add(u8::try_from(place).ok()?)
    }

    /// Modifiers that tell hotkeys apart; the locks don't.
    fn modifiers(&self) -> u16 {
        let all = ModMask::SHIFT
            | ModMask::CONTROL
            | ModMask::M1
            | ModMask::M2
            | ModMask::M3
            | ModMask::M4;
        u16::from(all) & !self.num_lock
    }

    fn mask(&self, keys: Keys) -> Option<u16> {
        let mut mask = 0;
        for (is_held, modifier) in [
            (keys.ctrl, u16::from(ModMask::CONTROL)),
            (keys.shift, u16::from(ModMask::SHIFT)),
            (keys.alt, self.alt),
            (keys.logo, self.logo),
        ] {
            if is_held && modifier == 0 {
                return None;
            }
            if is_held {
                mask |= modifier;
            }
        }
        Some(mask)
    }

    /// A grab is for exact modifiers: each lock doubles them.
    fn with_locks(&self, modifiers: u16) -> Vec<u16> {
        let lock = u16::from(ModMask::LOCK);
        let mut all = vec![modifiers, modifiers | lock];
        if self.num_lock != 0 {
            all.extend([modifiers | self.num_lock, modifiers | lock | self.num_lock]);
        }
        all
    }
}

fn grab_all(
    connection: &RustConnection,
    root: Window,
    board: &Board,
    hotkeys: &[Hotkey],
    teller: &Teller,
) -> Result<Vec<Grab>, Failure> {
    let mut grabs = Vec::new();
    for (place, hotkey) in hotkeys.iter().enumerate() {
        let keys = hotkey.keys;
        let (Some(keycode), Some(modifiers)) = (board.keycode(keys.keysym()), board.mask(keys))
        else {
            teller.tell_once(&Trouble::NoKey(name(keys)));
            continue;
        };
        let grab = Grab {
            place,
            keycode,
            modifiers,
        };
        if take(connection, root, board, &grab)? {
            grabs.push(grab);
        } else {
            release(connection, root, board, &grab)?;
            teller.tell_once(&Trouble::Taken(name(keys)));
        }
    }
    Ok(grabs)
}

/// False if another program has it, whatever the locks say.
fn take(
    connection: &RustConnection,
    root: Window,
    board: &Board,
    grab: &Grab,
) -> Result<bool, Failure> {
    for modifiers in board.with_locks(grab.modifiers) {
        let mode = GrabMode::ASYNC;
        let request =
            connection.grab_key(false, root, modifiers.into(), grab.keycode, mode, mode)?;
        match request.check() {
            Ok(()) => {}
            Err(ReplyError::X11Error(error)) if error.error_kind == ErrorKind::Access => {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

fn release(
    connection: &RustConnection,
    root: Window,
    board: &Board,
    grab: &Grab,
) -> Result<(), Failure> {
    for modifiers in board.with_locks(grab.modifiers) {
        connection.ungrab_key(grab.keycode, root, modifiers.into())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(detail: Keycode, time: u32) -> KeyPressEvent {
        KeyPressEvent {
            detail,
            time,
            ..KeyPressEvent::default()
        }
    }

    #[test]
    fn only_the_armed_key_ends_the_wait_and_its_repetition_does_not() {
        const CTRL: Keycode = 37;
        const KEY: Keycode = 28;
        let grab = Grab {
            place: 3,
            keycode: KEY,
            modifiers: 0,
        };
        let grabs = [grab];
        let mut held = Held::default();
        assert_eq!(held.press(&event(KEY, 1), &grabs, 0), Some(3));
        held.arm(3, KEY);
        held.release(&event(CTRL, 2));
        assert!(!held.is_let_go());
        held.release(&event(KEY, 30));
        assert_eq!(held.press(&event(KEY, 30), &grabs, 0), None);
        assert!(!held.is_let_go());
        held.release(&event(KEY, 60));
        // Neither another key's release nor its press hides that.
        held.release(&event(CTRL, 61));
        assert_eq!(held.press(&event(CTRL, 62), &grabs, 0), None);
        assert!(held.is_let_go());
        assert_eq!(held.armed.take().map(|armed| armed.place), Some(3));
        assert!(!held.is_let_go());
    }
}

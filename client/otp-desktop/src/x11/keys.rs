//! The keys of the layout that is in use: which one makes which character.

use x11rb::protocol::xkb::{self, ConnectionExt as _, KeySymMap, KeyType};
use x11rb::protocol::xproto::{ConnectionExt as _, Keycode, Keysym, ModMask};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::failure::Failure;
use crate::typing::{Action, Key};

/// What a program with a borrowed key in its queue needs to look it up.
const LOOK_UP: std::time::Duration = std::time::Duration::from_millis(300);

/// How a character is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stroke {
    pub(super) key: Keycode,
    pub(super) shift: Option<Keycode>,
}

/// The keyboard as it is while we type. Dropping it gives back what was borrowed.
pub(super) struct Keys<'c> {
    connection: &'c RustConnection,
    symbols: Vec<(Keycode, KeySymMap)>,
    types: Vec<KeyType>,
    group: usize,
    shift: Option<Keycode>,
    /// Keys without a meaning that have one for a while, and for which character.
    borrowed: Vec<(Keycode, Keysym)>,
    /// Locked modifiers that were taken off, such as Caps Lock.
    unlocked: ModMask,
}

impl<'c> Keys<'c> {
    /// Learns the layout, takes off Caps Lock, and borrows keys for what the layout lacks.
    pub(super) fn of(connection: &'c RustConnection, actions: &[Action]) -> Result<Self, Failure> {
        let keyboard = xkb::ID::USE_CORE_KBD.into();
        if !connection.xkb_use_extension(1, 0)?.reply()?.supported {
            return Err(Failure::Display("no XKEYBOARD extension".into()));
        }
        let parts = xkb::MapPart::KEY_TYPES | xkb::MapPart::KEY_SYMS;
        let (none, virtual_mods) = (xkb::MapPart::default(), xkb::VMod::default());
        let map = connection
            .xkb_get_map(
                keyboard,
                parts,
                none,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                virtual_mods,
                0,
                0,
                0,
                0,
                0,
                0,
            )?
            .reply()?;
        let state = connection.xkb_get_state(keyboard)?.reply()?;
        let symbols = map.map.syms_rtrn.unwrap_or_default();
        let mut keys = Self {
            connection,
            symbols: (map.first_key_sym..=Keycode::MAX).zip(symbols).collect(),
            types: map.map.types_rtrn.unwrap_or_default(),
            group: usize::from(u8::from(state.group)),
            shift: shift(connection)?,
            borrowed: Vec::new(),
            unlocked: ModMask::default(),
        };
        for action in actions {
            keys.provide(symbol(action))?;
        }
        // Num Lock has a say about the keypad alone, which isn't used.
        let locked = u16::from(state.locked_mods) & !u16::from(ModMask::M2);
        keys.lock(ModMask::from(locked), false)?;
        keys.unlocked = ModMask::from(locked);
        connection.sync()?;
        Ok(keys)
    }

    /// How a step is made; none if it is a pause.
    pub(super) fn stroke(&self, action: &Action) -> Option<Stroke> {
        let symbol = symbol(action)?;
        self.find(symbol).or_else(|| {
            let mut borrowed = self.borrowed.iter();
            let (key, _) = borrowed.find(|(_, known)| *known == symbol)?;
            let shift = None;
            Some(Stroke { key: *key, shift })
        })
    }

    /// Sees to it that there is a key for a character.
    fn provide(&mut self, symbol: Option<Keysym>) -> Result<(), Failure> {
        let Some(symbol) = symbol else {
            return Ok(());
        };
        let is_borrowed = self.borrowed.iter().any(|(_, known)| *known == symbol);
        if is_borrowed || self.find(symbol).is_some() {
            return Ok(());
        }
        let mut spare = self.symbols.iter().filter(|(key, map)| {
            let has_meaning = map.syms.iter().any(|symbol| *symbol != 0);
            !has_meaning && self.borrowed.iter().all(|(taken, _)| taken != key)
        });
        let key = spare.next().ok_or(Failure::NoKey)?.0;
        // Twice, so that a letter's key has no other case.
        let meaning = [symbol, symbol];
        self.connection
            .change_keyboard_mapping(1, key, 2, &meaning)?
            .check()?;
        self.borrowed.push((key, symbol));
        Ok(())
    }

    /// A key that makes a character by itself, or with Shift.
    fn find(&self, symbol: Keysym) -> Option<Stroke> {
        let plain = self.symbols.iter().find_map(|(key, map)| {
            let is_it = self.level(map, 0) == Some(symbol);
            is_it.then_some(Stroke {
                key: *key,
                shift: None,
            })
        });
        plain.or_else(|| {
            let shift = self.shift?;
            self.symbols.iter().find_map(|(key, map)| {
                let is_it = self.level(map, 1) == Some(symbol) && self.is_shifted(map);
                is_it.then_some(Stroke {
                    key: *key,
                    shift: Some(shift),
                })
            })
        })
    }

    /// What a key makes at a level in the group that is in use ("The X Keyboard Extension",
    /// section 7.2.1: groups beyond the key's own are wrapped, clamped or redirected).
    fn level(&self, map: &KeySymMap, level: usize) -> Option<Keysym> {
        let width = usize::from(map.width);
        if level >= width {
            return None;
        }
        let place = self.group_of(map)? * width + level;
        map.syms.get(place).copied()
    }

    fn group_of(&self, map: &KeySymMap) -> Option<usize> {
        let count = usize::from(map.group_info & 0x0f);
        let last = count.checked_sub(1)?;
        Some(if self.group < count {
            self.group
        } else {
            match map.group_info >> 6 {
                0 => self.group % count,
                1 => last,
                _ => usize::from(map.group_info >> 4 & 3).min(last),
            }
        })
    }

    /// Whether Shift alone leads to the second level.
    fn is_shifted(&self, map: &KeySymMap) -> bool {
        let kind = self.group_of(map).and_then(|group| map.kt_index.get(group));
        let kind = kind.and_then(|kind| self.types.get(usize::from(*kind)));
        kind.is_some_and(|kind| {
            let mut entries = kind.map.iter();
            entries
                .any(|entry| entry.active && entry.level == 1 && entry.mods_mask == ModMask::SHIFT)
        })
    }

    /// Locks modifiers, or takes their lock off.
    fn lock(&self, modifiers: ModMask, is_on: bool) -> Result<(), Failure> {
        if u16::from(modifiers) != 0 {
            let keyboard = xkb::ID::USE_CORE_KBD.into();
            let (none, group) = (ModMask::default(), xkb::Group::M1);
            let locks = if is_on { modifiers } else { none };
            self.connection
                .xkb_latch_lock_state(keyboard, modifiers, locks, false, group, none, false, 0)?;
        }
        Ok(())
    }
}

impl Drop for Keys<'_> {
    fn drop(&mut self) {
        if !self.borrowed.is_empty() {
            // Whoever gets a key's number asks for its meaning afterwards, and says to nobody when.
            std::thread::sleep(LOOK_UP);
        }
        for (key, _) in &self.borrowed {
            let nothing = [0, 0];
            drop(
                self.connection
                    .change_keyboard_mapping(1, *key, 2, &nothing),
            );
        }
        drop(self.lock(self.unlocked, true));
        drop(self.connection.sync());
    }
}

/// The key of Shift.
fn shift(connection: &RustConnection) -> Result<Option<Keycode>, Failure> {
    let modifiers = connection.get_modifier_mapping()?.reply()?;
    let each = usize::from(modifiers.keycodes_per_modifier());
    let first = modifiers.keycodes.iter().take(each);
    Ok(first.copied().find(|key| *key != 0))
}

/// The keys that change what others mean.
pub(super) fn modifiers(connection: &RustConnection) -> Result<Vec<Keycode>, Failure> {
    let mut keys = connection.get_modifier_mapping()?.reply()?.keycodes;
    keys.retain(|key| *key != 0);
    Ok(keys)
}

/// A step's symbol (X11 protocol, appendix A: Latin-1 as it is, and Unicode above `0x0100_0000`).
pub(crate) fn symbol(action: &Action) -> Option<Keysym> {
    let number = match action {
        Action::Char(c) => u32::from(*c),
        Action::Press(Key::Enter) => return Some(0xff0d),
        Action::Press(Key::Tab) => return Some(0xff09),
        Action::Press(Key::Backspace) => return Some(0xff08),
        Action::Wait(_) => return None,
    };
    Some(match number {
        0x20..=0x7e | 0xa0..=0xff => number,
        _ => 0x0100_0000 | number,
    })
}

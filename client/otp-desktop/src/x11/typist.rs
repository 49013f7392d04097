//! Pressing keys on X11 (the XTEST extension).

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use x11rb::connection::{Connection as _, RequestConnection as _};
use x11rb::protocol::xproto::{
    ConnectionExt as _, GrabMode, GrabStatus, KEY_PRESS_EVENT, KEY_RELEASE_EVENT, Keycode, Window,
};
use x11rb::protocol::xtest::{self, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{CURRENT_TIME, NONE};

use super::focus::{self, Pattern};
use super::keys::{self, Keys, Stroke};
use crate::failure::Failure;
use crate::typing::{Action, Typist};

/// Longest wait for a person to let go of the keys, and for a window to get the focus back.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often that is looked at: the server tells nobody but the window itself.
const GLANCE: Duration = Duration::from_millis(10);
/// Between two keys: programs that ask an input method lose some of those that come at once.
const PACE: Duration = Duration::from_millis(8);

/// A keyboard, and the window that had it when we were called.
pub(crate) struct Keyboard {
    connection: RustConnection,
    window: Window,
    pattern: Option<Pattern>,
}

impl Keyboard {
    /// Connects to `DISPLAY` and looks which window has the focus: [`Failure::OtherWindow`] if it
    /// isn't called as it should be.
    pub(crate) fn open(pattern: Option<&str>) -> Result<Self, Failure> {
        let (connection, _) = super::connect()?;
        let name = xtest::X11_EXTENSION_NAME;
        if connection.extension_information(name)?.is_none() {
            return Err(Failure::Display("no XTEST extension".into()));
        }
        // A menu that has just closed gives the focus back in its own time.
        let window = wait(|| focus::window(&connection))?.ok_or(Failure::NoFocus)?;
        let keyboard = Self {
            connection,
            window,
            pattern: pattern.map(Pattern::new),
        };
        keyboard.check_name()?;
        Ok(keyboard)
    }

    fn check_name(&self) -> Result<(), Failure> {
        match &self.pattern {
            Some(pattern) if !pattern.matches(&self.connection, self.window)? => {
                Err(Failure::OtherWindow)
            }
            _ => Ok(()),
        }
    }

    /// Whether the same window has the focus still, and the same name.
    fn check(&self) -> Result<(), Failure> {
        if focus::window(&self.connection)? != Some(self.window) {
            return Err(Failure::FocusMoved);
        }
        self.check_name()
    }

    /// Waits until no key is down and the keyboard is nobody's own.
    fn wait_until_free(&self) -> Result<(), Failure> {
        let modifiers = keys::modifiers(&self.connection)?;
        let mut why = Failure::KeysDown;
        let free = wait(|| {
            let down = self.connection.query_keymap()?.reply()?.keys;
            let is_down = |key: &Keycode| {
                let byte = down.get(usize::from(key / 8)).copied();
                byte.unwrap_or_default() >> (key % 8) & 1 == 1
            };
            if modifiers.iter().any(is_down) {
                why = Failure::KeysDown;
                return Ok(None);
            }
            // A locker and an open menu have grabbed it; so has whoever waits for a hotkey's end.
            why = Failure::KeyboardTaken;
            Ok(self.is_nobodys()?.then_some(()))
        })?;
        free.ok_or(why)
    }

    fn is_nobodys(&self) -> Result<bool, Failure> {
        let screens = &self.connection.setup().roots;
        let root = screens.first().map_or(NONE, |screen| screen.root);
        let mode = GrabMode::ASYNC;
        let grab = self
            .connection
            .grab_keyboard(false, root, CURRENT_TIME, mode, mode)?
            .reply()?;
        if grab.status != GrabStatus::SUCCESS {
            return Ok(false);
        }
        self.connection.ungrab_keyboard(CURRENT_TIME)?;
        self.connection.sync()?;
        Ok(true)
    }

    fn press(&self, stroke: Stroke) -> Result<(), Failure> {
        let send = |kind, key| -> Result<(), Failure> {
            self.connection
                .xtest_fake_input(kind, key, CURRENT_TIME, NONE, 0, 0, 0)?;
            Ok(())
        };
        if let Some(shift) = stroke.shift {
            send(KEY_PRESS_EVENT, shift)?;
        }
        send(KEY_PRESS_EVENT, stroke.key)?;
        send(KEY_RELEASE_EVENT, stroke.key)?;
        if let Some(shift) = stroke.shift {
            send(KEY_RELEASE_EVENT, shift)?;
        }
        self.connection.sync()?;
        Ok(())
    }
}

impl Typist for Keyboard {
    fn perform(
        &mut self,
        actions: &[Action],
        goes_on: &mut dyn FnMut() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        // A dialog that asked for a passphrase may have had the focus meanwhile.
        wait(|| {
            let focus = focus::window(&self.connection)?;
            Ok((focus == Some(self.window)).then_some(()))
        })?
        .ok_or(Failure::FocusMoved)?;
        self.wait_until_free()?;
        let keys = Keys::of(&self.connection, actions)?;
        for action in actions {
            if let Action::Wait(time) = action {
                std::thread::sleep(*time);
                goes_on()?;
                // A locker may have come meanwhile; the focus stays where it was then.
                self.wait_until_free()?;
            }
            if let Some(stroke) = keys.stroke(action) {
                self.check()?;
                self.press(stroke)?;
                std::thread::sleep(PACE);
            }
        }
        Ok(())
    }
}

/// Looks again and again until there is something, within [`PATIENCE`].
fn wait<T>(mut look: impl FnMut() -> Result<Option<T>, Failure>) -> Result<Option<T>, Failure> {
    let now = || Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default();
    let end = now() + PATIENCE;
    loop {
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        if now() >= end {
            return Ok(None);
        }
        std::thread::sleep(GLANCE);
    }
}

//! Owning the clipboard of X11 (ICCCM section 2.1 to 2.6).

use std::os::fd::{AsFd as _, BorrowedFd};

use otp_proto::Code;
use rustix::event::{PollFd, PollFlags, poll};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, PropMode,
    SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent, Timestamp, Window,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_FROM_PARENT, NONE};

use crate::copy::{Owner, SECRET};
use crate::failure::Failure;

/// Most conversions in one `MULTIPLE`, in units of four bytes: far more than there are targets.
const MOST_PAIRS: u32 = 64;

x11rb::atom_manager! {
    Atoms: AtomsCookie {
        CLIPBOARD,
        TARGETS,
        MULTIPLE,
        ATOM_PAIR,
        TIMESTAMP,
        UTF8_STRING,
        TEXT,
        PLAIN: b"text/plain",
        PLAIN_UTF8: b"text/plain;charset=utf-8",
        HINT: b"x-kde-passwordManagerHint",
        OTPD_TIME,
    }
}

/// A client with a window that nobody sees, which the content belongs to. Where the client is killed,
/// the server takes from it what is still its own.
pub(crate) struct Owned {
    connection: RustConnection,
    window: Window,
    atoms: Atoms,
    content: Option<(Code, Timestamp)>,
}

impl Owned {
    /// Connects to `DISPLAY`.
    pub(crate) fn open() -> Result<Self, Failure> {
        let (connection, screen) = super::connect()?;
        let root = connection
            .setup()
            .roots
            .get(screen)
            .ok_or_else(|| Failure::Display("no such screen".into()))?
            .root;
        let atoms = Atoms::new(&connection)?.reply()?;
        let window = connection.generate_id()?;
        let values = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        let depth = u8::try_from(COPY_FROM_PARENT).unwrap_or_default();
        let class = WindowClass::INPUT_ONLY;
        let visual = COPY_FROM_PARENT;
        connection
            .create_window(depth, window, root, 0, 0, 1, 1, 0, class, visual, &values)?
            .check()?;
        Ok(Self {
            connection,
            window,
            atoms,
            content: None,
        })
    }

    /// The server's time, as an event tells it: a selection is taken at a moment (2.1).
    fn now(&self) -> Result<Timestamp, Failure> {
        let property = self.atoms.OTPD_TIME;
        let (mode, kind) = (PropMode::APPEND, AtomEnum::STRING);
        self.connection
            .change_property8(mode, self.window, property, kind, &[])?
            .check()?;
        loop {
            while let Some(event) = self.connection.poll_for_event()? {
                if let Event::PropertyNotify(change) = event
                    && change.atom == property
                {
                    return Ok(change.time);
                }
            }
            let mut server = [PollFd::new(self.connection.stream(), PollFlags::IN)];
            match poll(&mut server, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(std::io::Error::from(error).into()),
            }
        }
    }

    /// Answers a request; what can't be had is refused (2.2). Errors about a window that has gone
    /// come as events, which nobody misses.
    fn answer(&self, request: &SelectionRequestEvent) -> Result<(), Failure> {
        // Clients from before the ICCCM name no property.
        let property = match request.property {
            NONE => request.target,
            named => named,
        };
        let is_meant = request.owner == self.window && request.selection == self.atoms.CLIPBOARD;
        let is_given = is_meant
            && if request.target == self.atoms.MULTIPLE {
                self.give_several(request.requestor, property)?
            } else {
                self.give(request.requestor, request.target, property)?
            };
        let event = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: request.requestor,
            selection: request.selection,
            target: request.target,
            property: if is_given { property } else { NONE },
        };
        self.connection
            .send_event(false, request.requestor, EventMask::NO_EVENT, event)?;
        Ok(())
    }

    /// Puts the content as one target onto a window; whether there is such a target.
    fn give(&self, window: Window, target: Atom, property: Atom) -> Result<bool, Failure> {
        let Some((code, since)) = &self.content else {
            return Ok(false);
        };
        let (connection, atoms) = (&self.connection, self.atoms);
        let text = [
            atoms.UTF8_STRING,
            atoms.PLAIN_UTF8,
            atoms.PLAIN,
            atoms.TEXT,
            AtomEnum::STRING.into(),
        ];
        let mode = PropMode::REPLACE;
        if target == atoms.TARGETS {
            let own = [atoms.TARGETS, atoms.MULTIPLE, atoms.TIMESTAMP, atoms.HINT];
            let all = [&own[..], &text].concat();
            connection.change_property32(mode, window, property, AtomEnum::ATOM, &all)?;
        } else if target == atoms.TIMESTAMP {
            connection.change_property32(mode, window, property, AtomEnum::INTEGER, &[*since])?;
        } else if target == atoms.HINT {
            connection.change_property8(mode, window, property, target, SECRET.as_bytes())?;
        } else if text.contains(&target) {
            // A code's characters are the same in each of them.
            let kind = if target == atoms.TEXT {
                AtomEnum::STRING.into()
            } else {
                target
            };
            let code = code.expose().as_bytes();
            connection.change_property8(mode, window, property, kind, code)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Several conversions at once: pairs of target and property, of which those that failed have
    /// no property afterwards (2.6.2).
    fn give_several(&self, window: Window, property: Atom) -> Result<bool, Failure> {
        let kind = self.atoms.ATOM_PAIR;
        let asked = self
            .connection
            .get_property(false, window, property, kind, 0, MOST_PAIRS)?;
        let Ok(asked) = asked.reply() else {
            return Ok(false);
        };
        let Some(values) = asked.value32() else {
            return Ok(false);
        };
        let mut pairs: Vec<Atom> = values.collect();
        for pair in pairs.chunks_exact_mut(2) {
            let [target, into] = pair else { continue };
            let is_plain = *target != self.atoms.MULTIPLE && *into != NONE;
            if !is_plain || !self.give(window, *target, *into)? {
                *into = NONE;
            }
        }
        let mode = PropMode::REPLACE;
        self.connection
            .change_property32(mode, window, property, kind, &pairs)?;
        Ok(true)
    }
}

impl Owner for Owned {
    fn take(&mut self, code: Code) -> Result<(), Failure> {
        let clipboard = self.atoms.CLIPBOARD;
        let time = self.now()?;
        self.content = Some((code, time));
        self.connection
            .set_selection_owner(self.window, clipboard, time)?;
        let owner = self.connection.get_selection_owner(clipboard)?.reply()?;
        if owner.owner == self.window {
            Ok(())
        } else {
            Err(Failure::NotCopied("another program took it".into()))
        }
    }

    fn serve(&mut self) -> Result<bool, Failure> {
        // An answer may bring more: only a look that finds nothing is the last one.
        while let Some(event) = self.connection.poll_for_event()? {
            if let Event::SelectionRequest(request) = &event {
                self.answer(request)?;
            } else if let Event::SelectionClear(lost) = &event
                && lost.selection == self.atoms.CLIPBOARD
            {
                return Ok(false);
            }
            self.connection.flush()?;
        }
        Ok(true)
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.connection.stream().as_fd()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let Some((_, since)) = self.content.take() else {
            return;
        };
        // What another program has copied since is of a later moment, and stays.
        let clipboard = self.atoms.CLIPBOARD;
        let given_up = self
            .connection
            .set_selection_owner(NONE, clipboard, since)
            .and_then(|_| self.connection.flush());
        // Whoever has asked meanwhile would wait for ever.
        if given_up.is_ok() && self.connection.sync().is_ok() {
            drop(self.serve());
        }
    }
}

//! The clipboard of X11: a selection, converted by its owner (ICCCM section 2).

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::{ClockId, clock_gettime};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, GetPropertyReply, Property,
    Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_FROM_PARENT, CURRENT_TIME, NONE};
use zeroize::Zeroizing;

use crate::clip::{self, Clipboard};
use crate::failure::Failure;

/// Longest silence of the owner: between two parts as well.
const OWNER_PATIENCE: Duration = Duration::from_secs(3);
/// A property is read in parts of this many units of four bytes.
const PART: u32 = 256 * 1024;

x11rb::atom_manager! {
    Atoms: AtomsCookie {
        CLIPBOARD,
        TARGETS,
        INCR,
        OTPD_TRANSFER,
    }
}

/// A client with a window that nobody sees, which the owner puts the content on.
pub(crate) struct Selection {
    connection: RustConnection,
    window: Window,
    atoms: Atoms,
}

impl Selection {
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
        connection
            .create_window(
                depth,
                window,
                root,
                0,
                0,
                1,
                1,
                0,
                class,
                COPY_FROM_PARENT,
                &values,
            )?
            .check()?;
        Ok(Self {
            connection,
            window,
            atoms,
        })
    }

    /// Has the owner convert the content; the type and value of the whole.
    fn convert(&self, target: Atom) -> Result<(Atom, Zeroizing<Vec<u8>>), Failure> {
        let Atoms {
            CLIPBOARD: clipboard,
            OTPD_TRANSFER: property,
            INCR: incr,
            ..
        } = self.atoms;
        self.connection.delete_property(self.window, property)?;
        self.connection.convert_selection(
            self.window,
            clipboard,
            target,
            property,
            CURRENT_TIME,
        )?;
        self.connection.sync()?;
        let given = self.wait(|event| {
            let Event::SelectionNotify(answer) = event else {
                return None;
            };
            let is_ours = answer.selection == clipboard && answer.target == target;
            is_ours.then_some(answer.property)
        })?;
        if given == NONE {
            return Err(Failure::Unusable);
        }
        let mut content = Zeroizing::new(Vec::new());
        let kind = self.take(&mut content)?.0;
        if kind != incr {
            return Ok((kind, content));
        }
        // In parts: each deletion of the property asks for the next; an empty one ends (2.7.2).
        content.clear();
        loop {
            self.wait(|event| {
                let Event::PropertyNotify(change) = event else {
                    return None;
                };
                let is_next = change.atom == property && change.state == Property::NEW_VALUE;
                is_next.then_some(())
            })?;
            let (kind, length) = self.take(&mut content)?;
            if kind != NONE && length == 0 {
                return Ok((kind, content));
            }
        }
    }

    /// Appends the property's value and deletes it; its type, and how many bytes there were.
    fn take(&self, content: &mut Zeroizing<Vec<u8>>) -> Result<(Atom, usize), Failure> {
        let (mut offset, mut length) = (0, 0);
        loop {
            let part: GetPropertyReply = self
                .connection
                .get_property(
                    // It's deleted with the last part alone.
                    true,
                    self.window,
                    self.atoms.OTPD_TRANSFER,
                    AtomEnum::ANY,
                    offset,
                    PART,
                )?
                .reply()?;
            let value = Zeroizing::new(part.value);
            length += value.len();
            clip::append(content, &value)?;
            if part.bytes_after == 0 {
                return Ok((part.type_, length));
            }
            offset += PART;
        }
    }

    /// The first event that means something.
    fn wait<T>(&self, mut meaning: impl FnMut(&Event) -> Option<T>) -> Result<T, Failure> {
        let end = now() + OWNER_PATIENCE;
        loop {
            while let Some(event) = self.connection.poll_for_event()? {
                if let Some(found) = meaning(&event) {
                    return Ok(found);
                }
            }
            let left = end.checked_sub(now()).ok_or(Failure::SilentOwner)?;
            let left = Timespec::try_from(left).ok();
            let mut server = [PollFd::new(self.connection.stream(), PollFlags::IN)];
            match poll(&mut server, left.as_ref()) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(std::io::Error::from(error).into()),
            }
        }
    }

    fn owner(&self) -> Result<Window, Failure> {
        let owner = self.connection.get_selection_owner(self.atoms.CLIPBOARD)?;
        Ok(owner.reply()?.owner)
    }
}

impl Clipboard for Selection {
    fn types(&mut self) -> Result<Vec<String>, Failure> {
        if self.owner()? == NONE {
            return Ok(Vec::new());
        }
        let (_, targets) = self.convert(self.atoms.TARGETS)?;
        let mut names = Vec::new();
        for target in targets.chunks_exact(size_of::<Atom>()) {
            let target = target.try_into().map_or(NONE, Atom::from_ne_bytes);
            // A number that is no atom is the owner's mistake, and not one of the types.
            if let Ok(name) = self.connection.get_atom_name(target)?.reply() {
                names.push(String::from_utf8_lossy(&name.name).into_owned());
            }
        }
        Ok(names)
    }

    fn read(&mut self, kind: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let target = self
            .connection
            .intern_atom(false, kind.as_bytes())?
            .reply()?
            .atom;
        let (given, content) = self.convert(target)?;
        if given == Atom::from(AtomEnum::STRING) {
            return Ok(utf8(&content));
        }
        Ok(content)
    }

    fn clear(&mut self) -> Result<(), Failure> {
        let clipboard = self.atoms.CLIPBOARD;
        self.connection
            .set_selection_owner(NONE, clipboard, CURRENT_TIME)?;
        if self.owner()? == NONE {
            Ok(())
        } else {
            Err(Failure::NotCleared("another program took it".into()))
        }
    }
}

/// `STRING` is Latin-1, whose values are those of Unicode (ICCCM 2.7.1).
fn utf8(latin: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(String::with_capacity(latin.len() * 2));
    text.extend(latin.iter().map(|&byte| char::from(byte)));
    Zeroizing::new(std::mem::take(&mut *text).into_bytes())
}

fn now() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default()
}

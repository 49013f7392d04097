//! The console of this session, with and without echo.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::io::AsRawHandle as _;
use std::ptr::null;

use windows_sys::Win32::System::Console::{
    CONSOLE_MODE, ENABLE_ECHO_INPUT, ENABLE_LINE_INPUT, ENABLE_PROCESSED_INPUT, GetConsoleMode,
    ReadConsoleW, SetConsoleMode, WriteConsoleW,
};
use zeroize::Zeroizing;

use super::done;

/// The console, whatever the standard streams are.
pub(crate) struct Tty {
    input: File,
    output: File,
    /// UTF-8 of a character that was read and not yet handed out, the next byte last.
    rest: RefCell<Zeroizing<Vec<u8>>>,
}

impl Tty {
    pub(crate) fn open() -> io::Result<Self> {
        let open = |name| OpenOptions::new().read(true).write(true).open(name);
        Ok(Self {
            input: open("CONIN$")?,
            output: open("CONOUT$")?,
            rest: RefCell::default(),
        })
    }

    /// Stops echo, line editing and Ctrl-C until the guard is dropped; Ctrl-C arrives as a byte.
    pub(crate) fn hide(&self) -> io::Result<Hidden<'_>> {
        let before = self.mode()?;
        let hidden = before & !(ENABLE_ECHO_INPUT | ENABLE_LINE_INPUT | ENABLE_PROCESSED_INPUT);
        self.set_mode(hidden)?;
        Ok(Hidden { tty: self, before })
    }

    /// Shows nothing of what is typed until the guard is dropped: from the first of several hidden
    /// questions to the last, also while what was typed is being tried.
    pub(crate) fn quiet(self) -> io::Result<Quiet> {
        let before = self.mode()?;
        self.set_mode(before & !ENABLE_ECHO_INPUT)?;
        Ok(Quiet { tty: self, before })
    }

    /// Reads what is typed, as UTF-8.
    pub(crate) fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.rest.borrow_mut();
        if rest.is_empty() {
            *rest = self.character()?;
            rest.reverse();
        }
        let mut count = 0;
        for byte in bytes {
            let Some(next) = rest.pop() else { break };
            *byte = next;
            count += 1;
        }
        Ok(count)
    }

    pub(crate) fn write(&self, text: &str) -> io::Result<()> {
        let text: Vec<u16> = text.encode_utf16().collect();
        let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let (handle, mut written) = (self.output.as_raw_handle(), 0);
        // SAFETY: `len` units are there to be read, `written` is a variable of ours.
        done(unsafe { WriteConsoleW(handle, text.as_ptr().cast(), len, &raw mut written, null()) })
    }

    /// The next character; empty at the end. Enter is a line feed.
    fn character(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut units = Zeroizing::new(Vec::with_capacity(2));
        loop {
            match self.unit()? {
                None => break,
                Some(13) => {}
                Some(unit) => units.push(unit),
            }
            let is_half = matches!(units.as_slice(), [0xd800..=0xdbff]);
            if !units.is_empty() && !is_half {
                break;
            }
            if units.is_empty() && self.is_raw()? {
                units.push(10);
                break;
            }
        }
        let text = Zeroizing::new(String::from_utf16_lossy(&units));
        Ok(Zeroizing::new(text.as_bytes().to_vec()))
    }

    fn unit(&self) -> io::Result<Option<u16>> {
        let (mut unit, mut read) = (Zeroizing::new(0_u16), 0);
        let (handle, target) = (self.input.as_raw_handle(), (&raw mut *unit).cast());
        // SAFETY: there is room for one unit, `read` is a variable of ours.
        done(unsafe { ReadConsoleW(handle, target, 1, &raw mut read, null()) })?;
        Ok((read == 1).then_some(*unit))
    }

    /// Whether Enter comes without a line feed.
    fn is_raw(&self) -> io::Result<bool> {
        Ok(self.mode()? & ENABLE_LINE_INPUT == 0)
    }

    fn mode(&self) -> io::Result<CONSOLE_MODE> {
        let mut mode = 0;
        // SAFETY: `mode` is a variable of ours.
        done(unsafe { GetConsoleMode(self.input.as_raw_handle(), &raw mut mode) })?;
        Ok(mode)
    }

    fn set_mode(&self, mode: CONSOLE_MODE) -> io::Result<()> {
        // SAFETY: takes a handle and a number only.
        done(unsafe { SetConsoleMode(self.input.as_raw_handle(), mode) })
    }
}

/// A console without echo; dropping it restores the console.
pub(crate) struct Hidden<'a> {
    tty: &'a Tty,
    before: CONSOLE_MODE,
}

impl Hidden<'_> {
    /// Reads what is typed.
    pub(crate) fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.tty.read(bytes)
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // A console that is gone needs no restoring.
        self.tty.set_mode(self.before).ok();
    }
}

/// A console that shows nothing between hidden questions; dropping it restores the console.
pub(crate) struct Quiet {
    tty: Tty,
    before: CONSOLE_MODE,
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // As above.
        self.tty.set_mode(self.before).ok();
    }
}

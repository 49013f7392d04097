//! Owning the clipboard of Wayland, without a window.

use std::io::ErrorKind;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use otp_proto::Code;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use wayland_client::backend::WaylandError;

use super::{DataControl, Device, State, broken};
use crate::copy::{HINT, Owner, SECRET};
use crate::failure::Failure;

/// What a text is called: MIME types, and what programs on X11 ask for through the compositor.
const TEXTS: [&str; 5] = [
    "text/plain;charset=utf-8",
    "text/plain",
    "UTF8_STRING",
    "STRING",
    "TEXT",
];
/// Longest that somebody who pastes may keep their pipe full.
const READER_PATIENCE: Duration = Duration::from_secs(1);

impl State {
    /// Writes what was asked for into a pipe of whoever pastes.
    pub(super) fn hand_over(&self, kind: &str, into: &OwnedFd) {
        let content = match &self.copied {
            _ if kind == HINT => SECRET,
            Some(code) if TEXTS.contains(&kind) => code.expose(),
            _ => return,
        };
        let patience = Timespec::try_from(READER_PATIENCE).ok();
        let is_ready = poll(&mut [PollFd::new(into, PollFlags::OUT)], patience.as_ref());
        if matches!(is_ready, Ok(1)) {
            // A pipe that has room takes so little at once (pipe(7)). Its reader may have left.
            rustix::io::write(into, content.as_bytes()).ok();
        }
    }
}

impl Owner for DataControl {
    fn take(&mut self, code: Code) -> Result<(), Failure> {
        self.state.copied = Some(code);
        let handle = self.queue.handle();
        let kinds = TEXTS.iter().chain([&HINT]).map(|kind| (*kind).to_owned());
        match &self.device {
            Device::Ext(manager, device) => {
                let source = manager.create_data_source(&handle, ());
                kinds.for_each(|kind| source.offer(kind));
                device.set_selection(Some(&source));
            }
            Device::Wlr(manager, device) => {
                let source = manager.create_data_source(&handle, ());
                kinds.for_each(|kind| source.offer(kind));
                device.set_selection(Some(&source));
            }
        }
        self.listen()?;
        if self.state.is_replaced {
            return Err(Failure::NotCopied("another program took it".into()));
        }
        Ok(())
    }

    fn serve(&mut self) -> Result<bool, Failure> {
        loop {
            self.queue
                .dispatch_pending(&mut self.state)
                .map_err(|error| broken(&error))?;
            self.queue.flush().map_err(|error| broken(&error))?;
            if self.state.is_replaced {
                return Ok(false);
            }
            let Some(reading) = self.queue.prepare_read() else {
                // Something has come meanwhile.
                continue;
            };
            match reading.read() {
                Ok(0) => return Ok(true),
                Ok(_) => {}
                Err(WaylandError::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    return Ok(true);
                }
                Err(error) => return Err(broken(&error)),
            }
        }
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }
}

//! A system whose sources of locks otpd doesn't know.

use std::rc::Rc;

use crate::agent::{Input, LockSource, Seen};
use crate::run::Core;

/// Says that nothing is watched.
pub(crate) fn start(core: &Rc<Core>) {
    for source in [LockSource::Screen, LockSource::Session, LockSource::Sleep] {
        core.input(Input::Seen(source, Seen::Unsupported));
    }
}

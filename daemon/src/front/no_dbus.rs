//! No session bus on this system.

use std::rc::Rc;

use crate::run::Core;

/// Does nothing.
pub(crate) fn start(_: &Rc<Core>) {}

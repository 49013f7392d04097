//! Systems whose way to tell isn't known here.

use super::Begun;

/// Nothing is watched.
pub(super) enum Watch {}

impl Watch {
    pub(super) fn start(_file: &str, _begun: Begun, _tell: impl Fn(String)) -> Option<Self> {
        None
    }

    pub(super) fn goes_on(&self) -> bool {
        match *self {}
    }
}

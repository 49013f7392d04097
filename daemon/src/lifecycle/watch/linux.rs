//! logind on the system bus and screen savers on the session bus.

use std::rc::Rc;

use tokio::task::spawn_local;

use super::{logind, screen};
use crate::agent::{Absence, Input, LockSource, Seen, Sign};
use crate::bus::{Fault, Pause};
use crate::run::Core;

/// Starts to watch, beside the loop: whoever asks for a code waits for no bus.
pub(crate) fn start(core: &Rc<Core>) {
    let system = Rc::clone(core);
    spawn_local(async move {
        let mut pause = Pause::default();
        loop {
            let fault = logind::serve(&system, &mut pause).await;
            lost(&system, &logind::SOURCES, logind::ABSENCES, fault);
            pause.wait().await;
        }
    });
    let session = Rc::clone(core);
    spawn_local(async move {
        let mut pause = Pause::default();
        loop {
            let fault = screen::serve(&session, &mut pause).await;
            lost(&session, &[LockSource::Screen], screen::absences(), fault);
            pause.wait().await;
        }
    });
}

fn lost(
    core: &Core,
    sources: &[LockSource],
    absences: impl IntoIterator<Item = Absence>,
    fault: Fault,
) {
    for absence in absences {
        core.input(Input::Absence(absence, Sign::Lost));
    }
    for source in sources {
        core.input(Input::Seen(*source, Seen::Not(fault.to_string())));
    }
}

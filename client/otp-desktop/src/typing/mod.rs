//! Typing a code into the field that has the focus, alone or as a part of a script.

mod script;

use otp_proto::{Code, Secret};
use serde::Deserialize;

use crate::agent::Agent;
use crate::failure::Failure;
use crate::order;
pub(crate) use script::{Action, Key};

/// What is to be typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    script: String,
    code: Option<Code>,
    user: Option<Secret>,
}

/// A way to press keys. One that is opened has looked where the focus is, as far as it can.
pub(crate) trait Typist {
    /// Presses keys, or none where something speaks against it; stops in the middle if the focus
    /// moves, or if after a wait `goes_on` says no.
    fn perform(
        &mut self,
        actions: &[Action],
        goes_on: &mut dyn FnMut() -> Result<(), Failure>,
    ) -> Result<(), Failure>;
}

/// Types what is ordered.
pub(crate) fn run(typist: &mut dyn Typist) -> Result<(), Failure> {
    let order: Order = order::take()?;
    let code = order.code.map(order::checked).transpose()?;
    let code = code.as_ref().map(Code::expose);
    let user = order.user.as_ref().map(Secret::expose);
    let actions = script::actions(&order.script, code, user).ok_or(Failure::BadOrder)?;
    // Where there is none, the code is of somebody else's making.
    let mut agent = match Agent::subscribe() {
        Ok((_, status)) if status.locked => return Err(Failure::Locked),
        subscribed => subscribed.ok(),
    };
    typist.perform(&actions, &mut || {
        let is_locked = agent.as_mut().is_some_and(|(agent, _)| agent.has_locked());
        if is_locked {
            Err(Failure::Locked)
        } else {
            Ok(())
        }
    })
}

//! A code on the clipboard. Its content belongs to whoever has copied it, so that this process
//! stays behind until the code has to go, hands it to whoever pastes, and is gone with it.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use otp_proto::Code;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use crate::agent::Agent;
use crate::failure::Failure;
use crate::{order, os};

/// How long a code stays that nobody limits.
const USUAL: u32 = 30;
/// How long it stays in any case: most servers take a code for a while after its end, and somebody
/// has to get to the page first.
const LEAST: u32 = 10;

/// What programs that keep a history of the clipboard look for (KDE's Klipper, `KeePassXC`).
pub(crate) const HINT: &str = "x-kde-passwordManagerHint";
/// What it says.
pub(crate) const SECRET: &str = "secret";

/// The clipboard, as somebody who copies has it. Dropping it leaves what others have copied alone.
pub(crate) trait Owner {
    /// Makes the code the clipboard's content.
    fn take(&mut self, code: Code) -> Result<(), Failure>;
    /// Hands it to everybody who waits for it; whether it is still ours.
    fn serve(&mut self) -> Result<bool, Failure>;
    /// Readable when somebody wants something.
    fn descriptor(&self) -> BorrowedFd<'_>;
}

/// Copies what is ordered, leaves the session of whoever asked, and stays for as long as the code
/// does: until it dies, the vault locks or another program copies something.
pub(crate) fn run(clipboard: &mut dyn Owner) -> Result<(), Failure> {
    let order: order::Copy = order::take()?;
    let code = order::checked(order.code)?;
    let (mut agent, status) = Agent::subscribe()?;
    // A lock may have been said right behind the answer.
    if status.locked || agent.has_locked() {
        return Err(Failure::Locked);
    }
    let stay = stay(order.valid_for, status.clipboard_clear);
    // Suspend counts.
    let timer = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC);
    let timer = timer.map_err(std::io::Error::from)?;
    let once = Itimerspec {
        it_interval: Timespec::default(),
        it_value: Timespec::try_from(Duration::from_secs(stay.into())).unwrap_or_default(),
    };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once).map_err(std::io::Error::from)?;
    clipboard.take(code)?;
    os::leave_session()?;
    order::tell(&format!("copied {stay}"));
    os::close_streams()?;
    while clipboard.serve()? {
        let mut waits = [
            PollFd::from_borrowed_fd(clipboard.descriptor(), PollFlags::IN),
            PollFd::new(&timer, PollFlags::IN),
            PollFd::new(&agent, PollFlags::IN),
        ];
        match poll(&mut waits, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(std::io::Error::from(error).into()),
        }
        let [_, is_time, is_told] = waits.map(|wait| !wait.revents().is_empty());
        if is_time || is_told && agent.has_locked() {
            break;
        }
    }
    Ok(())
}

/// How many seconds a code stays.
fn stay(valid_for: Option<u32>, clear: Option<u32>) -> u32 {
    let most = clear.unwrap_or(USUAL);
    valid_for.map_or(most, |left| left.max(LEAST).min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_stays_until_it_dies_but_long_enough_to_be_pasted_and_no_longer_than_was_set() {
        assert_eq!(stay(Some(21), Some(30)), 21);
        assert_eq!(stay(Some(2), Some(30)), 10);
        assert_eq!(stay(Some(2), Some(5)), 5);
        assert_eq!(stay(Some(55), Some(30)), 30);
        assert_eq!(stay(Some(55), Some(600)), 55);
        assert_eq!(stay(None, Some(45)), 45);
        assert_eq!(stay(None, None), 30);
    }
}

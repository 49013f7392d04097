//! `timerfd_create(2)`.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Two timers: one for a moment, one that only says that somebody set the wall clock.
pub(in crate::run) struct Alarm {
    boot: AsyncFd<OwnedFd>,
    wall: AsyncFd<OwnedFd>,
    armed: Option<Duration>,
}

impl Alarm {
    pub(in crate::run) fn new() -> io::Result<Self> {
        let alarm = Self {
            boot: timer(TimerfdClockId::Boottime)?,
            wall: timer(TimerfdClockId::Realtime)?,
            armed: None,
        };
        alarm.watch_wall()?;
        Ok(alarm)
    }

    /// Rings at a moment since boot, or not at all.
    pub(in crate::run) fn set(&mut self, moment: Option<Duration>) -> io::Result<()> {
        if moment == self.armed {
            return Ok(());
        }
        // All zero would disarm it.
        let moment_or_off = moment.map(|moment| moment.max(Duration::from_nanos(1)));
        arm(&self.boot, moment_or_off, TimerfdTimerFlags::ABSTIME)?;
        self.armed = moment;
        Ok(())
    }

    /// Returns when the moment has come, or the wall clock was set.
    pub(in crate::run) async fn rings(&mut self) {
        tokio::select! {
            () = elapsed(&self.boot) => self.armed = None,
            () = elapsed(&self.wall) => {
                if let Err(error) = self.watch_wall() {
                    tracing::warn!(%error, "jumps of the wall clock go unnoticed");
                }
            }
        }
    }

    /// Arms the second timer for the end of time: it ends only by ECANCELED.
    fn watch_wall(&self) -> io::Result<()> {
        const FAR: Duration = Duration::from_secs(0x7fff_ffff);
        let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
        arm(&self.wall, Some(FAR), flags)
    }
}

#[expect(
    deprecated,
    reason = "the unsafe replacement asks for what an OwnedFd promises by itself"
)]
fn timer(clock: TimerfdClockId) -> io::Result<AsyncFd<OwnedFd>> {
    let fd = timerfd_create(clock, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
    AsyncFd::with_interest(fd, Interest::READABLE)
}

fn arm(
    timer: &AsyncFd<OwnedFd>,
    moment: Option<Duration>,
    flags: TimerfdTimerFlags,
) -> io::Result<()> {
    let time = Itimerspec {
        it_interval: Timespec::default(),
        it_value: Timespec::try_from(moment.unwrap_or_default()).map_err(io::Error::other)?,
    };
    timerfd_settime(timer, flags, &time)?;
    Ok(())
}

/// Returns once the timer has ended, by its time or by ECANCELED.
async fn elapsed(timer: &AsyncFd<OwnedFd>) {
    let mut count = [0; 8];
    loop {
        let Ok(mut ready) = timer.readable().await else {
            return std::future::pending().await;
        };
        let read = rustix::io::read(timer, &mut count);
        ready.clear_ready();
        if read != Err(Errno::AGAIN) {
            return;
        }
    }
}

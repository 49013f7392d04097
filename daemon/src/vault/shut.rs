//! Until when the vault stays shut, as text: what a restart of the agent must not forget. Not
//! secret and not authenticated.

use std::fmt::Write as _;
use std::time::Duration;

use super::line::number;
use crate::clock::Now;

/// Until when every unlock is refused, on both clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShutUntil {
    /// How long that was when it was noted.
    left: Duration,
    /// On the boot clock.
    boot: Duration,
    /// In time since 1970.
    wall: Duration,
}

impl ShutUntil {
    /// Notes a time that is left now.
    pub fn new(left: Duration, boot: Duration, wall: Duration) -> Self {
        Self {
            left,
            boot: boot.saturating_add(left),
            wall: wall.saturating_add(left),
        }
    }

    /// Returns until when it lasts on the boot clock of now; `None` if it is over. In the boot in
    /// which it was noted that clock alone counts, so that neither a restart nor a clock that is
    /// set changes it. After a reboot the wall clock does, for never longer than was left.
    pub fn at(&self, now: Now, is_same_boot: bool) -> Option<Duration> {
        let left = if is_same_boot {
            self.boot.saturating_sub(now.boot)
        } else {
            self.wall.saturating_sub(now.wall)
        };
        let left = left.min(self.left);
        (!left.is_zero()).then(|| now.boot.saturating_add(left))
    }

    /// Whether it can have been noted in the boot of now, by its clock alone.
    fn may_be_of_this_boot(&self, now: Now) -> bool {
        self.boot.saturating_sub(self.left) <= now.boot
    }

    /// Writes the text. `boot` names the present boot, where the system does.
    pub fn print(&self, boot: Option<&str>) -> String {
        let mut out = String::from("# otpd shut 1\n");
        for (word, time) in [
            ("left", self.left),
            ("boot", self.boot),
            ("wall", self.wall),
        ] {
            // Whole seconds, and never one too few. Writing into a String can't fail.
            let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
            let _ = writeln!(out, "{word} {seconds}");
        }
        if let Some(boot) = boot {
            let _ = writeln!(out, "in {boot}");
        }
        out.push_str("end\n");
        out
    }
}

/// Reads the text, and whether it was noted in the present boot; `None` if it is damaged. `boot` names
/// the present boot, where the system does.
pub(super) fn read(text: &str, now: Now, boot: Option<&str>) -> Option<(ShutUntil, bool)> {
    let (shut, noted) = parse(text)?;
    let is_same_boot = match (noted, boot) {
        (Some(noted), Some(boot)) => noted == boot,
        (None, None) => shut.may_be_of_this_boot(now),
        _ => false,
    };
    Some((shut, is_same_boot))
}

/// Reads the text, and the name of the boot in it; `None` if it is damaged.
fn parse(text: &str) -> Option<(ShutUntil, Option<&str>)> {
    let lines = text
        .strip_prefix("# otpd shut 1\n")?
        .strip_suffix("end\n")?;
    let mut lines = lines.split_terminator('\n');
    let mut time = |word: &str| {
        let rest = lines.next()?.strip_prefix(word)?.strip_prefix(' ')?;
        number(rest).map(Duration::from_secs)
    };
    let shut = ShutUntil {
        left: time("left")?,
        boot: time("boot")?,
        wall: time("wall")?,
    };
    let noted = match lines.next() {
        Some(line) => Some(line.strip_prefix("in ")?),
        None => None,
    };
    lines.next().is_none().then_some((shut, noted))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;
    const NOTED: u64 = 1_795_000_000;

    fn now(boot: u64, wall: u64) -> Now {
        Now {
            boot: Duration::from_secs(boot),
            wall: Duration::from_secs(wall),
            is_synchronised: None,
        }
    }

    /// Eight hours from 1000 on the boot clock.
    fn noted(boot: Option<&str>) -> String {
        let seconds = Duration::from_secs;
        ShutUntil::new(seconds(8 * HOUR), seconds(1000), seconds(NOTED)).print(boot)
    }

    /// The hours left.
    fn left(text: &str, now: Now, boot: Option<&str>) -> Option<u64> {
        let (shut, is_same_boot) = read(text, now, boot).expect(text);
        let until = shut.at(now, is_same_boot)?;
        Some(until.saturating_sub(now.boot).as_secs() / HOUR)
    }

    #[test]
    fn in_its_own_boot_neither_a_restart_nor_a_clock_that_is_set_changes_it() {
        for name in [Some("b-1"), None] {
            for jump in [0, HOUR, 1000 * HOUR] {
                for wall in [NOTED + jump, NOTED - jump] {
                    let text = noted(name);
                    assert_eq!(left(&text, now(1000 + 2 * HOUR, wall), name), Some(6));
                    assert_eq!(left(&text, now(1000 + 8 * HOUR, wall), name), None);
                }
            }
        }
    }

    #[test]
    fn after_a_reboot_the_wall_clock_goes_on_and_never_for_longer() {
        for (name, boot) in [
            (Some("b-1"), Some("b-2")),
            (None, None),
            (Some("b-1"), None),
        ] {
            let text = noted(name);
            assert_eq!(left(&text, now(20, NOTED + 3 * HOUR), boot), Some(5));
            assert_eq!(left(&text, now(20, NOTED - 99 * HOUR), boot), Some(8));
            assert_eq!(left(&text, now(20, NOTED + 9 * HOUR), boot), None);
        }
    }

    #[test]
    fn a_text_cut_short_or_with_a_foreign_line_is_damaged() {
        let text = noted(Some("b-1"));
        assert!(parse(&text).is_some());
        for end in 0..text.len() {
            assert_eq!(parse(&text[..end]), None, "{end}");
        }
        for (from, to) in [
            ("left", "lasts"),
            ("end\n", "x\nend\n"),
            ("boot 2", "boot +2"),
        ] {
            assert_eq!(parse(&text.replace(from, to)), None, "{to}");
        }
    }
}

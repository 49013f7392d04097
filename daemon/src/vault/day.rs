//! Days of the calendar, in UTC: what dated copies are named after.

use std::fmt;
use std::time::Duration;

const DAY: u64 = 86_400;
/// From 0000-03-01, where the algorithms begin to count, to 1970-01-01.
const TO_1970: u64 = 719_468;
/// Days in 400 years.
const ERA: u64 = 146_097;

/// A day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(pub(super) u64);

impl Day {
    /// The day of a time since 1970.
    pub(super) fn of(wall: Duration) -> Self {
        Self(wall.as_secs() / DAY)
    }

    /// When it begins, in time since 1970.
    pub(super) fn begin(self) -> Duration {
        Duration::from_secs(self.0.saturating_mul(DAY))
    }

    /// When it ends, in time since 1970.
    pub(super) fn end(self) -> Duration {
        Self(self.0.saturating_add(1)).begin()
    }

    /// Whether it is another one or one of the `days` before it.
    pub(super) fn is_within(self, days: u64, other: Self) -> bool {
        self <= other && other.0 - self.0 <= days
    }

    /// Reads `YYYY-MM-DD`; `None` for anything else (the algorithm is Howard Hinnant's
    /// `days_from_civil`).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-').map(|part| {
            let is_number = (1..=6).contains(&part.len());
            let is_number = is_number && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u64>().ok().filter(|_| is_number)
        });
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let year = year.checked_sub(u64::from(month <= 2))?;
        let (era, year) = (year / 400, year % 400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_era = year * 365 + year / 4 - year / 100 + day_of_year;
        let found = Self((era * ERA + day_of_era).checked_sub(TO_1970)?);
        // No 31st of February, and no second way to write a day.
        (found.to_string() == text).then_some(found)
    }
}

impl fmt::Display for Day {
    /// As ISO 8601 has it (the algorithm is Howard Hinnant's `civil_from_days`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.saturating_add(TO_1970);
        let (era, day_of_era) = (days / ERA, days % ERA);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_calendars_and_comes_back_from_its_text() {
        for (days, text) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_779, "2026-11-22"),
            (47_116, "2098-12-31"),
            (2_932_897, "10000-01-01"),
        ] {
            let day = Day::of(Duration::from_secs(days * DAY + 5));
            assert_eq!(day.to_string(), text);
            assert_eq!(Day::parse(text), Some(day));
        }
        for days in 0..40_000 {
            assert_eq!(Day::parse(&Day(days).to_string()), Some(Day(days)));
        }
    }

    #[test]
    fn what_is_no_day_is_not_read() {
        for text in [
            "",
            "2026",
            "2026-11",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "2026-01-01-1",
            "1969-12-31",
            "0000-01-01",
            "+026-01-01",
            "9999999-01-01",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_window_ends_with_its_last_day() {
        let within = |day, other| Day(day).is_within(30, Day(other));
        assert!(within(100, 100) && within(70, 100));
        assert!(!within(69, 100) && !within(101, 100));
    }
}

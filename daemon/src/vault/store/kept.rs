//! What kept files are called, and which of them may go: functions of names and dates alone.

use std::fmt;
use std::path::Path;

use otp_proto::EntryId;

use super::name;
use crate::vault::day::Day;
use crate::vault::slot::TYPED;

/// How many vault files are kept beside the present one.
pub const BACKUPS: usize = 10;
/// How many days a dated copy is kept for.
pub const MONTH: u64 = 30;
/// How many of the newest dated copies stay whatever the clock says: a month, and a few days more
/// for those that a clock has named which was wrong.
const NEWEST: usize = 35;
/// How many dated copies there are at most, where the clock never stands still.
const MOST: usize = 100;

/// What the names of texts in the user's folder begin with.
pub(super) const TEXT: &str = "otpd-";

/// The name of a kept file: `[<day>-]<generation>-<device>.<kind>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::vault) struct Name {
    /// The day of a dated copy; `None` among the last ten.
    pub day: Option<Day>,
    /// The vault's.
    pub generation: u64,
    /// The vault's.
    pub device: EntryId,
    /// `age`, or the name of a slot's file that was kept with it.
    pub kind: &'static str,
}

impl Name {
    /// The name of a vault file.
    pub(in crate::vault) fn vault(day: Option<Day>, generation: u64, device: EntryId) -> Self {
        let kind = "age";
        Self {
            day,
            generation,
            device,
            kind,
        }
    }

    /// Reads a file's name; `None` for files that aren't ours.
    pub(in crate::vault) fn of(path: &Path) -> Option<Self> {
        let (stem, kind) = name(path).split_once('.')?;
        let [identity, recovery] = TYPED;
        let kinds = ["age", identity, recovery];
        let kind = kinds.into_iter().find(|known| *known == kind)?;
        Self::of_stem(stem, kind)
    }

    /// Reads the name of a text in the user's folder, as [`Self::text`] makes it.
    pub(in crate::vault) fn of_text(path: &Path) -> Option<Self> {
        let stem = name(path).strip_prefix(TEXT)?.strip_suffix(".txt")?;
        Self::of_stem(stem, "age").filter(|name| name.day.is_some())
    }

    /// The name of a text in the user's folder.
    pub(in crate::vault) fn text(&self) -> String {
        format!("{TEXT}{}", self.to_string().replace(".age", ".txt"))
    }

    fn of_stem(stem: &str, kind: &'static str) -> Option<Self> {
        let (rest, device) = stem.rsplit_once('-')?;
        let (day, generation) = match rest.rsplit_once('-') {
            Some((day, generation)) => (Some(Day::parse(day)?), generation),
            None => (None, rest),
        };
        let is_number = generation.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self {
            day,
            generation: generation.parse().ok().filter(|_| is_number)?,
            device: device.parse().ok()?,
            kind,
        })
    }

    /// Whether it is the vault file, and not a slot's beside it.
    pub(in crate::vault) fn is_vault(&self) -> bool {
        self.kind == "age"
    }

    /// Whether two files were kept together.
    pub(in crate::vault) fn goes_with(&self, other: &Self) -> bool {
        let what = |name: &Self| (name.day, name.generation, name.device);
        what(self) == what(other)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(day) = self.day {
            write!(f, "{day}-")?;
        }
        write!(f, "{:010}-{}.{}", self.generation, self.device, self.kind)
    }
}

/// Which of the last vault files may go: the oldest beyond ten, but not the one just made, which
/// is the oldest where generations began anew.
pub(in crate::vault) fn spare_of_ten(names: &[Name], made: &Name) -> Vec<Name> {
    let is_other = |name: &&Name| name.day.is_none() && name.is_vault() && !name.goes_with(made);
    let mut others: Vec<Name> = names.iter().filter(is_other).copied().collect();
    others.sort_by_key(|name| std::cmp::Reverse(name.generation));
    others.split_off(others.len().min(BACKUPS - 1))
}

/// Which slots that were kept open nothing any more. A set opens the vault files of its device
/// from the set before it to its own generation, dated copies too.
pub(in crate::vault) fn idle_slots(names: &[Name]) -> Vec<Name> {
    let of_device = |slot: &Name| {
        let device = slot.device;
        names.iter().filter(move |name| name.device == device)
    };
    let is_needed = |slot: &Name| {
        let sets = of_device(slot).filter(|name| !name.is_vault());
        let sets = sets.map(|set| set.generation);
        let before = sets
            .filter(|generation| *generation < slot.generation)
            .max();
        let mut files = of_device(slot).filter(|name| name.is_vault());
        files.any(|file| {
            let is_after = before.is_none_or(|before| file.generation > before);
            is_after && file.generation <= slot.generation
        })
    };
    let slots = names.iter().filter(|name| !name.is_vault());
    slots.filter(|slot| !is_needed(slot)).copied().collect()
}

/// Which dated copies may go once one was made today. Their order is that of the generations,
/// which know of no clock: a copy goes when a later one of the same day follows it, or when it is
/// neither among the newest nor of the last month.
pub(in crate::vault) fn spare_days(names: &[Name], made: &Name, today: Day) -> Vec<Name> {
    let mut dated: Vec<(Day, Name)> = names
        .iter()
        .filter(|name| name.is_vault())
        .filter_map(|name| Some((name.day?, *name)))
        .collect();
    dated.sort_by_key(|(_, name)| std::cmp::Reverse(name.generation));
    let (mut spare, mut later, mut count) = (Vec::new(), None, 0);
    for (day, name) in dated {
        let is_made = name.goes_with(made);
        if later == Some(day) && !is_made {
            spare.push(name);
            continue;
        }
        later = Some(day);
        count += 1;
        let is_recent = day.is_within(MONTH, today);
        if !is_made && (count > MOST || count > NEWEST && !is_recent) {
            spare.push(name);
        }
    }
    spare
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> EntryId {
        EntryId::from_random(7)
    }

    fn ten(generation: u64) -> Name {
        Name::vault(None, generation, device())
    }

    fn dated(day: u64, generation: u64) -> Name {
        Name::vault(Some(Day(day)), generation, device())
    }

    /// Makes a copy and removes what may go.
    fn make(names: &mut Vec<Name>, today: u64, generation: u64) {
        let made = dated(today, generation);
        names.retain(|name| *name != made);
        names.push(made);
        let spare = spare_days(names, &made, Day(today));
        names.retain(|name| !spare.contains(name));
    }

    fn days(names: &[Name]) -> Vec<u64> {
        let mut days: Vec<u64> = names.iter().map(|name| name.day.unwrap().0).collect();
        days.sort_unstable();
        days
    }

    #[test]
    fn a_name_comes_back_from_its_text_and_foreign_ones_do_not() {
        let slot = Name {
            kind: "identity.age",
            ..ten(3)
        };
        for name in [ten(12), dated(20_779, 12), ten(u64::MAX), slot] {
            let text = name.to_string();
            assert_eq!(Name::of(Path::new(&text)), Some(name), "{text}");
        }
        assert_eq!(
            dated(20_779, 12).to_string(),
            format!("2026-11-22-0000000012-{}.age", device())
        );
        let text = dated(20_779, 12).text();
        assert_eq!(text, format!("otpd-2026-11-22-0000000012-{}.txt", device()));
        assert_eq!(Name::of_text(Path::new(&text)), Some(dated(20_779, 12)));
        for text in [
            "otpd-0000000012-aaaaaaab.txt",
            "otpd.txt",
            "2026-11-22-12-aaaaaaab.txt",
        ] {
            assert_eq!(Name::of_text(Path::new(text)), None, "{text}");
        }
        for text in [
            "holiday.jpg",
            "0000000012-aaaaaaab.txt",
            "0000000012.age",
            "x-0000000012-aaaaaaab.age",
            "2026-13-01-0000000012-aaaaaaab.age",
            "+12-aaaaaaab.age",
            "-aaaaaaab.age",
            "12-AAAAAAAB.age",
            ".new-0000000012-aaaaaaab.age",
            "0000000012-aaaaaaab (conflict).age",
            "99999999999999999999-aaaaaaab.age",
        ] {
            assert_eq!(Name::of(Path::new(text)), None, "{text}");
        }
    }

    #[test]
    fn the_last_ten_stay_and_so_does_the_one_just_made() {
        let names: Vec<Name> = (1..=15).map(ten).collect();
        let spare = spare_of_ten(&names, &ten(15));
        assert_eq!(spare, [5, 4, 3, 2, 1].map(ten));
        // Generations began anew.
        let spare = spare_of_ten(&names, &ten(1));
        assert_eq!(spare, [6, 5, 4, 3, 2].map(ten));
        assert!(spare_of_ten(&[dated(1, 1), ten(2)], &ten(2)).is_empty());
    }

    #[test]
    fn slots_stay_as_long_as_a_file_that_they_open() {
        let set = |generation| {
            let kinds = ["identity.age", "recovery.age"];
            kinds.map(|kind| Name {
                kind,
                ..ten(generation)
            })
        };
        let idle = |files: &[Name]| {
            let names = [files, &set(5), &set(9)].concat();
            idle_slots(&names)
        };
        assert_eq!(idle(&[]), [set(5), set(9)].concat());
        for generation in 1..=5 {
            assert_eq!(idle(&[ten(generation)]), set(9), "{generation}");
        }
        for generation in 6..=9 {
            assert_eq!(idle(&[dated(1, generation)]), set(5), "{generation}");
        }
        assert_eq!(idle(&[ten(10)]), [set(5), set(9)].concat());
        assert_eq!(idle(&[dated(1, 3), ten(9), ten(30)]), []);
        // Another device's files are none of theirs.
        let other = Name::vault(None, 3, EntryId::from_random(8));
        assert_eq!(idle(&[other]), [set(5), set(9)].concat());
    }

    #[test]
    fn of_a_day_the_last_copy_stays() {
        let mut names = Vec::new();
        for generation in 1..=9 {
            make(&mut names, 20_000 + generation / 4, generation);
        }
        assert_eq!(
            names,
            [dated(20_000, 3), dated(20_001, 7), dated(20_002, 9)]
        );
    }

    #[test]
    fn a_year_of_daily_use_keeps_a_month_and_seldom_use_keeps_as_many_days() {
        let (mut daily, mut weekly) = (Vec::new(), Vec::new());
        for day in 0..365 {
            make(&mut daily, 20_000 + day, day + 1);
            make(&mut weekly, 20_000 + 7 * day, day + 1);
        }
        let last: Vec<u64> = (20_330..=20_364).collect();
        assert_eq!(days(&daily), last);
        let month = (20_364 - MONTH..=20_364).all(|day| last.contains(&day));
        assert!(month && weekly.len() == NEWEST);
    }

    #[test]
    fn a_clock_that_jumps_takes_no_day_of_the_last_month_away() {
        for (there, back) in [(50_000, 0), (0, 50_000), (20_000, 0), (19_990, 1)] {
            let mut names = Vec::new();
            let mut generation = 0;
            let mut next = || {
                generation += 1;
                generation
            };
            for day in 20_000..20_040 {
                make(&mut names, day, next());
            }
            let before = names.clone();
            for wrong in [there, there + 1, there + back] {
                make(&mut names, wrong, next());
            }
            make(&mut names, 20_040, next());
            for copy in before {
                let is_due = copy.day.unwrap() >= Day(20_040 - MONTH);
                assert!(!is_due || names.contains(&copy), "{there}: {copy}");
            }
        }
    }

    #[test]
    fn a_clock_that_never_stands_still_fills_no_disk() {
        let (mut names, mut most) = (Vec::new(), 0);
        for generation in 1..2000 {
            make(&mut names, 20_000 + generation % 7, generation);
            most = most.max(names.len());
        }
        assert!(most > NEWEST && most <= MOST, "{most}");
    }

    #[test]
    fn generations_that_began_anew_lose_neither_the_new_copies_nor_a_month_of_old_ones() {
        let mut names = Vec::new();
        for day in 0..60 {
            make(&mut names, 20_000 + day, 1000 + day);
        }
        for day in 60..63 {
            make(&mut names, 20_000 + day, day - 59);
        }
        let found = days(&names);
        assert!((20_062 - MONTH..=20_062).all(|day| found.contains(&day)));
    }
}

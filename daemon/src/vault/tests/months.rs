//! Two months of use, day by day: which copies are there afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use super::jobs::{A, WALL, backups, create, on_disk, open, unsealed, write};
use super::samples::{Folder, entry, uris};
use crate::vault::Opened;
use crate::vault::day::Day;
use crate::vault::store::{BACKUPS, MONTH, Name, Store};

const DAY: u64 = 24 * 3600;

/// A person's vault, and what it held at the end of each day.
struct Life {
    folder: Folder,
    store: Store,
    opened: Box<Opened>,
    ends: BTreeMap<Day, Vec<String>>,
    number: u64,
}

impl Life {
    fn new() -> Self {
        let folder = Folder::new();
        let store = folder.store();
        let (opened, _) = create(&store);
        let ends = BTreeMap::new();
        Self {
            folder,
            store,
            opened,
            ends,
            number: 0,
        }
    }

    /// An entry is added, as the agent does it at this time.
    fn add(&mut self, wall: Duration) {
        self.number += 1;
        let entry = entry(A, self.number, &mut self.opened.arena);
        self.opened.document.entries.push(entry.into());
        write(&self.store, &mut self.opened);
        let vault = on_disk(&self.folder, &self.opened);
        self.store.copy(&vault, wall).unwrap();
        let end = uris(&self.opened.document, &self.opened.arena);
        self.ends.insert(Day::of(wall), end);
    }

    /// The computer is switched on.
    fn restart(&mut self) {
        self.store = self.folder.store();
        self.opened = open(&self.store, "correct horse").unwrap();
    }

    /// What the dated copies hold, by day; each opens.
    fn copies(&self) -> BTreeMap<Day, Vec<String>> {
        let identity = self.opened.sealer.identity(&self.opened.arena);
        let mut copies = BTreeMap::new();
        for path in backups(&self.store) {
            let kept = unsealed(&path, &identity);
            if let Some(day) = Name::of(&path).unwrap().day {
                copies.insert(day, uris(&kept.document, &kept.arena));
            }
        }
        copies
    }
}

#[test]
fn after_two_months_the_last_ten_and_the_end_of_each_day_of_the_last_are_there() {
    let mut life = Life::new();
    for day in 0..61 {
        let morning = WALL + Duration::from_secs(day * DAY);
        life.restart();
        for hour in 0..=day % 4 {
            life.add(morning + Duration::from_secs(hour * 600));
        }
        let today = Day::of(morning);
        let copies = life.copies();
        for (day, end) in life
            .ends
            .iter()
            .filter(|(day, _)| day.is_within(MONTH, today))
        {
            assert_eq!(copies.get(day), Some(end), "on {today}: {day}");
        }
    }
    let ten = backups(&life.store)
        .iter()
        .filter(|path| Name::of(path).unwrap().day.is_none())
        .count();
    assert_eq!(ten, BACKUPS);
    let generations: Vec<u64> = backups(&life.store)
        .iter()
        .map(|path| Name::of(path).unwrap())
        .filter(|name| name.day.is_none())
        .map(|name| name.generation)
        .collect();
    let last = life.opened.document.generation;
    assert_eq!(generations, (last - 10..last).collect::<Vec<_>>());
    // No more than was promised, with a few days of room.
    assert!(life.copies().len() <= 35, "{}", life.copies().len());
}

#[test]
fn a_clock_that_is_wrong_for_a_while_takes_no_day_away() {
    let mut life = Life::new();
    let morning = |day: u64| WALL + Duration::from_secs(day * DAY);
    for day in 0..40 {
        life.add(morning(day));
    }
    let ends = life.ends.clone();
    for wrong in [morning(30_000), Duration::from_secs(9), morning(5)] {
        life.restart();
        life.add(wrong);
    }
    life.restart();
    life.add(morning(40));
    let (copies, today) = (life.copies(), Day::of(morning(40)));
    for (day, end) in ends.iter().filter(|(day, _)| day.is_within(MONTH, today)) {
        assert_eq!(copies.get(day), Some(end), "{day}");
    }
}

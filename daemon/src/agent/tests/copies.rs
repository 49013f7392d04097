//! Copies on other disks, and the reminder of one.

use super::*;

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;

/// A vault in use that locks for no time of its own.
fn in_use() -> Driver {
    let mut driver = Driver::with(&[GITHUB]);
    driver.input(Input::Reload(Config {
        lock_idle: None,
        lock_max: None,
        ..Config::default()
    }));
    driver
}

fn copied(driver: &mut Driver) {
    driver.call(Request::BackupCopied(BackupCopied {})).unwrap();
}

#[test]
fn nobody_is_reminded_on_the_first_day_and_everybody_after_it_until_there_is_a_copy() {
    let mut driver = in_use();
    assert!(!driver.status().copy_due);
    driver.pass(23.0 * HOUR);
    assert!(!driver.status().copy_due);
    driver.pass(2.0 * HOUR);
    let status = driver.status();
    assert!(status.copy_due && status.copy_age.is_none());
    copied(&mut driver);
    let status = driver.status();
    assert_eq!((status.copy_due, status.copy_age), (false, Some(0)));
}

#[test]
fn a_copy_of_thirty_days_is_old_also_after_a_lock_and_a_restart() {
    let mut driver = in_use();
    copied(&mut driver);
    driver.pass(29.5 * DAY);
    assert!(!driver.status().copy_due);
    driver.pass(DAY);
    assert!(driver.status().copy_due);
    driver.lock();
    assert!(driver.status().copy_due);
    let mut driver = driver.restart();
    assert!(!driver.status().copy_due, "the state isn't read yet");
    driver.unlock();
    let status = driver.status();
    assert!(status.copy_due);
    assert_eq!(status.copy_age.unwrap() / (24 * 3600), 30);
}

#[test]
fn an_empty_vault_needs_no_copy() {
    let mut driver = Driver::unlocked();
    driver.pass(3.0 * HOUR);
    driver.wall += Duration::from_secs(40 * 24 * 3600);
    assert!(!driver.status().copy_due);
    driver.add(GITHUB).unwrap();
    assert!(driver.status().copy_due);
}

#[test]
fn a_copy_whose_time_is_far_ahead_counts_as_none() {
    let mut driver = in_use();
    driver.set_wall(400 * 24 * 3600);
    copied(&mut driver);
    driver.set_wall(-398 * 24 * 3600);
    let status = driver.status();
    assert!(status.copy_due && status.copy_age.is_none());
}

#[test]
fn a_copy_in_a_folder_on_another_disk_is_one_and_on_the_same_disk_none() {
    let mut driver = in_use();
    driver.pass(2.0 * DAY);
    driver.input(Input::InFolder(Ok(Some(false))));
    driver.input(Input::InFolder(Ok(None)));
    assert!(driver.status().copy_due);
    driver.input(Input::InFolder(Ok(Some(true))));
    assert!(!driver.status().copy_due);
    // Its time isn't written again for each change.
    let written = driver.disk.state.clone();
    driver.pass(60.0);
    driver.input(Input::InFolder(Ok(Some(true))));
    assert_eq!(driver.disk.state, written);
    driver.pass(2.0 * HOUR);
    driver.input(Input::InFolder(Ok(Some(true))));
    assert_ne!(driver.disk.state, written);
}

#[test]
fn a_folder_that_is_away_is_a_warning_until_it_is_there_or_no_longer_wanted() {
    let mut driver = in_use();
    let told = |driver: &mut Driver| {
        let warnings = driver.status().warnings;
        warnings.iter().any(|line| line.ends_with("it is away"))
    };
    driver.input(Input::InFolder(Err("it is away".into())));
    assert!(told(&mut driver));
    // And no change fails for it.
    driver.add(&uri("totp", "a:b", 1)).unwrap();
    driver.input(Input::InFolder(Ok(Some(true))));
    assert!(!told(&mut driver));
    driver.input(Input::InFolder(Err("it is away".into())));
    driver.input(Input::Reload(Config {
        backup_folder: Some("/elsewhere".into()),
        ..Config::default()
    }));
    assert!(!told(&mut driver));
}

#[test]
fn a_purge_says_below_which_generation_copies_elsewhere_hold_the_key() {
    let mut driver = in_use();
    assert_eq!(driver.disk.state.floor, 0);
    driver
        .call(Request::Remove(Remove {
            query: "GitHub".into(),
            purge: true,
        }))
        .unwrap();
    let state = &driver.disk.state;
    assert!(state.floor > 1);
    assert_eq!(state.floor, state.marks.generation);
    let floor = state.floor;
    // It stays over a restart.
    let mut driver = driver.restart();
    driver.unlock();
    driver.add(GITHUB).unwrap();
    assert_eq!(driver.disk.state.floor, floor);
}

//! What locks from outside: screen, session, sleep, and sources that are lost.

use super::*;

const OUTSIDE: [LockSource; 3] = [LockSource::Screen, LockSource::Session, LockSource::Sleep];

fn well() -> Seen {
    Seen::Well("x".into())
}

fn gone() -> Seen {
    Seen::Not("the bus is gone".into())
}

/// A configuration in which one source doesn't lock.
fn without(source: LockSource) -> Config {
    Config {
        lock_screen: source != LockSource::Screen,
        lock_session: source != LockSource::Session,
        lock_sleep: source != LockSource::Sleep,
        ..Config::default()
    }
}

#[test]
fn every_source_locks_and_status_says_which_it_was() {
    for source in OUTSIDE {
        let mut driver = Driver::with(&[GITHUB]);
        driver.input(Input::Lock(source));
        let status = driver.status();
        assert_eq!((status.locked, status.locked_by), (true, Some(source)));
        assert_eq!(driver.events, [Event::Locked]);
    }
}

#[test]
fn a_source_that_is_off_locks_nothing_and_the_others_do() {
    for off in OUTSIDE {
        for source in OUTSIDE {
            let mut driver = Driver::with(&[GITHUB]);
            driver.input(Input::Reload(without(off)));
            driver.input(Input::Seen(source, well()));
            driver.input(Input::Lock(source));
            assert_eq!(driver.status().locked, source != off, "{source:?}");
            if source == off {
                driver.input(Input::Seen(source, gone()));
                assert!(!driver.status().locked, "{source:?} lost");
                assert_eq!(driver.status().warnings, [""; 0]);
            }
        }
    }
}

#[test]
fn a_source_that_is_seen_no_more_locks_and_one_that_never_was_does_not() {
    for seen in [well(), Seen::Late("no delay".into())] {
        let mut driver = Driver::with(&[GITHUB]);
        driver.input(Input::Seen(LockSource::Sleep, gone()));
        assert!(!driver.status().locked, "it wasn't seen before");
        driver.input(Input::Seen(LockSource::Sleep, seen));
        assert!(!driver.status().locked);
        driver.input(Input::Seen(LockSource::Sleep, gone()));
        let status = driver.status();
        assert_eq!(
            (status.locked, status.locked_by),
            (true, Some(LockSource::Lost))
        );
    }
}

#[test]
fn what_is_not_seen_is_a_warning_and_never_silence() {
    let mut driver = Driver::with(&[GITHUB]);
    let states = |driver: &mut Driver| {
        let sources = driver.status().lock_sources.into_iter();
        sources.map(|it| (it.source, it.state)).collect::<Vec<_>>()
    };
    let all = |state| OUTSIDE.map(|source| (source, state));
    assert_eq!(states(&mut driver), all(Sight::Starting));
    assert_eq!(driver.status().warnings, [""; 0]);
    for (seen, state, warns) in [
        (well(), Sight::Watched, 0),
        (Seen::Late("no delay".into()), Sight::Late, 3),
        (gone(), Sight::Absent, 3),
        (Seen::Unsupported, Sight::Unsupported, 3),
    ] {
        for source in OUTSIDE {
            driver.input(Input::Seen(source, seen.clone()));
        }
        assert_eq!(states(&mut driver), all(state));
        let warnings = driver.status().warnings;
        assert_eq!(warnings.len(), warns, "{warnings:?}");
    }
    // Whoever unlocks has asked for codes and not for advice.
    driver.lock();
    assert_eq!(driver.unlock().warnings, [""; 0]);
}

#[test]
fn the_system_sleeps_only_once_no_job_holds_a_key() {
    let mut driver = Driver::with(&[GITHUB]);
    assert!(!driver.agent.is_ready_for_sleep());
    driver.input(Input::Lock(LockSource::Sleep));
    assert!(driver.agent.is_ready_for_sleep());

    // An unlock that is under way has the identity in its hands.
    driver.habits.jobs = false;
    let ticket = driver.ask(
        1,
        Request::Unlock(Unlock {
            passphrase: driver::secret(PASSPHRASE),
        }),
    );
    driver.input(Input::Lock(LockSource::Sleep));
    assert_eq!(driver.answer(ticket).unwrap_err().kind(), ErrorKind::Locked);
    assert!(!driver.agent.is_ready_for_sleep());
    driver.finish_job();
    assert!(driver.agent.is_ready_for_sleep() && driver.status().locked);

    // Who wants no lock before sleep doesn't hold it up either.
    driver.habits.jobs = true;
    driver.unlock();
    assert!(!driver.agent.is_ready_for_sleep());
    driver.input(Input::Reload(without(LockSource::Sleep)));
    assert!(driver.agent.is_ready_for_sleep());
}

#[test]
fn the_lock_comes_within_a_second_of_its_deadline_whatever_the_clocks_do() {
    const HOUR: i64 = 3600;
    for (idle, max, expected) in [
        (Some(1800), None, LockSource::Idle),
        (None, Some(1800), LockSource::Max),
    ] {
        // Jumps of the wall clock and times of suspend on the way, at each quarter of it.
        for jump in [0, HOUR, -HOUR, 2 * HOUR] {
            for asleep in [0.0, 200.0] {
                let mut driver = Driver::with(&[GITHUB]);
                driver.input(Input::Reload(Config {
                    lock_idle: idle.map(Duration::from_secs),
                    lock_max: max.map(Duration::from_secs),
                    ..Config::default()
                }));
                let opened = driver.boot;
                let locked_after = |driver: &Driver| driver.boot.abs_diff(opened).as_secs_f64();
                for _ in 0..3 {
                    driver.pass(300.0);
                    driver.set_wall(jump);
                    driver.input(Input::Tick);
                    // Suspend: both clocks have moved, and no timer has rung meanwhile.
                    driver.boot += Duration::from_secs_f64(asleep);
                    driver.wall += Duration::from_secs_f64(asleep);
                }
                let deadline = driver.agent.deadline().unwrap();
                assert!(
                    deadline.abs_diff(opened + Duration::from_secs(1800)) < Duration::from_secs(1)
                );
                let rest = 1800.0 - locked_after(&driver);
                driver.pass(rest - 0.5);
                assert!(!driver.status().locked, "{jump} {asleep}: too early");
                driver.pass(1.0);
                let status = driver.status();
                assert_eq!((status.locked, status.locked_by), (true, Some(expected)));
            }
        }
    }
}

#[test]
fn a_suspend_that_outlives_the_deadline_locks_on_the_first_tick_after_it() {
    for jump in [3600, -3600] {
        let mut driver = Driver::with(&[GITHUB]);
        driver.pass(60.0);
        driver.boot += Duration::from_secs(12 * 3600);
        driver.set_wall(jump);
        driver.input(Input::Tick);
        assert!(driver.status().locked);
        assert_eq!(driver.events, [Event::Locked]);
    }
}

//! What the agent needs: memory, unlocking, loading, answering, starting, locking.

use std::process::Command;
use std::time::Duration;

use crate::agent::{Agent, Home};
use crate::desk::{self, Desk};
use crate::figures::{status, step};
use crate::measure::{Pair, interleaved, median};
use crate::probe::{self, Memory};
use crate::process;
use crate::report::{Goal, Row};
use crate::{Outcome, Setting};

const ROOT: &str = "only root may read the map of a non-dumpable process";

/// One of the figures of a process's memory.
type Part = fn(&Memory) -> u64;

/// Memory after an unlock of a fresh process, alone on the machine: a second agent would share
/// pages and make both look smaller. Then the same on a bus, with screen savers and logind watched.
pub fn memory(setting: &Setting, hundred: &Home, many: &Home) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for (home, entries, goals) in [(hundred, "100", [3.0, 0.8]), (many, "10,000", [6.0, 3.5])] {
        let figure = format!("otpd after an unlock, {entries} entries");
        memory_of(setting, home, &figure, goals, &mut rows)?;
        let figure = format!("the same on D-Bus, {entries} entries");
        match Desk::start(setting, home)? {
            Some(_desk) => memory_of(setting, home, &figure, goals, &mut rows)?,
            None => rows.push(Row::missing(&figure, "no dbus-daemon")),
        }
    }
    Ok(rows)
}

fn memory_of(
    setting: &Setting,
    home: &Home,
    figure: &str,
    goals: [f64; 2],
    rows: &mut Vec<Row>,
) -> Outcome<()> {
    let mut measured = Vec::new();
    for _ in 0..setting.pairs(1).0 {
        let mut agent = home.start()?;
        agent.unlock()?;
        // What happens after the answer belongs to the unlock, and so does what the agent gives
        // back a second later, and what it asks a bus.
        std::thread::sleep(Duration::from_secs(2));
        measured.extend(probe::memory(agent.pid())?);
        agent.quit()?;
    }
    let parts: [(&str, Part); 2] = [
        ("PSS", |memory| memory.pss),
        ("private dirty", |memory| memory.dirty),
    ];
    for ((name, part), goal) in parts.into_iter().zip(goals) {
        let figure = format!("{figure}: {name}");
        if measured.is_empty() {
            rows.push(Row::missing(&figure, ROOT));
            continue;
        }
        let kilobytes = median(measured.iter().map(part).collect());
        let megabytes = kilobytes as f64 * 1024.0 / 1e6;
        rows.push(Row::number(&figure, megabytes, " MB", Goal::AtMost(goal)));
    }
    Ok(())
}

/// Everything that is a time.
pub fn times(setting: &Setting, hundred: &Home, many: &Home, rows: &mut Vec<Row>) -> Outcome<()> {
    step("unlock");
    unlock(setting, hundred, rows)?;
    step("load");
    load(setting, many, rows)?;
    step("status");
    status(setting, hundred, rows)?;
    step("start");
    start(setting, hundred, rows)?;
    step("lock");
    lock(setting, many, rows)?;
    step("desktop");
    desktop(setting, many, rows)
}

/// What comes over D-Bus.
fn desktop(setting: &Setting, home: &Home, rows: &mut Vec<Row>) -> Outcome<()> {
    home.configure("[policy]\ndbus = \"allow\"\n")?;
    let Some(mut desk) = Desk::start(setting, home)? else {
        let figure = "wiping 10,000 keys, and `GetCode`: over D-Bus";
        rows.push(Row::missing(figure, "no dbus-daemon"));
        return Ok(());
    };
    let mut agent = home.start()?;
    for source in ["screen", "sleep"] {
        let words = format!("{{\"source\":\"{source}\",\"state\":\"watched\"");
        desk::until(&agent, &words)?;
    }
    let ways: [(&str, LockingOver); 2] = [
        (
            "a screen saver's signal until a subscriber is told",
            Desk::show,
        ),
        ("logind's signal until the system may sleep", Desk::sleep),
    ];
    for (way, locking) in ways {
        let took = wiping(setting, &agent, |agent| locking(&mut desk, agent))?;
        rows.push(wiped(way, took));
    }
    agent.unlock()?;
    desk::calls(setting, home, &mut agent, rows)?;
    desk::keyring(setting, &mut desk, &mut agent, rows)?;
    agent.quit()
}

fn unlock(setting: &Setting, home: &Home, rows: &mut Vec<Row>) -> Outcome<()> {
    let mut agent = home.start()?;
    let mut scrypt = Command::new(setting.program("scrypt"));
    let pair = interleaved(
        setting.pairs(3),
        || Ok(()),
        || {
            agent.lock()?;
            agent.unlock()
        },
        || match process::timed(&mut scrypt)? {
            (took, true) => Ok(took),
            _ => Err("scrypt failed".into()),
        },
    )?;
    rows.push(Row::ratio(
        "unlock by passphrase, 100 entries",
        "bare scrypt 2^18, opt-level 3",
        &pair,
        Goal::AtMost(1.3),
    ));
    agent.quit()
}

/// `load` takes turns by itself, in one process; it prints two times a pair.
fn load(setting: &Setting, home: &Home, rows: &mut Vec<Row>) -> Outcome<()> {
    let (rounds, pairs) = setting.pairs(200);
    let text = process::output(
        Command::new(setting.program("load"))
            .arg(home.data())
            .arg(crate::agent::PASSPHRASE)
            .arg((rounds * pairs).to_string()),
    )?;
    let mut measured = Vec::new();
    for line in text.lines() {
        let (a, b) = line.split_once(' ').ok_or("load printed something else")?;
        let [a, b] = [a, b].map(|word| word.parse().map(Duration::from_nanos));
        measured.push((a?, b?));
    }
    let rounds: Vec<_> = measured.chunks(pairs).map(<[_]>::to_vec).collect();
    rows.push(Row::ratio(
        "loading 10,000 entries, identity known",
        "bare age decryption",
        &Pair::of(&rounds),
        Goal::AtMost(3.0),
    ));
    Ok(())
}

fn start(setting: &Setting, home: &Home, rows: &mut Vec<Row>) -> Outcome<()> {
    let (rounds, starts) = setting.pairs(20);
    let mut medians = Vec::new();
    for _ in 0..rounds {
        let mut round = Vec::new();
        for _ in 0..starts {
            let mut agent = home.start()?;
            round.push(agent.first_answer);
            agent.quit()?;
        }
        medians.push(median(round));
    }
    let milliseconds = median(medians).as_secs_f64() * 1e3;
    let figure = "start of otpd to its first answer";
    rows.push(Row::number(figure, milliseconds, " ms", Goal::AtMost(5.0)));
    Ok(())
}

/// A way to lock, which returns how long it took.
type Locking = fn(&Agent) -> Outcome<Duration>;
/// A way to lock over D-Bus.
type LockingOver = fn(&mut Desk, &Agent) -> Outcome<Duration>;

/// How long locks take, and that the keys' pages are gone when they are told.
fn lock(setting: &Setting, home: &Home, rows: &mut Vec<Row>) -> Outcome<()> {
    let ways: [(&str, Locking); 2] = [
        ("`lock` until its answer", Agent::lock),
        (
            "SIGUSR1 (`kill` started) until a subscriber is told",
            Agent::lock_by_signal,
        ),
    ];
    let mut agent = home.start()?;
    for (way, locking) in ways {
        rows.push(wiped(way, wiping(setting, &agent, locking)?));
    }
    agent.quit()
}

fn wiped(way: &str, took: Duration) -> Row {
    let figure = format!("wiping 10,000 keys: {way}");
    let milliseconds = took.as_secs_f64() * 1e3;
    Row::number(&figure, milliseconds, " ms", Goal::AtMost(50.0))
}

fn wiping(
    setting: &Setting,
    agent: &Agent,
    mut locking: impl FnMut(&Agent) -> Outcome<Duration>,
) -> Outcome<Duration> {
    let (rounds, locks) = setting.pairs(3);
    let mut times = Vec::new();
    for _ in 0..rounds * locks {
        agent.unlock()?;
        let before = probe::memory(agent.pid())?;
        times.push(locking(agent)?);
        let after = probe::memory(agent.pid())?;
        if let (Some(before), Some(after)) = (before, after) {
            if before.locked == 0 {
                step("note: the keys' pages could not be locked here");
            } else if after.locked > 0 {
                return Err(format!("{} kB of key pages after the answer", after.locked).into());
            }
        }
    }
    Ok(median(times))
}

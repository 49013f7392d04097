//! The table's rows, in its order: first memory, while one agent is alone, then times.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::agent::{Agent, Connection, Home, ISSUER, KEY, request};
use crate::measure::{Pair, interleaved};
use crate::process::{self, Timed};
use crate::report::{Goal, Row};
use crate::{Outcome, Setting, figures_agent, peers};

/// Measures every figure.
pub fn all(setting: &Setting, rows: &mut Vec<Row>) -> Outcome<()> {
    step("vaults of 1, 100 and 10,000 entries");
    let homes = [
        Home::make(setting, 1)?,
        Home::make(setting, 100)?,
        Home::make(setting, 10_000)?,
    ];
    let [_, hundred, many] = &homes;
    step("memory");
    let memory = figures_agent::memory(setting, hundred, many)?;
    step("get");
    let mut agents = [started(&homes[0])?, started(hundred)?, started(many)?];
    gets(setting, &homes, &mut agents, rows)?;
    let [one, middle, most] = &mut agents;
    one.quit()?;
    most.quit()?;
    peers::slow(setting, hundred, middle, rows)?;
    middle.quit()?;
    client(setting, hundred, rows)?;
    rows.extend(memory);
    figures_agent::times(setting, hundred, many, rows)
}

/// Says on stderr what is being measured.
pub fn step(text: &str) {
    eprintln!("otp-bench: {text}");
}

fn started(home: &Home) -> Outcome<Agent> {
    let agent = home.start()?;
    agent.unlock()?;
    Ok(agent)
}

/// One comparison of two whole processes, and the agents (if any) whose codes each costs.
struct Race {
    figure: &'static str,
    other: &'static str,
    goal: Goal,
    a: (Timed, usize),
    b: (Timed, Option<usize>),
    rounds: Vec<Vec<(Duration, Duration)>>,
}

/// `get` as a whole process, in turns with its rivals. The races take turns too, so that an
/// agent's rate limit recovers while another is asked.
fn gets(
    setting: &Setting,
    homes: &[Home; 3],
    agents: &mut [Agent; 3],
    rows: &mut Vec<Row>,
) -> Outcome<()> {
    let [one, hundred, many] = homes;
    let get = |home: &Home, query: &str| {
        let mut command = home.otpctl();
        command.args(["get", query]);
        Timed::new(command)
    };
    let least = |home: &Home| {
        let mut command = home.command("ref_client");
        command.arg(home.socket()).arg(ISSUER);
        Timed::new(command)
    };
    let race = |figure, other, goal, a, b| Race {
        figure,
        other,
        goal,
        a,
        b,
        rounds: Vec::new(),
    };
    let typed = ISSUER.to_lowercase();
    let mut races = vec![
        race(
            "`otpctl get`, whole process",
            "static C client",
            Goal::AtMost(1.4),
            (get(hundred, ISSUER)?, 1),
            (least(hundred)?, Some(1)),
        ),
        race(
            "control: the C client against itself",
            "the same",
            Goal::None,
            (least(many)?, 2),
            (least(many)?, Some(2)),
        ),
        race(
            "growth of `get`, 10,000 entries against 1, by issuer",
            "1 entry",
            Goal::AtMost(1.1),
            (get(many, ISSUER)?, 2),
            (get(one, ISSUER)?, Some(0)),
        ),
        race(
            "growth of `get`, 10,000 entries against 1, typed in lower case",
            "1 entry",
            Goal::AtMost(1.1),
            (get(many, &typed)?, 2),
            (get(one, &typed)?, Some(0)),
        ),
    ];
    if peers::installed("oathtool").is_some() {
        let mut command = Command::new("oathtool");
        command.env_clear().args(["--totp", "-b", KEY]);
        races.push(race(
            "`otpctl get`, whole process",
            "oathtool",
            Goal::AtMost(0.5),
            (get(hundred, ISSUER)?, 1),
            (Timed::new(command)?, None),
        ));
    } else {
        rows.push(Row::missing("oathtool", "not installed"));
    }
    let (rounds, pairs) = setting.pairs(200);
    for race in &mut races {
        for _ in 0..3 {
            race.a.0.run()?;
            race.b.0.run()?;
        }
        agents[race.a.1].await_codes(6);
    }
    for _ in 0..rounds {
        for race in &mut races {
            race.rounds.push(Vec::with_capacity(pairs));
        }
        for _half in 0..2 {
            for race in &mut races {
                let share = pairs / 2;
                let both = race.b.1 == Some(race.a.1);
                agents[race.a.1].await_codes(if both { 2 * share } else { share });
                if let Some(other) = race.b.1.filter(|_| !both) {
                    agents[other].await_codes(share);
                }
                for _ in 0..share {
                    let pair = (race.a.0.run()?, race.b.0.run()?);
                    race.rounds.last_mut().ok_or("no round")?.push(pair);
                }
            }
        }
    }
    for race in &races {
        let pair = Pair::of(&race.rounds);
        rows.push(Row::ratio(race.figure, race.other, &pair, race.goal));
    }
    Ok(())
}

/// What otpctl is: bytes, libraries, system calls.
fn client(setting: &Setting, home: &Home, rows: &mut Vec<Row>) -> Outcome<()> {
    step("otpctl itself");
    let file = setting.program("otpctl");
    let size = std::fs::metadata(&file)?.len() as f64 / 1e3;
    rows.push(Row::number(
        "`otpctl`: size",
        size,
        " kB",
        Goal::AtMost(450.0),
    ));
    let dynamic = process::output(Command::new("readelf").arg("-d").arg(&file))?;
    let libraries = dynamic.matches("(NEEDED)").count() as f64;
    let figure = "`otpctl`: shared libraries";
    rows.push(Row::number(figure, libraries, "", Goal::AtMost(0.0)));

    let figure = "`otpctl get`: system calls";
    if peers::installed("strace").is_none() {
        rows.push(Row::missing(figure, "strace is not installed"));
        return Ok(());
    }
    let mut agent = started(home)?;
    let mut get = home.otpctl();
    get.args(["get", ISSUER]);
    let calls = calls(setting, &get)?;
    rows.push(Row::number(figure, calls, "", Goal::AtMost(35.0)));
    agent.quit()
}

/// Counts a command's system calls from `execve` to `exit_group`.
fn calls(setting: &Setting, command: &Command) -> Outcome<f64> {
    let trace = setting.work.join("trace");
    let mut strace = Command::new("strace");
    strace.arg("-f").arg("-o").arg(&trace);
    strace.arg(command.get_program()).args(command.get_args());
    strace.env_clear();
    for (name, value) in command.get_envs() {
        strace.env(name, value.unwrap_or_default());
    }
    process::output(&mut strace)?;
    let is_call = |line: &&str| line.contains('(') && !line.contains("resumed>");
    Ok(std::fs::read_to_string(trace)?
        .lines()
        .filter(is_call)
        .count() as f64)
}

/// `status` on an open connection against a bare echo of the same line.
pub fn status(setting: &Setting, home: &Home, rows: &mut Vec<Row>) -> Outcome<()> {
    /// Requests between two looks at the clock.
    const BLOCK: u32 = 200;
    let mut agent = started(home)?;
    let socket = setting.work.join("echo");
    let mut child = Command::new(setting.program("echo")).arg(&socket).spawn()?;
    let mut echo = await_connection(&socket)?;
    let mut asked = agent.connect()?;
    let line = request("status", "");
    let block = |connection: &mut Connection| -> Outcome<Duration> {
        let start = std::time::Instant::now();
        for _ in 0..BLOCK {
            if connection.ask(&line)?.len() < line.len() {
                return Err("a short answer".into());
            }
        }
        Ok(start.elapsed() / BLOCK)
    };
    let pair = interleaved(
        setting.pairs(40),
        || Ok(()),
        || block(&mut asked),
        || block(&mut echo),
    );
    child.kill()?;
    child.wait()?;
    rows.push(Row::rate(
        "`status` on an open connection, one at a time",
        "bare tokio echo",
        &pair?.inverted(),
        Goal::AtLeast(0.85),
    ));
    agent.quit()
}

fn await_connection(socket: &Path) -> Outcome<Connection> {
    for _ in 0..1000 {
        if let Ok(connection) = Connection::open(socket) {
            return Ok(connection);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let name = String::from_utf8_lossy(socket.as_os_str().as_bytes()).into_owned();
    Err(format!("nothing listens on {name}").into())
}

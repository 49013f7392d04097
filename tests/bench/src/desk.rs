//! Figures that need a bus: what locks over it, what is asked over it, and a keyring that hangs.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use crate::agent::{Agent, Connection, Home, ISSUER, PASSPHRASE, request};
use crate::measure::Pair;
use crate::report::{Goal, Row};
use crate::{Outcome, Setting, process};

/// A bus of our own and whoever is on it; all end with this value.
pub struct Desk {
    bus: Child,
    others: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Desk {
    /// Starts them; `None` where there is no `dbus-daemon`.
    pub fn start(setting: &Setting, home: &Home) -> Outcome<Option<Self>> {
        if !Path::new("/usr/bin/dbus-daemon").exists() {
            return Ok(None);
        }
        let socket = home.bus();
        let configuration = setting.work.join("bus.conf");
        std::fs::write(
            &configuration,
            format!(
                "<busconfig><listen>unix:path={}</listen><policy context=\"default\">\
                 <allow user=\"*\"/><allow own=\"*\"/><allow send_type=\"method_call\"/>\
                 <allow send_destination=\"*\"/><allow receive_sender=\"*\"/></policy></busconfig>",
                socket.display()
            ),
        )?;
        let mut bus = home.command("/usr/bin/dbus-daemon");
        bus.arg(format!("--config-file={}", configuration.display()))
            .args(["--nofork", "--print-address"]);
        let mut bus = bus.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut address = String::new();
        let output = bus.stdout.take().ok_or("no output")?;
        BufReader::new(output).read_line(&mut address)?;
        let mut others = home.command("desk");
        others.arg("serve").stdin(Stdio::piped());
        let mut others = others.stdout(Stdio::piped()).spawn()?;
        let (Some(orders), Some(answers)) = (others.stdin.take(), others.stdout.take()) else {
            return Err("no pipes".into());
        };
        let mut desk = Self {
            bus,
            others,
            orders,
            answers: BufReader::new(answers),
        };
        desk.wait()?;
        Ok(Some(desk))
    }

    fn wait(&mut self) -> Outcome<()> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        if line == "ready\n" {
            Ok(())
        } else {
            Err("the stand-ins on the bus ended".into())
        }
    }

    fn order(&mut self, word: &str) -> Outcome<()> {
        Ok(self.orders.write_all(format!("{word}\n").as_bytes())?)
    }

    /// The screen saver shows itself, until a subscriber is told of the lock.
    pub fn show(&mut self, agent: &Agent) -> Outcome<Duration> {
        let mut subscriber = agent.connect()?;
        subscriber.call("subscribe", "")?;
        let start = Instant::now();
        self.order("show")?;
        subscriber.event("locked")?;
        Ok(start.elapsed())
    }

    /// The system is about to sleep, until nobody delays it any more.
    pub fn sleep(&mut self, _: &Agent) -> Outcome<Duration> {
        let start = Instant::now();
        self.order("sleep")?;
        self.wait()?;
        let took = start.elapsed();
        self.order("wake")?;
        self.wait()?;
        Ok(took)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        for child in [&mut self.others, &mut self.bus] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits until the agent says in `status` that it is on the bus in this respect.
pub fn until(agent: &Agent, words: &str) -> Outcome<()> {
    let start = Instant::now();
    let mut connection = agent.connect()?;
    while !connection.call("status", "")?.contains(words) {
        if start.elapsed() > Duration::from_secs(10) {
            return Err(format!("otpd never said {words}").into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// A code over D-Bus, in turns with the same from a bare service.
pub fn calls(
    setting: &Setting,
    home: &Home,
    agent: &mut Agent,
    rows: &mut Vec<Row>,
) -> Outcome<()> {
    let (rounds, pairs) = setting.pairs(150);
    let mut measured = Vec::new();
    for _ in 0..rounds {
        agent.await_codes(pairs + 1);
        let mut client = home.command("desk");
        let text = process::output(client.arg("call").arg(pairs.to_string()))?;
        let mut round = Vec::new();
        for line in text.lines() {
            let (a, b) = line.split_once(' ').ok_or("desk printed something else")?;
            let [a, b] = [a, b].map(|word| word.parse().map(Duration::from_nanos));
            round.push((a?, b?));
        }
        measured.push(round);
    }
    rows.push(Row::ratio(
        "`GetCode` over D-Bus",
        "bare zbus service",
        &Pair::of(&measured),
        Goal::AtMost(1.2),
    ));
    Ok(())
}

/// The slowest hundredth of `get` while a keyring hangs, and without.
pub fn keyring(
    setting: &Setting,
    desk: &mut Desk,
    agent: &mut Agent,
    rows: &mut Vec<Row>,
) -> Outcome<()> {
    let (rounds, _) = setting.pairs(1);
    let (mut hung, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        agent.await_codes(200);
        let mut asking = agent.connect()?;
        let add = format!("\"slot\":\"keyring\",\"passphrase\":\"{PASSPHRASE}\"");
        asking.send(&request("slots.add", &add))?;
        // The passphrase is checked first; then the keyring is asked, for three seconds.
        desk.order("keyring")?;
        desk.wait()?;
        let start = Instant::now();
        let round = gets(&mut agent.connect()?, 100)?;
        if start.elapsed() > Duration::from_secs(1) {
            return Err("the keyring hung for a shorter time than the codes took".into());
        }
        let answer = asking.receive()?;
        if !answer.contains("does not answer") {
            return Err(format!("the keyring did not hang: {}", answer.trim_end()).into());
        }
        hung.extend(round);
        plain.extend(gets(&mut agent.connect()?, 100)?);
    }
    let last = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() * 99 / 100]
    };
    rows.push(Row::times(
        "`get` on an open connection while a keyring hangs, slowest hundredth",
        last(hung),
        "without one",
        last(plain),
        Goal::AtMost(2.0),
    ));
    Ok(())
}

fn gets(connection: &mut Connection, count: usize) -> Outcome<Vec<Duration>> {
    let line = request("get", &format!("\"query\":\"{ISSUER}\""));
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        let answer = connection.ask(&line)?;
        times.push(start.elapsed());
        if !answer.contains("\"code\":") {
            return Err(format!("get: {}", answer.trim_end()).into());
        }
    }
    Ok(times)
}

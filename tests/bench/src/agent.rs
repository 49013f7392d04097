//! A private otpd with a home of its own, and a connection to it.

use std::fs::DirBuilder;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::{Outcome, Setting, process};

pub const PASSPHRASE: &str = "benchmark benchmark benchmark";

/// The entry that is asked for; every vault has it.
pub const ISSUER: &str = "GitHub";
pub const KEY: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

/// Codes a second and burst that the agent grants a user, a little less than documented.
const RATE: f64 = 48.0;
const BURST: f64 = 200.0;

/// A connection, one line out, one line back.
pub struct Connection {
    stream: UnixStream,
    reader: BufReader<UnixStream>,
    line: String,
}

impl Connection {
    pub fn open(socket: &Path) -> Outcome<Self> {
        let stream = UnixStream::connect(socket)?;
        Ok(Self {
            reader: BufReader::new(stream.try_clone()?),
            stream,
            line: String::new(),
        })
    }

    /// Sends a line and returns the answer's.
    pub fn ask(&mut self, line: &str) -> Outcome<&str> {
        self.send(line)?;
        self.receive()
    }

    /// Sends a line whose answer takes long.
    pub fn send(&mut self, line: &str) -> Outcome<()> {
        Ok(self.stream.write_all(line.as_bytes())?)
    }

    /// Waits for that answer.
    pub fn receive(&mut self) -> Outcome<&str> {
        self.line.clear();
        self.reader.read_line(&mut self.line)?;
        Ok(&self.line)
    }

    /// Waits for an event.
    pub fn event(&mut self, name: &str) -> Outcome<()> {
        let name = format!("\"{name}\"");
        loop {
            self.line.clear();
            if self.reader.read_line(&mut self.line)? == 0 {
                return Err("the agent ended the subscription".into());
            }
            if self.line.contains(&name) {
                return Ok(());
            }
        }
    }

    /// Calls a method that has to succeed.
    pub fn call(&mut self, method: &str, params: &str) -> Outcome<&str> {
        let answer = self.ask(&request(method, params))?;
        if answer.contains("\"result\":") {
            Ok(answer)
        } else {
            Err(format!("{method}: {}", answer.trim_end()).into())
        }
    }
}

/// A request line.
pub fn request(method: &str, params: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{method}\",\"params\":{{{params}}}}}\n")
}

/// A home with a vault.
pub struct Home {
    folder: PathBuf,
    programs: PathBuf,
}

impl Home {
    /// Makes a vault with so many entries, through otpctl.
    pub fn make(setting: &Setting, entries: usize) -> Outcome<Self> {
        let folder = setting.work.join(format!("home-{entries}"));
        // otpd listens in a folder of its user's alone.
        DirBuilder::new().mode(0o700).create(&folder)?;
        let home = Self {
            folder,
            programs: setting.programs.clone(),
        };
        let mut agent = home.start()?;
        let passphrase = home.folder.join("passphrase");
        std::fs::write(&passphrase, format!("{PASSPHRASE}\n"))?;
        process::output(
            home.otpctl()
                .arg("init")
                .stdin(std::fs::File::open(passphrase)?),
        )?;
        let list = home.folder.join("entries.txt");
        std::fs::write(&list, list_of(entries))?;
        process::output(home.otpctl().arg("import").arg(list))?;
        let listed = process::output(home.otpctl().args(["list", "--names"]))?;
        if listed.lines().count() != entries {
            return Err(format!("{} of {entries} entries arrived", listed.lines().count()).into());
        }
        agent.quit()?;
        Ok(home)
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.join("s")
    }

    /// Where its programs look for both buses; nobody has to listen there.
    pub fn bus(&self) -> PathBuf {
        self.folder.join("bus")
    }

    /// Writes otpd's configuration.
    pub fn configure(&self, toml: &str) -> Outcome<()> {
        let folder = self.folder.join("config/otpd");
        std::fs::create_dir_all(&folder)?;
        Ok(std::fs::write(folder.join("otpd.toml"), toml)?)
    }

    pub fn data(&self) -> PathBuf {
        self.folder.join("data/otpd")
    }

    /// otpctl with this home's environment.
    pub fn otpctl(&self) -> Command {
        self.command("otpctl")
    }

    /// A command with this home's environment and nothing else.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", &self.folder)
            .env("XDG_DATA_HOME", self.folder.join("data"))
            .env("XDG_STATE_HOME", self.folder.join("state"))
            .env("XDG_CONFIG_HOME", self.folder.join("config"))
            .env("OTPD_SOCKET", self.socket());
        for bus in ["DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"] {
            command.env(bus, format!("unix:path={}", self.bus().display()));
        }
        command
    }

    /// Starts an agent and waits for its first answer.
    pub fn start(&self) -> Outcome<Agent> {
        let mut command = self.command("otpd");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let socket = self.socket();
        let started = Instant::now();
        let child = command.stderr(Stdio::null()).spawn()?;
        let mut agent = Agent {
            child,
            socket: socket.clone(),
            first_answer: Duration::ZERO,
            tokens: BURST,
            counted: started,
        };
        loop {
            if let Ok(mut connection) = Connection::open(&socket) {
                connection.call("status", "")?;
                agent.first_answer = started.elapsed();
                return Ok(agent);
            }
            if started.elapsed() > Duration::from_secs(5) || agent.child.try_wait()?.is_some() {
                return Err("otpd does not answer".into());
            }
            sleep(Duration::from_micros(50));
        }
    }
}

/// A running agent; it ends with this value.
pub struct Agent {
    child: Child,
    socket: PathBuf,
    /// From the start of the process to the first answer.
    pub first_answer: Duration,
    tokens: f64,
    counted: Instant,
}

impl Agent {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn connect(&self) -> Outcome<Connection> {
        Connection::open(&self.socket)
    }

    pub fn unlock(&self) -> Outcome<Duration> {
        let mut connection = self.connect()?;
        let start = Instant::now();
        connection.call("unlock", &format!("\"passphrase\":\"{PASSPHRASE}\""))?;
        Ok(start.elapsed())
    }

    /// Locks by SIGUSR1; returns the time from the signal's sender being started until a
    /// subscriber is told.
    pub fn lock_by_signal(&self) -> Outcome<Duration> {
        let mut subscriber = self.connect()?;
        subscriber.call("subscribe", "")?;
        let start = Instant::now();
        let mut sender = Command::new("sh");
        process::output(sender.arg("-c").arg(format!("kill -USR1 {}", self.pid())))?;
        subscriber.event("locked")?;
        Ok(start.elapsed())
    }

    pub fn lock(&self) -> Outcome<Duration> {
        let mut connection = self.connect()?;
        let start = Instant::now();
        connection.call("lock", "")?;
        Ok(start.elapsed())
    }

    /// Waits until the agent's rate limit grants so many codes at once.
    pub fn await_codes(&mut self, codes: usize) {
        let codes = codes as f64;
        let have = self.tokens + self.counted.elapsed().as_secs_f64() * RATE;
        self.tokens = have.min(BURST);
        if self.tokens < codes {
            sleep(Duration::from_secs_f64((codes - self.tokens) / RATE));
            self.tokens = codes;
        }
        self.tokens -= codes;
        self.counted = Instant::now();
    }

    /// Asks it to end, and waits.
    pub fn quit(&mut self) -> Outcome<()> {
        self.connect()?.call("quit", "")?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// So many otpauth lines, a third of the names Japanese; the asked one is in the middle.
fn list_of(entries: usize) -> String {
    let mut lines = String::new();
    for number in 0..entries {
        if number == entries / 2 {
            lines += &format!("otpauth://totp/{ISSUER}:alice?secret={KEY}&issuer={ISSUER}\n");
            continue;
        }
        let name = match number % 3 {
            0 => format!("%E3%82%B5%E3%83%BC%E3%83%93%E3%82%B9%20{number}"),
            _ => format!("Service%20{number}"),
        };
        let key = key(number);
        lines += &format!(
            "otpauth://totp/{name}:user{number}%40example.org?secret={key}&issuer={name}\n"
        );
    }
    lines
}

/// 160 bits of base32 that no other number has.
fn key(number: usize) -> String {
    let mut state = number as u64 + 1;
    (0..32)
        .map(|_| {
            // Knuth's MMIX generator; the high bits are the good ones.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(state >> 59) as usize])
        })
        .collect()
}

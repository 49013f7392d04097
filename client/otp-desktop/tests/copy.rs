//! `copy` on a real X server, pasted by Debian's xclip and by a client of the test's own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod support;

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Signal, getsid, kill_process};
use support::agent::{Agent, tell};
use support::{X, pid, stderr};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, PropMode, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_FROM_PARENT, CURRENT_TIME, NONE};

const CODE: &str = "314159";

/// A program that has copied a code.
struct Copied {
    child: Child,
    /// What it said of how long the code stays.
    said: String,
}

fn server() -> X {
    X::start(&["-screen", "0", "64x64x24"])
}

fn order(valid_for: Option<u32>) -> String {
    match valid_for {
        Some(left) => format!("{{\"code\":\"{CODE}\",\"valid_for\":{left}}}"),
        None => format!("{{\"code\":\"{CODE}\"}}"),
    }
}

/// Copies a code; returns once the program has let go of its outputs.
fn copy(x: &X, agent: &Agent, valid_for: Option<u32>) -> Copied {
    let mut command = x.command(&["copy"]);
    let mut child = agent
        .announce(&mut command)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(order(valid_for).as_bytes()).unwrap();
    drop(stdin);
    let (mut said, mut complaint) = (String::new(), String::new());
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut said).unwrap();
    let mut errors = child.stderr.take().unwrap();
    errors.read_to_string(&mut complaint).unwrap();
    assert_eq!(complaint, "");
    assert!(said.starts_with("ready\ncopied "), "{said}");
    Copied { child, said }
}

impl Copied {
    /// Waits for its end.
    fn end(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

/// What a person gets who pastes.
fn pasted(x: &X) -> String {
    let mut command = Command::new("xclip");
    command.args(["-selection", "clipboard", "-out"]);
    let output = command.env("DISPLAY", &x.display).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A program that pastes.
struct Paster {
    connection: RustConnection,
    window: Window,
}

impl Paster {
    fn new(x: &X) -> Self {
        let connection = x.connect();
        let root = connection.setup().roots.first().unwrap().root;
        let window = connection.generate_id().unwrap();
        let class = WindowClass::INPUT_ONLY;
        let values = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        let visual = COPY_FROM_PARENT;
        connection
            .create_window(0, window, root, 0, 0, 1, 1, 0, class, visual, &values)
            .unwrap();
        Self { connection, window }
    }

    fn atom(&self, name: &str) -> Atom {
        let asked = self.connection.intern_atom(false, name.as_bytes());
        asked.unwrap().reply().unwrap().atom
    }

    fn name(&self, atom: Atom) -> String {
        let asked = self.connection.get_atom_name(atom).unwrap();
        String::from_utf8(asked.reply().unwrap().name).unwrap()
    }

    fn owner(&self) -> Window {
        let asked = self.connection.get_selection_owner(self.atom("CLIPBOARD"));
        asked.unwrap().reply().unwrap().owner
    }

    /// Has the content converted: its type and its bytes, or nothing.
    fn convert(&self, target: &str) -> Option<(String, Vec<u8>)> {
        let (target, property) = (self.atom(target), self.atom("PASTED"));
        let clipboard = self.atom("CLIPBOARD");
        self.connection
            .convert_selection(self.window, clipboard, target, property, CURRENT_TIME)
            .unwrap();
        self.connection.flush().unwrap();
        loop {
            if let Event::SelectionNotify(answer) = self.connection.wait_for_event().unwrap() {
                if answer.property == NONE {
                    return None;
                }
                return Some(self.value(property));
            }
        }
    }

    fn value(&self, property: Atom) -> (String, Vec<u8>) {
        let any = AtomEnum::ANY;
        let asked = self
            .connection
            .get_property(true, self.window, property, any, 0, 1024);
        let value = asked.unwrap().reply().unwrap();
        (self.name(value.type_), value.value)
    }
}

#[test]
fn the_code_is_pasted_in_every_form_and_marked_as_a_secret() {
    let (x, agent) = (server(), Agent::start(600));
    let copied = copy(&x, &agent, None);
    assert_eq!(copied.said, "ready\ncopied 600\n");
    assert_eq!(pasted(&x), CODE);
    assert_eq!(pasted(&x), CODE, "some programs ask twice");
    let paster = Paster::new(&x);
    let atoms = paster.convert("TARGETS").unwrap().1;
    let targets: Vec<String> = atoms
        .chunks_exact(4)
        .map(|atom| paster.name(Atom::from_ne_bytes(atom.try_into().unwrap())))
        .collect();
    for target in [
        "UTF8_STRING",
        "STRING",
        "text/plain",
        "text/plain;charset=utf-8",
    ] {
        assert!(targets.iter().any(|offered| offered == target));
        let value = paster.convert(target).unwrap();
        assert_eq!(value, (target.into(), CODE.into()));
    }
    assert_eq!(
        paster.convert("TEXT").unwrap(),
        ("STRING".into(), CODE.into())
    );
    let hint = "x-kde-passwordManagerHint";
    assert!(targets.iter().any(|offered| offered == hint));
    assert_eq!(paster.convert(hint).unwrap().1, b"secret");
    assert_eq!(paster.convert("TIMESTAMP").unwrap().1.len(), 4);
    assert_eq!(paster.convert("image/png"), None);
    drop(copied.child);
}

#[test]
fn several_conversions_at_once_are_done_and_the_impossible_one_is_said() {
    let (x, agent) = (server(), Agent::start(600));
    let _copied = copy(&x, &agent, None);
    let paster = Paster::new(&x);
    let atoms = ["UTF8_STRING", "A", "image/png", "B"].map(|name| paster.atom(name));
    let (property, kind) = (paster.atom("PASTED"), paster.atom("ATOM_PAIR"));
    let mode = PropMode::REPLACE;
    paster
        .connection
        .change_property32(mode, paster.window, property, kind, &atoms)
        .unwrap();
    let (kind, left) = paster.convert("MULTIPLE").unwrap();
    assert_eq!(kind, "ATOM_PAIR");
    let left: Vec<Atom> = left
        .chunks_exact(4)
        .map(|atom| Atom::from_ne_bytes(atom.try_into().unwrap()))
        .collect();
    assert_eq!(left, [atoms[0], atoms[1], atoms[2], NONE]);
    assert_eq!(paster.value(atoms[1]).1, CODE.as_bytes());
}

#[test]
fn the_code_goes_when_its_time_is_over() {
    let x = server();
    let (short, long) = (Agent::start(1), Agent::start(600));
    let copied = copy(&x, &short, Some(25));
    assert_eq!(copied.said, "ready\ncopied 1\n");
    assert_eq!(pasted(&x), CODE);
    assert_eq!(copied.end(), Some(0));
    assert_eq!(Paster::new(&x).owner(), NONE);
    assert_eq!(copy(&x, &long, Some(25)).said, "ready\ncopied 25\n");
    assert_eq!(copy(&x, &long, Some(2)).said, "ready\ncopied 10\n");
}

#[test]
fn the_code_goes_with_a_lock_and_with_the_agent_and_with_nothing_less() {
    let x = server();
    let agent = Agent::start(600);
    let copied = copy(&x, &agent, None);
    let subscriber = agent.subscriber();
    for event in ["changed", "unlocked"] {
        tell(&subscriber, event);
    }
    assert_eq!(pasted(&x), CODE);
    tell(&subscriber, "locked");
    assert_eq!(copied.end(), Some(0));
    assert_eq!(Paster::new(&x).owner(), NONE);

    let copied = copy(&x, &agent, None);
    assert_eq!(pasted(&x), CODE);
    drop(agent.subscriber());
    assert_eq!(copied.end(), Some(0));
    assert_eq!(Paster::new(&x).owner(), NONE);
}

#[test]
fn what_another_program_copies_stays_and_ends_ours() {
    let (x, agent) = (server(), Agent::start(600));
    let first = copy(&x, &agent, None);
    let second = copy(&x, &agent, None);
    assert_eq!(first.end(), Some(0));
    assert_eq!(pasted(&x), CODE);
    let mut command = Command::new("xclip");
    command.args(["-selection", "clipboard", "-in", "-quiet"]);
    command.env("DISPLAY", &x.display).stdin(Stdio::piped());
    let mut other = command.stderr(Stdio::null()).spawn().unwrap();
    other.stdin.take().unwrap().write_all(b"mine").unwrap();
    assert_eq!(second.end(), Some(0));
    assert_eq!(pasted(&x), "mine");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn a_signal_takes_the_code_away() {
    let (x, agent) = (server(), Agent::start(600));
    // Not those that a shell lets a background job ignore.
    for signal in [Signal::TERM, Signal::KILL] {
        let mut copied = copy(&x, &agent, None);
        assert_eq!(pasted(&x), CODE);
        kill_process(pid(&copied.child), signal).unwrap();
        copied.child.wait().unwrap();
        assert_eq!(pasted(&x), "");
    }
}

#[test]
fn it_has_a_session_of_its_own_and_the_code_nowhere_to_be_read() {
    let (x, agent) = (server(), Agent::start(600));
    let copied = copy(&x, &agent, None);
    let own = pid(&copied.child);
    assert_eq!(getsid(Some(own)).unwrap(), own);
    let folder = format!("/proc/{}", own.as_raw_nonzero());
    for name in ["cmdline", "environ", "comm"] {
        let text = std::fs::read(format!("{folder}/{name}")).unwrap();
        assert!(!text.windows(CODE.len()).any(|part| part == CODE.as_bytes()));
    }
    let descriptors = std::fs::read_dir(format!("{folder}/fd")).unwrap();
    // One that is closed between the two calls is none that it keeps.
    let targets = descriptors.filter_map(|one| std::fs::read_link(one.unwrap().path()).ok());
    let targets: Vec<_> = targets.collect();
    assert!(
        targets
            .iter()
            .any(|one| one.to_string_lossy().starts_with("socket:"))
    );
    for target in targets {
        let name = target.to_string_lossy();
        let is_known = name == "/dev/null" || name.starts_with("socket:");
        assert!(is_known || name.contains("timerfd"), "{name}");
    }
    let cwd = std::fs::read_link(format!("{folder}/cwd")).unwrap();
    assert_eq!(cwd.to_str(), Some("/"));
    kill_process(own, Signal::TERM).unwrap();
}

/// Orders something that fails.
fn failing(mut command: Command, order: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // It may have ended before it reads.
    child.stdin.take().unwrap().write_all(order.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

#[test]
fn what_can_not_be_copied_leaves_the_clipboard_alone() {
    let x = server();
    let open = Agent::start(600);
    let command = |agent: &Agent| {
        let mut command = x.command(&["copy"]);
        agent.announce(&mut command);
        command
    };
    for (order, status) in [
        ("", 1),
        ("\n", 1),
        ("314159", 2),
        ("{}", 2),
        ("{\"code\":\"\"}", 2),
        ("{\"code\":\"31\\n4159\"}", 2),
        ("{\"code\":\"31 4159\"}", 2),
        ("{\"code\":\"314159\",\"clear\":\"never\"}", 2),
    ] {
        let output = failing(command(&open), order);
        assert_eq!(output.status.code(), Some(status), "{order}");
        assert_eq!(output.stdout, b"ready\n");
        // Who sends nothing knows why.
        assert_eq!(stderr(&output).is_empty(), status == 1, "{order}");
        assert!(!stderr(&output).contains("3141"));
    }
    let locked = Agent::with("\"locked\":true");
    let output = failing(command(&locked), &order(None));
    assert_eq!(output.status.code(), Some(5));
    assert!(stderr(&output).contains("the vault was locked meanwhile"));
    let mut nobody = x.command(&["copy"]);
    nobody.env("OTPD_SOCKET", "/nowhere/otpd.sock");
    let output = failing(nobody, &order(None));
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("otpd cannot be reached"),
        "{}",
        stderr(&output)
    );
    assert_eq!(Paster::new(&x).owner(), NONE);
}

#[test]
fn without_a_desktop_nothing_is_asked_for_and_the_way_on_is_said() {
    let output = failing(support::program(&["copy"]), &order(None));
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert_eq!(
        stderr(&output),
        "otp-desktop: there is no graphical session: neither WAYLAND_DISPLAY nor DISPLAY is set\n\
         hint: otpctl get QUERY --osc52\n"
    );
}

//! `type` on a real X server, into Debian's xterm.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::{Duration, Instant};

use support::{X, end, stderr};
use tempfile::TempDir;
use x11rb::protocol::xproto::{ConnectionExt as _, InputFocus, MapState};
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{CURRENT_TIME, NONE};

/// A terminal that has the focus, and writes what is typed into a file.
struct Field {
    terminal: Child,
    folder: TempDir,
    window: u32,
}

fn server() -> X {
    X::start(&["-screen", "0", "640x480x24"])
}

/// A program of the desktop that is run to its end.
fn run(x: &X, program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).env("DISPLAY", &x.display);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{program}: {}", stderr(&output));
    output
}

impl Field {
    /// Opens one that takes so many bytes, and gives it the focus.
    fn open(x: &X, title: &str, length: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let script = format!(
            "stty raw -echo; echo $WINDOWID > {path}/window.new; \
             mv {path}/window.new {path}/window; \
             dd bs=1 count={length} of={path}/typed.new 2>{path}/dd; mv {path}/typed.new {path}/typed"
        );
        let mut command = Command::new("xterm");
        command.args([
            "-u8", "-class", "Field", "-T", title, "-e", "sh", "-c", &script,
        ]);
        command.env("DISPLAY", &x.display).env("LC_ALL", "C.UTF-8");
        let terminal = command.stdin(Stdio::null()).spawn().unwrap();
        let window = wait_for(&folder.path().join("window"))
            .trim()
            .parse()
            .unwrap();
        let field = Self {
            terminal,
            folder,
            window,
        };
        field.focus(x);
        field
    }

    fn focus(&self, x: &X) {
        let connection = x.connect();
        // The shell may be there before its terminal is on the screen.
        wait_until("a window that is seen", || {
            let asked = connection.get_window_attributes(self.window).unwrap();
            (asked.reply().unwrap().map_state == MapState::VIEWABLE).then_some(())
        });
        let revert = InputFocus::POINTER_ROOT;
        let set = connection.set_input_focus(revert, self.window, CURRENT_TIME);
        set.unwrap().check().unwrap();
        connection.sync().unwrap();
    }

    /// What was typed, once it is all there.
    fn typed(&self) -> String {
        wait_for(&self.folder.path().join("typed"))
    }

    fn is_untouched(&self) -> bool {
        let begun = std::fs::read_to_string(self.folder.path().join("typed.new"));
        !self.folder.path().join("typed").exists() && begun.unwrap_or_default().is_empty()
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        end(&mut self.terminal);
    }
}

/// Waits for what another program does.
#[expect(
    clippy::disallowed_methods,
    reason = "a test need not know of a suspend"
)]
fn wait_until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(60) {
        if let Some(seen) = look() {
            return seen;
        }
        std::thread::yield_now();
    }
    panic!("no {what}");
}

/// The content of a file that another program renames into place.
fn wait_for(path: &PathBuf) -> String {
    let name = path.display().to_string();
    wait_until(&name, || std::fs::read_to_string(path).ok())
}

/// `otp-desktop type`, ready for its order.
struct Typist {
    child: Child,
    stdin: ChildStdin,
}

fn ready(x: &X, arguments: &[&str]) -> Typist {
    let mut command = x.command(&[&["type"], arguments].concat());
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut word = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut word).unwrap();
    let mut said = String::new();
    if word.is_empty() {
        let mut errors = child.stderr.take().unwrap();
        errors.read_to_string(&mut said).unwrap();
    }
    assert_eq!(word, "ready\n", "{said}");
    let stdin = child.stdin.take().unwrap();
    Typist { child, stdin }
}

impl Typist {
    fn order(mut self, order: &str) -> Output {
        self.stdin.write_all(order.as_bytes()).unwrap();
        drop(self.stdin);
        self.child.wait_with_output().unwrap()
    }
}

fn type_text(x: &X, order: &str) {
    let output = ready(x, &[]).order(order);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}

const CODE: &str = r#"{"script":"{CODE}","code":"0123456789"}"#;

#[test]
fn a_code_is_typed_in_every_layout_and_with_caps_lock() {
    let x = server();
    for layout in ["us", "fr", "de", "jp", "ru", "cz", "bg"] {
        run(&x, "setxkbmap", &[layout]);
        let field = Field::open(&x, "field", 10);
        type_text(&x, CODE);
        assert_eq!(field.typed(), "0123456789", "{layout}");
    }
    // Caps Lock stays on, and has no say.
    run(&x, "setxkbmap", &["fr"]);
    run(&x, "xdotool", &["key", "Caps_Lock"]);
    let field = Field::open(&x, "field", 5);
    type_text(&x, r#"{"script":"{CODE}","code":"2bC9F"}"#);
    assert_eq!(field.typed(), "2bC9F");
    let locked = run(&x, "xset", &["q"]);
    let locked = String::from_utf8(locked.stdout).unwrap();
    assert!(locked.contains("Caps Lock:   on"), "{locked}");
}

#[test]
fn what_the_layout_lacks_is_typed_all_the_same_and_the_layout_is_as_before() {
    let x = server();
    run(&x, "setxkbmap", &["us"]);
    let map = || run(&x, "xmodmap", &["-pke"]).stdout;
    let before = map();
    let field = Field::open(&x, "field", "山田é12".len());
    let order = r#"{"script":"{USER}{CODE}","user":"山田é","code":"12"}"#;
    type_text(&x, order);
    assert_eq!(field.typed(), "山田é12");
    assert!(map() == before);
}

#[test]
fn a_script_presses_its_keys_and_a_code_alone_presses_no_enter() {
    let x = server();
    let field = Field::open(&x, "field", 9);
    let order = r#"{"script":"{USER}{TAB}{BS 2}{WAIT 5}{CODE}{ENTER}","user":"me","code":"123"}"#;
    type_text(&x, order);
    assert_eq!(
        field.typed(),
        "me\t\u{7f}\u{7f}123\r".replace('\u{7f}', &backspace())
    );
}

/// What xterm makes of a backspace here.
fn backspace() -> String {
    let x = server();
    let field = Field::open(&x, "field", 1);
    run(&x, "xdotool", &["key", "BackSpace"]);
    field.typed()
}

#[test]
fn only_a_window_of_that_name_is_typed_into() {
    let x = server();
    let field = Field::open(&x, "Sign in to GitHub", 10);
    for pattern in ["*gitlab*", "git*", "Other"] {
        let mut command = x.command(&["type", "--window", pattern]);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{pattern}");
        assert_eq!(output.stdout, b"");
        assert!(stderr(&output).contains("is another one"), "{pattern}");
    }
    // Its title changes between the look and the order.
    let typist = ready(&x, &["--window", "*github*"]);
    run(
        &x,
        "xdotool",
        &["set_window", "--name", "Other", &field.window.to_string()],
    );
    let output = typist.order(CODE);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(field.is_untouched());
    // By its class, and by a part of its title.
    for pattern in ["field", "oth"] {
        let field = Field::open(&x, "Another", 10);
        let output = ready(&x, &["--window", pattern]).order(CODE);
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
        assert_eq!(field.typed(), "0123456789");
    }
}

#[test]
fn nothing_is_typed_when_the_focus_has_moved_and_the_rest_stays_away_if_it_moves_meanwhile() {
    let x = server();
    let (first, second) = (Field::open(&x, "a", 10), Field::open(&x, "b", 10));
    first.focus(&x);
    let typist = ready(&x, &[]);
    second.focus(&x);
    let output = typist.order(CODE);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("the focus moved"));
    assert!(first.is_untouched() && second.is_untouched());

    let third = Field::open(&x, "c", 1);
    let mut typist = ready(&x, &[]);
    let order = r#"{"script":"1{WAIT 3000}{CODE}","code":"23"}"#;
    typist.stdin.write_all(order.as_bytes()).unwrap();
    drop(typist.stdin);
    // The first key has come: it is in the middle.
    assert_eq!(third.typed(), "1");
    second.focus(&x);
    let output = typist.child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(second.is_untouched());
}

#[test]
fn without_a_focus_nothing_is_typed() {
    let x = server();
    let connection = x.connect();
    let set = connection.set_input_focus(InputFocus::NONE, NONE, CURRENT_TIME);
    set.unwrap().check().unwrap();
    let output = x.command(&["type"]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(stderr(&output).contains("no window has the focus"));
}

#[test]
fn keys_that_are_held_are_waited_for_and_given_up() {
    let x = server();
    let field = Field::open(&x, "field", 10);
    run(&x, "xdotool", &["keydown", "Control_L", "keydown", "Alt_L"]);
    let output = ready(&x, &[]).order(CODE);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("is held down"),
        "{}",
        stderr(&output)
    );
    assert!(field.is_untouched());
    let typist = ready(&x, &[]);
    let typing = std::thread::spawn(move || typist.order(CODE));
    run(&x, "xdotool", &["keyup", "Alt_L", "keyup", "Control_L"]);
    let output = typing.join().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    assert_eq!(field.typed(), "0123456789");
}

#[test]
fn nothing_is_typed_while_another_program_has_the_keyboard() {
    use x11rb::connection::Connection as _;
    use x11rb::protocol::xproto::GrabMode;
    let x = server();
    let field = Field::open(&x, "field", 10);
    // As a locker does.
    let locker = x.connect();
    let root = locker.setup().roots.first().unwrap().root;
    let mode = GrabMode::ASYNC;
    let grab = locker.grab_keyboard(true, root, CURRENT_TIME, mode, mode);
    grab.unwrap().reply().unwrap();
    let output = ready(&x, &[]).order(CODE);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(field.is_untouched());
    drop(locker);
    type_text(&x, CODE);
    assert_eq!(field.typed(), "0123456789");
}

#[test]
fn a_locker_that_comes_during_a_wait_gets_nothing_of_it() {
    use x11rb::connection::Connection as _;
    use x11rb::protocol::xproto::GrabMode;
    let x = server();
    let field = Field::open(&x, "field", 11);
    let typist = ready(&x, &[]);
    let order = r#"{"script":"1{WAIT 2000}{CODE}","code":"0123456789"}"#;
    let typing = std::thread::spawn(move || typist.order(order));
    while field.is_untouched() {
        std::thread::yield_now();
    }
    let locker = x.connect();
    let root = locker.setup().roots.first().unwrap().root;
    let mode = GrabMode::ASYNC;
    let grab = locker.grab_keyboard(true, root, CURRENT_TIME, mode, mode);
    grab.unwrap().reply().unwrap();
    let output = typing.join().unwrap();
    let said = stderr(&output);
    assert!(
        !output.status.success() && said.contains("keyboard"),
        "{said}"
    );
    assert!(locker.poll_for_event().unwrap().is_none());
}

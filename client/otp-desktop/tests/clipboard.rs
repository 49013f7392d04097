//! `clip` on a real X server, with owners of the test's own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]

mod support;

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};

use support::{X, stderr};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, CreateWindowAux, EventMask,
    PropMode, Property, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent,
    Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;
use x11rb::{COPY_FROM_PARENT, CURRENT_TIME};

/// A part of an incremental transfer.
const PART: usize = 60_000;

/// How an owner behaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// All at once.
    Whole,
    /// In parts (ICCCM 2.7.2).
    Parts,
    /// Never answers.
    Silent,
    /// Answers with the first part alone.
    Hung,
}

/// Copies something, as a program of the desktop does; it lives until the server ends.
fn copy(x: &X, offers: &[(&str, Vec<u8>)], manner: Manner) -> Window {
    let connection = x.connect();
    let root = connection.setup().roots.first().unwrap().root;
    let window = connection.generate_id().unwrap();
    connection
        .create_window(
            0,
            window,
            root,
            0,
            0,
            1,
            1,
            0,
            WindowClass::INPUT_ONLY,
            COPY_FROM_PARENT,
            &CreateWindowAux::new(),
        )
        .unwrap();
    let atom = |name: &str| {
        connection
            .intern_atom(false, name.as_bytes())
            .unwrap()
            .reply()
            .unwrap()
            .atom
    };
    let owner = Owner {
        clipboard: atom("CLIPBOARD"),
        targets: atom("TARGETS"),
        incr: atom("INCR"),
        offers: offers
            .iter()
            .map(|(name, content)| (atom(name), content.clone()))
            .collect(),
        manner,
        left: HashMap::new(),
        connection,
    };
    owner
        .connection
        .set_selection_owner(window, owner.clipboard, CURRENT_TIME)
        .unwrap();
    owner.connection.sync().unwrap();
    std::thread::spawn(move || owner.serve());
    window
}

struct Owner {
    connection: RustConnection,
    clipboard: Atom,
    targets: Atom,
    incr: Atom,
    offers: Vec<(Atom, Vec<u8>)>,
    manner: Manner,
    /// What each requestor has still to get.
    left: HashMap<(Window, Atom), (Atom, Vec<u8>)>,
}

impl Owner {
    fn serve(mut self) {
        // The server's end is ours.
        while let Ok(event) = self.connection.wait_for_event() {
            if let Event::SelectionRequest(request) = &event
                && self.manner != Manner::Silent
            {
                self.answer(request);
            }
            if let Event::PropertyNotify(change) = &event
                && change.state == Property::DELETE
                && self.manner == Manner::Parts
            {
                self.next(change.window, change.atom);
            }
        }
    }

    fn answer(&mut self, request: &SelectionRequestEvent) {
        let (window, property, target) = (request.requestor, request.property, request.target);
        let offer = self.offers.iter().find(|(offered, _)| *offered == target);
        let is_given = if target == self.targets {
            let mut atoms: Vec<Atom> = self.offers.iter().map(|(atom, _)| *atom).collect();
            atoms.push(self.targets);
            let kind = AtomEnum::ATOM;
            self.connection
                .change_property32(PropMode::REPLACE, window, property, kind, &atoms)
                .unwrap();
            true
        } else if let Some((kind, content)) = offer {
            if self.manner == Manner::Whole {
                self.connection
                    .change_property8(PropMode::REPLACE, window, property, *kind, content)
                    .unwrap();
            } else {
                let watch = ChangeWindowAttributesAux::new().event_mask(EventMask::PROPERTY_CHANGE);
                self.connection
                    .change_window_attributes(window, &watch)
                    .unwrap();
                self.connection
                    .change_property32(PropMode::REPLACE, window, property, self.incr, &[1])
                    .unwrap();
                self.left
                    .insert((window, property), (*kind, content.clone()));
            }
            true
        } else {
            false
        };
        let event = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: window,
            selection: request.selection,
            target,
            property: if is_given { property } else { x11rb::NONE },
        };
        self.connection
            .send_event(false, window, EventMask::NO_EVENT, event)
            .unwrap();
        self.connection.flush().unwrap();
    }

    fn next(&mut self, window: Window, property: Atom) {
        let Some((kind, content)) = self.left.get_mut(&(window, property)) else {
            return;
        };
        let part: Vec<u8> = content.drain(..PART.min(content.len())).collect();
        let kind = *kind;
        if part.is_empty() {
            self.left.remove(&(window, property));
        }
        self.connection
            .change_property8(PropMode::REPLACE, window, property, kind, &part)
            .unwrap();
        self.connection.flush().unwrap();
    }
}

fn owner_of(x: &X) -> Window {
    let connection = x.connect();
    let clipboard = connection
        .intern_atom(false, b"CLIPBOARD")
        .unwrap()
        .reply()
        .unwrap()
        .atom;
    connection
        .get_selection_owner(clipboard)
        .unwrap()
        .reply()
        .unwrap()
        .owner
}

fn server() -> X {
    X::start(&["-screen", "0", "64x64x24"])
}

fn bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| u8::try_from(index * 31 % 251).unwrap())
        .collect()
}

#[test]
fn the_copied_picture_comes_out_byte_by_byte() {
    let x = server();
    let png = bytes(100_000);
    let offers = [
        ("image/jpeg", bytes(10)),
        ("image/png", png.clone()),
        ("UTF8_STRING", b"alt".to_vec()),
    ];
    copy(&x, &offers, Manner::Whole);
    let output = x.command(&["clip"]).output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
    assert!(output.stdout == png);
}

#[test]
fn a_picture_in_parts_comes_out_whole() {
    let x = server();
    // The last of the second one's parts is as long as the others.
    for length in [PART * 7 + 1234, PART * 2, 1] {
        copy(&x, &[("image/png", bytes(length))], Manner::Parts);
        let output = x.command(&["clip"]).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
        assert!(output.stdout == bytes(length), "{length}");
    }
}

#[test]
fn a_copied_key_comes_out_as_text() {
    let x = server();
    let uri = "otpauth://totp/é?secret=MFRGGZDFMZTWQ2LK";
    let offers = [("image/png", bytes(10)), ("UTF8_STRING", uri.into())];
    copy(&x, &offers, Manner::Whole);
    let output = x.command(&["clip"]).output().unwrap();
    assert_eq!(output.stdout, uri.as_bytes());
    // An old program's Latin-1 becomes UTF-8.
    copy(
        &x,
        &[("STRING", b"otpauth://totp/\xe9".to_vec())],
        Manner::Whole,
    );
    let output = x.command(&["clip"]).output().unwrap();
    assert_eq!(output.stdout, "otpauth://totp/é".as_bytes());
}

#[test]
fn an_owner_that_does_not_answer_is_given_up() {
    let x = server();
    for manner in [Manner::Silent, Manner::Hung] {
        copy(&x, &[("image/png", bytes(10))], manner);
        let output = x.command(&["clip"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        assert!(
            stderr(&output).contains("does not answer"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn an_empty_clipboard_and_one_of_no_use_end_with_8() {
    let x = server();
    for words in ["is empty", "neither a picture nor a text"] {
        let output = x.command(&["clip", "--then-clear"]).output().unwrap();
        assert_eq!(output.status.code(), Some(8));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
        copy(&x, &[("application/x-sheet", bytes(10))], Manner::Whole);
    }
}

/// Runs `clip --then-clear` until it has handed the content on and waits.
fn read_and_wait(x: &X) -> (Child, Vec<u8>) {
    let mut command = x.command(&["clip", "--then-clear"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut content = Vec::new();
    // Its end comes while the program waits for us.
    child
        .stdout
        .take()
        .unwrap()
        .read_to_end(&mut content)
        .unwrap();
    (child, content)
}

/// Tells it something and lets it end.
fn tell(mut child: Child, words: &str) -> Option<i32> {
    child
        .stdin
        .take()
        .unwrap()
        .write_all(words.as_bytes())
        .unwrap();
    child.wait().unwrap().code()
}

#[test]
fn the_clipboard_is_emptied_when_it_still_holds_the_picture_that_was_read() {
    let x = server();
    let offers = [("image/png", bytes(PART * 2 + 5))];
    copy(&x, &offers, Manner::Parts);
    let (child, content) = read_and_wait(&x);
    assert!(content == bytes(PART * 2 + 5));
    assert_eq!(tell(child, "clear\n"), Some(0));
    assert_eq!(owner_of(&x), x11rb::NONE);
}

#[test]
fn what_was_copied_since_stays_on_the_clipboard() {
    let x = server();
    copy(&x, &[("image/png", bytes(10))], Manner::Whole);
    let (child, _) = read_and_wait(&x);
    let other = copy(&x, &[("image/png", bytes(11))], Manner::Whole);
    assert_eq!(tell(child, "clear\n"), Some(0));
    assert_eq!(owner_of(&x), other);
}

#[test]
fn the_clipboard_stays_unless_told_in_the_very_word() {
    let x = server();
    let owner = copy(&x, &[("image/png", bytes(10))], Manner::Whole);
    for words in ["", "clean\n", "clear all\n", "clear\nx"] {
        let (child, _) = read_and_wait(&x);
        assert_eq!(tell(child, words), Some(0));
        assert_eq!(owner_of(&x), owner, "{words:?}");
    }
}

#[test]
fn a_waiting_program_leaves_no_core_and_makes_private_files() {
    let x = server();
    copy(&x, &[("image/png", bytes(10))], Manner::Whole);
    let (child, _) = read_and_wait(&x);
    let of_process =
        |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", child.id())).unwrap();
    let limits = of_process("limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    assert!(
        of_process("status")
            .lines()
            .any(|line| line == "Umask:\t0077")
    );
    assert_eq!(tell(child, ""), Some(0));
}

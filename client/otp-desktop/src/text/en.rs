//! English.

use super::Deed;
use crate::failure::{Failure, Usage, Way};

pub(super) const HELP: &str = "\
otp-desktop: screen, clipboard, choice of an entry and hotkeys, for otpctl

otp-desktop grab [--timeout SECONDS] [--via x11|portal|grim|system]
    pictures of every monitor: Netpbm, or the PNG that the desktop made
otp-desktop clip [--then-clear]
    the picture or the text on the clipboard, as it is; --then-clear: and empties it, if it
    holds the same still, when the line \"clear\" comes on stdin
otp-desktop pick [--terminal]
    the number, from 0, of the name on stdin (one a line) that is chosen, in a window or in
    the terminal
otp-desktop copy [--terminal]
    copies the code in {\"code\":…,\"valid_for\":…} on stdin, and takes it off the clipboard
    in time; --terminal: the terminal copies it (OSC 52), and keeps it
otp-desktop type [--window PATTERN]
    types {\"script\":\"{USER}{TAB}{CODE}{ENTER}\",\"code\":…,\"user\":…} from stdin (also
    {BS n} {WAIT ms}) into the focused field, if its window's title or class is like that
otp-desktop [run] [--linger SECONDS]
    does what [hotkeys] in otpd.toml says, until the display is gone for so long (60)
otp-desktop --version | --help        --language en|ja: of messages

Pictures go to a pipe, never into a file or on a terminal. Exit status: 0 ok, 1 failure,
2 usage, 3 another window has the focus, 5 the vault was locked meanwhile, 6 refused by you
or by the desktop, 8 nothing on the clipboard that can be used.
";

pub(super) fn cause(failure: &Failure) -> String {
    match failure {
        Failure::Usage(usage) => wrong(*usage),
        Failure::NotAPipe => {
            "what is on the screen goes into a pipe, not into a file or on a terminal".into()
        }
        Failure::OutputClosed | Failure::NoCode => String::new(),
        Failure::System(reason) => reason.clone(),
        Failure::NoSession => {
            "there is no graphical session: neither WAYLAND_DISPLAY nor DISPLAY is set".into()
        }
        Failure::Display(reason) => format!("cannot talk to the display server: {reason}"),
        Failure::Guest => {
            "this X server is a guest of a Wayland session and cannot see its screen".into()
        }
        Failure::Pixels(depth) => format!("pixels of {depth} bits cannot be read"),
        Failure::Refused => "refused by you or by the desktop".into(),
        Failure::Missing(way) => format!("{} is not available here", name(*way)),
        Failure::Failed(way, reason) => format!("{} failed: {reason}", name(*way)),
        Failure::TimedOut(way) => format!("{} did not answer in time", name(*way)),
        Failure::Interrupted => "interrupted".into(),
        Failure::BadPlace => "the screenshot portal named no local file".into(),
        Failure::Both(first, last) => format!("{}; {}", cause(first), cause(last)),
        Failure::LeftBehind(reason) => {
            format!("the picture that the desktop made cannot be removed: {reason}")
        }
        Failure::Empty => "the clipboard is empty".into(),
        Failure::Unusable => "the clipboard holds neither a picture nor a text".into(),
        Failure::SilentOwner => {
            "the program that the clipboard's content belongs to does not answer".into()
        }
        Failure::TooLarge(most) => format!("the clipboard holds more than {most} MiB"),
        Failure::NoClipboard => {
            "this desktop shows its clipboard to the focused window alone".into()
        }
        Failure::NotCleared(reason) => format!("the clipboard cannot be emptied: {reason}"),
        Failure::Settings(reason) => format!("bad configuration: {reason}"),
        Failure::NoPicker => {
            "there is no program to choose with (fuzzel, wofi, rofi, bemenu, dmenu)".into()
        }
        Failure::Picker(name, reason) => format!("cannot choose with {name}: {reason}"),
        Failure::NotChosen(None) => "nothing was chosen".into(),
        Failure::NotChosen(Some(said)) => format!("nothing was chosen ({said})"),
        Failure::NotOffered => "what was chosen is none of the names".into(),
        Failure::NotCopied(reason) => format!("the clipboard cannot be taken: {reason}"),
        Failure::BadOrder => "standard input does not say what to do".into(),
        Failure::NoAgent(reason) => {
            format!("otpd cannot be reached, and nobody else says when the vault locks: {reason}")
        }
        Failure::Locked => "the vault was locked meanwhile".into(),
        Failure::NoFocus => "no window has the focus".into(),
        Failure::OtherWindow => "the window that has the focus is another one".into(),
        Failure::FocusMoved => "the focus moved to another window".into(),
        Failure::NoWindows => "this desktop does not tell which window has the focus".into(),
        Failure::KeysDown => "a key such as Ctrl or Alt is held down".into(),
        Failure::KeyboardTaken => {
            "another program has the keyboard for itself (a locked screen, an open menu)".into()
        }
        Failure::NoKey => "the keyboard has no key for one of the characters".into(),
        Failure::NoTerminal => "there is no terminal".into(),
        Failure::Unsupported => "not on this system yet".into(),
    }
}

pub(super) fn hint(failure: &Failure, deed: Deed) -> Option<&'static str> {
    if deed == Deed::Copy {
        let is_elsewhere = matches!(failure, Failure::NoSession | Failure::NoClipboard);
        return is_elsewhere.then_some("otpctl get QUERY --osc52");
    }
    if deed == Deed::Type {
        let is_missing = matches!(failure, Failure::Missing(_) | Failure::Both(..));
        return is_missing.then_some("otpctl get QUERY --copy");
    }
    if deed == Deed::Pick && matches!(failure, Failure::NoSession) {
        return Some("otpctl get QUERY");
    }
    if deed == Deed::Run {
        return None;
    }
    let hint = if matches!(failure, Failure::NoSession) {
        "otpctl add --image FILE"
    } else if matches!(failure, Failure::Guest) {
        "otpctl add --clipboard"
    } else if matches!(failure, Failure::NoPicker) {
        "man otpd.toml, [pick]"
    } else if matches!(
        failure,
        Failure::Both(..) | Failure::TimedOut(_) | Failure::NoClipboard
    ) {
        "save a screenshot, then: otpctl add --image FILE"
    } else {
        return None;
    };
    Some(hint)
}

fn wrong(usage: Usage) -> String {
    match usage {
        Usage::UnknownVerb => "unknown verb (known: grab, clip, pick, copy, type, run)".into(),
        Usage::UnknownOption => "an option or argument does not belong here".into(),
        Usage::BadValue(option) => format!("the value of {option} is not acceptable"),
        Usage::NeedsValue(option) => format!("{option} needs a value"),
    }
}

fn name(way: Way) -> &'static str {
    match way {
        Way::X11 => "X11",
        Way::Portal => "the screenshot portal",
        Way::Grim => "grim",
        Way::Shortcuts => "a portal for hotkeys",
        Way::System => "the system's screenshot",
        Way::Remote => "the portal that presses keys (RemoteDesktop)",
        Way::Wtype => "wtype",
    }
}

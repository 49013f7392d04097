//! Why a command failed. Its kind decides the exit status; its words are in [`crate::text`].

use std::io;
use std::process::ExitCode;

/// A failure on its way to the person. The strings are the system's or a library's words about
/// the system; none holds anything that was read off the screen or the clipboard.
#[derive(Debug)]
#[allow(dead_code, reason = "each system has some of them")]
pub(crate) enum Failure {
    /// The command line can't be meant.
    Usage(Usage),
    /// Standard output would keep the picture: a file, or a terminal.
    NotAPipe,
    /// The reader of the output left, and knows why.
    OutputClosed,
    /// The system refused something.
    System(String),
    /// Neither X11 nor Wayland: no desktop that we could see.
    NoSession,
    /// The display server can't be reached, or broke off.
    Display(String),
    /// The X server is Wayland's guest and sees none of the other windows.
    Guest,
    /// Pixels of this many bits, in a layout that isn't known.
    Pixels(u8),
    /// A person said no, or the desktop says no in their place.
    Refused,
    /// There is no such way here.
    Missing(Way),
    /// A way to the screen didn't work.
    Failed(Way, String),
    /// No answer in time.
    TimedOut(Way),
    /// Ended by a signal.
    Interrupted,
    /// The portal named a place that is no local file.
    BadPlace,
    /// Several ways were tried, and each one failed.
    Both(Box<Self>, Box<Self>),
    /// The picture that the portal made is still there; a warning.
    LeftBehind(String),
    /// The clipboard is empty.
    Empty,
    /// Nothing of what the clipboard offers is a picture or a text.
    Unusable,
    /// The program that owns the clipboard doesn't answer.
    SilentOwner,
    /// More bytes than a picture may have, in MiB.
    TooLarge(usize),
    /// The compositor shows its clipboard to the focused window alone.
    NoClipboard,
    /// The clipboard couldn't be emptied.
    NotCleared(String),
    /// `otpd.toml` can't be read; where, and why.
    Settings(String),
    /// There is no program to choose with.
    NoPicker,
    /// The program to choose with doesn't work; its name, and why.
    Picker(String, String),
    /// Nothing was chosen; what the picker complained about last.
    NotChosen(Option<String>),
    /// What was chosen is none of the names.
    NotOffered,
    /// The clipboard couldn't be taken.
    NotCopied(String),
    /// Standard input ended without a code: whoever has it knows why there is none.
    NoCode,
    /// What standard input says can't be meant.
    BadOrder,
    /// The agent can't be reached, so that nobody would say when the vault locks.
    NoAgent(String),
    /// The vault was locked meanwhile.
    Locked,
    /// There is no terminal.
    NoTerminal,
    /// No window has the focus.
    NoFocus,
    /// The window with the focus is another one than is meant.
    OtherWindow,
    /// The focus moved to another window.
    FocusMoved,
    /// This desktop tells nobody which window has the focus.
    NoWindows,
    /// Somebody holds Ctrl, Alt or the like.
    KeysDown,
    /// Another program has the keyboard for itself.
    KeyboardTaken,
    /// No key makes one of the characters, and none is free.
    NoKey,
    /// This system's programs can't do that yet.
    Unsupported,
}

/// What is wrong with a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    UnknownVerb,
    UnknownOption,
    BadValue(&'static str),
    NeedsValue(&'static str),
}

/// A way to the pixels of the screen, to what was copied, or to the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "each system has some of them")]
pub(crate) enum Way {
    X11,
    Portal,
    Grim,
    Shortcuts,
    System,
    /// The portal that presses keys.
    Remote,
    Wtype,
}

impl Failure {
    /// Returns the exit status: the one place that decides it.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.status())
    }

    fn status(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::NotAPipe | Self::BadOrder => 2,
            Self::OtherWindow | Self::FocusMoved | Self::NoWindows => 3,
            Self::Locked => 5,
            Self::Refused | Self::NotChosen(None) => 6,
            Self::Empty | Self::Unusable | Self::TooLarge(_) => 8,
            Self::Both(first, last) => match first.status() {
                1 => last.status(),
                status => status,
            },
            Self::OutputClosed
            | Self::System(_)
            | Self::NoSession
            | Self::Display(_)
            | Self::Guest
            | Self::Pixels(_)
            | Self::Missing(_)
            | Self::Failed(..)
            | Self::TimedOut(_)
            | Self::Interrupted
            | Self::BadPlace
            | Self::LeftBehind(_)
            | Self::SilentOwner
            | Self::NoClipboard
            | Self::NotCleared(_)
            | Self::Settings(_)
            | Self::NoPicker
            | Self::Picker(..)
            | Self::NotChosen(Some(_))
            | Self::NotOffered
            | Self::NotCopied(_)
            | Self::NoCode
            | Self::NoAgent(_)
            | Self::NoTerminal
            | Self::NoFocus
            | Self::KeysDown
            | Self::KeyboardTaken
            | Self::NoKey
            | Self::Unsupported => 1,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::OutputClosed
        } else {
            Self::System(reason(&error))
        }
    }
}

/// What the system says, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let mut text = error.to_string();
    if let Some(end) = text.find(" (os error") {
        text.truncate(end);
    }
    text
}

//! What is said about hotkeys.

use super::Language;

/// How sway binds a key to what we would do.
const SWAY: &str = "bindsym Ctrl+Alt+o exec otpctl --prompt pick";

/// What a person should know about hotkeys; each names the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Another program has them.
    Taken(String),
    /// The keyboard has no such key.
    NoKey(String),
    /// The desktop didn't give them to us.
    NotBound(String),
    /// There are no hotkeys for programs on this desktop.
    NoHotkeys,
}

impl Language {
    /// What is the matter.
    pub(crate) fn trouble(self, trouble: &Trouble) -> String {
        match self {
            Self::English => english(trouble),
            Self::Japanese => japanese(trouble),
        }
    }

    /// How many are served.
    pub(crate) fn count(self, count: usize) -> String {
        match self {
            Self::English => format!("serving {count} hotkeys"),
            Self::Japanese => format!("{count} 個のホットキーを受け持っています"),
        }
    }

    /// There is one of us already.
    pub(crate) fn already_there(self) -> &'static str {
        match self {
            Self::English => "already running on this display",
            Self::Japanese => "この画面ではすでに動いています",
        }
    }
}

fn english(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Taken(keys) => format!("another program has the keys {keys}"),
        Trouble::NoKey(keys) => format!("the keyboard has no keys {keys}"),
        Trouble::NotBound(keys) => format!("the desktop did not give us the keys {keys}"),
        Trouble::NoHotkeys => {
            format!("this desktop has no hotkeys for programs; bind them there, in sway: {SWAY}")
        }
    }
}

fn japanese(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Taken(keys) => format!("{keys} は別のプログラムが使っています"),
        Trouble::NoKey(keys) => format!("{keys} というキーがキーボードにありません"),
        Trouble::NotBound(keys) => format!("{keys} をデスクトップから割り当てられませんでした"),
        Trouble::NoHotkeys => format!(
            "このデスクトップではプログラムがホットキーを使えません。デスクトップ側で割り当てて\
             ください（sway の例）: {SWAY}"
        ),
    }
}

//! `[hotkeys]` of `otpd.toml`: keys, and what `otp-desktop` does when they are pressed.
//!
//! ```toml
//! [hotkeys]
//! "Ctrl+Alt+O" = { do = "pick" }
//! "Ctrl+Alt+G" = { entry = "github", do = "notify" }
//! "Super+F9" = { entry = "bank", do = "script", script = "{USER}{TAB}{CODE}", window = "*Bank*" }
//! ```
//!
//! otpd refuses a file that is wrong here, and `otp-desktop` reads it, both by these types.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, Visitor};

use crate::script::is_script;

/// Most hotkeys.
const MOST: usize = 64;
/// Longest query, pattern or script in bytes.
const LONGEST: usize = 1024;

/// The keys beside letters and digits: how they are written, and their name as a keysym (X11's
/// `keysymdef.h`, which the desktop portals use, too).
const NAMED: &[(&str, &str, u32)] = &[
    ("Space", "space", 0x20),
    ("Tab", "Tab", 0xff09),
    ("Enter", "Return", 0xff0d),
    ("Escape", "Escape", 0xff1b),
    ("Backspace", "BackSpace", 0xff08),
    ("Insert", "Insert", 0xff63),
    ("Delete", "Delete", 0xffff),
    ("Home", "Home", 0xff50),
    ("End", "End", 0xff57),
    ("PageUp", "Page_Up", 0xff55),
    ("PageDown", "Page_Down", 0xff56),
    ("Left", "Left", 0xff51),
    ("Up", "Up", 0xff52),
    ("Right", "Right", 0xff53),
    ("Down", "Down", 0xff54),
    ("Print", "Print", 0xff61),
    ("Pause", "Pause", 0xff13),
    ("Menu", "Menu", 0xff67),
    ("Minus", "minus", 0x2d),
    ("Equal", "equal", 0x3d),
    ("Comma", "comma", 0x2c),
    ("Period", "period", 0x2e),
    ("Slash", "slash", 0x2f),
    ("Semicolon", "semicolon", 0x3b),
];
/// The keysym of F1; the others follow.
const F1: u32 = 0xffbe;

/// The table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hotkeys(Vec<Hotkey>);

impl Hotkeys {
    /// Each of them; those of a TOML file sorted by how their keys are written there.
    pub fn all(&self) -> &[Hotkey] {
        &self.0
    }
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hotkey {
    /// What is pressed.
    pub keys: Keys,
    /// What is done then.
    pub action: Action,
}

/// Modifiers and a key.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key that is held or not"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// `Ctrl`.
    pub ctrl: bool,
    /// `Alt`.
    pub alt: bool,
    /// `Shift`.
    pub shift: bool,
    /// `Super`, the key with the logo.
    pub logo: bool,
    /// The key, without any modifier.
    keysym: u32,
}

/// What a hotkey does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A person chooses an entry, and its code is shown.
    Pick,
    /// The code of the entry that this query finds is shown.
    Notify(String),
    /// It goes onto the clipboard.
    Copy(String),
    /// It is typed.
    Type {
        /// Finds the entry.
        entry: String,
        /// What is typed; the code alone if there is none.
        script: Option<String>,
        /// Only into a window whose title or class matches.
        window: Option<String>,
    },
}

impl Keys {
    /// The key as a keysym of X11: a small letter, a digit, or one of those with names.
    pub fn keysym(self) -> u32 {
        self.keysym
    }

    /// As the "shortcuts" specification of the desktop portals writes it: `CTRL+ALT+o`.
    pub fn trigger(self) -> String {
        let names = [
            (self.ctrl, "CTRL"),
            (self.alt, "ALT"),
            (self.shift, "SHIFT"),
            (self.logo, "LOGO"),
        ];
        let mut out = joined(names);
        match self.named() {
            Some((_, keysym)) => out.push_str(keysym),
            None => out.push_str(&self.letter()),
        }
        out
    }

    fn letter(self) -> String {
        match self.keysym {
            F1.. => format!("F{}", self.keysym - F1 + 1),
            letter => char::from_u32(letter).map(String::from).unwrap_or_default(),
        }
    }

    fn named(self) -> Option<(&'static str, &'static str)> {
        let mut named = NAMED.iter();
        let found = named.find(|(_, _, keysym)| *keysym == self.keysym)?;
        Some((found.0, found.1))
    }
}

fn joined<const N: usize>(names: [(bool, &str); N]) -> String {
    let held = names.into_iter().filter(|(is_held, _)| *is_held);
    held.flat_map(|(_, name)| [name, "+"]).collect()
}

/// As the file writes it: `Ctrl+Alt+O`.
impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.ctrl, "Ctrl"),
            (self.alt, "Alt"),
            (self.shift, "Shift"),
            (self.logo, "Super"),
        ];
        f.write_str(&joined(names))?;
        match self.named() {
            Some((name, _)) => f.write_str(name),
            None => f.write_str(&self.letter().to_ascii_uppercase()),
        }
    }
}

impl FromStr for Keys {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected keys such as \"Ctrl+Alt+O\"";
        let (modifiers, key) = text.rsplit_once('+').unwrap_or(("", text));
        let mut keys = Self {
            ctrl: false,
            alt: false,
            shift: false,
            logo: false,
            keysym: keysym(key).ok_or(EXPECTED)?,
        };
        for modifier in modifiers.split('+').filter(|_| !modifiers.is_empty()) {
            let held = match modifier.to_ascii_lowercase().as_str() {
                "ctrl" | "control" => &mut keys.ctrl,
                "alt" => &mut keys.alt,
                "shift" => &mut keys.shift,
                "super" | "logo" | "meta" => &mut keys.logo,
                _ => return Err(EXPECTED),
            };
            if std::mem::replace(held, true) {
                return Err(EXPECTED);
            }
        }
        let types_nothing = keys.keysym >= F1 || matches!(keys.keysym, 0xff13 | 0xff61 | 0xff67);
        if keys.ctrl || keys.alt || keys.logo || types_nothing && keys.keysym != 0xffff {
            Ok(keys)
        } else {
            Err("this key needs Ctrl, Alt or Super: nobody could type it any more")
        }
    }
}

fn keysym(key: &str) -> Option<u32> {
    let mut letters = key.chars();
    if let (Some(letter), None) = (letters.next(), letters.next()) {
        let is_plain = letter.is_ascii_alphanumeric();
        return is_plain.then(|| u32::from(letter.to_ascii_lowercase()));
    }
    if let Some(number) = key
        .strip_prefix(['F', 'f'])
        .and_then(|rest| rest.parse().ok())
    {
        let number: u32 = number;
        return (1..=24).contains(&number).then(|| F1 + number - 1);
    }
    let mut named = NAMED.iter();
    let found = named
        .find(|(name, other, _)| key.eq_ignore_ascii_case(name) || key.eq_ignore_ascii_case(other));
    found.map(|(_, _, keysym)| *keysym)
}

/// What the file says of one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "do")]
    does: Does,
    entry: Option<String>,
    script: Option<String>,
    window: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Does {
    Pick,
    Notify,
    Copy,
    Type,
    Script,
}

impl TryFrom<Line> for Action {
    type Error = &'static str;

    fn try_from(line: Line) -> Result<Self, Self::Error> {
        let texts = [&line.entry, &line.script, &line.window];
        let is_usable = |text: &String| {
            !text.trim().is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control)
        };
        if !texts.into_iter().flatten().all(is_usable) {
            return Err("expected a text in one line that is not empty");
        }
        let types = matches!(line.does, Does::Type | Does::Script);
        if line.window.is_some() && !types {
            return Err("window goes with do = \"type\" and do = \"script\" alone");
        }
        if line.script.is_some() != (line.does == Does::Script) {
            return Err("script goes with do = \"script\", and that with a script");
        }
        if !line.script.as_deref().is_none_or(is_script) {
            return Err(
                "expected a script of {CODE} {USER} {ENTER} {TAB} {BS n} {WAIT ms} and text",
            );
        }
        match (line.does, line.entry) {
            (Does::Pick, None) => Ok(Self::Pick),
            (Does::Pick, Some(_)) => Err("do = \"pick\" asks for the entry"),
            (_, None) => Err("the entry is missing"),
            (Does::Notify, Some(entry)) => Ok(Self::Notify(entry)),
            (Does::Copy, Some(entry)) => Ok(Self::Copy(entry)),
            (Does::Type | Does::Script, Some(entry)) => Ok(Self::Type {
                entry,
                script: line.script,
                window: line.window,
            }),
        }
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Line::deserialize(deserializer)?
            .try_into()
            .map_err(de::Error::custom)
    }
}

/// Reads keys that none of these has yet, so that a mistake has its own line.
struct Fresh<'a>(&'a [Hotkey]);

impl<'de> DeserializeSeed<'de> for Fresh<'_> {
    type Value = Keys;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Keys, D::Error> {
        let text = String::deserialize(deserializer)?;
        let keys: Keys = text.parse().map_err(de::Error::custom)?;
        if self.0.iter().any(|known| known.keys == keys) {
            return Err(de::Error::custom("these keys are in the table already"));
        }
        if self.0.len() >= MOST {
            return Err(de::Error::custom("too many hotkeys"));
        }
        Ok(keys)
    }
}

impl<'de> Deserialize<'de> for Hotkeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;
        impl<'de> Visitor<'de> for Table {
            type Value = Hotkeys;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of hotkeys")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Hotkeys, M::Error> {
                let mut all = Vec::new();
                while let Some(keys) = map.next_key_seed(Fresh(&all))? {
                    let action = map.next_value()?;
                    all.push(Hotkey { keys, action });
                }
                Ok(Hotkeys(all))
            }
        }
        deserializer.deserialize_map(Table)
    }
}

#[cfg(test)]
mod tests;

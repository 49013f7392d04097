//! The file's own shape: what TOML can say, before it becomes a [`Config`].

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::{Allowance, AskpassRule, Config, LockedList, LogLevel, MemoryMode, Shows};

/// A mistake in the text.
pub(super) struct Mistake {
    pub(super) line: Option<usize>,
    pub(super) what: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Root {
    #[serde(default)]
    memory: MemoryMode,
    #[serde(default)]
    lock: Lock,
    #[serde(default)]
    log: Log,
    #[serde(default)]
    prompt: Prompt,
    #[serde(default)]
    backup: Backup,
    #[serde(default)]
    policy: Policy,
    #[serde(default)]
    notify: Notify,
    /// For `otp-desktop`, which reads the same file; refused here if it is wrong.
    #[serde(default, rename = "pick")]
    _pick: otp_proto::Pick,
    #[serde(default, rename = "hotkeys")]
    _hotkeys: otp_proto::Hotkeys,
    #[serde(default)]
    clipboard: Clipboard,
    #[serde(default)]
    askpass: Vec<AskpassRule>,
}

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Lock {
    idle: Option<Limit>,
    max: Option<Limit>,
    screen: Option<bool>,
    session: Option<bool>,
    sleep: Option<bool>,
    list: Option<LockedList>,
}

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Log {
    level: Option<LogLevel>,
}

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Prompt {
    program: Option<Program>,
}

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Backup {
    folder: Option<Folder>,
}

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Policy {
    #[serde(default)]
    dbus: Allowance,
}

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Notify {
    code: Option<bool>,
}

#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Clipboard {
    clear: Option<Stay>,
}

/// A time for which a code may lie on the clipboard.
#[derive(serde::Deserialize)]
#[serde(try_from = "String")]
struct Stay(Duration);

impl TryFrom<String> for Stay {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        // Shorter, and nobody gets to paste it; longer, and it was forgotten there.
        let range = Duration::from_secs(5)..=Duration::from_secs(600);
        match Limit::parse(&text) {
            Some(Limit(Some(stay))) if range.contains(&stay) => Ok(Self(stay)),
            _ => Err(r#"expected a duration from "5s" to "10m""#),
        }
    }
}

/// An absolute path.
#[derive(serde::Deserialize)]
#[serde(try_from = "PathBuf")]
struct Folder(PathBuf);

impl TryFrom<PathBuf> for Folder {
    type Error = &'static str;

    fn try_from(folder: PathBuf) -> Result<Self, Self::Error> {
        if folder.is_absolute() {
            Ok(Self(folder))
        } else {
            Err("expected the absolute path of a folder")
        }
    }
}

/// A name without a slash, or an absolute path: what a relative one means would depend on where
/// otpd was started.
#[derive(serde::Deserialize)]
#[serde(try_from = "String")]
struct Program(String);

impl TryFrom<String> for Program {
    type Error = &'static str;

    fn try_from(program: String) -> Result<Self, Self::Error> {
        let is_name = !program.is_empty() && !program.contains(['/', '\\', '\0']);
        if is_name || Path::new(&program).is_absolute() {
            Ok(Self(program))
        } else {
            Err("expected the name of a program or an absolute path")
        }
    }
}

/// A duration such as `15m`, or `never`.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) struct Limit(pub(super) Option<Duration>);

impl Limit {
    /// Reads a whole number with one unit: `s`, `m`, `h` or `d`; one second to ten years.
    pub(super) fn parse(text: &str) -> Option<Self> {
        const DAY: u64 = 24 * 3600;
        if text == "never" {
            return Some(Self(None));
        }
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        if number.starts_with('+') {
            return None;
        }
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => DAY,
            _ => return None,
        };
        let seconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
        (1..=3650 * DAY)
            .contains(&seconds)
            .then(|| Self(Some(Duration::from_secs(seconds))))
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = r#"a duration such as "90s", "15m", "4h", or "never""#;
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Limit;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(EXPECTED)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Limit, E> {
                Limit::parse(text).ok_or_else(|| E::custom(format_args!("expected {EXPECTED}")))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Reads a regular file of a bounded size as UTF-8.
pub(super) fn read(path: &Path, limit: u64) -> io::Result<String> {
    // Asked before opening: a pipe of that name would block the start.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    let mut file = File::open(path)?.take(limit + 1);
    let length = file.read_to_end(&mut bytes)?;
    if u64::try_from(length).is_ok_and(|length| length > limit) {
        let text = format!("larger than {} KiB", limit / 1024);
        return Err(io::Error::other(text));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("not UTF-8"))
}

/// Reads the text of a configuration.
pub(super) fn parse(text: &str) -> Result<Config, Mistake> {
    let root: Root = toml::from_str(text).map_err(|error| Mistake {
        line: error.span().map(|span| line_of(text, span.start)),
        what: plain(error.message()),
    })?;
    let preset = Config::default();
    Ok(Config {
        memory: root.memory,
        lock_idle: root.lock.idle.map_or(preset.lock_idle, |limit| limit.0),
        lock_max: root.lock.max.map_or(preset.lock_max, |limit| limit.0),
        lock_screen: root.lock.screen.unwrap_or(preset.lock_screen),
        lock_session: root.lock.session.unwrap_or(preset.lock_session),
        lock_sleep: root.lock.sleep.unwrap_or(preset.lock_sleep),
        lock_list: root.lock.list.unwrap_or(preset.lock_list),
        log: root.log.level.unwrap_or(preset.log),
        backup_folder: root.backup.folder.map(|folder| folder.0),
        clipboard_clear: root
            .clipboard
            .clear
            .map_or(preset.clipboard_clear, |stay| stay.0),
        notice_code: match root.notify.code {
            Some(true) => Shows::Code,
            Some(false) => Shows::Nothing,
            None => preset.notice_code,
        },
        bus_codes: root.policy.dbus,
        askpass: root.askpass,
        prompt: root
            .prompt
            .program
            .map_or(preset.prompt, |program| program.0),
    })
}

fn line_of(text: &str, place: usize) -> usize {
    let before = text.get(..place).unwrap_or(text);
    before.matches('\n').count() + 1
}

/// The parser's text in this program's style: one line, and TOML's word for a field.
fn plain(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default().replace('`', "'");
    match line.strip_prefix("unknown field") {
        Some(rest) => format!("unknown key{rest}"),
        None => line,
    }
}

//! Every text that a person reads from `otpd` itself, in one place. Answers to requests carry
//! their own texts; log lines are for administrators and stay where they are written.

#[cfg(target_os = "linux")]
pub(crate) mod notice;

use std::fmt::Display;

use otp_proto::Desktop;

use crate::agent::{Mistake, Prompt};

/// `otpd --help`.
pub(crate) const HELP: &str = "\
otpd holds one-time-password keys in protected memory and answers code requests.

usage: otpd [options]

  --config FILE    read FILE instead of $XDG_CONFIG_HOME/otpd/otpd.toml
  --check-config   read the configuration, say what is wrong with it, and end
  --log LEVEL      error, warn, info, debug or trace; wins over the configuration
  --foreground     accepted for symmetry: otpd never puts itself into the background
  --spawned        leave the starter's session; say on stdout when ready (otpctl uses it)
  --help           show this text
  --version        show the version

signals: TERM and INT finish writes, lock and stop; USR1 locks; HUP reads the configuration again
exit status: 0 stopped, or already running; 1 failure; 2 usage; 8 bad configuration
";

/// `otpd --version`.
pub(crate) const VERSION: &str = concat!("otpd ", env!("CARGO_PKG_VERSION"), "\n");

/// Puts the program's name before a message, as every line on stderr has it.
pub(crate) fn stderr_line(message: impl Display) -> String {
    format!("otpd: {message}\n")
}

/// The one line that scripts and tests wait for.
pub(crate) fn ready(endpoint: impl Display) -> String {
    stderr_line(format_args!("ready at {endpoint}"))
}

/// Another agent serves this endpoint.
pub(crate) fn already_running(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!("already running (pid {pid})"),
        None => "already running".into(),
    }
}

/// Another agent has the endpoint's lock and that is all that can be said of it.
pub(crate) fn stuck(pid: Option<u32>) -> String {
    match pid {
        Some(pid) => format!("another otpd (pid {pid}) neither serves nor ends"),
        None => "another otpd neither serves nor ends".into(),
    }
}

/// A usage error.
pub(crate) fn usage(error: impl Display) -> String {
    format!("{error}\nhint: otpd --help")
}

/// The words of the dialog in one language.
#[derive(Debug)]
pub(crate) struct PromptWords {
    title: &'static str,
    description: &'static str,
    prompt: &'static str,
    wrong: &'static str,
    /// `{}` is the number.
    group: &'static str,
    /// `{}` is the slot.
    plugin: &'static str,
    answer: &'static str,
}

/// What a dialog says.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) title: &'static str,
    pub(crate) description: String,
    pub(crate) prompt: &'static str,
    pub(crate) mistake: Option<String>,
}

/// Longest text of a plugin in a dialog, in characters: a line of the dialog's protocol has 1000
/// bytes.
const LONGEST_QUESTION: usize = 200;

static ENGLISH: PromptWords = PromptWords {
    title: "otpd",
    description: "Unlock your one-time passwords with the passphrase or the recovery key.",
    prompt: "Passphrase:",
    wrong: "Wrong passphrase.",
    group: "Group {} of the recovery key is mistyped.",
    plugin: "The hardware behind the slot {} asks:",
    answer: "Answer:",
};

static JAPANESE: PromptWords = PromptWords {
    title: "otpd",
    description: "ワンタイムパスワードの保管庫を、パスフレーズか回復キーで開けます。",
    prompt: "パスフレーズ:",
    wrong: "パスフレーズが違います。",
    group: "回復キーの {} 番目の組に打ち間違いがあります。",
    plugin: "スロット {} のハードウェアからの問い合わせ:",
    answer: "回答:",
};

/// The words in the language of a desktop.
pub(crate) fn prompt_words(desktop: &Desktop) -> &'static PromptWords {
    if is_japanese(desktop) {
        &JAPANESE
    } else {
        &ENGLISH
    }
}

fn is_japanese(desktop: &Desktop) -> bool {
    let language = desktop.language();
    language.is_some_and(|language| language.starts_with("ja"))
}

impl PromptWords {
    /// What a dialog asks.
    pub(crate) fn question(&self, prompt: &Prompt) -> Question {
        let asked = prompt.plugin.as_ref().map(|asked| {
            let text: String = asked.text.chars().take(LONGEST_QUESTION).collect();
            [&self.plugin.replace("{}", &asked.slot), "\n", &text].concat()
        });
        Question {
            title: self.title,
            prompt: if asked.is_some() {
                self.answer
            } else {
                self.prompt
            },
            description: asked.unwrap_or_else(|| self.description.to_owned()),
            mistake: prompt.mistake.map(|mistake| self.mistake(mistake)),
        }
    }

    /// What was wrong with what was typed before.
    fn mistake(&self, mistake: Mistake) -> String {
        match mistake {
            Mistake::Wrong => self.wrong.to_owned(),
            Mistake::Group(group) => self.group.replace("{}", &group.to_string()),
        }
    }
}

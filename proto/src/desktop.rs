//! Where the person sits who asked: what a dialog needs of the caller's environment.

use serde::{Deserialize, Serialize};

/// Longest value in bytes; a path has at most 4096.
const LONGEST: usize = 4096;

macro_rules! variables {
    ($($field:ident = $name:literal, $text:literal;)*) => {
        /// Variables of the caller's environment, a fixed list. The agent runs for days and its
        /// own environment is nobody's desktop.
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Desktop {
            $(
                #[doc = $text]
                #[serde(rename = $name, default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<String>,
            )*
        }

        impl Desktop {
            /// Takes them out of an environment. What no dialog could use is left out.
            pub fn of(env: &dyn Fn(&str) -> Option<String>) -> Self {
                Self { $($field: env($name).filter(|value| is_usable(value)),)* }
            }

            /// Returns those that are set, by their names in an environment.
            pub fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
                let all = [$(($name, self.$field.as_deref())),*];
                all.into_iter().filter_map(|(name, value)| Some((name, value?)))
            }
        }
    };
}

variables! {
    display = "DISPLAY", "The X server.";
    wayland_display = "WAYLAND_DISPLAY", "The Wayland compositor.";
    xauthority = "XAUTHORITY", "The file that opens the X server.";
    runtime_dir = "XDG_RUNTIME_DIR", "Where the compositor listens.";
    session_type = "XDG_SESSION_TYPE", "`x11`, `wayland` or `tty`.";
    current_desktop = "XDG_CURRENT_DESKTOP", "Which dialog looks right.";
    bus = "DBUS_SESSION_BUS_ADDRESS", "The session's bus.";
    tty = "GPG_TTY", "The terminal, for a dialog on one.";
    term = "TERM", "What that terminal can do.";
    lang = "LANG", "The language.";
    lc_all = "LC_ALL", "The language, before all others.";
    lc_ctype = "LC_CTYPE", "The characters.";
    lc_messages = "LC_MESSAGES", "The language of messages.";
    pinentry_user_data = "PINENTRY_USER_DATA", "A word for a pinentry of one's own.";
    askpass = "SSH_ASKPASS", "The dialog where there is no pinentry.";
}

/// Whether a value may be part of an environment and of a line.
fn is_usable(value: &str) -> bool {
    !value.is_empty() && value.len() <= LONGEST && !value.chars().any(char::is_control)
}

impl Desktop {
    /// Whether every value may be part of an environment and of a line.
    pub fn is_usable(&self) -> bool {
        self.variables().all(|(_, value)| is_usable(value))
    }

    /// Returns the value that names the language of messages, as setlocale(3) chooses it.
    pub fn language(&self) -> Option<&str> {
        let chosen = [&self.lc_all, &self.lc_messages, &self.lang];
        chosen.into_iter().find_map(Option::as_deref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_listed_variables_are_taken_and_only_whole_ones() {
        let env = |name: &str| {
            let value = match name {
                "DISPLAY" => ":0",
                "LANG" => "ja_JP.UTF-8",
                "TERM" => "x\ny",
                "GPG_TTY" => "",
                "HOME" | "LD_PRELOAD" => panic!("{name} is asked for"),
                _ => return None,
            };
            Some(value.to_owned())
        };
        let desktop = Desktop::of(&env);
        let set: Vec<_> = desktop.variables().collect();
        assert_eq!(set, [("DISPLAY", ":0"), ("LANG", "ja_JP.UTF-8")]);
        assert!(desktop.is_usable());
        assert_eq!(desktop.language(), Some("ja_JP.UTF-8"));
        let foreign = serde_json::from_str::<Desktop>(r#"{"LD_PRELOAD":"/x.so"}"#);
        assert!(foreign.is_err());
        let two_lines: Desktop = serde_json::from_str(r#"{"TERM":"x\ny"}"#).unwrap();
        assert!(!two_lines.is_usable());
    }
}

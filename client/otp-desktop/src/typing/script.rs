//! Scripts: `{USER}{TAB}{CODE}{ENTER}`.

use std::time::Duration;

/// Keys that a script may press beside those of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Enter,
    Tab,
    Backspace,
}

/// One step of what is to be done.
#[derive(PartialEq, Eq)]
pub(crate) enum Action {
    Char(char),
    Press(Key),
    Wait(Duration),
}

/// Most steps: a script that was meant has some dozens.
const MOST_ACTIONS: usize = 1024;
/// Most presses of one `{BS n}`.
const MOST_PRESSES: usize = 256;
/// Longest `{WAIT ms}`.
const LONGEST_WAIT: u64 = 10_000;

/// The steps of a script; none if it can't be meant, or wants what isn't there. What stands outside
/// of braces is typed as it is.
pub(crate) fn actions(script: &str, code: Option<&str>, user: Option<&str>) -> Option<Vec<Action>> {
    let mut actions = Vec::with_capacity(MOST_ACTIONS);
    let mut rest = script;
    while let Some((text, behind)) = rest.split_once('{') {
        spell(text, &mut actions)?;
        let (token, behind) = behind.split_once('}')?;
        let (name, number) = token.split_once(' ').unwrap_or((token, ""));
        match name.to_ascii_uppercase().as_str() {
            "CODE" if number.is_empty() => spell(code?, &mut actions)?,
            "USER" if number.is_empty() => spell(user?, &mut actions)?,
            "ENTER" if number.is_empty() => actions.push(Action::Press(Key::Enter)),
            "TAB" if number.is_empty() => actions.push(Action::Press(Key::Tab)),
            "BS" => {
                let count = if number.is_empty() { "1" } else { number };
                let count = count.parse().ok().filter(|count| *count <= MOST_PRESSES)?;
                actions.extend((0..count).map(|_| Action::Press(Key::Backspace)));
            }
            "WAIT" => {
                let time = number.parse().ok().filter(|time| *time <= LONGEST_WAIT)?;
                actions.push(Action::Wait(Duration::from_millis(time)));
            }
            _ => return None,
        }
        rest = behind;
    }
    spell(rest, &mut actions)?;
    (actions.len() <= MOST_ACTIONS).then_some(actions)
}

/// The characters of a text. One with control characters or braces isn't one that was meant.
fn spell(text: &str, actions: &mut Vec<Action>) -> Option<()> {
    if text.contains(|c: char| c.is_control() || c == '}') {
        return None;
    }
    actions.extend(text.chars().map(Action::Char));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each step as a word, so that they can be compared.
    fn read(script: &str) -> Option<String> {
        let actions = actions(script, Some("12"), Some("me"))?;
        let words = actions.iter().map(|action| match action {
            Action::Char(c) => c.to_string(),
            Action::Press(Key::Enter) => "<enter>".into(),
            Action::Press(Key::Tab) => "<tab>".into(),
            Action::Press(Key::Backspace) => "<bs>".into(),
            Action::Wait(time) => format!("<{}>", time.as_millis()),
        });
        Some(words.collect())
    }

    #[test]
    fn every_token_becomes_its_steps() {
        for (script, expected) in [
            ("", ""),
            ("{CODE}", "12"),
            ("{USER}{TAB}{CODE}{ENTER}", "me<tab>12<enter>"),
            ("{bs}{BS 2}{Wait 500}é{CODE}#", "<bs><bs><bs><500>é12#"),
            ("{BS 0}", ""),
        ] {
            assert_eq!(read(script).as_deref(), Some(expected), "{script}");
        }
    }

    #[test]
    fn what_can_not_be_meant_is_no_script() {
        for script in [
            "{",
            "}",
            "{CODE",
            "CODE}",
            "{PASSWORD}",
            "{CODE 2}",
            "{BS x}",
            "{BS -1}",
            "{BS 257}",
            "{WAIT}",
            "{WAIT 10001}",
            "{{CODE}}",
            "a\nb",
        ] {
            assert_eq!(read(script), None, "{script}");
            assert!(!otp_proto::is_script(script), "{script}");
        }
        // What the others take for a script is the same.
        for script in ["{CODE}", "{bs}{BS 256}{Wait 10000}{TAB}", "{BS 0}"] {
            assert!(
                otp_proto::is_script(script) && read(script).is_some(),
                "{script}"
            );
        }
        assert!(actions("{CODE}", None, None).is_none());
        assert!(actions("{USER}", Some("12"), None).is_none());
        assert!(actions("{USER}", Some("12"), Some("a\tb")).is_none());
        assert!(actions(&"a".repeat(MOST_ACTIONS + 1), None, None).is_none());
    }
}

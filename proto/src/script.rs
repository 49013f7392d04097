//! What is typed for a person beside the code alone: `{USER}{TAB}{CODE}{ENTER}`.

/// Most steps: a script that was meant has some dozens.
const MAX_STEPS: usize = 1024;
/// Most presses of one `{BS n}`.
const MAX_PRESSES: usize = 256;
/// Longest `{WAIT ms}`, in milliseconds.
const MAX_WAIT: u64 = 10_000;
/// Characters of the longest code.
const CODE: usize = 10;

/// Whether a text is a script: every brace belongs to a word that is known (`{CODE} {USER} {ENTER}
/// {TAB} {BS n} {WAIT ms}`, in letters of either case), with at most 256 presses of one `{BS n}`, ten
/// seconds of one `{WAIT ms}` and 1024 steps in all, and nothing is a control character.
pub fn is_script(script: &str) -> bool {
    steps(script).is_some_and(|steps| steps <= MAX_STEPS)
}

fn steps(script: &str) -> Option<usize> {
    let mut steps = 0_usize;
    let mut rest = script;
    while let Some((text, behind)) = rest.split_once('{') {
        let (token, behind) = behind.split_once('}')?;
        steps = steps
            .checked_add(length(text)?)?
            .checked_add(word(token)?)?;
        rest = behind;
    }
    steps.checked_add(length(rest)?)
}

/// The steps of a word between braces.
fn word(token: &str) -> Option<usize> {
    let (name, number) = token.split_once(' ').unwrap_or((token, ""));
    match name.to_ascii_uppercase().as_str() {
        "CODE" if number.is_empty() => Some(CODE),
        // Whose length shows only then.
        "USER" if number.is_empty() => Some(0),
        "ENTER" | "TAB" | "BS" if number.is_empty() => Some(1),
        "BS" => number.parse().ok().filter(|count| *count <= MAX_PRESSES),
        "WAIT" => {
            let time: u64 = number.parse().ok()?;
            (time <= MAX_WAIT).then_some(1)
        }
        _ => None,
    }
}

fn length(text: &str) -> Option<usize> {
    let is_odd = |c: char| c.is_control() || c == '}';
    (!text.contains(is_odd)).then(|| text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_text_and_known_words_within_limits() {
        for script in [
            "{CODE}",
            "{USER}{TAB}{CODE}{ENTER}",
            "{bs}{BS 2}{Wait 500}é{CODE}#",
            "{BS 256}{WAIT 10000}",
        ] {
            assert!(is_script(script), "{script}");
        }
        for script in [
            "{",
            "}",
            "{CODE",
            "CODE}",
            "{KODE}",
            "{CODE 2}",
            "{BS x}",
            "{BS -1}",
            "{BS 257}",
            "{WAIT}",
            "{WAIT 10001}",
            "{{CODE}}",
            "a\nb",
        ] {
            assert!(!is_script(script), "{script}");
        }
        assert!(is_script(&"a".repeat(MAX_STEPS)));
        assert!(!is_script(&"a".repeat(MAX_STEPS + 1)));
    }
}

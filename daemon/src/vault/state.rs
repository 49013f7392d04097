//! What is remembered outside the vault, as text. Not secret and not authenticated: it guards
//! against an old copy of the vault, not against someone who can write both.

use std::fmt::Write as _;

use super::State;
use super::document::{Hex, unhex};
use super::line::number;

/// Writes the text.
pub fn print(state: &State) -> String {
    let mut out = String::from("# otpd state 1\n");
    // Writing into a String can't fail.
    let _ = writeln!(out, "generation {}", state.marks.generation);
    for (word, at) in [("since", state.since), ("outside", state.outside)] {
        if let Some(at) = at {
            let _ = writeln!(out, "{word} {at}");
        }
    }
    if state.floor > 0 {
        let _ = writeln!(out, "floor {}", state.floor);
    }
    for (fingerprint, next) in &state.marks.counters {
        let _ = writeln!(out, "hotp {} {next}", Hex(fingerprint));
    }
    for (id, step) in &state.steps {
        let _ = writeln!(out, "step {id} {step}");
    }
    for id in &state.purges {
        let _ = writeln!(out, "purge {id}");
    }
    out.push_str("end\n");
    out
}

/// Reads the text; `None` if it is damaged.
pub fn parse(text: &str) -> Option<State> {
    let mut state = State::default();
    let mut lines = text
        .strip_prefix("# otpd state 1\n")?
        .strip_suffix("end\n")?
        .split_terminator('\n')
        .peekable();
    if let Some(generation) = lines.peek()?.strip_prefix("generation ") {
        state.marks.generation = number(generation)?;
        lines.next();
    }
    for line in lines {
        let (word, rest) = line.split_once(' ')?;
        if word == "purge" {
            state.purges.insert(rest.parse().ok()?).then_some(())?;
            continue;
        }
        let once = match word {
            "since" => Some(state.since.replace(number(rest)?).is_none()),
            "outside" => Some(state.outside.replace(number(rest)?).is_none()),
            "floor" => Some(std::mem::replace(&mut state.floor, number(rest)?) == 0),
            _ => None,
        };
        if let Some(is_first) = once {
            is_first.then_some(())?;
            continue;
        }
        let (name, value) = rest.split_once(' ')?;
        let value = number(value)?;
        let is_new = match word {
            "hotp" => state
                .marks
                .counters
                .insert(unhex(name.as_bytes())?, value)
                .is_none(),
            "step" => state.steps.insert(name.parse().ok()?, value).is_none(),
            _ => return None,
        };
        is_new.then_some(())?;
    }
    Some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> State {
        let mut state = State::default();
        state.marks.generation = 42;
        state.marks.counters.insert([1, 2, 3, 4, 5, 6, 7, 0xff], 9);
        state.marks.counters.insert([0; 8], u64::MAX);
        state
            .steps
            .insert(otp_proto::EntryId::from_random(5), 57_000_000);
        state.purges.insert(otp_proto::EntryId::from_random(6));
        state.since = Some(1_795_000_000);
        state.outside = Some(0);
        state.floor = 7;
        state
    }

    #[test]
    fn a_state_comes_back_from_its_text() {
        for state in [sample(), State::default()] {
            assert_eq!(parse(&print(&state)), Some(state));
        }
    }

    #[test]
    fn a_state_cut_short_or_with_a_foreign_line_is_damaged() {
        let text = print(&sample());
        for end in 0..text.len() {
            assert_eq!(parse(&text[..end]), None, "{end}");
        }
        for wrong in [
            "x y 1\n",
            "step nine 1\n",
            "hotp 00 1\n",
            "generation +1\n",
            "purge nine\n",
            "since x\n",
            "since 1\n",
            "outside 2\n",
            "floor 9\n",
            "purge aaaaaaag\n",
            "\n",
        ] {
            let text = text.replace("end\n", &format!("{wrong}end\n"));
            assert_eq!(parse(&text), None, "{wrong}");
        }
    }
}

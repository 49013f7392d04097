//! Several keys at once: shown to the person, who says which are stored.

use otp_proto::{ErrorKind, NewEntry, Preview, print_uri};

use crate::client::Client;
use crate::failure::{Failure, Kind};
use crate::json::Json;
use crate::text::fill;
use crate::{output, terminal};

/// How often an answer may be unreadable.
const TRIES: u32 = 3;

/// Lists the keys, says what would become of each, and asks which are wanted.
pub(super) fn review(
    client: &mut Client,
    entries: Vec<NewEntry>,
) -> Result<Vec<NewEntry>, Failure> {
    let text = client.text;
    let mut rows = Vec::with_capacity(entries.len());
    for (place, entry) in entries.iter().enumerate() {
        let uri = print_uri(entry);
        let mark = match client.call_unlocked(&Preview { uri }) {
            Ok(answer) => mark(text.there_already, text.replaces, answer.json()),
            // A list without marks is better than none.
            Err(failure) if failure.kind == Kind::Rpc(ErrorKind::RateLimited) => "",
            Err(failure) => return Err(failure),
        };
        rows.push(vec![
            (place + 1).to_string(),
            output::full_name(text, entry.issuer.clone(), entry.account.clone()),
            entry.kind.word().to_owned(),
            mark.to_owned(),
        ]);
    }
    output::say(&fill(text.found_several, &[&entries.len().to_string()]));
    output::say(&output::columns(&rows));
    // A person may think for long.
    client.secrets();
    for _ in 0..TRIES {
        let answer = terminal::ask(text.which_question).map_err(|error| Failure::io(&error))?;
        // The end of input is nobody's yes.
        let Some(answer) = answer else { break };
        match chosen(&answer, entries.len()) {
            Some(chosen) if chosen.contains(&true) => {
                let both = entries.into_iter().zip(chosen);
                return Ok(both.filter(|one| one.1).map(|one| one.0).collect());
            }
            Some(_) => break,
            None => output::say(text.which_again),
        }
    }
    Err(Failure::new(Kind::Refused, text.cancelled))
}

fn mark<'t>(there: &'t str, replaces: &'t str, preview: Json<'_>) -> &'t str {
    if preview.get("duplicate_of").is_some() {
        there
    } else if preview.items("supersedes").is_empty() {
        ""
    } else {
        replaces
    }
}

/// Reads `1 3-5`, with commas or blanks between; nothing and `y` mean all, `n` none. `None` if
/// it can't be read.
fn chosen(answer: &str, count: usize) -> Option<Vec<bool>> {
    // What an input method for Japanese leaves.
    let answer: String = answer.chars().map(narrow).collect();
    let answer = answer.trim();
    match answer.to_ascii_lowercase().as_str() {
        "" | "y" | "yes" | "all" => return Some(vec![true; count]),
        "n" | "no" | "none" | "0" => return Some(vec![false; count]),
        _ => {}
    }
    let mut chosen = vec![false; count];
    for part in answer.split([' ', ',']).filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        let wanted = chosen.get_mut(first.checked_sub(1)?..last)?;
        if wanted.is_empty() {
            return None;
        }
        wanted.fill(true);
    }
    Some(chosen)
}

fn narrow(c: char) -> char {
    match c {
        '、' | '，' | '\u{3000}' | '\t' => ' ',
        '－' | '〜' | '～' => '-',
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(answer: &str) -> Option<Vec<usize>> {
        let chosen = chosen(answer, 5)?;
        let places = chosen.iter().enumerate().filter(|one| *one.1);
        Some(places.map(|one| one.0 + 1).collect())
    }

    #[test]
    fn numbers_and_ranges_choose_and_enter_means_all() {
        for (answer, expected) in [
            ("", &[1, 2, 3, 4, 5][..]),
            ("y", &[1, 2, 3, 4, 5]),
            ("n", &[]),
            ("2", &[2]),
            ("1,3-5", &[1, 3, 4, 5]),
            (" 5 1 1", &[1, 5]),
            ("１、３－４", &[1, 3, 4]),
        ] {
            assert_eq!(numbers(answer).as_deref(), Some(expected), "{answer}");
        }
    }

    #[test]
    fn an_answer_that_names_nothing_of_the_list_is_asked_again() {
        for answer in [
            "6",
            "0-2",
            "3-2",
            "1-",
            "-",
            "x",
            "1 x",
            "99999999999999999999",
        ] {
            assert_eq!(numbers(answer), None, "{answer}");
        }
    }
}

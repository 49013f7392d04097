//! A list of names that gets shorter while a person types.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::keys::Key;

/// Longest text that is typed, in characters.
const LONGEST: usize = 128;
/// What stands before it.
const PROMPT: &str = "otpd> ";

/// How it came to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Chosen(usize),
    Cancelled,
}

/// The names, and where a person is among them.
pub(super) struct List<'a> {
    names: &'a [String],
    /// The same in one case and width.
    folded: Vec<String>,
    typed: String,
    /// Which names are left, in the order in which they are shown.
    left: Vec<usize>,
    /// Where among those.
    at: usize,
}

impl<'a> List<'a> {
    pub(super) fn new(names: &'a [String]) -> Self {
        Self {
            names,
            folded: names.iter().map(|name| folded(name)).collect(),
            typed: String::new(),
            left: (0..names.len()).collect(),
            at: 0,
        }
    }

    /// Takes a key; `page` is how many names are seen at once.
    pub(super) fn press(&mut self, key: Key, page: usize) -> Option<Ended> {
        let last = self.left.len().saturating_sub(1);
        match key {
            Key::Letter(letter) if self.typed.chars().count() < LONGEST => {
                self.typed.push(letter);
                self.filter();
            }
            Key::Letter(_) => {}
            Key::Backspace => {
                self.typed.pop();
                self.filter();
            }
            Key::Clear => {
                self.typed.clear();
                self.filter();
            }
            Key::Up => self.at = self.at.checked_sub(1).unwrap_or(last),
            Key::Down => self.at = if self.at >= last { 0 } else { self.at + 1 },
            Key::PageUp => self.at = self.at.saturating_sub(page),
            Key::PageDown => self.at = self.at.saturating_add(page).min(last),
            Key::Enter => return self.left.get(self.at).copied().map(Ended::Chosen),
            Key::Cancel => return Some(Ended::Cancelled),
        }
        None
    }

    /// Keeps the names that have every word in them; the one with the typed number is first.
    fn filter(&mut self) {
        let typed = folded(&self.typed);
        let words: Vec<&str> = typed.split_whitespace().collect();
        let number = typed.trim().parse::<usize>().ok();
        let number = number.and_then(|number| number.checked_sub(1));
        let number = number.filter(|&number| number < self.names.len());
        let named = self.folded.iter().enumerate().filter(|(place, name)| {
            Some(*place) != number && words.iter().all(|word| name.contains(word))
        });
        self.left = number
            .into_iter()
            .chain(named.map(|(place, _)| place))
            .collect();
        self.at = 0;
    }

    /// The lines to show on a terminal of this width, `page` names at most, and in which column of
    /// the first one the cursor is.
    pub(super) fn lines(&self, width: usize, page: usize) -> (Vec<String>, usize) {
        // The last column stays free: a terminal would go on to the next line.
        let width = width.saturating_sub(1);
        let head = shortened(&format!("{PROMPT}{}", self.typed), width);
        let column = head.width();
        let mut lines = vec![head];
        let first = (self.at + 1).saturating_sub(page);
        let digits = self.names.len().to_string().len();
        for (offset, place) in self.left.iter().enumerate().skip(first).take(page) {
            let name = self.names.get(*place).map_or("", String::as_str);
            let number = place + 1;
            let line = shortened(
                &format!("{number:>digits$}  {name}"),
                width.saturating_sub(2),
            );
            lines.push(if offset == self.at {
                format!("\x1b[7m> {line}\x1b[0m")
            } else {
                format!("  {line}")
            });
        }
        (lines, column)
    }
}

/// Lower case, and full-width letters as the others (Unicode, U+FF01 to U+FF5E).
fn folded(name: &str) -> String {
    let narrow = name.chars().map(|letter| match letter {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(letter) - 0xff01 + 0x21).unwrap_or(letter)
        }
        other => other,
    });
    narrow.flat_map(char::to_lowercase).collect()
}

/// As much of a line as fits into so many columns (UAX #11).
fn shortened(line: &str, width: usize) -> String {
    if line.width() <= width {
        return line.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for letter in line.chars() {
        used += letter.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(letter);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        [
            "GitHub (me)",
            "GitLab (me)",
            "トレンド (山田)",
            "ＡＷＳ (7)",
        ]
        .map(str::to_owned)
        .into()
    }

    fn typed(keys: &str, then: &[Key]) -> Option<Ended> {
        let names = names();
        let mut list = List::new(&names);
        let mut keys = keys.chars().map(Key::Letter).chain(then.iter().copied());
        keys.find_map(|key| list.press(key, 3))
    }

    #[test]
    fn typing_leaves_the_names_with_every_word_in_any_case_and_width() {
        use Key::{Backspace, Down, Enter, Up};
        for (keys, then, place) in [
            ("", &[Enter][..], 0),
            ("gitl", &[Enter], 1),
            ("ME LAB", &[Enter], 1),
            ("me", &[Down, Enter], 1),
            ("me", &[Up, Enter], 1),
            ("aws", &[Enter], 3),
            ("ｇｉｔｈ", &[Enter], 0),
            ("山", &[Enter], 2),
            ("2", &[Enter], 1),
            ("7", &[Enter], 3),
            ("gitx", &[Backspace, Down, Enter], 1),
            ("gitx", &[Key::Clear, Up, Enter], 3),
            ("", &[Key::PageDown, Enter], 3),
        ] {
            assert_eq!(typed(keys, then), Some(Ended::Chosen(place)), "{keys}");
        }
        assert_eq!(typed("nobody", &[Enter, Up, Down, Enter]), None);
        assert_eq!(typed("git", &[Key::Cancel]), Some(Ended::Cancelled));
    }

    #[test]
    fn lines_fit_the_terminal_and_follow_the_cursor() {
        let names = names();
        let mut list = List::new(&names);
        for _ in 0..3 {
            assert_eq!(list.press(Key::Down, 2), None);
        }
        let (lines, column) = list.lines(14, 2);
        assert_eq!(column, PROMPT.width());
        assert_eq!(
            lines,
            ["otpd> ", "  3  トレン…", "\x1b[7m> 4  ＡＷＳ …\x1b[0m"]
        );
        assert!(list.lines(0, 0).0.iter().all(String::is_empty));
    }
}

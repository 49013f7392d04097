//! Recovery codes as people paste them: one a line or several, numbered, with bullets.

use otp_proto::Secret;

/// Words shorter than this that stand one blank apart are parts of one code (`1234 5678`).
const SHORTEST: usize = 6;
/// Signs that lists begin their lines with, before a blank.
const BULLETS: [&str; 14] = [
    "-", "*", "+", "•", "·", "・", "–", "—", "□", "☐", "[]", "[ ]", "[x]", "[X]",
];

/// Returns the codes in their order. Numbers before them go only where they count all of them
/// from 1, because a code may look like a number.
pub(super) fn codes(pasted: &str) -> Vec<Secret> {
    let cells: Vec<&str> = pasted.lines().flat_map(cells).collect();
    let mut numbered: Vec<_> = cells.iter().filter_map(|cell| numbered(cell)).collect();
    numbered.sort_by_key(|one| one.0);
    let counts_all =
        cells.len() == numbered.len() && (1..).zip(&numbered).all(|(place, one)| one.0 == place);
    let cells: Vec<&str> = if counts_all {
        numbered.into_iter().map(|one| one.1).collect()
    } else {
        cells
    };
    cells.into_iter().flat_map(words).collect()
}

/// The parts of a line that stand apart by a tab, two blanks, a comma or the like.
fn cells(line: &str) -> Vec<&str> {
    let mut cells = Vec::new();
    let mut rest = unmarked(line.trim());
    while !rest.is_empty() {
        // The gap behind a number isn't one between codes.
        let skip = prefix(rest).map_or(0, |(_, code)| rest.len() - code.len());
        let code = rest.get(skip..).unwrap_or_default();
        let end = ["\t", "  ", ",", ";", "、", "\u{3000}", "|"]
            .iter()
            .filter_map(|gap| code.find(gap))
            .min()
            .unwrap_or(code.len());
        cells.push(rest.get(..skip + end).unwrap_or_default().trim());
        let behind = code.get(end..).unwrap_or_default();
        rest = unmarked(behind.trim_start_matches([' ', '\t', ',', ';', '、', '\u{3000}', '|']));
    }
    cells.retain(|cell| !cell.is_empty());
    cells
}

/// A line without its bullet.
fn unmarked(line: &str) -> &str {
    for bullet in BULLETS {
        if let Some(rest) = line.strip_prefix(bullet)
            && rest.starts_with([' ', '\t', '\u{3000}'])
        {
            return rest.trim_start();
        }
    }
    line
}

/// The number before a code, `1.`, `1)`, `1:` or `(1)`, and the rest.
fn prefix(cell: &str) -> Option<(usize, &str)> {
    let inner = cell.strip_prefix('(').unwrap_or(cell);
    let end = inner.find(|c: char| !c.is_ascii_digit())?;
    let (digits, rest) = inner.split_at_checked(end)?;
    let rest = rest.strip_prefix(['.', ')', ':', '．', '）', '：'])?;
    let number = digits.parse().ok()?;
    // Without a blank it may be a part of the code.
    let code = rest.trim_start();
    (code.len() < rest.len() && !code.is_empty()).then_some((number, code))
}

/// The number before a code, also a bare one.
fn numbered(cell: &str) -> Option<(usize, &str)> {
    prefix(cell).or_else(|| {
        let (digits, code) = cell.split_once(' ')?;
        let is_count = digits.len() <= 2 && digits.bytes().all(|b| b.is_ascii_digit());
        Some((digits.parse().ok().filter(|_| is_count)?, code.trim_start()))
    })
}

/// The codes of a cell: its words, or one of short words.
fn words(cell: &str) -> Vec<Secret> {
    let words: Vec<&str> = cell.split_whitespace().collect();
    if words.iter().any(|word| word.len() < SHORTEST) {
        return vec![Secret::new(words.join(" "))];
    }
    words.into_iter().map(Secret::copy_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pasted: &str) -> Vec<String> {
        let codes = codes(pasted);
        codes.iter().map(|code| code.expose().to_owned()).collect()
    }

    #[test]
    fn codes_come_one_a_line_or_with_blanks_between() {
        for pasted in [
            "a1b2c3d4\ne5f6g7h8\n",
            "a1b2c3d4 e5f6g7h8",
            "\r\n  a1b2c3d4\r\n\r\n\te5f6g7h8  \r\n",
            "a1b2c3d4, e5f6g7h8",
            "a1b2c3d4\te5f6g7h8",
            "* a1b2c3d4\n* e5f6g7h8",
            "- a1b2c3d4\n- e5f6g7h8",
            "・ a1b2c3d4\n・ e5f6g7h8",
            "[ ] a1b2c3d4\n[x] e5f6g7h8",
            "1. a1b2c3d4\n2. e5f6g7h8",
            "1) a1b2c3d4   2) e5f6g7h8",
            "1 a1b2c3d4\n2 e5f6g7h8",
            "(1) a1b2c3d4\n(2)   e5f6g7h8",
        ] {
            assert_eq!(read(pasted), ["a1b2c3d4", "e5f6g7h8"], "{pasted:?}");
        }
    }

    #[test]
    fn groups_of_four_stay_together_and_columns_are_read_by_their_numbers() {
        assert_eq!(
            read("1. 1111 2222    3. 5555 6666\n2. 3333 4444    4. 7777 8888\n"),
            ["1111 2222", "3333 4444", "5555 6666", "7777 8888"]
        );
        assert_eq!(read("1111 2222\n3333 4444"), ["1111 2222", "3333 4444"]);
        assert_eq!(read("abcd-efgh ijkl-mnop"), ["abcd-efgh", "ijkl-mnop"]);
    }

    #[test]
    fn a_number_that_does_not_count_belongs_to_its_code() {
        assert_eq!(read("12 345678\n13 345679"), ["12 345678", "13 345679"]);
        assert_eq!(read("1. 345678\n3. 345679"), ["1. 345678", "3. 345679"]);
        assert_eq!(read("-12345678\n1.2345678"), ["-12345678", "1.2345678"]);
        assert_eq!(read("12345678\n23456789"), ["12345678", "23456789"]);
        assert!(read(" \n\t\n").is_empty());
    }
}
